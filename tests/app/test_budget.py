"""The budget page: rows written one at a time, money told run by run, and as the command line prints it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import links, money, screen, state
from app.engine import Engine
from app.reduced import reduce
from app.upload import open_bytes
from app.views import budget
from simulator import compare, load_ledger, load_scenario
from simulator.report import money_table
from simulator.texts import catalogue, set_language, t
from tests.app.conftest import SMALL
from tests.app.pages import open_page, show

PRESET = "balanced"
UNTIL = 227


@pytest.fixture(autouse=True)
def runs_are_there(server: Engine) -> None:
    for name in ("baseline", PRESET):
        assert server.wait(server.ask(load_scenario(name), UNTIL), SMALL.draws, 120.0)


def budget_of_preset(lang: str = "es") -> AppTest:
    at = open_page("home", lang)
    at.button(key=f"preset_{PRESET}").click().run()
    return show(at, "budget")


def test_a_row_is_written_changed_and_taken_away_without_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "GLANCE_S", 0.0)
    at, es = open_page("budget", "es"), catalogue("es")

    def press(key: str) -> None:
        next(button for button in at.button if button.label == es[key]).click().run()
        assert not at.exception
        assert [error.value for error in at.error] == []

    at.selectbox(key="budget_row_1_0_0_line").set_value("upe_posts")
    at.selectbox(key="budget_row_1_0_0_where").set_value("08")
    at.text_input(key="budget_row_1_0_0_2027").set_value("1.500.000")
    at.text_input(key="budget_row_1_0_0_2030").set_value("2000000")
    press("budget.row_keep")
    (programme,) = at.session_state["plan"]["programmes"]
    (grant,) = programme["budget"]
    assert grant["lines"] == {"upe_posts": 1.0}
    assert grant["where"] == {"territory": ["08"]}
    assert grant["amounts"] == {"2027": 1.5e6, "2028": 0.0, "2029": 0.0, "2030": 2e6}
    sums = {metric.label: metric.value for metric in at.metric if metric.label in grant["amounts"]}
    assert sums == {"2027": "1.5", "2028": "0", "2029": "0", "2030": "2"}

    at.selectbox(key="budget_row_2_1").set_value(0).run()
    assert at.text_input(key="budget_row_2_1_0_2030").value == "2,000,000"
    at.text_input(key="budget_row_2_1_0_2030").set_value("3,000,000")
    press("budget.row_keep")
    assert at.session_state["plan"]["programmes"][0]["budget"][0]["amounts"]["2030"] == 3e6

    at.selectbox(key="budget_row_3_1").set_value(0).run()
    at.text_input(key="budget_row_3_1_0_total").set_value("10 000 000")
    press("budget.row_spread")
    (grant,) = at.session_state["plan"]["programmes"][0]["budget"]
    assert grant["amounts"] == dict.fromkeys(("2027", "2028", "2029", "2030"), 2.5e6)
    assert {metric.label: metric.value for metric in at.metric}["2027 a 2030"] == "10"

    at.selectbox(key="budget_row_4_1").set_value(0).run()
    press("budget.row_drop")
    assert "programmes" not in at.session_state["plan"]


def test_what_is_no_amount_is_told_with_its_year_and_stays_as_it_was_typed() -> None:
    at, es = open_page("budget", "es"), catalogue("es")
    for year, text in (("2027", "1e6"), ("2028", "-5"), ("2029", "1.500"), ("2030", "99999999999")):
        at.text_input(key=f"budget_row_1_0_0_{year}").set_value(text)
    next(button for button in at.button if button.label == es["budget.row_keep"]).click().run()
    told = [error.value for error in at.error]
    assert [text[:10] for text in told] == [f"{year} (S/):" for year in (2027, 2028, 2029, 2030)]
    assert all("de 0 a 10,000,000,000" in text for text in told)
    assert "programmes" not in at.session_state["plan"]
    assert at.text_input(key="budget_row_1_0_0_2029").value == "1.500"


def test_money_before_the_table_is_told_and_is_in_every_figure(server: Engine) -> None:
    assert server.wait(server.ask(load_scenario("policy_2030_funded"), UNTIL), SMALL.draws, 120.0)
    at = open_page("budget", "es")
    at.button(key="budget_first").click().run()
    assert at.toggle(key="budget_goes_on").value
    assert at.run().session_state["plan"]["base"] == "policy_2030_funded"
    (said,) = [info.value for info in at.info if "Fuera de los años" in info.value]
    assert said.startswith("Fuera de los años de la tabla hay S/ 63.59 millones en 2026, en soles de 2025.")
    es, told = catalogue("es"), tables(at)
    assert told[es["app.column.year"]].iloc[:, 0].tolist() == ["2026", "2027", "2028", "2029", "2030"]
    assert told[es["budget.payer"]].columns[1] == "Ejecutado, 2026 a 2030 (millones de S/ corrientes)"
    assert any(text.value.startswith("Suma de 2026 a 2030, en soles corrientes") for text in at.caption)
    # A changed row leaves the money of 2026 where it is.
    before = money.plan_of(state.build(at.session_state["plan"])).outside_by_year()
    at.selectbox(key="budget_row_2_24").set_value(0).run()
    at.text_input(key="budget_row_2_24_0_total").set_value("40000000")
    next(button for button in at.button if button.label == es["budget.row_spread"]).click().run()
    assert at.session_state["plan"]["programmes"][0]["start"] == "2026-01"
    assert money.plan_of(state.build(at.session_state["plan"])).outside_by_year() == before


def test_what_goes_with_the_money_stays_when_another_page_is_opened() -> None:
    at = budget_of_preset()
    at.number_input(key="payer_national").set_value(75)
    at.number_input(key="payer_us").set_value(25)
    at.toggle(key="budget_goes_on").set_value(True).run()
    plan = at.session_state["plan"]
    assert plan["programmes"][0]["payers"][0]["shares"] == {"national": 0.75, "us": 0.25}
    assert "end" not in plan["programmes"][0]
    show(show(at, "explore"), "budget")
    assert at.session_state["plan"] == plan
    assert at.number_input(key="payer_us").value == 25
    assert at.toggle(key="budget_goes_on").value
    assert not at.exception


def test_a_table_beside_a_ceiling_says_by_how_much_it_is_above() -> None:
    at = budget_of_preset()
    at.number_input(key="budget_ceiling").set_value(100.0).run()
    sums = {m.label: float(m.value) for m in at.metric if m.label in ("2027", "2028", "2029", "2030")}
    above = [round(total - 100.0, 2) for total in sums.values() if total > 100.0]
    told = [text.value for text in at.caption if "sobre el techo" in text.value]
    assert len(told) == len(above) == 3
    assert all(f"{more:g}" in text for more, text in zip(above, told, strict=True))
    show(show(at, "explore"), "budget")
    assert at.number_input(key="budget_ceiling").value == 100.0


def tables(at: AppTest) -> dict[str, pd.DataFrame]:
    """Return the tables of the page by the heading of their first column."""
    return {str(table.value.columns[0]): table.value for table in at.table}


@pytest.mark.parametrize("lang", ["es", "en"])
def test_money_is_told_with_its_interval_and_in_few_columns(lang: str) -> None:
    at, known = budget_of_preset(lang), catalogue(lang)
    told = tables(at)
    assert all(len(table.columns) <= 4 for table in told.values())
    executed = told[known["budget.payer"]].iloc[0, 1]
    assert "(" in executed
    # The last bar is the money itself.
    steps = next(frame.value for frame in at.dataframe if known["chart.step"] in frame.value)
    assert steps.iloc[-1].tolist() == [known["budget.step.executed"], executed]
    assert all("(" in text for text in steps.iloc[:, 1])
    costs = told[known["budget.column.line"]][known["budget.line_cost"]]
    assert all("(" in text for text in costs)
    digits = [text.replace(",", "").replace(".", "").strip("0") for text in costs.str.split(" ").str[0]]
    assert max(map(len, digits)) <= 2


def test_what_is_gained_is_what_the_command_prints() -> None:
    at = budget_of_preset()
    dataset = compare(
        [load_scenario("baseline"), load_scenario(PRESET)],
        seed=SMALL.seed,
        draws=SMALL.draws,
        scale=SMALL.scale,
        until=UNTIL,
    )
    set_language("es")
    printed = {row["item"]: row for row in money_table(dataset).records() if row["scenario"] == PRESET}
    gained = tables(at)[t("budget.gain")].set_index(t("budget.gain"))
    for effect in ("child_months", "completed", "returns"):
        row = printed[effect]
        assert gained.loc[t(f"effect.{effect}"), t("budget.gained")].split(" ")[0].strip("+") == rounded(
            row["median"]
        )
    assert gained[t("budget.added")].str.split(" ").str[0].tolist() == [
        rounded(printed["present_value_0"]["median"])
    ] * len(gained)


def rounded(value: float) -> str:
    number = float(f"{value:.2g}") if abs(value) >= 10.0 else round(value)
    return f"{number:,.0f}"


def test_the_commands_of_the_page_give_its_year_and_its_scorecard() -> None:
    at = budget_of_preset()
    told = [code.value for code in at.code if code.value.startswith("sintrata")]
    same = "baseline plan.yaml --until 2030-12 --draws 3 --seed 0 --lang es"
    assert told == [f"sintrata compare {same} --year 2030", f"sintrata score {same}"]


@pytest.mark.parametrize("name", [PRESET, "compact2_10_years"])
def test_the_workbook_holds_the_money_of_a_prepared_scenario(name: str) -> None:
    plan = replace(load_scenario(name), until_ti=UNTIL)
    read = open_bytes(budget.workbook(json.dumps(plan.to_mapping()), "es"), "xlsx")
    assert read.hash == plan.hash
    assert read.until_ti == UNTIL
    assert money.plan_of(read).by_year() == money.plan_of(plan).by_year()
    assert sum(money.plan_of(read).by_year().values()) > 0.0


def test_a_workbook_is_made_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(budget, "workbook", lambda _text, lang: made.append(lang) or b"PK")
    at = budget_of_preset()
    assert made == []
    at.session_state["budget_sheet"] = True
    at.run()
    assert not at.exception
    assert made == ["es"]
    assert [one.key for one in at.get("download_button")].count("sheet_download") == 1


def test_parameters_behind_every_figure_and_table_of_money_can_be_opened() -> None:
    at = budget_of_preset()
    for name in ("waterfall", "budget_by_year", "budget_paid", "budget_lines", "budget_gained"):
        assert len(at.selectbox(key=f"{name}_parameter").options) >= 3
    line = at.selectbox(key="coverage_line").value
    assert at.selectbox(key="coverage_parameter").value == f"cost.{line}"


def test_money_that_ends_early_is_told_by_its_last_year(server: Engine) -> None:
    rows = pd.DataFrame([{"line": "community_groups", "where": money.COUNTRY, "2027": 2e7, "2028": 2e7}])
    programme = money.Plan(rows.reindex(columns=money.COLUMNS)).to_programme({"es": "Uno", "en": "One"})
    plan = {"schema": 1, "base": "baseline", "label": {"es": "Uno", "en": "One"}, "programmes": [programme]}
    assert server.wait(server.ask(state.build(plan), UNTIL), SMALL.draws, 120.0)
    at = open_page("budget", "es", s=links.pack(links.Held(plan, "2030-12")))
    (said,) = [text.value for text in at.caption if "de la necesidad" in text.value]
    assert said.startswith("Grupos comunitarios con madres y padres: en 2028, con S/ ")
    assert "S/ 0 " not in said
    # The table of lines speaks of that year too.
    lines = tables(at)[catalogue("es")["budget.column.line"]]
    assert lines.columns[1] == "Ejecutado en 2028 (millones de S/ corrientes)"
    assert [text.partition(" (")[0] for text in lines.iloc[:, 0]] == [
        "Grupos comunitarios con madres y padres"
    ]


def test_a_line_covers_the_need_of_the_country_and_not_the_mean_of_its_territories() -> None:
    # In Lima alone: the share of the country is that of Lima, times its part of the need.
    rows = pd.DataFrame([{"line": "community_groups", "where": "15", **dict.fromkeys(money.YEARS, 2e7)}])
    programme = money.Plan(rows).to_programme({"es": "Uno", "en": "One"})
    plan = {"schema": 1, "base": "baseline", "label": {"es": "Uno", "en": "One"}, "programmes": [programme]}
    scenarios = [load_scenario("baseline"), state.build(plan)]
    dataset = compare(scenarios, seed=SMALL.seed, draws=1, scale=SMALL.scale, until=UNTIL).isel(scenario=[1])
    of_line = dataset.sel(line="community_groups").squeeze(drop=True)
    need, covered = of_line["line_need"], of_line["line_coverage"].sel(year=2030, territory="15")
    there = reduce(dataset)["line_coverage"].sel(line="community_groups", year=2030).item()
    assert there == pytest.approx(float(covered * need.sel(territory="15") / need.sum()), rel=1e-12)
    assert there > 2.0 * float(covered) / len(load_ledger().territories.codes)
    # Where nothing is needed there is nothing to cover.
    assert np.isnan(reduce(dataset.assign(line_need=0.0 * dataset["line_need"]))["line_coverage"]).all()


def test_without_money_a_prepared_scenario_is_offered() -> None:
    at = open_page("budget", "es")
    assert catalogue("es")["budget.empty"] in [text.value for text in at.info]
    at.button(key="budget_first").click().run()
    assert at.session_state["plan"]["base"] == "policy_2030_funded"
    assert not at.exception
