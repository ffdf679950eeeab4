"""From what Pydantic found in a file to what a person reads: every fault, with its line and its remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scenarios.files import library, overlays
from scenarios.levers import levers
from scenarios.programme_checks import programme_faults
from scenarios.programmes import (
    CURRENCIES,
    DELIVERIES,
    DIRECTIONS,
    FISCAL_YEARS,
    FUNDINGS,
    KINDS_OF_PROGRAMME,
    MEASURES,
    PAYERS,
    SIGNALS,
    SPLITS,
)
from scenarios.shape import (
    ADMITS,
    CONTEXTS,
    FIELDS,
    FINDINGS,
    FIRST_PRICE_YEAR,
    FIRST_YEAR,
    LARGEST_LEVEL,
    LARGEST_MONEY_MULTIPLIER,
    LARGEST_MULTIPLIER,
    LAST_PRICE_YEAR,
    LAST_YEAR,
    LONGEST_RAMP,
    MOST_MONEY,
    OF_PROGRAMMES,
    PLACE_FORMS,
    PLACES_LEVER,
    RECORDED,
    SMALLEST_LEVEL,
    SMALLEST_MULTIPLIER,
    Part,
    RefusedError,
    ScenarioFile,
    is_finite,
)
from simulator.documents import Document, Place, shown
from simulator.engine.states import AREAS, LAST_MONTH, REPORT_FROM, month_name
from simulator.evidence import load_ledger
from simulator.evidence.ledger import SHOCKS
from simulator.evidence.money import EXPENDITURES
from simulator.faults import Fault, did_you_mean, listed
from simulator.texts import language, t

UNSETTABLE: Final = "population."
"""The population is built once and shared by every scenario, so a scenario cannot change what built it."""

KINDS: Final = frozenset(
    (
        *(
            "schema",
            "base",
            "bilingual",
            "sentence",
            "month",
            "parameters",
            "parameter",
            "contexts",
            "context",
        ),
        *("shocks", "shock", "shock_use", "level"),
        *("context_use", "multiply", "interventions", "intervention", "lever", "where", "territories"),
        *("territory", "area", "ramp_months", "number", "admits", "forms"),
        *("programmes", "programme", "own_name", "delivery", "funding", "currency", "fiscal_year", "split"),
        *("programme_kind", "expenditure", "price_year", "year", "payers", "payer", "shares", "share"),
        *("budget", "grant", "lines", "line", "amounts", "money", "outcomes", "outcome", "signal"),
        *("adapt", "transition_group", "every_months", "lag_months", "months", "unit_costs", "unit_cost"),
        *("stop_when", "adjustments", "adjustment", "money_multiply", "recorded", "evidence", "evidence_id"),
        *("claims", "claim", "measure", "direction", "yes_no", "laid_over"),
    )
)
"""Kinds of value that have words of their own in the catalogue."""


def check(document: Document) -> tuple[ScenarioFile | None, list[Fault]]:
    """Return the shape of one file, and its faults in the order of the file."""
    found: list[tuple[int, Fault]] = [(line_of(fault), fault) for fault in document.faults]

    def add(path: Place, value: object, refused: RefusedError) -> None:
        found.append((document.line(path) or 0, fault_at(document, path, value, refused)))

    def validated[P: Part](part: type[P], data: object, above: Place) -> P | None:
        try:
            return part.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                add(*_explain(details, above))
            return None

    shape = validated(ScenarioFile, document.data, ())
    for place, data in document.loose.items():
        validated(OF_PROGRAMMES[str(place[-2])], data, place)
    if document.loose:
        # With parts missing, what only shows when they are read together would be invented.
        shape = None
    across = (*_parameter_faults(document.data), *_list_faults(document.data))
    for path, value, refused in (*across, *(programme_faults(shape) if shape is not None else ())):
        add(path, value, refused)
    found.sort(key=lambda row: row[0])
    return shape, list(dict.fromkeys(fault for _, fault in found))


def line_of(fault: Fault) -> int:
    """Return the line that a fault names, 0 if none."""
    number = re.search(r":([0-9]+)(?:  |$)", fault.where)
    return int(number[1]) if number else 0


def _explain(details: ErrorDetails, above: Place) -> tuple[Place, object, RefusedError]:
    path = (*above, *(step for step in details["loc"] if step != "[key]"))
    cause = details.get("ctx", {}).get("error")
    if details["type"] == "extra_forbidden":
        key = str(path[-1])
        keys = FIELDS[_group(path[:-1])]
        refused = RefusedError(
            found=t("scenario.found.unknown_key", key=shown(key)),
            allowed=", ".join(keys),
            do=did_you_mean(key, keys),
        )
        return path, details["input"], refused
    if details["loc"][-1] == "[key]" and path[-2] in OF_KEYS:
        key, names = str(path[-1]), OF_KEYS[str(path[-2])]
        refused = RefusedError(
            found=t("scenario.found.unknown_key", key=shown(key)),
            allowed=listed(names, IN_LINES),
            do=did_you_mean(key, names),
        )
        return path, key, refused
    if details["type"] == "missing":
        return path, None, _absent(str(path[-1]))
    return path, details["input"], cause if isinstance(cause, RefusedError) else RefusedError()


def _absent(key: str) -> RefusedError:
    return RefusedError(found=t("scenario.found.missing"), do=t("scenario.do.missing", key=key))


def _group(path: Place) -> str:
    """Return which kind of group stands at a path: that of its last name."""
    names = [step for step in path if isinstance(step, str)]
    return names[-1] if names else ""


def _pattern(path: Place) -> str:
    """Return the kind of value at a path, which chooses the words for what is allowed there."""
    if not path:
        return "value"
    if path[0] == "parameters":
        return "parameter" if len(path) > 1 else "parameters"
    last, names = path[-1], _group(path)
    if isinstance(last, int):
        return OF_LISTS.get(names, names.removesuffix("s") or "value")
    inside = str(path[-2]) if len(path) > 1 else ""
    special = OF_MAPPINGS.get(inside) or OF_GROUPS.get((str(path[0]), str(last)))
    if special is not None:
        return special
    kind = {
        "territory": "territories",
        "until": "month",
        "start": "month",
        "end": "month",
        "from": "month",
        "to": "month",
        "es": "sentence",
        "en": "sentence",
        "label": "bilingual",
        "question": "bilingual",
        "description": "bilingual",
        "assumptions": "bilingual",
        "context": "contexts",
        "use": {"context": "context_use", "shocks": "shock_use"}.get(str(path[0]), "lever"),
        "amount": "number",
        "by": "month",
        "at_least": "money",
        "value": "money",
        "co_design": "share",
        "kind": "programme_kind",
        "name": "own_name",
        "transition": "transition_group",
        "source": "sentence",
        "entity": "sentence",
        "programme": "own_name",
        "per": "signal",
        "than": "base",
        "without": "recorded",
        "adjust": "adjustments",
        "unexpected": "yes_no",
        "under": "laid_over",
    }.get(last, last)
    return kind if kind in KINDS else "value"


OF_LISTS: Final = {
    "territory": "territory",
    "budget": "grant",
    "payers": "payers",
    "without": "recorded",
    "adjust": "adjustment",
    "evidence": "evidence_id",
}
"""Kind of an element of a list, where it is not the list's name without its s."""

OF_MAPPINGS: Final = {"lines": "share", "shares": "share", "amounts": "money"}
"""Kind of a value under a name or a year."""

IN_LINES: Final = "sintrata explain lines"
IN_LEVERS: Final = "docs/scenario-files.md"
"""Where all names of a long list stand."""

OF_KEYS: Final = {"lines": tuple(load_ledger().lines), "shares": PAYERS}
"""Words that a mapping may have as keys."""

OF_GROUPS: Final = {
    ("programmes", "from"): "year",
    ("programmes", "amount"): "money",
    ("unit_costs", "kind"): "expenditure",
    ("adjust", "multiply"): "money_multiply",
    ("claims", "from"): "year",
    ("claims", "to"): "year",
    ("claims", "mostly_by"): "line",
}
"""Kind of a value whose name means something else in other groups."""


def fault_at(document: Document, path: Place, value: object, refused: RefusedError) -> Fault:
    """Return the fault of a value, in the words of its kind where the refusal has none of its own."""
    kind = _pattern(path)
    return Fault(
        where=document.where(path),
        found=refused.found or document.found(path, value),
        allowed=refused.allowed or t(f"scenario.allowed.{kind}", None, **_limits(kind)),
        do=refused.do or t(f"scenario.do.{kind}", None, **_limits(kind)),
    )


def _limits(kind: str) -> dict[str, object]:
    """Return what the words for one kind of value need."""
    limits: dict[str, dict[str, object]] = {
        "base": {"names": listed(tuple(library()), t("scenario.library"))},
        "multiply": {"low": f"{SMALLEST_MULTIPLIER:g}", "high": f"{LARGEST_MULTIPLIER:g}"},
        "ramp_months": {"high": LONGEST_RAMP},
        "month": {"first": month_name(REPORT_FROM), "last": month_name(LAST_MONTH)},
        "lever": {"names": listed(tuple(levers()), IN_LEVERS)},
        "context_use": {"names": listed(CONTEXTS, IN_LEVERS)},
        "shock_use": {"names": ", ".join(SHOCKS)},
        "level": {"low": f"{SMALLEST_LEVEL:g}", "high": f"{LARGEST_LEVEL:g}"},
        "area": {"names": ", ".join(AREAS)},
        "admits": {"names": ", ".join(ADMITS)},
        "forms": {"names": ", ".join(PLACE_FORMS)},
        "programme_kind": {"names": ", ".join(KINDS_OF_PROGRAMME)},
        "delivery": {"names": ", ".join(DELIVERIES)},
        "funding": {"names": ", ".join(FUNDINGS)},
        "currency": {"names": ", ".join(CURRENCIES)},
        "fiscal_year": {"names": ", ".join(FISCAL_YEARS)},
        "split": {"names": ", ".join(SPLITS)},
        "payer": {"names": ", ".join(PAYERS)},
        "signal": {"names": ", ".join(SIGNALS)},
        "expenditure": {"names": ", ".join(EXPENDITURES)},
        "line": {"names": listed(tuple(load_ledger().lines), IN_LINES)},
        "shares": {"names": ", ".join(PAYERS)},
        "recorded": {"names": ", ".join(RECORDED)},
        "evidence_id": {"last": FINDINGS[-1]},
        "measure": {"names": ", ".join(MEASURES)},
        "direction": {"names": ", ".join(DIRECTIONS)},
        "laid_over": {"names": ", ".join(overlays())},
        "money_multiply": {"high": f"{LARGEST_MONEY_MULTIPLIER:g}"},
        "money": {"high": f"{MOST_MONEY:,.0f}"},
        "amounts": {"first": FIRST_YEAR, "last": LAST_YEAR},
        "year": {"first": FIRST_YEAR, "last": LAST_YEAR},
        "price_year": {"first": FIRST_PRICE_YEAR, "last": LAST_PRICE_YEAR},
        **{key: {"low": 1, "high": LONGEST_RAMP} for key in ("every_months", "months")},
        "lag_months": {"low": 0, "high": LONGEST_RAMP},
    }
    return limits.get(kind, {})


def _parameter_faults(data: Mapping[str, Any]) -> list[tuple[Place, object, RefusedError]]:
    """Return what is wrong with parameter values: names the ledger lacks, values outside its range."""
    values = data.get("parameters")
    if not isinstance(values, dict):
        return []
    known = load_ledger().parameters
    settable = tuple(name for name in known if not name.startswith(UNSETTABLE))
    out: list[tuple[Place, object, RefusedError]] = []
    for name, value in values.items():
        path = ("parameters", str(name))
        if name not in known:
            refused = RefusedError(
                found=t("scenario.found.unknown_parameter", key=shown(str(name))),
                allowed=t("scenario.allowed.known"),
                do=_near(str(name), settable),
            )
            out.append((path, value, refused))
        elif name not in settable:
            refused = RefusedError(allowed=t("scenario.allowed.settable"), do=t("scenario.do.settable"))
            out.append((path, value, refused))
        elif is_finite(value):
            row = known[name]
            if not row.low <= value <= row.high:
                limits = {
                    "low": f"{row.low:g}",
                    "high": f"{row.high:g}",
                    "unit": load_ledger().units[row.unit][language()],
                }
                refused = RefusedError(
                    allowed=t("scenario.allowed.within", **limits), do=t("scenario.do.within")
                )
                out.append((path, value, refused))
    return out


def _near(name: str, names: tuple[str, ...]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return t("fault.did_you_mean", name=near[0]) if near else t("scenario.do.known")


def _list_faults(data: Mapping[str, Any]) -> list[tuple[Place, object, RefusedError]]:
    """Return what only shows when parts are read together: codes named twice, places that admit nobody."""
    out: list[tuple[Place, object, RefusedError]] = []
    for group in ("context", "shocks", "interventions"):
        rows = data.get(group)
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(row, dict):
                out.extend(_repeated((group, index), row))
                if row.get("use") == PLACES_LEVER:
                    # There is no natural choice to assume.
                    silent = [key for key in ("admits", "forms") if row.get(key) is None]
                    out.extend(((group, index, key), None, _absent(key)) for key in silent)
    return out


def _repeated(path: Place, row: dict[str, Any]) -> list[tuple[Place, object, RefusedError]]:
    where = row.get("where")
    codes = where.get("territory") if isinstance(where, dict) else None
    if not isinstance(codes, list):
        return []
    twice = [code for code, count in Counter(c for c in codes if isinstance(c, str)).items() if count > 1]
    refused = RefusedError(
        found=t("scenario.found.repeated", codes=", ".join(shown(code) for code in twice[:6])),
        allowed=t("scenario.allowed.once"),
        do=t("scenario.do.twice"),
    )
    return [((*path, "where", "territory"), codes, refused)] if twice else []
