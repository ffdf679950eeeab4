"""The workbook: scorecard, yearly results, multi-annual programming, people served, technical sheets."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xlsxwriter

from scenarios import Scenario
from simulator.evidence import load_ledger
from simulator.explain import claim_in_words
from simulator.exports.brief import labels
from simulator.outcomes.indicators import Interval, quantiles, yearly
from simulator.outcomes.scorecard import Score, Scorecard, scorecard
from simulator.policy.crosswalk import ENTITIES, crosswalk, services
from simulator.policy.national import HORIZON, Indicator, structure
from simulator.report import full_years, runs_note
from simulator.report_policy import formulas_table, score_records, silent_table
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

PROGRAMMED: Final = 3
"""Years of the multi-annual programming: t+1 to t+3."""

HEAD: Final = 3
"""Rows above a table: title, note, headings."""


@dataclass(frozen=True)
class Formula:
    """A live formula, with the value that a reader without a spreadsheet sees."""

    text: str
    value: float


@dataclass
class Sheet:
    """A sheet: a title, a note, headings, rows; widths of columns follow from the headings."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: list[Sequence[object]] = field(default_factory=list)
    note: str = ""


def write_workbook(
    dataset: xr.Dataset,
    path: Path,
    day: datetime.date,
    *,
    year: int | None = None,
    targets: Mapping[str, float] | None = None,
) -> None:
    """Write the workbook of a result, in the language in force.

    Parameters
    ----------
    dataset : result of one or several scenarios
    day : date that the workbook bears
    year : t of the multi-annual programming; by default the year before the first money
    targets : own targets of the scorecard

    Raises
    ------
    OSError
        If the place cannot be written.
    """
    card = scorecard(dataset, targets)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": t("book.name"), "comments": runs_note(dataset)})
    # The same result on the same day gives the same file.
    book.set_properties({"created": datetime.datetime.combine(day, datetime.time())})
    for sheet in _sheets(dataset, card, day, year):
        write_sheet(book, sheet)
    book.close()


def _sheets(dataset: xr.Dataset, card: Scorecard, day: datetime.date, year: int | None) -> Iterator[Sheet]:
    yield _about(dataset, day)
    yield _scorecard(card)
    yield _yearly(dataset)
    yield _programming(dataset, year)
    yield _people(dataset)
    for indicator in {one.indicator.code: one.indicator for one in card.scores}.values():
        yield _technical(indicator, [one for one in card.scores if one.indicator.code == indicator.code])
    yield _silent(card)
    yield _assumptions(dataset)
    yield _sources(card)


# -- sheets ----------------------------------------------------------------------------------------------


def _about(dataset: xr.Dataset, day: datetime.date) -> Sheet:
    attrs = dataset.attrs
    rows: list[Sequence[object]] = [
        (t("book.about.date"), day.isoformat()),
        (t("book.about.scenarios"), ", ".join(labels(dataset))),
        (t("book.about.runs"), runs_note(dataset)),
        (t("book.about.version"), str(attrs["code_version"])),
        (t("book.about.data"), str(attrs["data_hash"])),
        (t("book.about.seed"), str(attrs["seed"])),
        (t("book.about.simulated"), t("brief.limits")),
        (t("book.about.registered"), t("score.note.reported")),
    ]
    head = (t("explain.column.field"), t("explain.column.value"))
    return Sheet(t("book.sheet.about"), t("book.name"), head, rows)


def _scorecard(card: Scorecard) -> Sheet:
    rows: list[Sequence[object]] = [
        (
            *(row["code"], _label(card, str(row["code"])), row["scenario"], told["year"]),
            *(told["median"], told["low"], told["high"], told["target"]),
            None if told["mark"] is None else t(f"score.mark.{told['mark']}"),
            told["probability"],
        )
        for row in score_records(card)
        for told in row["years"]  # type: ignore[attr-defined]  # a list of years
    ]
    head = (
        *(t("score.column.code"), t("report.column.indicator"), t("report.column.scenario")),
        *(t("report.column.year"), t("report.column.median"), t("report.column.low")),
        *(t("report.column.high"), t("book.column.goal"), t("score.column.mark")),
        t("report.column.probability"),
    )
    return Sheet(t("book.sheet.scorecard"), t("score.title.card"), head, rows, t("score.note.targets"))


def _label(card: Scorecard, code: str) -> str:
    return next(one.indicator.label[language()] for one in card.scores if one.indicator.code == code)


def _yearly(dataset: xr.Dataset) -> Sheet:
    table = quantiles(yearly(dataset).sel(year=full_years(dataset)).to_dataarray("indicator"))
    rows: list[Sequence[object]] = []
    for name in (str(n) for n in table["scenario"].values):
        for year in (int(y) for y in table["year"].values):
            of_year = table.sel(scenario=name, year=year)
            for key in (str(k) for k in table["indicator"].values):
                rows.append((name, year, key, t(f"indicator.{key}"), *three(of_year.sel(indicator=key))))
    head = (
        *(t("report.column.scenario"), t("report.column.year"), t("score.column.code")),
        *(t("report.column.indicator"), t("report.column.median"), t("report.column.low")),
        t("report.column.high"),
    )
    return Sheet(t("book.sheet.yearly"), t("book.title.yearly"), head, rows, runs_note(dataset))


def three(cell: xr.DataArray) -> tuple[object, object, object]:
    """Return median, low and high of a cell of ``quantiles``; what has no value stays empty."""
    low, median, high = (None if np.isnan(v) else float(v) for v in cell.values)
    return median, low, high


def _three(told: Interval) -> tuple[object, object, object]:
    if not told.runs:
        return None, None, None
    return (told.median, told.low, told.high) if told.runs > 1 else (told.median, None, None)


def first_year(dataset: xr.Dataset) -> int | None:
    """Return the first year in which any scenario has money, ``None`` if none has."""
    opened = dataset["incremental_budget"].sel(budget_stage="pia")
    some = opened.sum([dim for dim in opened.dims if dim != "year"])
    years = dataset["year"].values[some.values > 0]
    return int(years[0]) if years.size else None


def _programming(dataset: xr.Dataset, year: int | None) -> Sheet:
    """Return entity, product, activity, unit, physical target, unit cost and amount, t+1 to t+3.

    The amount is a live formula: target times unit cost, plus what is built up before it is in use.
    """
    begins = first_year(dataset)
    base = year if year is not None else (begins or int(dataset["year"].values[-1])) - 1
    there = [y for y in range(base + 1, base + 1 + PROGRAMMED) if y in dataset["year"].values]
    ledger = load_ledger()
    rows: list[Sequence[object]] = []
    over = ("draw", "replicate")
    budget = dataset["incremental_budget"].sum(("payer", "territory")).median(over)
    capacity = dataset["line_capacity"].sum("territory").median(over)
    for name in (str(n) for n in dataset["scenario"].values):
        for line, entry in crosswalk().items():
            for y in there:
                cell = budget.sel(scenario=name, line=line, year=y)
                pia, pim, executed = (float(cell.sel(budget_stage=s)) for s in ("pia", "pim", "executed"))
                if pia <= 0.0:
                    continue
                units = float(capacity.sel(scenario=name, line=line, year=y))
                unit_cost, start = (executed / units, 0.0) if units > 0.0 else (0.0, executed)
                row = HEAD + len(rows) + 1
                rows.append(
                    (
                        *(name, y, "; ".join(_entities(entry.entities)), t(f"government.{entry.level}")),
                        *(entry.product[language()], entry.activity[language()]),
                        *(ledger.lines[line].unit[language()], units, unit_cost, start),
                        Formula(f"=H{row}*I{row}+J{row}", units * unit_cost + start),
                        *(pia, pim),
                    )
                )
    if rows:
        last = HEAD + len(rows)
        totals = [
            Formula(f"=SUM({c}{HEAD + 1}:{c}{last})", float(np.sum([_value(r[k]) for r in rows])))
            for c, k in (("K", 10), ("L", 11), ("M", 12))
        ]
        rows.append((t("book.total"), *[None] * 9, *totals))
    head = (
        *(t("report.column.scenario"), t("report.column.year"), t("book.column.entity")),
        *(t("book.column.government"), t("book.column.product"), t("book.column.activity")),
        *(t("book.column.unit"), t("book.column.target"), t("book.column.unit_cost")),
        *(t("book.column.start"), t("book.column.amount"), t("money.pia"), t("money.pim")),
    )
    title = t("book.title.programming", first=base + 1, last=base + PROGRAMMED)
    return Sheet(t("book.sheet.programming"), title, head, rows, t("book.note.programming"))


def _entities(names: Sequence[str]) -> list[str]:
    return [t(f"entity.{name}") if name in ENTITIES else name for name in names]


def _value(cell: object) -> float:
    return cell.value if isinstance(cell, Formula) else float(cell)  # type: ignore[arg-type]  # a number


def _people(dataset: xr.Dataset) -> Sheet:
    """Return the population potential, target and served of every product that gets money."""
    ledger = load_ledger()
    names = dict(zip(ledger.territories.codes, ledger.territories.names, strict=True))
    over = ("draw", "replicate")
    paid = dataset["incremental_budget"].sel(budget_stage="pia").sum(("payer", "year", *over))
    need, reach = (dataset[name].median(over) for name in ("line_need", "line_reachable"))
    coverage = dataset["line_coverage"].sel(year=full_years(dataset))
    served = quantiles(coverage * dataset["line_need"])
    rows: list[Sequence[object]] = []
    for name in (str(n) for n in dataset["scenario"].values):
        for line, entry in crosswalk().items():
            kind = t(f"need.{ledger.lines[line].need.replace(':', '_')}")
            for code in (str(c) for c in paid["territory"].values):
                at: dict[str, Any] = {"scenario": name, "line": line, "territory": code}
                if float(paid.sel(at)) <= 0.0:
                    continue
                people = (float(need.sel(at)), float(reach.sel(at)))
                cells = served.sel(at)
                for year in (int(y) for y in cells["year"].values):
                    told = three(cells.sel(year=year))
                    if told[0] or told[2]:
                        product = entry.product[language()]
                        rows.append((name, product, names[code], year, kind, *people, *told))
    head = (
        *(t("report.column.scenario"), t("book.column.product"), t("book.column.territory")),
        *(t("report.column.year"), t("book.column.population"), t("book.column.potential")),
        *(t("book.column.reachable"), t("book.column.served"), t("report.column.low")),
        t("report.column.high"),
    )
    return Sheet(t("book.sheet.people"), t("book.title.people"), head, rows, t("book.note.people"))


def _technical(indicator: Indicator, scores: list[Score]) -> Sheet:
    """Return the technical sheet of an indicator: definition, targets, values of each scenario."""
    headings = {one.code: one.label[language()] for one in structure()}
    service = services().get(indicator.service)
    rows: list[Sequence[object]] = [
        (t("score.column.code"), indicator.code),
        (t("report.column.indicator"), indicator.label[language()]),
        (t("book.column.objective"), f"{indicator.objective}: {headings[indicator.objective]}"),
        (t("book.column.service"), None if service is None else service.label[language()]),
        (t("score.column.formula"), indicator.formula[language()]),
        (t("report.column.unit"), t(f"book.unit.{indicator.unit}")),
        (t("score.column.direction"), t(f"score.direction.{indicator.direction}")),
        (t("score.column.responsible"), indicator.responsible),
        (t("book.column.baseline"), indicator.baseline),
        (t("book.column.reported"), indicator.reported_2023),
        (t("book.column.range"), indicator.range[language()] or None),
        (t("report.column.source"), indicator.source),
        (),
        (
            *(t("report.column.scenario"), t("report.column.year"), t("report.column.median")),
            *(t("report.column.low"), t("report.column.high"), t("book.column.goal")),
            *(t("score.column.mark"), t("report.column.probability")),
        ),
    ]
    for one in scores:
        for year, told in one.path.items():
            goal = one.targets.get(year)
            rows.append(
                (
                    *(one.scenario, year, *_three(told), None if goal is None else goal.value),
                    None if goal is None else t(f"score.mark.{goal.mark}"),
                    one.probability.get(year),
                )
            )
    name = f"{t('book.sheet.technical')} {indicator.code}"
    head = (t("explain.column.field"), t("explain.column.value"))
    return Sheet(name, t("book.title.technical", code=indicator.code, year=HORIZON), head, rows)


def _silent(card: Scorecard) -> Sheet:
    table = silent_table(card)
    columns = [column for column in table.columns if column.heading]
    rows: list[Sequence[object]] = [[row[c.key] for c in columns] for row in table.rows]
    return Sheet(t("book.sheet.silent"), table.title, tuple(c.heading for c in columns), rows)


def _assumptions(dataset: xr.Dataset) -> Sheet:
    """Return what each scenario says of itself, its own values, and its unit costs."""
    rows: list[Sequence[object]] = []
    told = json.loads(dataset.attrs["scenarios"])
    for name, data in zip((str(n) for n in dataset["scenario"].values), told, strict=True):
        for key in ("label", "question", "description", "assumptions"):
            if key in data:
                rows.append((name, t(f"explain.column.{key}"), data[key][language()]))
        if "evidence" in data:
            rows.append((name, t("explain.column.evidence"), ", ".join(data["evidence"])))
        scenario = Scenario.from_mapping(data, name=name)
        rows += [(name, t("explain.column.claim"), claim_in_words(claim)) for claim in scenario.claims]
        rows += [(name, f"{t('book.parameter')} {key}", value) for key, value in scenario.parameters.items()]
        rows += [(name, t("book.unit_cost"), str(cost)) for cost in scenario.unit_costs]
        rows.append((name, t("explain.column.hash"), scenario.hash))
    head = (t("report.column.scenario"), t("explain.column.field"), t("explain.column.value"))
    return Sheet(t("book.sheet.assumptions"), t("book.title.assumptions"), head, rows)


def _sources(card: Scorecard) -> Sheet:
    """Return the sources of the ledger, and how each indicator is worked out."""
    ledger = load_ledger()
    rows: list[Sequence[object]] = [
        (one.id, one.title, one.organisation, one.year, one.url, one.quality)
        for one in ledger.sources.values()
    ]
    rows += [(), tuple(c.heading for c in formulas_table(card).columns)]
    rows += [tuple(row.values()) for row in formulas_table(card).rows]
    head = (
        *(t("report.column.source"), t("book.column.title"), t("book.column.organisation")),
        *(t("report.column.year"), t("book.column.address"), t("book.column.grade")),
    )
    return Sheet(t("book.sheet.sources"), t("book.title.sources"), head, rows)


# -- writing ---------------------------------------------------------------------------------------------


def write_sheet(book: Workbook, sheet: Sheet) -> None:
    """Put a sheet into a workbook: title, note, headings, rows; numbers stay numbers."""
    page: Worksheet = book.add_worksheet(sheet.name[:31])
    title = book.add_format({"bold": True, "font_size": 14})
    note = book.add_format({"italic": True, "font_color": "#555555"})
    heading = book.add_format({"bold": True, "bg_color": "#e8e8e8", "text_wrap": True, "valign": "top"})
    page.write(0, 0, sheet.title, title)
    page.write(1, 0, sheet.note, note)
    for k, text in enumerate(sheet.head):
        page.write(HEAD - 1, k, text, heading)
    forms = {form: book.add_format({"num_format": form, "valign": "top"}) for form in ("#,##0.00", "0")}
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for i, row in enumerate(sheet.rows, start=HEAD):
        for k, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, Formula):
                page.write_formula(i, k, value.text, forms["#,##0.00"], value.value)
            elif isinstance(value, str):
                page.write(i, k, value, wrapped)
            elif isinstance(value, int):
                page.write_number(i, k, value, forms["0"])
            else:
                page.write_number(i, k, float(value), forms["#,##0.00"])  # type: ignore[arg-type]  # a number
    for k in range(max([len(sheet.head), *(len(row) for row in sheet.rows)])):
        texts = (row[k] for row in sheet.rows if k < len(row))
        longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
        page.set_column(k, k, min(max(12, longest * 0.9), 60))
    page.freeze_panes(HEAD, 0)
