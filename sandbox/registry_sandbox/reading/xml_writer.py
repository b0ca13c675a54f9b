"""The XML writer: a resource in FHIR's JSON shape becomes a document.

For each type there is a table with an entry for each name that an object of the type may have, which tells how its
value is written. An element is what its members come to, joined in the order of its type.

Source: FHIR STU3, XML Representation.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import Any, Protocol

from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Element, Structure, Type
from registry_sandbox.fhir.xml import DECLARATION, NAMESPACE, SPECIAL, escaped

_Object = Mapping[str, Any]
_Write = Callable[[Any], str]


class _WriteElement(Protocol):
    """Writes an element of these members, and of attributes that are not among them."""

    def __call__(self, members: _Object, attributes: str = "", /) -> str: ...


_Member = tuple[int, str, _Write]
"""How a member is written: its rank, what a text stands behind (or nothing), and what writes any other value.

A plain tuple, because Python unpacks it several times faster than one with named fields.
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """How the members of a type are written, by name.

    `alone` has the names of those that are written by themselves. The others are `attributes`, and what a primitive
    has beside its value (`_status`), which is written together with the value.
    """

    attributes: list[str] = field(default_factory=list)
    members: dict[str, _Member] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)


class XmlWriter:
    """Writes resources as XML, from tables made once. The resource must have the shape of its type."""

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._tables = {name: _Table() for name in structure.types}
        # What writes an element, by its name and type, or what it has beside its value: many stand in several tables.
        self._shared: dict[tuple[str, str], _Write] = {}
        self._resources = {each.name: _element(each.name, self._tables[each.name]) for each in structure.resources()}
        for described in structure.types.values():
            self._fill(self._tables[described.name], described)

    def write(self, resource: _Object) -> str:
        """Return the document of a resource."""
        return DECLARATION + self._resource(resource, f' xmlns="{NAMESPACE}"')

    def _resource(self, resource: _Object, namespace: str = "") -> str:
        name = resource["resourceType"]
        if name in self._resources:
            return self._resources[name](resource, namespace)
        # Nothing is known of its elements but that it may have an id, which references name.
        known = {"id": resource["id"]} if isinstance(resource.get("id"), str) else {}
        return _element(name, self._tables[ANY_RESOURCE])(known, namespace)

    def _fill(self, table: _Table, described: Type) -> None:
        table.attributes.extend(each.name for each in described.elements if each.attribute)
        if described.kind == "resource":
            table.members["resourceType"] = (-1, "", _nothing)
        for rank, element in enumerate(described.elements):
            if not element.attribute:
                table.members.update(self._members(rank, element))
        table.alone.update(name for name in table.members if not name.startswith("_"))

    def _members(self, rank: int, element: Element) -> Iterator[tuple[str, _Member]]:
        name, json_type = element.name, self._structure.types[element.type].json
        is_primitive = bool(json_type) and element.type != XHTML
        is_text = is_primitive and json_type == "string"
        value = self._shared.setdefault((name, element.type), self._value(element))
        yield name, (rank, sys.intern(f'<{name} value="') if is_text else "", value)
        if is_primitive:
            yield f"_{name}", (rank, "", self._shared.setdefault((name, ""), partial(self._pair, name)))

    def _value(self, element: Element) -> _Write:
        """Return what writes one value of an element."""
        name = element.name
        if element.type == XHTML:
            return str
        if element.type == ANY_RESOURCE:
            return lambda resource: f"<{name}>{self._resource(resource)}</{name}>"
        if self._structure.types[element.type].json:
            return lambda value: f"<{name}/>" if value is None else f'<{name} value="{_text(value)}"/>'
        return _element(name, self._tables[element.type])

    def _pair(self, name: str, pair: tuple[Any, Any]) -> str:
        """Write a primitive with the id and extensions beside its value, or beside each of its values."""
        value, beside = pair
        write = _element(name, self._tables["Element"])  # few have any: it is made when it is wanted
        pairs = zip_longest(value or (), beside) if type(beside) is list else [pair]
        return "".join(write(other or {}, "" if each is None else f' value="{_text(each)}"') for each, other in pairs)


def _element(name: str, table: _Table) -> _WriteElement:
    """Return what writes an element by the table of its type."""
    entries, alone, is_special = table.members, table.alone, SPECIAL.search

    # The loop that every member passes: a text is written here, because a call costs as much as the rest of a turn.
    def write(members: _Object, attributes: str = "", /) -> str:
        if not members.keys() <= alone:
            attributes += _attributes(members, table)
            members = _paired(members, table)
        parts, last = [], -1
        for own, value in members.items():
            rank, text, write_member = entries[own]
            if rank < last:  # read resources are in order; one made by hand need not be
                return write(_in_order(members, table), attributes)
            last = rank
            if text and type(value) is str:
                parts.append(f'{text}{escaped(value) if is_special(value) else value}"/>')
            elif type(value) is list:
                parts.extend(map(write_member, value))
            else:
                parts.append(write_member(value))
        inside = "".join(parts)
        return f"<{name}{attributes}>{inside}</{name}>" if inside else f"<{name}{attributes}/>"

    return write


def _attributes(members: _Object, table: _Table) -> str:
    return "".join(f' {name}="{escaped(members[name])}"' for name in table.attributes if name in members)


def _paired(members: _Object, table: _Table) -> _Object:
    """Return the members that are elements, in order; a primitive and what it has beside its value are one pair."""
    inside = {name: value for name, value in members.items() if name in table.members}
    for name in [each for each in inside if each not in table.alone]:
        inside[name] = (inside.pop(name[1:], None), inside[name])
    return _in_order(inside, table)


def _in_order(members: _Object, table: _Table) -> _Object:
    return {name: members[name] for name in sorted(members, key=lambda name: table.members[name][0])}


def _nothing(_value: Any) -> str:
    return ""


def _text(value: Any) -> str:
    """Return a primitive as the text of an attribute."""
    kind = type(value)
    if kind is str:
        return escaped(value)
    if kind is bool:
        return "true" if value else "false"
    # str() of a Decimal may have an exponent, which FHIR forbids.
    return f"{value:f}" if kind is Decimal else str(value)
