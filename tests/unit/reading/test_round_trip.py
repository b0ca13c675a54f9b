"""Whatever the definitions allow survives XML -> resource -> JSON -> resource -> XML unchanged."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from lxml import etree

from registry_sandbox.reading.codec import Codec
from registry_sandbox.reading.xml_writer import XmlWriter
from tests.unit.drawn import FACTS, RESOURCES, resources

_WRITER = XmlWriter(FACTS)
_CODEC = Codec()


def _canonical(document: bytes) -> bytes:
    return etree.tostring(etree.fromstring(document), method="c14n")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(resources())
def test_every_resource_survives_both_formats(resource: dict[str, Any]) -> None:
    """Element ids, extensions of primitives, narrative, contained resources, any text, instant or decimal."""
    document = _WRITER.write(resource).encode()
    from_xml = _CODEC.read(document, "xml", RESOURCES).resource
    assert from_xml == resource
    as_json = _CODEC.write(from_xml, "json")
    from_json = _CODEC.read(as_json, "json", RESOURCES).resource
    assert from_json == from_xml
    assert _CODEC.write(from_json, "json") == as_json
    assert _canonical(_CODEC.write(from_json, "xml")) == _canonical(document)


def test_what_is_made_by_hand_is_written_as_it_is() -> None:
    """In any order, with a number for a text, and with one where several may stand, or several where one may."""
    made = {
        "participant": {"status": "accepted", "actor": {"display": 1, "reference": "<"}},
        "status": ["booked", "cancelled"],
        "unknown": 1,
        "resourceType": "Appointment",
    }
    assert _WRITER.write(made).partition("\n")[2] == (
        '<Appointment xmlns="http://hl7.org/fhir"><status value="booked"/><status value="cancelled"/>'
        '<participant><actor><reference value="&lt;"/><display value="1"/></actor>'
        '<status value="accepted"/></participant></Appointment>'
    )


def test_attributes_stand_in_the_tag_and_what_is_empty_closes_itself() -> None:
    """What a primitive has beside its value is in the primitive's element, in the primitive's place."""
    made = {
        "resourceType": "Appointment",
        "extension": [{"id": "a", "url": "u"}, {"valueCode": "b", "url": "v"}],
        "status": "booked",
        "_status": {"id": "c"},
        "_start": {"extension": [{"url": "w"}]},
        "participant": [{}],
        "contained": [{"resourceType": "Patient", "id": "p", "name": [{}]}, {"resourceType": "Basic"}],
    }
    assert _WRITER.write(made).partition("\n")[2] == (
        '<Appointment xmlns="http://hl7.org/fhir">'
        '<contained><Patient><id value="p"/></Patient></contained><contained><Basic/></contained>'
        '<extension id="a" url="u"/><extension url="v"><valueCode value="b"/></extension>'
        '<status value="booked" id="c"/><start><extension url="w"/></start><participant/></Appointment>'
    )
