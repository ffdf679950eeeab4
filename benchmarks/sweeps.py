"""What a run costs in a sweep: beside a lone run, over the priors, on two workers; memory of many runs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from simulator.experiments.sweep.execute import State

UNTIL: Final = "2030-12"
PARAMETER: Final = "recruitment.rr_poverty"
LOOKS: Final = (500, 1_500, 3_000, 5_000)
"""Runs after which memory is looked at."""


def run(repeats: int, *, throughput: bool) -> None:
    """Print a table; processor time where a process is alone with its work, wall time for workers."""
    from scenarios import load_scenario
    from simulator.engine.states import REPORT_FROM, month_index
    from simulator.evidence import load_ledger
    from simulator.experiments.ensemble import Comparator, Study
    from simulator.experiments.workers import country

    central = load_ledger().parameters[PARAMETER].central
    last = month_index(UNTIL)
    ledger, population = country(last)
    values = {name: parameter.central for name, parameter in ledger.parameters.items()}

    def experiment(**more: Any) -> dict[str, Any]:
        return {
            "schema": 1,
            "scenarios": ["baseline"],
            "until": UNTIL,
            "replicates": repeats,
            "sampler": {"use": "grid"},
            "parameters": {PARAMETER: {"values": [central]}},
            **more,
        }

    lone = []
    for replicate in range(repeats + 1):
        start = time.process_time()
        study = Study((load_scenario("baseline"),), (values,), 0, REPORT_FROM, last)
        Comparator(study, 0, replicate, ledger=ledger, population=population)
        lone.append(time.process_time() - start)
    one = statistics.median(lone[1:])
    print("| what | runs | processor seconds a run | over a lone run |")
    print("|---|---:|---:|---:|")
    print(f"| lone run, central parameters | {repeats} | {one:.2f} | 1.00 |", flush=True)

    def row(what: str, told: Mapping[str, Any], workers: int = 1) -> list[float]:
        """Print what runs cost, and return the moments at which they were done."""
        moments: list[float] = []

        def note(state: State) -> None:
            # Two workers may be told of at once.
            moments.extend([time.perf_counter()] * (state.new - len(moments)))

        seconds, runs = _swept(told, workers, note)
        print(f"| {what} | {runs} | {seconds / runs:.2f} | {seconds / runs / one:.2f} |", flush=True)
        return moments

    row("inside a sweep, central parameters", experiment())
    two = ["baseline", "policy_2030_funded"]
    row("the same, two scenarios that share their history", experiment(scenarios=two))
    prior = experiment(sampler={"use": "prior", "draws": 4 * repeats}, replicates=1)
    del prior["parameters"]
    row("draws of the priors, mean", prior)
    if throughput:
        wide = experiment(replicates=5 * repeats, batch=1)
        rate = {}
        for workers in (1, 2):
            moments = row(f"central parameters, {workers} worker{'s' * (workers > 1)}", wide, workers)
            # Without the first runs, while workers start, and the last, when one may have no more to do.
            first, final = 2 * workers - 1, len(moments) - workers
            rate[workers] = 3600.0 * (final - first) / (moments[final] - moments[first])
        print(f"\nRuns an hour: one worker {rate[1]:,.0f}, two {rate[2]:,.0f}; ratio {rate[2] / rate[1]:.2f}")


def memory(scale: float) -> None:
    """Print the memory of the client and of two workers over five thousand real runs of a small country."""
    import psutil

    process = psutil.Process()
    draws = LOOKS[-1] // 2
    told = {
        "schema": 1,
        "scenarios": ["baseline", "policy_2030_funded"],
        "until": "2017-12",
        "sampler": {"use": "latin_hypercube", "draws": draws},
        "parameters": {PARAMETER: "ledger"},
        "levers": [{"use": "police_capacity", "start": "2017-07", "amount": {"uniform": [0, 1]}}],
    }
    waiting = list(LOOKS)
    print("| runs | minutes | client, MB | workers, MB |")
    print("|---:|---:|---:|---|", flush=True)

    def look(state: State) -> None:
        if waiting and state.new >= waiting[0]:
            waiting.pop(0)
            sizes = [round(child.memory_info().rss / 2**20) for child in process.children(recursive=True)]
            # Beside the workers stands a small process that tracks what they share.
            workers = " and ".join(str(size) for size in sorted(sizes)[-2:])
            own = process.memory_info().rss / 2**20
            print(f"| {state.new:,} | {state.seconds / 60:.1f} | {own:.0f} | {workers} |", flush=True)

    _swept(told, 2, look, scale)


def _swept(
    told: Mapping[str, Any], workers: int, progress: Callable[[State], None], scale: float = 1.0
) -> tuple[float, int]:
    """Return processor seconds and runs of a sweep."""
    import simulator

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.zarr"
        store = simulator.sweep(told, path, workers=workers, progress=progress, scale=scale)
        counts = store.attrs["runs"]
        # Runs of sets that are left out as implausible cost next to nothing, and are none.
        return float(store.attrs["processor_seconds"]), counts["done"] + counts["done_implausible"]
