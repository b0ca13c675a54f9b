"""The corpus is diverse and repeatable, and its shapes are what they claim to be."""

import itertools
import json
import random
from collections.abc import Iterator

import pytest
from lxml import etree

from tests.oracle.corpus import Document, Profile, corpus
from tests.oracle.damages_of_content import CONTENT
from tests.oracle.damages_of_structure import STRUCTURE
from tests.oracle.sandbox import Sandbox, Unexpected
from tests.oracle.shapes import BASE, REGISTRY, minimal
from tests.oracle.text_damages import JSON_DAMAGES, XML_DAMAGES
from tests.oracle.writing import as_json, as_xml

DRAWN = {"drawn elements", "many identifiers", "extension of any type", "extension of any type, by the base"}
"""Shapes of drawn values, which may break an invariant by chance."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox that is compared."""
    with Sandbox() as sandbox:
        yield sandbox


def test_a_seed_gives_the_same_documents() -> None:
    """What failed can be had again, and another seed gives others."""
    assert list(corpus(1, 60)) == list(corpus(1, 60))
    assert list(corpus(1, 60)) != list(corpus(2, 60))


def test_each_shape_is_met_in_each_format() -> None:
    """At least 17 shapes, each as often as the others."""
    met = {(each.shape, each.format) for each in corpus(1, 2 * len(REGISTRY | BASE))}
    assert met == set(itertools.product(REGISTRY | BASE, ("json", "xml")))
    assert len(REGISTRY | BASE) >= 17


def test_each_damage_is_met() -> None:
    """No way to damage a document is forgotten, and some documents are whole."""
    documents = list(corpus(1, 2500))
    assert {name for each in documents for name in each.damages} == {*STRUCTURE, *CONTENT, *JSON_DAMAGES, *XML_DAMAGES}
    assert 200 < sum(not each.damages for each in documents) < 600


@pytest.mark.parametrize("shape", sorted({*REGISTRY, *BASE} - DRAWN))
def test_a_shape_is_valid_in_both_formats(sandbox: Sandbox, shape: str) -> None:
    """By the profile that it is validated by: what is refused later is refused for its damage."""
    profile: Profile = "registry" if shape in REGISTRY else "base"
    for seed in range(8):
        resource = minimal(random.Random(seed))
        (REGISTRY.get(shape) or BASE[shape])(random.Random(seed), resource)
        in_json = Document(as_json(random.Random(seed), resource), "json", profile, shape, ())
        in_xml = Document(as_xml(random.Random(seed), resource), "xml", profile, shape, ())
        for document in (in_json, in_xml):
            verdict = sandbox.validate(document)
            assert verdict.accepts, verdict.errors()


def test_the_writers_write_what_no_reader_takes() -> None:
    """An unknown element, a list where one value belongs, an object in place of a text: all reach both formats."""
    odd = {
        "resourceType": "Appointment",
        "unknown": "a",
        "status": ["b", "c"],
        "start": {"value": "d"},
        "_end": {"id": "e"},
    }
    chance = random.Random(1)
    assert json.loads(as_json(chance, odd)) == odd
    root = etree.fromstring(as_xml(chance, odd).encode())
    children = [(etree.QName(each).localname, dict(each.attrib)) for each in root]
    assert children == [
        ("status", {"value": "b"}),
        ("status", {"value": "c"}),
        ("start", {}),
        ("end", {"id": "e"}),
        ("unknown", {"value": "a"}),
    ]


def test_the_writer_of_xml_keeps_the_order_and_the_attributes_of_the_standard() -> None:
    """Ids and the URLs of extensions are attributes, a narrative is XHTML."""
    extension = {"valueCode": "a", "url": "http://x.test/e"}
    div = '<div xmlns="http://www.w3.org/1999/xhtml">t</div>'
    resource = {"status": "booked", "text": {"div": div, "status": "empty"}, "extension": [extension]}
    written = as_xml(random.Random(0), {"resourceType": "Appointment", **resource})
    assert "".join(written.partition("<App")[1:]).replace("\n", "") == (
        '<Appointment xmlns="http://hl7.org/fhir"><text><status value="empty"/>' + div + "</text>"
        '<extension url="http://x.test/e"><valueCode value="a"/></extension><status value="booked"/></Appointment>'
    )


def test_an_answer_that_is_no_verdict_ends_the_run(sandbox: Sandbox) -> None:
    """A refusal for another reason, or a failure, must not pass for a verdict that HAPI shares."""
    with pytest.raises(Unexpected, match="413"):
        sandbox.validate(Document(" " * 2_000_000, "json", "registry", "too large", ()))
