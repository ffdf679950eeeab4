"""A budget as a table of the page: rows of a programme, its sums, what a line covers for its money."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from app import period
from app.period import BEGUN, FIRST, LAST
from app.results import band
from scenarios.programmes import PAYERS
from simulator import Scenario, load_ledger
from simulator.evidence.drivers import rural_share
from simulator.policy.costs import place_multiplier, unit_costs
from simulator.policy.prices import prices

if TYPE_CHECKING:
    from scenarios.programmes import Grant, Programme, UnitCost

END: Final = 2050
PRICE_YEAR: Final = 2025
COUNTRY: Final = "00"
"""Stands for the whole country where a territory could stand."""

NAME: Final = "budget"
MOST: Final = 1e10
"""The most soles that a cell can hold; it holds whole soles."""

POINTS: Final = 41
YEAR: Final = 12
YEARS: Final = tuple(map(str, period.YEARS))
"""Columns of the table; with a longer horizon what stands in the last year goes on."""
IN_TABLE: Final = slice(FIRST - BEGUN, LAST + 1 - BEGUN)

COLUMNS: Final = ("line", "where", *YEARS)


@dataclass(frozen=True)
class Plan:
    """A budget of the page.

    Attributes
    ----------
    rows : ``line``, ``where`` (a code, or empty for the whole country) and soles of 2025 by year
    goes_on : whether the money of the last year is given after it too
    payers : share of each payer; they add up to one
    outside : line, where, year and soles of 2025 of what is given in other years than those of the table; it
        stays when rows change
    """

    rows: pd.DataFrame
    goes_on: bool = False
    payers: tuple[tuple[str, float], ...] = (("national", 1.0),)
    outside: tuple[tuple[str, str, int, float], ...] = ()

    def by_year(self) -> dict[str, float]:
        """Return the sum of each year."""
        return {year: float(self.rows[year].fillna(0.0).sum()) for year in YEARS}

    def kept(self) -> dict[tuple[str, str], dict[int, float]]:
        """Return what is given outside the table, by line and where, by year.

        If the money of the last year goes on, that is what is given after it.
        """
        out: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        for line, where, year, soles in self.outside:
            if year < FIRST or not self.goes_on:
                out[line, where][year] = soles
        return dict(out)

    def outside_by_year(self) -> dict[int, float]:
        """Return the sum of each year outside the table that has money."""
        sums: dict[int, float] = defaultdict(float)
        for amounts in self.kept().values():
            for year, soles in amounts.items():
                sums[year] += soles
        return dict(sorted(sums.items()))

    def filled(self) -> pd.DataFrame:
        """Return the rows that name a line and hold money."""
        rows = self.rows.dropna(subset=["line"])
        rows = rows[rows["line"].astype(str) != ""].fillna(dict.fromkeys(YEARS, 0.0) | {"where": COUNTRY})
        return rows[rows[list(YEARS)].sum(axis=1) > 0.0]

    def to_programme(self, labels: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the programme of a scenario file, ``None`` if there is no money.

        Parameters
        ----------
        labels : name of the programme by language
        """
        kept = self.kept()
        given: list[tuple[str, str, dict[int, float]]] = []
        for row in self.filled().to_dict("records"):
            amounts = {int(year): float(row[year]) for year in YEARS}
            if self.goes_on:
                amounts |= dict.fromkeys(range(LAST + 1, END + 1), amounts[LAST])
            line, where = str(row["line"]), str(row["where"])
            given.append((line, where, kept.pop((line, where), {}) | amounts))
        given += [(*key, amounts) for key, amounts in kept.items()]
        if not given:
            return None
        first, *_, last = sorted({FIRST, LAST}.union(*(amounts for _, _, amounts in given)))
        out: dict[str, Any] = {"name": NAME, "label": dict(labels), "start": f"{first}-01"}
        if not self.goes_on:
            out["end"] = f"{last}-12"
        out |= {"price_year": PRICE_YEAR, "payers": [{"from": first, "shares": dict(self.payers)}]}
        return {**out, "budget": [_grant_of(*one) for one in given]}


def _grant_of(line: str, where: str, amounts: Mapping[int, float]) -> dict[str, Any]:
    by_year = {str(year): soles for year, soles in sorted(amounts.items())}
    grant: dict[str, Any] = {"lines": {line: 1.0}, "amounts": by_year}
    if where != COUNTRY:
        grant["where"] = {"territory": [where]}
    return grant


def empty() -> Plan:
    """Return a budget without rows."""
    return Plan(pd.DataFrame({name: pd.Series(dtype=float if name in YEARS else object) for name in COLUMNS}))


def plan_of(scenario: Scenario) -> Plan:
    """Return the money of a scenario's programmes as a table, in soles of 2025 by line, territory and year.

    A yearly amount that a programme grows into stands with what it is in each year. Money for cities or
    countryside alone stands with its whole territory. What is given before the table or, unless that of its
    last year goes on, after it, is kept besides.
    """
    if not scenario.programmes:
        return empty()
    codes = load_ledger().territories.codes
    cells: dict[tuple[str, str], np.ndarray] = {}
    for programme in scenario.programmes:
        for grant in programme.budget:
            yearly = _yearly(programme, grant)
            for line, share in grant.lines:
                places = [codes[k] for k in grant.territories] or [COUNTRY]
                for place in places:
                    cell = cells.setdefault((line, place), np.zeros(yearly.size))
                    cell += yearly * share / len(places)
    cells = {key: np.round(cell) for key, cell in cells.items()}
    rows = [
        {"line": line, "where": place, **dict(zip(YEARS, cell[IN_TABLE], strict=True))}
        for (line, place), cell in cells.items()
        if cell[IN_TABLE].any()
    ]
    first = scenario.programmes[0]
    payers = first.payers[0].shares if first.payers else (("national", 1.0),)
    whole = np.stack(list(cells.values()))
    before, after = whole[:, : IN_TABLE.start], whole[:, IN_TABLE.stop :]
    goes_on = bool(after.any() and (np.abs(after - whole[:, [IN_TABLE.stop - 1]]) <= 1.0).all())
    outside = [
        (line, place, BEGUN + int(k), float(cell[k]))
        for (line, place), cell in cells.items()
        for k in np.flatnonzero(cell)
        if k < before.shape[1] or (k >= IN_TABLE.stop and not goes_on)
    ]
    return Plan(pd.DataFrame(rows, columns=list(COLUMNS)), goes_on, tuple(payers), tuple(outside))


def _yearly(programme: Programme, grant: Grant) -> np.ndarray:
    """Return [year from ``BEGUN`` to ``END``] soles of 2025 of one grant."""
    ledger = load_ledger()
    level = prices(ledger, _central())
    ramp = max(programme.ramp_months, 1)
    month = np.arange(YEAR * (END + 1 - BEGUN))
    end = month.size if programme.end_ti is None else programme.end_ti
    active = np.clip((month - programme.start_ti + 1.0) / ramp, 0.0, 1.0) * (month <= end)
    out = np.zeros(END + 1 - BEGUN)
    for k, year in enumerate(range(BEGUN, END + 1)):
        here = active[YEAR * k : YEAR * (k + 1)]
        if grant.amount is not None:
            out[k] = grant.amount * here.mean()
        out[k] += dict(grant.amounts).get(year, 0.0)
        priced = year if programme.price_year is None else programme.price_year
        rate = level.soles_per_dollar[priced - BEGUN] if programme.currency == "USD" else 1.0
        out[k] *= rate * level.deflate(priced)
    return out


def check_payers(shares: Mapping[str, float]) -> tuple[tuple[str, float], ...] | None:
    """Return shares in hundredths as shares of one, ``None`` if they do not add up."""
    total = sum(shares.values())
    if abs(total - 100.0) > 1e-6 or any(value < 0.0 for value in shares.values()):
        return None
    return tuple((name, shares[name] / 100.0) for name in PAYERS if shares.get(name, 0.0) > 0.0)


def curve(line: str, need: xr.DataArray, up_to: float, own: Sequence[UnitCost] = ()) -> pd.DataFrame:
    """Return what share of its need a line covers in the long run, by the money executed in a year.

    Parameters
    ----------
    line : name; need : [draw, line, territory] whom or what it serves, of that line alone
    up_to : soles of the base year at which the curve ends
    own : unit costs that a scenario brings with it

    Returns
    -------
    table of ``millions``, ``low``, ``median``, ``high``: with the highest unit cost, the shortest reach and
    the largest need of 9 of 10 draws; with the central ones; with the lowest cost, the longest reach and the
    least need
    """
    ledger = load_ledger()
    one = ledger.lines[line]
    rural = rural_share(ledger)
    place = place_multiplier(ledger, _central())
    by_territory = place[0::2] * (1.0 - rural) + place[1::2] * rural
    costs = xr.DataArray(by_territory, {"territory": list(ledger.territories.codes)})
    whole = band((need * costs).sum("territory"))[["low", "median", "high"]].iloc[0] / one.serves
    # One draw has no interval.
    whole = whole.fillna(whole["median"])
    money = np.linspace(0.0, max(up_to, 1.0), POINTS)
    out = {"millions": money / 1e6}
    unit, reach = unit_cost(line, own), ledger.parameters[one.reach]
    ends = {
        "low": (unit["high"], reach.low, whole["high"]),
        "median": (unit["median"], reach.central, whole["median"]),
        "high": (unit["low"], reach.high, whole["low"]),
    }
    for name, (cost, r, units) in ends.items():
        served = money / max(units * cost, 1.0)
        out[name] = r * -np.expm1(-served / r) if one.buys == "coverage" else served
    return pd.DataFrame(out)


def _central() -> dict[str, float]:
    return {name: parameter.central for name, parameter in load_ledger().parameters.items()}


def unit_cost(line: str, own: Sequence[UnitCost] = ()) -> dict[str, float]:
    """Return what one unit of a line costs a year on the coast, soles of the base year.

    Parameters
    ----------
    own : unit costs that a scenario brings with it; they are sure

    Returns
    -------
    ``median``, ``low`` and ``high``: at the central value and at both ends of the range of the line's cost
    """
    ledger = load_ledger()
    number, cost = list(ledger.lines).index(line), ledger.parameters[ledger.lines[line].cost]
    out = {}
    for name, value in (("median", cost.central), ("low", cost.low), ("high", cost.high)):
        p = {**_central(), cost.name: value}
        out[name] = float(unit_costs(ledger, p, prices(ledger, p), own).current[number])
    return out


def waterfall(steps: Sequence[tuple[str, xr.DataArray]], total: tuple[str, xr.DataArray]) -> pd.DataFrame:
    """Return changes one after the other, run by run, and what is left of them.

    A bar goes from the median of what there is before a step to the median of what there is after it, so that
    the last bar is the total itself. Medians of steps need not add up to it.

    Parameters
    ----------
    steps : label and [draw] change of each; total : label and [draw] what is left, of the last row

    Returns
    -------
    table of ``label``, ``kind``, ``start``, ``end``, ``left_low``, ``left_high``, and ``median``, ``low``,
    ``high`` of the step itself
    """
    labels = [label for label, _ in (*steps, total)]
    changes = xr.concat([change for _, change in steps], "step")
    left = xr.concat([changes.cumsum("step"), total[1]], "step")
    amount = band(xr.concat([changes, total[1]], "step"))[["median", "low", "high"]]
    after = band(left)
    kinds = ["more" if value >= 0.0 else "less" for value in amount["median"]]
    return amount.assign(
        label=labels,
        kind=[*kinds[:-1], "total"],
        start=[0.0, *after["median"].iloc[:-2], 0.0],
        end=after["median"],
        left_low=after["low"],
        left_high=after["high"],
    )


_AMOUNT: Final = re.compile(
    r"[0-9]{1,15}|[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+|(?:\.[0-9]{3}){2,})"
)
"""Whole soles: plain, or in groups of three with one kind of sign; a single point may be one of decimals."""


def read_soles(text: str) -> int | None:
    """Return the amount of what somebody has typed, ``None`` if it is none for sure or too large."""
    bare = " ".join(text.replace("S/", " ", 1).split())
    if not _AMOUNT.fullmatch(bare):
        return None
    amount = int(re.sub("[,. ]", "", bare))
    return amount if amount <= MOST else None


def spread(total: int) -> dict[str, int]:
    """Return a total over the years of the table in equal parts of whole soles, the first ones one more."""
    each, rest = divmod(total, len(YEARS))
    return {year: each + (k < rest) for k, year in enumerate(YEARS)}


def exact(soles: float) -> str:
    """Return millions of soles as somebody has written them, to ten thousand."""
    return f"{soles / 1e6:,.2f}".rstrip("0").rstrip(".")
