"""Run the benchmarks: ``python -m benchmarks engines``, ``country``, ``sweeps``, ``app`` and ``latency``.

Every measurement runs in a process of its own; time excludes building, compiling and loading.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from typing import Any, Final

ENGINES: Final = {"ours": "benchmarks.ours", "mesa": "benchmarks.on_mesa", "starsim": "benchmarks.on_starsim"}
MOST_MESA: Final = 10_000_000
"""Mesa with one object per child is measured up to this many children; beyond, memory and patience end."""


def main() -> int:
    """Read what is asked for and print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", choices=("engines", "country", "sweeps", "app", "latency", "one"))
    parser.add_argument("--children", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--engine", choices=tuple(ENGINES), default="ours")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--throughput", action="store_true", help="of sweeps: also two workers beside one")
    parser.add_argument("--memory", action="store_true", help="of sweeps: over 5,000 runs, --scale 0.005")
    parser.add_argument("--visitors", type=int, default=20, help="of the app")
    parser.add_argument("--moves", type=int, default=4, help="of the app: by each visitor; of its latency")
    parser.add_argument("--draws", type=int, default=2, help="of the app: the full set")
    parser.add_argument("--most-seconds", type=float, default=420.0, help="of the app: then it ends")
    words = parser.parse_args()
    if words.what == "one":
        print(json.dumps(_one(words.engine, words.children[0], words.months)))
    elif words.what == "engines":
        _engines(words.children, words.months)
    elif words.what == "app":
        from benchmarks.app_load import run as load

        return load(words.visitors, words.moves, words.scale, words.draws, words.most_seconds)
    elif words.what == "latency":
        from benchmarks.app_latency import run as latency

        return latency(words.moves, words.draws)
    elif words.what == "sweeps":
        from benchmarks.sweeps import memory, run

        if words.memory:
            memory(words.scale)
        else:
            run(words.repeats, throughput=words.throughput)
    else:
        _country(words.repeats)
    return 0


def machine() -> str:
    """Return what the figures were measured on."""
    import numba
    import numpy as np

    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, "
        f"Python {platform.python_version()}, "
        f"numpy {np.__version__}, numba {numba.__version__}"
    )


def _one(engine: str, children: int, months: int) -> dict[str, Any]:
    found = importlib.import_module(ENGINES[engine]).run(children, months)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return {**found, "peak_mb": peak}


def _engines(sizes: list[int], months: int) -> None:
    print(f"Reduced rules, {months} months. {machine()}\n")
    print("| children | engine | seconds | ns per child-month | peak MB | first entries | ratio to ours |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    for children in sizes:
        own = 0.0
        for engine in ENGINES:
            if engine == "mesa" and children > MOST_MESA:
                print(f"| {children:,} | {engine} | not measured: one object a child | | | | |")
                continue
            command = [sys.executable, "-m", "benchmarks", "one", "--engine", engine]
            command += ["--children", str(children), "--months", str(months)]
            done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["?"])[-1]
                print(f"| {children:,} | {engine} | not measured: {reason} | | | | |")
                continue
            found = json.loads(done.stdout.strip().splitlines()[-1])
            cost = 1e9 * found["seconds"] / (children * months)
            own = own or cost
            print(
                f"| {children:,} | {engine} | {found['seconds']:.3f} | {cost:.3g} | {found['peak_mb']:,.0f} "
                f"| {found['entries']:,} | {cost / own:,.0f} |"
            )


def _reference() -> float:
    """Return seconds of a fixed piece of array work, so that machines can be compared."""
    import numpy as np

    x = np.arange(2_000_000, dtype=np.float64)
    start = time.perf_counter()
    for _ in range(10):
        np.sqrt(x * x + 1.0).sum()
    return time.perf_counter() - start


def _country(repeats: int) -> None:
    from scenarios import load_scenario
    from simulator.engine.store import load_population
    from simulator.evidence import load_ledger
    from simulator.inputs import prepare
    from simulator.world import World

    print(f"Whole model, central parameters, medians of {repeats} runs after a warm-up. {machine()}\n")
    reference = statistics.median(_reference() for _ in range(repeats))
    print("| what | threads | seconds | over reference | first entries | candidates | cells | largest list |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    ledger, policy = load_ledger(), load_scenario("baseline")
    values = {name: parameter.central for name, parameter in ledger.parameters.items()}

    def row(what: str, threads: int, seconds: list[float], world: World) -> None:
        middle = statistics.median(seconds)
        record = world.record
        entries = sum(part.size for part in record.entered)
        print(
            f"| {what} | {threads} | {middle:.2f} | {middle / reference:.1f} | {entries:,} "
            f"| {record.candidates:,} | {record.cells:,} | {record.largest_list:,} |"
        )

    for scale in (1.0, 0.1, 0.01):
        population = load_population(ledger, scale=scale)
        inputs = prepare(policy, values, ledger, population, 228)
        common = {"until": 227, "ledger": ledger, "population": population, "inputs": inputs}
        for threads in (1, 2):
            whole: list[float] = []
            reported: list[float] = []
            forked: list[float] = []
            for turn in range(repeats + 1):
                start = time.perf_counter()
                with World(policy, 0, threads=threads, **common) as world:
                    world.run(until=60)
                    begins = time.perf_counter()
                    world.run(until=168)
                    kept = world.keep() if scale == 1.0 else None
                    world.run()
                    ends = time.perf_counter()
                if turn:
                    whole.append(ends - start)
                    reported.append(ends - begins)
                if kept is not None:
                    start = time.perf_counter()
                    with World(policy, 0, threads=threads, kept=kept, **common) as fork:
                        fork.run()
                    if turn:
                        forked.append(time.perf_counter() - start)
            name = f"scale {scale:g}"
            row(f"{name}, 228 months from 2012", threads, whole, world)
            row(f"{name}, the reported 168 months", threads, reported, world)
            if forked:
                row(f"{name}, fork at January 2026 (60 months)", threads, forked, world)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(f"\nPeak memory of the process, populations of all scales loaded one after another: {peak:,.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
