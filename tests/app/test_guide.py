"""The planner's guide speaks the words of the screens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenarios import library
from simulator import load_scenario
from simulator.texts import catalogue

GUIDE = Path(__file__).parents[2] / "docs" / "guia-planificador.md"
WORDS = re.findall(r"\*{1,2}([^*]+)\*{1,2}", re.sub(r"\s+", " ", GUIDE.read_text(encoding="utf-8")))
ABOUT_THE_GUIDE = ("negrita", "cursiva")


@pytest.mark.parametrize("word", sorted({word for word in WORDS if word not in ABOUT_THE_GUIDE}))
def test_a_word_of_the_guide_stands_on_the_screen(word: str) -> None:
    shown = [*catalogue("es").values(), *(load_scenario(name).label.es for name in library())]
    assert any(text == word or text.startswith(tuple(f"{word}{mark}" for mark in " :,")) for text in shown)


def test_the_guide_names_the_steps_of_the_first_journey() -> None:
    assert len(set(WORDS)) > 20
    for page in ("home", "explore", "budget", "compare"):
        assert catalogue("es")[f"app.page.{page}"] in WORDS
