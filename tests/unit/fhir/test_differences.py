"""Differences: every element that differs, by its path, with both values."""

from typing import Any

import pytest

from registry_sandbox.fhir.differences import differences

STORED: dict[str, Any] = {
    "resourceType": "Appointment",
    "start": "2031-05-06T09:30:00+01:00",
    "identifier": [{"system": "a", "value": "b"}],
    "participant": [{"actor": {"id": "A"}}],
}


def told(sent: dict[str, Any], *ignoring: str) -> list[tuple[str, str, str, str]]:
    """Return path, location, stored and sent of each difference."""
    found = differences(STORED, sent, ignoring=ignoring)
    return [(each.path, each.location, each.stored, each.sent) for each in found]


def test_the_same_has_none() -> None:
    """Another order of members, and another spelling of an instant, are the same."""
    assert told({**dict(reversed(STORED.items())), "start": "2031-05-06T08:30:00.000Z"}) == []


@pytest.mark.parametrize(
    ("changed", "path", "location", "stored", "sent"),
    [
        (
            {"start": "2031-05-06T10:30:00Z"},
            "start",
            "/f:start",
            '"2031-05-06T09:30:00+01:00"',
            '"2031-05-06T10:30:00Z"',
        ),
        ({"language": "en"}, "language", "/f:language", "absent", '"en"'),
        ({"_start": {"id": "s"}}, "_start", "/f:start", "absent", '{"id": "s"}'),
        (
            {"participant": [{"actor": {}}]},
            "participant[0].actor.id",
            "/f:participant[1]/f:actor",
            '"A"',
            "absent",
        ),
        ({"identifier": []}, "identifier[0]", "", '{"system": "a", "value": "b"}', "absent"),
        ({"identifier": [{"system": "a", "value": 1}]}, "identifier[0].value", "/f:identifier[1]/f:value", '"b"', "1"),
    ],
)
def test_each_is_named_with_its_place(
    changed: dict[str, Any], path: str, location: str, stored: str, sent: str
) -> None:
    """What is missing is located at its parent."""
    assert told({**STORED, **changed}) == [(f"Appointment.{path}", f"/f:Appointment{location}", stored, sent)]


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
