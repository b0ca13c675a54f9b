"""How the items of a slice are told: by the discriminators value, pattern, exists, type and profile.

Source: https://hl7.org/fhir/STU3/profiling.html#discriminator
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from registry_sandbox.validation import values
from registry_sandbox.validation.context import ValidationContext, root_place
from registry_sandbox.validation.snapshot import profile_of
from registry_sandbox.validation.snapshot_element import SnapshotElement, codes_of, value_set_of
from registry_sandbox.validation.validators import Validator

if TYPE_CHECKING:
    from registry_sandbox.validation.compiled_profiles import CompiledProfiles

Matches = Callable[[Any, ValidationContext], bool]
"""Returns whether an item belongs to a slice."""

Fits = Callable[[Any], bool]
"""Returns whether a value at the path of a discriminator is the one that the slice asks for."""

ANY_TYPE = frozenset({"Resource", "DomainResource", "Element", "*"})
_EXTENSION = re.compile(r"extension\('([^']+)'\)|extension\(([^)']+)\)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


class UnusableSlicing(Exception):
    """A slicing cannot be used: its discriminator is not supported, or a slice says nothing that decides it."""


class Told(NamedTuple):
    """How the items of a slice are told: by a test, and, where that is all there is to it, by the text of one child."""

    matches: Matches
    text: tuple[str, str] | None = None


def told_by(part: SnapshotElement, slicing: dict[str, Any], loaded: "CompiledProfiles") -> Told:
    """Return how the items of a slice are told.

    Raises:
        UnusableSlicing: a discriminator is of a kind that is not supported, or the slice has no value for it.
    """
    discriminators = slicing.get("discriminator", [])
    if not discriminators:
        raise UnusableSlicing("has no discriminator, so that no item can be told to belong to it")
    tests = [_test(part, stated, loaded) for stated in discriminators]
    if len(tests) == 1:
        return Told(tests[0], _text(part, discriminators[0], loaded))
    return Told(lambda item, context: all(test(item, context) for test in tests))


def _text(part: SnapshotElement, stated: dict[str, Any], loaded: "CompiledProfiles") -> tuple[str, str] | None:
    """Return the name and the fixed text of the child that tells a slice, if nothing else does."""
    child = _child(part, str(stated.get("path")), loaded)
    if child is None or child.is_choice or child.repeats or stated.get("type") != "value":
        return None
    if any(key.startswith(("fixed", "pattern")) for key in part.definition):
        return None
    fixed = [value for key, value in child.definition.items() if key.startswith(("fixed", "pattern"))]
    return (child.name, fixed[0]) if len(fixed) == 1 and isinstance(fixed[0], str) else None


def _test(part: SnapshotElement, stated: dict[str, Any], loaded: "CompiledProfiles") -> Matches:
    kind, path = stated.get("type"), str(stated.get("path", ""))
    steps = list(_steps(path))
    if kind == "exists":
        return _existence(part, path, steps, loaded)
    if kind == "type":
        return _type(part, path, steps, loaded)
    if kind == "profile":
        return _profile(part, path, steps, loaded)
    if kind not in {"value", "pattern"}:
        known = "value, pattern, exists, type and profile"
        raise UnusableSlicing(f"is told by the discriminator {kind} of {path}; supported are {known}")
    fits = _expected(part, steps, loaded)
    if fits is None:
        raise UnusableSlicing(f"fixes no value at {path}, by which its items are told")
    return lambda item, _context: any(fits(value) for value in _values(item, steps))


def _type(part: SnapshotElement, path: str, steps: list[str], loaded: "CompiledProfiles") -> Matches:
    """Return the test for the type of a resource, or for the type that a choice has in its name."""
    element = _element_at(part, steps, loaded)
    codes = {code for code in codes_of(element) if code not in ANY_TYPE} if element else set()
    if element is not None and not codes:
        codes = {type_of for url in _profiles_of(element) if (type_of := loaded.type_of(url))} - ANY_TYPE
    if element is None or not codes:
        raise UnusableSlicing(f"names no type at {path}, by which its items are told")
    if element.is_choice:
        *way, last = steps
        names = {element.spelled(code) for code in codes}
        if not last or last != element.stem:
            raise UnusableSlicing(f"is told by the type of {path}, which is no choice of types")
        return lambda item, _context: any(not names.isdisjoint(holder) for holder in _values(item, way))
    if not all(loaded.is_resource(code) for code in codes):
        raise UnusableSlicing(f"is told by the type of {path}, which is neither a resource nor a choice of types")
    return lambda item, _context: any(value.get("resourceType") in codes for value in _values(item, steps))


def _profile(part: SnapshotElement, path: str, steps: list[str], loaded: "CompiledProfiles") -> Matches:
    """Return the test for conformance to a profile: items are validated once more, with findings that nobody sees."""
    element = _element_at(part, steps, loaded)
    profiles = _profiles_of(element) if element else []
    if not profiles:
        raise UnusableSlicing(f"names no profile at {path}, by which its items are told")
    unknown = next((url for url in profiles if not loaded.snapshots.has(url)), None)
    if unknown:
        raise UnusableSlicing(f"is told by the profile {unknown}, which is not among the definitions loaded")
    validators = [(str(loaded.type_of(url)), loaded.lazily(url)) for url in profiles]
    return lambda item, context: any(
        _conforms(value, name, validator, context) for value in _values(item, steps) for name, validator in validators
    )


def _conforms(value: Any, type_name: str, validator: Validator, context: ValidationContext) -> bool:
    if not isinstance(value, dict) or value.get("resourceType", type_name) != type_name:
        return False
    alone = ValidationContext(value, value) if "resourceType" in value else context.alone()
    validator(value, root_place(type_name), alone)
    return not alone.numbers.get("error")


def _profiles_of(element: SnapshotElement) -> list[str]:
    return [str(stated["profile"]) for stated in element.definition.get("type", []) if stated.get("profile")]


def _element_at(part: SnapshotElement, steps: list[str], loaded: "CompiledProfiles") -> SnapshotElement | None:
    element: SnapshotElement | None = part
    for step in steps:
        element = _child(element, step, loaded) if element else None
    return element


def _child(part: SnapshotElement, name: str, loaded: "CompiledProfiles") -> SnapshotElement | None:
    children = part.children or _children_of_profile(part, loaded)
    return next((child for child in children if name in {child.name, child.stem}), None)


def _steps(path: str) -> Iterator[str]:
    """Yield the steps of a discriminator's path; an extension by its URL is one step."""
    if path == "$this":
        return
    for name in re.split(r"\.(?![^(]*\))", path):
        if _NAME.fullmatch(name) or _EXTENSION.fullmatch(name):
            yield name
        else:
            raise UnusableSlicing(f"is told by {path}; supported are element names and extension(url)")


def _values(item: Any, steps: list[str]) -> list[Any]:
    found = [item]
    for step in steps:
        found = [value for holder in found if isinstance(holder, dict) for value in _children(holder, step)]
    return found


def _children(holder: dict[str, Any], step: str) -> list[Any]:
    if matched := _EXTENSION.fullmatch(step):
        url = matched[1] or matched[2]
        return [extension for extension in holder.get("extension", ()) if extension.get("url") == url]
    value = holder.get(step)
    if value is None:  # a choice, which discriminators name without its type
        spelled = (key for key in holder if key.startswith(step) and key[len(step) : len(step) + 1].isupper())
        value = next((holder[key] for key in spelled), None)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _existence(part: SnapshotElement, path: str, steps: list[str], loaded: "CompiledProfiles") -> Matches:
    node: SnapshotElement | None = part
    for step in steps:
        node = _extension_slice(node, step) or _child(node, step, loaded) if node else None
    if node is None or (node.definition["min"] == 0 and node.definition["max"] != "0"):
        raise UnusableSlicing(f"says neither that {path} is there nor that it is not, by which its items are told")
    wanted = node.definition["max"] != "0"
    return lambda item, _context: bool(_values(item, steps)) == wanted


def _extension_slice(part: SnapshotElement, step: str) -> SnapshotElement | None:
    """Return the slice for an extension by its URL, which is that of its profile."""
    matched = _EXTENSION.fullmatch(step)
    holder = next((child for child in part.children if child.name == "extension"), None)
    if matched is None or holder is None:
        return None
    return next((each for each in holder.slices.values() if profile_of(each) == (matched[1] or matched[2])), None)


def _expected(part: SnapshotElement, steps: list[str], loaded: "CompiledProfiles") -> Fits | None:
    """Return the test for what a slice fixes at a path: there, or in a fixed or pattern value of an element above."""
    for key, wanted in part.definition.items():
        if key.startswith(("fixed", "pattern")):
            inner = _values(wanted, steps)
            if inner:
                holds = values.same if key.startswith("fixed") else values.holds_pattern
                return lambda value: holds(value, inner[0])
    if not steps:
        return _bound(part, loaded)
    if _EXTENSION.fullmatch(steps[0]):
        raise UnusableSlicing(f"is told by the value of {steps[0]}; an extension can only be told by being there")
    child = _child(part, steps[0], loaded)
    return _expected(child, steps[1:], loaded) if child else None


def _children_of_profile(part: SnapshotElement, loaded: "CompiledProfiles") -> list[SnapshotElement]:
    profile = profile_of(part)
    return loaded.snapshots.of(profile).children if profile and loaded.snapshots.has(profile) else []


def _bound(part: SnapshotElement, loaded: "CompiledProfiles") -> Fits | None:
    binding = part.definition.get("binding")
    if not binding or binding.get("strength") != "required":
        return None
    codes = loaded.valuesets.codes(value_set_of(binding))
    if codes is None:
        return None
    return lambda value: (
        value in codes.alone if isinstance(value, str) else (value.get("system", ""), value.get("code")) in codes.pairs
    )
