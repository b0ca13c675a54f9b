"""The XML writer: a resource in FHIR's JSON shape becomes a document.

Source: FHIR STU3, XML Representation.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Structure, Type
from registry_sandbox.fhir.xml import DECLARATION, NAMESPACE, SPECIAL, escaped


class _Slot(NamedTuple):
    """Where an element stands in its type's order, and what is written for it.

    `type` is that of its own elements; `plain` is a primitive whose value, if it is text, is written as it is.
    """

    order: int
    name: str
    type: str
    primitive: bool
    attribute: bool
    plain: bool


class XmlWriter:
    """Writes resources as XML, from tables made once. The resource must have the shape of its type."""

    def __init__(self, structure: Structure) -> None:
        self._types = {each.name: _slots(each, structure) for each in structure.types.values()}
        self._described = frozenset(each.name for each in structure.resources())

    def write(self, resource: Mapping[str, Any]) -> str:
        """Return the document of a resource."""
        parts = [DECLARATION]
        self._resource(resource, parts, f' xmlns="{NAMESPACE}"')
        return "".join(parts)

    def _resource(self, resource: Mapping[str, Any], parts: list[str], namespace: str = "") -> None:
        name = resource["resourceType"]
        if name not in self._described:
            # Nothing is known of its elements but that it may have an id, which references name.
            resource = {"id": resource["id"]} if isinstance(resource.get("id"), str) else {}
        self._element(name, resource, self._types[name if name in self._described else ANY_RESOURCE], parts, namespace)

    def _element(
        self, name: str, members: Mapping[str, Any], slots: Mapping[str, _Slot], parts: list[str], head: str = ""
    ) -> None:
        """Write an element. Its parts are added where they belong; its beginning is known last, for the attributes."""
        beginning, last, attributes = len(parts), -1, head
        parts.append("")
        for own, content in members.items():
            slot = slots.get(own)
            if slot is None:  # resourceType
                continue
            if slot.order < last:  # read resources are in order; one made by hand need not be
                del parts[beginning:]
                self._element(name, _in_order(members, slots), slots, parts, head)
                return
            last = slot.order
            if type(content) is str and slot.plain and f"_{own}" not in members:  # what most elements are
                value = escaped(content) if SPECIAL.search(content) else content
                parts.append(f'<{own} value="{value}"/>')
            elif slot.attribute:
                attributes += f' {own}="{escaped(content)}"'
            elif slot.primitive:
                if own[0] != "_" or slot.name not in members:  # its value comes first, and brings it along
                    self._primitives(slot, members, parts)
            else:
                for each in content if type(content) is list else (content,):
                    self._complex(slot, each, parts)
        if len(parts) == beginning + 1:
            parts[beginning] = f"<{name}{attributes}/>"
            return
        parts[beginning] = f"<{name}{attributes}>"
        parts.append(f"</{name}>")

    def _complex(self, slot: _Slot, value: Any, parts: list[str]) -> None:
        if slot.type == ANY_RESOURCE:
            parts.append(f"<{slot.name}>")
            self._resource(value, parts)
            parts.append(f"</{slot.name}>")
        elif slot.type == XHTML:
            parts.append(value)
        else:
            self._element(slot.name, value, self._types[slot.type], parts)

    def _primitives(self, slot: _Slot, members: Mapping[str, Any], parts: list[str]) -> None:
        """Write the values of a member, with the ids and extensions that its sibling with the underscore has."""
        name = slot.name
        values, others = members.get(name), members.get(f"_{name}")
        if others is None and type(values) is not list:
            parts.append(f'<{name} value="{_text(values)}"/>')
            return
        listed = values if type(values) is list else [values]
        beside = others if type(others) is list else [others]
        for index in range(max(len(listed), len(beside))):
            value = listed[index] if index < len(listed) else None
            other = beside[index] if index < len(beside) else None
            head = "" if value is None else f' value="{_text(value)}"'
            self._element(name, other or {}, self._types["Element"], parts, head)


def _in_order(members: Mapping[str, Any], slots: Mapping[str, _Slot]) -> dict[str, Any]:
    """Return the members in the order of the type; a `_name` follows its `name`, being the same element."""
    known = [name for name in members if name in slots]
    return {name: members[name] for name in sorted(known, key=lambda name: (slots[name].order, name[0] == "_"))}


def _text(value: Any) -> str:
    """Return a primitive as the text of an attribute."""
    kind = type(value)
    if kind is str:
        return escaped(value)
    if kind is bool:
        return "true" if value else "false"
    # str() of a Decimal may have an exponent, which FHIR forbids.
    return f"{value:f}" if kind is Decimal else str(value)


def _slots(described: Type, structure: Structure) -> dict[str, _Slot]:
    slots = {}
    for order, element in enumerate(described.elements):
        primitive = bool(structure.types[element.type].json) and element.type != XHTML
        plain = primitive and not element.attribute
        slots[element.name] = _Slot(order, element.name, element.type, primitive, element.attribute, plain)
        if plain:
            slots[f"_{element.name}"] = slots[element.name]._replace(plain=False)
    return slots
