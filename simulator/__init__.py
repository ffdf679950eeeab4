"""SinTrata: a scenario simulator of child-trafficking policy in Peru.

The public names are loaded when they are first used, so that ``import simulator`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.schema import Scenario, load_scenario
    from simulator.evidence import load_ledger
    from simulator.experiments.ensemble import compare, run
    from simulator.experiments.forks import Forks
    from simulator.experiments.optimise.folder import optimise
    from simulator.experiments.sweep.execute import sweep
    from simulator.outcomes.dataset import coordinates
    from simulator.outcomes.scorecard import scorecard
    from simulator.version import __version__
    from simulator.world import World

__all__ = [
    "Forks",
    "Scenario",
    "World",
    "__version__",
    "compare",
    "coordinates",
    "load_ledger",
    "load_scenario",
    "optimise",
    "run",
    "scorecard",
    "sweep",
]

_HOMES = {
    "Forks": ("simulator.experiments.forks", "Forks"),
    "Scenario": ("scenarios.schema", "Scenario"),
    "World": ("simulator.world", "World"),
    "__version__": ("simulator.version", "__version__"),
    "compare": ("simulator.experiments.ensemble", "compare"),
    "coordinates": ("simulator.outcomes.dataset", "coordinates"),
    "load_ledger": ("simulator.evidence", "load_ledger"),
    "load_scenario": ("scenarios.schema", "load_scenario"),
    "optimise": ("simulator.experiments.optimise.folder", "optimise"),
    "run": ("simulator.experiments.ensemble", "run"),
    "scorecard": ("simulator.outcomes.scorecard", "scorecard"),
    "sweep": ("simulator.experiments.sweep.execute", "sweep"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
