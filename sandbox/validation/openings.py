"""Which texts of a resource a profile leaves open: those that can be told to be good by themselves.

A text is open where nothing that judges its resource looks at it but the spelling of its type, patterns, and
invariants that are known to look at it, which are judged again for every resource. Where anything else might look at
it (a fixed value, a binding, a slice, an extension, an invariant whose reads are not known), it is not.

Source: https://hl7.org/fhir/STU3/elementdefinition.html
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from sandbox.validation.checks import Check, Holds
from sandbox.validation.element import Element, codes_of
from sandbox.validation.invariants import ELE_1, READS, compiled, pattern_of
from sandbox.validation.judging import BASE, Judging, Place, Step
from sandbox.validation.lexical import PLAIN
from sandbox.validation.references import reference_checks
from sandbox.validation.structure_definition import Walks

Test = Callable[[str], object]
"""Tells whether a text is good."""

LARGEST_BODY = 8_192
"""Bytes of a body whose texts are asked about: none of them can be longer."""

_VALUE_KEYS = ("fixed", "pattern", "minValue", "maxValue", "binding", "contentReference")
_SOMEWHERE: Place = (None, Step("Reference", "f:Reference", 0), None)
_ANY_TEXT = PLAIN["string"]
_HOLDERS = frozenset({"Extension", "Resource", "DomainResource", "Narrative"})


class Opening(NamedTuple):
    """An open text, which is good if it is printable, not empty, and passes the `tests`.

    The `checks` have to hold of its ancestors too, each of the one that is so many steps from the root.
    """

    tests: tuple[Test, ...]
    checks: tuple[tuple[int, Holds], ...]


class NotOpenError(Exception):
    """Something looks at the text that it is not known to be looked at by."""


def opening(walks: Walks, url: str, names: Sequence[str]) -> Opening | None:
    """Give what is to be judged of the text under these names, in resources judged by a profile; None if not open.

    Args:
        walks: has the snapshots.
        url: of the profile.
        names: from the root to the text, without indices.
    """
    if tuple(names) == ("meta", "profile"):  # by which a resource is judged
        return None
    checks: list[tuple[int, Holds]] = []
    element = walks.snapshots.of(url)
    try:
        for depth, name in enumerate(names):
            last = depth == len(names) - 1
            checks += [(depth, holds) for holds in _looking(walks, element, name, last=last)]
            element = _child(walks, element, name)
        return Opening(tuple(_tests(walks, element)), tuple(checks))
    except NotOpenError:
        return None


def _child(walks: Walks, element: Element, name: str) -> Element:
    children = element.children or _type_of(walks, element).children
    found = next((child for child in children if child.name == name), None)
    if found is None or found.slices or found.definition["max"] == "0":
        raise NotOpenError
    return found


def _type_of(walks: Walks, element: Element) -> Element:
    """Give the definition of the type of an element that has one type, and no profile of it."""
    codes = codes_of(element)
    profiled = any(stated.get("profile") for stated in element.definition.get("type", ()))
    if len(codes) != 1 or codes[0] in _HOLDERS or profiled:
        raise NotOpenError
    return walks.snapshots.of(BASE + codes[0])


def _looking(walks: Walks, element: Element, name: str, *, last: bool) -> Iterator[Holds]:
    """Give the invariants of an element with children that look at the text of one of them."""
    _require_unvalued(element)
    stated = list(element.definition.get("constraint", ()))
    if codes_of(element):
        of_type = _type_of(walks, element)
        _require_unvalued(of_type)
        stated += of_type.definition.get("constraint", ())
    for expression in {each.get("expression", "").strip() for each in stated} - {"", ELE_1}:
        if expression not in READS:
            raise NotOpenError
        if name in READS[expression]:
            if not last:
                raise NotOpenError
            yield compiled(expression, "")
    if name == "reference":
        yield from _targets(walks, element)


def _targets(walks: Walks, element: Element) -> Iterator[Holds]:
    checks = reference_checks(element, walks.type_of, walks.resource_types())
    return (partial(_finds_nothing, check) for check in checks)


def _finds_nothing(check: Check, value: Any, judging: Judging) -> bool:
    alone = Judging(judging.whole, judging.resource)
    check(value, _SOMEWHERE, alone)
    return not alone.found


def _require_unvalued(element: Element) -> None:
    if element.slices or element.also_bound or any(key.startswith(_VALUE_KEYS) for key in element.definition):
        raise NotOpenError


def _tests(walks: Walks, element: Element) -> Iterator[Test]:
    """Give what tells whether the text of a primitive is good: its spelling first."""
    of_type = _type_of(walks, element)
    value = next((child for child in of_type.children if child.name == "value"), None)
    if of_type.name not in PLAIN or value is None:
        raise NotOpenError
    if PLAIN[of_type.name] != _ANY_TEXT:
        yield re.compile(PLAIN[of_type.name], re.ASCII).fullmatch
    for each in (element, of_type, value):
        _require_unvalued(each)
        most = each.definition.get("maxLength", LARGEST_BODY)
        if most < LARGEST_BODY:
            yield partial(_is_no_longer, most)
        yield from _patterns(each)


def _is_no_longer(most: int, text: str) -> bool:
    return len(text) <= most


def _patterns(element: Element) -> Iterator[Test]:
    for expression in (each.get("expression", "").strip() for each in element.definition.get("constraint", ())):
        if expression in {"", ELE_1, "hasValue()"}:
            continue
        search = pattern_of(expression)
        if search is None:
            raise NotOpenError
        yield search
