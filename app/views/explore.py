"""What if: levers on one side, what follows for the whole country on the other."""

from __future__ import annotations

import streamlit as st

from app import screen, state
from app.results import Comparison
from scenarios import levers
from simulator.texts import t

FIRST = (
    "targeted_groups",
    "police_capacity",
    "upe_capacity",
    "specialised_places",
    "plan_coverage",
    "reintegration_support",
)


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.explore"))
    left, right = st.columns([1, 2])
    with left:
        for name in FIRST:
            _slider(name)
    with right:
        screen.live(_answer)


def _slider(name: str) -> None:
    lever = levers()[name]
    st.session_state[f"lever_{name}"] = state.amounts().get(name, 0.0)
    st.slider(
        str(lever.label),
        lever.minimum,
        lever.maximum,
        key=f"lever_{name}",
        on_change=_set,
        args=(name,),
        help=str(lever.does),
    )


def _set(name: str) -> None:
    screen.act(state.set_amount, name, float(st.session_state[f"lever_{name}"]))


def _answer(told: Comparison) -> None:
    change = told.against(
        told.tables["country"].sel(year=2030, indicator=["first_entries", "identified", "completed"])
    )
    for _, row in change.iterrows():
        st.metric(
            t(f"indicator.{row['indicator']}"),
            screen.number(row["median"], "+n"),
            help=screen.between(row, "+n"),
        )
    screen.footer(told)
