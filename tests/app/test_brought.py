"""What readers bring, links and files: all of it is shown, kept, and taken back; none of it breaks a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import links, screen, state
from app.engine import Engine
from app.menu import PAGES
from simulator import Scenario, load_scenario
from simulator.faults import FaultyInput
from simulator.texts import catalogue, set_language
from tests.app.conftest import SMALL
from tests.app.pages import open_page

NAMED = {"schema": 1, "label": {"es": "Uno", "en": "One"}}
HUGE = 10**400


@pytest.fixture(autouse=True)
def trend_is_there(server: Engine) -> None:
    assert server.wait(server.ask(load_scenario("baseline"), 227), SMALL.draws, 120.0)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A session without a page."""
    monkeypatch.setattr(state.st, "session_state", {})
    state.begin()
    return state.st.session_state


def opened(page: str, lang: str, plan: dict[str, Any]) -> AppTest:
    return open_page(page, lang, s=links.pack(links.Held(plan, "2030-12")))


def of_programme(**budget: Any) -> dict[str, Any]:
    programme = {"name": "one", "label": NAMED["label"], "start": "2027-01", "budget": [budget]}
    return {"programmes": [programme]}


@pytest.mark.parametrize(
    "part",
    [
        {"interventions": [{"use": "upe_reach", "start": "2027-01", "amount": HUGE}]},
        {
            "interventions": [
                {"use": "upe_reach", "start": "2027-01", "amount": 1, "where": {"territory": [HUGE]}}
            ]
        },
        {"interventions": [{"use": "upe_reach", "start": "2027-01", "amount": 1, "ramp_months": HUGE}]},
        {"context": [{"use": "poverty", "from": "2027-01", "multiply": HUGE}]},
        {"shocks": [{"use": "arrivals", "from": "2027-01", "level": HUGE}]},
        {"parameters": {"returns.median_months": HUGE}},
        of_programme(lines={"training": HUGE}, amount=1),
        of_programme(lines={"training": 1e308, "upe_posts": 1e308}, amount=1),
        of_programme(lines={"training": 1}, amounts={"2027": HUGE}),
    ],
)
def test_a_number_beyond_all_bounds_is_a_fault(part: dict[str, Any]) -> None:
    with pytest.raises(FaultyInput):
        Scenario.from_mapping(NAMED | part, name="plan")


def test_a_link_with_a_number_beyond_all_bounds_is_a_message() -> None:
    row = {"use": "upe_reach", "start": "2027-01", "amount": HUGE}
    at = opened("explore", "es", NAMED | {"interventions": [row]})
    assert not at.exception
    assert catalogue("es")["app.link.bad"] in [warning.value for warning in at.warning]
    assert at.session_state[state.PLAN] == state.FRESH


def test_a_defect_in_taking_a_link_is_a_message_above_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> links.Held:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(links, "unpack", broken)
    at = open_page("explore", "en", s="x")
    assert not at.exception
    assert [error.value[:20] for error in at.error] == [catalogue("en")["app.state.broken"][:20]]
    assert [title.value for title in at.title] == [catalogue("en")["app.page.explore"]]


# -- rows that pages do not set ----------------------------------------------------------------------------


def test_the_last_change_of_a_link_without_a_base_can_be_taken_back() -> None:
    row = {"use": "upe_reach", "start": "2027-01", "amount": 0.2}
    at = opened("explore", "es", NAMED | {"interventions": [row]})
    at.slider(key="lever_upe_reach").set_value(0).run()
    assert not at.exception
    assert at.session_state[state.PLAN] == {
        "schema": 1,
        "label": {"es": "Uno (modificado)", "en": "One (modified)"},
    }


STEPS = [
    {"use": "upe_reach", "start": "2027-01", "amount": 0.2},
    {"use": "upe_reach", "start": "2029-01", "ramp_months": 6, "amount": 0.3},
]
ENDS = {"use": "upe_reach", "start": "2027-01", "end": "2028-12", "amount": 0.1}


def test_a_slider_moves_the_last_row_of_its_lever_and_keeps_the_others(session: dict[str, Any]) -> None:
    assert state.take(NAMED | {"interventions": [*STEPS, ENDS]})
    assert state.amounts() == {"upe_reach": 0.3}
    assert state.others("interventions") == ["upe_reach"]
    for amount in (0.4, 0.0):
        state.set_amount("upe_reach", amount)
        assert state.plan()["interventions"] == [STEPS[0], STEPS[1] | {"amount": amount}, ENDS]
        assert state.amounts() == {"upe_reach": amount}
    assert session[state.FAULTS] == []


def test_a_lever_keeps_whom_it_is_for_and_when_it_begins(session: dict[str, Any]) -> None:
    first = {"use": "upe_reach", "start": "2027-01", "amount": 0.2}
    places = {
        "use": "specialised_places",
        "start": "2029-01",
        "amount": 10,
        "admits": "girls",
        "forms": "sexual",
    }
    assert state.take(NAMED | {"interventions": [first, places]})
    state.set_amount("specialised_places", 12.0)
    assert state.plan()["interventions"] == [first, places | {"amount": 12.0}]
    assert session[state.FAULTS] == []


def test_an_assumption_keeps_its_months_and_others_stay(session: dict[str, Any]) -> None:
    passing = {"use": "poverty", "from": "2027-01", "to": "2028-12", "multiply": 1.3}
    lasting = {"use": "poverty", "from": "2029-01", "multiply": 1.1}
    assert state.take(NAMED | {"context": [lasting, passing]})
    assert state.assumed("context", "poverty") == 1.1
    assert state.others("context") == ["poverty"]
    state.assume("context", "poverty", 1.25)
    assert state.plan()["context"] == [lasting | {"multiply": 1.25}, passing]
    state.assume("context", "poverty", 1.0)
    assert state.plan()["context"] == [passing]
    assert state.assumed("context", "poverty") == 1.0
    state.assume("shocks", "arrivals", 0.5)
    assert state.plan()["shocks"] == [{"use": "arrivals", "from": "2027-01", "level": 0.5}]
    assert session[state.FAULTS] == []


def test_rows_that_a_page_does_not_set_are_named_on_it() -> None:
    shock = {"use": "funding_stop", "from": "2028-01", "to": "2028-06", "level": 1.0}
    at = opened("explore", "en", NAMED | {"interventions": STEPS, "shocks": [shock]})
    assert at.slider(key="lever_upe_reach").value == 30
    told = [caption.value for caption in at.sidebar.caption]
    assert "Besides what you move here, the scenario holds: UPE reach." in told
    assert "The scenario also holds, and it is not moved here: Stop of outside funding." in told


# -- what is tried and taken back --------------------------------------------------------------------------


def test_a_slider_shows_the_value_that_the_plan_holds_after_undo() -> None:
    at = open_page("model", "es")
    at.session_state["model_tab"] = catalogue("es")["model.tab.parameters"]
    at.run()
    at.text_input(key="model_search").set_value("returns.median_months").run()
    slider = "model_value_returns.median_months"
    central = at.slider(key=slider).value
    at.slider(key=slider).set_value(at.slider(key=slider).max).run()
    assert at.slider(key=slider).value == at.slider(key=slider).max != central
    (undo,) = (one for one in at.button if one.label == catalogue("es")["app.undo"])
    undo.click().run()
    assert "parameters" not in at.session_state[state.PLAN]
    assert at.slider(key=slider).value == central


# -- files -------------------------------------------------------------------------------------------------

FILE = """schema: 1
label: {es: Uno, en: One}
interventions:
  - {use: upe_reach, start: 2027-01, amount: 0.2}
"""


def uploader() -> AppTest:
    def script() -> None:
        import streamlit as st  # noqa: PLC0415

        from app import state, upload  # noqa: PLC0415

        state.begin()
        upload.upload("home")
        st.button("back", key="back", on_click=state.set_amount, args=("upe_reach", 0.0))

    set_language("en")
    at = AppTest.from_function(script)
    at.session_state["lang"] = "English"
    return at.run()


def test_what_came_of_a_file_is_not_said_of_the_next_one() -> None:
    at = uploader()
    at.file_uploader[0].set_value(("one.yaml", FILE.encode(), "application/yaml")).run()
    at.button(key="home_take").click().run()
    said = r"one\.yaml was taken: “One”, to 2030. It is the scenario in hand now."
    assert [one.value for one in at.success] == [said]
    at.file_uploader[0].set_value(("two.yaml", b"schema: 2", "application/yaml")).run()
    assert not at.success
    at.button(key="home_take").click().run()
    assert not at.success
    assert at.error
    at.file_uploader[0].set_value(("three.yaml", FILE.encode(), "application/yaml")).run()
    assert not at.error


def test_the_last_change_of_a_file_can_be_taken_back() -> None:
    at = uploader()
    at.file_uploader[0].set_value(("one.yaml", FILE.encode(), "application/yaml")).run()
    at.button(key="home_take").click().run()
    at.button(key="back").click().run()
    assert not at.exception
    assert at.session_state[state.PLAN] == {
        "schema": 1,
        "label": {"es": "Uno (modificado)", "en": "One (modified)"},
    }


# -- words of authors --------------------------------------------------------------------------------------

EVIL = "![a](https://evil.example/x.png) **b** www.evil.example"
SHOWN = (
    r"\!\[a\]\(https\:"
    + "\u2060"
    + r"\/\/evil\.example\/x\.png\) \*\*b\*\* www"
    + "\u2060"
    + r"\.evil\.example"
)
MARKDOWN = ("markdown", "caption", "header", "button", "download_button", "button_group", "info", "success")


def test_words_of_an_author_are_told_as_they_are() -> None:
    assert screen.plain(EVIL) == SHOWN
    assert screen.plain("Dos\n\n# líneas :smile: $x$") == "Dos \\# líneas \\:\u2060smile\\: \\$x\\$"
    for text in (EVIL, r"a\b**c** ~d~ <e> `f`", "1. x@y.pe"):
        assert screen.bare(screen.plain(text)) == text


@pytest.mark.parametrize("page", PAGES)
def test_no_page_makes_an_image_or_a_link_of_a_label(page: str, server: Engine) -> None:
    label = {"es": EVIL, "en": EVIL}
    row = {"use": "upe_reach", "start": "2027-01", "amount": 0.2}
    plan = {"schema": 1, "base": "places_for_boys", "label": label, "interventions": [row]}
    rival = {"name": "plan_1", "mapping": plan}
    assert server.wait(server.ask(state.build(plan), 227), SMALL.draws, 120.0)
    at = open_page(page, "es", s=links.pack(links.Held(plan, "2030-12", [rival])))
    assert not at.exception
    assert SHOWN in at.sidebar.markdown[0].value
    sent = [str(one.proto).replace("\\\\", "\\") for kind in MARKDOWN for one in at.get(kind)]
    for table in at.table:
        sent += [
            str(text) for text in (*table.value.columns, *table.value.index, *table.value.to_numpy().ravel())
        ]
    # In the side bar, and on pages that set scenarios side by side.
    assert sum(r"\!\[a\]" in text for text in sent) > (5 if page == "compare" else 0)
    assert [text for text in sent if "![a](" in text or "www.evil" in text] == []


def test_faults_quote_a_file_as_it_is() -> None:
    at = uploader()
    at.file_uploader[0].set_value(("one.yaml", b'schema: "![a](//evil.example)"', "application/yaml")).run()
    at.button(key="home_take").click().run()
    told = "\n".join(one.value for one in at.error)
    assert r"\!\[a\]\(\/\/evil\.example\)" in told
    assert "![a](" not in told
