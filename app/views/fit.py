"""How the model stands up to official figures: those it was fitted to, and those that were held back."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

import calibration
from app import parts, screen
from app.charts import base
from app.charts.drivers import foretold
from calibration.charts import place_of
from calibration.targets import COUNTRY, indicators
from simulator import load_ledger
from simulator.evidence.ledger import Source
from simulator.texts import language, t

FILE: Final = Path(calibration.__file__).with_name("fitted") / "validation.json"
"""Written by ``sintrata validate-model --draws 40``; read here, so that no page waits for it."""

OWN_SOURCES: Final = Path(calibration.__file__).with_name("sources.csv")
USES: Final = ("fit", "check")
FORMS: Final = {"count": "n", "share": "%", "ratio": ".2"}
SMALL_NUMBER: Final = 10
PERCENT: Final = 100
HALF: Final = 0.5
"""Part of the figures that an interval of 50% should hold."""


@cache
def record() -> dict[str, Any]:
    """Return what the last validation found."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def sources() -> Mapping[str, Source]:
    """Return by code whatever an official figure may come from: sources of the series and of the ledger."""
    with OWN_SOURCES.open(encoding="utf-8", newline="") as file:
        own = {row["id"]: Source(**row) for row in csv.DictReader(file)}
    return {**own, **load_ledger().sources}


def show() -> None:
    """Draw coverage and figures, the fitted and the held back apart."""
    told = record()
    st.markdown(t("fit.lead", draws=told["draws"]))
    coverage = _coverage()
    st.table(coverage, hide_index=True)
    held = told["coverage"]["check"]["all"]
    if _is_too_narrow(held["coverage_50"], held["rows"]):
        share = screen.number(held["coverage_50"], "%")
        st.warning(t("fit.narrow", count=held["rows"], share=share), icon=":material/compress:")
    st.caption(t("fit.coverage_note"))
    with st.container(horizontal=True):
        parts.csv_button(coverage, "sintrata_fit_coverage", "fit_coverage")
        parts.opener("fit", *parts.BEHIND["registered_police_children"])
    _outside()
    for use in USES:
        st.header(t(f"fit.of.{use}"))
        _series(use)
    st.caption(t("fit.source", draws=told["draws"], seed=told["seed"], data=str(told["data_hash"])[:8]))
    st.code(f"sintrata validate-model --draws {told['draws']} --seed {told['seed']}", language="bash")


def _is_too_narrow(share: float, count: int) -> bool:
    """Return whether so few of some figures inside a 50% interval would come by chance in 1 of 40 checks."""
    return share < HALF - 1.96 * sqrt(HALF * HALF / count)


def _coverage() -> pd.DataFrame:
    """Return how many figures lie inside their intervals, by use and by place."""
    rows = []
    for use in USES:
        for where in ("country", "territories"):
            one = record()["coverage"][use][where]
            if not one["rows"]:
                continue
            rows.append(
                {
                    t("fit.figures"): t(f"fit.use.{use}", where=t(f"fit.where.{where}"), count=one["rows"]),
                    t("fit.in_90"): t(
                        "report.interval",
                        median=screen.number(one["coverage_90"], "%"),
                        low=screen.number(one["coverage_90_low"], "%"),
                        high=screen.number(one["coverage_90_high"], "%"),
                    ),
                    t("fit.in_50"): screen.number(one["coverage_50"], "%"),
                }
            )
    return pd.DataFrame(rows)


def _outside() -> None:
    """Name the figures that their 90% interval does not hold."""
    known = indicators()
    rows = [row for row in record()["rows"] if not row["inside_90"]]
    cited = list(dict.fromkeys(row["source"] for row in rows))
    st.header(t("fit.outside", count=len(rows), total=len(record()["rows"])))
    table = pd.DataFrame(
        [
            {
                parts.heading(t("fit.figure")): f"{known[row['indicator']].label[language()]}, {_when(row)}",
                parts.heading(t("chart.observed")): _observed(row),
                t("fit.interval"): screen.between(_bounds(row), _form(row), brief=True),
                parts.heading(t("report.column.source")): f"[{cited.index(row['source']) + 1}]",
            }
            for row in rows
        ]
    )
    st.table(table, hide_index=True)
    st.caption(t("fit.outside_note"))
    with st.expander(t("fit.sources"), icon=":material/menu_book:"):
        st.caption(_numbered(cited))
    whole = table.assign(
        **{parts.heading(t("report.column.source")): [sources()[r["source"]].cited() for r in rows]}
    )
    parts.csv_button(whole, "sintrata_fit_outside", "fit_outside")


def _series(use: str) -> None:
    """Show the figures of one series of a use, each beside its predictive interval."""
    known = indicators()
    mine = [row for row in record()["rows"] if row["use"] == use]
    names = list(dict.fromkeys(row["indicator"] for row in mine))
    count = {name: sum(row["indicator"] == name for row in mine) for name in names}
    chosen = st.selectbox(
        t("fit.series"),
        names,
        format_func=lambda name: f"{known[name].label[language()]} ({count[name]})",
        key=f"fit_{use}",
    )
    indicator = known[chosen]
    rows = [row for row in mine if row["indicator"] == chosen]
    cited = list(dict.fromkeys(row["source"] for row in rows))
    labels = [f"{_when(row)} [{cited.index(row['source']) + 1}]" for row in rows]
    form = FORMS[indicator.error]
    frame = pd.DataFrame(
        {
            "label": [base.wrapped(label, 22) for label in labels],
            "low": [row["low_90"] for row in rows],
            "low_half": [row["low_50"] for row in rows],
            "median": [row["median"] for row in rows],
            "high_half": [row["high_50"] for row in rows],
            "high": [row["high_90"] for row in rows],
            "observed": [np.nan if row["value"] is None else row["value"] for row in rows],
            "inside": [t("chart.inside") if row["inside_90"] else t("chart.outside") for row in rows],
        }
    )
    axis = {"%": base.SHARE, ".2": ",.2f"}.get(form, base.WHOLE)
    out = [label for label, row in zip(labels, rows, strict=True) if not row["inside_90"]]
    alt = t("fit.alt", what=indicator.label[language()], inside=len(rows) - len(out), count=len(rows))
    base.draw(foretold(*parts.looks(), axis), frame, key=f"fit_{use}_chart", alt=alt)
    st.caption(f"{alt} {t('fit.these_outside', names='; '.join(out))}" if out else alt)
    st.caption(_numbered(cited))
    with st.popover(t("app.figure.data"), icon=":material/table:", key=f"fit_{use}_data"):
        table = pd.DataFrame(
            {
                parts.heading(t("fit.figure")): [_when(row) for row in rows],
                parts.heading(t("chart.observed")): [_observed(row) for row in rows],
                parts.heading(t("chart.simulated_median")): [
                    screen.number(value, form) for value in frame["median"]
                ],
                t("fit.interval"): [screen.between(_bounds(row), form, brief=True) for row in rows],
                t("fit.in_90"): frame["inside"].map(parts.heading),
                parts.heading(t("report.column.source")): [sources()[row["source"]].cited() for row in rows],
            }
        )
        st.dataframe(table, hide_index=True, key=f"fit_{use}_table")
        parts.csv_button(table, f"sintrata_fit_{use}_{chosen}", f"fit_{use}")


def _numbered(codes: Sequence[str]) -> str:
    """Return sources in words, each after the number that stands for it."""
    return "  \n".join(f"[{k}] {sources()[code].cited()}." for k, code in enumerate(codes, 1))


def _form(row: Mapping[str, Any]) -> str:
    """Return how a figure is written; see ``screen.number``."""
    return FORMS[indicators()[row["indicator"]].error]


def _bounds(row: Mapping[str, Any]) -> dict[str, float]:
    return {"low": row["low_90"], "high": row["high_90"]}


def _observed(row: Mapping[str, Any]) -> str:
    """Return an official figure, a small one as such."""
    return f"<{SMALL_NUMBER}" if row["value"] is None else _exact(row["value"], _form(row))


def _exact(value: float, form: str) -> str:
    """Return an official figure as it was published."""
    return f"{PERCENT * value:.1f}%" if form == "%" else f"{value:,.2f}" if form == ".2" else f"{value:,.0f}"


def _when(row: Mapping[str, Any]) -> str:
    """Return year and, if it is not the country, place of a figure."""
    return str(row["year"]) if row["region"] == COUNTRY else f"{row['year']}, {place_of(row['region'])}"
