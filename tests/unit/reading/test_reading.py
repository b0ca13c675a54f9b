"""A body of either format becomes the same resource, or is refused for reasons that a person can act on."""

import json
from decimal import Decimal

import pytest

from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import NotReadable, NotWellFormed
from registry_sandbox.reading.codec import Codec
from tests.unit.reading.refusals import appointment, findings_of

_CODEC = Codec()

_XML = """<Appointment xmlns="http://hl7.org/fhir">
  <id value="a1"/>
  <text id="t"><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">A <b>b</b> &amp; <br/>c</div></text>
  <extension url="urn:x"><valueDecimal value="1.50"/></extension>
  <identifier><system value="urn:ietf:rfc:3986"/><value value="http://test.nhs.uk/test3"/></identifier>
  <status id="s" value="booked"><extension url="urn:y"><valueBoolean value="true"/></extension></status>
  <start value="2019-02-01T10:51:23.620+00:00"/>
  <minutesDuration value="10"/>
  <comment value="one&#10;two &lt;&quot;é&#x1F600;"/>
  <participant>
    <type><text><extension url="urn:z"><valueCode value="q"/></extension></text></type>
    <status value="accepted"/>
  </participant>
</Appointment>"""

_RESOURCE = {
    "resourceType": "Appointment",
    "id": "a1",
    "text": {
        "id": "t",
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">A <b>b</b> &amp; <br/>c</div>',
    },
    "extension": [{"url": "urn:x", "valueDecimal": Decimal("1.50")}],
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "http://test.nhs.uk/test3"}],
    "status": "booked",
    "_status": {"id": "s", "extension": [{"url": "urn:y", "valueBoolean": True}]},
    "start": "2019-02-01T10:51:23.620+00:00",
    "minutesDuration": 10,
    "comment": 'one\ntwo <"é\U0001f600',
    "participant": [
        {"type": [{"_text": {"extension": [{"url": "urn:z", "valueCode": "q"}]}}], "status": "accepted"},
    ],
}


def test_xml_becomes_fhirs_json_shape() -> None:
    """Primitives and their extensions, arrays, numbers, narrative: as the standard derives them."""
    assert _CODEC.read(_XML.encode(), "xml").resource == _RESOURCE


def test_both_formats_become_the_same() -> None:
    """What one format said, written in the other, is read as the same, to the order of the members."""
    resource = _CODEC.read(_XML.encode(), "xml").resource
    as_json = _CODEC.write(resource, "json")
    shuffled = json.dumps(dict(reversed(json.loads(as_json).items()))).replace("1.5", "1.50").encode()
    for body in (as_json, shuffled):
        again = _CODEC.read(body, "json").resource
        assert (again, list(again)) == (resource, list(resource))
        assert _CODEC.write(again, "xml") == _CODEC.write(resource, "xml")
    assert b'"valueDecimal":1.50' in as_json


def test_lines_are_told() -> None:
    """An XPath names a line of the body that was sent, where it names anything."""
    reading = _CODEC.read(_XML.encode(), "xml")
    assert reading.line("/f:Appointment/f:participant[1]/f:status") == 12
    assert reading.line("/f:Appointment/f:text/h:div") == 3
    assert reading.line("/f:Appointment/f:slot") is None
    assert reading.line("http.If-Match") is None
    assert reading.line("/f:Appointment[") is None
    indented = json.dumps(json.loads(_CODEC.write(reading.resource, "json")), indent=1)
    as_json = _CODEC.read(indented.encode(), "json")
    for location, text in (
        ("/f:Appointment", "{"),
        ("/f:Appointment/f:participant[1]/f:status", '"status": "accepted"'),
        ("/f:Appointment/f:text/h:div", '"div": '),
        ("/f:Appointment/f:text/h:div/h:b", '"div": '),
        ("/f:Appointment/f:status/f:extension[1]", '{\n    "url": "urn:y"'),
        ("/f:Appointment/f:participant[1]/f:type[1]/f:text/f:extension[1]", '{\n        "url": "urn:z"'),
    ):
        at = indented.index(text)
        line, column = indented.count("\n", 0, at) + 1, at - indented.rfind("\n", 0, at)
        assert as_json.position(location) == (line, column)
        assert as_json.line(location) == line
    for location in ("/f:Appointment/f:slot", "http.If-Match", "/f:Appointment[", "/f:Appointment/f:participant[2]"):
        assert as_json.line(location) is None


@pytest.mark.parametrize(("body", "body_format"), [(b"", "xml"), (b" \n", "json"), (b"<a>", "xml"), (b"{", "json")])
def test_what_is_not_well_formed(body: bytes, body_format: Format) -> None:
    """Nothing at all, half a document: refused as not well-formed."""
    with pytest.raises(NotWellFormed):
        _CODEC.read(body, body_format)


@pytest.mark.parametrize(
    ("body", "body_format", "said"),
    [
        ('<Appointment status="x"/>', "xml", "without a namespace: expected Appointment"),
        ('<Appointment xmlns="urn:x"/>', "xml", 'of the namespace "urn:x"'),
        ('<Patient xmlns="http://hl7.org/fhir"/>', "xml", 'of type "Patient": expected Appointment'),
        ("[]", "json", "an empty array: expected an object"),
        ('"x"', "json", 'the string "x"'),
        ("{}", "json", "no resourceType"),
        ('{"resourceType":1}', "json", "the number 1"),
        ('{"resourceType":"Patient"}', "json", 'the string "Patient": expected Appointment'),
    ],
)
def test_another_resource_than_expected(body: str, body_format: Format, said: str) -> None:
    """The root, its namespace or the resourceType is not what belongs here: refused, saying what does."""
    with pytest.raises(NotReadable, match=said):
        _CODEC.read(body.encode(), body_format)


@pytest.mark.parametrize("count", [99, 100, 150, 240])
def test_nesting_is_bounded_alike_in_both_formats(count: int) -> None:
    """Up to a hundred elements with content inside each other are read; more are refused, before any stack ends."""
    inner = '<extension url="u">' * count + '<valueCode value="a"/>' + "</extension>" * count
    resource: dict[str, object] = {"url": "u", "valueCode": "a"}
    for _ in range(count - 1):
        resource = {"url": "u", "extension": [resource]}
    as_json = json.dumps({"resourceType": "Appointment", "extension": [resource]})
    if count == 99:
        assert (
            _CODEC.read(as_json.encode(), "json").resource == _CODEC.read(appointment(inner).encode(), "xml").resource
        )
    else:
        for findings in (findings_of(appointment(inner), "xml"), findings_of(as_json, "json")):
            assert all("nested too deep" in each.message for each in findings)


def test_narratives_are_bounded_too() -> None:
    """A narrative's elements count as elements of the resource, in either format."""
    divs = '<div xmlns="http://www.w3.org/1999/xhtml">' + "<div>" * 110 + "</div>" * 111
    as_json = json.dumps({"resourceType": "Appointment", "text": {"div": divs}})
    for findings in (findings_of(appointment(f"<text>{divs}</text>"), "xml"), findings_of(as_json, "json")):
        assert all("nested too deep" in each.message for each in findings)


def test_comments_in_a_json_narrative_are_left_out() -> None:
    """As they are in XML; and the narrative is otherwise what was sent."""
    div = "<div xmlns='http://www.w3.org/1999/xhtml'>a<!-- b --><?c d?><![CDATA[<e>]]></div>"
    reading = _CODEC.read(json.dumps({"resourceType": "Appointment", "text": {"div": div}}).encode(), "json")
    assert reading.resource["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml">a&lt;e&gt;</div>'


def test_a_prefixed_document_is_the_same_resource() -> None:
    """The prefix of a namespace is no part of a resource, nor of its narrative."""
    plain = _CODEC.read(
        appointment('<text><div xmlns="http://www.w3.org/1999/xhtml">x</div></text><status value="a"/>').encode(),
        "xml",
    )
    prefixed = _CODEC.read(
        b'<f:Appointment xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml">'
        b'<f:text><div>x</div></f:text><f:status value="a"/></f:Appointment>',
        "xml",
    )
    assert prefixed.resource == plain.resource


def test_other_resource_types_keep_type_and_id() -> None:
    """Of a contained resource that is not described here, the id is kept, which a reference can name."""
    as_xml = appointment('<contained><Patient><id value="p"/><active value="true"/></Patient></contained>')
    as_json = '{"resourceType":"Appointment","contained":[{"resourceType":"Patient","id":"p","active":true}]}'
    expected = [{"resourceType": "Patient", "id": "p"}]
    assert _CODEC.read(as_xml.encode(), "xml").resource["contained"] == expected
    assert _CODEC.read(as_json.encode(), "json").resource["contained"] == expected


@pytest.mark.parametrize(
    "body",
    [
        appointment(f'<comment value="{"x" * 1_000_000}"/>'),
        appointment('<extension url="u"><valueCode value="a"/></extension>' * 10_000),
        appointment(f'<text><div xmlns="http://www.w3.org/1999/xhtml">{"<p>x</p>" * 50_000}</div></text>'),
    ],
)
def test_large_bodies_come_back_from_either_format(body: str) -> None:
    """A megabyte of text, of extensions or of narrative."""
    resource = _CODEC.read(body.encode(), "xml").resource
    assert _CODEC.read(_CODEC.write(resource, "json"), "json").resource == resource
