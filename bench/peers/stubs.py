"""What the general mock servers are taught: the same fixed answers for each, in its own words.

They are what a user writes down in an hour from the specification: every operation by the pattern of its path, and the
refusals that a request shows by itself. The first stub that matches answers.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.appointments import appointment, as_xml

ID = "5b0e0000-0000-4000-8000-000000004711"
_ONE, _ROOT = f"/STU3/Appointment/{ID}", "/STU3/Appointment"
_JSON, _XML = "application/fhir+json", "application/fhir+xml"
_BOOKED = {**appointment(4711), "id": ID}
_CANCELLED = {**_BOOKED, "status": "cancelled"}


@dataclass(frozen=True, slots=True)
class Stub:
    """An answer, and the requests that get it.

    Args:
        path: a regular expression for the whole path.
        headers: the pattern of each header that must match; None if it must be absent.
        searches: True if there must be a query.
    """

    method: str
    path: str
    status: int
    body: str
    headers: dict[str, str | None] = field(default_factory=dict)
    searches: bool = False
    answered: dict[str, str] = field(default_factory=dict)

    def answer_headers(self) -> dict[str, str]:
        """Return the headers of the answer."""
        return {"Content-Type": _JSON, **self.answered}


def _outcome(code: str) -> str:
    coding = {"system": "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1", "code": code}
    issue = {"severity": "error", "code": "processing", "details": {"coding": [coding]}}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def _bundle() -> str:
    entry = {"fullUrl": f"http://127.0.0.1{_ONE}", "resource": _BOOKED, "search": {"mode": "match"}}
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [entry]})


def _as_text(resource: dict[str, Any]) -> str:
    return json.dumps(resource)


_FIRST, _SECOND = {"ETag": 'W/"1"'}, {"ETag": 'W/"2"'}
_BY_THE_FIRST: dict[str, str | None] = {"If-Match": 'W/"1"'}
_DENIED = _outcome("ACCESS DENIED")
_XML_WANTED: dict[str, str | None] = {"Accept": "application/fhir.xml"}

STUBS = (
    *(Stub(each, f"{_ROOT}.*", 403, _DENIED, {"Authorization": None}) for each in ("GET", "POST", "PUT")),
    Stub("DELETE", "/STU3/.*", 405, _outcome("NOT_IMPLEMENTED")),
    Stub("GET", f"{_ROOT}.*", 406, _outcome("NOT_IMPLEMENTED"), {"Accept": "text/html"}),
    Stub("POST", _ROOT, 415, _outcome("UNSUPPORTED_MEDIA_TYPE"), {"Content-Type": "text/plain"}),
    Stub("PUT", f"{_ROOT}/.*", 412, _outcome("MISSING_OR_INVALID_HEADER"), {"If-Match": None}),
    Stub("PUT", _ONE, 200, _as_text(_CANCELLED), _BY_THE_FIRST, answered={**_SECOND, "Location": f"{_ONE}/_history/2"}),
    Stub("PUT", _ONE, 409, _outcome("FHIR_CONSTRAINT_VIOLATION")),
    Stub("POST", _ROOT, 201, _as_text(_BOOKED), answered={**_FIRST, "Location": f"{_ONE}/_history/1"}),
    Stub("GET", _ONE, 304, "", {"If-None-Match": 'W/"1"'}, answered=_FIRST),
    Stub("GET", _ONE, 200, as_xml(_BOOKED).decode(), _XML_WANTED, answered={"Content-Type": _XML, **_FIRST}),
    Stub("GET", _ONE, 200, _as_text(_BOOKED), answered=_FIRST),
    Stub("GET", f"{_ONE}/_history/1", 200, _as_text(_BOOKED), answered=_FIRST),
    Stub("GET", _ROOT, 200, _bundle(), searches=True),
    Stub("GET", _ROOT, 400, _outcome("BAD_REQUEST")),
    Stub("GET", f"{_ROOT}/.*", 404, _outcome("NO_RECORD_FOUND")),
    Stub("GET", "/STU3/metadata", 200, json.dumps({"resourceType": "CapabilityStatement"})),
)


def for_wiremock(stubs: Iterable[Stub]) -> dict[str, Any]:
    """Return the mappings; the lowest priority answers first."""
    return {"mappings": [{"priority": at, **_mapping(stub)} for at, stub in enumerate(stubs, 1)]}


def _mapping(stub: Stub) -> dict[str, Any]:
    headers = {name: {"matches": value} if value else {"absent": True} for name, value in stub.headers.items()}
    wanted: dict[str, Any] = {"method": stub.method, "urlPathPattern": stub.path, "headers": headers}
    if stub.searches:
        wanted["queryParameters"] = {"actor:Patient.identifier": {"matches": ".*"}}
    return {
        "request": wanted,
        "response": {"status": stub.status, "headers": stub.answer_headers(), "body": stub.body},
    }


def for_mockserver(stubs: Iterable[Stub]) -> list[dict[str, Any]]:
    """Return the expectations; the highest priority answers first."""
    return [{"priority": 100 - at, **_expectation(stub)} for at, stub in enumerate(stubs)]


def _expectation(stub: Stub) -> dict[str, Any]:
    headers = {name if value else f"!{name}": [value or ".*"] for name, value in stub.headers.items()}
    wanted: dict[str, Any] = {"method": stub.method, "path": stub.path, "headers": headers}
    if stub.searches:
        wanted["queryStringParameters"] = {"actor:Patient.identifier": [".*"]}
    answered = {name: [value] for name, value in stub.answer_headers().items()}
    return {
        "httpRequest": wanted,
        "httpResponse": {"statusCode": stub.status, "headers": answered, "body": stub.body},
    }


def for_mountebank(stubs: Iterable[Stub], port: int) -> dict[str, Any]:
    """Return the imposter; the first match answers."""
    imposter = {"port": port, "protocol": "http", "stubs": [_imposter_stub(stub) for stub in stubs]}
    return {"imposters": [imposter]}


def _imposter_stub(stub: Stub) -> dict[str, Any]:
    predicates: list[dict[str, Any]] = [
        {"equals": {"method": stub.method}},
        {"matches": {"path": f"^{stub.path}$"}},
        *({"matches": {"headers": {name: value}}} for name, value in stub.headers.items() if value),
        *({"exists": {"headers": {name: False}}} for name, value in stub.headers.items() if not value),
    ]
    if stub.searches:
        predicates.append({"exists": {"query": {"actor:Patient.identifier": True}}})
    # It closes each connection, unless it is told not to.
    headers = {**stub.answer_headers(), "Connection": "Keep-Alive"}
    answer = {"statusCode": stub.status, "headers": headers, "body": stub.body}
    return {"predicates": predicates, "responses": [{"is": answer}]}
