"""The validation report: what was compared, what came out, what can be concluded and what cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from calibration.charts import courses_chart, place_of, reliability_chart, territories_chart
from calibration.forecasts import NAIVE
from calibration.patterns import Seen
from calibration.targets import REASONS, unmapped
from calibration.validation import GOAL_COVERAGE, Coverage, Row, SeriesScore, Validation
from simulator.exports.brief import Brief, Section
from simulator.exports.documents import html
from simulator.exports.naming import free_name
from simulator.tables import Column, Table
from simulator.texts import language, t

if TYPE_CHECKING:
    from calibration.targets import Indicator

BEATS: Final = ("beats_last", "beats_trend", "beats_level")
"""Goals against the forecasts without a model, in their order."""

MOST_NAMED: Final = 6
MOST_OPEN: Final = 8
PERCENT: Final = ".0%"


@dataclass(frozen=True)
class Goal:
    """One thing that the model should reach: what it reached, over how many rows, and if not, why.

    Attributes
    ----------
    figure : share, count or likelihood ratio, as ``form`` writes it; missing if nothing could be compared
    datum : what would help most where it is not reached
    """

    key: str
    figure: float
    form: str
    rows: int
    reached: bool
    why: str
    datum: str


def goals(validation: Validation) -> list[Goal]:
    """Return the goals, each with what was reached."""
    check = validation.of("check")
    out = [_coverage_goal(Coverage.of(check), check)]
    for name, key in zip(NAIVE, BEATS, strict=True):
        won, compared, lost = wins(validation, name, "check")
        share = won / compared if compared else float("nan")
        reached = bool(compared) and share > 0.5
        why = "" if reached or not lost else t("validation.why.lost", series=_listed(lost))
        datum = "" if reached or not lost else t("validation.datum.years", what=lost[0])
        out.append(Goal(key, share, PERCENT, compared, reached, why, datum))
    held = [seen for seen in validation.patterns if seen.holds]
    missed = [seen for seen in validation.patterns if not seen.holds]
    everything = not missed
    out.append(
        Goal(
            "patterns",
            len(held) / len(validation.patterns),
            PERCENT,
            len(validation.patterns),
            everything,
            "" if everything else t("validation.why.patterns", patterns=_listed([_label(s) for s in missed])),
            "" if everything else "; ".join(dict.fromkeys(s.pattern.datum[language()] for s in missed)),
        )
    )
    controls = validation.controls
    turned = len(controls.permuted)
    lost_fit = controls.as_good <= turned // 20
    why = "" if lost_fit else t("validation.why.permuted", count=controls.as_good, of=turned)
    out.append(
        Goal(
            "permuted",
            float(controls.as_good),
            ".0f",
            turned,
            lost_fit,
            why,
            "" if lost_fit else t("validation.datum.origin"),
        )
    )
    out.append(Goal("placebo", controls.placebo, "g", 1, controls.placebo == 0.0, "", ""))
    return out


def _asked_note(validation: Validation) -> str:
    one = next(one for one in validation.asked if one.of == "all")
    numbers = {name: f"{getattr(one, name):.2f}" for name in ("factor", "low", "high")}
    return t("validation.asked_note", rows=one.rows, **numbers)


def _coverage_goal(coverage: Coverage, rows: Sequence[Row]) -> Goal:
    share = coverage.share.get(0.9, float("nan"))
    reached = bool(rows) and share >= GOAL_COVERAGE
    outside = sorted((row for row in rows if not row.inside(0.9)), key=lambda row: -abs(row.distance))
    names = [t("validation.outside", what=_what(row), side=_side(row)) for row in outside]
    return Goal(
        "coverage",
        share,
        PERCENT,
        coverage.rows,
        reached,
        t("validation.why.outside", rows=_listed(names)) if names else "",
        "" if reached or not outside else t("validation.datum.outside", what=_what(next_best(outside))),
    )


def next_best(outside: Sequence[Row]) -> Row:
    """Return the figure to count again first: of the country if there is one, the farthest outside."""
    return next((row for row in outside if not row.target.territories), outside[0])


def wins(validation: Validation, name: str, use: str) -> tuple[int, int, list[str]]:
    """Return on how many series the model beats a forecast, of how many, and where not, worst first."""
    compared = [one for one in validation.series if one.use == use and name in one.naive]
    lost = [one for one in compared if one.naive[name][1] >= one.naive[name][2]]
    lost.sort(key=lambda one: -one.naive[name][1] / max(one.naive[name][2], np.finfo(float).tiny))
    return len(compared) - len(lost), len(compared), [_series(one) for one in lost]


def _series(one: SeriesScore) -> str:
    """Return what a series is called; territories of one indicator say so."""
    label = one.label[language()]
    return t("validation.of_territories", series=label) if one.of_country else label


def _listed(names: Sequence[str]) -> str:
    told = "; ".join(names[:MOST_NAMED])
    rest = len(names) - MOST_NAMED
    return told if rest <= 0 else t("validation.more", names=told, rest=rest)


def _label(seen: Seen) -> str:
    return seen.pattern.label[language()]


def _what(row: Row) -> str:
    target = row.target
    place = "" if not target.territories else f", {place_of(target.region)}"
    return f"{target.indicator.label[language()]}{place} ({target.year})"


def _side(row: Row) -> str:
    return t("validation.above") if row.distance > 0 else t("validation.below")


# For a program.


def record(validation: Validation) -> dict[str, Any]:
    """Return the numbers as plain records, for a JSON file; what is missing is null."""
    attributes = validation.attributes
    told = {
        "draws": validation.draws,
        "replicates": validation.replicates,
        **{
            key: attributes[key]
            for key in ("code_version", "data_hash", "draws_from", "seed", "scale")
            if key in attributes
        },
        "coverage": {
            use: {where: _coverage_record(rows) for where, rows in _groups(validation, use).items()}
            for use in uses(validation)
        },
        "reliability": {use: dict(shares) for use, shares in validation.reliability.items()},
        "goals": [
            {
                "goal": goal.key,
                "figure": goal.figure,
                "rows": goal.rows,
                "reached": goal.reached,
                "why": goal.why,
                "datum": goal.datum,
            }
            for goal in goals(validation)
        ],
        "crps": [
            {
                "series": one.name,
                "territories": one.of_country,
                "use": one.use,
                "rows": one.rows,
                "model": one.model,
                **{
                    name: {"rows": rows, "model": ours, "forecast": theirs}
                    for name, (rows, ours, theirs) in one.naive.items()
                },
            }
            for one in validation.series
        ],
        "regional_rank_correlation": [
            {
                "series": one.label["en"],
                "year": one.year,
                "use": one.use,
                "rows": one.rows,
                "model": one.model,
                "children": one.children,
            }
            for one in validation.regional
        ],
        "patterns": [
            {
                "pattern": one.pattern.name,
                "median": one.median,
                "low": one.low,
                "high": one.high,
                "band_low": one.pattern.low,
                "band_high": one.pattern.high,
                "holds": one.holds,
                "touches": one.touches,
                "figures": one.figures,
                "source": one.pattern.source,
            }
            for one in validation.patterns
        ],
        "controls": {
            "log_likelihood": validation.controls.likelihood,
            "log_likelihood_permuted": list(validation.controls.permuted),
            "rank_correlation": validation.controls.correlation,
            "rank_correlation_permuted": list(validation.controls.permuted_correlation),
            "placebo_largest_difference": validation.controls.placebo,
        },
        "reliability_stated": {use: dict(shares) for use, shares in validation.stated.items()},
        "spread_applied": dict(validation.wider),
        "spread_asked_for": [asdict(one) for one in validation.asked],
        "open_data": [{"quantity": name, "bits": bits} for name, bits in validation.open],
        "rows": [_row_record(row) for row in validation.rows],
        "not_compared": [
            {"indicator": one.indicator, "region": one.region, "year": one.year, "reason": one.reason}
            for one in validation.left
        ],
    }
    plain: dict[str, Any] = _finite(told)
    return plain


def uses(validation: Validation) -> tuple[str, ...]:
    """Return the uses that there are figures of, in the order in which they are told."""
    return tuple(use for use in ("fit", "check", "data") if validation.of(use))


def _groups(validation: Validation, use: str) -> dict[str, list[Row]]:
    return {
        "all": validation.of(use),
        "country": validation.of(use, regional=False),
        "territories": validation.of(use, regional=True),
    }


def _coverage_record(rows: Sequence[Row]) -> dict[str, Any]:
    told = Coverage.of(rows)
    return {
        "rows": told.rows,
        "coverage_50": told.share.get(0.5),
        "coverage_90": told.share.get(0.9),
        "coverage_90_low": told.sure[0],
        "coverage_90_high": told.sure[1],
    }


def _row_record(row: Row) -> dict[str, Any]:
    target = row.target
    (low50, high50), (low90, high90) = row.intervals[0.5], row.intervals[0.9]
    return {
        "indicator": target.indicator.name,
        "region": target.region,
        "year": target.year,
        "use": target.use,
        "source": target.source,
        "weight": target.weight,
        "value": None if row.hidden else target.value,
        "median": row.median,
        "low_50": low50,
        "high_50": high50,
        "low_90": low90,
        "high_90": high90,
        "inside_50": row.inside(0.5),
        "inside_90": row.inside(0.9),
        "crps": None if row.hidden else row.score,
        **{f"crps_{name}": None if row.hidden else row.naive[name] for name in NAIVE},
    }


def _finite(value: Any) -> Any:
    """Return the same with null for what is not finite: JSON has no other word for it."""
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def write(validation: Validation, folder: Path) -> list[Path]:
    """Write the report and its numbers into a folder, over nothing that is there; return where they stand."""
    folder.mkdir(parents=True, exist_ok=True)
    page = free_name(folder / "validation.html")
    numbers = free_name(folder / "validation.json")
    page.write_text(html(report(validation)), encoding="utf-8")
    numbers.write_text(json.dumps(record(validation), ensure_ascii=False, indent=1), encoding="utf-8")
    return [page, numbers]


# For people.


def report(validation: Validation) -> Brief:
    """Return the report in the language in force."""
    lang = language()
    fit, check = Coverage.of(validation.of("fit")), Coverage.of(validation.of("check"))
    sections = [
        Section(
            t("validation.heading.short"),
            tuple(
                t(
                    f"validation.covered.{use}",
                    rows=told.rows,
                    share=f"{told.share[0.9]:.0%}",
                    half=f"{told.share[0.5]:.0%}",
                    low=f"{told.sure[0]:.0%}",
                    high=f"{told.sure[1]:.0%}",
                )
                for use, told in (("fit", fit), ("check", check))
                if told.rows
            ),
            goals_table(validation),
        ),
        Section(
            t("validation.heading.concluded"),
            (
                t(
                    "validation.concluded.rows",
                    rows=check.rows,
                    low=f"{check.sure[0]:.0%}",
                    high=f"{check.sure[1]:.0%}",
                ),
                t("validation.concluded.dependent"),
                t("validation.concluded.not"),
                t("validation.concluded.registered"),
            ),
        ),
        Section(
            t("validation.heading.courses"),
            (t("validation.courses_note"),),
            chart=courses_chart(validation),
            described=t("validation.heading.courses"),
        ),
    ]
    for indicator, year, rows in _regional_sets(validation):
        sections.append(
            Section(
                t("validation.heading.territories", what=indicator.label[lang], year=year),
                (t("validation.territories_note"),),
                chart=territories_chart(rows),
                described=t("validation.heading.territories", what=indicator.label[lang], year=year),
            )
        )
    sections += [
        Section(
            t("validation.heading.reliability"),
            (t("validation.reliability_note"), _asked_note(validation)),
            coverage_table(validation),
            reliability_chart(validation),
            t("validation.heading.reliability"),
        ),
        Section(t("validation.heading.scores"), (t("validation.scores_note"),), scores_table(validation)),
        Section(
            t("validation.heading.regional"), (t("validation.regional_note"),), regional_table(validation)
        ),
        Section(
            t("validation.heading.patterns"), (t("validation.patterns_note"),), patterns_table(validation)
        ),
        Section(t("validation.heading.controls"), _controls(validation)),
        Section(t("validation.heading.open"), (t("validation.open_note"),), open_table(validation)),
        Section(t("validation.heading.ladder"), (t("validation.ladder_note"),), ladder_table(validation)),
        Section(
            t("validation.heading.rows"), (t("validation.rows_note"),), rows_table(validation), small=True
        ),
    ]
    if validation.left:
        sections.append(Section(t("validation.heading.left"), (), left_table(validation), small=True))
    sections.append(
        Section(
            t("validation.heading.unmapped"), (t("validation.unmapped_note"),), unmapped_table(), small=True
        )
    )
    return Brief(t("validation.title"), _subtitle(validation), lang, tuple(sections))


def _subtitle(validation: Validation) -> str:
    attributes = validation.attributes
    return t(
        "validation.subtitle",
        draws=validation.draws,
        drawn=t(f"validation.drawn.{attributes.get('draws_from', 'prior')}"),
        replicates=validation.replicates,
        seed=attributes.get("seed", 0),
        version=attributes.get("code_version", ""),
        hash=str(attributes.get("data_hash", ""))[:12],
    )


def _regional_sets(validation: Validation) -> list[tuple[Indicator, int, list[Row]]]:
    """Return the regional series with the most territories: a chart of five says nothing."""
    sets: dict[tuple[str, int], list[Row]] = {}
    for row in validation.rows:
        if row.target.of_country:
            sets.setdefault((row.target.indicator.name, row.target.year), []).append(row)
    return [(rows[0].target.indicator, year, rows) for (_, year), rows in sets.items() if len(rows) >= 10]


def _controls(validation: Validation) -> tuple[str, ...]:
    controls = validation.controls
    return (
        t(
            "validation.control.permuted",
            count=len(controls.permuted),
            worse=len(controls.permuted) - controls.as_good,
            true=f"{controls.likelihood:.1f}",
            typical=f"{np.median(controls.permuted):.1f}",
            correlation=f"{controls.correlation:.2f}",
            turned=f"{np.median(controls.permuted_correlation):.2f}",
        ),
        t("validation.control.placebo", difference=f"{controls.placebo:g}"),
    )


def _column(key: str, form: str = "") -> Column:
    return Column(key, t(f"validation.column.{key}"), form)


def goals_table(validation: Validation) -> Table:
    """Return the goals and what was reached."""
    rows = [
        {
            "goal": t(f"validation.goal.{goal.key}"),
            "figure": t("cli.nothing") if np.isnan(goal.figure) else format(goal.figure, goal.form),
            "rows": goal.rows,
            "reached": goal.reached,
            "why": goal.why,
            "datum": goal.datum,
        }
        for goal in goals(validation)
    ]
    columns = (
        *(_column("goal"), _column("figure"), _column("rows", ".0f"), _column("reached")),
        *(_column("why"), _column("datum")),
    )
    return Table("", columns, tuple(rows))


def coverage_table(validation: Validation) -> Table:
    """Return the coverage of 50% and 90% intervals by use and place, with the number of rows."""
    rows = []
    for use in uses(validation):
        for where, some in _groups(validation, use).items():
            if some:
                told = _coverage_record(some)
                rows.append(
                    {"use": t(f"validation.use.{use}"), "where": t(f"validation.where.{where}"), **told}
                )
    columns = (
        *(_column("use"), _column("where"), _column("rows", ".0f")),
        *(_column("coverage_50", PERCENT), _column("coverage_90", PERCENT)),
        *(_column("coverage_90_low", PERCENT), _column("coverage_90_high", PERCENT)),
    )
    return Table(t("validation.heading.coverage"), columns, tuple(rows))


def scores_table(validation: Validation) -> Table:
    """Return the mean scores of each series: a ratio below one is better than the forecast."""
    rows = []
    for one in validation.series:
        ratio = {name: ours / theirs if theirs > 0 else None for name, (_, ours, theirs) in one.naive.items()}
        rows.append(
            {
                "series": _series(one),
                "use": t(f"validation.use.{one.use}"),
                "rows": one.rows,
                "crps": one.model,
                **{name: ratio.get(name) for name in NAIVE},
            }
        )
    columns = (
        *(_column("series"), _column("use"), _column("rows", ".0f"), _column("crps", "n")),
        *(_column(name, ".2f") for name in NAIVE),
    )
    return Table("", columns, tuple(rows))


def regional_table(validation: Validation) -> Table:
    """Return rank correlations of territories."""
    rows = [
        {
            "series": one.label[language()],
            "year": str(one.year),
            "use": t("validation.where.all") if one.use == "all" else t(f"validation.use.{one.use}"),
            "rows": one.rows,
            "correlation": one.model,
            "children": one.children,
        }
        for one in validation.regional
    ]
    columns = (
        *(_column("series"), _column("year"), _column("use"), _column("rows", ".0f")),
        *(_column("correlation", ".2f"), _column("children", ".2f")),
    )
    return Table("", columns, tuple(rows))


def patterns_table(validation: Validation) -> Table:
    """Return the patterns one by one."""
    rows = [
        {
            "pattern": _label(one),
            "band": _span(one.pattern.low, one.pattern.high),
            "median": one.median,
            "interval": t("cli.nothing") if one.low == one.high else _span(one.low, one.high),
            "verdict": t(f"validation.verdict.{verdict(one)}"),
            "source": one.pattern.source,
        }
        for one in validation.patterns
    ]
    columns = (
        *(_column("pattern"), _column("band"), _column("median", ".3g"), _column("interval")),
        *(_column("verdict"), _column("source")),
    )
    return Table("", columns, tuple(rows))


def _span(low: float, high: float) -> str:
    """Return two numbers that stay on one line."""
    return f"{low:.3g}\u00a0–\u00a0{high:.3g}"


def verdict(seen: Seen) -> str:
    """Return ``pass``, ``reaches`` (fails, but some runs are in the band) or ``fail``."""
    return "pass" if seen.holds else "reaches" if seen.touches else "fail"


def open_table(validation: Validation) -> Table:
    """Return which well-defined counts would tell most."""
    rows = [
        {"quantity": t(f"validation.quantity.{name}"), "bits": bits}
        for name, bits in validation.open[:MOST_OPEN]
    ]
    return Table("", (_column("quantity"), _column("bits", ".1f")), tuple(rows))


RUNGS: Final = ("verified", "face", "used", "withheld", "future")


def rungs(
    *,
    fitted: float,
    patterns: tuple[int, int],
    checked: float,
    stated: float,
    half: float,
    level: tuple[int, int],
    last: tuple[int, int],
) -> list[dict[str, str]]:
    """Return the rungs of the ladder, with what is shown of each.

    Parameters
    ----------
    fitted, checked : shares of the figures fitted to and held back in their 90% intervals
    patterns : how many pass, of how many
    stated, half : shares of those held back in 90% intervals with errors as stated, and in 50% intervals
    level, last : series held back on which the model beats the forecast, of how many
    """
    figures = {
        "used": t(
            "validation.rung.used_figure", share=f"{fitted:.0%}", held=patterns[0], patterns=patterns[1]
        ),
        "withheld": t(
            "validation.rung.withheld_figure",
            share=f"{checked:.0%}",
            stated=f"{stated:.0%}",
            half=f"{half:.0%}",
            better=level[0],
            series=level[1],
            better_last=last[0],
            series_last=last[1],
        ),
    }
    return [
        {
            "rung": t(f"validation.rung.{name}"),
            "shown": figures.get(name) or t(f"validation.rung_shown.{name}"),
        }
        for name in RUNGS
    ]


def ladder_table(validation: Validation) -> Table:
    """Return the ladder of a validation."""
    fit, check = Coverage.of(validation.of("fit")), Coverage.of(validation.of("check"))
    missing = float("nan")
    rows = rungs(
        fitted=fit.share.get(0.9, missing),
        patterns=(sum(seen.holds for seen in validation.patterns), len(validation.patterns)),
        checked=check.share.get(0.9, missing),
        stated=validation.stated.get("check", {}).get(0.9, missing),
        half=check.share.get(0.5, missing),
        level=wins(validation, "level", "check")[:2],
        last=wins(validation, "last", "check")[:2],
    )
    return Table("", (_column("rung"), _column("shown")), tuple(rows))


def rows_table(validation: Validation) -> Table:
    """Return every figure beside its interval; small counts of territories are not shown."""
    rows = []
    for row in validation.rows:
        target = row.target
        low, high = row.intervals[0.9]
        rows.append(
            {
                "indicator": target.indicator.label[language()],
                "place": place_of(target.region),
                "year": str(target.year),
                "use": t(f"validation.use.{target.use}"),
                "value": t("validation.under_ten") if row.hidden else f"{target.value:,.4g}",
                "median": row.median,
                "low_90": low,
                "high_90": high,
                "inside_50": row.inside(0.5),
                "inside_90": row.inside(0.9),
                "source": target.source,
            }
        )
    columns = (
        *(_column("indicator"), _column("place"), _column("year"), _column("use"), _column("value")),
        *(_column("median", "n"), _column("low_90", "n"), _column("high_90", "n")),
        *(_column("inside_50"), _column("inside_90"), _column("source")),
    )
    return Table("", columns, tuple(rows))


def left_table(validation: Validation) -> Table:
    """Return the rows that could not be compared, with the reason."""
    rows = [
        {
            "indicator": one.indicator,
            "place": one.region,
            "year": one.year,
            "reason": t(f"validation.reason.{one.reason}"),
        }
        for one in validation.left
    ]
    return Table(
        "", (_column("indicator"), _column("place"), _column("year"), _column("reason")), tuple(rows)
    )


def unmapped_table() -> Table:
    """Return the official indicators that the model does not speak to, by reason."""
    rows = []
    for reason in REASONS:
        names = [one.indicator for one in unmapped() if one.reason == reason]
        if names:
            rows.append({"reason": t(f"validation.reason.{reason}"), "indicator": ", ".join(names)})
    return Table("", (_column("reason"), _column("indicator")), tuple(rows))
