"""The closed list of policy levers, read from ``levers.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from simulator.documents import read
from simulator.texts import language

LEVERS_FILE: Final = Path(__file__).with_name("levers.yaml")


@dataclass(frozen=True)
class Bilingual:
    """One text in Spanish and English."""

    es: str
    en: str

    def __str__(self) -> str:
        """Return the text in the language in force."""
        return self.es if language() == "es" else self.en


@dataclass(frozen=True)
class Lever:
    """What a policy can change, and by how much at most.

    Attributes
    ----------
    name : str
        As written after ``use`` in a scenario.
    unit : str
        ``share`` or ``places``.
    minimum, maximum : float
        Allowed amounts, both included.
    acts_on : tuple of str
        Names of the ledger's parameters on which it acts.
    finding : tuple of str
        Findings of the evaluation from which it comes.
    no_line : Bilingual or None
        Why no budget line buys it; ``None`` where one does.
    """

    name: str
    label: Bilingual
    unit: str
    minimum: float
    maximum: float
    does: Bilingual
    acts_on: tuple[str, ...]
    finding: tuple[str, ...]
    no_line: Bilingual | None = None


@cache
def levers() -> dict[str, Lever]:
    """Return every lever by its name, in the order of the file."""
    return {
        name: Lever(
            name=name,
            label=Bilingual(**row["label"]),
            unit=row["unit"],
            minimum=float(row["minimum"]),
            maximum=float(row["maximum"]),
            does=Bilingual(**row["does"]),
            acts_on=tuple(row["acts_on"]),
            finding=tuple(row["finding"]),
            no_line=Bilingual(**row["no_line"]) if "no_line" in row else None,
        )
        for name, row in read(LEVERS_FILE, LEVERS_FILE.name).data.items()
    }
