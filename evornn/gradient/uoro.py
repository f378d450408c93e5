"""Unbiased online recurrent optimisation: the influence matrix as a random rank-one product."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.gradient.batch import Group
from evornn.gradient.hybrid import StateMap
from evornn.gradient.loss import Loss, with_loss
from evornn.gradient.of_network import unit_lanes, weights_of
from evornn.gradient.walks import WalkingGradient
from evornn.network import Network
from evornn.simd.gradient_kernel import BackwardRun, ForwardRun, form_of
from evornn.simd.lanes import default_lanes
from evornn.simd.tangent_builder import make_tangent
from evornn.simd.tangent_kernel import TangentRun
from evornn.simd.tape import make_tape
from evornn.tasks.part import Part
from evornn.workers import Workers

TINY = 1e-12


@dataclass(frozen=True)
class UORO:
    """S_t is carried as one outer product of a state and a weight vector, right on average.

    s~ = rho_0 J s~ + rho_1 nu, w~ = w~ / rho_0 + nu^T (ds_t/dw) / rho_1, nu random signs;
    E[s~ w~^T] = S_t

    Local in time, not in space: O(weights) in memory and time for each draw. Unbiased, with a
    variance that grows with the number of units; `draws` independent ones are averaged, in lanes.

    Attributes:
        draws: Independent products that are averaged.
        seed: Of the random signs.

    Source: Tallec & Ollivier 2018 (arXiv:1702.05043), algorithm 1.
    """

    draws: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("UORO", "draws", self.draws, 1)

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "UORO", **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> UOROGradient:
        """The method at work on a network and a part of a task."""
        return UOROGradient(self, network, part, loss, workers)


class UOROGradient(WalkingGradient):
    """UORO at work; see `method.Gradient`."""

    def __init__(
        self, method: UORO, network: Network, part: Part, loss: Loss, workers: Workers
    ) -> None:
        super().__init__(network, part, loss, workers)
        graph = with_loss(network.graph, loss)
        self.draws, self.seed = method.draws, method.seed
        weights, lanes = weights_of(network), unit_lanes(network)
        tape = make_tape(graph)
        tangent = make_tangent(graph, tape.frames, summed=False)
        frames = tape.frames
        form = form_of(frames.forward, weights, "units", lanes)
        self.forward = ForwardRun(frames, weights, form, next(iter(network.graph.inputs)))
        form = form_of(tape.backward, weights, "units", lanes)
        self.error = BackwardRun(tape, weights, form, self.forward, "units")
        form = form_of(tape.backward, weights, "cotangents", default_lanes(network.dtype))
        self.immediate = BackwardRun(tape, weights, form, self.forward, "cotangents")
        self.tangents = TangentRun(tangent, weights, self.forward, free=method.draws)
        self.forward.warm(weights.genes)
        self.error.warm(weights.genes, self.forward.frames(1))
        self.immediate.warm(weights.genes, self.forward.frames(1))
        self.tangents.warm(self.forward.frames(1))
        self.states = StateMap(frames.forward.states, network)
        self.cost = 4.0 + 4.0 * method.draws

    def walk(self, group: Group, number: int) -> UOROWalk:
        """A new walk on one sequence, with random signs of its own."""
        return UOROWalk(self, group, np.random.default_rng([self.seed, number]))


class UOROWalk:
    """One network on one sequence: the state's frame and the products."""

    def __init__(self, owner: UOROGradient, group: Group, rng: np.random.Generator) -> None:
        self.owner, self.group, self.rng = owner, group, rng
        self.time = 0
        self.forward = owner.forward.buffers()
        self.frames = owner.forward.frames(1)
        self.error = owner.error.buffers()
        self.immediate = owner.immediate.buffers()
        self.packed = owner.tangents.packed()
        self.memory = owner.tangents.memory()
        genes, dtype = owner.network.genes, owner.network.dtype
        self.state = np.zeros((owner.states.size, owner.draws), dtype=dtype)
        self.weight = np.zeros((owner.draws, genes), dtype=dtype)
        self._begin()

    def _begin(self) -> None:
        """States that start at a parameter move with it from the first step on."""
        if not any(isinstance(initial, str) for *_, initial in self.owner.states.entries):
            return
        initial = self.owner.states.initial(self.owner.network, self.owner.network.dtype)
        signs = self._signs()
        self.state[:] = signs
        self.weight[:] = signs.T @ initial

    def _signs(self) -> np.ndarray:
        return self.rng.choice(np.array([-1.0, 1.0]), self.state.shape).astype(self.state.dtype)

    def advance(self, genes: np.ndarray, steps: int, gradient: np.ndarray) -> float:
        """Go on by at most `steps` steps; add to the gradient, return the sum of losses."""
        owner = self.owner
        loss = np.zeros(1)
        size = owner.forward.layout.frame_size
        end = min(self.time + steps, self.group.length)
        fresh = True
        while self.time < end:
            owner.forward(
                self.forward,
                self.frames,
                genes,
                0,
                self.group.data,
                self.time,
                1,
                1,
                fresh_weights=fresh,
                fresh_states=self.time == 0,
            )
            owner.forward.losses(self.frames, 1, 1, loss)
            self._errors(genes, gradient, fresh)
            self._products(genes, fresh)
            self.frames[:size] = self.frames[size : 2 * size]
            self.time += 1
            fresh = False
        return float(loss[0])

    def _errors(self, genes: np.ndarray, gradient: np.ndarray, fresh: bool) -> None:
        """The step's loss goes back one step, and meets the products there."""
        run, (_, workspace) = self.owner.error, self.error
        run.clear(workspace)
        run(
            self.error,
            self.frames,
            genes,
            0,
            1,
            1,
            1,
            fresh_weights=fresh,
            fresh_carry=True,
        )
        run.collect(workspace, gradient[None, :], 0)
        meeting = self.owner.states.carry(run, workspace) @ self.state
        gradient += meeting @ self.weight / gradient.dtype.type(self.owner.draws)

    def _products(self, genes: np.ndarray, fresh: bool) -> None:
        """Carry the products over the step, with fresh signs."""
        signs = self._signs()
        moved = self._moved(genes)
        added = self._immediate(genes, signs, fresh)
        norm = np.linalg.norm
        kept = np.sqrt(norm(self.weight, axis=1) / (norm(moved, axis=0) + TINY) + TINY)
        mixed = np.sqrt(norm(added, axis=1) / (norm(signs, axis=0) + TINY) + TINY)
        kept, mixed = kept.astype(moved.dtype), mixed.astype(moved.dtype)
        self.state = kept * moved + mixed * signs
        self.weight = self.weight / kept[:, None] + added / mixed[:, None]

    def _moved(self, genes: np.ndarray) -> np.ndarray:
        """J s~ for every draw, axes (entry, draw)."""
        run = self.owner.tangents
        parts = run.tangents(self.memory)
        draws = self.owner.draws
        for name, first, rows, _ in self.owner.states.entries:
            flat = np.zeros((rows, run.blocks * run.form.unit), dtype=self.state.dtype)
            flat[:, :draws] = self.state[first : first + rows]
            parts[name][:] = flat.reshape(rows, run.blocks, -1).transpose(1, 0, 2)
        run(self.packed, self.frames, genes, self.memory, 1, 1, (0, run.blocks))
        return np.concatenate(
            [
                parts[name].transpose(1, 0, 2).reshape(rows, -1)[:, :draws]
                for name, _, rows, _ in self.owner.states.entries
            ]
        )

    def _immediate(self, genes: np.ndarray, signs: np.ndarray, fresh: bool) -> np.ndarray:
        """nu^T (ds_t/dw) for every draw, axes (draw, gene)."""
        run, (_, workspace) = self.owner.immediate, self.immediate
        lanes = run.form.lanes
        found = np.zeros_like(self.weight)
        for first in range(0, self.owner.draws, lanes):
            mine = signs[:, first : first + lanes]
            seeds = np.zeros((len(signs), lanes), dtype=signs.dtype)
            seeds[:, : mine.shape[1]] = mine
            run.clear(workspace)
            self.owner.states.set_carry(run, workspace, seeds)
            run(
                self.immediate,
                self.frames,
                genes,
                0,
                1,
                1,
                0,
                fresh_weights=fresh and first == 0,
                fresh_carry=False,
            )
            part = np.zeros((lanes, found.shape[1]), dtype=found.dtype)
            run.collect(workspace, part, 0)
            found[first : first + lanes] = part[: mine.shape[1]]
        return found
