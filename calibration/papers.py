"""Tables of the documents of validation, as ``sintrata reproduce`` rebuilds them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from calibration.report import coverage_table, goals_table
from calibration.validation import validate

DRAWS: Final = 12
"""Parameter sets behind the tables of ``docs/validation.md``."""


def validation_tables() -> list[str]:
    """Return the goals of validation and the coverage of intervals, of ``DRAWS`` parameter sets."""
    validation = validate(draws=DRAWS, replicates=1, seed=0, threads=None)
    goals, coverage = goals_table(validation), coverage_table(validation)
    goals = replace(goals, columns=goals.columns[:4])
    # The document has headings of its own.
    return [*goals.markdown()[2:], "", *coverage.markdown()[2:]]
