"""The profiles of this project can be used by validators other than ours."""

import json
import re
from typing import Any

import pytest

from registry_sandbox import shipped
from registry_sandbox.validation import fhirpath, invariants
from registry_sandbox.validation.context import ValidationContext

_BASE = shipped("profiles") / "base"
_ROOMS = ("careconnect", "registry", "spine")
_PROFILES = sorted(each for room in _ROOMS for each in (shipped("profiles") / room).iterdir())
_TEXTS = {"string", "uri", "url", "code", "id"}
_CREATED = "Registry-Appointment-1.json", "Appointment.created", "reg-3"
NOWHERE = ValidationContext({}, {})


def _elements(definition: dict[str, Any]) -> list[dict[str, Any]]:
    return definition.get("differential", {}).get("element", [])  # type: ignore[no-any-return]  # FHIR's JSON


def _type_of(path: str) -> str:
    """Return the type of an element by the base definitions, such as `dateTime` for `Appointment.created`."""
    head, *names = path.split(".")
    current = head
    for name in names:
        facts = json.loads((_BASE / f"{head}.json").read_bytes())
        current = f"{current}.{name}"
        found = next(each for each in _elements(facts) if each["path"] == current)
        code = str(found["type"][0]["code"])
        if code not in {"BackboneElement", "Element"}:
            head = current = code
    return head


def _constraints() -> list[tuple[str, str, str, str]]:
    return [
        (file.name, element["path"], constraint["key"], constraint["expression"])
        for file in _PROFILES
        for element in _elements(json.loads(file.read_bytes()))
        for constraint in element.get("constraint", ())
    ]


@pytest.mark.parametrize(("file", "path", "key", "expression"), _constraints())
def test_matches_is_called_on_texts_alone(file: str, path: str, key: str, expression: str) -> None:
    """HAPI refuses `matches` on a dateTime, and so every resource: a date becomes a text by `toString()` first."""
    if re.match(r"matches\(", expression):
        assert _type_of(path) in _TEXTS, f"{file}: {key} calls matches() on {path}, a {_type_of(path)}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2019-01-17T14:00:00.000Z", True),
        ("2019-01-17T14:00:00+00:00", True),
        ("2019-01-17", False),
        ("2019-01", False),
        ("2019", False),
        ({"extension": [{"url": "http://x.test", "valueCode": "a"}]}, False),
    ],
)
def test_created_has_the_precision_of_an_instant(value: Any, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """The function and FHIRPath itself agree about reg-3."""
    expression = next(found for *named, found in _constraints() if tuple(named) == _CREATED)
    assert invariants.compiled(expression, "dateTime")(value, NOWHERE) is expected
    assert fhirpath.compiled(expression, "Appointment.created")(value, NOWHERE) is expected
