"""Signal-flow graphs: the language of cells, its graph, and the interpreter that defines it."""

from evornn.flow.declare import Constant as Constant
from evornn.flow.declare import Normal as Normal
from evornn.flow.declare import Uniform as Uniform
from evornn.flow.declare import matrix as matrix
from evornn.flow.declare import scalar as scalar
from evornn.flow.declare import state as state
from evornn.flow.declare import tensor as tensor
from evornn.flow.declare import vector as vector
from evornn.flow.draw import to_dot as to_dot
from evornn.flow.draw import transposition_dot as transposition_dot
from evornn.flow.graph import Graph as Graph
from evornn.flow.trace import Cell as Cell
from evornn.flow.trace import cell as cell
