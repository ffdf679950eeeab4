"""Load on the pages: many visitors of one server move levers at the same time.

Each is a browser context of its own, in one headless Chromium on this machine. After every move it waits for
the first answer to its own levers (told by the number of the run below the figures), then for the full set;
at the end its cards are held against what the engine gives for these levers alone. The number of visitors and
moves is given, every wait has an end, and so has the whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import psutil

from app.engine import Settings

LEVERS: Final = ("targeted_groups", "police_capacity", "reporting_channels", "upe_reach")
CARDS: Final = {0: "first_entries", 1: "identified", 3: "completed"}
"""Where on the page the figures of counts stand."""

UNTIL: Final = 227
HORIZON: Final = "2030-12"
START_S: Final = 240.0
SERVER: Final = """
import json, sys
from app.engine import Settings
from app.server import serve
serve(Settings(**json.loads(sys.argv[1])), port=int(sys.argv[2]), address="127.0.0.1")
"""
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")


@dataclass
class Told:
    """What visitors have seen."""

    first_s: list[float] = field(default_factory=list)
    full_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
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
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium is installed on this machine", file=sys.stderr)
        return 2
    settings = Settings(draws=draws, scale=scale, trends=2 * draws)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", SERVER, json.dumps(asdict(settings)), str(port)]
    server = subprocess.Popen(command, env={**os.environ, "SINTRATA_LANG": "es"}, stdout=subprocess.DEVNULL)
    told = Told()
    begun = time.monotonic()
    try:
        load = _load(f"http://127.0.0.1:{port}", browser, visitors, moves, settings, server.pid, told)
        asyncio.run(asyncio.wait_for(load, most_s))
    except TimeoutError:
        told.faults.append(f"not done after {most_s:g} s")
    finally:
        server.terminate()
        try:
            server.wait(20.0)
        except subprocess.TimeoutExpired:
            server.kill()
    _check(told, settings)
    _print(told, visitors, moves, settings, time.monotonic() - begun)
    return 1 if told.faults else 0


async def _load(
    url: str, path: str, visitors: int, moves: int, settings: Settings, pid: int, told: Told
) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        watch = asyncio.create_task(_watch_memory(pid, told))
        try:
            await _reach(url)
            crowd = [_visit(browser, url, number, moves, settings, told) for number in range(visitors)]
            await asyncio.gather(*crowd)
        finally:
            watch.cancel()
            await browser.close()


async def _reach(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(0.3)
        else:
            writer.close()
            return
    raise TimeoutError


async def _visit(browser: Any, url: str, number: int, moves: int, settings: Settings, told: Told) -> None:
    """Be one visitor: no two have the same levers at any time."""
    from app.links import pack

    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(1000 * START_S)
    page.on("pageerror", lambda error: told.faults.append(f"visitor {number}: {error}"))
    lever = LEVERS[number % len(LEVERS)]
    try:
        # A press moves a lever by five points: what begins one point apart never meets.
        amount = (10 + number // len(LEVERS)) / 100
        await page.goto(f"{url}/explore?lang=Español&s={pack(_plan(lever, amount), HORIZON)}")
        await page.get_by_text(f"Completo: {settings.draws} corridas").first.wait_for()
        for _ in range(moves):
            slider = page.get_by_role("slider", name=_label(lever))
            await slider.press("ArrowRight")
            begun = time.monotonic()
            amount = float(await slider.get_attribute("aria-valuenow")) / 100.0
            names = [_run_id(_plan(lever, amount), settings, some + 1) for some in range(settings.draws)]
            await _wait_for_any(page, names)
            told.first_s.append(time.monotonic() - begun)
            await _wait_for_any(page, names[-1:])
            told.full_s.append(time.monotonic() - begun)
        shown = await page.locator("[data-testid=stMetricValue]").all_inner_texts()
        told.seen[number] = _plan(lever, amount), {place: shown[place] for place in CARDS}
    except Exception as error:  # one visitor's trouble is a finding, not the end of the others
        told.faults.append(f"visitor {number}: {type(error).__name__}: {error}".splitlines()[0])
    finally:
        await context.close()


async def _wait_for_any(page: Any, names: list[str]) -> None:
    # The page is read ten times a second: a wait that runs with every frame would slow the page itself.
    await page.wait_for_function(
        "names => names.some(one => document.body.textContent.includes(one))", arg=names, polling=100
    )


def _plan(lever: str, amount: float) -> dict[str, Any]:
    row = {"use": lever, "start": "2027-01", "ramp_months": 12, "amount": amount}
    label = {"es": "Mi escenario", "en": "My scenario"}
    return {"schema": 1, "base": "baseline", "label": label, "interventions": [row]}


def _label(lever: str) -> str:
    from scenarios import levers
    from simulator.texts import set_language

    set_language("es")
    return str(levers()[lever].label)


def _run_id(plan: dict[str, Any], settings: Settings, draws: int) -> str:
    """Return the name that the page gives a run of these levers; written out here, so that it is checked."""
    from simulator import Scenario, __version__, load_ledger, load_scenario

    hashes = (load_scenario("baseline").hash, Scenario.from_mapping(plan, name="plan").hash)
    words = [__version__, load_ledger().hash, *hashes, str(UNTIL), str(settings.seed), str(draws)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:10]


def _check(told: Told, settings: Settings) -> None:
    """Hold what each visitor has seen at last against what its own levers give."""
    wanted = _expected([plan for plan, _ in told.seen.values()], settings)
    for (visitor, (_, shown)), expected in zip(told.seen.items(), wanted, strict=True):
        for place, text in expected.items():
            told.checked += 1
            if shown[place] != text:
                told.faults.append(f"visitor {visitor}: {CARDS[place]} {shown[place]} instead of {text}")


def _expected(plans: list[dict[str, Any]], settings: Settings) -> list[dict[int, str]]:
    """Return what the cards must say for each plan, from runs of this process alone."""
    import numpy as np

    from app.reduced import NOT_NEEDED, reduce
    from app.screen import number
    from simulator import Forks, Scenario

    forks = Forks(draws=settings.draws, seed=settings.seed, scale=settings.scale)
    told = []
    for plan in plans:
        scenario = Scenario.from_mapping(plan, name="plan")
        runs = [
            reduce(forks.run(scenario, draw, UNTIL, without=NOT_NEEDED))["country"].sel(year=2030).squeeze()
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
    """Note the memory of the server and its workers every two seconds."""
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
        f"{visitors} visitors, {moves} moves each, scale {settings.scale:g}, {settings.draws} draws: "
        f"{seconds:.0f} s"
    )
    for what, sample in (("first answer", told.first_s), ("full set", told.full_s)):
        if sample:
            worst = max(sample)
            print(
                f"{what}: median {statistics.median(sample):.2f} s, longest {worst:.2f} s, of {len(sample)}"
            )
    if told.memory_mb:
        third = len(told.memory_mb) // 3
        parts = (told.memory_mb[third], told.memory_mb[2 * third], told.memory_mb[-1])
        print(
            "memory of server and workers in MB, after a third, two thirds, at the end: "
            + " ".join(f"{m:,.0f}" for m in parts)
        )
    print(f"figures held against the engine: {told.checked}; faults: {len(told.faults)}")
    for fault in told.faults:
        print(f"  {fault}")
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")
