"""What differs between two scenarios, in words and units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios import words
from scenarios.levers import levers
from scenarios.schema import Scenario
from simulator.engine.states import AREAS
from simulator.evidence import load_ledger
from simulator.texts import language, t


@dataclass(frozen=True)
class Difference:
    """One thing that one scenario has otherwise than another.

    Attributes
    ----------
    group : key of the scenario file, such as ``programmes``
    what : the thing in words
    first, second : what each of the two says; ``None`` = nothing
    unit : of numbers, in words
    """

    group: str
    what: str
    first: object
    second: object
    unit: str = ""


def differences(one: Scenario, other: Scenario) -> list[Difference]:
    """Return what differs between two scenarios, in the order of a file; names and labels do not count."""
    a, b = one.to_mapping(), other.to_mapping()
    out: list[Difference] = []
    if a["until"] != b["until"]:
        out.append(Difference("until", t("sheet.column.until"), a["until"], b["until"]))
    if a.get("without") != b.get("without"):
        sides = [", ".join(side.get("without", [])) or None for side in (a, b)]
        out.append(Difference("without", t("sheet.column.without"), sides[0], sides[1]))
    out += _parameters(a.get("parameters", {}), b.get("parameters", {}))
    for group in ("context", "shocks", "interventions"):
        out += _rows(group, a.get(group, []), b.get(group, []))
    out += _programmes(a.get("programmes", []), b.get("programmes", []))
    out += _rows("unit_costs", a.get("unit_costs", []), b.get("unit_costs", []))
    return out


def _parameters(a: Mapping[str, float], b: Mapping[str, float]) -> list[Difference]:
    known = load_ledger()
    out = []
    for name in sorted(a.keys() | b.keys()):
        if a.get(name) != b.get(name):
            row = known.parameters[name]
            unit = known.units[row.unit][language()]
            central = t("diff.central", value=f"{row.central:g}")
            what = f"{name}: {row.label[language()]}"
            out.append(Difference("parameters", what, a.get(name, central), b.get(name, central), unit))
    return out


# What tells two rows of a list apart; the other keys are what they say.
IDENTITY = {
    "context": ("use", "where", "from", "to"),
    "shocks": ("use", "where", "from", "to"),
    "interventions": ("use", "where", "start", "end", "admits", "forms"),
    "unit_costs": ("line", "kind"),
}
VALUE = {"context": "multiply", "shocks": "level", "interventions": "amount", "unit_costs": "value"}


def _rows(group: str, a: Sequence[dict[str, Any]], b: Sequence[dict[str, Any]]) -> list[Difference]:
    def key(row: dict[str, Any]) -> str:
        return repr([row.get(name) for name in IDENTITY[group]])

    ours, theirs = {key(row): row for row in a}, {key(row): row for row in b}
    out = []
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        first, second = ours.get(name), theirs.get(name)
        if first == second:
            continue
        row = first or second or {}
        rest = [k for k in row if k not in IDENTITY[group] and (first or row).get(k) != (second or {}).get(k)]
        told = _said(group, first, rest), _said(group, second, rest)
        out.append(Difference(group, _named(group, row), *told, _unit(group, row)))
    return out


def _said(group: str, row: dict[str, Any] | None, keys: Sequence[str]) -> object:
    """Return the value of a row, with what else differs behind it."""
    if row is None:
        return None
    more = ", ".join(f"{key} {row[key]}" for key in keys if key != VALUE[group] and key in row)
    value = row[VALUE[group]]
    return f"{value:g} ({more})" if more else value


def _named(group: str, row: dict[str, Any]) -> str:
    ledger = load_ledger()
    if group == "unit_costs":
        return f"{ledger.lines[row['line']].label[language()]}: {t(f'expenditure.{row["kind"]}')}"
    use = row["use"]
    start, end = row.get("start") or row.get("from"), row.get("end") or row.get("to")
    months = t("diff.between", start=start, end=end) if end else t("diff.from", start=start)
    return f"{_label(group, use)} ({use}), {place(row.get('where', {}))}, {months}"


def _label(group: str, use: str) -> str:
    """Return a lever, a factor or a shock in words."""
    if group == "interventions":
        return str(levers()[use].label)
    labels = load_ledger().factor_labels
    return labels[use][language()] if use in labels else t(f"explain.context.{use}")


def place(where: Mapping[str, Any]) -> str:
    """Return territories and area in words."""
    land = load_ledger().territories
    names = [land.names[land.codes.index(code)] for code in where.get("territory", [])]
    area = f" ({t(f'area.{where["area"]}')})" if where.get("area") in AREAS else ""
    return (", ".join(names) or t("explain.whole_country")) + area


def _unit(group: str, row: dict[str, Any]) -> str:
    if group == "interventions":
        return t(f"scenario.unit.{levers()[row['use']].unit}")
    return str(row.get("currency", "")) if group == "unit_costs" else ""


def _programmes(a: Sequence[dict[str, Any]], b: Sequence[dict[str, Any]]) -> list[Difference]:
    ours, theirs = {row["name"]: row for row in a}, {row["name"]: row for row in b}
    out = []
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        first, second = ours.get(name), theirs.get(name)
        if first is None or second is None:
            sides: list[object] = [None if row is None else t("diff.present") for row in (first, second)]
            out.append(Difference("programmes", name, sides[0], sides[1]))
        first, second = first or {}, second or {}
        for key in dict.fromkeys((*first, *second)):
            if key in ("name", "label", "budget") or first.get(key) == second.get(key):
                continue
            said = [_in_words(key, row.get(key)) for row in (first, second)]
            out.append(Difference("programmes", f"{name}: {t(f'diff.key.{key}')}", said[0], said[1]))
        out += _money(name, first, second)
    return out


def _money(name: str, first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """Return the money of a programme by line, place and year that differs, in its currency."""
    ours, theirs = _amounts(first), _amounts(second)
    unit = str((first or second).get("currency", ""))
    out = []
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        if ours.get(key) != theirs.get(key):
            line, where, year = key
            what = f"{name}: {load_ledger().lines[line].label[language()]}, {where}, {year}"
            out.append(Difference("programmes", what, ours.get(key), theirs.get(key), unit))
    return out


def _amounts(programme: dict[str, Any]) -> dict[tuple[str, str, str], float]:
    """Return amounts by line, place in words and year."""
    out: dict[tuple[str, str, str], float] = {}
    for grant in programme.get("budget", []):
        yearly = {t("diff.each_year"): grant["amount"]} if "amount" in grant else grant["amounts"]
        where = f"{place(grant.get('where', {}))} ({t(f'diff.by.{grant["split"]}')})"
        for line, share in grant["lines"].items():
            for year, amount in yearly.items():
                key = (line, where, year)
                out[key] = out.get(key, 0.0) + share * amount
    return out


def _in_words(key: str, value: Any) -> object:
    """Return a value of a programme in the language in force."""
    if value is None:
        return None
    if key in ("delivery", "funding"):
        return t(f"{key}.{value}")
    if key == "price_year":
        return str(value)
    told: dict[str, Callable[[Any], str]] = {
        "payers": words.payers,
        "outcomes": words.outcomes,
        "adapt": words.adapt,
        "stop_when": words.stop_when,
        "transition": words.transition,
    }
    return told[key](value) if key in told else value
