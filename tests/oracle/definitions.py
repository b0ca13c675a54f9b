"""The shipped definitions in HAPI's hands: is each valid, and do both make the same snapshot of it?

What is known and not ours is data: definitions.yaml. Everything else is a complaint.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.oracle.verdict import Verdict

Definition = dict[str, Any]
Element = dict[str, Any]

KNOWN = Path(__file__).with_name("definitions.yaml")
BASE = "http://hl7.org/fhir/"
_MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_OF_THE_TYPE = {"ele-1", "ext-1"}
"""Invariants that an element has by its type; one snapshot repeats them on the element and the other need not."""


class Validator(Protocol):
    """What is asked about definitions: HAPI."""

    def begin_resource(self, resource: Definition) -> None:
        """Take a resource, to be validated by the definition of its type."""

    def verdict(self) -> Verdict:
        """Return the verdict on it."""

    def snapshot(self, url: str) -> list[Element]:
        """Return the elements of a snapshot of its own making."""


@dataclass(frozen=True, slots=True)
class Known:
    """A complaint that is not ours: a regular expression for it, and why."""

    complaint: str
    why: str


def load(file: Path = KNOWN) -> list[Known]:
    """Read what is known."""
    return [Known(**entry) for entry in yaml.safe_load(file.read_text("utf-8"))]


def complaints(hapi: Validator, definitions: list[Definition]) -> list[str]:
    """Return what HAPI says against the definitions, and where its snapshots differ from ours, if it is not known."""
    found = [*_invalid(hapi, definitions), *_snapshots(hapi, definitions)]
    known = load()
    return [each for each in found if not any(re.search(one.complaint, each) for one in known)]


def _invalid(hapi: Validator, definitions: list[Definition]) -> Iterator[str]:
    for definition in definitions:
        hapi.begin_resource(definition)
        for error in hapi.verdict().errors():
            yield f"{definition['url']}: {error}"


def _snapshots(hapi: Validator, definitions: list[Definition]) -> Iterator[str]:
    for definition in definitions:
        url = definition["url"]
        if definition["resourceType"] == "StructureDefinition" and not url.startswith(BASE):
            for difference in differences(definition["snapshot"]["element"], hapi.snapshot(url)):
                yield f"{url}: {difference}"


def differences(ours: list[Element], theirs: list[Element]) -> Iterator[str]:
    """Yield what two snapshots do not have in common, one sentence a fact."""
    if (mine := [each["id"] for each in ours]) != (other := [each["id"] for each in theirs]):
        yield f"the snapshots list other elements: {sorted(set(mine) ^ set(other)) or 'in another order'}"
    by_id = {each["id"]: each for each in theirs}
    for element in ours:
        if element["id"] in by_id:
            one, another = facts(element), facts(by_id[element["id"]])
            for name in one:
                if one[name] != another[name]:
                    yield f"{element['id']}: {name} is {one[name]!r} in our snapshot and {another[name]!r} in HAPI's"


def facts(element: Element) -> dict[str, Any]:
    """Return what an element of a snapshot says: cardinality, types, binding, fixed values, invariants, references."""
    binding = element.get("binding", {})
    return {
        "min": element["min"],
        "max": element["max"],
        "types": [[each.get(key) for key in ("code", "profile", "targetProfile")] for each in element.get("type", ())],
        "binding": [
            binding.get("strength"),
            binding.get("valueSetUri") or binding.get("valueSetReference", {}).get("reference"),
            _maximum(binding),
        ],
        "fixed value": {name: value for name, value in element.items() if name.startswith(("fixed", "pattern"))},
        "invariants": sorted(
            [each["key"], each["severity"], each["expression"]]
            for each in element.get("constraint", ())
            if each["key"] not in _OF_THE_TYPE
        ),
        "content reference": element.get("contentReference"),
        "slice name": element.get("sliceName"),
    }


def _maximum(binding: dict[str, Any]) -> str | None:
    for extension in binding.get("extension", ()):
        if extension["url"] == _MAX_VALUE_SET:
            return str(extension.get("valueUri") or extension["valueReference"]["reference"])
    return None
