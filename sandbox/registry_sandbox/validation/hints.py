"""What a validator tells beyond conformance: warnings, which are never a reason to refuse.

Only `$validate` and `registry-sandbox validate` ask for them. For these, profiles are compiled once more, with the
hints as further constraints and conditions, so that a registration does not pay for them.

Source: https://hl7.org/fhir/STU3/datatypes.html (string, Coding, Identifier); defining-extensions.html
"""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from registry_sandbox import shipped
from registry_sandbox.fhir.finding import IssueType
from registry_sandbox.validation.context import BASE, Place, Step, ValidationContext, path, quoted
from registry_sandbox.validation.validators import Condition, Constraint, Validator
from registry_sandbox.validation.valuesets import ValueSets

TEXTS = frozenset({"string", "markdown"})
"""The types that may hold any characters, white space alone included."""

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_SYSTEM, _CODE = Step("system", "f:system", 0), Step("code", "f:code", 0)


def _warning(code: IssueType, message: Callable[[Any], str], step: Step | None = None) -> Validator:
    """Return what adds a warning, at the value or at its child; `message` follows the path of that place."""

    def note(value: Any, at: Place, context: ValidationContext) -> None:
        here = at if step is None else (at, step, None)
        context.add(code, here, f"{path(here)} {message(value)}", "FHIR STU3", severity="warning")

    return note


BLANK_TEXT = Constraint(
    lambda text: not text.isspace(),
    _warning("value", lambda text: f"is white space alone ({len(text)} characters): it says nothing"),
)


def conditions_of(type_name: str, valuesets: ValueSets) -> list[Condition]:
    """Return the hints about an element of a type."""
    if type_name == "Coding":
        return [_CODE_WITHOUT_SYSTEM, _code_of_its_system(valuesets)]
    return [_IDENTIFIER_SYSTEM] if type_name == "Identifier" else []


_CODE_WITHOUT_SYSTEM = Condition(
    lambda coding, _context: "code" not in coding or "system" in coding or "_system" in coding,
    _warning("code-invalid", lambda coding: f"has the code {quoted(coding['code'])} but no system: it has no meaning"),
)

_IDENTIFIER_SYSTEM = Condition(
    lambda identifier, _context: "system" not in identifier or _ABSOLUTE.match(identifier["system"]) is not None,
    _warning(
        "value", lambda each: f"is {quoted(each['system'])}; expected an absolute URI, not a relative one", _SYSTEM
    ),
)


def _code_of_its_system(valuesets: ValueSets) -> Condition:
    def holds(coding: Any, _context: ValidationContext) -> bool:
        codes = valuesets.codes_of_system(coding.get("system", ""))
        return codes is None or "code" not in coding or coding["code"] in codes

    def said(coding: Any) -> str:
        return f"is {quoted(coding['code'])}, which is no code of {coding['system']}"

    return Condition(holds, _warning("code-invalid", said, _CODE))


def is_unknown_to_the_standard(url: str) -> bool:
    """Return whether a URL claims to be one of FHIR's own extensions, but STU3 has none of this name."""
    return url.startswith(BASE) and url.removeprefix(BASE) not in _core_extensions()


@cache
def _core_extensions() -> frozenset[str]:
    return frozenset(json.loads((shipped("profiles") / "core-extensions.json").read_bytes()))
