"""A file changes programmes of its base, leaves out those of the record, and claims what runs must show."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import load_scenario
from scenarios.files import library, open_document
from scenarios.schema import own_data
from scenarios.spreadsheet import read, write
from simulator.faults import FaultyInput
from simulator.texts import LANGUAGES, set_language

BASE = """schema: 1
base: baseline
label: {es: a, en: b}
programmes:
  - name: one
    label: {es: a, en: b}
    start: 2027-01
    end: 2031-12
    budget:
      - {lines: {training: 1}, amount: 100}
      - {lines: {campaigns: 1}, amounts: {2027: 10, 2031: 30}}
"""
HEAD = "schema: 1\nbase: base\nlabel: {es: a, en: b}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "above.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_what_is_not_named_stays(folder: Path) -> None:
    plain = load_scenario(folder / "base.yaml").programmes[0]
    after = "{share: 0.5, months: 12, payer: national}"
    text = f"adjust:\n  - {{programme: one, multiply: 0.5, co_design: 1, transition: {after}}}\n"
    (changed,) = load_scenario(written(folder, text)).programmes
    assert changed.budget[0].amount == 50.0
    assert changed.budget[1].amounts == ((2027, 5.0), (2031, 15.0))
    assert (changed.co_design, changed.transition.months if changed.transition else 0) == (1.0, 12)
    for name in ("name", "label", "start_ti", "end_ti", "delivery", "payers", "ramp_months"):
        assert getattr(changed, name) == getattr(plain, name)


def test_a_base_of_a_base_is_adjusted_in_order(folder: Path) -> None:
    (folder / "middle.yaml").write_text(
        HEAD + "adjust:\n  - {programme: one, multiply: 2}\n", encoding="utf-8"
    )
    top = (
        HEAD.replace("base: base", "base: middle")
        + "adjust:\n  - {programme: one, multiply: 3, end: 2035-12}\n"
    )
    (folder / "top.yaml").write_text(top, encoding="utf-8")
    (programme,) = load_scenario(folder / "top.yaml").programmes
    assert programme.budget[0].amount == 600.0
    assert programme.end_ti == 12 * (2035 - 2012) + 11
    again = load_scenario(folder / "top.yaml")
    assert again.hash == type(again).from_mapping(again.to_mapping(), name="x").hash


MISTAKES = {
    "unknown programme": ("adjust:\n  - {programme: two, multiply: 2}\n", ":5  adjust[0].programme"),
    "too much": ("adjust:\n  - {programme: one, multiply: 101}\n", "adjust[0].multiply"),
    "negative": ("adjust:\n  - {programme: one, multiply: -1}\n", "adjust[0].multiply"),
    "end before start": ("adjust:\n  - {programme: one, end: 2026-12}\n", "adjust[0].end"),
    "start after end": ("adjust:\n  - {programme: one, start: 2032-01}\n", "adjust[0]"),
    "money after the end": ("adjust:\n  - {programme: one, end: 2030-12}\n", "adjust[0]"),
    "own budget": ("adjust:\n  - {programme: one, budget: []}\n", "adjust[0].budget"),
    "no name": ("adjust:\n  - {multiply: 2}\n", "adjust[0].programme"),
    "no list": ("adjust: 3\n", "adjust"),
    "unknown record": ("without: [pact]\n", "without[0]"),
    "unknown evidence": ("evidence: [F22]\n", "evidence[0]"),
    "stops without end": (
        "programmes:\n  - {name: two, label: {es: a, en: b}, start: 2027-01, "
        "stop_when: {signal: upe_opened, at_least: 1}, budget: [{lines: {training: 1}, amount: 1}]}\n",
        "programmes[0].stop_when",
    ),
    "unknown signal": (
        "adjust:\n  - {programme: one, stop_when: {signal: prevalence, at_least: 1}}\n",
        "adjust[0].stop_when.signal",
    ),
    "unknown measure": (
        "claims:\n  - {measure: prevalence, than: baseline, direction: lower, from: 2030, to: 2030}\n",
        "claims[0].measure",
    ),
    "unknown comparator": (
        "claims:\n  - {measure: returns, than: nothing, direction: lower, from: 2030, to: 2030}\n",
        "claims[0].than",
    ),
    "years turned round": (
        "claims:\n  - {measure: returns, than: baseline, direction: lower, from: 2030, to: 2029}\n",
        "claims[0].to",
    ),
    "a year of words": (
        "claims:\n  - {measure: returns, than: baseline, direction: lower, from: soon, to: 2029}\n",
        "claims[0].from",
    ),
    "unknown overlay": (
        "claims:\n  - {measure: returns, than: baseline, direction: lower, "
        "from: 2030, to: 2030, under: war}\n",
        "claims[0].under",
    ),
    "a line that is none": (
        "claims:\n  - {measure: returns, than: baseline, direction: lower, "
        "from: 2030, to: 2030, mostly_by: judges}\n",
        "claims[0].mostly_by",
    ),
    "a line without money": (
        "claims:\n  - {measure: returns, than: baseline, direction: lower, "
        "from: 2030, to: 2030, mostly_by: judge_training}\n",
        "claims[0].mostly_by",
    ),
    "a line of no change": (
        "claims:\n  - {measure: returns, than: baseline, direction: similar, "
        "from: 2030, to: 2030, mostly_by: training}\n",
        "claims[0].mostly_by",
    ),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", list(MISTAKES))
def test_a_mistake_is_told_with_its_place(folder: Path, name: str, lang: str) -> None:
    set_language(lang)
    text, where = MISTAKES[name]
    with pytest.raises(FaultyInput) as caught:
        load_scenario(written(folder, text))
    assert any(where in fault.where for fault in caught.value.faults), caught.value
    for fault in caught.value.faults:
        assert fault.found
        assert fault.allowed
        assert fault.do


def test_everything_of_a_file_goes_through_a_spreadsheet(folder: Path) -> None:
    text = (
        "evidence: [F18, Rec1]\nwithout: [compact]\n"
        "claims:\n  - {measure: returns, than: baseline, direction: lower, from: 2030, to: 2031, "
        "under: pandemic, unexpected: true}\n"
        "  - {measure: returns, than: baseline, direction: lower, from: 2030, to: 2030, "
        "mostly_by: training}\n"
        "adjust:\n  - {programme: one, multiply: 2.5, end: 2033-12, "
        "stop_when: {signal: plans_completed, per: upe_opened, at_least: 0.2}}\n"
    )
    path = written(folder, text)
    plain = load_scenario(path)
    data = open_document(path).data
    sheet = folder / "plan.xlsx"
    write(data, sheet)
    again = read(sheet)
    assert again.faults == []
    for key in ("evidence", "without", "claims", "adjust"):
        assert again.data[key] == data[key], key
    assert plain.without == ("compact",)


def test_every_file_of_the_library_can_be_a_spreadsheet(tmp_path: Path) -> None:
    for name in library():
        sheet = tmp_path / f"{name}.xlsx"
        write(own_data(name), sheet)
        data = read(sheet).data
        for key, value in own_data(name).items():
            if key not in ("question", "description", "assumptions", "schema"):
                assert data.get(key) is not None or not value, (name, key)
