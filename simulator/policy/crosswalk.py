"""From budget lines to the words of Peruvian budgeting; from the evaluation's recommendations to levers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from scenarios.levers import levers
from simulator.evidence import load_ledger
from simulator.evidence.reading import Faults, Row, table
from simulator.texts import LANGUAGES

FOLDER: Final = Path(__file__).parent
OBJECTIVES: Final = ("OP1", "OP2", "OP3")
GUIDELINES: Final = (
    *("1.1", "1.2", "1.3", "1.4", "1.5", "1.6"),
    *("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"),
    *("3.1", "3.2", "3.3", "3.4", "3.5", "3.6"),
)
"""The 19 guidelines of the policy; the first digit is that of the priority objective."""

GOVERNMENTS: Final = ("national", "regional", "local")
ENTITIES: Final = ("regional_governments", "local_governments", "implementing_partners")
"""Groups of entities, which have no name of their own."""

RECOMMENDATIONS: Final = ("Rec1", "Rec2", "Rec3", "Rec4")

type Text = Mapping[str, str]


@dataclass(frozen=True)
class Service:
    """One of the 42 services of the 2030 policy; ``reason`` tells why no budget line stands for it."""

    number: str
    objective: str
    guideline: str
    label: Text
    provider: str
    reason: Text
    source: str


@dataclass(frozen=True)
class Entry:
    """How a budget line is called in the budget of Peru.

    Attributes
    ----------
    services : numbers among the 42 of the policy
    entities, level : who carries it (names, or one of ``ENTITIES``), at which level of government
    product, activity : of a result-based budget
    programme_code : of the budget programme; empty where none is known
    confirmed : whether the entity has confirmed the code; the evidence confirms none
    """

    line: str
    services: tuple[str, ...]
    objective: str
    guideline: str
    entities: tuple[str, ...]
    level: str
    product: Text
    activity: Text
    programme_code: str
    confirmed: bool


@dataclass(frozen=True)
class Recommendation:
    """One point of the evaluation's recommendations, and the levers and the scenario that try it.

    Attributes
    ----------
    number : ``Rec1`` to ``Rec4``; bullet : own name of the point
    scenario : of the library; empty if ``reason`` says why there is none
    """

    number: str
    bullet: str
    label: Text
    scenario: str
    levers: tuple[str, ...]
    reason: Text
    source: str


def _text(row: Row, name: str) -> Text:
    return {lang: row[f"{name}_{lang}"] for lang in LANGUAGES}


def _several(row: Row, column: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a cell, separated by semicolons; note a fault for each that is not allowed."""
    return tuple(row.one_of(column, allowed, of=name) for name in row[column].split(";") if name)


@cache
def services() -> dict[str, Service]:
    """Return the services of the policy by their number.

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    faults = Faults()
    columns = ("service", "objective", "guideline", "label_es", "label_en", "provider")
    rows = table(FOLDER, "policy_services.csv", (*columns, "reason_es", "reason_en", "source"), faults, key=1)
    out = {
        row["service"]: Service(
            number=row.filled("service"),
            objective=row.one_of("objective", OBJECTIVES),
            guideline=row.one_of("guideline", ("", *GUIDELINES)),
            label=_text(row, "label"),
            provider=row["provider"],
            reason=_text(row, "reason"),
            source=row.cited(tuple(load_ledger().sources)),
        )
        for row in rows
    }
    faults.tell()
    return out


@cache
def crosswalk() -> dict[str, Entry]:
    """Return what each budget line is called in the budget of Peru, by line.

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    faults = Faults()
    columns = ("line", "services", "objective", "guideline", "entity", "level", "product_es", "product_en")
    more = ("activity_es", "activity_en", "programme_code", "confirmed")
    numbers = tuple(services())
    out = {
        row["line"]: Entry(
            line=row.one_of("line", tuple(load_ledger().lines)),
            services=_several(row, "services", numbers),
            objective=row.one_of("objective", OBJECTIVES),
            guideline=row.one_of("guideline", GUIDELINES),
            entities=tuple(one.strip() for one in row.filled("entity").split(";")),
            level=row.one_of("level", GOVERNMENTS),
            product=_text(row, "product"),
            activity=_text(row, "activity"),
            programme_code=row["programme_code"],
            confirmed=row.one_of("confirmed", ("0", "1")) == "1",
        )
        for row in table(FOLDER, "crosswalk.csv", (*columns, *more), faults, key=1)
    }
    faults.tell()
    return out


@cache
def recommendations() -> tuple[Recommendation, ...]:
    """Return the points of the evaluation's four recommendations.

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    faults = Faults()
    columns = ("recommendation", "bullet", "label_es", "label_en", "scenario", "levers")
    rows = table(FOLDER, "recommendations.csv", (*columns, "reason_es", "reason_en", "source"), faults, key=2)
    out = tuple(
        Recommendation(
            number=row.one_of("recommendation", RECOMMENDATIONS),
            bullet=row.filled("bullet"),
            label=_text(row, "label"),
            scenario=row["scenario"],
            levers=_several(row, "levers", tuple(levers())),
            reason=_text(row, "reason"),
            source=row.cited(tuple(load_ledger().sources)),
        )
        for row in rows
    )
    faults.tell()
    return out
