"""Where to start: three doors, the scenarios of the library, what the model is and is not."""

from __future__ import annotations

import streamlit as st

from app import results, screen, state
from app.results import Comparison
from scenarios import library
from simulator import load_scenario
from simulator.texts import t


def show() -> None:
    """Draw the page."""
    st.title(t("app.title"))
    st.markdown(t("home.lead"))
    screen.live(_answer)
    _presets()


def _answer(told: Comparison) -> None:
    years = told.tables["country"].sel(year=2030)
    table = told.frame(years.sel(indicator=["first_entries", "identified", "completed"]))
    for _, row in table[table["scenario"] == results.TREND].iterrows():
        st.metric(t(f"indicator.{row['indicator']}"), screen.number(row["median"]), help=screen.between(row))
    screen.footer(told)


def _presets() -> None:
    st.header(t("home.presets"))
    for name in library():
        one = load_scenario(name)
        st.button(str(one.label), key=f"preset_{name}", on_click=screen.act, args=(state.preset, name))
