"""A target of any indicator, with what matters changed."""

from __future__ import annotations

from typing import Any

from calibration.targets import Target, indicators


def target(indicator: str, **changes: Any) -> Target:
    base: dict[str, Any] = {
        "indicator": indicators()[indicator],
        "region": "PE",
        "territories": (),
        "year": 2013,
        "first": 12,
        "stop": 24,
        "value": 100.0,
        "total": 0.0,
        "weight": 1.0,
        "use": "fit",
        "source": "GK",
        "note": "",
    }
    return Target(**(base | changes))
