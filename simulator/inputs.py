"""What a run reads: parameters, drivers and policy of one scenario and one parameter set, month by month.

Everything a scenario can change ends up here as plain arrays whose first axis is the month, or as solved
constants. Two runs with equal inputs up to a month have equal histories up to that month, which is what
lets a scenario fork from another one's kept state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.levers import Bilingual
from scenarios.schema import Scenario
from simulator.engine.factors import Factor, Link, lever_order
from simulator.engine.population import rank_threshold
from simulator.engine.states import (
    BOY,
    FAMILY_CARE,
    GENERAL_SHELTER,
    GIRL,
    INSTITUTIONS,
    LABOUR,
    N_PLACES,
    N_STATES,
    N_TERRITORIES,
    SEXUAL,
    SPECIALISED_SHELTER,
    START_YEAR,
)
from simulator.evidence.drivers import child_poverty, rural_share
from simulator.evidence.ledger import SHOCKS
from simulator.evidence.mechanisms import links
from simulator.history import History, history, shocks
from simulator.policy.budget import Budget, Decision
from simulator.policy.levers import PLACES as PLACES_LEVER
from simulator.policy.levers import levels, multipliers, path, territory_levels
from simulator.rules import exits, identification, networks, recruitment
from simulator.rules.care import facilities_by_distance, group_bit, travel_classes
from simulator.rules.workforce import settled
from simulator.system import CALIBRATION, rehearse

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger
    from simulator.evidence.ledger import InstitutionRow

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LIMA: Final = (6, 14)
"""Territories whose UPEs are the metropolitan ones: Callao and Lima Metropolitana."""

ALL_GROUPS: Final = 0b1111
UPE_REFERENCE_YEAR: Final = 2023
POVERTY_REFERENCE_MONTH: Final = 12 * (2019 - START_YEAR) + 6
CORE: Final = 2
"""Mark of a territory at the core of illegal mining."""

OPENING: Final = ("open_places_to_boys", "open_places_to_labour")
"""Levers that open the shelters of the record to more children."""

SHELTER_REFERENCE_MONTH: Final = 12 * (2023 - START_YEAR) + 6
"""Mid 2023, for which the total of specialised places is known."""


@dataclass(frozen=True)
class Expected:
    """What one parameter set expects, [territory]; flows are monthly, stocks are persons or cases.

    ``exploited`` children; ``identified`` children; ``protected`` by either of UPE and judge; ``complaints``
    and ``adult_complaints``; ``open_cases`` and, of these, ``trials``; ``convictions``; ``adults`` in
    exploitation and ``adult_entries``.
    """

    exploited: Floats
    identified: Floats
    protected: Floats
    complaints: Floats
    adult_complaints: Floats
    open_cases: Floats
    trials: Floats
    convictions: Floats
    adults: Floats
    adult_entries: Floats


@dataclass(frozen=True)
class Fixed:
    """What policy is worked out from, beside its money: nothing in it changes during a run.

    Attributes
    ----------
    p : parameter values; rural, by_territory : [territory] rural share; share of the country's children
    load : [month, territory] a scenario's multiplier of background load
    """

    scenario: Scenario
    p: Mapping[str, float]
    ledger: Ledger
    n_months: int
    scale: float
    rural: Floats
    by_territory: Floats
    load: Floats


@dataclass(frozen=True)
class Inputs:
    """See the module. Monthly arrays start in January 2012; the others hold for the whole run.

    Attributes
    ----------
    values : parameter values by name
    entry : solved recruitment; stock : what the parameters expect of the reference population
    destination : [territory, territory] cumulative share of where children from a territory are taken
    identification : [channel 5, form 3, place 52] monthly rates at the gains of the calibration period
    returns : [assisted 2, months] monthly rates
    poverty, extreme : [month, place] ranks below which a child is (extremely) poor
    groups, cash, support, mentors : [month, place] ranks below which a child is covered
    history : what the record and the scenario ask of institutions
    factors, links : the quantities of institutions, and the causal statements between them
    expected : what the parameters expect of the reference population, by territory
    police_load : [territory] other cases of the police a month
    other_load : [month, territory] background load of the other institutions, relative to mid 2019
    rurality, connectivity : [territory] shares; outside_lima : [territory]
    adult_share : [territory] part of the country's adult victims expected there, times the share simulated
    mining : [territory] 0 to 1, how far mining demand is felt; network_group : [territory]
    upe_load : [month, territory] background cases that arrive
    referred, loss : [month, place]
    facility_territory, facility_specialised : [facility]
    admits : [month, facility] whom a facility admits
    places, background : [month, facility] places, and those that other children take
    plan : [month, state 13, place] share who get a plan
    quality : [month, territory]
    fixed : what policy is worked out from again when money moves during a run
    budget : the money of the scenario's programmes; scale : share of the country that is simulated
    usual_vacancy : [institution] share of posts vacant in reference conditions
    upe_units : [month, territory] UPEs open; upe_reference_units : [territory] those of 2023
    """

    values: Mapping[str, float]
    entry: recruitment.Recruitment
    stock: exits.ExpectedStock
    destination: Floats
    identification: Floats
    returns: Floats
    poverty: Integers
    extreme: Integers
    groups: Integers
    cash: Integers
    support: Integers
    mentors: Integers
    history: History
    factors: Mapping[str, Factor]
    links: Mapping[str, Link]
    expected: Expected
    police_load: Floats
    other_load: Floats
    rurality: Floats
    connectivity: Floats
    adult_share: Floats
    outside_lima: NDArray[np.bool_]
    mining: Floats
    network_group: Integers
    upe_load: Floats
    upe_units: Integers
    upe_reference_units: Integers
    upe_reference_load: Floats
    referred: Floats
    loss: Floats
    facility_territory: Integers
    facility_specialised: Integers
    admits: Integers
    places: Integers
    background: Integers
    travel: Integers
    order: Integers
    plan: Floats
    quality: Floats
    budget: Budget
    scale: float
    usual_vacancy: Floats
    fixed: Fixed

    @property
    def n_months(self) -> int:
        """Months covered, from January 2012."""
        return int(self.poverty.shape[0])

    def first_difference(self, other: Inputs) -> int:
        """Return the first month in which two runs can differ (0 if they differ from the start)."""
        months = min(self.n_months, other.n_months)
        return min(_first_difference(self, other, months), self._first_new_place(other, months))

    def _first_new_place(self, other: Inputs, months: int) -> int:
        """Return the first month in which only one of two runs has some facility open, at most ``months``.

        Facilities that a scenario adds stand behind all others; until they have places they change nothing.
        """
        common = min(self.facility_territory.size, other.facility_territory.size)
        for name in FACILITIES:
            if not np.array_equal(getattr(self, name)[:common], getattr(other, name)[:common]):
                return 0
        first = months
        for inputs in (self, other):
            is_open = inputs.places[:months, common:].any(axis=1)
            if is_open.any():
                first = min(first, int(np.argmax(is_open)))
        for name in ("places", "background", "admits"):
            mine, theirs = getattr(self, name)[:, :common], getattr(other, name)[:, :common]
            first = min(first, _first_unequal(mine, theirs, months))
        return first


MONTHLY: Final = frozenset(
    (
        *("poverty", "extreme", "groups", "cash", "support", "mentors", "upe_load", "upe_units"),
        *("other_load", "referred", "loss", "plan", "quality"),
        *("delivered", "granted", "funded", "outside", "shocks", "police_unit", "prosecutor_office"),
        *("posts", "added_posts"),
    )
)
"""Fields whose first axis is the month."""

FACILITIES: Final = ("facility_territory", "facility_specialised")
"""Fields whose first axis is the facility; ``order`` follows from them."""

APART: Final = (*FACILITIES, "order", "places", "background", "admits", "fixed")
"""Fields looked at apart, or that hold only what others follow from."""


def _first_difference(mine: Any, other: Any, months: int) -> int:
    """Return the first month in which two groups of inputs can differ, at most ``months``."""
    first = months
    for field in fields(mine):
        a, b = getattr(mine, field.name), getattr(other, field.name)
        if field.name in MONTHLY:
            first = min(first, _first_unequal(a, b, months))
        elif field.name == "history":
            first = min(first, _first_difference(a, b, months))
        elif field.name == "context":
            for name in a.keys() | b.keys():
                one = np.ones((months, N_TERRITORIES))
                first = min(first, _first_unequal(a.get(name, one), b.get(name, one), months))
        elif field.name == "budget":
            first = min(first, _first_decision_unlike(a, b, months))
        elif field.name not in APART and not _equal(a, b):
            return 0
    return first


def _first_decision_unlike(mine: Budget, other: Budget, months: int) -> int:
    """Return the first month in which what a run shows can move the money of two runs apart."""
    if mine.rules() == other.rules():
        return months
    return min([months, *list(mine.decisions())[:1], *list(other.decisions())[:1]])


def _first_unequal(a: NDArray[Any], b: NDArray[Any], months: int) -> int:
    """Return the first month in which two monthly arrays differ, at most ``months``."""
    if a.shape[1:] != b.shape[1:]:
        return 0
    unequal = (a[:months] != b[:months]).reshape(months, -1).any(axis=1)
    return int(np.argmax(unequal)) if unequal.any() else months


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return bool(np.array_equal(a, b))
    if hasattr(a, "__dataclass_fields__"):
        return all(_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return bool(a == b)


def destinations(p: Mapping[str, float], distances: Floats, mining: Integers) -> Floats:
    """Return [territory, territory] share of children exploited away who are taken to each other territory.

    A gravity of pull and distance between capitals; aggregate pressure only, no routes.
    """
    pull = np.where(
        mining == 2,
        p["movement.pull_mining_core"],
        np.where(mining == 1, p["movement.pull_mining_present"], 1.0),
    )
    weight = pull * np.exp(-distances / p["movement.distance_scale_km"])
    np.fill_diagonal(weight, 0.0)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def arriving(share: Floats, away: float, countryside: NDArray[np.bool_]) -> Floats:
    """Return [place of origin, place] where the entries of a place are exploited."""
    out = np.zeros((N_PLACES, N_PLACES))
    for origin in range(N_PLACES):
        territory, area = divmod(origin, 2)
        for target in range(N_TERRITORIES):
            kept = area if countryside[target] else 0
            out[origin, 2 * target + kept] += away * share[territory, target]
        out[origin, origin] += 1.0 - away
    return out


def prepare(
    scenario: Scenario,
    values: Mapping[str, float],
    ledger: Ledger,
    population: Population,
    n_months: int,
) -> Inputs:
    """Work out the inputs of one run.

    Parameters
    ----------
    scenario : what is asked for
    values : parameter values of the draw; the scenario's own parameter values replace them
    ledger, population : the evidence, and the children built from it
    n_months : months since January 2012 that the run can reach

    """
    p = {**values, **scenario.parameters}
    land = ledger.territories
    rural = rural_share(ledger)
    countryside = rural > 0.0
    scale = population.scale
    entry = recruitment.solve(p, population.margins)
    returns = recruitment.return_rates(p)
    n_children = float(population.margins.sum())
    stock = exits.expected_stock(
        entry.entries, exits.exit_rates(p), returns[0], n_children, p["identification.known_per_year"] * scale
    )
    share = destinations(p, ledger.distances, land.mining_marker)
    where = identification.stock_by_place(
        entry.entries_by_place, stock.stock, arriving(share, p["movement.share_away"], countryside)
    )
    rates = identification.derive_rates(p, identification.channel_weights(p), where, scale)

    children = population.margins.sum(axis=(1, 2, 3)).astype(float).reshape(N_TERRITORIES, 2)
    by_territory = children.sum(axis=1) / max(children.sum(), 1.0)
    load = territory_levels(multipliers(scenario.context, "background_load", n_months), rural)

    poverty_context = multipliers(scenario.context, "poverty", n_months)
    poor = np.minimum(child_poverty(ledger, n_months) * poverty_context, 1.0)
    extreme = np.minimum(child_poverty(ledger, n_months, extreme=True) * poverty_context, 1.0)
    poverty_of = territory_levels(poor, rural)
    usual = territory_levels(child_poverty(ledger, POVERTY_REFERENCE_MONTH + 1)[-1:], rural)
    need = (poverty_of / usual) ** p["workforce.demand_follows_poverty"]

    people = _shares(land.population_2017)
    away = p["movement.share_away"]
    # Adults come from all people and are drawn elsewhere as children are.
    grown_up = (1.0 - away) * people + away * (people @ share)
    expected = _expected(p, entry, stock, rates, where, grown_up, scale)
    fixed = Fixed(scenario, p, ledger, n_months, scale, rural, by_territory, load)
    asked = levels(scenario.interventions, n_months)
    stopped = np.clip(shocks(scenario, ledger, n_months)[:, SHOCKS.index("funding_stop")], 0.0, 1.0)
    adults = float(expected.adults.sum()) / scale
    budget = Budget(scenario, asked, p, ledger, n_months, adults, stock.after / scale, stopped)
    inputs = Inputs(
        values=p,
        entry=entry,
        stock=stock,
        destination=np.cumsum(share, axis=1),
        identification=rates,
        returns=returns,
        poverty=rank_threshold(_delayed(poor, p["m088.delay"])),
        extreme=rank_threshold(_delayed(extreme, p["m084.delay"])),
        factors=ledger.factors,
        links=links(ledger.mechanisms, ledger.factors, p),
        expected=expected,
        police_load=p["police.background_cases"] * scale / 12.0 * by_territory,
        other_load=load * need,
        rurality=rural,
        connectivity=land.internet_share_2025,
        adult_share=_shares(expected.adults) * scale,
        outside_lima=np.array([k not in LIMA for k in range(N_TERRITORIES)]),
        mining=np.where(
            land.mining_marker == CORE,
            1.0,
            np.where(land.mining_marker > 0, p["networks.mining_present"], 0.0),
        ),
        network_group=_network_groups(land.zones),
        upe_load=_upe_trend(ledger, n_months)[:, None]
        * _upe_reference_load(p, ledger, by_territory, scale)
        * load,
        upe_units=_upe_units(ledger, n_months),
        upe_reference_units=_upe_units(ledger, SHELTER_REFERENCE_MONTH + 1)[-1],
        upe_reference_load=_upe_reference_load(p, ledger, by_territory, scale),
        budget=budget,
        scale=scale,
        usual_vacancy=_usual_vacancy(p),
        fixed=fixed,
        **policy(fixed, budget),
    )
    trend = replace(inputs, history=_trend_history(fixed))
    gains = rehearse(trend, population.digest, (rates * where).sum(axis=1))
    return replace(inputs, identification=rates / gains[:, None, None])


def policy(fixed: Fixed, budget: Budget) -> dict[str, Any]:
    """Return the inputs that policy sets: levels of levers, places, institutions."""
    p, n_months = fixed.p, fixed.n_months
    held, ending = budget.levels()
    level = levels(fixed.scenario.interventions, n_months, held)
    total = levels(fixed.scenario.interventions, n_months, held, ending)

    reach = np.tile([p["upe.reach_urban"], p["upe.reach_rural"]], N_TERRITORIES)
    reach = reach + (1.0 - reach) * total["upe_reach"]
    coordination = total["referral_coordination"]
    referred = p["referral.share_referred"]
    plan = np.zeros((n_months, N_STATES, N_PLACES))
    for state, name in (
        (SPECIALISED_SHELTER, "care.plan_coverage_specialised"),
        (GENERAL_SHELTER, "care.plan_coverage_general"),
        (FAMILY_CARE, "care.plan_coverage_family"),
    ):
        plan[:, state] = p[name] + (1.0 - p[name]) * total["plan_coverage"]
    context = {
        item.use: territory_levels(multipliers(fixed.scenario.context, item.use, n_months), fixed.rural)
        for item in fixed.scenario.context
        if item.use in fixed.ledger.factors
    }
    told = history(
        fixed.scenario,
        {name: territory_levels(level[name], fixed.rural) for name in level},
        context,
        p,
        fixed.ledger,
        lever_order(fixed.ledger.factors),
        fixed.by_territory,
        n_months,
        fixed.scale,
        {name: territory_levels(ending[name], fixed.rural) for name in ending},
        budget.outside(),
    )
    opened = [territory_levels(total[name], fixed.rural) for name in OPENING]
    return {
        "groups": rank_threshold(total["targeted_groups"]),
        "cash": rank_threshold(total["cash_transfer"]),
        "support": rank_threshold(total["economic_support"]),
        "mentors": rank_threshold(total["mentor_aftercare"]),
        "history": told,
        "referred": reach * (referred + (1.0 - referred) * coordination),
        "loss": p["referral.loss"] * (1.0 - coordination),
        "plan": plan,
        "quality": territory_levels(total["care_quality"], fixed.rural),
        **_facilities(fixed, budget, opened),
    }


def replanned(inputs: Inputs, decisions: Sequence[Decision]) -> Inputs:
    """Return the inputs after decisions have moved money; those of the months before them do not change."""
    budget = inputs.budget.decided(decisions)
    return replace(inputs, budget=budget, **policy(inputs.fixed, budget))


def _usual_vacancy(p: Mapping[str, float]) -> Floats:
    """Return [institution] the share of posts vacant in reference conditions."""
    staff = settled(p, np.ones((len(INSTITUTIONS), 1)))
    return np.asarray(staff.vacant[:, 0])


def _trend_history(fixed: Fixed) -> History:
    """Return the record alone up to the end of the calibration period: no scenario moves what was counted."""
    nothing = Scenario(name="record", label=Bilingual("", ""))
    names = lever_order(fixed.ledger.factors)
    return history(
        nothing, {}, {}, fixed.p, fixed.ledger, names, fixed.by_territory, CALIBRATION.stop, fixed.scale
    )


def _delayed(series: Floats, delay: float) -> Floats:
    """Return a monthly series read ``delay`` months back."""
    months = round(delay)
    return np.concatenate([np.repeat(series[:1], months, axis=0), series])[: series.shape[0]]


def _network_groups(zones: tuple[str, ...]) -> Integers:
    """Return [territory] group of regions; the two metropolitan territories are one of their own."""
    return np.array(
        [0 if k in LIMA else networks.GROUPS.index(zone) for k, zone in enumerate(zones)], np.int64
    )


def _expected(
    p: Mapping[str, float],
    entry: recruitment.Recruitment,
    stock: exits.ExpectedStock,
    rates: Floats,
    where: Floats,
    grown_up: Floats,
    scale: float,
) -> Expected:
    """Work out what the parameters expect by territory, with institutions in reference conditions.

    Adults are recorded where they are exploited. Who turns 18 in exploitation stays where it is; ``grown_up``
    is [territory] where those are who were first exploited as adults, as shares.
    """

    def by_territory(place: Floats) -> Floats:
        return np.asarray(place[0::2] + place[1::2])

    exploited = by_territory(where.sum(axis=0))
    identified = by_territory((rates * where).sum(axis=(0, 1)))
    grown = float(entry.entries.sum() + stock.returns) * stock.by_18th_birthday / 12.0
    aged_out = grown * _shares(exploited)
    adult_entries = p["registers.adult_entries_per_year"] * scale / 12.0 * grown_up
    adults = (aged_out + adult_entries) / (1.0 - np.exp(-1.0 / p["registers.adult_spell_months"]))
    adult_complaints = p["justice.adult_complaints_per_year"] * scale / 12.0 * _shares(adults)
    complaints = identified * p["justice.complaint_share"] + adult_complaints
    charged = complaints * p["justice.charge_share"]
    trials = charged * p["justice.trial_months"]
    return Expected(
        exploited=exploited,
        identified=identified,
        protected=0.5 * identified,
        complaints=complaints,
        adult_complaints=adult_complaints,
        open_cases=complaints * p["justice.investigation_months"] + trials,
        trials=trials,
        convictions=charged * p["justice.conviction_share"],
        adults=adults,
        adult_entries=adult_entries,
    )


def _shares(amount: Floats) -> Floats:
    """Return amounts as shares of their sum; nothing of nothing."""
    return np.asarray(amount / max(float(amount.sum()), 1e-9))


def _upe_units(ledger: Ledger, n_months: int) -> Integers:
    """Return [month, territory] UPEs that are open."""
    units = np.zeros((n_months, N_TERRITORIES), np.int64)
    for row in ledger.institutions:
        if row.kind == "upe":
            stop = n_months if row.closes is None else row.closes
            units[max(row.opens, 0) : stop, row.territory] += row.units
    return units


def _upe_reference_load(p: Mapping[str, float], ledger: Ledger, by_territory: Floats, scale: float) -> Floats:
    """Return [territory] cases of other children a month in 2023, wherever a UPE is open to take them.

    The national count is spread over the territories with a UPE in that year by their children.
    """
    open_then = _upe_units(ledger, SHELTER_REFERENCE_MONTH + 1)[-1] > 0
    served = max(float(by_territory[open_then].sum()), 1e-9)
    return np.asarray(p["upe.background_cases"] * scale / 12.0 * by_territory / served)


def _upe_trend(ledger: Ledger, n_months: int) -> Floats:
    """Return [month] the load per territory relative to 2023: the ledger's counts, flat before and after."""
    years, counts = ledger.background["upe"]
    recent = years >= UPE_REFERENCE_YEAR
    middle = 12.0 * (years[recent] - START_YEAR) + 6.0
    return np.asarray(np.interp(np.arange(n_months, dtype=float), middle, counts[recent] / counts[recent][0]))


def _facilities(fixed: Fixed, budget: Budget, opened: Sequence[Floats]) -> dict[str, Integers]:
    """Return the facilities: specialised shelters of the record, those a scenario opens, general homes.

    The order is lasting: records first, then general homes, then what scenarios add, so that a scenario
    without new places has the facilities of the baseline. ``opened`` is, for boys and for labour victims,
    [month, territory] the share of the shelters of the record that take them too.
    """
    p, ledger, n_months, scale = fixed.p, fixed.ledger, fixed.n_months, fixed.scale
    by_territory, load = fixed.by_territory, fixed.load
    territory: list[int] = []
    specialised: list[int] = []
    admits: list[Integers] = []
    places: list[Floats] = []
    background: list[Floats] = []
    shelters = [row for row in ledger.institutions if row.kind == "specialised_shelter"]
    of_2023 = sum(
        row.units * row.places
        for row in shelters
        if row.opens <= SHELTER_REFERENCE_MONTH
        and (row.closes is None or row.closes > SHELTER_REFERENCE_MONTH)
    )
    factor = p["care.specialised_places"] / of_2023 * scale
    others = p["care.specialised_background_share"]
    month = np.arange(n_months)
    for row in shelters:
        is_open = (month >= row.opens) & (month < (n_months if row.closes is None else row.closes))
        territory.append(row.territory)
        specialised.append(1)
        own = [other for other in shelters if other.territory == row.territory]
        admits.append(_opened(row, own.index(row), len(own), opened))
        places.append(np.asarray(row.units * row.places * factor * is_open, float))
        background.append(places[-1] * others)
    residents = np.interp(
        month, 12.0 * (ledger.background["homes"][0] - START_YEAR) + 6.0, ledger.background["homes"][1]
    )
    trend = residents / ledger.background["homes"][1][-1]
    for k in range(N_TERRITORIES):
        territory.append(k)
        specialised.append(0)
        admits.append(np.full(n_months, ALL_GROUPS))
        places.append(np.full(n_months, p["homes.places"] * scale * by_territory[k]))
        background.append(p["homes.background_residents"] * scale * by_territory[k] * trend * load[:, k])
    new = [
        # Places without money of their own come into use some months after they are decided.
        (k, item.admits, item.forms, _delayed(path(item, n_months), p["m039.delay"]))
        for item in fixed.scenario.interventions
        if item.use == PLACES_LEVER
        for k in item.territories or range(N_TERRITORIES)
    ]
    for k, who, forms, number in (*new, *budget.places()):
        territory.append(k)
        specialised.append(1)
        admits.append(np.full(n_months, _groups(who, forms)))
        places.append(number * scale)
        background.append(places[-1] * others)
    where = np.array(territory, np.int64)
    total = np.floor(np.array(places).T + 1e-9).astype(np.int64)
    taken = np.minimum(np.rint(np.array(background).T).astype(np.int64), total)
    return {
        "facility_territory": where,
        "facility_specialised": np.array(specialised, np.int64),
        "admits": np.array(admits, np.int64).T,
        "places": total,
        "background": taken,
        "travel": travel_classes(ledger.distances, p["care.near_km"]),
        "order": facilities_by_distance(ledger.distances, where),
    }


def _opened(row: InstitutionRow, number: int, of: int, opened: Sequence[Floats]) -> Integers:
    """Return [month] whom a shelter of the record admits: whole shelters open, in the order of the record."""
    boys, labour = (np.rint(share[:, row.territory] * of) > number for share in opened)
    kinds = {
        (False, False): _groups(row.admits, row.forms),
        (True, False): _groups("all", row.forms),
        (False, True): _groups(row.admits, "all"),
        (True, True): ALL_GROUPS,
    }
    return np.array(
        [kinds[bool(one), bool(other)] for one, other in zip(boys, labour, strict=True)], np.int64
    )


def _groups(admits: str, forms: str) -> int:
    """Return the bits of sex by form that a facility admits."""
    sexes = {"girls": (GIRL,), "boys": (BOY,), "all": (GIRL, BOY)}[admits]
    kinds = {"sexual": (SEXUAL,), "labour": (LABOUR,), "all": (SEXUAL, LABOUR)}[forms]
    bits = 0
    for sex in sexes:
        for form in kinds:
            bits |= int(group_bit(sex, form))
    return bits
