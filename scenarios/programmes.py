"""Programmes: money with a start and an end, its lines, who pays and delivers, what decides later money.

The frozen result that the model reads, and how it is written back as plain data of the shape of a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from simulator.engine.states import AREAS, month_name

if TYPE_CHECKING:
    from scenarios.levers import Bilingual


KINDS_OF_PROGRAMME: Final = ("programme", "regional_policy")
DELIVERIES: Final = ("state", "local_partner", "international_partner")
FUNDINGS: Final = ("prescribed", "flexible", "milestones")
CURRENCIES: Final = ("PEN", "USD")
FISCAL_YEARS: Final = ("peru", "us")
SPLITS: Final = ("need", "people", "equal")
PAYERS: Final = ("national", "regional", "local", "us", "other")
SIGNALS: Final = (
    *("police_children", "prosecutor_children", "hotline_children", "upe_opened", "plans_completed"),
    "child_convictions",
)
"""Registered counts that programmes can follow: what the State writes down, never what really happens."""

MEASURES: Final = (
    *("first_entries", "incidence", "returns", "exploited", "child_months", "identified", "protected"),
    *("lost_before_protection", "specialised_entries", "general_entries", "family_care_entries", "in_care"),
    *("completed", "assisted_share", "lost_share", "completed_share"),
)
"""Yearly indicators of which a scenario may claim something; ``outcomes.indicators`` works them out."""

DIRECTIONS: Final = ("higher", "lower", "similar")


@dataclass(frozen=True)
class Grant:
    """Money for one or several lines.

    Attributes
    ----------
    lines : (budget line, share of the money); shares add up to one
    amount : a year, grown into over the programme's ramp; ``None`` if ``amounts`` says it
    amounts : (fiscal year, amount of that year)
    territories : indices 0..25; empty = the whole country
    area : 0 urban, 1 rural, ``None`` both
    split : how places share it: by ``need``, by ``people``, or ``equal``
    """

    lines: tuple[tuple[str, float], ...]
    amount: float | None = None
    amounts: tuple[tuple[int, float], ...] = ()
    territories: tuple[int, ...] = ()
    area: int | None = None
    split: str = "need"


@dataclass(frozen=True)
class Payers:
    """Who pays which share from a fiscal year on."""

    from_year: int
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Outcome:
    """An outcome watched by a registered signal, summed since the start of the programme where it works.

    Attributes
    ----------
    signal : what is counted; ``by_ti`` : last month counted; ``at_least`` : the count that counts as reached
    share : of all later money that is kept back if it is not reached; 0 = only reported
    """

    signal: str
    at_least: float
    by_ti: int
    share: float = 0.0


@dataclass(frozen=True)
class Adapt:
    """How often a programme moves a share of its money to where a signal is registered, and how late."""

    every_months: int
    share: float
    lag_months: int
    signal: str


@dataclass(frozen=True)
class Transition:
    """What follows the end: a share of the last year's money, for some months, and who pays it."""

    share: float
    months: int
    payer: str


@dataclass(frozen=True)
class Stop:
    """A registered value of the last twelve months, where it works, that ends a programme early.

    Attributes
    ----------
    signal : what is counted; ``per`` : what it is divided by, ``None`` for the count itself
    at_least : the value that ends it
    """

    signal: str
    per: str | None
    at_least: float


CLAIM_KEYS: Final = ("measure", "than", "direction", "from", "to", "under", "unexpected", "mostly_by")
"""Keys of a claim in a file, in their order."""


@dataclass(frozen=True)
class Claim:
    """What the model shows of a scenario beside another: a yearly indicator, its direction, some years.

    Attributes
    ----------
    measure, direction : of ``MEASURES`` and ``DIRECTIONS``
    than : name of the scenario it is compared with
    from_year, to_year : first and last calendar year, both included
    under : overlay laid over both, ``None`` for none
    unexpected : whether specialists would expect otherwise
    mostly_by : budget line without whose effect more than half of the change is gone, ``None`` for none
    """

    measure: str
    than: str
    direction: str
    from_year: int
    to_year: int
    under: str | None = None
    unexpected: bool = False
    mostly_by: str | None = None

    def to_mapping(self) -> dict[str, Any]:
        """Return the claim as plain data of the shape of a file."""
        out: dict[str, Any] = {"measure": self.measure, "than": self.than, "direction": self.direction}
        out |= {"from": self.from_year, "to": self.to_year}
        if self.under is not None:
            out["under"] = self.under
        if self.unexpected:
            out["unexpected"] = True
        return out if self.mostly_by is None else {**out, "mostly_by": self.mostly_by}


DESIGN: Final = "design"
"""What a programme does apart from its lines: who delivers it, with whom it is designed, how it is funded."""


@dataclass(frozen=True)
class Programme:
    """Money at work.

    Attributes
    ----------
    name : own name within a scenario
    kind : ``programme``, or ``regional_policy`` with territory, expiry date and outcomes of its own
    start_ti, end_ti : first and last month, from January 2012; ``None`` = until the end of the run
    ramp_months : months over which the yearly amount grows to its full size
    delivery : ``state``, ``local_partner`` or ``international_partner``
    funding : ``prescribed``, ``flexible``, or ``milestones``: outcomes release later money
    co_design : 0 to 1, how far it is designed with local actors
    currency : ``PEN`` or ``USD``
    price_year : year whose prices the amounts are in; ``None`` = of each year itself
    fiscal_year : ``peru`` or ``us``, for the years of amounts and payers
    payers : the earliest first; never empty once read from a file
    stop_when : what ends it before ``end_ti``
    muted : lines, or ``DESIGN``, whose money is spent and brings about nothing: that takes a scenario apart,
        and no file can ask for it
    """

    name: str
    label: Bilingual
    budget: tuple[Grant, ...]
    start_ti: int
    end_ti: int | None = None
    ramp_months: int = 0
    kind: str = "programme"
    delivery: str = "state"
    funding: str = "prescribed"
    co_design: float = 0.0
    currency: str = "PEN"
    price_year: int | None = None
    fiscal_year: str = "peru"
    payers: tuple[Payers, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    adapt: Adapt | None = None
    stop_when: Stop | None = None
    transition: Transition | None = None
    muted: tuple[str, ...] = ()

    def to_mapping(self, codes: Sequence[str]) -> dict[str, Any]:
        """Return the programme as plain data of the shape of a file; ``codes`` are of territories."""
        out: dict[str, Any] = {"name": self.name, "label": {"es": self.label.es, "en": self.label.en}}
        if self.kind != "programme":
            out["kind"] = self.kind
        out["start"] = month_name(self.start_ti)
        if self.end_ti is not None:
            out["end"] = month_name(self.end_ti)
        out["ramp_months"] = self.ramp_months
        out |= {"delivery": self.delivery, "funding": self.funding, "co_design": self.co_design}
        out["currency"] = self.currency
        if self.price_year is not None:
            out["price_year"] = self.price_year
        out["fiscal_year"] = self.fiscal_year
        out["payers"] = [{"from": row.from_year, "shares": dict(row.shares)} for row in self.payers]
        out["budget"] = [_grant(grant, codes) for grant in self.budget]
        if self.outcomes:
            out["outcomes"] = [
                {"signal": o.signal, "at_least": o.at_least, "by": month_name(o.by_ti), "share": o.share}
                for o in self.outcomes
            ]
        if self.adapt is not None:
            out["adapt"] = vars(self.adapt).copy()
        if self.stop_when is not None:
            out["stop_when"] = {k: v for k, v in vars(self.stop_when).items() if v is not None}
        if self.transition is not None:
            out["transition"] = vars(self.transition).copy()
        return out


@dataclass(frozen=True)
class UnitCost:
    """A unit cost of a scenario's own, with where it comes from; it replaces the ledger's.

    Attributes
    ----------
    line : budget line; kind : ``current`` (a year) or ``investment`` (once), for one unit of its capacity
    value : in ``currency`` at the prices of ``price_year``
    source, entity : what it rests on, and whose it is
    """

    line: str
    kind: str
    value: float
    price_year: int
    currency: str
    source: str
    entity: str

    def __str__(self) -> str:
        """Return the cost in one line, for every export."""
        amount = f"{self.value:,.2f} {self.currency} ({self.price_year})"
        return f"{self.line} {self.kind} = {amount}, {self.entity}: {self.source}"


def _grant(grant: Grant, codes: Sequence[str]) -> dict[str, Any]:
    out: dict[str, Any] = {"lines": dict(grant.lines)}
    where: dict[str, Any] = {}
    if grant.territories:
        where["territory"] = [codes[k] for k in grant.territories]
    if grant.area is not None:
        where["area"] = AREAS[grant.area]
    if where:
        out["where"] = where
    out["split"] = grant.split
    if grant.amount is not None:
        out["amount"] = grant.amount
    else:
        out["amounts"] = {str(year): amount for year, amount in grant.amounts}
    return out
