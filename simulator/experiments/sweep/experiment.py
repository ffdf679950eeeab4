"""An experiment: scenarios, what varies in them, how it is sampled, and what is kept of every run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.schema import Intervention, Scenario
from simulator.experiments.design import quantile, triangular

if TYPE_CHECKING:
    from scenarios.programmes import Grant, Programme
    from simulator.evidence import Ledger

SCHEMA_VERSION: Final = 1
DISTRIBUTIONS: Final = ("uniform", "loguniform", "triangular", "logtriangular", "values")
PARAMETRIC: Final = ("structure", "parameter")
"""Kinds of factors that act on parameters, and so in every scenario."""

LEDGER: Final = "ledger"
"""The word for the ledger's own distribution of a parameter."""

SAMPLERS: Final[dict[str, tuple[str, ...]]] = {
    "latin_hypercube": ("draws",),
    "sobol": ("draws",),
    "saltelli": ("base",),
    "morris": ("trajectories", "levels"),
    "grid": ("steps",),
    "prior": ("draws",),
    "posterior": ("draws", "file"),
}
"""Samplers, and the keys that each may have beside ``use``."""

WHOLE_DESIGNS: Final = ("saltelli", "morris")
"""Samplers whose analysis needs every row, so that no row is left out."""

AREAS_OF_RESULT: Final = ("country", "territory", "place")
"""By what outputs are kept; ``place`` is territory by area, below which nothing is ever told."""


@dataclass(frozen=True)
class Distribution:
    """How a factor varies: a kind of ``DISTRIBUTIONS`` with its numbers, or that of the ledger."""

    kind: str
    numbers: tuple[float, ...] = ()

    def at(self, u: NDArray[np.float64], name: str, ledger: Ledger) -> NDArray[np.float64]:
        """Return the values at probabilities ``u``; ``name`` is the parameter, where the ledger decides."""
        numbers = np.array(self.numbers)
        match self.kind:
            case "ledger":
                return quantile(ledger.parameters[name], u)
            case "values":
                return np.asarray(numbers[np.minimum((u * numbers.size).astype(int), numbers.size - 1)])
            case "uniform":
                return np.asarray(numbers[0] + u * (numbers[1] - numbers[0]))
            case "loguniform":
                low, high = np.log(numbers)
                return np.asarray(np.exp(low + u * (high - low)))
            case "triangular":
                return triangular(u, *self.numbers)
            case _:
                return np.asarray(np.exp(triangular(u, *np.log(numbers).tolist())))


@dataclass(frozen=True)
class Reading:
    """A rival structure between which and others a factor chooses.

    Attributes
    ----------
    name : of ``experiments.structures``
    ranges : (parameter, (low, central, high)) of what it narrows
    """

    name: str
    ranges: tuple[tuple[str, tuple[float, float, float]], ...]


@dataclass(frozen=True)
class Factor:
    """Something that varies.

    Attributes
    ----------
    name : unique in the experiment; of a parameter, its name in the ledger
    kind : ``structure``, ``parameter``, ``lever`` or ``money``
    distribution : how it varies
    scenarios : names of the scenarios in which it acts; a parameter acts in all
    group : factors that are told together by group-wise analyses; its own name if it stands alone
    intervention : of a lever, with an amount that each draw replaces
    line, programme : of money, which budget line is multiplied, and in which programme (``None`` = in all)
    readings : of a structure, its rivals; the value of the factor counts them from 0
    """

    name: str
    kind: str
    distribution: Distribution
    scenarios: tuple[str, ...] = ()
    group: str = ""
    intervention: Intervention | None = None
    line: str | None = None
    programme: str | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def unit(self) -> str:
        """Return whether the number is a value of its own or multiplies what is there."""
        return "multiple" if self.kind == "money" else self.kind

    def applied(self, scenario: Scenario, value: float) -> Scenario:
        """Return a scenario in which a lever or money has the value of a draw; others act on parameters."""
        if self.kind in PARAMETRIC or scenario.name not in self.scenarios:
            return scenario
        if self.intervention is not None:
            added = replace(self.intervention, amount=value)
            return replace(scenario, interventions=(*scenario.interventions, added))
        programmes = tuple(self._paid(programme, value) for programme in scenario.programmes)
        return replace(scenario, programmes=programmes)

    def _paid(self, programme: Programme, multiple: float) -> Programme:
        if self.programme not in (None, programme.name):
            return programme
        return replace(programme, budget=tuple(self._granted(grant, multiple) for grant in programme.budget))

    def _granted(self, grant: Grant, multiple: float) -> Grant:
        """Return a grant with the money of one line multiplied, that of its other lines as it was."""
        shares = dict(grant.lines)
        if self.line not in shares:
            return grant
        shares[self.line] *= multiple
        total = sum(shares.values())
        lines = tuple((name, share / total if total else 1.0 / len(shares)) for name, share in shares.items())
        return replace(
            grant,
            lines=lines,
            amount=None if grant.amount is None else grant.amount * total,
            amounts=tuple((year, amount * total) for year, amount in grant.amounts),
        )


@dataclass(frozen=True)
class Sampler:
    """How the values of all factors are chosen together.

    Attributes
    ----------
    use : of ``SAMPLERS``
    size : draws; base of ``saltelli``; trajectories of ``morris``; steps of continuous factors of ``grid``
    levels : of ``morris``
    table : of ``posterior`` with a file of its own, the parameter sets read from it: (names, rows)
    """

    use: str
    size: int
    levels: int = 4
    table: tuple[tuple[str, ...], tuple[tuple[float, ...], ...]] | None = None


@dataclass(frozen=True)
class Experiment:
    """What a sweep runs; nothing in it changes.

    Attributes
    ----------
    name : of the file, without suffix
    scenarios : the first one is the comparator
    factors : structures first, then parameters, levers, and money
    replicates : repetitions of chance for every draw
    seed : of chance and of the sampler
    until : last month, counted from January 2012
    keep : names of outputs, see ``outputs``; ``by`` : of ``AREAS_OF_RESULT``
    batch : runs that are written together; ``None`` = chosen from the number of runs
    """

    name: str
    scenarios: tuple[Scenario, ...]
    factors: tuple[Factor, ...]
    sampler: Sampler
    replicates: int
    seed: int
    until: int
    keep: tuple[str, ...]
    by: str = "country"
    batch: int | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of everything that changes results: not of the name, nor of how runs are written."""
        tree = self.to_mapping()
        del tree["name"], tree["batch"]
        tree["scenarios"] = [(scenario.name, scenario.hash) for scenario in self.scenarios]
        return sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()

    def to_mapping(self) -> dict[str, Any]:
        """Return the whole experiment, its scenarios included, as plain data."""
        return {
            "schema": SCHEMA_VERSION,
            "name": self.name,
            "scenarios": [{"name": s.name, **s.to_mapping()} for s in self.scenarios],
            "factors": [asdict(factor) for factor in self.factors],
            "sampler": asdict(self.sampler),
            "replicates": self.replicates,
            "seed": self.seed,
            "until": self.until,
            "keep": list(self.keep),
            "by": self.by,
            "batch": self.batch,
        }

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Experiment:
        """Return the experiment that ``to_mapping`` told, also after it has been through JSON."""
        scenarios = []
        for row in data["scenarios"]:
            content = dict(row)
            name = content.pop("name")
            scenarios.append(Scenario.from_mapping(content, name=name))
        sampler = dict(data["sampler"])
        if sampler["table"] is not None:
            names, rows = sampler["table"]
            sampler["table"] = (tuple(names), tuple(tuple(row) for row in rows))
        return cls(
            name=data["name"],
            scenarios=tuple(scenarios),
            factors=tuple(_factor(row) for row in data["factors"]),
            sampler=Sampler(**sampler),
            replicates=data["replicates"],
            seed=data["seed"],
            until=data["until"],
            keep=tuple(data["keep"]),
            by=data["by"],
            batch=data["batch"],
        )


def _factor(row: Mapping[str, Any]) -> Factor:
    given = dict(row)
    told = given.pop("distribution")
    added = given.pop("intervention")
    if added is not None:
        added = Intervention(**{**added, "territories": tuple(added["territories"])})
    readings = tuple(
        Reading(one["name"], tuple((name, (*limits,)) for name, limits in one["ranges"]))
        for one in given.pop("readings")
    )
    return Factor(
        **{**given, "scenarios": tuple(given["scenarios"])},
        readings=readings,
        distribution=Distribution(told["kind"], tuple(told["numbers"])),
        intervention=added,
    )
