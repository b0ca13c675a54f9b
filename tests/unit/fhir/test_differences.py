"""Differences: every element that differs, by its path, with both values."""

from typing import Any

import pytest

from sandbox.fhir.differences import differences

STORED: dict[str, Any] = {
    "resourceType": "Appointment",
    "start": "2031-05-06T09:30:00+01:00",
    "identifier": [{"system": "a", "value": "b"}],
    "participant": [{"actor": {"display": "A"}}],
}


def told(sent: dict[str, Any], *ignoring: str) -> list[tuple[str, str, str, str]]:
    """Give path, location, stored and sent of each difference."""
    found = differences(STORED, sent, ignoring=ignoring)
    return [(each.path, each.location, each.stored, each.sent) for each in found]


def test_the_same_has_none() -> None:
    """Another order of members, and another spelling of an instant, are the same."""
    assert told({**dict(reversed(STORED.items())), "start": "2031-05-06T08:30:00.000Z"}) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"start": "2031-05-06T10:30:00+01:00"}, ("Appointment.start", "/f:Appointment/f:start", '"2031-05-06T09:30:00+01:00"', '"2031-05-06T10:30:00+01:00"')),
        ({"language": "en"}, ("Appointment.language", "/f:Appointment/f:language", "absent", '"en"')),
        ({"_start": {"id": "s"}}, ("Appointment._start", "/f:Appointment/f:start", "absent", '{"id": "s"}')),
        ({"participant": [{"actor": {}}]}, ("Appointment.participant[0].actor.display", "/f:Appointment/f:participant[1]/f:actor", '"A"', "absent")),
        ({"identifier": []}, ("Appointment.identifier[0]", "/f:Appointment", '{"system": "a", "value": "b"}', "absent")),
        ({"identifier": [{"system": "a", "value": 1}]}, ("Appointment.identifier[0].value", "/f:Appointment/f:identifier[1]/f:value", '"b"', "1")),
    ],
)  # fmt: skip
def test_each_is_named_with_its_place(changed: dict[str, Any], expected: tuple[str, str, str, str]) -> None:
    """What is missing is located at its parent."""
    assert told({**STORED, **changed}) == [expected]


def test_true_is_not_one() -> None:
    """Though Python thinks so."""
    assert list(differences({"resourceType": "A", "x": True}, {"resourceType": "A", "x": 1}, ignoring=()))


def test_what_is_ignored_is_not_looked_at() -> None:
    """Only at the top."""
    assert told({**STORED, "start": "x"}, "start") == []


def test_long_values_are_cut() -> None:
    """A megabyte is not quoted back."""
    (found,) = told({**STORED, "language": "x" * 1_000_000})
    assert len(found[3]) < 200
