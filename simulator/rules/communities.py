"""Communities: what they know, what they report, what they tolerate, and what keeps their children safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.factors import fading, moving

if TYPE_CHECKING:
    from simulator.engine.factors import Factors


def hear(now: Factors) -> None:
    """Campaigns raise awareness, which fades; awareness and known cases make trafficking visible."""
    p = now.p
    now["awareness"] = fading(now.left("awareness"), now.link("M005"), p["communities.awareness_half_life"])
    cases = p["communities.cases_on_visibility"] ** (now.before("recorded_cases") - 1.0)
    now["visibility"] = now.link("M044") * cases
    now["stigma"] = now.link("M051")


def report(now: Factors) -> None:
    """Communities, schools and children speak up: more with channels and groups, less where it is normal."""
    now["reports"] = now.link("M074") * now.link("M041") * now["field_presence"]
    now["rural_reports"] = now.p["communities.rural_reports"] ** now.lagged("M109")
    now["complaints"] = now.link("M046")
    now["self_report"] = now.link("M052") * now["victim_trust"]
    now["openness"] = now.link("M091")


def shift_norms(now: Factors) -> None:
    """Tolerance of child exploitation moves over years under community work, and drifts back without it."""
    harm = now.link("M094", 1.0 - now["intergenerational_support"])
    target = now.link("M073") * harm
    now["tolerance"] = moving(now.left("tolerance"), target, now.p["communities.norm_half_time"])


def prevent(now: Factors) -> None:
    """What lowers exposure: schooling, care, family support, inclusion, work on root causes."""
    now["entry_exposure"] = now.link("M050") * now.link("M104")
    now["rural_exposure"] = now.link("M109")
    harm = now.link("M096", 1.0 - now["school_reintegration"])
    now["low_schooling"] = now.link("M089") * harm
    now["placements"] = now.link("M092")
    now["absence_exposure"] = now.link("M093")
    now["rejection"] = now.link("M095")
