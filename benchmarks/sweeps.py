"""What a run costs inside a sweep: beside a lone run, over the priors, with two scenarios, on two workers."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

UNTIL: Final = "2030-12"
PARAMETER: Final = "recruitment.rr_poverty"


def run(repeats: int, *, throughput: bool) -> None:
    """Print a table; processor time where a process is alone with its work, wall time for workers."""
    import simulator
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

    def swept(told: Mapping[str, Any], workers: int = 1) -> tuple[float, int, float]:
        """Return processor seconds, runs, and runs a second between the first finished batch and the last."""
        moments: list[tuple[int, float]] = []
        with tempfile.TemporaryDirectory() as folder:
            store = simulator.sweep(
                told,
                Path(folder) / "bench.zarr",
                workers=workers,
                progress=lambda state: moments.append((state.new, time.perf_counter())),
            )
            seconds = float(store.attrs["processor_seconds"])
            runs = int(store.attrs["runs"]["done"])
        told = [moment for moment in moments if moment[0]]
        (n, begins), (total, ends) = told[0], told[-1]
        return seconds, runs, (total - n) / max(ends - begins, 1e-9)

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

    def row(what: str, seconds: float, runs: int) -> None:
        print(f"| {what} | {runs} | {seconds / runs:.2f} | {seconds / runs / one:.2f} |", flush=True)

    row("inside a sweep, central parameters", *swept(experiment())[:2])
    two = ["baseline", "policy_2030_funded"]
    row("the same, two scenarios that share their history", *swept(experiment(scenarios=two))[:2])
    prior = experiment(sampler={"use": "prior", "draws": repeats + 1}, replicates=1)
    del prior["parameters"]
    row("draws of the priors", *swept(prior)[:2])
    if throughput:
        wide = experiment(replicates=8 * repeats, batch=2)
        rate = {workers: swept(wide, workers)[2] for workers in (1, 2)}
        print(f"\nRuns an hour, two workers over one: {rate[2] / rate[1]:.2f}")
