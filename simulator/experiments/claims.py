"""Claims of scenarios, checked by running them: what a description says, the model must show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from scenarios.schema import Scenario, load_scenario, overlaid
from simulator.engine.states import START_YEAR
from simulator.experiments.design import DrawsFrom
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
    draws_from: DrawsFrom = "posterior",
    replicates: int = 1,
    threads: int | None = None,
    scale: float = 1.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Checked]:
    """Run scenarios and those they are compared with; return every claim beside what the runs show.

    Parameters
    ----------
    scenarios : names of the library, paths, or loaded; those without claims cost nothing
    draws, draws_from, replicates, seed, threads, scale : see ``compare``
    progress : called with (done, total, label)
    """
    loaded = [s if isinstance(s, Scenario) else load_scenario(s) for s in scenarios]
    groups = list(_groups([s for s in loaded if s.claims]))
    out = []
    for number, (year, under, claims) in enumerate(groups):
        if progress is not None:
            progress(number, len(groups), "run")
        names = dict.fromkeys(name for s, claim in claims for name in (s.name, claim.than))
        own = {s.name: s for s in loaded}
        dataset = compare(
            [_under(own.get(name, name), under) for name in names],
            until=12 * (year - START_YEAR) + 11,
            seed=seed,
            draws=draws,
            draws_from=draws_from,
            replicates=replicates,
            threads=threads,
            scale=scale,
        )
        table = yearly(dataset)
        out += [checked(table, s.name, claim) for s, claim in claims]
    return sorted(out, key=lambda one: [s.name for s in loaded].index(one.scenario))


def _under(scenario: str | Scenario, overlay: str | None) -> Scenario:
    """Return a scenario with an overlay laid over it, under its own name."""
    plain = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    return plain if overlay is None else replace(overlaid(plain, overlay), name=plain.name)


def _groups(scenarios: Sequence[Scenario]) -> Iterator[tuple[int, str | None, list[tuple[Scenario, Claim]]]]:
    """Yield last year, overlay and claims of a few scenarios of the same horizon at a time."""
    by_run: dict[tuple[int, str], list[tuple[Scenario, Claim]]] = {}
    for scenario in scenarios:
        for claim in scenario.claims:
            by_run.setdefault((scenario.until_ti, claim.under or ""), []).append((scenario, claim))
    for (_, under), claims in sorted(by_run.items(), key=lambda item: item[0]):
        names = list(dict.fromkeys(s.name for s, _ in claims))
        for start in range(0, len(names), TOGETHER):
            chosen = [one for one in claims if one[0].name in names[start : start + TOGETHER]]
            yield max(claim.to_year for _, claim in chosen), under or None, chosen


def checked(table: xr.Dataset, scenario: str, claim: Claim) -> Checked:
    """Return a claim beside the yearly indicators of a result that holds both scenarios."""
    years = table[[claim.measure]].sel(year=slice(claim.from_year, claim.to_year)).mean("year")
    change = difference(years, scenario, claim.than)[claim.measure]
    other = years[claim.measure].sel(scenario=claim.than, drop=True)
    if claim.direction == "similar":
        true = abs(change) <= SMALL * abs(other)
    else:
        true = change > 0.0 if claim.direction == "higher" else change < 0.0
    return Checked(scenario, claim, summarise(change), float(true.mean()))
