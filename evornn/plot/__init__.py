"""Figures: each function returns a matplotlib Figure. Only here is matplotlib imported."""

from evornn.plot.fitness import fitness_figure as fitness_figure
from evornn.plot.forecast import forecast_figure as forecast_figure
from evornn.plot.style import save_figure as save_figure
