"""The ids of elements: without spaces, and unique in their resource."""

from typing import Any

import pytest

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT, Profiles
from tests.unit.validation.profiling import definition, errors, outcome, validated

ISSUES = "/f:OperationOutcome/f:issue"


def test_an_id_is_met_once_wherever_it_stands() -> None:
    """The second one is named with the first: on an element and on a primitive, in a list, in a data type."""
    first, second = {"id": "q"}, {"details": {"id": "q", "text": "t"}, "_diagnostics": {"id": "q"}, "diagnostics": "d"}
    found = validated(outcome(first, second), definition())
    assert [(each.code, each.location) for each in found] == [
        ("value", f"{ISSUES}[2]/f:details/@id"),
        ("value", f"{ISSUES}[2]/f:diagnostics/@id"),
    ]
    assert f'is "q", as that of {ISSUES}[1] is' in found[0].message


def test_different_ids_are_let_pass() -> None:
    """Nothing else is asked of them."""
    assert validated(outcome({"id": "a", "_code": {"id": "b"}}, {"id": "A"}), definition()) == []


@pytest.mark.parametrize("text", ["a b", " a", "a\u00a0b", "a\tb"])
def test_an_id_has_no_white_space(text: str) -> None:
    """FHIR allows any text without spaces."""
    (found,) = validated(outcome({"id": text}), definition())
    assert (found.code, found.location) == ("value", f"{ISSUES}[1]/@id")
    assert "without spaces" in found.message
    assert errors(outcome({"_code": {"id": text}}), definition()) == [("value", f"{ISSUES}[1]/f:code/@id")]


def test_the_id_of_a_resource_is_not_that_of_an_element() -> None:
    """They stand in different places, and the one may be the other."""
    assert validated({**outcome({"id": "q"}), "id": "q"}, definition()) == []


def test_a_contained_resource_and_an_entry_have_ids_of_their_own() -> None:
    """Each is a resource, in which its ids are unique."""
    inner: dict[str, Any] = {**outcome({"id": "q"}), "id": "o1"}
    refers = {"extension": [{"url": "http://x.test/a", "valueReference": {"reference": "#o1"}}]}
    assert errors(outcome({"id": "q", **refers}, contained=[inner]), definition()) == []
    entries = [{"resource": outcome({"id": "q"})}, {"resource": outcome({"id": "q"})}]
    assert errors({"resourceType": "Bundle", "type": "collection", "entry": entries}, definition(of="Bundle")) == []
    twice = {**outcome({"id": "q"}, {"id": "q"}), "id": "o1"}
    assert errors(outcome(refers, contained=[twice]), definition()) == [
        ("value", "/f:OperationOutcome/f:contained[1]/f:OperationOutcome/f:issue[2]/@id")
    ]


def test_two_profiles_meet_the_same_element_once() -> None:
    """What the first profile saw is not taken for another element by the second."""
    mine = definition(of="Appointment", baseDefinition=CARECONNECT_APPOINTMENT)
    participant = {"id": "q", "type": [{"text": "a"}], "status": "accepted"}
    appointment: Resource = {"resourceType": "Appointment", "status": "proposed", "participant": [participant]}
    assert [each for each in validated(appointment, mine) if each.code == "value"] == []


def test_the_elements_of_a_differential_and_a_snapshot_share_their_ids() -> None:
    """FHIR gives an ElementDefinition the same id in both."""
    profiles = Profiles.load()
    (served,) = profiles.search("StructureDefinition", CARECONNECT_APPOINTMENT)
    assert [each for each in profiles.validate(served) if each.severity == "error"] == []
