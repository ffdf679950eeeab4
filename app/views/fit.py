"""How the model stands up to official figures: those it was fitted to, and those that were held back."""

from __future__ import annotations

import json
from functools import cache
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
from calibration.targets import indicators
from simulator.texts import language, t

FILE: Final = Path(calibration.__file__).with_name("fitted") / "validation.json"
"""Written by ``sintrata validate-model --draws 40``; read here, so that no page waits for it."""

USES: Final = ("fit", "check")
FORMS: Final = {"count": "n", "share": "%", "ratio": ".2"}
SMALL_NUMBER: Final = 10
PERCENT: Final = 100


@cache
def record() -> dict[str, Any]:
    """Return what the last validation found."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def show() -> None:
    """Draw coverage and figures, the fitted and the held back apart."""
    told = record()
    st.markdown(t("fit.lead", draws=told["draws"]))
    st.table(_coverage(), hide_index=True)
    st.caption(t("fit.coverage_note"))
    for use in USES:
        st.header(t(f"fit.of.{use}"))
        _series(use)
    st.caption(t("fit.source", draws=told["draws"], seed=told["seed"], data=str(told["data_hash"])[:8]))
    st.code(f"sintrata validate-model --draws {told['draws']} --seed {told['seed']}", language="bash")


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
    form = FORMS[indicator.error]
    frame = pd.DataFrame(
        {
            "label": [_label(row, rows) for row in rows],
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
    inside = sum(bool(row["inside_90"]) for row in rows)
    alt = t("fit.alt", what=indicator.label[language()], inside=inside, count=len(rows))
    base.draw(foretold(*parts.looks(), axis), frame, key=f"fit_{use}_chart", alt=alt)
    st.caption(alt)
    with st.popover(t("app.figure.data"), icon=":material/table:", key=f"fit_{use}_data"):
        table = pd.DataFrame(
            {
                t("fit.figures"): frame["label"].str.replace("\n", " "),
                t("chart.observed"): [
                    f"<{SMALL_NUMBER}" if np.isnan(value) else _exact(value, form)
                    for value in frame["observed"]
                ],
                t("chart.simulated_median"): [screen.number(value, form) for value in frame["median"]],
                t("parts.interval"): [screen.between(row, form, brief=True) for _, row in frame.iterrows()],
                t("fit.in_90"): frame["inside"],
                t("report.column.source"): [row["source"] for row in rows],
            }
        )
        st.dataframe(table, hide_index=True, key=f"fit_{use}_table")
        parts.csv_button(table, f"sintrata_fit_{use}_{chosen}", f"fit_{use}")


def _exact(value: float, form: str) -> str:
    """Return an official figure as it was published."""
    return f"{PERCENT * value:.1f}%" if form == "%" else f"{value:,.2f}" if form == ".2" else f"{value:,.0f}"


def _label(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return year and place of a figure; its source too where two sources tell of the same."""
    alike = [one for one in rows if (one["year"], one["region"]) == (row["year"], row["region"])]
    words = [str(row["year"])]
    if row["region"] != "PE":
        words.append(place_of(row["region"]))
    if len(alike) > 1:
        words.append(row["source"])
    return base.wrapped(", ".join(words), 22)
