"""The evidence ledger: every number of the model with its unit, range, source and quality, and its loader."""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.documents import Document
from simulator.engine.factors import Factor
from simulator.engine.states import INSTITUTIONS
from simulator.evidence.mechanisms import (
    COLUMNS,
    FACTOR_COLUMNS,
    Mechanism,
    has_delay,
    read_factor,
    read_mechanism,
)
from simulator.evidence.money import (
    ACCOUNT_COLUMNS,
    ATTRIBUTION_COLUMNS,
    COST_COLUMNS,
    LINE_COLUMNS,
    PRICE_COLUMNS,
    RECIPE_COLUMNS,
    Account,
    Ingredient,
    Line,
    read_account,
    read_attribution,
    read_ingredient,
    read_line,
    read_line_parameters,
    read_price,
    read_recipes,
)
from simulator.evidence.notes import citation_in
from simulator.evidence.parameter import DISTRIBUTIONS, QUALITIES, Parameter
from simulator.evidence.reading import Faults, Row, documents, table
from simulator.faults import did_you_mean
from simulator.texts import LANGUAGES, language, t

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

START_YEAR: Final = 2012
N_TERRITORIES: Final = 26
UNITS_OF_SHARES: Final = ("share", "probability")
KEYS: Final = (
    *("label", "central", "low", "high", "distribution", "unit", "quality", "source", "finding", "note"),
)
REQUIRED: Final = KEYS[:8]
"""Keys of a parameter; finding and note may be left out."""

MONTHLY_KINDS: Final = (
    *("upe", "specialised_shelter", "specialised_prosecutor", "police_unit", "public_defence"),
)
SHOCKS: Final = (
    *("pandemic", "political_crisis", "new_authorities", "arrivals", "mining_demand", "enforcement"),
    "funding_stop",
)
INDICATORS: Final = ("children_0_17", "children_0_17_official", "poverty", "extreme_poverty", "venezuelans")
COMPLETE: Final = frozenset(("children_0_17", "poverty", "extreme_poverty", "venezuelans"))
"""Indicators that drive the model: every territory in every year between the first and the last."""

SHARES: Final = (
    *("rural_share_2017", "rural_share_2025", "quechua_share", "aymara_share", "amazonian_share"),
    *("indigenous_share", "out_of_school_6_16", "out_of_school_12_16", "internet_share_2025"),
)
COUNTS: Final = (
    *("population_2017", "population_2025", "households_2017", "children_0_5_2025", "children_6_11_2025"),
    *("children_12_17_2025", "births_2020", "foreign_children_2025", "police_stations_2017"),
    *("complaints_2007_2014",),
)


@dataclass(frozen=True)
class Territories:
    """The 26 territories in the order of their codes, arrays [26]. Columns: ``territories_columns.csv``."""

    codes: tuple[str, ...]
    iso: tuple[str, ...]
    names: tuple[str, ...]
    capitals: tuple[str, ...]
    zones: tuple[str, ...]
    lat: Floats
    lon: Floats
    tile_row: Integers
    tile_col: Integers
    population_2017: Floats
    population_2025: Floats
    rural_share_2017: Floats
    rural_share_2025: Floats
    quechua_share: Floats
    aymara_share: Floats
    amazonian_share: Floats
    indigenous_share: Floats
    out_of_school_6_16: Floats
    out_of_school_12_16: Floats
    household_size_2017: Floats
    households_2017: Floats
    children_0_5_2025: Floats
    children_6_11_2025: Floats
    children_12_17_2025: Floats
    births_2020: Floats
    foreign_children_2025: Floats
    internet_share_2025: Floats
    police_stations_2017: Floats
    police_unit: Integers
    mining_marker: Integers
    complaints_2007_2014: Floats


@dataclass(frozen=True)
class InstitutionRow:
    """Units of an institution that open (and may close) in a territory; months since January 2012."""

    kind: str
    territory: int
    opens: int
    closes: int | None
    units: int
    places: int
    admits: str
    forms: str
    source: str
    quality: str
    note: str


@dataclass(frozen=True)
class ShockRow:
    """A shock of the record: its level from one month until another; territory ``None`` is the country."""

    kind: str
    territory: int | None
    opens: int
    closes: int
    level: float
    source: str
    quality: str
    note: str


@dataclass(frozen=True)
class ProgrammeRow:
    """What an outside programme adds to a lever while it runs; ``used`` tells which of two readings holds."""

    programme: str
    partner: str
    pillar: str
    lever: str
    territories: tuple[int, ...]
    opens: int
    closes: int
    level: float
    used: bool
    reading: str
    source: str
    quality: str
    note: str


@dataclass(frozen=True)
class CalendarRow:
    """A dated event; ``territory`` is a code, ``all``, or empty for the country."""

    date: datetime.date
    kind: str
    territory: str
    event: Mapping[str, str]
    source: str
    note: str


@dataclass(frozen=True)
class Source:
    """Where a number comes from."""

    id: str
    title: str
    organisation: str
    year: str
    url: str
    quality: str
    note: str

    def cited(self, title: str = "{}") -> str:
        """Return organisation, title and year, if it is known, in the language in force.

        Parameters
        ----------
        title : may put marks around the title
        """
        who, what, when = (
            citation_in(language(), words) for words in (self.organisation, self.title, self.year)
        )
        told = f"{who}, {title.format(what)}"
        return f"{told} ({when})" if when else told


@dataclass(frozen=True)
class Ledger:
    """Everything that is known, read-only.

    Attributes
    ----------
    parameters : by name
    series : yearly values by indicator: (years, values [year, 26])
    institutions, calendar, shocks, programmes : rows in the order of their files
    mechanisms : causal statements by number
    factors : quantities that rules write and links read, by name; ``factor_labels`` by name and language
    posts : [institution 11] posts in the reference year
    lines : what money can buy, by name; ingredients : what its unit costs are built from, by name
    prices : (years, values) of inflation and of the exchange rate
    attribution : ingredient of pay by institution whose work is partly for trafficked children
    accounts : money labelled for the policy, by year, as far as it is known
    services : (years, offices) by institution, where their number is known over time
    distances : [26, 26] km between capitals
    background : (years, values) by institution
    columns : label, unit, source and quality of each column of ``territories.csv``
    official : rows of ``official.csv``: series shown beside the model, never fitted here
    hash : of all files
    """

    parameters: Mapping[str, Parameter]
    territories: Territories
    series: Mapping[str, tuple[Integers, Floats]]
    institutions: tuple[InstitutionRow, ...]
    distances: Floats
    background: Mapping[str, tuple[Integers, Floats]]
    calendar: tuple[CalendarRow, ...]
    shocks: tuple[ShockRow, ...]
    programmes: tuple[ProgrammeRow, ...]
    mechanisms: Mapping[str, Mechanism]
    factors: Mapping[str, Factor]
    factor_labels: Mapping[str, Mapping[str, str]]
    posts: Floats
    lines: Mapping[str, Line]
    ingredients: Mapping[str, Ingredient]
    prices: Mapping[str, tuple[Integers, Floats]]
    attribution: Mapping[str, str]
    accounts: tuple[Account, ...]
    services: Mapping[str, tuple[Integers, Floats]]
    columns: Mapping[str, Mapping[str, str]]
    official: tuple[Mapping[str, str], ...]
    sources: Mapping[str, Source]
    units: Mapping[str, Mapping[str, str]]
    hash: str

    def yearly(self, indicator: str) -> tuple[Integers, Floats]:
        """Return (years, values [year, territory]) of a yearly indicator."""
        return self.series[indicator]


def load_ledger(folder: Path | None = None) -> Ledger:
    """Return the ledger of a folder; by default the one that comes with the package, read once.

    Raises
    ------
    FaultyInput
        With every fault of every file.
    """
    return _default() if folder is None else _load(folder)


@cache
def _default() -> Ledger:
    return _load(Path(__file__).parent)


def _load(folder: Path) -> Ledger:
    faults = Faults()
    units = {row["unit"]: _labels(row) for row in table(folder, "units.csv", _UNITS, faults, key=1)}
    sources = {
        row["id"]: Source(*(row[column] for column in _SOURCES))
        for row in table(folder, "sources.csv", _SOURCES, faults, key=1)
    }
    land = _territories(table(folder, "territories.csv", _TERRITORIES, faults, key=1), faults)
    codes = land.codes
    parameters = _parameters(folder / "parameters", tuple(units), tuple(sources), faults)
    factor_rows = table(folder, "factors.csv", FACTOR_COLUMNS, faults, key=1)
    factors = {row["name"]: read_factor(row, tuple(units), faults) for row in factor_rows}
    rows = table(folder, "mechanisms.csv", COLUMNS, faults, key=1)
    mechanisms = {row["id"]: read_mechanism(row, faults) for row in rows}
    for row in rows:
        for one in _strength(row, mechanisms[row["id"]], factors, tuple(sources), faults):
            parameters[one.name] = one
        for name in mechanisms[row["id"]].parameters:
            if name not in parameters:
                near = did_you_mean(name, tuple(parameters))
                faults.add(row.place("parameter"), name, t("ledger.allowed.known_parameter"), near)
    ingredients, lines, attribution = _money(folder, parameters, tuple(sources), tuple(units), faults)
    prices = _prices(table(folder, "prices.csv", PRICE_COLUMNS, faults, key=2), tuple(sources))
    ledger = Ledger(
        parameters=parameters,
        territories=land,
        series=_yearly(table(folder, "yearly.csv", _YEARLY, faults, key=3), codes, tuple(sources), faults),
        institutions=tuple(
            _institution(row, codes, tuple(sources))
            for row in table(folder, "institutions.csv", _INSTITUTIONS, faults, key=0)
        ),
        distances=_distances(table(folder, "distances.csv", ("from", "to", "km"), faults, key=2), codes),
        background=_background(table(folder, "background.csv", _BACKGROUND, faults, key=2), tuple(sources)),
        calendar=tuple(
            _event(row, codes, tuple(sources))
            for row in table(folder, "calendar.csv", _CALENDAR, faults, key=0)
        ),
        shocks=tuple(
            _shock(row, codes, tuple(sources)) for row in table(folder, "shocks.csv", _SHOCKS, faults, key=0)
        ),
        programmes=tuple(
            _programme(row, codes, tuple(sources), factors)
            for row in table(folder, "programmes.csv", _PROGRAMMES, faults, key=0)
        ),
        mechanisms=mechanisms,
        factors=factors,
        factor_labels={
            row["name"]: {lang: row[f"label_{lang}"] for lang in LANGUAGES} | {"unit": row["unit"]}
            for row in factor_rows
        },
        posts=_posts(table(folder, "workforce.csv", _WORKFORCE, faults, key=1), tuple(sources)),
        lines=lines,
        ingredients=ingredients,
        prices=prices,
        attribution=attribution,
        accounts=tuple(
            read_account(row, tuple(sources))
            for row in table(folder, "accounts.csv", ACCOUNT_COLUMNS, faults, key=1)
        ),
        services=_counts(
            table(folder, "services.csv", _BACKGROUND, faults, key=2), INSTITUTIONS, tuple(sources)
        ),
        columns={
            row["column"]: {
                **_labels(row),
                "unit": row["unit"],
                "source": row["source"],
                "quality": row["quality"],
            }
            for row in table(folder, "territories_columns.csv", _COLUMNS, faults, key=1)
        },
        official=tuple(dict(row.cells) for row in table(folder, "official.csv", _OFFICIAL, faults, key=0)),
        sources=sources,
        units=units,
        hash=_hash(folder),
    )
    faults.tell()
    return ledger


_UNITS: Final = ("unit", "label_es", "label_en")
_SOURCES: Final = tuple(field.name for field in fields(Source))
_TERRITORIES: Final = (
    *("code", "iso", "name", "capital", "lat", "lon", "tile_row", "tile_col", "zone"),
    *(field.name for field in fields(Territories)[9:]),
)
_YEARLY: Final = ("indicator", "territory", "year", "value", "unit", "source")
_INSTITUTIONS: Final = tuple(field.name for field in fields(InstitutionRow))
_BACKGROUND: Final = ("institution", "year", "value", "unit", "source", "quality", "note")
_CALENDAR: Final = ("date", "kind", "territory", "event_es", "event_en", "source", "note")
_COLUMNS: Final = ("column", "unit", "label_es", "label_en", "source", "quality", "note")
_SHOCKS: Final = tuple(field.name for field in fields(ShockRow))
_PROGRAMMES: Final = tuple(field.name for field in fields(ProgrammeRow))
_WORKFORCE: Final = ("institution", "posts", "reference_year", "source", "quality", "note")
_OFFICIAL: Final = ("indicator", "unit", "territory", "year", "value", "source", "note")


def _labels(row: Row) -> dict[str, str]:
    return {lang: row.filled(f"label_{lang}") for lang in LANGUAGES}


def _hash(folder: Path) -> str:
    """Return the hash of all data files; line ends do not count."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.csv"), *(folder / "parameters").glob("*.yaml")]):
        digest.update(path.name.encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _territories(rows: list[Row], faults: Faults) -> Territories:
    if rows and len(rows) != N_TERRITORIES:
        found = t("ledger.found.rows", count=len(rows))
        faults.add("territories.csv", found, t("ledger.allowed.territories"), t("ledger.do.territories"))
    numbers: dict[str, Any] = {}
    for column in (field.name for field in fields(Territories)[5:]):
        if column in SHARES:
            values = [row.number(column, low=0.0, high=1.0) for row in rows]
        elif column in COUNTS:
            values = [row.number(column, low=0.0) for row in rows]
        else:
            values = [row.number(column) for row in rows]
        whole = column in ("tile_row", "tile_col", "police_unit", "mining_marker")
        numbers[column] = np.array(values, np.int64 if whole else np.float64)
    for number, row in enumerate(rows, start=1):
        if row["code"] != f"{number:02d}":
            do = t("ledger.do.code_digits", code=f"{number:02d}")
            faults.add(row.place("code"), row["code"], t("ledger.allowed.code"), do)
    return Territories(
        codes=tuple(row["code"] for row in rows),
        iso=tuple(row["iso"] for row in rows),
        names=tuple(row.filled("name") for row in rows),
        capitals=tuple(row["capital"] for row in rows),
        zones=tuple(row.one_of("zone", ("coast", "highlands", "amazon")) for row in rows),
        **numbers,
    )


def _yearly(
    rows: list[Row], codes: Sequence[str], sources: Sequence[str], faults: Faults
) -> dict[str, tuple[Integers, Floats]]:
    cells: dict[str, dict[tuple[int, int], float]] = {name: {} for name in INDICATORS}
    for row in rows:
        name = row.one_of("indicator", INDICATORS)
        high = 1.0 if name in ("poverty", "extreme_poverty") else math.inf
        row.cited(sources)
        if name in cells:
            where = (row.whole("year", low=1990), row.territory("territory", codes))
            cells[name][where] = row.number("value", low=0.0, high=high)
    out = {}
    for name, values in cells.items():
        present = sorted({year for year, _ in values})
        if not present:
            if rows:
                faults.add("yearly.csv", t("ledger.found.nothing"), name, t("ledger.do.indicator", name=name))
            continue
        years = list(range(present[0], present[-1] + 1)) if name in COMPLETE else present
        missing = [(y, k) for y in years for k in range(len(codes)) if (y, k) not in values]
        for year, k in missing:
            found = t("ledger.found.gap", name=name, year=year, code=codes[k])
            faults.add("yearly.csv", found, t("ledger.allowed.complete"), t("ledger.do.gap"))
        matrix = np.array([[values.get((y, k), 0.0) for k in range(len(codes))] for y in years])
        out[name] = (np.array(years, np.int64), matrix)
    return out


def _month(row: Row, column: str) -> int:
    """Return months since January 2012 of a cell ``YYYY-MM``."""
    try:
        date = datetime.date.fromisoformat(f"{row[column]}-01")
    except ValueError:
        row.faults.add(row.place(column), row[column], t("ledger.allowed.month"), t("ledger.do.month"))
        return 0
    return 12 * (date.year - START_YEAR) + date.month - 1


def _institution(row: Row, codes: Sequence[str], sources: Sequence[str]) -> InstitutionRow:
    kind = row.one_of("kind", MONTHLY_KINDS)
    opens = _month(row, "opens")
    closes = _later(row) if row["closes"] else None
    return InstitutionRow(
        kind=kind,
        territory=row.territory("territory", codes),
        opens=opens,
        closes=closes,
        units=row.whole("units", low=1),
        places=row.whole("places", low=1) if kind == "specialised_shelter" else 0,
        admits=row.one_of("admits", ("girls", "boys", "all")),
        forms=row.one_of("forms", ("sexual", "labour", "all")),
        source=row.cited(sources),
        quality=row.one_of("quality", QUALITIES),
        note=row["note"],
    )


def _distances(rows: list[Row], codes: Sequence[str]) -> Floats:
    out = np.zeros((len(codes), len(codes)))
    for row in rows:
        a, b = row.territory("from", codes), row.territory("to", codes)
        if a < len(codes) and b < len(codes):
            out[a, b] = out[b, a] = row.number("km", low=0.0)
    return out


def _background(rows: list[Row], sources: Sequence[str]) -> dict[str, tuple[Integers, Floats]]:
    return _counts(rows, ("upe", "homes"), sources)


def _counts(
    rows: list[Row], names: Sequence[str], sources: Sequence[str]
) -> dict[str, tuple[Integers, Floats]]:
    """Return (years, values) by institution."""
    out: dict[str, tuple[list[int], list[float]]] = {}
    for row in rows:
        name = row.one_of("institution", names)
        row.one_of("quality", QUALITIES)
        row.cited(sources)
        years, values = out.setdefault(name, ([], []))
        years.append(row.whole("year", low=1990))
        values.append(row.number("value", low=0.0))
    return {name: (np.array(years, np.int64), np.array(values)) for name, (years, values) in out.items()}


def _posts(rows: list[Row], sources: Sequence[str]) -> Floats:
    posts = dict.fromkeys(INSTITUTIONS, 0.0)
    for row in rows:
        posts[row.one_of("institution", INSTITUTIONS)] = row.number("posts", low=0.0)
        row.whole("reference_year", low=1990)
        row.one_of("quality", QUALITIES)
        row.cited(sources)
    return np.array(list(posts.values())[: len(INSTITUTIONS)])


def _shock(row: Row, codes: Sequence[str], sources: Sequence[str]) -> ShockRow:
    return ShockRow(
        kind=row.one_of("kind", SHOCKS),
        territory=row.territory("territory", codes) if row["territory"] else None,
        opens=_month(row, "opens"),
        closes=_later(row),
        level=row.number("level", low=-1.0, high=10.0),
        source=row.cited(sources),
        quality=row.one_of("quality", QUALITIES),
        note=row["note"],
    )


def _programme(
    row: Row, codes: Sequence[str], sources: Sequence[str], factors: Mapping[str, Factor]
) -> ProgrammeRow:
    names = tuple(f.name for f in factors.values() if f.kind == "lever" and f.delivered)
    return ProgrammeRow(
        programme=row.filled("programme"),
        partner=row.filled("partner"),
        pillar=row.one_of("pillar", ("prevention", "prosecution", "protection")),
        lever=row.one_of("lever", names),
        territories=tuple(
            row.territory("territories", codes, of=code) for code in row["territories"].split(";")
        ),
        opens=_month(row, "opens"),
        closes=_later(row),
        level=row.number("level", low=0.0, high=1.0),
        used=row["used"] == "1",
        reading=row.one_of("reading", ("text", "exhibit")),
        source=row.cited(sources),
        quality=row.one_of("quality", QUALITIES),
        note=row["note"],
    )


def _later(row: Row) -> int:
    """Return the month of ``closes``, which must lie after ``opens``."""
    opens, closes = _month(row, "opens"), _month(row, "closes")
    if closes <= opens:
        allowed = t("ledger.allowed.after", month=row["opens"])
        row.faults.add(row.place("closes"), row["closes"], allowed, t("ledger.do.after"))
    return closes


def _strength(
    row: Row, mechanism: Mechanism, factors: Mapping[str, Factor], sources: Sequence[str], faults: Faults
) -> list[Parameter]:
    """Return the parameters that a causal statement brings along: its rate ratio and its delay."""
    cited = tuple(one for one in row["source"].split(";") if one) or ("L01",)
    for one in cited:
        if one not in sources:
            faults.add(row.place("source"), one, t("ledger.allowed.source"), did_you_mean(one, sources))
    what = {lang: f"{mechanism.cause[lang]} → {mechanism.effect[lang]}" for lang in LANGUAGES}
    finding = mechanism.finding[0]

    def parameter(
        name: str, label: Mapping[str, str], values: tuple[str, str, str], unit: str, quality: str
    ) -> Parameter:
        central, low, high = (row.number(column, low=0.0) for column in values)
        if not low <= central <= high:
            allowed = t("ledger.allowed.between", low=f"{low:g}", high=f"{high:g}")
            faults.add(row.place(values[0]), row[values[0]], allowed, t("ledger.do.range"))
        return Parameter(
            name, label, central, low, high, "triangular", unit, quality, cited, finding, row["note"]
        )

    out = []
    if mechanism.ratio:
        label = {lang: t("ledger.label.ratio", lang=lang, what=what[lang]) for lang in LANGUAGES}
        quality = row.one_of("quality", QUALITIES)
        out.append(parameter(mechanism.ratio_name, label, ("ratio", "low", "high"), "ratio", quality))
    if has_delay(mechanism, factors):
        label = {lang: t("ledger.label.delay", lang=lang, what=what[lang]) for lang in LANGUAGES}
        columns = ("delay", "delay_low", "delay_high")
        out.append(parameter(mechanism.delay_name, label, columns, "months", "D"))
    return out


def _money(
    folder: Path,
    parameters: dict[str, Parameter],
    sources: Sequence[str],
    units: Sequence[str],
    faults: Faults,
) -> tuple[dict[str, Ingredient], dict[str, Line], dict[str, str]]:
    """Return ingredients, lines, and ingredients of pay by institution; their numbers become parameters."""
    ingredients: dict[str, Ingredient] = {}
    for row in table(folder, "costs.csv", COST_COLUMNS, faults, key=1):
        ingredient, parameter = read_ingredient(row, sources, units)
        ingredients[ingredient.name] = ingredient
        parameters[parameter.name] = parameter
    rows = table(folder, "lines.csv", LINE_COLUMNS, faults, key=1)
    recipes = read_recipes(
        table(folder, "recipes.csv", RECIPE_COLUMNS, faults, key=3),
        tuple(row["line"] for row in rows),
        tuple(ingredients),
    )
    lines: dict[str, Line] = {}
    for row in rows:
        line = read_line(row, recipes, sources)
        lines[line.name] = line
        parameters |= {one.name: one for one in read_line_parameters(row)}
    attribution: dict[str, str] = {}
    for row in table(folder, "attribution.csv", ATTRIBUTION_COLUMNS, faults, key=1):
        institution, pay, parameter = read_attribution(row, tuple(ingredients), sources)
        attribution[institution] = pay
        parameters[parameter.name] = parameter
    return ingredients, lines, attribution


def _prices(rows: list[Row], sources: Sequence[str]) -> dict[str, tuple[Integers, Floats]]:
    """Return (years, values) by indicator."""
    out: dict[str, tuple[list[int], list[float]]] = {}
    for row in rows:
        indicator, year, value = read_price(row, sources)
        years, values = out.setdefault(indicator, ([], []))
        years.append(year)
        values.append(value)
    return {name: (np.array(years, np.int64), np.array(values)) for name, (years, values) in out.items()}


def _event(row: Row, codes: Sequence[str], sources: Sequence[str]) -> CalendarRow:
    try:
        date = datetime.date.fromisoformat(row["date"])
    except ValueError:
        row.faults.add(row.place("date"), row["date"], t("ledger.allowed.date"), t("ledger.do.month"))
        date = datetime.date(START_YEAR, 1, 1)
    if row["territory"] not in ("", "all"):
        row.territory("territory", codes)
    return CalendarRow(
        date=date,
        kind=row.filled("kind"),
        territory=row["territory"],
        event={lang: row.filled(f"event_{lang}") for lang in LANGUAGES},
        source=row.cited(sources),
        note=row["note"],
    )


def _parameters(
    folder: Path, units: Sequence[str], sources: Sequence[str], faults: Faults
) -> dict[str, Parameter]:
    out: dict[str, Parameter] = {}
    for document in documents(folder, faults):
        for name, entry in document.data.items():
            if name in out:
                faults.add(document.where((name,)), name, t("ledger.allowed.once"), t("ledger.do.name"))
            checked = _parameter(document, name, entry, units, sources, faults)
            if checked is not None:
                out[name] = checked
    return out


def _parameter(
    document: Document, name: str, entry: Any, units: Sequence[str], sources: Sequence[str], faults: Faults
) -> Parameter | None:
    """Check one parameter and return it; note its faults and return nothing if it cannot stand."""
    before = len(faults.found)

    def wrong(path: tuple[str, ...], value: object, allowed: str, do: str) -> None:
        faults.add(document.where((name, *path)), document.found((name, *path), value), allowed, do)

    if not isinstance(entry, dict):
        wrong((), entry, ", ".join(KEYS), t("ledger.do.parameter"))
        return None
    for key in entry:
        if key not in KEYS:
            wrong((key,), key, ", ".join(KEYS), did_you_mean(key, KEYS))
    for key in REQUIRED:
        if key not in entry:
            faults.add(
                document.where((name,)),
                t("ledger.found.without", key=key),
                ", ".join(REQUIRED),
                t("ledger.do.filled", name=key),
            )
    label = entry.get("label")
    if "label" in entry and not (
        isinstance(label, dict)
        and set(label) == set(LANGUAGES)
        and all(isinstance(text, str) and text.strip() for text in label.values())
    ):
        wrong(("label",), label, t("ledger.allowed.label"), t("ledger.do.label"))
    for key in ("central", "low", "high"):
        value = entry.get(key)
        if key in entry and (
            isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
        ):
            wrong((key,), value, t("ledger.allowed.number"), t("ledger.do.number"))
    for key, allowed in (("distribution", DISTRIBUTIONS), ("unit", units), ("quality", QUALITIES)):
        value = entry.get(key)
        if key in entry and value not in allowed:
            wrong((key,), value, ", ".join(allowed), did_you_mean(str(value), allowed))
    cited = entry.get("source")
    if "source" in entry and (not isinstance(cited, list) or not cited):
        wrong(("source",), cited, t("ledger.allowed.sources"), t("ledger.do.sources"))
    for one in cited if isinstance(cited, list) else []:
        if one not in sources:
            wrong(("source",), one, t("ledger.allowed.source"), did_you_mean(str(one), sources))
    if len(faults.found) > before:
        return None
    central, low, high = float(entry["central"]), float(entry["low"]), float(entry["high"])
    if not low <= central <= high:
        allowed_text = t("ledger.allowed.between", low=f"{low:g}", high=f"{high:g}")
        wrong(("central",), entry["central"], allowed_text, t("ledger.do.range"))
    if entry["unit"] in UNITS_OF_SHARES and not (low >= 0.0 and high <= 1.0):
        key = "low" if low < 0.0 else "high"
        wrong((key,), entry[key], t("ledger.allowed.between", low="0", high="1"), t("ledger.do.share"))
    if entry["distribution"] == "logtriangular" and low <= 0.0:
        wrong(("low",), entry["low"], t("ledger.allowed.positive"), t("ledger.do.positive"))
    if len(faults.found) > before:
        return None
    return Parameter(
        name=name,
        label=dict(entry["label"]),
        central=central,
        low=low,
        high=high,
        distribution=entry["distribution"],
        unit=entry["unit"],
        quality=entry["quality"],
        source=tuple(entry["source"]),
        finding=entry.get("finding"),
        note=str(entry.get("note", "")),
    )
