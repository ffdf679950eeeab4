"""How a scenario builds on its base, and what its hash stands for."""

from __future__ import annotations

import pickle
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from scenarios import Scenario, levers, library, load_scenario
from scenarios.files import overlays
from simulator.engine.states import month_index
from simulator.evidence import load_ledger
from simulator.faults import FaultyInput

LABEL = {"es": "Uno", "en": "One"}
OTHERS = (
    *("no_compact", "policy_2030_as_executed", "policy_2030_funded", "policy_2030_funded_high"),
    "policy_2030_funded_anchor_2021",
    *("results_based_programme", "capacity_ceiling"),
    *("prevention_first", "protection_first", "prosecution_first", "balanced"),
    *("prevention_first_pim", "protection_first_pim", "prosecution_first_pim", "balanced_pim"),
    *("yanapanakusun_scale_up", "rural_reach", "retention_pay", "career_officials", "codified_onboarding"),
    *("regional_policies", "places_for_boys", "aftercare", "cash_and_livelihood", "adaptive_learning"),
    *("detection_without_places", "stable_workforce"),
    *("compact2_5_years", "compact2_10_years", "compact2_15_years"),
    *("compact2_10_years_same_total", "compact2_15_years_same_total", "compact_until_targets"),
    *("cliff", "transition", "sudden_stop", "flexible_funding"),
)
PLAIN: dict[str, Any] = {
    "schema": 1,
    "base": "detection_without_places",
    "label": LABEL,
    "until": "2028-06",
    "parameters": {"recruitment.rr_poverty": 2.5},
    "context": [{"use": "poverty", "from": "2027-01", "multiply": 1.2}],
    "shocks": [{"use": "pandemic", "where": {"territory": ["16"]}, "from": "2027-03", "level": 0.5}],
    "interventions": [
        {
            "use": "upe_reach",
            "where": {"territory": ["15", "08"], "area": "rural"},
            "start": "2026-01",
            "end": "2029-12",
            "ramp_months": 12,
            "amount": 0.5,
        }
    ],
}


def made(**changes: Any) -> Scenario:
    return Scenario.from_mapping({**deepcopy(PLAIN), **changes}, name="made")


def test_own_values_replace_and_lists_grow(tmp_path: Path) -> None:
    below = "schema: 1\nlabel: {es: a, en: a}\nuntil: 2031-01\n"
    below += "parameters: {recruitment.rr_poverty: 2, recruitment.rr_migrant: 3}\n"
    below += "context:\n  - {use: poverty, from: 2026-01, multiply: 2}\n"
    below += "interventions:\n  - {use: upe_reach, start: 2026-01, amount: 0.1}\n"
    (tmp_path / "below.yaml").write_text(below, encoding="utf-8")
    above = "schema: 1\nbase: below\nlabel: {es: b, en: b}\n"
    above += "parameters: {recruitment.rr_poverty: 4}\n"
    above += "context:\n  - {use: background_load, from: 2027-01, multiply: 0.5}\n"
    above += "interventions:\n  - {use: care_quality, start: 2027-01, amount: 0.2}\n"
    (tmp_path / "above.yaml").write_text(above, encoding="utf-8")
    scenario = load_scenario(tmp_path / "above.yaml")
    assert scenario.parameters == {"recruitment.rr_migrant": 3.0, "recruitment.rr_poverty": 4.0}
    assert [part.use for part in scenario.context] == ["poverty", "background_load"]
    assert [part.use for part in scenario.interventions] == ["upe_reach", "care_quality"]
    assert scenario.until_ti == month_index("2031-01")
    assert scenario.label.en == "b"
    assert scenario.description is None
    assert scenario.bases == ("below",)
    assert scenario.source == above


def test_a_chain_reaches_the_library() -> None:
    scenario = made()
    assert scenario.bases == ("detection_without_places", "baseline")
    assert [part.use for part in scenario.interventions] == [
        "police_capacity",
        "reporting_channels",
        "upe_reach",
    ]
    assert scenario.interventions[-1].territories == (7, 14)
    assert scenario.interventions[-1].area == 1
    assert scenario.interventions[-1].end_ti == month_index("2029-12")


def test_the_hash_stands_for_results_only() -> None:
    base = made()
    assert base.hash == made(label={"es": "Dos", "en": "Two"}, description=LABEL).hash
    assert base.hash == Scenario.from_mapping(PLAIN, name="another").hash
    changed = [
        made(until="2028-07"),
        made(base="baseline"),
        made(parameters={"recruitment.rr_poverty": 2.6}),
        made(context=[]),
        made(context=[{**PLAIN["context"][0], "multiply": 1.3}]),
        made(context=[{**PLAIN["context"][0], "use": "trust"}]),
        made(shocks=[]),
        made(shocks=[{**PLAIN["shocks"][0], "level": 0.6}]),
        made(interventions=[{**PLAIN["interventions"][0], "amount": 0.51}]),
        made(interventions=[{**PLAIN["interventions"][0], "ramp_months": 13}]),
        made(interventions=[{**PLAIN["interventions"][0], "where": {"territory": ["08"]}}]),
    ]
    hashes = {base.hash, *(scenario.hash for scenario in changed)}
    assert len(hashes) == 1 + len(changed)
    assert all(len(each) == 64 for each in hashes)


def test_one_policy_written_in_two_ways_has_one_hash() -> None:
    turned = {
        **PLAIN["interventions"][0],
        "where": {"area": "rural", "territory": ["08", "15"]},
        "amount": 0.50,
    }
    assert made(interventions=[turned]).hash == made().hash
    none = {"use": "upe_capacity", "start": "2026-01"}
    zero, minus, whole = (made(interventions=[{**none, "amount": x}]).hash for x in (0.0, -0.0, 0))
    assert zero == minus == whole


def test_a_scenario_survives_writing_and_pickling() -> None:
    for scenario in (*(load_scenario(name) for name in library()), made()):
        assert pickle.loads(pickle.dumps(scenario)) == scenario
        again = Scenario.from_mapping(scenario.to_mapping(), name=scenario.name)
        assert again.hash == scenario.hash
        assert again.label == scenario.label


def test_the_written_text_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(made().to_yaml(), encoding="utf-8")
    assert load_scenario(path).hash == made().hash
    assert '"08"' in path.read_text(encoding="utf-8").replace("'", '"')


def test_data_without_a_file_is_checked_too() -> None:
    bad = made_of = {1: 2, "schema": 1, "label": LABEL, "interventions": ({"use": object()},)}
    with pytest.raises(FaultyInput) as caught:
        Scenario.from_mapping(bad, name="handed over")  # type: ignore[arg-type]
    assert len(caught.value.faults) == len(made_of) - 2
    with pytest.raises(FaultyInput, match="handed over  base"):
        Scenario.from_mapping({"schema": 1, "label": LABEL, "base": "below.yaml"}, name="handed over")


@pytest.mark.parametrize("lists", [library, overlays])
def test_names_that_come_along_are_listed_once_and_nobody_can_change_them(lists: Any) -> None:
    assert lists() is lists()
    with pytest.raises(TypeError, match="does not support item assignment"):
        lists()["mine"] = Path("mine.yaml")


def test_the_library_is_complete_in_both_languages() -> None:
    assert list(library()) == ["baseline", *sorted(OTHERS)]
    for name in library():
        scenario = load_scenario(name)
        assert scenario.name == name
        for text in (scenario.label, scenario.question, scenario.description, scenario.assumptions):
            assert text is not None
            assert text.es != text.en
        assert scenario.evidence, name
        if name != "baseline":
            assert scenario.claims, name
    assert load_scenario("baseline").interventions == ()
    assert load_scenario("baseline").parameters == {}


def test_overlays_are_complete_in_both_languages() -> None:
    trend = load_scenario("baseline")
    for name in overlays():
        over = load_scenario(f"baseline+{name}")
        for key in ("question", "description", "assumptions"):
            plain, laid = getattr(trend, key), getattr(over, key)
            assert laid != plain, (name, key)
            assert laid.es != laid.en
        assert set(over.evidence) > set(trend.evidence), name


def test_levers_act_on_parameters_that_exist() -> None:
    known = load_ledger().parameters
    for lever in levers().values():
        assert lever.minimum < lever.maximum
        assert lever.unit in ("share", "places")
        assert lever.acts_on or lever.name == "placebo"
        assert set(lever.acts_on) <= set(known), lever.name
        assert lever.does.es != lever.does.en
