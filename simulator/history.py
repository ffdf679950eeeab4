"""What the record and a scenario ask of institutions, month by month: levers, programmes, shocks, posts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import (
    INSTITUTIONS,
    N_TERRITORIES,
    POLICE,
    PROSECUTOR,
    START_YEAR,
    UPE,
)
from simulator.evidence.ledger import SHOCKS
from simulator.policy.labelled import labelled
from simulator.policy.prices import prices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenarios.schema import Scenario
    from simulator.evidence import Ledger

Floats = NDArray[np.float64]

NEED_YEAR: Final = 2023
"""Year of whose prices the need of the policy per inhabitant is."""

REFERENCE_MONTH: Final = 12 * (2023 - START_YEAR) + 6
"""Mid 2023, for which the numbers of offices and posts are known."""

POSTS_LEVERS: Final = {"police_capacity": POLICE, "upe_capacity": UPE, "prosecutor_staffing": PROSECUTOR}
"""Levers that add posts to an institution, as a share of those it has."""

OFFICES: Final = {"police_units": "police_unit", "specialised_prosecutors": "specialised_prosecutor"}
"""Levers that open an office where there is none, and the kind of office in the record."""


@dataclass(frozen=True)
class History:
    """What is asked for and what strikes, from January 2012 on.

    Attributes
    ----------
    delivered : [month, lever, territory] asked of levers that reach people only as far as they are delivered
    granted : [month, lever, territory] levers that hold as soon as they are decided
    funded : [month, lever, territory] what programmes with an end add to the delivered levers
    outside : [month, territory] 1 where a programme that partners deliver is at work
    shocks : [month, shock, territory] levels in force, in the order of the ledger's shocks
    police_unit, prosecutor_office : [month, territory] share of the territory that such an office serves
    posts : [month, institution, territory]
    added_posts : [month, institution, territory] share that policy adds to the posts there would be
    reference_posts : [institution, territory] posts of the reference month without policy
    context : [month, territory] multipliers of factors by name
    """

    delivered: Floats
    granted: Floats
    funded: Floats
    outside: Floats
    shocks: Floats
    police_unit: Floats
    prosecutor_office: Floats
    posts: Floats
    added_posts: Floats
    reference_posts: Floats
    context: Mapping[str, Floats]

    @cached_property
    def settled_posts(self) -> Floats:
        """Return [month, institution, territory] posts without those that policy adds."""
        return self.posts / np.maximum(1.0 + self.added_posts, 1e-9)


def history(
    scenario: Scenario,
    level: Mapping[str, Floats],
    context: Mapping[str, Floats],
    p: Mapping[str, float],
    ledger: Ledger,
    names: tuple[list[str], list[str]],
    children: Floats,
    n_months: int,
    scale: float,
    ending: Mapping[str, Floats] | None = None,
    outside: Floats | None = None,
) -> History:
    """Gather what is asked of institutions.

    Parameters
    ----------
    level : [month, territory] of every lever that the scenario uses
    context : [month, territory] multipliers of factors
    names : delivered and granted levers, in the order in which the factors keep them
    children : [territory] share of the children of the country
    scale : share of the country that is simulated
    ending : [month, territory] of levers that money with an end moves
    outside : [month, territory] 1 where partners deliver a programme of the scenario
    """
    ending = {} if ending is None else ending
    delivered, granted = names
    nothing = np.zeros((n_months, N_TERRITORIES))
    defence = offices(ledger, "public_defence", n_months) * p["justice.public_defence_level"]
    asked = {name: level.get(name, nothing) for name in (*delivered, *granted)}
    for name in granted:
        # What is decided holds while it is paid for, and is over with the money.
        if name in ending:
            asked[name] = np.minimum(asked[name] + ending[name], 1.0)
    funded_share = _funded_share(ledger, p, level, n_months)
    asked["assigned_budget"] = np.minimum(asked["assigned_budget"] + funded_share, 1.0)
    asked["victim_defence"] = np.minimum(asked["victim_defence"] + defence, 1.0)
    early = round(p["programmes.compact_ends_early"])
    funded = programmes(ledger, delivered, n_months, early, scenario.without)
    struck = shocks(scenario, ledger, n_months)
    stopped = np.clip(struck[:, SHOCKS.index("funding_stop")], 0.0, 1.0)
    funded *= 1.0 - stopped[:, None]
    present = (funded > 0.0).any(axis=1).astype(float)
    if outside is not None:
        present = np.maximum(present, outside)
    for i, name in enumerate(delivered):
        if name in ending:
            funded[:, i] = np.minimum(funded[:, i] + ending[name], 1.0)
    opened = {
        kind: np.maximum(
            offices(ledger, kind, n_months),
            np.clip(level.get(lever, nothing) + ending.get(lever, nothing), 0.0, 1.0),
        )
        for lever, kind in OFFICES.items()
    }
    base = ledger.posts[:, None] * scale * children
    posts = np.repeat(base[None], n_months, axis=0)
    for name, (years, values) in ledger.services.items():
        month = 12.0 * (years - START_YEAR) + 6.0
        trend = np.interp(np.arange(n_months), month, values) / np.interp(REFERENCE_MONTH, month, values)
        posts[:, INSTITUTIONS.index(name)] *= trend[:, None]
    added = np.zeros_like(posts)
    for lever, institution in POSTS_LEVERS.items():
        added[:, institution] = np.maximum(level.get(lever, nothing) + ending.get(lever, nothing), -1.0)
    posts *= 1.0 + added
    return History(
        delivered=np.stack([asked[name] for name in delivered], axis=1),
        granted=np.stack([asked[name] for name in granted], axis=1),
        funded=funded,
        outside=present,
        shocks=struck,
        police_unit=opened["police_unit"],
        prosecutor_office=opened["specialised_prosecutor"],
        posts=posts,
        added_posts=added,
        reference_posts=base,
        context=context,
    )


def _funded_share(
    ledger: Ledger, p: Mapping[str, float], level: Mapping[str, Floats], n_months: int
) -> Floats:
    """Return [month, territory] the share of what the policy needs that is spent under its own label."""
    price = prices(ledger, p)
    # A year more, so that the way through the last year does not depend on where the run ends.
    _, _, executed = labelled(ledger, p, price.level, n_months + 12)
    nothing = np.zeros((n_months, N_TERRITORIES))
    modified = level.get("budget_modification", nothing) / p["budget.pim_over_pia_specific"]
    more = level.get("execution_specific", nothing) / p["budget.execution_specific"]
    people = float(ledger.territories.population_2025.sum())
    middle = 12.0 * np.arange(executed.size) + 6.0
    real = executed / price.level[: executed.size] / people / price.deflate(NEED_YEAR)
    spent = np.interp(np.arange(n_months), middle, real)[:, None]
    spent = spent * np.maximum(1.0 + modified, 0.0) * np.maximum(1.0 + more, 0.0)
    return np.asarray(np.minimum(spent / p["programmes.need_per_inhabitant"], 1.0))


def offices(ledger: Ledger, kind: str, n_months: int) -> Floats:
    """Return [month, territory] 1 where an office of a kind is open."""
    out = np.zeros((n_months, N_TERRITORIES))
    for row in ledger.institutions:
        if row.kind == kind:
            out[max(row.opens, 0) : n_months if row.closes is None else row.closes, row.territory] = 1.0
    return out


def programmes(
    ledger: Ledger, levers: list[str], n_months: int, early: int, without: Sequence[str]
) -> Floats:
    """Return [month, lever, territory] what outside programmes of the record add to each lever.

    ``early`` is by how many months they ended before the date of the record, which is not certain; those
    ``without`` are left out.
    """
    out = np.zeros((n_months, len(levers), N_TERRITORIES))
    for row in ledger.programmes:
        if row.used and row.programme not in without:
            out[row.opens : row.closes - early, levers.index(row.lever), list(row.territories)] += row.level
    return np.minimum(out, 1.0)


def shocks(scenario: Scenario, ledger: Ledger, n_months: int) -> Floats:
    """Return [month, shock, territory] levels in force: the record's, and those a scenario assumes."""
    out = np.zeros((n_months, len(SHOCKS), N_TERRITORIES))
    for row in ledger.shocks:
        where = list(range(N_TERRITORIES)) if row.territory is None else [row.territory]
        out[row.opens : row.closes, SHOCKS.index(row.kind), where] += row.level
    for item in scenario.shocks:
        stop = n_months if item.to_ti is None else item.to_ti + 1
        where = list(item.territories) or list(range(N_TERRITORIES))
        out[item.from_ti : stop, SHOCKS.index(item.use), where] += item.level
    return out
