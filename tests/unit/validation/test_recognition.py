"""What is recognised, the schema accepts and gives back as the same, to the types and to the order of the members."""

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import appointments, judge
from registry_sandbox.app import build
from registry_sandbox.fhir import json as fhir_json
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.fhir.structure import Element
from registry_sandbox.settings import Settings
from registry_sandbox.validation.definitions import profiles_folder
from tests.spec.conversation import appointment
from tests.unit.drawn import FACTS, resources
from tests.unit.validation.recognising import VALUES, appointment_with, is_recognised, objects, recognises, samples

# What is ordinary is recognised


def _seeds() -> Iterator[bytes]:
    registry = build(
        Settings(clock=datetime(2019, 1, 18, 12, tzinfo=UTC), clock_frozen=True)
    ).workspace.service.registry
    return (version.json for history in registry.histories() for version in history)


def test_ordinary_appointments_are_recognised() -> None:
    """Those of the benchmarks and of the tests of the pages, and every seed: reading them costs a walk."""
    assert recognises(judge.APPOINTMENT)
    assert all(recognises(appointments.appointment(number)) for number in (0, 6, 200))
    assert recognises(appointment())
    seeds = list(_seeds())
    assert len(seeds) > 10
    assert all(is_recognised(seed) for seed in seeds)


def test_a_bundle_is_recognised_with_all_that_is_in_it() -> None:
    """Of many entries, which are many objects, but not deep."""
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": appointments.appointment(n)} for n in range(200)]
    assert recognises({"resourceType": "Bundle", "type": "collection", "total": 200, "entry": entries})
    assert recognises(appointment_with(contained=[{"resourceType": "Bundle", "id": "b", "type": "collection"}]))


def test_every_element_is_recognised_but_for_a_few_types() -> None:
    """What is left to the schema is named here."""
    left = {"xhtml", "decimal", "base64Binary"}
    for of_type in ("Appointment", "Extension", "Narrative", "Bundle"):
        for element in FACTS.types[of_type].elements:
            sample = _sample(element)
            whole = {"resourceType": of_type, element.name: sample}
            if FACTS.types[of_type].kind != "resource":
                holder = {"Extension": "extension", "Narrative": "text"}[of_type]
                value = {element.name: sample}
                whole = appointment_with(**{holder: value if holder == "text" else [value]})
            assert recognises(whole) == (element.type not in left), element


def _sample(element: Element) -> Any:
    value = _SAMPLES.get(element.type, {"id": "a"})
    return [value] if element.many else value


_SAMPLES: dict[str, Any] = {
    "Resource": {"resourceType": "Appointment"},
    "base64Binary": "aGVsbG8=",
    "boolean": True,
    "code": "a b",
    "date": "2019-02",
    "dateTime": "2019-02-01",
    "decimal": 1.5,
    "id": "a-1",
    "instant": "2019-02-01T10:51:23.620+00:00",
    "integer": -5,
    "markdown": "*a*\n",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "string": "é",
    "time": "10:00:00",
    "unsignedInt": 7,
    "uri": "http://x.test/a",
    "uuid": "urn:uuid:5b0e0000-0000-4000-8000-000000000000",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>',
}


# In another order

_settings = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@_settings
@given(resources(plain=True), st.randoms(use_true_random=False))
def test_any_plain_resource(resource: Resource, chance: random.Random) -> None:
    """In the order of the types or in any other: read as the schema reads it."""
    recognises(resource)
    recognises(_shuffled(resource, chance))


@_settings
@given(resources())
def test_any_resource(resource: Resource) -> None:
    """With narratives, decimals and extensions of primitives: not recognised, or rightly."""
    is_recognised(fhir_json.dumps(resource))


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    members = [(name, _shuffled(each, chance)) for name, each in value.items()]
    chance.shuffle(members)
    return dict(members)


def _turned(value: Any) -> Any:
    if isinstance(value, list):
        return [_turned(each) for each in value]
    return {name: _turned(each) for name, each in reversed(value.items())} if isinstance(value, dict) else value


def test_members_in_another_order_are_put_in_that_of_the_type() -> None:
    """At every level."""
    for sample in samples():
        assert recognises(sample)
        assert recognises(_turned(sample))


# What is damaged

_MEMBERS = [
    "resourceType", "unknown", "", "_", "_status", "_resourceType", "status ", "Status", "id", "_id", "value", "text",
    "valueCode", "valueBoolean", "extension", "contained", "reference", "fullUrl", "\ud800",
]  # fmt: skip


def _damaged(sample: Resource) -> Iterator[Resource]:
    """Give the sample with one thing changed, in all the ways that are listed above."""
    damaged = copy.deepcopy(sample)
    for holder in list(objects(damaged)):
        before = copy.copy(holder)
        for changed in _changed(before):
            holder.clear()
            holder.update(changed) if isinstance(holder, dict) else holder.extend(changed)
            yield damaged
        holder.clear()
        holder.update(before) if isinstance(holder, dict) else holder.extend(before)


def _changed(holder: Any) -> Iterator[Any]:
    if isinstance(holder, dict):
        yield from ({**holder, name: value} for name in [*holder, *_MEMBERS] for value in VALUES)
        yield from ({key: value for key, value in holder.items() if key != name} for name in holder)
    else:
        yield from ([*holder[:at], value, *holder[at + 1 :]] for at in range(len(holder)) for value in VALUES)
        yield []


@pytest.mark.parametrize("sample", samples(), ids=["Appointment", "Bundle"])
def test_each_member_damaged_in_each_way(sample: Resource) -> None:
    """Another value, none, a member more: what is still recognised the schema accepts too."""
    counted = [recognises(damaged) for damaged in _damaged(sample)]
    assert sum(counted) > 50
    assert sum(counted) < len(counted) / 2


def test_each_member_twice() -> None:
    """A name that is repeated is seen at every level, though one of the two is in the right place."""
    body = json.dumps(samples()[0])
    for name in {name for each in objects(samples()[0]) if isinstance(each, dict) for name in each}:
        for at in range(body.count(f'"{name}": ')):
            parts = body.split(f'"{name}": ')
            twice = (
                f'"{name}": '.join(parts[: at + 1]) + f'"{name}": "a", "{name}": ' + f'"{name}": '.join(parts[at + 1 :])
            )
            assert not is_recognised(twice.encode())


@_settings
@given(
    st.integers(0),
    st.sampled_from(['"', ",", ":", "{", "}", "[", "]", "\\", "0", "-", "e5", ".", " ", "\\ud800", "null"]),
)
def test_any_slip_in_the_text(at: int, slip: str) -> None:
    """One character more or other: no JSON, or judged alike."""
    for sample in samples():
        text = json.dumps(sample)
        place = at % len(text)
        for rest in (text[place:], text[place + 1 :]):
            try:
                is_recognised((text[:place] + slip + rest).encode())
            except fhir_json.NotJson:
                continue


# How deep it is nested


def _extensions(depth: int) -> Resource:
    inner: Any = {"url": "http://x.test", "valueCode": "a"}
    for _ in range(depth):
        inner = {"url": "http://x.test", "extension": [inner]}
    return appointment_with(extension=[inner])


def _assigners(depth: int) -> Resource:
    inner: Any = {"display": "a"}
    for _ in range(depth):
        inner = {"identifier": {"assigner": inner}}
    return appointment_with(indication=[inner])


def _bundles(depth: int) -> Resource:
    inner: Any = {"resourceType": "Bundle"}
    for _ in range(depth):
        inner = {"resourceType": "Bundle", "entry": [{"resource": inner}]}
    return inner  # type: ignore[no-any-return]  # a resource


def _containing(depth: int) -> Resource:
    inner: Any = appointment_with()
    for _ in range(depth):
        inner = appointment_with(contained=[inner])
    return inner  # type: ignore[no-any-return]  # a resource


@pytest.mark.parametrize("nested", [_extensions, _assigners, _bundles, _containing])
def test_nesting(nested: Callable[[int], Resource]) -> None:
    """A few levels are recognised, and none that the schema would call too deep; so in any order of the members."""
    assert recognises(nested(10))
    for depth in range(110):
        recognises(nested(depth))
        recognises(_turned(nested(depth)))
        recognises({**_turned(nested(depth)), "language": "en"})


@pytest.mark.parametrize(
    "inside", ["[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, '[{"url":' * 450 + "1" + "}]" * 450]
)
def test_what_is_nested_beyond_use_is_not_walked(inside: str) -> None:
    """Neither where it is in order, nor where the order has to be mended."""
    for members in (
        f'"resourceType":"Appointment","extension":{inside}',
        f'"extension":{inside},"resourceType":"Appointment"',
    ):
        assert not is_recognised(f"{{{members}}}".encode())


# What others wrote


def test_the_definitions_that_are_shipped() -> None:
    """StructureDefinitions, ValueSets and CodeSystems."""
    counted = [is_recognised(file.read_bytes()) for file in sorted(profiles_folder().rglob("*.json"))]
    assert any(counted)


def test_the_official_examples_and_definitions() -> None:
    """HL7's own resources, where they are at hand."""
    if "STU3_DEFINITIONS" not in os.environ:
        pytest.skip("STU3_DEFINITIONS names no folder with the official definitions")
    for file in sorted(Path(os.environ["STU3_DEFINITIONS"]).rglob("*.json")):
        content = json.loads(file.read_bytes())
        for each in objects(content):
            if isinstance(each, dict) and isinstance(each.get("resourceType"), str):
                plain = {name: value for name, value in each.items() if name != "text"}
                recognises(each)
                recognises(plain)
