"""The reduced rules that every engine runs: entry, escape, identification, care, return, in 26 territories.

Monthly rates; a girl's entry is twice a boy's, a poor child's three times another's. A child is poor while
its latent rank lies below the month's share, which moves, so that rates cannot be worked out beforehand.
Nobody is born, ages or dies, so that the three engines do the same work.
"""

from __future__ import annotations

from typing import Any, Final

N_TERRITORIES: Final = 26
ENTRY_BOY: Final = 1.0e-4
GIRL_RATIO: Final = 2.0
POOR_RATIO: Final = 3.0
MOST_POOR: Final = 0.35
N_RANKS: Final = 1000
ESCAPE: Final = 0.04
IDENTIFY: Final = 0.02
LEAVE_CARE: Final = 1.0 / 11.0
RETURN: Final = 0.015

HOME, EXPLOITED, CARE, LEFT = range(4)
"""States; ``LEFT`` is after exploitation and can return to it."""


def poor_share(month: int) -> float:
    """Return the share of children who are poor in a month."""
    return MOST_POOR - 0.05 * (month % 12) / 11.0


def rank(index: Any) -> Any:
    """Return the latent rank of a child, or of many, in whole thousandths."""
    return index // 2 * 7 % N_RANKS


def expected_entries(children: int, months: int) -> float:
    """Return first entries to expect while nearly all children are still at home."""
    poor = sum(poor_share(month) for month in range(months))
    return children * ENTRY_BOY * (1.0 + GIRL_RATIO) / 2.0 * (months + poor * (POOR_RATIO - 1.0))
