"""What the rules of a month read: tables fixed before any child acts, from inputs, factors and homes.

The world hands them to its kernels; the stock-and-flow twin (``simulator.twin``) reads the same ones, so
that the two can differ only in how children are represented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.population import DIVERSITY, FRAGILITY, MIGRATION, NORMS, SCHOOLING
from simulator.engine.states import CHANNELS, JUDGE, N_PLACES, N_TERRITORIES, SHELTER
from simulator.inputs import LIMA
from simulator.rules import care, justice, networks, recruitment, referral, reintegration

if TYPE_CHECKING:
    from simulator.engine.factors import Factors
    from simulator.engine.population import Population
    from simulator.inputs import Inputs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_CARE: Final = 0.1
"""Care that is left where nobody is at work, relative to the reference: discharges hasten tenfold at most."""


def entry_tables(inputs: Inputs, now: Factors, population: Population, t: int) -> recruitment.EntryTables:
    """Return what the rate of entry reads: drivers of month ``t`` and factors as they stand."""
    p = inputs.values
    multiplier = np.tile(inputs.entry.multiplier, (N_PLACES, 1))
    tolerance = np.repeat(now["tolerance"], 2)
    schooling = np.repeat(now["low_schooling"], 2)
    for factor, excess in (
        (FRAGILITY, now["absence_exposure"]),
        (DIVERSITY, now["rejection"]),
        (MIGRATION, now["migrant_exposure"]),
    ):
        # What is left of the excess risk of those exposed.
        multiplier[:, factor] = 1.0 + (multiplier[:, factor] - 1.0) * np.repeat(excess, 2)
    # Fewer are exposed where tolerance and low schooling fall; where they rise, the exposed are so more.
    multiplier[:, NORMS] *= np.maximum(tolerance, 1.0)
    multiplier[:, SCHOOLING] *= np.maximum(schooling, 1.0)
    demand = 1.0 + p["networks.demand_mining"] * inputs.mining * now["mining_demand"]
    common = np.repeat(now["exposure"] * now["entry_exposure"], 2)
    common[1::2] *= now["rural_exposure"]
    pressure = np.stack([common * np.repeat(networks.pressure(now, demand), 2), common])
    labour = np.stack([np.ones(N_PLACES), np.repeat(now["placements"], 2)])
    reached = np.repeat(now["reached"], 2)
    tables = recruitment.EntryTables(
        base=inputs.entry.base,
        multiplier=multiplier,
        pressure=pressure,
        labour=labour,
        poverty=inputs.poverty[t],
        school=(population.school_threshold * np.minimum(schooling, 1.0)).astype(np.int64),
        norm=(population.norm_threshold * np.minimum(tolerance, 1.0)).astype(np.int64),
        community_rank=population.community_rank,
        groups=(inputs.groups[t] * np.minimum(reached, 1.0)).astype(np.int64),
        cash=inputs.cash[t],
        rr_groups=p["recruitment.rr_targeted_groups"],
        rr_cash=p["recruitment.rr_cash_transfer"],
    )
    raised = recruitment.raised(tables, inputs.entry.multiplier)
    return tables._replace(
        pressure=pressure * np.minimum(recruitment.HIGHEST_RAISE / np.maximum(raised, 1e-9), 1.0)
    )


def return_tables(inputs: Inputs, now: Factors, t: int) -> recruitment.ReturnTables:
    """Return what the rate of return to exploitation reads."""
    p = inputs.values
    return recruitment.ReturnTables(
        monthly=inputs.returns,
        in_care=p["returns.rr_in_shelter"],
        completed=p["returns.rr_completed"],
        extreme_poverty=p["returns.rr_extreme_poverty"],
        mentor=p["returns.rr_mentor"],
        early=p["m054.ratio"],
        early_from=round(p["m054.delay"]),
        trauma=np.repeat(now["trauma"], 2),
        rerecruited=np.repeat(now["rerecruitment"], 2),
        extreme=inputs.extreme[t],
        support=inputs.support[t],
        mentors=inputs.mentors[t],
    )


def stay_tables(inputs: Inputs, now: Factors, crowded: Floats, t: int) -> care.StayTables:
    """Return how children leave care: crowding, staff and standards of the homes.

    Parameters
    ----------
    crowded : [facility] what crowding, as last found, multiplies premature discharges by
    """
    p = inputs.values
    stay = np.where(
        inputs.facility_specialised == 1, p["care.stay_specialised_months"], p["care.stay_general_months"]
    )
    early, abscond = p["care.premature_share"], p["care.abscond_share"]
    able = np.maximum(now["strength"][SHELTER] * now["quality"][SHELTER], LEAST_CARE)
    quality = able[inputs.facility_territory]
    return care.StayTables(
        normal=max(1.0 - early - abscond, 0.0) / stay,
        premature=early / stay * crowded / quality,
        abscond=abscond / stay / quality,
        family=1.0 / p["care.stay_family_months"],
        quality=inputs.quality[t],
    )


def follow_up_tables(inputs: Inputs, now: Factors) -> reintegration.FollowUpTables:
    """Return how follow-up ends: completed or interrupted."""
    p = inputs.values
    support = now.lagged("M083")
    completion = justice.odds(p["reintegration.completion"], now["completion_odds"])
    return reintegration.FollowUpTables(
        rate=1.0 / p["reintegration.follow_up_months"],
        completion=np.repeat(completion + (1.0 - completion) * support, 2),
    )


def find_rates(inputs: Inputs, gains: Floats | None) -> Floats:
    """Return [channel 5, form 3, place 52] monthly rates of identification; ``gains`` is [channel, place]."""
    if gains is None:
        gains = np.ones((len(CHANNELS), N_PLACES))
    return np.asarray(inputs.identification * gains[:, None])


def referred(inputs: Inputs, now: Factors, t: int) -> Floats:
    """Return [place] the share of identified children within reach of a UPE and referred to it."""
    complete = np.repeat(now["referral_completion"], 2)
    reach = inputs.referred[t] * np.repeat(now["regional_reach"], 2)
    share = 1.0 - np.clip(1.0 - reach, 0.0, 1.0) / complete
    return np.where(inputs.referred[t] > 0.0, np.clip(share, 0.0, 1.0), 0.0)


def referral_tables(
    inputs: Inputs, now: Factors, queue: referral.Queue, reached: Floats, t: int
) -> referral.ReferralTables:
    """Return what referral reads; ``reached`` comes from ``referred``, ``queue`` is that of the UPEs."""
    p = inputs.values
    months = np.full(N_TERRITORIES, p["referral.months_to_upe"] * p["upe.response_ratio_regions"])
    months[list(LIMA)] = p["referral.months_to_upe"]
    pace = 1.0 - np.exp(-now["response_speed"] / months)
    staffed = np.minimum(now["strength"][JUDGE], 1.0)
    return referral.ReferralTables(
        reached=reached,
        loss=inputs.loss[t] / np.repeat(now["referral_completion"], 2),
        upe=queue.chance * pace,
        judge=1.0 - np.exp(-now["response_speed"] * staffed / p["referral.months_to_judge"]),
    )


def care_tables(inputs: Inputs, now: Factors, t: int) -> care.CareTables:
    """Return what measures and the search for places read."""
    p = inputs.values
    transfer: Any = np.rint([0.0, p["care.transfer_months_near"], p["care.transfer_months_far"]])
    return care.CareTables(
        decision=1.0 - np.exp(-now["decision_speed"] / p["care.decision_months"]),
        residential_girls_sexual=p["care.residential_share_girls_sexual"],
        residential_other=p["care.residential_share_other"],
        judge_seeks_specialised=p["care.judge_seeks_specialised"],
        plan=np.minimum(inputs.plan[t] * np.repeat(now["measure_quality"], 2), 1.0),
        refusal=np.array([0.0, p["care.refusal_near"], p["care.refusal_far"]]),
        transfer=transfer.astype(np.int64),
        travel_class=inputs.travel,
        order=inputs.order,
        max_wait=p["care.max_wait_months"],
    )


def crowding(inputs: Inputs, facilities: Integers | Floats) -> Floats:
    """Return [territory] occupancy of the homes of each territory over its norm."""
    where = inputs.facility_territory
    places = np.bincount(where, facilities[:, care.PLACES], N_TERRITORIES)
    taken = np.bincount(where, facilities[:, care.OCCUPIED], N_TERRITORIES)
    norm = inputs.values["care.occupancy_norm"]
    return np.divide(taken, places * norm, out=np.ones(N_TERRITORIES), where=places > 0.0)
