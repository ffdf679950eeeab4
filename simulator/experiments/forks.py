"""Runs that answer while somebody waits: any scenario, from states that the trend run left behind."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scenarios.schema import Scenario, load_scenario
from simulator.engine.states import REPORT_FROM, START_YEAR, month_index
from simulator.engine.store import load_population
from simulator.evidence import load_ledger
from simulator.experiments.design import parameter_draws
from simulator.experiments.ensemble import Comparator, Study
from simulator.outcomes.dataset import assemble, coordinates

if TYPE_CHECKING:
    import xarray as xr

    from simulator.engine.population import Population

FORKED_AT: Final = ("2026-01", "2027-01")
"""Months before which the state of the trend run is kept: the first in which a plan can differ from it."""


class Forks:
    """Runs of any scenario under the draws that ``simulator.compare`` uses with the same seed and number.

    Each draw needs one run of the trend, from which other scenarios go on; it is made when it is first asked
    for and kept, with its states, as long as there is room.

    Parameters
    ----------
    draws : number of parameter sets; seed : of chance and of the sets
    scale : share of the country; anything but 1 is for tests
    keep_at : months before which states are kept, about 25 MB each
    most : runs of the trend that are kept, about 80 MB each; the one not used for longest makes room
    """

    def __init__(
        self,
        *,
        draws: int,
        seed: int = 0,
        scale: float = 1.0,
        keep_at: Sequence[str] = FORKED_AT,
        most: int = 24,
    ) -> None:
        self.draws, self.seed, self.scale = draws, seed, scale
        self.trend = load_scenario("baseline")
        self._keep_at = [month_index(month) for month in keep_at]
        self._most = most
        self._studies: dict[int, tuple[Study, Population]] = {}
        self._trends: OrderedDict[tuple[int, int], Comparator] = OrderedDict()

    def holds(self, draw: int, until: int) -> bool:
        """Return whether the trend run of a draw is there for runs up to month ``until``."""
        return (until, draw) in self._trends

    @property
    def held(self) -> list[tuple[int, int]]:
        """Return (last month, draw) of the trend runs that are there."""
        return list(self._trends)

    def hold(
        self, draw: int, until: int, *, progress: Callable[[int, int], None] | None = None
    ) -> Comparator:
        """Return the trend run of a draw; make it if it is not there.

        Parameters
        ----------
        progress : called with (months done, months of the run); what it raises ends the run, and it may
            itself run scenarios from other draws
        """
        key = (until, draw)
        if key in self._trends:
            self._trends.move_to_end(key)
            return self._trends[key]
        study, population = self._study(until)
        held = Comparator(
            study,
            draw,
            0,
            ledger=load_ledger(),
            population=population,
            keep_at=self._keep_at,
            progress=progress,
        )
        while len(self._trends) >= self._most:
            self._trends.popitem(last=False)
        self._trends[key] = held
        return held

    def run(
        self,
        scenario: Scenario,
        draw: int,
        until: int,
        *,
        threads: int = 1,
        progress: Callable[[int, int], None] | None = None,
        without: Collection[str] = (),
    ) -> xr.Dataset:
        """Return what a scenario shows under one draw, as one run of ``simulator.compare`` would.

        Parameters
        ----------
        until : last month, counted from January 2012
        threads : for the compiled rules; results do not depend on it
        progress : called with (months done, months of the run); what it raises ends the run
        without : variables that are not needed, to save time

        Returns
        -------
        dataset with dimensions scenario, draw and replicate of size one
        """
        arrays = self.hold(draw, until).run(scenario, threads=threads, progress=progress)
        told = {name: array for name, array in arrays.items() if name not in without}
        return assemble(
            {(0, 0, 0): told},
            scenarios=[scenario.name],
            draws=1,
            replicates=1,
            coords=self._coordinates(until),
            attributes={},
        ).assign_coords(draw=[draw])

    def _coordinates(self, until: int) -> Mapping[str, object]:
        return coordinates(load_ledger(), REPORT_FROM, until + 1)

    def _study(self, until: int) -> tuple[Study, Population]:
        if until not in self._studies:
            ledger = load_ledger()
            last_year = max(2030, START_YEAR + until // 12)
            population = load_population(ledger, scale=self.scale, last_year=last_year)
            values, _ = parameter_draws(ledger, population, self.draws, self.seed)
            self._studies[until] = (
                Study((self.trend,), tuple(values), self.seed, REPORT_FROM, until),
                population,
            )
        return self._studies[until]
