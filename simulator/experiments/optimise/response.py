"""How plans are answered: by the whole-country model under common random numbers, or by another function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from csv import DictReader
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from itertools import count, islice
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.programmes import Grant, Programme
from simulator.engine.states import INSTITUTIONS, N_TERRITORIES, START_YEAR
from simulator.experiments.ensemble import Comparator, Study
from simulator.experiments.optimise.archive import Archive
from simulator.experiments.optimise.measures import MEASURES, N_CELLS, tell
from simulator.experiments.optimise.plan import PROGRAMME, Plan, scenario_of
from simulator.experiments.posterior import (
    check_posterior,
    held_by,
    load_posterior,
    posterior_draw,
    row_of,
)
from simulator.experiments.structures import load_structures, under
from simulator.experiments.workers import country, open_workers
from simulator.inputs import prepare
from simulator.outcomes.accounts import accounts
from simulator.policy.budget import STAGES

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from simulator.engine.population import Population
    from simulator.evidence import Ledger
    from simulator.experiments.optimise.question import Question
    from simulator.experiments.posterior import Posterior

Floats = NDArray[np.float64]

AT_ONCE: Final = 4
"""Runs of one sample that a worker does before it reports: what a kill can lose."""

KEPT: Final = 12
"""Comparators that a worker keeps (80 MB each): those of the search, whose plans come a few at a time. The
confirmation asks what it wants of a sample at once."""

HUGE: Final = 1e10
"""Soles a year, enough to buy all that any line can use in a probe of its limits."""

WORTH: Final = 1.5
"""Limits of lines are worked out with central parameters; where costs are higher more can be used."""


@dataclass(frozen=True)
class Sample:
    """One parameter set and one chance under which plans are compared.

    Attributes
    ----------
    structure : name of a rival structure, ``""`` for the ledger as it is
    draw : number of the parameter set, and of the repetition of chance
    seed : of chance and of the draws
    """

    structure: str
    draw: int
    seed: int

    def __str__(self) -> str:
        return f"{self.structure}:{self.draw}:{self.seed}"


@dataclass(frozen=True)
class Limits:
    """What there is to know of lines before any search.

    Attributes
    ----------
    most : [line] soles a year beyond which a line cannot use money
    shares : [line, territory] where the money of a line goes by need
    attributed : soles a year by institution in the attributable ledger of the present (grade D)
    """

    most: Floats
    shares: Floats
    attributed: Mapping[str, float]


class Response(Protocol):
    """What the search asks: analytic functions of tests answer it as the model does."""

    @property
    def search_samples(self) -> tuple[Sample, ...]:
        """Samples on which plans are compared while searching."""

    def fresh_samples(self, n: int) -> tuple[Sample, ...]:
        """Return at least ``n`` samples on which the answer is confirmed, the same first ones for any ``n``.

        None of them is a search sample, nor has the fitted set of one.
        """

    def limits(self) -> Limits:
        """Return what is known of the lines."""

    def tell(self, plans: Sequence[Plan], samples: Sequence[Sample], done: Callable[[int], None]) -> Floats:
        """Return [plan, sample, measure, year, cell]; ``done`` is called with the runs finished since."""


def line_of_institution() -> dict[str, str]:
    """Return the line that does the work of each institution of the attributable ledger."""
    text = files(__package__).joinpath("present.csv").read_text(encoding="utf-8")
    return {row["institution"]: row["line"] for row in DictReader(text.splitlines())}


@dataclass(frozen=True)
class Source:
    """Where parameter sets of a structure come from: the ledger it narrows, and the posterior under it."""

    ledger: Ledger
    posterior: Posterior

    @classmethod
    def of(cls, ledger: Ledger, structure: str) -> Source:
        """Return the source of a structure, ``""`` for the ledger as it is."""
        here = under(ledger, [load_structures()[structure]]) if structure else ledger
        posterior = load_posterior()
        check_posterior(posterior, here)
        return cls(here, posterior.within(held_by(here)))

    def values(self, draw: int, seed: int, population: Population) -> Mapping[str, float]:
        """Return a parameter set; draw 0 has the central values."""
        if draw == 0:
            return {name: one.central for name, one in self.ledger.parameters.items()}
        return posterior_draw(self.posterior, self.ledger, population, draw, seed)[0].values

    def fresh(self, searched: int, seed: int) -> Iterator[int]:
        """Yield draws of the next seed that take fitted sets which no draw of the search takes.

        Parameters
        ----------
        searched : draws of the search; seed : of the search

        Where a search took every set there is, what no series tells of is still drawn anew, and so is chance.
        """
        used = {row_of(self.posterior, draw, seed) for draw in range(1, searched)}
        if len(used) == len(self.posterior.weights):
            used = set()
        for draw in count(1):
            if row_of(self.posterior, draw, seed + 1) not in used:
                yield draw


class Country:
    """The whole-country model: the comparator once a sample, every plan from where money begins.

    Parameters
    ----------
    question : with its base
    archive : of finished runs
    workers : processes; 1 = this one
    scale : share of the country; anything but 1 is for tests
    """

    def __init__(
        self,
        question: Question,
        archive: Archive,
        *,
        workers: int = 1,
        scale: float = 1.0,
    ) -> None:
        self.question, self.archive, self.scale = question, archive, scale
        effort = question.effort
        self._until = 12 * (question.until - START_YEAR) + 11
        self._first = 12 * (question.first_year - START_YEAR)
        self._fork = 12 * (question.money[0][0] - START_YEAR)
        ledger, self._population = country(self._until, scale)
        self._sources = {name: Source.of(ledger, name) for name in question.structures or ("",)}
        self._searched = -(-effort.draws // len(self._sources))
        self.search_samples = tuple(
            Sample(name, draw, effort.seed) for draw in range(self._searched) for name in self._sources
        )
        self._values: dict[Sample, Mapping[str, float]] = {}
        self._limits = self._probe()
        self._place: dict[Sample, int] = {}
        self._stack = ExitStack()
        self._client = self._stack.enter_context(open_workers(workers)) if workers > 1 else None

    def close(self) -> None:
        """Stop the workers."""
        self._stack.close()

    def fresh_samples(self, n: int) -> tuple[Sample, ...]:
        """Return at least ``n`` samples that go round the structures and that the search has not seen."""
        each = -(-n // len(self._sources))
        seed = self.question.effort.seed
        draws = {
            name: list(islice(source.fresh(self._searched, seed), each))
            for name, source in self._sources.items()
        }
        return tuple(Sample(name, draws[name][k], seed + 1) for k in range(each) for name in self._sources)

    def values(self, sample: Sample) -> Mapping[str, float]:
        """Return the parameter values of a sample."""
        if sample not in self._values:
            source = self._sources[sample.structure]
            self._values[sample] = source.values(sample.draw, sample.seed, self._population)
        return self._values[sample]

    def limits(self) -> Limits:
        """Return what is known of the lines."""
        return self._limits

    def _probe(self) -> Limits:
        """Give every line more than it can use, with central parameters, and see what it spends."""
        question = self.question
        ledger, population = country(self._until, self.scale)
        years = tuple((year, HUGE) for year, _ in question.money)
        lines = tuple(Grant(lines=((line, 1.0),), amounts=years) for line in question.lines)
        everything = replace(
            question.base,
            programmes=(
                Programme(
                    name=PROGRAMME,
                    label=question.label,
                    budget=lines,
                    start_ti=self._fork,
                    price_year=question.price_year,
                ),
            ),
        )
        values = self.values(self.search_samples[0])
        n_months = self._until + 1
        inputs = prepare(everything, values, ledger, population, n_months)
        budget = inputs.budget
        ratio, rate, _ = budget.rates()
        months = slice(self._fork, self._fork + 12 * len(years))
        level = budget.prices.level[np.arange(n_months)[months] // 12]
        real = level / budget.prices.level[question.price_year - START_YEAR]
        usable = budget.flow.spent[:, months] / np.maximum(ratio * rate, 1e-9)[:, months]
        by_year = (usable.sum(axis=2) / real).reshape(len(lines), len(years), 12).sum(axis=2)
        assigned = budget.assigned[:, self._fork].reshape(len(lines), N_TERRITORIES, 2).sum(axis=2)
        order = [
            next(k for k, (_, i) in enumerate(budget.items) if budget.lines[i].name == line)
            for line in question.lines
        ]
        nobody_missing = np.zeros((n_months, len(INSTITUTIONS), N_TERRITORIES))
        before = prepare(question.base, values, ledger, population, n_months)
        money = accounts(before, ledger, nobody_missing, self._fork - 12)["attributable_budget"]
        pim = money[0, STAGES.index("pim")].sum(axis=1).astype(float)
        return Limits(
            most=WORTH * by_year.max(axis=1)[order],
            shares=(assigned / assigned.sum(axis=1, keepdims=True))[order],
            attributed=dict(zip(INSTITUTIONS, pim.tolist(), strict=True)),
        )

    def tell(self, plans: Sequence[Plan], samples: Sequence[Sample], done: Callable[[int], None]) -> Floats:
        """Return [plan, sample, measure, year, cell]; runs that are in the archive are not done again."""
        scenarios = [scenario_of(self.question, plan, self._limits.shares, PROGRAMME) for plan in plans]
        shape = (len(MEASURES), self.question.years, N_CELLS)
        jobs: list[tuple[Sample, list[Scenario]]] = []
        for sample in samples:
            wanted = {s.hash: s for s in scenarios if self.archive.get(s.hash, str(sample)) is None}
            todo = list(wanted.values())
            jobs += [(sample, todo[k : k + AT_ONCE]) for k in range(0, len(todo), AT_ONCE)]
        for sample, told in self._run(jobs):
            self.archive.put(str(sample), told)
            done(len(told))
        out = np.empty((len(plans), len(samples), *shape))
        for i, scenario in enumerate(scenarios):
            for j, sample in enumerate(samples):
                value = self.archive.get(scenario.hash, str(sample))
                if value is None:
                    raise LookupError(f"no run of {scenario.hash[:12]} under {sample}")
                out[i, j] = value
        return out

    def _run(
        self, jobs: Sequence[tuple[Sample, list[Scenario]]]
    ) -> Iterator[tuple[Sample, list[tuple[str, Floats]]]]:
        tasks = [
            Task(
                self.question.base,
                tuple(sorted(self.values(sample).items())),
                sample,
                self._first,
                self._fork,
                self._until,
                self.scale,
                tuple(todo),
            )
            for sample, todo in jobs
        ]
        if self._client is None:
            yield from ((task.sample, run_task(task)) for task in tasks)
            return
        from distributed import as_completed  # noqa: PLC0415  (slow to import, and not always needed)

        addresses = sorted(self._client.scheduler_info(n_workers=-1)["workers"])
        # A sample stays with one worker, which keeps the states its comparator left.
        for task in tasks:
            self._place.setdefault(task.sample, len(self._place) % len(addresses))
        futures = {
            self._client.submit(
                run_task, task, workers=[addresses[self._place[task.sample]]], pure=False
            ): task
            for task in tasks
        }
        for future in as_completed(list(futures), loop=self._client.loop):  # type: ignore[no-untyped-call]
            yield futures[future].sample, future.result()


@dataclass(frozen=True)
class Task:
    """Runs of one sample for a worker.

    Attributes
    ----------
    base : comparator; values : parameter values of the sample
    first : first month told; fork : month before which the comparator's state is kept; until : last month
    """

    base: Scenario
    values: tuple[tuple[str, float], ...]
    sample: Sample
    first: int
    fork: int
    until: int
    scale: float
    scenarios: tuple[Scenario, ...]


def run_task(task: Task) -> list[tuple[str, Floats]]:
    """Return what each scenario of a task tells, by its hash."""
    comparator = _comparator(
        task.base, task.values, task.sample, task.first, task.fork, task.until, task.scale
    )
    return [(scenario.hash, tell(comparator.run(scenario))) for scenario in task.scenarios]


@lru_cache(maxsize=KEPT)
def _comparator(
    base: Scenario,
    values: tuple[tuple[str, float], ...],
    sample: Sample,
    first: int,
    fork: int,
    until: int,
    scale: float,
) -> Comparator:
    ledger, population = country(until, scale)
    study = Study((base,), (dict(values),), sample.seed, first, until)
    # Every sample has a chance of its own: draws that share one would be no independent evidence.
    return Comparator(study, 0, sample.draw, ledger=ledger, population=population, keep_at=(fork,))
