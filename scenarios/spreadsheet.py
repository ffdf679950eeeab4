"""Scenario files as spreadsheets: a view of the schema, for those who plan in tables.

Each list of a scenario is a sheet, each of its keys a column; row 1 is for people, row 2 holds the keys. What
is read goes through the same checks as a file, and every fault names its sheet and cell. A row of money,
payers or outcomes whose programme is unknown is checked all the same, by itself. A title is needed in one
language only; without one, a programme is called by its name and a scenario like its file.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from scenarios.files import LONGEST_NAME, overlays
from scenarios.levers import levers
from scenarios.programmes import (
    CLAIM_KEYS,
    CURRENCIES,
    DELIVERIES,
    DIRECTIONS,
    FISCAL_YEARS,
    FUNDINGS,
    KINDS_OF_PROGRAMME,
    MEASURES,
    PAYERS,
    SIGNALS,
    SPLITS,
)
from scenarios.shape import ADMITS, CONTEXTS, OF_PROGRAMMES, PLACE_FORMS, SCHEMA_VERSION
from simulator.documents import Document, Place, dotted, shown
from simulator.engine.states import AREAS
from simulator.evidence import load_ledger
from simulator.evidence.ledger import SHOCKS
from simulator.evidence.money import EXPENDITURES
from simulator.faults import Fault, FaultyInput, did_you_mean
from simulator.texts import LANGUAGES, t

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEAD: Final = 2
"""Rows above the data: words, then keys."""

LARGEST_FILE: Final = 1 << 23
LARGEST_CONTENT: Final = 1 << 26
"""Bytes of a spreadsheet, packed and unpacked."""

WHERE: Final = ("where.territory", "where.area")
YEARS: Final = tuple(str(year) for year in range(2026, 2036))
"""Fiscal years that a template offers; any other year can be added as a column."""

SHEETS: Final[dict[str, tuple[str, ...]]] = {
    "scenario": ("key", "value"),
    "parameters": ("name", "value"),
    "programmes": (
        *("name", "label.es", "label.en", "kind", "start", "end", "ramp_months", "delivery", "funding"),
        *("co_design", "currency", "price_year", "fiscal_year"),
        *("adapt.every_months", "adapt.share", "adapt.lag_months", "adapt.signal"),
        *("stop_when.signal", "stop_when.per", "stop_when.at_least"),
        *("transition.share", "transition.months", "transition.payer"),
    ),
    "adjust": (
        *("programme", "multiply", "start", "end", "ramp_months", "delivery", "funding", "co_design"),
        *("adapt.every_months", "adapt.share", "adapt.lag_months", "adapt.signal"),
        *("stop_when.signal", "stop_when.per", "stop_when.at_least"),
        *("transition.share", "transition.months", "transition.payer"),
    ),
    "budget": ("programme", "lines", *WHERE, "split", "amount"),
    "payers": ("programme", "from", "shares"),
    "outcomes": ("programme", "signal", "at_least", "by", "share"),
    "interventions": ("use", *WHERE, "start", "end", "ramp_months", "amount", "admits", "forms"),
    "context": ("use", *WHERE, "from", "to", "multiply"),
    "shocks": ("use", *WHERE, "from", "to", "level"),
    "claims": CLAIM_KEYS,
    "unit_costs": ("line", "kind", "value", "price_year", "currency", "source", "entity"),
}
"""Sheets and the keys of their columns; a sheet of money has a column for each year besides."""

SCENARIO_KEYS: Final = (
    *("base", "until", "without", "evidence", "label.es", "label.en", "question.es", "question.en"),
    *("description.es", "description.en", "assumptions.es", "assumptions.en"),
)
BILINGUAL: Final = ("label", "question", "description", "assumptions")
"""Texts of which one language is enough: it stands for the other one too."""

LISTS: Final = ("where.territory",)
LISTS_OF_SCENARIO: Final = ("without", "evidence")
GROUPS: Final = ("adjust", "interventions", "context", "shocks", "claims", "unit_costs")
"""Lists of a scenario whose rows stand by themselves."""

MAPPINGS: Final = ("lines", "shares")
NUMBERS: Final = (
    *("amount", "value", "at_least", "share", "multiply", "level", "co_design", "ramp_months", "price_year"),
    *("adapt.every_months", "adapt.share", "adapt.lag_months", "transition.share", "transition.months"),
    "stop_when.at_least",
)
"""Columns in which a number may stand as text: typed so, or with more digits than a workbook keeps."""

_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
MONTHS: Final = ("start", "end", "by", "to", "until")


def choices() -> dict[tuple[str, str], Sequence[str]]:
    """Return the words of a closed list by sheet and key."""
    where = {(sheet, "where.area"): AREAS for sheet in ("budget", "interventions", "context")}
    return {
        **where,
        ("programmes", "kind"): KINDS_OF_PROGRAMME,
        ("programmes", "delivery"): DELIVERIES,
        ("programmes", "funding"): FUNDINGS,
        ("programmes", "currency"): CURRENCIES,
        ("programmes", "fiscal_year"): FISCAL_YEARS,
        **{
            (sheet, key): words
            for sheet in ("programmes", "adjust")
            for key, words in (
                ("adapt.signal", SIGNALS),
                ("stop_when.signal", SIGNALS),
                ("stop_when.per", SIGNALS),
                ("transition.payer", PAYERS),
            )
        },
        ("adjust", "delivery"): DELIVERIES,
        ("adjust", "funding"): FUNDINGS,
        ("claims", "measure"): MEASURES,
        ("claims", "direction"): DIRECTIONS,
        ("claims", "under"): tuple(overlays()),
        ("budget", "split"): SPLITS,
        ("outcomes", "signal"): SIGNALS,
        ("interventions", "use"): tuple(levers()),
        ("interventions", "admits"): ADMITS,
        ("interventions", "forms"): PLACE_FORMS,
        ("context", "use"): CONTEXTS,
        ("shocks", "use"): SHOCKS,
        ("unit_costs", "line"): tuple(load_ledger().lines),
        ("unit_costs", "kind"): EXPENDITURES,
        ("unit_costs", "currency"): CURRENCIES,
    }


# -- writing ---------------------------------------------------------------------------------------------


def write(data: Mapping[str, Any], path: Path) -> None:
    """Write the plain data of one scenario file as a spreadsheet.

    Raises
    ------
    OSError
        If the place cannot be written.
    """
    book = Workbook()
    guide = book.active
    assert guide is not None
    guide.title = "readme"
    for k, line in enumerate(t("sheet.guide").strip().split("\n"), start=1):
        guide.cell(k, 1, line)
    guide.column_dimensions["A"].width = 110
    rows = _rows(data)
    for name, keys in SHEETS.items():
        columns = list(keys)
        if name == "budget":
            used = {year for row in rows[name] for year in row if year.isdigit()}
            columns += sorted(used.union(YEARS))
        _fill(book.create_sheet(name), name, columns, rows[name])
    _lists(book)
    book.save(path)


def _rows(data: Mapping[str, Any]) -> dict[str, list[dict[str, object]]]:
    """Return the rows of every sheet, flat."""
    own = {k: v for k, v in data.items() if not isinstance(v, list) or k in LISTS_OF_SCENARIO}
    flat = _flat(own, ())
    out: dict[str, list[dict[str, object]]] = {
        "scenario": [{"key": key, "value": flat.get(key)} for key in SCENARIO_KEYS],
        "parameters": [{"name": k, "value": v} for k, v in data.get("parameters", {}).items()],
    }
    for name in GROUPS:
        out[name] = [_flat(row, ()) for row in data.get(name, [])]
    out |= {name: [] for name in ("programmes", *OF_PROGRAMMES)}
    for programme in data.get("programmes", []):
        own = {key: value for key, value in programme.items() if key not in OF_PROGRAMMES}
        out["programmes"].append(_flat(own, ()))
        for name in OF_PROGRAMMES:
            for row in programme.get(name, []):
                out[name].append({"programme": programme.get("name"), **_flat(row, ())})
    return out


def _flat(row: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, object]:
    """Return a group with its groups as dotted keys; lists and shares as one text; years as keys."""
    out: dict[str, object] = {}
    for key, value in row.items():
        name = ".".join((*above, key))
        if key in MAPPINGS and isinstance(value, Mapping):
            out[name] = ", ".join(f"{k}: {v}" for k, v in value.items())
        elif key == "amounts" and isinstance(value, Mapping):
            out |= {str(year): amount for year, amount in value.items()}
        elif isinstance(value, Mapping):
            out |= _flat(value, (*above, key))
        elif isinstance(value, list):
            out[name] = ", ".join(str(one) for one in value)
        else:
            out[name] = value
    return out


def _fill(sheet: Worksheet, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    closed = choices()
    for number, key in enumerate(columns, start=1):
        letter = get_column_letter(number)
        words = (
            t("sheet.column.year", year=key) if key.isdigit() else t(f"sheet.column.{key.replace('.', '_')}")
        )
        head = sheet.cell(1, number, words)
        head.font = Font(bold=True)
        head.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(HEAD, number, key).font = Font(color="777777", italic=True)
        sheet.cell(HEAD, number).fill = PatternFill("solid", fgColor="EEEEEE")
        sheet.column_dimensions[letter].width = 60 if key in ("value", "lines") else 18
        for k, row in enumerate(rows, start=HEAD + 1):
            value = row.get(key)
            if value is not None:
                if isinstance(value, float) and float(f"{value:.15g}") != value:
                    value = repr(value)
                cell = sheet.cell(k, number, value)
                if isinstance(value, str):
                    # A text stays a text: "08" must keep its zero, "2027-01" must not become a date.
                    cell.number_format = "@"
        if key in (*MONTHS, *LISTS, "from") and name not in ("payers", "claims"):
            for k in range(len(rows) + HEAD + 1, len(rows) + HEAD + 101):
                sheet.cell(k, number).number_format = "@"
        if (name, key) in closed:
            column = get_column_letter(1 + list(closed).index((name, key)))
            size = len(closed[name, key]) + 1
            valid = DataValidation("list", formula1=f"lists!${column}$2:${column}${size}", allow_blank=True)
            valid.showErrorMessage = False
            sheet.add_data_validation(valid)
            valid.add(f"{letter}{HEAD + 1}:{letter}1000")
    sheet.freeze_panes = f"A{HEAD + 1}"


def _lists(book: Workbook) -> None:
    """Write the closed lists, and what budget lines and territories are called."""
    sheet = book.create_sheet("lists")
    for number, ((name, key), words) in enumerate(choices().items(), start=1):
        sheet.cell(1, number, f"{name}: {key}").font = Font(bold=True)
        for k, word in enumerate(words, start=2):
            sheet.cell(k, number, word)
    ledger = load_ledger()
    names = book.create_sheet("names")
    land = ledger.territories
    tables: tuple[tuple[str, Sequence[tuple[str, str]]], ...] = (
        (
            "lines",
            [(line.name, f"{line.label['es']} / {line.label['en']}") for line in ledger.lines.values()],
        ),
        ("where.territory", list(zip(land.codes, land.names, strict=True))),
    )
    for k, (title, pairs) in enumerate(tables):
        names.cell(1, 3 * k + 1, title).font = Font(bold=True)
        for row, (code, words) in enumerate(pairs, start=2):
            names.cell(row, 3 * k + 1, code).number_format = "@"
            names.cell(row, 3 * k + 2, words)
        names.column_dimensions[get_column_letter(3 * k + 1)].width = 26
        names.column_dimensions[get_column_letter(3 * k + 2)].width = 70


# -- reading ---------------------------------------------------------------------------------------------


@dataclass
class SheetDocument(Document):
    """Plain data of a spreadsheet; ``cells`` is where each value stands, ``sheet!C7``."""

    cells: dict[Place, str] = field(default_factory=dict)

    def where(self, path: Place) -> str:
        """Return file, sheet and cell, and the dotted path: ``plan.xlsx  budget!C7  budget[1].lines``."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.cells:
                return f"{self.name}  {self.cells[path[:end]]}  {dotted(path)}"
        return f"{self.name}  {dotted(path)}" if path else self.name


def read(path: Path) -> SheetDocument:
    """Read a spreadsheet into plain data of the shape of a scenario file.

    Raises
    ------
    FaultyInput
        If the file is no spreadsheet that can be read, or lacks sheets or keys.
    """
    name = shown(path.name, LONGEST_NAME)
    document = SheetDocument(name=name, data={"schema": SCHEMA_VERSION})
    book = _open(path, name)
    rows: dict[str, list[tuple[Place, dict[str, Any]]]] = {}
    for title in SHEETS:
        rows[title] = list(_read_sheet(document, book[title], title)) if title in book.sheetnames else []
    if "scenario" not in book.sheetnames:
        document.faults.append(
            Fault(name, t("sheet.found.no_sheet"), ", ".join(SHEETS), t("sheet.do.no_sheet"))
        )
    _put_scenario(document, rows["scenario"])
    if rows["parameters"]:
        document.data["parameters"] = {
            str(row.get("name")): row.get("value") for _, row in rows["parameters"]
        }
        for place, row in rows["parameters"]:
            cell = document.cells.get((*place, "value"), document.cells[place])
            document.cells["parameters", str(row.get("name"))] = cell
    _fill_texts(document.data, path.stem)
    for title in ("programmes", *GROUPS):
        if rows[title]:
            document.data[title] = [
                _take(document, place, (title, k), row) for k, (place, row) in enumerate(rows[title])
            ]
    for programme in document.data.get("programmes", []):
        _fill_texts(programme, programme.get("name"))
    _put_in_programmes(document, rows)
    return document


def _open(path: Path, name: str) -> Workbook:
    def refused(found: str) -> FaultyInput:
        return FaultyInput([Fault(name, found, t("sheet.allowed.file"), t("sheet.do.file"))])

    def too_large(limit: str) -> FaultyInput:
        return FaultyInput([Fault(name, t("sheet.found.large"), limit, t("sheet.do.large"))])

    try:
        if path.stat().st_size > LARGEST_FILE:
            raise too_large(t("sheet.allowed.packed", mb=LARGEST_FILE >> 20))
        with zipfile.ZipFile(path) as file:
            if sum(part.file_size for part in file.infolist()) > LARGEST_CONTENT:
                raise too_large(t("sheet.allowed.unpacked", mb=LARGEST_CONTENT >> 20))
        return load_workbook(path, data_only=True)
    except OSError as error:
        raise refused(error.strerror or str(error)) from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError):
        raise refused(t("sheet.found.unreadable")) from None


def _read_sheet(
    document: SheetDocument, sheet: Worksheet, title: str
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the filled rows of a sheet: a place of their own, and values by key.

    The cells of a row are noted, empty ones too: a fault may be that one of them is.
    """
    known = SHEETS[title]
    keys: dict[int, str] = {}
    for cell in next(sheet.iter_rows(min_row=HEAD, max_row=HEAD), ()):
        key = str(cell.value).strip() if cell.value is not None else ""
        if key in known or (title == "budget" and key.isdigit()):
            keys[int(cell.column)] = key
        elif key:
            where = f"{document.name}  {title}!{cell.coordinate}"
            document.faults.append(Fault(where, shown(key), ", ".join(known), did_you_mean(key, known)))
    if title == "scenario" and set(keys.values()) != {"key", "value"}:
        where = f"{document.name}  {title}!A{HEAD}"
        found = ", ".join(keys.values()) or t("ledger.found.nothing")
        document.faults.append(Fault(where, found, "key, value", t("sheet.do.keys")))
        return
    for row in sheet.iter_rows(min_row=HEAD + 1):
        place: Place = (f"{title}!", row[0].row if row else 0)
        values: dict[str, Any] = {}
        for cell in row:
            key = keys.get(int(cell.column or 0), "")
            if key:
                document.cells[(*place, key)] = f"{title}!{cell.coordinate}"
                if cell.value is not None and str(cell.value).strip():
                    values[key] = _value(key, cell.value)
        if values:
            document.cells[place] = f"{title}!A{place[1]}"
            yield place, values


def _value(key: str, value: Any) -> Any:
    """Return a cell as a scenario file would hold it."""
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value.year:04d}-{value.month:02d}"
    if isinstance(value, str) and (key in NUMBERS or key.isdigit()) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if key in LISTS:
        if not isinstance(value, str):
            return [value]
        return [part.strip() for part in value.split(",")]
    if key in MAPPINGS and isinstance(value, str):
        return _mapping(value)
    return value.strip() if isinstance(value, str) else value


def _mapping(text: str) -> object:
    """Return ``{"a": 0.5}`` of ``a: 0.5``; a single name has it all; what is no mapping stays as it is."""
    out: dict[str, object] = {}
    for part in text.split(","):
        name, colon, number = part.partition(":")
        if not colon and "," not in text:
            return {name.strip(): 1}
        try:
            out[name.strip()] = float(number)
        except ValueError:
            return text
    return out


def _put_scenario(document: SheetDocument, rows: list[tuple[Place, dict[str, Any]]]) -> None:
    """Put base, horizon and texts into the data."""
    for place, row in rows:
        key, value = str(row.get("key", "")), row.get("value")
        if key and key not in SCENARIO_KEYS:
            found = shown(key)
            where = f"{document.name}  {document.cells[(*place, 'key')]}"
            document.faults.append(
                Fault(where, found, ", ".join(SCENARIO_KEYS), did_you_mean(key, SCENARIO_KEYS))
            )
        elif key and value is not None:
            if key in LISTS_OF_SCENARIO:
                value = [part.strip() for part in str(value).split(",")]
            steps = tuple(key.split("."))
            _set(document.data, steps, value)
            document.cells[steps] = document.cells[(*place, "value")]


def _take(document: SheetDocument, place: Place, path: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as a group, and note where each of its values stands."""
    out: dict[str, Any] = {}
    document.cells[path] = document.cells[place]
    columns = SHEETS[str(place[0]).removesuffix("!")]
    empty = [key for key in columns if key not in row and (*place, key) in document.cells]
    for key in (*row, *empty):
        if key == "programme" and path[0] == "programmes":
            continue
        steps = ("amounts", key) if key.isdigit() else tuple(key.split("."))
        if key in row:
            _set(out, steps, row[key])
        # A group stands where the first of its filled cells is.
        for end in range(1, len(steps) + 1):
            document.cells.setdefault((*path, *steps[:end]), document.cells[(*place, key)])
    return out


def _fill_texts(group: dict[str, Any], name: object) -> None:
    """Let a text in one language stand for the other one too, and the name for a title in neither."""
    if name is not None:
        group.setdefault("label", {LANGUAGES[0]: name})
    for key in BILINGUAL:
        text = group.get(key)
        if isinstance(text, dict) and len(text) == 1:
            group[key] = dict.fromkeys(LANGUAGES, *text.values()) | text


def _set(group: dict[str, Any], steps: tuple[str, ...], value: object) -> None:
    for step in steps[:-1]:
        group = group.setdefault(step, {})
    group[steps[-1]] = value


def _put_in_programmes(
    document: SheetDocument, rows: Mapping[str, list[tuple[Place, dict[str, Any]]]]
) -> None:
    """Put the rows of money, payers and outcomes into the programmes that they name."""
    programmes = document.data.get("programmes", [])
    names = [str(programme.get("name", "")) for programme in programmes]
    for title in OF_PROGRAMMES:
        for place, row in rows[title]:
            owner = str(row.get("programme", ""))
            if owner not in names:
                where = f"{document.name}  {document.cells.get((*place, 'programme'), document.cells[place])}"
                found = shown(owner) or t("ledger.found.nothing")
                allowed = ", ".join(filter(None, names)) or t("sheet.allowed.programme")
                document.faults.append(Fault(where, found, allowed, t("sheet.do.programme")))
                path = ("programmes", title, len(document.loose))
                document.loose[path] = _take(document, place, path, row)
                continue
            g = names.index(owner)
            own = programmes[g].setdefault(title, [])
            own.append(_take(document, place, ("programmes", g, title, len(own)), row))
    if document.loose:
        for programme in programmes:
            # Its money may be that of such a row.
            programme.setdefault("budget", [])
