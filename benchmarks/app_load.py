"""Load on the pages: many visitors of one server move levers at the same time.

Each visitor is a session of its own (``benchmarks.visitor``). After every move it waits for the first answer
to its own levers, told by the number of the run below the figures, and checks that no figure on its page is
of other levers; then it thinks, and moves again. At the end it waits for the full set, and its cards are held
against what the engine gives for these levers alone. Every wait has an end, and so has the whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import psutil

from app.engine import Settings
from benchmarks.serving import serving
from benchmarks.visitor import Visitor

LEVERS: Final = ("targeted_groups", "police_capacity", "reporting_channels", "upe_reach")
CARDS: Final = {0: "first_entries", 1: "identified", 3: "completed"}
"""Where on the page the figures of counts stand."""

UNTIL: Final = 227
HORIZON: Final = "2030-12"
STEP: Final = 0.05
TURNS: Final = 9
"""Moves after which a visitor begins anew: the sliders have an end."""

START_S: Final = 240.0
ANSWER_S: Final = 120.0
THINK_S: Final = 6.0
"""Seconds between an answer and the next move."""

GROWTH: Final = 1.1
"""By how much memory may grow in the second half of the load, when the caches are full."""

RUN: Final = re.compile(r"(?:[Cc]orrida|[Rr]un) ([0-9a-f]{10})\b")


@dataclass
class Told:
    """What visitors have seen."""

    page_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    full_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    mixed: int = 0
    looks: int = 0
    seen: dict[int, tuple[dict[str, Any], dict[int, str]]] = field(default_factory=dict)
    checked: int = 0
    memory_mb: list[float] = field(default_factory=list)


def run(visitors: int, moves: int, scale: float, draws: int, most_s: float) -> int:
    """Put a load on a server of its own, print what came of it, and return an exit code.

    Parameters
    ----------
    visitors, moves : how many visitors, and how often each moves a lever
    scale : share of the country; draws : of the full set
    most_s : seconds after which everything ends
    """
    settings = Settings(draws=draws, scale=scale, trends=2 * draws)
    told = Told()
    begun = time.monotonic()
    try:
        with serving(settings) as server:
            load = _load(server.host, visitors, moves, settings, server.pid, told)
            asyncio.run(asyncio.wait_for(load, most_s))
    except TimeoutError:
        told.faults.append(f"not done after {most_s:g} s")
    seconds = time.monotonic() - begun
    _check(told, settings)
    _print(told, visitors, moves, settings, seconds)
    return 1 if told.faults else 0


async def _load(host: str, visitors: int, moves: int, settings: Settings, pid: int, told: Told) -> None:
    async with Visitor(host, "explore", lang="Español") as first:
        # The trend runs are made before anybody moves a lever: a server is started before its visitors come.
        await first.until(lambda page: f"Completo: {settings.draws} corrida" in _badges(page), START_S)
    watch = asyncio.create_task(_watch_memory(pid, told))
    crowd = [_visit(host, number, moves, settings, told) for number in range(visitors)]
    await asyncio.gather(*crowd)
    watch.cancel()


def _badges(page: Visitor) -> str:
    return "\n".join(page.texts())


async def _visit(host: str, number: int, moves: int, settings: Settings, told: Told) -> None:
    """Be one visitor: no two have the same levers at any time."""
    from app.links import Held, pack

    lever = LEVERS[number % len(LEVERS)]
    # A move is of five points: what begins one point apart never meets.
    begin = amount = (10 + number // len(LEVERS)) / 100
    own: list[str] = []
    try:
        link = pack(Held(plan_of(lever, amount), HORIZON))
        async with Visitor(host, "explore", lang="Español", s=link) as page:
            own += names(plan_of(lever, amount), settings)
            told.page_s.append(await page.until(partial(_shows, names=own), START_S))
            for turn in range(moves):
                await asyncio.sleep(THINK_S * (0.5 + ((number * 7 + turn * 3) % 10) / 10))
                amount = round(begin + STEP * ((turn + 1) % TURNS), 2)
                own = names(plan_of(lever, amount), settings)
                begun = time.monotonic()
                await page.move(label(lever), round(100 * amount))
                await page.until(partial(_shows, names=own), ANSWER_S)
                told.first_s.append(time.monotonic() - begun)
                told.looks += 1
                others = {name for text in page.texts() for name in RUN.findall(text)} - {*own}
                if others:
                    told.mixed += 1
                    told.faults.append(f"visitor {number}, move {turn}: figures of {sorted(others)}")
            begun = time.monotonic()
            await page.until(partial(_shows, names=own[-1:]), START_S)
            told.full_s.append(time.monotonic() - begun)
            shown = page.metrics()
            told.seen[number] = plan_of(lever, amount), {place: shown[place] for place in CARDS}
            told.faults += [f"visitor {number}: {error}" for error in page.errors]
    except Exception as error:  # one visitor's trouble is a finding, not the end of the others
        told.faults.append(f"visitor {number}: {type(error).__name__}: {error}".splitlines()[0])


def _shows(page: Visitor, names: list[str]) -> bool:
    """Return whether the page holds figures of one of some runs."""
    return any(name in text for text in page.texts() for name in names)


def names(plan: dict[str, Any], settings: Settings, until: int = UNTIL) -> list[str]:
    """Return the names that the page may give to figures of a plan, by the number of runs they rest on."""
    return [_run_id(plan, settings, draws + 1, until) for draws in range(settings.draws)]


def plan_of(lever: str, amount: float) -> dict[str, Any]:
    """Return a plan of one lever for the whole country, as the page writes it."""
    row = {"use": lever, "start": "2027-01", "ramp_months": 12, "amount": amount}
    label = {"es": "Mi escenario", "en": "My scenario"}
    return {"schema": 1, "base": "baseline", "label": label, "interventions": [row]}


def label(lever: str) -> str:
    """Return what a lever is called on the page."""
    from scenarios import levers
    from simulator.texts import set_language

    set_language("es")
    return str(levers()[lever].label)


def _run_id(plan: dict[str, Any], settings: Settings, draws: int, until: int) -> str:
    """Return the name that the page gives a run of these levers; written out here, so that it is checked."""
    from simulator import Scenario, __version__, load_ledger, load_scenario

    hashes = (load_scenario("baseline").hash, Scenario.from_mapping(plan, name="plan").hash)
    words = [__version__, load_ledger().hash, *hashes, str(until), str(settings.seed), str(draws)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:10]


def _check(told: Told, settings: Settings) -> None:
    """Hold what each visitor has seen at last against what its own levers give."""
    wanted = _expected([plan for plan, _ in told.seen.values()], settings)
    half = len(told.memory_mb) // 2
    if half and told.memory_mb[-1] > GROWTH * told.memory_mb[half]:
        told.faults.append("memory still grows in the second half")
    for (visitor, (_, shown)), expected in zip(told.seen.items(), wanted, strict=True):
        for place, text in expected.items():
            told.checked += 1
            if shown[place] != text:
                told.faults.append(f"visitor {visitor}: {CARDS[place]} {shown[place]} instead of {text}")


def _expected(plans: list[dict[str, Any]], settings: Settings) -> list[dict[int, str]]:
    """Return what the cards must say for each plan, from runs of this process alone."""
    from app.reduced import NOT_NEEDED, reduce
    from app.screen import number
    from simulator import Forks, Scenario

    forks = Forks(draws=settings.draws, seed=settings.seed, scale=settings.scale)
    told = []
    for plan in plans:
        scenario = Scenario.from_mapping(plan, name="plan")
        runs = [
            reduce(forks.run(scenario, draw, UNTIL, threads=2, without=NOT_NEEDED))["country"]
            .sel(year=2030)
            .squeeze()
            for draw in range(settings.draws)
        ]
        told.append(
            {
                place: number(float(np.median([float(run.sel(indicator=name)) for run in runs])))
                for place, name in CARDS.items()
            }
        )
    return told


async def _watch_memory(pid: int, told: Told) -> None:
    """Note the memory of the server and its workers every two seconds; what workers share counts for each."""
    while True:
        try:
            server = psutil.Process(pid)
            family = [server, *server.children(recursive=True)]
            told.memory_mb.append(sum(one.memory_info().rss for one in family) / 2**20)
        except psutil.Error:
            pass  # a worker has just been replaced
        await asyncio.sleep(2.0)


def _print(told: Told, visitors: int, moves: int, settings: Settings, seconds: float) -> None:
    print(
        f"{visitors} visitors, {moves} moves each, scale {settings.scale:g}, {settings.draws} draws, "
        f"{settings.workers} workers: {seconds:.0f} s"
    )
    for what, sample in (
        ("first page with figures", told.page_s),
        ("first answer", told.first_s),
        ("full set, after the last", told.full_s),
    ):
        if sample:
            middle, late = np.quantile(sample, [0.5, 0.9])
            print(
                f"{what}: median {middle:.2f} s, 90th percentile {late:.2f} s, longest {max(sample):.2f} s, "
                f"of {len(sample)}"
            )
    if told.memory_mb:
        parts = [told.memory_mb[k * (len(told.memory_mb) - 1) // 4] for k in range(5)]
        print(
            "memory of server and workers in MB, at each quarter: " + " ".join(f"{mb:,.0f}" for mb in parts)
        )
    print(
        f"pages looked at: {told.looks}, with figures of other levers: {told.mixed}; "
        f"cards held against the engine: {told.checked}; faults: {len(told.faults)}"
    )
    for fault in told.faults:
        print(f"  {fault}")
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")
