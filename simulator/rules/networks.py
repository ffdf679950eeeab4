"""Networks: abstract pressure to recruit, by group of regions; what feeds it, disrupts it and deters it.

No route, venue or price is represented: a network is a capacity that grows, is disrupted, is rebuilt, and
partly moves to another group of regions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.draws import STREAM_NETWORK, draws_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.engine.factors import Array, Factors
    from simulator.engine.types import Key

GROUPS: Final = ("lima", "coast", "highlands", "amazon")
"""Groups of regions; no finer place of a network is represented."""

PER_GROUP: Final = 8
N_NETWORKS: Final = len(GROUPS) * PER_GROUP
GROUP: Final = np.repeat(np.arange(len(GROUPS)), PER_GROUP)
REBUILDING_MONTHS: Final = 12


@dataclass
class Networks:
    """The networks, [network 32].

    Attributes
    ----------
    capacity : relative to a network that nothing has disrupted
    rebuilding : capacity that was disrupted and comes back within the year
    moving : [group 4, months ahead] capacity that reappears in another group of regions
    """

    capacity: Array
    rebuilding: Array
    moving: Array

    def copy(self) -> Networks:
        """Return networks of their own."""
        return Networks(**{field.name: getattr(self, field.name).copy() for field in fields(self)})


def usual_capacity(p: Mapping[str, float]) -> float:
    """Return the mean capacity at which growth and disruption balance in reference conditions."""
    lost = p["networks.disruption_per_year"] / 12.0 * p["networks.disruption_depth"]
    back = min(p["networks.replacement_share"] + p["networks.displacement_share"], 1.0)
    growth = p["networks.growth_per_year"] / 12.0
    return growth / (growth + lost * (1.0 - back))


def settled(p: Mapping[str, float], delay: int) -> Networks:
    """Return the networks as they stand in reference conditions; ``delay`` is that of displacement."""
    usual = usual_capacity(p)
    hit = p["networks.disruption_per_year"] / 12.0 * p["networks.disruption_depth"] * usual
    rebuilding = hit * p["networks.replacement_share"] * REBUILDING_MONTHS
    displaced = hit * p["networks.displacement_share"] * PER_GROUP
    return Networks(
        np.full(N_NETWORKS, usual),
        np.full(N_NETWORKS, rebuilding),
        np.full((len(GROUPS), delay + 1), displaced),
    )


def disrupt(
    now: Factors,
    networks: Networks,
    group_of: NDArray[np.int64],
    search: Array,
    key: Key | None,
    extra: Array,
) -> None:
    """Networks grow, and are disrupted by police work; part is rebuilt, part appears elsewhere.

    Parameters
    ----------
    group_of : [territory] group of regions
    search : [territory] police work against networks, relative to the reference
    key : words of the seed; without it every network loses what disruption is expected to take
    extra : [territory] operations of the State that the calendar knows, as additional disruptions a year

    Streams
    -------
    STREAM_NETWORK, one draw per network and month
    """
    p = now.p
    size = np.bincount(group_of, minlength=len(GROUPS))
    effort = np.bincount(group_of, search, len(GROUPS)) / size
    added = np.bincount(group_of, extra, len(GROUPS)) / size
    rate = (p["networks.disruption_per_year"] * effort + added) / 12.0
    hit = 1.0 - np.exp(-rate[GROUP])
    if key is not None:
        hit = (draws_of(np.arange(N_NETWORKS), now.month, STREAM_NETWORK, key)[:, 0] < hit).astype(float)
    lost = hit * networks.capacity * p["networks.disruption_depth"]
    back = networks.rebuilding / REBUILDING_MONTHS
    networks.rebuilding += lost * p["networks.replacement_share"] - back
    arriving = networks.moving[:, 0].copy()
    networks.moving[:, :-1] = networks.moving[:, 1:]
    leaving = np.bincount(GROUP, lost, len(GROUPS)) * p["networks.displacement_share"]
    networks.moving[:, -1] = (leaving.sum() - leaving) / (len(GROUPS) - 1)
    ceiling = np.bincount(group_of, now["network_entry"], len(GROUPS)) / size
    growth = p["networks.growth_per_year"] / 12.0 * np.maximum(ceiling[GROUP] - networks.capacity, 0.0)
    networks.capacity += growth + back + arriving[GROUP] / PER_GROUP - lost
    capacity = np.bincount(GROUP, networks.capacity, len(GROUPS)) / PER_GROUP
    struck = np.bincount(GROUP, lost, len(GROUPS)) / np.maximum(PER_GROUP * capacity, 1e-9)
    now["network_capacity"] = (capacity / usual_capacity(p))[group_of]
    now["network_disruption"] = struck[group_of] * REBUILDING_MONTHS


def press(now: Factors) -> None:
    """Pressure to recruit follows capacity, revenue and demand; perceived certainty of sanction deters."""
    now["network_entry"] = now.link("M102")
    now["network_revenue"] = now.link("M112")
    now["corruption"] = now.link("M114", 1.0 - now["integrity"])
    now["deterrence"] = now.link("M070")
    now["network_pressure"] = now.link("M113")
    now["rerecruitment"] = now.link("M071")


def pressure(now: Factors, demand: Array) -> Array:
    """Return [territory] what the network path of entry is multiplied by; ``demand`` is that of mining."""
    return np.asarray(now["network_pressure"] * now["network_capacity"] * now["deterrence"] * demand)


def arrays(networks: Networks) -> dict[str, NDArray[Any]]:
    """Return the networks as arrays by name, for a file."""
    return {field.name: getattr(networks, field.name) for field in fields(networks)}
