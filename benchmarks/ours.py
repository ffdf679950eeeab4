"""The reduced rule set on this project's engine: thinning, keyed draws, active list."""

from __future__ import annotations

import time

import numpy as np

from benchmarks import reduced as r
from simulator.engine import draws
from simulator.engine.active import ACTIVE
from simulator.engine.compile import kernel
from simulator.engine.population import CHILD, N_FACTORS, POOR
from simulator.engine.states import ADULTHOOD, START_YEAR
from simulator.engine.thinning import ANY_AGE, CANDIDATE, N_AGES, N_PATHS, propose
from simulator.engine.types import Records, Words
from simulator.rules.recruitment import EntryTables, decide

SEXUAL = 1
BIRTH = -12 * 10
"""All are ten years old: ages do not matter in the reduced rules."""


@kernel
def visit(active: Records, n: int, words: Words) -> None:
    """Let exploited children escape or be identified, those in care leave it, and others return."""
    for i in range(n):
        a = active[i]
        u = draws.unit(words[0, i])
        v = draws.unit(words[1, i])
        if a.state == r.EXPLOITED:
            if u < 1.0 - np.exp(-r.ESCAPE):
                a.state = r.LEFT
            elif v < 1.0 - np.exp(-r.IDENTIFY):
                a.state = r.CARE
        elif a.state == r.CARE:
            if u < 1.0 - np.exp(-r.LEAVE_CARE):
                a.state = r.LEFT
        elif a.state == r.LEFT and u < 1.0 - np.exp(-r.RETURN):
            a.state = r.EXPLOITED


def people(children: int) -> tuple[Records, np.ndarray]:
    """Return children sorted into cells of territory, sex and risk class, and the table of cells."""
    rows = np.zeros(children, CHILD)
    rows["birth"], rows["enters"], rows["leaves"] = BIRTH, BIRTH, BIRTH + ADULTHOOD
    index = np.arange(children)
    rows["place"] = 2 * (index * r.N_TERRITORIES // children)
    rows["traits"] = index % 2
    rows["econ"] = r.rank(index)
    cls = np.where(rows["econ"] < r.N_RANKS * r.MOST_POOR, 2, 0)
    cell = (rows["place"].astype(np.int64) * 2 + rows["traits"]) * 8 + cls
    order = np.argsort(cell, kind="stable")
    rows, cell = rows[order], cell[order]
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    code = cell[first]
    table = np.stack(
        [
            first,
            np.diff(first, append=children),
            code,
            code // 16,
            code // 8 % 2,
            code % 8,
            np.full(first.size, START_YEAR - 10),
            np.full(first.size, START_YEAR - 10),
        ],
        axis=1,
    )
    return rows, np.ascontiguousarray(table)


def run(children: int, months: int) -> dict[str, float]:
    """Run the reduced rules and return seconds, first entries and the last stock of exploited children."""
    rows, cells = people(children)
    idents = cells[:, 2].astype(np.uint32)
    base = np.zeros((N_PATHS, 3, N_AGES, 2))
    base[0, SEXUAL, :, 1] = r.ENTRY_BOY
    base[0, SEXUAL, :, 0] = r.ENTRY_BOY * r.GIRL_RATIO
    multiplier = np.ones(N_FACTORS)
    multiplier[POOR] = r.POOR_RATIO
    none = np.zeros(52, np.int64)
    school, community_rank = np.zeros((2, 52), np.int64), np.zeros(1, np.uint16)
    floor = base[:, SEXUAL].copy()
    top = np.zeros((2, N_PATHS, N_AGES, 2, 8))
    top[...] = (floor * r.POOR_RATIO)[None, ..., None]
    top[..., 0] = floor[None]
    floor[:, ANY_AGE] = floor[:, 0]
    key = draws.make_key(0, 0)

    def simulate(length: int) -> tuple[int, int]:
        touched = np.zeros(children, np.uint8)
        active = np.zeros(max(1024, int(2 * r.expected_entries(children, length))), ACTIVE)
        n = 0
        out = np.empty(max(4096, children // 500), CANDIDATE)
        for month in range(length):
            words = np.empty((4, n), np.uint32)
            draws.words_of(active["row"][:n].copy(), month, draws.STREAM_MONTH, key, words)
            visit(active, n, words)
            found, _ = propose(cells, idents, 0, cells.shape[0], month, floor, top, none, key, out)
            poverty = np.full(52, int(np.ceil(r.N_RANKS * r.poor_share(month))))
            tables = EntryTables(
                base, multiplier, poverty, school, none, community_rank, none, none, 1.0, 1.0
            )
            kept = decide(out, found, rows, touched, month, tables)
            new = np.unique(out["row"][:kept])
            touched[new] = 1
            active["row"][n : n + new.size] = new
            active["state"][n : n + new.size] = r.EXPLOITED
            n += new.size
        return n, int((active["state"][:n] == r.EXPLOITED).sum())

    simulate(2)
    start = time.perf_counter()
    entries, stock = simulate(months)
    return {"seconds": time.perf_counter() - start, "entries": entries, "stock": stock}
