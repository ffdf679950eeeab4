"""Messages of scenario files are tested in English unless a test says otherwise."""

from __future__ import annotations

import pytest

from simulator.texts import set_language


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")
