"""What a scenario changes beside another: better or worse, for whom, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.outcomes import indicators
from simulator.outcomes.counted import ENOUGH, Counted, counted
from simulator.outcomes.indicators import Interval, difference, moved, ratio, summarise
from simulator.outcomes.spending import added_money, constant
from simulator.outcomes.years import by_year
from simulator.policy.prices import BASE_YEAR

GOOD: Final = {
    "first_entries": -1,
    "returns": -1,
    "child_months": -1,
    "aged_out": -1,
    "identified": 0,
    "assisted_share": 1,
    "lost_share": -1,
    "specialised_entries": 1,
    "in_care": 1,
    "completed": 1,
    "completed_share": 1,
}
"""Indicators that a trade-off looks at: 1 where more is better for children, -1 where less is.

More children identified is neither by itself: it is better only together with what follows, and fewer are
identified where fewer are exploited.
"""

FOLLOW_NEED: Final = ("specialised_entries", "in_care", "completed")
"""Counts that fall too where fewer children need them: a fall is worse only if need did not fall."""

VERDICTS: Final = ("better", "worse", "changed", "open", "few")

BREAKDOWNS: Final = ("sex", "area", "language", "migrant")

BY_GROUP: Final = ("first_entries", "returns", "identified", "protected", "specialised_entries", "completed")
"""Flows that are told by group of children."""

EFFECTS: Final = {"child_months": -1, "completed": 1, "returns": -1}
"""Effects with a cost: child-months of exploitation averted, children reintegrated, returns avoided."""


@dataclass(frozen=True)
class Change:
    """How an indicator of a scenario differs from the comparator's over some years.

    Attributes
    ----------
    change : scenario less comparator, a year
    verdict : of ``VERDICTS``: where the 90% interval lies on one side of zero, ``better`` or ``worse`` for
        children, or ``changed``; else ``open``; ``few`` where the runs are not ``ENOUGH`` to tell
    better : in how many runs the change is better for children, or is a rise where that is neither
    """

    scenario: str
    indicator: str
    change: Interval
    verdict: str
    better: Counted


def tradeoffs(dataset: xr.Dataset, comparator: str, years: Sequence[int]) -> list[Change]:
    """Return what each scenario makes better and worse than the comparator, a year on average."""
    table = indicators.yearly(dataset)[list(GOOD)].sel(year=list(years)).mean("year")
    out = []
    for name in (str(n) for n in dataset["scenario"].values if str(n) != comparator):
        change = difference(table, name, comparator)
        spreads = {indicator: summarise(change[indicator]) for indicator in GOOD}
        fewer_in_need = all(spreads[key].high < 0.0 for key in ("child_months", "identified"))
        for indicator, sign in GOOD.items():
            told = verdict(spreads[indicator], sign)
            if told == "worse" and fewer_in_need and indicator in FOLLOW_NEED:
                told = "changed"
            runs = change[indicator].values[change[indicator].notnull().values]
            out.append(Change(name, indicator, spreads[indicator], told, counted((sign or 1) * runs > 0.0)))
    return out


def verdict(change: Interval, sign: int) -> str:
    """Return what a change means for children: of ``VERDICTS``; ``sign`` is that of ``GOOD``."""
    if change.runs < ENOUGH:
        return "few"
    if change.low <= 0.0 <= change.high:
        return "open"
    if sign == 0:
        return "changed"
    return "better" if sign * change.median > 0.0 else "worse"


def by_group(dataset: xr.Dataset, by: str, *, yearly: bool = True) -> xr.Dataset:
    """Return indicators by group, the whole country: [scenario, draw, replicate, year, group].

    Parameters
    ----------
    by : of ``BREAKDOWNS``, or ``form`` or ``age_band``
    yearly : by calendar year; else by month
    """
    if by == "area":
        stock, flow = dataset["stock"].sum("territory"), dataset["flow"].sum("territory")
    else:
        stock, flow = dataset[f"stock_by_{by}"], dataset[f"flow_by_{by}"]

    def over_time(monthly: xr.DataArray) -> xr.DataArray:
        return by_year(monthly) if yearly else monthly

    monthly = xr.Dataset(
        {
            **{name: moved(flow, name) for name in BY_GROUP},
            "child_months": stock.sel(state="EXPLOITED", drop=True),
        }
    )
    told = over_time(monthly.to_dataarray("indicator")).to_dataset("indicator")
    return told.assign(assisted_share=ratio(told["protected"], told["identified"]))


@dataclass(frozen=True)
class CostOfEffect:
    """What a scenario adds in money and what it gains, paired by run.

    Attributes
    ----------
    effect : of ``EFFECTS``; a gain is positive
    money, gained : present values in the base year, of constant soles and of effects
    ratio : soles for one; ``None`` where ``reason`` says why it has no meaning
    points : [run, 2] money and gain of each run: the cost-effect plane
    """

    effect: str
    money: Interval
    gained: Interval
    ratio: Interval | None
    points: NDArray[np.float64]

    @property
    def reason(self) -> str | None:
        """Why there is no ratio: one run only, a gain that may be none, a loss, or runs without a gain."""
        if self.ratio is not None:
            return None
        if self.gained.runs < 2:
            return "single"
        if self.gained.high < 0.0:
            return "loss"
        return "zero" if self.gained.low <= 0.0 else "some"

    def plane(self) -> dict[str, Counted]:
        """Return how many runs lie in each part of the cost-effect plane."""
        more, gain = self.points[:, 0] > 0.0, self.points[:, 1] > 0.0
        return {
            "dearer_better": counted(more & gain),
            "dearer_worse": counted(more & ~gain),
            "cheaper_better": counted(~more & gain),
            "cheaper_worse": counted(~more & ~gain),
        }

    def worth(self, price: float) -> Counted:
        """Return in how many runs what is gained, at a price in soles, is worth the money."""
        return counted(self.points[:, 1] * price >= self.points[:, 0])

    def gains(self) -> Counted:
        """Return in how many runs something is gained."""
        return counted(self.points[:, 1] > 0.0)


def cost_of_effect(
    dataset: xr.Dataset,
    scenario: str,
    comparator: str,
    effect: str = "child_months",
    *,
    until: int | None = None,
    rate: float = 0.0,
) -> CostOfEffect:
    """Return money added and what is gained of one effect, scenario less comparator.

    Parameters
    ----------
    until : last year that counts, by default the run's: ratios compare only at one horizon
    rate : yearly discount rate, of money and of effects alike
    """
    money = constant(added_money(dataset), dataset)
    values = indicators.yearly(dataset)[effect]
    return cost_of_change(effect, money, values, scenario, comparator, until=until, rate=rate)


def cost_of_change(
    effect: str,
    added: xr.DataArray,
    values: xr.DataArray,
    scenario: str,
    comparator: str,
    *,
    until: int | None = None,
    rate: float = 0.0,
) -> CostOfEffect:
    """Return the same of yearly tables that are there already; see ``cost_of_effect``.

    Parameters
    ----------
    added : [scenario, ..., year] constant soles that scenarios add; values : the indicator
    """
    weight = (1.0 + rate) ** (BASE_YEAR - added["year"].sel(year=slice(None, until)))
    money = (added.sel(year=slice(None, until)) * weight).sum("year")
    more = money.sel(scenario=scenario, drop=True) - money.sel(scenario=comparator, drop=True)
    change = values.sel(scenario=scenario, drop=True) - values.sel(scenario=comparator, drop=True)
    gained = EFFECTS[effect] * (change.sel(year=slice(None, until)) * weight).sum("year")
    spread = summarise(gained)
    points = np.stack([np.asarray(x, float).ravel() for x in xr.broadcast(more, gained)], axis=1)
    # A ratio over runs of both signs has no meaning: then the plane tells.
    told = spread.runs > 1 and spread.low > 0.0 and bool((points[:, 1] > 0.0).all())
    return CostOfEffect(effect, summarise(more), spread, summarise(more / gained) if told else None, points)
