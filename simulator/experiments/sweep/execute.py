"""Execution of a sweep: its store is laid out or joined, and its batches are handed to workers."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from os import PathLike
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.experiments.code import TOLD, code_hash
from simulator.experiments.sweep.checking import load_experiment
from simulator.experiments.sweep.experiment import Experiment
from simulator.experiments.sweep.plan import Batch, Plan
from simulator.experiments.sweep.store import Store, lay_out, names_missing, open_store
from simulator.experiments.sweep.work import Worked, work, work_and_tell
from simulator.experiments.workers import country, open_workers
from simulator.faults import Fault, FaultyInput
from simulator.texts import t
from simulator.version import __version__

if TYPE_CHECKING:
    import xarray as xr

WAIT: Final = 2.0
"""Seconds until a batch is asked for again that somebody else holds."""

AHEAD: Final = 2
"""Batches handed to each worker at once, so that it never waits and the scheduler never holds them all."""


@dataclass(frozen=True)
class State:
    """How far a sweep is, in runs.

    Attributes
    ----------
    done, total : of this call; what was there before counts as done
    failed : runs without values
    new : done by this call, in ``seconds`` since it began
    """

    done: int
    total: int
    failed: int
    new: int
    seconds: float

    @property
    def per_hour(self) -> float:
        """Return the rate of this call, runs an hour."""
        return 3600.0 * self.new / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Return the time left at the rate so far, ``None`` before the first run."""
        return (self.total - self.done) * self.seconds / self.new if self.new else None


def sweep(
    experiment: str | PathLike[str] | Mapping[str, Any] | Experiment,
    out: str | PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    threads: int = 1,
    resume: bool = False,
    part: tuple[int, int] | None = None,
    progress: Callable[[State], None] | None = None,
    scale: float = 1.0,
) -> xr.Dataset:
    """Run an experiment into a store, and return the store; results do not depend on who runs what, or when.

    Parameters
    ----------
    experiment : path of an experiment file, plain data of the same shape, or a loaded experiment
    out : folder of the store to make, ``"....zarr"``; with ``resume`` or ``part`` it may be there already
    workers : processes of this machine, by default one for each core, or this process alone for a part
    scheduler : address of a running dask scheduler, whose workers are used instead
    threads : for the compiled rules of each worker
    resume : go on with a store that was laid out for the same experiment
    part : (i, n): do every n-th batch only, the i-th of 1 to n; ``finish`` closes the store after all parts
    progress : called whenever a run is done, by one thread at a time
    scale : share of the country; anything but 1 is for tests

    Returns
    -------
    dataset with dimensions scenario, draw, replicate, place dimensions if asked for, and year; nothing of it
    is in memory yet

    Raises
    ------
    FaultyInput
        If the experiment has faults, or the store is that of another one.
    OSError
        If the store cannot be written; what is written stays, and ``resume`` goes on.
    ConnectionError
        If the scheduler does not answer, or workers die again and again; what is written stays.
    """
    asked = load_experiment(experiment)
    path = Path(out)
    store = _join(asked, path, scale, joining=resume or part is not None)
    batches = _share_of(store, part)
    missing = {batch.number for batch in store.missing()}
    todo = [batch for batch in batches if batch.number in missing]
    count = _Counter(store, batches, todo, progress)
    where = path.resolve()
    alone = scheduler is None and (workers == 1 or (workers is None and part is not None))
    if todo and alone:
        _work_here(where, todo, threads, count)
    elif todo:
        _work_there(where, todo, threads, workers, scheduler, count)
    if part is None or not store.missing():
        store.finish()
    return open_store(path)


def finish(path: str | PathLike[str]) -> dict[str, Any]:
    """Close a store that parts have filled; return how many runs came to what, and why runs failed.

    Raises
    ------
    FaultyInput
        If batches are missing, or no store stands there.
    """
    store = Store(Path(path))
    missing = store.missing()
    if missing:
        found = t("sweep.found.missing", count=len(missing), numbers=names_missing(missing))
        allowed, do = t("sweep.allowed.complete"), t("sweep.do.complete")
        raise FaultyInput([Fault(str(path), found, allowed, do)])
    return store.finish()


def _join(experiment: Experiment, path: Path, scale: float, *, joining: bool) -> Store:
    """Lay out the store of an experiment, or join the one that is there."""
    if lexists(path) and not joining:
        allowed, do = t("sweep.allowed.new_store"), t("sweep.do.new_store")
        raise FaultyInput([Fault(str(path), t("sweep.found.taken"), allowed, do)])
    if not lexists(path):
        ledger, population = country(experiment.until, scale)
        try:
            lay_out(path, Plan.of(experiment, ledger, population), ledger)
        except FileExistsError:
            if not joining:
                raise
    store = Store(path)
    ledger, population = country(experiment.until, scale)
    plan = store.plan
    differs = [
        t(f"sweep.differs.{name}")
        for name, one, other in (
            ("experiment", plan.experiment.hash, experiment.hash),
            ("data", plan.data_hash, ledger.hash),
            ("population", plan.population_hash, population.digest),
            ("code", plan.code_hash, code_hash(*TOLD)),
            ("version", plan.code_version, __version__),
        )
        if one != other
    ]
    if differs:
        found = t("sweep.found.other", what=", ".join(differs))
        raise FaultyInput([Fault(str(path), found, t("sweep.allowed.same"), t("sweep.do.same"))])
    return store


def _share_of(store: Store, part: tuple[int, int] | None) -> list[Batch]:
    """Return the batches of a part; neighbours go to different parts, since draws may differ in cost."""
    batches = store.plan.batches
    if part is None:
        return batches
    i, n = part
    if not 1 <= i <= n <= len(batches):
        allowed, do = t("sweep.allowed.part", most=len(batches)), t("sweep.do.part")
        raise FaultyInput([Fault("part", f"{i}/{n}", allowed, do)])
    return batches[i - 1 :: n]


class _Counter:
    """Counts runs and tells how far the sweep is; threads may tell it at once."""

    def __init__(
        self,
        store: Store,
        batches: list[Batch],
        todo: list[Batch],
        progress: Callable[[State], None] | None,
    ) -> None:
        self.progress = progress
        self.each = len(store.plan.experiment.scenarios)
        self.total = sum(len(batch.pairs) for batch in batches) * self.each
        self.before = self.total - sum(len(batch.pairs) for batch in todo) * self.each
        self.start = time.monotonic()
        self._told: dict[int, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._tell()

    def at(self, number: int, runs: int, failed: int) -> None:
        """Note how many runs of a batch are done: news may come late, or twice where a worker has died."""
        with self._lock:
            if runs > self._told.get(number, (0, 0))[0]:
                self._told[number] = (runs, failed)
                self._tell()

    def _tell(self) -> None:
        if self.progress is not None:
            new, failed = (sum(told[k] for told in self._told.values()) for k in (0, 1))
            seconds = time.monotonic() - self.start
            self.progress(State(self.before + new, self.total, failed, new, seconds))


def _work_here(path: Path, todo: list[Batch], threads: int, count: _Counter) -> None:
    """Do batches one after another in this process; those that others hold come last."""
    waiting = todo
    while waiting:
        held = []
        for batch in waiting:
            done = work(str(path), batch.number, threads, count.at)
            if done.held:
                held.append(batch)
            # One that somebody else has finished meanwhile told nothing by itself.
            count.at(done.number, done.runs, done.failed)
        if held:
            time.sleep(WAIT)
        waiting = held


def _work_there(
    path: Path,
    todo: list[Batch],
    threads: int,
    workers: int | None,
    scheduler: str | None,
    count: _Counter,
) -> None:
    """Hand batches to the workers of a dask scheduler, a few ahead of what they are at."""
    # Slow to import, and not always needed.
    from distributed import KilledWorker, as_completed  # noqa: PLC0415
    from distributed.comm.core import CommClosedError  # noqa: PLC0415

    with open_workers(workers, scheduler) as client:
        waiting = iter(todo)
        topic = f"sintrata-{uuid.uuid4().hex}"
        client.subscribe_topic(topic, lambda event: count.at(*event[1]))  # type: ignore[no-untyped-call]

        def submit(batch: Batch) -> Any:
            # Pure tasks of one key would be remembered, also after somebody else has held them.
            return client.submit(work_and_tell, str(path), batch.number, threads, topic, pure=False)

        ahead = AHEAD * max(len(client.scheduler_info()["workers"]), 1)
        first = [submit(batch) for _, batch in zip(range(ahead), waiting, strict=False)]
        running: Any = as_completed(first, loop=client.loop)  # type: ignore[no-untyped-call]
        by_number = {batch.number: batch for batch in todo}
        for future in running:
            try:
                done: Worked = future.result()
            except (CancelledError, KilledWorker, CommClosedError) as error:
                raise ConnectionError(f"{type(error).__name__}: {error}") from error
            if done.held:
                time.sleep(WAIT)
                running.add(submit(by_number[done.number]))
                continue
            count.at(done.number, done.runs, done.failed)
            following = next(waiting, None)
            if following is not None:
                running.add(submit(following))
