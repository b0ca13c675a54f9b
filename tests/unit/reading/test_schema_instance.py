"""Attributes of XML Schema: a location on the root is ignored and told, everything else is refused."""

import pytest

from registry_sandbox.reading.codec import Codec
from tests.unit.reading.refusals import findings_of

_CODEC = Codec()
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def _document(root: str = "", inner: str = '<status value="booked"/>') -> str:
    return f'<Appointment xmlns="http://hl7.org/fhir" xmlns:i="{_XSI}"{root}>\n{inner}\n</Appointment>'


@pytest.mark.parametrize("name", ["schemaLocation", "noNamespaceSchemaLocation"])
def test_a_location_on_the_root_is_ignored_and_told(name: str) -> None:
    """As published files carry it; nothing is loaded from it, and the resource is the same without it."""
    reading = _CODEC.read(_document(f' i:{name}="http://hl7.org/fhir file:///etc/hostname"').encode(), "xml")
    assert reading.resource == _CODEC.read(_document().encode(), "xml").resource
    (remark,) = reading.remarks()
    assert (remark.severity, remark.location, remark.line) == ("information", "/f:Appointment", 1)
    assert '"http://hl7.org/fhir file:///etc/hostname"' in remark.message
    assert _CODEC.read(_document().encode(), "xml").remarks() == []
    assert _CODEC.read(b'{"resourceType":"Appointment","status":"booked"}', "json").remarks() == []


_DIV = '<div xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    ("document", "name", "location", "line"),
    [
        (_document(' i:type="Appointment"'), "xsi:type", "/f:Appointment", 1),
        (_document(' i:nil="true"'), "xsi:nil", "/f:Appointment", 1),
        (_document(inner='<status i:nil="true" value="a"/>'), "xsi:nil", "/f:Appointment/f:status", 2),
        (_document(inner='<status i:schemaLocation="a b"/>'), "xsi:schemaLocation", "/f:Appointment/f:status", 2),
        (_document(inner='<meta i:type="a"/>'), "xsi:type", "/f:Appointment/f:meta", 2),
        (
            _document(inner='<contained i:type="a"><Patient/></contained>'),
            "xsi:type",
            "/f:Appointment/f:contained[1]",
            2,
        ),
        (
            _document(inner='<contained><Patient i:type="a"/></contained>'),
            "xsi:type",
            "/f:Appointment/f:contained[1]/f:Patient",
            2,
        ),
        (
            _document(inner='<contained><Bundle i:schemaLocation="a b"/></contained>'),
            "xsi:schemaLocation",
            "/f:Appointment/f:contained[1]/f:Bundle",
            2,
        ),
        (
            _document(
                inner='<contained><Patient><id value="p"/><name>\n<family i:nil="a"/></name></Patient></contained>'
            ),
            "xsi:nil",
            "/f:Appointment/f:contained[1]/f:Patient/f:name/f:family",
            3,
        ),
        (_document(inner=f'<text>{_DIV} i:type="a"/></text>'), "xsi:type", "/f:Appointment/f:text/h:div", 2),
        (
            _document(inner=f'<text>{_DIV}>\n<p i:schemaLocation="a b"/></div></text>'),
            "xsi:schemaLocation",
            "/f:Appointment/f:text/h:div/h:p",
            3,
        ),
    ],
)
def test_any_other_is_refused_with_its_place(document: str, name: str, location: str, line: int) -> None:
    """Whatever element has it, of whatever resource or narrative, and however its namespace is spelled."""
    for spelled in (document, document.replace("XMLSchema-instance", "XMLSchem&#97;-instance")):
        (finding,) = findings_of(spelled, "xml")
        assert f'the attribute "{name}"' in finding.message
        assert (finding.location, finding.line) == (location, line)
