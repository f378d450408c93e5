"""Which units hear which: functions that draw a recurrent matrix.

Every function takes the number of units, a generator and `spectral_radius`, and returns a form of
`operators`. `TOPOLOGIES` lists them by the name that a reservoir's `topology` takes. Matrices that
follow from a formula alone (rings, transforms) stand in structures.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evornn.reservoir.operators import Dense, LaneBlocked, Operator, Sparse
from evornn.reservoir.spectrum import with_radius
from evornn.reservoir.structures import cycle, cycle_with_jumps, delay_line, hadamard
from evornn.reservoir.vectors import LANES, padded, padded_size

WEIGHTS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "uniform": lambda rng, n: rng.uniform(-1.0, 1.0, n),
    "sign": lambda rng, n: rng.choice([-1.0, 1.0], n),
}


def draw_weights(rng: np.random.Generator, count: int, weights: str) -> np.ndarray:
    """Random weights, axes (weight): "normal", "uniform" in [-1, 1) or "sign" (-1 and 1)."""
    if weights not in WEIGHTS:
        raise ValueError(f"weights are one of {', '.join(WEIGHTS)}, got {weights!r}")
    return WEIGHTS[weights](rng, count)


def degree_of(density: float | int, units: int) -> int:
    """Connections of a unit: a whole number itself, or a share in (0, 1] of all units, at least 1.

    Raises:
        ValueError: If it is neither.
    """
    whole = isinstance(density, int | np.integer) and not isinstance(density, bool)
    degree = int(density) if whole else max(1, round(density * units))
    if not 1 <= degree <= units or not (whole or 0 < density <= 1):
        raise ValueError(
            f"density needs a share in (0, 1], as a float, or a number of connections from 1 to "
            f"{units}, got {density!r}"
        )
    return degree


def _distinct_columns(rng: np.random.Generator, rows: int, degree: int, units: int) -> np.ndarray:
    """For each row `degree` different units in ascending order, axes (row, connection)."""
    if degree * 4 > units:  # few are left out: shuffle them all
        drawn = np.array([rng.permutation(units)[:degree] for _ in range(rows)])
        return np.sort(drawn, axis=1)
    columns = np.sort(rng.integers(0, units, (rows, degree)), axis=1)
    while True:  # draw rows with a repeated unit again: no row depends on another one's luck
        repeated = np.flatnonzero((np.diff(columns, axis=1) == 0).any(axis=1))
        if len(repeated) == 0:
            return columns
        if degree > 30:  # a repetition would be nearly certain
            for row in repeated:
                columns[row] = np.sort(rng.choice(units, degree, replace=False))
        else:
            columns[repeated] = np.sort(rng.integers(0, units, (len(repeated), degree)), axis=1)


def _dealt_columns(rng: np.random.Generator, rows: int, degree: int, units: int) -> np.ndarray:
    """The same, where all units are heard about equally often: dealt from shuffled decks.

    Few rows that draw for themselves would leave units that nobody hears.
    """
    deck = np.empty(0, dtype=np.int64)
    hands = np.empty((rows, degree), dtype=np.int64)
    for row in range(rows):
        if len(deck) < degree:
            # Those still in the deck go to the end of the next one: no hand has a unit twice.
            shuffled = rng.permutation(units)
            late = np.isin(shuffled, deck)
            deck = np.concatenate([deck, shuffled[~late], shuffled[late]])
        hands[row], deck = np.sort(deck[:degree]), deck[degree:]
    return hands


def _sparse(columns: np.ndarray, weights: np.ndarray, units: int) -> Sparse:
    rows, degree = columns.shape
    starts = np.arange(0, rows * degree + 1, degree, dtype=np.uint64)
    return Sparse(starts, columns.reshape(-1).astype(np.uint32), weights, units)


def random_sparse(
    units: int,
    rng: np.random.Generator,
    *,
    spectral_radius: float = 0.9,
    density: float | int = 0.1,
    weights: str = "normal",
) -> Sparse | Dense:
    """Every unit hears the same number of others, drawn without repetition.

    A fixed number, not a share of all pairs, keeps the units' drive and the time of a row even.

    Args:
        units: Number of units.
        rng: Where randomness comes from.
        spectral_radius: Largest absolute eigenvalue.
        density: Share of the units that each one hears, in (0, 1]; or their number.
        weights: "normal", "uniform" or "sign".
    """
    degree = degree_of(density, units)
    columns = _distinct_columns(rng, units, degree, units)
    drawn = _sparse(columns, draw_weights(rng, units * degree, weights), units)
    # Above a quarter of all pairs, plain registers are faster than gathering.
    return with_radius(Dense.of(drawn.dense()) if degree * 4 > units else drawn, spectral_radius)


def lane_blocked(
    units: int,
    rng: np.random.Generator,
    *,
    spectral_radius: float = 0.9,
    density: float | int = 0.1,
    weights: str = "normal",
) -> LaneBlocked:
    """Random sparse, where eight neighbouring units hear the same others, by weights of their own.

    Eight sums then run in one register and no state has to be gathered: several times the speed of
    `random_sparse` at the same density. All units are heard about equally often.

    Args:
        units: Number of units.
        rng: Where randomness comes from.
        spectral_radius: Largest absolute eigenvalue.
        density: Share of the units that each one hears, in (0, 1]; or their number.
        weights: "normal", "uniform" or "sign".
    """
    degree = degree_of(density, units)
    rows = padded_size(units)
    columns = _dealt_columns(rng, rows // LANES, degree, units)
    drawn = np.zeros((rows, degree))
    drawn[:units] = draw_weights(rng, units * degree, weights).reshape(units, degree)
    packed = drawn.reshape(-1, LANES, degree).transpose(0, 2, 1).reshape(-1)
    form = LaneBlocked(
        columns.reshape(-1).astype(np.uint32), padded(packed, packed.size), units, degree
    )
    return with_radius(form, spectral_radius)


def orthogonal(units: int, rng: np.random.Generator, *, spectral_radius: float = 0.9) -> Dense:
    """A random orthogonal matrix (uniform over all of them) times the radius, exactly.

    Source: White, Lee & Sompolinsky 2004 (Physical Review Letters 92) for orthogonal networks; the
    uniform draw by QR with signs: Mezzadri 2007 (Notices of the AMS 54).
    """
    q, r = np.linalg.qr(rng.standard_normal((units, units)))
    return Dense.of(q * np.sign(np.diag(r)) * spectral_radius)


def small_world(
    units: int,
    rng: np.random.Generator,
    *,
    spectral_radius: float = 0.9,
    neighbours: int = 6,
    rewired: float = 0.1,
    weights: str = "normal",
) -> Sparse:
    """Each unit hears its nearest neighbours on a ring, some replaced by any unit.

    Args:
        units: Number of units.
        rng: Where randomness comes from.
        spectral_radius: Largest absolute eigenvalue.
        neighbours: Neighbours on the ring, half on each side: even, from 2 to units - 1.
        rewired: Probability that a neighbour is replaced, in [0, 1].
        weights: "normal", "uniform" or "sign".

    Source: Watts & Strogatz 1998 (Nature 393), here with directed connections.
    """
    if neighbours % 2 or not 2 <= neighbours < units or not 0 <= rewired <= 1:
        raise ValueError(
            f"a small world needs an even number of neighbours from 2 to {units - 1} and rewired "
            f"in [0, 1], got {neighbours} and {rewired}"
        )
    half = neighbours // 2
    offsets = np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    columns = (np.arange(units)[:, None] + offsets) % units
    for row, column in zip(*np.nonzero(rng.random(columns.shape) < rewired), strict=True):
        free = np.setdiff1d(np.arange(units), [row, *columns[row]])
        if len(free):
            columns[row, column] = rng.choice(free)
    columns.sort(axis=1)
    drawn = draw_weights(rng, columns.size, weights)
    return with_radius(_sparse(columns, drawn, units), spectral_radius)


def scale_free(
    units: int,
    rng: np.random.Generator,
    *,
    spectral_radius: float = 0.9,
    links: int = 3,
    weights: str = "normal",
) -> Sparse:
    """Few units hear many: each new unit links to old ones in proportion to the links they have.

    A link carries a weight in both directions, drawn apart.

    Args:
        units: Number of units.
        rng: Where randomness comes from.
        spectral_radius: Largest absolute eigenvalue.
        links: Links that a new unit brings, from 1 to units - 1.
        weights: "normal", "uniform" or "sign".

    Source: Barabasi & Albert 1999 (Science 286).
    """
    from scipy import sparse

    if not 1 <= links < units:
        raise ValueError(f"links need to be from 1 to {units - 1}, got {links}")
    # Every link puts both its ends into the urn: a draw from it is in proportion to the links.
    urn = list(range(links))
    pairs: list[tuple[int, int]] = []
    for new in range(links, units):
        chosen: set[int] = set()
        while len(chosen) < links:
            chosen.add(urn[rng.integers(len(urn))])
        pairs += [(new, old) for old in sorted(chosen)]
        urn += [new] * links + sorted(chosen)
    ends = np.array(pairs)
    rows, columns = np.concatenate([ends, ends[:, ::-1]]).T
    drawn = draw_weights(rng, len(rows), weights)
    matrix = sparse.csr_array((drawn, (rows, columns)), shape=(units, units))
    return with_radius(Sparse.of(matrix), spectral_radius)


def block(
    units: int,
    rng: np.random.Generator,
    *,
    spectral_radius: float = 0.9,
    blocks: int = 4,
    density: float = 1.0,
    between: float = 0.01,
    weights: str = "normal",
) -> Sparse | Dense:
    """Groups of units with many connections inside and few between.

    Args:
        units: Number of units.
        rng: Where randomness comes from.
        spectral_radius: Largest absolute eigenvalue.
        blocks: Groups, of sizes as equal as possible.
        density: Share of the pairs inside a group that are connected.
        between: Share of the other pairs that are connected.
        weights: "normal", "uniform" or "sign".
    """
    shares_fit = 0 <= between <= 1 and 0 <= density <= 1
    if not 1 <= blocks <= units or not shares_fit:
        raise ValueError(
            f"block needs 1 to {units} blocks and shares in [0, 1], got blocks={blocks}, "
            f"density={density}, between={between}"
        )
    group = np.arange(units) * blocks // units
    inside = group[:, None] == group
    connected = rng.random((units, units)) < np.where(inside, density, between)
    matrix = np.zeros((units, units))
    matrix[connected] = draw_weights(rng, int(connected.sum()), weights)
    many = connected.mean() > 0.25
    return with_radius(Dense.of(matrix) if many else Sparse.of(matrix), spectral_radius)


Topology = Callable[..., Operator]
TOPOLOGIES: dict[str, Topology] = {
    "random": random_sparse,
    "lane-blocked": lane_blocked,
    "cycle": cycle,
    "cycle-jumps": cycle_with_jumps,
    "delay-line": delay_line,
    "orthogonal": orthogonal,
    "hadamard": hadamard,
    "small-world": small_world,
    "scale-free": scale_free,
    "block": block,
}
