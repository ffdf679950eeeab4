"""Institutions, communities and networks of every territory: their part of a month, in order, in columns.

What they do this month reads what children and cases showed until last month; what they showed this month is
noted at its end (``System.note``). Mesa agents (``agents``) are views of these columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.factors import Factors
from simulator.engine.states import (
    CEM,
    CHANNELS,
    DEFENCE,
    DEMUNA,
    INSTITUTIONS,
    JUDGE,
    MENTAL_HEALTH,
    N_TERRITORIES,
    POLICE,
    PROSECUTOR,
    SHELTER,
    START_YEAR,
    UPE,
)
from simulator.evidence.ledger import SHOCKS
from simulator.rules import (
    communities,
    coordination,
    identification,
    justice,
    networks,
    programmes,
    referral,
    registers,
    reintegration,
    shocks,
    workforce,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.engine.types import Key
    from simulator.inputs import Inputs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

YEAR: Final = 12
FIRST_CASES: Final = 1 << 12
MOST_LOAD: Final = 3.0
MOST_INDEX: Final = 5.0
"""A count is never read as more than so many times what was expected."""

CALIBRATION: Final = slice(12 * (2019 - START_YEAR), 12 * (2023 - START_YEAR))
"""Years over which identified children were counted; institutions act relative to them."""


@dataclass
class Window:
    """The last twelve months of a count, [12, territory]."""

    months: Floats

    @classmethod
    def of(cls, monthly: Floats) -> Window:
        """Return a window that starts at what is expected."""
        return cls(np.tile(monthly, (YEAR, 1)))

    def put(self, month: int, count: Floats | Integers) -> None:
        """Note the count of a month."""
        self.months[month % YEAR] = count

    @property
    def total(self) -> Floats:
        """Count of twelve months, [territory]."""
        return np.asarray(self.months.sum(axis=0))


@dataclass
class Seen:
    """What the children of a month showed, [territory] each.

    Attributes
    ----------
    identified : [channel, territory]
    exploited, aged_out : children in exploitation; those who turned 18 in it
    opened : [UPE or judge, territory] cases of protection opened
    """

    identified: Integers | Floats
    exploited: Integers | Floats
    aged_out: Integers | Floats
    opened: Integers | Floats


def index(count: NDArray[Any], expected: NDArray[Any]) -> Floats:
    """Return a count over its expectation, 1 where nothing is expected, never read beyond a bound."""
    ratio = np.divide(count, expected, out=np.ones_like(expected), where=expected > 0.0)
    return np.asarray(np.minimum(ratio, MOST_INDEX))


class System:
    """The institutions of a run.

    Parameters
    ----------
    inputs : what the run reads
    key : words of the seed

    Attributes
    ----------
    factors : quantities of every territory by month
    staff, reference : people of every institution, now and in reference conditions
    networks : see ``rules.networks``
    cases, n_cases : open cases; the table may have room for more
    adults : [territory] persons once exploited as children or first exploited as adults, in exploitation now
    in_force : [shock, territory] shocks that the calendar has begun and not ended
    crowding : [territory] occupancy of the homes over its norm, as the world found it last
    """

    def __init__(self, inputs: Inputs, key: Key) -> None:
        p = inputs.values
        self.inputs, self.key = inputs, key
        told = inputs.history
        self.factors = Factors(inputs.factors, inputs.links, p, told.granted.shape[0], told.context)
        self.in_force = np.zeros((len(SHOCKS), N_TERRITORIES))
        self.staff = workforce.settled(p, inputs.history.posts[0])
        self.reference = workforce.settled(p, inputs.history.reference_posts)
        self.networks = networks.settled(p, round(p["m071.delay"]))
        self.legacy = np.zeros_like(inputs.history.funded[0])
        self.cases = np.zeros(FIRST_CASES, justice.CASE)
        self.n_cases = 0
        self.adults = inputs.expected.adults.copy()
        self.backlog = np.zeros(N_TERRITORIES)
        self.identified = Window.of(inputs.expected.identified)
        self.convicted = Window.of(inputs.expected.convictions)
        self.by_upe = Window.of(inputs.expected.protected)
        self.by_judge = Window.of(inputs.expected.protected)
        self.lists = np.zeros((len(registers.REGISTERS), N_TERRITORIES), np.int64)
        self.stages: NDArray[Any] = np.zeros((len(justice.STAGES), 2, N_TERRITORIES), np.int64)
        self.queue = referral.Queue(*(np.zeros(N_TERRITORIES) for _ in referral.Queue._fields))
        self.effort = np.ones(N_TERRITORIES)
        self.crowding = np.ones(N_TERRITORIES)
        self._fill_cases()

    # -- before the children ---------------------------------------------------------------------------

    def act(self, month: int) -> None:
        """Let shocks, programmes, agencies, staff, communities and networks have their month."""
        now, inputs = self.factors, self.inputs
        now.begin(month)
        told = inputs.history
        for name, value in (
            ("rurality", inputs.rurality),
            ("connectivity", inputs.connectivity),
            ("pay_gap", 1.0),
            ("police_unit", told.police_unit[month]),
            ("regional_police_unit", np.where(inputs.outside_lima, told.police_unit[month], 0.0)),
            ("prosecutor_office", told.prosecutor_office[month]),
        ):
            now[name] = value
        now.put(now.granted, told.granted[month])
        shocks.strike(now, dict(zip(SHOCKS, self.in_force, strict=True)))
        now.put(now.delivered, told.delivered[month])
        shocks.weather(now)
        programmes.deliver(now, told.delivered[month], told.funded[month], told.outside[month], self.legacy)
        coordination.agree(now)
        coordination.decide(now)
        self.staff.posts = told.posts[month].copy()
        workforce.turn_over(now, self.staff)
        workforce.train(now, self.staff, told.settled_posts[month])
        workforce.serve(now, self.staff, self.reference)
        communities.hear(now)
        communities.shift_norms(now)
        communities.report(now)
        communities.prevent(now)
        networks.press(now)
        self.disrupt(self.effort * now["quality"][POLICE], self.key)
        justice.weigh(now)
        load = inputs.police_load + self.identified.total / YEAR
        self.effort = identification.police_effort(
            now["strength"][POLICE],
            load,
            inputs.police_load + inputs.expected.identified,
            inputs.values["police.effort_elasticity"],
        )
        self.gains = identification.reach(now, self.effort, inputs.outside_lima)
        referral.speed(now)
        reintegration.prospects(now)

    def disrupt(self, search: Floats, key: Key | None) -> None:
        """Let police work, [territory], and operations strike networks; see ``rules.networks``."""
        now = self.factors
        networks.disrupt(now, self.networks, self.inputs.network_group, search, key, now["enforcement"])

    def attend(self, waiting: Integers | Floats) -> None:
        """Let the special protection units have their month: one queue of children of all causes."""
        now, inputs, p = self.factors, self.inputs, self.inputs.values
        t = max(now.month, 0)
        capacity = (
            p["upe.capacity_margin"]
            * inputs.upe_reference_load
            * inputs.upe_units[t]
            / np.maximum(inputs.upe_reference_units, 1)
            * now["strength"][UPE]
            * now["upe_gain"]
        )
        arriving = np.where(inputs.upe_units[t] > 0, inputs.upe_load[t] * now["protection_demand"], 0.0)
        lapse = 1.0 - float(np.exp(-1.0 / p["upe.backlog_lapse_months"]))
        self.queue = referral.attend(capacity, arriving, self.backlog, waiting, p["upe.priority"], lapse)
        self.backlog = self.queue.backlog

    # -- after the children ----------------------------------------------------------------------------

    def prosecute(self, filed: NDArray[np.void]) -> None:
        """Open the cases of the month, of children and of adults, and move all open cases on."""
        now = self.factors
        need = self.n_cases + filed.size + N_TERRITORIES * justice.MOST_ADULT_CASES
        if need > self.cases.size:
            longer = np.zeros(2 * need, justice.CASE)
            longer[: self.n_cases] = self.cases[: self.n_cases]
            self.cases = longer
        new = self.cases[self.n_cases : self.n_cases + filed.size]
        new["id"], new["territory"], new["child"] = filed["row"], filed["territory"], 1
        new["opened"] = new["since"] = now.month
        new["stage"] = justice.INVESTIGATION
        self.n_cases = justice.open_adult_cases(
            self.adult_complaints(),
            now.month,
            self.key,
            self.cases,
            self.n_cases + filed.size,
        )
        self.stages[:] = 0
        self.n_cases = justice.prosecute(
            self.cases, self.n_cases, now.month, justice.tables(now), self.key, self.stages
        )

    def adult_complaints(self) -> Floats:
        """Return [territory] cases of adult victims that are expected to open this month."""
        return self.inputs.expected.adult_complaints * self.adults_seen()

    def adults_seen(self) -> Floats:
        """Return [territory] adult victims whom services see this month, relative to expectation."""
        return registers.adults_seen(self.factors, index(self.adults, self.inputs.expected.adults))

    def open_cases(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return [territory] the cases that are open, and those of them on trial."""
        stage = self.cases["stage"][: self.n_cases]
        where = self.cases["territory"][: self.n_cases].astype(np.int64)
        return (
            np.bincount(where, minlength=N_TERRITORIES),
            np.bincount(where[stage == justice.TRIAL], minlength=N_TERRITORIES),
        )

    def note(self, seen: Seen) -> None:
        """Note what the month showed, for the institutions of the months to come."""
        now, inputs, p = self.factors, self.inputs, self.inputs.values
        expected, t = inputs.expected, now.month
        self.identified.put(t, seen.identified.sum(axis=0))
        self.convicted.put(t, self.stages[justice.CONVICTED].sum(axis=0))
        self.by_upe.put(t, seen.opened[0])
        self.by_judge.put(t, seen.opened[1])
        leave = 1.0 - np.exp(-1.0 / p["registers.adult_spell_months"])
        self.adults += seen.aged_out + expected.adult_entries - self.adults * leave
        now["exploited"] = index(seen.exploited.astype(float), expected.exploited)
        now["adults_exploited"] = index(self.adults, expected.adults)
        now["recorded_cases"] = index(self.identified.total + 1.0, YEAR * expected.identified + 1.0)
        opened = self.by_upe.total + self.by_judge.total
        share = np.divide(self.by_judge.total, opened, out=np.full(N_TERRITORIES, 0.5), where=opened > 0.0)
        now["judge_share"] = share
        # Convictions elsewhere in the country are news here too, in proportion to what was expected.
        usual = YEAR * expected.convictions
        near = p["justice.news_weight"] * usual.sum()
        national = index(self.convicted.total.sum(keepdims=True), usual.sum(keepdims=True))
        now["convictions"] = np.divide(
            self.convicted.total + near * national,
            usual + near,
            out=np.ones(N_TERRITORIES),
            where=usual > 0.0,
        )
        open_cases, trials = self.open_cases()
        strength = np.maximum(now["strength"], 0.05)
        now["upe_strength"] = now["strength"][UPE] * now["quality"][UPE]
        now["rescue_load"] = np.clip(np.where(self.queue.load > 0.0, self.queue.load, 1.0), 0.2, MOST_LOAD)
        demand = np.repeat(inputs.other_load[t][None], len(INSTITUTIONS), axis=0)
        demand[POLICE] = index(
            inputs.police_load + self.identified.total / YEAR, inputs.police_load + expected.identified
        )
        demand[PROSECUTOR] = index(open_cases + 1.0, expected.open_cases + 1.0)
        demand[JUDGE] = index(trials + 1.0, expected.trials + 1.0)
        demand[DEFENCE] = demand[PROSECUTOR]
        demand[UPE] = now["rescue_load"] * strength[UPE]
        for kind in (DEMUNA, CEM, MENTAL_HEALTH):
            demand[kind] = inputs.other_load[t]
        demand[SHELTER] = self.crowding
        now["workload"] = np.clip(demand / strength, 0.2, MOST_LOAD)
        now["caseload"] = now["workload"][PROSECUTOR]

    def _fill_cases(self) -> None:
        """Give January 2012 the open cases that the expected flows would have left."""
        expected = self.inputs.expected
        n = 0
        for stage, stock in (
            (justice.INVESTIGATION, expected.open_cases - expected.trials),
            (justice.TRIAL, expected.trials),
        ):
            for k in range(N_TERRITORIES):
                number = round(float(stock[k]))
                if n + number > self.cases.size:
                    self.cases = np.concatenate([self.cases, np.zeros(n + number, justice.CASE)])
                part = self.cases[n : n + number]
                part["id"] = justice.ADULT_CASE + np.arange(n, n + number)
                part["territory"], part["stage"], part["opened"], part["since"] = k, stage, -1, -1
                n += number
        self.n_cases = n

    # -- keeping ---------------------------------------------------------------------------------------

    def to_arrays(self, month: int) -> dict[str, NDArray[Any]]:
        """Return everything that differs between months, by name."""
        out: dict[str, NDArray[Any]] = {
            "plain": self.factors.plain[: month + 1].copy(),
            "staffed": self.factors.staffed[: month + 1].copy(),
            "in_force": self.in_force.copy(),
            "legacy": self.legacy.copy(),
            "cases": self.cases[: self.n_cases].copy(),
            "adults": self.adults.copy(),
            "backlog": self.backlog.copy(),
            "effort": self.effort.copy(),
            "crowding": self.crowding.copy(),
        }
        for name in _STAFF:
            out[name] = getattr(self.staff, name).copy()
        out |= {f"networks_{name}": array.copy() for name, array in networks.arrays(self.networks).items()}
        out |= {name: getattr(self, name).months.copy() for name in _WINDOWS}
        return out

    def take(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Take over what ``to_arrays`` gave."""
        self.factors.take(saved["plain"], saved["staffed"])
        for name in ("in_force", "legacy", "adults", "backlog", "effort", "crowding"):
            setattr(self, name, saved[name].copy())
        self.cases, self.n_cases = saved["cases"].copy(), saved["cases"].size
        for name in _STAFF:
            setattr(self.staff, name, saved[name].copy())
        for name in ("capacity", "rebuilding", "moving"):
            setattr(self.networks, name, saved[f"networks_{name}"].copy())
        for name in _WINDOWS:
            setattr(self, name, Window(saved[name].copy()))


_rehearsed: dict[tuple[Any, ...], Floats] = {}
LONGEST_MEMORY: Final = 64


def rehearse(inputs: Inputs, population: str, weights: Floats) -> Floats:
    """Return [channel] the mean gains of identification in the calibration period, by the record alone.

    The count of that period is known; institutions act relative to how they then were.

    Parameters
    ----------
    inputs : of the record, without a scenario's measures
    population : digest of the population, for the memory of earlier rehearsals
    weights : [channel, place] expected identifications
    """
    memory = (population, *inputs.values.items())
    if memory not in _rehearsed:
        system = System(inputs, np.zeros(2, np.uint32))
        total = np.zeros(len(CHANNELS))
        for month in range(CALIBRATION.stop):
            system.in_force = inputs.history.shocks[month]
            system.act(month)
            if month >= CALIBRATION.start:
                total += (weights * system.gains).sum(axis=1)
        while len(_rehearsed) >= LONGEST_MEMORY:
            _rehearsed.pop(next(iter(_rehearsed)))
        months = CALIBRATION.stop - CALIBRATION.start
        expected = weights.sum(axis=1) * months
        _rehearsed[memory] = np.divide(total, expected, out=np.ones_like(total), where=total > 0.0)
    return _rehearsed[memory]


_STAFF: Final = ("posts", "newcomers", "proficient", "skilled")
_WINDOWS: Final = ("identified", "convicted", "by_upe", "by_judge")
