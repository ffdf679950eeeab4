"""Every page draws in both languages, with numbers, intervals and footers; nonsense is a message."""

from __future__ import annotations

import dataclasses
import re
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import xarray as xr

from app import background, links, parts, results, screen, state
from app import engine as engines
from app.engine import Engine
from app.jobs import jobs
from app.menu import PAGES
from app.views.compare import PARTS, RESULTS, changes, in_two_digits, part_names
from scenarios import levers
from simulator import load_ledger, load_scenario
from simulator.outcomes.effects import GOOD
from simulator.policy.national import MEASURES
from simulator.texts import catalogue, set_language
from tests.app.conftest import SMALL
from tests.app.pages import open_page, show

LANGUAGES = ("es", "en")
WITHOUT_RUNS = ("horizon", "lab")
"""Pages with nothing to show of the trend alone."""


@pytest.fixture(autouse=True)
def trend_is_there(server: Engine) -> None:
    answer = server.ask(load_scenario("baseline"), 227)
    assert server.wait(answer, SMALL.draws, 120.0)
    assert engines.engine() is server


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_page_draws_without_a_fault(name: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Runs of the trend are there; those of programmes up to 2050 are not waited for.
    monkeypatch.setattr(screen, "GLANCE_S", 0.0)
    at = open_page(name, lang)
    assert not at.exception
    assert [error.value for error in at.error] == []
    assert len(at.title) == 1
    assert catalogue(lang)["app.limits"] in [text.value for text in at.caption]
    if name not in WITHOUT_RUNS:
        assert any(catalogue(lang)["app.source"] in text.value for text in at.caption)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_home_leads_to_every_page_with_its_question(lang: str) -> None:
    at = open_page("home", lang)
    told = [text.value for text in at.caption]
    assert all(catalogue(lang)[f"home.question.{name}"] in told for name in PAGES if name != "home")


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.3, "+n", "0"),
        (-0.3, "+n", "0"),
        (1234.0, "+n", "+1,200"),
        (0.054, "%", "5%"),
        (0.054, "+%", "+5 pp"),
        (-0.054, "+%", "-5 pp"),
        (0.001, "+%", "0 pp"),
        (0.0, "+m", "0"),
        (57.46e6, "+m", "+57"),
        (5.25e6, "m", "5.2"),
        (222.7e6, "m", "220"),
        (456_000.0, "m", "0.46"),
        (0.00483, ".%", "0.48%"),
        (float("nan"), "+%", "–"),
    ],
)
def test_numbers_are_written_with_few_digits_and_a_sign_where_there_is_a_change(
    value: float, form: str, text: str
) -> None:
    set_language("es")
    assert screen.number(value, form) == text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_prepared_scenario_changes_the_numbers_and_can_be_undone(lang: str, server: Engine) -> None:
    at = open_page("home", lang)
    assert {metric.delta for metric in at.metric} <= {"0", "0 pp"}
    at.button(key="preset_protection_first").click().run()
    answer = server.ask(load_scenario("protection_first"), 227)
    assert server.wait(answer, SMALL.draws, 120.0)
    at.run()
    assert not at.exception
    assert any(metric.delta not in {"0", "0 pp"} for metric in at.metric)
    undo = next(button for button in at.button if button.label == catalogue(lang)["app.undo"])
    undo.click().run()
    assert {metric.delta for metric in at.metric} <= {"0", "0 pp"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lever_moves_and_its_word_with_it(lang: str, server: Engine) -> None:
    at = open_page("explore", lang)
    at.slider(key="lever_upe_reach").set_value(80).run()
    assert not at.exception
    plan = at.session_state["plan"]
    assert plan["interventions"] == [
        {"use": "upe_reach", "start": "2027-01", "ramp_months": 12, "amount": 0.8}
    ]
    words = [text.value for text in at.sidebar.caption]
    assert catalogue(lang)["explore.word.limit"] in words
    assert server.wait(server.ask(state.build(plan), 227), 1, 120.0)
    at.run()
    assert catalogue(lang)["explore.empty"] not in [text.value for text in at.info]
    assert len(at.get("vega_lite_chart")) == 2


def test_a_change_of_the_plan_gives_up_what_was_looked_at(server: Engine) -> None:
    at = open_page("explore", "es")
    wanted = []
    for amount in (40, 45):
        at.slider(key="lever_upe_reach").set_value(amount).run()
        wanted.append(server.ask(state.build(at.session_state["plan"]), 227, "nobody else"))
        wanted[-1].wanted.pop("nobody else")
    assert [answer.is_wanted for answer in wanted] == [False, True]
    assert list(wanted[1].wanted) == [at.session_state["session"]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_budget_of_a_prepared_scenario_is_a_table_with_its_way_through_execution(
    lang: str, server: Engine
) -> None:
    at = open_page("home", lang)
    at.button(key="preset_places_for_boys").click().run()
    answer = server.ask(load_scenario("places_for_boys"), 227)
    assert server.wait(answer, SMALL.draws, 120.0)
    show(at, "budget")
    assert not at.exception
    assert [error.value for error in at.error] == []
    assert next(text.value for text in at.header) == catalogue(lang)["budget.spent"]
    assert at.session_state["plan"]["base"] == "places_for_boys"
    shares = [box for box in at.number_input if box.key == "payer_us"]
    shares[0].set_value(10).run()
    assert catalogue(lang)["budget.payers_sum"].format(total=110) in [error.value for error in at.error]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_scenarios_stand_side_by_side_and_few_runs_are_counted(lang: str, server: Engine) -> None:
    at = open_page("compare", lang)
    at.selectbox(key="compare_library").set_value("places_for_boys").run()
    at.button(key="compare_add").click().run()
    assert server.wait(server.ask(load_scenario("places_for_boys"), 227), SMALL.draws, 120.0)
    at.run()
    assert not at.exception
    assert at.session_state["rivals"] == ["places_for_boys"]
    cells = [str(cell) for table in at.table for cell in table.value.to_numpy().ravel()]
    known = catalogue(lang)
    told = re.compile(known["score.counted"].format(hits="[0-3]", runs=SMALL.draws))
    assert sum(bool(told.fullmatch(cell)) for cell in cells) > 5
    verdicts = [known[f"score.verdict.{one}"] for one in ("better", "worse")]
    assert not [cell for cell in cells if any(f"· {one}" in cell for one in verdicts)]
    at.button(key="away_places_for_boys").click().run()
    assert at.session_state["rivals"] == []


def test_a_language_is_a_matter_of_one_session() -> None:
    spanish, english = open_page("explore", "es"), open_page("explore", "en")
    assert spanish.title[0].value == catalogue("es")["app.page.explore"]
    assert english.title[0].value == catalogue("en")["app.page.explore"]
    set_language("es")
    spanish.run()
    assert spanish.title[0].value == catalogue("es")["app.page.explore"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("text", ["nonsense", "x" * 9000, "", "eJwrSS0uAQAEXQHB"])
def test_a_link_with_nonsense_is_a_message(text: str, lang: str) -> None:
    at = open_page("explore", lang, s=text)
    assert not at.exception
    told = [warning.value for warning in at.warning]
    assert (catalogue(lang)["app.link.bad"] in told) == bool(text)


def test_a_link_opens_the_same_plan() -> None:
    plan = {"schema": 1, "base": "places_for_boys", "label": {"es": "Uno", "en": "One"}}
    at = open_page("explore", "en", s=links.pack(links.Held(plan, "2035-12")))
    assert at.session_state["plan"] == plan
    assert at.session_state["horizon"] == "2035-12"


def test_a_plan_that_the_schema_refuses_is_a_message_in_a_link() -> None:
    plan = {"schema": 1, "base": "../../etc/passwd", "label": {"es": "Uno", "en": "One"}}
    at = open_page("explore", "es", s=links.pack(links.Held(plan, "2030-12")))
    assert not at.exception
    assert catalogue("es")["app.link.bad"] in [warning.value for warning in at.warning]
    assert at.session_state["plan"]["base"] == "baseline"


def test_parts_of_a_scenario_are_named_in_the_language_of_the_reader() -> None:
    set_language("en")
    names = part_names([load_scenario("compact2_10_years")], "es")
    es, en = catalogue("es"), catalogue("en")
    assert names[es["score.synergy"]] == en["score.synergy"]
    assert names[es["score.design"].format(programme="compact2")] == "how Second Compact works"
    assert names["places_girls"] == load_ledger().lines["places_girls"].label["en"]


def test_parts_of_a_scenario_are_told_in_two_digits_as_every_number_of_a_page() -> None:
    set_language("es")
    assert in_two_digits("1,696 (1,024.5 a 2,351)") == "1,700 (1,000 a 2,400)"
    assert in_two_digits("12.34 (-0.567 a 0.0)") == "12 (-0.57 a 0)"
    assert in_two_digits(None) == catalogue("es")["app.nothing"]


SAID = """import json
row = {"part": "x", "effect": "child_months", "money": None, "alone": "12.3", "added": "-0.5"}
print("one moment", json.dumps({"scenario": "plan", "rows": [row]}))"""


def test_parts_are_told_of_the_scenario_that_was_taken_apart(
    server: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.PROGRAM", (sys.executable, "-c", SAID))
    for one, until in (("places_for_boys", 227), ("baseline", 287), ("policy_2030_funded", 287)):
        assert server.wait(server.ask(load_scenario(one), until), SMALL.draws, 120.0)
    first, then = (
        {"schema": 1, "base": base, "label": {"es": label, "en": label}}
        for base, label in (("places_for_boys", "Uno"), ("policy_2030_funded", "Dos"))
    )
    at = open_page("compare", "es", s=links.pack(links.Held(first, "2030-12")))
    at.selectbox(key="compare_part_effect").set_value("child_months").run()
    at.button(key="compare_parts").click().run()
    job = jobs().get(at.session_state[PARTS])
    assert job is not None
    end = time.monotonic() + 60.0
    while not background.is_over(job):
        assert time.monotonic() < end
        time.sleep(0.05)
        jobs().get(job.number)
    changed = catalogue("es")["compare.parts_changed"]
    for has_changed in (False, True):
        if has_changed:
            at.session_state[state.PLAN], at.session_state[state.HORIZON] = then, "2035-12"
        at.run()
        assert not at.exception
        assert [one.value for one in at.markdown if one.value.startswith("**Uno: ")]
        (source,) = [one.value for one in at.caption if "suma hasta" in one.value]
        assert "suma hasta 2030;" in source
        assert (changed in [one.value for one in at.caption]) == has_changed


def test_runs_in_which_a_scenario_is_better_are_counted_for_each_result() -> None:
    trend = load_scenario("baseline")
    plan, rival = (dataclasses.replace(trend, name=name) for name in ("plan", "rival"))
    told = results.Comparison((trend, plan, rival), (), (0, 1, 2), 3, "", 227, 0)
    of_runs = {"baseline": [5.0, 5.0, 5.0], "plan": [4.0, 4.0, 6.0], "rival": [6.0, 5.0, 6.0]}
    values = xr.DataArray(
        np.repeat(np.array(list(of_runs.values()))[:, :, None], len(RESULTS), axis=2),
        {"scenario": list(of_runs), "indicator": list(RESULTS)},
        dims=("scenario", "draw", "indicator"),
    )
    set_language("en")
    table = changes(told, values).set_index(["scenario", "indicator"])
    # Fewer first entries are better, and more who complete; the same is neither.
    assert table["better"].loc[("plan", "first_entries")] == "2 of 3 runs"
    assert table["better"].loc[("plan", "completed")] == "1 of 3 runs"
    assert table["better"].loc[("rival", "first_entries")] == "0 of 3 runs"
    assert table["better"].loc[("rival", "completed")] == "2 of 3 runs"
    assert table["median"].loc[("plan", "completed")] == -1.0


def compared(monkeypatch: pytest.MonkeyPatch, **tables: xr.DataArray) -> results.Comparison:
    """Return a comparison that has made-up tables."""
    monkeypatch.setattr(results.Comparison, "tables", xr.Dataset(tables))
    scenarios = (load_scenario("baseline"), state.build(dict(state.FRESH), name="plan"))
    return results.Comparison(scenarios, (), tuple(range(20)), 20, "", 227, 0)


def yearly(indicators: list[str], change: Sequence[Sequence[float]]) -> xr.DataArray:
    """Return a table of the country in which a plan changes each indicator as told, run by run."""
    values = np.full((2, len(change[0]), len(indicators), 4), 100.0)
    values[1] += np.asarray(change).T[:, :, None]
    coords = {"scenario": ["baseline", "plan"], "indicator": indicators, "year": [2027, 2028, 2029, 2030]}
    return xr.DataArray(values, coords, dims=("scenario", "draw", "indicator", "year"))


def test_what_is_written_as_zero_is_neither_better_nor_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*RESULTS]
    change = [np.linspace(-0.4, -0.2, 20)] * 3 + [np.linspace(0.001, 0.004, 20), np.zeros(20)]
    told = compared(monkeypatch, country=yearly(names, change))
    set_language("es")
    table = changes(told, told.tables["country"].mean("year"))
    rows = table.to_dict("records")
    assert [parts.verdict_of(row, row["indicator"]) for row in rows] == [*["little"] * 4, "open"]
    assert table["better"].iloc[[0, -1]].tolist() == ["20 de 20 corridas", "igual en las 20 corridas"]


def test_all_that_gets_worse_is_told_and_nothing_that_is_written_as_zero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_language("es")
    names = [*dict.fromkeys((*GOOD, *parts.COUNT_OF.values()))]
    none = np.zeros(20)
    change = dict.fromkeys(names, none) | {
        "first_entries": none + 12.0,
        "returns": none + 0.3,
        "identified": none - 3.0,
        "completed_share": none - 0.02,
        "completed": none + 5.0,
    }
    told = compared(monkeypatch, country=yearly(names, [change[name] for name in names]))
    worse: list[str] = []
    lower: list[str] = []
    monkeypatch.setattr(parts.st, "warning", lambda text, **_: worse.append(text))
    monkeypatch.setattr(parts.st, "info", lambda text, **_: lower.append(text))
    parts.warnings(told)
    assert worse == [
        "Este escenario empeora algo. Primeros ingresos a la explotación: +12 en promedio anual, 2027-2030 "
        "(entre +12 y +12 en 9 de cada 10 corridas).",
        "Este escenario empeora algo. Planes culminados por cada plan iniciado en el año: -2 pp en promedio "
        "anual, 2027-2030 (entre -2 pp y -2 pp en 9 de cada 10 corridas). La parte baja aunque el número "
        "sube: Reintegraciones completadas, +5 (entre +5 y +5 en 9 de cada 10 corridas).",
    ]
    assert len(lower) == 1
    assert lower[0].startswith("Baja: Con identificación, -3 en promedio anual")


def test_what_the_author_of_a_scenario_says_of_its_assumptions_stands_beside_its_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_language("es")
    said: list[str] = []
    monkeypatch.setattr(parts.st, "caption", said.append)
    label = {"es": "Mío", "en": "Mine"}
    mine = state.build({"schema": 1, "base": "prosecution_first", "label": label}, name="plan")
    lever = {"use": "upe_reach", "start": "2027-01", "amount": 0.5}
    changed = state.build(
        {"schema": 1, "base": "prosecution_first", "label": label, "interventions": [lever]}, name="plan_1"
    )
    parts.told_by_authors([mine, changed])
    assert len(said) == 2
    assert said[0].startswith("**Mío**: Policía especializada")
    assert "supuestos de grado D" in said[0]
    assert said[1].startswith("**Supuestos**: Los montos y su reparto son supuestos")


def test_the_scorecard_tells_the_paired_difference_and_what_fewer_victims_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = np.arange(20.0)
    policy = xr.DataArray(
        np.stack([375.4 + runs, 369.4 + runs])[:, :, None, None],
        {"scenario": ["baseline", "plan"], "measure": ["police_children"], "year": [2030]},
        dims=("scenario", "draw", "measure", "year"),
    )
    entries = yearly(["first_entries"], [np.full(20, -5.0)])
    told = compared(monkeypatch, policy=policy, country=entries)
    set_language("es")
    assert parts._beside_trend(told, "plan") == {
        ("plan", "police_children"): "frente al tendencial: -6 (-6 a -6)"
    }
    assert parts.fewer_entries(told, "plan")


def test_a_scorecard_speaks_of_what_it_shows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    names, years = ["baseline", "plan", "rival"], list(range(2023, 2031))
    values = np.zeros((len(names), 20, len(MEASURES), len(years)))
    # Every run of plan and trend reaches every target that is a count or a share; none of the rival's does.
    values[:2] = 1e6
    policy = xr.DataArray(
        values,
        {"scenario": names, "measure": list(MEASURES), "year": years},
        dims=("scenario", "draw", "measure", "year"),
    )
    told = results.Comparison((), (), (), 20, "", 227, 0)
    monkeypatch.setattr(results.Comparison, "tables", xr.Dataset({"policy": policy}))
    plan, rival = (parts.card_of(told, scenario=name) for name in ("plan", "rival"))
    assert {one.scenario for one in plan.scores} == {"baseline", "plan"}
    assert plan.met_anyway
    assert {one.scenario for one in rival.scores} == {"baseline", "rival"}
    assert not rival.met_anyway


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_compared_names_its_years_and_opens_its_parameters(lang: str) -> None:
    at = open_page("compare", lang)
    years = "2027-2030"
    assert sum(years in header.value for header in at.header) == 2
    keys = [one.key for one in at.selectbox]
    for table in ("compare_table", "compare_pairs", "scorecard_plan"):
        assert f"{table}_parameter" in keys
    pairs = at.table[1].value
    assert pairs.shape == (1, 4)


def test_a_changed_scenario_says_so_in_its_name_until_it_is_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state.st, "session_state", {})
    state.begin()
    state.set_amount("execution_incremental", 0.2)
    assert state.plan()["label"] == state.FRESH["label"]
    state.preset("balanced")
    kept = state.plan()["label"]
    for amount in (0.1, 0.2):
        state.set_amount("execution_incremental", amount)
        changed = {"es": f"{kept['es']} (modificado)", "en": f"{kept['en']} (modified)"}
        assert state.plan()["label"] == changed
    state.set_amount("execution_incremental", 0.0)
    assert state.plan()["label"] == kept


def test_what_an_author_says_of_a_scenario_is_not_said_of_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state.st, "session_state", {})
    state.begin()
    own = load_scenario("balanced").to_mapping()
    assert state.take(own)
    assert {"question", "claims"} <= set(state.plan())
    state.set_amount("execution_incremental", 0.2)
    assert not {"question", "claims"} & set(state.plan())
    assert state.scenario().label.es == f"{own['label']['es']} (modificado)"


def test_a_link_brings_back_what_stands_beside_the_plan() -> None:
    mapping = {"schema": 1, "base": "balanced", "label": {"es": "Copia (1)", "en": "Copy (1)"}}
    rivals = ["policy_2030_funded", {"name": "plan_1", "mapping": mapping}]
    at = open_page("compare", "es", s=links.pack(links.Held(mapping, "2030-12", rivals)))
    assert at.session_state[state.RIVALS] == rivals
    assert not at.exception


@pytest.mark.parametrize(
    "rivals",
    [
        ["nothing"],
        ["balanced", "balanced"],
        ["balanced"] * 4,
        [{"name": "../plan", "mapping": {"schema": 1, "base": "balanced"}}],
        [{"name": "plan_1", "mapping": {"schema": 1, "base": "nothing"}}],
    ],
)
def test_scenarios_of_a_link_that_cannot_stand_beside_the_plan_are_a_message(rivals: list[Any]) -> None:
    at = open_page("compare", "es", s=links.pack(links.Held(dict(state.FRESH), "2030-12", rivals)))
    assert catalogue("es")["app.link.bad"] in [one.value for one in at.warning]
    assert at.session_state[state.RIVALS] == []


@pytest.mark.parametrize("name", sorted(levers()))
def test_every_lever_can_be_moved(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.st, "session_state", {})
    state.begin()
    amount = levers()[name].maximum
    state.set_amount(name, amount)
    assert state.st.session_state[state.FAULTS] == []
    assert state.amounts() == {name: amount}


def test_what_stands_beside_the_plan_shares_its_assumptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.st, "session_state", {})
    state.begin()
    state.preset("balanced")
    state.keep_plan()
    state.st.session_state[state.RIVALS].append("policy_2030_funded")
    assert state.trend() is state.prepared("baseline")
    state.assume("context", "poverty", 1.2)
    everybody = [state.trend(), state.scenario(), *state.rivals()]
    assert [one.name for one in everybody] == ["baseline", "plan", "plan_1", "policy_2030_funded"]
    assert {one.context for one in everybody} == {state.scenario().context} != {()}


def test_commands_take_the_trend_of_the_assumptions_that_the_page_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state.st, "session_state", {})
    state.begin()
    state.preset("balanced")

    def told() -> results.Comparison:
        return results.Comparison((state.trend(), state.scenario()), (), (), 24, "", 227, 0)

    assert screen.commands(told())["compare"].startswith(
        "sintrata compare baseline plan.yaml --until 2030-12 --draws 24"
    )
    state.assume("context", "poverty", 1.2)
    assert screen.commands(told())["compare"].startswith("sintrata compare baseline.yaml plan.yaml ")
    assert (
        'simulator.compare(["baseline.yaml", "plan.yaml"], until="2030-12", draws=24, seed=0)'
        in screen.code(told(), ["identified"], 2030)
    )
