"""The brief: two pages of what was compared, what the model shows, the scorecard, the money, the limits."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from scenarios.levers import levers
from simulator.evidence import load_ledger
from simulator.exports.charts import averted_chart, changes_chart
from simulator.exports.citing import listed, named, with_labels
from simulator.exports.vega import months
from simulator.outcomes.counted import ENOUGH
from simulator.outcomes.effects import VERDICTS, CostOfEffect, by_group, cost_of_effect, tradeoffs
from simulator.outcomes.export import part_of_country
from simulator.outcomes.indicators import difference, summarise
from simulator.outcomes.scorecard import Score, Scorecard, scorecard
from simulator.outcomes.spending import added_money, constant
from simulator.policy.national import HORIZON
from simulator.policy.prices import BASE_YEAR
from simulator.report import MILLION, PERIOD, full_years, periods, runs_note
from simulator.report_policy import (
    GROUP_TEXTS,
    chance,
    cost_in_words,
    form_of,
    lasting_table,
    met_anyway,
    met_in_words,
    out_of_range,
    spread,
    verdict_in_words,
    years_at_end,
)
from simulator.tables import Column, Table, shown
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr

TOLD: Final = ("child_months", "first_entries", "identified", "completed")
"""Indicators of the sentences."""

FOR_GROUPS: Final = ("first_entries", "completed", "identified")
"""Indicators told for each group of children; of more than two scenarios only the first two fit."""

MOST_SCENARIOS: Final = 4
"""Beside the comparator: more do not fit on two pages."""


@dataclass(frozen=True)
class Section:
    """A heading with sentences, and at most one table and one chart (a Vega-Lite specification)."""

    heading: str
    sentences: tuple[str, ...] = ()
    table: Table | None = None
    chart: dict[str, Any] | None = None
    described: str = ""
    small: bool = False


@dataclass(frozen=True, eq=False)
class Brief:
    """A document that can be written as HTML, PDF and DOCX; each is equal to itself alone.

    Attributes
    ----------
    fitted : whether letters and charts shrink until it has two pages; else it is as long as it is
    """

    title: str
    subtitle: str
    language: str
    sections: tuple[Section, ...]
    fitted: bool = False


def brief(dataset: xr.Dataset, day: datetime.date, targets: Mapping[str, float] | None = None) -> Brief:
    """Return the brief of a result, in the language in force.

    Parameters
    ----------
    dataset : result with a comparator first and one to four other scenarios
    day : date of the brief
    targets : own targets of the scorecard
    """
    scenarios = json.loads(dataset.attrs["scenarios"])
    data = dataset.assign_coords(scenario=labels(dataset))
    first, *others = (str(name) for name in data["scenario"].values)
    years, soon = full_years(data), periods(data)[0]
    card = scorecard(data, targets)
    about = [
        " ".join([f"{name}.", *_about(one)]) for name, one in zip((first, *others), scenarios, strict=True)
    ]
    at_end = [
        t("brief.at_end", start=some[0], end=some[-1], told=told)
        for name, some in years_at_end(data).items()
        for told in _sentences(data.sel(scenario=[first, name]), first, some)
    ]
    assumptions = list(
        dict.fromkeys(
            f"{name}: {one['assumptions'][language()]}"
            for name, one in zip((first, *others), scenarios, strict=True)
            if "assumptions" in one
        )
    )
    sections = [
        Section(t("brief.heading.compared"), tuple(about)),
        *(
            Section(
                t("brief.heading.shown", start=some[0], end=some[-1]), tuple(_sentences(data, first, some))
            )
            for some in periods(data)[:-1]
        ),
        *([Section(t("brief.heading.at_end"), tuple(at_end))] if at_end else []),
        Section(
            t("brief.heading.shown", start=years[-PERIOD:][0], end=years[-1]),
            tuple(_sentences(data, first, years[-PERIOD:])),
            chart=changes_chart(data),
            described=t("brief.describe.changes", first=first),
        ),
        Section(
            t("brief.heading.path"),
            chart=averted_chart(data, "child_months"),
            described=t("brief.describe.path", first=first),
        ),
        Section(t("brief.heading.card"), tuple(_card_notes(card)), _card_table(data, card)),
        Section(t("brief.heading.money", start=_begins(data), end=years[-1]), (), _money_table(data)),
        *_lasting(data, first),
        _groups(data, t("brief.heading.groups", start=soon[0], end=soon[-1])),
        Section(
            t("brief.heading.limits"),
            (
                *assumptions,
                *map(with_labels, out_of_range(card)),
                *(t("brief.limits"), t("score.note.reported"), runs_note(data), _versions(data)),
            ),
            small=True,
        ),
    ]
    return Brief(
        title=t("brief.title"),
        subtitle=" ".join(
            [
                t("brief.subtitle", names=", ".join(others), first=first, day=day.isoformat()),
                *part_of_country(data),
            ]
        ),
        language=language(),
        sections=tuple(sections),
        fitted=True,
    )


MOST_NAMED: Final = 6
"""Levers or lines that the brief names; of more, it says how many."""


def _about(scenario: Mapping[str, Any]) -> list[str]:
    """Return the description of a scenario, what dominates it, and the evidence that it rests on."""
    told = [scenario["description"][language()]] if "description" in scenario else _measures(scenario)
    told += [_mostly(claim) for claim in scenario.get("claims", ()) if "mostly_by" in claim]
    if scenario.get("evidence"):
        told.append(t("brief.rests", names="; ".join(named(scenario["evidence"]))))
    return told


def _measures(scenario: Mapping[str, Any]) -> list[str]:
    """Return in a few words what a scenario does that nobody has described: its levers and its money."""
    told = []
    rows = scenario.get("interventions", ())
    if rows:
        names = [_lever(row) for row in rows[:MOST_NAMED]]
        told.append(t("brief.levers", names=_with_rest(names, len(rows))))
    lines = load_ledger().lines
    for programme in scenario.get("programmes", ()):
        bought = dict.fromkeys(name for grant in programme["budget"] for name in grant["lines"])
        names = [_inline(lines[name].label[language()]) for name in list(bought)[:MOST_NAMED]]
        told.append(
            t(
                "brief.programme",
                label=programme["label"][language()],
                span=_span(programme["start"], programme.get("end")),
                names=_with_rest(names, len(bought)),
            )
        )
    return told


def _month(text: str) -> str:
    """Return a month in words, of ``2027-01``."""
    year, month = text.split("-")
    return t("brief.month", month=months(language())[int(month) - 1], year=year)


def _span(start: str, end: str | None) -> str:
    """Return from when to when a programme goes on, in words."""
    if end is None:
        return t("brief.no_end", start=_month(start))
    return t("brief.span", start=_month(start), end=_month(end))


def _lever(row: Mapping[str, Any]) -> str:
    """Return an intervention in a few words: its lever, by how much, from when."""
    lever, amount = levers()[row["use"]], row["amount"]
    return t(
        f"brief.lever.{lever.unit}",
        label=_inline(str(lever.label)),
        amount=f"{amount:.0%}" if lever.unit == "share" else f"{amount:g}",
        start=_month(row["start"]),
    )


def _with_rest(names: Sequence[str], count: int) -> str:
    """Return names in a row, and how many more there are."""
    more = [t("brief.more", count=count - len(names))] if count > len(names) else []
    return listed([*names, *more])


def _inline(label: str) -> str:
    """Return a label as it stands within a sentence; abbreviations keep their capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _mostly(claim: Mapping[str, Any]) -> str:
    """Return by which line most of a change comes, and on which parameters of what grade that rests."""
    ledger = load_ledger()
    line = ledger.lines[claim["mostly_by"]]
    acts_on = dict.fromkeys(name for lever in line.levers for name in levers()[lever].acts_on)
    return t(
        "brief.mostly",
        measure=_inline(t(f"indicator.{claim['measure']}")),
        years=" - ".join(str(year) for year in dict.fromkeys((claim["from"], claim["to"]))),
        line=_inline(line.label[language()]),
        parameters=", ".join(
            f"{_inline(one.label[language()])} ({t(f'app.grade.{one.quality}')})"
            for one in (ledger.parameters[name] for name in acts_on)
        ),
    )


def labels(dataset: xr.Dataset) -> list[str]:
    """Return what the scenarios are called in the language in force; names where two are called the same."""
    told = [str(text) for text in _as_list(dataset.attrs[f"scenario_label_{language()}"])]
    return told if len(set(told)) == len(told) else [str(name) for name in dataset["scenario"].values]


def _as_list(value: object) -> list[object]:
    """Return an attribute as a list: a file gives a single text for a list of one."""
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]  # any sequence


def _sentences(data: xr.Dataset, first: str, years: Sequence[int]) -> list[str]:
    """Return one sentence for each scenario: what gets better, worse, or stays open."""
    changes = tradeoffs(data, first, years)
    out = []
    for name in dict.fromkeys(one.scenario for one in changes):
        told = [one for one in changes if one.scenario == name and one.indicator in TOLD]
        parts = [
            t(
                f"brief.{verdict}",
                least=ENOUGH,
                parts="; ".join(
                    f"{_inline(t(f'indicator.{one.indicator}'))} {spread(one.change, '+w')}"
                    + (f", {verdict_in_words(one)}" if verdict == "few" else "")
                    for one in told
                    if one.verdict == verdict
                ),
            )
            for verdict in VERDICTS
            if any(one.verdict == verdict for one in told)
        ]
        out.append(f"{name}. {' '.join(parts)}")
    return out


def _card_notes(card: Scorecard) -> list[str]:
    notes = [t("score.note.targets"), *met_anyway(card)]
    return [*notes, t("score.note.level_off")] if any(one.is_level_off for one in card.scores) else notes


def _card_table(data: xr.Dataset, card: Scorecard) -> Table:
    """Return one row for each indicator: target, and each scenario's value and probability in 2030."""
    names = [str(name) for name in data["scenario"].values]
    by_code: dict[str, dict[str, Score]] = {}
    for one in card.scores:
        by_code.setdefault(one.indicator.code, {})[one.scenario] = one
    rows = []
    for code, scores in by_code.items():
        indicator = scores[names[0]].indicator
        goal = scores[names[0]].targets.get(HORIZON)
        form = form_of(indicator)
        row: dict[str, object] = {"code": code, "what": indicator.label[language()]}
        row["reported"] = shown(indicator.reported_2023, form)
        row["target"] = "-" if goal is None else f"{shown(goal.value, form)} ({t(f'score.mark.{goal.mark}')})"
        for name in names:
            one = scores[name]
            value = spread(one.path.get(HORIZON), form if form.endswith("%") else "w")
            row[name] = value
            if one.at_horizon is not None:
                row[name] = t("brief.reach", value=value, chance=chance(one))
        rows.append(row)
    columns = (
        Column("code", t("score.column.code")),
        Column("what", t("report.column.indicator")),
        Column("reported", t("score.column.reported")),
        Column("target", t("score.column.target", year=HORIZON)),
        *(Column(name, name) for name in names),
    )
    return Table("", columns, tuple(rows))


def _begins(data: xr.Dataset) -> int:
    """Return the first year in which any scenario adds money or takes it away; else that of the run."""
    others = added_money(data).isel(scenario=slice(1, None))
    years = others["year"].values[(others != 0).any([dim for dim in others.dims if dim != "year"])]
    return int(years[0]) if len(years) else full_years(data)[0]


def _money_table(data: xr.Dataset) -> Table:
    """Return what each scenario has, spends and gains over the run, without a discount."""
    first, *others = (str(name) for name in data["scenario"].values)
    # Prices first, then the scenario: prices have scenarios too.
    budget = constant(data["incremental_budget"].sum(("line", "payer", "territory")), data).sum("year")
    # Measures without a budget of their own have a price too: without it they would look free.
    added = constant(added_money(data), data).sum("year")
    rows = []
    for name in others:
        row: dict[str, object] = {"scenario": name}
        for stage in ("pim", "executed"):
            soles = budget.sel(budget_stage=stage, scenario=name)
            row[stage] = spread(summarise(soles / MILLION), ",.1f")
        row["added"] = spread(summarise(added.sel(scenario=name) / MILLION), ",.1f")
        for key, effect in (("averted", "child_months"), ("completed", "completed")):
            told = cost_of_effect(data, name, first, effect)
            row[key] = spread(told.gained, "w")
            row[f"cost_of_{key}"] = spread(told.ratio, "w") if told.ratio else _plane(told)
        rows.append(row)
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("pim", t("brief.column.pim", year=BASE_YEAR)),
        Column("executed", t("brief.column.executed", year=BASE_YEAR)),
        Column("added", t("brief.column.added", year=BASE_YEAR)),
        Column("averted", t("brief.column.averted")),
        Column("cost_of_averted", t("brief.column.cost", year=BASE_YEAR)),
        Column("completed", t("brief.column.completed")),
        Column("cost_of_completed", t("brief.column.cost", year=BASE_YEAR)),
    )
    return Table("", columns, tuple(rows))


def _plane(told: CostOfEffect) -> str:
    """Return why there is no ratio, and in how many runs something is gained."""
    gains = told.gains()
    return t("brief.plane", reason=cost_in_words(told), hits=gains.hits, runs=gains.runs)


def _groups(data: xr.Dataset, heading: str) -> Section:
    """Return what changes for each group of children, a year: first entries, and what follows.

    Groups for whom every figure is zero have no row: one sentence names them.
    """
    first, *others = (str(name) for name in data["scenario"].values)
    years = periods(data)[0]
    told = FOR_GROUPS if len(others) <= 2 else FOR_GROUPS[:2]
    rows, unchanged = [], []
    for by, section in GROUP_TEXTS.items():
        table = by_group(data, by)[list(told)].sel(year=years).mean("year")
        for group in (str(one) for one in table[by].values):
            row: dict[str, object] = {"what": f"{t(f'score.group.{by}')}: {t(f'{section}.{group}')}"}
            for name in others:
                change = difference(table, name, first).sel({by: group})
                row |= {f"{name} {key}": spread(summarise(change[key]), "+w") for key in told}
            figures = (str(text) for key, text in row.items() if key != "what")
            if any(re.search("[1-9]", text) for text in figures):
                rows.append(row)
            else:
                unchanged.append(str(row["what"]))
    columns = (
        Column("what", t("brief.column.group")),
        *(
            Column(f"{name} {key}", f"{name}: {_inline(t(f'indicator.{key}'))}")
            for name in others
            for key in told
        ),
    )
    same = (t("brief.unchanged", names="; ".join(unchanged)),) if unchanged else ()
    return Section(heading, same, Table("", columns, tuple(rows)) if rows else None)


def _lasting(data: xr.Dataset, first: str) -> list[Section]:
    """Return what is left of the gains after programmes end, if any does within the run."""
    table = lasting_table(data)
    kept = tuple(row for row in table.rows if row["measure"] in ("child_months", "completed"))
    if not kept:
        return []
    heading = t("brief.heading.lasting", first=first)
    return [Section(heading, tuple(met_in_words(data)), Table("", table.columns, kept))]


def _versions(data: xr.Dataset) -> str:
    return t(
        "brief.versions",
        version=str(data.attrs["code_version"]),
        data=str(data.attrs["data_hash"])[:12],
        seed=str(data.attrs["seed"]),
    )
