"""Programmes: how much of what is asked for reaches people, and what is left when outside funding ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulator.engine.factors import Array, Factors

MOST_REACHED = 2.0
"""Delivery can at most double what a programme of the reference period reaches."""

PREVENTION = (
    "awareness_campaigns",
    "parents_in_campaigns",
    "community_groups",
    "root_causes",
    "school_retention",
    "care_services",
    "family_support",
    "inclusion_programmes",
    "intergenerational_support",
)
"""Levers of prevention, whose money is taken first when rescue is under pressure."""


def deliver(now: Factors, asked: Array, funded: Array, outside: Array, legacy: Array) -> None:
    """Turn what policy and programmes ask for into what is reached, territory by territory.

    Parameters
    ----------
    asked : [lever, territory] level that policy asks for, in the order of ``now.delivered``
    funded : the same, what money with an end pays for now
    outside : [territory] 1 where partners deliver a programme
    legacy : as ``funded``, what such money, ended too, has built up; changed in place
    """
    p = now.p
    presence = outside
    kept = 0.5 ** (1.0 / p["programmes.continuity_months"])
    now["continuity"] = presence + (now.left("continuity") - presence) * kept
    now["concentration"] = presence - presence.mean()
    now["programme_ever"] = np.maximum(now.left("programme_ever"), presence)
    now["funding_ended"] = now["programme_ever"] * (1.0 - presence)

    now["local_capacity"] = now.link("M002") * now.link("M003")
    now["delivery"] = now.link("M020")
    now["implementation"] = now.link("M016") * now.link("M079") * now.link("M105")
    now["misallocation"] = now.link("M056")
    now["effectiveness"] = now.link("M057")
    now["adaptation"] = now.link("M031") * now.link("M110")
    now["ownership"] = now.link("M080")
    now["lasting"] = now.link("M081")
    now["retention"] = now.link("M082")
    now["demonstrated_success"] = now.before("community_groups").mean()
    now["community_demand"] = now.link("M032")
    now["remoteness"] = now["rurality"] * (1.0 - now["mobile_services"])
    now["coverage_per_sol"] = now.link("M062")
    now["prevention_funding"] = now.before("rescue_load") ** -p["programmes.crowding_out"]

    reached = (
        now["delivery"]
        * now["implementation"]
        * now["effectiveness"]
        / now["misallocation"]
        * now["coverage_per_sol"]
        * now["local_capacity"]
        * now.before("regional_funding")
        * now.before("buy_in")
        * now["resources"]
    )
    now["reached"] = np.clip(reached, 0.0, MOST_REACHED)
    legacy *= 0.5 ** (1.0 / p["programmes.legacy_half_life"])
    np.maximum(legacy, funded, out=legacy)
    left = (legacy - funded) * np.minimum(now["lasting"] * now["retention"], 1.0)
    levels = (asked + funded + left) * now["reached"]
    for i, name in enumerate(now.delivered):
        if name in PREVENTION:
            levels[i] *= now["prevention_funding"]
        if name == "community_groups":
            levels[i] *= now["community_demand"]
    now.put(now.delivered, np.clip(levels, 0.0, 1.0))
