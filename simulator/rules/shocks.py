"""Shocks: what a pandemic, a political crisis or arrivals do, and how far institutions withstand them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.engine.factors import Array, Factors

FADING = ("pandemic", "political_crisis", "new_authorities", "arrivals")
"""Shocks that fade after they end; the others hold while they last and are over at once."""


def strike(now: Factors, in_force: Mapping[str, Array]) -> None:
    """Set the level of every shock: what is in force, or what is left of it.

    ``in_force`` holds [territory] levels by shock, as the calendar has set them.
    """
    for name, level in in_force.items():
        if name in FADING:
            left = now.before(name) * 0.5 ** (1.0 / now.p[f"shocks.half_life_{name}"])
            now[name] = np.maximum(level, left)
        else:
            now[name] = level


def weather(now: Factors) -> None:
    """Presence in the field, resources and trust suffer; adaptation and a continuity plan soften the blow."""
    p = now.p
    now["shock_loss"] = now.link("M111")
    kept = 1.0 - now["continuity_plan"] * p["shocks.continuity_plan_effect"]
    now["disruption"] = now["pandemic"] * now["shock_loss"] * kept
    now["income_crisis"] = now["pandemic"]
    weight = p["coordination.new_authorities_weight"]
    unrest = now["political_crisis"] + weight * now["new_authorities"]
    now["turbulence"] = unrest / now.before("sustainability")
    now["field_presence"] = now.link("M024")
    executed = 1.0 + now["execution_attributable"] / p["budget.execution_attributable"]
    now["resources"] = now.link("M026") * executed
    now["victim_trust"] = now.link("M027")
    now["exposure"] = now.link("M030")
    reception = 1.0 - now["migrant_reception"] * p["shocks.reception_effect"]
    now["migrant_exposure"] = now.link("M100", reception) * now.link("M103")
    now["protection_demand"] = now.link("M101", reception)
