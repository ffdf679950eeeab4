"""The brief keeps to two pages in every form, also with as many scenarios as it takes."""

from __future__ import annotations

import datetime
import io
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
import xarray as xr

from simulator.experiments.ensemble import compare
from simulator.exports.brief import MOST_SCENARIOS, brief
from simulator.exports.documents import docx as as_docx
from simulator.exports.documents import html, pdf
from simulator.texts import LANGUAGES, set_language

DAY = datetime.date(2026, 11, 24)
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
FULLEST = ["baseline", "compact2_5_years", "compact2_10_years", "cliff", "transition"]
"""Programmes that end within the run: these briefs have every section that a brief can have."""

PORTFOLIOS = ["baseline", "prevention_first", "protection_first", "prosecution_first", "balanced"]

EM = 0.5
"""Mean width of a letter of running text, of the size of the type: Calibri has 0.49."""

LINE = 1.22
"""Height of a line, of the size of the type, as Calibri has it."""

POINTS_A_CM = 72.0 / 2.54
CELL_PADDING = 0.38 * POINTS_A_CM


@pytest.fixture(scope="module", params=[FULLEST, PORTFOLIOS], ids=["compacts", "portfolios"])
def results(request: pytest.FixtureRequest) -> xr.Dataset:
    assert len(request.param) == 1 + MOST_SCENARIOS
    return compare(request.param, scale=0.01, threads=1, draws=2)


@pytest.fixture(params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> str:
    set_language(request.param)
    return str(request.param)


def test_pdf(results: xr.Dataset, lang: str) -> None:
    assert len(pypdf.PdfReader(io.BytesIO(pdf(brief(results, DAY)))).pages) == 2, lang


@pytest.mark.skipif(BROWSER is None, reason="no chromium is installed on this machine")
def test_html_as_a_browser_prints_it(results: xr.Dataset, lang: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only where there is a browser)

    page = tmp_path / "brief.html"
    page.write_text(html(brief(results, DAY)), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.goto(page.as_uri())
        printed = tab.pdf(prefer_css_page_size=True)
        browser.close()
    assert len(pypdf.PdfReader(io.BytesIO(printed)).pages) == 2, lang


def test_docx_by_the_height_of_what_it_holds(results: xr.Dataset, lang: str) -> None:
    """A word processor breaks lines in its own way: this adds up heights as Calibri would need them."""
    assert 1.0 < pages_of(as_docx(brief(results, DAY))) <= 2.0, lang


@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice is installed on this machine")
def test_docx_as_libreoffice_sets_it(results: xr.Dataset, lang: str, tmp_path: Path) -> None:
    assert OFFICE is not None
    (tmp_path / "brief.docx").write_bytes(as_docx(brief(results, DAY)))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    words = [OFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*words, str(tmp_path / "brief.docx")], check=True, capture_output=True, timeout=120.0)
    assert len(pypdf.PdfReader(tmp_path / "brief.pdf").pages) == 2, lang


def pages_of(document: bytes) -> float:
    """Return how many pages a document fills: heights of lines, rows and pictures, over that of a page."""
    paper = docx.Document(io.BytesIO(document))
    page = paper.sections[0]
    width = page.page_width.pt - page.left_margin.pt - page.right_margin.pt
    height = page.page_height.pt - page.top_margin.pt - page.bottom_margin.pt
    filled = sum(_height(paragraph, width) for paragraph in paper.paragraphs)
    filled += sum(shape.height.pt for shape in paper.inline_shapes)
    for table in paper.tables:
        for row in table.rows:
            cells = zip(row.cells, table.columns, strict=True)
            filled += max(
                _height(cell.paragraphs[0], column.width.pt - CELL_PADDING) for cell, column in cells
            )
    return float(filled / height)


def _height(paragraph: Any, width: float) -> float:
    """Return the height of a paragraph of some width, in points; what holds a picture has no text."""
    style = paragraph.style
    size = next((run.font.size.pt for run in paragraph.runs if run.font.size), None)
    size = size or (style.font.size or style.base_style.font.size).pt
    lines = math.ceil(len(paragraph.text) * EM * size / width)
    own, usual = paragraph.paragraph_format, style.paragraph_format
    around = sum(
        (
            getattr(own, side)
            if getattr(own, side) is not None
            else getattr(usual, side) or docx.shared.Pt(0)
        ).pt
        for side in ("space_before", "space_after")
    )
    return lines * LINE * size + around
