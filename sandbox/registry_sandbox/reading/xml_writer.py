"""The XML writer: a resource in FHIR's JSON shape becomes a document.

Source: FHIR STU3, XML Representation.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Structure, Type
from registry_sandbox.fhir.xml import DECLARATION, NAMESPACE, SPECIAL, escaped


class _Slot(NamedTuple):
    """Where an element stands in its type's order, and what is written for it: `type` is that of its own elements."""

    order: int
    name: str
    type: str
    primitive: bool
    attribute: bool


class XmlWriter:
    """Writes resources as XML, from tables made once. The resource must have the shape of its type."""

    def __init__(self, structure: Structure) -> None:
        self._types = {each.name: _slots(each, structure) for each in structure.types.values()}
        self._described = frozenset(each.name for each in structure.resources())

    def write(self, resource: Mapping[str, Any]) -> str:
        """Give the document of a resource."""
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
        inner: list[str] = []
        for slot in _in_order(members, slots):
            _, own, _, primitive, attribute = slot
            content: Any = members.get(own)
            if attribute:
                head += f' {own}="{escaped(content)}"'
            elif not primitive:
                for each in content if type(content) is list else (content,):
                    self._complex(slot, each, inner)
            elif type(content) is str and f"_{own}" not in members:  # what most elements are
                inner.append(f'<{own} value="{escaped(content) if SPECIAL.search(content) else content}"/>')
            else:
                self._primitives(slot, members, inner)
        parts.append(f"<{name}{head}>" if inner else f"<{name}{head}/>")
        if inner:
            parts += inner
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


def _in_order(members: Mapping[str, Any], slots: Mapping[str, _Slot]) -> list[_Slot]:
    """Give the slots of what is there, in the order of the type; a `_name` beside its `name` is the same element."""
    found = [slots[name] for name in members if name != "resourceType" and not (name[0] == "_" and name[1:] in members)]
    found.sort()
    return found


def _text(value: Any) -> str:
    """Give a primitive as the text of an attribute."""
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
        slots[element.name] = _Slot(order, element.name, element.type, primitive, element.attribute)
        if primitive and not element.attribute:
            slots[f"_{element.name}"] = slots[element.name]
    return slots
