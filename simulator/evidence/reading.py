"""Reading the ledger's files: every fault of every file is found before anything is said."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simulator.documents import Document, read, text_of
from simulator.faults import Fault, FaultyInput, did_you_mean
from simulator.texts import t

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@dataclass
class Faults:
    """The faults found so far, in the order of the files."""

    found: list[Fault] = field(default_factory=list)

    def add(self, where: str, found: str, allowed: str, do: str) -> None:
        """Note one fault."""
        self.found.append(Fault(where, found, allowed, do))

    def tell(self) -> None:
        """Raise all faults together, if there are any."""
        if self.found:
            raise FaultyInput(self.found)


@dataclass(frozen=True)
class Row:
    """One row of a table, with the place it stands at."""

    where: str
    cells: Mapping[str, str]
    faults: Faults

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def place(self, column: str) -> str:
        """Return file, line and column, for a message."""
        return f"{self.where}  {column}"

    def number(self, column: str, *, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a cell as a number inside limits; note a fault and return 0 otherwise."""
        text = self.cells[column]
        if not _NUMBER.fullmatch(text):
            self._fault(column, text, t("ledger.allowed.number"), t("ledger.do.number"))
            return 0.0
        value = float(text)
        if not low <= value <= high:
            allowed = t("ledger.allowed.between", low=f"{low:g}", high=f"{high:g}")
            self._fault(column, text, allowed, t("ledger.do.range"))
        return value

    def whole(self, column: str, *, low: float = 0) -> int:
        """Return a cell as a whole number; note a fault and return 0 otherwise."""
        value = self.number(column, low=low)
        if value != int(value):
            self._fault(column, self.cells[column], t("ledger.allowed.whole"), t("ledger.do.number"))
        return int(value)

    def one_of(self, column: str, allowed: Sequence[str], *, of: str | None = None) -> str:
        """Return a cell that is one of a closed list; note a fault otherwise.

        ``of`` is one word of a cell that holds several.
        """
        text = self.cells[column] if of is None else of
        if text not in allowed:
            self._fault(column, text, ", ".join(allowed), did_you_mean(text, allowed))
        return text

    def territory(self, column: str, codes: Sequence[str], *, of: str | None = None) -> int:
        """Return the index of a territory's two-digit code; note a fault and return 0 otherwise.

        ``of`` is one code of a cell that holds several.
        """
        text = self.cells[column] if of is None else of
        if text in codes:
            return codes.index(text)
        do = t("ledger.do.code_digits", code=text.zfill(2)) if text.zfill(2) in codes else t("ledger.do.code")
        self._fault(column, text, t("ledger.allowed.code"), do)
        return 0

    def filled(self, column: str) -> str:
        """Return a cell that must not be empty; note a fault otherwise."""
        if not self.cells[column].strip():
            self._fault(column, "", t("ledger.allowed.filled"), t("ledger.do.filled", name=column))
        return self.cells[column]

    def cited(self, sources: Sequence[str]) -> str:
        """Return the cell ``source``, ids separated by semicolons; note a fault for each unknown id."""
        for one in self.filled("source").split(";"):
            if one and one not in sources:
                self._fault("source", one, t("ledger.allowed.source"), did_you_mean(one, sources))
        return self.cells["source"]

    def _fault(self, column: str, text: str, allowed: str, do: str) -> None:
        found = text if text else t("ledger.found.nothing")
        self.faults.add(self.place(column), found, allowed, do)


def table(folder: Path, name: str, columns: Sequence[str], faults: Faults, *, key: int) -> list[Row]:
    """Read a CSV table whose first ``key`` columns identify a row; note what is wrong with its form.

    A file that cannot be read at all gives no rows and one fault.
    """
    path = folder / name
    try:
        text = text_of(path, name)
    except FaultyInput as error:
        faults.found.extend(error.faults)
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = next(reader, [])
        missing = [column for column in columns if column not in head]
        if missing:
            faults.add(
                f"{name}:1",
                ", ".join(head) or t("ledger.found.nothing"),
                ", ".join(columns),
                t("ledger.do.columns", names=", ".join(missing)),
            )
            return []
        unknown = [column for column in head if column not in columns]
        for column in unknown:
            faults.add(f"{name}:1", column, ", ".join(columns), did_you_mean(column, columns))
        rows: list[Row] = []
        seen: dict[tuple[str, ...], int] = {}
        for cells in reader:
            where = f"{name}:{reader.line_num}"
            if len(cells) != len(head):
                found = t("ledger.found.cells", count=len(cells))
                faults.add(where, found, t("ledger.allowed.cells", count=len(head)), t("ledger.do.cells"))
                continue
            row = Row(where, dict(zip(head, cells, strict=True)), faults)
            identity = tuple(row[column] for column in columns[:key])
            if key and identity in seen:
                found = " ".join(identity)
                faults.add(where, found, t("ledger.allowed.once"), t("ledger.do.twice", line=seen[identity]))
            seen[identity] = reader.line_num
            rows.append(row)
    except csv.Error as error:
        faults.add(f"{name}:{reader.line_num}", str(error), t("ledger.allowed.csv"), t("ledger.do.csv"))
        return []
    if not rows:
        faults.add(f"{name}:1", t("ledger.found.nothing"), t("ledger.allowed.rows"), t("ledger.do.rows"))
    return rows


def documents(folder: Path, faults: Faults) -> Iterable[Document]:
    """Read the YAML files of a folder in the order of their names; note what cannot be read."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        faults.add(folder.name, t("ledger.found.nothing"), t("ledger.allowed.rows"), t("ledger.do.rows"))
    for path in paths:
        try:
            document = read(path, f"{folder.name}/{path.name}")
        except FaultyInput as error:
            faults.found.extend(error.faults)
            continue
        faults.found.extend(document.faults)
        yield document
