"""Outputs: what a sweep keeps of every run, by year, of the country, of territories, or of places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.outcomes.dataset import DIMS, descriptions
from simulator.outcomes.indicators import yearly
from simulator.outcomes.record import SERIES
from simulator.outcomes.scorecard import measure
from simulator.outcomes.spending import added_money, constant
from simulator.policy.national import MEASURES, indicators
from simulator.texts import LANGUAGES, t

if TYPE_CHECKING:
    from simulator.experiments.ensemble import Arrays

SCORE: Final = "score_"
"""What the name of a measure of the 2030 policy begins with."""

SPENT: Final = "spent"
BY_PLACE: Final = (
    *("first_entries", "incidence", "returns", "exploited", "exploited_per_1000", "child_months", "aged_out"),
    *("identified", "protected", "lost_before_protection", "specialised_entries", "general_entries"),
    *("family_care_entries", "in_care", "completed", "assisted_share", "lost_share"),
)
"""Indicators that every place has."""

OF_COUNTRY: Final = ("reintegration_started", "completed_share", SPENT)
DEFAULT: Final = (*BY_PLACE, *OF_COUNTRY, f"{SCORE}whole_year")

SUMS_OVER: Final = {"country": ("territory", "area"), "territory": ("area",), "place": ()}
DIMS_OF: Final = {"country": (), "territory": ("territory",), "place": ("territory", "area")}
"""Dimensions of an output before the year."""

MONTHLY: Final = " per month"
SUMMABLE: Final = ("children", "places", "cases", "persons", "units")
"""Units of series that can be added up over the country."""

UNITS: Final = {
    "incidence": "children per 1,000 a year",
    "exploited": "children",
    "exploited_per_1000": "children per 1,000",
    "child_months": "child-months",
    "in_care": "children",
    SPENT: "soles of 2025",
}
"""Units of indicators; shares have none, and the others count children of a year."""


@cache
def series() -> tuple[str, ...]:
    """Return the monthly series that can be added up over the country."""
    return tuple(n for n in SERIES if descriptions()[n]["units"].removesuffix(MONTHLY) in SUMMABLE)


@cache
def names_of(by: str) -> tuple[str, ...]:
    """Return the names of outputs that can be kept by ``country``, ``territory`` or ``place``."""
    if by == "place":
        return BY_PLACE
    own = [name for name in series() if name not in (*BY_PLACE, *OF_COUNTRY)]
    if by == "territory":
        return (*BY_PLACE, *own)
    return (*BY_PLACE, *OF_COUNTRY, *(f"{SCORE}{name}" for name in MEASURES), *own)


def attributes_of(name: str) -> dict[str, str]:
    """Return ``units``, ``long_name`` (English) and ``long_name_es`` of an output."""
    if name.startswith(SCORE):
        one = next(one for one in indicators().values() if one.measure == name.removeprefix(SCORE))
        unit = "1" if one.unit == "share" else "per year"
        return _attributes(unit, {lang: f"{one.code} {one.label[lang]}" for lang in LANGUAGES})
    if name in (*BY_PLACE, *OF_COUNTRY):
        key = "sweep.output.spent" if name == SPENT else f"indicator.{name}"
        unit = "1" if name.endswith("_share") else UNITS.get(name, "children per year")
        return _attributes(unit, {lang: t(key, lang) for lang in LANGUAGES})
    text = descriptions()[name]
    how = "sum" if _is_flow(name) else "mean"
    told = {lang: t(f"sweep.output.{how}", lang, what=text[lang]) for lang in LANGUAGES}
    return _attributes(text["units"].removesuffix(MONTHLY), told)


def _attributes(unit: str, told: Mapping[str, str]) -> dict[str, str]:
    return {"units": unit, "long_name": told["en"], "long_name_es": told["es"]}


def _is_flow(name: str) -> bool:
    """Return whether a series counts what happens in a month, so that a year is a sum and not a mean."""
    return descriptions()[name]["units"].endswith(MONTHLY)


def reduced(
    arrays: Arrays, coords: Mapping[str, Any], keep: Sequence[str], by: str
) -> dict[str, NDArray[np.float64]]:
    """Return what is kept of one run, [place dimensions..., year] each.

    Parameters
    ----------
    arrays : of the run, as ``Comparator`` gives them
    coords : ``outcomes.dataset.coordinates`` of its months
    keep : names of outputs
    by : ``country``, ``territory`` or ``place``
    """
    dims = {dim for name in arrays for dim in DIMS[name]}
    kept = {
        name: value
        for name, value in coords.items()
        if (value[0] if isinstance(value, tuple) else name) in dims
    }
    dataset = xr.Dataset({name: (DIMS[name], array) for name, array in arrays.items()}, coords=kept)
    found: dict[str, xr.DataArray] = {}
    if any(name in BY_PLACE or name in OF_COUNTRY[:2] for name in keep):
        table = yearly(dataset, SUMS_OVER[by])
        found = {str(name): array for name, array in table.data_vars.items()}
    if SPENT in keep:
        found[SPENT] = constant(added_money(dataset), dataset)
    for name in keep:
        if name.startswith(SCORE):
            found[name] = measure(dataset, name.removeprefix(SCORE)).reindex(year=dataset["year"])
        elif name not in found:
            monthly = dataset[name] if by == "territory" else dataset[name].sum("territory")
            grouped = monthly.groupby("month.year")
            found[name] = grouped.sum("month") if _is_flow(name) else grouped.mean("month")
    order = (*DIMS_OF[by], "year")
    return {name: np.asarray(found[name].transpose(*order), np.float64) for name in keep}
