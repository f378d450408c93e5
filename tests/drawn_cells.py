"""Random well-formed cells, for property-based tests: every operation of the language occurs.

Values stay bounded whatever is drawn: products are squashed, logarithms and square roots get
positive arguments, and divisors stay away from 0.
"""

import numpy as np
from hypothesis import strategies as st

from evornn.flow import Constant, cell, matrix, scalar, state, tensor, vector
from evornn.flow.language import (
    bilinear,
    concatenate,
    cos,
    dot,
    equal,
    exp,
    largest,
    log,
    maximum,
    minimum,
    part,
    relu,
    shift,
    sigmoid,
    sin,
    softmax,
    softplus,
    spread,
    sqrt,
    square,
    tanh,
    total,
    transpose,
    where,
    window,
)

AXES = ("input", "hidden", "other")
ONE_ARGUMENT = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "softplus": softplus,
    "exp": lambda a: exp(sin(a)),
    "log": lambda a: log(1.5 + tanh(a)),
    "sin": sin,
    "cos": cos,
    "abs": abs,
    "square": lambda a: square(tanh(a)),
    "sqrt": lambda a: sqrt(0.5 + square(sin(a))),
    "neg": lambda a: -a,
    "third power": lambda a: cos(a) ** 3,
    "constant": lambda a: 0.5 * a - 0.25,
}
TWO_ARGUMENTS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: tanh(a) * b,
    "div": lambda a, b: a / (2.5 + sin(b)),
    "minimum": minimum,
    "maximum": maximum,
    # A comparison is decided by a clear margin, so that rounding cannot turn it around.
    "where": lambda a, b: where(sin(40.0 * a) > 2.0, a, b),
    "select": lambda a, b: where(square(tanh(a)) + 0.5 >= 0.25, b, a),
    "below": lambda a, b: a + (square(tanh(b)) < 1.5),
    "at most": lambda a, b: b * (abs(sin(a)) <= 1.5),
    "equal": lambda a, b: a * equal(b, b),
}
WEIGHT = Constant(0.0, noise=0.6)


class _Drawing:
    """Signals at hand, by axes, while a cell is drawn."""

    def __init__(self, draw, pool, weights):
        self.draw = draw
        self.pool = pool
        self.weights = weights

    def any(self, axes=None):
        """A signal, of the given axes if there is a choice to be made."""
        fitting = [s for s in self.pool if axes is None or s.axes == axes]
        return self.draw(st.sampled_from(fitting))

    def vector(self):
        return self.draw(st.sampled_from([s for s in self.pool if len(s.axes) == 1]))

    def simple_vector(self):
        """A vector that stands on a single named axis, for which weights are declared."""
        return self.draw(st.sampled_from([s for s in self.pool if s.axes and s.axes[0] in AXES]))

    def operate(self):
        """One more signal in the pool; it stands there twice, so that others build on it."""
        signal = getattr(self, self.draw(st.sampled_from(OPERATIONS)))()
        self.pool += [signal, signal]

    def elementwise_one(self):
        return self.draw(st.sampled_from(sorted(ONE_ARGUMENT.items())))[1](self.any())

    def elementwise_two(self):
        a = self.any()
        others = [s for s in self.pool if s.axes in (a.axes, ())]
        b = self.draw(st.sampled_from(others))
        if self.draw(st.booleans()):
            a, b = b, a
        return self.draw(st.sampled_from(sorted(TWO_ARGUMENTS.items())))[1](a, b)

    def product(self):
        v = self.simple_vector()
        rows = self.draw(st.sampled_from(AXES))
        if self.draw(st.booleans()):
            m = transpose(self.weights[f"W_{v.axes[0]}_{rows}"], (1, 0))
        else:
            m = self.weights[f"W_{rows}_{v.axes[0]}"]
        result = m @ v
        if self.draw(st.booleans()):
            result = result + self.weights[f"b_{rows}"]
        if self.draw(st.booleans()):
            u = self.simple_vector()
            result = self.weights[f"W_{rows}_{u.axes[0]}"] @ u + result
        return tanh(result) if self.draw(st.booleans()) else 0.3 * result

    def second_order(self):
        u, v = self.any(("hidden",)), self.any(("input",))
        t = self.weights["T"]
        rows = self.draw(st.sampled_from(["other", "hidden"]))
        if rows == "other":
            return tanh(bilinear(t, u, v))
        return tanh(bilinear(transpose(t, (1, 0, 2)), self.any(("other",)), v))

    def joined(self):
        return concatenate(self.simple_vector(), self.simple_vector())

    def part_of_joined(self):
        whole = concatenate(self.any(("input",)), self.any(("hidden",)))
        return part(whole, self.draw(st.sampled_from(["input", "hidden"])))

    def moved(self):
        v = self.vector()
        offset = self.draw(st.sampled_from(["0", "1", "-1", "2", "hidden", "-input"]))
        return window(v, offset, self.draw(st.sampled_from(AXES)))

    def delayed(self):
        return shift(self.any(("hidden",)), self.any(self.draw(st.sampled_from([(), ("hidden",)]))))

    def entry(self):
        return self.simple_vector()[0]

    def cut(self):
        return concatenate(self.simple_vector()[0:1], self.simple_vector())

    def total(self):
        return tanh(total(self.vector()))

    def inner(self):
        v = self.vector()
        return tanh(dot(v, self.any(v.axes)))

    def largest(self):
        return largest(self.vector())

    def softmax(self):
        return softmax(tanh(self.vector()))

    def spread(self):
        return spread(self.any(()), self.draw(st.sampled_from(AXES)))

    def outer_parameter(self):
        return self.weights[self.draw(st.sampled_from(["b_hidden", "b_other", "b_input", "gain"]))]


OPERATIONS = (
    *("elementwise_one", "elementwise_two") * 4,
    "product",
    "product",
    "second_order",
    "joined",
    "part_of_joined",
    "moved",
    "delayed",
    "entry",
    "cut",
    "total",
    "inner",
    "largest",
    "softmax",
    "spread",
    "outer_parameter",
)


@st.composite
def cells(draw, most_operations=14):
    """A random cell with four states (two vectors, a scalar, one of axis other) and its weights."""
    kind = draw(st.sampled_from(["free", "masked", "fixed"]))
    pattern = draw(st.integers(0, 2**16))

    def mask(shape):
        return np.random.default_rng(pattern).integers(0, 2, shape)

    hidden = matrix("hidden", "hidden", initial=WEIGHT, mask=mask if kind == "masked" else None)
    gain = scalar(WEIGHT) if kind != "fixed" else scalar(fixed=0.75)
    first = "b_hidden" if draw(st.booleans()) else 0.25
    lone = "gain" if draw(st.booleans()) else -0.5

    @cell
    def drawn(
        x,
        h=state("hidden", initial=first),
        m=state("hidden"),
        s=state(None, initial=lone),
        o=state("other", initial=0.125),
        *,
        W_hidden_input=matrix("hidden", "input", initial=WEIGHT),
        W_hidden_hidden=hidden,
        W_hidden_other=matrix("hidden", "other", initial=WEIGHT),
        W_other_input=matrix("other", "input", initial=WEIGHT),
        W_other_hidden=matrix("other", "hidden", initial=WEIGHT),
        W_other_other=matrix("other", "other", initial=WEIGHT),
        W_input_input=matrix("input", "input", initial=WEIGHT),
        W_input_hidden=matrix("input", "hidden", initial=WEIGHT),
        W_input_other=matrix("input", "other", initial=WEIGHT),
        T=tensor("other", "hidden", "input", initial=WEIGHT),
        b_input=vector("input", initial=WEIGHT),
        b_hidden=vector("hidden", initial=WEIGHT),
        b_other=vector("other", initial=WEIGHT),
        gain=gain,
    ):
        weights = {k: v for k, v in locals().items() if k[0] in "WTbg"}
        drawing = _Drawing(draw, [x, h, m, s, o, weights["b_hidden"], weights["gain"]], weights)
        for _ in range(draw(st.integers(1, most_operations))):
            drawing.operate()

        def following(axes):
            signal = draw(st.sampled_from([s for s in drawing.pool if s.axes == axes][-6:]))
            bounded = draw(st.booleans())  # a bare signal may be another state, or a parameter
            return tanh(signal) if bounded else signal

        states = [
            following(("hidden",)),
            following(("hidden",)),
            following(()),
            following(("other",)),
        ]
        # Growth from step to step is bounded by one squashed state at least.
        output = draw(st.sampled_from([s for s in drawing.pool if len(s.axes) == 1][-6:]))
        return output, *states

    return drawn
