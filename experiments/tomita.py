"""Can a small second-order network learn Tomita's languages, or would guessing do?

A second-order network of five units, the first of which answers (Giles et al. 1992), sees 200 words
of up to 10 symbols, half of them in the language. It is trained by gradients, evolved, and guessed
at random, each with the same budget of network-steps at most, and each until every training word is
answered within 0.2. Then it is asked about 200 words of 21 to 100 symbols, half of which are in the
language and a quarter only one symbol away from it; and the automaton in it is extracted (the
coarsest cut of its state space that is right about all training words) and compared with the
language's own.

    python experiments/tomita.py

writes results/tomita.md and tomita.png (two minutes). Gradients learn all seven, and the automaton
found in their network is the exact one in 69 of 70 runs, also of language 7, where the network
itself gets long words wrong. Guessing learns 1 and 2, in no more steps than anybody else, so that
these say little about a learner; Hochreiter & Schmidhuber 1996 found it of 1, 2 and 4.
"""

import argparse
import dataclasses
import pathlib
import sys

import numpy as np

import evornn as en
from evornn.automata import TOMITA, agreement, extract_consistent
from evornn.evolution import RandomSearch
from evornn.gradient.bptt import BPTT
from evornn.gradient.optimizers import Adam
from evornn.gradient.train import Train
from evornn.plot.style import colours, logarithmic, tidy

UNITS = 5
BUDGET = 20_000_000  # network-steps: some 14,000 evaluations of the training words
TOLERANCE = 0.2
SHOWN = ("network_steps", "right", "automaton_right")


@en.cell
def responding(
    x,
    h=en.state("hidden", initial="h_0"),
    *,
    W=en.tensor("hidden", "hidden", "input", initial=en.Uniform(-1.0, 1.0)),
    b=en.vector("hidden"),
    h_0=en.vector("hidden", fixed=np.eye(1, UNITS)[0]),
    first=en.matrix("output", "hidden", fixed=np.eye(1, UNITS)),
):
    """Second-order units, the first of which is also the answer; it is on at the start."""
    h_new = en.sigmoid(en.bilinear(W, h, x) + b)
    return first @ h_new, h_new


def contenders(budget):
    """By name: the three ways to find weights."""
    network = en.Network(responding, readout=None, hidden=UNITS)
    stop = en.Stop(learned=1.0, learned_tolerance=TOLERANCE, network_steps=budget)
    return {
        "gradients": Train(network, BPTT(), Adam(0.03), population=16, stop=stop),
        "evolution": en.Evolve(network, en.GA(population=256), stop=stop),
        "guessing": RandomSearch(network, en.Uniform(-10.0, 10.0), population=256, stop=stop),
    }


@dataclasses.dataclass(frozen=True)
class Found:
    """What one run came to; the automaton is None where no cut gave one."""

    learned: bool
    network_steps: int
    right: float
    automaton_right: float
    exact: bool


def found(contender, number, seed):
    """Run a contender on a language, and question its network."""
    task, dfa = en.tasks.tomita(number, seed=seed), TOMITA[number]
    run = contender.start(task, np.random.SeedSequence([number, seed]), en.Workers(1))
    while run.reason is None:
        row = run.advance()
    network = run.best
    known = [x.argmax(axis=1) for x in task.train.inputs]
    labels = [bool(y[-1, 0]) for y in task.train.targets]
    unseen = [x.argmax(axis=1) for x in task.test.inputs]
    right = agreement(network, dfa, unseen, prefixes=False)
    try:
        automaton, _ = extract_consistent(network, dfa.alphabet, known, labels)
    except ValueError:  # every cut reaches too many cells
        return Found(run.reason[:7] == "learned", row.network_steps, right, 0.5, False)
    automaton_right = np.mean([automaton.accepts(w) == dfa.accepts(w) for w in unseen])
    return Found(
        run.reason[:7] == "learned",
        row.network_steps,
        right,
        float(automaton_right),
        automaton == dfa,
    )


def table(results, seeds, budget):
    """Everything as Markdown."""
    out = [
        f"{seeds} runs each, of at most {budget / 1e6:g} million network-steps. Learned: every "
        f"training word within {TOLERANCE:g}. Long words: median share of 200 unseen words of 21 "
        "to 100 symbols that are answered rightly, by the network and by the automaton extracted "
        "from it. Exact: the automaton is that of the language.",
        "",
        "| language | found by | learned | million network-steps (median) "
        "| long words, network | long words, automaton | exact |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for (number, name), runs in results.items():
        middle = {f: np.median([getattr(r, f) for r in runs]) for f in SHOWN}
        cells = [str(number), name, f"{sum(r.learned for r in runs)}/{len(runs)}"]
        cells += [f"{middle['network_steps'] / 1e6:.2f}"]
        cells += [f"{middle['right']:.3f}", f"{middle['automaton_right']:.3f}"]
        cells.append(f"{sum(r.exact for r in runs)}/{len(runs)}")
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def figure(results):
    """Network-steps of every run, and how often the automaton is exact."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for _, name in results))
    numbers = sorted({number for number, _ in results})
    drawn = Figure(figsize=(9, 3.6), layout="constrained")
    cost, exact = drawn.subplots(1, 2)
    width = 0.8 / len(names)
    for k, name in enumerate(names):
        at = np.array(numbers) + (k - (len(names) - 1) / 2) * width
        colour = colours(names)[name]
        for place, number in zip(at, numbers, strict=True):
            for run in results[number, name]:
                face = colour if run.learned else "none"
                cost.plot(place, run.network_steps, "o", ms=4, color=colour, mfc=face)
        cost.plot([], [], "o", ms=4, color=colour, label=name)
        shares = [np.mean([r.exact for r in results[n, name]]) for n in numbers]
        exact.bar(at, shares, width, color=colour, label=name)
    cost.set_ylabel("network-steps (hollow: not learned)")
    exact.set_ylabel("share of runs with the exact automaton")
    logarithmic(cost.yaxis)
    for panel in (cost, exact):
        panel.set_xticks(numbers)
        panel.set_xlabel("Tomita's language")
        tidy(panel)
    cost.legend(frameon=False, fontsize=9)
    return drawn


def main():
    """Run, question and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="results", help="where table and figure go")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes")
    options = parser.parse_args()
    seeds, budget, numbers = options.seeds, BUDGET, list(TOMITA)
    if options.smoke:
        seeds, budget, numbers = 1, 400_000, [1]
    results = {}
    for number in numbers:
        for name, contender in contenders(budget).items():
            runs = [found(contender, number, seed) for seed in range(seeds)]
            results[number, name] = runs
            exact = sum(run.exact for run in runs)
            sys.stdout.write(f"language {number}, {name}: {exact} of {seeds} exact\n")
            sys.stdout.flush()
    text = table(results, seeds, budget)
    sys.stdout.write("\n" + text)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tomita.md").write_text(text, encoding="utf-8")
    figure(results).savefig(out / "tomita.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
