"""Figures: each function returns a matplotlib Figure. Only here is matplotlib imported."""

from evornn.plot.critical_difference import (
    critical_difference_figure as critical_difference_figure,
)
from evornn.plot.final_error import final_error_figure as final_error_figure
from evornn.plot.fitness import diversity_figure as diversity_figure
from evornn.plot.fitness import fitness_figure as fitness_figure
from evornn.plot.forecast import forecast_figure as forecast_figure
from evornn.plot.inline import inline_svg as inline_svg
from evornn.plot.liquid import membrane_figure as membrane_figure
from evornn.plot.liquid import raster_figure as raster_figure
from evornn.plot.liquid import synapses_figure as synapses_figure
from evornn.plot.liquid import wiring_figure as wiring_figure
from evornn.plot.states import states_figure as states_figure
from evornn.plot.style import save_figure as save_figure
from evornn.plot.targets import targets_figure as targets_figure
from evornn.plot.transposition import transposition_figure as transposition_figure
from evornn.plot.weights import weights_figure as weights_figure
