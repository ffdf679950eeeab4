"""Sparse sampling: which children might enter exploitation this month, without visiting the others.

In each (cell, month, path) a keyed Poisson process of rate B0 runs along the rows; each point carries a mark
uniform in [0, B0). A child whose smallest mark lies below its own rate enters, so that the chance is exactly
1 - exp(-rate) (Lewis and Shedler 1979, thinning; here with fixed points and moving rates). Where a rate can
exceed B0, further strips [B0, 2 B0), [2 B0, 4 B0), ... with points of their own open. Points depend on the
cell, the month and the seed alone: scenarios and draws share every point below their open edges.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from simulator.engine import draws
from simulator.engine.compile import inline, kernel
from simulator.engine.population import (
    CELL_BIRTH_YEAR,
    CELL_CLASS,
    CELL_COUNT,
    CELL_FIRST,
    CELL_IDENT,
    CELL_PLACE,
    CELL_SEX,
)
from simulator.engine.states import START_YEAR
from simulator.engine.types import U32, Floats, Integers, Key, Records

ANY_AGE: Final = 18
"""Age column that holds the largest rate of all ages, for cells of arrivals of any age."""

N_AGES: Final = 19
N_PATHS: Final = 2
HIGHEST_STRIP: Final = 15
CELLS_PER_CHUNK: Final = 4096
CANDIDATE = np.dtype([("row", np.uint32), ("cls", np.uint8), ("path", np.uint8), ("mark", np.float64)])


@inline
def note(
    row: int,
    cls: int,
    path: int,
    mark: float,
    ceiling: float,
    out: Records,
    n: int,
) -> int:
    """Write one candidate if its mark lies below the ceiling; count it even when ``out`` is full."""
    if mark >= ceiling:
        return n
    if n < out.size:
        out[n].row = row
        out[n].cls = cls
        out[n].path = path
        out[n].mark = mark
    return n + 1


@inline
def walk_strip(
    w0: Any,
    w1: Any,
    w2: Any,
    w3: Any,
    first: int,
    count: int,
    rate: float,
    low: float,
    ident: int,
    month: int,
    stream: int,
    key: Key,
    path: int,
    cls: int,
    ceiling: float,
    out: Records,
    n: int,
) -> int:
    """Write the points of one strip whose mark lies below ``ceiling``; return how many are written so far.

    The words are those of point pair 0; further pairs are drawn as the walk reaches them.
    """
    position = 0.0
    index = 0
    while True:
        position -= np.log(draws.unit(w0)) / rate
        if position >= count:
            return n
        n = note(first + int(position), cls, path, low + draws.unit(w1) * rate, ceiling, out, n)
        position -= np.log(draws.unit(w2)) / rate
        if position >= count:
            return n
        n = note(first + int(position), cls, path, low + draws.unit(w3) * rate, ceiling, out, n)
        index += 1
        w0, w1, w2, w3 = draws.philox(ident, index, month + draws.MONTH_OFFSET, stream, key[0], key[1])


@inline
def walk_upper_strips(
    first: int,
    count: int,
    floor: float,
    ident: int,
    month: int,
    stream: int,
    key: Key,
    path: int,
    cls: int,
    ceiling: float,
    out: Records,
    n: int,
) -> int:
    """Walk the strips above B0 that the ceiling opens; return how many candidates are written so far."""
    edge = floor
    strip = 1
    while edge < ceiling and strip <= HIGHEST_STRIP:
        w0, w1, w2, w3 = draws.philox(ident, 0, month + draws.MONTH_OFFSET, stream + strip, key[0], key[1])
        n = walk_strip(
            w0,
            w1,
            w2,
            w3,
            first,
            count,
            edge,
            edge,
            ident,
            month,
            stream + strip,
            key,
            path,
            cls,
            ceiling,
            out,
            n,
        )
        edge *= 2.0
        strip += 1
    return n


@kernel
def propose(
    cells: Integers,
    idents: U32,
    start: int,
    stop: int,
    month: int,
    floor_rate: Floats,
    top: Floats,
    beyond: Integers,
    raised: Floats,
    key: Key,
    out: Records,
) -> tuple[int, int]:
    """Write the candidates of a run of cells in one month.

    Parameters
    ----------
    cells : [cell, 8]
    idents : [cell] the column of lasting numbers, contiguous
    start, stop : cells to look at
    month : months since January 2012
    floor_rate : [path, age 19, sex] B0 of risk class 0, per month
    top : [2, path, age 19, sex, class] largest rates under the run's own parameters
    beyond : [place] which of the two rows of ``top`` holds this month
    raised : [path, place] how far the rates of this month can exceed ``top``
    key : words of the seed
    out : [n] of ``CANDIDATE``

    Returns
    -------
    number of candidates (beyond ``out.size`` they were counted only), number of cells looked at

    Streams
    -------
    STREAM_POINTS + 16 * path + strip, counted along the rows of the cell
    """
    n = 0
    visited = 0
    year = START_YEAR + month // 12
    words = np.empty((N_PATHS, 4, stop - start), np.uint32)
    for path in range(N_PATHS):
        draws.words_of(idents[start:stop], month, draws.STREAM_POINTS + 16 * path, key, words[path])
    for c in range(start, stop):
        sex = cells[c, CELL_SEX]
        cls = cells[c, CELL_CLASS]
        place = cells[c, CELL_PLACE]
        birth_year = cells[c, CELL_BIRTH_YEAR]
        if birth_year < 0:
            older = ANY_AGE
            younger = ANY_AGE
        else:
            older = min(year - birth_year, 17)
            younger = max(min(year - birth_year - 1, 17), 0)
        first, count, ident = cells[c, CELL_FIRST], cells[c, CELL_COUNT], cells[c, CELL_IDENT]
        for path in range(N_PATHS):
            floor = max(floor_rate[path, older, sex], floor_rate[path, younger, sex])
            if floor <= 0.0:
                continue
            visited += 1
            floor *= float(1 << cls)
            poor = beyond[place]
            ceiling = max(top[poor, path, older, sex, cls], top[poor, path, younger, sex, cls])
            ceiling *= raised[path, place]
            w0 = words[path, 0, c - start]
            # -log(u) >= 1 - u: most cells hold no point, and are settled without a logarithm.
            if 1.0 - draws.unit(w0) < count * floor:
                w1, w2, w3 = words[path, 1, c - start], words[path, 2, c - start], words[path, 3, c - start]
                stream = draws.STREAM_POINTS + 16 * path
                n = walk_strip(
                    w0,
                    w1,
                    w2,
                    w3,
                    first,
                    count,
                    floor,
                    0.0,
                    ident,
                    month,
                    stream,
                    key,
                    path,
                    cls,
                    ceiling,
                    out,
                    n,
                )
            if floor < ceiling:
                stream = draws.STREAM_POINTS + 16 * path
                n = walk_upper_strips(
                    first, count, floor, ident, month, stream, key, path, cls, ceiling, out, n
                )
    return n, visited


@kernel
def propose_history(
    cells: Integers,
    start: int,
    stop: int,
    floor_sum: Floats,
    top_sum: Floats,
    beyond: Integers,
    key: Key,
    out: Records,
) -> int:
    """Write the candidates for having been exploited before January 2012, by cumulative rate over life.

    ``floor_sum`` [path, years, sex] and ``top_sum`` [2, path, years, sex, class] are rates summed over the
    months that a child born in January so many years before 2012 has lived; marks are points on the clock of
    the cumulative rate.
    """
    n = 0
    for c in range(start, stop):
        cohort = cells[c, CELL_BIRTH_YEAR]
        if cohort < 0 or cohort >= START_YEAR:
            continue
        sex = cells[c, CELL_SEX]
        cls = cells[c, CELL_CLASS]
        for path in range(N_PATHS):
            floor = floor_sum[path, START_YEAR - cohort, sex] * (1 << cls)
            if floor <= 0.0:
                continue
            ceiling = top_sum[beyond[cells[c, CELL_PLACE]], path, START_YEAR - cohort, sex, cls]
            first, count, ident = cells[c, CELL_FIRST], cells[c, CELL_COUNT], cells[c, CELL_IDENT]
            stream = draws.STREAM_HISTORY + 16 * path
            w0, w1, w2, w3 = draws.philox(ident, 0, draws.MONTH_OFFSET, stream, key[0], key[1])
            n = walk_strip(
                w0, w1, w2, w3, first, count, floor, 0.0, ident, 0, stream, key, path, cls, ceiling, out, n
            )
            n = walk_upper_strips(first, count, floor, ident, 0, stream, key, path, cls, ceiling, out, n)
    return n
