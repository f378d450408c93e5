"""How large must the weights be for a network to follow a finite automaton for ever?

A second-order network whose weights are 0, H or -H, written down from an automaton's transitions
(Omlin & Giles 1996), is exact with hard thresholds. With sigmoids, the units that should be off
leak a little into the others, and H decides whether that dies out or adds up. Every automaton here
(Tomita's seven languages; random minimal ones of 10, 50, 100 and 1000 states) is written into
networks of growing H, which then read random words of 1000 symbols. A word counts if the answer is
right after every single symbol. Beside the answers, the table says whether the network was always
in the right state, and whether its automaton can be extracted again.

    python experiments/encoded_automata.py

writes results/encoded_automata.md and encoded_automata.png (a few minutes). It shows that H = 6 to
7 keeps a network in the right state, however many states there are; what asks for more is the
response, into which every state leaks: 8 for 100 states, 10 for 1000.
"""

import argparse
import pathlib
import sys

import numpy as np

from evornn.automata import TOMITA, encode, extract, random_dfa
from evornn.automata.behaviour import visited
from evornn.plot.style import colours, lines, tidy

STRENGTHS = (4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 9.0, 10.0, 12.0)
SIZES = {10: 8, 50: 8, 100: 8, 1000: 1}  # states: how many automata are drawn
WORDS, STEPS = 48, 1000


def automata(sizes, seed):
    """Names, each with its automata."""
    found = {f"Tomita {number}": [dfa] for number, dfa in TOMITA.items()}
    for states, count in sizes.items():
        rng = np.random.default_rng([seed, states])
        found[f"random, {states} states"] = [random_dfa(states, 2, rng) for _ in range(count)]
    return found


def stronger(network, factor):
    """The encoded network with another H; encoding anew would list all genes again."""
    weights = network.unpack()
    weights["W"], weights["b"] = weights["W"] * factor, weights["b"] * factor
    return network.with_chromosome(network.pack(weights))


def right(network, dfa, words):
    """Shares of words on which the response, and the most active state, are right all the time."""
    traces = np.array(visited(network, list(words)))
    answers = (traces[..., 0] > 0.5) == dfa.labels(words)
    states = traces[..., 1:].argmax(axis=2) == dfa.run(words)
    return float(answers.all(axis=1).mean()), float(states.all(axis=1).mean())


def gives_back(network, dfa):
    """Whether the automaton can be extracted from the network."""
    try:
        return extract(network, dfa.alphabet, most=2 * dfa.states + 10) == dfa
    except ValueError:  # more cells than an automaton of this size needs
        return False


def measure(dfas, strengths, count, steps, seed):
    """For each H, means over automata: right answers, right states, extracted; axes (H, 3)."""
    rows = []
    for k, dfa in enumerate(dfas):
        rng = np.random.default_rng([seed, dfa.states, k])
        few = min(count, 16) if dfa.states > 500 else count
        words = rng.integers(dfa.symbols, size=(few, steps))
        unit = encode(dfa, 1.0)
        networks = [stronger(unit, strength) for strength in strengths]
        rows.append(
            [(*right(network, dfa, words), gives_back(network, dfa)) for network in networks]
        )
    return np.mean(np.array(rows, dtype=np.float64), axis=0)


def entering(dfa):
    """The greatest number of states that one symbol leads into one state."""
    return max(int(np.bincount(column).max()) for column in dfa.transitions.T)


def least(strengths, shares):
    """The first H from which on everything is right, as text."""
    wrong = np.flatnonzero(shares < 1.0)
    if not wrong.size:
        return f"{strengths[0]:g} or less"
    return f"{strengths[wrong[-1] + 1]:g}" if wrong[-1] + 1 < len(strengths) else "not reached"


def table(found, strengths, results, count, steps):
    """Everything as Markdown."""
    head = ["automaton", "states", "entering one state", *(f"H = {h:g}" for h in strengths)]
    head += ["answers right from", "states right from", "extracted from"]
    out = [
        f"Share of words of {steps} random symbols that are answered rightly after every symbol "
        f"({count} words an automaton, 16 above 500 states; float64), and the least H from which "
        "on everything is right.",
        "",
        "| " + " | ".join(head) + " |",
        "|---|" + "---:|" * (len(head) - 1),
    ]
    for name, dfas in found.items():
        shares = results[name]
        cells = [name + (f" ({len(dfas)} drawn)" if len(dfas) > 1 else "")]
        cells += [f"{dfas[0].states}", f"{max(map(entering, dfas))}"]
        cells += [f"{share:.2f}" for share in shares[:, 0]]
        cells += [least(strengths, shares[:, k]) for k in range(3)]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def figure(found, strengths, results):
    """Share of right words against H."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9, 3.6), layout="constrained")
    panels = drawn.subplots(1, 2, sharey=True)
    groups = [n for n in found if n.startswith("Tomita")], [n for n in found if "random" in n]
    for panel, names in zip(panels, groups, strict=True):
        for name in names:
            style = {"color": colours(names)[name], "linestyle": lines(names)[name]}
            label = name.removeprefix("random, ")
            panel.plot(strengths, results[name][:, 0], marker="o", ms=3, label=label, **style)
        panel.set_xlabel("strength H of the weights")
        panel.legend(frameon=False, fontsize=9, loc="lower right")
        tidy(panel)
    panels[0].set_ylabel("words right after every symbol")
    panels[0].set_title("Tomita's languages", fontsize=10)
    panels[1].set_title("random automata", fontsize=10)
    return drawn


def main():
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="results", help="where table and figure go")
    parser.add_argument("--seed", type=int, default=0, help="of automata and words")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes")
    options = parser.parse_args()
    sizes, strengths, count, steps = SIZES, STRENGTHS, WORDS, STEPS
    if options.smoke:
        sizes, strengths, count, steps = {10: 2}, (4.0, 8.0), 4, 100
    found = automata(sizes, options.seed)
    results = {}
    for name, dfas in found.items():
        results[name] = measure(dfas, strengths, count, steps, options.seed)
        sys.stdout.write(f"{name}: right from H = {least(strengths, results[name][:, 0])}\n")
        sys.stdout.flush()
    text = table(found, strengths, results, count, steps)
    sys.stdout.write("\n" + text)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "encoded_automata.md").write_text(text, encoding="utf-8")
    figure(found, strengths, results).savefig(
        out / "encoded_automata.png", dpi=150, metadata={"Software": None}
    )


if __name__ == "__main__":
    main()
