"""Which slice an item belongs to, by the discriminators value, pattern and exists.

Source: https://hl7.org/fhir/STU3/profiling.html#discriminator
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from registry_sandbox.validation import values
from registry_sandbox.validation.snapshot import Snapshots, profile_of
from registry_sandbox.validation.snapshot_element import SnapshotElement, value_set_of
from registry_sandbox.validation.validators import Validator
from registry_sandbox.validation.valuesets import ValueSets

Matches = Callable[[Any], bool]
_EXTENSION = re.compile(r"extension\('([^']+)'\)|extension\(([^)']+)\)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


class UnusableSlicing(Exception):
    """A slicing cannot be used: its discriminator is not supported, or a slice fixes nothing for it."""


class Told(NamedTuple):
    """How the items of a slice are told: by a test, and, where that is all there is to it, by the text of one child."""

    matches: Matches
    text: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: which items are its, what validates them, and how many there may be."""

    name: str
    told: Told
    validate: Validator | None
    least: int
    most: int
    source: str


def classifier(slices: Sequence[Slice]) -> Callable[[Any], int | None]:
    """Return the function that gives the index of an item's slice, or None.

    Extensions are told by their `url`, so that one look-up finds the slice, however many there are.
    """
    texts = [part.told.text for part in slices]
    names = {text[0] for text in texts if text}
    if None not in texts and len(names) == 1:
        name = names.pop()
        by_text = {text[1]: n for n, text in reversed(list(enumerate(texts))) if text}
        return lambda item: by_text.get(item.get(name))
    return lambda item: next((n for n, part in enumerate(slices) if part.told.matches(item)), None)


def told_by(part: SnapshotElement, slicing: dict[str, Any], snapshots: Snapshots, valuesets: ValueSets) -> Told:
    """Return how the items of a slice are told.

    Raises:
        UnusableSlicing: a discriminator is of a kind that is not supported, or the slice has no value for it.
    """
    discriminators = slicing.get("discriminator", [])
    if not discriminators:
        raise UnusableSlicing("has no discriminator, so that no item can be told to belong to it")
    tests = [_test(part, stated, snapshots, valuesets) for stated in discriminators]
    if len(tests) == 1:
        return Told(tests[0], _text(part, discriminators[0], snapshots))
    return Told(lambda item: all(test(item) for test in tests))


def _text(part: SnapshotElement, stated: dict[str, Any], snapshots: Snapshots) -> tuple[str, str] | None:
    """Return the name and the fixed text of the child that tells a slice, if nothing else does."""
    name = stated.get("path")
    children = part.children or _children_of_profile(part, snapshots)
    child = next((child for child in children if child.name == name), None)
    if child is None or child.repeats or stated.get("type") != "value":
        return None
    if any(key.startswith(("fixed", "pattern")) for key in part.definition):
        return None
    fixed = [value for key, value in child.definition.items() if key.startswith(("fixed", "pattern"))]
    return (child.name, fixed[0]) if len(fixed) == 1 and isinstance(fixed[0], str) else None


def _test(part: SnapshotElement, stated: dict[str, Any], snapshots: Snapshots, valuesets: ValueSets) -> Matches:
    kind, path = stated.get("type"), str(stated.get("path", ""))
    if kind not in {"value", "pattern", "exists"}:
        raise UnusableSlicing(f"is told by the discriminator {kind} of {path}; supported are value, pattern and exists")
    steps = list(_steps(path))
    if kind == "exists":
        return _existence(part, path, steps)
    expected = _expected(part, steps, snapshots, valuesets)
    if expected is None:
        raise UnusableSlicing(f"fixes no value at {path}, by which its items are told")
    return lambda item: any(expected(value) for value in _values(item, steps))


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
        spelt = (key for key in holder if key.startswith(step) and key[len(step) : len(step) + 1].isupper())
        value = next((holder[key] for key in spelt), None)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _existence(part: SnapshotElement, path: str, steps: list[str]) -> Matches:
    node: SnapshotElement | None = part
    for step in steps:
        node = next((c for c in node.children if step in {c.name, c.stem}), None) if node else None
    if node is None or (node.definition["min"] == 0 and node.definition["max"] != "0"):
        raise UnusableSlicing(f"says neither that {path} is there nor that it is not, by which its items are told")
    wanted = node.definition["max"] != "0"
    return lambda item: bool(_values(item, steps)) == wanted


def _expected(part: SnapshotElement, steps: list[str], snapshots: Snapshots, valuesets: ValueSets) -> Matches | None:
    """Return the test for what a slice fixes at a path: there, or in a fixed or pattern value of an element above."""
    for key, wanted in part.definition.items():
        if key.startswith(("fixed", "pattern")):
            inner = _values(wanted, steps)
            if inner:
                holds = values.same if key.startswith("fixed") else values.holds_pattern
                return lambda value: holds(value, inner[0])
    if not steps:
        return _bound(part, valuesets)
    if _EXTENSION.fullmatch(steps[0]):
        raise UnusableSlicing(f"is told by the value of {steps[0]}; an extension can only be told by being there")
    children = part.children or _children_of_profile(part, snapshots)
    child = next((child for child in children if steps[0] in {child.name, child.stem}), None)
    return _expected(child, steps[1:], snapshots, valuesets) if child else None


def _children_of_profile(part: SnapshotElement, snapshots: Snapshots) -> list[SnapshotElement]:
    profile = profile_of(part)
    return snapshots.of(profile).children if profile and snapshots.has(profile) else []


def _bound(part: SnapshotElement, valuesets: ValueSets) -> Matches | None:
    binding = part.definition.get("binding")
    if not binding or binding.get("strength") != "required":
        return None
    codes = valuesets.codes(value_set_of(binding))
    if codes is None:
        return None
    return lambda value: (
        value in codes.alone if isinstance(value, str) else (value.get("system", ""), value.get("code")) in codes.pairs
    )
