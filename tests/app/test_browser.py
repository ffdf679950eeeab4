"""The three journeys in a real browser, on a small country; skipped where no browser is installed."""

from __future__ import annotations

import datetime
import html
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pandas as pd
import pypdf
import pytest
import xarray as xr

from app.links import Held, pack
from app.parts import MAIN, form
from app.screen import number
from benchmarks.serving import serving
from scenarios.files import overlays
from simulator import compare, load_scenario
from simulator.cli import main
from simulator.exports.brief import brief
from simulator.outcomes.indicators import yearly
from simulator.tables import shown
from simulator.texts import catalogue, set_language
from tests.app.conftest import SMALL

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
TINY = replace(SMALL, draws=2, scale=0.01)
"""Enough for what pages promise: journeys run hundreds of small countries."""

WAIT_MS = 240_000
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
FRAME = "document.querySelector('[data-testid=stMain]')"
ADDRESSES = ("", "explore", "budget", "regions", "targets", "horizon", "compare", "optimum", "lab", "model")
CHANGED = """before => {
    const one = document.querySelectorAll("[data-testid=stTable]")[1];
    return one !== undefined && one.innerText !== before;
}"""
SERVER = """
import json, os, sys
from app.engine import Settings
from app.server import serve
from app import jobs
jobs.PROGRAM = (sys.executable, "-c", sys.argv[3])
serve(Settings(**json.loads(sys.argv[1])), port=int(sys.argv[2]), address="127.0.0.1")
"""
COMMANDS = f"""
import sys
from simulator.experiments import contributions, ensemble
from simulator.experiments.sweep import execute
for work in (ensemble.compare, contributions.contributions, execute.sweep):
    work.__kwdefaults__["scale"] = {TINY.scale}
from simulator.cli import main
sys.exit(main())
"""
"""The command line on the small country: what pages start apart."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(TINY, SERVER, [COMMANDS], subprocess.DEVNULL) as server:
        yield server.url


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
        if message.type == "error":
            self.errors.append(message.text)

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_selector("h1")
        return self.page


def keep(page: Any, name: str) -> None:
    """Keep a screenshot as an artefact of the build; the page itself scrolls inside a frame of its own."""
    folder = Path(os.environ.get("SINTRATA_SCREENSHOTS", "build/screens"))
    folder.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    high = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(int(high), 9000)})
    page.wait_for_timeout(800)
    page.screenshot(path=str(folder / f"{name}.png"))
    page.set_viewport_size(size)


def choose(page: Any, label: str, option: str) -> None:
    """Choose an option of a select box by keyboard."""
    box = page.get_by_role("combobox", name=label).first
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option).first.click()


def download(page: Any, name: str | re.Pattern[str], folder: Path) -> Path:
    """Click on what offers a file, and return where the file now is."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=name).first.click()
    path = folder / str(coming.value.suggested_filename)
    coming.value.save_as(path)
    return path


def complete(page: Any, lang: str) -> None:
    """Wait until the figures rest on the full set of runs."""
    page.get_by_text(catalogue(lang)["app.state.complete"].format(draws=TINY.draws)).first.wait_for()
    settle(page)


def cards(page: Any) -> list[str]:
    return [str(text) for text in page.locator("[data-testid=stMetricValue]").all_inner_texts()]


def document(page: Any, lang: str, kind: str, folder: Path) -> Path:
    """Let the page prepare a document, and take it."""
    texts = catalogue(lang)
    choose(page, texts["takeaway.kind"], texts[f"takeaway.of.{kind}"])
    page.get_by_role("button", name=texts["takeaway.make"], exact=True).click()
    suffix = {"workbook": "xlsx"}.get(kind, kind.rpartition("_")[2])
    return download(page, re.compile(rf"\.{suffix}$"), folder)


def by_command(page: Any, plan: Path, monkeypatch: pytest.MonkeyPatch) -> xr.Dataset:
    """Give the command that stands on the page to the command line, with the scenario file of the page."""
    (words,) = [
        text.split()
        for text in page.locator("[data-testid=stCode]").all_inner_texts()
        if text.startswith("sintrata compare")
    ]
    monkeypatch.chdir(plan.parent)
    monkeypatch.setattr(compare, "__kwdefaults__", {**(compare.__kwdefaults__ or {}), "scale": TINY.scale})
    out = plan.with_suffix(".nc")
    out.unlink(missing_ok=True)
    assert main([*words[1:], "--quiet", "--format", "netcdf", "--out", out.name]) == 0
    with xr.open_dataset(out) as result:
        return result.load()


def printed(result: xr.Dataset) -> list[str]:
    """Return what the cards must say."""
    year = yearly(result).sel(scenario="plan", replicate=0, year=2030)
    return [number(float(year[name].median()), form(name)) for name in MAIN]


def by_code(page: Any) -> list[str]:
    """Give the Python code that stands on the page to Python, where ``by_command`` has left it."""
    (code,) = [
        text
        for text in page.locator("[data-testid=stCode]").all_inner_texts()
        if text.startswith("import simulator")
    ]
    found: dict[str, Any] = {"__name__": "__main__"}
    exec(code, found)
    figures = found["cards"].sel(scenario="plan").median("draw")
    return [number(float(figures[name]), form(name)) for name in MAIN]


def words_of(path: Path) -> str:
    """Return the text of a document, blanks made one."""
    if path.suffix == ".pdf":
        text = " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    elif path.suffix == ".docx":
        file = docx.Document(str(path))
        cells = (cell.text for table in file.tables for row in table.rows for cell in row.cells)
        text = " ".join([*(one.text for one in file.paragraphs), *cells])
    else:
        text = html.unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))
    return " ".join(text.split())


def test_planner_changes_a_lever_and_takes_away_what_the_command_line_gives(
    chromium: Any, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(chromium, address)
    es = catalogue("es")
    plan = {"schema": 1, "base": "places_for_boys", "label": {"es": "Uno", "en": "One"}}
    page = watched.open(f"explore?lang=Español&s={pack(Held(plan, '2030-12'))}")
    complete(page, "es")
    keep(page, "explore_es")
    file = download(page, es["takeaway.yaml"].format(name="Uno"), tmp_path)
    before = cards(page)
    assert before == printed(by_command(page, file, monkeypatch))

    slider = page.get_by_role("slider", name="Grupos focalizados de prevención")
    slider.focus()
    slider.press("End")
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMetricValue]').innerText !== before", arg=before[0]
    )
    complete(page, "es")
    file = download(page, es["takeaway.yaml"].format(name="Uno (modificado)"), tmp_path)
    assert load_scenario(file).hash != load_scenario("places_for_boys").hash
    result = by_command(page, file, monkeypatch)
    moved = cards(page)
    assert moved == printed(result) != before
    assert moved == by_code(page)

    # Whoever loads the page again, here or after another one, finds what was in hand; the way back is short.
    steps = page.evaluate("history.length")
    slider.press("ArrowLeft")
    slider.press("End")
    settle(page)
    assert page.evaluate("history.length") == steps
    page.get_by_role("link", name=es["app.page.budget"], exact=True).click()
    page.get_by_role("heading", level=1, name=es["app.page.budget"]).wait_for()
    settle(page)
    page.reload()
    page.get_by_role("link", name=es["app.page.explore"], exact=True).click()
    complete(page, "es")
    assert cards(page) == moved
    page.reload()
    complete(page, "es")
    assert cards(page) == moved
    file = download(page, es["takeaway.yaml"].format(name="Uno (modificado)"), tmp_path)
    charts = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    assert charts.count() >= 2

    table = pd.read_csv(download(page, es["takeaway.tables"], tmp_path), comment="#")
    row = table.query("scenario == 'plan' and kind == 'value' and year == 2030").set_index("indicator")
    assert [number(row.loc[name, "median"], form(name)) for name in MAIN] == moved

    # The figures of the brief in each of its forms, and those of the workbook, are those of the command.
    set_language("es")
    told = brief(result, datetime.datetime.now(tz=datetime.UTC).date())
    figures = {
        " ".join(shown(row.get(column.key), column.form).split())
        for section in told.sections
        if section.table is not None
        for row in section.table.rows
        for column in section.table.columns
        if column.heading
    }
    figures = {text for text in figures if any(letter.isdigit() for letter in text)}
    assert len(figures) > 20
    for kind in ("brief_html", "brief_pdf", "brief_docx"):
        text = words_of(document(page, "es", kind, tmp_path)).replace(" ", "")
        assert [one for one in figures if one.replace(" ", "") not in text] == []
    book = openpyxl.load_workbook(document(page, "es", "workbook", tmp_path), read_only=True)
    rows = [row for row in book[es["book.sheet.yearly"]].values if row[0] == "plan" and row[1] == 2030]
    year = yearly(result).sel(scenario="plan", replicate=0, year=2030)
    medians = {row[2]: row[4] for row in rows}
    assert {name: pytest.approx(float(year[name].median())) for name in MAIN} == {
        name: medians[name] for name in MAIN
    }

    # The link opens the same plan with the same figures, in the other language too.
    link = next(
        text for text in page.locator("[data-testid=stCode]").all_inner_texts() if text.startswith("http")
    )
    other = Watched(chromium, address)
    fresh = other.open(link.removeprefix(f"{address}/"))
    complete(fresh, "es")
    assert cards(fresh) == moved
    fresh.get_by_role("radio", name="English").or_(fresh.get_by_role("button", name="English")).first.click()
    fresh.get_by_role("heading", name=catalogue("en")["app.page.explore"], level=1).wait_for()
    complete(fresh, "en")
    # What is chosen already is told in the other language, too.
    chosen = fresh.get_by_role("combobox", name=catalogue("en")["app.horizon"]).input_value()
    assert chosen == catalogue("en")["app.until_year"].format(year="2030")
    assert cards(fresh) == moved
    keep(fresh, "explore_en")
    assert watched.outside == other.outside == []
    assert watched.errors == other.errors == []


def test_language_theme_and_phone(chromium: Any, address: str) -> None:
    watched = Watched(chromium, address, viewport=PHONE, color_scheme="dark")
    page = watched.open("explore?lang=English")
    page.wait_for_selector("[data-testid=stMetric]")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate(f"{FRAME}.scrollWidth <= {FRAME}.clientWidth")
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
        wrong = []
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            wrong += [
                f"{one['id']} at {size['width']} px: {node['html'][:160]}"
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
        if page.evaluate(f"{FRAME}.scrollWidth > {FRAME}.clientWidth"):
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


def test_the_tip_office_compares_lengths_and_takes_the_monitoring(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    watched = Watched(chromium, address)
    es = catalogue("es")
    page = watched.open("horizon?lang=Español")
    complete(page, "es")
    totals, left = (page.locator("[data-testid=stTable]").nth(k) for k in (1, 2))
    lengths = totals.locator("thead th").all_inner_texts()[1:]
    assert [length.split()[0] for length in lengths] == ["5", "10", "15"]
    yearly_money = cells(totals)
    # The gain of the last year with its interval, and what is left of it where that can be told.
    final, *later = cells(left)
    assert all("(" in cell for cell in final[1:])
    assert all("%" in cell or cell == es["horizon.not_told"] for row in later for cell in row[1:])
    page.get_by_text(es["horizon.same.total"]).click()
    page.wait_for_function(CHANGED, arg=totals.inner_text())
    complete(page, "es")
    # The five-year programme is the measure of both; the longer ones now have its money in all.
    total_money = cells(totals)
    assert total_money[0][1] == yearly_money[0][1]
    assert total_money[0][3] != yearly_money[0][3]
    assert "money=total" in page.url
    keep(page, "horizon_es_total")
    before = totals.inner_text()
    choose(page, es["horizon.shock"], load_scenario(overlays()["pandemic"]).label.es)
    page.wait_for_function(CHANGED, arg=before)
    complete(page, "es")
    calm, shock = cells(totals)[:2], cells(totals)[2:]
    assert [row[1:] for row in calm] == [row[1:] for row in total_money]
    assert [row[1:] for row in shock] != [row[1:] for row in total_money]
    keep(page, "horizon_es_shock")
    page.get_by_role("button", name=es["horizon.prepare"]).click()
    path = download(page, re.compile(r"\.xlsx$"), tmp_path)
    book = openpyxl.load_workbook(path, read_only=True)
    numbers = [
        cell
        for sheet in book
        for row in sheet.values
        for cell in row
        if isinstance(cell, (int, float)) and cell
    ]
    assert len(book.sheetnames) >= 3
    assert len(numbers) > 100
    assert watched.outside == []
    assert watched.errors == []


def cells(table: Any) -> list[list[str]]:
    """Return the rows of a table on the page, each with its heading first."""
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]


def test_the_researcher_sweeps_asks_and_reproduces(chromium: Any, address: str, tmp_path: Path) -> None:
    watched = Watched(chromium, address)
    en = catalogue("en")
    page = watched.open("lab?lang=English")
    page.get_by_text("240 runs").wait_for()
    page.get_by_role("button", name=en["lab.start"], exact=True).click()
    page.get_by_text(re.compile(r"Done in")).first.wait_for()
    page.get_by_text(en["lab.same"]).click()
    page.get_by_text("sintrata sweep experiment.yaml --out store.zarr").first.wait_for()
    page.get_by_text('simulator.sweep("experiment.yaml", "store.zarr")').first.wait_for()
    keep(page, "lab_en_design")

    page.get_by_role("tab", name=en["lab.tab.results"]).click()
    page.get_by_role("heading", name=en["lab.drivers"]).wait_for()
    with zipfile.ZipFile(download(page, en["lab.take"], tmp_path)) as file:
        file.extractall(tmp_path)
    with xr.open_zarr(tmp_path / "store.zarr") as store:
        assert store.sizes["draw"] == 80
        # Implausible draws are left out, and told as such.
        done = store["status"] == 1
        assert float(done.mean()) > 0.5
        assert bool((store["first_entries"].notnull() == done).all())
    for name in ("sensitivity", "discover"):
        if name != "sensitivity":
            choose(page, en["lab.question"], en[f"lab.asks.{name}"])
        page.get_by_text(en["lab.same_analysis"]).wait_for()
        page.get_by_role("button", name=en["lab.analyse"]).click()
        path = download(page, re.compile(rf"{name[:8]}.*\.html$"), tmp_path)
        assert "<table" in path.read_text(encoding="utf-8")
        keep(page, f"lab_en_{name}")
    assert watched.outside == []
    assert watched.errors == []


def test_a_parameter_is_changed_and_the_scenario_comes_back(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    watched = Watched(chromium, address)
    en = catalogue("en")
    page = watched.open("model?lang=English")
    page.get_by_role("tab", name=en["model.tab.parameters"]).click()
    slider = page.get_by_role("slider", name=en["model.try"])
    slider.focus()
    slider.press("End")
    page.get_by_role("button", name=en["model.back"]).wait_for()
    keep(page, "model_en_parameter")
    page.get_by_role("link", name=en["app.page.explore"]).click()
    complete(page, "en")
    page.get_by_text("sintrata compare").first.wait_for()
    path = download(page, re.compile("Scenario: "), tmp_path)
    kept = load_scenario(path)
    assert len(kept.to_mapping()["parameters"]) == 1

    other = Watched(chromium, address)
    fresh = other.open("?lang=English")
    fresh.get_by_text(en["home.open_file"]).click()
    fresh.locator("input[type=file]").set_input_files(path)
    fresh.get_by_role("button", name=en["upload.take"]).click()
    # What was taken can be undone: the page is another one only then.
    fresh.locator("button:not([disabled])", has_text=en["app.undo"]).first.wait_for()
    fresh.get_by_role("link", name=en["app.page.explore"]).first.click()
    complete(fresh, "en")
    assert load_scenario(download(fresh, re.compile("Scenario: "), tmp_path)).hash == kept.hash
    assert watched.outside == other.outside == []
    assert watched.errors == other.errors == []


def test_words_of_a_link_fetch_nothing_and_lead_nowhere(chromium: Any, address: str) -> None:
    text = (
        "![a](https://evil.example/x.png) [b](https://evil.example) www.evil.example <https://evil.example>"
    )
    plan = {"schema": 1, "base": "balanced", "label": {"es": text, "en": text}}
    rival = {"name": "plan_1", "mapping": plan}
    watched = Watched(chromium, address)
    page = watched.open(f"compare?lang=English&s={pack(Held(plan, '2030-12', [rival]))}")
    complete(page, "en")
    assert text in page.locator("[data-testid=stSidebar]").inner_text().replace("\u2060", "")
    assert text in page.locator("[data-testid=stTable]").first.inner_text().replace("\u2060", "")
    assert page.locator("a[href*='evil'], img[src*='evil']").count() == 0
    keep(page, "compare_en_words")
    assert watched.outside == []
    assert watched.errors == []


def test_a_plan_taken_below_the_figures_is_in_the_whole_page_and_stays_what_it_is(
    chromium: Any, address: str
) -> None:
    watched = Watched(chromium, address)
    page = watched.open("budget?lang=es")
    complete(page, "es")
    page.locator(".st-key-budget_first button").click()
    side = page.locator("[data-testid=stSidebar]")
    side.get_by_text("Política 2030 financiada").wait_for()
    complete(page, "es")
    page.get_by_text("Fuera de los años de la tabla hay S/ 63.59 millones en 2026").wait_for()
    # What the browser sends back does not change the money.
    page.get_by_text(catalogue("es")["budget.conditions"]).click()
    settle(page)
    assert "(modificado)" not in side.inner_text()
    assert watched.errors == []


SAID = """() => {
    const said = new Set();
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode()); ) {
        const left = node.parentElement.closest("script, style, noscript, pre, code, svg");
        if (!left) said.add(node.nodeValue.trim());
    }
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
        for (const part of document.querySelectorAll(`[${name}]`)) said.add(part.getAttribute(name));
    }
    return [...said];
}"""


def english_on(page: Any) -> list[str]:
    """Return what the framework says in English on a page, to eyes and to screen readers."""
    page.wait_for_timeout(300)
    es = catalogue("es")
    words = [text for key, text in catalogue("en").items() if key.startswith("browser.") and text != es[key]]
    known = [re.sub(r"\\{\w+\\}", ".+", re.escape(text)) for text in words]
    pattern = re.compile(rf"(?:Error: )?(?:{'|'.join(known)})(?:: .*)?", re.DOTALL)
    return [text for text in page.evaluate(SAID) if pattern.fullmatch(text)]


def test_what_the_framework_says_is_in_the_language_of_the_page(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    watched = Watched(chromium, address)
    es, en = catalogue("es"), catalogue("en")
    watched.open("explore?lang=Español").wait_for_selector("[data-testid=stMetric]")
    told = []
    for path in ADDRESSES:
        page = watched.open(f"{path}?lang=es")
        settle(page)
        told += [f"/{path}: {text}" for text in english_on(page)]
        box = page.locator("[data-testid=stMain]").get_by_role("combobox").first
        if box.count() and box.is_enabled():
            box.click()
            told += [f"/{path}, open: {text}" for text in english_on(page)]
            box.fill("zzzz")
            page.get_by_text(es["browser.no_results"], exact=True).wait_for()
            told += [f"/{path}, nothing found: {text}" for text in english_on(page)]
            page.keyboard.press("Escape")
    assert told == []

    page = watched.open("lab?lang=es")
    settle(page)
    bounded = page.get_by_role("spinbutton", name=es["lab.seed"])
    bounded.fill("-7")
    page.get_by_text(es["browser.apply"], exact=True).first.wait_for()
    bounded.press("Enter")
    page.get_by_text(es["browser.outside"].format(low=0, high=2147483647)).first.wait_for()
    assert english_on(page) == []

    page = watched.open("?lang=Español")
    page.get_by_text(es["home.open_file"]).click()
    page.get_by_role("button", name=es["browser.upload"], exact=True).wait_for()
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (3 * 1024 * 1024))
    page.locator("input[type=file]").set_input_files(large)
    page.get_by_text(es["browser.too_large"].format(size="2.0MB")).wait_for()
    page.get_by_role("button", name=es["browser.add_files"], exact=True).wait_for()
    assert english_on(page) == []
    keep(page, "home_es_too_large")

    # In the other language they are what they were.
    page.get_by_role("radio", name="English").or_(page.get_by_role("button", name="English")).first.click()
    page.get_by_role("button", name=en["browser.add_files"], exact=True).wait_for()
    assert watched.errors == []
