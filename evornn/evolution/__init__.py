"""Evolution: genetic operators on whole populations, and the genetic algorithm as a learner."""

from evornn.stopping import Progress as Progress
from evornn.stopping import Stop as Stop

from .crossover import BlendCrossover as BlendCrossover
from .crossover import OnePointCrossover as OnePointCrossover
from .crossover import SimulatedBinaryCrossover as SimulatedBinaryCrossover
from .crossover import TwoPointCrossover as TwoPointCrossover
from .crossover import UniformCrossover as UniformCrossover
from .deap_operators import toolbox as toolbox
from .evolve import Evolve as Evolve
from .fitness import reciprocal_mse as reciprocal_mse
from .generator_state import generator_from_json as generator_from_json
from .generator_state import generator_to_json as generator_to_json
from .genes import GrayGenes as GrayGenes
from .genes import RealGenes as RealGenes
from .genetic import GA as GA
from .learner import GeneticLearner as GeneticLearner
from .mutation import BitFlipMutation as BitFlipMutation
from .mutation import CauchyMutation as CauchyMutation
from .mutation import GaussianMutation as GaussianMutation
from .mutation import PolynomialMutation as PolynomialMutation
from .mutation import UniformMutation as UniformMutation
from .random_search import RandomSearch as RandomSearch
from .selection import Rank as Rank
from .selection import Roulette as Roulette
from .selection import StochasticUniversal as StochasticUniversal
from .selection import Tournament as Tournament
