"""What if: levers at the side, and what follows for the whole country."""

from __future__ import annotations

import streamlit as st

from app import levels, parts, screen, state, takeaway
from app.results import Comparison
from scenarios import levers
from simulator import load_ledger
from simulator.texts import language, t

STARTS = ("2027-01", "2027-07", "2028-01", "2029-01")
RAMPS = (0, 6, 12, 24, 36)
CONTEXTS = {
    "poverty": "context",
    "background_load": "context",
    "turnover": "context",
    "arrivals": "shocks",
    "mining_demand": "shocks",
    "political_crisis": "shocks",
}
"""Assumptions about the world that can be set on the page, and in which list a scenario file has them."""

STRENGTHS = {"context": (0.75, 0.9, 1.0, 1.1, 1.25, 1.5), "shocks": (0.0, 0.25, 0.5, 1.0)}
"""What can be chosen: multipliers of the trend, and levels of a shock."""

PERCENT = 100


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.explore"))
    st.caption(t("explore.lead"))
    with st.sidebar:
        _levers()
        _context()
    screen.live(_answer)


def _levers() -> None:
    st.header(t("explore.levers"))
    if told := _already():
        st.caption(told)
    for name in levels.visible():
        _slider(name)
    with st.expander(t("explore.more"), key="more_levers"):
        amounts = state.amounts()
        chosen = st.multiselect(
            t("explore.choose"),
            levels.others(),
            default=[name for name in levels.others() if name in amounts],
            format_func=lambda name: str(levers()[name].label),
            key="chosen_levers",
            placeholder=t("explore.placeholder"),
        )
        for name in chosen:
            _slider(name)
        start, ramp = state.timing()
        first = [*STARTS] if start in STARTS else [start, *STARTS]
        growth = [*RAMPS] if ramp in RAMPS else [ramp, *RAMPS]
        st.session_state["start"], st.session_state["ramp"] = start, ramp
        st.selectbox(t("explore.start"), first, key="start", on_change=_set_timing)
        st.selectbox(t("explore.ramp"), growth, key="ramp", on_change=_set_timing)
    st.caption(t("explore.words"))


def _slider(name: str) -> None:
    """Show a lever in its own unit, with the word for how far it is moved."""
    lever = levers()[name]
    amount = state.amounts().get(name, 0.0)
    in_places = lever.unit == "places"
    factor = 1 if in_places else PERCENT
    top = round(factor * max(levels.most(lever), amount))
    key = f"lever_{name}"
    st.session_state[key] = round(factor * amount)
    low = min(0, round(factor * amount))
    word = levels.word(name, amount)
    st.slider(
        str(lever.label),
        low,
        top,
        key=key,
        step=1 if in_places else 5,
        format="%d" if in_places else "%d%%",
        on_change=_set_amount,
        args=(name, factor),
        help=_about(name),
    )
    told = [t(f"explore.word.{word}")] if word else []
    told += [t("explore.unit.places")] if in_places else []
    if told:
        st.caption(" · ".join(told))


def _is_for_all_exploited(name: str) -> bool:
    """Return whether a lever serves all who have been exploited, whether the State knows of them or not."""
    lines = load_ledger().lines.values()
    return any(name in line.levers and line.need.startswith("once_exploited") for line in lines)


def _about(name: str) -> str:
    """Return what a lever does, what its words mean, and how good the evidence behind it is."""
    lever = levers()[name]
    told = [str(lever.does), *([t("explore.whoever")] if _is_for_all_exploited(name) else [])]
    if name in levels.levels():
        amounts = levels.levels()[name]
        form = "{:.0f}" if lever.unit == "places" else "{:.0%}"
        words = [f"{t(f'explore.word.{word}')} {form.format(amounts[word])}" for word in levels.WORDS[1:]]
        told.append(f"{', '.join(words)}.".capitalize())
    known = load_ledger().parameters
    grades = sorted({known[one].quality for one in lever.acts_on if one in known})
    if grades:
        told.append(t("explore.grade", grades=", ".join(grades)))
    told.append(t("explore.findings", findings=", ".join(lever.finding)))
    return "  \n".join(told)


def _already() -> str:
    """Return what the scenario holds besides the levers of this page: they come on top of it."""
    names = [str(levers()[use].label) for use in state.others("interventions")]
    told = [t("explore.already_levers", names=", ".join(names))] if names else []
    if state.scenario().programmes:
        told.append(t("explore.already_money"))
    return " ".join(told)


def _set_amount(name: str, factor: int) -> None:
    screen.act(state.set_amount, name, st.session_state[f"lever_{name}"] / factor)


def _set_timing() -> None:
    screen.act(state.set_timing, st.session_state["start"], st.session_state["ramp"])


def _context() -> None:
    """Show assumptions that are not policy: they hold for the trend too."""
    with st.expander(t("explore.context"), key="context"):
        st.caption(t("explore.context_note"))
        if names := [_assumption(use) for kind in state.ASSUMPTIONS for use in state.others(kind)]:
            st.caption(t("explore.already_assumed", names=", ".join(names)))
        for use, kind in CONTEXTS.items():
            value = state.assumed(kind, use)
            widget = f"context_{use}"
            st.session_state[widget] = value
            st.select_slider(
                t(f"explore.world.{use}"),
                sorted({*STRENGTHS[kind], value}),
                key=widget,
                format_func=_times if kind == "context" else _level,
                on_change=_set_context,
                args=(use,),
            )


def _assumption(use: str) -> str:
    """Return what an assumption about the world is called."""
    return t(f"explore.world.{use}") if use in CONTEXTS else load_ledger().factor_labels[use][language()]


def _times(value: float) -> str:
    return t("explore.as_trend") if value == 1.0 else f"× {value:g}"


def _level(value: float) -> str:
    return t("explore.none") if value == 0.0 else f"{value:.0%}"


def _set_context(use: str) -> None:
    screen.act(state.assume, CONTEXTS[use], use, float(st.session_state[f"context_{use}"]))


def _answer(told: Comparison) -> None:
    if told.scenarios[0].hash == told.scenarios[1].hash:
        st.info(t("explore.empty"), icon=":material/tune:")
    parts.cards(told)
    parts.warnings(told)
    left, right = st.columns(2)
    for column, key, first in ((left, "one", "first_entries"), (right, "two", "completed")):
        with column:
            _figure(told, key, first)
    st.header(t("explore.scorecard"))
    parts.mini_scorecard(told)
    st.header(t("app.who.title"))
    parts.who(told, "explore_who")
    st.header(t("takeaway.title"))
    takeaway.offer(told, "explore")
    with st.expander(t("explore.behind"), icon=":material/menu_book:", key="explore_behind"):
        moved = [name for name in state.amounts() if levers()[name].acts_on]
        names = [one for name in moved or levels.visible() for one in levers()[name].acts_on]
        parts.parameter_cards(list(dict.fromkeys(names)), "behind_lever")
    with st.expander(t("model.tab.limits"), icon=":material/block:", key="explore_limits"):
        parts.limits()


def _figure(told: Comparison, key: str, first: str) -> None:
    """Show one figure that the reader chooses, as a path or as a difference."""
    indicator = st.selectbox(
        t("explore.figure"),
        parts.FIGURES,
        index=parts.FIGURES.index(first),
        format_func=lambda name: t(f"indicator.{name}"),
        key=f"figure_{key}",
    )
    views = ("path", "difference")
    view = st.segmented_control(
        t("explore.view"),
        views,
        default="path",
        required=True,
        format_func=lambda name: t(f"explore.as.{name}"),
        key=f"view_{key}",
        label_visibility="collapsed",
    )
    if view == "difference":
        parts.effect_figure(told, indicator, f"effect_{key}")
    else:
        parts.path_figure(told, indicator, f"path_{key}")
