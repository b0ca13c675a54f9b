"""JSON that has not the shape of its resource type is told so, each problem with its place."""

import json
from typing import Any

import pytest

from registry_sandbox.reading.codec import Codec
from tests.unit.reading.refusals import findings_of

_CODEC = Codec()


def _messages(members: str) -> list[str]:
    return [each.message for each in findings_of(f'{{"resourceType":"Appointment",{members}}}', "json")]


@pytest.mark.parametrize(
    ("members", "place", "said"),
    [
        ('"statu":"booked"', "Appointment.statu", "did you mean status"),
        ('"status":1', "Appointment.status", "the number 1: expected a string"),
        ('"status":["booked"]', "Appointment.status", "an array: expected a string"),
        ('"status":null', "Appointment.status", "null"),
        ('"status":""', "Appointment.status", "an empty string"),
        ('"status":"\\u0000"', "Appointment.status", "U+0000"),
        ('"status":"\\ud800"', "Appointment.status", "U+D800"),
        ('"priority":"1"', "Appointment.priority", "expected a number"),
        ('"priority":true', "Appointment.priority", "true: expected a number"),
        ('"priority":1e3', "Appointment.priority", "exponent"),
        ('"priority":NaN', "Appointment.priority", "NaN"),
        ('"identifier":{"value":"x"}', "Appointment.identifier", "expected an array"),
        ('"identifier":[]', "Appointment.identifier", "empty array"),
        ('"identifier":[{}]', "Appointment.identifier[0]", "empty object"),
        ('"identifier":[null]', "Appointment.identifier[0]", "null"),
        ('"identifier":[["x"]]', "Appointment.identifier[0]", "an array: expected one object"),
        ('"participant":[{"actor":[{"display":"x"}]}]', "Appointment.participant[0].actor", "does not repeat"),
        ('"participant":[{},{"actor":{"a":1}}]', "Appointment.participant[1].actor.a", "no element"),
        ('"meta":{"profile":"http://x"}', "Appointment.meta.profile", "expected an array"),
        ('"meta":{"profile":[null]}', "Appointment.meta.profile[0]", "null"),
        ('"meta":{"profile":["a",null],"_profile":[null,null]}', "Appointment.meta.profile[1]", "null"),
        ('"meta":{"profile":["a"],"_profile":[null,{"id":"x"}]}', "Appointment.meta._profile", "2 items"),
        ('"_status":"x"', "Appointment._status", "expected an object"),
        ('"_status":{"value":"x"}', "Appointment._status.value", "no element"),
        ('"_identifier":[]', "Appointment._identifier", "did you mean identifier"),
        ('"extension":[{"_url":{"id":"x"}}]', "Appointment.extension[0]._url", "did you mean url"),
        ('"comment":"a","comment":"b"', "Appointment", '"comment" more than once'),
        ('"text":{"div":"<div>x</div>"}', "Appointment.text.div", "namespace"),
        ('"text":{"div":"<div"}', "Appointment.text.div", "not well-formed"),
        ('"text":{"div":"<!DOCTYPE div><div/>"}', "Appointment.text.div", "document type"),
        ('"contained":[{"id":"x"}]', "Appointment.contained[0]", "no resourceType"),
        ('"contained":[{"resourceType":"Pateint"}]', "Appointment.contained[0]", "did you mean Patient"),
        ('"contained":[{"resourceType":"Resource"}]', "Appointment.contained[0]", "does not know"),
        ('"contained":[{"resourceType":"Bundle","x":1}]', "Appointment.contained[0].x", "no element"),
        ('"contained":[{"resourceType":"Patient","a":[[1]]}]', "Appointment.contained[0].a[0]", "array in an array"),
        ('"contained":[{"resourceType":"Patient","a":[{"b":null}]}]', "Appointment.contained[0].a[0].b", "null"),
    ],
)
def test_a_problem_is_named_with_its_place(members: str, place: str, said: str) -> None:
    """Wrong JSON types, unknown members, nulls and all that is empty: the path and what was expected."""
    assert any(each.startswith(f"{place} ") and said in each for each in _messages(members)), _messages(members)


@pytest.mark.parametrize(
    "members",
    [
        '"meta":{"profile":["a",null],"_profile":[null,{"id":"x"}]}',
        '"_status":{"extension":[{"url":"urn:x","valueCode":"y"}]}',
        '"status":"booked","_status":{"id":"s"}',
        '"_id":{"id":"x"}',
        '"contained":[{"resourceType":"Patient","name":[{"family":"x"}],"a":1.5}]',
        '"comment":"line\\nline"',
    ],
)
def test_what_has_the_shape_is_let_pass(members: str) -> None:
    """Values and their siblings with ids and extensions, in arrays padded with null where they must be."""
    _CODEC.read(f'{{"resourceType":"Appointment",{members}}}'.encode(), "json")


def test_all_problems_are_found_at_once() -> None:
    """None hides another."""
    found = _messages('"a":1,"status":2,"participant":[{"b":3},{"actor":4}],"text":{"div":"x"}')
    assert [each.partition(" ")[0] for each in found] == [
        "Appointment.a",
        "Appointment.status",
        "Appointment.participant[0].b",
        "Appointment.participant[1].actor",
        "Appointment.text.div",
    ]


def test_nesting_is_bounded() -> None:
    """A hundred elements may stand inside each other, and one more is refused, wherever it is."""
    deep: dict[str, Any] = {"url": "urn:x"}
    for _ in range(98):
        deep = {"url": "urn:x", "extension": [deep]}
    _CODEC.read(json.dumps({"resourceType": "Appointment", "extension": [deep]}).encode(), "json")
    deeper = {"resourceType": "Appointment", "extension": [{"url": "urn:x", "extension": [deep]}]}
    (finding,) = findings_of(json.dumps(deeper), "json")
    assert "nested too deep" in finding.message


@pytest.mark.parametrize("inner", ['{"a":%s}', "[%s]", '[{"a":%s}]'])
def test_what_is_not_described_is_bounded_too(inner: str) -> None:
    """No nesting of objects or arrays, in a resource type that nobody judges, takes the walk out of its stack."""
    text = "1"
    for _ in range(150):
        text = inner % text
    assert _messages(f'"contained":[{{"resourceType":"Patient","a":{text}}}]')
    assert _messages(f'"comment":{text}')


def test_an_array_of_nothing_but_padding_is_left_out() -> None:
    """XML has no place for it, so that both formats give the same."""
    beside = '{"resourceType":"Appointment","meta":{"_profile":[{"id":"x"}],"profile":[null]}}'
    values = '{"resourceType":"Appointment","meta":{"_profile":[null,null],"profile":["a","b"]}}'
    assert _CODEC.read(beside.encode(), "json").resource["meta"] == {"_profile": [{"id": "x"}]}
    assert _CODEC.read(values.encode(), "json").resource["meta"] == {"profile": ["a", "b"]}


def test_arrays_that_do_not_pair_are_told_once() -> None:
    """Of the one with the ids and extensions, not of both."""
    (message,) = _messages('"meta":{"profile":["a",null],"_profile":[null,{"id":"x"},{"id":"y"}]}')
    assert message == "Appointment.meta._profile has 3 items, but profile has 2: they go in pairs, padded with null"
