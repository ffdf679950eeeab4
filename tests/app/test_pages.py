"""Every page draws in both languages, with numbers, intervals and footers; nonsense is a message."""

from __future__ import annotations

import pytest

from app import engine as engines
from app.engine import Engine
from simulator import load_scenario
from simulator.texts import catalogue
from tests.app.conftest import SMALL
from tests.app.pages import open_page

LANGUAGES = ("es", "en")
PAGES = ("home", "explore")


@pytest.fixture(autouse=True)
def trend_is_there(server: Engine) -> None:
    answer = server.ask(load_scenario("baseline"), 227)
    assert server.wait(answer, SMALL.draws, 120.0)
    assert engines.engine() is server


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_page_draws_without_a_fault(name: str, lang: str) -> None:
    at = open_page(name, lang)
    assert not at.exception
    assert [error.value for error in at.error] == []
    assert len(at.title) == 1
    assert catalogue(lang)["app.limits"] in [text.value for text in at.caption]
    assert any(catalogue(lang)["app.source"] in text.value for text in at.caption)
