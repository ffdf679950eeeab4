"""The causal statements of the evidence: what acts on what, how strongly, how late, and who carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.engine.factors import Factor, Link
from simulator.evidence.reading import Faults, Row
from simulator.faults import did_you_mean
from simulator.texts import LANGUAGES, t

SIGNS: Final = ("+", "-", "-/+", "nonlinear")
TURNS: Final = ("", "cause", "effect", "both")
KINDS: Final = ("lever", "shock", "state")


@dataclass(frozen=True)
class Mechanism:
    """One causal statement.

    Attributes
    ----------
    id : M001 and on
    finding : findings and recommendations of the evaluation that state it; T for theory
    sign : of the effect on a rise of the cause, both as named
    cause, effect : by language
    reads, moves : factor (or quantity of a result) that stands for the cause, for the effect
    turned : which of the two runs the other way: ``cause`` when the factor is the absence of the named cause
    rule : file and function of ``simulator.rules`` (or agent) that carries it
    parameters : names of the parameters of its strength
    delay : months from cause to effect, as the evidence states it
    ratio : whether the strength is a rate ratio of its own
    """

    id: str
    finding: tuple[str, ...]
    sign: str
    cause: Mapping[str, str]
    effect: Mapping[str, str]
    reads: str
    turned: str
    moves: str
    rule: str
    parameters: tuple[str, ...]
    delay: int
    ratio: bool

    @property
    def delay_name(self) -> str:
        """Name of the parameter that holds the delay."""
        return f"{self.id.lower()}.delay"

    @property
    def ratio_name(self) -> str:
        """Name of the parameter that holds the rate ratio, if the statement has one of its own."""
        return f"{self.id.lower()}.ratio"


COLUMNS: Final = (
    *("id", "finding", "sign", "cause_es", "cause_en", "effect_es", "effect_en", "reads", "turned", "moves"),
    *("rule", "parameter", "ratio", "low", "high", "quality", "source", "delay", "delay_low", "delay_high"),
    "note",
)
FACTOR_COLUMNS: Final = (
    *("name", "kind", "neutral", "by_institution", "delivered", "unit", "label_es", "label_en"),
)


def read_mechanism(row: Row, faults: Faults) -> Mechanism:
    """Return one row of ``mechanisms.csv``; note what is wrong with it."""
    row.one_of("sign", SIGNS)
    if row["turned"]:
        row.one_of("turned", TURNS)
    own = bool(row["ratio"])
    if own == bool(row["parameter"]):
        faults.add(
            row.place("parameter"),
            row["parameter"] or "-",
            t("ledger.allowed.strength"),
            t("ledger.do.strength"),
        )
    return Mechanism(
        id=row.filled("id"),
        finding=tuple(row.filled("finding").split(";")),
        sign=row["sign"],
        cause={lang: row.filled(f"cause_{lang}") for lang in LANGUAGES},
        effect={lang: row.filled(f"effect_{lang}") for lang in LANGUAGES},
        reads=row.filled("reads"),
        turned=row["turned"],
        moves=row.filled("moves"),
        rule=row.filled("rule"),
        parameters=(f"{row['id'].lower()}.ratio",) if own else (row["parameter"],),
        delay=row.whole("delay", low=0),
        ratio=own,
    )


def read_factor(row: Row, units: Sequence[str], faults: Faults) -> Factor:
    """Return one row of ``factors.csv``; note what is wrong with it."""
    if row["unit"] not in units:
        faults.add(row.place("unit"), row["unit"], ", ".join(units), did_you_mean(row["unit"], units))
    return Factor(
        name=row.filled("name"),
        kind=row.one_of("kind", KINDS),
        neutral=row.number("neutral"),
        by_institution=row["by_institution"] == "1",
        delivered=row["delivered"] == "1",
    )


DELAYED_OTHERWISE: Final = ("M039", "M054", "M083", "M084", "M088")
"""Statements whose cause is no factor, but whose delay a rule reads all the same."""


def has_delay(mechanism: Mechanism, factors: Mapping[str, Factor]) -> bool:
    """Return whether the delay of a statement is a parameter; otherwise the order of a month gives it."""
    if mechanism.id in DELAYED_OTHERWISE:
        return True
    return mechanism.reads in factors and (mechanism.ratio or mechanism.delay > 0)


BY_RATIO: Final = ("M034", "M041")
"""Statements read as links whose rate ratio is a parameter with a name of its own."""


def links(
    mechanisms: Mapping[str, Mechanism], factors: Mapping[str, Factor], p: Mapping[str, float]
) -> dict[str, Link]:
    """Return the links of one parameter set: the statements whose cause is a factor."""
    return {
        m.id: Link(
            m.reads,
            p[m.parameters[0]] if m.ratio or m.id in BY_RATIO else 1.0,
            round(p[m.delay_name]) if m.delay_name in p else 0,
        )
        for m in mechanisms.values()
        if m.reads in factors
    }
