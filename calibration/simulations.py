"""Run parameter sets on worker processes, and never run one twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from calibration.fitting import Shown
from calibration.observe import monthly, predict
from calibration.priors import Drawn
from calibration.store import Arrays, Store, key_of
from calibration.targets import Target
from scenarios.schema import load_scenario
from simulator import __version__, coordinates, load_ledger
from simulator.experiments.code import code_hash
from simulator.experiments.ensemble import Comparator, Study
from simulator.experiments.workers import country

if TYPE_CHECKING:
    from distributed import Client

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]

SCENARIO: Final = "baseline"
STOCK: Final = "stock_per_1000"
IN_HAND: Final = 2
"""Simulations handed to each worker at a time: one runs, one waits."""

PAUSE: Final = 0.2
"""Seconds between looks at what has finished."""


@dataclass(frozen=True)
class Recipe:
    """What all simulations of a fit share.

    Attributes
    ----------
    seed : of chance; each simulation has a replicate of its own
    until : last month, counted from January 2012
    scale : share of the country; anything but 1 is for tests
    """

    seed: int
    until: int
    scale: float = 1.0

    def about(self) -> str:
        """Return what decides a simulation beside its parameter values and its replicate."""
        ledger, population = country(self.until, self.scale)
        told = [__version__, code_hash(), ledger.hash, population.digest, load_scenario(SCENARIO).hash]
        return json.dumps([*told, self.seed, self.until, self.scale])


@cache
def _labels(until: int) -> dict[str, Any]:
    labels = coordinates(load_ledger(), 0, until + 1)
    return {name: one[1] if isinstance(one, tuple) else one for name, one in labels.items()}


def run_one(recipe: Recipe, values: dict[str, float], replicate: int) -> Arrays:
    """Return the monthly series of one run, and the stock per 1,000 that its values imply."""
    ledger, population = country(recipe.until, recipe.scale)
    study = Study((load_scenario(SCENARIO),), (values,), recipe.seed, 0, recipe.until)
    comparator = Comparator(study, 0, replicate, ledger=ledger, population=population)
    series = monthly(comparator.arrays, _labels(recipe.until))
    out: Arrays = {name: one.astype(np.float32) for name, one in series.items()}
    out[STOCK] = np.array(comparator.inputs.stock.per_1000)
    return out


@dataclass
class Simulations:
    """Runs sets and keeps what they showed in a folder; give ``run`` to the fit.

    Attributes
    ----------
    total : simulations of the fit, for progress
    targets : what is read of each
    """

    recipe: Recipe
    store: Store
    client: Client
    total: int
    targets: tuple[Target, ...]
    progress: Progress | None = None

    def run(self, sets: Sequence[Drawn], first: int) -> Shown:
        """Return what sets show of the targets; finished ones are read, not run."""
        about = self.recipe.about()
        keys = [key_of(about, one.values, first + i) for i, one in enumerate(sets)]
        missing = [i for i, key in enumerate(keys) if key not in self.store]
        done = first + len(keys) - len(missing)
        self._tell(done)
        jobs = self._submit(sets, first, missing)
        for i, arrays in _finished(self.client, jobs) if missing else ():
            self.store.add(keys[i], arrays)
            done += 1
            self._tell(done)
        return self.read(keys)

    def read(self, keys: Sequence[str]) -> Shown:
        """Return what finished simulations show of the targets."""
        rows, stock = [], []
        for key in keys:
            arrays = self.store.read(key)
            stock.append(float(arrays.pop(STOCK)))
            rows.append(_of_country(predict(arrays, self.targets, 0), self.targets, self.recipe.scale))
        return Shown(np.stack(rows), np.array(stock))

    def _tell(self, done: int) -> None:
        if self.progress is not None:
            self.progress(done, self.total, "run")

    def _submit(self, sets: Sequence[Drawn], first: int, missing: Sequence[int]) -> Iterator[tuple[int, Any]]:
        for i in missing:
            values = dict(sets[i].values)
            yield i, self.client.submit(run_one, self.recipe, values, first + i, pure=False)


def _finished(client: Client, jobs: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Arrays]]:
    """Yield (set, result) as they finish, with no more jobs in hand than keep every worker busy."""
    running: dict[int, Any] = {}
    more = True
    while more or running:
        workers = max(len(client.scheduler_info()["workers"]), 1)
        while more and len(running) < IN_HAND * workers:
            job = next(jobs, None)
            if job is None:
                more = False
            else:
                running[job[0]] = job[1]
        for i in [i for i, one in running.items() if one.done()]:
            yield i, running.pop(i).result()
        time.sleep(PAUSE)


def _of_country(predicted: Floats, targets: Sequence[Target], scale: float) -> Floats:
    """Return counts of a small world as those of the whole country."""
    counts = np.array([one.indicator.error == "count" and not one.of_country for one in targets])
    return np.where(counts, predicted / scale, predicted)


def until_of(targets: Sequence[Target]) -> int:
    """Return the last month that any target covers."""
    return max(target.stop for target in targets) - 1
