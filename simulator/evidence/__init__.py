"""What is known: parameters, regions, drivers, institutions and sources, as data files with one loader."""

from __future__ import annotations

from simulator.evidence.ledger import (
    CalendarRow,
    InstitutionRow,
    Ledger,
    Source,
    Territories,
    load_ledger,
)
from simulator.evidence.parameter import Parameter

__all__ = [
    "CalendarRow",
    "InstitutionRow",
    "Ledger",
    "Parameter",
    "Source",
    "Territories",
    "load_ledger",
]
