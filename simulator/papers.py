"""The figures and tables of the documents, and what makes each: one registry.

A piece is a whole file, or a block of a written document between two marks:

    <!-- begin NAME -->
    ...
    <!-- end NAME -->

Its maker is named as ``module:function``, is loaded when it is called, takes nothing, and returns a table,
text, or lines. To add one, add a line to ``PIECES``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from string import Template
from typing import Final

from simulator.evidence import load_ledger
from simulator.tables import Table
from simulator.texts import language, set_language, t

ROOT: Final = Path(__file__).parents[1]
"""The folder of the repository, if this is a checkout."""


@dataclass(frozen=True)
class Piece:
    """One figure or table.

    Attributes
    ----------
    path : file, from the folder of the repository
    maker : ``module:function``
    block : name of the marks between which it stands; a whole file without
    lang : language it is written in
    runs : what has to be run to make it, in words; nothing for what is read from committed data
    """

    path: str
    maker: str
    block: str = ""
    lang: str = "en"
    runs: str = ""

    def lines(self) -> list[str]:
        """Make it."""
        module, _, name = self.maker.partition(":")
        before = language()
        set_language(self.lang)
        try:
            made: Table | str | Sequence[str] = getattr(import_module(module), name)()
            if isinstance(made, Table):
                return made.markdown()
            return made.splitlines() if isinstance(made, str) else list(made)
        finally:
            set_language(before)


PIECES: Final = (
    Piece("docs/parameters.md", "simulator.explain:parameters_table"),
    Piece("docs/mechanisms.md", "simulator.explain:mechanisms_table"),
    Piece("docs/lines.md", "simulator.explain_money:lines_table"),
    Piece("docs/crosswalk.md", "simulator.explain_money:crosswalk_table"),
    Piece("docs/services.md", "simulator.explain_money:services_table"),
    Piece("docs/recommendations.md", "simulator.explain_money:recommendations_table"),
    Piece("docs/claims.md", "simulator.report_policy:kept_claims", "claims"),
    Piece("docs/img/stocks.en.svg", "simulator.papers:stocks_figure"),
    Piece("docs/img/stocks.es.svg", "simulator.papers:stocks_figure", lang="es"),
    Piece("docs/odd.md", "simulator.papers:groups_of_parameters", "parameters"),
    Piece("docs/odd.md", "simulator.papers:links_by_rule", "links"),
    Piece("docs/odd.md", "simulator.papers:streams", "streams"),
    Piece("docs/calibration.md", "calibration.papers:centre", "centre"),
    Piece("docs/calibration.md", "calibration.papers:populations", "populations"),
    Piece("docs/calibration.md", "calibration.papers:identified", "identified"),
    Piece("docs/calibration.md", "calibration.papers:agreement", "agreement"),
    Piece("docs/calibration.md", "calibration.papers:directions", "directions"),
    Piece("docs/calibration.md", "calibration.papers:recovery", "recovery"),
    Piece("docs/calibration.md", "calibration.papers:structures", "structures"),
    Piece("docs/validation.md", "calibration.papers:goals", "goals"),
    Piece("docs/validation.md", "calibration.papers:outside", "outside"),
    Piece("docs/validation.md", "calibration.papers:spread", "spread"),
    Piece("docs/validation.md", "calibration.papers:patterns_passed", "patterns"),
    Piece("docs/validation.md", "calibration.papers:lost", "lost"),
    Piece("docs/validation.md", "calibration.papers:order", "order"),
    Piece("README.md", "calibration.papers:ladder", "ladder"),
    Piece("README.es.md", "calibration.papers:ladder", "ladder", lang="es"),
    Piece(
        "docs/twin.md",
        "calibration.twin:differences",
        "differences",
        runs="seven variants, four replicates of the whole country to December 2021 each",
    ),
)


def paths(pieces: Iterable[Piece] = PIECES) -> list[str]:
    """Return the files that hold pieces, each once, in order."""
    return list(dict.fromkeys(piece.path for piece in pieces))


def rebuilt(path: str, pieces: Iterable[Piece] = PIECES) -> str:
    """Return a document with all its pieces made anew.

    Raises
    ------
    ValueError
        If a block of the registry is not marked in the document, or marked more than once.
    """
    text = ""
    for piece in pieces:
        if piece.path != path:
            continue
        lines = piece.lines()
        if not piece.block:
            return "\n".join(lines) + "\n"
        text = text or (ROOT / path).read_text(encoding="utf-8")
        begin, end = f"<!-- begin {piece.block} -->", f"<!-- end {piece.block} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{path}: the marks of block {piece.block!r} must stand there once")
        before, rest = text.split(begin)
        after = rest.split(end)[1]
        text = before + "\n".join([begin, *lines, end]) + after
    return text


# Makers that belong to no other part.


def stocks_figure() -> str:
    """Return the figure of stocks and flows in the language in force."""
    drawn = (ROOT / "docs" / "img" / "stocks.template.svg").read_text(encoding="utf-8")
    words = Template(drawn).get_identifiers()
    return Template(drawn).substitute({word: t(f"papers.stocks.{word}") for word in words})


def groups_of_parameters() -> list[str]:
    """Return the files of the ledger's parameters: how many each holds, by grade, and their names."""
    groups: dict[str, list[str]] = {}
    known = load_ledger().parameters
    for name in known:
        first, _, rest = name.partition(".")
        if re.fullmatch(r"m\d{3}", first):
            groups.setdefault("m001 ... m116", []).append(rest)
        else:
            groups.setdefault(first, []).append(name)
    lines = ["| group | parameters | grades | names |", "| --- | ---: | --- | --- |"]
    for group, names in groups.items():
        if group.startswith("m001"):
            count = Counter(names)
            what = "; ".join(f"{number} `mNNN.{name}`" for name, number in sorted(count.items()))
            grades = Counter(row.quality for name, row in known.items() if re.match(r"m\d{3}\.", name))
        else:
            what = ", ".join(f"`{name.partition('.')[2]}`" for name in names)
            grades = Counter(known[name].quality for name in names)
        told = " ".join(f"{grade}{number}" for grade, number in sorted(grades.items()))
        lines.append(f"| `{group}` | {len(names)} | {told} | {what} |")
    return lines


def links_by_rule() -> list[str]:
    """Return every causal statement under the rule that carries it: what it reads and moves, its delay."""
    rules: dict[str, list[str]] = {}
    for one in load_ledger().mechanisms.values():
        read = f"`{one.reads}`" + (f" ({one.delay} mo)" if one.delay else "")
        rules.setdefault(one.rule, []).append(f"{one.id} {read} {one.sign} `{one.moves}`")
    lines = [
        "| carried by | statements: number, what it reads (delay), sign, what it moves |",
        "| --- | --- |",
    ]
    return lines + [f"| `{rule}` | {'; '.join(told)} |" for rule, told in sorted(rules.items())]


def streams() -> list[str]:
    """Return every stream of draws with its number, from the code."""
    from simulator.engine import draws  # noqa: PLC0415  (compiled code, for this table alone)

    numbers = {name: getattr(draws, name) for name in dir(draws) if name.startswith("STREAM_")}
    lines = ["| stream | number |", "| --- | --- |"]
    ordered = sorted(numbers.items(), key=lambda pair: pair[1])
    return lines + [f"| `{name}` | 0x{number:03X} |" for name, number in ordered]
