"""BPTT of an Elman network in plain NumPy: an oracle, and a quick stand-in for kernels.

Each network is computed by itself, so that its bytes do not depend on its neighbours.
"""

import numpy as np


class ElmanByHand:
    """A method as `Train` knows it, for `cells.elman` with a linear readout and the loss mse.

    `spoil(lane weights, loss) -> loss` may change a loss.
    """

    def __init__(self, spoil=None):
        self.spoil = spoil

    def settings(self):
        return {"method": "ElmanByHand"}

    def start(self, network, part, loss, workers):
        assert loss.name == "mse"
        return Gradient(network, part, self.spoil)

    def refiner(self, network, part, workers):
        from evornn.gradient.refine import refiner

        return refiner(self, network, part, workers, steps=3, learning_rate=0.02)


class Gradient:
    cost = 3.0

    def __init__(self, network, part, spoil=None):
        self.network, self.part, self.spoil = network, part, spoil
        self.calls = []

    def __call__(self, chromosomes, sequences=None):
        self.calls.append(None if sequences is None else list(sequences))
        numbers = range(self.part.sequences) if sequences is None else sequences
        passing = [Passing(self.part, k) for k in numbers]
        return self.of(chromosomes, passing, max(len(p.x) for p in passing))[:2]

    def of(self, chromosomes, passing, steps):
        """Loss, gradient and count over the next steps of sequences passing by."""
        losses, gradients = np.zeros(len(chromosomes)), np.zeros_like(chromosomes)
        count = sum(int(p.mask[p.time : p.time + steps].sum()) for p in passing)
        for lane, chromosome in enumerate(chromosomes):
            w = {k: v.astype(np.float64) for k, v in self.network.unpack(chromosome).items()}
            slopes = {name: np.zeros(value.shape) for name, value in w.items()}
            for each in passing:
                with np.errstate(over="ignore", invalid="ignore"):  # a network may diverge
                    losses[lane] += each.window(lane, w, slopes, steps)
            gradients[lane] = self.network.pack(slopes) / max(count, 1)
        for each in passing:
            each.time += steps
        losses /= max(count, 1)
        if self.spoil is not None:
            losses = np.array([self.spoil(w, x) for w, x in zip(chromosomes, losses, strict=True)])
        return losses, gradients, count

    def online(self, every, sequences=None):
        return Online(self, every, sequences)


class Online:
    def __init__(self, gradient, every, sequences):
        self.gradient, self.every, self.done = gradient, every, False
        gradient.calls.append(None if sequences is None else list(sequences))
        numbers = range(gradient.part.sequences) if sequences is None else sequences
        self.passing = [Passing(gradient.part, k) for k in numbers]

    def __call__(self, chromosomes):
        found = self.gradient.of(chromosomes, self.passing, self.every)
        self.done = all(p.time >= len(p.x) for p in self.passing)
        return found


class Passing:
    """A sequence, how far it has passed, and the state of every network then."""

    def __init__(self, part, k):
        self.x, self.y, self.mask = part.inputs[k], part.targets[k], part.mask[k]
        self.time, self.states = 0, {}

    def window(self, lane, w, slopes, steps):
        """The sum of squared errors of the next steps; adds its derivative to `slopes`."""
        here = slice(self.time, self.time + steps)
        h = [self.states.get(lane, np.zeros(len(w["b"])))]
        errors = []
        for x, y, mask in zip(self.x[here], self.y[here], self.mask[here], strict=True):
            h.append(np.tanh(w["W"] @ x + w["U"] @ h[-1] + w["b"]))
            errors.append(np.where(mask, w["V"] @ h[-1] + w["c"] - y, 0.0))
        self.states[lane] = h[-1]
        back = np.zeros(len(w["b"]))
        for t in reversed(range(len(errors))):
            slopes["V"] += np.outer(2 * errors[t], h[t + 1])
            slopes["c"] += 2 * errors[t]
            back = (back + w["V"].T @ (2 * errors[t])) * (1 - h[t + 1] ** 2)
            slopes["W"] += np.outer(back, self.x[here][t])
            slopes["U"] += np.outer(back, h[t])
            slopes["b"] += back
            back = w["U"].T @ back
        return float(np.square(errors).sum())
