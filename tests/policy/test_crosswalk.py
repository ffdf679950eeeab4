"""The words of budgeting and the recommendations hold together with lines, levers and scenarios."""

from __future__ import annotations

import pytest

from scenarios import Scenario, library, load_scenario
from scenarios.levers import levers
from simulator.evidence import load_ledger
from simulator.explain_money import crosswalk_table, lines_table, recommendations_table, services_table
from simulator.history import POSTS_LEVERS
from simulator.policy.budget import conditions
from simulator.policy.crosswalk import GUIDELINES, crosswalk, recommendations, services
from simulator.texts import LANGUAGES, set_language


def test_every_line_is_called_something_and_every_service_has_a_line_or_a_reason() -> None:
    assert tuple(crosswalk()) == tuple(load_ledger().lines)
    assert list(services()) == [str(number) for number in range(1, 43)]
    assert len(GUIDELINES) == 19
    carried = {number for entry in crosswalk().values() for number in entry.services}
    for number, service in services().items():
        reasons = [bool(service.reason[lang]) for lang in LANGUAGES]
        assert reasons == [number not in carried] * 2, number
        assert all(service.label[lang] for lang in LANGUAGES)


def test_entries_are_complete_and_no_code_is_confirmed() -> None:
    for entry in crosswalk().values():
        # A line may follow a guideline of another objective than its main one, but says which.
        assert entry.guideline[0] == entry.objective[-1], entry.line
        assert all((entry.product[lang] and entry.activity[lang]) for lang in LANGUAGES)
        assert entry.entities
        assert not any(" " in one and one.islower() for one in entry.entities), entry.entities
        assert not entry.confirmed
        assert entry.programme_code == ""


def test_every_lever_has_a_line_or_a_reason() -> None:
    bought = {name for line in load_ledger().lines.values() for name in line.levers}
    assert bought <= set(levers())
    for name, lever in levers().items():
        assert (name in bought) == (lever.no_line is None), name


def test_lines_hold_together() -> None:
    for line in load_ledger().lines.values():
        main = levers()[line.levers[0]]
        assert (line.buys == "places") == (main.unit == "places"), line.name
        assert (line.buys == "posts") == (line.levers[0] in POSTS_LEVERS), line.name
        assert bool(line.admits) == bool(line.forms) == (line.buys == "places"), line.name
        if line.investment:
            assert line.current, line.name


def moved_by(scenario: Scenario) -> set[str]:
    lines = load_ledger().lines
    names = {item.use for item in scenario.interventions}
    for programme in scenario.programmes:
        names |= set(conditions(programme))
        names |= {
            lever for grant in programme.budget for name, _ in grant.lines for lever in lines[name].levers
        }
    return names


def test_every_recommendation_is_tried_or_has_a_reason() -> None:
    assert [one.number for one in recommendations()] == sorted(one.number for one in recommendations())
    assert {one.number for one in recommendations()} == {"Rec1", "Rec2", "Rec3", "Rec4"}
    for one in recommendations():
        assert all(one.label[lang] for lang in LANGUAGES)
        if one.scenario:
            assert one.scenario in library(), one.bullet
            assert not any(one.reason.values()), one.bullet
            assert set(one.levers) & moved_by(load_scenario(one.scenario)), one.bullet
        else:
            assert all(one.reason[lang] for lang in LANGUAGES), one.bullet


def test_every_statement_of_a_recommendation_has_a_lever_that_tries_it() -> None:
    """Each causal statement that the evaluation's recommendations make is behind some bullet."""
    tried = {name for one in recommendations() for name in one.levers}
    acted_on = {parameter for name in tried for parameter in levers()[name].acts_on}
    elsewhere = {
        "M088",
        "M111",
    }  # poverty itself, and what adaptation does against shocks: no lever of their own
    for mechanism in load_ledger().mechanisms.values():
        if any(f.startswith("Rec") for f in mechanism.finding) and mechanism.id not in elsewhere:
            reads = {mechanism.reads} & tried
            assert reads or set(mechanism.parameters) & acted_on, mechanism.id


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_are_whole_in_both_languages(lang: str) -> None:
    set_language(lang)
    for make in (lines_table, crosswalk_table, services_table, recommendations_table):
        table = make()
        assert table.rows
        assert table.markdown()
