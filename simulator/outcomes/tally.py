"""From the memory of a run to arrays: stocks, flows and moves by month, place and group, in children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.active import (
    BAND_SHIFT,
    ELAPSED_BITS,
    ELAPSED_SHIFT,
    FORM_SHIFT,
    FROM_SHIFT,
    MIGRANT_SHIFT,
    PLACE_BITS,
    PLACE_SHIFT,
    SEX_SHIFT,
    SPEECH_SHIFT,
    STATE_BITS,
    TO_PLACE_SHIFT,
    TO_SHIFT,
    age_band,
)
from simulator.engine.compile import kernel
from simulator.engine.population import LANGUAGE_SHIFT
from simulator.engine.states import (
    ADULT,
    ADULTHOOD,
    AGE_BAND_STARTS,
    DEAD,
    FAMILY_CARE,
    FOLLOW_UP,
    GENERAL_SHELTER,
    HOME,
    N_PLACES,
    N_STATES,
    N_STOCKS,
    N_TERRITORIES,
    OUTSIDE,
    REINTEGRATED,
    SPECIALISED_SHELTER,
)
from simulator.engine.types import U32, Counts, Events, Integers, Records
from simulator.outcomes.record import GROUPS, N_GROUPS, SERIES

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.outcomes.record import Record


FLOW_OF_KIND: Final = ((OUTSIDE, HOME), (HOME, OUTSIDE), (HOME, ADULT))
"""What the kinds of ``Population.home_events`` are: who enters, who departs, who turns 18 at home."""

IN_CARE: Final = (SPECIALISED_SHELTER, GENERAL_SHELTER, FAMILY_CARE)
"""States in which a reintegration plan begins."""

COHORT_MONTHS: Final = 24
"""Months within which the cohort variant of indicator 3.1 counts a completed plan."""

MONTH_MASK: Final = (1 << FROM_SHIFT) - 1
STATE_MASK: Final = (1 << STATE_BITS) - 1
PLACE_MASK: Final = (1 << PLACE_BITS) - 1
ELAPSED_MASK: Final = (1 << ELAPSED_BITS) - 1
SEX_START, BAND_START, FORM_START, SPEECH_START, MIGRANT_START = np.cumsum([0, 2, 5, 3, 4]).tolist()
"""First column of each grouping when the groups stand side by side, in the order of ``GROUPS``."""


@kernel
def take_out(
    children: Records,
    rows: U32,
    months: Integers,
    n_months: int,
    bands: Integers,
    events: Integers,
    event_groups: Integers,
    stock_groups: Integers,
) -> None:
    """Count what children who left home for the active list would have done at home, to be taken out.

    Parameters
    ----------
    rows, months : who, and since when (-1: before January 2012)
    events : [kind, month, place]; event_groups : [kind, month, group]; stock_groups : [month, group] changes
    """
    # Rows lie far apart in memory: fetching them in a loop of its own lets the fetches overlap.
    near = np.empty(rows.size, children.dtype)
    for i in range(rows.size):
        near[i] = children[rows[i]]
    for i in range(rows.size):
        c = near[i]
        birth, leaves = int(c.birth), int(c.leaves)
        sex = c.traits & 1
        speech = c.traits >> LANGUAGE_SHIFT
        migrant = (c.traits >> 3) & 1
        if leaves < n_months:
            kind = 2 if leaves == birth + ADULTHOOD else 1
            events[kind, leaves, c.place] += 1
            event_groups[kind, leaves, SEX_START + sex] += 1
            event_groups[kind, leaves, BAND_START + age_band(leaves - birth)] += 1
            event_groups[kind, leaves, FORM_START] += 1
            event_groups[kind, leaves, SPEECH_START + speech] += 1
            event_groups[kind, leaves, MIGRANT_START + migrant] += 1
        first, last = max(months[i], birth, 0), min(leaves, birth + ADULTHOOD, n_months)
        if first >= last:
            continue
        for sign, month in ((1, first), (-1, last)):
            if month < n_months:
                stock_groups[month, SEX_START + sex] += sign
                stock_groups[month, FORM_START] += sign
                stock_groups[month, SPEECH_START + speech] += sign
                stock_groups[month, MIGRANT_START + migrant] += sign
        for band in range(4):
            start, stop = max(first, birth + 12 * bands[band]), min(last, birth + 12 * bands[band + 1])
            if start < stop:
                stock_groups[start, BAND_START + band] += 1
                if stop < n_months:
                    stock_groups[stop, BAND_START + band] -= 1


def _side_by_side(counts: Integers) -> Integers:
    """Return [..., group] of counts [..., sex, band, language, migrant]: each grouping's sums in turn."""
    lead = counts.shape[:-4]
    axes = tuple(range(-4, 0))
    out = np.zeros((*lead, N_GROUPS), np.int64)
    for start, axis in ((SEX_START, -4), (BAND_START, -3), (SPEECH_START, -2), (MIGRANT_START, -1)):
        total = counts.sum(axis=tuple(a for a in axes if a != axis))
        out[..., start : start + total.shape[-1]] = total
    out[..., FORM_START] = counts.sum(axis=axes)
    return out


@kernel
def count_events(
    events: Events,
    n_months: int,
    flow: Counts,
    by_group: Counts,
    move: Counts,
    moved_out: Counts,
    moved_in: Counts,
    started: Counts,
    completed: Counts,
) -> None:
    """Count every event once, in all that is told of it; events after the last month are left out.

    Parameters
    ----------
    events : packed as in ``engine.active``
    flow : [month, place, from, to]; by_group : [month, from, to, group], the groupings side by side
    move : [month, state, territory, territory]; moved_out, moved_in : [month, place, state]
    started : [month] plans begun; completed : [month begun] those completed within ``COHORT_MONTHS``
    """
    for word in events:
        event = np.int64(word)
        month = event & MONTH_MASK
        if month >= n_months:
            continue
        source, target = (event >> FROM_SHIFT) & STATE_MASK, (event >> TO_SHIFT) & STATE_MASK
        place = (event >> PLACE_SHIFT) & PLACE_MASK
        if source == target:
            to_place = (event >> TO_PLACE_SHIFT) & PLACE_MASK
            move[month, source, place // 2, to_place // 2] += 1
            moved_out[month, place, source] += 1
            moved_in[month, to_place, source] += 1
            continue
        flow[month, place, source, target] += 1
        groups = by_group[month, source, target]
        groups[SEX_START + ((event >> SEX_SHIFT) & 1)] += 1
        groups[BAND_START + ((event >> BAND_SHIFT) & 7)] += 1
        groups[FORM_START + ((event >> FORM_SHIFT) & 3)] += 1
        groups[SPEECH_START + ((event >> SPEECH_SHIFT) & 3)] += 1
        groups[MIGRANT_START + ((event >> MIGRANT_SHIFT) & 1)] += 1
        elapsed = (event >> ELAPSED_SHIFT) & ELAPSED_MASK
        if elapsed == 0 and target in IN_CARE:
            started[month] += 1
        if source == FOLLOW_UP and target == REINTEGRATED and elapsed <= COHORT_MONTHS and elapsed <= month:
            completed[month - elapsed] += 1


def tally(population: Population, record: Record, first: int, stop: int) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a run for the months ``first`` to ``stop``.

    Returns
    -------
    ``stock`` [month, place, state 12], ``flow`` [month, place, from 13, to 13], ``move`` [month, state 12,
    territory, territory], ``moved_in`` and ``moved_out`` [month, place, state 12], ``stock_by_`` and
    ``flow_by_`` each grouping ([month, state, group] and [month, from, to, group]), every series [month,
    territory], ``reintegration_started`` and ``completed_of_cohort`` [month], ``factor`` [month, factor,
    territory] and ``institution_factor`` [month, factor, institution, territory].
    """
    months = stop
    children = population.children
    rows = np.concatenate([record.earlier, *record.entered])
    since = np.concatenate(
        [np.full(record.earlier.size, -1), *(np.full(e.size, t) for t, e in enumerate(record.entered))]
    ).astype(np.int64)
    kept = since < months
    bands = np.array(AGE_BAND_STARTS, np.int64)
    out_events = np.zeros((3, months, N_PLACES), np.int64)
    out_groups = np.zeros((3, months, N_GROUPS), np.int64)
    out_stock = np.zeros((months, N_GROUPS), np.int64)
    take_out(children, rows[kept], since[kept], months, bands, out_events, out_groups, out_stock)
    home_events = population.home_events[:, :months] - out_events
    home_groups = _side_by_side(population.group_events[:, :months]) - out_groups

    def counts(*shape: int) -> Counts:
        return np.zeros((months, *shape), np.int32)

    flow, by_group = counts(N_PLACES, N_STATES, N_STATES), counts(N_STATES, N_STATES, N_GROUPS)
    told = {
        "move": counts(N_STOCKS, N_TERRITORIES, N_TERRITORIES),
        "moved_out": counts(N_PLACES, N_STOCKS),
        "moved_in": counts(N_PLACES, N_STOCKS),
        "reintegration_started": counts(),
        "completed_of_cohort": counts(),
    }
    count_events(
        np.concatenate([np.zeros(0, np.uint64), *record.events]), months, flow, by_group, *told.values()
    )
    for kind, (a, b) in enumerate(FLOW_OF_KIND):
        flow[:, :, a, b] += home_events[kind].astype(np.int32)
        by_group[:, a, b] += home_groups[kind].astype(np.int32)

    stock = record.stocks[:months].astype(np.int32)
    outflow = flow[:, :, HOME, :].sum(axis=2, dtype=np.int64)
    inflow = flow[:, :, :, HOME].sum(axis=2, dtype=np.int64)
    gone = np.bincount(children["place"][record.earlier], minlength=N_PLACES)
    stock[:, :, HOME] = population.at_start - gone + np.cumsum(inflow - outflow, axis=0)
    for state in (ADULT, DEAD):
        stock[:, :, state] = np.cumsum(flow[:, :, :, state].sum(axis=2), axis=0)

    groups = record.groups[:months].astype(np.int32)
    groups[:, HOME] = _side_by_side(population.group_stock[:months]) - np.cumsum(out_stock, axis=0)
    for state in (ADULT, DEAD):
        groups[:, state] = np.cumsum(by_group[:, :, state].sum(axis=1), axis=0)

    chosen = slice(first, stop)
    arrays: dict[str, NDArray[np.generic]] = {
        name: array[chosen] for name, array in {"stock": stock, "flow": flow, **told}.items()
    }
    start = 0
    for name, size in GROUPS.items():
        columns = slice(start, start + size)
        arrays[f"stock_by_{name}"] = groups[chosen, :, columns].copy()
        arrays[f"flow_by_{name}"] = by_group[chosen, :, :, columns].copy()
        start += size
    for i, name in enumerate(SERIES):
        arrays[name] = record.series[i, chosen].astype(np.float32)
    if record.factors is not None:
        # Row 0 of the factors is the time before January 2012.
        reported = slice(first + 1, stop + 1)
        arrays["factor"] = record.factors.plain[reported].astype(np.float32)
        arrays["institution_factor"] = record.factors.staffed[reported].astype(np.float32)
    return arrays
