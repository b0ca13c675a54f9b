"""One fault, one finding: each names its element, its line, what was found and what is expected, in both formats.

Each fault is a change of a valid Appointment, as text, so that it is the same in XML and in JSON.
"""

import re
from dataclasses import dataclass, replace

import pytest

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import NotReadable, NotWellFormed
from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.profiles import Profiles

AS_JSON = """{
 "resourceType": "Appointment",
 "meta": {
  "versionId": "1",
  "lastUpdated": "2026-11-20T16:05:00.000Z",
  "profile": ["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"]
 },
 "language": "en",
 "text": {
  "status": "generated",
  "div": "<div xmlns='http://www.w3.org/1999/xhtml'><p>see the <a href='http://x.test'>clinic</a></p></div>"
 },
 "extension": [
  {
   "url": "http://x.test/note",
   "valueString": "a note"
  }
 ],
 "identifier": [
  {
   "id": "pointer",
   "period": {
    "start": "2026-01-01",
    "end": "2031-12-31"
   },
   "system": "urn:ietf:rfc:3986",
   "value": "https://provider.example.test/appointments/4711"
  }
 ],
 "status": "booked",
 "priority": 5,
 "start": "2031-05-06T09:30:00+01:00",
 "end": "2031-05-06T09:40:00+01:00",
 "minutesDuration": 10,
 "created": "2026-11-20T16:05:00Z",
 "comment": "by the stairs",
 "incomingReferral": [
  {
   "reference": "ReferralRequest/1"
  }
 ],
 "participant": [
  {
   "id": "patient",
   "type": [
    {
     "text": "patient"
    }
   ],
   "actor": {
    "reference": "https://demographics.spineservices.nhs.uk/9990001111",
    "identifier": {
     "use": "official",
     "system": "https://fhir.nhs.uk/Id/nhs-number",
     "value": "9990001111"
    },
    "display": "Jackie Sample"
   },
   "required": "required",
   "status": "accepted"
  }
 ]
}
"""

AS_XML = """<Appointment xmlns="http://hl7.org/fhir">
 <meta>
  <versionId value="1"/>
  <lastUpdated value="2026-11-20T16:05:00.000Z"/>
  <profile value="https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"/>
 </meta>
 <language value="en"/>
 <text>
  <status value="generated"/>
  <div xmlns='http://www.w3.org/1999/xhtml'><p>see the <a href='http://x.test'>clinic</a></p></div>
 </text>
 <extension url="http://x.test/note">
  <valueString value="a note"/>
 </extension>
 <identifier id="pointer">
  <system value="urn:ietf:rfc:3986"/>
  <value value="https://provider.example.test/appointments/4711"/>
  <period>
   <start value="2026-01-01"/>
   <end value="2031-12-31"/>
  </period>
 </identifier>
 <status value="booked"/>
 <priority value="5"/>
 <start value="2031-05-06T09:30:00+01:00"/>
 <end value="2031-05-06T09:40:00+01:00"/>
 <minutesDuration value="10"/>
 <created value="2026-11-20T16:05:00Z"/>
 <comment value="by the stairs"/>
 <incomingReferral>
  <reference value="ReferralRequest/1"/>
 </incomingReferral>
 <participant id="patient">
  <type>
   <text value="patient"/>
  </type>
  <actor>
   <reference value="https://demographics.spineservices.nhs.uk/9990001111"/>
   <identifier>
    <use value="official"/>
    <system value="https://fhir.nhs.uk/Id/nhs-number"/>
    <value value="9990001111"/>
   </identifier>
   <display value="Jackie Sample"/>
  </actor>
  <required value="required"/>
  <status value="accepted"/>
 </participant>
</Appointment>
"""

A = "/f:Appointment"
IDENTIFIER, PARTICIPANT = f"{A}/f:identifier[1]", f"{A}/f:participant[1]"
PATIENT = f"{PARTICIPANT}/f:actor/f:identifier"


@dataclass(frozen=True, slots=True)
class Fault:
    """A change of the text in either format, and what must be said about it.

    `json_at` and `xml_at` are texts on the line that the finding must name; where they are empty, the new text is.
    `json_location` is where the finding stands in JSON, if not where it does in XML.
    """

    name: str
    json: tuple[str, str]
    xml: tuple[str, str]
    location: str
    words: tuple[str, ...]
    json_at: str = ""
    xml_at: str = ""
    json_location: str = ""

    def __str__(self) -> str:
        return self.name


def changed(name: str, old: str, new: str, location: str, *words: str) -> Fault:
    """Make the fault of a primitive with another value; the message quotes it."""
    bare = name in {"priority", "minutesDuration"}
    quote = '"' if not bare or not re.fullmatch(r"-?[0-9.]+", new) else ""
    before = f'"{name}": {old}' if bare else f'"{name}": "{old}"'
    return Fault(
        f"{name} {old!r} {new!r}",
        (before, f'"{name}": {quote}{new}{quote}'),
        (f'<{name} value="{old}"/>', f'<{name} value="{new}"/>'),
        location,
        (new, *words),
    )


def missing(  # noqa: PLR0913, PLR0917 - what is taken away, in both formats, and where its parent is
    element: str, location: str, json: str, xml: str, json_at: str, xml_at: str
) -> Fault:
    """Make the fault of an element that is taken away; the finding stands at its parent."""
    return Fault(
        f"{element} missing",
        (json, ""),
        (xml, ""),
        location,
        (f"{element} is missing", "wants exactly one"),
        json_at,
        xml_at,
    )


def added(  # noqa: PLR0913, PLR0917 - what is added, in both formats, and what is said
    name: str, json: str, xml: str, location: str, words: tuple[str, ...], before: tuple[str, str]
) -> Fault:
    """Make the fault of something added, before a text that is there."""
    return Fault(
        f"{name} added",
        (before[0], f"{json}\n {before[0]}"),
        (before[1], f"{xml}\n {before[1]}"),
        location,
        words,
        json,
        xml,
    )


STATUS = (' "status": "booked",', '<status value="booked"/>')
SYSTEM = (' "system": "urn', '<system value="urn')
URL, NUMBER, REGISTRY = "https://provider.example.test/appointments/4711", "9990001111", "Registry-Appointment-1"
START, CREATED = "2031-05-06T09:30:00+01:00", "2026-11-20T16:05:00Z"
STATUSES = "wants one of booked, cancelled, entered-in-error"
ABSOLUTE = "The value is the absolute URL"
TEN_DIGITS = "An NHS number has ten digits"
FORBIDS = f"must not be there: {REGISTRY} forbids it"
NO_ELEMENT = "no element that FHIR STU3 knows here"

FAULTS = [
    *(
        changed("status", "booked", new, f"{A}/f:status", STATUSES)
        for new in ("proposed", "Booked", "entered in error")
    ),
    changed("system", "urn:ietf:rfc:3986", "http://x.test/ids", f"{IDENTIFIER}/f:system", '"urn:ietf:rfc:3986"'),
    *(
        changed("value", URL, new, f"{IDENTIFIER}/f:value", ABSOLUTE)
        for new in (
            *("urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "/appointments/4711", "ftp://x.test/1", "http://"),
            *("http://x.test/#a#b", "http://x.test/%zz", "http://x.test:port/1"),
        )
    ),
    changed("use", "official", "usual", f"{PATIENT}/f:use", 'wants exactly "official"'),
    changed("use", "official", "Official", f"{PATIENT}/f:use", 'wants exactly "official"'),
    changed("system", "https://fhir.nhs.uk/Id/nhs-number", "urn:nhs", f"{PATIENT}/f:system", "/Id/nhs-number"),
    *(
        changed("value", NUMBER, new, f"{PATIENT}/f:value", TEN_DIGITS)
        for new in ("999000111", "99900011111", "999000111x", "999 000 1111")
    ),
    *(
        changed(
            "reference",
            f"https://demographics.spineservices.nhs.uk/{NUMBER}",
            new,
            f"{PARTICIPANT}/f:actor/f:reference",
            "reg-5",
        )
        for new in ("Patient/1", "https://demographics.spineservices.nhs.uk/999")
    ),
    replace(
        changed("reference", "ReferralRequest/1", "Patient/1", f"{A}/f:incomingReferral[1]", "wants a reference to"),
        json_at=' {\n   "reference": "Patient/1"',
        xml_at="<incomingReferral>",
    ),
    changed("required", "required", "yes", f"{PARTICIPANT}/f:required", "one of information-only, optional, required"),
    changed(
        "status", "accepted", "maybe", f"{PARTICIPANT}/f:status", "one of accepted, declined, needs-action, tentative"
    ),
    changed("status", "generated", "made", f"{A}/f:text/f:status", "one of additional, empty, extensions, generated"),
    *(changed("created", CREATED, new, f"{A}/f:created", "precision of an instant") for new in ("2026-11-20", "2026")),
    *(changed("language", "en", new, f"{A}/f:language", "BCP 47") for new in ("klingon", "en_GB", "e")),
    replace(
        changed("start", "2026-01-01", "2032-01-01", f"{IDENTIFIER}/f:period", "per-1"),
        json_at='"period": {',
        xml_at="<period>",
    ),
    *(
        changed("start", START, new, f"{A}/f:start", "expected an instant")
        for new in (
            *("2031-05-06T09:30:00", "2031-05-06", "2031-02-30T09:30:00Z", "2031-05-06T24:00:00Z"),
            *("2031-05-06T09:30:60Z", "2031-05-06T09:30Z", "2031-05-06 09:30:00Z"),
        )
    ),
    changed("end", "2031-05-06T09:40:00+01:00", "2031-05-06T09:40:00+25:00", f"{A}/f:end", "expected an instant"),
    *(
        changed("created", CREATED, new, f"{A}/f:created", "expected a dateTime")
        for new in ("yesterday", "2026-11-20T16:05Z", "2026-11-20T16:05:00", "2026-13", "20-11-2026")
    ),
    *(
        changed("priority", "5", new, f"{A}/f:priority", "expected a whole number")
        for new in ("-1", "1.5", "2147483648")
    ),
    changed("minutesDuration", "10", "0", f"{A}/f:minutesDuration", "expected a whole number from 1"),
    changed("versionId", "1", "1/2", f"{A}/f:meta/f:versionId", "expected an id"),
    changed(
        "lastUpdated", "2026-11-20T16:05:00.000Z", "2026-11-20", f"{A}/f:meta/f:lastUpdated", "expected an instant"
    ),
    *(changed("status", "booked", new, f"{A}/f:status", "expected a code") for new in (" booked", "boo  ked")),
    changed("system", "urn:ietf:rfc:3986", "urn: ietf", f"{IDENTIFIER}/f:system", "expected a URI"),
    changed("comment", "by the stairs", "", f"{A}/f:comment", "empty"),
    Fault(
        "extension url relative",
        ('"url": "http://x.test/note"', '"url": "#note"'),
        ('url="http://x.test/note"', 'url="#note"'),
        f"{A}/f:extension[1]/@url",
        ('"#note"', "an absolute URI"),
    ),
    Fault(
        "extension without a value",
        (',\n   "valueString": "a note"', ""),
        ('  <valueString value="a note"/>\n', ""),
        f"{A}/f:extension[1]",
        ("ext-1", "http://x.test/note"),
        ' {\n   "url": "http://x.test/note"',
        '<extension url="http://x.test/note"',
    ),
    *(
        Fault(
            f"element id {new!r}",
            ('"id": "patient"', f'"id": "{new}"'),
            ('id="patient"', f'id="{new}"'),
            f"{PARTICIPANT}/@id",
            (f'"{new}"', words),
            f'"id": "{new}",\n   "type"',
            f'<participant id="{new}"',
        )
        for new, words in (("a b", "without spaces"), ("pointer", f"as that of {IDENTIFIER} is"))
    ),
    Fault(
        "a link that runs a script",
        ("http://x.test'>", "javascript:go()'>"),
        ("http://x.test'>", "javascript:go()'>"),
        f"{A}/f:text/h:div",
        ("javascript:go()", "links that run no script", "txt-1"),
    ),
    Fault(
        "a narrative that says nothing",
        ("<p>see the <a href='http://x.test'>clinic</a></p>", "<p/>"),
        ("<p>see the <a href='http://x.test'>clinic</a></p>", "<p/>"),
        f"{A}/f:text/h:div",
        ("<p/>", "says something", "txt-2"),
    ),
    missing(
        "Appointment.identifier.system",
        IDENTIFIER,
        '   "system": "urn:ietf:rfc:3986",\n',
        '  <system value="urn:ietf:rfc:3986"/>\n',
        ' {\n   "id": "pointer"',
        '<identifier id="pointer"',
    ),
    missing(
        "Appointment.identifier.value",
        IDENTIFIER,
        f',\n   "value": "{URL}"',
        f'  <value value="{URL}"/>\n',
        ' {\n   "id": "pointer"',
        '<identifier id="pointer"',
    ),
    missing("Appointment.status", A, ' "status": "booked",\n', ' <status value="booked"/>\n', "{\n", "<Appointment"),
    missing(
        "Appointment.created",
        A,
        f' "created": "{CREATED}",\n',
        f' <created value="{CREATED}"/>\n',
        "{\n",
        "<Appointment",
    ),
    missing(
        "Appointment.participant.status",
        PARTICIPANT,
        ',\n   "status": "accepted"',
        '  <status value="accepted"/>\n',
        ' {\n   "id": "patient"',
        '<participant id="patient"',
    ),
    missing(
        "Appointment.participant.actor.identifier.use",
        PATIENT,
        '     "use": "official",\n',
        '    <use value="official"/>\n',
        '"identifier": {',
        "   <identifier>",
    ),
    missing(
        "Appointment.participant.actor.identifier.system",
        PATIENT,
        '     "system": "https://fhir.nhs.uk/Id/nhs-number",\n',
        '    <system value="https://fhir.nhs.uk/Id/nhs-number"/>\n',
        '"identifier": {',
        "   <identifier>",
    ),
    missing(
        "Appointment.participant.actor.identifier.value",
        PATIENT,
        f',\n     "value": "{NUMBER}"',
        f'    <value value="{NUMBER}"/>\n',
        '"identifier": {',
        "   <identifier>",
    ),
    added(
        "description",
        ' "description": "d",',
        ' <description value="d"/>',
        f"{A}/f:description",
        (FORBIDS,),
        (f' "start": "{START}"', f'<start value="{START}"/>'),
    ),
    added(
        "implicitRules",
        ' "implicitRules": "http://x.test",',
        ' <implicitRules value="http://x.test"/>',
        f"{A}/f:implicitRules",
        (FORBIDS,),
        (' "language": "en",', '<language value="en"/>'),
    ),
    added(
        "slot",
        ' "slot": [{"reference": "Slot/1"}],',
        ' <slot><reference value="Slot/1"/></slot>',
        f"{A}/f:slot[1]",
        (FORBIDS,),
        (' "created":', "<created "),
    ),
    added(
        "supportingInformation",
        ' "supportingInformation": [{"display": "d"}],',
        ' <supportingInformation><display value="d"/></supportingInformation>',
        f"{A}/f:supportingInformation[1]",
        (FORBIDS,),
        (f' "start": "{START}"', f'<start value="{START}"/>'),
    ),
    replace(
        added(
            "an unknown element",
            ' "cancelationReason": "late",',
            ' <cancelationReason value="late"/>',
            f"{A}/f:cancelationReason",
            ("cancelationReason", NO_ELEMENT),
            STATUS,
        ),
        json_location=A,
    ),
    replace(
        added(
            "a misspelled element",
            ' "stauts": "booked",',
            ' <stauts value="booked"/>',
            f"{A}/f:stauts",
            ("stauts", NO_ELEMENT),
            STATUS,
        ),
        json_location=A,
    ),
    replace(
        added(
            "an unknown element inside",
            ' "sistem": "a",',
            ' <sistem value="a"/>',
            f"{IDENTIFIER}/f:sistem",
            ("sistem", NO_ELEMENT),
            SYSTEM,
        ),
        json_location=IDENTIFIER,
    ),
    replace(
        added(
            "an element of another type",
            ' "family": "Sample",',
            ' <family value="Sample"/>',
            f"{PATIENT}/f:family",
            ("family", NO_ELEMENT),
            (' "use": "official"', '<use value="official"/>'),
        ),
        json_location=PATIENT,
    ),
    replace(
        added(
            "a second identifier",
            f' {{"system": "urn:ietf:rfc:3986", "value": "{URL}"}},',
            f'<identifier><system value="urn:ietf:rfc:3986"/><value value="{URL}"/></identifier>',
            f"{A}/f:identifier[2]",
            ("is there 2 times", "wants 1 at most"),
            ('  {\n   "id": "pointer"', '<identifier id="pointer"'),
        ),
        json_at='  {\n   "id": "pointer"',
        xml_at='<identifier id="pointer"',
    ),
    added(
        "a forbidden modifier",
        ' "modifierExtension": [{"url": "http://x.test/not", "valueBoolean": true}],',
        '<modifierExtension url="http://x.test/not"><valueBoolean value="true"/></modifierExtension>',
        f"{PARTICIPANT}/f:modifierExtension[1]",
        (FORBIDS,),
        (' "type": [', "<type>"),
    ),
]
"""As many as a first comparison of validators had, and more."""


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    """The shipped profiles."""
    return Profiles.load()


@pytest.fixture(scope="module")
def codec() -> Codec:
    """Reads both formats."""
    return Codec()


def errors(codec: Codec, profiles: Profiles, text: str, body_format: Format) -> list[Finding]:
    """Return the errors on a text, of whichever step finds them."""
    try:
        reading = codec.read(text.encode(), body_format)
    except (NotReadable, NotWellFormed) as refused:
        return [*refused.findings]
    found = profiles.validate(reading.resource, position=reading.position, hints=True)
    return [each for each in found if each.severity == "error"]


@pytest.mark.parametrize(("body_format", "text"), [("json", AS_JSON), ("xml", AS_XML)])
def test_without_a_fault_there_is_no_finding(codec: Codec, profiles: Profiles, body_format: Format, text: str) -> None:
    """What the faults are made of is valid, and the same in both formats."""
    assert errors(codec, profiles, text, body_format) == []
    as_json = codec.read(AS_JSON.encode(), "json").resource
    as_xml = codec.read(AS_XML.encode(), "xml").resource
    assert as_json | {"text": None} == as_xml | {"text": None}


def test_there_are_many_and_all_differ() -> None:
    """Each of them is tried in both formats."""
    assert len({str(each) for each in FAULTS}) == len(FAULTS) >= 68


@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_has_one_finding_with_its_place_its_line_and_its_reason(
    codec: Codec, profiles: Profiles, fault: Fault, body_format: Format
) -> None:
    """The element, not one around it; the line on which it stands; what was found, and what is expected."""
    text, (old, new), at = (
        (AS_JSON, fault.json, fault.json_at) if body_format == "json" else (AS_XML, fault.xml, fault.xml_at)
    )
    made = text.replace(old, new, 1)
    assert made != text
    (found,) = errors(codec, profiles, made, body_format)
    assert found.location == ((body_format == "json" and fault.json_location) or fault.location)
    assert [each for each in fault.words if each not in found.message] == []
    assert found.line == made[: made.index(at or new)].count("\n") + 1
