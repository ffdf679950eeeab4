"""Ensembles: scenarios under the same draws and the same chance, so that their difference is the policy."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from simulator.experiments.design import DrawsFrom, parameter_draws
from simulator.experiments.workers import country
from simulator.inputs import Inputs, prepare
from simulator.outcomes.accounts import accounts
from simulator.outcomes.dataset import assemble, coordinates, shaped
from simulator.outcomes.spending import watched
from simulator.outcomes.tally import tally
from simulator.processes import deaf_children
from simulator.version import __version__
from simulator.world import Kept, World

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


class Comparator:
    """A run of the comparator under one draw and one chance; other scenarios go on from its kept states.

    A scenario that differs from a month on has the same bytes as if it had been run from the start.

    Parameters
    ----------
    study : its first scenario is the comparator, and runs at once
    draw, replicate : of the study
    keep_at : months before which the whole state is kept (about 25 MB each); a scenario goes on from the last
        one that is not after its first difference, or else from the start
    threads : for the compiled rules; results do not depend on it
    progress : called with (months done, months of the run)

    Attributes
    ----------
    inputs : of the comparator, which others are held against
    arrays : what its run shows
    """

    def __init__(
        self,
        study: Study,
        draw: int,
        replicate: int,
        *,
        ledger: Ledger,
        population: Population,
        keep_at: Iterable[int] = (),
        threads: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.study, self.draw, self.replicate = study, draw, replicate
        self.ledger, self.population, self.threads = ledger, population, threads
        self.n_months = study.until + 1
        self.inputs = self.prepare(study.scenarios[0])
        self._kept: dict[int, Kept] = {}
        done = 0

        def count(months: int, _total: int) -> None:
            if progress is not None:
                progress(done + months, self.n_months)

        with self._world(study.scenarios[0], self.inputs) as world:
            for month in sorted({m for m in keep_at if 0 < m < self.n_months}):
                world.run(count, until=month)
                done = month
                self._kept[month] = world.keep()
            world.run(count)
            self._vacancy = world.system.factors.series("vacancy")
            self._tally = self._told(world)
            self.arrays = self._tally | self._accounts(world.inputs, self._vacancy)

    def prepare(self, scenario: Scenario) -> Inputs:
        """Return what a scenario is run from, in this draw."""
        values = self.study.values[self.draw]
        return prepare(scenario, values, self.ledger, self.population, self.n_months)

    def run(
        self,
        scenario: Scenario,
        *,
        inputs: Inputs | None = None,
        threads: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Arrays:
        """Return what a scenario shows, run from where it first differs from the comparator.

        Parameters
        ----------
        inputs : from ``prepare``, if they are there already
        threads : for the compiled rules, by default those of the comparator
        progress : called with (months done, months of the run)
        """
        inputs = inputs or self.prepare(scenario)
        fork = self.inputs.first_difference(inputs)
        if fork >= self.n_months:
            return self._tally | self._accounts(inputs, self._vacancy)
        start = max((month for month in self._kept if month <= fork), default=0)

        def count(months: int, _total: int) -> None:
            if progress is not None:
                progress(start + months, self.n_months)

        with self._world(scenario, inputs, kept=self._kept.get(start), threads=threads) as world:
            world.run(count)
            vacancy = world.system.factors.series("vacancy")
            return self._told(world) | self._accounts(world.inputs, vacancy)

    def _world(
        self, scenario: Scenario, inputs: Inputs, kept: Kept | None = None, threads: int | None = None
    ) -> World:
        return World(
            scenario,
            self.study.seed,
            replicate=self.replicate,
            until=self.study.until,
            ledger=self.ledger,
            population=self.population,
            inputs=inputs,
            threads=threads or self.threads,
            kept=kept,
        )

    def _told(self, world: World) -> Arrays:
        return shaped(tally(self.population, world.record, self.study.first, self.n_months))

    def _accounts(self, inputs: Inputs, vacancy: NDArray[np.float64]) -> Arrays:
        return accounts(inputs, self.ledger, vacancy, self.study.first)


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

    The state of the first scenario is kept where others first differ from it, and they go on from there.
    """
    n_months = study.until + 1
    values = study.values[draw]
    inputs = [prepare(s, values, ledger, population, n_months) for s in study.scenarios]
    forks = [inputs[0].first_difference(other) for other in inputs[1:]]
    months = n_months + sum(n_months - fork for fork in forks)
    done = 0

    def count(month: int, _total: int) -> None:
        if progress is not None:
            progress(min(done + month, months), months)

    comparator = Comparator(
        study,
        draw,
        replicate,
        ledger=ledger,
        population=population,
        keep_at=forks,
        threads=threads,
        progress=count,
    )
    yield 0, comparator.arrays
    done = n_months
    for index, fork in enumerate(forks, start=1):
        done -= fork
        yield index, comparator.run(study.scenarios[index], inputs=inputs[index], progress=count)
        done += n_months


def compare(
    scenarios: Sequence[ScenarioLike],
    *,
    seed: int = 0,
    draws: int = 1,
    replicates: int = 1,
    until: str | int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    draws_from: DrawsFrom = "posterior",
    scale: float = 1.0,
    first_month: int = REPORT_FROM,
    variables: Collection[str] | None = None,
) -> xr.Dataset:
    """Run several scenarios under the same draws and the same chance.

    Parameters
    ----------
    scenarios : names of the library, paths of files, or loaded scenarios; the first is the comparator
    seed : seed of chance and of the parameter draws
    draws : parameter sets; draw 0 is the central one
    replicates : repetitions of chance for each draw
    until : last month, ``"YYYY-MM"`` or months since January 2012; by default the latest of the scenarios
    threads : cores to use, by default all; results do not depend on it
    progress : called with (done, total, label)
    draws_from : where further draws come from: ``posterior``, what the official series leave, or ``prior``,
        the ledger's ranges alone
    scale : share of the country; anything but 1 is for tests
    first_month : first month in the result, counted from January 2012
    variables : what to keep, by default everything; many runs fit in memory when little is kept

    Returns
    -------
    dataset with dimensions scenario, draw, replicate, month, territory, area, state and others

    Raises
    ------
    FaultyInput
        If a scenario file has faults, or the posterior was fitted with another ledger.
    """
    loaded = tuple(s if isinstance(s, Scenario) else load_scenario(s) for s in scenarios)
    last = _last_month(loaded, until)
    ledger = load_ledger()
    population = load_population(
        ledger, scale=scale, last_year=max(2030, START_YEAR + last // 12), progress=progress
    )
    values, rejected = parameter_draws(ledger, population, draws, seed, draws_from)
    study = Study(loaded, tuple(values), seed, first_month, last)
    cores = threads or os.cpu_count() or 1
    pairs = [(d, r) for d in range(draws) for r in range(replicates)]
    runs: dict[tuple[int, int, int], Arrays] = {}
    if cores > 1 and len(pairs) >= RUNS_WORTH_PROCESSES:
        _run_in_processes(study, pairs, cores, scale, variables, runs, progress)
    else:
        for i, (draw, replicate) in enumerate(pairs):

            def count(done: int, total: int, i: int = i) -> None:
                if progress is not None:
                    progress(i * total + done, len(pairs) * total, "run")

            for index, arrays in run_pair(
                study, draw, replicate, ledger=ledger, population=population, threads=cores, progress=count
            ):
                runs[index, draw, replicate] = _chosen(arrays, variables)
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
            "draws_from": draws_from,
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
    draws_from: DrawsFrom = "posterior",
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
        draws_from=draws_from,
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
    variables: Collection[str] | None,
    runs: dict[tuple[int, int, int], Arrays],
    progress: Progress | None,
) -> None:
    """Run pairs in spawned processes, each writing its own files; read them back in a fixed order."""
    with tempfile.TemporaryDirectory(prefix="sintrata-") as folder:
        others = set(active_children())
        pool = ProcessPoolExecutor(min(cores, len(pairs)), mp_context=get_context("spawn"))
        try:
            with deaf_children():
                jobs = [
                    pool.submit(_run_to_files, study, draw, replicate, scale, variables, folder)
                    for draw, replicate in pairs
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


def _run_to_files(
    study: Study, draw: int, replicate: int, scale: float, variables: Collection[str] | None, folder: str
) -> None:
    """Run one pair in a worker process and leave each scenario's arrays in a file of its own."""
    ledger, population = country(study.until, scale)
    for index, arrays in run_pair(study, draw, replicate, ledger=ledger, population=population):
        np.savez(Path(folder) / f"{index}-{draw}-{replicate}.npz", **_chosen(arrays, variables))  # type: ignore[arg-type]


def _chosen(arrays: Arrays, variables: Collection[str] | None) -> Arrays:
    return {name: arrays[name] for name in (arrays if variables is None else variables)}
