"""Patterns that a model of this field should show, stated before fitting, each with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.observe import QUANTITIES, predict
from calibration.targets import HERE, Indicator, Target, months_of, sources, territories
from simulator.evidence.reading import Faults, Row, table

Floats = NDArray[np.float64]

_PATTERNS: Final = (
    "pattern",
    "rows",
    "quantity",
    "region",
    "period",
    "over",
    "low",
    "high",
    "source_id",
    "label_es",
    "label_en",
    "datum_es",
    "datum_en",
)


@dataclass(frozen=True)
class Pattern:
    """What should be seen, and in which band.

    Attributes
    ----------
    rows : names of indicators (``*`` for any ending) whose figures should lie in their 90% intervals
    quantity : of ``observe.QUANTITIES``, instead of rows
    places : positions of territories; empty for the country
    period, over : months, counted from January 2012; over which other months it is divided, if any
    low, high : band in which the median of runs should lie
    label, datum : what it is called, and which datum would tell more, by language
    """

    name: str
    rows: tuple[str, ...]
    quantity: str
    places: tuple[int, ...]
    period: tuple[int, int]
    over: tuple[int, int] | None
    low: float
    high: float
    source: str
    label: Mapping[str, str]
    datum: Mapping[str, str]


@dataclass(frozen=True)
class Seen:
    """A pattern beside what the runs show: the median and the central 90% of them.

    ``holds`` says whether the median lies in the band, ``touches`` whether the interval reaches it.
    """

    pattern: Pattern
    median: float
    low: float
    high: float
    figures: int

    @property
    def holds(self) -> bool:
        """Whether the median of the runs lies in the band."""
        return self.pattern.low <= self.median <= self.pattern.high

    @property
    def touches(self) -> bool:
        """Whether some of the central 90% of the runs lie in the band."""
        return self.low <= self.pattern.high and self.high >= self.pattern.low


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return the patterns in the order of ``patterns.csv``."""
    faults = Faults()
    known = sources(HERE, faults)
    out = tuple(_pattern(row, known) for row in table(HERE, "patterns.csv", _PATTERNS, faults, key=1))
    faults.tell()
    return out


def _pattern(row: Row, known: Sequence[str]) -> Pattern:
    row.one_of("source_id", known)
    if not row["rows"]:
        row.one_of("quantity", tuple(QUANTITIES))
    return Pattern(
        name=row["pattern"],
        rows=tuple(row["rows"].split()),
        quantity=row["quantity"],
        places=territories(row) if row["region"] else (),
        period=months_of(row["period"], 0),
        over=months_of(row["over"], 0) if row["over"] else None,
        low=row.number("low"),
        high=row.number("high"),
        source=row["source_id"],
        label={"es": row.filled("label_es"), "en": row.filled("label_en")},
        datum={"es": row.filled("datum_es"), "en": row.filled("datum_en")},
    )


def see(
    series: Mapping[str, Floats], scored: Sequence[Target], inside_90: Sequence[bool], first: int = 0
) -> list[Seen]:
    """Return every pattern beside what runs show.

    Parameters
    ----------
    series : [run, month, territory] by name, see ``observe.monthly``
    scored, inside_90 : figures, and whether each lies in its 90% interval
    first : month of the first value of the series
    """
    out = []
    for pattern in patterns():
        if pattern.rows:
            hits = [
                inside
                for target, inside in zip(scored, inside_90, strict=True)
                if not target.territories
                and any(fnmatchcase(target.indicator.name, one) for one in pattern.rows)
            ]
            share = float(np.mean(hits)) if hits else float("nan")
            out.append(Seen(pattern, share, share, share, len(hits)))
            continue
        value = predict(series, [_as_target(pattern, pattern.period)], first)[..., 0].ravel()
        if pattern.over is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                value = value / predict(series, [_as_target(pattern, pattern.over)], first)[..., 0].ravel()
        value = value[np.isfinite(value)]
        low, median, high = np.quantile(value, [0.05, 0.5, 0.95]) if value.size else [float("nan")] * 3
        out.append(Seen(pattern, float(median), float(low), float(high), int(value.size)))
    return out


def _as_target(pattern: Pattern, months: tuple[int, int]) -> Target:
    """Return the quantity of a pattern as something that can be predicted: no scale, no part of a country."""
    plain = Indicator(
        name=pattern.name,
        unit="",
        quantity=pattern.quantity,
        period="",
        against="level",
        error="ratio",
        scale=1.0,
        spread=1.0,
        region_spread=None,
        label=pattern.label,
        definition="",
    )
    first, stop = months
    return Target(
        plain,
        "",
        pattern.places,
        0,
        first,
        stop,
        value=1.0,
        total=0.0,
        weight=1.0,
        use="fit",
        source="",
        note="",
    )
