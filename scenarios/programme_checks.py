"""What only shows when the parts of a programme are read together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from scenarios.shape import RefusedError
from simulator.documents import Place
from simulator.engine.states import START_YEAR, month_name
from simulator.faults import did_you_mean
from simulator.texts import t

if TYPE_CHECKING:
    from scenarios.shape import AdjustPart, GrantPart, ProgrammePart, ScenarioFile

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
        yield from _faults_of(here, programme)
    costs: set[tuple[str, str]] = set()
    for i, cost in enumerate(shape.unit_costs):
        if (cost.line, cost.kind) in costs:
            refused = RefusedError(allowed=t("scenario.allowed.once_cost"), do=t("scenario.do.once_cost"))
            yield ("unit_costs", i, "line"), cost.line, refused
        costs.add((cost.line, cost.kind))
    for i, claim in enumerate(shape.claims):
        if claim.to < claim.from_:
            yield ("claims", i, "to"), claim.to, _refused("claim_years", first=claim.from_)
        if claim.mostly_by is not None and claim.direction == "similar":
            yield ("claims", i, "mostly_by"), claim.mostly_by, _refused("claim_of_nothing")


def _faults_of(here: Place, programme: ProgrammePart) -> Iterator[Found]:
    """Yield what does not fit together in one programme."""
    if not programme.budget:
        yield (*here, "budget"), [], RefusedError()
    yield from _money_in_time(here, programme)
    yield from _payers(here, programme)
    yield from _outcomes(here, programme)
    if programme.end is not None and programme.end < programme.start:
        yield (*here, "end"), programme.end, _refused("ends_before", start=month_name(programme.start))
    if programme.transition is not None and programme.end is None:
        yield (*here, "transition"), programme.transition, _refused("transition")
    if programme.stop_when is not None and programme.end is None:
        yield (*here, "stop_when"), programme.stop_when, _refused("stop_when")
    if programme.kind == "regional_policy":
        yield from _regional(here, programme)


def adjusted(programme: ProgrammePart, change: AdjustPart) -> ProgrammePart:
    """Return a programme with what a file of a base above it has otherwise."""
    given = change.model_fields_set - {"programme", "multiply"}
    changes = {name: getattr(change, name) for name in given if getattr(change, name) is not None}
    if change.multiply is not None:
        changes["budget"] = [_times(grant, change.multiply) for grant in programme.budget]
    return programme.model_copy(update=changes)


def _times(grant: GrantPart, factor: float) -> GrantPart:
    if grant.amount is not None:
        return grant.model_copy(update={"amount": factor * grant.amount})
    amounts = {year: factor * amount for year, amount in (grant.amounts or {}).items()}
    return grant.model_copy(update={"amounts": amounts})


def merged_programmes(chain: Sequence[ScenarioFile]) -> dict[str, ProgrammePart]:
    """Return the programmes of a file and its bases, nearest first in ``chain``: adjusted, or replaced."""
    out: dict[str, ProgrammePart] = {}
    for shape in reversed(chain):
        for change in shape.adjust:
            if change.programme in out:
                out[change.programme] = adjusted(out[change.programme], change)
        out |= {programme.name: programme for programme in shape.programmes}
    return out


def adjust_faults(shape: ScenarioFile, below: Mapping[str, ProgrammePart]) -> Iterator[Found]:
    """Yield what is wrong with the adjustments of a file, given the programmes of its bases."""
    for k, change in enumerate(shape.adjust):
        here: Place = ("adjust", k)
        if change.programme not in below:
            names = ", ".join(below) or t("scenario.allowed.no_programme")
            refused = RefusedError(
                allowed=t("scenario.allowed.of_base", names=names),
                do=did_you_mean(change.programme, tuple(below)),
            )
            yield (*here, "programme"), change.programme, refused
            continue
        for place, value, refused in _faults_of(here, adjusted(below[change.programme], change)):
            # What does not fit may stand in the base: then the adjustment itself is named.
            key = place[2] if len(place) > 2 else None
            yield (place[:3] if key in change.model_fields_set else here), value, refused


def claim_faults(shape: ScenarioFile, programmes: Mapping[str, ProgrammePart]) -> Iterator[Found]:
    """Yield every line that a claim names and no programme of the file or its bases pays for."""
    lines = tuple({line: None for one in programmes.values() for grant in one.budget for line in grant.lines})
    for k, claim in enumerate(shape.claims):
        if claim.mostly_by is not None and claim.mostly_by not in lines:
            refused = RefusedError(
                allowed=t("scenario.allowed.paid_line", names=", ".join(lines) or t("cli.nothing")),
                do=did_you_mean(claim.mostly_by, lines),
            )
            yield ("claims", k, "mostly_by"), claim.mostly_by, refused


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
