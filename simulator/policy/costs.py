"""Unit costs: from ingredients to what one unit of a line's capacity costs, by place and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.engine.states import N_TERRITORIES, START_YEAR

if TYPE_CHECKING:
    from scenarios.programmes import UnitCost
    from simulator.evidence import Ledger
    from simulator.policy.prices import Prices

Floats = NDArray[np.float64]

CURRENT, INVESTMENT = "current", "investment"


@dataclass(frozen=True)
class UnitCosts:
    """What a unit of capacity costs, in soles of the base year, before the multiplier of a place.

    Attributes
    ----------
    current : [line] a year; investment : [line] once
    pay : [line] share of the current cost that is pay of staff
    place : [place 52] multiplier of costs: rural areas, highlands and the Amazon cost more
    """

    current: Floats
    investment: Floats
    pay: Floats
    place: Floats


def unit_costs(
    ledger: Ledger, p: Mapping[str, float], prices: Prices, own: Sequence[UnitCost] = ()
) -> UnitCosts:
    """Return the unit costs of every line of the ledger, in its order.

    Parameters
    ----------
    p : parameter values: prices of ingredients, social charges, each line's ``cost``
    own : unit costs that a scenario brings with it; they replace those built from ingredients
    """
    price = {}
    for name, ingredient in ledger.ingredients.items():
        charged = 1.0 + p["ingredient.charges"] if ingredient.pay else 1.0
        price[name] = p[ingredient.parameter] * charged * prices.deflate(ingredient.price_year)
    built = {CURRENT: np.zeros(len(ledger.lines)), INVESTMENT: np.zeros(len(ledger.lines))}
    pay = np.zeros(len(ledger.lines))
    for i, line in enumerate(ledger.lines.values()):
        for kind, recipe in ((CURRENT, line.current), (INVESTMENT, line.investment)):
            built[kind][i] = p[line.cost] * sum(price[name] * q for name, q in recipe.items())
        staff = sum(price[name] * q for name, q in line.current.items() if ledger.ingredients[name].pay)
        pay[i] = p[line.cost] * staff / built[CURRENT][i]
    names = list(ledger.lines)
    for item in own:
        soles = item.value * (
            1.0 if item.currency == "PEN" else prices.soles_per_dollar[item.price_year - START_YEAR]
        )
        built[item.kind][names.index(item.line)] = soles * prices.deflate(item.price_year)
    level = p["prices.level"]
    return UnitCosts(built[CURRENT] * level, built[INVESTMENT] * level, pay, place_multiplier(ledger, p))


def place_multiplier(ledger: Ledger, p: Mapping[str, float]) -> Floats:
    """Return [place] what costs are in each place over those in a city of the coast."""
    extra = {"coast": 0.0, "highlands": p["prices.highlands"], "amazon": p["prices.amazon"]}
    zone = np.array([1.0 + extra[zone] for zone in ledger.territories.zones])
    return np.asarray(np.repeat(zone, 2) * np.tile([1.0, 1.0 + p["prices.rural"]], N_TERRITORIES))
