"""What the tests of our own promises are fed with: appointments to damage, ways to damage them, a faulty sandbox."""

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT
from tests.house.command import Command
from tests.house.faulty import Faulty, Waits
from tests.house.template import Template
from tests.stores import Server, a_server, running_server

NHS_NUMBERS = "https://fhir.nhs.uk/Id/nhs-number"
CARECONNECT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/"
XHTML = "http://www.w3.org/1999/xhtml"

SAMPLE: Resource = {
    "resourceType": "Appointment",
    "meta": {"profile": [CARECONNECT_APPOINTMENT]},
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "http://test.nhs.uk/test3"}],
    "status": "booked",
    "start": "2019-01-17T15:00:00.000Z",
    "end": "2019-01-17T15:10:00.000Z",
    "created": "2019-01-17T14:00:00.000Z",
    "participant": [
        {
            "actor": {"identifier": {"use": "official", "system": NHS_NUMBERS, "value": "9990001111"}},
            "status": "accepted",
        }
    ],
}

RICH: Resource = {
    **SAMPLE,
    "meta": {"versionId": "1", "tag": [{"system": "http://x.test/tags", "code": "a"}]},
    "language": "en",
    "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><p>An <b>appointment</b></p></div>'},
    "contained": [{"resourceType": "Bundle", "id": "b1", "type": "collection"}],
    "extension": [
        {"url": f"{CARECONNECT}Extension-CareConnect-DeliveryChannel-1", "valueCode": "Telephone"},
        {"url": f"{CARECONNECT}Extension-CareConnect-AppointmentCancellationReason-1", "valueString": "moved away"},
        {"url": f"{CARECONNECT}Extension-CareConnect-BookingOrganisation-1", "valueReference": {"reference": "#b1"}},
        {"url": "http://x.test/outer", "extension": [{"url": "inner", "valuePeriod": {"start": "2019-01-01"}}]},
        {"url": "http://x.test/amount", "valueQuantity": {"value": 1.5, "system": "http://x.test/units", "code": "mg"}},
        {"url": "http://x.test/file", "valueAttachment": {"contentType": "text/plain", "data": "aGVsbG8="}},
        {"url": "http://x.test/phone", "valueContactPoint": {"system": "phone", "value": "01"}},
    ],
    "serviceCategory": {"coding": [{"system": "http://x.test/categories", "code": "gp"}], "text": "GP"},
    "reason": [{"text": "review"}],
    "indication": [{"reference": "Condition/1"}],
    "priority": 5,
    "minutesDuration": 10,
    "comment": "bring the letter",
    "_comment": {"id": "c1", "extension": [{"url": "http://x.test/by", "valueBoolean": True}]},
    "requestedPeriod": [{"start": "2019-01-17", "end": "2019-01-18"}],
}

VALUES: list[Any] = [
    "", " ", "a  b", " booked", "booked", "proposed", "fulfilled", "entered in error", "Booked", "2019", "2019-01-17",
    "2019-01-17T15:00:00", "2019-01-17T15:00:00Z", "2019-01-17T24:00:00Z", "2019-02-30T00:00:00Z", "x" * 65, "official",
    "1234567890", "#none", "#b1", "Slot/1", "Patient/1", "http://x.test/a b", "urn:ietf:rfc:3986", "Ä",
    0, -1, 1, 2**31, 1.5, True, False, [], {}, [{}], {"id": "only"}, [None],
]  # fmt: skip

TEXTS = [value for value in VALUES if isinstance(value, str)] + [
    "2019-13-01", "2019-01-17T15:00:60Z", "2019-01-17T15:00Z", "2019-01-17T15:00:00+14:00", "2019-01-17T15:00:00+15:00",
    "0000-01-01", "19-01-17", "01", "+1", "-0", "1e3", "4294967296", "TRUE", "true", "\t", "a\nb", "aGVsbG8",
]  # fmt: skip

ADDITIONS: list[tuple[str, Any]] = [
    ("slot", [{"reference": "Slot/1"}]),
    ("supportingInformation", [{"reference": "Patient/1"}]),
    ("description", "d"),
    ("implicitRules", "http://x.test/rules"),
    ("modifierExtension", [{"url": "http://x.test/not", "valueBoolean": True}]),
    ("extension", [{"url": "http://x.test/both", "valueCode": "a", "extension": [{"url": "b", "valueCode": "c"}]}]),
    ("extension", [{"url": "http://x.test/neither"}]),
    ("extension", [{"valueString": "no url"}]),
    ("extension", [{"url": f"{CARECONNECT}Extension-CareConnect-DeliveryChannel-1", "valueString": "wrong type"}]),
    ("extension", [{"url": f"{CARECONNECT}Extension-CareConnect-AppointmentCancellationReason-1"}]),
    ("_start", {"extension": [{"url": "http://x.test/why", "valueCode": "unknown"}]}),
    ("_status", {"id": "s"}),
    ("contained", [{"resourceType": "Bundle", "id": "b2", "type": "collection"}]),
    ("contained", [{"resourceType": "OperationOutcome", "id": "b1", "text": {"status": "empty", "div": "x"}}]),
    ("text", {"status": "generated", "div": f'<div xmlns="{XHTML}"> </div>'}),
    ("text", {"status": "generated", "div": f'<div xmlns="{XHTML}"><script>1</script></div>'}),
    ("requestedPeriod", [{"start": "2019-02-01", "end": "2019-01-01"}]),
    ("requestedPeriod", [{"start": "2019-02-01T10:00:00+00:00", "end": "2019-02-01"}]),
    ("requestedPeriod", [{"start": "2019-02-01", "end": "2019-02-01T10:00:00Z"}]),
    ("unknown", "x"),
    ("priority", "5"),
    ("start", None),
    ("reference", "Patient/1"),
    ("coding", [{"code": "a", "system": "http://x.test"}]),
]


@pytest.fixture
def sandbox(running: RegistrySandbox) -> Iterator[RegistrySandbox]:
    """The session's sandbox, as it is at its start."""
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def http(sandbox: RegistrySandbox) -> Iterator[httpx.Client]:
    """A client of the sandbox, with a token."""
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def command(template: Template) -> Command:
    """The command, in processes of its own."""
    return Command(template)


@pytest.fixture
def examples(definitions: Path) -> list[Resource]:
    """HL7's own examples."""
    return [json.loads(file.read_bytes()) for file in sorted((definitions / "examples" / "official").glob("*.json"))]


@pytest.fixture
def seeds(examples: list[Resource]) -> list[Resource]:
    """What is damaged: a registry sample, one with everything, and HL7's examples."""
    return [SAMPLE, RICH, *examples]


@pytest.fixture(scope="session")
def definitions() -> Path:
    """The folder of the official definitions; without it, the test is skipped."""
    if "STU3_DEFINITIONS" not in os.environ:
        pytest.skip("STU3_DEFINITIONS names no folder with the official definitions")
    return Path(os.environ["STU3_DEFINITIONS"])


def _holders(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Return every place in a tree that holds a value: a dict and a name, or a list and an index."""
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        keys: Any = node.keys() if isinstance(node, dict) else range(len(node))
        for key in list(keys):
            yield node, key
            if isinstance(node[key], dict | list):
                waiting.append(node[key])


@pytest.fixture
def damage() -> Callable[[random.Random, Resource], None]:
    """Change one thing of a resource."""
    return _damage


@pytest.fixture
def damage_xml() -> Callable[[random.Random, etree._Element], None]:
    """Change one thing of a document that only XML can have wrong."""
    return _damage_xml


def _damage(chance: random.Random, resource: Resource) -> None:
    holder, key = chance.choice([place for place in _holders(resource) if place[1] != "resourceType"])
    match chance.choice(["remove", "replace", "repeat", "add", "add", "borrow"]):
        case "remove":
            del holder[key]
        case "replace":
            holder[key] = copy.deepcopy(chance.choice(VALUES))
        case "repeat" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case "borrow":
            other, name = chance.choice(list(_holders(resource)))
            holder[key] = copy.deepcopy(other[name])
        case _:
            objects = [resource, *(h[k] for h, k in _holders(resource) if isinstance(h[k], dict))]
            name, value = chance.choice(ADDITIONS)
            target = chance.choice([resource, chance.choice(objects)])
            added, there = copy.deepcopy(value), target.get(name, [])
            target[name] = [*there, *added] if isinstance(added, list) and isinstance(there, list) else added


def _damage_xml(chance: random.Random, root: etree._Element) -> None:
    elements = list(root.iter(etree.Element))
    element = chance.choice(elements)
    parent = element.getparent()
    match chance.choice(
        ["swap", "rename", "attribute", "text", "namespace", "repeat", "novalue", "move", *["value"] * 6]
    ):
        case "swap" if len(element) > 1:
            element.append(element[0])
        case "rename":
            element.tag = (
                f"{{{etree.QName(element).namespace}}}{chance.choice(['status', 'foo', 'actor', 'valueString'])}"
            )
        case "attribute":
            element.set(
                chance.choice(["id", "value", "url", "foo", "xmlid"]),
                chance.choice(["a", "", " a", "1"]),
            )
        case "text":
            element.text = chance.choice(["x", " ", "\n"])
        case "namespace":
            element.tag = f"{{http://x.test}}{etree.QName(element).localname}"
        case "repeat" if parent is not None:
            parent.append(copy.deepcopy(element))
        case "value":
            valued = [each for each in elements if "value" in each.attrib]
            chance.choice(valued).set("value", chance.choice([*TEXTS, *(each.attrib["value"] for each in valued)]))
        case "novalue" if "value" in element.attrib:
            del element.attrib["value"]
        case _ if parent is not None:
            chance.choice(elements).append(copy.deepcopy(element))


@pytest.fixture(scope="module")
def store() -> Iterator[Server]:
    """A store for replicas."""
    with running_server(a_server()) as server:
        yield server


@pytest.fixture(scope="module")
def faulty() -> Iterator[Faulty]:
    """A sandbox that only notes its waits."""
    waits = Waits()
    with (
        RegistrySandbox(sleep=waits, random_seed=5, request_faults=True) as running,
        Faulty(running.base_url, running.control_url, waits) as faulty,
    ):
        yield faulty
