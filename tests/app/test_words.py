"""Words of the pages: those of the administration of Peru, and the same for the same thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit

from app.parts import LAST_DATA
from app.views import explore
from simulator.faults import Fault
from simulator.texts import catalogue, set_language

REFUSED = {
    "es": (
        "acogimiento familiar",
        "protección abierta",
        "Tablero",
        "del Compact ",
        "no puede hablar",
        "sorteo",
    ),
    "en": ("judgement of specialists",),
}
"""Words that mean something else, or that stand for the same thing as others."""


@pytest.mark.parametrize("lang", REFUSED)
def test_words_that_mean_something_else_are_not_used(lang: str) -> None:
    told = [
        f"{key}: {word}"
        for key, text in catalogue(lang).items()
        for word in REFUSED[lang]
        if word.lower() in text.lower()
    ]
    assert told == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("es", "derivado de datos, o criterio de especialistas"),
        ("en", "derived from data, or expert judgement"),
    ],
)
def test_grade_c_means_the_same_wherever_it_is_told(lang: str, said: str) -> None:
    texts = catalogue(lang)
    assert texts["app.grade.C"] == said
    for key in ("app.grades", "model.meaning_of.grade"):
        assert re.search(rf"\bC, {said};", texts[key])


def test_a_fault_speaks_to_people() -> None:
    set_language("es")
    assert str(Fault("plan.yaml:3", "8", "de 0 a 1", "escriba una parte")) == (
        "plan.yaml:3\n  hallado   8\n  se admite de 0 a 1\n  qué hacer escriba una parte"
    )
    set_language(None)


def test_paths_mark_the_last_year_of_data() -> None:
    assert LAST_DATA == 2025
    assert catalogue("es")["chart.today"] == "último dato"


def test_words_of_the_framework_are_those_it_has() -> None:
    """After a new version of the framework, a text that it has no more is found here and not by a reader."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    bundle = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.js"))
    english = {key: text for key, text in catalogue("en").items() if key.startswith("browser.")}
    put_together = r"\{\w+\}(?: options)?|•|(?<=Press Enter to )"
    gone = [
        text
        for text in english.values()
        if not all(part.strip() in bundle for part in re.split(put_together, text))
    ]
    assert gone == []
    assert len(english) > 60


def test_words_of_the_framework_can_be_put_back() -> None:
    """The language of a page can be chosen again: no two texts are one in Spanish."""
    spanish = [text for key, text in catalogue("es").items() if key.startswith("browser.")]
    assert len(set(spanish)) == len(spanish)


@pytest.mark.parametrize(
    ("lever", "is_for_all"),
    [
        ("economic_support", True),
        ("mental_health", True),
        ("mentor_aftercare", False),
        ("targeted_groups", False),
    ],
)
def test_levers_for_children_whom_nobody_identified_say_so(lever: str, is_for_all: bool) -> None:
    set_language("es")
    assert ("los haya identificado el Estado o no" in explore._about(lever)) == is_for_all
    set_language(None)
