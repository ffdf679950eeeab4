"""What scenarios, findings of the evaluation and sources are called to a reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from scenarios import library
from scenarios.levers import Bilingual
from scenarios.schema import load_scenario
from simulator.evidence import load_ledger
from simulator.texts import t

EVALUATION: Final = "L01"
"""The source whose findings and recommendations scenarios cite by number."""

CITED: Final = {"F": ("finding", "findings"), "Rec": ("recommendation", "recommendations")}
"""How codes of parts of the evaluation begin, and what one and several of them are called."""


def named(codes: Sequence[str]) -> list[str]:
    """Return what a scenario rests on as a reader knows it: numbers of the evaluation, titles of sources."""
    sources = load_ledger().sources
    out = []
    for letters, (one, several) in CITED.items():
        numbers = [code.removeprefix(letters) for code in codes if re.fullmatch(rf"{letters}\d+", code)]
        if numbers:
            called = one if len(numbers) == 1 else several
            out.append(t(f"brief.cited.{called}", numbers=listed(numbers)))
    if out:
        out = [t("brief.of_evaluation", parts=listed(out), year=sources[EVALUATION].year)]
    elif EVALUATION in codes:
        out = [t("brief.evaluation", year=sources[EVALUATION].year)]
    rest = [sources[code] for code in codes if code in sources and code != EVALUATION]
    return [*out, *(source.cited("«{}»") for source in rest)]


def listed(words: Sequence[str]) -> str:
    """Return words in a row, the last two joined by *and*."""
    *before, last = words
    return f"{', '.join(before)} {t('brief.and')} {last}" if before else last


def with_labels(text: str) -> str:
    """Return a text in which scenarios of the library stand under what they are called, not their names."""
    there = library()
    return re.sub(
        r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b",
        lambda found: f"«{_label(found[0])}»" if found[0] in there else found[0],
        text,
    )


@cache
def _label(name: str) -> Bilingual:
    """Return what a scenario of the library is called; its file never changes while the program runs."""
    return load_scenario(name).label
