"""The protocols of reservoir computing's published numbers, each a function of seed and sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evornn.measures import memory_capacity, nmse, valid_prediction_time
from evornn.readout import Ridge
from evornn.reservoir import ESN, Layer, LayerPlan
from evornn.reservoir.ngrc import NGRC
from evornn.reservoir.stack import Stack
from evornn.tasks import santa_fe_laser
from evornn.tasks.controls import linear
from evornn.tasks.lorenz import LYAPUNOV_EXPONENT, integrate_lorenz
from evornn.tasks.mackey_glass import integrate_mackey_glass
from evornn.tasks.narma import draw_narma10


@dataclass(frozen=True)
class Sizes:
    """How much of each protocol is run: all of it, or a taste."""

    units: float = 1.0  # share of the units
    steps: float = 1.0  # share of the steps
    starts: int = 50  # of each free run

    def of(self, count: int) -> int:
        """So many steps, or fewer."""
        return max(80, round(count * self.steps))

    def some(self, units: int) -> int:
        """So many units, or fewer."""
        return max(20, round(units * self.units))


# --- 1 and 2: Mackey-Glass, 84 steps of free running --------------------------------------------


def nrmse84(esn: ESN, rng: np.random.Generator, train: int, sizes: Sizes) -> float:
    """Error of the 84th free step in original units, over many test stretches of 1000 steps."""
    forced, starts = sizes.of(1000), sizes.starts
    series = np.tanh(integrate_mackey_glass(17, train + forced + 84 + 40 * starts, rng) - 1.0)
    heard = "teacher" if esn.feedback else "context"
    esn.fit(*([None] if esn.feedback else []), series[:train, None])
    told, wanted = [], []
    for k in range(starts):
        begin = train + 40 * k
        end = begin + forced
        run = esn.forecast(84, **{heard: series[begin:end, None]})
        told.append(run[83, 0])
        wanted.append(series[end + 83])
    # Back to the units before squashing; a run that has left them counts as the edge.
    told, wanted, series = (
        1.0 + np.arctanh(np.clip(y, -0.999, 0.999)) for y in (told, wanted, series)
    )
    return float(np.sqrt(np.mean((told - wanted) ** 2) / series.var()))


def jaeger_report(seed: int, sizes: Sizes, train: int = 3000) -> float:
    """Leaky units x' = (1 - C a) x + C tanh(W x + ... + noise), effective radius .95.

    The readout sees the last output beside the states, as in the source's equation of an echo state
    network. The noise while training is ours: without it the error is about twice as large.
    """
    C, a, units = 0.44, 0.9, sizes.some(400)
    rng = np.random.default_rng(seed)
    shares = [1 - 5 / units, 2.5 / units, 2.5 / units]  # 1.25 % of 400
    W = rng.choice([0.0, 0.4, -0.4], p=shares, size=(units, units))
    bias = 0.2 * rng.choice([0.0, 0.14, -0.14], p=[0.5, 0.25, 0.25], size=units)
    eigenvalues = np.linalg.eigvals(W)
    low, high = 0.0, 20.0
    for _ in range(50):  # the effective radius grows with the scale of W
        middle = 0.5 * (low + high)
        effective = np.abs(C * middle * eigenvalues + 1 - C * a).max()
        low, high = (middle, high) if effective < 0.95 else (low, middle)
    layer = Layer(
        low * W / a,  # z = a x obeys z' = (1 - C a) z + C a tanh(W z / a + ...)
        rng.uniform(-0.56, 0.56, size=(units, 1)),
        bias=bias,
        leak=C * a,
    )
    esn = ESN(layers=[layer], washout=sizes.of(1000), readout=Ridge(0.0), seed=seed)
    esn.front = replace(esn.draw(1, 1), reservoir=Stack([layer], [3e-9]))
    return nrmse84(esn, rng, sizes.of(train), sizes)


def jaeger_haas(seed: int, sizes: Sizes) -> float:
    """Plain tanh units, 1000 of them, state noise; log10 of the error."""
    esn = ESN(
        sizes.some(1000),
        density=0.01,
        spectral_radius=0.8,
        bias_scaling=0.2,
        feedback_scaling=1.0,
        feedback=True,
        noise=1e-10,
        washout=sizes.of(1000),
        readout=Ridge(0.0),
        seed=seed,
    )
    return float(np.log10(nrmse84(esn, np.random.default_rng(seed), sizes.of(3000), sizes)))


# --- 3: NARMA10 -----------------------------------------------------------------------------


def narma(seed: int, sizes: Sizes, units: int, **settings: object) -> float:
    """NMSE on 4000 steps after training on 4000."""
    steps, washout = sizes.of(4000), 200
    u, y = draw_narma10(washout + 2 * steps, np.random.default_rng(seed))
    cut = washout + steps
    esn = ESN(units, washout=washout, seed=seed, readout=Ridge("loo"), **settings)
    told = esn.fit(u[:cut, None], y[:cut, None]).predict(u[:, None])
    return nmse(y[cut:], told[cut:, 0])


def squared(x: np.ndarray) -> np.ndarray:
    """What a detector of light intensity sees of a field."""
    return x * x


def shift_register(seed: int, sizes: Sizes) -> float:
    """Control: linear in the last 50 inputs."""
    plan = {"topology": "delay-line", "topology_settings": {"weight": 1.0}}
    W_in = np.zeros((50, 1))
    W_in[0] = 1.0
    steps, washout = sizes.of(4000), 200
    u, y = draw_narma10(washout + 2 * steps, np.random.default_rng(seed))
    layer = LayerPlan(50, activation="linear", **plan).draw(1, 0, np.random.default_rng(seed))
    layer.W_in = W_in
    x, cut = layer.run(u[:, None]), washout + steps
    readout = Ridge("loo").fit(x[washout:cut], y[washout:cut])
    return nmse(y[cut:], readout.predict(x[cut:])[:, 0])


# --- 4 and 5: Lorenz ------------------------------------------------------------------------


SOURCE_START = (17.67715816276679, 12.931379185960404, 43.91404334248268)


def ngrc_lorenz(
    seed: int, sizes: Sizes, source: bool = False, exact: bool = False, **settings: object
) -> float:
    """Mean error over a Lyapunov time of ten trainings on 400 steps each; median if any diverges.

    The errors are those of 44 points, the last given one among them, over the variance of all
    coordinates together, as the source has it.
    """
    from scipy.integrate import solve_ivp

    def slope(t: float, s: np.ndarray) -> list[float]:
        return [10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]]

    rng, points = np.random.default_rng(seed), 200 + 400 * min(10, sizes.starts) + 44
    series = integrate_lorenz(points, 0.025, rng)
    if not exact:  # the source's integrator at its default tolerance, whose noise matters
        start = SOURCE_START if source else series[0]
        times = 0.025 * np.arange(points)
        series = solve_ivp(slope, (0, times[-1]), start, t_eval=times, method="RK23").y.T
    errors = []
    for end in range(600, points - 43, 400):
        past = series[end - 402 : end]
        told = NGRC(**settings).fit(past).forecast(past, 43)
        with np.errstate(over="ignore", invalid="ignore"):
            square = np.square(told - series[end : end + 43]).sum() / (3 * 44)
            errors.append(np.sqrt(square / series[: end + 44].var()))
    errors = np.nan_to_num(errors, nan=np.inf)
    return float(np.mean(errors) if np.isfinite(errors).all() else np.median(errors))


def esn_lorenz(seed: int, sizes: Sizes, units: int, ridge: float = 8.49e-8) -> float:
    """Mean valid prediction time over many starts, in Lyapunov times."""
    rng, dt = np.random.default_rng(seed), 0.01
    train, heard, ahead = sizes.of(10_000), sizes.of(1000), sizes.of(1700)
    series = integrate_lorenz(train + 200 * sizes.starts + heard + ahead, dt, rng)
    plan = LayerPlan(
        sizes.some(units), input_scaling=0.084, leak=0.6, spectral_radius=0.8, density=0.02,
        topology_settings={"weights": "uniform"},
    )  # fmt: skip
    esn = ESN(
        layers=[plan.draw(3, 0, rng).replaced(bias=1.6)],  # the same for every unit
        inputs_to_readout=False,
        washout=heard // 2,
        readout=Ridge(ridge),
        seed=seed,
    ).fit(series[:train])
    times, std = [], series.std(axis=0)
    for k in range(sizes.starts):
        begin = train + 200 * k
        end = begin + heard
        told = esn.forecast(ahead, context=series[begin:end])
        times.append(
            valid_prediction_time(
                series[end : end + ahead], told, dt=dt, lyapunov=LYAPUNOV_EXPONENT, std=std
            )
        )
    return float(np.mean(times))


# --- 6 and 7: memory, and the laser ------------------------------------------------------------


def memory(seed: int, sizes: Sizes, **settings: object) -> float:
    """Linear memory capacity of 100 units, inputs U(-.8, .8), 6000 steps, lags to 200."""
    rng = np.random.default_rng(seed)
    layer = LayerPlan(100, **settings).draw(1, 0, rng)
    capacity = memory_capacity(
        layer, max_delay=200, steps=sizes.of(6000), test_share=0.2, ridge=1e-7, rng=rng
    )
    return capacity.total


def laser(seed: int, sizes: Sizes, units: int) -> float:
    """Test NMSE one step ahead of a cycle whose settings the validation part has chosen."""
    task = santa_fe_laser()
    u, y = task.train.inputs[0], task.train.targets[0]
    best: tuple[float, ESN | None] = (np.inf, None)
    for radius in (0.8, 0.9, 0.95) if sizes.steps == 1 else (0.9,):
        for scaling in (0.3, 0.7, 1.5) if sizes.steps == 1 else (0.7,):
            esn = ESN(
                units,
                topology="cycle",
                spectral_radius=radius,
                input_scaling=scaling,
                bias_scaling=0.5,
                washout=50,
                readout=Ridge("loo"),
                seed=seed,
            ).fit(u, y)
            told = esn.predict(list(task.validation.inputs))
            best = min(best, (task.nmse(task.validation, told), esn), key=lambda pair: pair[0])
    return task.nmse(task.test, best[1].predict(list(task.test.inputs)))


def laser_control(seed: int, sizes: Sizes) -> float:
    """Control: linear in the last 16 samples."""
    task = santa_fe_laser()
    return linear(task.train, task.test, 16)
