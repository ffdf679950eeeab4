"""Both catalogues say the same things, and the program says nothing that is not in them."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from scenarios import levers
from scenarios.spreadsheet import SHEETS
from simulator.engine import states
from simulator.evidence.money import NEEDS
from simulator.texts import LANGUAGES, catalogue, language, set_language, t

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(
        path
        for folder in ("simulator", "scenarios", "calibration", "app")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ),
]
CODE = {path: path.read_text(encoding="utf-8") for path in SOURCES}

LITERAL = re.compile(r"""\bt\(\s*(["'])([a-z][\w.-]*)\1""")
MADE = re.compile(r"""\bt\(\s*f(["'])([\w.-]+\.)\{[^}]*\}([\w.-]*)\1""")


def used_literally() -> dict[str, Path]:
    return {match[2]: path for path, code in CODE.items() for match in LITERAL.finditer(code)}


def made_from_parts() -> set[tuple[str, str]]:
    """Return the beginnings and ends of keys that are put together, ``t(f"state.{name}")``."""
    return {(match[2], match[3]) for code in CODE.values() for match in MADE.finditer(code)}


def keys_of(tree: dict[str, Any], prefix: str = "") -> list[str]:
    return [
        found
        for key, value in tree.items()
        for found in (keys_of(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key])
    ]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert list(catalogue("es")) == list(catalogue("en"))


@pytest.mark.parametrize("key", catalogue("es"))
def test_one_text_in_both_languages(key: str) -> None:
    spanish, english = catalogue("es")[key], catalogue("en")[key]
    assert spanish.strip()
    assert english.strip()
    assert placeholders(spanish) == placeholders(english)


def test_every_text_that_is_asked_for_exists() -> None:
    missing = {key: str(path) for key, path in used_literally().items() if key not in catalogue("es")}
    assert missing == {}


def test_every_text_that_exists_is_asked_for() -> None:
    """Words of the framework (``browser``) are sent to the browser as a whole."""
    literal = used_literally()
    parts = made_from_parts()
    words = set(re.findall(r"[\w-]+", "\n".join(CODE.values()))) | VOCABULARY
    unused = [
        key
        for key in catalogue("es")
        if key not in literal
        and key.partition(".")[0] not in {*VOCABULARIES, "browser"}
        and not any(
            key.startswith(start) and key.endswith(end) and key[len(start) : len(key) - len(end)] in words
            for start, end in parts
        )
    ]
    assert unused == []


VOCABULARIES = {
    "state": states.STATES,
    "form": states.FORMS,
    "area": states.AREAS,
    "sex": states.SEXES,
    "mother_tongue": states.LANGUAGES,
    "migrant": states.MIGRANT,
    "age_band": states.AGE_BANDS,
}
"""Tables that name every member of a small vocabulary, whether a screen of this part shows it or not."""

VOCABULARY = {lever.unit for lever in levers().values()} | set(states.AREAS)
VOCABULARY |= {need.replace(":", "_") for need in NEEDS}
VOCABULARY |= {key.replace(".", "_") for keys in SHEETS.values() for key in keys}


@pytest.mark.parametrize("table", VOCABULARIES)
def test_every_member_of_a_vocabulary_has_a_name(table: str) -> None:
    names = [key.partition(".")[2] for key in catalogue("es") if key.startswith(f"{table}.")]
    assert tuple(names) == VOCABULARIES[table]


def test_what_is_put_together_comes_from_a_known_table() -> None:
    beginnings = {start for start, _ in made_from_parts()}
    keys = catalogue("es")
    assert all(any(key.startswith(start) for key in keys) for start in beginnings), beginnings


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_key_is_written_twice(lang: str) -> None:
    """TOML refuses it within a file; between files the last one would win without a word."""
    paths = sorted((ROOT / "simulator" / "texts" / lang).glob("*.toml"))
    keys = [key for path in paths for key in keys_of(tomllib.loads(path.read_text(encoding="utf-8")))]
    assert len(keys) == len(set(keys)) == len(catalogue(lang))


def test_words_that_this_project_does_not_use() -> None:
    refused = {
        "es": ("menores", "albergue", "prostitución infantil", "será"),
        "en": ("child prostitut", "minors"),
    }
    for lang, words in refused.items():
        for key, text in catalogue(lang).items():
            found = [word for word in words if re.search(rf"\b{word}", text.lower())]
            assert found == [], f"{key}: {text}"


def test_the_language_is_chosen_first_by_call_then_by_variable_then_by_locale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("SINTRATA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    steps = [("LANG", "es_PE.UTF-8", "es"), ("LC_ALL", "en_US.UTF-8", "en"), ("SINTRATA_LANG", "es", "es")]
    for variable, value, expected in steps:
        monkeypatch.setenv(variable, value)
        assert language() == expected
    set_language("en")
    assert language() == "en"
    set_language(None)
    assert language() == "es"
    with pytest.raises(ValueError, match="unknown language 'fr'"):
        set_language("fr")


def test_a_missing_text_is_an_error_and_never_a_blank() -> None:
    with pytest.raises(KeyError):
        t("no.such.key")


def test_catalogues_are_in_one_order() -> None:
    orders = [list(catalogue(lang)) for lang in LANGUAGES]
    assert all(one == other for one, other in pairwise(orders))
