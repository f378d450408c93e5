"""A small task whose answer needs memory and a product."""

import numpy as np
import pytest

import evornn as en


@pytest.fixture
def task(rng):
    x = rng.uniform(-1, 1, 400)
    y = np.zeros(400)
    y[2:] = x[2:] * 0.5 + x[1:-1] * x[:-2]
    return en.Task.from_arrays(x, y, washout=10)
