"""Coordination and politics: what agencies agree on, how fast they decide, and what they give priority to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.factors import moving
from simulator.engine.states import COMMISSION

if TYPE_CHECKING:
    from simulator.engine.factors import Factors


def agree(now: Factors) -> None:
    """Agencies come to trust one another, know their roles, and stay with what they agreed on."""
    now["trust"] = now.link("M021")
    now["institutional_roles"] = now.link("M078")
    now["standardisation"] = now.link("M006")
    now["protocol_use"] = now.link("M060")
    now["role_clarity"] = now["institutional_roles"] * now["standardisation"] * now["protocol_use"]
    now["sustainability"] = now.link("M077")
    now["buy_in"] = now.link("M001") * now.link("M099")
    meeting = now.before("strength")[COMMISSION] * now.before("quality")[COMMISSION]
    now["coordination"] = now.link("M047") * now.link("M076") * now["buy_in"] * meeting


def decide(now: Factors) -> None:
    """Decisions, senior staff, priority, and the money and presence that follow from it."""
    p = now.p
    now["decision_speed"] = now.link("M019")
    now["response_speed"] = now.link("M022") * now["decision_speed"]
    now["situational_awareness"] = now.link("M018")
    political = 1.0 - now["career_officials"] * p["workforce.career_posts_senior"]
    now["senior_turnover"] = now.link("M097", political)
    now["priority"] = now.link("M045")
    now["local_priority"] = now["priority"]
    now["regional_funding"] = now.link("M013")
    # Budgets follow recorded cases, unless a floor of services is guaranteed.
    followed = now.before("recorded_cases") ** p["coordination.budget_follows_cases"]
    floor = now["regional_allocation"]
    target = np.where(followed < 1.0, followed + floor * (1.0 - followed), followed)
    now["service_presence"] = moving(now.left("service_presence"), target, p["coordination.budget_cycle"])
