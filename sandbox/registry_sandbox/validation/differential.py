"""How a differential restricts an element of its base.

Source: https://hl7.org/fhir/STU3/elementdefinition.html; https://hl7.org/fhir/STU3/profiling.html#limitations
"""

from collections.abc import Iterator
from typing import Any

from registry_sandbox.validation.conformance import Definition, UnusableDefinition
from registry_sandbox.validation.snapshot_element import (
    MAX_VALUE_SET,
    SnapshotElement,
    codes_of,
    max_value_set_of,
    value_set_of,
)

STRENGTHS = ("example", "preferred", "extensible", "required")
"""The strengths of a binding, weakest first."""

PLACE = frozenset({"id", "path", "sliceName", "base"})
"""The keys of an ElementDefinition that say where it stands, which the tree knows by itself."""

PROSE = frozenset({"mapping", "example", "alias", "label", "code", "condition", "extension"})
"""The keys of an ElementDefinition that constrain nothing and would only make the served snapshot long."""


def restrict(element: SnapshotElement, stated: dict[str, Any], by: Definition, *, free: bool) -> None:
    """Apply what a differential states to an element.

    Args:
        element: is changed.
        stated: the ElementDefinition of the differential.
        by: the definition that states it.
        free: a specialization may say anything about its elements; a constraint may only narrow.

    Raises:
        UnusableDefinition: the differential allows what the base does not.
    """
    if not free:
        _require_narrower(element, stated, by)
    for key, value in stated.items():
        if key in PLACE or key in PROSE:
            continue
        if key == "constraint":
            _add_constraints(element, value, by)
            continue
        kept = _keep_binding(element, value) if key == "binding" else value
        if element.definition.get(key) != kept:
            element.definition[key] = kept
            element.origins[key] = by.url
    if free and "type" in stated:
        element.all_types = stated["type"]
    if free and stated.get("max"):
        element.base = {"path": stated["path"], "min": element.definition["min"], "max": element.definition["max"]}


def _add_constraints(element: SnapshotElement, stated: list[dict[str, Any]], by: Definition) -> None:
    keys = {constraint.get("key") for constraint in stated}
    kept = [constraint for constraint in element.definition.get("constraint", []) if constraint.get("key") not in keys]
    element.definition["constraint"] = kept + [{**constraint, "source": by.url} for constraint in stated]


def _keep_binding(element: SnapshotElement, binding: dict[str, Any]) -> dict[str, Any]:
    """Keep a required binding that another one replaces, and a maximum value set: a profile narrows, it never lifts."""
    before = element.definition.get("binding", {})
    if before.get("strength") == "required" and value_set_of(before) != value_set_of(binding):
        element.also_bound.append({**before, "source": element.origin("binding")})
    if not max_value_set_of(before) or max_value_set_of(binding):
        return binding
    most = [each for each in before["extension"] if each.get("url") == MAX_VALUE_SET]
    return {**binding, "extension": [*most, *binding.get("extension", ())]}


def _require_narrower(element: SnapshotElement, stated: dict[str, Any], by: Definition) -> None:
    def refuse(key: str, why: str) -> UnusableDefinition:
        return UnusableDefinition(by.file, f"{stated.get('id') or stated.get('path')}.{key}", why)

    for key, why in _wider(element, stated):
        raise refuse(key, why)
    for key, value in stated.items():
        known = element.definition.get(key)
        if key.startswith("fixed") and known is not None and known != value:
            raise refuse(key, f"is {value!r}; the base fixes {known!r}")


def _wider(element: SnapshotElement, stated: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each key by which a differential allows more than its base, and why."""
    low, high = element.definition.get("min", 0), element.definition.get("max", "*")
    least, most = stated.get("min", low), stated.get("max", high)
    if not (most == "*" or most.isdecimal()):
        yield "max", f"is {most!r}; expected a number or *"
        return
    if least < low:
        yield "min", f"is {least}, less than the {low} of the base"
    if _above(most, high):
        yield "max", f"is {most}, more than the {high} of the base"
    if _above(str(least), most):
        yield "max", f"is {most}, less than the minimum, {least}"
    allowed = set(codes_of(element))
    for code in (t.get("code") for t in stated.get("type", [])):
        if allowed and code not in allowed and not allowed & {"Element", "Resource", "*"}:
            yield "type", f"has {code}; the base allows {', '.join(sorted(allowed))}"
    before, after = element.definition.get("binding"), stated.get("binding")
    if before and after and _strength(after) < _strength(before):
        yield "binding", f"is {after.get('strength')}, weaker than the {before.get('strength')} one of the base"


def _above(maximum: str, limit: str) -> bool:
    return limit != "*" and (maximum == "*" or int(maximum) > int(limit))


def _strength(binding: dict[str, Any]) -> int:
    return STRENGTHS.index(binding["strength"]) if binding.get("strength") in STRENGTHS else -1
