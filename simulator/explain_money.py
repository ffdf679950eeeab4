"""What stands behind money, as plain tables: budget lines, costs, words of budgeting, recommendations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios import load_scenario, words
from scenarios.difference import Difference, differences, place
from scenarios.levers import levers
from simulator.engine.states import AREAS
from simulator.evidence import load_ledger
from simulator.faults import Fault, FaultyInput, did_you_mean, listed
from simulator.policy.costs import unit_costs
from simulator.policy.crosswalk import ENTITIES, crosswalk, recommendations, services
from simulator.policy.prices import BASE_YEAR, prices
from simulator.tables import Column, Table, shown
from simulator.texts import language, t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.programmes import Grant
    from scenarios.schema import Scenario
    from simulator.evidence.money import Line


def tables(topic: str, names: Sequence[str], *, full: bool) -> dict[str, Table]:
    """Return the tables of a topic by their keys.

    Parameters
    ----------
    topic : ``lines``, ``costs``, ``crosswalk``, ``services`` or ``recommendations``
    names : of lines, to tell all about them; else all lines
    full : every column, for programs and documents, or those that fit on a screen

    Raises
    ------
    FaultyInput
        If a name is no line.
    """
    if names:
        return line_tables(names)
    makers = {
        "lines": lines_table if full else short_lines_table,
        "costs": costs_table,
        "crosswalk": crosswalk_table,
        "services": services_table,
        "recommendations": recommendations_table,
    }
    return {topic: makers[topic]()}


def lines_table() -> Table:
    """Return every budget line: what it buys, for whom, at what unit cost, how late; all columns."""
    columns = (
        Column("name", t("explain.column.name")),
        Column("label", t("explain.column.label")),
        Column("pillar", t("explain.column.pillar")),
        Column("unit", t("explain.column.unit")),
        Column("current", t("explain.column.current_cost", year=BASE_YEAR), "n"),
        Column("investment", t("explain.column.investment_cost", year=BASE_YEAR), "n"),
        Column("cost_low", t("explain.column.cost_low"), "g"),
        Column("cost_high", t("explain.column.cost_high"), "g"),
        Column("need", t("explain.column.need")),
        Column("serves", t("explain.column.serves"), "g"),
        Column("lead", t("explain.column.lead"), "g"),
        Column("reach", t("explain.column.reach"), "g"),
        Column("requires", t("explain.column.requires")),
        Column("expenditure", t("explain.column.expenditure")),
        Column("levers", t("explain.column.levers")),
        Column("acts_on", t("explain.column.acts_on")),
        Column("delay", t("explain.column.effect_delay")),
        Column("quality", t("explain.column.quality")),
        Column("source", t("explain.column.source")),
    )
    notes = (t("explain.note.lines"), t("explain.note.grades"))
    return Table(t("explain.title.lines"), columns, tuple(_line_rows()), notes)


ON_A_SCREEN = ("name", "label", "unit", "current", "investment", "need", "lead", "requires", "quality")
"""Columns of the lines that fit on a screen."""


def short_lines_table() -> Table:
    """Return the budget lines with the columns that fit on a screen."""
    whole = lines_table()
    columns = tuple(one if one.key in ON_A_SCREEN else Column(one.key, "", one.form) for one in whole.columns)
    return Table(whole.title, columns, whole.rows, (*whole.notes, t("explain.note.line_names")))


def line_tables(names: Sequence[str]) -> dict[str, Table]:
    """Return all that is known of some lines, a table each.

    Raises
    ------
    FaultyInput
        If a name is no line.
    """
    known = tuple(load_ledger().lines)
    faults = [
        Fault(
            f"explain lines {name}", name, listed(known, "sintrata explain lines"), did_you_mean(name, known)
        )
        for name in names
        if name not in known
    ]
    if faults:
        raise FaultyInput(faults)
    whole, costs = lines_table(), costs_table()
    out = {}
    for row in whole.rows:
        if row["name"] in names:
            rows = tuple(
                {"field": column.key, "what": column.heading, "value": shown(row[column.key], column.form)}
                for column in whole.columns
            )
            columns = (
                Column("field", ""),
                Column("what", t("explain.column.field")),
                Column("value", t("explain.column.value")),
            )
            name = str(row["name"])
            out[name] = Table(str(row["label"]), columns, rows)
            recipe = tuple(cost for cost in costs.rows if cost["line"] == name)
            out[f"{name}_costs"] = Table(costs.title, costs.columns[1:], recipe, costs.notes)
    return out


def _delay(line: Line) -> str | None:
    """Return the months from coverage to effect: the shortest and the longest delay of a line."""
    ledger = load_ledger()
    delays = {
        round(ledger.parameters[name].central)
        for lever in line.levers
        for acts in levers()[lever].acts_on
        if (name := acts.replace(".ratio", ".delay")) in ledger.parameters and acts.endswith(".ratio")
    }
    if not delays:
        return None
    low, high = min(delays), max(delays)
    return f"{low}" if low == high else f"{low}-{high}"


def _line_rows() -> list[dict[str, object]]:
    ledger = load_ledger()
    p = {name: parameter.central for name, parameter in ledger.parameters.items()}
    costs = unit_costs(ledger, p, prices(ledger, p))
    return [
        {
            "name": line.name,
            "label": line.label[language()],
            "pillar": t(f"pillar.{line.pillar}"),
            "unit": line.unit[language()],
            "current": costs.current[i],
            "investment": costs.investment[i] or None,
            "cost_low": ledger.parameters[line.cost].low,
            "cost_high": ledger.parameters[line.cost].high,
            "need": t(f"need.{line.need.replace(':', '_')}"),
            "serves": line.serves,
            "lead": p[line.lead],
            "reach": p[line.reach],
            "requires": t(f"requires.{line.requires}"),
            "expenditure": t(f"expenditure.{line.expenditure}"),
            "levers": ", ".join(line.levers),
            "acts_on": ", ".join(name for lever in line.levers for name in levers()[lever].acts_on),
            "delay": _delay(line),
            "quality": line.quality,
            "source": ", ".join(line.source),
        }
        for i, line in enumerate(ledger.lines.values())
    ]


def costs_table() -> Table:
    """Return the recipe of every unit cost: ingredients, quantities and prices."""
    ledger = load_ledger()
    rows = []
    for line in ledger.lines.values():
        for kind, recipe in (("current", line.current), ("investment", line.investment)):
            for name, quantity in recipe.items():
                ingredient = ledger.ingredients[name]
                price = ledger.parameters[ingredient.parameter]
                rows.append(
                    {
                        "line": line.name,
                        "kind": t(f"expenditure.{kind}"),
                        "ingredient": ingredient.label[language()],
                        "quantity": quantity,
                        "price": price.central,
                        "low": price.low,
                        "high": price.high,
                        "unit": ledger.units[ingredient.unit][language()],
                        "price_year": str(ingredient.price_year),
                        "quality": price.quality,
                        "source": ", ".join(price.source),
                    }
                )
    columns = (
        Column("line", t("explain.column.line")),
        Column("kind", t("explain.column.expenditure")),
        Column("ingredient", t("explain.column.ingredient")),
        Column("quantity", t("explain.column.quantity"), "g"),
        Column("price", t("explain.column.price"), "n"),
        Column("low", t("explain.column.low"), "n"),
        Column("high", t("explain.column.high"), "n"),
        Column("unit", t("explain.column.unit")),
        Column("price_year", t("explain.column.price_year")),
        Column("quality", t("explain.column.quality")),
        Column("source", t("explain.column.source")),
    )
    return Table(t("explain.title.costs"), columns, tuple(rows), (t("explain.note.costs"),))


def crosswalk_table() -> Table:
    """Return what each budget line is called in the budget of Peru and in the 2030 policy."""
    lines = load_ledger().lines
    rows = tuple(
        {
            "line": entry.line,
            "services": ", ".join(entry.services) or None,
            "objective": entry.objective,
            "guideline": entry.guideline,
            "entity": "; ".join(t(f"entity.{one}") if one in ENTITIES else one for one in entry.entities),
            "level": t(f"government.{entry.level}"),
            "product": entry.product[language()],
            "activity": entry.activity[language()],
            "unit": lines[entry.line].unit[language()],
            "expenditure": t(f"expenditure.{lines[entry.line].expenditure}"),
            "programme_code": entry.programme_code or None,
            "confirmed": entry.confirmed,
        }
        for entry in crosswalk().values()
    )
    columns = (
        Column("line", t("explain.column.line")),
        Column("services", t("explain.column.services")),
        Column("objective", t("explain.column.objective")),
        Column("guideline", t("explain.column.guideline")),
        Column("entity", t("explain.column.entity")),
        Column("level", t("explain.column.government")),
        Column("product", t("explain.column.product")),
        Column("activity", t("explain.column.activity")),
        Column("unit", t("explain.column.unit")),
        Column("expenditure", t("explain.column.expenditure")),
        Column("programme_code", t("explain.column.programme_code")),
        Column("confirmed", t("explain.column.confirmed")),
    )
    return Table(t("explain.title.crosswalk"), columns, rows, (t("explain.note.crosswalk"),))


def services_table() -> Table:
    """Return the 42 services of the policy with the lines that stand for them, or why none does."""
    by_service: dict[str, list[str]] = {number: [] for number in services()}
    for entry in crosswalk().values():
        for number in entry.services:
            by_service[number].append(entry.line)
    rows = tuple(
        {
            "service": service.number,
            "objective": service.objective,
            "label": service.label[language()],
            "provider": service.provider or None,
            "lines": ", ".join(by_service[service.number]) or None,
            "reason": service.reason[language()] or None,
        }
        for service in services().values()
    )
    columns = (
        Column("service", t("explain.column.service")),
        Column("objective", t("explain.column.objective")),
        Column("label", t("explain.column.label")),
        Column("provider", t("explain.column.entity")),
        Column("lines", t("explain.column.lines")),
        Column("reason", t("explain.column.reason")),
    )
    return Table(t("explain.title.services"), columns, rows)


def recommendations_table() -> Table:
    """Return the points of the evaluation's recommendations with what tries them."""
    rows = tuple(
        {
            "recommendation": one.number.removeprefix("Rec"),
            "label": one.label[language()],
            "levers": ", ".join(one.levers) or None,
            "scenario": one.scenario or None,
            "question": str(load_scenario(one.scenario).question) if one.scenario else None,
            "reason": one.reason[language()] or None,
        }
        for one in recommendations()
    )
    columns = (
        Column("recommendation", t("explain.column.recommendation")),
        Column("label", t("explain.column.label")),
        Column("levers", t("explain.column.levers")),
        Column("scenario", t("explain.column.scenario")),
        Column("question", t("explain.column.question")),
        Column("reason", t("explain.column.reason")),
    )
    return Table(t("explain.title.recommendations"), columns, rows, (t("explain.note.recommendations"),))


def difference_table(one: Scenario, other: Scenario) -> Table:
    """Return what differs between two scenarios, in words and units."""
    rows = tuple(_difference(row) for row in differences(one, other))
    columns = (
        Column("group", t("diff.column.group")),
        Column("what", t("diff.column.what")),
        Column("first", one.name, "n"),
        Column("second", other.name, "n"),
        Column("unit", t("diff.column.unit")),
    )
    notes = () if rows else (t("diff.none"),)
    return Table(t("diff.title", first=one.name, second=other.name), columns, rows, notes)


def _difference(row: Difference) -> dict[str, object]:
    return {
        "group": t(f"diff.group.{row.group}"),
        "what": row.what,
        "first": row.first,
        "second": row.second,
        "unit": row.unit or None,
    }


def money_tables(scenario: Scenario) -> dict[str, Table]:
    """Return the programmes of a scenario, their money, and its own unit costs."""
    out = {}
    if scenario.programmes:
        out["programmes"] = _programmes_table(scenario)
        out["budget"] = _budget_table(scenario)
    if scenario.unit_costs:
        out["unit_costs"] = _own_costs_table(scenario)
    return out


def _programmes_table(scenario: Scenario) -> Table:
    codes = load_ledger().territories.codes
    rows = []
    for one in scenario.programmes:
        data = one.to_mapping(codes)
        rows.append(
            {
                "name": one.name,
                "label": str(one.label),
                "start": data["start"],
                "end": data.get("end"),
                "delivery": t(f"delivery.{one.delivery}"),
                "funding": t(f"funding.{one.funding}"),
                "payers": words.payers(data["payers"]),
                "outcomes": words.outcomes(data["outcomes"]) if one.outcomes else None,
                "adapt": None if one.adapt is None else words.adapt(data["adapt"]),
                "stop_when": None if one.stop_when is None else words.stop_when(data["stop_when"]),
                "transition": None if one.transition is None else words.transition(data["transition"]),
            }
        )
    columns = (
        Column("name", t("explain.column.name")),
        Column("label", t("explain.column.label")),
        Column("start", t("explain.column.from")),
        Column("end", t("explain.column.to")),
        Column("delivery", t("explain.column.delivery")),
        Column("funding", t("explain.column.funding")),
        Column("payers", t("explain.column.payers")),
        Column("outcomes", t("explain.column.outcomes")),
        Column("adapt", t("explain.column.adapt")),
        Column("stop_when", t("explain.column.stop_when")),
        Column("transition", t("explain.column.transition")),
    )
    return Table(t("explain.title.programmes"), columns, tuple(rows))


def _budget_table(scenario: Scenario) -> Table:
    lines = load_ledger().lines
    rows = [
        {
            "programme": one.name,
            "line": lines[name].label[language()],
            "where": _where(grant),
            "split": t(f"diff.by.{grant.split}"),
            "year": year,
            "amount": share * amount,
            "unit": one.currency if one.price_year is None else f"{one.currency} {one.price_year}",
        }
        for one in scenario.programmes
        for grant in one.budget
        for name, share in grant.lines
        for year, amount in (
            [(t("diff.each_year"), grant.amount)]
            if grant.amount is not None
            else [(str(year), amount) for year, amount in grant.amounts]
        )
    ]
    columns = (
        Column("programme", t("explain.column.programme")),
        Column("line", t("explain.column.line")),
        Column("where", t("explain.column.where")),
        Column("split", t("explain.column.split")),
        Column("year", t("report.column.year")),
        Column("amount", t("explain.column.money"), ",.0f"),
        Column("unit", t("explain.column.unit")),
    )
    return Table(t("explain.title.budget"), columns, tuple(rows))


def _where(grant: Grant) -> str:
    codes = load_ledger().territories.codes
    where = {"territory": [codes[k] for k in grant.territories]}
    return place(where if grant.area is None else {**where, "area": AREAS[grant.area]})


def _own_costs_table(scenario: Scenario) -> Table:
    rows = tuple({**vars(cost), "kind": t(f"expenditure.{cost.kind}")} for cost in scenario.unit_costs)
    columns = (
        Column("line", t("explain.column.line")),
        Column("kind", t("explain.column.expenditure")),
        Column("value", t("explain.column.value"), ",.2f"),
        Column("currency", t("explain.column.unit")),
        Column("price_year", t("explain.column.price_year")),
        Column("entity", t("explain.column.entity")),
        Column("source", t("explain.column.source")),
    )
    return Table(t("explain.title.unit_costs"), columns, rows)
