"""What a run remembers: every change of every child as an event, and the series of its institutions.

Collecting never draws and never changes anything: stocks are counted from the active list, flows from the
events, and the two are held against each other by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.active import age_band
from simulator.engine.compile import kernel
from simulator.engine.factors import Factors
from simulator.engine.population import LANGUAGE_SHIFT
from simulator.engine.states import CHANNELS, N_PLACES, N_STOCKS, N_TERRITORIES
from simulator.engine.types import Counts, Records
from simulator.rules.justice import STAGES
from simulator.rules.registers import REGISTERS

SERIES: Final = (
    "police_effort",
    "upe_units",
    "upe_capacity",
    "upe_arrivals",
    "upe_backlog",
    "upe_waiting",
    "upe_chance",
    "upe_opened",
    "judge_opened",
    "specialised_places",
    "specialised_occupied",
    "specialised_residents",
    "specialised_planned",
    "general_places",
    "general_occupied",
    "general_residents",
    "general_planned",
    "waiting_for_place",
    *(f"identified_by_{channel}" for channel in CHANNELS),
    *(f"registered_{name}" for name in REGISTERS),
    *(f"cases_to_{stage}" for stage in STAGES),
    *(f"child_cases_to_{stage}" for stage in STAGES),
    "open_cases",
    "adults_exploited_stock",
    "plans_completed",
)
"""Monthly series by territory; units and long names are in ``outcomes.dataset``."""

SIGNAL_SERIES: Final = {
    "police_children": "registered_police_children",
    "prosecutor_children": "registered_prosecutor_children",
    "hotline_children": "registered_hotline_children",
    "upe_opened": "upe_opened",
    "plans_completed": "plans_completed",
    "child_convictions": "child_cases_to_convicted",
}
"""Series behind each signal that programmes can follow; all of them are registered."""

GROUPS: Final = {"sex": 2, "age_band": 5, "form": 3, "language": 4, "migrant": 2}
"""National breakdowns and how many groups each has."""

N_GROUPS: Final = sum(GROUPS.values())


BANKS: Final = 4


@kernel
def count_stocks(
    active: Records,
    n: int,
    month: int,
    by_place: Counts,
    by_group: Counts,
) -> None:
    """Count the children on the active list by state and place, and by state and each grouping."""
    # Most children stand in two states: banks taken in turn, so that no count waits for the one before it.
    bank = np.zeros((BANKS, by_group.shape[0], by_group.shape[1]), np.int32)
    for i in range(n):
        a = active[i]
        count = bank[i % BANKS, a.state]
        by_place[a.place, a.state] += 1
        count[a.traits & 1] += 1
        count[2 + age_band(month - a.birth)] += 1
        count[7 + a.form] += 1
        count[10 + (a.traits >> LANGUAGE_SHIFT)] += 1
        count[14 + ((a.traits >> 3) & 1)] += 1
    for k in range(BANKS):
        by_group += bank[k]


@dataclass
class Record:
    """The memory of one run.

    Attributes
    ----------
    stocks : [month, place, state] children on the active list at the end of the month
    groups : [month, state, group] the same, national, by each grouping in turn
    events : arrays of packed events, in the order in which they happened
    entered : rows of children who entered exploitation for the first time, by month
    earlier : rows of the children on the active list as January 2012 begins
    at_start, groups_at_start : stocks of the active list as January 2012 begins
    series : [series, month, territory] of ``SERIES``
    factors : what institutions and communities were like; the run's own, neither copied nor saved here
    candidates, cells : what sparse sampling looked at, summed over the run
    """

    stocks: NDArray[np.int32]
    groups: NDArray[np.int32]
    series: NDArray[np.float64]
    events: list[NDArray[np.uint64]] = field(default_factory=list)
    entered: list[NDArray[np.uint32]] = field(default_factory=list)
    earlier: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    at_start: NDArray[np.int32] = field(default_factory=lambda: np.zeros((N_PLACES, N_STOCKS), np.int32))
    groups_at_start: NDArray[np.int32] = field(
        default_factory=lambda: np.zeros((N_STOCKS, N_GROUPS), np.int32)
    )
    factors: Factors | None = None
    candidates: int = 0
    cells: int = 0
    largest_list: int = 0

    @classmethod
    def empty(cls, n_months: int) -> Record:
        """Return a record with room for ``n_months`` months."""
        return cls(
            stocks=np.zeros((n_months, N_PLACES, N_STOCKS), np.int32),
            groups=np.zeros((n_months, N_STOCKS, N_GROUPS), np.int32),
            series=np.zeros((len(SERIES), n_months, N_TERRITORIES)),
        )

    def copy(self, n_months: int) -> Record:
        """Return a record that goes on from this one, with room for ``n_months`` months."""
        other = Record.empty(n_months)
        kept = min(n_months, self.stocks.shape[0])
        other.stocks[:kept] = self.stocks[:kept]
        other.groups[:kept] = self.groups[:kept]
        other.series[:, :kept] = self.series[:, :kept]
        other.events, other.entered = list(self.events), list(self.entered)
        other.earlier = self.earlier
        other.at_start, other.groups_at_start = self.at_start, self.groups_at_start
        other.candidates, other.cells, other.largest_list = self.candidates, self.cells, self.largest_list
        return other

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays by name, for a file."""
        return {
            "stocks": self.stocks,
            "groups": self.groups,
            "series": self.series,
            "events": np.concatenate([np.zeros(0, np.uint64), *self.events]),
            "entered": np.concatenate([np.zeros(0, np.uint32), *self.entered]),
            "entered_by_month": np.array([part.size for part in self.entered], np.int64),
            "earlier": self.earlier,
            "at_start": self.at_start,
            "groups_at_start": self.groups_at_start,
            "work": np.array([self.candidates, self.cells, self.largest_list], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Record:
        """Return the record that ``to_arrays`` gave."""
        ends = np.cumsum(arrays["entered_by_month"])
        candidates, cells, largest = (int(number) for number in arrays["work"])
        return cls(
            stocks=arrays["stocks"],
            groups=arrays["groups"],
            series=arrays["series"],
            events=[arrays["events"]],
            entered=np.split(arrays["entered"], ends[:-1]) if ends.size else [],
            earlier=arrays["earlier"],
            at_start=arrays["at_start"],
            groups_at_start=arrays["groups_at_start"],
            candidates=candidates,
            cells=cells,
            largest_list=largest,
        )
