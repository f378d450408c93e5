"""Declarations: what a cell's author says about its parameters and states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.flow.axes import Axes, axis_size, written

Mask = Any  # an array of 0 and 1, or a function of the shape that returns one


@dataclass(frozen=True)
class Normal:
    """Gaussian with mean 0; `std` None means 1 / sqrt(fan-in), the usual scale of a matrix."""

    std: float | None = None

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> np.ndarray:
        """Axes (count, *shape)."""
        fan_in = max(1, int(np.prod(shape[1:])))
        std = 1 / np.sqrt(fan_in) if self.std is None else self.std
        return std * rng.standard_normal((count, *shape))


@dataclass(frozen=True)
class Uniform:
    """Uniform between `low` and `high`."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> np.ndarray:
        """Axes (count, *shape)."""
        return rng.uniform(self.low, self.high, (count, *shape))


@dataclass(frozen=True)
class Constant:
    """The same value everywhere, plus Gaussian noise of standard deviation `noise`."""

    value: float
    noise: float = 0.0

    def draw(self, rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> np.ndarray:
        """Axes (count, *shape)."""
        return self.value + self.noise * rng.standard_normal((count, *shape))


Distribution = Normal | Uniform | Constant


@dataclass(frozen=True, eq=False)
class Parameter:
    """A weight of a cell: its axes, how it starts, and which of its entries evolve.

    Attributes:
        axes: Row axis first; () for a scalar.
        initial: The distribution that an initial population draws from.
        mask: 1 where the weight exists, 0 where it is held at zero (no gene); an array, or a
            function of the shape.
        fixed: A number or array, or a function of the shape that returns one: the weight has this
            value and no genes.
    """

    axes: Axes
    initial: Distribution
    mask: Mask | None = None
    fixed: Any | None = None

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The shape for the given axis sizes."""
        return tuple(axis_size(axis, sizes) for axis in self.axes)

    def free(self, sizes: Mapping[str, int], name: str) -> np.ndarray:
        """Which entries are genes: a boolean array of the parameter's shape.

        Raises:
            ValueError: If the mask has another shape or other values than 0 and 1.
        """
        shape = self.shape(sizes)
        if self.fixed is not None:
            return np.zeros(shape, dtype=bool)
        if self.mask is None:
            return np.ones(shape, dtype=bool)
        mask = np.asarray(self.mask(shape) if callable(self.mask) else self.mask)
        if mask.shape != shape:
            raise ValueError(
                f"the mask of {name} needs shape {shape} for axes {written(self.axes)}, got "
                f"{mask.shape}"
            )
        if not np.isin(mask, (0, 1)).all():
            raise ValueError(f"the mask of {name} needs entries 0 and 1 only, got others")
        return mask.astype(bool)

    def held(self, sizes: Mapping[str, int], name: str) -> np.ndarray:
        """The values of the entries that are no genes (zero elsewhere), float64.

        Raises:
            ValueError: If the fixed value does not have the parameter's shape.
        """
        shape = self.shape(sizes)
        if self.fixed is None:
            return np.zeros(shape)
        fixed = self.fixed(shape) if callable(self.fixed) else self.fixed
        value = np.asarray(fixed, dtype=np.float64)
        if value.shape not in ((), shape):
            raise ValueError(
                f"the fixed value of {name} needs shape {shape} or a single number, got "
                f"{value.shape}"
            )
        return np.broadcast_to(value, shape).copy()


@dataclass(frozen=True)
class State:
    """What a cell remembers: its axes and its value before the first step.

    Attributes:
        axes: One axis, or () for a scalar.
        initial: A number, or the name of a parameter with the same axes.
    """

    axes: Axes
    initial: float | str = 0.0


def _parameter(
    axes: Axes, initial: Distribution | float | None, mask: Mask | None, fixed: Any | None
) -> Parameter:
    if mask is not None and fixed is not None:
        raise ValueError("a parameter has a mask or a fixed value, got both; drop one")
    if isinstance(initial, int | float):
        initial = Constant(float(initial))
    for axis in axes:
        check_axis(axis)
    return Parameter(axes, initial or Normal(), mask, fixed)


def check_axis(axis: str) -> None:
    """Raise if an axis is no name, size or sum of these: it becomes part of a kernel's source."""
    if not all(term.isidentifier() or term.isdecimal() for term in axis.split("+")):
        raise ValueError(f"an axis needs a name such as 'hidden' or a size, got {axis!r}")


def _axis(axis: str | int) -> str:
    return str(axis)


def matrix(
    rows: str | int,
    columns: str | int,
    *,
    initial: Distribution | float | None = None,
    mask: Mask | None = None,
    fixed: Any | None = None,
) -> Parameter:
    """Declare a matrix with axes (rows, columns); initially Gaussian with std 1/sqrt(columns)."""
    return _parameter((_axis(rows), _axis(columns)), initial, mask, fixed)


def tensor(
    rows: str | int,
    first: str | int,
    second: str | int,
    *,
    initial: Distribution | float | None = None,
    mask: Mask | None = None,
    fixed: Any | None = None,
) -> Parameter:
    """Declare a third-order tensor with axes (rows, first, second), for `bilinear`."""
    return _parameter((_axis(rows), _axis(first), _axis(second)), initial, mask, fixed)


def vector(
    axis: str | int,
    *,
    initial: Distribution | float | None = None,
    mask: Mask | None = None,
    fixed: Any | None = None,
) -> Parameter:
    """Declare a vector with one axis; initially Gaussian with std 0.1, like a bias."""
    return _parameter((_axis(axis),), Normal(0.1) if initial is None else initial, mask, fixed)


def scalar(initial: Distribution | float = 0.0, *, fixed: float | None = None) -> Parameter:
    """Declare a single number: one gene that starts at `initial`, or none if `fixed`."""
    return _parameter((), initial, None, fixed)


def state(axis: str | int | None = "hidden", *, initial: float | str = 0.0) -> State:
    """Declare a state with one axis (None for a scalar).

    Args:
        axis: The axis name.
        initial: Its value before the first step: a number, or a parameter's name.

    Raises:
        ValueError: If the axis is no name.
    """
    if axis is None:
        return State((), initial)
    check_axis(_axis(axis))
    return State((_axis(axis),), initial)
