"""A live engine on a thirtieth of the country, shared by the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import engine as engines
from app.engine import Engine, Settings

SMALL = Settings(draws=3, workers=1, scale=0.03, trends=6)


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
