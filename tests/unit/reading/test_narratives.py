"""A narrative is judged alike in both formats, and nothing that it holds is loaded or run."""

import json

import pytest

from registry_sandbox.reading.codec import Codec
from tests.unit.reading.refusals import appointment, findings_of

_CODEC = Codec()
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize(
    ("inner", "place", "said"),
    [
        ("<script/>", "", "script"),
        ("<p><form/></p>", "/h:p", "form"),
        ("<p/><p>a<ul/></p>", "/h:p[2]", "ul"),
        ("<ul/>", "/h:ul", "not complete"),
        ('<img src="#a"/>', "/h:img", "alt"),
        ('<p onclick="a">b</p>', "/h:p", "onclick"),
        ('<p dir="up">b</p>', "/h:p", "up"),
        ('<td xmlns="urn:x"/>', "", "td"),
        ('<p id="a"/><b id="a"/>', "/h:b", 'has as id "a", which another element of the narrative has already'),
    ],
)
def test_what_no_narrative_may_have(inner: str, place: str, said: str) -> None:
    """One finding, with the element and what is wrong with it."""
    text = f'<text><status value="generated"/>\n{_DIV}{inner}</div></text>'
    as_json = json.dumps({"resourceType": "Appointment", "text": {"div": f"{_DIV}{inner}</div>"}}, indent=1)
    (in_xml,), (in_json,) = findings_of(appointment(text), "xml"), findings_of(as_json, "json")
    for finding in (in_xml, in_json):
        assert finding.location == f"/f:Appointment/f:text/h:div{place}"
        assert finding.message.startswith("In the narrative, the element ")
        assert said in finding.message
        assert "{" not in finding.message
    assert (in_xml.line, in_json.line, in_json.column) == (3, 4, 3)
    assert in_xml.message == in_json.message


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "a &lt; b &amp; c",
        '<table border="1"><tr><th colspan="2">h</th></tr></table>',
        '<p id="a" class="b c" style="d" xml:lang="en">e<br/></p><p id="b"/>',
        '<a href="#x" title="&quot;">é\U0001f600</a>',
    ],
)
def test_what_a_narrative_may_have(inner: str) -> None:
    """It comes back as it was sent, in either format."""
    div = f"{_DIV}{inner}</div>" if inner else '<div xmlns="http://www.w3.org/1999/xhtml"/>'
    as_json = _CODEC.read(json.dumps({"resourceType": "Appointment", "text": {"div": div}}).encode(), "json")
    as_xml = _CODEC.read(appointment(f"<text>{div}</text>").encode(), "xml")
    assert as_json.resource == as_xml.resource
    assert as_json.resource["text"]["div"].replace("&#233;", "é") == div


def test_the_same_id_in_two_narratives_is_no_matter() -> None:
    """Each is a document of its own."""
    text = f'<text>{_DIV}<p id="a"/></div></text>'
    _CODEC.read(appointment(f"{text}<contained><Appointment>{text}</Appointment></contained>").encode(), "xml")


def test_a_div_of_another_namespace_is_told_of_its_namespace() -> None:
    """The most frequent slip of all."""
    (finding,) = findings_of(appointment("<text><div>x</div></text>"), "xml")
    assert finding.message == (
        "div in Appointment.text is of another namespace than FHIR STU3 has there: expected http://www.w3.org/1999/xhtml"
    )
