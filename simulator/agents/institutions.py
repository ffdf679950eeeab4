"""Institutions as agents: few, different from one another, deciding each month with what they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from simulator.rules.care import OCCUPIED

if TYPE_CHECKING:
    from simulator.world import World


class Institution(mesa.Agent):
    """An institution of one territory.

    Attributes
    ----------
    territory : index of the territory, 0 to 25
    """

    model: World

    def __init__(self, world: World, territory: int) -> None:
        super().__init__(world)
        self.territory = territory


class PoliceUnit(Institution):
    """The police who look for cases in a territory; cases on their desks take time from looking.

    Attributes
    ----------
    recent : [12] children identified in the territory in each of the last twelve months
    effort : proactive work per case, relative to the calibration period
    """

    def __init__(self, world: World, territory: int) -> None:
        super().__init__(world, territory)
        self.recent = np.full(12, world.inputs.known[territory])
        self.effort = 1.0

    def act(self) -> None:
        """Divide the unit's capacity by its load, with the returns that the ledger states."""
        inputs, k = self.model.inputs, self.territory
        reference = inputs.police_load[k] + inputs.known[k]
        load = inputs.police_load[k] + self.recent.mean()
        if load > 0.0:
            per_case = inputs.police[self.model.at, k] * reference / load
            self.effort = per_case ** inputs.values["police.effort_elasticity"] if per_case > 0.0 else 0.0

    def count(self, identified: int) -> None:
        """Take note of the children identified this month."""
        self.recent[self.model.month % 12] = identified


class UPE(Institution):
    """The special protection units of a territory: one queue of children of all causes.

    Attributes
    ----------
    units : units open now
    reference_units : units in the year for which the background load is known
    backlog : cases of other children that wait
    chance : chance this month that a referred trafficked child is attended
    """

    def __init__(self, world: World, territory: int, units: int, reference_units: int) -> None:
        super().__init__(world, territory)
        self.units = units
        self.reference_units = max(reference_units, 1)
        self.backlog = 0.0
        self.chance = 0.0
        self.capacity = 0.0

    def change_units(self, change: int) -> None:
        """Open (or close) units; called by the calendar."""
        self.units += change

    def act(self) -> None:
        """Serve as many as capacity allows; trafficked children come first as far as priority goes."""
        world, k = self.model, self.territory
        inputs = world.inputs
        if self.units == 0:
            self.backlog = self.chance = self.capacity = 0.0
            return
        p = inputs.values
        arriving = inputs.upe_load[world.at, k]
        waiting = int(world.upe_waiting[k])
        self.capacity = (
            p["upe.capacity_margin"]
            * inputs.upe_reference_load[k]
            * inputs.upe_capacity[world.at, k]
            * self.units
            / self.reference_units
        )
        demand = arriving + self.backlog + waiting
        served = min(1.0, self.capacity / demand) if demand > 0.0 else 1.0
        self.chance = 1.0 - (1.0 - served) * (1.0 - p["upe.priority"]) if self.capacity > 0.0 else 0.0
        others = max(self.capacity - waiting * self.chance, 0.0)
        lapse = 1.0 - np.exp(-1.0 / p["upe.backlog_lapse_months"])
        self.backlog = max(arriving + self.backlog - others, 0.0) * (1.0 - lapse)


class FamilyJudge(Institution):
    """The family judges of a territory, who protect the children whom no UPE reaches.

    Attributes
    ----------
    chance : monthly chance that a child's case is opened
    """

    def __init__(self, world: World, territory: int) -> None:
        super().__init__(world, territory)
        self.chance = 1.0 - float(np.exp(-1.0 / world.inputs.values["referral.months_to_judge"]))


class Shelter(Institution):
    """A residential home: a specialised shelter, or the general homes of a territory.

    Attributes
    ----------
    number : row of the table of facilities
    specialised : whether it is for trafficked children
    """

    def __init__(self, world: World, territory: int, number: int, *, specialised: bool) -> None:
        super().__init__(world, territory)
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

    def premature_factor(self) -> float:
        """Return how much a crowded home hastens discharges: 1 up to the norm, rising above it."""
        p = self.model.inputs.values
        places = self.places
        if places == 0:
            return 1.0
        crowding = self.occupied / places / p["care.occupancy_norm"]
        return float(crowding ** p["care.occupancy_elasticity"]) if crowding > 1.0 else 1.0
