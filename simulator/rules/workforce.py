"""Workforce: posts are filled and lost; skill grows by training, fades unused, leaves with people."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.states import INSTITUTIONS, JUDGE, PROGRAMME, PROSECUTOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.engine.factors import Array, Factors


@dataclass
class Staff:
    """The people of every institution, [institution 11, territory 26] full-time equivalents.

    Attributes
    ----------
    posts : posts that exist; those not filled are vacant
    newcomers, proficient : people at work, before and after they have learnt the work
    skilled : people at work whose training still holds, among both
    """

    posts: Array
    newcomers: Array
    proficient: Array
    skilled: Array

    @property
    def present(self) -> Array:
        """People at work."""
        return self.newcomers + self.proficient

    @property
    def vacant(self) -> Array:
        """Posts without a person."""
        return np.maximum(self.posts - self.present, 0.0)

    def copy(self) -> Staff:
        """Return staff of its own."""
        return Staff(**{field.name: getattr(self, field.name).copy() for field in fields(self)})


def base_turnover(p: Mapping[str, float]) -> Array:
    """Return [institution, 1] the share of staff that leaves in a year, in reference conditions."""
    rates = [
        p["workforce.turnover_shelter" if k == "shelter" else "workforce.turnover"] for k in INSTITUTIONS
    ]
    return np.array(rates)[:, None]


def settled(p: Mapping[str, float], posts: Array) -> Staff:
    """Return the staff to which posts settle in reference conditions, without training."""
    leave = 1.0 - np.exp(-base_turnover(p) / 12.0)
    fill = 1.0 - np.exp(-1.0 / p["workforce.vacancy_months"])
    learn = 1.0 - np.exp(-1.0 / p["workforce.months_to_proficiency"])
    # Those who leave are replaced from the vacancies; those who neither leave nor learn stay newcomers.
    present = posts * fill / (fill + leave * (1.0 - fill))
    hired = (posts - present * (1.0 - leave)) * fill
    newcomers = (hired * (1.0 - learn)) / (1.0 - (1.0 - leave) * (1.0 - learn))
    return Staff(posts.copy(), newcomers, present - newcomers, np.zeros_like(posts))


def turn_over(now: Factors, staff: Staff) -> None:
    """People leave, sooner under load, low pay and political change; their skill leaves with them."""
    p = now.p
    stays = 1.0 - p["workforce.career_posts_front"] * now["career_posts"]
    now["turnover"] = (
        now.link("M011") * now.link("M012") * now.link("M098") * now.link("M106") * now.link("M108") * stays
    )
    # Where posts were cut, people go with them.
    cut = np.minimum(staff.posts / np.maximum(staff.present, 1e-9), 1.0)
    leave = 1.0 - np.exp(-base_turnover(p) * now["turnover"] / 12.0) * cut
    handed_on = p["workforce.toolkit_retention"] * now.lagged("M065")
    staff.skilled *= 1.0 - leave * (1.0 - handed_on)
    now["trained_judges"] = now.left("trained_judges") * (1.0 - leave * (1.0 - handed_on))[JUDGE]
    staff.newcomers *= 1.0 - leave
    staff.proficient *= 1.0 - leave
    now["onboarding_load"] = now.link("M009")


def train(now: Factors, staff: Staff, settled_posts: Array) -> None:
    """Vacancies are filled, newcomers learn the work, training adds skill, and skill unused fades.

    ``settled_posts`` is [institution, territory] posts without those that policy adds.
    """
    p = now.p
    now["newcomer_knowledge"] = now.link("M023")
    now["training_reach"] = now.link("M029", now["connectivity"])
    now["proficiency_time"] = now.link("M107") / now["newcomer_knowledge"]
    # Leavers can be replaced, and an institution can grow: there are not more people to hire.
    leavers = staff.present * base_turnover(p) * now["turnover"]
    most = (leavers + settled_posts * p["workforce.growth_per_year"]) / 12.0
    fill = 1.0 - np.exp(-1.0 / p["workforce.vacancy_months"])
    staff.newcomers += np.minimum(staff.vacant * fill, most)
    learn = 1.0 - np.exp(-1.0 / (p["workforce.months_to_proficiency"] * now["proficiency_time"]))
    learnt = staff.newcomers * learn
    staff.newcomers -= learnt
    staff.proficient += learnt
    per_month = p["workforce.trained_per_year"] / 12.0
    reach = per_month * now.lagged("M004") * now["training_reach"]
    alone, refreshed = p["workforce.half_life"], p["workforce.half_life_refreshed"]
    half_life = alone + (refreshed - alone) * now.lagged("M058")
    holds = 0.5 ** (1.0 / half_life)
    staff.skilled *= holds
    staff.skilled += (staff.present - staff.skilled) * (1.0 - np.exp(-reach))
    staff.skilled = np.minimum(staff.skilled, staff.present)
    # The course of judges is kept apart: not whom it reaches in a year counts, but in whom it holds.
    held = now["trained_judges"] * holds
    course = per_month * now["judge_training"] * now["training_reach"]
    now["trained_judges"] = held + (1.0 - held) * (1.0 - np.exp(-course))


def serve(now: Factors, staff: Staff, reference: Staff) -> None:
    """Strength and quality of service follow from who is there, how long, and how well trained."""
    p = now.p
    posts = np.maximum(staff.posts, 1e-9)
    as_new = p["workforce.newcomer_productivity"]
    # New posts add strength once there are people in them; they are no shortage of skill meanwhile.
    usual = np.maximum(reference.proficient + as_new * reference.newcomers, 1e-9)
    now["strength"] = (staff.proficient + as_new * staff.newcomers) / usual
    share = np.divide(staff.proficient, staff.present, out=np.ones_like(posts), where=staff.present > 0.0)
    now["proficiency"] = share * reference.present / np.maximum(reference.proficient, 1e-9)
    now["skill"] = staff.skilled / np.maximum(staff.present, 1e-9)
    gain = 1.0 + (p["workforce.training_gain"] - 1.0) * now["skill"]
    now["quality"] = now.link("M010") * now.link("M086") * gain
    now["vacancy"] = np.where(staff.posts > 0.0, staff.vacant / posts, 1.0)
    now["posts"], now["newcomers"], now["proficient"] = staff.posts, staff.newcomers, staff.proficient
    vacant = np.maximum(reference.vacant[PROGRAMME] / np.maximum(reference.posts[PROGRAMME], 1e-9), 1e-9)
    now["partner_vacancy"] = (
        now["vacancy"][PROGRAMME]
        / vacant
        * (1.0 - now["partner_staffing"] * p["programmes.partner_staffing"])
    )
    now["trained_justice"] = 0.5 * (now["skill"][PROSECUTOR] + now["skill"][JUDGE])
