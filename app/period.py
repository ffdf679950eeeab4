"""The calendar of the pages: when runs begin and report, and the years for which plans are made."""

from __future__ import annotations

from typing import Final

from simulator.policy.national import HORIZON
from simulator.report import PERIOD

BEGUN, REPORTED = 2012, 2017
"""Years in which runs begin, from whose January months are counted, and from which they report."""

YEARS: Final = tuple(range(HORIZON - PERIOD + 1, HORIZON + 1))
"""Years of a plan's money and of all comparisons: the last ones before the targets of the Policy."""

FIRST, LAST = YEARS[0], YEARS[-1]
