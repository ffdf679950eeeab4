"""The shape of one scenario file: what each key may hold, before its base is looked at."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, TypeGuard
from unicodedata import combining, normalize

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from scenarios.files import overlays
from scenarios.levers import levers
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
from simulator.engine.states import AREAS, LAST_MONTH, REPORT_FROM, month_index, month_name
from simulator.evidence import load_ledger
from simulator.evidence.ledger import SHOCKS
from simulator.evidence.money import EXPENDITURES
from simulator.faults import did_you_mean
from simulator.texts import t

SCHEMA_VERSION: Final = 1

CONTEXTS: Final = (
    *("poverty", "background_load"),
    *(f.name for f in load_ledger().factors.values() if f.kind == "state" and f.neutral > 0.0),
)
"""Drivers, and the factors of institutions that a scenario may assume to be other than the rules say."""

RECORDED: Final = tuple(sorted({row.programme for row in load_ledger().programmes}))
"""Programmes of the record that a scenario may leave out, to see what would have been without them."""

FINDINGS: Final = tuple(f"F{number}" for number in range(1, 22))
EVIDENCE: Final = (*FINDINGS, *(f"Rec{number}" for number in range(1, 5)), *load_ledger().sources)
"""What a scenario may rest on: findings and recommendations of the evaluation, and sources of the ledger."""

ADMITS: Final = ("girls", "boys", "all")
PLACE_FORMS: Final = ("sexual", "labour", "all")
PLACES_LEVER: Final = "specialised_places"

SMALLEST_MULTIPLIER: Final = 0.25
LARGEST_MULTIPLIER: Final = 4.0
LARGEST_MONEY_MULTIPLIER: Final = 100.0
SMALLEST_LEVEL: Final = -1.0
LARGEST_LEVEL: Final = 3.0
LONGEST_RAMP: Final = 120
MOST_MONEY: Final = 1e11
"""Most that one amount can be: about half of the whole budget of Peru."""

FIRST_YEAR: Final = 2017
LAST_YEAR: Final = 2051
"""Fiscal years of amounts and payers: a US fiscal year begins three months early."""

FIRST_PRICE_YEAR: Final = 2012
LAST_PRICE_YEAR: Final = 2050
CLOSE_TO_ONE: Final = 1e-6
LONGEST_LABEL: Final = 120
LONGEST_TEXT: Final = 2000

WHOLE: Final[dict[str, tuple[int, int]]] = {
    "ramp_months": (0, LONGEST_RAMP),
    "price_year": (FIRST_PRICE_YEAR, LAST_PRICE_YEAR),
    "from_": (FIRST_YEAR, LAST_YEAR),
    "to": (FIRST_YEAR, LAST_YEAR),
    "every_months": (1, LONGEST_RAMP),
    "lag_months": (0, LONGEST_RAMP),
    "months": (1, LONGEST_RAMP),
}
"""Limits of whole numbers, by the name of their field."""

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
    low, high = WHOLE.get(str(info.field_name), (-math.inf, math.inf))
    if not low <= value <= high:
        raise RefusedError(do=t("scenario.do.range"))
    return value


def is_finite(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number that can be reckoned with; whole ones may be too long for that."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _number(value: object) -> float:
    if not is_finite(value):
        raise RefusedError()
    return float(value) + 0.0  # -0.0 and 0.0 are the same policy and must have the same hash


def _multiplier(value: object) -> float:
    number = _number(value)
    if not SMALLEST_MULTIPLIER <= number <= LARGEST_MULTIPLIER:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _money_multiplier(value: object) -> float:
    number = _number(value)
    if not 0.0 <= number <= LARGEST_MONEY_MULTIPLIER:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _level(value: object) -> float:
    number = _number(value)
    if not SMALLEST_LEVEL <= number <= LARGEST_LEVEL:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _share(value: object) -> float:
    number = _number(value)
    if not 0.0 <= number <= 1.0:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _money(value: object) -> float:
    number = _number(value)
    if not 0.0 <= number <= MOST_MONEY:
        raise RefusedError(do=t("scenario.do.range"))
    return number


def _shares(value: object) -> object:
    """Refuse shares that do not add up to one; what each of them is, is checked by itself."""
    if not isinstance(value, Mapping) or not value:
        raise RefusedError()
    if all(map(is_finite, value.values())):
        total = sum(map(float, value.values()))
        if not abs(total - 1.0) <= CLOSE_TO_ONE:
            raise RefusedError(
                found=t("scenario.found.sum", total=f"{total:g}"),
                allowed=t("scenario.allowed.sum"),
                do=t("scenario.do.sum"),
            )
    return value


def _years(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise RefusedError()
    for year in value:
        if not re.fullmatch(r"[0-9]{4}", str(year)) or not FIRST_YEAR <= int(year) <= LAST_YEAR:
            raise RefusedError(found=t("scenario.found.year", year=str(year)[:20]))
    return {str(year): amount for year, amount in value.items()}


def _own_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value):
        raise RefusedError()
    return value


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


@dataclass(frozen=True)
class OneOf:
    """A word of a closed list, for pydantic: checked before anything else, and told to editors as a list."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic checks the word."""
        return core_schema.no_info_before_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return what an editor is told."""
        return {**handler(schema), "enum": list(self.names)}

    def check(self, value: object) -> str:
        """Return the word, or refuse it."""
        if not isinstance(value, str) or value not in self.names:
            raise RefusedError(do=did_you_mean(str(value), self.names))
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
    if is_finite(value):
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


def _told(**schema: Any) -> WithJsonSchema:
    """Return what an editor is told of a value that is checked by code."""
    return WithJsonSchema(schema)


_MONTH_TOLD: Final = _told(type="string", pattern="^[0-9]{4}-(0[1-9]|1[0-2])$")
_SHARE_TOLD: Final = _told(type="number", minimum=0, maximum=1)
_MONEY_TOLD: Final = _told(type="number", minimum=0, maximum=MOST_MONEY)
_LINES: Final = tuple(load_ledger().lines)

type _Territory = Annotated[
    int, BeforeValidator(_territory), _told(type="string", enum=list(load_ledger().territories.codes))
]
type _Month = Annotated[int, BeforeValidator(_month), _MONTH_TOLD]
type _LastMonth = Annotated[int, BeforeValidator(_last_month), _MONTH_TOLD]
type _Share = Annotated[float, BeforeValidator(_share), _SHARE_TOLD]
type _Money = Annotated[float, BeforeValidator(_money), _MONEY_TOLD]


def _each(names: tuple[str, ...]) -> dict[str, Any]:
    """Return properties, each a share."""
    return {name: {"type": "number", "minimum": 0, "maximum": 1} for name in names}


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
    area: Annotated[str, OneOf(AREAS)] | None = None


class ContextPart(Part):
    """An assumption about the world."""

    use: Annotated[str, OneOf(CONTEXTS)]
    where: WherePart = WherePart()
    from_: _Month = Field(alias="from")
    to: _LastMonth | None = None
    multiply: Annotated[float, BeforeValidator(_multiplier)]


class ShockPart(Part):
    """A shock that strikes."""

    use: Annotated[str, OneOf(SHOCKS)]
    where: Annotated[WherePart, BeforeValidator(_shock_where)] = WherePart()
    from_: _Month = Field(alias="from")
    to: _LastMonth | None = None
    level: Annotated[float, BeforeValidator(_level)]


class InterventionPart(Part):
    """A lever at work."""

    use: Annotated[str, OneOf(tuple(levers()))]
    where: Annotated[WherePart, BeforeValidator(_lever_where)] = WherePart()
    start: _Month
    end: _LastMonth | None = None
    ramp_months: Annotated[int, BeforeValidator(_whole)] = 0
    amount: Annotated[float, BeforeValidator(_amount)]
    admits: Annotated[str, OneOf(ADMITS), BeforeValidator(_only_places)] | None = None
    forms: Annotated[str, OneOf(PLACE_FORMS), BeforeValidator(_only_places)] | None = None


class GrantPart(Part):
    """Money for one or several lines."""

    lines: Annotated[
        dict[Annotated[str, OneOf(_LINES)], _Share],
        BeforeValidator(_shares),
        _told(type="object", additionalProperties=False, properties=_each(_LINES)),
    ]
    where: WherePart = WherePart()
    split: Annotated[str, OneOf(SPLITS)] = "need"
    amount: _Money | None = None
    amounts: Annotated[dict[str, _Money], BeforeValidator(_years)] | None = None


class PayersPart(Part):
    """Who pays from a fiscal year on."""

    from_: Annotated[int, BeforeValidator(_whole)] = Field(alias="from")
    shares: Annotated[
        dict[Annotated[str, OneOf(PAYERS)], _Share],
        BeforeValidator(_shares),
        _told(type="object", additionalProperties=False, properties=_each(PAYERS)),
    ]


class OutcomePart(Part):
    """An outcome that is watched."""

    signal: Annotated[str, OneOf(SIGNALS)]
    at_least: _Money
    by: _Month
    share: _Share = 0.0


class AdaptPart(Part):
    """How a programme moves its money."""

    every_months: Annotated[int, BeforeValidator(_whole)]
    share: _Share
    lag_months: Annotated[int, BeforeValidator(_whole)]
    signal: Annotated[str, OneOf(SIGNALS)]


class TransitionPart(Part):
    """What follows the end of a programme."""

    share: _Share
    months: Annotated[int, BeforeValidator(_whole)]
    payer: Annotated[str, OneOf(PAYERS)]


class StopPart(Part):
    """A registered value that ends a programme before its last month."""

    signal: Annotated[str, OneOf(SIGNALS)]
    per: Annotated[str, OneOf(SIGNALS)] | None = None
    at_least: _Money


class ProgrammePart(Part):
    """Money with a start, a length and an end."""

    name: Annotated[str, BeforeValidator(_own_name)]
    label: LabelPart
    kind: Annotated[str, OneOf(KINDS_OF_PROGRAMME)] = "programme"
    start: _Month
    end: _LastMonth | None = None
    ramp_months: Annotated[int, BeforeValidator(_whole)] = 0
    delivery: Annotated[str, OneOf(DELIVERIES)] = "state"
    funding: Annotated[str, OneOf(FUNDINGS)] = "prescribed"
    co_design: _Share = 0.0
    currency: Annotated[str, OneOf(CURRENCIES)] = "PEN"
    price_year: Annotated[int, BeforeValidator(_whole)] | None = None
    fiscal_year: Annotated[str, OneOf(FISCAL_YEARS)] = "peru"
    payers: list[PayersPart] = []
    budget: list[GrantPart]
    outcomes: list[OutcomePart] = []
    adapt: AdaptPart | None = None
    stop_when: StopPart | None = None
    transition: TransitionPart | None = None


OF_PROGRAMMES: Final[dict[str, type[Part]]] = {
    "budget": GrantPart,
    "payers": PayersPart,
    "outcomes": OutcomePart,
}
"""Lists of a programme, and what each of their rows is."""


class AdjustPart(Part):
    """What a programme of the base has otherwise; what is not named stays."""

    programme: Annotated[str, BeforeValidator(_own_name)]
    multiply: Annotated[float, BeforeValidator(_money_multiplier)] | None = None
    start: _Month | None = None
    end: _LastMonth | None = None
    ramp_months: Annotated[int, BeforeValidator(_whole)] | None = None
    delivery: Annotated[str, OneOf(DELIVERIES)] | None = None
    funding: Annotated[str, OneOf(FUNDINGS)] | None = None
    co_design: _Share | None = None
    adapt: AdaptPart | None = None
    stop_when: StopPart | None = None
    transition: TransitionPart | None = None


class ClaimPart(Part):
    """What the model shows of a scenario beside another one, to be checked by running both."""

    measure: Annotated[str, OneOf(MEASURES)]
    than: Annotated[str, BeforeValidator(_base)]
    direction: Annotated[str, OneOf(DIRECTIONS)]
    from_: Annotated[int, BeforeValidator(_whole)] = Field(alias="from")
    to: Annotated[int, BeforeValidator(_whole)]
    under: Annotated[str, OneOf(tuple(overlays()))] | None = None
    unexpected: bool = False
    mostly_by: Annotated[str, OneOf(_LINES)] | None = None


class UnitCostPart(Part):
    """A unit cost of the scenario's own."""

    line: Annotated[str, OneOf(_LINES)]
    kind: Annotated[str, OneOf(EXPENDITURES)]
    value: _Money
    price_year: Annotated[int, BeforeValidator(_whole)]
    currency: Annotated[str, OneOf(CURRENCIES)] = "PEN"
    source: Annotated[str, _sentence(LONGEST_LABEL)]
    entity: Annotated[str, _sentence(LONGEST_LABEL)]


class ScenarioFile(Part):
    """The shape of one file, before its base is looked at."""

    schema_: Annotated[Literal[1], BeforeValidator(_whole)] = Field(alias="schema")
    base: Annotated[str, BeforeValidator(_base)] | None = None
    label: LabelPart
    question: TextPart | None = None
    description: TextPart | None = None
    assumptions: TextPart | None = None
    evidence: list[Annotated[str, OneOf(EVIDENCE)]] = []
    claims: list[ClaimPart] = []
    until: _Month | None = None
    without: list[Annotated[str, OneOf(RECORDED)]] = []
    parameters: dict[str, Annotated[float, BeforeValidator(_number)]] = {}
    context: list[ContextPart] = []
    shocks: list[ShockPart] = []
    interventions: list[InterventionPart] = []
    programmes: list[ProgrammePart] = []
    adjust: list[AdjustPart] = []
    unit_costs: list[UnitCostPart] = []


def _keys(part: type[Part]) -> tuple[str, ...]:
    return tuple(info.alias or name for name, info in part.model_fields.items())


FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "": _keys(ScenarioFile),
    **dict.fromkeys(("label", "question", "description", "assumptions"), ("es", "en")),
    "context": _keys(ContextPart),
    "interventions": _keys(InterventionPart),
    "shocks": _keys(ShockPart),
    "where": _keys(WherePart),
    "programmes": _keys(ProgrammePart),
    "budget": _keys(GrantPart),
    "payers": _keys(PayersPart),
    "outcomes": _keys(OutcomePart),
    "adapt": _keys(AdaptPart),
    "transition": _keys(TransitionPart),
    "stop_when": _keys(StopPart),
    "adjust": _keys(AdjustPart),
    "claims": _keys(ClaimPart),
    "unit_costs": _keys(UnitCostPart),
}
"""Keys that each kind of group may have."""
