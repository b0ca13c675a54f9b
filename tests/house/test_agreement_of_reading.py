"""What can be read is what HL7's schema lets pass, but for its minimums and codes, which are the profiles' to judge.

Documents are drawn from the definitions, damaged and misspelt. Where we refuse what the schema takes, the reason is
listed here; we never take what it refuses, except in a resource of a type that we do not describe.
"""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.fhir.xml import Node
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from tests.unit.drawn import RESOURCES, resources
from tests.unit.reading.spellings import TEXTS

STRICTER: dict[str, str] = {
    "is empty: expected": "ele-1 wants a value or children, which the schema cannot say; what is empty cannot be read",
    'value "": expected': "an attribute is never empty (Formats, XML), which the schema allows where a URI stands",
    'url "": expected': "an attribute is never empty (Formats, XML), which the schema allows where a URI stands",
    "expected a URI": "a URI has no white space (RFC 3986), while xs:anyURI takes it, and cuts it off at the ends",
    "expected a code": "a code has no white space but single spaces, while the schema takes a line feed for one",
    "expected an instant": "an instant has a time zone and no hour 24, while xs:dateTime asks neither",
    "expected a dateTime": "a time has a time zone, while xs:dateTime does not ask it",
    "expected a date such": "a date has no time zone, while xs:date allows one",
    "expected base64": "base64 is nothing but its letters, and never empty, while libxml2 passes over others",
    "expected a whole number": "an integer has 32 bits (Datatypes), which the schema does not ask of a positiveInt",
    "expected true or false": "a boolean is true or false, while xs:boolean takes 1 and 0 too, and white space",
    "expected a time": "a time has no hour 24 and no time zone, while xs:time allows both",
}
"""Why we refuse what the schema takes, by words of the message."""

_CODEC = Codec()
_XS = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture(scope="module")
def schema(definitions: Path) -> etree.XMLSchema:
    """HL7's schema without minimums and codes."""
    tree = etree.parse(definitions / "stu3" / "xsd" / "fhir-single.xsd")
    for element in tree.iter(f"{_XS}element", f"{_XS}choice", f"{_XS}any"):
        if element.getparent().tag != f"{_XS}schema":  # type: ignore[union-attr]  # it is not the root
            element.set("minOccurs", "0")
    for attribute in tree.iter(f"{_XS}attribute"):
        attribute.set("use", "optional")
    for restriction in tree.iter(f"{_XS}restriction"):
        codes = restriction.findall(f"{_XS}enumeration")
        for code in codes:
            restriction.remove(code)
            restriction.set("base", "xs:token")
    return etree.XMLSchema(tree)


def _misspell(chance: random.Random, element: Node) -> None:
    names = element.keys()
    element.set(chance.choice(names) if names else "value", chance.choice(_SPELLINGS))


def _repeat(chance: random.Random, element: Node) -> None:
    parent = element.getparent()
    if parent is not None:
        copy = etree.fromstring(etree.tostring(element, with_tail=False))
        parent.insert(chance.randrange(len(parent) + 1), copy)


def _move(chance: random.Random, element: Node) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.insert(chance.randrange(len(parent)), element)


def _rename(chance: random.Random, element: Node) -> None:
    if element.getparent() is not None:
        name = chance.choice(["id", "status", "text", "value", "url", "valueCode", "extension", "div", "Patient", "x"])
        element.tag = f"{{http://hl7.org/fhir}}{name}"


def _empty(_chance: random.Random, element: Node) -> None:
    for name in element.keys():  # noqa: SIM118 - an element is no dict
        del element.attrib[name]


def _say_more(chance: random.Random, element: Node) -> None:
    element.text = chance.choice([" ", "text", "\xa0"])


def _add_attribute(chance: random.Random, element: Node) -> None:
    element.set(chance.choice(["id", "url", "value", "x", "{http://www.w3.org/XML/1998/namespace}id"]), "a")


DAMAGE: list[Callable[[random.Random, Node], None]] = [
    _misspell,
    _misspell,
    _repeat,
    _move,
    _rename,
    _empty,
    _say_more,
    _add_attribute,
]
_SPELLINGS = [text for text in TEXTS if text.isprintable() or text in {"\t", "\n", "a\nb"}]


# XML Schema asks for 18 digits of a decimal; older releases of libxml2 refuse more than 24.
_TOO_LONG_FOR_LIBXML2 = re.compile(rb'value="-?[0-9.]{24,}"')


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(resource=resources(), seed=st.integers(0, 2**32))
def test_what_is_drawn_and_damaged(schema: etree.XMLSchema, resource: Resource, seed: int) -> None:
    """As it is drawn, it is read; damaged, it is refused by both, or for one of the reasons."""
    document = _CODEC.write(resource, "xml")
    assume(not _TOO_LONG_FOR_LIBXML2.search(document))
    assert schema.validate(etree.fromstring(document)), "it is drawn from other definitions than HL7's"
    assert _said(document) == []
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(6):
        root = etree.fromstring(document)
        for _ in range(chance.choice([1, 1, 2])):
            chance.choice(DAMAGE)(chance, chance.choice(list(root.iter("*"))))
        _compare(schema, root)


def _compare(schema: etree.XMLSchema, root: Node) -> None:
    said, accepted = _said(etree.tostring(root)), schema.validate(root)
    if accepted and said:
        assert any(word in message for word in STRICTER for message in said), (said, etree.tostring(root))
    if not accepted and not said:
        assert any(_is_undescribed(each) for each in root.iter("*")), etree.tostring(root)


def _is_undescribed(element: Any) -> bool:
    name = etree.QName(element).localname
    return name[0].isupper() and name not in RESOURCES


def _said(document: bytes) -> list[str]:
    try:
        _CODEC.read(document, "xml", RESOURCES)
    except SandboxError as error:
        return [each.message for each in error.findings]
    return []
