"""The plan of a session: a mapping in the shape of a scenario file; widgets are views of it."""

from __future__ import annotations

import copy
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import period
from app.links import Held
from scenarios import library
from scenarios.shape import LONGEST_LABEL, PLACES_LEVER
from simulator import Scenario, load_scenario
from simulator.faults import FaultyInput
from simulator.texts import t

PLAN: Final = "plan"
UNDO: Final = "undone"
FAULTS: Final = "faults"
NOTICE: Final = "notice"
BAD_LINK, LOST = "bad_link", "lost"
"""What a notice is of."""

HORIZON: Final = "horizon"
RIVALS: Final = "rivals"
SESSION: Final = "session"
DRAWN: Final = "drawn"

UNDO_STEPS: Final = 20
MOST_RIVALS: Final = 3
"""Scenarios that can stand beside the plan, the trend aside."""

COPIES: Final = tuple(f"plan_{number}" for number in range(1, MOST_RIVALS + 2))
"""Names of copies of the plan that stand beside it."""

START: Final = "2027-01"
RAMP_MONTHS: Final = 12
"""When levers of the page begin, and how long they grow, until somebody sets it otherwise."""

TREND, MINE = "baseline", "plan"
"""Names of the scenarios that every session has: what all is compared with, and its own."""

HORIZONS: Final = ("2030-12", "2035-12", "2040-12", "2050-12")
FRESH: Final[Mapping[str, Any]] = {
    "schema": 1,
    "base": TREND,
    "label": {"es": "Mi escenario", "en": "My scenario"},
}
ASSUMPTIONS: Final = {"context": ("multiply", 1.0), "shocks": ("level", 0.0)}
"""By what a row of each kind says how strong it is, and the value that changes nothing."""

ASSUMED: Final = (*ASSUMPTIONS, "parameters")
SAID: Final = ("question", "description", "assumptions", "claims", "evidence")

type Mapped = dict[str, Any]


def begin() -> None:
    """Give a new session its plan."""
    st.session_state.setdefault(PLAN, copy.deepcopy(dict(FRESH)))
    st.session_state.setdefault(UNDO, [])
    st.session_state.setdefault(FAULTS, [])
    st.session_state.setdefault(HORIZON, HORIZONS[0])
    st.session_state.setdefault(RIVALS, [])
    st.session_state.setdefault(SESSION, secrets.token_hex(8))


def session() -> str:
    """Return by what the live engine knows this session."""
    return str(st.session_state[SESSION])


def keep_drawn(draws: int) -> None:
    """Remember on how many runs the figures on the page rest."""
    st.session_state[DRAWN] = draws


def drawn() -> int:
    """Return on how many runs the figures on the page rest."""
    return int(st.session_state.get(DRAWN, 0))


def plan() -> Mapped:
    """Return a copy of the plan as the mapping of a scenario file: what differs from its base."""
    return copy.deepcopy(st.session_state[PLAN])


def held() -> Held:
    """Return what a link of this session holds."""
    return Held(plan(), st.session_state[HORIZON], list(st.session_state[RIVALS]))


@lru_cache(maxsize=256)
def _built(text: str, name: str) -> Scenario:
    return Scenario.from_mapping(json.loads(text), name=name)


@lru_cache(maxsize=128)
def prepared(name: str | Path) -> Scenario:
    """Return a scenario or overlay that comes along, read once: lists of all of them show a label each."""
    return load_scenario(name)


def label_of(name: str) -> str:
    """Return what a scenario of the library is called; any other by its name."""
    return str(prepared(name).label) if name in library() else name


def build(mapping: Mapping[str, Any], name: str = MINE) -> Scenario:
    """Return the scenario of a mapping.

    Raises
    ------
    FaultyInput
        With every fault.
    """
    return _built(json.dumps(mapping, sort_keys=True), name)


def scenario() -> Scenario:
    """Return the plan of this session as a scenario; its name is ``plan``."""
    return build(st.session_state[PLAN])


def assumptions() -> Mapped:
    """Return what the plan assumes about the world: the same for all that stands beside it."""
    return {key: part for key, part in scenario().to_mapping().items() if key in ASSUMED}


def assuming(name: str) -> Scenario:
    """Return a scenario of the library under the assumptions of the plan."""
    assumed = assumptions()
    return build(_preset(name) | assumed, name=name) if assumed else prepared(name)


def trend() -> Scenario:
    """Return what the plan is compared with: the trend run, under the same assumptions about the world."""
    return assuming(TREND)


def month_text(until: int) -> str:
    """Return a month counted from January 2012 as files and commands spell it, such as ``2030-12``."""
    year, month = divmod(until, 12)
    return f"{period.BEGUN + year}-{month + 1:02d}"


def horizon_of(until: int) -> str:
    """Return the first horizon of the page that reaches a month, the last one if none does."""
    return next((one for one in HORIZONS if one >= month_text(until)), HORIZONS[-1])


def until() -> int:
    """Return the last month of this session's runs, counted from January 2012."""
    year, month = (int(part) for part in st.session_state[HORIZON].split("-"))
    return 12 * (year - period.BEGUN) + month - 1


def change(mapping: Mapping[str, Any]) -> bool:
    """Change the plan if the mapping has no faults; return whether it has none.

    A plan that no longer is what it is called after says so in its name. See ``take`` for the rest.
    """
    return take(mapping if mapping == st.session_state[PLAN] else _named(mapping))


def take(mapping: Mapping[str, Any]) -> bool:
    """Make a mapping the plan, with its own name, if it has no faults; return whether it has none.

    What was the plan can be brought back with ``undo``; faults are kept for the page to show.
    """
    try:
        build(mapping)
    except FaultyInput as error:
        st.session_state[FAULTS] = list(error.faults)
        return False
    st.session_state[FAULTS] = []
    if mapping != st.session_state[PLAN]:
        st.session_state[UNDO] = [*st.session_state[UNDO], st.session_state[PLAN]][-UNDO_STEPS:]
        st.session_state[PLAN] = copy.deepcopy(dict(mapping))
    return True


def _named(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a mapping whose name says that it has been changed, or no longer does where it is so no more."""
    label = mapping.get("label")
    # What its author says of a scenario is not said of another one.
    rest = {key: part for key, part in mapping.items() if key not in SAID}
    if label == FRESH["label"] or not isinstance(label, Mapping):
        return rest
    if "base" in rest and set(rest) <= set(FRESH):
        return _preset(rest["base"])
    marked = {
        lang: _with(text.removesuffix(t("app.changed", lang)), t("app.changed", lang))
        for lang, text in label.items()
    }
    return rest | {"label": marked}


def _with(label: str, mark: str) -> str:
    """Return a label with a mark at its end, not longer than a label can be."""
    return f"{label[: LONGEST_LABEL - len(mark)]}{mark}"


def undo() -> None:
    """Bring back the plan before the last change."""
    if st.session_state[UNDO]:
        st.session_state[PLAN] = st.session_state[UNDO].pop()
        st.session_state[FAULTS] = []


def is_fresh() -> bool:
    """Return whether there is nothing to keep: the trend, nothing beside it, the usual horizon."""
    return plan() == FRESH and not st.session_state[RIVALS] and st.session_state[HORIZON] == HORIZONS[0]


def fresh() -> None:
    """Begin again from the trend."""
    take(dict(FRESH))


def preset(name: str) -> None:
    """Make a scenario of the library the plan; nonsense changes nothing."""
    if name in library():
        take(_preset(name))


def _preset(name: str) -> Mapped:
    label = prepared(name).label
    return {"schema": 1, "base": name, "label": {"es": label.es, "en": label.en}}


# Rows of the plan that pages set: levers, and assumptions about the world, which hold for the trend too.


def _own(mapping: Mapping[str, Any], kind: str) -> dict[str, Mapped]:
    """Return by their use the rows that pages show and set: for the whole country, and without an end.

    Of several rows of one use the last one is set; the others stay, and its effect comes on top of theirs.
    """
    return {row["use"]: row for row in mapping.get(kind, ()) if _is_own(row)}


def _is_own(row: Mapping[str, Any]) -> bool:
    return not {"where", "end", "to"} & set(row)


def _set(kind: str, first: Mapped, key: str, value: float, neutral: float) -> None:
    """Set a value of the row of a use, and nothing else of it; one that changes nothing is taken away.

    Parameters
    ----------
    first : the row if there is none yet
    """
    mapping = plan()
    rows = mapping.setdefault(kind, [])
    mine = [row for row in rows if row["use"] == first["use"] and _is_own(row)]
    if not mine:
        mine = [first]
        rows.append(first)
    mine[-1][key] = value
    # Where another row would be shown in its place, one that changes nothing stays.
    if value == neutral and len(mine) == 1:
        rows.remove(mine[0])
    if not rows:
        del mapping[kind]
    change(mapping)


def others(kind: str) -> list[str]:
    """Return the uses of rows that the scenario holds besides those that pages set."""
    held = Counter(row["use"] for row in scenario().to_mapping().get(kind, ()))
    return list(held - Counter([*_own(st.session_state[PLAN], kind)]))


def amounts() -> dict[str, float]:
    """Return the amount of every lever that pages set."""
    return {use: float(row["amount"]) for use, row in _own(st.session_state[PLAN], "interventions").items()}


def set_amount(use: str, amount: float) -> None:
    """Set a lever for the whole country; zero takes it away."""
    start, ramp = timing()
    whom = {"admits": "all", "forms": "all"} if use == PLACES_LEVER else {}
    _set("interventions", {"use": use, "start": start, "ramp_months": ramp, **whom}, "amount", amount, 0.0)


def timing() -> tuple[str, int]:
    """Return first month and months of growth of the levers that the plan sets."""
    for row in _own(st.session_state[PLAN], "interventions").values():
        return row["start"], row.get("ramp_months", 0)
    return st.session_state.get("lever_start", START), st.session_state.get("lever_ramp", RAMP_MONTHS)


def set_timing(start: str, ramp_months: int) -> None:
    """Set first month and months of growth of all levers that the plan sets."""
    st.session_state["lever_start"], st.session_state["lever_ramp"] = start, ramp_months
    mapping = plan()
    for row in _own(mapping, "interventions").values():
        row |= {"start": start, "ramp_months": ramp_months}
    change(mapping)


def assumed(kind: str, use: str) -> float:
    """Return the value of an assumption for the whole country; that which changes nothing if there is none.

    Parameters
    ----------
    kind : of ``ASSUMPTIONS``; use : which
    """
    key, neutral = ASSUMPTIONS[kind]
    return float(_own(st.session_state[PLAN], kind).get(use, {}).get(key, neutral))


def assume(kind: str, use: str, value: float) -> None:
    """Set an assumption, a new one from January 2027 on; the value that changes nothing takes it away."""
    key, neutral = ASSUMPTIONS[kind]
    _set(kind, {"use": use, "from": START}, key, value, neutral)


# Rivals: scenarios that stand beside the plan.


def rivals() -> list[Scenario]:
    """Return the scenarios that stand beside the plan, each with a name of its own, as ``trend``."""
    assumed = assumptions()
    return [
        assuming(row)
        if isinstance(row, str)
        else build({k: v for k, v in row["mapping"].items() if k not in ASSUMED} | assumed, name=row["name"])
        for row in st.session_state[RIVALS]
    ]


def own() -> list[Scenario]:
    """Return the scenarios of this session that the library does not have: the plan and copies of it."""
    copies = [one for one in rivals() if one.name in COPIES]
    return copies if set(plan()) <= set(FRESH) else [scenario(), *copies]


def can_stand_beside(rows: Sequence[str | Mapping[str, Any]]) -> bool:
    """Return whether scenarios that come from elsewhere can stand beside the plan.

    They cannot if they are too many, have names that are not ours or the same name, or faults.
    """
    copies = [row for row in rows if not isinstance(row, str)]
    from_library = [row for row in rows if isinstance(row, str)]
    names = [row["name"] for row in copies]
    if len(rows) > MOST_RIVALS or not {*from_library} <= {*library()} or not {*names} <= {*COPIES}:
        return False
    if len({*from_library, *names}) < len(rows):
        return False
    try:
        for row in copies:
            build(row["mapping"])
    except FaultyInput:
        return False
    return True


def keep_plan() -> None:
    """Put a copy of the plan beside it."""
    kept = st.session_state[RIVALS]
    taken = {row["name"] for row in kept if not isinstance(row, str)}
    name = next(one for one in COPIES if one not in taken)
    mapping = plan()
    mapping["label"] = {lang: _with(text, f" ({name[-1]})") for lang, text in mapping["label"].items()}
    st.session_state[RIVALS] = [*kept, {"name": name, "mapping": mapping}][-MOST_RIVALS:]
