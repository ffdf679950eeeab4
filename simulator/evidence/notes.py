"""What a parameter's note says, in both languages; the evidence itself carries notes in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from simulator.documents import read

FILE: Final = Path(__file__).with_name("notes.yaml")


@cache
def spanish_notes() -> Mapping[str, str]:
    """Return the Spanish of every note, by its English."""
    return {row["en"]: row["es"] for row in read(FILE, FILE.name).data["notes"]}


def note_in(lang: str, note: str) -> str:
    """Return a note in a language; one of a reader's own evidence, which has no Spanish, as it is."""
    return spanish_notes().get(note, note) if lang == "es" else note
