"""The policy as data: whole, sourced, and nothing left out silently."""

from __future__ import annotations

import pytest

from simulator.evidence import load_ledger
from simulator.outcomes.scorecard import _MEASURES
from simulator.policy.crosswalk import GUIDELINES, OBJECTIVES, crosswalk, services
from simulator.policy.national import MEASURES, indicators, structure
from simulator.texts import LANGUAGES


def test_the_structure_is_whole() -> None:
    codes = [one.code for one in structure()]
    assert [c for c in codes if c in OBJECTIVES] == list(OBJECTIVES)
    assert [c for c in codes if c in GUIDELINES] == list(GUIDELINES)
    assert (len(OBJECTIVES), len(GUIDELINES), len(services())) == (3, 19, 42)
    for one in structure():
        assert all(one.label[lang] for lang in LANGUAGES)


def test_no_indicator_is_silent_without_a_reason() -> None:
    known = indicators()
    assert {"1.1", "2.1", "2.2", "3.1a", "3.1b", "3.1c", "3.x"} <= set(known)
    assert {one.service for one in known.values()} - {""} == set(services())
    for one in known.values():
        spoken = bool(one.measure)
        for lang in LANGUAGES:
            assert bool(one.formula[lang]) == spoken, one.code
            assert bool(one.reason[lang]) != spoken, one.code
            assert one.label[lang]
        assert one.source.split(";")[0] in load_ledger().sources


def test_every_measure_is_worked_out_and_used() -> None:
    assert set(MEASURES) == set(_MEASURES) == {one.measure for one in indicators().values() if one.measure}


def test_targets_say_where_they_come_from() -> None:
    path = indicators()["3.1b"].targets(last=2032)
    assert path[2023].value == 0.10
    assert path[2030].value == 0.70
    assert [path[y].mark for y in (2023, 2026, 2030, 2031)] == [
        "official",
        "interpolated",
        "official",
        "assumed",
    ]
    assert path[2026].value == pytest.approx(0.10 + 3 / 7 * 0.60)
    held = indicators()["2.1"].targets()
    assert {held[y].value for y in held} == {0.85}
    assert [held[y].mark for y in (2023, 2026, 2030)] == ["official", "assumed", "assumed"]
    own = indicators()["2.1"].targets(own=0.99)
    assert (own[2030].value, own[2030].mark, own[2026].mark) == (0.99, "user", "interpolated")
    assert list(indicators()["3.1c"].targets()) == [2030]
    assert indicators()["S1"].targets() == {}


def test_indicators_and_lines_stand_where_their_service_does() -> None:
    """One objective for an indicator and its service; no service under a guideline that has none."""
    for one in indicators().values():
        if one.service:
            assert services()[one.service].objective == one.objective, one.code
    empty = {one.code for one in structure() if "(no service)" in one.label["en"]}
    assert empty == {"1.3", "1.5", "2.6"}
    assert not empty & {one.guideline for one in services().values()}
    for entry in crosswalk().values():
        if entry.guideline in empty:
            assert not entry.services, entry.line
    assert {entry.objective for entry in crosswalk().values() if "4" in entry.services} == {"OP1"}


def test_what_was_reported_in_2023_is_kept() -> None:
    """Facts that the report prints as parts of a whole, among them of indicators without a measure."""
    for code, part, whole in (("S4", 457, 696), ("S13", 22, 29), ("S32", 2639, 25544), ("S42", 135, 800)):
        assert indicators()[code].reported_2023 == pytest.approx(part / whole, abs=5e-4)
