"""Whether a Reference points to a type that the element allows.

Source: https://hl7.org/fhir/STU3/references.html
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from registry_sandbox.validation.checks import Check
from registry_sandbox.validation.context import Place, ValidationContext, path, quoted, short
from registry_sandbox.validation.element import Element

TypeOf = Callable[[str], str | None]
"""Gives the resource type that a profile's canonical URL constrains, or nothing where it is not loaded."""

_LITERAL = re.compile(r"(?:.*/)?([A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")


def reference_checks(element: Element, type_of: TypeOf, resource_types: frozenset[str]) -> Iterator[Check]:
    """Give the checks of target profiles and of aggregation, where the element has any."""
    stated = [t for t in element.definition.get("type", []) if t.get("code") == "Reference"]
    targets = [t.get("targetProfile") for t in stated]
    types = {type_of(target) for target in targets if target}
    # A target that is not loaded, or is any resource, leaves nothing to check.
    if targets and all(targets) and None not in types and not types & {"Resource", "DomainResource"}:
        yield _target({str(t) for t in types}, resource_types, element.origin("type"))
    modes = {mode for t in stated for mode in t.get("aggregation", ())}
    if modes and modes != {"contained", "referenced", "bundled"}:
        yield _aggregation(modes, element.origin("type"))


def _target(allowed: set[str], resource_types: frozenset[str], source: str) -> Check:
    wanted = " or ".join(sorted(allowed))

    def check(value: Any, at: Place, context: ValidationContext) -> None:
        literal = value.get("reference")
        found = literal and type_referred_to(literal, context, resource_types)
        if found and found not in allowed:
            message = (
                f"{path(at)} refers to a {found} ({quoted(literal)}); {short(source)} wants a reference to {wanted}"
            )
            context.add("value", at, message, source)

    return check


def type_referred_to(literal: str, context: ValidationContext, resource_types: frozenset[str]) -> str | None:
    """Tell the type of resource that a literal reference names, where it tells one."""
    if literal.startswith("#"):
        contained = context.contained().get(literal[1:])
        return str(contained.get("resourceType")) if contained else None
    matched = _LITERAL.fullmatch(literal)
    return matched[1] if matched and matched[1] in resource_types else None


def _aggregation(modes: set[str], source: str) -> Check:
    def check(value: Any, at: Place, context: ValidationContext) -> None:
        literal = value.get("reference")
        if literal and (literal.startswith("#") not in {mode == "contained" for mode in modes}):
            wanted = ", ".join(sorted(modes))
            message = f"{path(at)} refers to {quoted(literal)}; {short(source)} wants what it refers to {wanted}"
            context.add("value", at, message, source)

    return check
