"""evornn: recurrent networks written once as equations, evolved at the speed of the machine.

```python
import evornn as en

experiment = en.Experiment(
    task=en.tasks.santa_fe_laser(horizon=1),
    contenders={"elman": en.Evolve(en.Network(en.cells.elman, hidden=16))},
)
experiment.run()
```
"""

from evornn import cells as cells
from evornn import flow as flow
from evornn import tasks as tasks
from evornn.cells import stack as stack
from evornn.evolution import GA as GA
from evornn.evolution import BitFlipMutation as BitFlipMutation
from evornn.evolution import BlendCrossover as BlendCrossover
from evornn.evolution import CauchyMutation as CauchyMutation
from evornn.evolution import Evolve as Evolve
from evornn.evolution import GaussianMutation as GaussianMutation
from evornn.evolution import GrayGenes as GrayGenes
from evornn.evolution import OnePointCrossover as OnePointCrossover
from evornn.evolution import PolynomialMutation as PolynomialMutation
from evornn.evolution import Rank as Rank
from evornn.evolution import RealGenes as RealGenes
from evornn.evolution import Roulette as Roulette
from evornn.evolution import SimulatedBinaryCrossover as SimulatedBinaryCrossover
from evornn.evolution import StochasticUniversal as StochasticUniversal
from evornn.evolution import Stop as Stop
from evornn.evolution import Tournament as Tournament
from evornn.evolution import TwoPointCrossover as TwoPointCrossover
from evornn.evolution import UniformCrossover as UniformCrossover
from evornn.evolution import UniformMutation as UniformMutation
from evornn.experiment import Experiment as Experiment
from evornn.flow import Constant as Constant
from evornn.flow import Normal as Normal
from evornn.flow import Uniform as Uniform
from evornn.flow import cell as cell
from evornn.flow import matrix as matrix
from evornn.flow import scalar as scalar
from evornn.flow import state as state
from evornn.flow import tensor as tensor
from evornn.flow import vector as vector
from evornn.flow.language import bilinear as bilinear
from evornn.flow.language import concatenate as concatenate
from evornn.flow.language import cos as cos
from evornn.flow.language import dot as dot
from evornn.flow.language import equal as equal
from evornn.flow.language import exp as exp
from evornn.flow.language import largest as largest
from evornn.flow.language import log as log
from evornn.flow.language import maximum as maximum
from evornn.flow.language import minimum as minimum
from evornn.flow.language import part as part
from evornn.flow.language import relu as relu
from evornn.flow.language import shift as shift
from evornn.flow.language import sigmoid as sigmoid
from evornn.flow.language import sin as sin
from evornn.flow.language import softmax as softmax
from evornn.flow.language import softplus as softplus
from evornn.flow.language import sqrt as sqrt
from evornn.flow.language import square as square
from evornn.flow.language import tanh as tanh
from evornn.flow.language import total as total
from evornn.flow.language import where as where
from evornn.network import Network as Network
from evornn.population import Evaluator as Evaluator
from evornn.tasks import Task as Task
from evornn.workers import Workers as Workers

__version__ = "0.1.0"
