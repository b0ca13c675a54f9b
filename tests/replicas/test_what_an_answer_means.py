"""What a client concludes from an answer: too little would hide an anomaly, too much would invent one."""

import json

import pytest

from tests.replicas.exchange import Answer
from tests.replicas.fhir import Unexpected, outcome, request
from tests.replicas.history import (
    Absent,
    Action,
    Conflict,
    Done,
    Entry,
    Found,
    Nowhere,
    Outcome,
    Read,
    Register,
    Registered,
    Search,
    Unchangeable,
    Unknown,
    Update,
)

_REGISTER, _READ, _SEARCH = Register("9430000001", "https://p.test/1"), Read("x"), Search("9430000001")
_UPDATE = Update("x", "https://p.test/1", 1, "update 7")


def answer(status: int, body: object = None, **headers: str) -> Answer:
    """Return an answer with a body in JSON."""
    return Answer(status, {"content-type": "application/fhir+json", **headers}, json.dumps(body).encode())


def stored(version: int) -> dict[str, object]:
    """Return the appointment of `_UPDATE` as the registry shows it."""
    body: dict[str, object] = json.loads(request(_UPDATE, "9430000001")[3])
    shown = {**body, "meta": {"versionId": f"{version}"}}
    return shown if version > 1 else {name: value for name, value in shown.items() if name != "text"}


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        (_UPDATE, 200, Done()),
        (_UPDATE, 404, Absent()),
        (_UPDATE, 409, Conflict()),
        (_UPDATE, 422, Unchangeable()),
        (_READ, 404, Absent()),
        *[(write, status, Unknown()) for write in (_UPDATE, _REGISTER) for status in (502, 503, 504)],
        *[(look, status, None) for look in (_READ, _SEARCH) for status in (403, 429, 502, 503, 504)],
        *[(write, status, None) for write in (_UPDATE, _REGISTER) for status in (403, 429)],
    ],
)
def test_a_status_says_no_more_than_it_does(action: Action, status: int, expected: Outcome | None) -> None:
    """A write may have been done whatever the balancer says; a look that failed has seen nothing."""
    assert outcome(action, answer(status)) == expected


@pytest.mark.parametrize("action", [_REGISTER, _READ, _SEARCH, _UPDATE])
@pytest.mark.parametrize("status", [204, 301, 400, 405, 412, 418, 500])
def test_other_answers_are_wrong_here(action: Action, status: int) -> None:
    """So they are reported, and not passed over."""
    with pytest.raises(Unexpected, match=f"answered {status}"):
        outcome(action, answer(status))


@pytest.mark.parametrize("write", [_REGISTER, _UPDATE])
def test_a_replica_is_held_to_what_it_says_of_a_write(write: Action) -> None:
    """Its own 503 says that nothing was done, and its 500 that nobody knows; any other 500 is wrong."""
    unknown = "The store did not answer in time: whether this was done is not known."
    assert outcome(write, answer(503, {"resourceType": "OperationOutcome"})) is None
    assert outcome(write, answer(500, {"resourceType": "OperationOutcome", "diagnostics": unknown})) == Unknown()
    with pytest.raises(Unexpected):
        outcome(write, answer(500, {"resourceType": "OperationOutcome", "diagnostics": "A failure."}))


@pytest.mark.parametrize("action", [_REGISTER, _READ, _SEARCH, _UPDATE])
def test_a_workspace_that_is_not_there_is_told_from_an_appointment_that_is_not(action: Action) -> None:
    """Both are a 404."""
    told = "There is no workspace 'north': none was made, or it was deleted."
    assert outcome(action, answer(404, {"resourceType": "OperationOutcome", "diagnostics": told})) == Nowhere()


def test_a_register_tells_its_id() -> None:
    """In its Location."""
    location = "http://127.0.0.1:1/stu3/appointment/some-id/_history/1"
    assert outcome(_REGISTER, answer(201, location=location)) == Registered("some-id")
    with pytest.raises(Unexpected, match="Location"):
        outcome(_REGISTER, answer(201, location="http://127.0.0.1:1/stu3/appointment/some-id/_history/2"))


def test_what_is_shown_says_which_version_of_whose_writing_it_is() -> None:
    """By version id, pointer and narrative."""
    first, second = Entry("x", "https://p.test/1", 1), Entry("x", "https://p.test/1", 2, "update 7")
    assert outcome(_READ, answer(200, stored(1))) == Found(frozenset({first}))
    assert outcome(_READ, answer(200, stored(2))) == Found(frozenset({second}))
    entries = [{"resource": stored(2)}]
    assert outcome(_SEARCH, answer(200, {"resourceType": "Bundle", "entry": entries})) == Found(frozenset({second}))
    assert outcome(_SEARCH, answer(200, {"resourceType": "Bundle"})) == Found(frozenset())
