"""Do the levels of a run hold together with what the sources say? Bands are data (``levels.csv``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import xarray as xr

from simulator.outcomes.indicators import AFTER, CHILD_STATES, Interval, national, summarise

FIRST_YEAR, LAST_YEAR = "2017", "2023"
"""Years over which levels are averaged, unless a row says otherwise."""

READ: Final = (
    *("stock", "flow", "stock_by_form", "flow_by_form", "flow_by_sex", "upe_opened", "judge_opened"),
    *("specialised_residents", "specialised_planned"),
)
"""Variables of a result that levels are read from."""

PATHWAY: Final = ("PROTECTED", "SPECIALISED_SHELTER", "FOLLOW_UP")


@dataclass(frozen=True)
class Level:
    """One level of a run beside the band in which a believable run shows it.

    Attributes
    ----------
    value : of the first draw, the central set; low, high : the band
    draws : median and interval over all draws
    """

    name: str
    value: float
    draws: Interval
    low: float
    high: float
    unit: str
    source: str

    @property
    def holds(self) -> bool:
        """Whether the value lies in its band."""
        return self.low <= self.value <= self.high


@cache
def bands() -> tuple[dict[str, str], ...]:
    """Return the rows of ``levels.csv``: name, low, high, unit, source, note."""
    text = files(__package__).joinpath("levels.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _share(part: xr.DataArray, whole: xr.DataArray) -> float:
    return float(part) / float(whole) if float(whole) else float("nan")


def measure(dataset: xr.Dataset, draw: int = 0) -> dict[str, float]:
    """Return the levels of the first scenario and first replicate of a result, in one draw."""
    one = dataset.isel(scenario=0, draw=draw, replicate=0)
    both = national(one).sel(month=slice(FIRST_YEAR, LAST_YEAR))
    years = both.sizes["month"] / 12.0
    flow, stock = both["flow"].sum("month") / years, both["stock"].mean("month")

    def f(source: str, target: str) -> float:
        return float(flow.sel(from_state=source, to_state=target))

    def out_of(state: str) -> float:
        return float(flow.sel(from_state=state).sum())

    children = float(stock.sel(state=list(CHILD_STATES)).sum())
    exploited = float(stock.sel(state="EXPLOITED"))
    by_form = one[["stock_by_form", "flow_by_form"]].sel(month=slice(FIRST_YEAR, LAST_YEAR))
    spell = {
        form: 12.0
        * float(by_form["stock_by_form"].sel(state="EXPLOITED", form=form).mean("month"))
        / (float(by_form["flow_by_form"].sel(from_state="EXPLOITED", form=form).sum()) / years)
        for form in ("sexual", "labour")
    }
    opened = {
        name: float(one[name].sel(month=slice("2019", LAST_YEAR)).sum())
        for name in ("upe_opened", "judge_opened")
    }
    identified_now = float(
        one["flow"].sel(from_state="EXPLOITED", to_state="IDENTIFIED", month=slice("2019", "2023")).sum()
    )
    recent = national(one).sel(month=slice("2019", LAST_YEAR))
    entries = recent["flow"].sel(from_state="PROTECTED", to_state="SPECIALISED_SHELTER").sum() / 5.0
    year_2023 = one.sel(month=slice("2023", "2023"))
    later = national(one).sel(month=slice("2020", "2024"))
    months_in = {
        state: 12.0
        * float(later["stock"].sel(state=state).mean("month"))
        / (float(later["flow"].sel(from_state=state).sum()) / 5.0)
        for state in PATHWAY
    }
    boys = (
        one["flow_by_sex"]
        .sel(from_state="EXPLOITED", to_state="IDENTIFIED", month=slice("2019", "2022"))
        .sum("month")
    )
    return {
        "children": children,
        "first_entries": f("HOME", "EXPLOITED"),
        "incidence": 1000.0 * f("HOME", "EXPLOITED") / children,
        "returns": float(flow.sel(from_state=list(AFTER), to_state="EXPLOITED").sum()),
        "exploited": exploited,
        "exploited_per_1000": 1000.0 * exploited / children,
        "spell_all": 12.0 * exploited / out_of("EXPLOITED"),
        "spell_sexual": spell["sexual"],
        "spell_labour": spell["labour"],
        "aged_out_share": f("EXPLOITED", "ADULT") / out_of("EXPLOITED"),
        "labour_share_of_entries": _share(
            by_form["flow_by_form"].sel(from_state="HOME", to_state="EXPLOITED", form="labour").sum(),
            by_form["flow_by_form"].sel(from_state="HOME", to_state="EXPLOITED").sum(),
        ),
        "identified": float(
            national(one)["flow"]
            .sel(from_state="EXPLOITED", to_state="IDENTIFIED", month=slice("2019", "2022"))
            .sum()
        )
        / 4.0,
        "boys_share_of_identified": _share(boys.sel(sex="boy"), boys.sum()),
        "upe_share_of_identified": opened["upe_opened"] / identified_now,
        "specialised_share_of_upe": float(entries) * 5.0 / opened["upe_opened"],
        "specialised_entries": float(entries),
        "specialised_residents": float(year_2023["specialised_residents"].sum()) / 12.0,
        "planned_share_of_residents": _share(
            one["specialised_planned"].sel(month=slice("2019", "2024")).sum(),
            one["specialised_residents"].sel(month=slice("2019", "2024")).sum(),
        ),
        "stay_specialised": months_in["SPECIALISED_SHELTER"],
        "months_to_completion": sum(months_in.values()),
        "completions": float(
            national(one)["flow"]
            .sel(from_state="FOLLOW_UP", to_state="REINTEGRATED", month=slice("2020", "2024"))
            .sum()
        )
        / 5.0,
    }


def levels(dataset: xr.Dataset) -> list[Level]:
    """Return every level of a run beside its band, in the order of ``levels.csv``."""
    values = [measure(dataset, draw) for draw in range(dataset.sizes["draw"])]
    return [
        Level(
            row["name"],
            values[0][row["name"]],
            summarise(np.array([one[row["name"]] for one in values])),
            float(row["low"]),
            float(row["high"]),
            row["unit"],
            row["source"],
        )
        for row in bands()
    ]
