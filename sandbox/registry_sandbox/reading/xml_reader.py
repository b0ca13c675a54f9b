"""The XML reader: one walk over a parsed tree that builds the resource and judges every element of it.

For each type there is a table with an entry for each tag that may stand in an element of the type, and a closure that
reads such an element by the table. Elements come in the order of their type, or they are refused; so the members of
the resource are in that order too.

Source: FHIR STU3, XML Representation.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from registry_sandbox.fhir import narrative, xml
from registry_sandbox.fhir.json import MAX_DEPTH, integer
from registry_sandbox.fhir.structure import ANY_RESOURCE, XHTML, Element, Structure
from registry_sandbox.reading import wording
from registry_sandbox.reading.lexical import ANY_TEXT, FITS, Fits
from registry_sandbox.reading.narratives import Narratives
from registry_sandbox.reading.problems import Problems
from registry_sandbox.reading.undescribed import judge_xml, type_and_id
from registry_sandbox.reading.xml_problems import (
    WHITE_SPACE,
    Child,
    Entry,
    Fill,
    Object,
    Read,
    Table,
    is_empty,
    locate,
    name_outsider,
    note_attributes,
    note_misplaced,
    note_text,
    note_unknown,
)

SCHEMA_LOCATIONS = tuple(f"{{{xml.SCHEMA_INSTANCE}}}{name}" for name in ("schemaLocation", "noNamespaceSchemaLocation"))
"""The attributes that published files carry on their root: let pass there, and never followed."""


class XmlReader:
    """Reads trees, by tables made once. Its calls hold no state.

    Args:
        facts: all types.
        narratives: judges the narratives.
        lenient: take the texts of primitives, the order of elements, and narratives as they are.
    """

    def __init__(self, facts: Structure, narratives: Narratives, *, lenient: bool = False) -> None:
        self._facts = facts
        self._narratives = narratives
        self._lenient = lenient
        self._tables: dict[str, Table] = {name: {} for name in facts.types}
        self._fill = {name: _fill_of(table, in_order=not lenient) for name, table in self._tables.items()}
        beside = _fill_of(self._tables["Element"], in_primitive=True)
        self._beside = _element_reader(beside, {"id": "string"}, ("value",))
        self._reads = {name: self._reader(name) for name in facts.types}
        self._tags = {f"{{{xml.NAMESPACE}}}{each.name}": each.name for each in facts.resources()}
        self._opaque = {f"{{{xml.NAMESPACE}}}{name}": name for name in facts.opaque}
        self._known = {*self._tags.values(), *self._opaque.values()}
        for described in facts.types.values():
            self._tables[described.name].update(self._children(described.elements))

    def type_of(self, root: xml.Node) -> str | None:
        """Return the type of resource that an element is, or None if no such type is described."""
        return self._tags.get(root.tag)

    def read(self, root: xml.Node, found: Problems) -> Object:
        """Read a document whose root is a resource that is described."""
        name = self._tags[root.tag]
        note_attributes(root, found, but=SCHEMA_LOCATIONS)
        resource = self._resource(root, name, 1, found)
        found.inside(0, name)
        return resource

    # The tables

    def _reader(self, of_type: str) -> Read:
        if of_type == XHTML:
            return self._narrative
        if of_type == ANY_RESOURCE:
            return self._any_resource
        if self._facts.types[of_type].json:
            return self._beside
        attributes = {each.name: each.type for each in self._facts.types[of_type].elements if each.attribute}
        return _element_reader(self._fill[of_type], attributes, lenient=self._lenient)

    def _children(self, elements: tuple[Element, ...]) -> Iterator[tuple[str, Entry]]:
        inside = [each for each in elements if not each.attribute]
        slots = list(dict.fromkeys(each.choice or each.name for each in inside))
        for each in inside:
            json_type = "" if each.type == XHTML else self._facts.types[each.type].json
            fits = FITS[each.type] if json_type else None
            if json_type == "string" and (self._lenient or each.type in ANY_TEXT):
                fits = bool
            slot = each.choice or each.name
            tag = narrative.DIV if each.type == XHTML else f"{{{xml.NAMESPACE}}}{each.name}"
            convert = _CONVERT.get(each.type if each.type == "decimal" else json_type)
            read = self._reads[each.type]
            child = Child(slots.index(slot), each.name, each.many, fits, convert, read, each.type, slot)
            yield tag, (*child[:6], child)

    # What is no plain element

    def _resource(self, element: xml.Node, name: str, depth: int, found: Problems) -> Object:
        resource: Object = {"resourceType": name}
        if depth > MAX_DEPTH:
            found.note(wording.too_deep, line=xml.line_of(element))
        else:
            self._fill[name](element, resource, depth, found)
        return resource

    def _any_resource(self, element: xml.Node, depth: int, found: Problems) -> Any:
        before = len(found)
        note_attributes(element, found)
        note_text(element, before, found, in_primitive=False)
        if len(element) == 0 and len(found) == before:
            found.note(wording.empty_element, line=xml.line_of(element))
        resource = None
        for position, child in enumerate(element):
            if position and found.count_beyond():
                continue
            first = len(found)
            resource = self._contained(child, depth + 1, found)
            if position:
                found.note(wording.plain, "is one too many: one resource may stand there", line=xml.line_of(child))
            if len(found) > first:
                name_outsider(child, first, found, subject=resource is None or position > 0)
        return resource

    def _contained(self, child: xml.Node, depth: int, found: Problems) -> Object | None:
        """Read the resource in an element, or note that it is none."""
        before = len(found)
        name = self._tags.get(child.tag)
        note_attributes(child, found)
        if name is not None:
            return self._resource(child, name, depth, found)
        name = self._opaque.get(child.tag)
        if name is None:
            name = etree.QName(child).localname
            found.note(wording.no_resource_element, name, self._known, line=xml.line_of(child))
            return None
        note_text(child, before, found, in_primitive=False)
        judge_xml(child, depth, found)
        return type_and_id(child, name, found)

    def _narrative(self, element: xml.Node, depth: int, found: Problems) -> str:
        if self._lenient:
            return narrative.text_of(element)
        return self._narratives.read(element, MAX_DEPTH - depth + 1, found)


def _element_reader(
    fill: Fill, attributes: Mapping[str, str], others: Collection[str] = (), *, lenient: bool = False
) -> Read:
    """Make what reads an element; `attributes` become members, `others` are dealt with elsewhere."""
    judged: dict[str, Fits] = {name: bool if lenient else FITS[of_type] for name, of_type in attributes.items()}
    known = [*attributes, *others]

    def read(element: xml.Node, depth: int, found: Problems) -> Object:
        members: Object = {}
        name: str
        for name in element.keys():  # type: ignore[assignment] # noqa: SIM118 - lxml iterates over children
            fits = judged.get(name)
            if fits is not None:
                text = members[name] = element.get(name, "")
                if not fits(text):
                    found.note(wording.bad_attribute, name, text, attributes[name], line=xml.line_of(element))
            elif name not in others:
                found.note(wording.unknown_attribute, xml.attribute_name(name), known, line=xml.line_of(element))
        if len(members) > 1:  # however they were sent, as the type has them
            members = {name: members[name] for name in attributes if name in members}
        if depth > MAX_DEPTH:
            found.note(wording.too_deep, line=xml.line_of(element))
            return members
        fill(element, members, depth, found)
        if not members and is_empty(element):
            found.note(wording.empty_element, line=xml.line_of(element))
        return members

    return read


def _fill_of(  # noqa: C901 - what it makes is one loop
    table: Table, *, in_primitive: bool = False, in_order: bool = True
) -> Fill:
    """Make what reads the children of an element by the table of its type."""

    # The loop that every element passes: it is one function because a call costs as much as the rest of a turn.
    def fill(element: xml.Node, members: Object, depth: int, found: Problems) -> None:  # noqa: C901, PLR0912
        first, last, before_first = len(found), -1, element.text
        has_text = bool(before_first and before_first.strip(WHITE_SPACE))
        misplaced: xml.Node | None = None
        attribute: str
        text: str
        for child in element:
            tail = child.tail
            if tail and tail.strip(WHITE_SPACE):
                has_text = True
            try:
                rank, name, many, fits, convert, read, entry = table[child.tag]  # the quickest look-up there is
            except KeyError:
                note_unknown(child, table, last, found)
                continue
            if rank > last:
                last = rank
            elif in_order if rank < last else not many:
                note_misplaced(child, entry, members, table, last, found)
                misplaced = child
            if fits is not None and not len(child) and not child.text:
                try:  # one call for names and values: lxml searches for each value that is asked for
                    [(attribute, text)] = child.items()  # type: ignore[assignment] # the stubs allow for bytes
                except ValueError:  # there are none, or several
                    attribute = ""
                if attribute == "value" and fits(text):
                    value = text if convert is None else convert(text)
                    if many:
                        _append(members, name, value, None)
                    else:
                        members[name] = value
                    continue
            before = len(found)
            if fits is not None:
                _read_primitive(child, entry, members, depth, found)
            elif many:
                members.setdefault(name, []).append(read(child, depth + 1, found))
            else:
                members[name] = read(child, depth + 1, found)
            if len(found) > before:
                locate(found[before:], child, entry, members, is_misplaced=child is misplaced)
        if has_text:
            note_text(element, first, found, in_primitive=in_primitive)

    return fill


def _read_primitive(element: xml.Node, entry: Child, members: Object, depth: int, found: Problems) -> None:
    """Read a primitive that has more than a value, or none."""
    text, value = element.get("value"), None
    if text is not None and entry.fits is not None and entry.fits(text):
        value = text if entry.convert is None else entry.convert(text)
    elif text is not None:
        found.note(wording.bad_attribute, "value", text, entry.type, line=xml.line_of(element))
        value = text  # it holds the place of what cannot be read
    if text is not None and len(element) == 0 and element.keys() == _VALUE_ALONE:
        other = None
        note_text(element, len(found), found, in_primitive=True)
    else:
        other = entry.read(element, depth + 1, found) or None
    if entry.many:
        _append(members, entry.name, "" if value is None and other is None else value, other)
        return
    if value is not None:
        members[entry.name] = value
    if other is not None:
        members[f"_{entry.name}"] = other


def _append(members: Object, name: str, value: Any, other: Object | None) -> None:
    """Add to a repeated primitive: values in one array, ids and extensions in another, which null keeps in step."""
    beside = f"_{name}"
    if other is None and beside not in members:  # as it mostly is
        members.setdefault(name, []).append(value)
        return
    values, others = members.get(name), members.get(beside)
    count = len(values or others or ())
    if values is not None:
        values.append(value)
    elif value is not None:
        members[name] = [*([None] * count), value]
        if others is not None:  # the values come first
            members[beside] = members.pop(beside)
    if others is not None:
        others.append(other)
    elif other is not None:
        members[beside] = [*([None] * count), other]


_VALUE_ALONE = ["value"]
_CONVERT: Mapping[str, Callable[[str], Any]] = {"boolean": "true".__eq__, "number": integer, "decimal": Decimal}
