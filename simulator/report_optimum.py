"""Tables of an answer about money: the split, how far it is told apart, and what else was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.evidence import load_ledger
from simulator.experiments.optimise.measures import RATIOS
from simulator.tables import Column, Table
from simulator.texts import language, t

if TYPE_CHECKING:
    from simulator.experiments.optimise.answer import Answer, Paired

MILLION: Final = 1e6
FAINT: Final = 5e-4
"""Share of the total below which a line is not listed."""


def plan_name(name: str) -> str:
    """Return what a plan is called: a kind, and its number or multiple."""
    kind, _, rest = name.partition(" ")
    kind = {"by": rest}.get(kind, kind)
    label = t(f"optimise.plan.{kind}")
    if kind == "path":
        return f"{label} {rest}"
    return f"{label} {rest}" if rest.isdigit() else label


def line_label(line: str) -> str:
    """Return what a line is called."""
    known = load_ledger().lines
    return str(known[line].label[language()]) if line in known else line


def tables(answer: Answer) -> list[Table]:
    """Return every table of an answer, the split first."""
    out = [split_table(answer), confirmation_table(answer)]
    out += [table for table in (path_table(answer), front_table(answer), targets_table(answer)) if table.rows]
    regret = regret_table(answer)
    return [*out, regret] if len(regret.rows) > 1 else out


def split_table(answer: Answer) -> Table:
    """Return money by line, with its range among the splits that cannot be told apart."""
    question, best = answer.question, answer.best
    equals = [best, *(answer.plan(name) for name in answer.alike if name.startswith("rival"))]
    money = np.array([plan.money for plan in equals])
    funded = answer.dataset["funded_share"].values
    order = sorted(range(len(question.lines)), key=lambda k: -best.money[k])
    rows = [
        {
            "line": question.lines[k],
            "label": line_label(question.lines[k]),
            "money": best.money[k] / MILLION,
            "share": best.money[k] / max(best.total, 1e-9),
            "range": _span(money[:, k].min() / MILLION, money[:, k].max() / MILLION, ",.2f"),
            "funded": float(funded[k]),
        }
        for k in order
        if money[:, k].max() > FAINT * question.total
    ]
    return Table(
        t("optimise.title.split", total=f"{best.total / MILLION:,.1f}", year=question.price_year),
        (
            Column("line", ""),
            Column("label", t("optimise.column.line")),
            Column("money", t("optimise.column.money"), ",.2f"),
            Column("share", t("optimise.column.share"), ".1%"),
            Column("range", t("optimise.note.range")),
            Column("funded", t("optimise.column.funded"), ".0%"),
        ),
        tuple(rows),
        tuple(notes(answer)),
    )


def notes(answer: Answer) -> list[str]:
    """Return the sentences that belong to an answer."""
    question = answer.question
    parts = ", ".join(f"{weight:g} x {t(f'optimise.measure.{name}')}" for name, weight in question.objective)
    first, last = question.measured
    out = [
        t(
            "optimise.note.objective",
            parts=parts,
            start=first,
            end=last,
            base=getattr(question.base.label, language()),
            risk=t(f"optimise.risk.{question.risk}"),
        )
    ]
    if not answer.feasible:
        out.append(t("optimise.note.infeasible"))
    rivals = [name for name in answer.alike if name.startswith("rival")]
    if rivals:
        out.append(t("optimise.note.alike", names=", ".join(plan_name(name) for name in rivals)))
    elif any(one.name.startswith("rival") for one in answer.named):
        out.append(t("optimise.note.apart"))
    if any(answer.beside(name).low <= 0.0 for name in ("equal", "present")):
        out.append(t("optimise.note.unconfirmed"))
    left = question.total - answer.best.total
    if left > 0.01 * question.total:
        out.append(t("optimise.note.unspent", money=f"{left / MILLION:,.1f}"))
    least = answer.notes.get("least")
    if least is not None:
        out.append(_least(least))
    named = {one.name: one.plan for one in answer.named}
    for name, key in (("by territory", "same_places"), ("by year", "same_years")):
        if named.get(name) == answer.best:
            out.append(t(f"optimise.note.{key}"))
    return [*out, t("optimise.note.present"), t("optimise.note.grades")]


def _least(found: dict[str, Any]) -> str:
    if "money" in found:
        return t(
            "optimise.note.least",
            money=f"{found['money'] / MILLION:,.1f}",
            less=f"{found['not_enough'] / MILLION:,.1f}",
        )
    return t(
        "optimise.note.no_money",
        tried=found["tried"],
        most=f"{found['tried_up_to'] / MILLION:,.0f}",
        probability=", ".join(f"{p:.0%}" for p in found["probability"]),
    )


def confirmation_table(answer: Answer) -> Table:
    """Return what every plan for the whole money gains on fresh samples, and the best less it."""
    names = [one.name for one in answer.named if not one.name.startswith(("path", "front", "least"))]
    rows = []
    for name in names:
        own = answer.told(name)
        row: dict[str, object] = {
            "plan": name,
            "label": plan_name(name),
            "total": answer.plan(name).total / MILLION,
            "value": own.mean,
            "interval": _interval(own),
            "samples": answer.samples(name),
        }
        if name != "best":
            beside = answer.beside(name)
            row |= {
                "beside": beside.mean,
                "beside_interval": _interval(beside),
                "told_apart": beside.told_apart,
            }
        rows.append(row)
    return Table(
        t("optimise.title.confirmation", samples=answer.dataset.sizes["sample"]),
        (
            Column("plan", ""),
            Column("label", t("optimise.column.plan")),
            Column("total", t("optimise.column.total"), ",.1f"),
            Column("value", t("optimise.column.value"), "+n"),
            Column("interval", t("optimise.column.interval")),
            Column("beside", t("optimise.column.beside"), "+n"),
            Column("beside_interval", t("optimise.column.beside_interval")),
            Column("told_apart", t("optimise.column.told_apart")),
            Column("samples", t("optimise.column.samples"), "n"),
        ),
        tuple(rows),
        _looked(answer),
    )


def _looked(answer: Answer) -> tuple[str, ...]:
    """Return how often was looked, where it was more than once."""
    looks = int(answer.dataset.attrs["looks"])
    return (t("optimise.note.looks", looks=looks),) if looks > 1 else ()


def path_table(answer: Answer) -> Table:
    """Return the gain, and the largest lines, as the money grows."""
    rows = []
    for one in answer.named:
        if one.name.startswith("path"):
            own = answer.told(one.name)
            rows.append(
                {
                    "plan": one.name,
                    "label": plan_name(one.name),
                    "total": one.plan.total / MILLION,
                    "value": own.mean,
                    "interval": _interval(own),
                    "lines": _largest(answer.question.lines, one.plan.money),
                }
            )
    return Table(t("optimise.title.path"), _plan_columns(), tuple(rows))


def front_table(answer: Answer) -> Table:
    """Return the gain of every measure of the front, for each of its splits."""
    names = answer.question.front
    rows = []
    for one in answer.named:
        if one.name.startswith("front"):
            row: dict[str, object] = {
                "plan": one.name,
                "label": plan_name(one.name),
                "lines": _largest(answer.question.lines, one.plan.money),
            }
            for name in names:
                gain = answer.gain(one.name, name)
                row[name] = f"{_number(name, gain.mean)} ({_interval(gain, name)})"
            rows.append(row)
    columns = (
        Column("plan", ""),
        Column("label", t("optimise.column.plan")),
        *(Column(name, t(f"optimise.measure.{name}")) for name in names),
        Column("lines", t("optimise.column.line")),
    )
    return Table(t("optimise.title.front"), columns, tuple(rows))


def targets_table(answer: Answer) -> Table:
    """Return in which share of the fresh samples each plan reaches each target."""
    rows = [
        {
            "plan": one.name,
            "label": plan_name(one.name),
            "target": f"{t(f'optimise.level.{target.measure}')} {target.year}: {target.value:g}",
            "reached": float(answer.dataset["reached"].sel(plan=one.name)[k]),
        }
        for one in answer.named
        for k, target in enumerate(answer.question.targets)
        if not one.name.startswith(("rival", "front"))
    ]
    columns = (
        Column("plan", ""),
        Column("label", t("optimise.column.plan")),
        Column("target", t("optimise.column.target")),
        Column("reached", t("optimise.column.reached"), ".0%"),
    )
    return Table(t("optimise.title.targets"), columns, tuple(rows))


def regret_table(answer: Answer) -> Table:
    """Return by rival structure what the best split misses beside the best for that structure alone."""
    rows = [{"structure": name, "regret": missed} for name, missed in answer.notes["regret"].items()]
    columns = (
        Column("structure", t("optimise.column.structure")),
        Column("regret", t("optimise.column.regret"), "n"),
    )
    return Table(t("optimise.title.regret"), columns, tuple(rows))


def _plan_columns() -> tuple[Column, ...]:
    return (
        Column("plan", ""),
        Column("label", t("optimise.column.plan")),
        Column("total", t("optimise.column.total"), ",.1f"),
        Column("value", t("optimise.column.value"), "+n"),
        Column("interval", t("optimise.column.interval")),
        Column("lines", t("optimise.column.line")),
    )


def _largest(lines: Sequence[str], money: Sequence[float], most: int = 3) -> str:
    order = sorted(range(len(lines)), key=lambda k: -money[k])[:most]
    total = max(sum(money), 1e-9)
    return ", ".join(f"{line_label(lines[k])} {money[k] / total:.0%}" for k in order if money[k] > 0.0)


def _interval(told: Paired, measure: str = "") -> str:
    return f"{_number(measure, told.low)} – {_number(measure, told.high)}"


def _number(measure: str, value: float) -> str:
    return f"{value:+.3f}" if measure in RATIOS else f"{value:+,.0f}"


def _span(low: float, high: float, form: str) -> str:
    return format(low, form) if high - low < 0.005 else f"{low:{form}} – {high:{form}}"
