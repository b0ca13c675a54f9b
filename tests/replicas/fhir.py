"""Operations as requests to the registry, and what its answers say of them."""

import json
import re
from typing import Any, Final

from tests.replicas.exchange import Answer
from tests.replicas.history import (
    Absent,
    Action,
    Conflict,
    Done,
    End,
    Entry,
    Found,
    Make,
    Nowhere,
    Outcome,
    Read,
    Register,
    Registered,
    Reset,
    Search,
    Unchangeable,
    Unknown,
    Update,
)

_NHS_NUMBERS = "https://fhir.nhs.uk/Id/nhs-number"
_PROFILE = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"
_MARKED = re.compile(r">(?P<mark>[^<]+)</div>")
_ID = re.compile(r"/appointment/([^/]+)/_history/1$")

_NOT_DONE: Final = {403, 429}
"""A token of another time; the status of the fault that is to fire once."""

_PERHAPS_DONE: Final = {502, 503, 504}
"""From the balancer, which cannot know."""

_SAYS_UNKNOWN: Final = b"whether this was done is not known"

_NO_WORKSPACE: Final = b"There is no workspace"

_UPDATES: Final[dict[int, Outcome]] = {200: Done(), 404: Absent(), 409: Conflict(), 422: Unchangeable()}


Request = tuple[str, str, dict[str, str], bytes]
"""Method, path, headers and body."""


class Unexpected(Exception):
    """The registry, or the balancer, may not answer this here."""


def request(action: Action, patient_of: str = "") -> Request:
    """Return an operation as a request, its path below the base."""
    match action:
        case Register(patient, pointer):
            return "POST", "/Appointment", {}, _encoded(_appointment(patient, pointer))
        case Read(name):
            return "GET", f"/Appointment/{name}", {}, b""
        case Search(patient):
            return "GET", f"/Appointment?Patient={_NHS_NUMBERS}%7C{patient}", {}, b""
        case Update(name, pointer, expected, mark):
            changed = {**_appointment(patient_of, pointer), "id": name, "status": "cancelled", "text": _narrative(mark)}
            return "PUT", f"/Appointment/{name}", {"If-Match": f'W/"{expected}"'}, _encoded(changed)
        case Reset() | Make() | End():
            raise TypeError(f"{action} goes to the control plane")


def outcome(action: Action, answer: Answer) -> Outcome | None:
    """Return how an operation ended, or None where the answer shows that it had no effect, and nothing else.

    Raises:
        Unexpected: for an answer that is none of those that may come.
    """
    if answer.status in _NOT_DONE or _is_refused_without_store(answer):
        return None
    if answer.status in _PERHAPS_DONE or (answer.status == 500 and _SAYS_UNKNOWN in answer.body):
        return None if isinstance(action, Read | Search) else Unknown()
    if answer.status == 404 and _NO_WORKSPACE in answer.body:
        return Nowhere()
    if isinstance(action, Update) and answer.status in _UPDATES:
        return _UPDATES[answer.status]
    return _shown(action, answer)


def _is_refused_without_store(answer: Answer) -> bool:
    """Return whether a replica says that nothing was done. It is believed: what shows up all the same is a phantom."""
    return answer.status == 503 and b"OperationOutcome" in answer.body


def _shown(action: Action, answer: Answer) -> Outcome:
    match action, answer.status:
        case Register(), 201:
            return Registered(_new_id(answer))
        case Read(), 200:
            return Found(frozenset({_entry(answer.json())}))
        case Read(), 404:
            return Absent()
        case Search(), 200:
            return Found(frozenset(_entry(each["resource"]) for each in answer.json().get("entry", ())))
    raise Unexpected(f"{action} was answered {answer.status}: {answer.body[:500].decode(errors='replace')}")


def _new_id(answer: Answer) -> str:
    found = _ID.search(answer.headers["location"])
    if not found:
        raise Unexpected(f"a register was answered with the Location {answer.headers['location']}")
    return found[1]


def _entry(resource: dict[str, Any]) -> Entry:
    marked = _MARKED.search(resource.get("text", {}).get("div", ""))
    version = int(resource["meta"]["versionId"])
    return Entry(resource["id"], resource["identifier"][0]["value"], version, marked["mark"] if marked else "")


def _narrative(mark: str) -> dict[str, str]:
    """Return a narrative that says whose update this is: of all elements only this one is free."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{mark}</div>'}


def _appointment(patient: str, pointer: str) -> dict[str, Any]:
    actor = {"identifier": {"use": "official", "system": _NHS_NUMBERS, "value": patient}, "display": "PATIENT"}
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [_PROFILE]},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": pointer}],
        "status": "booked",
        "start": "2099-06-01T09:00:00.000+00:00",
        "end": "2099-06-01T09:10:00.000+00:00",
        "created": "2026-01-01T08:00:00.000+00:00",
        "participant": [{"actor": actor, "status": "accepted"}],
    }


def _encoded(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource).encode()
