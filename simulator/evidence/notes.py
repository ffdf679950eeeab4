"""What a parameter's note and a cited source say, in both languages; the evidence itself is in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from simulator.documents import read

FILE: Final = Path(__file__).with_name("notes.yaml")
CITED: Final = Path(__file__).with_name("cited.yaml")


@cache
def spanish_notes() -> Mapping[str, str]:
    """Return the Spanish of every note, by its English."""
    return {row["en"]: row["es"] for row in read(FILE, FILE.name).data["notes"]}


def note_in(lang: str, note: str) -> str:
    """Return a note in a language; one of a reader's own evidence, which has no Spanish, as it is."""
    return spanish_notes().get(note, note) if lang == "es" else note


@cache
def spanish_citations() -> Mapping[str, str]:
    """Return the Spanish of what sources carry in our own English: our titles, remarks, who quotes whom."""
    return {row["en"]: row["es"] for row in read(CITED, CITED.name).data["sources"]}


def citation_in(lang: str, words: str) -> str:
    """Return a title or an organisation in a language; those of publications stay as they were published."""
    return spanish_citations().get(words, words) if lang == "es" else words
