"""The shape of one scenario file: what each key may hold, before its base is looked at."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Final, Literal
from unicodedata import combining, normalize

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from scenarios.levers import levers
from simulator.engine.states import AREAS, LAST_MONTH, REPORT_FROM, month_index, month_name
from simulator.evidence import load_ledger
from simulator.evidence.ledger import SHOCKS
from simulator.faults import did_you_mean
from simulator.texts import t

SCHEMA_VERSION: Final = 1

CONTEXTS: Final = (
    *("poverty", "background_load"),
    *(f.name for f in load_ledger().factors.values() if f.kind == "state" and f.neutral > 0.0),
)
"""Drivers, and the factors of institutions that a scenario may assume to be other than the rules say."""

ADMITS: Final = ("girls", "boys", "all")
PLACE_FORMS: Final = ("sexual", "labour", "all")
PLACES_LEVER: Final = "specialised_places"

SMALLEST_MULTIPLIER: Final = 0.25
LARGEST_MULTIPLIER: Final = 4.0
SMALLEST_LEVEL: Final = -1.0
LARGEST_LEVEL: Final = 3.0
LONGEST_RAMP: Final = 120
LONGEST_LABEL: Final = 120
LONGEST_TEXT: Final = 2000

_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")


class RefusedError(ValueError):
    """A value that cannot stand, what is allowed and what to do; ``None`` keeps the field's own words."""

    def __init__(self, allowed: str | None = None, do: str | None = None, found: str | None = None) -> None:
        super().__init__(allowed)
        self.allowed = allowed
        self.do = do
        self.found = found


# What one value may be. The place of a value in the file chooses the words for what is allowed.


def _whole(value: object, info: ValidationInfo) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RefusedError()
    if info.field_name == "ramp_months" and not 0 <= value <= LONGEST_RAMP:
        raise RefusedError(do=t("scenario.do.range"))
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise RefusedError()
    return float(value) + 0.0  # -0.0 and 0.0 are the same policy and must have the same hash


def _multiplier(value: object) -> float:
    number = _number(value)
    if not SMALLEST_MULTIPLIER <= number <= LARGEST_MULTIPLIER:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _level(value: object) -> float:
    number = _number(value)
    if not SMALLEST_LEVEL <= number <= LARGEST_LEVEL:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _month(value: object) -> int:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise RefusedError()
    try:
        ti = month_index(value)
    except ValueError:
        raise RefusedError() from None
    if not REPORT_FROM <= ti <= LAST_MONTH:
        raise RefusedError(do=t("scenario.do.period"))
    return ti


def _last_month(value: object, info: ValidationInfo) -> int:
    ti = _month(value)
    first = info.data.get("start", info.data.get("from_"))
    if isinstance(first, int) and ti < first:
        raise RefusedError(
            allowed=t("scenario.allowed.after", month=month_name(first)), do=t("scenario.do.after")
        )
    return ti


def _sentence(longest: int) -> BeforeValidator:
    def check(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise RefusedError()
        if len(value) > longest:
            raise RefusedError(
                found=t("scenario.found.long", length=len(value)),
                allowed=t("scenario.allowed.long", longest=longest),
                do=t("scenario.do.long"),
            )
        return value.strip()

    return BeforeValidator(check)


def _one_of(names: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise RefusedError(do=did_you_mean(str(value), names))
        return value

    return BeforeValidator(check)


def _lever(value: object) -> str:
    if not isinstance(value, str) or value not in levers():
        raise RefusedError(allowed=", ".join(levers()), do=did_you_mean(str(value), tuple(levers())))
    return value


def _amount(value: object, info: ValidationInfo) -> float:
    lever = levers().get(str(info.data.get("use")))
    if lever is None:
        return _number(value)
    allowed = t(
        "scenario.allowed.amount",
        lever=lever.name,
        low=f"{lever.minimum:g}",
        high=f"{lever.maximum:g}",
        unit=t(f"scenario.unit.{lever.unit}"),
    )
    try:
        number = _number(value)
    except RefusedError:
        raise RefusedError(allowed=allowed, do=t("scenario.do.number")) from None
    if not lever.minimum <= number <= lever.maximum:
        raise RefusedError(allowed=allowed, do=t("scenario.do.range"))
    return number


def _only_places(value: object, info: ValidationInfo) -> object:
    use = info.data.get("use")
    if use is not None and use != PLACES_LEVER:
        raise RefusedError(allowed=t("scenario.allowed.only_places"), do=t("scenario.do.only_places"))
    return value


def _lever_where(value: object, info: ValidationInfo) -> object:
    # New places belong to a territory; whom they admit does not depend on where a child's family lives.
    if isinstance(value, Mapping) and "area" in value and info.data.get("use") == PLACES_LEVER:
        raise RefusedError(
            found=t("scenario.found.area_of_places"),
            allowed=t("scenario.allowed.where_of_places"),
            do=t("scenario.do.area_of_places"),
        )
    return value


def _shock_where(value: object) -> object:
    if isinstance(value, Mapping) and "area" in value:
        raise RefusedError(
            found=t("scenario.found.area_of_shocks"),
            allowed=t("scenario.allowed.where_of_places"),
            do=t("scenario.do.area_of_places"),
        )
    return value


def _territory(value: object) -> int:
    codes: tuple[str, ...] = tuple(load_ledger().territories.codes)
    if isinstance(value, str) and value in codes:
        return codes.index(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        code = f"{int(value):02d}" if abs(value) < 1000 else ""
        if code in codes and value == int(value):
            raise RefusedError(do=t("scenario.do.quote", code=code))
    if isinstance(value, str) and f"0{value}" in codes:
        raise RefusedError(do=t("scenario.do.two_digits", code=f"0{value}"))
    if isinstance(value, str):
        near = _code_of_name(value)
        if near is not None:
            raise RefusedError(do=t("scenario.do.name", code=near))
    raise RefusedError()


def _code_of_name(text: str) -> str | None:
    """Return the code of a territory written by its name, accents and capitals aside."""
    land = load_ledger().territories
    codes = {_plain(name): code for name, code in zip(land.names, land.codes, strict=True)}
    near = get_close_matches(_plain(text), codes, n=1, cutoff=0.8)
    return codes[near[0]] if near else None


def _plain(text: str) -> str:
    return "".join(c for c in normalize("NFD", text.casefold()[:60]) if not combining(c))


def _territories(value: object) -> object:
    if not isinstance(value, (list, tuple)) or not value:
        raise RefusedError()
    return list(value)


def _base(value: object) -> str:
    # No folders: a scenario handed over by somebody else must not make us read another part of the disk.
    if not isinstance(value, str) or not value or re.search(r"[\\/:\x00]", value) or value in (".", ".."):
        raise RefusedError()
    return value


type _Territory = Annotated[int, BeforeValidator(_territory)]
type _Month = Annotated[int, BeforeValidator(_month)]
type _LastMonth = Annotated[int, BeforeValidator(_last_month)]


class Part(BaseModel):
    """A group of keys: no others than these, no value turned into another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class LabelPart(Part):
    """A short name in both languages."""

    es: Annotated[str, _sentence(LONGEST_LABEL)]
    en: Annotated[str, _sentence(LONGEST_LABEL)]


class TextPart(Part):
    """A paragraph in both languages."""

    es: Annotated[str, _sentence(LONGEST_TEXT)]
    en: Annotated[str, _sentence(LONGEST_TEXT)]


class WherePart(Part):
    """Which territories and areas; without it, the whole country."""

    territory: Annotated[list[_Territory], BeforeValidator(_territories)] = []
    area: Annotated[str, _one_of(AREAS)] | None = None


class ContextPart(Part):
    """An assumption about the world."""

    use: Annotated[str, _one_of(CONTEXTS)]
    where: WherePart = WherePart()
    from_: _Month = Field(alias="from")
    to: _LastMonth | None = None
    multiply: Annotated[float, BeforeValidator(_multiplier)]


class ShockPart(Part):
    """A shock that strikes."""

    use: Annotated[str, _one_of(SHOCKS)]
    where: Annotated[WherePart, BeforeValidator(_shock_where)] = WherePart()
    from_: _Month = Field(alias="from")
    to: _LastMonth | None = None
    level: Annotated[float, BeforeValidator(_level)]


class InterventionPart(Part):
    """A lever at work."""

    use: Annotated[str, BeforeValidator(_lever)]
    where: Annotated[WherePart, BeforeValidator(_lever_where)] = WherePart()
    start: _Month
    end: _LastMonth | None = None
    ramp_months: Annotated[int, BeforeValidator(_whole)] = 0
    amount: Annotated[float, BeforeValidator(_amount)]
    admits: Annotated[str, _one_of(ADMITS), BeforeValidator(_only_places)] | None = None
    forms: Annotated[str, _one_of(PLACE_FORMS), BeforeValidator(_only_places)] | None = None


class ScenarioFile(Part):
    """The shape of one file, before its base is looked at."""

    schema_: Annotated[Literal[1], BeforeValidator(_whole)] = Field(alias="schema")
    base: Annotated[str, BeforeValidator(_base)] | None = None
    label: LabelPart
    question: TextPart | None = None
    description: TextPart | None = None
    assumptions: TextPart | None = None
    until: _Month | None = None
    parameters: dict[str, Annotated[float, BeforeValidator(_number)]] = {}
    context: list[ContextPart] = []
    shocks: list[ShockPart] = []
    interventions: list[InterventionPart] = []


FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "": tuple(info.alias or name for name, info in ScenarioFile.model_fields.items()),
    "label": ("es", "en"),
    "question": ("es", "en"),
    "description": ("es", "en"),
    "assumptions": ("es", "en"),
    "context": tuple(info.alias or name for name, info in ContextPart.model_fields.items()),
    "interventions": tuple(info.alias or name for name, info in InterventionPart.model_fields.items()),
    "shocks": tuple(info.alias or name for name, info in ShockPart.model_fields.items()),
    "where": tuple(WherePart.model_fields),
}
"""Keys that each kind of group may have."""
