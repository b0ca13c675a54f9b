"""Hostile bodies: each makes one thing as large, as deep or as frequent as a body of the given size can hold."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bench.appointments import appointment, as_xml

Case = tuple[str, bytes]
"""The name of a class, and its body."""

_XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
_FHIR = 'xmlns="http://hl7.org/fhir"'
_ENTITY = f"<!DOCTYPE a [<!ENTITY a '{'a' * 1000}'>]>"
_ROOM = 2_048  # for what surrounds the hostile part

NARRATIVES = {
    "empty images": "<img/>",
    "images": '<img src="#a" alt="a"/>',
    "paragraphs": "<p>a</p>",
    "unknown elements": "<x/>",
    "scripts": "<script>a</script>",
    "event attributes": '<p onclick="a">a</p>',
    "bad links": '<a href="javascript:a">a</a>',
    "nested lists": "<ul><li>a</li></ul>",
    "table rows": "<table><tr><td>a</td></tr></table>",
    "misplaced rows": "<tr><td>a</td></tr>",
    "character references": "&#169;",
    "named entities": "&nbsp;",
    "comments": "<!--a-->",
    "texts": "a ",
    "repeated ids": '<p id="a">a</p>',
    "styles": '<p style="color:red;color:red">a</p>',
}
"""What a narrative is filled with."""

_VALUES: dict[str, tuple[str, str]] = {
    "id": ("id", "a"),
    "id with an end that does not fit": ("id", "a!"),
    "code of words": ("status", "a "),
    "code of spaces": ("status", " "),
    "instant of digits": ("start", "1"),
    "instant of fractions": ("start", "2026-01-01T09:00:00."),
    "uri": ("implicitRules", "a:"),
    "language": ("language", "a-"),
    "description": ("description", "a\n"),
    "comment of quotes": ("comment", '"'),
    "comment of a plane beyond": ("comment", "\U0001f600"),
    "comment of controls": ("comment", "\u0001"),
    "minutes of digits": ("minutesDuration", "9"),
}


def _items(size: int) -> dict[str, tuple[str, Any]]:
    """Return the elements that are repeated, by the name of the class: where they stand, and one of them."""
    deep: Any = {"url": "http://a.test", "valueString": "a"}
    for _ in range(40):
        deep = {"url": "http://a.test", "extension": [deep]}
    whole = appointment(1_000)
    return {
        "extensions": ("extension", {"url": "http://a.test/a", "valueString": "a"}),
        "extensions without a value": ("extension", {"url": "http://a.test/a"}),
        "extensions with two values": ("extension", {"url": "a", "valueString": "a", "valueCode": "a"}),
        "extensions without a url": ("extension", {"valueString": "a"}),
        "extensions of known urls": (
            "extension",
            {"url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-GPConnect-DeliveryChannel-2"},
        ),
        "extensions of extensions": ("extension", deep),
        "modifier extensions": ("modifierExtension", {"url": "http://a.test/a", "valueBoolean": True}),
        "identifiers": ("identifier", {"system": "urn:a", "value": "a"}),
        "empty identifiers": ("identifier", {}),
        "identifiers of patients": ("identifier", {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "999"}),
        "participants": ("participant", whole["participant"][0]),
        "participants without a status": ("participant", {"actor": {"display": "a"}}),
        "participants of wrong codes": ("participant", {"status": "x", "required": "x"}),
        "participants of codings": (
            "participant",
            {"type": [{"coding": [{"system": "http://hl7.org/fhir/participant-type", "code": "x"}] * 3}]},
        ),
        "contained resources": ("contained", {"resourceType": "Patient", "id": "a"}),
        "contained resources of unknown types": ("contained", {"resourceType": "X", "id": "a"}),
        "references to contained": ("incomingReferral", {"reference": "#a"}),
        "references": ("incomingReferral", {"reference": "ReferralRequest/1"}),
        "references of other types": ("slot", {"reference": "Patient/1"}),
        "codings": ("serviceType", {"coding": [{"system": "urn:a", "code": "a"}]}),
        "periods": ("requestedPeriod", {"start": "2026-02-30", "end": "2025"}),
        "unknown members": ("reason", {"x": 1}),
        "nulls": ("reason", None),
        "numbers for objects": ("reason", 1),
        "arrays for objects": ("reason", [[]]),
        "large items": ("reason", {"text": "a" * (size // 50)}),
    }


def _filled(name: str, item: Any, size: int) -> dict[str, Any]:
    each = len(json.dumps(item)) + 2
    count = max(1, (size - _ROOM) // each)
    resource = appointment(1_000)
    resource[name] = [*resource.get(name, []), *[item] * count]
    return resource


def _text(unit: str, size: int) -> str:
    return unit * ((size - _ROOM) // len(json.dumps(unit)[1:-1].encode()))


def _narrative(div: str) -> dict[str, Any]:
    return {**appointment(1_000), "text": {"status": "generated", "div": div}}


def _with_narratives(size: int) -> Iterator[tuple[str, str]]:
    for name, unit in NARRATIVES.items():
        yield name, f"<div {_XHTML}>{_text(unit, size)}</div>"
    depth = (size - _ROOM) // 12
    yield "nested divisions", f"<div {_XHTML}>{'<b>' * depth}{'</b>' * depth}</div>"
    yield "unclosed divisions", f"<div {_XHTML}>{'<b>' * (2 * depth)}</div>"
    attributes = " ".join(f'a{at}="a"' for at in range(size // 20))
    yield "attributes", f"<div {_XHTML} {attributes}></div>"
    yield "one long attribute", f"<div {_XHTML} title='{'a' * (size - _ROOM)}'>a</div>"
    yield "one long text", f"<div {_XHTML}>{'a' * (size - _ROOM)}</div>"
    yield "an entity of entities", f"{_ENTITY}<div {_XHTML}>{'&a;' * 10_000}</div>"


def _object(head: str, members: str) -> bytes:
    return f"{head},{members}}}".encode()


def _element(head: str, name: str, attributes: Iterable[str]) -> bytes:
    return f"{head}<{name} {' '.join(attributes)}/></Appointment>".encode()


def json_bodies(size: int) -> Iterator[Case]:
    """Return the classes in JSON."""
    for name, div in _with_narratives(size):
        yield f"narrative: {name}", json.dumps(_narrative(div)).encode()
    for name, (element, item) in _items(size).items():
        yield name, json.dumps(_filled(element, item, size)).encode()
    for name, (element, unit) in _VALUES.items():
        yield f"value: {name}", json.dumps({**appointment(1_000), element: _text(unit, size)}).encode()
    head = json.dumps(appointment(1_000))[:-1]
    yield "unknown names", _object(head, ",".join(f'"x{at}":1' for at in range(size // 14)))
    yield "repeated names", _object(head, ",".join(['"status":"booked"'] * (size // 20)))
    yield "one long name", _object(head, '"' + "x" * (size - _ROOM) + '":1')
    yield "one long number", _object(head, '"minutesDuration":' + "9" * (size - _ROOM))
    yield "one long fraction", _object(head, '"priority":0.' + "9" * (size - _ROOM))
    yield "one long exponent", _object(head, '"priority":1e' + "9" * (size - _ROOM))
    for name, (opens, closes) in {"arrays": ("[", "]"), "objects": ('{"a":', "}")}.items():
        depth = (size - _ROOM) // len(opens + closes)
        yield f"nested {name}", _object(head, f'"x":{opens * depth}1{closes * depth}')
        yield f"unclosed {name}", (opens * (size // len(opens))).encode()
    for name, escape in {"escapes": "\\u0041", "lone surrogates": "\\ud800"}.items():
        yield name, _object(head, '"comment":"' + escape * ((size - _ROOM) // 6) + '"')
    yield "bytes that are no text", b"\xff" * size
    yield "spaces", b" " * size
    yield "spaces around", b" " * (size // 2) + head.encode() + b"}"
    yield "line ends", b"\n" * (size // 2) + head.encode() + b"\n" * (size // 4) + b"]"
    yield "an unclosed text", _object(head, '"comment":"' + "a" * (size - _ROOM))
    yield "a list of numbers", b"[" + b"1," * (size // 2 - 2) + b"1]"
    primitives = ",".join(['{"id":"a"}'] * (size // 12))
    yield "values beside values", _object(head, f'"_status":[{primitives}]')
    entries = [{"resource": appointment(1_000 + at)} for at in range(size // 760)]
    yield "a Bundle", json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    parameters = [{"name": "resource", "valueString": "a"}] * (size // 50)
    yield "Parameters", json.dumps({"resourceType": "Parameters", "parameter": parameters}).encode()


def xml_bodies(size: int) -> Iterator[Case]:
    """Return the classes in XML."""
    head, tail = as_xml(appointment(1_000)).decode().removesuffix("</Appointment>"), "</Appointment>"
    opening = f"<Appointment {_FHIR}>"
    inside = head.removeprefix(opening)
    room = size - _ROOM
    for name, div in _with_narratives(size):
        doctype, start, rest = div.rpartition("<div ") if div.startswith("<!") else ("", "<div ", div[5:])
        text = f'<text><status value="generated"/>{start}{rest}</text>'
        yield f"narrative: {name}", f"{doctype}{opening}{text}{inside}{tail}".encode()
    for name, unit in {
        "extensions": '<extension url="http://a.test/a"><valueString value="a"/></extension>',
        "extensions without a value": '<extension url="a"/>',
        "extensions without a url": "<extension/>",
        "misplaced elements": '<id value="a"/>',
        "identifiers": '<identifier><system value="urn:a"/><value value="a"/></identifier>',
        "unknown elements": "<x/>",
        "elements of another namespace": '<a:x xmlns:a="urn:a"/>',
        "texts between": "<status/>a",
        "repeated elements": '<status value="booked"/>',
        "participants": '<participant><status value="accepted"/></participant>',
        "participants of wrong codes": '<participant><status value="x"/></participant>',
        "contained resources": '<contained><Patient><id value="a"/></Patient></contained>',
        "contained divisions": f"<text><div {_XHTML}><p/></div></text>",
        "comments": "<!--a-->",
        "processing instructions": "<?a b?>",
        "character data": "<![CDATA[a]]>",
        "empty elements": "<status/>",
        "wrong references": '<slot><reference value="Patient/1"/></slot>',
        "codings": '<serviceType><coding><system value="urn:a"/><code value="a"/></coding></serviceType>',
        "entities that do not exist": "&a;",
        "line ends": "\n",
    }.items():
        yield f"behind: {name}", f"{head}{unit * (room // len(unit))}{tail}".encode()
        yield f"before: {name}", f"{opening}{unit * (room // len(unit))}{inside}{tail}".encode()
    for name, (element, unit) in _VALUES.items():
        if unit not in ('"', "\u0001"):
            value = unit.replace("\n", "&#10;") * (room // len(unit.replace("\n", "&#10;").encode()))
            yield f"value: {name}", f'{head}<{element} value="{value}"/>{tail}'.encode()
    depth = room // 23
    yield (
        "nested extensions",
        (head + '<extension url="a">' * (room // 31) + "</extension>" * (room // 31) + tail).encode(),
    )
    yield "nested unknown elements", f"{head}{'<x>' * (room // 7)}{'</x>' * (room // 7)}{tail}".encode()
    yield "unclosed elements", f"{head}{'<x>' * (room // 3)}".encode()
    yield "attributes", _element(head, "status", (f'a{at}="a"' for at in range(depth)))
    yield "repeated attributes", _element(head, "status", ['a="a"'] * (room // 6))
    yield "namespaces", _element(head, "x", (f'xmlns:a{at}="urn:a{at}"' for at in range(depth)))
    yield "one long name", f"{head}<{'x' * room}/>{tail}".encode()
    yield "one long comment", f"{head}<!--{'a' * room}-->{tail}".encode()
    yield "an entity of entities", f"{_ENTITY}{head}{'&a;' * 10_000}{tail}".encode()
    yield "a document type", f"<!DOCTYPE a [{'<!ELEMENT a EMPTY>' * (room // 18)}]>{head}{tail}".encode()
    yield "spaces around", b" " * room + head.encode() + tail.encode()
    yield "bytes that are no text", b"\xff" * size
    yield "tags", b"<" * size
    wide = f'<?xml version="1.0" encoding="UTF-16"?>{head}{tail}'.encode("utf-16")
    yield "another encoding", wide + b" \0" * (room // 4)
    entry = "<entry><resource>" + as_xml(appointment(1_000)).decode() + "</resource></entry>"
    yield "a Bundle", f'<Bundle {_FHIR}><type value="collection"/>{entry * (room // len(entry))}</Bundle>'.encode()
