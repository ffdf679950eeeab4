"""Ensembles: scenarios under the same draws and the same chance, so that their difference is the policy."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.schema import Scenario, load_scenario
from simulator.engine.population import Population
from simulator.engine.states import LAST_MONTH, REPORT_FROM, START_YEAR, month_index, month_name
from simulator.engine.store import load_population
from simulator.evidence import Ledger, load_ledger
from simulator.experiments.design import parameter_draws
from simulator.inputs import prepare
from simulator.outcomes.accounts import accounts
from simulator.outcomes.dataset import assemble, coordinates, shaped
from simulator.outcomes.spending import watched
from simulator.outcomes.tally import tally
from simulator.version import __version__
from simulator.world import World

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[int, int, str], None]
Arrays = dict[str, NDArray[Any]]
ScenarioLike = str | os.PathLike[str] | Scenario

RUNS_WORTH_PROCESSES: Final = 6
"""From this many (draw, replicate) pairs on, a process each is quicker than threads inside each run."""


@dataclass(frozen=True)
class Study:
    """What is run: scenarios of one horizon, over draws and replicates.

    Attributes
    ----------
    scenarios : the first one is the comparator
    values : parameter values of each draw
    seed : seed of chance
    until : last month; first : first month reported
    """

    scenarios: tuple[Scenario, ...]
    values: tuple[Mapping[str, float], ...]
    seed: int
    first: int
    until: int


def run_pair(
    study: Study,
    draw: int,
    replicate: int,
    *,
    ledger: Ledger,
    population: Population,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[int, Arrays]]:
    """Run every scenario of one draw and replicate; yield (scenario, arrays) in order.

    The first scenario is run whole, keeping its state where others first differ from it; they go on from
    there, and have the same bytes as if they had been run from the start.
    """
    n_months = study.until + 1
    inputs = [prepare(s, study.values[draw], ledger, population, n_months) for s in study.scenarios]
    forks = [0] + [inputs[0].first_difference(other) for other in inputs[1:]]
    months = n_months + sum(n_months - max(fork, 0) for fork in forks[1:])
    done = 0

    def count(year: int, _total: int) -> None:
        if progress is not None:
            progress(min(done + year, months), months)

    def build(index: int, **more: Any) -> World:
        return World(
            study.scenarios[index],
            study.seed,
            replicate=replicate,
            until=study.until,
            ledger=ledger,
            population=population,
            inputs=inputs[index],
            threads=threads,
            **more,
        )

    kept = {}
    with build(0) as world:
        for fork in sorted({f for f in forks[1:] if 0 < f < n_months}):
            world.run(count, until=fork)
            done = fork
            kept[fork] = world.keep()
        world.run(count)
        done = n_months
        first_run = shaped(tally(population, world.record, study.first, n_months))
        vacancy = world.system.factors.series("vacancy")
        yield 0, first_run | accounts(world.inputs, ledger, vacancy, study.first)
    for index, fork in enumerate(forks[1:], start=1):
        if fork >= n_months:
            yield index, first_run | accounts(inputs[index], ledger, vacancy, study.first)
            continue
        with build(index, kept=kept.get(fork)) as world:
            world.run(count)
            done += n_months - fork
            ran = shaped(tally(population, world.record, study.first, n_months))
            unfilled = world.system.factors.series("vacancy")
            yield index, ran | accounts(world.inputs, ledger, unfilled, study.first)


def compare(
    scenarios: Sequence[ScenarioLike],
    *,
    seed: int = 0,
    draws: int = 1,
    replicates: int = 1,
    until: str | int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    scale: float = 1.0,
    first_month: int = REPORT_FROM,
) -> xr.Dataset:
    """Run several scenarios under the same draws and the same chance.

    Parameters
    ----------
    scenarios : names of the library, paths of files, or loaded scenarios; the first is the comparator
    seed : seed of chance and of the parameter draws
    draws : parameter sets; draw 0 is the central one, further ones come from the ledger's distributions
    replicates : repetitions of chance for each draw
    until : last month, ``"YYYY-MM"`` or months since January 2012; by default the latest of the scenarios
    threads : cores to use, by default all; results do not depend on it
    progress : called with (done, total, label)
    scale : share of the country; anything but 1 is for tests
    first_month : first month in the result, counted from January 2012

    Returns
    -------
    dataset with dimensions scenario, draw, replicate, month, territory, area, state and others

    Raises
    ------
    FaultyInput
        If a scenario file has faults.
    """
    loaded = tuple(s if isinstance(s, Scenario) else load_scenario(s) for s in scenarios)
    last = _last_month(loaded, until)
    ledger = load_ledger()
    population = load_population(
        ledger, scale=scale, last_year=max(2030, START_YEAR + last // 12), progress=progress
    )
    values, rejected = parameter_draws(ledger, population, draws, seed)
    study = Study(loaded, tuple(values), seed, first_month, last)
    cores = threads or os.cpu_count() or 1
    pairs = [(d, r) for d in range(draws) for r in range(replicates)]
    runs: dict[tuple[int, int, int], Arrays] = {}
    if cores > 1 and len(pairs) >= RUNS_WORTH_PROCESSES:
        _run_in_processes(study, pairs, cores, scale, runs, progress)
    else:
        for i, (draw, replicate) in enumerate(pairs):

            def count(done: int, total: int, i: int = i) -> None:
                if progress is not None:
                    progress(i * total + done, len(pairs) * total, "run")

            for index, arrays in run_pair(
                study, draw, replicate, ledger=ledger, population=population, threads=cores, progress=count
            ):
                runs[index, draw, replicate] = arrays
    return assemble(
        runs,
        scenarios=[s.name for s in loaded],
        draws=draws,
        replicates=replicates,
        coords=coordinates(ledger, first_month, last + 1),
        attributes={
            "title": "SinTrata: simulated scenarios; not an estimate of prevalence",
            "code_version": __version__,
            "data_hash": ledger.hash,
            "population_hash": population.digest,
            "scenario_hash": [s.hash for s in loaded],
            "scenario_label_es": [s.label.es for s in loaded],
            "scenario_label_en": [s.label.en for s in loaded],
            "scenarios": json.dumps([s.to_mapping() for s in loaded], ensure_ascii=False),
            "unit_costs": [f"{s.name}: {cost}" for s in loaded for cost in s.unit_costs],
            "programme_outcomes": json.dumps(
                [row for s in loaded for row in watched(s, list(ledger.territories.codes))]
            ),
            "seed": seed,
            "scale": scale,
            "rejected_share_of_draws": rejected,
        },
    )


def run(
    scenario: ScenarioLike,
    *,
    seed: int = 0,
    draws: int = 1,
    replicates: int = 1,
    until: str | int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run one scenario; see ``compare`` for parameters and result."""
    return compare(
        [scenario],
        seed=seed,
        draws=draws,
        replicates=replicates,
        until=until,
        threads=threads,
        progress=progress,
    )


def _last_month(loaded: Sequence[Scenario], until: str | int | None) -> int:
    last = max(s.until_ti for s in loaded) if until is None else until
    if isinstance(last, str):
        last = month_index(last)
    if not REPORT_FROM <= last <= LAST_MONTH:
        raise ValueError(
            f"last month {month_name(last)}: allowed {month_name(REPORT_FROM)} to {month_name(LAST_MONTH)}"
        )
    return last


def _run_in_processes(
    study: Study,
    pairs: Sequence[tuple[int, int]],
    cores: int,
    scale: float,
    runs: dict[tuple[int, int, int], Arrays],
    progress: Progress | None,
) -> None:
    """Run pairs in spawned processes, each writing its own files; read them back in a fixed order."""
    with tempfile.TemporaryDirectory(prefix="sintrata-") as folder:
        others = set(active_children())
        pool = ProcessPoolExecutor(min(cores, len(pairs)), mp_context=get_context("spawn"))
        try:
            jobs = [
                pool.submit(_run_to_files, study, draw, replicate, scale, folder) for draw, replicate in pairs
            ]
            for done, job in enumerate(as_completed(jobs), start=1):
                job.result()
                if progress is not None:
                    progress(done, len(pairs), "run")
        except BaseException:
            # An interrupted study must not wait for the runs in hand.
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in set(active_children()) - others:
                worker.terminate()
            raise
        pool.shutdown()
        for draw, replicate in pairs:
            for index in range(len(study.scenarios)):
                with np.load(Path(folder) / f"{index}-{draw}-{replicate}.npz") as file:
                    runs[index, draw, replicate] = {name: file[name] for name in file.files}


def _run_to_files(study: Study, draw: int, replicate: int, scale: float, folder: str) -> None:
    """Run one pair in a worker process and leave each scenario's arrays in a file of its own."""
    ledger = load_ledger()
    population = load_population(ledger, scale=scale, last_year=max(2030, START_YEAR + study.until // 12))
    for index, arrays in run_pair(study, draw, replicate, ledger=ledger, population=population):
        np.savez(Path(folder) / f"{index}-{draw}-{replicate}.npz", **arrays)  # type: ignore[arg-type]
