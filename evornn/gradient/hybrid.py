"""The hybrid of BPTT and RTRL: exact and online, for an average price between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evornn.checks import check_count
from evornn.flow.axes import axis_size
from evornn.gradient.batch import Group
from evornn.gradient.loss import Loss, with_loss
from evornn.gradient.of_network import unit_lanes, weights_of
from evornn.gradient.walks import WalkingGradient
from evornn.network import Network
from evornn.simd.gradient_kernel import BackwardRun, ForwardRun, form_of
from evornn.simd.lanes import default_lanes
from evornn.simd.tape import make_tape
from evornn.tasks.part import Part
from evornn.workers import Workers


@dataclass(frozen=True)
class Hybrid:
    """Exact gradients block by block: errors go back within a block, tangents jump over it.

    q(t0) = ds(t0)/dw is kept. After a block of h steps, one transposed run gives the block's part
    of the gradient and dE/ds(t0), which meets q(t0); one transposed run for each state unit l gives
    q_l(t0 + h) = sum_k gamma_lk(t0) q_k(t0) + the block's part.

    Local in time at blocks: memory O(units x weights) does not grow with the sequence, and the
    gradient is up to date at every block's end. Not local in space. Average time, with blocks of
    as many steps as state units, O(units x weights) per step: O(n^3) for a dense network.

    Attributes:
        block: h, steps of a block; None: as many as the state has entries.

    Source: Schmidhuber 1992, Neural Computation 4:243; Williams 1989 (NU-CCS-89-27).
    """

    block: int | None = None

    def __post_init__(self) -> None:
        if self.block is not None:
            check_count("Hybrid", "block", self.block, 1)

    def settings(self) -> dict[str, Any]:
        """What determines it, JSON-able."""
        return {"method": "Hybrid", **asdict(self)}

    def start(self, network: Network, part: Part, loss: Loss, workers: Workers) -> HybridGradient:
        """The method at work on a network and a part of a task."""
        return HybridGradient(self, network, part, loss, workers)


class HybridGradient(WalkingGradient):
    """The hybrid at work; see `method.Gradient`."""

    def __init__(
        self, method: Hybrid, network: Network, part: Part, loss: Loss, workers: Workers
    ) -> None:
        super().__init__(network, part, loss, workers)
        tape = make_tape(with_loss(network.graph, loss))
        weights, lanes = weights_of(network), unit_lanes(network)
        frames = tape.frames
        form = form_of(frames.forward, weights, "units", lanes)
        self.forward = ForwardRun(frames, weights, form, next(iter(network.graph.inputs)))
        form = form_of(tape.backward, weights, "units", lanes)
        self.error = BackwardRun(tape, weights, form, self.forward, "units")
        form = form_of(tape.backward, weights, "cotangents", default_lanes(network.dtype))
        self.sensitivity = BackwardRun(tape, weights, form, self.forward, "cotangents")
        self.forward.warm(weights.genes)
        self.error.warm(weights.genes, self.forward.frames(1))
        self.sensitivity.warm(weights.genes, self.forward.frames(1))
        self.states = StateMap(frames.forward.states, network)
        self.block = method.block or max(1, self.states.size)
        per_step = 2.0 * self.states.size + self.states.size**2 / self.block
        self.cost = 3.0 + per_step

    def walk(self, group: Group, number: int) -> HybridWalk:
        """A new walk on one sequence."""
        return HybridWalk(self, group)


class StateMap:
    """The entries of all states, one after the other."""

    def __init__(self, states: Sequence[Any], network: Network) -> None:
        self.entries: list[tuple[str, int, int, str | float]] = []
        self.size = 0
        for slot in states:
            rows = axis_size(slot.leaf.axes[0], network.sizes) if slot.leaf.axes else 1
            self.entries.append((slot.name, self.size, rows, slot.declaration.initial))
            self.size += rows

    def carry(self, run: BackwardRun, workspace: np.ndarray) -> np.ndarray:
        """The cotangents of the states that a transposed run left, axes (entry) or (entry, lane).

        A view per state would do; a copy keeps the order of all entries.
        """
        unit = run.form.unit
        parts = []
        for name, _, rows, _ in self.entries:
            start = run.layout.buffers[f"bar_{name}_a"]
            parts.append(workspace[start : start + rows * unit].reshape(rows, unit))
        joined = np.concatenate(parts) if parts else np.zeros((0, unit))
        return joined[:, 0].copy() if run.form.units else joined.copy()

    def set_carry(self, run: BackwardRun, workspace: np.ndarray, values: np.ndarray) -> None:
        """Set the cotangents that a transposed run starts from, axes (entry, lane)."""
        unit = run.form.unit
        for name, first, rows, _ in self.entries:
            start = run.layout.buffers[f"bar_{name}_a"]
            here = workspace[start : start + rows * unit].reshape(rows, unit)
            here[:, : values.shape[1]] = values[first : first + rows]

    def initial(self, network: Network, dtype: str) -> np.ndarray:
        """ds(0)/dw, axes (entry, gene): states that start at a parameter move with it."""
        found = np.zeros((self.size, network.genes), dtype=dtype)
        for _, first, rows, initial in self.entries:
            if isinstance(initial, str):
                for row, gene in enumerate(np.ravel(network.map.addresses[initial])[:rows]):
                    if gene >= 0:
                        found[first + row, gene] = 1
        return found


class HybridWalk:
    """One network on one sequence: the state's frame and the sensitivities q."""

    def __init__(self, owner: HybridGradient, group: Group) -> None:
        self.owner, self.group = owner, group
        self.time = 0
        self.forward = owner.forward.buffers()
        self.frames = owner.forward.frames(owner.block)
        self.error = owner.error.buffers()
        self.cotangents = owner.sensitivity.buffers()
        self.q = owner.states.initial(owner.network, owner.network.dtype)

    def advance(self, genes: np.ndarray, steps: int, gradient: np.ndarray) -> float:
        """Go on by at most `steps` steps; add to the gradient, return the sum of losses."""
        owner = self.owner
        loss = np.zeros(1)
        end = min(self.time + steps, self.group.length)
        size = owner.forward.layout.frame_size
        fresh = True
        while self.time < end:
            count = min(owner.block, end - self.time)
            owner.forward(
                self.forward,
                self.frames,
                genes,
                0,
                self.group.data,
                self.time,
                1,
                count,
                fresh_weights=fresh,
                fresh_states=self.time == 0,
            )
            owner.forward.losses(self.frames, 1, count, loss)
            self._errors(genes, count, gradient, fresh)
            self.time += count
            if self.time < self.group.length:
                self._sensitivities(genes, count)
            self.frames[:size] = self.frames[count * size : (count + 1) * size]
            fresh = False
        return float(loss[0])

    def _errors(self, genes: np.ndarray, count: int, gradient: np.ndarray, fresh: bool) -> None:
        """STEP 3: the block's errors go back to its start, and from there to q."""
        run, (_, workspace) = self.owner.error, self.error
        run.clear(workspace)
        run(
            self.error,
            self.frames,
            genes,
            0,
            count,
            count,
            count,
            fresh_weights=fresh,
            fresh_carry=True,
        )
        run.collect(workspace, gradient[None, :], 0)
        gradient += self.owner.states.carry(run, workspace) @ self.q

    def _sensitivities(self, genes: np.ndarray, count: int) -> None:
        """STEP 4: one cotangent for each state entry goes back over the block."""
        run, (_, workspace) = self.owner.sensitivity, self.cotangents
        states, lanes = self.owner.states, self.owner.sensitivity.form.lanes
        following = np.empty_like(self.q)
        identity = np.eye(states.size, dtype=self.q.dtype)
        for first in range(0, states.size, lanes):
            mine = identity[:, first : first + lanes]
            seeds = np.zeros((states.size, lanes), dtype=self.q.dtype)
            seeds[:, : mine.shape[1]] = mine
            run.clear(workspace)
            states.set_carry(run, workspace, seeds)
            run(
                self.cotangents,
                self.frames,
                genes,
                0,
                count,
                count,
                0,
                fresh_weights=first == 0,
                fresh_carry=False,
            )
            part = np.zeros((lanes, self.q.shape[1]), dtype=self.q.dtype)
            run.collect(workspace, part, 0)
            gamma = states.carry(run, workspace)  # axes (entry at t0, lane)
            following[first : first + lanes] = (gamma.T @ self.q + part)[: mine.shape[1]]
        self.q = following
