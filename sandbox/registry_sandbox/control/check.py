"""/_sandbox/check: says of a fault rule or of a token whether it can be used, and changes nothing."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, refused_for
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.rule_set import read_either
from registry_sandbox.faults.short_form_writer import short_form
from registry_sandbox.faults.words import in_words
from registry_sandbox.http.errors import AccessDenied
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Client, Request
from registry_sandbox.http.response import Response

Verify = Callable[[str, str], Client]
"""Returns the client of a token, for the FHIR base of a call; raises AccessDenied."""

_TOKEN: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"token": {"type": "string"}},
    "required": ["token"],
    "additionalProperties": False,
}
_TOKEN_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "valid": {"type": "boolean"},
        "problems": {"type": "array", "items": {"type": "string"}, "description": "what the 403 would say"},
        "client": {"type": "string"},
        "may_write": {"type": "boolean"},
    },
    "required": ["valid", "problems"],
}
_FAULT_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "rule": {"$ref": "#/components/schemas/Fault"},
        "words": {"type": "string"},
        "short": {"type": "string", "description": "its short form; empty if it has none"},
    },
}
_FAULT: Final[dict[str, Any]] = {
    "anyOf": [{"$ref": "#/components/schemas/Fault"}, {"type": "string", "description": "a short form"}]
}


def operations(verify: Verify, registry_base: Callable[[str], str]) -> list[Operation]:
    """Return the operations; `registry_base` returns the registry's own FHIR base for the base of a call."""

    def fault(request: Request, _: str) -> Response:
        with refused_for(BadFault):
            rule = read_either(json_body(request), "fault", "unnamed")
        described = {"rule": dict(rule.spec), "words": in_words(rule), "short": short_form(rule)}
        return json_response(HTTPStatus.OK, described)

    def token(request: Request, _: str) -> Response:
        given = _token_of(json_body(request))
        try:
            client = verify(given, registry_base(request.base))
        except AccessDenied as refused:
            problems: Sequence[str] = [each.message for each in refused.findings]
            return json_response(HTTPStatus.OK, {"valid": False, "problems": problems})
        about = {"client": client.name, "may_write": client.may_write}
        return json_response(HTTPStatus.OK, {"valid": True, "problems": [], **about})

    told = "Whether a rule could be put in force; in words, and its short form. Nothing changes."
    judged = "Whether the registry would accept a token, or which checks it fails. Nothing changes."
    return [
        Operation("POST", "/check/fault", fault, told, body=_FAULT, answers=_FAULT_ANSWER, looks_only=True),
        Operation("POST", "/check/token", token, judged, body=_TOKEN, answers=_TOKEN_ANSWER, looks_only=True),
    ]


def _token_of(value: Any) -> str:
    if not isinstance(value, dict) or set(value) != {"token"} or not isinstance(value["token"], str):
        raise BadControlRequest('The body is not {"token": "..."}; expected this single key with a text.')
    return value["token"].strip()
