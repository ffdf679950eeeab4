"""Work: a batch is run, one draw and replicate after another; what fails is told and stops nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import REPORT_FROM
from simulator.experiments.design import plausible
from simulator.experiments.ensemble import Arrays, Comparator, Study
from simulator.experiments.sweep import journal
from simulator.experiments.sweep.experiment import WHOLE_DESIGNS
from simulator.experiments.sweep.journal import Pair
from simulator.experiments.sweep.lease import lease
from simulator.experiments.sweep.outputs import reduced
from simulator.experiments.sweep.plan import Batch
from simulator.experiments.sweep.store import (
    DONE,
    DONE_IMPLAUSIBLE,
    FAILED,
    LEFT_OUT,
    Store,
    store_at,
)
from simulator.experiments.workers import country
from simulator.inputs import prepare
from simulator.outcomes.dataset import coordinates

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger

LONGEST_REASON: Final = 500

Told = Callable[[int, int, int], None]
"""Called with (batch, runs of it that are done, those of them without values) after every pair."""


@dataclass(frozen=True)
class Worked:
    """What became of a batch.

    Attributes
    ----------
    number : of the batch
    held : somebody else is at work on it
    runs, failed : how many runs it has; how many of them failed
    """

    number: int
    held: bool = False
    runs: int = 0
    failed: int = 0


def work(path: str, number: int, threads: int = 1, told: Told | None = None) -> Worked:
    """Run a batch and write it, unless it is done already or somebody else is at work on it.

    Parameters
    ----------
    path : of the store, as this machine sees it
    number : of the batch
    threads : for the compiled rules; results do not depend on it
    told : called as runs are done

    Raises
    ------
    OSError
        If the store cannot be written.
    """
    store = store_at(Path(path))
    batch = store.plan.batches[number]
    with lease(store.lease_of(batch)) as token:
        if token is None:
            return Worked(number, held=True)
        marker = store.marker(batch)
        if marker is None:
            marker = store.write(batch, _pairs(store, batch, token, threads, told))
    runs = len(batch.pairs) * len(store.plan.experiment.scenarios)
    return Worked(number, runs=runs, failed=marker.count(FAILED))


def work_and_tell(path: str, number: int, threads: int, topic: str) -> Worked:
    """Do a batch as the task of a dask worker; runs are told to who listens to the topic as they are done."""
    from distributed import get_worker  # noqa: PLC0415  (slow to import, and not always needed)

    return work(path, number, threads, lambda *told: get_worker().log_event(topic, told))


def _pairs(
    store: Store, batch: Batch, token: str, threads: int, told: Told | None
) -> dict[tuple[int, int], Pair]:
    """Return all pairs of a batch: those of earlier journals, and the others run now."""
    plan = store.plan
    pairs = store.finished_pairs(batch)
    ledger, population = country(plan.experiment.until, plan.scale)
    central = {name: parameter.central for name, parameter in ledger.parameters.items()}
    coords = coordinates(ledger, REPORT_FROM, plan.experiment.until + 1)
    study: Study | None = None
    at = -1
    done = failed = 0
    for draw, replicate in batch.pairs:
        pair = pairs.get((draw, replicate))
        if pair is None:
            if study is None or at != draw:
                study, at = plan.study(draw, central), draw
            pair = _run(store, study, draw, replicate, ledger, population, coords, threads)
            journal.append(store.journal_of(batch, token), pair)
            pairs[draw, replicate] = pair
        if told is not None:
            done, failed = done + len(pair.status), failed + pair.status.count(FAILED)
            told(batch.number, done, failed)
    return pairs


def _run(
    store: Store,
    study: Study,
    draw: int,
    replicate: int,
    ledger: Ledger,
    population: Population,
    coords: Mapping[str, Any],
    threads: int,
) -> Pair:
    """Run all scenarios of one draw and replicate; their history is run once."""
    plan, experiment = store.plan, store.plan.experiment
    n, values = len(study.scenarios), study.values[0]
    reasons: dict[int, str] = {}
    found: dict[int, Mapping[str, NDArray[np.float64]]] = {}
    begin = time.process_time()

    def attempt[T](index: int, work: Callable[[], T]) -> T | None:
        """Do part of a run; if it breaks, note why: one run must not take ten thousand with it."""
        try:
            return work()
        except Exception as error:
            if _was_interrupted(error):
                raise KeyboardInterrupt from error
            reasons[index] = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
            return None

    def keep(index: int, arrays: Arrays | None) -> None:
        if arrays is not None:
            kept = attempt(index, partial(reduced, arrays, coords, experiment.keep, experiment.by))
            if kept is not None:
                found[index] = kept

    whole = attempt(0, partial(plausible, values, population))
    left_out = whole is False and experiment.sampler.use not in WHOLE_DESIGNS
    if whole is not None and not left_out:
        common: dict[str, Any] = {"ledger": ledger, "population": population, "threads": threads}
        months = study.until + 1
        inputs = {
            k: attempt(k, partial(prepare, scenario, values, ledger, population, months))
            for k, scenario in enumerate(study.scenarios)
        }
        trend = inputs.pop(0)
        others = {k: given for k, given in inputs.items() if given is not None}
        if trend is not None:
            forks = [trend.first_difference(given) for given in others.values()]
            first = attempt(0, partial(Comparator, study, 0, replicate, keep_at=forks, **common))
            if first is not None:
                keep(0, first.arrays)
                for k, given in others.items():
                    keep(k, attempt(k, partial(first.run, study.scenarios[k], inputs=given)))
    status = []
    for k in range(n):
        if left_out:
            status.append(LEFT_OUT)
            reasons[k] = "implausible"
        elif k in found:
            status.append(DONE if whole else DONE_IMPLAUSIBLE)
        else:
            status.append(FAILED)
            # What goes on from the comparator fails with it.
            reasons.setdefault(k, reasons.get(0, ""))
    outputs = {}
    for name in experiment.keep:
        outputs[name] = np.full((n, *store.shape_of(name)), np.nan)
        for k, kept in found.items():
            outputs[name][k] = kept[name]
    hashes = tuple(plan.run_hash(scenario, values, replicate) for scenario in study.scenarios)
    return Pair(draw, replicate, tuple(status), reasons, hashes, time.process_time() - begin, outputs)


def _was_interrupted(error: BaseException | None) -> bool:
    """Return whether an interrupt is behind an error: compiled code wraps one that reaches it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
