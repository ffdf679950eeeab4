"""Budgets: soles assigned become soles spent, capacity, and levels of levers, month by month.

Each line of a programme goes the same way in each place: what is assigned (PIA) is modified (PIM), a part of
it can be executed, a part of that pays overhead, and the rest first runs the capacity there is and then
builds or hires more, up to what it can run in the long term. New capacity comes into use after its lead time.
What cannot be spent is returned, with its reason. Coverage of a need saturates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.levers import levers
from scenarios.programmes import DESIGN, PAYERS
from simulator.engine.states import LAST_MONTH, N_PLACES, N_TERRITORIES, START_YEAR
from simulator.evidence.drivers import rural_share
from simulator.policy.costs import unit_costs
from simulator.policy.levers import territory_levels, where
from simulator.policy.need import Needs
from simulator.policy.prices import prices

if TYPE_CHECKING:
    from scenarios.programmes import Grant, Programme
    from scenarios.schema import Scenario
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STAGES: Final = ("pia", "pim", "executed", "saldo")
REASONS: Final = ("execution", "lead_time", "hiring", "saturation", "milestone")
"""Why money of a PIM was not spent: the limit of execution, capacity still under way, posts without a person,
a need that is covered, an outcome that was not reached."""

EXECUTION, LEAD_TIME, HIRING, SATURATION, MILESTONE = range(len(REASONS))
YEAR: Final = 12
US_SHIFT: Final = 3
"""A US fiscal year begins in October of the year before."""

FOREIGN: Final = ("us", "other")
"""Payers whose money a stop of foreign funding takes away."""

NEVER: Final = 10**6


@dataclass(frozen=True)
class Flow:
    """What became of the money of every item, [item, month, place], soles of the month.

    Attributes
    ----------
    pim : after modification; spent : executed, overhead included; overhead : part of it
    withheld, unexecuted, waiting, saturated : returned, by reason
    capacity : units in use
    running : spent on running the capacity in use, overhead aside
    """

    pim: Floats
    spent: Floats
    overhead: Floats
    withheld: Floats
    unexecuted: Floats
    waiting: Floats
    saturated: Floats
    capacity: Floats
    running: Floats


DECISIONS: Final = ("judged", "moved", "ended")
"""Kinds of decision: an outcome is judged, money moves between territories, a programme ends early."""


@dataclass(frozen=True)
class Decision:
    """What a run has shown, and what it means for a programme's later money.

    Attributes
    ----------
    month : in which it is taken; programme : number of the programme
    kind : of ``DECISIONS``
    signal : [territory] what was registered in the last year, where money follows it; else zeros
    outcome : number of the outcome judged
    reached : whether the outcome was reached
    """

    month: int
    programme: int
    kind: str
    signal: Floats
    outcome: int = 0
    reached: bool = False

    def row(self) -> Floats:
        """Return the decision as numbers, for a kept state."""
        head = [self.month, self.programme, DECISIONS.index(self.kind), self.outcome, self.reached]
        return np.array([*head, *self.signal], float)

    @classmethod
    def of_row(cls, row: Floats) -> Decision:
        """Return the decision of ``row``."""
        month, programme, kind, outcome, reached = (int(number) for number in row[:5])
        return cls(month, programme, DECISIONS[kind], row[5:].copy(), outcome, bool(reached))


DECISION_WIDTH: Final = 5 + N_TERRITORIES
"""Numbers in the row of a decision."""


class Budget:
    """The money of a scenario under one parameter set.

    Parameters
    ----------
    scenario : with its programmes and unit costs
    level : [month, place] of levers that its interventions set; those of execution and PIM act here
    p : parameter values
    ledger : the evidence
    n_months : months since January 2012
    adults, after : see ``Needs``
    stopped : [month, territory] share of foreign money that a stop of funding takes away

    Attributes
    ----------
    items : programme and line of each item
    assigned : [item, month, place] soles assigned (PIA), as far as decisions have moved them
    released : [programme, month] share of the money that outcomes have left free
    need : [line, place] what each line meets: people, cases, posts, offices, places
    population : [line, territory] the people whom it serves, or their cases a year
    """

    def __init__(
        self,
        scenario: Scenario,
        level: Mapping[str, Floats],
        p: Mapping[str, float],
        ledger: Ledger,
        n_months: int,
        adults: float,
        after: float,
        stopped: Floats,
    ) -> None:
        self.programmes = scenario.programmes
        self.p, self.n_months = p, n_months
        self.lines = tuple(ledger.lines.values())
        self.prices = prices(ledger, p)
        self.costs = unit_costs(ledger, p, self.prices, scenario.unit_costs)
        needs = Needs(ledger, p, adults, after)
        self.people = needs.people
        self.rural = rural_share(ledger)
        self.need = np.stack([needs.of(line) for line in self.lines])
        self.population = np.stack([needs.population(line) for line in self.lines])
        self.items = tuple(
            dict.fromkeys(
                (g, self._line(name))
                for g, programme in enumerate(self.programmes)
                for grant in programme.budget
                for name, _ in grant.lines
            )
        )
        self.level = level
        self.stopped = stopped
        self.interventions = scenario.interventions
        self.assigned = self._assign()
        self.released = np.ones((len(self.programmes), n_months))

    def _line(self, name: str) -> int:
        return next(i for i, line in enumerate(self.lines) if line.name == name)

    # -- assigning -------------------------------------------------------------------------------------

    def _assign(self) -> Floats:
        """Return [item, month, place] soles assigned, transition funding included."""
        out = np.zeros((len(self.items), self.n_months, N_PLACES))
        for g, programme in enumerate(self.programmes):
            for grant in programme.budget:
                money = self._monthly(programme, grant)[: self.n_months]
                for name, share in grant.lines:
                    i = self._line(name)
                    out[self.items.index((g, i))] += np.outer(money * share, self._split(i, grant))
            self._put_transition(out, g, programme)
        return out

    def _put_transition(self, assigned: Floats, g: int, programme: Programme) -> None:
        """Put what follows the end of a programme into [item, month, place] soles assigned."""
        after = programme.transition
        if after is None or programme.end_ti is None or programme.end_ti + 1 >= self.n_months:
            return
        first, stop = programme.end_ti + 1, programme.end_ti + 1 + after.months
        for k, (owner, _) in enumerate(self.items):
            if owner == g:
                last_year = assigned[k, max(first - YEAR, 0) : first].mean(axis=0)
                assigned[k, first : min(stop, self.n_months)] = after.share * last_year

    def _monthly(self, programme: Programme, grant: Grant) -> Floats:
        """Return [month through 2050] current soles of one grant."""
        month = np.arange(LAST_MONTH + 1)
        end = LAST_MONTH if programme.end_ti is None else programme.end_ti
        ramp = max(programme.ramp_months, 1)
        active = np.clip((month - programme.start_ti + 1.0) / ramp, 0.0, 1.0) * (month <= end)
        year = (month + (US_SHIFT if programme.fiscal_year == "us" else 0)) // YEAR
        out = np.zeros(month.size)
        if grant.amount is not None:
            out += grant.amount / YEAR * active
        for fiscal, amount in grant.amounts:
            weight = active * (year == fiscal - START_YEAR)
            out += amount * weight / max(float(weight.sum()), 1e-12)
        calendar = month // YEAR
        if programme.price_year is None:
            rate, inflation = self.prices.soles_per_dollar[calendar], 1.0
        else:
            priced = programme.price_year - START_YEAR
            rate = self.prices.soles_per_dollar[priced]
            inflation = self.prices.level[calendar] / self.prices.level[priced]
        return out * inflation * (rate if programme.currency == "USD" else 1.0)

    def _split(self, i: int, grant: Grant) -> Floats:
        """Return [place] the share of a grant's money that each place gets for line ``i``."""
        line = self.lines[i]
        chosen = where(grant.territories, grant.area if line.by_area else None).astype(float)
        if not line.by_area:
            chosen[1::2] = 0.0
        people = self.people if line.by_area else _together(self.people)
        by = {
            # Nobody knows how many places each territory needs: they follow its people.
            "need": self.need[i] * self.costs.place if line.buys != "places" else people,
            "people": people,
            "equal": np.ones(N_PLACES),
        }[grant.split]
        weight = chosen * by
        if not weight.any():
            # Nobody there needs it: the money is assigned all the same, and comes back.
            weight = chosen
        return np.asarray(weight / weight.sum())

    # -- spending --------------------------------------------------------------------------------------

    @cached_property
    def flow(self) -> Flow:
        """What becomes of the money of each item; worked out when it is first asked for."""
        return self._deliver()

    def _by_state(self) -> Integers:
        """Return [item, month] 1 where the State delivers: its own programmes, and every transition."""
        month = np.arange(self.n_months)
        rows = []
        for g, _ in self.items:
            programme = self.programmes[g]
            ended = month > (NEVER if programme.end_ti is None else programme.end_ti)
            rows.append(ended | (programme.delivery == "state"))
        return np.array(rows, np.int64).reshape(len(self.items), self.n_months)

    def rates(self) -> tuple[Floats, Floats, Floats]:
        """Return PIM over PIA and execution rate, [item, month, place], and overhead, [item, month]."""
        p, nothing = self.p, np.zeros((self.n_months, N_PLACES))
        highest = p["budget.highest_execution"]
        own = p["budget.execution_incremental"] + self.level.get("execution_incremental", nothing)
        modified = p["budget.pim_over_pia_incremental"] + self.level.get("budget_modification", nothing)
        by_state = self._by_state()
        partner_rate, partner_overhead = np.zeros(len(self.items)), np.zeros(len(self.items))
        for k, (g, _) in enumerate(self.items):
            delivery = self.programmes[g].delivery
            if delivery != "state":
                partner_rate[k] = p[f"budget.execution_{delivery}"]
                partner_overhead[k] = p[f"budget.overhead_{delivery}"]
        state = by_state[:, :, None] == 1
        ratio = np.where(state, np.maximum(modified, 0.0)[None], 1.0)
        foreign = self.payers()[:, :, [PAYERS.index(name) for name in FOREIGN]].sum(axis=2)
        ratio = ratio * (1.0 - foreign[:, :, None] * np.repeat(self.stopped, 2, axis=1))
        rate = np.where(state, np.clip(own, 0.0, highest)[None], partner_rate[:, None, None])
        return ratio, rate, np.where(by_state == 1, 0.0, partner_overhead[:, None])

    def _deliver(self) -> Flow:
        """Follow the money of every item, month by month."""
        n_items, n = len(self.items), self.n_months
        ratio, rate, overhead = self.rates()
        pim = self.assigned * ratio
        free = self.released[[g for g, _ in self.items]][:, :, None]
        withheld = pim * (1.0 - free)
        can = (pim - withheld) * rate
        unexecuted = pim - withheld - can
        money = can * (1.0 - overhead[:, :, None])

        of = np.array([i for _, i in self.items], np.int64)
        lead = np.array([self._lead(g, i) for g, i in self.items], np.int64)
        level = self.prices.level[np.arange(n) // YEAR]
        current = np.outer(self.costs.current[of] / YEAR, self.costs.place)
        once = np.outer(self.costs.investment[of], self.costs.place)
        most = np.stack([self._most(i) for i in range(len(self.lines))])
        group = of[:, None] * N_PLACES + np.arange(N_PLACES)
        shape = (n_items, n, N_PLACES)
        capacity, running, buying, saturated = (np.zeros(shape) for _ in range(4))
        built = np.zeros((n_items, N_PLACES))
        history = np.zeros(shape)
        row = np.arange(n_items)
        first = int(np.argmax(money.any(axis=(0, 2)))) if money.any() else n
        for m in range(first, n):
            monthly, unit = current * level[m], once * level[m]
            affordable = money[:, m] / monthly
            total = np.bincount(group.ravel(), affordable.ravel(), len(self.lines) * N_PLACES)
            allowed = np.minimum(most.ravel() / np.maximum(total, 1e-300), 1.0)[group]
            target = affordable * allowed
            ready = np.where((m >= lead)[:, None], history[row, np.maximum(m - lead, 0)], 0.0)
            used = np.minimum(ready, target)
            left = (target - used) * monthly
            wanted = np.maximum(target - built, 0.0)
            afforded = np.divide(left, unit, out=np.full_like(left, np.inf), where=unit > 0.0)
            bought = np.minimum(afforded, wanted)
            # What was hired and is no longer paid for is gone; what was built stands.
            built = np.where(unit > 0.0, built, np.minimum(built, target)) + bought
            history[:, m] = built
            capacity[:, m], running[:, m], buying[:, m] = used, used * monthly, bought * unit
            saturated[:, m] = (affordable - target) * monthly
        direct = running + buying
        share = np.divide(1.0, 1.0 - overhead)[:, :, None]
        spent = direct * share
        return Flow(
            pim=pim,
            spent=spent,
            overhead=spent - direct,
            withheld=withheld,
            unexecuted=unexecuted,
            waiting=np.maximum(can - spent - saturated * share, 0.0),
            saturated=saturated * share,
            capacity=capacity,
            running=running,
        )

    def _lead(self, g: int, i: int) -> int:
        """Return the months from the assignment of money to the first capacity."""
        partner = self.programmes[g].delivery != "state"
        return round(self.p[self.lines[i].lead] * (self.p["budget.lead_of_partner"] if partner else 1.0))

    def _most(self, i: int) -> Floats:
        """Return [place] the largest capacity on which a sol of line ``i`` is still spent."""
        line = self.lines[i]
        highest = levers()[line.levers[0]].maximum
        if line.buys == "coverage":
            reach, spent = self.p[line.reach], self.p["budget.saturation"]
            return np.asarray(self.need[i] / line.serves * -reach * np.log1p(-spent))
        return np.asarray(self.need[i] * highest)

    # -- levels ----------------------------------------------------------------------------------------

    def coverage(self, i: int, capacity: Floats) -> Floats:
        """Return [..., place] the level to which a capacity of line ``i`` brings its levers.

        The share covered of a need rises as capacity does while few are reached, and saturates at the line's
        reach; posts are relative to those there are; places are places.
        """
        line = self.lines[i]
        need = self.need[i] if line.buys != "places" else np.ones(N_PLACES)
        served = np.divide(
            capacity * (line.serves if line.buys == "coverage" else 1.0),
            need,
            out=np.zeros_like(capacity),
            where=need > 0.0,
        )
        if line.buys == "coverage":
            reach = self.p[line.reach]
            served = -reach * np.expm1(-served / reach)
        if not line.by_area:
            served = np.repeat(served[..., 0::2], 2, axis=-1)
        return np.asarray(served)

    def planned(self, i: int) -> Floats:
        """Return [month, place] the units of line ``i`` that the money assigned would run for good."""
        own = [k for k, (_, j) in enumerate(self.items) if j == i]
        level = self.prices.level[np.arange(self.n_months) // YEAR]
        monthly = np.outer(level, self.costs.current[i] / YEAR * self.costs.place)
        return np.asarray(np.minimum(self.assigned[own].sum(axis=0) / monthly, self._most(i)))

    def share_served(self, i: int, capacity: Floats) -> Floats:
        """Return [..., territory] the share of the people of line ``i`` whom a capacity serves.

        Posts are added to others: they serve the share of the people that they are of all posts. A place
        serves one child at a time.
        """
        line = self.lines[i]
        people = np.maximum(self.population[i], 1e-9)
        level = self.coverage(i, capacity)
        if line.buys == "places":
            share = capacity[..., 0::2] / people
        elif line.buys == "posts":
            share = level[..., 0::2] / (1.0 + level[..., 0::2])
        elif line.by_area:
            # People are counted in each area, as they are covered there.
            reached = level * self.need[i]
            share = (reached[..., 0::2] + reached[..., 1::2]) / people
        else:
            share = level[..., 0::2]
        return np.asarray(np.minimum(share, 1.0))

    def capacity_for(self, i: int, level: Floats) -> Floats:
        """Return [..., place] the capacity that a level of line ``i`` takes: ``coverage`` turned round.

        A level beyond the reach of the line takes as much as the last that money can still buy.
        """
        line = self.lines[i]
        if not line.by_area:
            level = np.repeat(territory_levels(level, self.rural), 2, axis=-1) * np.tile(
                [1.0, 0.0], N_TERRITORIES
            )
        if line.buys == "places":
            return np.asarray(level)
        if line.buys == "posts":
            return np.asarray(level * self.need[i])
        reach = self.p[line.reach]
        share = np.clip(level / reach, 0.0, self.p["budget.saturation"])
        return np.asarray(-reach * np.log1p(-share) * self.need[i] / line.serves)

    def levels(self) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return [month, place] of levers by name: those held for good, and those of money that ends.

        Money of partners and of programmes with an end is of the second kind: what it built up fades.
        """
        held: dict[str, Floats] = {}
        ending: dict[str, Floats] = {}
        for i in sorted({i for _, i in self.items}):
            line = self.lines[i]
            if line.buys == "places":
                continue
            own = self._at_work(i)
            total = self.flow.capacity[own].sum(axis=0)
            level = self.coverage(i, total)
            fades = [k for k in own if self.ends(self.items[k][0])]
            part = self.flow.capacity[fades].sum(axis=0)
            share = np.divide(part, total, out=np.zeros_like(part), where=total > 0.0)
            if not line.by_area:
                share = np.repeat(share[:, 0::2], 2, axis=1)
            for name in line.levers:
                for out, value in ((held, level * (1.0 - share)), (ending, level * share)):
                    if value.any():
                        out[name] = out.get(name, 0.0) + value
        for g, programme in enumerate(self.programmes):
            for name, amount in conditions(programme).items() if DESIGN not in programme.muted else ():
                active = self._active(g)
                if active.any():
                    held[name] = np.maximum(held.get(name, 0.0), amount * active)
        return held, ending

    def _at_work(self, i: int) -> list[int]:
        """Return the items of line ``i`` whose capacity has effects."""
        name = self.lines[i].name
        return [k for k, (g, j) in enumerate(self.items) if j == i and name not in self.programmes[g].muted]

    def ends(self, g: int) -> bool:
        """Return whether the money of a programme ends, or comes from outside the State."""
        return self.programmes[g].end_ti is not None or self.programmes[g].delivery != "state"

    def outside(self) -> Floats:
        """Return [month, territory] 1 where a programme that partners deliver is at work."""
        out = np.zeros((self.n_months, N_TERRITORIES))
        for g, programme in enumerate(self.programmes):
            if programme.delivery != "state" and DESIGN not in programme.muted:
                out = np.maximum(out, self._active(g).reshape(self.n_months, N_TERRITORIES, 2).max(axis=2))
        return out

    def _active(self, g: int) -> Floats:
        """Return [month, place] 1 where a programme has capacity in use before its end."""
        own = [k for k, (owner, _) in enumerate(self.items) if owner == g]
        active = (self.flow.capacity[own].sum(axis=0) > 0.0).astype(float)
        end = self.programmes[g].end_ti
        if end is not None:
            active[end + 1 :] = 0.0
        together = active.reshape(self.n_months, N_TERRITORIES, 2).max(axis=2)
        return np.repeat(together, 2, axis=1)

    def works_in(self, g: int) -> NDArray[np.bool_]:
        """Return [territory] where a programme has money at any time."""
        own = [k for k, (owner, _) in enumerate(self.items) if owner == g]
        return np.asarray(self.assigned[own].any(axis=(0, 1)).reshape(N_TERRITORIES, 2).any(axis=1))

    def places(self) -> list[tuple[int, str, str, Floats]]:
        """Return territory, whom they admit, which forms, and [month] places that money runs."""
        out = []
        for i in sorted({i for _, i in self.items if self.lines[i].buys == "places"}):
            line = self.lines[i]
            own = self._at_work(i)
            total = self.flow.capacity[own].sum(axis=0)
            assigned = self._places_anywhere(own)
            for k in np.flatnonzero(assigned):
                out.append((int(k), line.admits, line.forms, total[:, 2 * k]))
        return out

    def _places_anywhere(self, own: Sequence[int]) -> NDArray[np.bool_]:
        """Return [territory] whether money for places is assigned there at any time."""
        return np.asarray(self.assigned[own].any(axis=(0, 1))[0::2])

    # -- adapting --------------------------------------------------------------------------------------

    def decisions(self) -> dict[int, list[int]]:
        """Return the programmes that decide in a month: to move money, or to release it by outcomes."""
        out: dict[int, list[int]] = {}
        for g, programme in enumerate(self.programmes):
            end = self.n_months if programme.end_ti is None else min(programme.end_ti, self.n_months)
            months: set[int] = set()
            if programme.adapt is not None:
                every = programme.adapt.every_months
                months.update(range(programme.start_ti + every, end, every))
            if programme.stop_when is not None:
                months.update(range(programme.start_ti + YEAR, end, YEAR))
            months.update(
                o.by_ti + 1 for o in programme.outcomes if o.share > 0.0 and o.by_ti + 1 < self.n_months
            )
            for month in months:
                out.setdefault(month, []).append(g)
        return dict(sorted(out.items()))

    def rules(self) -> tuple[object, ...]:
        """Return what decides later money by what a run shows; empty if nothing does."""
        return tuple(
            (
                *(programme.name, programme.adapt, programme.stop_when),
                tuple(o for o in programme.outcomes if o.share > 0.0),
            )
            for programme in self.programmes
            if programme.adapt is not None
            or programme.stop_when is not None
            or any(o.share > 0.0 for o in programme.outcomes)
        )

    def adapted(self, g: int, month: int, signal: Floats) -> Budget:
        """Return the budget in which a programme moves money to where a registered signal is.

        Parameters
        ----------
        g : programme
        month : of the decision; money moves after the lag
        signal : [territory] registered in the last year
        """
        programme = self.programmes[g]
        rule = programme.adapt
        assigned = self.assigned.copy()
        if rule is not None:
            first = month + rule.lag_months
            end = self.n_months if programme.end_ti is None else programme.end_ti + 1
            for k, (owner, i) in enumerate(self.items):
                rows = assigned[k, first:end]
                used = rows.any(axis=0) & (self.need[i] > 0.0)
                heard = np.repeat(signal, 2) * used
                if owner != g or not heard.any():
                    continue
                total = rows.sum(axis=1, keepdims=True)
                assigned[k, first:end] = (1.0 - rule.share) * rows + rule.share * total * heard / heard.sum()
        return self._with(assigned, self.released)

    def judged(self, g: int, month: int, outcome: int, *, reached: bool) -> Budget:
        """Return the budget in which an outcome has released, or kept back, later money of a programme.

        Parameters
        ----------
        g : programme
        month : first month that the judgement concerns
        outcome : its number in the programme
        """
        released = self.released.copy()
        if not reached:
            share = self.programmes[g].outcomes[outcome].share
            released[g, month:] = np.maximum(released[g, month:] - share, 0.0)
        return self._with(self.assigned, released)

    def ended(self, g: int, month: int) -> Budget:
        """Return the budget in which a programme has ended before a month; its transition follows."""
        early = replace(self.programmes[g], end_ti=month - 1)
        assigned = self.assigned.copy()
        own = [k for k, (owner, _) in enumerate(self.items) if owner == g]
        assigned[own, month:] = 0.0
        self._put_transition(assigned, g, early)
        out = self._with(assigned, self.released)
        out.programmes = (*self.programmes[:g], early, *self.programmes[g + 1 :])
        return out

    def last_month_of_programmes(self) -> int:
        """Return the last month in which a programme with an end is paid for; -1 if there is none."""
        ends = [p.end_ti for p in self.programmes if p.end_ti is not None and p.end_ti < self.n_months]
        return max(ends, default=-1)

    def decided(self, decisions: Sequence[Decision]) -> Budget:
        """Return the budget after decisions, in their order."""
        out = self
        for one in decisions:
            if one.kind == "moved":
                out = out.adapted(one.programme, one.month, one.signal)
            elif one.kind == "ended":
                out = out.ended(one.programme, one.month)
            else:
                out = out.judged(one.programme, one.month, one.outcome, reached=one.reached)
        return out

    def _with(self, assigned: Floats, released: Floats) -> Budget:
        out = object.__new__(Budget)
        out.__dict__.update({k: v for k, v in self.__dict__.items() if k != "flow"})
        out.assigned, out.released = assigned, released
        return out

    # -- who pays --------------------------------------------------------------------------------------

    def payers(self) -> Floats:
        """Return [item, month, payer] shares."""
        out = np.zeros((len(self.items), self.n_months, len(PAYERS)))
        month = np.arange(self.n_months)
        for k, (g, _) in enumerate(self.items):
            programme = self.programmes[g]
            fiscal = START_YEAR + (month + (US_SHIFT if programme.fiscal_year == "us" else 0)) // YEAR
            for row in programme.payers:
                now = fiscal >= row.from_year
                out[k, now] = [dict(row.shares).get(name, 0.0) for name in PAYERS]
            if programme.transition is not None and programme.end_ti is not None:
                out[k, programme.end_ti + 1 :] = [name == programme.transition.payer for name in PAYERS]
        return out


def conditions(programme: Programme) -> dict[str, float]:
    """Return levers that the way of a programme sets where it works: no money of their own."""
    out = {}
    if programme.funding == "flexible":
        out["flexible_grants"] = 1.0
    if programme.co_design > 0.0:
        out["co_design"] = programme.co_design
    if programme.kind == "regional_policy":
        out["regional_budgets"] = 1.0
    if programme.outcomes:
        out["plan_monitoring"] = 1.0
    return out


def _together(place: Floats) -> Floats:
    """Return [place] what both areas of a territory hold, in the first of them."""
    out = np.zeros(N_PLACES)
    out[0::2] = place[0::2] + place[1::2]
    return out
