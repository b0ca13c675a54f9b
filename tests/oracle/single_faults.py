"""Registrations with one fault each, and what a validator is to say of it.

It has one finding, with the right element and line, what was found and what is expected. Each is written in both
formats, an element a line. `python -m tests.oracle --single-faults` shows what the sandbox says, and HAPI beside it.
"""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from registry_sandbox.fhir.resource import Format
from tests.oracle.writing import as_xml

Resource = dict[str, Any]

CARECONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/"
CHANNEL = f"{CARECONNECT}Extension-CareConnect-DeliveryChannel-1"
REASON = f"{CARECONNECT}Extension-CareConnect-AppointmentCancellationReason-1"
XHTML = "http://www.w3.org/1999/xhtml"

WHOLE: Resource = {
    "resourceType": "Appointment",
    "meta": {"tag": [{"system": "http://x.test/tags", "code": "blue"}]},
    "language": "en-GB",
    "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><p>An appointment</p></div>'},
    "extension": [
        {"url": CHANNEL, "valueCode": "Telephone"},
        {"url": REASON, "valueString": "moved away"},
        {"url": "http://x.test/length", "valueQuantity": {"value": 1.5, "system": "http://x.test/units", "code": "mg"}},
    ],
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "https://provider.test/1"}],
    "status": "booked",
    "priority": 5,
    "start": "2031-05-06T09:30:00+01:00",
    "end": "2031-05-06T09:40:00+01:00",
    "minutesDuration": 10,
    "created": "2026-11-20T16:05:00Z",
    "comment": "bring the letter",
    "participant": [
        {
            "actor": {
                "identifier": {"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990001111"},
                "display": "Alex EXAMPLE",
            },
            "required": "required",
            "status": "accepted",
        }
    ],
}
"""A registration with nothing wrong."""

GONE = object()
"""In the place of a value: the member is left out."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a registration.

    Attributes:
        place: where, as keys and indexes.
        value: what stands there instead; GONE for nothing.
        element: how the location ends that a finding must have, as an XPath without prefixes and indexes.
        found: what the message must quote of what was found, or name of what was not.
        expected: what the message must say was expected.
        at: the place whose line must be named; by default that of the fault, or of what lacks something.
        in_json: the element for JSON, where a place that has no element in FHIR is no XPath.
    """

    place: tuple[str | int, ...]
    value: Any
    element: str
    found: str
    expected: str
    at: tuple[str | int, ...] | None = None
    in_json: str | None = None

    @property
    def name(self) -> str:
        """The place and the value, short."""
        shown = "left out" if self.value is GONE else json.dumps(self.value)
        return f"{'.'.join(map(str, self.place))} = {shown}"

    def resource(self) -> Resource:
        """Return the registration with the fault."""
        return _with(WHOLE, self.place, self.value)

    def is_in_line(self, written: str, text: str, line: int) -> bool:
        """True if a line of the document is that of the fault."""
        at = self.at or (self.place[:-1] if self.value is GONE else self.place)
        if written == "json":
            if not at:
                return line == 1
            marked = json.dumps(_with(self.resource(), at, _MARK), indent=1)
            return next(n for n, each in enumerate(marked.splitlines(), 1) if _MARK in each) == line
        named = next((each.lstrip("_") for each in reversed(at) if isinstance(each, str)), "Appointment")
        return f"<{named}" in text.splitlines()[line - 1] or named in _ATTRIBUTES


_MARK = "here it is"
_ATTRIBUTES = ("id", "url")


def _with(resource: Resource, place: tuple[str | int, ...], value: Any) -> Resource:
    changed = copy.deepcopy(resource)
    *path, last = place
    at: Any = changed
    for step in path:
        at = at[step]
    if value is GONE:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(copy.deepcopy(value))
    else:
        at[last] = copy.deepcopy(value)
    return changed


def as_documents(fault: Fault) -> Iterator[tuple[Format, str]]:
    """Yield the format and the text, in each format that can have the fault."""
    resource = fault.resource()
    yield "json", json.dumps(resource, indent=1, ensure_ascii=False)
    if not _only_json(fault.value):
        yield "xml", as_xml(_Always(), resource)


def _only_json(value: Any) -> bool:
    # XML has no types of JSON, and no null.
    return value is None or isinstance(value, bool | WrongType)


class WrongType(str):
    """A text in JSON where a number or a truth value belongs: XML cannot tell it."""

    __slots__ = ()


class _Always(random.Random):
    """Draws what writes an element a line."""

    def random(self) -> float:
        """Return 0."""
        return 0.0


def _value(name: str, value: object, found: str, expected: str) -> Fault:
    return Fault((name,), value, name, found, expected)


def _added(value: Resource, element: str, found: str, expected: str) -> Fault:
    """One more extension; the element in it that is wrong has a line of its own."""
    inside = element.rpartition("/")[2]
    at = ("extension", 3, inside) if inside.startswith("value") else ("extension", 3)
    return Fault(("extension", 3), value, element, found, expected, at)


def _div(inside: str, element: str, found: str, expected: str) -> Fault:
    return Fault(("text", "div"), f'<div xmlns="{XHTML}">{inside}</div>', element, found, expected)


_SUBJECT: tuple[str | int, ...] = ("participant", 0, "actor", "identifier")
_NUMBER = "participant/actor/identifier/value"
_PERSON = "participant/actor/identifier"
_NAMED = "must not be there"
_X = "http://x.test/x"

FAULTS: tuple[Fault, ...] = (
    _value("status", "nope", "nope", "booked, cancelled, entered-in-error"),
    _value("status", "proposed", "proposed", "booked, cancelled, entered-in-error"),
    _value("status", "Booked", "Booked", "booked, cancelled, entered-in-error"),
    _value("status", "booked ", "booked ", "no white space"),
    Fault(("status",), value=True, element="status", found="true", expected="string"),
    _value("start", "2031-05-06", "2031-05-06", "an instant"),
    _value("start", "2031-05-06T09:31:00", "2031-05-06T09:31:00", "time zone"),
    _value("start", "2031-02-30T09:30:00Z", "2031-02-30T09:30:00Z", "an instant"),
    _value("start", "2031-05-06T24:00:00Z", "2031-05-06T24:00:00Z", "an instant"),
    _value("end", "tomorrow", "tomorrow", "an instant"),
    _value("end", "2031-05-06T09:40:60Z", "2031-05-06T09:40:60Z", "an instant"),
    _value("created", "2026-11-20", "2026-11-20", "reg-3"),
    _value("created", "2026-13-20T16:05:00Z", "2026-13-20T16:05:00Z", "a dateTime"),
    _value("priority", -1, "-1", "from 0 to 2147483647"),
    _value("priority", 1.5, "1.5", "whole number"),
    _value("priority", WrongType("5"), "5", "number"),
    _value("minutesDuration", 0, "0", "from 1 to 2147483647"),
    _value("minutesDuration", 3_000_000_000, "3000000000", "2147483647"),
    _value("comment", "", "comment", "expected text"),
    _value("comment", None, "null", "null"),
    Fault(("comment",), value=True, element="comment", found="true", expected="a string"),
    _value("language", "klingon", "klingon", "BCP 47"),
    _value("language", "en_GB", "en_GB", "BCP 47"),
    Fault(("statuz",), "booked", "Appointment/statuz", "statuz", "did you mean status", in_json="Appointment"),
    Fault(("subject",), "Alex", "Appointment/subject", "subject", "no element", in_json="Appointment"),
    Fault(("status",), GONE, "Appointment", "status is missing", "exactly one"),
    Fault(("start",), GONE, "Appointment", "start is missing", "exactly one"),
    Fault(("end",), GONE, "Appointment", "end is missing", "exactly one"),
    Fault(("participant", 0, "actor"), GONE, "participant", "actor is missing", "exactly one"),
    Fault(("participant", 0, "actor", "identifier"), GONE, "actor", "identifier is missing", "exactly one"),
    Fault(("created",), GONE, "Appointment", "created is missing", "exactly one"),
    Fault(("identifier",), GONE, "Appointment", "identifier is missing", "exactly one"),
    Fault(("participant",), GONE, "Appointment", "participant is missing", "exactly one"),
    Fault(("identifier", 0, "system"), GONE, "identifier", "system is missing", "exactly one"),
    Fault(("identifier", 0, "value"), GONE, "identifier", "value is missing", "exactly one"),
    Fault(("identifier", 0, "system"), "urn:oid:1.2.3", "identifier/system", "urn:oid:1.2.3", "urn:ietf:rfc:3986"),
    Fault(("identifier", 0, "system"), "urn:ietf:rfc:3986 ", "identifier/system", "urn:ietf:rfc:3986 ", "white space"),
    Fault(("identifier", 0, "value"), "provider/1", "identifier/value", "provider/1", "absolute URL"),
    Fault(("identifier", 0, "value"), "ftp://a.test/1", "identifier/value", "ftp://a.test/1", "absolute URL"),
    Fault(("identifier", 0, "value"), "http://a.test/#b#c", "identifier/value", "http://a.test/#b#c", "RFC 3986"),
    Fault(
        ("identifier", 1),
        {"system": "urn:ietf:rfc:3986", "value": "https://b.test/2"},
        "identifier",
        "2 times",
        "1 at most",
    ),
    Fault(("identifier", 0, "use"), "private", "identifier/use", "private", "official, secondary, temp, usual"),
    Fault(
        ("identifier", 0, "period"),
        {"start": "2031-02-01", "end": "2031-01-01"},
        "identifier/period",
        "2031-02-01",
        "per-1",
    ),
    Fault(("participant", 0, "status"), "maybe", "participant/status", "maybe", "accepted, declined, needs-action"),
    Fault(("participant", 0, "status"), GONE, "participant", "status is missing", "exactly one"),
    Fault(("participant", 0, "required"), "perhaps", "participant/required", "perhaps", "optional, required"),
    Fault(
        ("participant", 0, "type"),
        [{"coding": [{"system": "a b", "code": "c"}]}],
        "participant/type/coding/system",
        "a b",
        "a URI",
        ("participant", 0, "type", 0, "coding", 0, "system"),
    ),
    Fault((*_SUBJECT, "value"), "12345", _NUMBER, "12345", "ten digits"),
    Fault((*_SUBJECT, "value"), "999000111x", _NUMBER, "999000111x", "ten digits"),
    Fault((*_SUBJECT, "value"), GONE, _PERSON, "value is missing", "exactly one"),
    Fault((*_SUBJECT, "use"), "usual", f"{_PERSON}/use", "usual", "official"),
    Fault((*_SUBJECT, "use"), GONE, _PERSON, "use is missing", "exactly one"),
    Fault((*_SUBJECT, "system"), "https://x.test/Id", f"{_PERSON}/system", "https://x.test/Id", "nhs-number"),
    Fault(
        ("participant", 0, "actor", "reference"),
        "Patient/a b",
        "participant/actor/reference",
        "Patient/a b",
        "demographics.spineservices.nhs.uk",
    ),
    Fault(("slot",), [{"reference": "Slot/1"}], "slot", "slot", _NAMED, ("slot", 0)),
    Fault(("description",), "a check-up", "description", "description", _NAMED),
    Fault(
        ("supportingInformation",),
        [{"reference": "Condition/1"}],
        "supportingInformation",
        "supportingInformation",
        _NAMED,
        ("supportingInformation", 0),
    ),
    Fault(
        ("incomingReferral",),
        [{"reference": "Patient/1"}],
        "incomingReferral",
        "Patient/1",
        "ReferralRequest",
        ("incomingReferral", 0),
    ),
    Fault(("implicitRules",), "http://x.test/rules", "implicitRules", "implicitRules", _NAMED),
    Fault(
        ("modifierExtension",),
        [{"url": _X, "valueCode": "a"}],
        "modifierExtension",
        "modifierExtension",
        _NAMED,
        ("modifierExtension", 0),
    ),
    Fault(
        ("extension", 0),
        {"url": CHANNEL, "valueString": "Telephone"},
        "extension/valueString",
        "valueString",
        "wants code",
        ("extension", 0, "valueString"),
    ),
    _added({"url": CHANNEL, "valueCode": "Telephone"}, "extension", "more than 1", "allows no more"),
    Fault(("extension", 2, "url"), "#here", "extension/@url", "#here", "absolute URI"),
    Fault(("extension", 2, "url"), f" {_X}", "extension", _X, "white space"),
    _added({"url": _X}, "extension", f"{{url: {_X}}}", "ext-1"),
    _added({"url": _X, "valueCode": "a", "valueString": "b"}, "extension/valueString", "valueString", "one"),
    _added({"url": _X, "valueUri": "a b"}, "extension/valueUri", "a b", "a URI"),
    _added({"url": _X, "valueTime": "25:00:00"}, "extension/valueTime", "25:00:00", "a time"),
    _added({"url": _X, "valueOid": "1.2.3"}, "extension/valueOid", "1.2.3", "urn:oid:"),
    _added({"url": _X, "valueBase64Binary": "a?"}, "extension/valueBase64Binary", "a?", "base64"),
    _added({"url": _X, "valueId": "a_b"}, "extension/valueId", "a_b", "an id"),
    _added({"url": _X, "valueQuantity": {"value": 1, "code": "mg"}}, "extension/valueQuantity", "mg", "qty-3"),
    _added(
        {"url": _X, "valueRange": {"low": {"value": 2}, "high": {"value": 1}}}, "extension/valueRange", "2", "rng-2"
    ),
    _added({"url": _X, "valueRatio": {"numerator": {"value": 2}}}, "extension/valueRatio", "2", "rat-1"),
    _added({"url": _X, "valueAttachment": {"data": "aGVsbG8="}}, "extension/valueAttachment", "aGVsbG8=", "att-1"),
    _added({"url": _X, "valueContactPoint": {"value": "01"}}, "extension/valueContactPoint", "01", "cpt-2"),
    _added({"url": _X, "valueReference": {"reference": "#no"}}, "extension/valueReference", "#no", "ref-1"),
    Fault(("_status",), {"id": "a b"}, "status/@id", "a b", "without spaces", ("_status", "id")),
    Fault(("meta", "tag", 0, "code"), " blue", "meta/tag/code", " blue", "no white space"),
    Fault(("meta", "lastUpdated"), "yesterday", "meta/lastUpdated", "yesterday", "an instant"),
    Fault(
        ("meta", "profile"),
        ["http://x.test/a b"],
        "meta/profile",
        "http://x.test/a b",
        "a URI",
        ("meta", "profile", 0),
    ),
    Fault(("text", "status"), "fine", "text/status", "fine", "additional, empty, extensions, generated"),
    Fault(("text", "status"), GONE, "text", "status is missing", "exactly one"),
    _div("<script>alert(1)</script>", "text/div", "script", "refused"),
    _div('<a href="javascript:alert(1)">a</a>', "text/div", "javascript:", "txt-1"),
    _div('<p onclick="a()">a</p>', "text/div/p", "onclick", "not allowed"),
    _div("<p> </p>", "text/div", "<p> </p>", "txt-2"),
    _div('<img src="a.png"/>', "text/div/img", "img", "missing required attribute 'alt'"),
)
"""Most are of the kinds that developers of clients meet first; each breaks another rule, or one in another way."""
