"""The ledger: what it holds together, and one damaged file for every mistake."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import calibration
import simulator.evidence
from scenarios.programmes import DELIVERIES
from simulator.engine.states import CHANNELS
from simulator.evidence import load_ledger
from simulator.evidence.ledger import Source
from simulator.evidence.mechanisms import BY_RATIO
from simulator.evidence.notes import note_in, spanish_citations, spanish_notes
from simulator.explain import mechanisms_table
from simulator.explain_money import crosswalk_table, lines_table, recommendations_table, services_table
from simulator.faults import FaultyInput
from simulator.rules.shocks import FADING
from simulator.texts import LANGUAGES, set_language

FOLDER = Path(simulator.evidence.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the ledger's data files that a test may damage."""
    for path in FOLDER.glob("*.csv"):
        shutil.copy(path, tmp_path / path.name)
    shutil.copytree(FOLDER / "parameters", tmp_path / "parameters")
    return tmp_path


def edit(path: Path, old: str, new: str) -> int:
    """Replace the first occurrence of a text and return its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
    return text[: text.index(old)].count("\n") + 1


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(FaultyInput) as caught:
        load_ledger(folder)
    return [str(fault) for fault in caught.value.faults]


# Each: file, what stands there, what is put there, lines below the edit, parts of the message by language.
MISTAKES = {
    "unknown unit": ("parameters/exits.yaml", "unit: months", "unit: moons", 0, ("moons",)),
    "no unit": ("parameters/exits.yaml", "  unit: months\n", "", None, ("unit",)),
    "no source": ("parameters/exits.yaml", "  source: [L50, L28]\n", "", None, ("source",)),
    "empty source": ("parameters/exits.yaml", "source: [L50, L28]", "source: []", 0, ("sources.csv",)),
    "unknown source": ("parameters/exits.yaml", "[L50, L28]", "[L50, L2x]", 0, ("L2x",)),
    "outside range": ("parameters/exits.yaml", "central: 24", "central: 99", 0, ("99", "12", "40")),
    "range upside down": ("parameters/exits.yaml", "low: 12", "low: 41", None, ("41",)),
    "share above one": ("parameters/referral.yaml", "high: 0.97", "high: 1.97", 0, ()),
    "unknown key": ("parameters/exits.yaml", "  quality: D", "  qualty: D", 0, ("qualty", "quality")),
    "unknown quality": ("parameters/exits.yaml", "quality: D", "quality: E", 0, ("A, B, C, D",)),
    "unknown distribution": ("parameters/exits.yaml", "triangular", "normal", 0, ("triangular",)),
    "one language": ("parameters/exits.yaml", "    en: ", "    fr: ", None, ("es", "en")),
    "number as text": ("parameters/exits.yaml", "central: 24", 'central: "24"', 0, ("24",)),
    "not a number": ("parameters/exits.yaml", "central: 24", "central: .nan", 0, ()),
    "twice": ("parameters/exits.yaml", "exits.spell_labour_months:", "exits.spell_sexual_months:", 0, ()),
    "malformed": ("parameters/exits.yaml", "  label:", "  label: [", None, ()),
    "log of zero": ("parameters/exits.yaml", "low: 0.0003", "low: 0", 0, ("triangular",)),
    "code as a number": ("territories.csv", "\n08,", "\n8,", 1, ('"08"',)),
    "unknown code": ("yearly.csv", "children_0_17,08,2017", "children_0_17,88,2017", 0, ("88",)),
    "short code": ("yearly.csv", "children_0_17,08,2017", "children_0_17,8,2017", 0, ('"08"',)),
    "missing year": ("yearly.csv", "poverty,08,2019", "poverty,08,2031", None, ("2019", "08")),
    "poverty above one": ("yearly.csv", "poverty,08,2019,0.", "poverty,08,2019,7.", 0, ("0", "1")),
    "not numeric": ("distances.csv", "01,02,369", "01,02,far", 0, ("far",)),
    "duplicate row": ("distances.csv", "01,03,", "01,02,", 0, ("01 02",)),
    "missing column": ("distances.csv", "from,to,km", "from,to,miles", 0, ("km",)),
    "ragged row": ("distances.csv", "01,02,369", "01,02", 0, ("2", "3")),
    "closes before opening": ("institutions.csv", ",2023-01,", ",2001-01,", 0, ("2001-01",)),
    "no month": ("institutions.csv", ",2023-01,", ",2023-13,", 0, ("2023-13",)),
    "unknown kind": ("institutions.csv", "\nupe,", "\nupee,", 1, ("upee", "upe")),
    "unknown factor kind": ("factors.csv", "training,lever", "training,levers", 0, ("levers", "lever")),
    "unknown factor unit": (
        "factors.csv",
        "trust,state,1,0,0,ratio",
        "trust,state,1,0,0,ratios",
        0,
        ("ratio",),
    ),
    "unknown sign": ("mechanisms.csv", "M021,F4,+", "M021,F4,plus", 0, ("plus", "nonlinear")),
    "strength twice": (
        "mechanisms.csv",
        "coordination.agree,,1.25,1,1.8,D",
        "coordination.agree,upe.priority,1.25,1,1.8,D",
        0,
        ("upe.priority",),
    ),
    "ratio out of range": ("mechanisms.csv", ",,1.25,1,1.8,D", ",,2.25,1,1.8,D", 0, ("2.25", "1.8")),
    "unknown strength": (
        "mechanisms.csv",
        "workforce.trained_per_year",
        "workforce.trained_per_yaer",
        0,
        ("workforce.trained_per_yaer", "workforce.trained_per_year"),
    ),
    "unknown shock": (
        "shocks.csv",
        "\npandemic,,2020-03",
        "\npandemia,,2020-03",
        1,
        ("pandemia", "pandemic"),
    ),
    "shock ends first": ("shocks.csv", "2020-03,2020-10", "2020-03,2019-10", 0, ("2019-10", "2020-03")),
    "programme of nothing": (
        "programmes.csv",
        "prosecution,training",
        "prosecution,trainin",
        0,
        ("trainin",),
    ),
    "programme nowhere": ("programmes.csv", "08;15;16", "08;88;16", 0, ("88",)),
    "unknown institution": ("workforce.csv", "\nupe,", "\nupes,", 1, ("upes", "upe")),
    "posts below none": ("workforce.csv", "police,600", "police,-600", 0, ("-600",)),
    "services of nobody": ("services.csv", "cem,2012", "cemm,2012", 0, ("cemm", "cem")),
    "account without number": ("accounts.csv", "2015,14100000", "2015,much", 0, ("much",)),
    "price of no indicator": ("prices.csv", "inflation,2019", "inflacion,2019", 0, ("inflacion",)),
    "price out of range": ("costs.csv", "1800,2000,2600", "1800,3000,2600", 0, ("3000", "2600")),
    "pay of unknown kind": ("costs.csv", "2600,2024,1", "2600,2024,yes", 0, ("yes",)),
    "line of no pillar": (
        "lines.csv",
        ",prevention,targeted_groups",
        ",prevencion,targeted_groups",
        0,
        ("prevencion",),
    ),
    "line of no need": (
        "lines.csv",
        ",coverage,adolescents,1,",
        ",coverage,teenagers,1,",
        0,
        ("teenagers", "adolescents"),
    ),
    "line without recipe": (
        "recipes.csv",
        "campaigns,current,media_contact",
        "refreshers,current,media_contact",
        None,
        ("lines.csv", "campaigns"),
    ),
    "recipe of no line": (
        "recipes.csv",
        "campaigns,current",
        "campaign,current",
        0,
        ("campaign", "campaigns"),
    ),
    "recipe of nothing": ("recipes.csv", "current,tutor_pay", "current,tutor", 0, ("tutor_pay",)),
    "attribution above all": ("attribution.csv", ",0.01,0.005,0.03", ",0.04,0.005,0.03", 0, ("0.04",)),
    "no label": ("units.csv", "share,proporción,share", "share,,share", 0, ("label_es",)),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_its_message(copy: Path, name: str, lang: str) -> None:
    file, old, new, below, parts = MISTAKES[name]
    line = edit(copy / file, old, new)
    set_language(lang)
    messages = faults_of(copy)
    if below is None:
        assert any(file in message for message in messages), messages
        told = "\n".join(messages)
    else:
        here = [message for message in messages if message.startswith(f"{file}:{line + below}")]
        assert here, messages
        told = "\n".join(here)
    for part in parts:
        assert part in told
    assert {"es": "hallado", "en": "found"}[lang] in told


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "yearly.csv").unlink(),
        lambda folder: (folder / "yearly.csv").write_bytes(b""),
        lambda folder: (folder / "yearly.csv").write_bytes(b"\xff\xfe\x00bad"),
        lambda folder: (folder / "parameters" / "care.yaml").write_bytes(b"a: \xff"),
        lambda folder: shutil.rmtree(folder / "parameters"),
    ],
    ids=["lost", "empty", "not text", "not utf-8", "no parameters"],
)
def test_files_that_cannot_be_read(copy: Path, damage: Callable[[Path], object]) -> None:
    damage(copy)
    assert faults_of(copy)


def test_all_faults_are_told_at_once(copy: Path) -> None:
    edit(copy / "parameters" / "exits.yaml", "unit: months", "unit: moons")
    edit(copy / "parameters" / "care.yaml", "quality: D", "quality: Z")
    edit(copy / "distances.csv", "01,02,369", "01,02,far")
    messages = "\n".join(faults_of(copy))
    assert "moons" in messages
    assert "far" in messages
    assert "care.yaml" in messages


def test_a_sound_copy_loads_and_line_ends_do_not_count(copy: Path) -> None:
    assert load_ledger(copy).hash == load_ledger().hash
    for path in [*copy.glob("*.csv"), *(copy / "parameters").glob("*.yaml")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_ledger(copy).hash == load_ledger().hash
    edit(copy / "parameters" / "exits.yaml", "central: 24", "central: 23")
    assert load_ledger(copy).hash != load_ledger().hash


def test_territories_are_the_regions_with_lima_in_two() -> None:
    ledger = load_ledger()
    land = ledger.territories
    assert land.codes == tuple(f"{number:02d}" for number in range(1, 27))
    assert (land.names[14], land.names[25]) == ("Lima Metropolitana", "Lima Provincias")
    # Census of 2025: ages 0-17 of the department of Lima and of the country.
    ages = land.children_0_5_2025 + land.children_6_11_2025 + land.children_12_17_2025
    assert ages[14] + ages[25] == pytest.approx(2_507_207, abs=10)
    assert ages.sum() == pytest.approx(9_124_946, abs=100)
    years, children = ledger.yearly("children_0_17")
    assert years.tolist() == list(range(2017, 2031))
    # The department of Lima in the official estimate of 2017 and 2030.
    assert children[0, [14, 25]].sum() == 2_528_319
    assert children[-1, [14, 25]].sum() == 2_704_139
    assert children[0].sum() == 9_726_458
    _, poverty = ledger.yearly("poverty")
    np.testing.assert_array_equal(poverty[:, 14], poverty[:, 25])
    assert land.rural_share_2017[14] == 0.0
    assert np.array_equal(ledger.distances, ledger.distances.T)
    assert np.all(ledger.distances + np.eye(26) > 0.0)


def test_every_parameter_is_labelled_sourced_and_in_range() -> None:
    ledger = load_ledger()
    assert len(ledger.parameters) > 90
    for name, parameter in ledger.parameters.items():
        assert parameter.low <= parameter.central <= parameter.high, name
        assert all(parameter.label[lang] for lang in LANGUAGES), name
        assert parameter.unit in ledger.units, name
        assert all(source in ledger.sources for source in parameter.source), name
        assert parameter.quality in "ABCD", name
    assert all(source.title for source in ledger.sources.values())


def test_every_parameter_is_used_and_every_used_one_exists() -> None:
    package = FOLDER.parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    text += (package.parent / "scenarios" / "levers.yaml").read_text(encoding="utf-8")
    names = set(load_ledger().parameters)
    built = {f"population.normalised_share_{area}" for area in ("urban", "rural")}
    built |= {f"shocks.half_life_{name}" for name in FADING}
    built |= {f"identification.{kind}_{name}" for kind in ("share", "rr_rural") for name in CHANNELS}
    # A rule names a statement by its number; ratio and delay come with it.
    for number in load_ledger().mechanisms:
        if re.search(rf'\.(link|lagged)\("{number}"', text):
            built |= {f"{number.lower()}.ratio", f"{number.lower()}.delay"}
    built |= {load_ledger().mechanisms[number].parameters[0] for number in BY_RATIO}
    ledger = load_ledger()
    built |= {name for line in ledger.lines.values() for name in (line.lead, line.reach, line.cost)}
    built |= {ingredient.parameter for ingredient in ledger.ingredients.values()}
    built |= {f"attribution.{name}" for name in ledger.attribution}
    built |= {f"budget.{kind}_{who}" for kind in ("execution", "overhead") for who in DELIVERIES[1:]}
    assert {name for name in names if f'"{name}"' not in text} - built == set()
    topics = {name.partition(".")[0] for name in names}
    cited = {
        match
        for match in re.findall(r'p\["([a-z_]+\.[a-z0-9_]+)"\]', text)
        if match.partition(".")[0] in topics
    }
    assert cited <= names


def test_every_statement_names_the_rule_and_the_parameters_that_carry_it() -> None:
    ledger = load_ledger()
    assert len(ledger.mechanisms) == 116
    for mechanism in ledger.mechanisms.values():
        module, _, name = mechanism.rule.rpartition(".")
        package = "simulator" if module.startswith("agents") else "simulator.rules"
        if module.startswith("agents"):
            module = "agents.institutions"
        text = (FOLDER.parents[1] / package.replace(".", "/") / f"{module.replace('.', '/')}.py").read_text(
            encoding="utf-8"
        )
        carrier = re.search(rf"^(?:def|class) {name}\b.*?(?=^(?:def|class|@)|\Z)", text, re.M | re.S)
        assert carrier, mechanism.rule
        if mechanism.ratio and mechanism.reads in ledger.factors:
            assert f'"{mechanism.id}"' in carrier[0], (mechanism.id, mechanism.rule)
        for parameter in mechanism.parameters:
            assert parameter in ledger.parameters, parameter
        assert mechanism.reads in ledger.factors or mechanism.id in OUTSIDE_FACTORS, mechanism.id
        assert set(mechanism.cause) == set(mechanism.effect) == set(LANGUAGES)


DOCUMENTS = {
    "mechanisms": mechanisms_table,
    "lines": lines_table,
    "crosswalk": crosswalk_table,
    "services": services_table,
    "recommendations": recommendations_table,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_that_are_generated_are_up_to_date(name: str) -> None:
    set_language("en")
    told = "\n".join(DOCUMENTS[name]().markdown()) + "\n"
    assert (FOLDER.parents[1] / "docs" / f"{name}.md").read_text(encoding="utf-8") == told


OUTSIDE_FACTORS = ("M007", "M039", "M043", "M054", "M055", "M072", "M084", "M088")
"""Statements whose cause is counted among children or places, not kept as a factor."""


def test_every_strength_of_its_own_that_is_assumed_may_be_none() -> None:
    ledger = load_ledger()
    for mechanism in ledger.mechanisms.values():
        parameter = ledger.parameters[mechanism.parameters[0]]
        if mechanism.ratio and parameter.quality == "D":
            assert parameter.low <= 1.0 <= parameter.high, mechanism.id


def test_every_note_of_a_parameter_is_there_in_spanish() -> None:
    notes = {one.note for one in load_ledger().parameters.values() if one.note}
    assert notes == set(spanish_notes())
    assert all(spanish != english for english, spanish in spanish_notes().items())
    assert note_in("en", min(notes)) == min(notes)
    assert note_in("es", "of a reader's own") == "of a reader's own"


REMARKS = re.compile(
    r"\b(quoting|copy|report of|figures as|own estimate|no source|without|list of|centres)\b", re.I
)


def test_a_source_is_cited_without_our_own_english_in_spanish() -> None:
    own = csv.DictReader((Path(calibration.__file__).with_name("sources.csv")).open(encoding="utf-8"))
    sources = {**load_ledger().sources, **{row["id"]: Source(**row) for row in own}}
    words = {word for one in sources.values() for word in (one.title, one.organisation, one.year)}
    assert set(spanish_citations()) <= words
    set_language("es")
    assert sources["GK"].cited() == "SinTrata, Conocimiento general (no se recuperó ninguna fuente)"
    assert sources["AND2022"].cited().startswith("Andina (cita al Ministerio Público), Trata de personas")
    assert (
        sources["L02"].cited() == "U.S. Department of State, 2019 Trafficking in Persons Report: Peru (2019)"
    )
    assert [one.id for one in sources.values() if REMARKS.search(one.cited())] == []
    set_language("en")
    assert sources["GK"].cited() == "SinTrata, General knowledge (no source retrieved)"
