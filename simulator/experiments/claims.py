"""Claims of scenarios, checked by running them: what a description says, the model must show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.schema import Scenario, load_scenario
from simulator.engine.states import START_YEAR
from simulator.experiments.ensemble import compare
from simulator.outcomes.indicators import Interval, difference, summarise, yearly

if TYPE_CHECKING:
    import xarray as xr

    from scenarios.programmes import Claim

SURE: Final = 0.9
"""Share of the runs in which a claim must be true; chance and parameters differ between them."""

SMALL: Final = 0.02
"""Share of the comparator's value up to which two values are called similar."""

TOGETHER: Final = 6
"""Scenarios run at a time: their results are in memory together."""


@dataclass(frozen=True)
class Checked:
    """A claim beside what runs show.

    Attributes
    ----------
    scenario : whose claim it is
    change : scenario less the other, of the mean of the claim's years
    share : of the runs in which the claim is true
    """

    scenario: str
    claim: Claim
    change: Interval
    share: float

    @property
    def holds(self) -> bool:
        """Whether enough runs show it."""
        return self.share >= SURE


def check_claims(
    scenarios: Sequence[str | Scenario],
    *,
    seed: int = 0,
    draws: int = 8,
    replicates: int = 1,
    threads: int | None = None,
    scale: float = 1.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Checked]:
    """Run scenarios and those they are compared with; return every claim beside what the runs show.

    Parameters
    ----------
    scenarios : names of the library, paths, or loaded; those without claims cost nothing
    draws, replicates, seed, threads, scale : see ``compare``
    progress : called with (done, total, label)
    """
    loaded = [s if isinstance(s, Scenario) else load_scenario(s) for s in scenarios]
    groups = list(_groups([s for s in loaded if s.claims]))
    out = []
    for number, group in enumerate(groups):
        if progress is not None:
            progress(number, len(groups), "run")
        others = dict.fromkeys(claim.than for s in group for claim in s.claims)
        own = {s.name: s for s in group}
        dataset = compare(
            ["baseline", *own.values(), *(load_scenario(n) for n in others if n not in {*own, "baseline"})],
            until=12 * (max(c.to_year for s in group for c in s.claims) - START_YEAR) + 11,
            seed=seed,
            draws=draws,
            replicates=replicates,
            threads=threads,
            scale=scale,
        )
        table = yearly(dataset)
        out += [checked(table, s.name, claim) for s in group for claim in s.claims]
    return sorted(out, key=lambda one: [s.name for s in loaded].index(one.scenario))


def _groups(scenarios: Sequence[Scenario]) -> Iterator[list[Scenario]]:
    """Yield scenarios whose claims end in the same year, a few at a time."""
    last = {s.name: max(claim.to_year for claim in s.claims) for s in scenarios}
    for year in sorted(set(last.values())):
        these = [s for s in scenarios if last[s.name] == year]
        for start in range(0, len(these), TOGETHER):
            yield these[start : start + TOGETHER]


def checked(table: xr.Dataset, scenario: str, claim: Claim) -> Checked:
    """Return a claim beside the yearly indicators of a result that holds both scenarios."""
    years = table[[claim.measure]].sel(year=slice(claim.from_year, claim.to_year)).mean("year")
    change = difference(years, scenario, claim.than)[claim.measure]
    other = years[claim.measure].sel(scenario=claim.than, drop=True)
    true = {
        "higher": change > 0.0,
        "lower": change < 0.0,
        "similar": np.abs(change) <= SMALL * np.abs(other),
    }[claim.direction]
    return Checked(scenario, claim, summarise(change), float(true.mean()))
