"""What money buys: budget lines, the ingredients of their unit costs, prices, and money already labelled.

Each price, delay, reach and attributed share becomes a parameter of the ledger; the quantities of a recipe
are standards of service, and their uncertainty is that of the line's ``cost``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.engine.states import INSTITUTIONS
from simulator.evidence.parameter import QUALITIES, Parameter
from simulator.evidence.reading import Row
from simulator.texts import LANGUAGES, t

PILLARS: Final = ("prevention", "prosecution", "protection", "system")
BUYS: Final = ("coverage", "posts", "places")
EXPENDITURES: Final = ("current", "investment")
REQUIREMENTS: Final = ("none", "norm", "agreement", "investment_project", "posts")
"""What a line needs besides money; ``posts`` is the authorisation of new posts."""

PRICES: Final = ("inflation", "exchange_rate")

NEEDS: Final = (
    *("people", "rural_people", "indigenous_people", "children", "rural_children", "adolescents"),
    *("poor_adolescents", "migrant_children", "poor_families", "extreme_poor_families", "adults_exploited"),
    *("once_exploited", "once_exploited_poor"),
    *("identified", "complaints", "residents", "specialised_shelters", "places", "territories"),
    *("staff:police", "staff:prosecutor", "staff:judge", "staff:upe", "staff:commission", "staff:programme"),
    *("staff:service", "staff:justice", "staff:referral"),
    *("without:police_unit", "without:specialised_prosecutor"),
)
"""Whom or what a line serves: persons, families, cases of a year, posts, offices; see ``policy.need``."""


@dataclass(frozen=True)
class Ingredient:
    """One thing that is paid for; its price is the parameter ``ingredient.<name>``.

    Attributes
    ----------
    price_year : year of whose prices the parameter is
    pay : whether it is pay of staff, on top of which come social charges and bonuses
    """

    name: str
    label: Mapping[str, str]
    unit: str
    price_year: int
    pay: bool

    @property
    def parameter(self) -> str:
        """Name of the parameter that holds the price."""
        return f"ingredient.{self.name}"


@dataclass(frozen=True)
class Line:
    """A budget line: what a sol assigned to it buys, for whom, and on which levers it acts.

    Attributes
    ----------
    levers : levers it moves, the main one first
    admits, forms : whom places bought admit, empty for other lines
    buys : ``coverage`` of a need, ``posts`` beside those there are, or ``places``
    need : whom or what it serves, one of ``NEEDS``
    serves : units of need that one unit of capacity serves
    unit : of capacity, by language
    by_area : whether cities and countryside of a territory are served apart
    institution : whose posts it adds, or ``None``
    expenditure : ``current`` or ``investment``, by its main kind
    requires : what it needs besides money
    current, investment : quantities of ingredients per unit and year, and once per unit
    """

    name: str
    label: Mapping[str, str]
    pillar: str
    levers: tuple[str, ...]
    admits: str
    forms: str
    buys: str
    need: str
    serves: float
    unit: Mapping[str, str]
    by_area: bool
    institution: str | None
    expenditure: str
    requires: str
    source: tuple[str, ...]
    quality: str
    note: str
    current: Mapping[str, float]
    investment: Mapping[str, float]

    @property
    def lead(self) -> str:
        """Parameter: months from the assignment of money to the first capacity."""
        return f"lead.{self.name}"

    @property
    def reach(self) -> str:
        """Parameter: the largest share of the need that can be covered."""
        return f"reach.{self.name}"

    @property
    def cost(self) -> str:
        """Parameter: what the unit cost is over that of its recipe."""
        return f"cost.{self.name}"


@dataclass(frozen=True)
class Account:
    """Money labelled for the policy in a year, soles of that year; ``None`` where it is not known."""

    year: int
    pia: float | None
    pim: float | None
    executed: float | None
    source: str
    quality: str
    note: str


COST_COLUMNS: Final = (
    *("ingredient", "label_es", "label_en", "unit", "low", "central", "high", "price_year", "charges"),
    *("source", "quality", "note"),
)
LINE_COLUMNS: Final = (
    *("line", "label_es", "label_en", "pillar", "levers", "admits", "forms", "buys", "need", "serves"),
    *("unit_es", "unit_en", "by_area", "institution", "expenditure", "requires"),
    *("lead", "lead_low", "lead_high", "reach", "reach_low", "reach_high", "cost_low", "cost_high"),
    *("source", "quality", "note"),
)
RECIPE_COLUMNS: Final = ("line", "kind", "ingredient", "quantity")
PRICE_COLUMNS: Final = ("indicator", "year", "value", "unit", "source", "quality", "note")
ACCOUNT_COLUMNS: Final = ("year", "pia", "pim", "executed", "source", "quality", "note")
ATTRIBUTION_COLUMNS: Final = ("institution", "pay", "share", "low", "high", "source", "quality", "note")

type Recipes = Mapping[tuple[str, str], Mapping[str, float]]


def read_ingredient(row: Row, sources: Sequence[str], units: Sequence[str]) -> tuple[Ingredient, Parameter]:
    """Return one row of ``costs.csv``, and the parameter of its price."""
    ingredient = Ingredient(
        name=row.filled("ingredient"),
        label={lang: row.filled(f"label_{lang}") for lang in LANGUAGES},
        unit=row.one_of("unit", units),
        price_year=row.whole("price_year", low=1990),
        pay=row.one_of("charges", ("0", "1")) == "1",
    )
    label = {
        lang: t("ledger.label.price", lang=lang, what=ingredient.label[lang], year=ingredient.price_year)
        for lang in LANGUAGES
    }
    columns = ("central", "low", "high")
    return ingredient, _parameter(row, ingredient.parameter, label, columns, ingredient.unit, sources)


def read_recipes(rows: list[Row], lines: Sequence[str], ingredients: Sequence[str]) -> Recipes:
    """Return quantities of ingredients by line and kind of expenditure."""
    out: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        kind, name = row.one_of("kind", EXPENDITURES), row.one_of("ingredient", ingredients)
        out.setdefault((row.one_of("line", lines), kind), {})[name] = row.number("quantity", low=0.0)
    return out


def read_line(row: Row, recipes: Recipes, sources: Sequence[str]) -> Line:
    """Return one row of ``lines.csv`` with its recipe."""
    name = row.filled("line")
    current = recipes.get((name, "current"), {})
    if not current:
        row.faults.add(row.place("line"), name, t("ledger.allowed.recipe"), t("ledger.do.recipe", name=name))
    return Line(
        name=name,
        label={lang: row.filled(f"label_{lang}") for lang in LANGUAGES},
        pillar=row.one_of("pillar", PILLARS),
        levers=tuple(row.filled("levers").split(";")),
        admits=row.one_of("admits", ("", "girls", "boys", "all")),
        forms=row.one_of("forms", ("", "sexual", "labour", "all")),
        buys=row.one_of("buys", BUYS),
        need=row.one_of("need", NEEDS),
        serves=row.number("serves", low=1e-9),
        unit={lang: row.filled(f"unit_{lang}") for lang in LANGUAGES},
        by_area=row.one_of("by_area", ("0", "1")) == "1",
        institution=row.one_of("institution", INSTITUTIONS) if row["institution"] else None,
        expenditure=row.one_of("expenditure", EXPENDITURES),
        requires=row.one_of("requires", REQUIREMENTS),
        source=tuple(row.cited(sources).split(";")),
        quality=row.one_of("quality", QUALITIES),
        note=row["note"],
        current=current,
        investment=recipes.get((name, "investment"), {}),
    )


def read_line_parameters(row: Row) -> list[Parameter]:
    """Return the lead time, the reach and the uncertainty of the cost of one line."""
    name = row["line"]

    def label(key: str) -> dict[str, str]:
        return {lang: t(f"ledger.label.{key}", lang=lang, what=row[f"label_{lang}"]) for lang in LANGUAGES}

    cost = Parameter(
        name=f"cost.{name}",
        label=label("cost"),
        central=1.0,
        low=row.number("cost_low", low=0.01, high=1.0),
        high=row.number("cost_high", low=1.0),
        distribution="triangular",
        unit="ratio",
        quality=row["quality"],
        source=tuple(row["source"].split(";")),
    )
    return [
        _parameter(row, f"lead.{name}", label("lead"), _range("lead"), "months", ("GK",), "D"),
        _parameter(row, f"reach.{name}", label("reach"), _range("reach"), "share", ("GK",), "D"),
        cost,
    ]


def read_attribution(
    row: Row, ingredients: Sequence[str], sources: Sequence[str]
) -> tuple[str, str, Parameter]:
    """Return an institution, whose pay its posts have, and the share of its work for trafficked children."""
    institution = row.one_of("institution", INSTITUTIONS)
    pay = row.one_of("pay", ingredients)
    label = {
        lang: t("ledger.label.attribution", lang=lang, what=t(f"institution.{institution}", lang=lang))
        for lang in LANGUAGES
    }
    columns = ("share", "low", "high")
    share = _parameter(row, f"attribution.{institution}", label, columns, "share", sources)
    return institution, pay, share


def read_price(row: Row, sources: Sequence[str]) -> tuple[str, int, float]:
    """Return indicator, year and value of one row of ``prices.csv``."""
    row.one_of("quality", QUALITIES)
    row.cited(sources)
    indicator = row.one_of("indicator", PRICES)
    return indicator, row.whole("year", low=1990), row.number("value", low=-0.5, high=100.0)


def read_account(row: Row, sources: Sequence[str]) -> Account:
    """Return one row of ``accounts.csv``."""

    def money(column: str) -> float | None:
        return row.number(column, low=0.0) if row[column] else None

    return Account(
        year=row.whole("year", low=1990),
        pia=money("pia"),
        pim=money("pim"),
        executed=money("executed"),
        source=row.cited(sources),
        quality=row.one_of("quality", QUALITIES),
        note=row["note"],
    )


def _range(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _parameter(
    row: Row,
    name: str,
    label: Mapping[str, str],
    columns: tuple[str, str, str],
    unit: str,
    sources: Sequence[str],
    quality: str | None = None,
) -> Parameter:
    """Return a parameter from three cells of a row, in the order central, low, high.

    With a ``quality`` of its own, ``sources`` are what it rests on; else both stand in the row.
    """
    central, low, high = (row.number(column, low=0.0) for column in columns)
    if not low <= central <= high:
        allowed = t("ledger.allowed.between", low=f"{low:g}", high=f"{high:g}")
        row.faults.add(row.place(columns[0]), row[columns[0]], allowed, t("ledger.do.range"))
    return Parameter(
        name=name,
        label=dict(label),
        central=central,
        low=low,
        high=high,
        distribution="triangular" if low < high else "fixed",
        unit=unit,
        quality=row.one_of("quality", QUALITIES) if quality is None else quality,
        source=tuple(row.cited(sources).split(";")) if quality is None else tuple(sources),
        note=row["note"],
    )
