"""A plan: an experiment with its design and its batches; it is laid down once, and every process reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.schema import Scenario
from simulator.engine.states import N_PLACES, N_TERRITORIES, REPORT_FROM
from simulator.experiments.code import TOLD, code_hash
from simulator.experiments.ensemble import Study
from simulator.experiments.sweep.experiment import Experiment
from simulator.experiments.sweep.samplers import design
from simulator.outcomes.accounts import years_of
from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

BATCHES: Final = 100
"""Batches that are aimed at: enough for any number of workers, few enough files (one a batch and output)."""

LARGEST_BATCH: Final = 1 << 26
"""Bytes of results that a batch may hold in memory while it is written."""

PLACES_OF: Final = {"country": 1, "territory": N_TERRITORIES, "place": N_PLACES}


@dataclass(frozen=True)
class Batch:
    """Runs that are written together: all scenarios of some draws and replicates.

    Attributes
    ----------
    number : from 0
    draws, replicates : ranges, which together are one chunk of every output
    """

    number: int
    draws: range
    replicates: range

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Return every (draw, replicate), replicates of a draw side by side."""
        return [(draw, replicate) for draw in self.draws for replicate in self.replicates]


@dataclass(frozen=True)
class Plan:
    """What a store is laid out for.

    Attributes
    ----------
    values : [draw, factor] in each factor's unit
    unit : [draw, factor] probabilities of the values, missing where sets are drawn as a whole
    rejected : share of parameter sets that were drawn and found implausible
    data_hash, population_hash, code_hash : of the evidence, of the children built from it, of the code
    scale : share of the country; anything but 1 is for tests
    """

    experiment: Experiment
    values: Floats
    unit: Floats
    rejected: float
    data_hash: str
    population_hash: str
    code_hash: str
    code_version: str
    scale: float = 1.0

    @classmethod
    def of(cls, experiment: Experiment, ledger: Ledger, population: Population) -> Plan:
        """Work out the design of an experiment."""
        values, unit, rejected = design(experiment, ledger, population)
        return cls(
            experiment=experiment,
            values=values,
            unit=unit,
            rejected=rejected,
            data_hash=ledger.hash,
            population_hash=population.digest,
            code_hash=code_hash(*TOLD),
            code_version=__version__,
            scale=population.scale,
        )

    @property
    def draws(self) -> int:
        """Return how many draws there are."""
        return int(self.values.shape[0])

    @property
    def years(self) -> list[int]:
        """Return the years that are kept."""
        return years_of(REPORT_FROM, self.experiment.until + 1)

    @property
    def chunk(self) -> tuple[int, int]:
        """Return how many draws and replicates a batch holds."""
        experiment = self.experiment
        pairs = self.draws * experiment.replicates
        cells = len(experiment.scenarios) * len(experiment.keep) * PLACES_OF[experiment.by] * len(self.years)
        fits = max(LARGEST_BATCH // (8 * cells), 1)
        asked = experiment.batch and max(experiment.batch // len(experiment.scenarios), 1)
        size = min(asked or -(-pairs // BATCHES), fits)
        if size < experiment.replicates:
            return 1, size
        return min(size // experiment.replicates, self.draws), experiment.replicates

    @property
    def batches(self) -> list[Batch]:
        """Return all batches, in the order of draws, then replicates."""
        wide, deep = self.chunk
        n = self.experiment.replicates
        spans = [
            (range(d, min(d + wide, self.draws)), range(r, min(r + deep, n)))
            for d in range(0, self.draws, wide)
            for r in range(0, n, deep)
        ]
        return [Batch(number, draws, replicates) for number, (draws, replicates) in enumerate(spans)]

    @property
    def runs(self) -> int:
        """Return how many runs there are in all."""
        return self.draws * self.experiment.replicates * len(self.experiment.scenarios)

    @property
    def hash(self) -> str:
        """SHA-256 of everything that decides results: two plans of one hash have the same bytes."""
        text = sha256(self.experiment.hash.encode())
        for part in (self.data_hash, self.population_hash, self.code_hash, self.code_version):
            text.update(part.encode())
        text.update(self.values.tobytes())
        return text.hexdigest()

    def study(self, draw: int, central: Mapping[str, float]) -> Study:
        """Return the scenarios and the parameter values of one draw."""
        experiment = self.experiment
        told = dict(zip((f.name for f in experiment.factors), self.values[draw].tolist(), strict=True))
        values = dict(central)
        scenarios = list(experiment.scenarios)
        for factor in experiment.factors:
            if factor.kind == "structure":
                reading = factor.readings[int(told[factor.name])]
                values |= {name: middle for name, (_, middle, _) in reading.ranges}
            elif factor.kind == "parameter":
                values[factor.name] = told[factor.name]
            else:
                scenarios = [factor.applied(scenario, told[factor.name]) for scenario in scenarios]
        return Study(tuple(scenarios), (values,), experiment.seed, REPORT_FROM, experiment.until)

    def run_hash(self, scenario: Scenario, values: Mapping[str, float], replicate: int) -> str:
        """Return sixteen characters that two runs share only if they have the same results."""
        about = (
            *(self.data_hash, self.population_hash, self.code_hash, scenario.hash),
            *(sorted(values.items()), self.experiment.seed, replicate, self.experiment.until),
        )
        return sha256(json.dumps(about).encode()).hexdigest()[:16]

    def to_mapping(self) -> dict[str, Any]:
        """Return the plan without its design, which stands in the store as numbers."""
        return {
            "experiment": self.experiment.to_mapping(),
            "experiment_hash": self.experiment.hash,
            "rejected": self.rejected,
            "data_hash": self.data_hash,
            "population_hash": self.population_hash,
            "code_hash": self.code_hash,
            "code_version": self.code_version,
            "scale": self.scale,
        }

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], values: Floats, unit: Floats) -> Plan:
        """Return the plan that ``to_mapping`` told."""
        told = {key: item for key, item in data.items() if key not in ("experiment", "experiment_hash")}
        return cls(experiment=Experiment.from_mapping(data["experiment"]), values=values, unit=unit, **told)
