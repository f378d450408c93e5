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

import lazy_loader

# The names are in the stub beside this file; each is imported when it is first asked for, so that
# neither the command nor a cell alone waits for what it does not use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
