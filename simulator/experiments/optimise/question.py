"""A question about money: what is wanted, how much there is, what binds, and how sure the answer must be.

A question is a YAML file, checked whole before anything is said, like a scenario.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo

from scenarios.files import LONGEST_NAME, SUFFIXES, is_there, library, open_document
from scenarios.levers import Bilingual
from scenarios.programmes import PAYERS
from scenarios.schema import Scenario, load_scenario
from scenarios.shape import (
    FIRST_PRICE_YEAR,
    LAST_PRICE_YEAR,
    MOST_MONEY,
    LabelPart,
    OneOf,
    Part,
    RefusedError,
    WherePart,
)
from simulator.documents import Document, Place, shown
from simulator.engine.states import LAST_MONTH, START_YEAR
from simulator.evidence import load_ledger
from simulator.experiments.optimise.measures import MEASURES
from simulator.experiments.structures import load_structures
from simulator.faults import Fault, FaultyInput, did_you_mean, listed
from simulator.texts import t

RISKS: Final = ("mean", "p10", "worst_structure")
"""What of an outcome counts: its mean over samples, their tenth percentile, mean of the worst structure."""

ANSWERS: Final = ("split", "least", "front", "path", "territory", "year")
FIRST_MONEY: Final = 2026
LAST_YEAR: Final = START_YEAR + LAST_MONTH // 12
MOST_IN_FRONT: Final = 3
SMALLEST_PART, LARGEST_PART = 0.1, 10.0
LIMITS: Final = {
    "simulations": (50, 1_000_000),
    "draws": (2, 200),
    "fresh_draws": (4, 1000),
    "starts": (1, 200),
    "seed": (0, 2**31 - 1),
    "price_year": (FIRST_PRICE_YEAR, LAST_PRICE_YEAR),
    "until": (FIRST_MONEY, LAST_YEAR),
    "from_": (FIRST_MONEY, LAST_YEAR),
    "to": (FIRST_MONEY, LAST_YEAR),
    "year": (FIRST_MONEY, LAST_YEAR),
}
"""Limits of whole numbers, by the name of their field."""


@dataclass(frozen=True)
class Bound:
    """Least and most that some lines get together, or all lines in some territories; soles a year.

    Attributes
    ----------
    lines : empty = all
    territories : indices 0..25; empty = the whole country
    keep : each of the lines gets at least what the present split gives it
    """

    lines: tuple[str, ...] = ()
    territories: tuple[int, ...] = ()
    at_least: float = 0.0
    at_most: float = math.inf
    keep: bool = False


@dataclass(frozen=True)
class Target:
    """A value that a measure must reach in a year, with a probability over the samples."""

    measure: str
    year: int
    value: float
    probability: float


@dataclass(frozen=True)
class Effort:
    """How much is computed.

    Attributes
    ----------
    simulations : most runs of the model from the first month of money on
    draws : parameter sets on which plans are compared while searching
    fresh_draws : further ones, of another seed, on which the answer is confirmed
    starts : of the search on the stand-in, from which local optima are found
    """

    simulations: int = 1200
    draws: int = 6
    fresh_draws: int = 20
    starts: int = 12
    seed: int = 0


@dataclass(frozen=True)
class Question:
    """What a search answers.

    Attributes
    ----------
    base : scenario that the money is added to
    objective : (measure, weight) of what is gained, weights positive; see ``MEASURES``
    money : (year, soles) that there is
    lines : budget lines that compete
    measured : first and last year over which gains count
    outside_lima : least share of the money outside Lima Metropolitana
    both_sexes : least share of every gain for girls, and for boys; only measures told by sex
    answers : of ``ANSWERS``
    structures : rival structures that the samples go round; none = the ledger as it is
    front : measures of the Pareto front
    path : multiples of the money for which the best split is sought
    """

    name: str
    label: Bilingual
    base: Scenario
    objective: tuple[tuple[str, float], ...]
    money: tuple[tuple[int, float], ...]
    lines: tuple[str, ...]
    price_year: int = 2025
    payer: str = "national"
    lasts: bool = True
    until: int = 2030
    measured: tuple[int, int] = (2027, 2030)
    bounds: tuple[Bound, ...] = ()
    outside_lima: float = 0.0
    both_sexes: float = 0.0
    risk: str = "mean"
    structures: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    answers: tuple[str, ...] = ("split",)
    front: tuple[str, ...] = ()
    path: tuple[float, ...] = ()
    effort: Effort = Effort()

    @property
    def total(self) -> float:
        """Return soles a year on average."""
        return sum(amount for _, amount in self.money) / len(self.money)

    @property
    def years(self) -> int:
        """Return how many years are told of every run: from the first of money or measuring on."""
        return self.until - self.first_year + 1

    @property
    def first_year(self) -> int:
        """Return the first year told of every run."""
        return min(self.money[0][0], self.measured[0])


# What one value may be; each refusal has its own words.


def _refused(kind: str, **words: object) -> RefusedError:
    return RefusedError(allowed=t(f"question.allowed.{kind}", None, **words), do=t(f"question.do.{kind}"))


def _whole(value: object, info: ValidationInfo) -> int:
    low, high = LIMITS[str(info.field_name)]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _refused("whole", low=low, high=high)
    return value


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:  # type: ignore[operator]
            raise _refused("number", low=f"{low:g}", high=f"{high:g}")
        return float(value)  # type: ignore[arg-type]

    return check


def _group(kind: str) -> Callable[[object], object]:
    """Return the check of a group that may not be empty."""

    def check(value: object) -> object:
        if not isinstance(value, Mapping) or not value:
            raise _refused(kind)
        return value

    return check


def _years(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise _refused("money")
    for year in value:
        if not re.fullmatch(r"[0-9]{4}", str(year)) or not FIRST_MONEY <= int(str(year)) <= LAST_YEAR:
            raise _refused("years", low=FIRST_MONEY, high=LAST_YEAR)
    return {str(year): amount for year, amount in value.items()}


def _list(kind: str) -> Callable[[object], object]:
    """Return the check of a list that may not be empty nor name anything twice."""

    def check(value: object) -> object:
        if not isinstance(value, list) or not value or len({str(one) for one in value}) < len(value):
            raise _refused(kind)
        return value

    return check


def _file(value: object) -> str:
    if not isinstance(value, str) or not value or re.search(r"[\\/:\x00]", value):
        raise _refused("base", names=listed(tuple(library()), t("scenario.library")))
    return value


_LINES: Final = tuple(load_ledger().lines)
_EXECUTION: Final = load_ledger().parameters["budget.execution_incremental"]
_STRUCTURES: Final = tuple(load_structures())
type _Whole = Annotated[int, BeforeValidator(_whole)]
type _Share = Annotated[float, BeforeValidator(_number(0.0, 1.0))]
type _Money = Annotated[float, BeforeValidator(_number(0.0, MOST_MONEY))]
type _Weight = Annotated[float, BeforeValidator(_number(0.0, 1e9))]
type _Measure = Annotated[str, OneOf(tuple(MEASURES))]
type _Line = Annotated[str, OneOf(_LINES)]


class BoundPart(Part):
    """What some lines or places get at least, or at most."""

    lines: Annotated[list[_Line], BeforeValidator(_list("lines"))] = Field(default_factory=list)
    where: WherePart = WherePart()
    at_least: _Money = 0.0
    at_most: _Money | None = None
    keep: bool = False


class TargetPart(Part):
    """What must be reached."""

    measure: _Measure
    year: _Whole
    reach: Annotated[float, BeforeValidator(_number(0.0, 1e9))]
    probability: _Share = 0.5


class MeasuredPart(Part):
    """First and last year over which gains count."""

    from_: _Whole = Field(alias="from")
    to: _Whole


class EffortPart(Part):
    """How much is computed."""

    simulations: _Whole = Effort.simulations
    draws: _Whole = Effort.draws
    fresh_draws: _Whole = Effort.fresh_draws
    starts: _Whole = Effort.starts
    seed: _Whole = Effort.seed


class QuestionFile(Part):
    """The shape of a question file."""

    schema_: Annotated[Literal[1], BeforeValidator(_number(1, 1))] = Field(alias="schema")
    label: LabelPart
    base: Annotated[str, BeforeValidator(_file)] = "baseline"
    objective: Annotated[dict[_Measure, _Weight], BeforeValidator(_group("objective"))]
    money: Annotated[dict[str, _Money], BeforeValidator(_years)]
    price_year: _Whole = 2025
    payer: Annotated[str, OneOf(PAYERS)] = "national"
    lasts: bool = True
    until: _Whole = 2030
    measured: MeasuredPart | None = None
    execution: Annotated[float, BeforeValidator(_number(_EXECUTION.low, _EXECUTION.high))] | None = None
    lines: Annotated[list[_Line], BeforeValidator(_list("lines"))] = Field(
        default_factory=lambda: list(_LINES)
    )
    bounds: list[BoundPart] = Field(default_factory=list)
    outside_lima: _Share = 0.0
    both_sexes: Annotated[float, BeforeValidator(_number(0.0, 0.5))] = 0.0
    risk: Annotated[str, OneOf(RISKS)] = "mean"
    structures: Annotated[list[Annotated[str, OneOf(_STRUCTURES)]], BeforeValidator(_list("structures"))] = (
        Field(default_factory=list)
    )
    targets: list[TargetPart] = Field(default_factory=list)
    answers: Annotated[list[Annotated[str, OneOf(ANSWERS)]], BeforeValidator(_list("answers"))] = Field(
        default_factory=lambda: ["split"]
    )
    front: Annotated[list[_Measure], BeforeValidator(_list("front"))] = Field(default_factory=list)
    path: list[Annotated[float, BeforeValidator(_number(SMALLEST_PART, LARGEST_PART))]] = Field(
        default_factory=list
    )
    effort: EffortPart = EffortPart()


PARTS: Final[dict[str, type[Part]]] = {
    "": QuestionFile,
    "label": LabelPart,
    "where": WherePart,
    "bounds": BoundPart,
    "targets": TargetPart,
    "measured": MeasuredPart,
    "effort": EffortPart,
}
"""Kind of group under each name."""


def load_question(path: str | PathLike[str]) -> Question:
    """Return the question of a file.

    Raises
    ------
    FaultyInput
        With every fault of the file, and of the scenario that it builds on, each with its line.
    """
    file = Path(path)
    if not is_there(file):
        missing = Fault(
            shown(str(path), LONGEST_NAME),
            t("scenario.found.no_file"),
            t("question.allowed.file"),
            t("question.do.file"),
        )
        raise FaultyInput([missing])
    return question_of(open_document(file), shown(file.stem, LONGEST_NAME), file.parent)


def question_of(document: Document, name: str, folder: Path) -> Question:
    """Return the question of a document; its base may stand in ``folder``.

    Raises
    ------
    FaultyInput
        With every fault.
    """
    faults = list(document.faults)
    shape: QuestionFile | None = None
    try:
        shape = QuestionFile.model_validate(document.data, by_alias=True, by_name=False)
    except ValidationError as error:
        faults += [_fault(document, details) for details in error.errors(include_url=False)]
    base: Scenario | None = None
    below: tuple[Fault, ...] = ()
    asked = document.data.get("base", "baseline")
    if isinstance(asked, str) and not re.search(r"[\\/:\x00]", asked):
        try:
            base = load_scenario(_base_path(asked, folder))
        except FaultyInput as error:
            if asked in library() or is_there(folder / asked):
                below = error.faults
            else:
                refused = RefusedError(
                    found=t("scenario.found.no_base", name=shown(asked)),
                    allowed=t("question.allowed.base", names=listed(tuple(library()), t("scenario.library"))),
                    do=did_you_mean(asked, tuple(library())),
                )
                faults.append(_told(document, ("base",), asked, refused))
    if shape is not None:
        faults += [_told(document, *found) for found in _across(shape)]
    if faults or below or shape is None or base is None:
        raise FaultyInput([*dict.fromkeys(faults), *below])
    return _question(shape, name, base)


def _base_path(base: str, folder: Path) -> str | Path:
    if base in library():
        return base
    names = (base, *(f"{base}{suffix}" for suffix in SUFFIXES))
    return next((folder / one for one in names if is_there(folder / one)), folder / base)


def _fault(document: Document, details: Any) -> Fault:
    path = tuple(step for step in details["loc"] if step != "[key]")
    cause = details.get("ctx", {}).get("error")
    key = str(path[-1]) if path else ""
    if details["type"] == "extra_forbidden":
        words = [step for step in path[:-1] if isinstance(step, str)]
        part = PARTS[words[-1] if words else ""]
        keys = tuple(info.alias or name for name, info in part.model_fields.items())
        refused = RefusedError(
            found=t("scenario.found.unknown_key", key=shown(key)),
            allowed=", ".join(keys),
            do=did_you_mean(key, keys),
        )
    elif details["loc"][-1] == "[key]":
        refused = RefusedError(
            found=t("scenario.found.unknown_key", key=shown(key)),
            allowed=", ".join(MEASURES),
            do=did_you_mean(key, tuple(MEASURES)),
        )
        return _told(document, path, key, refused)
    elif details["type"] == "missing":
        refused = RefusedError(
            found=t("scenario.found.missing"),
            allowed=t("question.allowed.key", key=key),
            do=t("scenario.do.missing", key=key),
        )
        return _told(document, path, None, refused)
    else:
        refused = cause if isinstance(cause, RefusedError) else RefusedError()
    return _told(document, path, details["input"], refused)


def _told(document: Document, path: Place, value: object, refused: RefusedError) -> Fault:
    return Fault(
        where=document.where(path),
        found=refused.found or document.found(path, value),
        allowed=refused.allowed or t("question.allowed.value", names=_allowed(path)),
        do=refused.do or t("question.do.value"),
    )


def _allowed(path: Place) -> str:
    """Return the words of a closed list, or where the shape of files is told."""
    lists = {
        **{"payer": PAYERS, "risk": RISKS, "answers": ANSWERS},
        **{"measure": tuple(MEASURES), "front": tuple(MEASURES), "lines": _LINES, "structures": _STRUCTURES},
    }
    word = next((step for step in reversed(path) if isinstance(step, str)), "")
    return listed(lists.get(word, ("docs/optimisation.md",)), "sintrata explain lines")


def _across(shape: QuestionFile) -> list[tuple[Place, object, RefusedError]]:
    """Return what only shows when values are read together."""
    out: list[tuple[Place, object, RefusedError]] = []
    years = sorted(int(year) for year in shape.money)

    def refuse(path: Place, value: object, kind: str, **words: object) -> None:
        out.append((path, value, _refused(kind, **words)))

    if years != list(range(years[0], years[-1] + 1)) or years[-1] > shape.until:
        refuse(("money",), dict(shape.money), "row_of_years", until=shape.until)
    total = sum(shape.money.values()) / len(years)
    if total <= 0.0:
        refuse(("money",), dict(shape.money), "some_money")
    measured = shape.measured
    if measured is not None and not measured.from_ <= measured.to <= shape.until:
        refuse(("measured",), {"from": measured.from_, "to": measured.to}, "span", until=shape.until)
    if not any(shape.objective.values()):
        refuse(("objective",), dict(shape.objective), "objective")
    for k, bound in enumerate(shape.bounds):
        if bound.at_most is not None and bound.at_most < bound.at_least:
            refuse(("bounds", k, "at_most"), bound.at_most, "above", low=f"{bound.at_least:g}")
        foreign = [line for line in bound.lines if line not in shape.lines]
        if foreign:
            refuse(("bounds", k, "lines"), foreign, "competing", names=", ".join(foreign[:6]))
        if bound.where.area is not None:
            refuse(("bounds", k, "where", "area"), bound.where.area, "no_area")
        if bound.keep and (bound.where.territory or not bound.lines):
            refuse(("bounds", k, "keep"), bound.keep, "keep")
    least = sum(bound.at_least for bound in shape.bounds if not bound.where.territory)
    if least > total and "least" not in shape.answers:
        refuse(("bounds",), [1] * len(shape.bounds), "floors", total=f"{total:,.0f}", least=f"{least:,.0f}")
    for k, target in enumerate(shape.targets):
        if target.year > shape.until:
            refuse(("targets", k, "year"), target.year, "until", until=shape.until)
    if "front" in shape.answers and not 2 <= len(shape.front) <= MOST_IN_FRONT:
        refuse(("front",), list(shape.front), "front")
    if "path" in shape.answers and not shape.path:
        refuse(("path",), list(shape.path), "path")
    if shape.risk == "worst_structure" and len(shape.structures) < 2:
        refuse(("structures",), list(shape.structures), "structures")
    if "least" in shape.answers and not shape.targets:
        refuse(("targets",), list(shape.targets), "targets")
    return out


def _question(shape: QuestionFile, name: str, base: Scenario) -> Question:
    money = tuple(sorted((int(year), amount) for year, amount in shape.money.items()))
    last = 12 * (shape.until - START_YEAR) + 11
    base = replace(base, until_ti=last)
    if shape.execution is not None:
        base = replace(base, parameters={**base.parameters, "budget.execution_incremental": shape.execution})
    span = (money[0][0], shape.until)
    if shape.measured is not None:
        span = (shape.measured.from_, shape.measured.to)
    return Question(
        name=name,
        label=Bilingual(shape.label.es, shape.label.en),
        base=base,
        objective=tuple((key, weight) for key, weight in shape.objective.items() if weight > 0.0),
        money=money,
        lines=tuple(shape.lines),
        price_year=shape.price_year,
        payer=shape.payer,
        lasts=shape.lasts,
        until=shape.until,
        measured=span,
        bounds=tuple(
            Bound(
                lines=tuple(row.lines),
                territories=tuple(sorted(row.where.territory)),
                at_least=row.at_least,
                at_most=math.inf if row.at_most is None else row.at_most,
                keep=row.keep,
            )
            for row in shape.bounds
        ),
        outside_lima=shape.outside_lima,
        both_sexes=shape.both_sexes,
        risk=shape.risk,
        structures=tuple(shape.structures),
        targets=tuple(Target(r.measure, r.year, r.reach, r.probability) for r in shape.targets),
        answers=tuple(shape.answers),
        front=tuple(shape.front),
        path=tuple(shape.path),
        effort=Effort(**shape.effort.model_dump()),
    )
