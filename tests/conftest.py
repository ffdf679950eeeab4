"""What all tests share: after each, the language is the user's own again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.texts import set_language


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    yield
    set_language(None)
