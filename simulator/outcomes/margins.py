"""The built population beside its sources: every margin, and the rate ratios that come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.engine.population import (
    ADOLESCENCE,
    BOY,
    DIVERSITY,
    FRAGILITY,
    LANGUAGE_SHIFT,
    MIGRANT,
    MIGRATION,
    N_FACTORS,
    N_PATTERNS,
    NORMS,
    POOR,
    REFERENCE_MONTH,
    SCHOOLING,
    SECONDARY_AGE,
)
from simulator.engine.states import LANGUAGES, RURAL, START_YEAR, URBAN
from simulator.evidence.drivers import child_poverty, low_schooling, rural_share
from simulator.rules import recruitment

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger

YEARS_SHOWN: Final = (2017, 2020, 2025, 2030)
MID_YEAR: Final = 6


@dataclass(frozen=True)
class Margin:
    """One margin of the population.

    Attributes
    ----------
    name : key of its label; ``detail`` what it is about (a year, a territory, a group)
    built : value in the population; ``source_value`` what the source says; ``source`` ids
    bound : largest relative difference that the tests allow; ``None`` where the source is only shown
    """

    name: str
    detail: str
    built: float
    source_value: float
    source: str
    bound: float | None

    @property
    def difference(self) -> float:
        """Relative difference of the built value from the source's."""
        return self.built / self.source_value - 1.0 if self.source_value else 0.0


def children_here(population: Population, year: int) -> NDArray[np.int64]:
    """Return [territory] children at the middle of a year."""
    month = 12 * (year - START_YEAR) + MID_YEAR
    events = population.home_events[:, : month + 1].sum(axis=1)
    here = population.at_start + events[0] - events[1] - events[2]
    return np.asarray(here.reshape(-1, 2).sum(axis=1))


def margins(ledger: Ledger, population: Population) -> list[Margin]:
    """Return the margins of a population beside their sources.

    Territories' yearly totals are one row a year: the territory that is farthest from its total. Official
    figures that contradict the total that was built are shown with no bound.
    """
    scale = population.scale
    out: list[Margin] = []
    years, totals = ledger.yearly("children_0_17")
    names = ledger.territories.names
    for year, wanted in zip(years.tolist(), totals, strict=True):
        built = children_here(population, year) / scale
        if year in YEARS_SHOWN:
            out.append(
                Margin("children", str(year), float(built.sum()), float(wanted.sum()), "EST-POP", 0.01)
            )
        worst = int(np.argmax(np.abs(built / wanted - 1.0)))
        out.append(
            Margin(
                "farthest_territory",
                f"{year}, {names[worst]}",
                float(built[worst]),
                float(wanted[worst]),
                "EST-POP",
                0.01,
            )
        )
    official_years, official = ledger.yearly("children_0_17_official")
    sources = {2020: "MINSA20", 2025: "INEI-C25"}
    for year, row in zip(official_years.tolist(), official, strict=True):
        built = children_here(population, year) / scale
        out.append(
            Margin("children_official", str(year), float(built.sum()), float(row.sum()), sources[year], None)
        )
    out += _structure(ledger, population)
    out += _exposures(ledger, population)
    out += _ratios(ledger, population)
    return out


def _structure(ledger: Ledger, population: Population) -> list[Margin]:
    """Return age, sex, area, families, languages and arrivals."""
    land = ledger.territories
    month = 12 * (2025 - START_YEAR) + MID_YEAR
    groups = population.group_stock[month]
    total = float(groups.sum())
    by_band = groups.sum(axis=(0, 2, 3)).astype(float)
    counted = np.array(
        [
            column.sum()
            for column in (land.children_0_5_2025, land.children_6_11_2025, land.children_12_17_2025)
        ]
    )
    ages = (("0-5", by_band[0]), ("6-11", by_band[1]), ("12-17", by_band[2] + by_band[3]))
    out = [
        Margin("age_share_2025", name, float(built) / total, float(value / counted.sum()), "INEI-C25", None)
        for (name, built), value in zip(ages, counted, strict=True)
    ]
    boys = ledger.parameters["population.boys_share"].central
    out.append(Margin("boys_share", "2025", float(groups[BOY].sum()) / total, boys, "GK", 0.01))

    reference = population.margins.sum(axis=(1, 2, 3)).astype(float).reshape(-1, 2)
    weights = reference.sum(axis=1)
    out.append(
        Margin(
            "rural_share",
            "2019",
            float(reference[:, RURAL].sum() / reference.sum()),
            float((rural_share(ledger) * weights).sum() / weights.sum()),
            "INEI-U17;INEI-C25",
            0.02,
        )
    )
    children = population.children
    here = (children["enters"] <= REFERENCE_MONTH) & (children["leaves"] > REFERENCE_MONTH)
    families = np.unique(population.family[here]).size
    out.append(
        Margin(
            "households_with_children",
            "2019",
            families / population.scale,
            float(land.households_2017.sum()),
            "INEI-HH17",
            None,
        )
    )
    speech = children["traits"][here] >> LANGUAGE_SHIFT
    territory = children["place"][here] // 2
    size = np.bincount(territory, minlength=weights.size).astype(float)
    shares = (land.quechua_share, land.aymara_share, land.amazonian_share)
    for number, (name, share) in enumerate(zip(LANGUAGES[1:], shares, strict=True), start=1):
        asked = float((share * size).sum() / size.sum())
        out.append(Margin("language_share", name, float((speech == number).mean()), asked, "INEI-C25", 0.06))
    arrived = (children["traits"] & MIGRANT != 0) & (children["enters"] < 12 * (2025 - START_YEAR))
    _, stock = ledger.yearly("venezuelans")
    growth = np.maximum(np.diff(stock, axis=0, prepend=0.0), 0.0).sum()
    share_of_children = ledger.parameters["population.venezuelan_child_share"].central
    out.append(
        Margin(
            "venezuelan_arrivals",
            "2016-2024",
            float(arrived.sum()) / population.scale,
            float(growth * share_of_children),
            "EST-VEN;INEI-C25",
            0.02,
        )
    )
    return out


def _exposures(ledger: Ledger, population: Population) -> list[Margin]:
    """Return the share of children exposed to each factor in the reference month, beside its source."""
    bits = ((np.arange(N_PATTERNS)[:, None] >> np.arange(N_FACTORS)) & 1).astype(bool)
    counts = population.margins.astype(float)
    by_place = counts.sum(axis=(1, 2))
    people = by_place.sum(axis=1)
    names = ledger.parameters
    poor = child_poverty(ledger, REFERENCE_MONTH + 1)[-1]
    out = []
    for area, label in ((URBAN, "urban"), (RURAL, "rural")):
        rows = by_place[area::2]
        out.append(
            Margin(
                "poverty",
                f"2019, {label}",
                float(rows[:, bits[:, POOR]].sum() / rows.sum()),
                float((poor[area::2] * people[area::2]).sum() / people[area::2].sum()),
                "EST-POV",
                0.02,
            )
        )
    known = names["population.fragile_share"].central
    out.append(
        Margin(
            "fragility",
            "2019",
            float(by_place[:, bits[:, FRAGILITY]].sum() / people.sum()),
            known,
            "L15",
            0.02,
        )
    )
    older = counts[:, SECONDARY_AGE:].sum(axis=(1, 2))
    asked = low_schooling(ledger)[1]
    out.append(
        Margin(
            "low_schooling",
            "12-17",
            float(older[:, bits[:, SCHOOLING]].sum() / older.sum()),
            float((asked * older.sum(axis=1)).sum() / older.sum()),
            "INEI-C25",
            0.05,
        )
    )
    teens = counts[:, ADOLESCENCE:].sum(axis=(0, 1, 2))
    out.append(
        Margin(
            "lgbtq",
            "12-17",
            float(teens[bits[:, DIVERSITY]].sum() / teens.sum()),
            names["population.lgbtq_share"].central,
            "GK",
            0.02,
        )
    )
    for area, label in ((URBAN, "urban"), (RURAL, "rural")):
        rows = by_place[area::2]
        share = names[f"population.normalised_share_{label}"].central
        out.append(
            Margin("norms", label, float(rows[:, bits[:, NORMS]].sum() / rows.sum()), share, "L11", 0.05)
        )
    foreign = by_place[:, bits[:, MIGRATION]].sum()
    out.append(
        Margin(
            "venezuelan_children",
            "2019",
            float(foreign) / population.scale,
            float(
                np.interp(
                    2019.5, ledger.yearly("venezuelans")[0] + 1.0, ledger.yearly("venezuelans")[1].sum(axis=1)
                )
            )
            * names["population.venezuelan_child_share"].central,
            "EST-VEN",
            None,
        )
    )
    return out


def _ratios(ledger: Ledger, population: Population) -> list[Margin]:
    """Return the marginal rate ratios that come out of the solved recruitment, beside the ledger's."""
    central = {name: parameter.central for name, parameter in ledger.parameters.items()}
    solved = recruitment.solve(central, population.margins)
    return [
        Margin(
            "rate_ratio",
            name,
            float(solved.marginal[factor]),
            central[name],
            ";".join(ledger.parameters[name].source),
            0.001,
        )
        for name, factor, _ in recruitment.MARGINAL
    ]
