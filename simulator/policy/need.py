"""Need: whom or what a budget line serves, where, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import (
    CEM,
    COMMISSION,
    DEMUNA,
    INSTITUTIONS,
    JUDGE,
    N_PLACES,
    N_TERRITORIES,
    POLICE,
    PROGRAMME,
    PROSECUTOR,
    SHELTER,
    START_YEAR,
    UPE,
)
from simulator.evidence.drivers import child_poverty, rural_share

if TYPE_CHECKING:
    from simulator.evidence import Ledger
    from simulator.evidence.money import Line

Floats = NDArray[np.float64]

REFERENCE_MONTH: Final = 12 * (2025 - START_YEAR) + 6
"""Mid 2025, for which needs are counted: the census year, the last one that is known."""

OFFICES: Final = ("police_unit", "specialised_prosecutor")
"""Offices of which a territory has one or none."""

STAFF: Final = {
    "police": (POLICE,),
    "prosecutor": (PROSECUTOR,),
    "judge": (JUDGE,),
    "upe": (UPE,),
    "commission": (COMMISSION,),
    "programme": (PROGRAMME,),
    "service": (POLICE, PROSECUTOR, JUDGE, UPE, SHELTER),
    "justice": (POLICE, PROSECUTOR, JUDGE),
    "referral": (DEMUNA, CEM),
}
"""Institutions behind each group of staff."""


SERVES: Final = {
    **dict.fromkeys(("staff:police", "staff:prosecutor", "staff:judge", "staff:justice"), "complaints"),
    **dict.fromkeys(("staff:upe", "staff:referral", "staff:service"), "identified"),
    **dict.fromkeys((f"without:{kind}" for kind in OFFICES), "complaints"),
    "staff:commission": "children",
    "staff:programme": "children",
    "territories": "children",
    "specialised_shelters": "residents",
    "places": "identified_country",
}
"""Whom a line serves that buys posts, offices, places or plans; the others serve those whose need they count.

A place takes children of the whole country.
"""


class Needs:
    """Needs of the whole country in the reference year, whatever the share of it that is simulated.

    Parameters
    ----------
    ledger : the evidence
    p : parameter values
    adults : persons in exploitation who were exploited as children, in the country
    after : children once exploited who are not exploited now, in the country
    """

    def __init__(self, ledger: Ledger, p: Mapping[str, float], adults: float, after: float) -> None:
        land = ledger.territories
        rural = rural_share(ledger)
        area = np.stack([1.0 - rural, rural], axis=1).reshape(N_PLACES)
        of_area = np.tile([0.0, 1.0], N_TERRITORIES)
        people = np.repeat(land.population_2025, 2) * area
        adolescents = np.repeat(land.children_12_17_2025, 2) * area
        children = (
            np.repeat(land.children_0_5_2025 + land.children_6_11_2025 + land.children_12_17_2025, 2) * area
        )
        families = np.repeat(land.population_2025 / land.household_size_2017, 2) * area
        poor = child_poverty(ledger, REFERENCE_MONTH + 1)[-1]
        extreme = child_poverty(ledger, REFERENCE_MONTH + 1, extreme=True)[-1]
        share = children.reshape(N_TERRITORIES, 2).sum(axis=1) / children.sum()
        extremely_poor = (extreme * area).reshape(N_TERRITORIES, 2).sum(axis=1)
        without = {kind: np.ones(N_TERRITORIES) for kind in OFFICES}
        shelters = np.zeros(N_TERRITORIES)
        places = np.zeros(N_TERRITORIES)
        for row in ledger.institutions:
            is_open = row.opens <= REFERENCE_MONTH and (row.closes is None or row.closes > REFERENCE_MONTH)
            if row.kind in OFFICES and is_open:
                without[row.kind][row.territory] = 0.0
            if row.kind == "specialised_shelter" and is_open:
                shelters[row.territory] += row.units
                places[row.territory] += row.units * row.places
        places *= p["care.specialised_places"] / max(float(places.sum()), 1.0)
        homes = float(ledger.background["homes"][1][-1])
        complaints = p["identification.known_per_year"] * p["justice.complaint_share"]
        complaints += p["justice.adult_complaints_per_year"]
        self.people = people
        self._by_place = {
            "people": people,
            "rural_people": people * of_area,
            "indigenous_people": people * np.repeat(land.indigenous_share, 2),
            "children": children,
            "rural_children": children * of_area,
            "adolescents": adolescents,
            "poor_adolescents": adolescents * poor,
            "poor_families": families * poor,
            "extreme_poor_families": families * extreme,
        }
        self._by_territory = {
            "migrant_children": land.foreign_children_2025,
            "adults_exploited": adults * share,
            "once_exploited": after * share,
            "once_exploited_poor": after * share * extremely_poor,
            "identified": p["identification.known_per_year"] * share,
            "complaints": complaints * land.population_2025 / land.population_2025.sum(),
            "residents": homes * share + places,
            "specialised_shelters": shelters,
            "identified_country": np.full(N_TERRITORIES, p["identification.known_per_year"]),
            "places": np.ones(N_TERRITORIES),
            "territories": np.ones(N_TERRITORIES),
            **{f"without:{kind}": number for kind, number in without.items()},
            **{f"staff:{name}": ledger.posts[list(kinds)].sum() * share for name, kinds in STAFF.items()},
        }
        self.posts = ledger.posts[:, None] * share

    def of(self, line: Line) -> Floats:
        """Return [place] the need of a line; where it serves both areas together, it stands in the first."""
        if line.buys == "posts":
            return _first(self.posts[INSTITUTIONS.index(str(line.institution))])
        if line.need in self._by_territory:
            return _first(self._by_territory[line.need])
        place = self._by_place[line.need]
        return place if line.by_area else _first(place.reshape(N_TERRITORIES, 2).sum(axis=1))

    def population(self, line: Line) -> Floats:
        """Return [territory] the people whom a line serves, or their cases a year; see ``SERVES``."""
        kind = SERVES.get(line.need, line.need)
        if kind in self._by_territory:
            return np.asarray(self._by_territory[kind])
        return np.asarray(self._by_place[kind].reshape(N_TERRITORIES, 2).sum(axis=1))


def _first(territory: Floats) -> Floats:
    """Return [place] a number of each territory in its first area."""
    out = np.zeros(N_PLACES)
    out[0::2] = territory
    return out
