"""What editors and people need to write a scenario file: a JSON Schema, and a file to begin with."""

from __future__ import annotations

from typing import Any, Final

from scenarios.checking import UNSETTABLE
from scenarios.levers import levers
from scenarios.schema import Scenario
from scenarios.shape import ScenarioFile
from simulator.evidence import load_ledger
from simulator.texts import language, t

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_NAME: Final = "sintrata.schema.json"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, with what levers, lines and parameters are in words.

    It tells an editor what to complete and underline. What only shows when parts are read together is left to
    ``sintrata validate``.
    """
    schema = ScenarioFile.model_json_schema(by_alias=True)
    ledger = load_ledger()
    parts = schema["$defs"]
    parts["InterventionPart"]["properties"]["use"]["enumDescriptions"] = [
        str(lever.does) for lever in levers().values()
    ]
    lines = parts["GrantPart"]["properties"]["lines"]["properties"]
    for name, line in ledger.lines.items():
        lines[name] = {**lines[name], "description": line.label[language()]}
    schema["properties"]["parameters"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": "number",
                "minimum": row.low,
                "maximum": row.high,
                "description": row.label[language()],
            }
            for name, row in ledger.parameters.items()
            if not name.startswith(UNSETTABLE)
        },
    }
    return {"$schema": DIALECT, **schema, "title": t("schema.title")}


def beginning(name: str, base: str, scenario: Scenario) -> str:
    """Return the text of a commented scenario file that builds on another one and changes nothing yet.

    Parameters
    ----------
    name : of the new scenario, for its label
    base : name in the library, or of a file beside the new one; scenario : the same, loaded
    """
    words = name.replace("_", " ").capitalize()
    return t(
        "schema.beginning",
        schema=SCHEMA_NAME,
        base=base,
        label=words,
        base_label=str(scenario.label),
        lever=next(iter(levers())),
        line=next(iter(load_ledger().lines)),
    )
