"""The National Policy against Trafficking in Persons to 2030: objectives, guidelines, indicators, targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from simulator.evidence import load_ledger
from simulator.evidence.reading import Faults, Row, table
from simulator.policy.crosswalk import GUIDELINES, OBJECTIVES, Text, services
from simulator.texts import LANGUAGES

FOLDER: Final = Path(__file__).parent
BASELINE_YEAR, FIRST_TARGET, HORIZON = 2020, 2023, 2030
"""Years of which the policy's reports give a baseline, a first target and the last one."""

IN_FORCE: Final = 2022
"""First full year of the policy, which dates from July 2021."""

MARKS: Final = ("official", "interpolated", "assumed", "user")
"""Where a target comes from: a document; a line between two documents; the last official one held, because no
later one was found; or whoever asks."""

MEASURES: Final = (
    *("specialised_cases", "police_victims", "half_year", "whole_year", "cohort", "complaints"),
    *("resolved_cases", "police_children", "residents_with_plan"),
)
"""What the model can say of an indicator; ``outcomes.scorecard`` works them out."""


@dataclass(frozen=True)
class Heading:
    """A priority objective or a guideline."""

    code: str
    kind: str
    label: Text
    source: str


@dataclass(frozen=True)
class Target:
    """A target of one year, and where it comes from (``MARKS``)."""

    value: float
    mark: str


@dataclass(frozen=True)
class Indicator:
    """An indicator of the policy.

    Attributes
    ----------
    code : of the policy; variants of 3.1 have a letter, those of a service begin with S
    service : number of the service; empty for outcome indicators
    unit : ``share`` or ``count`` (a year)
    baseline, target_2023, reported_2023, target_2030 : ``None`` where none was found; what is reported is
        that of January to June 2023
    range : why its own target of 2030 lies outside what the model can reach, where that is so
    measure : of ``MEASURES``; empty if ``reason`` says why the model cannot speak to it
    """

    code: str
    objective: str
    service: str
    label: Text
    unit: str
    direction: str
    responsible: str
    baseline: float | None
    target_2023: float | None
    reported_2023: float | None
    target_2030: float | None
    measure: str
    formula: Text
    reason: Text
    range: Text
    source: str

    def targets(self, last: int = HORIZON, own: float | None = None) -> dict[int, Target]:
        """Return the target of each year up to ``last``.

        Parameters
        ----------
        own : target of 2030 that whoever asks sets instead
        """
        known: dict[int, Target] = {}
        if self.target_2023 is not None:
            known[FIRST_TARGET] = Target(self.target_2023, "official")
        if own is not None:
            known[HORIZON] = Target(own, "user")
        elif self.target_2030 is not None:
            known[HORIZON] = Target(self.target_2030, "official")
        elif self.target_2023 is not None:
            known[HORIZON] = Target(self.target_2023, "assumed")
        out: dict[int, Target] = {}
        points = sorted(known)
        for year in range(points[0] if points else last + 1, last + 1):
            if year in known:
                out[year] = known[year]
            elif year > points[-1]:
                out[year] = Target(known[points[-1]].value, "assumed")
            else:
                before, after = FIRST_TARGET, HORIZON
                way = (year - before) / (after - before)
                value = known[before].value + way * (known[after].value - known[before].value)
                out[year] = Target(value, "assumed" if known[after].mark == "assumed" else "interpolated")
        return out


@cache
def structure() -> tuple[Heading, ...]:
    """Return objectives and guidelines, each objective before its guidelines.

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    faults = Faults()
    columns = ("code", "kind", "label_es", "label_en", "source")
    out = tuple(
        Heading(
            code=row.one_of("code", (*OBJECTIVES, *GUIDELINES)),
            kind=row.one_of("kind", ("objective", "guideline")),
            label=_text(row, "label"),
            source=row.cited(tuple(load_ledger().sources)),
        )
        for row in table(FOLDER, "policy_structure.csv", columns, faults, key=1)
    )
    faults.tell()
    return out


@cache
def indicators() -> dict[str, Indicator]:
    """Return the indicators of the policy by code: of outcomes first, then of the services.

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    faults = Faults()
    columns = (
        "indicator",
        "objective",
        "service",
        "label_es",
        "label_en",
        "unit",
        "direction",
        "responsible",
    )
    values = ("baseline", "target_2023", "reported_2023", "target_2030")
    more = ("measure", "formula_es", "formula_en", "reason_es", "reason_en", "range_es", "range_en", "source")
    numbers = ("", *services())
    out = {
        row["indicator"]: Indicator(
            code=row.filled("indicator"),
            objective=row.one_of("objective", OBJECTIVES),
            service=row.one_of("service", numbers),
            label=_text(row, "label"),
            unit=row.one_of("unit", ("share", "count")),
            direction=row.one_of("direction", ("higher", "lower")),
            responsible=row["responsible"],
            **{name: row.number(name, low=0.0) if row[name] else None for name in values},
            measure=row.one_of("measure", ("", *MEASURES)),
            formula=_text(row, "formula"),
            reason=_text(row, "reason"),
            range=_text(row, "range"),
            source=row.cited(tuple(load_ledger().sources)),
        )
        for row in table(FOLDER, "indicators.csv", (*columns, *values, *more), faults, key=1)
    }
    faults.tell()
    return out


def _text(row: Row, name: str) -> Mapping[str, str]:
    return {lang: row[f"{name}_{lang}"] for lang in LANGUAGES}
