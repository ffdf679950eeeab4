"""Institutions and networks as agents: who they are, what they have, and how they are doing.

What they do is worked out for all of them at once, in columns (``simulator.system`` and ``rules``); an agent
is the view of one of them, for Mesa's agent sets and data collectors, and for a look at one office.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import mesa

from simulator.engine.states import INSTITUTIONS
from simulator.rules.care import OCCUPIED
from simulator.rules.networks import GROUP, GROUPS

if TYPE_CHECKING:
    import numpy as np

    from simulator.world import World


class Agent(mesa.Agent):
    """An agent of a world, typed."""

    model: World


class Institution(Agent):
    """The offices of one kind in one territory.

    Attributes
    ----------
    territory : index of the territory, 0 to 25
    kind : index of the kind of institution
    """

    def __init__(self, world: World, territory: int, kind: int) -> None:
        super().__init__(world)
        self.territory = territory
        self.kind = kind

    def _of(self, table: np.ndarray) -> float:
        return float(table[self.kind, self.territory])

    def _factor(self, name: str) -> float:
        return self._of(self.model.system.factors[name])

    @property
    def name(self) -> str:
        """Kind of institution."""
        return INSTITUTIONS[self.kind]

    @property
    def posts(self) -> float:
        """Posts, full-time equivalents."""
        return self._of(self.model.system.staff.posts)

    @property
    def newcomers(self) -> float:
        """People who are still learning the work."""
        return self._of(self.model.system.staff.newcomers)

    @property
    def proficient(self) -> float:
        """People who have learnt the work."""
        return self._of(self.model.system.staff.proficient)

    @property
    def skill(self) -> float:
        """Share of the people at work whose training still holds."""
        return self._factor("skill")

    @property
    def turnover(self) -> float:
        """Turnover relative to reference conditions."""
        return self._factor("turnover")

    @property
    def workload(self) -> float:
        """Work per person relative to reference conditions."""
        return self._factor("workload")

    @property
    def quality(self) -> float:
        """Quality of service relative to reference conditions."""
        return self._factor("quality")


class PoliceUnit(Institution):
    """The police who look for cases in a territory; cases on their desks take time from looking."""

    @property
    def effort(self) -> float:
        """Proactive work per case, relative to the calibration period."""
        return float(self.model.system.effort[self.territory])


class ProsecutorOffice(Institution):
    """The prosecutors who see trafficking cases, in a specialised office or not."""

    @property
    def specialised(self) -> bool:
        """Whether a specialised office is open."""
        return bool(self.model.system.factors["prosecutor_office"][self.territory] > 0.0)


class FamilyJudge(Institution):
    """The judges of a territory, who also protect the children whom no UPE reaches."""


class DefenceUnit(Institution):
    """Public defence and victim-witness units."""


class SpecialProtectionUnit(Institution):
    """The special protection units (UPE) of a territory: one queue of children of all causes."""

    @property
    def units(self) -> int:
        """Units open now."""
        return int(self.model.inputs.upe_units[self.model.at, self.territory])

    @property
    def backlog(self) -> float:
        """Cases of other children that wait."""
        return float(self.model.system.backlog[self.territory])

    @property
    def chance(self) -> float:
        """Chance this month that a referred trafficked child is attended."""
        return float(self.model.system.queue.chance[self.territory])


class MunicipalDefence(Institution):
    """The municipal defence offices (DEMUNA)."""


class WomenEmergencyCentre(Institution):
    """The women emergency centres (CEM)."""


class ShelterStaff(Institution):
    """The people who work in the residential homes of a territory."""


class MentalHealthCentre(Institution):
    """The community mental health centres."""


class Commission(Institution):
    """The regional commission: its technical secretariat."""


class Programme(Institution):
    """The staff of programmes and implementing partners."""


INSTITUTION_AGENTS: Final[dict[int, type[Institution]]] = dict(
    enumerate(
        (
            PoliceUnit,
            ProsecutorOffice,
            FamilyJudge,
            DefenceUnit,
            SpecialProtectionUnit,
            MunicipalDefence,
            WomenEmergencyCentre,
            ShelterStaff,
            MentalHealthCentre,
            Commission,
            Programme,
        )
    )
)
"""The class of each kind of institution, in the order of ``engine.states.INSTITUTIONS``."""


class TraffickingNetwork(Agent):
    """A network as abstract pressure: a group of regions and a capacity; no place, route or price.

    Attributes
    ----------
    number : row of the table of networks
    """

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world)
        self.number = number

    @property
    def group(self) -> str:
        """Group of regions."""
        return GROUPS[int(GROUP[self.number])]

    @property
    def capacity(self) -> float:
        """Capacity relative to a network that nothing has disrupted."""
        return float(self.model.system.networks.capacity[self.number])


class Shelter(Agent):
    """A residential home: a specialised shelter, or the general homes of a territory.

    Attributes
    ----------
    territory : index of the territory, 0 to 25
    number : row of the table of facilities
    specialised : whether it is for trafficked children
    """

    def __init__(self, world: World, territory: int, number: int, *, specialised: bool) -> None:
        super().__init__(world)
        self.territory = territory
        self.number = number
        self.specialised = specialised

    @property
    def places(self) -> int:
        """Places this month."""
        return int(self.model.inputs.places[self.model.at, self.number])

    @property
    def occupied(self) -> int:
        """Places taken or kept, other children included."""
        return int(self.model.facilities[self.number, OCCUPIED])
