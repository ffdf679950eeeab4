"""What only shows when the parts of a programme are read together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.shape import RefusedError
from simulator.documents import Place
from simulator.engine.states import START_YEAR
from simulator.texts import t

if TYPE_CHECKING:
    from scenarios.shape import GrantPart, ProgrammePart, ScenarioFile

type Found = tuple[Place, object, RefusedError]

US_SHIFT = 3
"""A US fiscal year begins in October of the year before."""


def programme_faults(shape: ScenarioFile) -> Iterator[Found]:
    """Yield what does not fit together: names given twice, money outside its time, and so on."""
    seen: set[str] = set()
    for g, programme in enumerate(shape.programmes):
        here: Place = ("programmes", g)
        if programme.name in seen:
            refused = RefusedError(allowed=t("scenario.allowed.once_name"), do=t("scenario.do.once_name"))
            yield (*here, "name"), programme.name, refused
        seen.add(programme.name)
        if not programme.budget:
            yield (*here, "budget"), [], RefusedError()
        yield from _money_in_time(here, programme)
        yield from _payers(here, programme)
        yield from _outcomes(here, programme)
        if programme.transition is not None and programme.end is None:
            yield (*here, "transition"), programme.transition, _refused("transition")
        if programme.kind == "regional_policy":
            yield from _regional(here, programme)
    costs: set[tuple[str, str]] = set()
    for i, cost in enumerate(shape.unit_costs):
        if (cost.line, cost.kind) in costs:
            refused = RefusedError(allowed=t("scenario.allowed.once_cost"), do=t("scenario.do.once_cost"))
            yield ("unit_costs", i, "line"), cost.line, refused
        costs.add((cost.line, cost.kind))


def _refused(key: str, **values: object) -> RefusedError:
    return RefusedError(
        found=t(f"scenario.found.{key}", None, **values),
        allowed=t(f"scenario.allowed.{key}", None, **values),
        do=t(f"scenario.do.{key}", None, **values),
    )


def fiscal_years(programme: ProgrammePart) -> tuple[int, int | None]:
    """Return the first and the last fiscal year in which a programme has months; ``None`` = no last one."""
    shift = US_SHIFT if programme.fiscal_year == "us" else 0
    last = None if programme.end is None else START_YEAR + (programme.end + shift) // 12
    return START_YEAR + (programme.start + shift) // 12, last


def _money_in_time(here: Place, programme: ProgrammePart) -> Iterator[Found]:
    first, last = fiscal_years(programme)
    for k, grant in enumerate(programme.budget):
        place: Place = (*here, "budget", k)
        if (grant.amount is None) == (grant.amounts is None):
            yield place, grant, _refused("amount_or_amounts")
        for year in grant.amounts or {}:
            if int(year) < first or (last is not None and int(year) > last):
                span = f"{first}" if last == first else f"{first}-{last or ''}"
                yield (*place, "amounts", year), year, _refused("outside_programme", year=year, span=span)


def _payers(here: Place, programme: ProgrammePart) -> Iterator[Found]:
    first, _ = fiscal_years(programme)
    years = [row.from_ for row in programme.payers]
    if years and min(years) > first:
        yield (*here, "payers"), programme.payers, _refused("no_payer", first=first, since=min(years))
    for k, year in enumerate(years):
        if year in years[:k]:
            yield (*here, "payers", k, "from"), year, _refused("payers_twice", year=year)


def _outcomes(here: Place, programme: ProgrammePart) -> Iterator[Found]:
    releasing = [outcome for outcome in programme.outcomes if outcome.share > 0.0]
    if programme.funding == "milestones" and not releasing:
        yield (*here, "outcomes"), programme.outcomes, _refused("no_milestone")
    for k, outcome in enumerate(programme.outcomes):
        if outcome.share > 0.0 and programme.funding != "milestones":
            yield (*here, "outcomes", k, "share"), outcome.share, _refused("share_without_milestones")
        if outcome.by < programme.start:
            yield (*here, "outcomes", k, "by"), outcome.by, _refused("outcome_too_early")


def _regional(here: Place, programme: ProgrammePart) -> Iterator[Found]:
    """A regional policy has a territory, an expiry date and outcomes of its own."""
    if programme.end is None:
        yield (*here, "end"), None, _refused("no_expiry")
    if not programme.outcomes:
        yield (*here, "outcomes"), [], _refused("no_outcome")
    places = {tuple(_codes(grant)) for grant in programme.budget}
    if len(places) != 1 or len(next(iter(places))) != 1:
        yield (*here, "budget"), programme.budget, _refused("not_one_territory")


def _codes(grant: GrantPart) -> list[int]:
    return sorted(grant.where.territory)
