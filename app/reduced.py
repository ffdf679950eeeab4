"""What the screens need of a result: yearly tables of a few thousand numbers, instead of all arrays.

The same function reduces one run of the live engine and a whole result of ``simulator.compare``, so that a
number on the screen is the number of the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import xarray as xr

from app.charts.route import ARROWS, Arrow, states_of
from simulator.outcomes.effects import BREAKDOWNS, by_group
from simulator.outcomes.indicators import AFTER, national, ratio, yearly
from simulator.outcomes.scorecard import measure
from simulator.outcomes.spending import added_money, constant
from simulator.outcomes.years import by_year
from simulator.policy.national import MEASURES

NOT_NEEDED: Final = (
    *("move", "moved_in", "moved_out", "institution_factor", "incremental_by_quarter"),
    *("stock_by_age_band", "flow_by_age_band", "stock_by_form", "flow_by_form"),
)
"""Variables of a run that no screen reads; to leave them out saves a third of the time."""

REGISTERED: Final = ("registered_police_children", "registered_prosecutor_children")
"""Series by territory of which a year is the sum of its months: what registers show."""

PLACES: Final = ("specialised_places", "specialised_occupied", "general_places", "general_occupied")
UPES: Final = ("upe_units", "upe_capacity", "upe_waiting", "waiting_for_place")
SERVICES: Final = (*PLACES, *UPES)
"""Series by territory of which a year is the mean of its months."""


def reduce(dataset: xr.Dataset) -> xr.Dataset:
    """Return the yearly tables of a result; dims scenario, draw and replicate stay.

    Returns
    -------
    dataset with

    ``country`` [..., indicator, year]
        yearly indicators of the country
    ``policy`` [..., measure, year]
        indicators of the 2030 policy
    ``flow`` [..., year, from_state, to_state]
        children who passed from state to state in the year
    ``month_stock`` [..., when, state], ``month_flow`` [..., when, arrow]
        children at the end of each month, such as ``2030-12``, and who passed in it along each of
        ``charts.route.ARROWS``
    ``month_account`` [..., when, entry, state]
        how many came into each state in the month, left it, and turned 18 in it: ``in``, ``out``, ``aged``
    ``group_sex``, ``group_area``, ``group_language``, ``group_migrant`` [..., group_indicator, year, group]
        yearly indicators of groups of children
    ``place`` [..., place_indicator, year, territory]
        yearly indicators of territories, series of services and registers
    ``line_money`` [..., budget_stage, line, year], ``payer_money`` [..., budget_stage, payer, year]
        incremental money in soles of each year
    ``unspent`` [..., unspent_reason, line, year]
        returned money in soles
    ``line_capacity``, ``line_coverage`` [..., line, year]
        units in use in the country; share of its need covered, no value where nothing is needed
    ``line_need`` [..., line, territory]
        whom or what each line serves
    ``added_money`` [..., year]
        constant soles of the base year that the scenario adds
    ``price_level`` [..., year]
    """
    both = national(dataset)
    indicators = yearly(dataset)
    out: dict[str, xr.DataArray] = {
        "country": indicators.to_dataarray("indicator"),
        "policy": xr.Dataset(
            {name: measure(dataset, name).reset_coords(drop=True) for name in MEASURES}
        ).to_dataarray("measure"),
        "flow": by_year(both["flow"]),
        "month_stock": _by_month(both["stock"]),
        "month_flow": _by_month(xr.concat([_along(arrow, both["flow"]) for arrow in ARROWS], "arrow")),
        "month_account": _by_month(_account(both["flow"], both["stock"]["state"])),
        "place": _places(dataset),
    }
    for by in BREAKDOWNS:
        out[f"group_{by}"] = by_group(dataset, by).to_dataarray("group_indicator")
    money, need = dataset["incremental_budget"], dataset["line_need"]
    out |= {
        "line_money": money.sum(("payer", "territory")),
        "payer_money": money.sum(("line", "territory")),
        "unspent": dataset["incremental_unspent"].sum("territory"),
        "line_capacity": dataset["line_capacity"].sum("territory"),
        "line_coverage": ratio((dataset["line_coverage"] * need).sum("territory"), need.sum("territory")),
        "line_need": need,
        "added_money": constant(added_money(dataset), dataset),
        "price_level": dataset["price_level"],
    }
    reduced = xr.Dataset({name: array.reset_coords(drop=True) for name, array in out.items()})
    return reduced.astype(np.float64)


def _along(arrow: Arrow, flow: xr.DataArray) -> xr.DataArray:
    moved = flow.sel(from_state=states_of(arrow.source), to_state=states_of(arrow.target))
    return moved.sum(("from_state", "to_state"))


def _account(flow: xr.DataArray, states: xr.DataArray) -> xr.DataArray:
    names = [str(name) for name in states.values]
    entries = {
        "in": flow.sum("from_state").rename(to_state="state"),
        "out": flow.sum("to_state").rename(from_state="state"),
        "aged": flow.sel(to_state="ADULT", drop=True).rename(from_state="state"),
    }
    tables = [entry.sel(state=names).assign_coords(entry=name) for name, entry in entries.items()]
    return xr.concat(tables, "entry", coords="minimal", compat="override")


def _by_month(series: xr.DataArray) -> xr.DataArray:
    return series.assign_coords(month=series["month"].dt.strftime("%Y-%m")).rename(month="when")


def _places(dataset: xr.Dataset) -> xr.DataArray:
    """Return yearly indicators of every territory, where the children are."""
    flow = dataset["flow"].sum("area")

    def moved(sources: list[str], targets: list[str]) -> xr.DataArray:
        return flow.sel(from_state=sources, to_state=targets).sum(("from_state", "to_state"))

    sums = {
        "first_entries": moved(["HOME"], ["EXPLOITED"]),
        "returns": moved(list(AFTER), ["EXPLOITED"]),
        "identified": moved(["EXPLOITED"], ["IDENTIFIED"]),
        "protected": moved(["IDENTIFIED"], ["PROTECTED"]),
        "specialised_entries": moved(["PROTECTED"], ["SPECIALISED_SHELTER"]),
        "completed": moved(["FOLLOW_UP"], ["REINTEGRATED"]),
        **{name: dataset[name] for name in REGISTERED},
    }
    means = {name: dataset[name] for name in SERVICES}
    return xr.concat(
        [by_year(_stacked(sums), "sum"), by_year(_stacked(means), "mean")], "place_indicator", join="exact"
    )


def _stacked(series: Mapping[str, xr.DataArray]) -> xr.DataArray:
    tables = xr.Dataset({name: array.reset_coords(drop=True) for name, array in series.items()})
    return tables.to_dataarray("place_indicator")
