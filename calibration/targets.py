"""Official series as targets: what was counted, where, when, by whom, and how far it can be trusted.

``targets.csv`` holds the figures, ``indicators.csv`` what each indicator counts and what of the model it is
held against, ``unmapped.csv`` indicators that the model cannot speak to, with the reason. Before any fitting
the figures were split: those of use ``check`` are never fitted to (whole territories, and every figure of
the country that reaches into 2022 or later); those of use ``input`` the model takes as given, so nothing is
proved by meeting them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from calibration.observe import QUANTITIES
from simulator import load_ledger
from simulator.evidence.reading import Faults, Row, table
from simulator.faults import did_you_mean
from simulator.texts import t

HERE: Final = Path(__file__).parent
COUNTRY: Final = "PE"
LIMA: Final = "PE-LIM"
"""In official series the department with its capital, so two territories of the model."""

LIMA_PARTS: Final = ("15", "26")
START_YEAR: Final = 2012
EARLIEST_YEAR: Final = 1990
LAST_YEAR: Final = 2030
"""Figures of later years wait for a longer run; those before 2012 lie before the model begins."""

MONTHS: Final = 12

ERRORS: Final = ("count", "share", "ratio")
AGAINST: Final = ("level", "previous", "country")
USES: Final = ("fit", "check", "input")
UNITS_OF_SHARES: Final = {"percent": 0.01, "share": 1.0}

_INDICATORS: Final = (
    "indicator",
    "unit",
    "quantity",
    "period",
    "against",
    "error",
    "scale",
    "spread",
    "region_spread",
    "label_es",
    "label_en",
    "definition",
)
_TARGETS: Final = (
    "indicator",
    "unit",
    "region",
    "year",
    "period",
    "value",
    "total",
    "weight",
    "use",
    "source_id",
    "note",
)
TIDY: Final = ("indicator", "unit", "region", "year", "value", "source_id", "note")
"""Columns of a table of series from elsewhere."""

_SOURCES: Final = ("id", "title", "organisation", "year", "url", "quality", "note")
_UNMAPPED: Final = ("indicator", "reason", "note")
REASONS: Final = (
    "before",
    "input",
    "kin",
    "no_total",
    "not_a_count",
    "not_simulated",
    "part",
    "pattern",
    "prevalence",
    "repeats",
    "wider",
)
_PARTS: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|1[0-2])")
_SPAN: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])/(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Indicator:
    """What a series counts, and what of the model it is held against.

    Attributes
    ----------
    unit : of the series as published
    quantity : of ``observe.QUANTITIES``
    period : months of the year (``01-06``), a span (``2017-01/2023-06``), or empty for the year
    against : ``level``; ``previous``, the year over the one before; or ``country``, where territories' parts
        of the country's count can be compared and the count itself cannot
    error : ``count``, ``share`` or ``ratio``
    scale : what the series shows for each unit of the quantity
    spread : relative error beyond chance, for what definitions and years leave open
    region_spread : the same for a territory's part of the country's count; missing where none are compared
    label : what people call it, by language
    definition : what is counted, who, and where
    """

    name: str
    unit: str
    quantity: str
    period: str
    against: str
    error: str
    scale: float
    spread: float
    region_spread: float | None
    label: Mapping[str, str]
    definition: str


@dataclass(frozen=True)
class Target:
    """One official figure.

    Attributes
    ----------
    region : as published: ``PE``, an ISO code, a two-digit code, or several of them as one place
    territories : positions of the territories; empty for the country
    year : as published, the last one of a span
    first, stop : months covered, counted from January 2012, the last one excluded
    value : counts as published; shares from 0 to 1
    total : cases that a share is of, or the country's count that a territory is part of; 0 if not known
    weight : 1 for a figure on its own; less for sources of one figure, and for figures that overlap
    use : ``fit``, ``check``, ``input``, or ``data`` for figures from elsewhere
    conflict : standard deviation of the logarithm of what sources tell of one year
    """

    indicator: Indicator
    region: str
    territories: tuple[int, ...]
    year: int
    first: int
    stop: int
    value: float
    total: float
    weight: float
    use: str
    source: str
    note: str
    conflict: float = 0.0

    @property
    def name(self) -> str:
        """Return a name of its own among the targets."""
        return f"{self.indicator.name} {self.region} {self.year} {self.source} {self.value:g}"

    @property
    def of_country(self) -> bool:
        """Whether a territory's count is compared as a part of the country's."""
        return bool(self.territories) and self.indicator.error == "count"

    @property
    def spread(self) -> float:
        """Relative error beyond chance, what sources disagree about included."""
        indicator = self.indicator
        own = indicator.spread
        if self.of_country and indicator.region_spread is not None:
            own = indicator.region_spread
        return float(np.hypot(own, self.conflict))

    @property
    def cases(self) -> float:
        """Cases that a share is of; where they are not told, few."""
        return self.total or FEW


FEW: Final = 50.0
"""Cases of a share whose number nobody told."""


@cache
def indicators() -> Mapping[str, Indicator]:
    """Return what each indicator counts, by name."""
    faults = Faults()
    out = {
        row["indicator"]: _indicator(row) for row in table(HERE, "indicators.csv", _INDICATORS, faults, key=1)
    }
    faults.tell()
    return out


def _indicator(row: Row) -> Indicator:
    row.one_of("quantity", tuple(QUANTITIES))
    region_spread = row.number("region_spread", low=0.01, high=5) if row["region_spread"] else None
    if row["period"] and not (_PARTS.fullmatch(row["period"]) or _SPAN.fullmatch(row["period"])):
        row.faults.add(
            row.place("period"), row["period"], t("calibration.allowed.period"), t("calibration.do.period")
        )
    return Indicator(
        name=row.filled("indicator"),
        unit=row.filled("unit"),
        quantity=row["quantity"],
        period=row["period"],
        against=row.one_of("against", AGAINST),
        error=row.one_of("error", ERRORS),
        scale=row.number("scale", low=0.01, high=100),
        spread=row.number("spread", low=0.01, high=5),
        region_spread=region_spread,
        label={"es": row.filled("label_es"), "en": row.filled("label_en")},
        definition=row.filled("definition"),
    )


@dataclass(frozen=True)
class Unmapped:
    """An indicator that the model cannot speak to, and why."""

    indicator: str
    reason: str
    note: str


@cache
def unmapped() -> tuple[Unmapped, ...]:
    """Return the indicators known not to be comparable; ``*`` in a name stands for any ending."""
    faults = Faults()
    out = tuple(
        Unmapped(row["indicator"], row.one_of("reason", REASONS), row["note"])
        for row in table(HERE, "unmapped.csv", _UNMAPPED, faults, key=1)
    )
    faults.tell()
    return out


def why_unmapped(indicator: str) -> Unmapped | None:
    """Return why an indicator is not compared; nothing if nobody thought of it."""
    return next((one for one in unmapped() if fnmatchcase(indicator, one.indicator)), None)


def load_targets(folder: Path | None = None, *, use: Sequence[str] = USES) -> tuple[Target, ...]:
    """Return the targets of a folder, in the order of the file; by default those of the project.

    Parameters
    ----------
    folder : holds ``targets.csv`` and ``sources.csv``
    use : which of ``fit``, ``check`` and ``input``

    Raises
    ------
    FaultyInput
        With every fault of the files.
    """
    every = _project() if folder is None else _load(folder)
    return tuple(target for target in every if target.use in use)


@cache
def _project() -> tuple[Target, ...]:
    return _load(HERE)


def _load(folder: Path) -> tuple[Target, ...]:
    faults = Faults()
    known = sources(folder, faults)
    rows = table(folder, "targets.csv", _TARGETS, faults, key=0)
    found = [_target(row, known) for row in rows]
    faults.tell()
    return _with_conflicts([target for target in found if target is not None])


def sources(folder: Path, faults: Faults) -> tuple[str, ...]:
    """Return the sources that a figure may cite: the ledger's, and those of the folder."""
    own = table(folder, "sources.csv", _SOURCES, faults, key=1)
    return (*load_ledger().sources, *(row["id"] for row in own))


def _target(row: Row, known: Sequence[str]) -> Target | None:
    indicator = indicators().get(row.one_of("indicator", tuple(indicators())))
    row.one_of("source_id", known)
    if indicator is None:
        return None
    total = row.number("total", low=1) if row["total"] else 0.0
    one = _figure(
        row,
        indicator,
        earliest=START_YEAR,
        period=row["period"] or indicator.period,
        total=total,
        weight=row.number("weight", low=0.01, high=1),
        use=row.one_of("use", USES),
    )
    if one.of_country and not total:
        row.faults.add(
            row.place("total"),
            t("ledger.found.nothing"),
            t("calibration.allowed.total"),
            t("calibration.do.total"),
        )
    return one


def _figure(
    row: Row, indicator: Indicator, *, earliest: int, period: str, total: float, weight: float, use: str
) -> Target:
    """Return one row as a target; note what is wrong with its unit, place, year and value."""
    row.one_of("unit", (indicator.unit,))
    year = row.whole("year", low=earliest)
    first, stop = months_of(period, year)
    factor, high = 1.0, np.inf
    if indicator.error == "share":
        factor = UNITS_OF_SHARES[indicator.unit]
        high = 1.0 / factor
    return Target(
        indicator=indicator,
        region=row["region"],
        territories=territories(row),
        year=year,
        first=first,
        stop=stop,
        value=factor * row.number("value", low=0.0, high=float(high)),
        total=total,
        weight=weight,
        use=use,
        source=row["source_id"],
        note=row["note"],
    )


def months_of(period: str, year: int) -> tuple[int, int]:
    """Return the months that a period covers, counted from January 2012, the last one excluded."""
    span = _SPAN.fullmatch(period)
    if span:
        a, b, c, d = (int(part) for part in span.groups())
        return (a - START_YEAR) * MONTHS + b - 1, (c - START_YEAR) * MONTHS + d
    part = _PARTS.fullmatch(period)
    begin, end = (int(p) for p in part.groups()) if part else (1, MONTHS)
    start = (year - START_YEAR) * MONTHS
    return start + begin - 1, start + end


def territories(row: Row) -> tuple[int, ...]:
    """Return the positions of a row's places; note a fault for each that is not known."""
    if row["region"] == COUNTRY:
        return ()
    land = load_ledger().territories
    out: list[int] = []
    for place in row["region"].split() or [""]:
        if place == LIMA:
            out += [land.codes.index(code) for code in LIMA_PARTS]
        elif place in land.codes:
            out.append(land.codes.index(place))
        elif place in land.iso:
            out.append(land.iso.index(place))
        else:
            allowed = (COUNTRY, *land.iso)
            row.faults.add(
                row.place("region"),
                place or t("ledger.found.nothing"),
                t("calibration.allowed.region"),
                did_you_mean(place, allowed),
            )
    return tuple(sorted(out))


def _with_conflicts(found: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets with what sources disagree about: figures of one kind, place and year, per month."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, target in enumerate(found):
        one = target.indicator
        if target.stop - target.first <= MONTHS and target.value > 0:
            key = (one.quantity, one.against, one.error, one.scale, target.region, target.year)
            groups[key].append(i)
    out = list(found)
    for members in groups.values():
        if len(members) < 2:
            continue
        pace = [
            found[i].value / (found[i].stop - found[i].first if found[i].indicator.error == "count" else 1)
            for i in members
        ]
        conflict = float(np.std(np.log(pace), ddof=1))
        for i in members:
            out[i] = replace(out[i], conflict=conflict)
    return tuple(out)


@dataclass(frozen=True)
class Left:
    """A row from elsewhere that cannot be compared, and the key of the reason."""

    indicator: str
    region: str
    year: str
    reason: str
    note: str


def read_data(path: Path) -> tuple[tuple[Target, ...], tuple[Left, ...]]:
    """Return the figures of a tidy table as targets of use ``data``, and the rows that cannot be compared.

    A territory's count needs the country's count of the same indicator and year in the same table, by the
    same source if there are several.

    Raises
    ------
    FaultyInput
        With every fault of the file.
    """
    faults = Faults()
    rows = table(path.parent, path.name, TIDY, faults, key=0)
    wholes = {
        key: row
        for row in rows
        if row["region"] == COUNTRY
        for key in ((row["indicator"], row["year"], row["source_id"]), (row["indicator"], row["year"], ""))
    }
    found: list[Target] = []
    left: list[Left] = []
    for row in rows:
        name = row.filled("indicator")
        year = row.whole("year", low=EARLIEST_YEAR)
        indicator = indicators().get(name)
        known = why_unmapped(name)
        reason, note = (known.reason, known.note) if known else ("unknown", "")
        if indicator is None:
            row.number("value")
            left.append(Left(name, row["region"], row["year"], reason, note))
            continue
        one = _figure(
            row,
            indicator,
            earliest=EARLIEST_YEAR,
            period=indicator.period,
            total=0.0,
            weight=1.0,
            use="data",
        )
        earliest = one.first - (MONTHS if indicator.against == "previous" else 0)
        if earliest < 0 or (indicator.against == "country" and not one.territories):
            reason = "before"
        elif year > LAST_YEAR:
            reason = "after"
        elif one.territories and QUANTITIES[indicator.quantity].national:
            reason = "national_only"
        elif one.of_country:
            key = (name, row["year"], row["source_id"])
            whole = wholes.get(key) or wholes.get((*key[:2], ""))
            one = replace(one, total=0.0 if whole is None else whole.number("value", low=0.0))
            reason = "" if one.total > 0 and indicator.region_spread is not None else "no_total"
        else:
            reason = ""
        if reason:
            left.append(Left(name, row["region"], row["year"], reason, ""))
        else:
            found.append(one)
    # A country's count is read for each of its territories: its faults are told once.
    faults.found[:] = list(dict.fromkeys(faults.found))
    faults.tell()
    return _with_conflicts(found), tuple(left)
