"""The model: who is built, and a month in order. Read this first.

Children and families are columns (``engine.population``); what changes of a child once exploited lives in
the active list (``engine.active``); institutions, communities and networks have their part of the month in
``system``, and Mesa agents (``agents``) are views of them. A month reads tables fixed before it (``inputs``),
lets the rules act in the order below, and records what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import mesa
import numpy as np
from mesa.experimental.scenarios import Scenario as MesaScenario
from numpy.typing import NDArray

from scenarios.schema import Scenario, load_scenario
from simulator import month
from simulator.agents.institutions import INSTITUTION_AGENTS, Shelter, TraffickingNetwork
from simulator.engine.active import (
    ACTIVE,
    EVENTS_PER_CHILD,
    FROM_SHIFT,
    PLACE_SHIFT,
    compact,
    positions,
    room,
)
from simulator.engine.draws import STREAM_MONTH, make_key, words_of
from simulator.engine.population import (
    CELL_BLOCK_YEAR,
    CELL_IDENT,
    Population,
    class_of_pattern,
)
from simulator.engine.states import (
    ADULT,
    CHANNELS,
    EXPLOITED,
    FOLLOW_UP,
    GENERAL_SHELTER,
    IDENTIFIED,
    N_TERRITORIES,
    REINTEGRATED,
    START_YEAR,
    STATES,
    month_name,
)
from simulator.engine.store import load_population
from simulator.engine.thinning import CANDIDATE, CELLS_PER_CHUNK, propose, propose_history
from simulator.evidence import Ledger, load_ledger
from simulator.inputs import Inputs, prepare, replanned
from simulator.outcomes.record import SERIES, SIGNAL_SERIES, Record, count_stocks
from simulator.policy.budget import DECISION_WIDTH, Decision
from simulator.rules import (
    care,
    exits,
    identification,
    justice,
    networks,
    recruitment,
    referral,
    registers,
    reintegration,
)
from simulator.system import Seen, System
from simulator.tables import Column, Table
from simulator.texts import t

if TYPE_CHECKING:
    from scenarios.programmes import Programme

ACTIVE_PER_CHUNK: Final = 20480
FIRST_ROOM: Final = 1 << 17
FIRST_WATCH: Final = 1 << 10
FIRST_CANDIDATES: Final = 1 << 12
HISTORY_MONTHS: Final = 156
"""Months lived through before January 2012: from the fifth birthday of the oldest children on."""

OF_FACILITIES: Final = (
    ("places", care.PLACES),
    ("occupied", care.OCCUPIED),
    ("residents", care.RESIDENTS),
    ("planned", care.PLANNED),
)
"""What is recorded of the homes of a territory, and the column of the table of facilities."""

HISTORY_CELLS: Final = 512
"""Cells in one task when those exploited before January 2012 are looked for: many more points a cell."""

YEARS_OF_CHILDHOOD: Final = 18
BEFORE: Final = -1
"""The month of factors that stands for all time before January 2012."""

AGED_OUT: Final = EXPLOITED | ADULT << 4
"""States of an event of turning 18 in exploitation, as they stand side by side in its word."""

COMPLETED: Final = FOLLOW_UP | REINTEGRATED << 4
"""As they stand side by side when a reintegration plan is completed."""

N_TERRITORIES_MASK: Final = 31
"""Bits of a place that hold its territory."""


YEAR: Final = 12


class Experiment(MesaScenario):
    """The Mesa scenario of a run: which policy scenario, which parameter values, which chance."""

    policy: Scenario | None = None
    replicate: int = 0


@dataclass(frozen=True)
class Kept:
    """The whole state of a world between two months; see ``World.keep``."""

    month: int
    touched: NDArray[np.uint8]
    active: NDArray[np.void]
    watch: NDArray[np.void]
    institutions: Mapping[str, NDArray[Any]]
    record: Record

    def save(self, path: Path) -> None:
        """Write the state to a file (NumPy's archive of arrays); nothing in it is code."""
        arrays = {f"institutions.{name}": array for name, array in self.institutions.items()}
        arrays |= {f"record.{name}": array for name, array in self.record.to_arrays().items()}
        with path.open("wb") as file:
            np.savez(
                file,
                month=np.int64(self.month),
                touched=self.touched,
                active=self.active,
                watch=self.watch,
                **arrays,  # type: ignore[arg-type]
            )

    @classmethod
    def load(cls, path: Path) -> Kept:
        """Return a state written by ``save``."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}

        def part(prefix: str) -> dict[str, NDArray[Any]]:
            return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}

        return cls(
            month=int(arrays["month"]),
            touched=arrays["touched"],
            active=arrays["active"],
            watch=arrays["watch"],
            institutions=part("institutions."),
            record=Record.from_arrays(part("record.")),
        )


class World(mesa.Model):
    """Families, children and institutions of Peru, month by month from January 2012.

    Parameters
    ----------
    scenario : name or path of a scenario file, or a loaded scenario
    rng : seed of chance (whole number); Mesa's own generators are never used
    replicate : which repetition of chance
    until : last month, counted from January 2012; the scenario's by default
    values : parameter values of a draw; the ledger's central values by default
    ledger, population, inputs : built or loaded by default; given by ensembles, which share them
    threads : threads for the compiled rules; results do not depend on it
    kept : state to go on from; ``inputs`` must agree with it up to its month

    Attributes
    ----------
    month : the month about to be lived through; ``at`` is the same, but never before January 2012
    record : what has happened so far
    """

    def __init__(
        self,
        scenario: str | Scenario = "baseline",
        rng: int = 0,
        *,
        replicate: int = 0,
        until: int | None = None,
        values: Mapping[str, float] | None = None,
        ledger: Ledger | None = None,
        population: Population | None = None,
        inputs: Inputs | None = None,
        threads: int = 1,
        kept: Kept | None = None,
    ) -> None:
        policy = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        super().__init__(scenario=Experiment(rng=rng, policy=policy, replicate=replicate), rng=rng)
        self.policy = policy
        self.last_month = policy.until_ti if until is None else until
        ledger = ledger or load_ledger()
        last_year = START_YEAR + self.last_month // 12
        self.population = population or load_population(ledger, last_year=max(2030, last_year))
        central = {name: parameter.central for name, parameter in ledger.parameters.items()}
        self.inputs = inputs or prepare(
            policy, values or central, ledger, self.population, self.last_month + 1
        )
        self.key = make_key(rng, replicate)
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._buffers: list[NDArray[np.uint64]] = []
        self._fix_constants(central)

        self.facilities = np.zeros((self.inputs.facility_territory.size, care.N_COLUMNS), np.int64)
        self.facilities[:, care.TERRITORY] = self.inputs.facility_territory
        self.facilities[:, care.SPECIALISED] = self.inputs.facility_specialised
        self.facilities[:, care.ADMITS] = self.inputs.admits[0]
        self.system = System(self.inputs, self.key)
        self.upe_waiting = np.zeros(N_TERRITORIES, np.int64)
        self.identified = np.zeros((len(CHANNELS), N_TERRITORIES), np.int64)
        self.aged_out = np.zeros(N_TERRITORIES, np.int64)
        self.opened = np.zeros((2, N_TERRITORIES), np.int64)
        self.completed = np.zeros(N_TERRITORIES, np.int64)
        self.decisions: list[Decision] = []
        if kept is None:
            self.month = -HISTORY_MONTHS
            self.touched = np.zeros(self.population.children.size, np.uint8)
            self.active = np.zeros(FIRST_ROOM, ACTIVE)
            self.n_active = 0
            self.watch = np.zeros(0, recruitment.WATCH)
            self.record = Record.empty(self.last_month + 1)
            self._build_institutions()
            self._live_history()
        else:
            self._resume(kept)
        self.record.factors = self.system.factors
        self._put_calendar()
        self.datacollector = mesa.DataCollector(model_reporters=REPORTERS)

    # -- a month ---------------------------------------------------------------------------------------

    def step(self) -> None:
        """Live through one month, in the order of ``sintrata explain month``."""
        self.system.act(self.month)
        self.fix_tables()
        candidates = self.visit_children()
        self.enter_exploitation(candidates)
        self.refer()
        self.find_places()
        self.prosecute()
        self.write_down()
        self.month += 1
        self.datacollector.collect(self)
        if self.month > self.last_month:
            self.running = False

    def fix_tables(self) -> None:
        """Drivers and institutions as they stand: all that the rules of this month read about children."""
        inputs, t, now = self.inputs, self.at, self.system.factors
        if self.month < 0:
            now.begin(BEFORE)
        self.entry_tables = month.entry_tables(inputs, now, self.population, t)
        self.raised = recruitment.raised(self.entry_tables, inputs.entry.multiplier)
        self.return_tables = month.return_tables(inputs, now, t)
        self.beyond = (inputs.poverty[t] > self.population.prone_poverty).astype(np.int64)
        self.facilities[:, care.PLACES] = inputs.places[t]
        self.facilities[:, care.ADMITS] = inputs.admits[t]
        self._fix_stays()
        self.follow_up_tables = month.follow_up_tables(inputs, now)
        rates = month.find_rates(inputs, self.system.gains if self.month >= 0 else None)
        self.find_rates = np.ascontiguousarray(np.cumsum(rates, axis=0).transpose(1, 2, 0))
        self.language_reach = np.repeat(now["language_reach"], 2)

    def _fix_stays(self) -> None:
        """Fix how children leave care this month."""
        self.stay_tables = month.stay_tables(self.inputs, self.system.factors, self.crowded, self.at)

    def visit_children(self) -> list[NDArray[np.void]]:
        """Propose who might be recruited, and visit every child once exploited; both read the same tables.

        Returns the accepted candidates in a fixed order: cells in order, then siblings on the watch list.
        """
        visits = self._visits()
        proposals = [partial(self._recruit, *cut) for cut in self._cell_chunks()]
        # The shortest come last, so that no thread waits long for another.
        tasks: list[Callable[[], Any]] = [self._visit_siblings, *visits, *proposals]
        siblings, *results = self._map(_call, tasks)
        found = results[len(visits) :]
        self.record.candidates += sum(n for _, n, _ in found)
        self.record.cells += sum(n for _, _, n in found)
        self._take_visits(results[: len(visits)])
        return [accepted for accepted, _, _ in found] + [siblings]

    def enter_exploitation(self, accepted: list[NDArray[np.void]]) -> None:
        """Accepted candidates leave their homes for the active list; their siblings come under watch."""
        candidates = np.concatenate(accepted)
        first = self.n_active
        self.active = room(self.active, first, candidates.size)
        events = np.empty(2 * candidates.size, np.uint64)
        self.n_active, n = recruitment.enter(
            self.active,
            first,
            candidates,
            self.population.children,
            self.touched,
            self.month,
            self.entry_tables,
            self.inputs.values["movement.share_away"],
            self.inputs.destination,
            self.countryside,
            self.key,
            events,
            0,
        )
        self.record.events.append(events[:n])
        self.record.entered.append(self.active["row"][first : self.n_active].copy())

    def refer(self) -> None:
        """Identified children reach a UPE or a family judge, or are lost on the way."""
        inputs, t, now = self.inputs, self.at, self.system.factors
        referred = month.referred(inputs, now, t)
        self.known = self._known()
        referral.count_waiting(self.active, self.known, self.month, referred, self.key, self.upe_waiting)
        self.system.attend(self.upe_waiting)
        tables = month.referral_tables(inputs, now, self.system.queue, referred, t)
        events = np.empty(self.known.size + 1, np.uint64)
        n = referral.refer(self.active, self.known, self.month, tables, self.key, self.opened, events, 0)
        self.record.events.append(events[:n].copy())

    def find_places(self) -> None:
        """Protected children get a measure, wait their turn for a place, and move in."""
        inputs, t = self.inputs, self.at
        tables = month.care_tables(inputs, self.system.factors, t)
        care.occupy(self.active, self.known, self.facilities, inputs.background[t])
        is_open = (self.facilities[:, care.SPECIALISED] == 1) & (self.facilities[:, care.PLACES] > 0)
        groups = int(np.bitwise_or.reduce(self.facilities[is_open, care.ADMITS], initial=0))
        events = np.empty(3 * self.known.size + 1, np.uint64)
        n = care.decide_measures(self.active, self.known, self.month, groups, tables, self.key, events, 0)
        care.find_places(self.active, self._queue(), self.month, self.facilities, tables, self.key)
        n = care.settle(self.active, self.known, self.month, self.facilities, tables, self.key, events, n)
        self.record.events.append(events[:n].copy())

    def prosecute(self) -> None:
        """Registers write down those identified; complaints become cases, which take their course."""
        if self.month < 0:
            return
        system, now = self.system, self.system.factors
        inputs = self.inputs
        tables = registers.tables(now, system.adults_seen() * inputs.adult_share, system.effort)
        filed = np.empty(int(self.identified.sum()) + 1, registers.FILED)
        n = registers.register(self.active, self.known, self.month, tables, self.key, system.lists, filed)
        system.prosecute(filed[:n])

    def write_down(self) -> None:
        """Count stocks and institutions at the end of the month; who is grown or dead leaves the list."""
        t, record = self.month, self.record
        self._count_places()
        self.waiting = care.count_seekers(self.active, self.known)
        self.n_active = compact(self.active, self.n_active, ADULT)
        if t < 0:
            return
        count_stocks(self.active, self.n_active, t, record.stocks[t], record.groups[t])
        record.largest_list = max(record.largest_list, self.n_active)
        self.system.crowding = month.crowding(self.inputs, self.facilities)
        self.system.note(
            Seen(
                identified=self.identified,
                exploited=record.stocks[t, :, EXPLOITED].reshape(N_TERRITORIES, 2).sum(axis=1),
                aged_out=self.aged_out,
                opened=self.opened,
            )
        )
        self._write_series(t)

    # -- tools of the month ----------------------------------------------------------------------------

    @property
    def at(self) -> int:
        """The month whose inputs hold now: before January 2012, those of January 2012."""
        return max(self.month, 0)

    def _map[A, B](self, function: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Apply a function to independent items, on all threads, and return the results in order.

        Each thread, this one too, takes the next item when it is free: a month is short beside handing out
        tasks, and a core that others use takes fewer.
        """
        if self._pool is None:
            return [function(item) for item in items]
        results: list[Any] = [None] * len(items)
        waiting = iter(range(len(items)))

        def work() -> None:
            for i in waiting:
                results[i] = function(items[i])

        others = [self._pool.submit(work) for _ in range(1, self.threads)]
        work()
        for other in others:
            other.result()
        return results

    def _recruit(self, start: int, stop: int) -> tuple[NDArray[np.void], int, int]:
        """Return the accepted candidates of a run of cells, how many were proposed, cells looked at."""
        size = FIRST_CANDIDATES
        while True:
            out = np.empty(size, CANDIDATE)
            n, visited = propose(
                self.population.cells,
                self._idents,
                start,
                stop,
                self.month,
                self._floor,
                self._top,
                self.beyond,
                self.raised,
                self.key,
                out,
            )
            if n <= size:
                break
            size = 2 * n
        kept = recruitment.decide(
            out, n, self.population.children, self.touched, self.month, self.entry_tables
        )
        return out[:kept], n, visited

    def _visits(self) -> list[Callable[[], tuple[NDArray[np.uint64], NDArray[np.int64]]]]:
        """Return the tasks that visit the active list, run by run; each writes into a buffer of its own."""
        self.identified[:] = 0
        starts = range(0, self.n_active, ACTIVE_PER_CHUNK)
        while len(self._buffers) < len(starts):
            self._buffers.append(np.empty(EVENTS_PER_CHILD * ACTIVE_PER_CHUNK, np.uint64))
        return [partial(self._visit, i, min(i + ACTIVE_PER_CHUNK, self.n_active)) for i in starts]

    def _visit(self, start: int, stop: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Let the rules act on a run of the active list, in order; return the events, and who was found.

        The second is [channel, territory] children identified.
        """
        a, t = self.active, self.month
        events = self._buffers[start // ACTIVE_PER_CHUNK]
        words = np.empty((4, stop - start), np.uint32)
        words_of(a["row"][start:stop].copy(), t, STREAM_MONTH, self.key, words)
        n = exits.come_of_age(a, start, stop, t, self._end_of_care, events, 0)
        n = recruitment.return_to_exploitation(
            a,
            start,
            stop,
            self.population.children,
            t,
            self._top,
            self.beyond,
            self.raised,
            self.entry_tables,
            self.return_tables,
            words,
            events,
            n,
        )
        n = exits.leave_exploitation(a, start, stop, t, self._exit_chances, words, events, n)
        found = np.zeros((len(CHANNELS), N_TERRITORIES), np.int64)
        n = identification.identify(
            a, start, stop, t, self.find_rates, self.language_reach, words, found, events, n
        )
        n = care.leave_care(a, start, stop, t, self.stay_tables, words, events, n)
        n = reintegration.follow_up(a, start, stop, t, self.follow_up_tables, words, events, n)
        return events[:n], found

    def _take_visits(self, results: Sequence[tuple[NDArray[np.uint64], NDArray[np.int64]]]) -> None:
        """Take over what visits of the active list found, in order."""
        events = np.concatenate([np.zeros(0, np.uint64), *(part for part, _ in results)])
        self.record.events.append(events)
        for _, found in results:
            self.identified += found
        self.aged_out[:] = _where(events, AGED_OUT)
        self.completed[:] = _where(events, COMPLETED)

    def _watch_siblings(self) -> NDArray[np.void]:
        """Return the siblings who come under watch because of last month's entries."""
        p, population = self.inputs.values, self.population
        limits = (
            population.prone_poverty,
            population.school_threshold,
            population.norm_threshold,
            population.community_rank,
        )
        size = FIRST_WATCH
        while True:
            out = np.empty(size, recruitment.WATCH)
            n = recruitment.watch_siblings(
                self.active,
                self.n_active,
                self.month,
                population.children,
                self.touched,
                population.next_sibling,
                round(p["recruitment.sibling_window_months"]),
                p["recruitment.rr_sibling"] - 1.0,
                limits,
                self._classes,
                self._highest,
                self.key,
                out,
            )
            if n <= size:
                return out[:n]
            size = n

    def _visit_siblings(self) -> NDArray[np.void]:
        """Put the siblings of last month's entrants under watch; return the watched who enter this month."""
        return self._visit_watched(self._watch_siblings())

    def _visit_watched(self, new: NDArray[np.void]) -> NDArray[np.void]:
        """Return the siblings under watch who enter this month; ``new`` have just come under watch."""
        watch = np.concatenate([self.watch, new])
        out = np.empty(watch.size, CANDIDATE)
        left, n = recruitment.watched(
            watch,
            watch.size,
            self.population.children,
            self.touched,
            self.month,
            self.inputs.values["recruitment.rr_sibling"] - 1.0,
            self.entry_tables,
            out,
        )
        self.watch = watch[:left]
        return out[:n]

    def _cell_chunks(self) -> list[tuple[int, int]]:
        """Return the runs of cells that can hold children this month; the cuts never move with threads."""
        year = START_YEAR + self.month // 12
        blocks = self.population.cells[:, CELL_BLOCK_YEAR]
        first = int(np.searchsorted(blocks, year - YEARS_OF_CHILDHOOD))
        last = int(np.searchsorted(blocks, year, side="right"))
        start = first - first % CELLS_PER_CHUNK
        return [
            (max(cut, first), min(cut + CELLS_PER_CHUNK, last)) for cut in range(start, last, CELLS_PER_CHUNK)
        ]

    def _queue(self) -> NDArray[np.int64]:
        """Return who waits for a place, in turn: longest wait first, then a keyed lottery, then identity."""
        index = np.empty(self.known.size, np.int64)
        order = np.empty((self.known.size, 3))
        n = care.seekers(self.active, self.known, self.month, self.key, index, order)
        return index[:n][np.lexsort((order[:n, 2], order[:n, 1], order[:n, 0]))]

    def _write_series(self, t: int) -> None:
        """Write the month's line of every institution series."""
        inputs = self.inputs
        row = dict(zip(SERIES, self.record.series[:, t], strict=True))
        system = self.system
        row["police_effort"][:] = system.effort
        row["upe_units"][:] = inputs.upe_units[t]
        row["upe_capacity"][:] = system.queue.capacity
        row["upe_backlog"][:] = system.queue.backlog
        row["upe_chance"][:] = system.queue.chance
        row["upe_arrivals"][:] = np.where(inputs.upe_units[t] > 0, inputs.upe_load[t], 0.0)
        for i, channel in enumerate(CHANNELS):
            row[f"identified_by_{channel}"][:] = self.identified[i]
        for i, name in enumerate(registers.REGISTERS):
            row[f"registered_{name}"][:] = system.lists[i]
        for i, stage in enumerate(justice.STAGES):
            row[f"cases_to_{stage}"][:] = system.stages[i].sum(axis=0)
            row[f"child_cases_to_{stage}"][:] = system.stages[i, 1]
        row["open_cases"][:] = np.bincount(
            system.cases["territory"][: system.n_cases], minlength=N_TERRITORIES
        )
        row["adults_exploited_stock"][:] = system.adults
        row["upe_waiting"][:] = self.upe_waiting
        row["upe_opened"][:], row["judge_opened"][:] = self.opened
        table = self.facilities
        special = table[:, care.SPECIALISED] == 1
        for kind, chosen in (("specialised", special), ("general", ~special)):
            where = table[chosen, care.TERRITORY]
            for name, column in OF_FACILITIES:
                row[f"{kind}_{name}"][:] = np.bincount(where, table[chosen, column], N_TERRITORIES)
        row["waiting_for_place"][:] = self.waiting
        row["plans_completed"][:] = self.completed

    # -- building, keeping, going on -------------------------------------------------------------------

    def _fix_constants(self, central: Mapping[str, float]) -> None:
        """Work out what holds for the whole run."""
        inputs, p = self.inputs, self.inputs.values
        self._idents = self.population.cells[:, CELL_IDENT].astype(np.uint32)
        self._floor = recruitment.floor_rates(central)
        self._top = inputs.entry.top()
        self._highest = self._top[1] * recruitment.HIGHEST_RAISE
        self._classes = class_of_pattern()
        self._exit_chances = exits.exit_chances(exits.exit_rates(p))
        self._end_of_care = round(12 * p["reintegration.care_until_years"])
        self.countryside = self.population.margins.sum(axis=(1, 2, 3))[1::2] > 0

    def _build_institutions(self) -> None:
        """Create the institutions and networks, as agents that look at the columns of the system."""
        for kind, agent in INSTITUTION_AGENTS.items():
            for k in range(N_TERRITORIES):
                agent(self, k, kind)
        for number in range(networks.N_NETWORKS):
            TraffickingNetwork(self, number)
        for number, (territory, special) in enumerate(
            zip(self.inputs.facility_territory, self.inputs.facility_specialised, strict=True)
        ):
            Shelter(self, int(territory), number, specialised=bool(special))

    def _put_calendar(self) -> None:
        """Schedule every change of shocks and programmes half a month before the month in which it counts.

        A callback is a bound method: Mesa keeps weak references, and a local function would vanish.
        """
        self.first_month = self.month
        told = self.inputs.history
        changes: set[int] = set()
        for series in (told.shocks, told.funded, self.inputs.upe_units):
            rows = series.reshape(series.shape[0], -1)
            changes.update((np.flatnonzero((np.diff(rows, axis=0) != 0).any(axis=1)) + 1).tolist())
        self.calendar = [
            self.schedule_event(self.turn_calendar, at=float(t - self.month) + 0.5)
            for t in sorted(changes)
            if t >= self.month
        ]
        self.turned: list[int] = []
        self.decided = [
            self.schedule_event(self.decide, at=float(t - self.month) + 0.5)
            for t in self.inputs.budget.decisions()
            if t >= self.month
        ]

    def turn_calendar(self) -> None:
        """Let shocks begin and end, and offices open and close, for the month about to begin."""
        t = self.first_month + round(self.time + 0.5) - 1
        self.turned.append(t)
        self.system.in_force = self.inputs.history.shocks[t]

    def decide(self) -> None:
        """Let programmes move their money, or release it, by what has been registered up to now."""
        t = self.first_month + round(self.time + 0.5) - 1
        budget = self.inputs.budget
        new: list[Decision] = []
        # A programme that has ended early decides nothing more.
        for g in budget.decisions().get(t, []):
            programme = budget.programmes[g]
            for number, outcome in enumerate(programme.outcomes):
                if outcome.share > 0.0 and outcome.by_ti + 1 == t:
                    count = self.registered(outcome.signal, programme.start_ti, t)
                    total = float(count[budget.works_in(g)].sum())
                    reached = total >= outcome.at_least * self.inputs.scale
                    new.append(Decision(t, g, "judged", np.zeros(N_TERRITORIES), number, reached))
            rule = programme.adapt
            if rule is not None and (t - programme.start_ti) % rule.every_months == 0:
                signal = self.registered(rule.signal, max(t - YEAR, 0), t)
                new.append(Decision(t, g, "moved", signal))
            if self._is_over(programme, budget.works_in(g), t):
                new.append(Decision(t, g, "ended", np.zeros(N_TERRITORIES)))
        self.decisions += new
        self._replan(new)

    def _is_over(self, programme: Programme, works_in: NDArray[np.bool_], t: int) -> bool:
        """Return whether what was registered in the last year, where a programme works, ends it."""
        rule = programme.stop_when
        if rule is None or (t - programme.start_ti) % YEAR or t <= programme.start_ti:
            return False
        count = float(self.registered(rule.signal, t - YEAR, t)[works_in].sum())
        if rule.per is None:
            return count >= rule.at_least * self.inputs.scale
        whole = float(self.registered(rule.per, t - YEAR, t)[works_in].sum())
        return whole > 0.0 and count / whole >= rule.at_least

    def registered(self, signal: str, first: int, stop: int) -> NDArray[np.float64]:
        """Return [territory] what the State has written down of a signal, from one month up to another."""
        series = self.record.series[SERIES.index(SIGNAL_SERIES[signal]), first:stop]
        return np.asarray(series.sum(axis=0), float)

    def _replan(self, decisions: Sequence[Decision]) -> None:
        """Work out policy again after money has moved."""
        self.inputs = replanned(self.inputs, decisions)
        self.system.inputs = self.inputs

    def _known(self) -> NDArray[np.int64]:
        """Return the positions of the children whom some state body knows and has not yet let go."""
        return positions(self.active, self.n_active, IDENTIFIED, GENERAL_SHELTER)

    def _count_places(self) -> None:
        """Count who lives where; crowding as it is found now hastens the discharges of next month."""
        p = self.inputs.values
        care.occupy(self.active, self.known, self.facilities, self.inputs.background[self.at])
        self.crowded = care.premature_factor(
            self.facilities, p["care.occupancy_norm"], p["care.occupancy_elasticity"]
        )

    def _live_history(self) -> None:
        """Give January 2012 its exploited children, those in care and those with a history.

        Who among the children of 2012 was ever exploited is sampled on the clock of their cumulative rate of
        entry, with exposures as in January 2012; then the rules act on them month by month as ever, in
        institutions as they stood then.
        """
        self.facilities[:, care.PLACES] = self.inputs.places[0]
        self.known = self._known()
        self._count_places()
        self.fix_tables()
        accepted, months = self._history()
        order = np.argsort(months, kind="stable")
        accepted, months = accepted[order], months[order]
        self.month = int(months[0]) if months.size else 0
        while self.month < 0:
            # Nothing but the crowding of homes changes before January 2012.
            self._fix_stays()
            self.watch = np.concatenate([self.watch, self._watch_siblings()])
            self._take_visits(self._map(_call, self._visits()))
            now = slice(*np.searchsorted(months, [self.month, self.month + 1]))
            self.enter_exploitation([accepted[now]])
            self.refer()
            self.find_places()
            self.write_down()
            self.month += 1
        self.record.events.clear()
        self.record.earlier = np.sort(np.concatenate([np.zeros(0, np.uint32), *self.record.entered]))
        self.record.entered.clear()
        count_stocks(self.active, self.n_active, -1, self.record.at_start, self.record.groups_at_start)

    def _history(self) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """Return who was exploited before January 2012, and from which month."""
        floor = np.zeros((2, YEARS_OF_CHILDHOOD + 1, 2))
        top = np.zeros((2, 2, YEARS_OF_CHILDHOOD + 1, 2, self._top.shape[-1]))
        for years in range(1, YEARS_OF_CHILDHOOD + 1):
            floor[:, years] = 12.0 * self._floor[:, :years].sum(axis=1)
            top[:, :, years] = 12.0 * self._top[:, :, :years].sum(axis=2)
        cells = self.population.cells
        last = int(np.searchsorted(cells[:, CELL_BLOCK_YEAR], START_YEAR))

        def part(start: int) -> tuple[NDArray[np.void], NDArray[np.int64]]:
            stop, size = min(start + HISTORY_CELLS, last), 1 << 14
            while True:
                out = np.empty(size, CANDIDATE)
                n = propose_history(cells, start, stop, floor, top, self.beyond, self.key, out)
                if n <= size:
                    break
                size = n
            months = np.empty(n, np.int64)
            kept = recruitment.decide_history(out, n, self.population.children, self.entry_tables, months)
            return out[:kept], months[:kept]

        parts = self._map(part, range(0, last, HISTORY_CELLS))
        return np.concatenate([rows for rows, _ in parts]), np.concatenate([months for _, months in parts])

    def keep(self) -> Kept:
        """Return the whole state between two months; going on from it gives the same bytes."""
        return Kept(
            month=self.month,
            touched=self.touched.copy(),
            active=self.active[: self.n_active].copy(),
            watch=self.watch.copy(),
            institutions=self.system.to_arrays(self.month)
            | {"decisions": np.array([one.row() for one in self.decisions]).reshape(-1, DECISION_WIDTH)},
            record=self.record.copy(self.month),
        )

    def _resume(self, kept: Kept) -> None:
        """Take over a kept state."""
        self.month = kept.month
        self.touched = kept.touched.copy()
        self.n_active = kept.active.size
        self.active = room(np.zeros(FIRST_ROOM, ACTIVE), 0, self.n_active)
        self.active[: self.n_active] = kept.active
        self.watch = kept.watch.copy()
        self.record = kept.record.copy(self.last_month + 1)
        self._build_institutions()
        self.system.take(kept.institutions)
        self.decisions = [Decision.of_row(row) for row in kept.institutions["decisions"]]
        if self.decisions:
            self._replan(self.decisions)
        self.facilities[:, care.PLACES] = self.inputs.places[self.at - 1]
        self.known = self._known()
        care.occupy(self.active, self.known, self.facilities, self.inputs.background[self.at - 1])
        self.crowded = care.premature_factor(
            self.facilities,
            self.inputs.values["care.occupancy_norm"],
            self.inputs.values["care.occupancy_elasticity"],
        )

    def __repr__(self) -> str:
        """Return scenario, month and seed: what a reader asks first."""
        last = month_name(max(self.month - 1, 0))
        return (
            f"<World {self.policy.name}, {last} of {month_name(self.last_month)}, {self.n_active:,} active>"
        )

    def _repr_html_(self) -> str:
        """Show itself in a notebook: children in each state after home at the end of the last month."""
        rows = tuple(
            {"state": t(f"state.{STATES[state]}"), "children": self.stock(state)}
            for state in range(EXPLOITED, ADULT)
        )
        columns = (Column("state", t("world.state")), Column("children", t("world.children"), ",.0f"))
        when = month_name(max(self.month - 1, 0))
        return Table(t("world.title", label=self.policy.label, month=when), columns, rows).html()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the threads; the world can still be read."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def run(self, progress: Callable[[int, int], None] | None = None, until: int | None = None) -> World:
        """Step to the end (or to ``until``, exclusive); call ``progress(done, total)`` once a year."""
        stop = self.last_month + 1 if until is None else min(until, self.last_month + 1)
        total = stop - self.month
        done = 0
        while self.month < stop:
            self.step()
            done += 1
            if progress is not None and (done % 12 == 0 or done == total):
                progress(done, total)
        return self

    def stock(self, state: int) -> int:
        """Return how many children of the active list were in a state at the end of the last month."""
        return int(self.record.groups[self.month - 1, state, :2].sum()) if self.month > 0 else 0


def _where(events: NDArray[np.uint64], step: int) -> NDArray[np.int64]:
    """Return [territory] how many events are of one step from state to state."""
    those = events[(events >> np.uint64(FROM_SHIFT)) & np.uint64(0xFF) == step]
    territory = (those >> np.uint64(PLACE_SHIFT + 1)) & np.uint64(N_TERRITORIES_MASK)
    return np.bincount(territory.astype(np.int64), minlength=N_TERRITORIES)


def _call(task: Callable[[], Any]) -> Any:
    return task()


def _reporter(state: int) -> Callable[[World], int]:
    def report(world: World) -> int:
        return world.stock(state)

    return report


REPORTERS: Final = {STATES[state].lower(): _reporter(state) for state in range(EXPLOITED, ADULT)}
"""What a Mesa data collector reports of a world each month: children in each state after home."""
