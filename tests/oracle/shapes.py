"""Appointments of many shapes, each valid by the profile that it is validated by, unless chance draws a misfit.

`REGISTRY` shapes are registrations. `BASE` shapes hold what the registry does not take but CareConnect-Appointment-1
does, so that the base definitions are compared too and not hidden behind the registry's own rules.
"""

import random
from collections.abc import Callable
from typing import Any

from tests.oracle.facts import members
from tests.oracle.values import GOOD, drawn, member_value

Resource = dict[str, Any]
Shape = Callable[[random.Random, Resource], None]
"""Adds to a minimal registration what makes the shape."""

NHS_NUMBERS = "https://fhir.nhs.uk/Id/nhs-number"
CARECONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/"
CHANNEL = f"{CARECONNECT}Extension-CareConnect-DeliveryChannel-1"
REASON = f"{CARECONNECT}Extension-CareConnect-AppointmentCancellationReason-1"
ORGANISATION = f"{CARECONNECT}Extension-CareConnect-BookingOrganisation-1"
EXTENSION = "http://x.test/extension"


def minimal(chance: random.Random) -> Resource:
    """Return the least that is a registration, with a synthetic NHS number."""
    number = f"999{chance.randrange(10**7):07}"
    return {
        "resourceType": "Appointment",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"https://provider.test/Appointment/{number}"}],
        "status": "booked",
        "start": "2031-05-06T09:30:00+01:00",
        "end": "2031-05-06T09:40:00+01:00",
        "created": "2026-11-20T16:05:00Z",
        "participant": [
            {
                "actor": {"identifier": {"use": "official", "system": NHS_NUMBERS, "value": number}},
                "status": chance.choice(["accepted", "declined", "tentative", "needs-action"]),
            }
        ],
    }


def put(resource: Resource, **added: Any) -> None:
    """Set members; `fields__name` is not needed, as FHIR's names are Python's."""
    resource |= added


def _as_it_is(_chance: random.Random, _resource: Resource) -> None:
    pass


def _as_on_the_pages(_chance: random.Random, resource: Resource) -> None:
    put(resource, meta={"versionId": "1", "profile": [f"{CARECONNECT}CareConnect-Appointment-1"]})
    put(resource, start="2019-01-17T15:00:00.000Z", end="2019-01-17T15:10:00.000Z", created="2019-01-17T14:00:00.000Z")


def _of_each_status(chance: random.Random, resource: Resource) -> None:
    put(resource, status=chance.choice(["booked", "cancelled", "entered-in-error"]))


def _in_a_language(chance: random.Random, resource: Resource) -> None:
    put(resource, language=chance.choice(["en", "en-GB", "cy", "de-CH-1996", "zh-Hans", "fr-CA"]))


def _with_a_narrative(chance: random.Random, resource: Resource) -> None:
    status = chance.choice(["generated", "extensions", "additional", "empty"])
    put(resource, text={"status": status, "div": chance.choice(GOOD["xhtml"])})


def _with_careconnect_extensions(chance: random.Random, resource: Resource) -> None:
    extensions: list[Resource] = [
        {"url": CHANNEL, "valueCode": chance.choice(["In-person", "Telephone", "Video"])},
        {"url": REASON, "valueString": "moved away"},
        {"url": ORGANISATION, "valueReference": {"reference": "Organization/1"}},
    ]
    chance.shuffle(extensions)
    put(resource, extension=extensions[: chance.choice([1, 2, 3])])


def _with_an_extension_of_any_type(chance: random.Random, resource: Resource) -> None:
    value = chance.choice([each for each in members("Extension") if each.choice])
    put(resource, extension=[{"url": f"{EXTENSION}/any", value.name: member_value(chance, value)}])


def _with_nested_extensions(chance: random.Random, resource: Resource) -> None:
    inner = {"url": "inner", "valueString": "a"}
    outer = {"url": f"{EXTENSION}/outer", "extension": [inner, {"url": "more", "extension": [dict(inner)]}]}
    target = chance.choice([resource, resource["participant"][0], resource["participant"][0]["actor"]])
    target["extension"] = [outer]


def _with_extensions_beside_values(chance: random.Random, resource: Resource) -> None:
    for name in chance.sample(["_status", "_start", "_end", "_created"], chance.choice([1, 2])):
        resource[name] = {"extension": [{"url": f"{EXTENSION}/beside", "valueCode": "a"}]}


def _with_element_ids(chance: random.Random, resource: Resource) -> None:
    resource["_status"] = {"id": chance.choice(["s", "s-1", "1"])}
    resource["participant"][0]["id"] = "p1"
    resource["identifier"][0]["id"] = "pointer"


def _with_meta(chance: random.Random, resource: Resource) -> None:
    coding = {"system": "http://x.test/tags", "code": "a", "display": "A"}
    meta = {
        "versionId": "7",
        "lastUpdated": "2019-01-17T14:00:00Z",
        "security": [dict(coding)],
        "tag": [dict(coding), {**coding, "code": "b"}],
    }
    put(resource, meta=dict(chance.sample(sorted(meta.items()), chance.choice([1, 2, 4]))))


def _with_other_elements(chance: random.Random, resource: Resource) -> None:
    concept = {"coding": [{"system": "http://x.test/codes", "code": "a", "display": "A"}], "text": "text"}
    other: Resource = {
        "serviceCategory": concept,
        "serviceType": [concept],
        "specialty": [concept, {"text": "another"}],
        "appointmentType": concept,
        "reason": [{"text": "review"}],
        "indication": [{"reference": "Condition/1"}, {"display": "a procedure"}],
        "priority": chance.choice([0, 5]),
        "minutesDuration": chance.choice([1, 10]),
        "comment": "bring the letter",
        "incomingReferral": [{"reference": "ReferralRequest/1"}],
        "requestedPeriod": [{"start": "2019-01-17", "end": "2019-01-18"}],
    }
    put(resource, **dict(chance.sample(sorted(other.items()), chance.choice([1, 3, len(other)]))))


def _with_a_national_reference(_chance: random.Random, resource: Resource) -> None:
    actor = resource["participant"][0]["actor"]
    actor["reference"] = f"https://demographics.spineservices.nhs.uk/{actor['identifier']['value']}"
    actor["display"] = "TEST, Patient (Mr)"


def _with_a_fuller_participant(chance: random.Random, resource: Resource) -> None:
    role = {"system": "http://hl7.org/fhir/v3/ParticipationType", "code": chance.choice(["PPRF", "SBJ", "ATND"])}
    resource["participant"][0] |= {"type": [{"coding": [role]}], "required": chance.choice(["required", "optional"])}


def _with_a_fuller_identifier(chance: random.Random, resource: Resource) -> None:
    kind = {"coding": [{"system": "http://hl7.org/fhir/identifier-type", "code": "UDI"}]}
    more: Resource = {"type": kind, "period": {"start": "2019"}, "assigner": {"display": "a trust"}}
    target = chance.choice([resource["identifier"][0], resource["participant"][0]["actor"]["identifier"]])
    target |= dict(chance.sample(sorted(more.items()), chance.choice([1, 2, 3])))


def _with_instants_of_many_spellings(chance: random.Random, resource: Resource) -> None:
    day, zones = "2031-05-06T", ["Z", "+00:00", "-00:00", "+14:00", "-14:00", "+05:30"]
    times = ["09:30:00", "00:00:00", "23:59:59", "09:30:00.1", "09:30:00.123456789", "09:30:00.000"]
    for name in ("start", "end", "created"):
        resource[name] = day + chance.choice(times) + chance.choice(zones)


def _with_pointers_of_many_spellings(chance: random.Random, resource: Resource) -> None:
    pointers = [
        "http://a/b",
        "https://a.b:8080/c?d=e&f=%20#g",
        "HTTP://A.TEST",
        "http://[::1]/a",
        "http://127.0.0.1/",
        "https://a.test",
    ]
    resource["identifier"][0]["value"] = chance.choice(pointers)  # fmt: skip


def _with_text_of_many_scripts(chance: random.Random, resource: Resource) -> None:
    put(
        resource,
        comment=chance.choice(["Ünïcödé", "日本語", "\U0001f600", "a & b < c > d", "'\"", "a\u00a0b", "line\nline"]),
    )
    resource["participant"][0]["actor"]["display"] = chance.choice(["O'Neill", "Ó Súilleabháin", "محمد"])


def _proposed(_chance: random.Random, resource: Resource) -> None:
    put(resource, status="proposed")
    del resource["start"], resource["end"]


def _with_many_participants(chance: random.Random, resource: Resource) -> None:
    references = [
        "Practitioner/1",
        "Location/a",
        "Patient/p/_history/2",
        "HealthcareService/1",
        "http://x.test/Device/1",
    ]
    resource["participant"] += [
        {"actor": {"reference": chance.choice(references)}, "status": "accepted"},
        {"type": [{"text": "a nurse"}], "required": "information-only", "status": "tentative"},
    ]


def _with_what_the_registry_refuses(chance: random.Random, resource: Resource) -> None:
    refused: Resource = {
        "implicitRules": "http://x.test/rules",
        "modifierExtension": [{"url": f"{EXTENSION}/not", "valueBoolean": True}],
        "description": "a description",
        "slot": [{"reference": "Slot/1"}],
        "supportingInformation": [{"reference": "DocumentReference/1"}],
    }
    put(resource, **dict(chance.sample(sorted(refused.items()), chance.choice([1, 2, 5]))))


def _with_contained_resources(chance: random.Random, resource: Resource) -> None:
    inside: list[Resource] = [
        {"resourceType": "Patient", "id": "c1", "active": True, "gender": "female", "birthDate": "1980-02"},
        {"resourceType": "Location", "id": "c1", "name": "Room 1", "mode": "instance"},
        {"resourceType": "Practitioner", "id": "c1", "name": [{"family": "Smith", "given": ["Ann"]}]},
        {"resourceType": "Bundle", "id": "c1", "type": "collection"},
    ]  # no Appointment: HAPI 7.6 then knows no children of `participant` any more, not even of the outer one
    put(resource, contained=[chance.choice(inside)], supportingInformation=[{"reference": "#c1"}])


def _with_many_identifiers(chance: random.Random, resource: Resource) -> None:
    resource["identifier"] += [drawn(chance, "Identifier"), {"use": "old", "value": "2"}]


def _of_drawn_elements(chance: random.Random, resource: Resource) -> None:
    names = {"serviceCategory", "serviceType", "reason", "indication", "requestedPeriod", "comment", "priority", "slot"}
    for member in members("Appointment"):
        if member.name in names and chance.random() < 0.4:
            value = member_value(chance, member)
            resource[member.name] = [value] if member.many else value


REGISTRY: dict[str, Shape] = {
    "minimal": _as_it_is,
    "as on the pages": _as_on_the_pages,
    "each status": _of_each_status,
    "language": _in_a_language,
    "narrative": _with_a_narrative,
    "CareConnect extensions": _with_careconnect_extensions,
    "extension of any type": _with_an_extension_of_any_type,
    "nested extensions": _with_nested_extensions,
    "extensions beside values": _with_extensions_beside_values,
    "element ids": _with_element_ids,
    "meta": _with_meta,
    "other elements": _with_other_elements,
    "national reference": _with_a_national_reference,
    "fuller participant": _with_a_fuller_participant,
    "fuller identifier": _with_a_fuller_identifier,
    "spellings of instants": _with_instants_of_many_spellings,
    "spellings of pointers": _with_pointers_of_many_spellings,
    "scripts": _with_text_of_many_scripts,
}

BASE: dict[str, Shape] = {
    "proposed": _proposed,
    "many participants": _with_many_participants,
    "what the registry refuses": _with_what_the_registry_refuses,
    "contained resources": _with_contained_resources,
    "many identifiers": _with_many_identifiers,
    "drawn elements": _of_drawn_elements,
    "extension of any type, by the base": _with_an_extension_of_any_type,
    "narrative, by the base": _with_a_narrative,
}
