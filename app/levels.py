"""Words for how far a lever is moved: today's level, moderate, ambitious, the limit of the page."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from scenarios import Lever, levers

WORDS: Final = ("today", "moderate", "ambitious", "limit")


@cache
def levels() -> Mapping[str, Mapping[str, float]]:
    """Return by lever the amount of each word; today's is zero."""
    text = Path(__file__).with_name("levels.toml").read_text(encoding="utf-8")
    return {name: {"today": 0.0, **row} for name, row in tomllib.loads(text).items()}


def word(name: str, amount: float) -> str:
    """Return the word whose amount is nearest; of a lever without words, ``today`` or an empty text."""
    if name not in levels():
        return "" if amount else "today"
    return min(WORDS, key=lambda w: abs(levels()[name][w] - amount))


def most(lever: Lever) -> float:
    """Return the end of a lever's slider."""
    return levels()[lever.name]["limit"] if lever.name in levels() else min(lever.maximum, 1.0)


def visible() -> tuple[str, ...]:
    """Return the levers that the page shows first."""
    return tuple(levels())


def others() -> tuple[str, ...]:
    """Return the levers under 'more'; those that move nothing are not among them."""
    return tuple(name for name, lever in levers().items() if name not in levels() and lever.acts_on)
