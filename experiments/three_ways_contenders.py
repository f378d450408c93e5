"""Who takes part in three_ways.py, on which tasks, and what a budget of multiply-adds pays for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from math import comb
from typing import Any

import numpy as np

import evornn as en
from evornn.liquid import MAASS_2002, FilterBank, Pathway, PopulationEncoder, RateEncoder
from evornn.search import Windows, every

TASKS: dict[str, Callable[[], en.Task]] = {
    "laser": lambda: en.tasks.santa_fe_laser(horizon=1),
    "sunspots": lambda: en.tasks.sunspots(validation_years=50),
    "mackey_glass": en.tasks.mackey_glass,
    "narma10": en.tasks.narma10,
    "lorenz": lambda: en.tasks.lorenz(horizon=10),
    "temporal_order": en.tasks.temporal_order,
    "digits": en.tasks.digits,
}
FAMILIES = {
    "evolved": ("elman-ga", "lstm-ga"),
    "gradient": ("elman-bptt", "lstm-bptt", "elman-rtrl", "lstm-rtrl"),
    "reservoir": ("esn", "lsm", "ngrc"),
    "control": ("linear",),
}
ONCE = ("ngrc", "linear")  # without randomness: one run stands for all seeds
RATES = (0.03, 0.01, 0.003, 0.001)  # of learning, one for each network of a BPTT run
BATCH = 50  # sequences of an update of BPTT
UNITS, DENSITY, DRAWS = 300, 0.1, 2  # of the echo state networks
ASKED = 8  # candidates of a generation of the search among them
DT_MS = 0.5  # of the liquids
PER_NEURON = 3  # multiply-adds of a neuron's step: its potential and two currents
SCANNED = 2000  # most features of a next-generation reservoir


def contenders(task: en.Task, budget: float) -> dict[str, Any]:
    """Who draws random numbers, each with a budget of multiply-adds."""
    elman = en.Network(en.cells.elman, hidden=16)
    lstm = en.Network(en.cells.lstm, hidden=8)
    many = task.kind == "sequences"

    def stop(network: en.Network) -> en.Stop:
        genes = network.bound(task.inputs, task.outputs).genes
        return en.Stop(network_steps=max(1, int(budget / genes)))

    def bptt(network: en.Network) -> en.Train:
        return en.Train(
            network,
            en.BPTT(),
            en.Adam(learning_rate=RATES),
            stop=stop(network),
            population=len(RATES),
            batch_size=BATCH if many else None,
            clip_norm=1.0,
        )

    def rtrl(network: en.Network) -> en.Train:
        return en.Train(
            network,
            en.RTRL(),
            en.Adam(learning_rate=0.003),
            stop=stop(network),
            batch_size=10 if many else None,
            every=None if many else 20,
            clip_norm=1.0,
        )

    return {
        "elman-ga": en.Evolve(elman, en.GA(population=128), stop=stop(elman)),
        "lstm-ga": en.Evolve(lstm, en.GA(population=128), stop=stop(lstm)),
        "elman-bptt": bptt(elman),
        "lstm-bptt": bptt(lstm),
        "elman-rtrl": rtrl(elman),
        "lstm-rtrl": rtrl(lstm),
        "esn": searched_reservoir(task, budget),
        "lsm": en.Choose(liquid, paid(liquids(task), task, budget)),
    }


def without_chance(task: en.Task, budget: float) -> dict[str, Any]:
    """Who draws no random numbers."""
    return {
        "ngrc": en.Choose(en.NGRC, paid(polynomials(task), task, budget)),
        "linear": en.Choose(Windows, paid(windows(task), task, budget)),
    }


def searched_reservoir(task: en.Task, budget: float) -> en.EvolveReservoir:
    """A search among echo state networks that ends within the budget."""
    candidates = int(budget / (DRAWS * cost(task, {"units": UNITS})))
    return en.EvolveReservoir(
        {"units": UNITS, "density": DENSITY},
        learner=en.GA(
            population=ASKED,
            elites=1,
            encoding=en.RealGenes(0.0, 1.0),
            mutation=en.GaussianMutation(rate=0.5, scale=0.15),
        ),
        # A generation is evaluated whole: one that begins below this number ends within the budget.
        stop=en.Stop(evaluations=max(1, candidates - ASKED + 1)),
        draws=DRAWS,
    )


def liquid(
    seed: int,
    signals: int,
    low: float,
    high: float,
    step_ms: float,
    units: int,
    drive: float,
    taus_ms: tuple[float, ...],
    ridge: float,
) -> en.LiquidStateMachine:
    """The liquid of Maass, Natschlaeger & Markram 2002, hearing signals as regular spikes.

    Args:
        seed: Of its connections.
        signals: Inputs of the task.
        low: Input that fires least.
        high: Input that fires most.
        step_ms: Time that an input holds.
        units: Channels for each input with bell-shaped tuning curves; 1: the rate is the input.
        drive: Factor of the input synapses' weights; those within the liquid are halved.
        taus_ms: Of the filters that the readout sees.
        ridge: Of the readout.
    """
    if units > 1:
        each = RateEncoder(0.0, 1.0, step_ms, most_hz=400.0)
        encoder: Any = PopulationEncoder(low, high, step_ms, units, each=each)
    else:
        encoder = RateEncoder(low, high, step_ms, most_hz=200.0)
    factors = {
        name: drive if name.startswith("input") else 0.5
        for name, value in vars(MAASS_2002).items()
        if isinstance(value, Pathway)
    }
    pathways = {
        name: dataclasses.replace(old, weight_nA=old.weight_nA * factor)
        for name, factor in factors.items()
        for old in [getattr(MAASS_2002, name)]
    }
    drawn = MAASS_2002.with_settings(**pathways).draw(seed, encoder.channels(signals), dt_ms=DT_MS)
    return en.LiquidStateMachine(
        drawn,
        en.readout.Ridge(ridge),
        filter=FilterBank(taus_ms),
        sample_ms=step_ms,
        encoder=encoder,
    )


# --- candidates --------------------------------------------------------------------------------


def liquids(task: en.Task) -> list[dict[str, Any]]:
    """Settings of liquids: series are told by tuning curves, bits and pixels by rates."""
    many = task.kind == "sequences"
    settings: dict[str, Any] = {
        "signals": task.inputs,
        "low": 0.0 if many else -2.5,
        "high": 1.0 if many else 2.5,
    }
    options = every(
        step_ms=(10.0, 20.0),
        units=(1 if many else 8,),
        drive=(1.0,) if many else (0.5, 2.0),
        taus_ms=((10.0, 30.0, 100.0), (10.0, 30.0, 100.0, 300.0)),
        ridge=(1.0, 100.0) if many else (10.0,),
    )
    return [{**settings, **each} for each in options]


def polynomials(task: en.Task) -> list[dict[str, Any]]:
    """Settings of next-generation reservoirs, those with few features first."""
    options = every(
        delays=(1, 2, 3, 4, 6, 8, 12, 16),
        skip=(1, 2, 3, 6),
        degree=(1, 2, 3, 4, 5),
        basis=("monomial", "chebyshev"),
        ridge=(1e-8, 1e-5, 1e-2, 1e1),
    )
    shortest = min(len(x) for part in task.parts.values() for x in part.inputs)
    scored = min(
        int(np.argmax(mask.any(axis=1))) for part in task.parts.values() for mask in part.mask
    )
    reach = min(shortest - 1, scored)  # every scored step has all its delays
    kept = [
        each
        for each in options
        if (each["delays"] > 1 or each["skip"] == 1)
        and (each["delays"] - 1) * each["skip"] <= reach
        and (each["degree"] > 1 or each["basis"] == "monomial")
        and features(task, each) <= SCANNED
    ]
    return sorted(kept, key=lambda each: cost(task, each))


def windows(task: en.Task) -> list[dict[str, Any]]:
    """Settings of linear regression on the last inputs; no window is longer than a sequence."""
    longest = max(len(x) for part in task.parts.values() for x in part.inputs)
    orders = sorted({min(2**k, longest) for k in range(8)})
    return every(order=orders, ridge=(0.0, 1e-4, 1e-2, 1.0, 100.0))


def paid(candidates: list[dict[str, Any]], task: en.Task, budget: float) -> list[Mapping[str, Any]]:
    """The first candidates that the budget pays for, at least one."""
    spent = np.cumsum([cost(task, each) for each in candidates])
    return list(candidates[: max(1, int((spent <= budget).sum()))])


# --- what they cost ----------------------------------------------------------------------------


def features(task: en.Task, settings: Mapping[str, Any]) -> int:
    """Numbers that the readout of a candidate sees."""
    if "delays" in settings:
        return comb(task.inputs * settings["delays"] + settings["degree"], settings["degree"])
    if "order" in settings:
        return int(task.inputs * settings["order"])
    if "taus_ms" in settings:
        return int(np.prod(MAASS_2002.shape)) * len(settings["taus_ms"])
    return int(settings["units"]) + task.inputs


def cost(task: en.Task, settings: Mapping[str, Any]) -> float:
    """Multiply-adds to fit a candidate to the training part and to answer the validation part.

    With N features: N^2 / 2 for each step that is learned, N^3 / 6 for the readout, N for each
    answer and output. Besides for each step an echo state network's nonzero weights, a polynomial's
    products; a liquid's neurons for each step of the simulation (not counted are its spikes, whose
    number is not known before).
    """
    width = features(task, settings)
    train, validation = task.train, task.validation
    if validation is None:
        raise ValueError(f"all choose by validation, and {task.name} has no validation part")
    learned, told = (sum(int(m.any(axis=1).sum()) for m in p.mask) for p in (train, validation))
    steps = train.steps + validation.steps
    if "units" in settings and "taus_ms" not in settings:
        inside = steps * settings["units"] * (DENSITY * settings["units"] + task.inputs)
    elif "taus_ms" in settings:
        neurons = int(np.prod(MAASS_2002.shape))
        inside = steps * settings["step_ms"] / DT_MS * neurons * PER_NEURON
    else:
        inside = (learned + told) * width * (settings.get("degree", 1) - 1)
    return inside + learned * width**2 / 2 + width**3 / 6 + told * width * task.outputs


def spent(task: en.Task, name: str, contender: Any, result: Mapping[str, Any]) -> float:
    """Multiply-adds that a finished run was charged."""
    if isinstance(contender, en.Choose):
        return sum(cost(task, each) for each in contender.candidates)
    if isinstance(contender, en.EvolveReservoir):
        return result["evaluations"] * DRAWS * cost(task, {"units": UNITS})
    return result["network_steps"] * contender.network.bound(task.inputs, task.outputs).genes
