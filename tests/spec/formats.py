"""FHIR's two formats, read and written by json and lxml alone: what the sandbox reads and writes with is not used.

The facts of the types are data (profiles/structure.json), which tests/house holds to the official definitions.
Source: FHIR STU3, JSON and XML; Data Types (the expressions of the primitives).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from lxml import etree

Format = Literal["json", "xml"]
Resource = dict[str, Any]

FHIR = "{http://hl7.org/fhir}"
XHTML = "{http://www.w3.org/1999/xhtml}"

_TYPES: dict[str, Any] = json.loads(Path(__file__).parents[2].joinpath("profiles", "structure.json").read_bytes())[
    "types"
]
_DATE = r"-?[0-9]{4}(-(0[1-9]|1[0-2])(-(0[0-9]|[1-2][0-9]|3[0-1]))?)?"
_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PATTERNS = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"[^\s]+([\s]?[^\s]+)*",
    "uri": r"\S+",
    "instant": rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_TIME}",
    "date": _DATE,
    "dateTime": rf"{_DATE}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_TIME}",
    "boolean": "true|false",
    "unsignedInt": "0|[1-9][0-9]*",
    "positiveInt": "[1-9][0-9]*",
    "integer": "-?(0|[1-9][0-9]*)",
}


def read(body: bytes, body_format: Format) -> Resource:
    """Return the resource in a body, in FHIR's JSON shape, once it is found to be as the format has it."""
    if body_format == "xml":
        return _from_root(etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True)))
    resource: Resource = json.loads(body, object_pairs_hook=_members)
    write(resource, "xml")
    return resource


def write(resource: Resource, wanted: Format) -> bytes:
    """Return the bytes of a resource that is in FHIR's JSON shape."""
    if wanted == "json":
        return json.dumps(resource).encode()
    root = etree.fromstring(f'<{resource["resourceType"]} xmlns="http://hl7.org/fhir"/>')
    _fill(root, resource["resourceType"], {name: value for name, value in resource.items() if name != "resourceType"})
    return etree.tostring(root)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert pairs, "an object is empty"
    assert len(dict(pairs)) == len(pairs), f"a member stands twice among {[name for name, _ in pairs]}"
    return dict(pairs)


def _elements(of_type: str) -> dict[str, list[str]]:
    """Return what a type has by name, elements in their order and attributes as `@url`: type, `1` or `*`, choice."""
    return {name: fact.split() for name, fact in _TYPES[of_type]["elements"].items()}


def _is_primitive(of_type: str) -> bool:
    return bool(_TYPES[of_type]["kind"] == "primitive-type")


def _require_one_of_each_choice(of_type: str, names: Iterable[str]) -> None:
    facts = _elements(of_type)
    choices = Counter(facts[name][2] for name in set(names) if len(facts.get(name, ())) > 2)
    assert all(count == 1 for count in choices.values()), f"{of_type} has more than one of {choices}"


# From XML


def _from_root(root: etree._Element) -> Resource:
    assert root.tag.startswith(FHIR), f"{root.tag} is not of FHIR"
    return {"resourceType": root.tag.removeprefix(FHIR), **_from_xml(root, root.tag.removeprefix(FHIR))}


def _from_xml(element: etree._Element, of_type: str) -> dict[str, Any]:
    facts, found = _elements(of_type), _attributes(element, of_type)
    children = [(child, str(child.tag).removeprefix(XHTML).removeprefix(FHIR)) for child in element]
    names = [name for _, name in children]
    order = list(facts)
    assert set(names) <= set(order), f"{of_type} has {set(names) - set(order)}"
    assert names == sorted(names, key=order.index), f"{of_type} has its elements in the order {names}"
    assert found or names, f"{of_type} is empty"
    assert not "".join([element.text or "", *(child.tail or "" for child, _ in children)]).strip(), "text"
    _require_one_of_each_choice(of_type, names)
    for name in dict.fromkeys(names):
        same = [child for child, each in children if each == name]
        found |= _from_same(same, name, *facts[name][:2])
    return found


def _attributes(element: etree._Element, of_type: str) -> dict[str, Any]:
    allowed = {name[1:] for name in _elements(of_type) if name.startswith("@")}
    assert set(element.attrib) <= allowed, f"{of_type} has the attributes {element.attrib}"
    return {str(name): str(value) for name, value in element.attrib.items()}


def _from_same(same: list[etree._Element], name: str, of_type: str, times: str) -> dict[str, Any]:
    assert times == "*" or len(same) == 1, f"{name} stands {len(same)} times"
    if not _is_primitive(of_type):
        values = [_from_root(each[0]) if of_type == "Resource" else _from_xml(each, of_type) for each in same]
        return {name: values if times == "*" else values[0]}
    values = [_value(each, of_type) for each in same]
    besides = [_beside(each) for each in same]
    both: dict[str, list[Any]] = {name: values, f"_{name}": besides}
    return {
        key: (all_ if times == "*" else all_[0]) for key, all_ in both.items() if any(each is not None for each in all_)
    }


def _value(element: etree._Element, of_type: str) -> Any:
    if of_type == "xhtml":
        assert element.tag == f"{XHTML}div", element.tag
        return etree.tostring(element, encoding="unicode", with_tail=False)
    text = element.get("value")
    if text is None:
        return None
    _require_pattern(text, of_type)
    return json.loads(text) if _TYPES[of_type]["json"] != "string" else text


def _beside(element: etree._Element) -> dict[str, Any] | None:
    if element.tag == f"{XHTML}div" or (not len(element) and set(element.attrib) == {"value"}):
        return None
    element.attrib.pop("value", "")
    return _from_xml(element, "Element")


def _require_pattern(text: str, of_type: str) -> None:
    assert text, f"a {of_type} is empty"
    pattern = _PATTERNS.get(of_type)
    assert pattern is None or re.fullmatch(pattern, text), f"{text!r} is no {of_type}"


# To XML


def _fill(element: etree._Element, of_type: str, members: dict[str, Any]) -> None:
    facts = _elements(of_type)
    known = {key.lstrip("@") for key in facts} | {f"_{key}" for key in facts}
    assert set(members) <= known, f"{of_type} has {set(members) - known}"
    assert members, f"{of_type} is empty"
    _require_one_of_each_choice(of_type, [key.removeprefix("_") for key in members])
    for key, (child_type, times, *_) in facts.items():
        if key.startswith("@"):
            if (attribute := members.get(key[1:])) is not None:
                element.set(key[1:], attribute)
            continue
        for value, beside in _pairs(members, key, times):
            _append(element, key, child_type, value, beside)


def _pairs(members: dict[str, Any], key: str, times: str) -> Iterator[tuple[Any, Any]]:
    values, besides = members.get(key), members.get(f"_{key}")
    for each in (values, besides):
        assert each is None or isinstance(each, list) == (times == "*"), f"{key} is {each!r}"
        assert each != [], f"{key} is an empty list"
    if times == "*":
        length = len(values or besides or ())
        yield from zip(values or [None] * length, besides or [None] * length, strict=True)
    elif not values is besides is None:
        yield values, besides


def _append(parent: etree._Element, key: str, of_type: str, value: Any, beside: Any) -> None:
    if of_type == "xhtml":
        parent.append(etree.fromstring(value))
        return
    child = etree.SubElement(parent, FHIR + key)
    if of_type == "Resource":
        child.append(etree.fromstring(write(value, "xml")))
    elif not _is_primitive(of_type):
        _fill(child, of_type, value)
    else:
        if value is not None:
            child.set("value", _text(value, of_type))
        if beside is not None:
            _fill(child, "Element", beside)


def _text(value: Any, of_type: str) -> str:
    kinds: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}
    assert type(value) in kinds[_TYPES[of_type]["json"]], f"{value!r} is no {of_type}"
    text = value if isinstance(value, str) else json.dumps(value)
    _require_pattern(text, of_type)
    return text
