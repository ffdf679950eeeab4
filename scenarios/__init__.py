"""The library of scenario files, and the schema that reads them.

A scenario is a YAML file that names only what differs from its base.
"""

from scenarios.files import library
from scenarios.levers import Bilingual, Lever, levers
from scenarios.schema import Context, Intervention, Scenario, load_scenario

__all__ = [
    "Bilingual",
    "Context",
    "Intervention",
    "Lever",
    "Scenario",
    "levers",
    "library",
    "load_scenario",
]
