"""Question files: what they say is read as it stands, and every fault is told with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.engine.states import INSTITUTIONS
from simulator.evidence import load_ledger
from simulator.experiments.optimise.judge import present_split, space_of
from simulator.experiments.optimise.measures import MEASURES
from simulator.experiments.optimise.plan import Plan, amounts_by_year, equal_shares, scenario_of
from simulator.experiments.optimise.question import Bound, load_question
from simulator.experiments.optimise.response import Limits, line_of_institution
from simulator.faults import FaultyInput
from simulator.texts import catalogue, set_language
from tests.optimise.planted import question

QUESTIONS = Path(__file__).parents[2] / "scenarios" / "questions"

GOOD = """schema: 1
label: {es: Prueba, en: Test}
objective: {child_months: 1, completed: 12}
money: {2027: 1_000_000, 2028: 3_000_000}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "asked.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(QUESTIONS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_question_of_the_library_has_no_faults(path: Path) -> None:
    asked = load_question(path)
    assert asked.name == path.stem
    assert asked.total > 0.0
    assert set(dict(asked.objective)) <= set(MEASURES)


def test_a_question_is_read_as_it_stands(tmp_path: Path) -> None:
    asked = load_question(
        written(
            tmp_path,
            GOOD
            + "execution: 0.7\nlines: [upe_posts, campaigns]\noutside_lima: 0.6\nboth_sexes: 0.2\n"
            + "bounds:\n  - {lines: [campaigns], at_most: 500}\n"
            + "  - {where: {territory: ['15']}, at_least: 10}\n"
            + "targets:\n  - {measure: completed_share, year: 2029, reach: 0.7, probability: 0.8}\n"
            + "answers: [split, path]\npath: [0.5, 2]\neffort: {draws: 3, seed: 9}\n",
        )
    )
    assert asked.money == ((2027, 1e6), (2028, 3e6))
    assert asked.total == 2e6
    assert asked.lines == ("upe_posts", "campaigns")
    assert asked.base.parameters["budget.execution_incremental"] == 0.7
    assert asked.bounds == (Bound(("campaigns",), (), 0.0, 500.0), Bound((), (14,), 10.0))
    assert asked.targets[0].probability == 0.8
    assert (asked.effort.draws, asked.effort.seed, asked.effort.fresh_draws) == (3, 9, 20)
    assert asked.measured == (2027, 2030)


BAD = {
    "objective: {child_months: 1, completed: 12}": [
        ("objective: {child_month: 1}", "asked.yaml:3  objective.child_month", "child_months"),
        ("objective: {}", "asked.yaml:3  objective", "weight"),
        ("objective: {completed: -1}", "asked.yaml:3  objective.completed", "from 0"),
        ("objective: {completed: 0}", "asked.yaml:3  objective", "above 0"),
    ],
    "money: {2027: 1_000_000, 2028: 3_000_000}": [
        ("money: 100", "asked.yaml:4  money", "years with their soles"),
        ("money: {2019: 100}", "asked.yaml:4  money", "2026"),
        ("money: {2027: many}", "asked.yaml:4  money.2027", "number"),
        ("money: {2027: 1, 2029: 1}", "asked.yaml:4  money", "one after the other"),
        ("money: {2027: 0}", "asked.yaml:4  money", "more than 0"),
        ("money: {2031: 5}", "asked.yaml:4  money", "2030"),
    ],
    "schema: 1": [("schema: 2", "asked.yaml:1  schema", "from 1 to 1")],
    "label: {es: Prueba, en: Test}": [
        ("label: {es: Prueba}", "asked.yaml:2  label.en", "en"),
        ("label: {es: Prueba, en: Test}\nwish: 1", "asked.yaml:3  wish", "objective"),
        ("label: {es: Prueba, en: Test}\nbase: baselin", "asked.yaml:3  base", "baseline"),
        ("label: {es: Prueba, en: Test}\nrisk: brave", "asked.yaml:3  risk", "p10"),
        ("label: {es: Prueba, en: Test}\nrisk: worst_structure", "asked.yaml:1  structures", "rival"),
        ("label: {es: Prueba, en: Test}\nlines: [upe_post]", "asked.yaml:3  lines[0]", "upe_posts"),
        ("label: {es: Prueba, en: Test}\nlines: [training, training]", "asked.yaml:3  lines", "different"),
        ("label: {es: Prueba, en: Test}\nuntil: 2080", "asked.yaml:3  until", "2050"),
        ("label: {es: Prueba, en: Test}\nexecution: 1", "asked.yaml:3  execution", "0.24 to 0.9"),
        ("label: {es: Prueba, en: Test}\nanswers: [front]", "asked.yaml:1  front", "two or three"),
        ("label: {es: Prueba, en: Test}\nanswers: [path]", "asked.yaml:1  path", "multiples"),
        ("label: {es: Prueba, en: Test}\nanswers: [least]", "asked.yaml:1  targets", "target"),
        ("label: {es: Prueba, en: Test}\neffort: {draws: 1}", "asked.yaml:3  effort.draws", "2 to 200"),
        (
            "label: {es: Prueba, en: Test}\nbounds:\n  - {lines: [training], at_least: 9, at_most: 5}",
            "asked.yaml:4  bounds[0].at_most",
            "at_least",
        ),
        (
            "label: {es: Prueba, en: Test}\nbounds: [{lines: [training], at_least: 9_000_000}]",
            "asked.yaml:3  bounds",
            "floors",
        ),
        (
            "label: {es: Prueba, en: Test}\nlines: [campaigns]\nbounds: [{lines: [training]}]",
            "asked.yaml:4  bounds[0].lines",
            "training",
        ),
        (
            "label: {es: Prueba, en: Test}\nbounds: [{where: {territory: ['15'], area: rural}}]",
            "asked.yaml:3  bounds[0].where.area",
            "territory",
        ),
        (
            "label: {es: Prueba, en: Test}\nbounds: [{keep: true}]",
            "asked.yaml:3  bounds[0].keep",
            "lines",
        ),
        (
            "label: {es: Prueba, en: Test}\ntargets: [{measure: completed, year: 2031, reach: 5}]",
            "asked.yaml:3  targets[0].year",
            "2030",
        ),
        (
            "label: {es: Prueba, en: Test}\nmeasured: {from: 2029, to: 2027}",
            "asked.yaml:3  measured",
            "later",
        ),
    ],
}


@pytest.mark.parametrize(
    ("good", "bad", "where", "word"),
    [(good, *row) for good, rows in BAD.items() for row in rows],
    ids=[row[0].replace("\n", " ")[-60:] for rows in BAD.values() for row in rows],
)
def test_a_fault_is_told_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: str, bad: str, where: str, word: str
) -> None:
    set_language("en")
    monkeypatch.chdir(tmp_path)
    written(tmp_path, GOOD.replace(good, bad))
    with pytest.raises(FaultyInput) as raised:
        load_question("asked.yaml")
    faults = raised.value.faults
    assert [fault.where for fault in faults] == [where]
    assert word in f"{faults[0].found} {faults[0].allowed} {faults[0].do}"
    assert all((fault.found and fault.allowed and fault.do) for fault in faults)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path, GOOD.replace("schema: 1", "schema: 7").replace("child_months", "months") + "x: 1\n"
    )
    with pytest.raises(FaultyInput) as raised:
        load_question(path)
    assert len(raised.value.faults) == 3


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultyInput, match="nowhere"):
        load_question(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("lang", ["es", "en"])
def test_every_measure_has_its_words(lang: str) -> None:
    for name in MEASURES:
        assert f"optimise.measure.{name}" in catalogue(lang)
        assert f"optimise.level.{name}" in catalogue(lang)


def test_the_present_split_follows_the_attributable_ledger() -> None:
    of_line = line_of_institution()
    ledger = load_ledger()
    assert set(ledger.attribution) <= set(of_line) <= set(INSTITUTIONS)
    assert set(of_line.values()) <= set(ledger.lines)
    asked = question(["police_posts", "upe_posts", "campaigns"])
    limits = Limits(np.full(3, 1e9), np.full((3, 26), 1 / 26), {"police": 30.0, "upe": 10.0, "shelter": 60.0})
    np.testing.assert_allclose(present_split(asked, limits, 100.0), [75.0, 25.0, 0.0])


def test_equal_shares_fill_what_a_line_can_use_and_give_the_rest_to_others() -> None:
    money = equal_shares(np.array([10.0, 1e9, 1e9]), 100.0, np.zeros(3))
    np.testing.assert_allclose(money, [10.0, 45.0, 45.0])
    assert equal_shares(np.array([10.0, 20.0]), 100.0, np.zeros(2)).sum() == 30.0


def test_bounds_of_places_follow_where_the_money_of_lines_goes() -> None:
    shares = np.zeros((2, 26))
    shares[0, 14], shares[0, 3], shares[1, 14] = 0.25, 0.75, 1.0
    limits = Limits(np.full(2, 1e9), shares, {"police": 1.0})
    asked = question(["police_posts", "campaigns"], bounds=(Bound((), (14,), 0.0, 40.0),), outside_lima=0.5)
    space = space_of(asked, limits)
    assert space.breach(np.array([100.0, 0.0])) == 0.0
    assert space.breach(np.array([80.0, 20.0])) == 0.0
    # Fifty and fifty put 62.5 into Lima Metropolitana: 22.5 above the ceiling.
    assert space.breach(np.array([50.0, 50.0])) == pytest.approx(22.5)


def test_years_keep_their_totals_whatever_comes_early() -> None:
    asked = question(["police_posts", "campaigns"], money=((2027, 50.0), (2028, 100.0), (2029, 150.0)))
    plain = amounts_by_year(asked, Plan((60.0, 40.0)))
    np.testing.assert_allclose(plain.sum(axis=0), [50.0, 100.0, 150.0])
    moved = amounts_by_year(asked, Plan((60.0, 40.0), early=(0.8, -0.5)))
    np.testing.assert_allclose(moved.sum(axis=0), [50.0, 100.0, 150.0])
    assert moved[0, 0] / moved[0].sum() > plain[0, 0] / plain[0].sum()
    assert (moved >= 0.0).all()


def test_a_plan_is_a_scenario_like_any_other(tmp_path: Path) -> None:
    from scenarios import load_scenario  # noqa: PLC0415

    asked = question(["police_posts", "campaigns"], total=1e6)
    shares = np.full((2, 26), 1 / 26)
    places = (2.0, *[1.0] * 24, 0.0)
    made = scenario_of(asked, Plan((6e5, 4e5), places=places), shares, "made", asked.label)
    grants = made.programmes[-1].budget
    assert sum(sum(amount for _, amount in grant.amounts) for grant in grants) == pytest.approx(4e6, abs=1.0)
    assert {grant.territories for grant in grants} == {(k,) for k in range(25)}
    (tmp_path / "made.yaml").write_text(made.to_yaml(), encoding="utf-8")
    assert load_scenario(tmp_path / "made.yaml").hash == made.hash
    nothing = scenario_of(asked, Plan((0.0, 0.0)), shares, "nothing")
    assert nothing.hash == asked.base.hash
