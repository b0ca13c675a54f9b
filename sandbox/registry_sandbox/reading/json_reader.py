"""The JSON reader: one walk over a parsed body that checks every member and puts it in its place.

For each type there is a table with an entry for each name that an object of the type may have, and a closure that
walks an object by its table. What is in order costs a look-up, a comparison and one call for each member. All else
goes to the entry's `check`, which says what is wrong, or mends what may be spelled in several ways.

The parsed body itself becomes the resource. Members are put in the order of their type only where they were sent in
another. What XML could not tell apart is made the same: nulls that only pad, comments in a narrative.

Source: FHIR STU3, JSON Representation.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from registry_sandbox.fhir.json import MAX_DEPTH, Repeated, flaw_of
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Element, Structure, Type
from registry_sandbox.reading import wording
from registry_sandbox.reading.json_values import (
    RANGES,
    Check,
    Fits,
    Object,
    Walk,
    all_fit,
    anything,
    is_usable,
    many_beside,
    many_objects,
    many_primitives,
    one_object,
    other_decimal,
    other_integer,
    other_text,
    other_type,
)
from registry_sandbox.reading.lexical import FITS
from registry_sandbox.reading.narratives import Narratives
from registry_sandbox.reading.problems import PathOnly, Problems, Step, XPathOnly
from registry_sandbox.reading.undescribed import judge_json, keep_type_and_id

_Choice = tuple[str, str] | None
"""The slot of a choice, and the name that was chosen for it."""

_Member = tuple[int, type | None, Fits, _Choice, Check, Step]
"""What a member of an object is: its rank, a Python type, `fits`, its choice, its check, and its step in a path.

A value of that Python type that `fits` is plainly right; any other goes to the check. This is a plain tuple, because
Python unpacks it several times faster than one with named fields.
"""

_Table = dict[str, _Member]


class JsonReader:
    """Reads parsed JSON, by tables made once. Its calls hold no state.

    Args:
        facts: all types.
        narratives: judges the narratives.
        lenient: take the texts of primitives, and narratives, as they are. Published definitions have examples in them
            that are no values of their types.
    """

    def __init__(self, facts: Structure, narratives: Narratives, *, lenient: bool = False) -> None:
        self._facts = facts
        self._narratives = narratives
        self._lenient = lenient
        self._tables: dict[str, _Table] = {name: {} for name in facts.types}
        self._ranks: dict[str, dict[str, int]] = {name: {} for name in facts.types}
        self._walks = {name: _walk_of(self._tables[name], self._ranks[name]) for name in facts.types}
        element = self._walks["Element"]
        self._beside = {True: many_beside(element), False: one_object(element)}  # of primitives that repeat, or do not
        self._checks: dict[tuple[str, bool], Check] = {}
        self._resources = frozenset(each.name for each in facts.resources())
        self._known = self._resources | facts.opaque
        for described in facts.types.values():
            table = dict(self._members(described))
            self._tables[described.name].update(table)
            self._ranks[described.name].update((name, rank) for name, (rank, *_) in table.items())

    def read(self, resource: Object, found: Problems) -> None:
        """Judge a resource and put it in order, in place; `resourceType` has been looked at."""
        name = resource["resourceType"]
        if type(resource) is Repeated:
            found.note(wording.repeated_name, resource.name)
        self._walks[name](resource, 1, found)
        if found:
            found.inside(0, name)

    # The tables

    def _members(self, described: Type) -> Iterator[tuple[str, _Member]]:
        """Return the entries of a type: attributes come first, as in XML."""
        if described.kind == "resource":
            yield "resourceType", (0, str, anything, None, other_text("code"), PathOnly("resourceType"))
        rank = 1
        for element in sorted(described.elements, key=lambda each: not each.attribute):
            choice = (element.choice, element.name) if element.choice else None
            step = PathOnly(element.name) if element.attribute else element.name
            yield element.name, (rank, *self._value(element), choice, self._check(element), step)
            if self._facts.types[element.type].json and not element.attribute and element.type != XHTML:
                # Beside its value, a primitive may have an id and extensions.
                name = f"_{element.name}"
                yield name, (rank + 1, None, anything, choice, self._beside[element.many], name)
            rank += 2

    def _value(self, element: Element) -> tuple[type | None, Fits]:
        """Return what tells whether the value of an element is plainly right; no Python type if nothing does."""
        kind, fits = self._primitive(element.type)
        if kind is not None and element.many:
            return list, all_fit(kind, fits)
        return kind, fits

    def _primitive(self, of_type: str) -> tuple[type | None, Fits]:
        json_type = self._facts.types[of_type].json
        if not json_type or of_type == XHTML:
            return None, anything
        if json_type == "string":
            return str, is_usable if self._lenient else FITS[of_type]
        if of_type in RANGES:
            return int, RANGES[of_type].__contains__
        return (bool if json_type == "boolean" else Decimal), anything

    def _check(self, element: Element) -> Check:
        """Return the check of an element: the same for all that have its type, and repeat as it does."""
        key = element.type, element.many
        if key not in self._checks:
            self._checks[key] = self._new_check(element)
        return self._checks[key]

    def _new_check(self, element: Element) -> Check:
        of_type, json_type = element.type, self._facts.types[element.type].json
        if of_type == XHTML:
            return self._narrative
        if not json_type:
            walk = self._any_resource if of_type == ANY_RESOURCE else self._walks[of_type]
            return many_objects(walk) if element.many else one_object(walk)
        check = _check_of_primitive(of_type, json_type)
        kind, fits = self._primitive(of_type)
        return many_primitives(kind, fits, check) if element.many and kind is not None else check

    # What is no plain object

    def _narrative(self, holder: Object, name: str, value: Any, depth: int, found: Problems) -> bool:
        if type(value) is not str:
            found.note(wording.no_such_type, value, "string")
        elif flaw_of(value):
            found.note(wording.misspelt, value, XHTML)
        elif not self._lenient:
            holder[name] = self._narratives.read_text(value, MAX_DEPTH - depth + 1, found)
        return False

    def _any_resource(self, value: Object, depth: int, found: Problems) -> None:
        if not value:
            found.note(wording.empty_object)
            return
        name = value.get("resourceType")
        if isinstance(name, str) and name in self._resources:
            before = len(found)
            self._walks[name](value, depth + 1, found)
            if len(found) > before:
                found.inside(before, XPathOnly(f"f:{name}"))
        elif isinstance(name, str) and name in self._facts.opaque:
            judge_json(value, depth + 1, found)
            keep_type_and_id(value, name, found)
        else:
            found.note(wording.no_resource_type, name, self._known)


def _check_of_primitive(of_type: str, json_type: str) -> Check:
    if of_type == "decimal":
        return other_decimal
    if json_type == "number":
        return other_integer(of_type)
    return other_text(of_type) if json_type == "string" else other_type(json_type)


def _walk_of(table: _Table, ranks: Mapping[str, int]) -> Walk:  # noqa: C901 - what it makes is one loop
    """Make the closure that walks the objects of a type."""

    # The loop that every member passes: it is one function because a call costs as much as the rest of a turn.
    def walk(members: Object, depth: int, found: Problems) -> None:
        if depth > MAX_DEPTH or not members:
            found.note(wording.too_deep if members else wording.empty_object)
            return
        last, in_order = -1, True
        chosen: dict[str, str] = {}
        for name, value in members.items():
            try:
                rank, kind, fits, choice, check, step = table[name]  # the quickest look-up there is
            except KeyError:
                found.note(wording.unknown, name, table, at=PathOnly(name))
                continue
            if rank > last:
                last = rank
            else:
                in_order = False
            if choice is not None and (first := chosen.setdefault(*choice)) != choice[1]:
                found.note(wording.twice_chosen, choice[0], first, at=step)
            if type(value) is kind and fits(value):
                continue
            before = len(found)
            if check(members, name, value, depth + 1, found):
                in_order = False
            if len(found) > before:
                found.inside(before, step)
        if not in_order and not found:
            _arrange(members, ranks.__getitem__)

    return walk


def _arrange(members: Object, rank_of: Callable[[str], int]) -> None:
    """Put members in the order of their type, without those that came to nothing."""
    for name in sorted(members, key=rank_of):
        value = members.pop(name)
        if value is not None:
            members[name] = value
