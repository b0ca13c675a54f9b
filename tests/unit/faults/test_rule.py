"""The long form of a rule, and what is refused of it."""

import json
import re
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.faults.effect import vocabulary
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import read_rule, rule_schema


def facts(**known: Any) -> Facts:
    """Return the facts of an exchange: a read by acme, unless told otherwise."""
    headers = CIMultiDictProxy(CIMultiDict[str](known.pop("headers", {})))
    return Facts(**{"interaction": "read", "logical_id": "1", "client": "acme", "headers": headers, **known})


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({}, "fault: 'then' is missing"),
        ([], "fault: [] cannot be used"),
        ({"then": {}}, "fault.then: there is no effect"),
        ({"thn": {}}, 'fault: "thn" is not known'),
        ({"then": {"status": "500"}}, 'fault.then.status: "500" cannot be used'),
        ({"then": {"status": True}}, "fault.then.status: true cannot be used"),
        ({"then": {"cut": {"bytes": 1, "ends": "fin"}}}, 'fault.then.cut: "ends" is not known'),
        ({"then": {"cut": {}}}, "fault.then.cut: 'bytes' is missing"),
        ({"then": {"delay": {"uniform": {"min": 1}}}}, "fault.then.delay.uniform: 'max' is missing"),
        ({"then": {"hold": False}}, "fault.then.hold: false cannot be used; expected true"),
        ({"then": {"retry_after": 2}}, "fault.then: 'status' is missing"),
        ({"then": {"status": 500}, "when": {"nth": []}}, "fault.when.nth"),
        ({"then": {"status": 500}, "when": {"nth": [2, 0]}}, "fault.when.nth[1]: 0 cannot be used"),
        ({"then": {"status": 500}, "when": {"for": 0}}, "fault.when: for 0 can never hold"),
        ({"then": {"status": 500}, "match": {"patient": 9991000011}}, "fault.match.patient: 9991000011 cannot be used"),
        ({"then": {"status": 500}, "match": {"interaction": "token", "patient": "9991000011"}}, "can never match"),
        ({"then": {"status": 500}, "match": {"id": ""}}, 'fault.match.id: "" cannot be used'),
        ({"then": {"status": 500}, "id": "a/b"}, 'fault.id: "a/b" cannot be used'),
        ({"then": {"headers": {"A b": "c"}}}, "expected the name of a header"),
        ({"then": {"headers": {"A": "c\r\nSet-Cookie: x"}}}, "expected a header's value"),
        ({"then": {"delay": float("nan")}}, "expected a time span"),
        ({"then": {"status": 500, "code": "RESOURCE_CREATED"}}, "fault.then.code"),
    ],
)
def test_what_cannot_be_used_is_refused_by_place(spec: Any, place: str) -> None:
    """The message names the place, what is there, and what was expected."""
    with pytest.raises(BadFault) as refused:
        read_rule(spec, "fault", "x")
    assert place in str(refused.value)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"id": "1"}, True),
        ({"id": "2"}, False),
        ({"client": "acme"}, True),
        ({"client": "other"}, False),
        ({"patient": "9991000011"}, True),
        ({"patient": "9991000038"}, False),
        ({"header": "X-Run"}, True),
        ({"header": {"x-run": "7"}}, True),
        ({"header": {"X-Run": "*"}}, True),
        ({"header": {"X-Run": "8"}}, False),
        ({"header": "X-Other"}, False),
        ({"header": {"X-Other": "*"}}, False),
        ({"header": {"X-Run": "9"}}, True),
        ({"id": "1", "client": "other"}, False),
    ],
)
def test_all_that_is_given_must_fit(match: dict[str, Any], fits: bool) -> None:  # noqa: FBT001 - the table's column
    """An absent key means any."""
    rule = read_rule({"match": match, "then": {"status": 500}}, "fault", "x")
    assert rule.match.fits(facts(patients=("9991000011",), headers=[("X-Run", "7"), ("X-Run", "9")])) is fits


def test_without_an_interaction_it_is_about_all_of_fhir_and_never_the_token() -> None:
    """The token endpoint must be named."""
    rule = read_rule({"then": {"status": 500}}, "fault", "x")
    assert "token" not in rule.interactions
    assert {"create", "search-type", "capabilities"} <= set(rule.interactions)


def test_the_schema_is_derived_from_the_fields() -> None:
    """Each setting of each effect is in it, with its bounds."""
    then = rule_schema()["properties"]["then"]["properties"]
    assert {"type": "integer", "minimum": 400, "maximum": 599}.items() <= then["status"].items()
    assert [each["const"] for each in then["wire"]["oneOf"]] == ["empty", "garbage", "hang", "reset"]
    assert then["cut"]["anyOf"][1]["required"] == ["bytes"]
    assert json.loads(json.dumps(rule_schema())) == rule_schema()


def test_the_schema_says_of_each_effect_what_it_does() -> None:
    """A sentence and an example of the short form, so that a form can be made of it."""
    then = rule_schema()["properties"]["then"]["properties"]
    described = [each for key in then if key in vocabulary() for each in (then[key],)] + then["wire"]["oneOf"]
    assert len(described) == len(vocabulary())
    for each in described:
        assert re.fullmatch(r"[A-Z`].+\.", each["description"])
        assert each["examples"]


@pytest.mark.parametrize(
    ("match", "unmet"),
    [
        ({"interaction": "cancel"}, ['match.interaction: found "read"']),
        ({"id": "2"}, ['match.id: found "1"']),
        ({"client": "other"}, ['match.client: found "acme"']),
        ({"patient": "9991000011"}, ['match.patient: found "none"']),
        ({"header": {"X-Key": "good"}}, ['match.header: found "another value, or none"']),
        ({"id": "2", "client": "other"}, ['match.id: found "1"', 'match.client: found "acme"']),
        ({"id": "1", "client": "acme"}, []),
    ],
)
def test_the_keys_that_do_not_fit_are_named_without_what_headers_hold(match: dict[str, Any], unmet: list[str]) -> None:
    """A header may hold a secret."""
    rule = read_rule({"match": match, "then": {"status": 500}}, "fault", "x")
    assert rule.match.unmet(facts(headers={"X-Key": "secret"})) == unmet
