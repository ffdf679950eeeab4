"""A brief as a file: HTML in one file, PDF, DOCX."""

from __future__ import annotations

import io
import json
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import typst
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from jinja2 import Environment, FileSystemLoader, select_autoescape

from simulator.exports.brief import Brief, Section
from simulator.exports.vega import png, svg
from simulator.tables import Table, shown

HERE: Final = Path(__file__).parent
TITLE_SIZE, HEADING_SIZE, TEXT_SIZE, SMALL_SIZE, TABLE_SIZE = 14, 11, 8.5, 7, 6.5
"""Points in a DOCX; a word processor sets lines wider than the PDF."""

PICTURE_WIDTH, TABLE_WIDTH = 9.8, 18.0
"""Of charts and tables in a DOCX, centimetres."""

MOST_PAGES: Final = 2
SCALES: Final = ("1", "0.94", "0.88", "0.82", "0.77", "0.72")
"""Sizes of letters and charts that are tried until the brief has two pages."""

ROOM: Final = 0.95
"""Size of letters in a browser, of those in the PDF: it breaks lines in its own way and needs room for it."""

LOW: Final = 9.0
"""Dots per inch of the pages that are only counted."""


def cells(table: Table) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of a table as it is shown."""
    columns = [column for column in table.columns if column.heading]
    return (
        [column.heading for column in columns],
        [[shown(row.get(column.key), column.form) for column in columns] for row in table.rows],
    )


def html(document: Brief) -> str:
    """Return a brief as one HTML file: styles and charts are inside, nothing is fetched."""
    pages = Environment(
        loader=FileSystemLoader(HERE), autoescape=select_autoescape(["html", "j2"]), trim_blocks=True
    )
    return pages.get_template("brief.html.j2").render(
        brief=document,
        cells=cells,
        svg=svg,
        scale=ROOM * float(_fitted(document)[0]) if document.fitted else 1.0,
    )


def pdf(document: Brief) -> bytes:
    """Return a brief as PDF, with its text as text and its charts as drawings."""
    return _fitted(document)[1]


@lru_cache(maxsize=1)
def _fitted(document: Brief) -> tuple[str, bytes]:
    """Return the largest scale at which the brief has two pages, and the PDF at that scale.

    Every form of a brief asks for it; the last one is kept.
    """
    with tempfile.TemporaryDirectory(prefix="sintrata-") as name:
        folder = Path(name)
        data = {
            "title": document.title,
            "subtitle": document.subtitle,
            "language": document.language,
            "sections": [_plain(one, folder, k) for k, one in enumerate(document.sections)],
        }
        (folder / "brief.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        template = (HERE / "brief.typ").read_text(encoding="utf-8")
        (folder / "brief.typ").write_text(template, encoding="utf-8")
        source = str(folder / "brief.typ")
        for scale in SCALES:
            told: dict[str, Any] = {"sys_inputs": {"scale": scale}, "ignore_system_fonts": True}
            pages = typst.compile(source, format="png", ppi=LOW, **told)
            if not isinstance(pages, list) or len(pages) <= MOST_PAGES:
                break
        return scale, bytes(typst.compile(source, **told))


def _plain(section: Section, folder: Path, number: int) -> dict[str, Any]:
    """Return a section as plain data; its chart goes into a file of the folder."""
    out: dict[str, Any] = {
        "heading": section.heading,
        "sentences": section.sentences,
        "small": section.small,
        "described": section.described,
        "chart": None,
        "head": [],
        "rows": [],
    }
    if section.chart is not None:
        out["chart"] = f"chart{number}.svg"
        (folder / out["chart"]).write_text(svg(section.chart), encoding="utf-8")
    if section.table is not None:
        out["head"], out["rows"] = cells(section.table)
    return out


def docx(document: Brief) -> bytes:
    """Return a brief as DOCX, with headings, tables and pictures that can be edited."""
    scale = float(_fitted(document)[0])
    paper = Document()
    page = paper.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.5)
    page.top_margin = page.bottom_margin = Cm(1.1)
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(scale * TEXT_SIZE)
    style.paragraph_format.space_after, style.paragraph_format.line_spacing = Pt(2), 1.0
    for language in paper.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "es-PE" if document.language == "es" else "en-US")
    paper.core_properties.title = document.title
    for level, size, above in ((1, TITLE_SIZE, 0), (2, HEADING_SIZE, 4)):
        heading = paper.styles[f"Heading {level}"]
        heading.font.size = Pt(scale * size)
        heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(above), Pt(1)
    paper.add_heading(document.title, level=1)
    paper.add_paragraph(document.subtitle)
    for section in document.sections:
        paper.add_heading(section.heading, level=2)
        for sentence in section.sentences:
            run = paper.add_paragraph().add_run(sentence)
            run.font.size = Pt(scale * (SMALL_SIZE if section.small else TEXT_SIZE))
        if section.chart is not None:
            picture = paper.add_picture(io.BytesIO(png(section.chart)), width=Cm(scale * PICTURE_WIDTH))
            picture._inline.docPr.set("descr", section.described)
        if section.table is not None:
            _put_table(paper, section.table, scale)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _put_table(paper: Any, table: Table, scale: float) -> None:
    head, rows = cells(table)
    grid = paper.add_table(rows=1 + len(rows), cols=len(head))
    grid.style = "Light Grid Accent 1"
    grid.autofit = False
    # Long texts get wider columns, but not in proportion: short ones must hold a whole word.
    wants = [max(len(text) for text in column) ** 0.5 for column in zip(head, *rows, strict=True)]
    for column, want in zip(grid.columns, wants, strict=True):
        column.width = Cm(TABLE_WIDTH * want / sum(wants))
    for i, row in enumerate((head, *rows)):
        for k, text in enumerate(row):
            paragraph = grid.cell(i, k).paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.add_run(text).font.size = Pt(scale * TABLE_SIZE)
