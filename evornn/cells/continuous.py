"""Continuous-time networks of the zoo: the CTRNN and the liquid time-constant network."""

from evornn.cells.dynamics import dynamics
from evornn.flow import Constant, Normal, matrix, vector
from evornn.flow.language import exp, sigmoid
from evornn.flow.signal import Signal

# exp(0.5) = 1.6 steps on average: initial units are between fast and slow at dt = 1.
LOG_TAU = Constant(0.5, noise=0.5)


@dynamics
def ctrnn_dynamics(
    x: Signal,
    y: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    U: Signal = matrix("hidden", "hidden"),
    b: Signal = vector("hidden"),
    log_tau: Signal = vector("hidden", initial=LOG_TAU),
) -> tuple[Signal, Signal]:
    """Continuous-time recurrent network: leaky units that see each other's firing rates.

    tau dy/dt = -y + U sigmoid(y + b) + W x, output sigmoid(y + b), tau = exp(log_tau)

    Args:
        x: Input, axes (input).
        y: Membrane state, axes (hidden).
        log_tau: Logarithm of the time constants, any number: tau itself stays positive.

    Source: Beer 1995 (Adaptive Behavior 3:469), eq. 1.
    """
    rate = sigmoid(y + b)
    return rate, (U @ rate + W @ x - y) / exp(log_tau)


@dynamics
def ltc_dynamics(
    x: Signal,
    h: Signal,
    *,
    W: Signal = matrix("hidden", "input"),
    U: Signal = matrix("hidden", "hidden"),
    b: Signal = vector("hidden"),
    A: Signal = vector("hidden", initial=Normal(1.0)),
    log_tau: Signal = vector("hidden", initial=LOG_TAU),
) -> Signal:
    """Liquid time-constant network: a gate drives the state and shortens its time constant.

    dh/dt = -(1/tau + f) h + f A, f = sigmoid(W x + U h + b), tau = exp(log_tau)

    The state stays between min(0, A) and max(0, A) if it starts there.

    Args:
        x: Input, axes (input).
        h: State, axes (hidden).
        A: The value that an open gate draws the state to.
        log_tau: Logarithm of the time constants without input; tau / (1 + tau f) is what acts.

    Source: Hasani, Lechner, Amini, Rus & Grosu 2021 (AAAI, 7657), eq. 1.
    """
    f = sigmoid(W @ x + U @ h + b)
    return f * A - (exp(-log_tau) + f) * h


# One step of a sequence is the unit of time. Weights may become anything while they evolve, so the
# zoo takes methods that are stable at every dt: Euler's rule diverges where tau < dt / 2. (The
# authors of the LTC take 6 substeps; each costs a product with U, and time to compile.)
ctrnn = ctrnn_dynamics.discretised("exponential_euler", dt=1.0, name="ctrnn")
ltc = ltc_dynamics.discretised("fused", dt=1.0, substeps=2, name="ltc")
