"""No body whatever gives anything but a reading or a refusal that can be explained."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_sandbox import shipped
from registry_sandbox.fhir import structure
from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import NotReadable, NotWellFormed
from registry_sandbox.reading.codec import Codec

_CODEC = Codec()
_FACTS = structure.load(shipped("profiles") / "structure.json")
_NAMES = sorted({element.name for described in _FACTS.types.values() for element in described.elements})
_APPOINTMENT = [each.name for each in _FACTS.types["Appointment"].elements]

_names = st.one_of(
    st.sampled_from(_APPOINTMENT),
    st.sampled_from(_NAMES).flatmap(lambda name: st.sampled_from([name, f"_{name}"])),
    st.sampled_from(["resourceType", "_resourceType", "", "_", "__", "status ", "f:status", "\ud800"]),
    st.text(max_size=3),
)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["Appointment", "Bundle", "Patient", "2019-01-17T14:00:00Z", "<div/>", "\0", "\ud800"]),
    st.just("<div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div>"),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=20,
)
_attributes = st.sampled_from(
    [
        "",
        " value='x'",
        " value=''",
        " id='1'",
        " url='u'",
        " xml:id='y'",
        " value='1' x='2'",
        " x:y='z' xmlns:x='urn:x'",
    ]
)
_tags = st.sampled_from([*_APPOINTMENT, "Bundle", "Patient", "nothing"])
_leaves = st.sampled_from(
    ["", "x", "<!-- c -->", "&amp;", "<a:b xmlns:a='urn:a'/>", "<div xmlns='http://www.w3.org/1999/xhtml'><q/></div>"]
)
_inner_xml = st.recursive(
    _leaves,
    lambda inner: st.lists(st.builds("<{0}{1}>{2}</{0}>".format, _tags, _attributes, inner), max_size=4).map("".join),
    max_leaves=10,
)


def _judge(body: bytes, body_format: Format) -> None:
    try:
        resource = _CODEC.read(body, body_format).resource
    except NotWellFormed as error:
        found = error.findings
    except NotReadable as error:
        found = error.findings
    else:
        assert _CODEC.read(_CODEC.write(resource, "json"), "json").resource == resource
        assert _CODEC.read(_CODEC.write(resource, "xml"), "xml").resource == resource
        return
    assert found
    assert all(each.message and len(each.message) < 500 for each in found)
    assert all(each.message.isprintable() for each in found)


_settings = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@_settings
@given(st.dictionaries(_names, _values, max_size=5))
def test_any_json_object(members: dict[str, Any]) -> None:
    """Whatever its members are."""
    _judge(json.dumps({"resourceType": "Appointment", **members}).encode(), "json")
    _judge(json.dumps({**members, "resourceType": "Appointment"}).encode(), "json")


@_settings
@given(_inner_xml)
def test_any_xml_content(inner: str) -> None:
    """Whatever elements and attributes it has, in whatever order."""
    _judge(f"<Appointment xmlns='http://hl7.org/fhir'>{inner}</Appointment>".encode(), "xml")


@_settings
@given(st.binary(max_size=50), st.sampled_from(["json", "xml"]))
def test_any_bytes(body: bytes, body_format: Format) -> None:
    """Whatever they are."""
    _judge(body, body_format)
