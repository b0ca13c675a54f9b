"""/_sandbox/journal: the exchanges as they happened, newest last."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from registry_sandbox.control.operation import BadControlRequest, Operation, parameters
from registry_sandbox.faults.match import ALIASES, FHIR_INTERACTIONS, TOKEN
from registry_sandbox.fhir.datatypes import Instant, instant, instant_of
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.journal import Exchange, as_json
from registry_sandbox.workspace import Workspace

_FILTERS = {
    "since": "a number (exchanges after that one), or an instant",
    "interaction": "FHIR's code, or register, cancel, search; token",
    "status": "a status such as 409, or 4xx; none for exchanges without an answer",
    "client": "the name in the token",
    "fault": "the id of a rule that fired",
}
_ANSWERS = {
    "type": "object",
    "properties": {
        "exchanges": {"type": "array", "items": {"type": "object"}},
        "dropped": {"type": "integer", "description": "how many old exchanges were dropped"},
    },
}

_Filter = Callable[[Exchange], bool]


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operations."""
    journal = workspace.journal

    def show(request: Request, _: str) -> Response:
        wanted = [_FILTER_OF[name](value) for name, value in parameters(request, _FILTERS).items()]
        chosen = [as_json(each) for each in journal if all(fits(each) for fits in wanted)]
        _add_patients(workspace, chosen)
        return json_response(HTTPStatus.OK, {"exchanges": chosen, "dropped": journal.dropped})

    def clear(request: Request, _: str) -> Response:
        del request
        journal.clear()
        return Response(HTTPStatus.NO_CONTENT)

    return [
        Operation("GET", "/journal", show, "The exchanges, newest last.", _FILTERS, answers=_ANSWERS),
        Operation("DELETE", "/journal", clear, "Clear the journal.", status=HTTPStatus.NO_CONTENT),
    ]


def _add_patients(workspace: Workspace, exchanges: list[dict[str, Any]]) -> None:
    registry = workspace.service.registry
    for each in exchanges:
        if each.get("id", "") in registry:
            each["patients"] = list(registry.current(each["id"]).patients)


def _since(value: str) -> _Filter:
    if re.fullmatch(r"\d{1,15}", value, re.ASCII):
        return lambda each: each.number > int(value)
    begin = _instant(value)
    return lambda each: instant_of(each.at_s) >= begin


def _instant(value: str) -> Instant:
    try:
        # A plus in a query is a space once decoded, and an instant has no other.
        return instant(value.replace(" ", "+"))
    except ValueError:
        raise BadControlRequest(f"since is '{value[:40]}'; expected {_FILTERS['since']}.") from None


def _interaction(value: str) -> _Filter:
    code = ALIASES.get(value, value)
    if code not in (*FHIR_INTERACTIONS, TOKEN):
        raise BadControlRequest(f"interaction is '{value[:40]}'; expected {_FILTERS['interaction']}.")
    return lambda each: each.request.interaction == code


def _status(value: str) -> _Filter:
    if value == "none":
        return lambda each: each.status is None
    if re.fullmatch(r"[1-5]xx", value):
        return lambda each: each.status is not None and each.status // 100 == int(value[0])
    if not re.fullmatch(r"[1-5]\d\d", value, re.ASCII):
        raise BadControlRequest(f"status is '{value[:40]}'; expected {_FILTERS['status']}.")
    return lambda each: each.status == int(value)


def _client(value: str) -> _Filter:
    return lambda each: each.request.client.name == value


def _fault(value: str) -> _Filter:
    return lambda each: each.request.injected is not None and value in each.request.injected.rule_ids


_FILTER_OF: dict[str, Callable[[str], _Filter]] = {
    "since": _since,
    "interaction": _interaction,
    "status": _status,
    "client": _client,
    "fault": _fault,
}
