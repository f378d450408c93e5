"""When a run ends, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from evornn.checks import check_count, check_range


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        generation: Generations finished, counted from 0.
        evaluations: Networks evaluated.
        elapsed_s: Seconds spent, those before a resumption included.
        best_mse: Least mean squared error so far.
        best_generation: The generation that reached it.
        learned: Share of the training targets that the best network meets within a tolerance, in
            [0, 1]; None where nobody measured it.
        network_steps: Time steps of networks computed for the fitness or for gradients.
        updates: Updates of the weights by gradients; None where there are none.
        epochs: Passes over the training part by gradients; None where there are none.
    """

    generation: int
    evaluations: int
    elapsed_s: float
    best_mse: float
    best_generation: int = 0
    learned: float | None = None
    network_steps: int = 0
    updates: int | None = None
    epochs: float | None = None


@dataclass(frozen=True)
class Stop:
    """Rules that end a run: the first one met does; at least one is needed.

    The first three are the classic scheme: a share of the training data is learned, the error falls
    below a target, or a number of generations is reached.

    Attributes:
        learned: Share of the training targets met within `learned_tolerance`, in (0, 1].
        mse: Best mean squared error at or below this.
        generations: Generations after the initial one; for training by gradients an update is one.
        stagnation: Generations without improvement.
        evaluations: Networks evaluated.
        network_steps: Time steps of networks computed for the fitness or for gradients: the
            currency in which contenders of different kinds are given equal budgets.
        seconds: Seconds spent.
        updates: Updates of the weights; for training by gradients only.
        epochs: Passes over the training part; for training by gradients only.
        learned_tolerance: Largest absolute error of a target that counts as learned, in the
            targets' (normalised) unit; no rule by itself.
    """

    learned: float | None = None
    mse: float | None = None
    generations: int | None = None
    stagnation: int | None = None
    evaluations: int | None = None
    seconds: float | None = None
    network_steps: int | None = None
    learned_tolerance: float = 0.1
    updates: int | None = None
    epochs: float | None = None

    def __post_init__(self) -> None:
        """Refuse a run without end and rules outside their ranges."""
        if not self.rules:
            names = [rule.name for rule in fields(self) if rule.name != "learned_tolerance"]
            raise ValueError(
                f"`Stop` needs at least one of {', '.join(names)}, got none; the run would not end."
            )
        for name, least in (
            ("generations", 0),
            ("stagnation", 1),
            ("evaluations", 1),
            ("network_steps", 1),
            ("updates", 0),
        ):
            if getattr(self, name) is not None:
                check_count("Stop", name, getattr(self, name), least)
        if self.learned is not None:
            check_range("Stop", "learned", self.learned, 0.0, 1.0, above=True)
        if self.mse is not None:
            check_range("Stop", "mse", self.mse, 0.0)
        if self.seconds is not None:
            check_range("Stop", "seconds", self.seconds, 0.0)
        if self.epochs is not None:
            check_range("Stop", "epochs", self.epochs, 0.0)
        check_range("Stop", "learned_tolerance", self.learned_tolerance, 0.0, above=True)

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules that are set."""
        names = (rule.name for rule in fields(self) if rule.name != "learned_tolerance")
        return tuple(name for name in names if getattr(self, name) is not None)

    def check_ends(self, owner: str) -> None:
        """Refuse rules of training only, for a contender that does no updates.

        Raises:
            ValueError: If no other rule is set: the contender's run would not end.
        """
        if set(self.rules) <= {"updates", "epochs"}:
            raise ValueError(
                f"`{owner}` needs a rule that counts without gradients, got "
                f"{' and '.join(self.rules)} only; use generations, evaluations or network_steps."
            )

    def settings(self) -> dict[str, Any]:
        """All rules as JSON-able values; those of training only where they are set."""
        values = dict(vars(self))
        return {k: v for k, v in values.items() if v is not None or k not in ("updates", "epochs")}

    def share(self, progress: Progress) -> float | None:
        """Share of the run that is done, in [0, 1]; None without a rule that tells in advance."""
        done = (
            (progress.generation, self.generations),
            (progress.evaluations, self.evaluations),
            (progress.network_steps, self.network_steps),
            (progress.elapsed_s, self.seconds),
            (progress.updates, self.updates),
            (progress.epochs, self.epochs),
        )
        shares = [value / limit for value, limit in done if limit and value is not None]
        return min(1.0, max(shares)) if shares else None

    def code(self, progress: Progress) -> str | None:
        """The name of the first rule that is met, or None: go on."""
        return next((name for name, met, _ in RULES if met(self, progress)), None)

    def reason(self, progress: Progress) -> str | None:
        """Why the run ends here, as a sentence with the numbers, or None: go on."""
        for _, met, sentence in RULES:
            if met(self, progress):
                return sentence.format(stop=self, now=progress, still=_still(progress))
        return None


def _still(now: Progress) -> int:
    """Generations without improvement."""
    return now.generation - now.best_generation


def _reached(value: float | None, limit: float | None) -> bool:
    """Whether a rule with this limit is met; never without a limit or a measurement."""
    return value is not None and limit is not None and value >= limit


# One rule a row: its name, whether it is met, and the sentence that says so.
RULES: tuple[tuple[str, Callable[[Stop, Progress], bool], str], ...] = (
    (
        "learned",
        lambda stop, now: _reached(now.learned, stop.learned),
        "learned: {now.learned:.1%} of the training targets are met within "
        "{stop.learned_tolerance:g}, {stop.learned:.1%} were wanted.",
    ),
    (
        "mse",
        lambda stop, now: _reached(-now.best_mse, None if stop.mse is None else -stop.mse),
        "mse: the best error {now.best_mse:.6g} has reached the target {stop.mse:g}.",
    ),
    (
        "generations",
        lambda stop, now: _reached(now.generation, stop.generations),
        "generations: {now.generation} of {stop.generations} are done.",
    ),
    (
        "stagnation",
        lambda stop, now: _reached(_still(now), stop.stagnation),
        "stagnation: no improvement since generation {now.best_generation}, {still} generations "
        "ago ({stop.stagnation} allowed).",
    ),
    (
        "evaluations",
        lambda stop, now: _reached(now.evaluations, stop.evaluations),
        "evaluations: {now.evaluations} networks of {stop.evaluations} are evaluated.",
    ),
    (
        "network_steps",
        lambda stop, now: _reached(now.network_steps, stop.network_steps),
        "network_steps: {now.network_steps} of {stop.network_steps} are computed.",
    ),
    (
        "seconds",
        lambda stop, now: _reached(now.elapsed_s, stop.seconds),
        "seconds: {now.elapsed_s:.1f} s of {stop.seconds:g} s are spent.",
    ),
    (
        "updates",
        lambda stop, now: _reached(now.updates, stop.updates),
        "updates: {now.updates} of {stop.updates} are done.",
    ),
    (
        "epochs",
        lambda stop, now: _reached(now.epochs, stop.epochs),
        "epochs: {now.epochs:g} of {stop.epochs:g} are done.",
    ),
)
