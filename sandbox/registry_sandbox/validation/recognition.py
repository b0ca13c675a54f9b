"""What is plainly a resource is recognised in one walk; of anything else nothing is said, and the schema judges it.

Most bodies are plain, and a walk costs a tenth of what XML and the schema cost. Its tables are made of the same facts
as the schema. Whatever is recognised, the schema would accept and give back as the same: the tests hold the two
together. The reverse is not promised: left to the schema are narratives, decimals, base64, the ids and extensions of
primitives, and every spelling that is seldom seen.

Source: FHIR STU3, JSON Representation; Data Types.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.fhir.structure import ANY_RESOURCE, Structure, Type
from registry_sandbox.validation.lexical import LARGEST_INTEGER, PLAIN

Test = Callable[[Any], object]
"""Tells whether a value is recognised; it is only asked of values of one Python type."""

_Table = dict[str, tuple[int, type, Test]]
"""By the name of a member: its rank in its type, the Python type of its value, and what recognises the value."""

_LARGEST_BODY = 1_000_000
"""Bytes of JSON: as XML the body stays below every limit that libxml2 has for a text."""

_MOST_OBJECTS = 40
"""So many may even stand all inside each other: at two elements each, they are not nested too deep."""

_MOST_LEVELS = 80
"""Of objects and arrays inside each other: there is at most one element more."""


class Recogniser:
    """Recognises resources, by tables made once. Its calls hold no state."""

    def __init__(self, structure: Structure) -> None:
        tables: dict[str, _Table] = {name: {} for name in structure.types}
        self._compiled_profiles: dict[str, Test] = {
            each.name: _walk(tables[each.name]) for each in structure.resources()
        }
        tests = _tests(structure, tables, self._compiled_profiles)
        for described in structure.types.values():
            tables[described.name].update(_table(described, tests))
        self._ranks = {name: _ranks(table, structure.types[name]) for name, table in tables.items()}

    def recognised(self, resource: Resource, body: bytes) -> Resource | None:
        """Give the resource, its members in the order of their types, if it is plainly one; else nothing.

        Args:
            resource: what the body was parsed to, with a resourceType that is known. It is left as it is.
            body: the JSON, which tells at a glance how deep it can be nested.
        """
        # An object in which a name is repeated is of a type of its own.
        if type(resource) is not dict or len(body) > _LARGEST_BODY:
            return None
        if body.count(b"{") > _MOST_OBJECTS and _is_deeper(resource, _MOST_LEVELS):
            return None
        walk = self._compiled_profiles[resource["resourceType"]]
        try:
            try:
                return resource if walk(resource) else None
            except _DisorderedError:
                ordered = self._ordered(resource, ANY_RESOURCE)
                return ordered if walk(ordered) else None
        except _NOT_RECOGNISED:
            return None

    def recognises(self, resource: Resource) -> bool:
        """Tell whether a resource is plainly one, in the order in which its members stand; it is not nested deep."""
        try:
            return bool(self._compiled_profiles[resource["resourceType"]](resource))
        except _NOT_RECOGNISED:
            return False

    def _ordered(self, members: dict[str, Any], of_type: str) -> dict[str, Any]:
        """Give a copy with the members in the order of the type, and so on inside; values are not looked at."""
        ranks = self._ranks[str(members["resourceType"]) if of_type == ANY_RESOURCE else of_type]
        return {name: self._inside(members[name], ranks[name][1]) for name in sorted(members, key=ranks.__getitem__)}

    def _inside(self, value: Any, of_type: str) -> Any:
        # Of the exact types only: a copy of an object in which a name is repeated would not tell it any more.
        if type(value) is list:
            return [self._ordered(each, of_type) if type(each) is dict else each for each in value]
        return self._ordered(value, of_type) if type(value) is dict else value


class _DisorderedError(Exception):
    """A member stands behind one that it comes before, or beside another one of the same choice."""


_NOT_RECOGNISED = (KeyError, _DisorderedError)
"""A member that no table has; or one in the wrong place, or twice chosen."""


def _walk(table: _Table) -> Test:
    """Make the test of an object, by the table of its type: one look-up for each member, and one call."""

    def recognises(members: dict[str, Any]) -> bool:
        last = -1
        for name, value in members.items():
            rank, kind, test = table[name]
            if rank <= last:
                raise _DisorderedError
            last = rank
            if type(value) is not kind or not test(value):
                return False
        return last >= 0  # an empty object is none

    return recognises


def _each(kind: type, test: Test) -> Test:
    def recognises(values: list[Any]) -> bool:
        for value in values:
            if type(value) is not kind or not test(value):
                return False
        return bool(values)

    return recognises


def _any_of(compiled_profiles: Mapping[str, Test]) -> Test:
    def recognises(resource: dict[str, Any]) -> object:
        name = resource.get("resourceType")
        return type(name) is str and name in compiled_profiles and compiled_profiles[name](resource)

    return recognises


def _table(described: Type, tests: Mapping[str, tuple[type, Test]]) -> _Table:
    """Give the table of a type: attributes come first, as in XML, and all members of a choice have one rank."""
    table: _Table = {}
    if described.kind == "resource":
        table["resourceType"] = (0, str, described.name.__eq__)
    elements = sorted(described.elements, key=lambda each: not each.attribute)
    places = list(dict.fromkeys(each.choice or each.name for each in elements))
    for each in elements:
        if each.type in tests:
            kind, test = tests[each.type]
            rank = 1 + places.index(each.choice or each.name)
            table[each.name] = (rank, list, _each(kind, test)) if each.many else (rank, kind, test)
    return table


def _ranks(table: _Table, described: Type) -> dict[str, tuple[int, str]]:
    types = {each.name: each.type for each in described.elements}
    return {name: (rank, types.get(name, "string")) for name, (rank, _, _) in table.items()}


def _tests(
    structure: Structure, tables: Mapping[str, _Table], compiled_profiles: Mapping[str, Test]
) -> dict[str, tuple[type, Test]]:
    """Give for each type that may be recognised the Python type of its values, and the test of one."""
    tests: dict[str, tuple[type, Test]] = {
        "boolean": (bool, (True, False).__contains__),
        "integer": (int, range(-LARGEST_INTEGER - 1, LARGEST_INTEGER + 1).__contains__),
        "positiveInt": (int, range(1, LARGEST_INTEGER + 1).__contains__),
        "unsignedInt": (int, range(LARGEST_INTEGER + 1).__contains__),
        ANY_RESOURCE: (dict, _any_of(compiled_profiles)),
    }
    for name, described in structure.types.items():
        if described.kind == "complex-type":
            tests[name] = dict, _walk(tables[name])
    for name, pattern in PLAIN.items():
        tests[name] = str, re.compile(pattern, re.ASCII).fullmatch
    return tests


def _is_deeper(value: Any, than: int) -> bool:
    """Tell whether more objects and arrays than this stand inside each other."""
    level = [value]
    for _ in range(than):
        level = [each for holder in level for each in _holders(holder)]
        if not level:
            break
    return bool(level)


def _holders(holder: Any) -> list[Any]:
    values = holder.values() if isinstance(holder, dict) else holder
    return [each for each in values if isinstance(each, dict | list)]
