"""Whether a Reference points to a type that the element allows.

Source: https://hl7.org/fhir/STU3/references.html
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from registry_sandbox.validation.context import Place, ValidationContext, path, quoted, short
from registry_sandbox.validation.snapshot_element import SnapshotElement
from registry_sandbox.validation.validators import Condition

TypeOf = Callable[[str], str | None]
"""Returns the resource type that a profile's canonical URL constrains, or None if it is not loaded."""

_LITERAL = re.compile(r"(?:.*/)?([A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")


def reference_conditions(
    element: SnapshotElement, type_of: TypeOf, resource_types: frozenset[str]
) -> Iterator[Condition]:
    """Yield the conditions by target profiles and by aggregation, where the element has any."""
    stated = [t for t in element.definition.get("type", []) if t.get("code") == "Reference"]
    targets = [t.get("targetProfile") for t in stated]
    types = {type_of(target) for target in targets if target}
    # A target that is not loaded, or is any resource, leaves nothing to validate.
    if targets and all(targets) and None not in types and not types & {"Resource", "DomainResource"}:
        yield _target({str(t) for t in types}, resource_types, element.origin("type"))
    modes = {mode for t in stated for mode in t.get("aggregation", ())}
    if modes and modes != {"contained", "referenced", "bundled"}:
        yield _aggregation(modes, element.origin("type"))


def _target(allowed: set[str], resource_types: frozenset[str], source: str) -> Condition:
    wanted = " or ".join(sorted(allowed))

    def type_of(value: Any, context: ValidationContext) -> str | None:
        return type_referred_to(value["reference"], context, resource_types) if "reference" in value else None

    def holds(value: Any, context: ValidationContext) -> bool:
        found = type_of(value, context)
        return found is None or found in allowed

    def note(value: Any, at: Place, context: ValidationContext) -> None:
        found = f"a {type_of(value, context)} ({quoted(value['reference'])})"
        message = f"{path(at)} refers to {found}; {short(source)} wants a reference to {wanted}"
        context.add("value", at, message, source)

    return Condition(holds, note, "reference")


def type_referred_to(literal: str, context: ValidationContext, resource_types: frozenset[str]) -> str | None:
    """Return the type of resource that a literal reference names, or None if it names none."""
    if literal.startswith("#"):
        contained = context.contained().get(literal[1:])
        return str(contained.get("resourceType")) if contained else None
    matched = _LITERAL.fullmatch(literal)
    return matched[1] if matched and matched[1] in resource_types else None


def _aggregation(modes: set[str], source: str) -> Condition:
    wanted, may_be_contained = ", ".join(sorted(modes)), {mode == "contained" for mode in modes}

    def holds(value: Any, _context: ValidationContext) -> bool:
        return "reference" not in value or value["reference"].startswith("#") in may_be_contained

    def note(value: Any, at: Place, context: ValidationContext) -> None:
        found = quoted(value["reference"])
        message = f"{path(at)} refers to {found}; {short(source)} wants what it refers to {wanted}"
        context.add("value", at, message, source)

    return Condition(holds, note, "reference")
