"""Ways to damage what a resource says: extensions, invariants, contained resources, narratives, the registry's list."""

import copy
import random
from typing import Any

from tests.oracle.damages_of_structure import Damage
from tests.oracle.places import any_object, objects
from tests.oracle.shapes import CHANNEL, EXTENSION, ORGANISATION, REASON, Resource
from tests.oracle.values import BAD, UCUM, XHTML

_OK = "Telephone"
_PATIENT: Resource = {"resourceType": "Patient", "id": "c1"}
_UNITS: list[Resource] = [
    {"value": 1, "code": "mg"},
    {"system": UCUM, "value": 1},
    {"value": 1, "unit": "a", "comparator": "<"},
    {"value": -1, "system": UCUM, "code": "a"},
]
_TIMINGS: list[Resource] = [
    {"duration": 1},
    {"duration": 1, "durationUnit": "h", "durationMax": 2},
    {"durationMax": 2},
    {"period": -1, "periodUnit": "d"},
    {"duration": -1, "durationUnit": "h"},
    {"period": 1},
    {"periodMax": 2},
    {"countMax": 2},
    {"offset": 5},
    {"offset": 5, "when": ["C"]},
    {"when": ["HS"], "timeOfDay": ["10:00:00"]},
]
_PERIODS: list[Resource] = [
    {"start": "2019-02-01", "end": "2019-01-01"},
    {"start": "2019-02-01T10:00:00Z", "end": "2019-02-01"},
    {"start": "2019-02-01", "end": "2019-02-01T10:00:00Z"},
    {"start": "2019-02", "end": "2019"},
]
_REFERENCES = ["#nowhere", "", " ", "a b", "Nonsense/1", "patient/1"]
_TARGETS = [
    *_REFERENCES, "Slot/1", "Patient/1", "Condition/a/_history/2", "http://x.test/STU3/Slot/1", "http://x.test/other",
    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "Slot", "Slot/a_b", "/Slot/1", "#", "Slot/1/",
]  # fmt: skip
_DATA = ["x", "1  2", "1,2", "e"]

VALUES: dict[str, list[Any]] = {
    "valueQuantity": _UNITS,
    "valueAge": _UNITS,
    "valueDistance": _UNITS,
    "valueDuration": _UNITS,
    "valueMoney": _UNITS,
    "valueCount": [{"value": 1.5, "system": UCUM, "code": "1"}, *_UNITS],
    "valueRange": [{"low": {"value": 2}, "high": {"value": 1}}],
    "valueRatio": [{"numerator": {"value": 2}}],
    "valueAttachment": [{"data": "aGVsbG8="}],
    "valueContactPoint": [{"value": "01"}],
    "valueTiming": [{"repeat": each} for each in _TIMINGS],
    "valuePeriod": _PERIODS,
    "valueSampledData": [{"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": each} for each in _DATA],
    "valueReference": [{"reference": each} for each in _REFERENCES],
}
"""Values of an extension that break an invariant, or come close to it."""

_EXTENSIONS: list[Resource] = [
    {"url": f"{EXTENSION}/both", "valueCode": "a", "extension": [{"url": "b", "valueCode": "c"}]},
    {"url": f"{EXTENSION}/neither"},
    {"url": f"{EXTENSION}/two", "valueCode": "a", "valueString": "b"},
    {"url": f"{EXTENSION}/no-such-type", "valueFoo": "a"},
    {"url": f"{EXTENSION}/empty", "extension": []},
    {"valueString": "no url"},
    {"url": "", "valueString": "a"},
    {"url": "relative", "valueString": "a"},
    {"url": "#fragment", "valueString": "a"},
    {"url": "/path", "valueString": "a"},
    {"url": f" {EXTENSION}/space", "valueString": "a"},
    {"url": f"{EXTENSION}/a b", "valueString": "a"},
    {"url": "urn:oid:2.16.840.1.113883.2.1.4.1", "valueString": "a"},
    {"url": "http://hl7.org/fhir/StructureDefinition/no-such", "valueString": "a"},
]

_OF_CARECONNECT: list[list[Resource]] = [
    [{"url": CHANNEL, "valueCode": _OK}, {"url": CHANNEL, "valueCode": _OK}],
    [{"url": CHANNEL, "valueString": _OK}],
    [{"url": CHANNEL, "valueCode": "Carrier-Pigeon"}],
    [{"url": CHANNEL}],
    [{"url": CHANNEL, "extension": [{"url": "a", "valueCode": "b"}]}],
    [{"url": REASON, "valueCode": "a"}],
    [{"url": REASON, "valueString": "a"}, {"url": REASON, "valueString": "b"}],
    [{"url": ORGANISATION, "valueString": "a"}],
    [{"url": ORGANISATION, "valueReference": {"reference": "Patient/1"}}],
    [{"url": ORGANISATION, "valueReference": {"display": "a"}}],
    [{"url": f"{CHANNEL}/", "valueString": "another"}],
    [{"url": CHANNEL.lower(), "valueString": "another"}],
]

_POINTERS = [
    "relative/1", "/a", "ftp://a.test/1", "urn:oid:1.2.3", "http://", "http:///a", "http://a.test/#a#b",
    "http://a.test/a b", "http://a.test/%zz", "http://a.test/<b>", "https:a.test", "a.test/1", "http://[::1/a",
    "http://a.test/é",
]  # fmt: skip

_CONTAINED: list[Resource] = [
    {**_PATIENT, "text": {"status": "generated", "div": f'<div xmlns="{XHTML}">a</div>'}},
    {**_PATIENT, "meta": {"versionId": "1"}},
    {**_PATIENT, "meta": {"lastUpdated": "2019-01-17T14:00:00Z"}},
    {**_PATIENT, "contained": [{"resourceType": "Patient", "id": "c2"}]},
    {"resourceType": "Patient", "active": True},
    {**_PATIENT, "id": "c 1"},
    {**_PATIENT, "id": "elsewhere"},
    {"resourceType": "Nonsense", "id": "c1"},
    {"id": "c1"},
    {"resourceType": "Bundle", "id": "c1", "type": "nonsense"},
    {"resourceType": "Bundle", "id": "c1"},
    {"resourceType": "OperationOutcome", "id": "c1"},
]

_DIVS = [
    *BAD["xhtml"],
    *(
        f'<div xmlns="{XHTML}">{inside}</div>'
        for inside in (
            '<img src="http://x.test/a.png" alt=""/>',
            '<img src="a.png"/>',
            '<a name="x">a</a><a href="#x">b</a>',
            '<span id="a">a</span><span id="a">b</span>',
            "<!-- only a comment -->",
            '<a href="data:text/html,a">a</a>',
            '<font color="red">a</font>',
            '<p foo="bar">a</p>',
            "<style>p {color: red}</style>",
            '<a href="mailto:a@x.test">a</a>',
            '<a href=" JavaScript:f()">a</a>',
        )
    ),
]
_NARRATIVES: list[Resource] = [
    *({"status": "generated", "div": div} for div in _DIVS),
    {"status": "generated"},
    {"div": f'<div xmlns="{XHTML}">a</div>'},
    {"status": "nonsense", "div": f'<div xmlns="{XHTML}">a</div>'},
    {"status": "empty", "div": f'<div xmlns="{XHTML}">a</div>'},
]

_LANGUAGES = [
    "klingon",
    "foo bar",
    "e",
    "en_GB",
    "EN",
    "xx",
    "x-private",
    "i-klingon",
    "en-",
    "zz-ZZ",
    "english",
    "123",
]


def _damage_an_id(chance: random.Random, resource: Resource) -> None:
    target, _ = chance.choice([each for each in objects(resource, "Appointment") if each[1] != "Appointment"])
    target["id"] = chance.choice(["a b", " a", "", "p1", "a\tb", "é", "x" * 70])
    if chance.random() < 0.5:
        resource["_status"] = {"id": target["id"]}


def _damage_an_extension(chance: random.Random, resource: Resource) -> None:
    target = any_object(chance, resource)
    target["extension"] = [*target.get("extension", []), copy.deepcopy(chance.choice(_EXTENSIONS))]


def _damage_a_careconnect_extension(chance: random.Random, resource: Resource) -> None:
    misplaced = chance.random() < 0.2
    target = resource["participant"][0] if misplaced else resource
    target["extension"] = copy.deepcopy(chance.choice(_OF_CARECONNECT))


def _add_a_modifier_extension(chance: random.Random, resource: Resource) -> None:
    any_object(chance, resource)["modifierExtension"] = [{"url": f"{EXTENSION}/not", "valueBoolean": True}]


def _misdirect_a_reference(chance: random.Random, resource: Resource) -> None:
    names = ["indication", "slot", "supportingInformation", "incomingReferral"]
    reference = {"reference": chance.choice(_TARGETS)}
    if chance.random() < 0.5:
        resource["participant"][0]["actor"] |= reference
    else:
        resource[chance.choice(names)] = [reference]


def _break_an_invariant_of_a_type(chance: random.Random, resource: Resource) -> None:
    name = chance.choice(list(VALUES))
    resource["extension"] = [{"url": f"{EXTENSION}/any", name: copy.deepcopy(chance.choice(VALUES[name]))}]


def _break_an_invariant_of_appointment(chance: random.Random, resource: Resource) -> None:
    changes: list[Resource] = [
        {"end": "2001-01-01T00:00:00Z"},
        *({"requestedPeriod": [copy.deepcopy(each)]} for each in _PERIODS),
        *({"created": each} for each in ("2019", "2019-01", "2019-01-17")),
    ]
    if chance.random() < 0.2:
        del resource["participant"][0]["actor"]
    else:
        resource |= chance.choice(changes)


def _remove_start_or_end(chance: random.Random, resource: Resource) -> None:
    for name in chance.choice([["start"], ["end"], ["start", "end"]]):
        resource.pop(name, None)
    if chance.random() < 0.3:
        resource["status"] = chance.choice(["cancelled", "proposed"])


def _damage_what_the_registry_asks(chance: random.Random, resource: Resource) -> None:
    identifier, actor = resource["identifier"][0], resource["participant"][0]["actor"]
    wrong: list[tuple[Resource, str, list[str]]] = [
        (identifier, "system", ["urn:ietf:rfc:3987", "URN:ietf:rfc:3986", "http://x.test"]),
        (identifier, "value", _POINTERS),
        (actor["identifier"], "use", ["usual", "secondary"]),
        (actor["identifier"], "system", ["https://fhir.nhs.uk/Id/nhs-number/", "http://fhir.nhs.net/Id/nhs-number"]),
        (actor["identifier"], "value", ["999000111", "99900011112", "999 000 1111", "٩٩٩٠٠٠١١١١", "9990001111\n"]),
        (actor, "reference", ["Patient/1", "https://demographics.spineservices.nhs.uk/1", "#p"]),
        (resource, "status", ["proposed", "pending", "arrived", "fulfilled", "noshow"]),
    ]
    target, name, values = chance.choice(wrong)
    target[name] = chance.choice(values)


def _add_what_the_registry_refuses(chance: random.Random, resource: Resource) -> None:
    refused: list[tuple[str, Any]] = [
        ("slot", [{"reference": "Slot/1"}]),
        ("supportingInformation", [{"reference": "Patient/1"}]),
        ("description", "d"),
        ("implicitRules", "http://x.test/rules"),
        ("contained", [{"resourceType": "Patient", "id": "c9"}]),
    ]
    name, value = chance.choice(refused)
    resource[name] = value


def _damage_a_contained_resource(chance: random.Random, resource: Resource) -> None:
    resource["contained"] = [copy.deepcopy(chance.choice(_CONTAINED))]
    if chance.random() < 0.8:
        resource["supportingInformation"] = [{"reference": "#c1"}]


def _damage_the_narrative(chance: random.Random, resource: Resource) -> None:
    resource["text"] = dict(chance.choice(_NARRATIVES))


def _give_an_odd_language(chance: random.Random, resource: Resource) -> None:
    resource["language"] = chance.choice(_LANGUAGES)


CONTENT: dict[str, Damage] = {
    "element id": _damage_an_id,
    "extension": _damage_an_extension,
    "CareConnect extension": _damage_a_careconnect_extension,
    "modifier extension": _add_a_modifier_extension,
    "reference": _misdirect_a_reference,
    "invariant of a type": _break_an_invariant_of_a_type,
    "invariant of Appointment": _break_an_invariant_of_appointment,
    "start or end removed": _remove_start_or_end,
    "what the registry asks": _damage_what_the_registry_asks,
    "what the registry refuses": _add_what_the_registry_refuses,
    "contained resource": _damage_a_contained_resource,
    "narrative": _damage_the_narrative,
    "language": _give_an_odd_language,
}
