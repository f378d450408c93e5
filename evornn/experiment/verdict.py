"""What an experiment showed, in plain sentences: who is better, by how much, how sure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evornn.experiment.comparison import Comparison, compare
from evornn.experiment.display import si
from evornn.experiment.statistics import Summary, a12_words, success_rate, summarise

Results = Mapping[str, Sequence[Mapping[str, Any]]]
BUDGET_TOLERANCE = 0.05  # budgets whose largest is within this of the smallest count as equal
NAMED = 3  # rivals of which the sentences speak one by one; the nearest ones
CURRENCIES = {
    "network_steps": "network-steps",
    "evaluations": "evaluations",
    "elapsed_s": "seconds",
}


@dataclass(frozen=True)
class Verdict:
    """What can be said.

    Attributes:
        outcome: "better" (the best contender is better than all others), "partly" (than some), "no
            difference shown", "too few seeds", or "nothing to compare".
        best: The contender with the least median error.
        sentences: For people: the outcome first, then by how much, how sure, what failed, the
            controls, the budgets.
        summaries: By contender.
        comparison: All tests; None for a single contender.
    """

    outcome: str
    best: str
    sentences: tuple[str, ...]
    summaries: dict[str, Summary]
    comparison: Comparison | None


@dataclass(frozen=True)
class Budgets:
    """What the contenders were charged.

    Attributes:
        spent: Median over seeds by currency and contender; NaN where nothing was recorded.
        equal: By currency, whether the contenders' budgets differ by 5 % at most; None if one is
            not known.
    """

    spent: dict[str, dict[str, float]]
    equal: dict[str, bool | None]


def verdict(
    results: Results,
    controls: Mapping[str, float] | None = None,
    measure: str = "test_nmse",
    alpha: float = 0.05,
) -> Verdict:
    """Judge an experiment by the final errors of its runs.

    Args:
        results: For every contender, one result a seed, as result.json has it. A result without
            the measure, or with NaN or infinity, is a failed run.
        controls: The same error of simple predictors.
        measure: A column of the results, of which less is better.
        alpha: Level of significance, in (0, 1).

    Raises:
        ValueError: If there is no contender, or one has no run.
    """
    samples = {name: column(runs, measure) for name, runs in results.items()}
    comparison = compare(samples, alpha) if len(samples) > 1 else None
    summaries = {name: summarise(sample) for name, sample in samples.items()}
    best = min(summaries, key=lambda name: summaries[name].median)
    label = measure.replace("_", " ").replace("nmse", "NMSE").replace("mse", "MSE")
    medians = _medians(best, summaries, label)
    outcome, said = "nothing to compare", [medians]
    if comparison is not None:
        outcome, (first, *more) = _outcome(best, summaries, comparison)
        said = [first, medians, *more]
        most = max(len(sample) for sample in samples.values())
        if most > comparison.seeds:
            said.append(
                f"Not all contenders have the same seeds; the paired tests use the first "
                f"{comparison.seeds} of up to {most}."
            )
    failed = {name: s.failed for name, s in summaries.items() if s.failed}
    if failed:
        counts = _listed([f"{count} of {name}" for name, count in failed.items()])
        said.append(f"Runs that failed, and count as worst: {counts}.")
    if controls:
        said.append(_against_control(best, samples[best], controls, label))
    if comparison is not None:
        said.append(budget_sentence(budgets(results)))
    return Verdict(outcome, best, tuple(said), summaries, comparison)


def column(runs: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    """One column of a contender's results, axes (seed); NaN where it is missing."""
    values = [run.get(key) for run in runs]
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _medians(best: str, summaries: Mapping[str, Summary], label: str) -> str:
    mine = summaries[best]
    text = (
        f"{best} has {'the lowest' if len(summaries) > 1 else 'a'} median {label}"
        f"{' of' if len(summaries) == 1 else ':'} {_with_interval(mine)} over {_seeds(mine.seeds)}"
    )
    others = sorted((s.median, name) for name, s in summaries.items() if name != best)
    if not others:
        return text + "."
    parts = [f"{_with_interval(summaries[name])} for {name}" for _, name in others[:NAMED]]
    if len(others) > NAMED:
        parts.append(f"up to {number(others[-1][0])} for {others[-1][1]}")
    gap = _gap(mine.median, others[0][0])
    return f"{text}, against {_listed(parts)}{gap and f'; {gap} {others[0][1]}'}."


def _gap(mine: float, other: float) -> str:
    """How much lower an error is, or "" where no share can be told."""
    if not (math.isfinite(other) and other > 0) or mine >= other:
        return ""
    return f"this is {100 * (1 - mine / other):.2g} % below"


def _outcome(
    best: str, summaries: Mapping[str, Summary], comparison: Comparison
) -> tuple[str, list[str]]:
    """The outcome in a word, and the sentences that say how sure it is."""
    rivals = sorted(
        (name for name in comparison.names if name != best), key=lambda n: summaries[n].median
    )
    if not comparison.enough_seeds:
        return "too few seeds", [
            f"Nothing can be concluded: with {_seeds(comparison.seeds, 'paired ')} the least p "
            f"that the tests can reach is {comparison.least_p:.3g}, above the level "
            f"{comparison.alpha:g}. At least {comparison.seeds_needed} seeds are needed for "
            f"{len(comparison.names)} contenders."
        ]
    said = []
    if len(comparison.names) > 2:
        found = "differ" if comparison.friedman <= comparison.alpha else "cannot be told apart"
        said.append(
            f"All together they {found} (Friedman test over {comparison.seeds} paired seeds, "
            f"{p_text(comparison.friedman)})."
        )
    said += [_pair_sentence(best, name, comparison) for name in rivals[:NAMED]]
    if len(rivals) > NAMED:
        said.append(f"Only the {NAMED} nearest rivals are spelled out here.")
    differing = [name for name in rivals if comparison.differ(best, name)]
    beaten = [name for name in differing if _effect(comparison, best, name) > 0.5]
    for name in differing:
        if name not in beaten:
            said.append(
                f"{name} differs from {best} although its median is no lower: the runs speak for "
                f"{name}, the medians for {best}, so look at every run before choosing."
            )
    if len(beaten) == len(rivals):
        return "better", [f"{best} is better than {_listed(rivals)}.", *said]
    alike = [name for name in rivals if name not in differing]
    if beaten:
        text = f"{best} is better than {_listed(beaten)}"
        if alike:
            text += f"; against {_listed(alike)} no difference is shown, which does not show that "
            text += "there is none"
        return "partly", [f"{text}.", *said]
    if alike:
        text = (
            f"No difference is shown between {best} and {_listed(alike)}. That does not show that "
            "they are equally good; more seeds may tell."
        )
        said.insert(0, text)
    return "no difference shown", said


def _effect(comparison: Comparison, first: str, second: str) -> float:
    """Probability that a run of the first contender has the lower error."""
    pair = comparison.pair(first, second)
    return pair.a12 if pair.first == first else 1 - pair.a12


def _pair_sentence(best: str, other: str, comparison: Comparison) -> str:
    pair = comparison.pair(best, other)
    effect = _effect(comparison, best, other)
    corrected = ", Holm-corrected" if len(comparison.pairs) > 1 else ""
    return (
        f"A run of {best} has a lower error than one of {other} with probability "
        f"{_probability(effect)} (Vargha-Delaney A12, {a12_words(effect)} effect; Wilcoxon "
        f"signed-rank over paired seeds{corrected}: {p_text(pair.holm)}; Mann-Whitney U, "
        f"uncorrected: {p_text(pair.mann_whitney)})."
    )


def _against_control(
    best: str, errors: np.ndarray, controls: Mapping[str, float], label: str
) -> str:
    name = min(controls, key=lambda key: controls[key])
    # Beating means strictly less.
    rate = success_rate(errors, math.nextafter(controls[name], -math.inf))
    low, high = rate.interval
    return (
        f"{rate.successes} of {rate.seeds} runs of {best} beat the best control, {name} with "
        f"{label} {controls[name]:.3g} (rate {rate.rate:.0%}, 95 % Wilson interval {low:.0%} to "
        f"{high:.0%})."
    )


def budgets(results: Results) -> Budgets:
    """What each contender spent, in every currency."""
    spent: dict[str, dict[str, float]] = {}
    equal: dict[str, bool | None] = {}
    for key in CURRENCIES:
        spent[key] = {n: float(np.median(column(runs, key))) for n, runs in results.items()}
        values = list(spent[key].values())
        known = all(math.isfinite(value) for value in values)
        equal[key] = max(values) <= (1 + BUDGET_TOLERANCE) * min(values) if known else None
    return Budgets(spent, equal)


def budget_sentence(found: Budgets) -> str:
    """Whether the budgets were equal, plainly, with the numbers where they were not."""
    same = [CURRENCIES[key] for key, equal in found.equal.items() if equal]
    other = {key: found.spent[key] for key, equal in found.equal.items() if equal is False}
    if not same and not other:
        return "What the contenders spent was not recorded."
    numbers = "; ".join(f"{CURRENCIES[key]} {_spent(spent)}" for key, spent in other.items())
    if not same:
        return (
            f"The budgets were NOT equal in any currency, so that a difference may come from the "
            f"budget (medians over seeds: {numbers})."
        )
    text = f"The budgets were equal within 5 % in {_listed(same)}"
    return f"{text}, not in others (medians over seeds: {numbers})." if other else f"{text}."


def _spent(spent: Mapping[str, float]) -> str:
    """Each contender's budget; the least and the most, if there are many."""
    if len(spent) <= NAMED + 1:
        return ", ".join(f"{name} {si(value).strip()}" for name, value in spent.items())
    least, most = min(spent, key=lambda n: spent[n]), max(spent, key=lambda n: spent[n])
    return f"from {si(spent[least]).strip()} ({least}) to {si(spent[most]).strip()} ({most})"


def p_text(p: float) -> str:
    """A p for a sentence: "p = 0.031", "p < 0.0001"."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def _with_interval(summary: Summary) -> str:
    if summary.method == "none":
        return number(summary.median)
    low, high = summary.interval
    return f"{number(summary.median)} (95 % interval {number(low)} to {number(high)})"


def number(value: float) -> str:
    """An error for a sentence or a table."""
    return "failed" if math.isinf(value) else f"{value:.4g}"


def _probability(value: float) -> str:
    return f"{value:.2f}" if 0.005 <= value <= 0.995 or value in (0.0, 1.0) else f"{value:.4f}"


def _seeds(count: int, kind: str = "") -> str:
    return f"{count} {kind}seed{'s' if count != 1 else ''}"


def _listed(parts: Sequence[str]) -> str:
    """Parts as "a", "a and b" or "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
