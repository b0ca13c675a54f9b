"""Resources of types that are not described, such as a contained Patient: little of them is judged, and less is kept.

Source: FHIR STU3, Formats.
"""

from typing import Any

from lxml import etree

from registry_sandbox.fhir import xml
from registry_sandbox.fhir.json import MAX_DEPTH, Flaw, Repeated, flaw_of
from registry_sandbox.reading import wording
from registry_sandbox.reading.lexical import FITS
from registry_sandbox.reading.problems import PathOnly, Problems, XPathOnly

Object = dict[str, Any]


def judge_json(value: Any, depth: int, found: Problems) -> None:
    """Note what no resource of any type can hold: nulls, what is empty, arrays in arrays, other numbers."""
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            found.note(wording.too_deep)
            return
        if type(value) is Repeated:
            found.note(wording.repeated_name, value.name)
        if not value:
            found.note(wording.no_such_type, value, "value")
        _judge_items(value, depth, found)
    elif isinstance(value, Flaw) or value is None:
        found.note(wording.no_such_type, value, "value")
    elif isinstance(value, str) and flaw_of(value):
        found.note(wording.misspelt, value, "string")


def _judge_items(value: Object | list[Any], depth: int, found: Problems) -> None:
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        before = len(found)
        if isinstance(value, list) and isinstance(item, list):
            found.note(wording.plain, "is an array in an array, which FHIR does not have")
        else:
            judge_json(item, depth + isinstance(value, dict), found)
        if len(found) > before:
            found.inside(before, step)


def keep_type_and_id(value: Object, name: str, found: Problems) -> None:
    """Keep of a resource of a type that is not described its type and its id, which references name."""
    logical_id = value.get("id")
    if isinstance(logical_id, str) and logical_id and not FITS["id"](logical_id):
        found.note(wording.misspelt, logical_id, "id", at="id")
    value.clear()
    value["resourceType"] = name
    if isinstance(logical_id, str):
        value["id"] = logical_id


def judge_xml(resource: xml.Node, depth: int, found: Problems) -> None:
    """Note what no resource of any type can have inside: attributes of XML Schema, and too many levels."""
    before = len(found)
    level = list(resource)
    for _ in range(MAX_DEPTH - depth + 1):  # what has nothing inside may stand one level deeper
        for element in level:
            for name in xml.names_of_attributes(element):
                if name.startswith(f"{{{xml.SCHEMA_INSTANCE}}}"):
                    _note_inside(resource, element, name, found)
        level = [child for each in level for child in each]
    if (level or depth > MAX_DEPTH) and len(found) == before:
        found.note(wording.too_deep, line=xml.line_of(resource))


def _note_inside(resource: xml.Node, element: xml.Node, name: str, found: Problems) -> None:
    first = len(found)
    found.note(wording.unknown_attribute, xml.attribute_name(name), (), line=xml.line_of(element))
    here: xml.Node | None = element
    while len(found) > first and here is not None and here is not resource:
        found.inside(first, PathOnly(etree.QName(here).localname))
        found.inside(first, XPathOnly(xml.step(here)))
        here = here.getparent()


def type_and_id(element: xml.Node, name: str, found: Problems) -> Object:
    """Keep of a resource of a type that is not described its type and its id, which references name."""
    logical_id = element.find(f"{{{xml.NAMESPACE}}}id")
    text = None if logical_id is None else logical_id.get("value")
    if logical_id is not None and text is not None and not FITS["id"](text):
        found.note(wording.bad_attribute, "value", text, "id", at="id", line=xml.line_of(logical_id))
    return {"resourceType": name, "id": text} if text else {"resourceType": name}
