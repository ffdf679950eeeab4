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
from simulator.evidence.notes import citation_in
from simulator.explain import claim_in_words
from simulator.exports.brief import labels
from simulator.outcomes.counted import Counted
from simulator.outcomes.effects import EFFECTS, cost_of_effect
from simulator.outcomes.export import part_of_country
from simulator.outcomes.indicators import Interval, quantiles, summarise, yearly
from simulator.outcomes.scorecard import Score, Scorecard, scorecard
from simulator.policy.crosswalk import ENTITIES, crosswalk, services
from simulator.policy.national import HORIZON, Indicator, structure
from simulator.policy.prices import BASE_YEAR
from simulator.report import count_in_words, full_years, runs_note
from simulator.report_policy import (
    PLANE,
    cost_in_words,
    discount_rate,
    formulas_table,
    horizons,
    met_anyway,
)
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

PROGRAMMED: Final = 3
"""Years of the multi-annual programming: t+1 to t+3."""

HEAD: Final = 3
"""Rows above a table: title, note, headings."""


FORMS: Final = ("#,##0.00", "#,##0", "0", "0.0%")
"""Formats of numbers: the first for any, then whole numbers and large ones, years, shares."""

LARGE: Final = 100
"""From here on a number has no decimals."""

LAST_MONTH_YEAR: Final = 2050
"""Whole numbers up to the last year are written without separators: they may be years."""


@dataclass(frozen=True)
class Formula:
    """A live formula, with the value that a reader without a spreadsheet sees."""

    text: str
    value: float | str


class Percent(float):
    """A share, shown in percent."""


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
        write_sheet(book, sheet, part_of_country(dataset))
    book.close()


def _sheets(dataset: xr.Dataset, card: Scorecard, day: datetime.date, year: int | None) -> Iterator[Sheet]:
    yield about(dataset, day, t("book.name"))
    yield _scorecard(card)
    yield _yearly(dataset)
    yield _programming(dataset, year)
    yield _people(dataset)
    if dataset.sizes["scenario"] > 1:
        points = _points(dataset)
        yield _costs(dataset, points)
        yield points
    for indicator in {one.indicator.code: one.indicator for one in card.scores}.values():
        yield _technical(indicator, [one for one in card.scores if one.indicator.code == indicator.code])
    yield _silent(card)
    yield _assumptions(dataset)
    yield _sources(card)


# -- sheets ----------------------------------------------------------------------------------------------


def about(dataset: xr.Dataset, day: datetime.date, title: str, *more: tuple[str, str]) -> Sheet:
    """Return the sheet that says what a file was made from; ``more`` are rows of its own."""
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
        *more,
    ]
    head = (t("explain.column.field"), t("explain.column.value"))
    return Sheet(t("book.sheet.about"), title, head, rows)


def _scorecard(card: Scorecard) -> Sheet:
    rows: list[Sequence[object]] = []
    for one in card.scores:
        about = one.indicator
        for year, summary in one.path.items():
            goal = one.targets.get(year)
            rows.append(
                (
                    *(about.code, about.label[language()], one.scenario, year),
                    *(_as_told(about, value) for value in three(summary)),
                    None if goal is None else _as_told(about, goal.value),
                    None if goal is None else t(f"score.mark.{goal.mark}"),
                    probable(one.reaching.get(year)),
                    *(summary.runs, one.reached, t("book.level_off") if one.is_level_off else None),
                    *(_as_told(about, about.baseline), _as_told(about, about.reported_2023)),
                    *(t(f"book.unit.{about.unit}"), t(f"score.direction.{about.direction}")),
                )
            )
    head = (
        *(t("score.column.code"), t("report.column.indicator"), t("report.column.scenario")),
        *(t("report.column.year"), t("report.column.median"), t("report.column.low")),
        *(t("report.column.high"), t("book.column.goal"), t("score.column.mark")),
        *(t("report.column.probability"), t("book.about.runs"), t("score.column.reached")),
        *(t("book.column.level"), t("book.column.baseline"), t("book.column.reported")),
        *(t("report.column.unit"), t("score.column.direction")),
    )
    note = " ".join([*met_anyway(card), t("score.note.targets")])
    return Sheet(t("book.sheet.scorecard"), t("score.title.card"), head, rows, note)


def probable(count: Counted | None) -> object:
    """Return a cell of a probability: in percent, or of few runs in how many of them."""
    if count is None:
        return None
    return count_in_words(count) if count.probability is None else Percent(count.probability)


def _as_told(indicator: Indicator, value: object) -> object:
    """Return a value of an indicator: in percent where it is a share."""
    if isinstance(value, (int, float)) and indicator.unit == "share":
        return Percent(value)
    return value


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


def three(told: Interval | xr.DataArray | None) -> tuple[object, object, object]:
    """Return median, low and high of a summary or of a cell of ``quantiles``.

    What has no value stays empty, and so does the interval of a single run.
    """
    if told is None:
        return None, None, None
    if isinstance(told, Interval):
        low, median, high = told.low, told.median, told.high
        if told.runs == 1:
            low = high = np.nan
    else:
        low, median, high = told.values
    cells = [None if np.isnan(value) else float(value) for value in (median, low, high)]
    return cells[0], cells[1], cells[2]


def first_year(dataset: xr.Dataset) -> int | None:
    """Return the first year in which any scenario has money, ``None`` if none has."""
    opened = dataset["incremental_budget"].sel(budget_stage="pia")
    some = opened.sum([dim for dim in opened.dims if dim != "year"])
    years = dataset["year"].values[some.values > 0]
    return int(years[0]) if years.size else None


def _programming(dataset: xr.Dataset, year: int | None) -> Sheet:
    """Return multi-annual programming t+1 to t+3, a block for each scenario with totals of its own.

    Each row is a line in a year: entity, product, activity, unit, physical target in whole units, what a unit
    in use costs, and what is built, started and administered besides; the amount is a live formula of these.
    """
    begins = first_year(dataset)
    base = year if year is not None else (begins or int(dataset["year"].values[-1])) - 1
    there = [y for y in range(base + 1, base + 1 + PROGRAMMED) if y in dataset["year"].values]
    ledger = load_ledger()
    names = dict(zip(ledger.territories.codes, ledger.territories.names, strict=True))
    budget = dataset["incremental_budget"].sum("payer").sel(year=there)
    capacity = dataset["line_capacity"].sum("territory").sel(year=there)
    cost = dataset["line_unit_cost"].sel(year=there)
    over = ("draw", "replicate")
    rows: list[Sequence[object]] = []
    for name in (str(n) for n in dataset["scenario"].values):
        mine = budget.sel(scenario=name)
        money = mine.sum("territory")
        opened = money.sel(budget_stage="pia").sum(("year", *over))
        lines = [line for line in crosswalk() if float(opened.sel(line=line)) > 0.0]
        if not lines:
            continue
        rows.append((t("book.block", name=name),))
        first = HEAD + len(rows) + 1
        for line in lines:
            entry = crosswalk()[line]
            responsible, *others = _entities(entry.entities)
            paid = mine.sel(line=line, budget_stage="pia").sum(("year", *over))
            where = [names[str(c)] for c in paid["territory"].values if float(paid.sel(territory=c)) > 0.0]
            for y in there:
                at: dict[str, Any] = {"line": line, "year": y}
                units = capacity.sel(scenario=name, **at)
                unit_cost = cost.sel(scenario=name, **at)
                spent = money.sel(budget_stage="executed", **at)
                besides = round(float((spent - units * unit_cost).clip(min=0).median(over)))
                whole, price = round(float(units.median(over))), float(unit_cost.median(over))
                row = HEAD + len(rows) + 1
                pia, pim = (
                    float(money.sel(budget_stage=stage, **at).median(over)) for stage in ("pia", "pim")
                )
                rows.append(
                    (
                        *(y, responsible, "; ".join(others), t(f"government.{entry.level}")),
                        *(entry.product[language()], entry.activity[language()], _places(where)),
                        *(ledger.lines[line].unit[language()], whole, price, besides),
                        Formula(f"=I{row}*J{row}+K{row}", whole * price + besides),
                        *(pia, pim, *three(summarise(spent))),
                    )
                )
        rows += _totals(rows, first, there, money.sum("line"))
        rows.append(())
    head = (
        *(t("report.column.year"), t("book.column.entity"), t("book.column.with")),
        *(t("book.column.government"), t("book.column.product"), t("book.column.activity")),
        *(t("book.column.where"), t("book.column.unit"), t("book.column.target")),
        *(t("book.column.unit_cost"), t("book.column.start"), t("book.column.amount")),
        *(t("money.pia"), t("money.pim"), t("book.column.executed")),
        *(t("report.column.low"), t("report.column.high")),
    )
    title = t("book.title.programming", first=base + 1, last=base + PROGRAMMED)
    return Sheet(t("book.sheet.programming"), title, head, rows, t("book.note.programming"))


SUMMED: Final = {"L": 11, "M": 12, "N": 13}
"""Columns of the programming that are added up: amount, PIA, PIM."""


def _totals(
    rows: Sequence[Sequence[object]], first: int, years: Sequence[int], money: xr.DataArray
) -> list[Sequence[object]]:
    """Return the totals of a block, of each year, then of all; what is executed is that of the sum."""
    last = HEAD + len(rows)
    block = rows[first - HEAD - 1 :]
    executed = money.sel(budget_stage="executed")
    out: list[Sequence[object]] = []
    for year in years:
        sums = [
            Formula(
                f"=SUMIFS({c}{first}:{c}{last},$A{first}:$A{last},{year})",
                float(sum(_value(row[k]) for row in block if row[0] == year)),
            )
            for c, k in SUMMED.items()
        ]
        told = three(summarise(executed.sel(year=year)))
        out.append((t("book.total_of", year=year), *[None] * 10, *sums, *told))
    ends = last + len(out)
    totals = [
        Formula(f"=SUM({c}{last + 1}:{c}{ends})", float(sum(_value(row[k]) for row in out)))
        for c, k in SUMMED.items()
    ]
    told = three(summarise(executed.sel(year=list(years)).sum("year")))
    return [*out, (t("book.total"), *[None] * 10, *totals, *told)]


def _places(names: Sequence[str]) -> str:
    """Return where money goes: few territories by name, more by their number."""
    return ", ".join(names) if len(names) <= NAMED else t("book.territories", number=len(names))


NAMED: Final = 5
"""Territories that are named in one cell; of more, their number is told."""


def _entities(names: Sequence[str]) -> list[str]:
    return [t(f"entity.{name}") if name in ENTITIES else name for name in names]


def _value(cell: object) -> float:
    return float(cell.value if isinstance(cell, Formula) else cell)  # type: ignore[arg-type]  # a number


def _people(dataset: xr.Dataset) -> Sheet:
    """Return the population potential, target and served of every product that gets money, and units in use.

    People or their cases a year, also behind posts, offices and places; units stand in columns of their own.
    """
    ledger = load_ledger()
    names = dict(zip(ledger.territories.codes, ledger.territories.names, strict=True))
    kinds = dict(zip(dataset["line"].values, dataset["line_population_kind"].values, strict=True))
    over = ("draw", "replicate")
    years = full_years(dataset)
    paid = dataset["incremental_budget"].sel(budget_stage="pia").sum(("payer", "year", *over))
    potential = quantiles(dataset["line_population"])
    target, served, units = (
        quantiles(dataset[key].sel(year=years)) for key in ("line_target", "line_served", "line_capacity")
    )
    rows: list[Sequence[object]] = []
    for name in (str(n) for n in dataset["scenario"].values):
        for line, entry in crosswalk().items():
            kind = t(f"need.{str(kinds[line]).replace(':', '_')}")
            for code in (str(c) for c in paid["territory"].values):
                at: dict[str, Any] = {"scenario": name, "line": line, "territory": code}
                if float(paid.sel(at)) <= 0.0:
                    continue
                people = three(potential.sel(at))
                for year in years:
                    planned = three(target.sel(at | {"year": year}))
                    if not planned[0] and not planned[2]:
                        continue
                    rows.append(
                        (
                            *(name, entry.product[language()], names[code], year, kind, *people, *planned),
                            *three(served.sel(at | {"year": year})),
                            three(units.sel(at | {"year": year}))[0],
                            ledger.lines[line].unit[language()],
                        )
                    )
    low, high = t("report.column.low"), t("report.column.high")
    head = (
        *(t("report.column.scenario"), t("book.column.product"), t("book.column.territory")),
        *(t("report.column.year"), t("book.column.population")),
        *(t("book.column.potential"), low, high, t("book.column.reachable"), low, high),
        *(t("book.column.served"), low, high, t("book.column.in_use"), t("book.column.unit")),
    )
    return Sheet(t("book.sheet.people"), t("book.title.people"), head, rows, t("book.note.people"))


def _points(dataset: xr.Dataset) -> Sheet:
    """Return the cost-effect plane run by run: money and gain of each scenario, effect and horizon."""
    first, *others = (str(name) for name in dataset["scenario"].values)
    rows: list[Sequence[object]] = []
    for name in others:
        for effect in EFFECTS:
            for year in horizons(dataset):
                told = cost_of_effect(dataset, name, first, effect, until=year, rate=discount_rate())
                for run, (money, gain) in enumerate(told.points, start=1):
                    rows.append((name, t(f"effect.{effect}"), year, run, float(money), float(gain)))
    head = (
        *(t("report.column.scenario"), t("score.column.effect"), t("score.column.until")),
        *(t("book.column.run"), t("book.column.money"), t("score.column.gained")),
    )
    return Sheet(t("book.sheet.points"), t("book.title.points", first=first), head, rows, _discounted())


def _discounted() -> str:
    return t("score.note.costs", rate=f"{discount_rate():.0%}", year=BASE_YEAR)


def _costs(dataset: xr.Dataset, points: Sheet) -> Sheet:
    """Return what each effect costs, the plane, and live, the probability of being worth a price."""
    first, *others = (str(name) for name in dataset["scenario"].values)
    top, end = HEAD + 1, HEAD + len(points.rows)
    column = {c: f"'{points.name}'!${c}${top}:${c}${end}" for c in "ABCEF"}
    rows: list[Sequence[object]] = []
    for name in others:
        for effect in EFFECTS:
            for year in horizons(dataset):
                told = cost_of_effect(dataset, name, first, effect, until=year, rate=discount_rate())
                row = HEAD + len(rows) + 1
                mine = f"({column['A']}=$A{row})*({column['B']}=$B{row})*({column['C']}=$C{row})"
                worth = f"({column['F']}*$R{row}>={column['E']})"
                rows.append(
                    (
                        *(name, t(f"effect.{effect}"), year, *three(told.money), *three(told.gained)),
                        *three(told.ratio),
                        None if told.ratio is not None else cost_in_words(told),
                        *(probable(count) for count in told.plane().values()),
                        0.0,
                        _worth(f"SUMPRODUCT({mine}*{worth})", f"SUMPRODUCT({mine})", told.worth(0.0)),
                    )
                )
    low, high = t("report.column.low"), t("report.column.high")
    head = (
        *(t("report.column.scenario"), t("score.column.effect"), t("score.column.until")),
        *(t("book.column.money"), low, high, t("score.column.gained"), low, high),
        *(t("score.column.cost", year=BASE_YEAR), low, high, t("score.column.reason")),
        *(t(f"score.column.{part}") for part in PLANE),
        *(t("book.column.price"), t("report.column.probability")),
    )
    return Sheet(t("book.sheet.costs"), t("score.title.costs", first=first), head, rows, _discounted())


def _worth(hits: str, runs: str, now: Counted) -> Formula:
    """Return the live formula of what is worth a price: a share, or of few runs a count in words."""
    if now.probability is not None:
        return Formula(f"={hits}/{runs}", now.probability)
    before, _, after = t("score.counted", hits="|", runs=now.runs).partition("|")
    return Formula(f'="{before}"&{hits}&"{after}"', count_in_words(now))


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
        (t("book.column.baseline"), _as_told(indicator, indicator.baseline)),
        (t("book.column.reported"), _as_told(indicator, indicator.reported_2023)),
        *(
            [(t("book.column.range"), indicator.range[language()])]
            if indicator.range[language()] and all(one.is_out_of_range for one in scores)
            else []
        ),
        *((f"{t('score.column.reached')}: {one.scenario}", one.reached) for one in scores),
        *((t("book.column.met"), note) for note in met_anyway(Scorecard(tuple(scores), ()))),
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
                    *(one.scenario, year, *(_as_told(indicator, value) for value in three(told))),
                    None if goal is None else _as_told(indicator, goal.value),
                    None if goal is None else t(f"score.mark.{goal.mark}"),
                    probable(one.reaching.get(year)),
                )
            )
    name = f"{t('book.sheet.technical')} {indicator.code}"
    head = (t("explain.column.field"), t("explain.column.value"))
    return Sheet(name, t("book.title.technical", code=indicator.code, year=HORIZON), head, rows)


def _silent(card: Scorecard) -> Sheet:
    """Return the technical row of every indicator that the model cannot speak to, with the reason."""
    rows: list[Sequence[object]] = [
        (
            *(one.code, one.label[language()], one.reason[language()], one.objective, one.responsible),
            *(t(f"book.unit.{one.unit}"), t(f"score.direction.{one.direction}")),
            *(_as_told(one, v) for v in (one.baseline, one.target_2023, one.reported_2023, one.target_2030)),
            one.source,
        )
        for one in card.silent
    ]
    head = (
        *(t("score.column.code"), t("report.column.indicator"), t("score.column.reason")),
        *(t("book.column.objective"), t("score.column.responsible"), t("report.column.unit")),
        *(t("score.column.direction"), t("book.column.baseline"), t("score.column.target", year=2023)),
        *(t("book.column.reported"), t("score.column.target", year=HORIZON), t("report.column.source")),
    )
    return Sheet(t("book.sheet.silent"), t("score.title.silent"), head, rows)


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
        (
            one.id,
            *(citation_in(language(), words) for words in (one.title, one.organisation, one.year)),
            *(one.url, one.quality),
        )
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


def write_sheet(book: Workbook, sheet: Sheet, warnings: Sequence[str] = ()) -> None:
    """Put a sheet into a workbook: title, note, headings, rows; numbers stay numbers.

    Parameters
    ----------
    warnings : sentences before the note of the sheet
    """
    page: Worksheet = book.add_worksheet(sheet.name[:31])
    title = book.add_format({"bold": True, "font_size": 14})
    note = book.add_format({"italic": True, "font_color": "#555555"})
    heading = book.add_format({"bold": True, "bg_color": "#e8e8e8", "text_wrap": True, "valign": "top"})
    page.write(0, 0, sheet.title, title)
    page.write(1, 0, " ".join((*warnings, sheet.note)).strip(), note)
    for k, text in enumerate(sheet.head):
        page.write(HEAD - 1, k, text, heading)
    forms = {form: book.add_format({"num_format": form, "valign": "top"}) for form in FORMS}
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for i, row in enumerate(sheet.rows, start=HEAD):
        for k, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, Formula):
                page.write_formula(i, k, value.text, forms["#,##0.00"], value.value)
            elif isinstance(value, str):
                page.write(i, k, value, wrapped)
            elif isinstance(value, Percent):
                page.write_number(i, k, value, forms["0.0%"])
            elif isinstance(value, int):
                page.write_number(i, k, value, forms["#,##0" if abs(value) > LAST_MONTH_YEAR else "0"])
            else:
                number = float(value)  # type: ignore[arg-type]  # a number
                page.write_number(i, k, number, forms["#,##0" if abs(number) >= LARGE else "#,##0.00"])
    for k in range(max([len(sheet.head), *(len(row) for row in sheet.rows)])):
        texts = (row[k] for row in sheet.rows if k < len(row))
        longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
        page.set_column(k, k, min(max(12, longest * 0.9), 60))
    page.freeze_panes(HEAD, 0)
