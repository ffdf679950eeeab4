"""A live engine on a thirtieth of the country, shared by the tests of the pages."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from app import engine as engines
from app.engine import Engine, Settings

SMALL = Settings(draws=3, workers=1, scale=0.03, trends=6)


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a process its main module back: a page takes its place, and what it spawns later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def small_engine() -> Iterator[Engine]:
    engine = Engine(SMALL)
    yield engine
    engine.close()


@pytest.fixture
def server(small_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Let the pages ask the small engine."""
    monkeypatch.setattr(engines, "_ENGINE", [small_engine])
    return small_engine
