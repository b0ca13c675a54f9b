"""The XML writer: a resource in FHIR's JSON shape becomes a document.

For each type there is a table with an entry for each name that an object of the type may have, which tells how its
value is written. The parts of a document are collected in one list, in the order of their types, and joined at the end.
They come in threes: markup, a text, markup. So all texts are looked through for what needs an escape at once.

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
from registry_sandbox.fhir.xml import DECLARATION, NAMESPACE, escaped, needs_escapes

_Object = Mapping[str, Any]
_Parts = list[str]
_Write = Callable[[Any, _Parts], object]
"""Adds a value to the parts of a document."""


class _WriteElement(Protocol):
    """Adds an element of these members, and of attributes that are not among them."""

    def __call__(self, members: _Object, parts: _Parts, attributes: str = "", /) -> None: ...


_Member = tuple[int, str, _Write]
"""How a member is written: its rank, what a text stands behind (or nothing), and what writes any other value.

A plain tuple, because Python unpacks it several times faster than one with named fields.
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """How the members of a type are written: `elements` by name, and the names of `attributes`.

    What a primitive has beside its value (`_status`) is written with the value: how, stands under both names together.
    """

    attributes: list[str] = field(default_factory=list)
    elements: dict[str | tuple[str, str], _Member] = field(default_factory=dict)


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
        parts = [DECLARATION, "", ""]
        self._resource(resource, parts, f' xmlns="{NAMESPACE}"')
        texts = parts[1::3]
        if needs_escapes("".join(texts)):
            parts[1::3] = map(escaped, texts)
        return "".join(parts)

    def _resource(self, resource: _Object, parts: _Parts, namespace: str = "") -> None:
        name = resource["resourceType"]
        if name in self._resources:
            self._resources[name](resource, parts, namespace)
            return
        # Nothing is known of its elements but that it may have an id, which references name.
        known = {"id": resource["id"]} if isinstance(resource.get("id"), str) else {}
        _element(name, self._tables[ANY_RESOURCE])(known, parts, namespace)

    def _resource_inside(self, name: str, resource: _Object, parts: _Parts) -> None:
        parts += (f"<{name}>", "", "")
        self._resource(resource, parts)
        parts += (f"</{name}>", "", "")

    def _fill(self, table: _Table, described: Type) -> None:
        table.attributes.extend(each.name for each in described.elements if each.attribute)
        if described.kind == "resource":
            table.elements["resourceType"] = (-1, "", _nothing)
        for rank, element in enumerate(described.elements):
            if not element.attribute:
                table.elements.update(self._elements(rank, element))

    def _elements(self, rank: int, element: Element) -> Iterator[tuple[str | tuple[str, str], _Member]]:
        name, json_type = element.name, self._structure.types[element.type].json
        is_primitive = bool(json_type) and element.type != XHTML
        is_text = is_primitive and json_type == "string"
        value = self._shared.setdefault((name, element.type), self._value(element))
        yield name, (rank, sys.intern(f'<{name} value="') if is_text else "", value)
        if is_primitive:
            yield (name, f"_{name}"), (rank, "", self._shared.setdefault((name, ""), partial(self._pair, name)))

    def _value(self, element: Element) -> _Write:
        """Return what writes one value of an element."""
        name = element.name
        if element.type == XHTML:
            return lambda div, parts: parts.extend((str(div), "", ""))
        if element.type == ANY_RESOURCE:
            return partial(self._resource_inside, name)
        if self._structure.types[element.type].json:
            return lambda value, parts: parts.extend(
                (f"<{name}/>", "", "") if value is None else (f'<{name} value="', _text(value), '"/>')
            )
        return _element(name, self._tables[element.type])

    def _pair(self, name: str, pair: tuple[Any, Any], parts: _Parts) -> None:
        """Write a primitive with the id and extensions beside its value, or beside each of its values."""
        value, beside = pair
        write = _element(name, self._tables["Element"])  # few have any: it is made when it is wanted
        pairs = zip_longest(value or (), beside) if type(beside) is list else [pair]
        for each, other in pairs:
            write(other or {}, parts, "" if each is None else f' value="{escaped(_text(each))}"')


def _element(name: str, table: _Table) -> _WriteElement:
    """Return what writes an element by the table of its type."""
    elements, begin, end = table.elements, f"<{name}", f"</{name}>"

    # The loop that every member passes: a text is written here, because a call costs as much as the rest of a turn.
    def write(members: _Object, parts: _Parts, attributes: str = "", /) -> None:
        before, last = len(parts), -1
        parts += (begin + attributes, "", ">")
        empty = len(parts)
        for own, value in members.items():
            try:
                rank, text, write_member = elements[own]
            except KeyError:
                rank, text, write_member = _NO_ELEMENT
            if rank < last:  # an attribute, or in another order: resources that were read are in order
                del parts[before:]
                write(_arranged(members, table), parts, attributes + _attributes(members, table))
                return
            last = rank
            if text and type(value) is str:
                parts += (text, value, '"/>')
            elif type(value) is list:
                for each in value:
                    write_member(each, parts)
            else:
                write_member(value, parts)
        if len(parts) > empty:
            parts += (end, "", "")
        else:
            parts[-1] = "/>"

    return write


def _attributes(members: _Object, table: _Table) -> str:
    return "".join(f' {name}="{escaped(members[name])}"' for name in table.attributes if name in members)


def _arranged(members: _Object, table: _Table) -> Mapping[Any, Any]:
    """Return the members that are elements, in order; a primitive and what it has beside its value are one pair."""
    inside: dict[Any, Any] = {name: value for name, value in members.items() if name in table.elements}
    for name in members:
        pair = (name[1:], name)
        if pair in table.elements:
            inside[pair] = (inside.pop(name[1:], None), members[name])
    return {name: inside[name] for name in sorted(inside, key=lambda name: table.elements[name][0])}


def _nothing(_value: Any, _parts: _Parts) -> None:
    pass


_NO_ELEMENT: _Member = (-2, "", _nothing)
"""Of a lower rank than any element, and than `resourceType`."""


def _text(value: Any) -> str:
    """Return a primitive as a text, without escapes."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    # str() of a Decimal may have an exponent, which FHIR forbids.
    return f"{value:f}" if kind is Decimal else str(value)
