"""A tree of XML that the reading schema passed, as a resource in FHIR's JSON shape.

Source: FHIR STU3, JSON Representation: what it derives from the same definition as the XML.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from lxml import etree

from registry_sandbox.fhir import narrative
from registry_sandbox.fhir.json import MAX_DEPTH, integer
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Structure, Type
from registry_sandbox.fhir.xml import NAMESPACE


class Unreadable(ValueError):
    """An element that no schema can refuse, and that still cannot be read: it is empty, or nested too deep."""

    def __init__(self, element: etree._Element, message: str) -> None:
        super().__init__(message)
        self.element = element


_NOT_BY_ELEMENTS = frozenset({XHTML, ANY_RESOURCE})
"""Of these types is what is not described by elements of its own: a narrative, or a whole resource."""


class _Child(NamedTuple):
    """What an element with a certain tag is: `read` makes its value from the text, where it is a primitive."""

    name: str
    many: bool
    type: str
    read: Callable[[str], Any] | None


_Children = Mapping[str, _Child]


class Reader:
    """Reads trees, from tables made once."""

    def __init__(self, structure: Structure) -> None:
        self._children: dict[str, _Children] = {
            each.name: _children(each, structure) for each in structure.types.values()
        }
        self._attributes = {
            each.name: tuple(element.name for element in each.elements if element.attribute)
            for each in structure.types.values()
        }
        self._tags = {f"{{{NAMESPACE}}}{each.name}": each.name for each in structure.resources()}

    def read(self, root: etree._Element) -> dict[str, Any]:
        """Give the resource.

        Raises:
            Unreadable: for the first element that has neither value nor content, or is nested too deep.
        """
        return self._resource(root, 1)

    def _resource(self, element: etree._Element, depth: int) -> dict[str, Any]:
        name = self._tags.get(element.tag)
        if name is None:
            return _opaque(element)
        resource = {"resourceType": name}
        self._members(element, self._children[name], resource, depth)
        return resource

    def _element(self, element: etree._Element, of_type: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name in self._attributes[of_type]:
            value = element.get(name)
            if value is not None:
                members[name] = value
        self._members(element, self._children[of_type], members, depth)
        if not members:
            raise Unreadable(element, "is empty: expected a value or content, or no such element at all")
        return members

    def _members(self, element: etree._Element, children: _Children, members: dict[str, Any], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Unreadable(element, f"is nested too deep: at most {MAX_DEPTH} elements stand inside each other")
        inside: list[etree._Element] = element[:]  # type: ignore[index, assignment]  # the stubs know no slices
        for child in inside:
            name, many, of_type, read = children[child.tag]
            if read is not None:
                attributes = child.items()
                if len(attributes) == 1 and attributes[0][0] == "value" and not many and not len(child):
                    members[name] = read(str(attributes[0][1]))  # as nearly all are: no call is spent on it
                else:
                    self._primitive(child, name, read, members, depth, many=many)
                continue
            plain = of_type not in _NOT_BY_ELEMENTS
            value = self._element(child, of_type, depth + 1) if plain else self._other(child, of_type, depth)
            if many:
                members.setdefault(name, []).append(value)
            else:
                members[name] = value

    def _other(self, element: etree._Element, of_type: str, depth: int) -> Any:
        if of_type == XHTML:
            if narrative.is_deeper(element, MAX_DEPTH - depth):
                raise Unreadable(element, f"is nested too deep: at most {MAX_DEPTH} elements stand inside each other")
            return narrative.text_of(element)
        if len(element) == 0:
            raise Unreadable(element, "is empty: expected a resource")
        return self._resource(element[0], depth + 2)

    def _primitive(  # noqa: PLR0913  # an element, where its value goes, and what it is
        self,
        element: etree._Element,
        name: str,
        read: Callable[[str], Any],
        members: dict[str, Any],
        depth: int,
        *,
        many: bool,
    ) -> None:
        text = element.get("value")
        value = None if text is None else read(text)
        plain = len(element) == 0 and element.get("id") is None
        other = None if plain and value is not None else self._element(element, "Element", depth + 1)
        if not many:
            if value is not None:
                members[name] = value
            if other is not None:
                members[f"_{name}"] = other
        else:
            _append(members, name, value, other)


def _append(members: dict[str, Any], name: str, value: Any, other: dict[str, Any] | None) -> None:
    """Add to a repeated primitive: values in one array, ids and extensions in another, which null keeps in step."""
    count = len(members.get(name) or members.get(f"_{name}") or ())
    for key, item in ((name, value), (f"_{name}", other)):
        items = members.get(key)
        if items is not None:
            items.append(item)
        elif item is not None:
            members[key] = [*([None] * count), item]


def _opaque(element: etree._Element) -> dict[str, Any]:
    """Give of a resource of a type that is not described here its type and its id, for references to name."""
    resource = {"resourceType": etree.QName(element).localname}
    identifier = element.find(f"{{{NAMESPACE}}}id")
    if identifier is not None and identifier.get("value"):
        resource["id"] = str(identifier.get("value"))
    return resource


def _children(described: Type, structure: Structure) -> dict[str, _Child]:
    children = {}
    for element in described.elements:
        json_type = structure.types[element.type].json
        read = None if element.type == XHTML else _READ.get(json_type)
        if json_type == "number":
            read = Decimal if element.type == "decimal" else integer
        tag = narrative.DIV if element.type == XHTML else f"{{{NAMESPACE}}}{element.name}"
        children[tag] = _Child(element.name, element.many, element.type, read)
    return children


_READ: Mapping[str, Callable[[str], Any]] = {"string": str, "boolean": "true".__eq__}
