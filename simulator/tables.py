"""Plain tables: what is shown on a screen and what a program reads are the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isnan
from typing import Final

from simulator.texts import t

LONGEST_WORD: Final = 40
"""A longer word is cut: one file name must not push every other column off the screen."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    key : str
        English name under which each row holds its value; the name that ``--json`` gives.
    heading : str
        What a person reads above the column; without one the column is for programs only.
    form : str
        Format of numbers, such as ``",.0f"``; ``"n"`` and ``"+n"`` (signed) give whole numbers from a hundred
        on and three figures below; ``"w"`` and ``"+w"`` (signed) give whole numbers of two figures, as the
        pages do; empty = as text, aligned left.
    """

    key: str
    heading: str
    form: str = ""


@dataclass(frozen=True)
class Table:
    """A title, columns, rows of raw values, and sentences that belong below them."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, object], ...]
    notes: tuple[str, ...] = ()

    def records(self) -> list[dict[str, object]]:
        """Return the rows for a program, in the order of the columns."""
        return [{column.key: row.get(column.key) for column in self.columns} for row in self.rows]

    def markdown(self) -> list[str]:
        """Return the table as Markdown, for the documents."""
        columns = [column for column in self.columns if column.heading]
        out = [f"# {self.title}", "", "| " + " | ".join(c.heading for c in columns) + " |"]
        out.append("|" + "|".join(" --- " for _ in columns) + "|")
        for row in self.rows:
            cells = (shown(row.get(c.key), c.form).replace("|", "\\|") for c in columns)
            out.append("| " + " | ".join(cells) + " |")
        return [*out, *(line for note in self.notes for line in ("", note))]

    def html(self) -> str:
        """Return the table as HTML, for notebooks and pages; its title is a caption."""
        columns = [column for column in self.columns if column.heading]

        def row(cells: Sequence[str], tag: str) -> str:
            sides = ("right" if column.form else "left" for column in columns)
            told = zip(cells, sides, strict=True)
            inside = "".join(f'<{tag} style="text-align:{side}">{escape(c)}</{tag}>' for c, side in told)
            return f"<tr>{inside}</tr>"

        body = [row([shown(one.get(c.key), c.form) for c in columns], "td") for one in self.rows]
        head = row([column.heading for column in columns], "th")
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table><caption>{escape(self.title)}</caption>{head}{''.join(body)}</table>{notes}"

    def lines(self, width: int) -> list[str]:
        """Return the table as text no wider than ``width`` where words allow it; long cells wrap."""
        columns = [column for column in self.columns if column.heading]
        cells = [[shown(row.get(column.key), column.form) for column in columns] for row in self.rows]
        headings = [column.heading for column in columns]
        wide = _widths([headings, *cells], width)
        out = [self.title, ""] if self.title else []
        out += _row(headings, wide, columns)
        out.append("  ".join("-" * size for size in wide))
        for row in cells:
            out += _row(row, wide, columns)
        for note in self.notes:
            out += ["", *_wrap(note, width)]
        return out


def shown(value: object, form: str) -> str:
    """Return a value as it stands in a cell, in the format of its column."""
    if value is None:
        return t("cli.nothing")
    if isinstance(value, bool):
        return t("cli.yes") if value else t("cli.no")
    if form and isinstance(value, (int, float)):
        if isnan(value):
            return t("cli.nothing")
        return two_figures(value, form[:-1]) if form.endswith("w") else format(value, _spelt(form, value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def two_figures(value: float, sign: str = "") -> str:
    """Return a whole number of two significant figures, ``sign`` in front of what is more than nothing."""
    text = f"{round(value) if abs(value) < 10 else float(f'{value:.2g}'):{sign},.0f}"
    return text if text.strip("+-0") else "0"


def _spelt(form: str, value: float) -> str:
    if not form.endswith("n"):
        return form
    return form[:-1] + (",.0f" if abs(value) >= 100 or value == 0 else ".3g")


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the width of each column: the widest give way first, none below its longest word."""
    wide = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    least = [
        min(LONGEST_WORD, max(len(word) for text in column for word in text.split(" ")))
        for column in zip(*rows, strict=True)
    ]
    spare = width - 2 * (len(wide) - 1)
    while sum(wide) > spare:
        can_give = [k for k in range(len(wide)) if wide[k] > least[k]]
        if not can_give:
            break
        wide[max(can_give, key=lambda k: wide[k])] -= 1
    return wide


def _row(cells: list[str], wide: list[int], columns: Sequence[Column]) -> list[str]:
    blocks = [_wrap(text, size) for text, size in zip(cells, wide, strict=True)]
    is_number = [column.form != "" for column in columns]
    out = []
    for k in range(max(len(block) for block in blocks)):
        parts = [block[k] if k < len(block) else "" for block in blocks]
        out.append(
            "  ".join(
                part.rjust(size) if right else part.ljust(size)
                for part, size, right in zip(parts, wide, is_number, strict=True)
            ).rstrip()
        )
    return out


def _wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        pieces = [word[k : k + width] for k in range(0, len(word), width)] or [""]
        for number, piece in enumerate(pieces):
            joined = f"{lines[-1]} {piece}" if lines[-1] else piece
            if number == 0 and len(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return [line for line in lines if line] or [""]
