"""What stands behind a result, as plain tables: parameters, a scenario, and a month of the model in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scenarios import library, load_scenario
from scenarios.files import overlays
from scenarios.levers import levers
from scenarios.programmes import CLAIM_KEYS
from scenarios.schema import Shock
from simulator.engine.states import AREAS, month_name
from simulator.evidence import load_ledger
from simulator.explain_money import money_tables
from simulator.faults import Fault, FaultyInput, did_you_mean
from simulator.tables import Column, Table
from simulator.texts import language, t

if TYPE_CHECKING:
    from scenarios.programmes import Claim
    from scenarios.schema import Context, Intervention, Scenario

MONTH: Final[tuple[tuple[str, str], ...]] = (
    ("calendar", "history.py, policy/budget.py, rules/shocks.py, rules/programmes.py, rules/coordination.py"),
    ("drivers", "evidence/drivers.py, inputs.py, month.py"),
    ("workforce", "rules/workforce.py"),
    ("communities", "rules/communities.py"),
    ("networks", "rules/networks.py"),
    ("recruitment", "rules/recruitment.py"),
    ("exits", "rules/exits.py"),
    ("identification", "rules/identification.py"),
    ("referral", "rules/referral.py"),
    ("care", "rules/care.py"),
    ("reintegration", "rules/reintegration.py"),
    ("justice", "rules/justice.py"),
    ("record", "rules/registers.py, outcomes/record.py, outcomes/accounts.py"),
)
"""Steps of a month in order: name, and the files of ``simulator`` that carry it."""


def library_table() -> Table:
    """Return the scenarios that come with the program."""
    rows = []
    for name in library():
        scenario = load_scenario(name)
        rows.append({"name": name, "label": str(scenario.label), "question": str(scenario.question or "")})
    columns = (
        Column("name", t("explain.column.name")),
        Column("label", t("explain.column.label")),
        Column("question", t("explain.column.question")),
    )
    return Table(t("explain.title.library"), columns, tuple(rows))


def overlays_table() -> Table:
    """Return the overlays that come with the program: what may be laid over any scenario."""
    rows = []
    for name, path in overlays().items():
        overlay = load_scenario(path)
        rows.append({"name": f"+{name}", "label": str(overlay.label), "what": str(overlay.description or "")})
    columns = (
        Column("name", t("explain.column.name")),
        Column("label", t("explain.column.label")),
        Column("what", t("explain.column.what")),
    )
    return Table(t("explain.title.overlays"), columns, tuple(rows), (t("explain.note.overlays"),))


def parameters_table(starts: Sequence[str] = ()) -> Table:
    """Return the parameters of the ledger, all or those whose names start with one of ``starts``.

    Raises
    ------
    FaultyInput
        If a beginning fits no parameter.
    """
    known = load_ledger().parameters
    faults = [
        Fault(
            where=f"explain parameters {start}",
            found=t("explain.found.parameter", name=start),
            allowed=t("explain.allowed.parameter", names=", ".join(sorted({n.split(".")[0] for n in known}))),
            do=did_you_mean(start, tuple(known)),
        )
        for start in starts
        if not any(name.startswith(start) for name in known)
    ]
    if faults:
        raise FaultyInput(faults)
    rows = [
        {
            "name": name,
            "central": row.central,
            "low": row.low,
            "high": row.high,
            "unit": _unit(row.unit),
            "quality": row.quality,
            "source": ", ".join(row.source),
            "label": row.label[language()],
        }
        for name, row in known.items()
        if not starts or name.startswith(tuple(starts))
    ]
    columns = (
        Column("name", t("explain.column.name")),
        Column("central", t("explain.column.central"), "g"),
        Column("low", t("explain.column.low"), "g"),
        Column("high", t("explain.column.high"), "g"),
        Column("unit", t("explain.column.unit")),
        Column("quality", t("explain.column.quality")),
        Column("source", t("explain.column.source")),
        Column("label", t("explain.column.label")),
    )
    return Table(t("explain.title.parameters"), columns, tuple(rows), (t("explain.note.grades"),))


def _unit(unit: str) -> str:
    return load_ledger().units[unit][language()]


def scenario_tables(scenario: Scenario) -> dict[str, Table]:
    """Return what a scenario is, and what it changes: parameters, context, interventions; bases included."""
    out = {"scenario": _identity_table(scenario)}
    if scenario.claims:
        out["claims"] = _claims_table(scenario)
    if scenario.parameters:
        out["parameters"] = _values_table(scenario)
    if scenario.context:
        out["context"] = _context_table(scenario.context)
    if scenario.shocks:
        out["shocks"] = _shocks_table(scenario.shocks)
    if scenario.interventions:
        out["interventions"] = _interventions_table(scenario.interventions)
    return out | money_tables(scenario)


def _identity_table(scenario: Scenario) -> Table:
    told = {
        "label": scenario.label,
        "question": scenario.question,
        "description": scenario.description,
        "assumptions": scenario.assumptions,
        "evidence": ", ".join(scenario.evidence) or None,
        "bases": ", ".join(scenario.bases) or None,
        "without": ", ".join(scenario.without) or None,
        "until": month_name(scenario.until_ti),
        "hash": scenario.hash,
    }
    rows = tuple(
        {"field": key, "what": t(f"explain.column.{key}"), "value": str(value)}
        for key, value in told.items()
        if value is not None
    )
    columns = (Column("what", t("explain.column.field")), Column("value", t("explain.column.value")))
    return Table(t("explain.title.scenario", name=scenario.name), columns, rows)


def _claims_table(scenario: Scenario) -> Table:
    rows = tuple({**claim.to_mapping(), "claim": claim_in_words(claim)} for claim in scenario.claims)
    columns = (
        *(Column(key, "") for key in CLAIM_KEYS),
        Column("claim", t("explain.column.claim")),
    )
    return Table(t("explain.title.claims"), columns, rows)


def claim_in_words(claim: Claim) -> str:
    """Return what a scenario claims, in the language in force."""
    text = t(
        "explain.claim.text",
        measure=t(f"indicator.{claim.measure}"),
        direction=t(f"explain.claim.{claim.direction}"),
        than=claim.than,
        years=" - ".join(str(year) for year in dict.fromkeys((claim.from_year, claim.to_year))),
    )
    if claim.mostly_by is not None:
        line = load_ledger().lines[claim.mostly_by].label[language()]
        text = t("explain.claim.mostly", text=text, line=line)
    if claim.under is not None:
        text = t("explain.claim.under", text=text, overlay=str(load_scenario(overlays()[claim.under]).label))
    return f"{text} {t('explain.claim.unexpected')}" if claim.unexpected else text


def _values_table(scenario: Scenario) -> Table:
    known = load_ledger().parameters
    rows = tuple(
        {"name": name, "value": value, "central": known[name].central, "unit": _unit(known[name].unit)}
        for name, value in scenario.parameters.items()
    )
    columns = (
        Column("name", t("explain.column.name")),
        Column("value", t("explain.column.value"), "g"),
        Column("central", t("explain.column.central"), "g"),
        Column("unit", t("explain.column.unit")),
    )
    return Table(t("explain.title.values"), columns, rows)


def _context_table(context: Sequence[Context]) -> Table:
    rows = tuple(
        {
            "use": part.use,
            "what": _context_label(part.use),
            "where": _where(part),
            "from": month_name(part.from_ti),
            "to": None if part.to_ti is None else month_name(part.to_ti),
            "multiply": part.multiply,
        }
        for part in context
    )
    columns = (
        Column("use", ""),
        Column("what", t("explain.column.what")),
        Column("where", t("explain.column.where")),
        Column("from", t("explain.column.from")),
        Column("to", t("explain.column.to")),
        Column("multiply", t("explain.column.multiply"), "g"),
    )
    return Table(t("explain.title.context"), columns, rows)


def _context_label(use: str) -> str:
    labels = load_ledger().factor_labels
    return labels[use][language()] if use in labels else t(f"explain.context.{use}")


def _shocks_table(shocks: Sequence[Shock]) -> Table:
    rows = tuple(
        {
            "use": part.use,
            "what": _context_label(part.use),
            "where": _where(part),
            "from": month_name(part.from_ti),
            "to": None if part.to_ti is None else month_name(part.to_ti),
            "level": part.level,
        }
        for part in shocks
    )
    columns = (
        Column("use", ""),
        Column("what", t("explain.column.what")),
        Column("where", t("explain.column.where")),
        Column("from", t("explain.column.from")),
        Column("to", t("explain.column.to")),
        Column("level", t("explain.column.level"), "g"),
    )
    return Table(t("explain.title.shocks"), columns, rows)


def mechanisms_table() -> Table:
    """Return every causal statement of the evidence, with the rule and the parameters that carry it."""
    ledger = load_ledger()
    rows = []
    for mechanism in ledger.mechanisms.values():
        first = ledger.parameters[mechanism.parameters[0]]
        rows.append(
            {
                "id": mechanism.id,
                "cause": mechanism.cause[language()],
                "effect": mechanism.effect[language()],
                "sign": t("explain.sign.nonlinear") if mechanism.sign == "nonlinear" else mechanism.sign,
                "delay": mechanism.delay,
                "finding": ", ".join(mechanism.finding),
                "rule": mechanism.rule,
                "parameter": ", ".join(mechanism.parameters),
                "central": first.central,
                "low": first.low,
                "high": first.high,
                "quality": first.quality,
            }
        )
    columns = (
        Column("id", t("explain.column.id")),
        Column("cause", t("explain.column.cause")),
        Column("effect", t("explain.column.effect")),
        Column("sign", t("explain.column.sign")),
        Column("delay", t("explain.column.delay"), "d"),
        Column("finding", t("explain.column.finding")),
        Column("rule", t("explain.column.rule")),
        Column("parameter", t("explain.column.parameter")),
        Column("central", t("explain.column.central"), "g"),
        Column("low", t("explain.column.low"), "g"),
        Column("high", t("explain.column.high"), "g"),
        Column("quality", t("explain.column.quality")),
    )
    notes = (t("explain.note.mechanisms", count=len(rows)),)
    return Table(t("explain.title.mechanisms"), columns, tuple(rows), notes)


def _interventions_table(interventions: Sequence[Intervention]) -> Table:
    rows = tuple(
        {
            "use": part.use,
            "what": _lever_label(part),
            "where": _where(part),
            "amount": part.amount,
            "unit": t(f"scenario.unit.{levers()[part.use].unit}"),
            "from": month_name(part.start_ti),
            "to": None if part.end_ti is None else month_name(part.end_ti),
            "ramp_months": part.ramp_months,
        }
        for part in interventions
    )
    columns = (
        Column("use", ""),
        Column("what", t("explain.column.what")),
        Column("where", t("explain.column.where")),
        Column("amount", t("explain.column.amount"), "g"),
        Column("unit", t("explain.column.unit")),
        Column("from", t("explain.column.from")),
        Column("to", t("explain.column.to")),
        Column("ramp_months", t("explain.column.ramp_months"), "d"),
    )
    return Table(t("explain.title.interventions"), columns, rows)


def _lever_label(part: Intervention) -> str:
    lever = levers()[part.use]
    if lever.unit != "places":
        return str(lever.label)
    admits, forms = t(f"explain.admits.{part.admits}"), t(f"explain.forms.{part.forms}")
    return f"{lever.label} ({admits}; {forms})"


def _where(part: Context | Shock | Intervention) -> str:
    land = load_ledger().territories
    names = [land.names[index] for index in part.territories] or [t("explain.whole_country")]
    area = "" if isinstance(part, Shock) or part.area is None else f" ({t(f'area.{AREAS[part.area]}')})"
    return ", ".join(names) + area


def month_table() -> Table:
    """Return the thirteen steps of a month, each with the files that carry it."""
    rows = tuple(
        {
            "step": number,
            "key": key,
            "what": t(f"explain.step.{key}"),
            "files": files,
        }
        for number, (key, files) in enumerate(MONTH, start=1)
    )
    columns = (
        Column("step", t("explain.column.step"), "d"),
        Column("what", t("explain.column.what")),
        Column("files", t("explain.column.files")),
    )
    return Table(t("explain.title.month"), columns, rows, (t("explain.note.month"),))


def population_table() -> Table:
    """Return the margins of the built population beside their sources."""
    # Compiled code and the population are loaded for this table alone.
    from simulator.engine.store import load_population  # noqa: PLC0415
    from simulator.outcomes.margins import margins  # noqa: PLC0415

    ledger = load_ledger()
    rows = tuple(
        {
            "name": margin.name,
            "what": t(f"margin.{margin.name}"),
            "detail": margin.detail,
            "built": margin.built,
            "source_value": margin.source_value,
            "difference": margin.difference,
            "bound": margin.bound,
            "source": margin.source,
        }
        for margin in margins(ledger, load_population(ledger))
    )
    columns = (
        Column("name", ""),
        Column("what", t("explain.column.what")),
        Column("detail", t("margin.column.detail")),
        Column("built", t("margin.column.built"), "n"),
        Column("source_value", t("margin.column.source_value"), "n"),
        Column("difference", t("margin.column.difference"), "+.2%"),
        Column("bound", t("margin.column.bound"), ".1%"),
        Column("source", t("margin.column.source")),
    )
    return Table(t("margin.title"), columns, rows, (t("margin.note"),))
