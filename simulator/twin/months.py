"""The stock-and-flow twin: the mean-field form of the model, from the same ledger and the same tables.

Where the model follows every child, the twin follows expected numbers of children in compartments
(``compartments``), by form, sex and month of age, in one well-mixed country; institutions, communities and
networks are those of the model (``simulator.system``), struck and charged by expectation instead of by draws.
All rates of a month are fixed before it (``simulator.month``), so that within a month the children obey a
linear system of ordinary differential equations

    dx/dt = (P - I) x + b

with P the chances of a month and b its entries; ages move up by one month between months. Its rest points are
those of the model's months, x' = P x + b, which are one explicit step of it. It is solved by
``scipy.integrate.solve_ivp``, or by a number of explicit steps a month.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from scenarios.schema import Scenario, load_scenario
from simulator import month
from simulator.engine.states import (
    ADULT,
    ADULTHOOD,
    AGE_BAND_STARTS,
    AGE_BANDS,
    BY_COMMUNITY,
    BY_POLICE,
    BY_SELF,
    CHANNELS,
    EXPLOITED,
    FAMILY_CARE,
    FORMS,
    GENERAL_SHELTER,
    HOME,
    N_PLACES,
    N_STATES,
    N_STOCKS,
    N_TERRITORIES,
    OUTSIDE,
    REPORT_FROM,
    SEXES,
    SEXUAL,
    SPECIALISED_SHELTER,
    START_YEAR,
    STATES,
)
from simulator.engine.store import load_population
from simulator.evidence import load_ledger
from simulator.inputs import Inputs, arriving, prepare
from simulator.outcomes.dataset import attributes_of, coordinates
from simulator.rules import care, justice, registers
from simulator.rules.recruitment import FIRST_AGE
from simulator.system import Seen, System
from simulator.twin import chances
from simulator.twin.compartments import (
    GROUPS,
    INDEX,
    N_ROWS,
    NAMES,
    OF_ROW,
    PAST_18,
    STATE_OF,
    Move,
    back,
    by_compartment,
    pooled,
)
from simulator.twin.compartments import System as Linear
from simulator.twin.entries import (
    RANKS,
    base_of,
    expected_entries,
    exposures,
    factors_of,
    left_at_home,
)
from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.engine.types import Key
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

METHOD: Final = "RK45"
RTOL: Final = 1e-3
ATOL: Final = 1e-2
"""Of ``solve_ivp``: relative, and absolute in children of one group, row and month of age."""

FIRST_STEP: Final = 1.0
"""Part of a month that ``solve_ivp`` tries first."""

FIRST_MONTH: Final = 12 * FIRST_AGE
CHILD_MONTHS: Final = ADULTHOOD - FIRST_MONTH
HISTORY: Final = -156
"""First month lived through, as in the model: from the fifth birthday of the oldest children of 2012 on."""

YEAR: Final = 12
SERIES: Final = (
    "upe_capacity",
    "upe_backlog",
    "upe_waiting",
    "upe_chance",
    "upe_opened",
    "judge_opened",
    *(f"identified_by_{channel}" for channel in CHANNELS),
    *(f"registered_{name}" for name in registers.REGISTERS),
    *(f"cases_to_{stage}" for stage in justice.STAGES),
    *(f"child_cases_to_{stage}" for stage in justice.STAGES),
    "open_cases",
    "adults_exploited_stock",
)
"""Series by month and territory that the twin shares with the model's dataset."""


class Institutions(System):
    """The institutions of the model, struck and charged by expectation instead of by draws.

    Attributes
    ----------
    dockets : [stage 2, adult or child, territory] open cases
    """

    def __init__(self, inputs: Inputs) -> None:
        self.dockets = np.zeros((2, 2, N_TERRITORIES))
        super().__init__(inputs, np.zeros(2, np.uint32))

    def disrupt(self, search: Floats, key: Key | None) -> None:
        """Networks lose what disruption is expected to take."""
        del key
        super().disrupt(search, None)

    def expect(self, filed: Floats) -> None:
        """Complaints of children, [territory], and of adults become cases, and open cases move on."""
        tables = justice.tables(self.factors)
        new = np.stack([np.minimum(self.adult_complaints(), justice.MOST_ADULT_CASES), filed])
        investigated, tried = self.dockets[justice.INVESTIGATION], self.dockets[justice.TRIAL]
        decided, judged = investigated * tables.decide, tried * tables.judge
        charged, convicted = decided * tables.charge, judged * tables.convict
        self.stages = np.stack([new, charged, decided - charged, convicted, judged - convicted])
        self.dockets = np.stack([investigated + new - decided, tried + charged - judged])

    def open_cases(self) -> tuple[Floats, Floats]:
        """Return [territory] the cases that are open, and those of them on trial."""
        by_stage = self.dockets.sum(axis=1)
        return by_stage.sum(axis=0), by_stage[justice.TRIAL]

    def _fill_cases(self) -> None:
        """Give January 2012 the open cases that the expected flows would have left."""
        expected = self.inputs.expected
        self.dockets[justice.INVESTIGATION, 0] = expected.open_cases - expected.trials
        self.dockets[justice.TRIAL, 0] = expected.trials


class Twin:
    """The twin of one run, month by month; ``solve`` is the way to it.

    Parameters
    ----------
    inputs, population, ledger : as for the model
    steps : explicit steps a month; ``solve_ivp`` without
    rtol, atol : tolerances of ``solve_ivp``

    Attributes
    ----------
    month : the month about to be lived through
    child : [group, row, month of age] expected children under 18 in each row of the compartments
    grown : the same past the eighteenth birthday, until care ends
    where : [form 2, place] expected exploited children where they are
    """

    def __init__(
        self,
        inputs: Inputs,
        population: Population,
        ledger: Ledger,
        *,
        steps: int | None = None,
        rtol: float = RTOL,
        atol: float = ATOL,
    ) -> None:
        p = inputs.values
        self.inputs, self.population, self.steps, self.rtol, self.atol = inputs, population, steps, rtol, atol
        self.system = Institutions(inputs)
        self.exposures = exposures(population, ledger, inputs.n_months)
        share = np.diff(inputs.destination, axis=1, prepend=0.0)
        self.arriving = arriving(share, p["movement.share_away"], inputs.rurality > 0.0)
        grown = round(12 * p["reintegration.care_until_years"]) - ADULTHOOD
        self.child = np.zeros((len(GROUPS), N_ROWS, CHILD_MONTHS))
        self.grown = np.zeros((len(GROUPS), len(NAMES), grown))
        self.where = (inputs.entry.entries_by_place @ self.arriving)[SEXUAL:]
        self.speech = _speech(population)
        self.facilities = np.zeros((inputs.facility_territory.size, care.N_COLUMNS))
        self.facilities[:, care.SPECIALISED] = inputs.facility_specialised
        self.month = HISTORY
        self.told: list[dict[str, Floats]] = []
        self._furnish(0)
        self.system.factors.begin(-1)
        self._fix_entries()
        while self.month < 0:
            self._live()

    def step(self) -> None:
        """Live through one month in which institutions act."""
        told = self.inputs.history
        self.system.in_force = told.shocks[self.month]
        self.system.act(self.month)
        self._fix_entries()
        self._live()

    # -- entries ---------------------------------------------------------------------------------------

    def _fix_entries(self) -> None:
        """Work out the expected entries of the month; who is left at home is worked out once a year."""
        inputs, population, t = self.inputs, self.population, max(self.month, 0)
        tables = month.entry_tables(inputs, self.system.factors, population, t)
        children, poor = self.exposures.at(t)
        school = _ratio(tables.school, population.school_threshold).min(axis=0)
        m = factors_of(tables, poor, school, _ratio(tables.norm, population.norm_threshold))
        base = base_of(tables)
        if self.month < 0 or t % YEAR == 0:
            self.at_home = left_at_home(base, m)
        unsupported = 1.0 - inputs.support[t] / RANKS
        extreme = np.minimum(_ratio(inputs.extreme[t], inputs.poverty[t]), 1.0) * unsupported
        self.entries = expected_entries(children, self.at_home, base, m, extreme)
        self.cohorts = np.repeat(children.sum(axis=(0, 3)) / YEAR, YEAR, axis=0)

    def _entering(self) -> Floats:
        """Return [group, month of age] the expected entries of the month.

        Before 2012 each cohort has the size it has in January 2012; older ones are adults by then.
        """
        per_child = np.repeat(self.entries.per_child, YEAR, axis=1)
        cohorts = self.cohorts
        if self.month < 0:
            later = np.arange(CHILD_MONTHS) - self.month
            cohorts = np.where(
                (later < CHILD_MONTHS)[:, None], cohorts[np.minimum(later, CHILD_MONTHS - 1)], 0.0
            )
        return np.stack([per_child[form - SEXUAL, :, sex] * cohorts[:, sex] for form, sex in GROUPS])

    # -- a month ---------------------------------------------------------------------------------------

    def _live(self) -> None:
        """Children have their month: they grow older, then flow between compartments."""
        inputs, t, now = self.inputs, max(self.month, 0), self.system.factors
        aged = self._grow_older()
        weights = _shares(self.where)
        gains = self.system.gains if self.month >= 0 else None
        speech = 1.0 + self.speech * (np.repeat(now["language_reach"], 2) - 1.0)
        seen = chances.found(inputs, month.find_rates(inputs, gains), weights, speech)

        stock = self._stock()
        reached = month.referred(inputs, now, t)
        waiting = np.einsum(
            "f,fk->k", self._of_form(stock["referred"]), _territories(_shares(seen.where * reached))
        )
        self.system.attend(waiting)
        refer = month.referral_tables(inputs, now, self.system.queue, reached, t)
        stays, search = self._care(t, stock, weights)
        moves = [
            *chances.leaving_exploitation(seen, refer),
            *chances.protecting(seen, refer),
            *search.moves(),
            *stays,
        ]
        present = np.stack(
            [np.repeat(self.entries.present[form - SEXUAL, :, sex], YEAR) for form, sex in GROUPS]
        )
        everywhere = self.where.sum(axis=0) / max(float(self.where.sum()), 1e-12)
        linear = Linear(
            moves, back(month.return_tables(inputs, now, t), everywhere, self.entries.extreme, present)
        )
        entering = self._entering()
        spent = self._integrate(linear, entering)
        self._follow_where(seen, aged)
        flows, by_move = linear.flows(*spent)
        flows[HOME, EXPLOITED] = entering.sum(axis=1)
        self._furnish(t)
        if self.month >= 0:
            flows += aged
            by_upe = chances.reached_by_upe(refer)
            targets = [move.target for move in moves]
            opened = np.stack(
                [
                    self._of_form(by_move[targets.index(name)]) @ _territories(_shares(seen.where * share))
                    for name, share in (("upe_case", by_upe), ("judge_case", 1.0 - by_upe))
                ]
            )
            self._tell(flows, seen, spent[0][:, 0], opened, waiting)
        self.month += 1

    def _grow_older(self) -> Floats:
        """All ages move up by one month; return [from, to, group] who turns 18 or outgrows care."""
        flows = np.zeros((N_STATES, N_STATES, len(GROUPS)))
        turned = by_compartment(self.child[..., -1])
        ending, stays = self.grown[..., -1], np.isin(STATE_OF, PAST_18)
        for c, state in enumerate(STATE_OF):
            flows[state, ADULT] += ending[:, c] if stays[c] else turned[:, c]
        self.child = np.concatenate([np.zeros_like(self.child[..., :1]), self.child[..., :-1]], axis=2)
        self.grown = np.concatenate([(turned * stays)[..., None], self.grown[..., :-1]], axis=2)
        return flows

    def _care(self, t: int, stock: dict[str, Floats], weights: Floats) -> tuple[list[Move], chances.Measures]:
        """Return how children leave care this month, and how they come into it."""
        inputs, now = self.inputs, self.system.factors
        territory = inputs.facility_territory
        places, admits = inputs.places[t].astype(float), inputs.admits[t]
        kinds = {"specialised": inputs.facility_specialised == 1, "general": inputs.facility_specialised == 0}
        stay = month.stay_tables(inputs, now, self.crowded, t)
        stays = {k: chances.staying(stay, places * of, territory) for k, of in kinds.items()}
        follow_up = month.follow_up_tables(inputs, now)
        tables = month.care_tables(inputs, now, t)
        bits = np.array([1 << (2 * sex + form - 1) for form, sex in GROUPS])
        admitted = np.bitwise_or.reduce(admits[kinds["specialised"] & (places > 0.0)], initial=0)
        everywhere = weights.mean(axis=0)
        decision = pooled(_territories(everywhere), tables.decision[None])[0]

        def measures(search: dict[str, chances.Search]) -> chances.Measures:
            return chances.Measures(
                decision=float(decision),
                residential=chances.residential_shares(tables),
                eligible=((bits & admitted) > 0).astype(float),
                plan={
                    state: float(everywhere @ tables.plan[state])
                    for state in (SPECIALISED_SHELTER, GENERAL_SHELTER, FAMILY_CARE)
                },
                search=search,
                judge_seeks=tables.judge_seeks_specialised,
                max_wait=tables.max_wait,
            )

        looking = chances.seekers(measures({}), stock)
        search = {}
        for kind, of in kinds.items():
            own = places * of - np.minimum(inputs.background[t], places) * of
            living = stock[f"{kind}_plan"].sum() + stock[kind].sum()
            kept = living * (1.0 - stays[kind].sum()) + stock[f"due_{kind}"].sum()
            free = own * max(1.0 - kept / max(float(own.sum()), 1e-9), 0.0)
            rooms = chances.room(free[of], admits[of], looking[kind])
            nearest = chances.reach(
                inputs, t, admits, _territories(weights), specialised=int(kind == "specialised")
            )
            search[kind] = chances.search(rooms, nearest, tables)
        leaving = chances.leaving_care(stays, stay.family, follow_up.rate, weights @ follow_up.completion)
        return list(leaving), measures(search)

    def _furnish(self, t: int) -> None:
        """Count who lives in the homes at the end of a month; crowding hastens the discharges of the next."""
        inputs, table, p = self.inputs, self.facilities, self.inputs.values
        stock = self._stock()
        places = inputs.places[t].astype(float)
        table[:, care.PLACES], table[:, care.ADMITS] = places, inputs.admits[t]
        table[:, care.OCCUPIED] = inputs.background[t]
        for kind, special in (("specialised", 1), ("general", 0)):
            share = places * (inputs.facility_specialised == special)
            living = sum(stock[name].sum() for name in (f"{kind}_plan", kind, f"due_{kind}"))
            table[:, care.OCCUPIED] += living * share / max(float(share.sum()), 1e-9)
        self.crowded = care.premature_factor(table, p["care.occupancy_norm"], p["care.occupancy_elasticity"])

    def _follow_where(self, seen: chances.Found, aged: Floats) -> None:
        """Move the shares of places in the exploited stock by entries and exits; its size is the stock's."""
        now = _shares(self.where)
        stock = self._of_form(self._stock()["exploited"])
        before = self.where.sum(axis=1)
        found = seen.identified[:, None] * seen.where
        grown = self._of_form(aged[EXPLOITED, ADULT]) / np.maximum(before, 1e-9)
        leaving = before[:, None] * (now * (seen.escape + seen.death + grown)[:, None] + found)
        moved = self.where - leaving + self.entries.flow.sum(axis=(2, 3)) @ self.arriving
        self.where = _shares(np.maximum(moved, 0.0)) * stock[:, None]

    # -- solving ---------------------------------------------------------------------------------------

    def _integrate(self, linear: Linear, entering: Floats) -> tuple[Floats, Floats, Floats]:
        """Solve one month; return the child-months spent, see ``compartments.System.flows``."""
        present = linear.back.present[:, None] * linear.back.exposure[OF_ROW][:, None]
        n_child, n_grown = self.child.size, self.grown.size
        wide, tall = (len(GROUPS) * N_ROWS, CHILD_MONTHS), (len(GROUPS) * len(NAMES), -1)
        counted = len(GROUPS) * N_ROWS

        def change(_t: float, y: Floats) -> Floats:
            out = np.empty_like(y)
            child, grown = y[:n_child].reshape(wide), y[n_child : n_child + n_grown].reshape(tall)
            returning = child.reshape(self.child.shape) * present
            flow = (linear.child @ child).reshape(self.child.shape) - returning
            flow[:, 0] += returning.sum(axis=1) + entering
            out[:n_child] = flow.ravel()
            out[n_child : n_child + n_grown] = (linear.grown @ grown).ravel()
            rest = out[n_child + n_grown :]
            rest[:counted] = child.sum(axis=1)
            rest[counted : 2 * counted] = returning.sum(axis=2).ravel()
            rest[2 * counted :] = grown.sum(axis=1)
            return out

        more = 2 * counted + len(GROUPS) * len(NAMES)
        y = np.concatenate([self.child.ravel(), self.grown.ravel(), np.zeros(more)])
        steps = 1 if self.month < 0 else self.steps
        if steps is None:
            solved = solve_ivp(
                change,
                (0.0, 1.0),
                y,
                METHOD,
                t_eval=(1.0,),
                first_step=FIRST_STEP,
                rtol=self.rtol,
                atol=self.atol,
            )
            y = solved.y[:, -1]
        else:
            for _ in range(steps):
                y = y + change(0.0, y) / steps
        self.child = y[:n_child].reshape(self.child.shape)
        self.grown = y[n_child : n_child + n_grown].reshape(self.grown.shape)
        spent, again, past = np.split(y[n_child + n_grown :], [counted, 2 * counted])
        by_row = (len(GROUPS), N_ROWS)
        return spent.reshape(by_row), past.reshape(len(GROUPS), -1), by_compartment(again.reshape(by_row))

    # -- what it shows ---------------------------------------------------------------------------------

    def _stock(self) -> dict[str, Floats]:
        """Return [group] expected children by compartment, whatever their age."""
        by_name = by_compartment(self.child.sum(axis=2)) + self.grown.sum(axis=2)
        return {name: by_name[:, c] for c, name in enumerate(NAMES)}

    @staticmethod
    def _of_form(by_group: Floats) -> Floats:
        """Return [form 2] of [group]."""
        return np.asarray(by_group.reshape(2, 2).sum(axis=1))

    def _tell(
        self, flows: Floats, seen: chances.Found, spent: Floats, opened: Floats, waiting: Floats
    ) -> None:
        """Note the month for the institutions of the months to come, and for the result."""
        system, inputs, t = self.system, self.inputs, self.month
        here = self._of_form(spent)
        by_place = np.einsum("f,cfk->ck", here, seen.by_channel)
        identified = _territories(by_place)
        where = _territories(self.where).sum(axis=0)
        grown = flows[EXPLOITED, ADULT].sum() * where / max(float(where.sum()), 1e-12)

        lists = registers.tables(system.factors, system.adults_seen() * inputs.adult_share, system.effort)
        filed = identified.sum(axis=0) * lists.complaint
        system.expect(filed)
        others = identified.sum(axis=0) - identified[BY_POLICE]
        registered = (
            identified[BY_POLICE] * lists.police_own + others * lists.police_others,
            lists.police_adults,
            filed * lists.prosecutor,
            lists.prosecutor_adults,
            (identified[BY_COMMUNITY] + identified[BY_SELF]) * lists.hotline,
        )
        system.crowding = month.crowding(inputs, self.facilities)
        system.note(Seen(identified, where, grown, opened))
        series = (
            *(system.queue.capacity, system.queue.backlog, waiting, system.queue.chance, *opened),
            *identified,
            *registered,
            *system.stages.sum(axis=1),
            *system.stages[:, 1],
            system.open_cases()[0],
            system.adults,
        )
        self.told.append(
            {
                "flow": flows,
                "stock": self._by_state(),
                "bands": self._by_band(),
                "children": self.population.group_stock[t].sum(axis=(2, 3)).astype(float),
                **dict(zip(SERIES, (np.array(each, float) for each in series), strict=True)),
            }
        )

    def _by_state(self) -> Floats:
        """Return [state 12, group] expected children; those at home are filled in later."""
        out = np.zeros((N_STOCKS, len(GROUPS)))
        for name, number in self._stock().items():
            out[STATE_OF[INDEX[name]]] += number
        return out

    def _by_band(self) -> Floats:
        """Return [state 12, age band, sex] expected children, those at home not counted."""
        by_age = np.concatenate([by_compartment(self.child), self.grown], axis=2)
        ages = FIRST_MONTH + np.arange(by_age.shape[2])
        bands = np.searchsorted(AGE_BAND_STARTS[1:], ages // YEAR, side="right")
        by_band = by_age @ np.eye(len(AGE_BANDS))[bands]
        out = np.zeros((N_STOCKS, len(AGE_BANDS), 2))
        for g, (_, sex) in enumerate(GROUPS):
            np.add.at(out[..., sex], STATE_OF, by_band[g])
        return np.asarray(out)


def _territories(of_place: Floats) -> Floats:
    """Return [..., territory] sums of [..., place]."""
    return np.asarray(of_place[..., 0::2] + of_place[..., 1::2])


def _shares(numbers: Floats) -> Floats:
    """Return [form 2, place] shares that add up to one for each form."""
    total = numbers.sum(axis=1, keepdims=True)
    even = np.full_like(numbers, 1.0 / N_PLACES)
    return np.asarray(np.divide(numbers, total, out=even, where=total > 0.0))


def _ratio(a: NDArray[Any], b: NDArray[Any]) -> Floats:
    """Return a / b, 1 where b is nothing."""
    return np.asarray(np.divide(a, b, out=np.ones(np.broadcast(a, b).shape), where=b > 0))


def _speech(population: Population) -> float:
    """Return the share of children whose family speaks an indigenous language."""
    by_language = population.group_stock[0].sum(axis=(0, 1, 3))
    return float(by_language[1:].sum() / max(by_language.sum(), 1))


def solve(
    scenario: str | Scenario = "baseline",
    values: Mapping[str, float] | None = None,
    *,
    until: int | None = None,
    first: int = REPORT_FROM,
    ledger: Ledger | None = None,
    population: Population | None = None,
    inputs: Inputs | None = None,
    steps: int | None = None,
    rtol: float = RTOL,
    atol: float = ATOL,
) -> xr.Dataset:
    """Solve the twin of one run.

    Parameters
    ----------
    scenario : name or path of a scenario file, or a loaded scenario
    values : parameter values of a draw; the ledger's central values by default
    until, first : last month and first month reported, counted from January 2012
    ledger, population, inputs : built or loaded by default, as for ``simulator.World``
    steps : explicit steps a month; ``solve_ivp`` without. One step is the expectation of the model's month
    rtol, atol : tolerances of ``solve_ivp``

    Returns
    -------
    Dataset with the names, dimensions and units of the model's, where the two overlap: ``stock_by_sex``,
    ``stock_by_form``, ``stock_by_age_band``, ``flow_by_sex``, ``flow_by_form`` (national, from exploitation
    on; children at home among the stocks), and ``SERIES`` by month and territory.

    Notes
    -----
    Programmes keep the money they began with: nothing is decided on what is registered during the run.
    """
    policy = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    last = policy.until_ti if until is None else until
    ledger = ledger or load_ledger()
    population = population or load_population(ledger, last_year=max(2030, START_YEAR + last // YEAR))
    central = {name: parameter.central for name, parameter in ledger.parameters.items()}
    inputs = inputs or prepare(policy, values or central, ledger, population, last + 1)
    twin = Twin(inputs, population, ledger, steps=steps, rtol=rtol, atol=atol)
    while twin.month <= last:
        twin.step()
    return _dataset(twin, policy, ledger, first, last + 1)


def _dataset(twin: Twin, policy: Scenario, ledger: Ledger, first: int, stop: int) -> xr.Dataset:
    """Return what the twin has shown as a labelled dataset."""
    told = {name: np.stack([m[name] for m in twin.told[first:stop]]) for name in twin.told[0]}
    form = np.eye(len(FORMS))[[form for form, _ in GROUPS]]
    sex = np.eye(len(SEXES))[[sex for _, sex in GROUPS]]
    stock, flow, bands = told["stock"], told["flow"], told["bands"]
    by_sex, by_form, by_band = stock @ sex, stock @ form, bands.sum(axis=3)
    # A child is at home until it enters exploitation; those past 18 in care are children of no stock at home.
    under_18 = bands[:, :, :-1].sum(axis=1)
    home = told["children"][:, :, :-1] - np.moveaxis(under_18, 1, 2)
    by_sex[:, HOME], by_band[:, HOME, :-1] = home.sum(axis=2), home.sum(axis=1)
    by_form[:, HOME, 0] = home.sum(axis=(1, 2))
    kept, sources, targets = slice(HOME, ADULT), slice(HOME, ADULT), slice(EXPLOITED, OUTSIDE)
    arrays = {
        "stock_by_sex": (("month", "state", "sex"), by_sex[:, kept]),
        "stock_by_form": (("month", "state", "form"), by_form[:, kept]),
        "stock_by_age_band": (("month", "state", "age_band"), by_band[:, kept]),
        "flow_by_sex": (("month", "from_state", "to_state", "sex"), (flow @ sex)[:, sources, targets]),
        "flow_by_form": (("month", "from_state", "to_state", "form"), (flow @ form)[:, sources, targets]),
        **{name: (("month", "territory"), told[name]) for name in SERIES},
    }
    coords = coordinates(ledger, first, stop)
    coords = {
        **{name: coords[name] for name in ("month", "territory", "territory_name")},
        "state": list(STATES[kept]),
        "from_state": list(STATES[sources]),
        "to_state": list(STATES[targets]),
        "sex": list(SEXES),
        "form": list(FORMS),
        "age_band": list(AGE_BANDS),
    }
    solver = f"{twin.steps} explicit steps a month" if twin.steps else f"solve_ivp {METHOD}"
    return xr.Dataset(
        {name: (dims, array, attributes_of(name)) for name, (dims, array) in arrays.items()},
        coords=coords,
        attrs={
            "title": "SinTrata: stock-and-flow twin, expected children",
            "scenario": policy.name,
            "data_hash": ledger.hash,
            "code_version": __version__,
            "solver": solver,
            "rtol": twin.rtol,
            "atol": twin.atol,
        },
    )
