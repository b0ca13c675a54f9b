"""The two ways of reading JSON side by side: one codec that recognises, one that asks the schema about everything."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench import judge
from sandbox.errors import SandboxError
from sandbox.exchange import Resource
from sandbox.fhir import json as fhir_json
from sandbox.validation.reading import Codec, Refused
from sandbox.validation.recognition import Recogniser
from tests.unit.drawn import FACTS, RESOURCES

_RECOGNISER = Recogniser(FACTS)
_BY_THE_SCHEMA = Codec(recognising=False)
_WITH_BOTH = Codec()


def is_recognised(body: bytes) -> bool:
    """Tell whether a body is recognised; if so, the schema has to give the same, and if not, it is left as it was."""
    parsed = fhir_json.parse(body)
    if not (isinstance(parsed, dict) and parsed.get("resourceType") in RESOURCES):
        return False
    before = repr(parsed)
    recognised = _RECOGNISER.recognised(parsed, body)
    assert repr(parsed) == before
    if recognised is None:
        return False
    # The text of a value tells its type, and the order of members.
    assert repr(recognised) == repr(_read_by_the_schema(body))
    assert fhir_json.dumps(recognised) == fhir_json.dumps(_read_by_the_schema(body))
    assert repr(_WITH_BOTH.read(body, "json", RESOURCES).resource) == repr(recognised)
    return True


def _read_by_the_schema(body: bytes) -> Resource:
    try:
        return _BY_THE_SCHEMA.read(body, "json", RESOURCES).resource
    except (Refused, SandboxError) as refusal:
        pytest.fail(f"the schema refuses what was recognised: {refusal!r}\n{body[:2000]!r}")


def recognises(resource: Any) -> bool:
    """Tell the same of a resource."""
    return is_recognised(json.dumps(resource).encode())


def appointment_with(**members: Any) -> Resource:
    """Give an Appointment with these members alone."""
    return {"resourceType": "Appointment", **members}


def samples() -> list[Resource]:
    """Give resources with nearly everything that is recognised."""
    rich = {
        **judge.APPOINTMENT,
        "contained": [{"resourceType": "Bundle", "id": "b", "entry": [{"resource": {"resourceType": "Appointment"}}]}],
        "serviceType": [{"coding": [{"system": "http://x.test", "code": "gp", "userSelected": True}], "text": "GP"}],
        "indication": [{"reference": "Condition/1", "identifier": {"assigner": {"display": "x"}}}],
        "priority": 0,
        "minutesDuration": 10,
        "comment": "one\ntwo",
    }
    return [rich, {"resourceType": "Bundle", "type": "collection", "link": [{"relation": "self", "url": "http://a"}]}]


def objects(value: Any) -> Iterator[Any]:
    """Give all objects and arrays in a value."""
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from objects(each)


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 7, 1.0, 1.5, -0.0, 2**31, 2**31 - 1, -(2**31), -(2**31) - 1, 10**30, 10**400, "", " ",
    "a", " a", "a ", "a b", "a  b", "a\tb", "a\nb", "\n", "true", "1", "2019-01-17T15:00:00Z", "http://x.test/a b",
    "\0", "\x1f", "\x7f", "\x85", "\xa0", "\u2028", "\ud800", "\udfff", "\ufffd", "\ufffe", "\uffff", "\U0001ffff",
    "\U0010ffff", "<", "&amp;", '"', "\r\n", "]]>", "<!DOCTYPE a>", "{", "x" * 65, [], {}, [[]], [{}], [None], ["a"],
    ["a", None], ["a", 1], {"a": 1}, {"id": "only"}, {"id": ""}, [{"id": "a"}], {"value": "a"}, [{"value": "a"}],
    {"resourceType": "Bundle"}, [{"resourceType": "Bundle"}], {"resourceType": "Patient"}, {"resourceType": ["a"]},
    {"url": "u", "valueCode": "a", "valueString": "b"}, [{"url": "u", "valueCode": "a", "valueString": "b"}],
    [{"extension": [{"url": "u"}]}], [{"valueCode": "a", "url": "u"}], [{"url": "u", "_valueCode": {"id": "a"}}],
]  # fmt: skip
"""Whatever may stand where a value stands."""
