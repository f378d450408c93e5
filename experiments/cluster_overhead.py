"""From which block size on does a Dask cluster pay, and how far does it scale?

Measures, on a cluster of processes of this machine, what a block of a population costs besides
its computation: T(n) = a + b n seconds for n blocks, fitted to empty work with real chromosomes.
One scheduler serves all blocks one after the other, and hardly any of that overlaps with the
computation, so a generation of n blocks of c seconds each on w workers takes about

    T = a + b n + ceil(n / w) c

The model is then checked against work that only waits (simulated latencies) on up to 128 workers,
and applied to up to 10,000.

    python experiments/cluster_overhead.py

writes results/cluster_overhead.md. Needs the extra `dask`.
"""

import argparse
import math
import pathlib
import statistics
import sys
import time

import numpy as np

import evornn as en


def nothing(shared, block):
    """Work that costs nothing: what is left is the overhead."""
    return block[:, 0].copy()


def waiting(seconds, block):
    """Work that only waits, so that many workers fit one machine."""
    time.sleep(seconds)
    return block[:, 0].copy()


def seconds_of(call, repeats):
    """Median seconds of a call."""
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def generation(a, b, c, blocks, workers):
    """The model: seconds of a generation."""
    return a + b * blocks + math.ceil(blocks / workers) * c


def overhead(crew, genes, counts, repeats):
    """A and b, fitted to the seconds of n empty blocks."""
    shared = np.zeros(1)
    block = np.zeros((64, genes), dtype=np.float32)
    times = [
        seconds_of(lambda n=n: crew.map_elsewhere(nothing, shared, [block] * n), repeats)
        for n in counts
    ]
    b, a = np.polyfit(counts, times, 1)
    return max(float(a), 0.0), float(b), dict(zip(counts, times, strict=True))


def block_seconds(network, sizes, steps, repeats):
    """Seconds that one core computes a block of so many networks, per block size."""
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(steps, 1))]
    evaluator = en.Evaluator(network, x, x)
    return {
        size: seconds_of(lambda g=network.initial(rng, size): evaluator.mse(g), repeats)
        for size in sizes
    }


def checked(client_class, cluster_class, workers, blocks, wait_s):
    """Measured and modelled seconds of waiting work on so many worker threads."""
    from evornn.cluster import DaskWorkers

    settings = {"processes": True, "dashboard_address": ":0"}
    with (
        cluster_class(n_workers=2, threads_per_worker=workers // 2, **settings) as cluster,
        client_class(cluster, set_as_default=False) as client,
    ):
        crew = DaskWorkers(client)
        a, b, _ = overhead(crew, 305, (8, 32, 128), 3)
        block = np.zeros((64, 305), dtype=np.float32)
        work = [block] * blocks
        measured = seconds_of(lambda: crew.map_elsewhere(waiting, wait_s, work), 3)
    return measured, generation(a, b, wait_s, blocks, workers)


def main():
    """Measure, model, check, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="results", help="where the table goes")
    parser.add_argument("--smoke", action="store_true", help="a few small measurements")
    options = parser.parse_args()
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        sys.exit("error: this needs dask.distributed; pip install 'evornn[dask]'")
    from evornn.cluster import DaskWorkers

    repeats = 2 if options.smoke else 7
    counts = (1, 8, 32) if options.smoke else (1, 8, 32, 128, 512)
    network = en.Network(en.cells.elman, hidden=16, inputs=1, outputs=1)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        a, b, times = overhead(DaskWorkers(client), network.genes, counts, repeats)
    lines = [
        "# What a cluster costs",
        "",
        f"Overhead of n blocks of 64 chromosomes ({network.genes} genes): "
        f"{1e3 * a:.1f} ms + {1e3 * b:.2f} ms n.",
        "",
        "| blocks | measured ms | fit ms |",
        "|---:|---:|---:|",
        *(f"| {n} | {1e3 * t:.1f} | {1e3 * (a + b * n):.1f} |" for n, t in times.items()),
        "",
        "## From which block size on it pays",
        "",
        "Elman 16, 2000 steps, one core. Efficiency = computation / (computation + overhead).",
        "",
        "| networks per block | computation ms | efficiency |",
        "|---:|---:|---:|",
    ]
    sizes = (16, 64) if options.smoke else (16, 64, 256, 1024, 4096)
    costs = block_seconds(network, sizes, 2000, repeats)
    lines += [f"| {n} | {1e3 * c:.2f} | {c / (c + b):.0%} |" for n, c in costs.items()]
    per_network = costs[sizes[-1]] / sizes[-1]
    pays = next((n for n in sizes if costs[n] > b), None)
    lines += ["", f"Blocks of {pays or f'more than {sizes[-1]}'} networks compute longer than they"]
    lines[-1] += f" cost; 90 % efficiency needs about {math.ceil(9 * b / per_network)}."
    lines += [
        "",
        "## The model against waiting work",
        "",
        "| workers | blocks | wait ms | measured s | model s | ratio |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    cases = [(4, 16, 0.05)] if options.smoke else [
        (4, 64, 0.05), (16, 128, 0.1), (64, 256, 0.2), (128, 512, 0.2), (128, 512, 0.02)
    ]  # fmt: skip
    for workers, blocks, wait_s in cases:
        measured, modelled = checked(Client, LocalCluster, workers, blocks, wait_s)
        lines.append(
            f"| {workers} | {blocks} | {1e3 * wait_s:.0f} | {measured:.2f} | {modelled:.2f} | "
            f"{measured / modelled:.2f} |"
        )
    lines += [
        "",
        "## Up to 10,000 workers, by the model",
        "",
        "Speed-up over one worker, two blocks per worker and generation (--grain blocks). Whole",
        "runs (--grain runs) come back once in 5 s, so one scheduler serves about",
        f"{5 / b:,.0f} workers before it is busy all the time.",
        "",
        "| workers | block of 10 ms | block of 100 ms | block of 1 s | block of 10 s |",
        "|---:|---:|---:|---:|---:|",
    ]
    for workers in (1, 10, 100, 1000, 10_000):
        gains = [
            2 * workers * c / generation(a, b, c, 2 * workers, workers) for c in (0.01, 0.1, 1, 10)
        ]
        lines.append(f"| {workers:,} | " + " | ".join(f"{g:,.1f}" for g in gains) + " |")
    table = "\n".join(lines) + "\n"
    sys.stdout.write(table)
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.out, "cluster_overhead.md").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
