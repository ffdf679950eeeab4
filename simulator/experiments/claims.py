"""Claims of scenarios, checked by running them: what a description says, the model must show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.schema import Scenario, load_scenario, overlaid
from simulator.engine.states import START_YEAR
from simulator.experiments.design import DrawsFrom
from simulator.experiments.ensemble import compare
from simulator.outcomes.counted import counted
from simulator.outcomes.indicators import Interval, difference, summarise, yearly

if TYPE_CHECKING:
    import xarray as xr

    from scenarios.programmes import Claim

SURE: Final = 0.9
"""Share of the runs in which a claim must be true; chance and parameters differ between them."""

SMALL: Final = 0.02
"""Share of the comparator's value up to which two values are called similar."""

MOSTLY: Final = 0.5
"""Share of a change that must be gone without a line, for the change to be mostly by that line."""

TOGETHER: Final = 16
"""Scenarios run at a time: their results are in memory together."""

READ: Final = ("stock", "flow", "reintegration_started")
"""Variables of a result that the yearly indicators read."""


@dataclass(frozen=True)
class Checked:
    """A claim beside what runs show.

    Attributes
    ----------
    scenario : whose claim it is
    changes : scenario less the other, of the mean of the claim's years, run by run
    true : of each run, whether it shows the claim
    """

    scenario: str
    claim: Claim
    changes: tuple[float, ...]
    true: tuple[bool, ...]

    @property
    def change(self) -> Interval:
        """The change over the runs."""
        return summarise(np.array(self.changes))

    @property
    def share(self) -> float:
        """Share of the runs in which the claim is true."""
        return sum(self.true) / len(self.true)

    @property
    def bounds(self) -> tuple[float, float]:
        """The 90% interval of that share over further runs."""
        return counted(self.true).bounds

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
    own = {s.name: s for s in loaded}
    found: dict[str, dict[Claim, Checked]] = {}
    for number, (year, under, claims) in enumerate(groups):
        if progress is not None:
            progress(number, len(groups), "run")
        runs: dict[str, Scenario] = {}
        for scenario, claim in claims:
            for name in (scenario.name, claim.than):
                runs.setdefault(name, compared(own.get(name, name), under))
            if claim.mostly_by is not None:
                without = without_line(runs[scenario.name], claim.mostly_by)
                runs.setdefault(without.name, without)
        dataset = compare(
            list(runs.values()),
            until=12 * (year - START_YEAR) + 11,
            seed=seed,
            draws=draws,
            draws_from=draws_from,
            replicates=replicates,
            threads=threads,
            scale=scale,
            variables=READ,
        )
        table = yearly(dataset)
        for scenario, claim in claims:
            found.setdefault(scenario.name, {})[claim] = checked(table, scenario.name, claim)
    return [found[s.name][claim] for s in loaded for claim in s.claims]


def compared(scenario: str | Scenario, overlay: str | None) -> Scenario:
    """Return a scenario as it is run for a claim: an overlay laid over it, under its own name."""
    plain = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    return plain if overlay is None else replace(overlaid(plain, overlay), name=plain.name)


def without_line(scenario: Scenario, line: str) -> Scenario:
    """Return a scenario that spends the same, and in which one budget line brings about nothing."""
    programmes = tuple(replace(one, muted=(*one.muted, line)) for one in scenario.programmes)
    return replace(scenario, programmes=programmes, name=f"{scenario.name} without {line}")


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
    """Return a claim beside the yearly indicators of a result that holds every scenario it speaks of."""
    years = table[[claim.measure]].sel(year=slice(claim.from_year, claim.to_year)).mean("year")
    change = difference(years, scenario, claim.than)[claim.measure]
    other = years[claim.measure].sel(scenario=claim.than, drop=True)
    if claim.direction == "similar":
        true = abs(change) <= SMALL * abs(other)
    else:
        true = change > 0.0 if claim.direction == "higher" else change < 0.0
    if claim.mostly_by is not None:
        by_line = difference(years, scenario, f"{scenario} without {claim.mostly_by}")[claim.measure]
        # True only where the whole changes, and then the line's part has the sign of the whole.
        true &= by_line / change.where(change != 0.0) > MOSTLY
    return Checked(
        scenario, claim, tuple(change.values.ravel().tolist()), tuple(true.values.ravel().tolist())
    )
