"""From the tables of a month to the moves of the stock-and-flow twin: national chances of unequal places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import (
    FAMILY_CARE,
    GENERAL_SHELTER,
    GIRL,
    N_TERRITORIES,
    SEXUAL,
    SPECIALISED_SHELTER,
)
from simulator.rules import care, exits
from simulator.twin.compartments import GROUPS, Move, pooled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.inputs import Inputs
    from simulator.rules.referral import ReferralTables

Floats = NDArray[np.float64]

FORM: Final = np.array([form - SEXUAL for form, _ in GROUPS])
"""[group] which of the two forms a group has."""

KINDS: Final = ("specialised", "general")


def by_group(of_form: Floats) -> Floats:
    """Return [group, ...] of what differs by form only, [form 2, ...]."""
    return np.asarray(of_form[FORM])


class Found(NamedTuple):
    """How exploited children leave exploitation in one month.

    Attributes
    ----------
    escape, death, identified : [form 2] monthly chances
    where : [form 2, place] shares of those identified
    by_channel : [channel, form 2, place] children identified per exploited child of a form
    """

    escape: Floats
    death: Floats
    identified: Floats
    where: Floats
    by_channel: Floats


def found(inputs: Inputs, rates: Floats, shares: Floats, speech: Floats) -> Found:
    """Return how exploited children leave exploitation.

    Parameters
    ----------
    rates : [channel, form 3, place] monthly rates of identification
    shares : [form 2, place] where exploited children are, adding up to one for each form
    speech : [place] what the rates are multiplied by on account of language
    """
    chance = exits.exit_chances(exits.exit_rates(inputs.values))[SEXUAL:]
    total = rates[:, SEXUAL:].sum(axis=0)
    stays = (1.0 - chance[:, 0]) * (1.0 - chance[:, 1])
    seen = shares * (1.0 - np.exp(-total * speech)) * stays[:, None]
    identified = seen.sum(axis=1)
    of_total = np.divide(rates[:, SEXUAL:], total, out=np.zeros_like(rates[:, SEXUAL:]), where=total > 0.0)
    return Found(
        escape=chance[:, 0],
        death=(1.0 - chance[:, 0]) * chance[:, 1],
        identified=identified,
        where=np.divide(seen, identified[:, None], out=shares.copy(), where=identified[:, None] > 0.0),
        by_channel=of_total * seen,
    )


def leaving_exploitation(seen: Found, referral: ReferralTables) -> Iterator[Move]:
    """Exploited children escape, die, or are identified, within reach of a UPE or not."""
    yield Move("exploited", "left", by_group(seen.escape), restarts=True)
    yield Move("exploited", "dead", by_group(seen.death))
    within = (seen.where * reached_by_upe(referral)).sum(axis=1)
    yield Move("exploited", "referred", by_group(seen.identified * within), restarts=True)
    yield Move("exploited", "unreferred", by_group(seen.identified * (1.0 - within)), restarts=True)


def reached_by_upe(referral: ReferralTables) -> Floats:
    """Return [place] share referred to a UPE that is open."""
    return referral.reached * (np.repeat(referral.upe, 2) > 0.0)


def protecting(seen: Found, referral: ReferralTables) -> Iterator[Move]:
    """Identified children are lost on the way, or protected by a UPE or a family judge."""
    reached = reached_by_upe(referral)
    loss = 1.0 - np.exp(-referral.loss)
    for source, target, share, chance in (
        ("referred", "upe_case", reached, referral.upe),
        ("unreferred", "judge_case", 1.0 - reached, referral.judge),
    ):
        each = np.stack([loss, (1.0 - loss) * np.repeat(chance, 2)])
        both = by_group(np.stack([pooled(w * share, each) for w in seen.where]))
        yield Move(source, "left", both[:, 0], restarts=True)
        yield Move(source, target, both[:, 1])


class Search(NamedTuple):
    """What comes of a child's search for a place in one month, [group] each; the rest finds no room.

    Attributes
    ----------
    moves_in : a place in the same territory, at once
    due : a place elsewhere, after a transfer
    refused : a place that is refused as too far
    transfer : months until those due are there
    """

    moves_in: Floats
    due: Floats
    refused: Floats
    transfer: Floats

    @property
    def none(self) -> Floats:
        """Chance of no room."""
        return 1.0 - self.moves_in - self.due - self.refused


def search(room: Floats, reach: Floats, tables: care.CareTables) -> Search:
    """Return what comes of a search.

    Parameters
    ----------
    room : [group] chance that a suitable place is free
    reach : [group, class 3] share whose nearest suitable place lies in the same territory, near, far
    """
    taken = room[:, None] * reach * (1.0 - tables.refusal)
    later = taken * (tables.transfer > 0)
    due = later.sum(axis=1)
    months = np.divide((later * tables.transfer).sum(axis=1), due, out=np.ones_like(due), where=due > 0.0)
    refused = (room[:, None] * reach * tables.refusal).sum(axis=1)
    return Search(taken.sum(axis=1) - due, due, refused, months)


@dataclass(frozen=True)
class Measures:
    """What decides how protected children come into care this month, [group] or plain.

    Attributes
    ----------
    decision : monthly chance that the measure is decided
    residential : [group] share of measures that are residential
    eligible : [group] 1 where some specialised shelter admits the group
    plan : by state of care, share who get a plan
    search : by kind of home
    """

    decision: float
    residential: Floats
    eligible: Floats
    plan: dict[int, float]
    search: dict[str, Search]
    judge_seeks: float
    max_wait: float

    def seeking(self, source: str) -> Floats:
        """Return [group] share of the residential measures of a case that seek a specialised place."""
        return self.eligible * (1.0 if source == "upe_case" else self.judge_seeks)

    def moves(self) -> Iterator[Move]:
        """Measures are decided; children find places, wait, move in, or go to family care instead."""
        special, general = self.search["specialised"], self.search["general"]
        for source in ("upe_case", "judge_case"):
            residential = self.decision * self.residential
            seek, other = residential * self.seeking(source), residential * (1.0 - self.seeking(source))
            yield from self._admitted(source, FAMILY_CARE, self.decision - residential, restarts=True)
            yield from self._admitted(source, SPECIALISED_SHELTER, seek * special.moves_in)
            yield Move(source, "due_specialised", seek * special.due)
            yield Move(source, "seeks_specialised", seek * special.none)
            yield from self._admitted(source, GENERAL_SHELTER, other * general.moves_in)
            yield Move(source, "due_general", other * general.due)
            yield Move(
                source, "seeks_general", seek * special.refused + other * (general.none + general.refused)
            )
        given_up = special.none * self._diverted(special.moves_in + special.due + special.refused)
        yield from self._admitted("seeks_specialised", SPECIALISED_SHELTER, special.moves_in)
        yield Move("seeks_specialised", "due_specialised", special.due)
        yield Move("seeks_specialised", "seeks_general", special.refused + given_up)
        waits = general.none + general.refused
        given_up = waits * self._diverted(general.moves_in + general.due)
        yield from self._admitted("seeks_general", GENERAL_SHELTER, general.moves_in)
        yield Move("seeks_general", "due_general", general.due)
        yield from self._admitted("seeks_general", FAMILY_CARE, given_up, restarts=True)
        yield from self._admitted("due_specialised", SPECIALISED_SHELTER, 1.0 / special.transfer)
        yield from self._admitted("due_general", GENERAL_SHELTER, 1.0 / general.transfer)

    def _admitted(self, source: str, state: int, chance: Floats, *, restarts: bool = False) -> Iterator[Move]:
        """Children come into care, with a reintegration plan or without."""
        name = {SPECIALISED_SHELTER: "specialised", GENERAL_SHELTER: "general", FAMILY_CARE: "family"}[state]
        yield Move(source, f"{name}_plan", chance * self.plan[state], restarts)
        yield Move(source, name, chance * (1.0 - self.plan[state]), restarts)

    def _diverted(self, success: Floats) -> Floats:
        """Return [group] the chance of giving up after a month's failure that keeps the share who succeed.

        A child tries once in each of ``max_wait`` further months and then gives up.
        """
        tries = np.ceil(self.max_wait)
        reached = 1.0 - (1.0 - success) ** tries
        wanted = np.divide(
            success * (1.0 - reached), reached, out=np.full_like(success, 1.0 / tries), where=success > 1e-9
        )
        return np.asarray(np.divide(wanted, 1.0 - success, out=np.ones_like(success), where=success < 1.0))


def seekers(measures: Measures, stock: dict[str, Floats]) -> dict[str, Floats]:
    """Return [group] children who look for a place of each kind this month.

    ``stock`` is [group] children by compartment as the month begins.
    """
    share = measures.decision * measures.residential
    decided = {name: stock[name] * share for name in ("upe_case", "judge_case")}
    special = sum((decided[name] * measures.seeking(name) for name in decided), np.zeros(len(GROUPS)))
    general = sum((decided[name] * (1.0 - measures.seeking(name)) for name in decided), np.zeros(len(GROUPS)))
    return {
        "specialised": stock["seeks_specialised"] + special,
        "general": stock["seeks_general"] + general,
    }


def room(free: Floats, admits: NDArray[np.int64], looking: Floats) -> Floats:
    """Return [group] chance that a seeker finds a free place somewhere in the country.

    Homes that admit the same groups are one pool, shared by all who may enter it.

    Parameters
    ----------
    free : [facility] free places; admits : [facility] bits of ``rules.care.group_bit``
    looking : [group]
    """
    chance = np.zeros(len(GROUPS))
    bits = np.array([1 << (2 * sex + form - 1) for form, sex in GROUPS])
    for mask in np.unique(admits):
        may = (bits & mask) > 0
        places, wanted = float(free[admits == mask].sum()), float(looking[may].sum())
        share = 0.0 if places <= 0.0 else min(places / wanted, 1.0) if wanted > 0.0 else 1.0
        chance[may] = np.minimum(chance[may] + share, 1.0)
    return chance


def reach(inputs: Inputs, t: int, admits: NDArray[np.int64], weights: Floats, *, specialised: int) -> Floats:
    """Return [group, class 3] how far the nearest suitable home is: same territory, near, far.

    ``weights`` is [form 2, territory] where the children are.
    """
    out = np.zeros((len(GROUPS), 3))
    is_open = (inputs.facility_specialised == specialised) & (inputs.places[t] > 0)
    for g, (form, sex) in enumerate(GROUPS):
        suits = is_open & ((admits & (1 << (2 * sex + form - 1))) > 0)
        if not suits.any():
            continue
        nearest = inputs.order[np.arange(N_TERRITORIES), np.argmax(suits[inputs.order], axis=1)]
        kind = inputs.travel[np.arange(N_TERRITORIES), inputs.facility_territory[nearest]]
        out[g] = np.bincount(kind, weights[FORM[g]], 3)
    return out


def staying(stays: care.StayTables, places: Floats, territory: NDArray[np.int64]) -> Floats:
    """Return [exit 3] monthly chances of leaving a kind of home: as planned, too early, absconding.

    ``places`` is [facility], 0 for homes of the other kind or closed.
    """
    kept = 1.0 - stays.quality[territory]
    normal = 1.0 - np.exp(-stays.normal)
    early = (1.0 - normal) * (1.0 - np.exp(-stays.premature * kept))
    abscond = (1.0 - normal - early) * (1.0 - np.exp(-stays.abscond * kept))
    return pooled(places, np.stack([normal, early, abscond]))


def leaving_care(
    stays: dict[str, Floats], family: float, follow_up: float, completion: Floats
) -> Iterator[Move]:
    """Residents are discharged, discharged too early, or abscond; family care and follow-up end.

    Parameters
    ----------
    stays : by kind of home, from ``staying``
    family, follow_up : monthly rates of closing family care, of ending follow-up
    completion : [form 2] share of follow-up that is completed
    """
    everybody = np.ones(len(GROUPS))
    for kind in KINDS:
        normal, early, abscond = stays[kind]
        for name, target in ((f"{kind}_plan", "follow_up"), (kind, "family")):
            yield Move(name, target, normal * everybody, restarts=True)
            yield Move(name, "left_early", early * everybody, restarts=True)
            yield Move(name, "left", abscond * everybody, restarts=True)
    ends = (1.0 - np.exp(-family)) * everybody
    yield Move("family_plan", "follow_up", ends)
    yield Move("family", "left_assisted", ends)
    ends = 1.0 - np.exp(-follow_up)
    done = by_group(completion)
    yield Move("follow_up", "reintegrated", ends * done, restarts=True)
    yield Move("follow_up", "left_assisted", ends * (1.0 - done), restarts=True)


def residential_shares(tables: care.CareTables) -> Floats:
    """Return [group] share of measures that are residential."""
    return np.array(
        [
            tables.residential_girls_sexual if (form, sex) == (SEXUAL, GIRL) else tables.residential_other
            for form, sex in GROUPS
        ]
    )
