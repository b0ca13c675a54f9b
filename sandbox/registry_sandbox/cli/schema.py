"""`schema`: prints the JSON Schema of a kind of file, by which an editor checks it and completes its keys.

Each is derived from what reads the file. Some rules are beyond a schema, such as effects that exclude each other.

Source: JSON Schema 2020-12.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the kind of file."""
    parser.add_argument("kind", choices=sorted(SCHEMAS), help="the kind of file")


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    print(json.dumps(schema_of(options.kind), indent=2))
    return 0


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file: one of `SCHEMAS`."""
    title, make = SCHEMAS[kind]
    return {"$schema": _DIALECT, "title": title, **make()}


def _of_faults() -> dict[str, Any]:
    from registry_sandbox.faults.rule import rule_schema

    short_form = {"type": "string", "description": "the short form, such as cancel:503@10%"}
    rules = {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/rule"}, short_form]}}
    mapping = {"type": "object", "properties": {"faults": rules}, "required": ["faults"], "additionalProperties": False}
    return {"anyOf": [rules, mapping], "$defs": {"rule": rule_schema()}}


def _of_stories() -> dict[str, Any]:
    from registry_sandbox.registry.seeds import story_schema

    return story_schema()


def _of_scenarios() -> dict[str, Any]:
    from registry_sandbox.verdict.exam.scenario import scenario_schema

    return scenario_schema()


def _of_settings() -> dict[str, Any]:
    from registry_sandbox.settings import Settings, fields

    kinds = Settings.__annotations__
    properties = {}
    for each in fields():
        one = _of_setting(kinds[each.name], each.metadata["choices"])
        described = {"anyOf": [one, {"type": "array", "items": one}]} if each.metadata["many"] else one
        # The name of a flag is a key too.
        for name in dict.fromkeys((each.name, each.name.replace("_", "-"))):
            properties[name] = {"description": each.metadata["meaning"], **described}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _of_setting(kind: Any, choices: tuple[str, ...]) -> dict[str, Any]:
    if choices:
        # YAML reads a bare `off` as false.
        return {"enum": [*choices, *([False] if "off" in choices else [])]}
    of_json = {bool: "boolean", int: "integer", float: "number"}
    named = [of_json[each] for each in (kind, *get_args(kind)) if each in of_json]
    return {"type": [*named, "string"]} if named else {"type": "string"}


SCHEMAS: Final[Mapping[str, tuple[str, Callable[[], dict[str, Any]]]]] = {
    "config": ("The settings of the Appointment Registry Sandbox (--config)", _of_settings),
    "faults": ("Fault rules of the Appointment Registry Sandbox (--fault-file)", _of_faults),
    "scenario": ("A scenario of the exam of the Appointment Registry Sandbox (exam --scenarios)", _of_scenarios),
    "story": ("A story: the seed of an appointment of the Appointment Registry Sandbox", _of_stories),
}
"""Each kind of file, with its title and what makes its schema."""
