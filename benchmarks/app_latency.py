"""Latency of the pages: how long after a lever is moved the first whole-country answer stands on the screen.

One visitor in a headless Chromium beside a server of its own, on this machine. The browser takes the time
itself: from the key that moves the lever to the first figure of the new levers (told by the number of the run
below it), and to the moment from which no figure of the old ones is left. On a machine that others use too,
the processor time on the way says more: of the worker that answers, of the server, of the browser.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from typing import Any, Final

import numpy as np
import psutil

from app.engine import Settings
from app.links import Held, pack
from benchmarks.app_load import LEVERS, STEP, label, names, plan_of
from benchmarks.serving import serving

HORIZONS: Final = {"2030-12": 227, "2050-12": 467}
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
PATIENCE_MS: Final = 240_000
REST_S: Final = 1.0
WATCH: Final = """names => {
    const told = window.told = {};
    addEventListener("keydown", () => { told.begun ??= performance.now(); }, {once: true, capture: true});
    const looking = setInterval(() => {
        const text = document.querySelector("[data-testid=stMain]").textContent;
        const found = new Set(text.match(/\\b[0-9a-f]{10}\\b/g));
        const mine = names.some(name => found.has(name));
        if (mine) told.first ??= performance.now() - told.begun;
        if (mine && [...found].every(name => names.includes(name))) {
            told.whole ??= performance.now() - told.begun;
            clearInterval(looking);
        }
    }, 20);
}"""


def run(moves: int, draws: int) -> int:
    """Print how long a page takes to open, and to answer a lever, and return an exit code.

    Parameters
    ----------
    moves : of a lever for each horizon; draws : of the full set
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium is installed on this machine", file=sys.stderr)
        return 2
    from playwright.sync_api import sync_playwright

    settings = Settings(draws=draws, trends=2 * draws)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        begun = time.monotonic()
        with serving(settings) as server:
            print(f"server answers {time.monotonic() - begun:.1f} s after its start")
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(PATIENCE_MS)
            opened = time.monotonic()
            page.goto(f"{server.url}/explore?lang=Español")
            page.wait_for_selector("h1")
            print(f"first page {time.monotonic() - opened:.1f} s after it is asked for, ", end="")
            page.wait_for_selector("[data-testid=stMetric]")
            print(f"its first figures {time.monotonic() - begun:.1f} s after the start of the server")
            for horizon, until in HORIZONS.items():
                _measure(page, server.url, horizon, until, moves, settings, server.pid)
        chromium.close()
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")
    return 0


def _processor_s(pid: int) -> dict[tuple[str, int], float]:
    """Return the processor seconds so far of each worker, of the server, of each part of the browser."""
    server = psutil.Process(pid)
    ours = [("server", server), *(("worker", one) for one in server.children())]
    parts = psutil.Process().children(recursive=True)
    ours += [("browser", one) for one in parts if one.pid != pid and "chrom" in one.name()]
    out = {}
    for what, one in ours:
        with suppress(psutil.Error):
            told = one.cpu_times()
            out[what, one.pid] = told.user + told.system
    return out


def _on_the_way(before: dict[tuple[str, int], float], after: dict[tuple[str, int], float]) -> list[float]:
    """Return the seconds of the busiest worker, of the server, of the busiest part of the browser."""
    spent = {key: after[key] - before.get(key, 0.0) for key in after}
    return [
        max((s for (kind, _), s in spent.items() if kind == what), default=0.0)
        for what in ("worker", "server", "browser")
    ]


def _measure(page: Any, url: str, horizon: str, until: int, moves: int, settings: Settings, pid: int) -> None:
    lever, amount = LEVERS[0], STEP
    page.goto(f"{url}/explore?lang=Español&s={pack(Held(plan_of(lever, amount), horizon))}")
    complete = page.get_by_text(f"Completo: {settings.draws} corrida").first
    complete.wait_for()
    first, whole, spent = [], [], []
    for _ in range(moves):
        time.sleep(REST_S)
        amount = round(amount + STEP, 2)
        page.evaluate(WATCH, names(plan_of(lever, amount), settings, until))
        slider = page.get_by_role("slider", name=label(lever))
        before = _processor_s(pid)
        slider.press("ArrowRight")
        page.wait_for_function("window.told.whole !== undefined", polling=100)
        spent.append(_on_the_way(before, _processor_s(pid)))
        told = page.evaluate("window.told")
        first.append(told["first"] / 1000)
        whole.append(told["whole"] / 1000)
        complete.wait_for()
    for what, sample in (("first figure", first), ("last figure", whole)):
        middle, late = np.quantile(sample, [0.5, 0.9])
        print(
            f"to {horizon[:4]}, from lever to {what}: median {middle:.2f} s, 90th percentile {late:.2f} s, "
            f"of {len(sample)}"
        )
    worker, server, browser = np.median(spent, axis=0)
    print(
        f"to {horizon[:4]}, processor seconds on the way, medians: worker {worker:.2f}, server {server:.2f}, "
        f"browser {browser:.2f}, in all {worker + server + browser:.2f}"
    )
