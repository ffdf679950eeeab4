"""Rival structures: every one narrows the ledger and contradicts its rivals; a faulty file is told whole."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from simulator.evidence import load_ledger
from simulator.experiments.structures import FILE, load_structures, structure_groups, under
from simulator.faults import FaultyInput

STRUCTURES = load_structures()


def test_the_questions_of_the_design_have_their_answers() -> None:
    assert structure_groups() == {
        "deterrence": ("deterrence.weak", "deterrence.strong"),
        "awareness": ("awareness.null", "awareness.positive"),
        "placement": ("placement.low", "placement.high"),
        "turnover": ("turnover.pay", "turnover.workload", "turnover.politics"),
    }


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_narrows_ranges_and_leaves_the_rest(name: str) -> None:
    ledger, one = load_ledger(), STRUCTURES[name]
    narrowed = under(ledger, [one]).parameters
    for key, parameter in ledger.parameters.items():
        after = narrowed[key]
        if key in one.ranges:
            assert parameter.low <= after.low <= after.central <= after.high <= parameter.high
            assert after.high - after.low < parameter.high - parameter.low
            assert (after.unit, after.distribution) == (parameter.unit, parameter.distribution)
        else:
            assert after == parameter


@pytest.mark.parametrize("group", structure_groups())
def test_rivals_speak_of_the_same_parameters_and_differ(group: str) -> None:
    for one, other in combinations([STRUCTURES[n] for n in structure_groups()[group]], 2):
        assert one.ranges.keys() == other.ranges.keys()
        apart = [
            key
            for key in one.ranges
            if one.ranges[key][0] >= other.ranges[key][2] or other.ranges[key][0] >= one.ranges[key][2]
        ]
        assert apart, f"{one.name} and {other.name} overlap everywhere"


def test_two_answers_to_one_question_are_refused() -> None:
    with pytest.raises(ValueError, match="one structure of a group"):
        under(load_ledger(), [STRUCTURES["deterrence.weak"], STRUCTURES["deterrence.strong"]])


@pytest.mark.parametrize(
    ("old", "new", "where", "found"),
    [
        ("m070.ratio: [0.9, 0.97, 1.0]", "m070.ratio: [0.9, 0.97, 1.4]", "m070.ratio", "1.4"),
        ("m070.ratio: [0.9, 0.97, 1.0]", "m070.ration: [0.9, 0.97, 1.0]", "m070.ration", "m070.ration"),
        ("m070.ratio: [0.9, 0.97, 1.0]", "m070.ratio: 0.9", "m070.ratio", "0.9"),
        ("m070.ratio: [0.9, 0.97, 1.0]", "m070.ratio: [1.0, 0.97, 0.9]", "m070.ratio", "[1, 0.97, 0.9]"),
        ("source: [L78, L80]", "source: [L78, X99]", "source", "X99"),
        ('en: "Weak deterrence"', 'fr: "Weak deterrence"', "label", "fr"),
    ],
)
def test_a_faulty_file_says_where_and_what(
    tmp_path: Path, old: str, new: str, where: str, found: str
) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "structures.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FaultyInput) as caught:
        load_structures(path)
    [fault] = caught.value.faults
    assert where in fault.where
    assert path.name in fault.where
    assert found in fault.found
    assert fault.allowed
    assert fault.do
