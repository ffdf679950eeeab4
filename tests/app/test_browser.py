"""The planner's journey in a real browser, on a small country; skipped where no browser is installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.links import pack
from app.reduced import reduce
from app.results import band
from simulator import compare, load_scenario
from tests.app.conftest import SMALL

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WAIT_MS = 90_000
PHONE = {"width": 390, "height": 844}
MAIN = "document.querySelector('[data-testid=stMain]')"
ADDRESSES = ("", "explore", "budget", "regions", "targets", "horizon", "compare", "optimum", "lab", "model")
SERVER = """
import json, os, sys
from app.engine import Settings
from app.server import serve
serve(Settings(**json.loads(sys.argv[1])), port=int(sys.argv[2]), address="127.0.0.1")
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(asdict(SMALL)), str(port)],
        env={**os.environ, "SINTRATA_LANG": "es"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2.0):
                break
        except OSError:
            time.sleep(0.3)
    yield url
    process.terminate()
    process.wait(20.0)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only where there is a browser)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        yield browser
        browser.close()


class Watched:
    """A page that keeps what went wrong: errors in the console, requests to other hosts."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.address = address
        self.context = browser.new_context(accept_downloads=True, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:", self.address.replace("http", "ws"))):
            self.outside.append(request.url)

    def _console(self, message: Any) -> None:
        # The client looks for its server below the page's own address first; that is not there.
        if message.type == "error" and "404" not in message.text:
            self.errors.append(message.text)

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_selector("h1")
        return self.page


def keep(page: Any, name: str) -> None:
    """Keep a screenshot as an artefact of the build, if the build asks for it."""
    folder = os.environ.get("SINTRATA_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_planner_changes_a_lever_and_reads_what_the_command_line_prints(chromium: Any, address: str) -> None:
    watched = Watched(chromium, address)
    plan = {"schema": 1, "base": "places_for_boys", "label": {"es": "Uno", "en": "One"}}
    page = watched.open(f"explore?lang=Español&s={pack(plan, '2030-12')}")
    page.get_by_text(f"Completo: {SMALL.draws} corridas").wait_for()
    keep(page, "explore_es")
    shown = page.locator("[data-testid=stMetricValue]").all_inner_texts()
    result = reduce(
        compare(
            ["baseline", "places_for_boys"],
            seed=SMALL.seed,
            draws=SMALL.draws,
            scale=SMALL.scale,
            until=227,
        )
    )
    year = result["country"].sel(scenario="places_for_boys", replicate=0, year=2030)
    expected = [
        float(band(year.sel(indicator=name, drop=True).expand_dims(x=[0]))["median"].iloc[0])
        for name in ("first_entries", "identified", "completed")
    ]
    told = [float(text.replace(",", "")) for text in (shown[0], shown[1], shown[3])]
    assert told == [pytest.approx(value, rel=0.051, abs=0.51) for value in expected]

    before = page.locator("[data-testid=stMetricDelta]").all_inner_texts()
    slider = page.get_by_role("slider", name="Grupos focalizados de prevención")
    slider.focus()
    slider.press("End")
    # The figures of the cards follow, and so does the name of the run below them.
    page.wait_for_function(
        "before => [...document.querySelectorAll('[data-testid=stMetricDelta]')].some("
        "(one, k) => one.innerText !== before[k])",
        arg=before,
    )
    page.get_by_text(f"Completo: {SMALL.draws} corridas").wait_for()
    charts = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    assert charts.count() >= 2
    assert watched.outside == []
    assert watched.errors == []


def test_language_theme_and_phone(chromium: Any, address: str) -> None:
    watched = Watched(chromium, address, viewport=PHONE, color_scheme="dark")
    page = watched.open("explore?lang=English")
    page.wait_for_selector("[data-testid=stMetric]")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate(f"{MAIN}.scrollWidth <= {MAIN}.clientWidth")
    keep(page, "explore_en_phone_dark")
    assert watched.outside == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("lang", "code"), [("Español", "es"), ("English", "en")])
def test_every_page_is_accessible(chromium: Any, address: str, lang: str, code: str, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    watched = Watched(chromium, address, viewport=PHONE, color_scheme=theme)
    told = []
    # The trend is kept from here on: every page has its figures at once.
    watched.open(f"explore?lang={lang}").wait_for_selector("[data-testid=stMetric]")
    for path in ADDRESSES:
        page = watched.open(f"{path}?lang={lang}")
        settle(page)
        wrong = [
            f"{one['id']}: {node['html'][:160]}"
            for one in Axe().run(page).response["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]
        levels = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMain] :is(h1,h2,h3,h4,h5,h6)')]"
            ".map(one => Number(one.tagName[1]))"
        )
        if levels[:1] != [1] or any(after > before + 1 for before, after in pairwise(levels)):
            wrong.append(f"headings in the order {levels}")
        if page.evaluate("document.documentElement.lang") != code:
            wrong.append("the language of the document is another")
        if page.evaluate(f"{MAIN}.scrollWidth > {MAIN}.clientWidth"):
            wrong.append("scrolls sideways at 390 px")
        told += [f"/{path}: {one}" for one in wrong]
    watched.context.close()
    assert told == []


def settle(page: Any) -> None:
    """Wait until the server has drawn a page and its first figures are there."""
    page.wait_for_function(
        "!document.querySelector('[data-testid=stApp][data-test-script-state=running]')"
        " && !document.querySelector('[data-testid=stSkeleton]')"
    )
    page.wait_for_timeout(500)


def test_the_scenario_file_that_is_downloaded_is_the_scenario(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    watched = Watched(chromium, address)
    plan = {"schema": 1, "base": "places_for_boys", "label": {"es": "Uno", "en": "One"}}
    page = watched.open(f"explore?lang=English&s={pack(plan, '2030-12')}")
    page.get_by_text(f"Complete: {SMALL.draws} runs").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Scenario: One").click()
    path = tmp_path / "plan.yaml"
    download.value.save_as(path)
    assert load_scenario(path).hash == load_scenario("places_for_boys").hash
    assert watched.errors == []
