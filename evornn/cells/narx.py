"""Nonlinear autoregressive networks with exogenous inputs."""

from __future__ import annotations

from evornn.cells.assembled import assembled, repeated
from evornn.cells.filters import activation_of
from evornn.checks import check_count
from evornn.flow import matrix, state, vector
from evornn.flow.language import concatenate, part, shift
from evornn.flow.signal import Signal
from evornn.flow.trace import Cell

FEEDBACKS = ("parallel", "series-parallel")


def narx(
    input_lags: int = 2,
    output_lags: int = 2,
    *,
    feedback: str = "parallel",
    activation: str = "tanh",
) -> Cell:
    """NARX network: one hidden layer on tapped delay lines of the inputs and of its own outputs.

    h[t] = f(W [u[t], u[t - 1], ..., u[t - input_lags]] + U [y[t - 1], ..., y[t - output_lags]] + b)
    y[t] = V h[t] + c

    It has its own output layer: use it with `Network(narx(...), readout=None)`. Lags are blocks of
    columns, the newest first; states `inputs_line` and `outputs_line` hold them.

    - "parallel" (closed loop): the delay line holds the network's own outputs.
    - "series-parallel" (teacher forcing): it holds the true outputs. The network reads the output
      of the step before in front of its exogenous inputs, [y[t - 1], u[t]], so that it is feed
      forward (`tasks.series_parallel` makes such a task), and `Network(..., input=n)` says how
      many exogenous inputs there are. A chromosome means the same in both forms, and
      `Network.forecast`, or `Evaluator(teacher_forced=...)`, closes the loop: outputs take the
      place of the first inputs.

    Args:
        input_lags: Past samples of each input, besides the present one; at least 0.
        output_lags: Past samples of each output, at least 1.
        feedback: parallel or series-parallel.
        activation: Of the hidden layer: tanh, sigmoid, relu or linear.

    Raises:
        TypeError: If a number of lags is no whole number.
        ValueError: If a number of lags is below its least, or a word is unknown.

    Source: Narendra & Parthasarathy 1990 (IEEE Trans. Neural Networks 1:4); Siegelmann, Horne &
    Giles 1997 (IEEE Trans. Systems, Man, and Cybernetics B 27:208).
    """
    check_count("narx", "input_lags", input_lags, 0)
    check_count("narx", "output_lags", output_lags, 1)
    if feedback not in FEEDBACKS:
        raise ValueError(f"narx needs a feedback of {' or '.join(FEEDBACKS)}, got {feedback!r}")
    f = activation_of("narx", activation)
    closed = feedback == "parallel"
    kept = output_lags if closed else output_lags - 1  # the other one is among the inputs

    def step(
        x: Signal, states: dict[str, Signal], weights: dict[str, Signal]
    ) -> tuple[Signal, dict[str, Signal]]:
        u = x if closed else part(x, "input")
        seen = [u, *([states["inputs_line"]] if input_lags else [])]
        told = [] if closed else [part(x, "output")]
        told += [states["outputs_line"]] if kept else []
        a = weights["W"] @ _joined(seen) + weights["U"] @ _joined(told) + weights["b"]
        y = weights["V"] @ f(a) + weights["c"]
        following = {}
        if input_lags:
            following["inputs_line"] = shift(states["inputs_line"], u)
        if kept:
            following["outputs_line"] = shift(states["outputs_line"], y if closed else told[0])
        return y, following

    lines = {}
    if input_lags:
        lines["inputs_line"] = state(repeated("input", input_lags))
    if kept:
        lines["outputs_line"] = state(repeated("output", kept))
    return assembled(
        "narx" if closed else "narx_series_parallel",
        str(narx.__doc__),
        lines,
        {
            "W": matrix("hidden", repeated("input", input_lags + 1)),
            "U": matrix("hidden", repeated("output", output_lags)),
            "b": vector("hidden"),
            "V": matrix("output", "hidden"),
            "c": vector("output"),
        },
        step,
        None if closed else state("output+input"),
    )


def _joined(signals: list[Signal]) -> Signal:
    return signals[0] if len(signals) == 1 else concatenate(*signals)
