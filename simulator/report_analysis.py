"""Analyses of sweeps as tables: what drives a result, when it fails, what is robust, what to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.experiments.analysis.futures import labels_of
from simulator.experiments.analysis.sensitivity import leading
from simulator.tables import Column, Table
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr

HALF_WIDTH: Final = {"st": "st_conf", "mu_star": "mu_star_conf"}
"""Indices of designs, and the half-width of their intervals."""

UNITS: Final = {
    "1": "one",
    "children per year": "children_per_year",
    "children per 1,000 a year": "incidence",
    "children": "children",
    "children per 1,000": "children_per_1000",
    "child-months": "child_months",
    "soles of 2025": "soles",
    "per year": "per_year",
    "units": "units",
    "cases": "cases",
    "places": "places",
    "persons": "persons",
}
"""Units of results as data have them, and their key among the texts."""


def name_of(store: xr.Dataset, output: str) -> str:
    """Return what an output is called."""
    attributes = store[output].attrs
    key = "long_name_es" if language() == "es" else "long_name"
    return str(attributes.get(key, output))


def unit_of(values: xr.DataArray) -> str:
    """Return the unit of a result in the reader's language; data hold it in English."""
    return t(f"analysis.unit.{UNITS[str(values.attrs['units'])]}")


def leaders(told: xr.Dataset) -> list[int]:
    """Return the positions of inputs, the most telling first, of one kind, scenario, output and year."""
    index = np.asarray(told[leading(told)], float)
    return [
        int(k) for k in np.argsort(-np.nan_to_num(index, nan=-1.0), kind="stable") if np.isfinite(index[k])
    ]


def interval_of(told: xr.Dataset, k: int) -> tuple[float, float, float]:
    """Return the leading index of an input and the ends of its interval."""
    name = leading(told)
    value = float(told[name][k])
    if name == "pawn":
        return value, float(told["pawn_low"][k]), float(told["pawn_high"][k])
    half = float(told[HALF_WIDTH[name]][k])
    return value, max(value - half, 0.0), value + half


def sensitivity_table(told: xr.Dataset, store: xr.Dataset) -> Table:
    """Return the indices of one kind, scenario, output and year, the most telling input first."""
    name = leading(told)
    along = str(told[name].dims[0])
    names = [str(n) for n in told[along].values]
    labels = labels_of(store, names, language())
    rows = []
    for k in leaders(told):
        value, low, high = interval_of(told, k)
        row: dict[str, Any] = {"name": names[k], "label": labels[k], "index": value, "low": low, "high": high}
        if name != "pawn":
            row["alone"] = float(told["s1"][k]) if "s1" in told else float(told["sigma"][k])
            row["half"] = float(told["settling"].sel(share=0.5)[k])
        if along == "factor":
            row |= {"pawn": float(told["pawn"][k]), "direction": float(told["direction"][k])}
        rows.append(row)
    columns = [
        Column("label", t("analysis.column.input")),
        Column("name", t("analysis.column.name")),
        Column("index", t(f"analysis.index.{name}"), "n"),
        Column("low", t("analysis.column.low"), "n"),
        Column("high", t("analysis.column.high"), "n"),
    ]
    if name != "pawn":
        columns.append(Column("alone", t(f"analysis.index.{'s1' if name == 'st' else 'sigma'}"), "n"))
        columns.append(Column("half", t("analysis.column.half"), "n"))
    if along == "factor":
        if name != "pawn":
            columns.append(Column("pawn", t("analysis.index.pawn"), ",.2f"))
        columns.append(Column("direction", t("analysis.column.direction"), "+.2f"))
    notes = [t(f"analysis.note.{name}"), t("analysis.note.draws", count=int(told["n_draws"]))]
    if along == "factor":
        dummy = float(told["pawn_dummy"].max())
        notes.append(t("analysis.note.dummy", value=f"{dummy:.2f}"))
    chance = float(told["chance"])
    notes.append(
        t("analysis.note.one_replicate")
        if np.isnan(chance)
        else t("analysis.note.chance", share=f"{chance:.0%}")
    )
    return Table(_title("sensitivity", told, store), tuple(columns), tuple(rows), tuple(notes))


def _title(analysis: str, told: xr.Dataset, store: xr.Dataset) -> str:
    output = str(told["output"].values)
    return t(
        f"analysis.title.{analysis}",
        what=name_of(store, output),
        kind=t(f"analysis.kind.{told['kind'].values}"),
        scenario=str(told["scenario"].values),
        year=int(told["year"].values),
    )


def discovery_table(told: xr.Dataset, store: xr.Dataset) -> Table:
    """Return the limits of the box and how sure each is."""
    limited = np.flatnonzero(np.isfinite(told["low"]) | np.isfinite(told["high"]))
    names = [str(told["factor"].values[k]) for k in limited]
    rows = [
        {
            "label": label,
            "name": name,
            "low": _finite(told["low"][k]),
            "high": _finite(told["high"][k]),
            "quasi_p": float(told["quasi_p"][k]),
            "reproduced": float(told["reproduced"][k]),
        }
        for k, name, label in zip(limited, names, labels_of(store, names, language()), strict=True)
    ]
    columns = (
        Column("label", t("analysis.column.input")),
        Column("name", t("analysis.column.name")),
        Column("low", t("analysis.column.from"), ".3g"),
        Column("high", t("analysis.column.to"), ".3g"),
        Column("quasi_p", t("analysis.column.quasi_p"), ".2g"),
        Column("reproduced", t("analysis.column.reproduced"), ".0%"),
    )
    about = told.attrs
    title = t(
        f"analysis.discovery.{about['side']}",
        what=name_of(store, about["output"]),
        kind=t(f"analysis.kind.{about['kind']}"),
        scenario=about["scenario"],
        year=about["year"],
        threshold=f"{about['threshold']:g}",
    )
    notes = [t("analysis.note.cases", share=f"{about['density_of_all']:.0%}")]
    if not rows:
        notes.append(t("analysis.note.no_box"))
    return Table(title, columns, tuple(rows), tuple(notes))


def _finite(value: xr.DataArray) -> float | None:
    return float(value) if np.isfinite(value) else None


def quality_table(told: xr.Dataset) -> Table:
    """Return coverage, density and mass of the box where it was found, on other halves and fresh draws."""
    rows = [
        {
            "on": t(f"analysis.on.{str(on).replace(' ', '_')}"),
            **{name: float(told[name].sel(on=on)) for name in ("coverage", "density", "mass")},
        }
        for on in told["on"].values
        if np.isfinite(told["mass"].sel(on=on))
    ]
    columns = (
        Column("on", t("analysis.column.on")),
        Column("coverage", t("analysis.column.coverage"), ".0%"),
        Column("density", t("analysis.column.density"), ".0%"),
        Column("mass", t("analysis.column.mass"), ".0%"),
    )
    return Table("", columns, tuple(rows), (t("analysis.note.quality"),))


def robustness_table(told: xr.Dataset, store: xr.Dataset) -> Table:
    """Return how scenarios do over all futures."""
    fields = ("mean", "worst_tenth", "worst", "regret_mean", "regret_90", "regret_most", "best", "enough")
    shown = [name for name in fields if np.isfinite(told[name]).any()]
    rows = [
        {"scenario": str(name), **{f: float(told[f].sel(scenario=name)) for f in fields}}
        for name in told["scenario"].values
    ]
    columns = (
        Column("scenario", t("analysis.column.scenario")),
        *(
            Column(name, t(f"analysis.column.{name}"), ".0%" if name in ("best", "enough") else "n")
            for name in shown
        ),
    )
    return Table(
        t("analysis.title.robustness", what=name_of(store, told.attrs["output"]), year=_when(told)),
        columns,
        tuple(rows),
        (t("analysis.note.regret", count=told.attrs["draws"], unit=unit_of(told["mean"])),),
    )


def information_table(told: xr.Dataset, store: xr.Dataset) -> Table:
    """Return what inputs are worth knowing, the most first; the others are only counted."""
    worth, floor = np.asarray(told["evppi"]), np.asarray(told["floor"])
    order = [int(k) for k in np.argsort(-worth, kind="stable") if worth[k] > floor[k]]
    names = [str(told["factor"].values[k]) for k in order]
    rows = [
        {"label": label, "name": name, "worth": float(worth[k]), "floor": float(floor[k])}
        for k, name, label in zip(order, names, labels_of(store, names, language()), strict=True)
    ]
    columns = (
        Column("label", t("analysis.column.input")),
        Column("name", t("analysis.column.name")),
        Column("worth", t("analysis.column.worth"), "n"),
        Column("floor", t("analysis.column.floor"), "n"),
    )
    return Table(
        t("analysis.title.information", what=name_of(store, told.attrs["output"]), year=_when(told)),
        columns,
        tuple(rows),
        tuple(_information_notes(told, left_out=len(worth) - len(order))),
    )


def _information_notes(told: xr.Dataset, *, left_out: int) -> list[str]:
    """Return which scenario would be chosen, what all knowledge is worth, and why inputs are not shown."""
    about, evpi = told.attrs, float(told["evpi"])
    if about["tied"]:
        names = ", ".join((about["choice"], *about["tied"]))
        notes = [t("analysis.note.tied", scenarios=names, count=about["draws"])]
    else:
        notes = [t("analysis.note.choice", scenario=about["choice"], count=about["draws"])]
    notes.append(t("analysis.note.evpi", value=f"{evpi:,.4g}", unit=unit_of(told["evpi"])))
    if evpi == 0.0:
        notes.append(t("analysis.note.never_changes"))
    elif left_out == told.sizes["factor"]:
        notes.append(t("analysis.note.none_alone"))
    elif left_out:
        notes.append(t("analysis.note.left_out", count=left_out))
    return notes


def _when(told: xr.Dataset) -> str:
    year = told.attrs["year"]
    return t("analysis.all_years") if year == "all" else str(year)
