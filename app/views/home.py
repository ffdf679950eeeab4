"""Where to start: three doors, prepared scenarios, what the model is and is not."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import parts, screen, state
from app.results import Comparison
from app.upload import upload
from scenarios import library
from simulator import Scenario
from simulator.texts import t

DOORS = {
    "planner": ("budget", ":material/payments:"),
    "cooperation": ("horizon", ":material/handshake:"),
    "research": ("lab", ":material/science:"),
}
"""Who comes in, the page they begin with, and its icon."""

FIRST = (
    "balanced",
    "protection_first",
    "prevention_first",
    "prosecution_first",
    "places_for_boys",
    "aftercare",
)
"""Prepared scenarios that are shown first."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.title"))
    st.markdown(t("home.lead"))
    _doors()
    _tour()
    _limits()
    st.header(t("home.now"))
    st.caption(t("home.now_note", name=screen.plain(state.scenario().label)))
    screen.live(_answer)
    _presets()
    _questions()


def _doors() -> None:
    pages: dict[str, object] = st.session_state["pages"]
    for column, (door, (page, icon)) in zip(st.columns(len(DOORS), border=True), DOORS.items(), strict=True):
        with column:
            st.header(t(f"home.door.{door}"))
            st.markdown(t(f"home.door_text.{door}"))
            target = pages.get(page, pages["explore"])
            st.page_link(target, label=t(f"home.door_go.{door}"), icon=icon)  # type: ignore[arg-type]


def _limits() -> None:
    st.info(t("home.limits", date=screen.known_until()), icon=":material/info:")


def _answer(told: Comparison) -> None:
    parts.cards(told)
    screen.footer(told)


def _presets() -> None:
    st.header(t("home.presets"))
    st.caption(t("home.presets_note"))
    known = library()
    _gallery([state.prepared(name) for name in FIRST if name in known])
    with st.expander(t("home.more_presets"), key="more_presets"):
        rest = [name for name in known if name not in FIRST]
        chosen = st.selectbox(
            t("home.choose"),
            rest,
            format_func=state.label_of,
            key="home_preset",
        )
        one = state.prepared(chosen)
        st.markdown(screen.plain(one.question or one.label))
        st.button(t("home.take"), key="take_preset", on_click=screen.act, args=(state.preset, chosen))
    with st.expander(t("home.open_file"), key="open_file", icon=":material/upload_file:"):
        upload("home")


def _gallery(ones: list[Scenario]) -> None:
    grid = st.grid(3, min_column_width=240)
    for one in ones:
        with grid.container(border=True, height="stretch"):
            st.markdown(f"**{screen.plain(one.label)}**")
            st.caption(screen.plain(one.question or ""))
            st.button(
                t("home.take"),
                key=f"preset_{Path(one.name).stem}",
                on_click=screen.act,
                args=(state.preset, one.name),
            )


def _questions() -> None:
    """List every page with the question that it answers."""
    st.header(t("home.pages"))
    pages: dict[str, object] = st.session_state["pages"]
    grid = st.grid(3, min_column_width=240)
    for name, page in pages.items():
        if name != "home":
            with grid.container(border=True, height="stretch"):
                st.page_link(page)  # type: ignore[arg-type]
                st.caption(t(f"home.question.{name}"))


def _tour() -> None:
    with st.expander(t("home.tour"), icon=":material/explore:", key="tour"):
        st.markdown(t("home.tour_text"))
