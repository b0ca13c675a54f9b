"""XML as FHIR writes it: bytes to a tree, safely; and a resource as XML text.

Source: FHIR STU3, XML Representation.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from lxml import etree

from registry_sandbox.fhir import narrative
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Structure, Type

NAMESPACE = "http://hl7.org/fhir"
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class NotXml(ValueError):
    """The bytes are no XML document that is read here."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse(body: bytes) -> etree._Element:
    """Parse a document; nothing is loaded or expanded, comments and processing instructions are left out.

    Raises:
        NotXml: the body is not well-formed, is not in UTF-8, or declares a document type.
    """
    if b"<!DOCTYPE" in body:
        line = body.count(b"\n", 0, body.index(b"<!DOCTYPE")) + 1
        raise NotXml("The body has a document type declaration (DOCTYPE), which is never processed", line)
    declared = _ENCODING.match(body)
    if (declared and declared[1].lower() != b"utf-8") or body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in body:
        found = f"declares {declared[1].decode('ascii', 'replace')}" if declared else "is in another encoding"
        raise NotXml(f"The body {found}: FHIR is sent as UTF-8", 1)
    try:
        return etree.fromstring(body, _PARSER)
    except etree.XMLSyntaxError as error:
        raise NotXml(f"The body is not well-formed XML: {narrative.reason_of(error)}", error.lineno or None) from error


def has_instance_attributes(body: bytes, root: etree._Element) -> bool:
    """Tell whether an attribute of XML Schema stands in the document (`xsi:schemaLocation`, `xsi:type`).

    FHIR has none, but a schema processor lets them pass and may load what they name. Their namespace is written out in
    the body, unless character references spell it.
    """
    return (b"XMLSchema" in body or b"&#" in body) and bool(_INSTANCE_ATTRIBUTES(root))


_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,80}?\bencoding\s*=\s*[\"']([^\"'>]{0,40})")
_INSTANCE_ATTRIBUTES = etree.XPath("boolean(//@xsi:*)", namespaces={"xsi": SCHEMA_INSTANCE})
_PARSER = narrative.safe_parser()


class _Slot(NamedTuple):
    """Where an element stands in its type's order, and what is written for it: `type` is that of its own elements."""

    order: int
    name: str
    type: str
    primitive: bool
    attribute: bool


class Writer:
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
                inner.append(f'<{own} value="{escaped(content) if _SPECIAL.search(content) else content}"/>')
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


def escaped(text: str) -> str:
    """Give the text as it stands in an attribute."""
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


# A parser turns a line break or a tab in an attribute into a space, unless it is written as a reference.
_SPECIAL = re.compile('[&<>"\t\n\r]')
_ESCAPES = str.maketrans(
    {each: f"&#{ord(each)};" for each in "\t\n\r"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
)


def _slots(described: Type, structure: Structure) -> dict[str, _Slot]:
    slots = {}
    for order, element in enumerate(described.elements):
        primitive = bool(structure.types[element.type].json) and element.type != XHTML
        slots[element.name] = _Slot(order, element.name, element.type, primitive, element.attribute)
        if primitive and not element.attribute:
            slots[f"_{element.name}"] = slots[element.name]
    return slots
