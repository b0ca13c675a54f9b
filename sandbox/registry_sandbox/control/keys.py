"""/_sandbox/keys: the keys that tokens are signed and verified with; POST rotates the signing key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.control.operation import Operation, parameters, refused_for
from registry_sandbox.faults.fields import BadFault, from_text, read_object
from registry_sandbox.faults.kinds import Seconds
from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import Clock

_QUERY = {"overlap": "how long tokens of the old key are still valid, such as 5m; by default not at all"}
_KEY = {
    "type": "object",
    "properties": {
        "kid": {"type": "string"},
        "signs": {"type": "boolean", "description": "whether new tokens are signed with it"},
        "until": {"type": "string", "format": "date-time", "description": "when it is not valid any more"},
    },
}
_KEYS = {"type": "object", "properties": {"keys": {"type": "array", "items": _KEY}}}


@dataclass(frozen=True, slots=True)
class Rotation:
    """How the signing key is to be replaced."""

    overlap: Seconds = 0.0


def operations(credentials: Credentials, clock: Clock, rotate: Callable[[float], Awaitable[None]]) -> list[Operation]:
    """Return the operations; `rotate` makes the new key, and takes the overlap in seconds."""

    def show(request: Request, _: str) -> Response:
        parameters(request, {})
        return _listed(credentials, clock, HTTPStatus.OK)

    async def replace(request: Request, _: str) -> Response:
        given = {name: from_text(Seconds, text) for name, text in parameters(request, _QUERY).items()}
        with refused_for(BadFault):
            wanted: Rotation = read_object(Rotation, given, "keys")
        await rotate(wanted.overlap)
        return _listed(credentials, clock, HTTPStatus.CREATED)

    summary = "Sign with a new key from now on."
    return [
        Operation("GET", "/keys", show, "The keys that are valid now, the signing key first.", answers=_KEYS),
        Operation("POST", "/keys", replace, summary, _QUERY, status=HTTPStatus.CREATED, answers=_KEYS),
    ]


def _listed(credentials: Credentials, clock: Clock, status: HTTPStatus) -> Response:
    keys = credentials.issuer.valid_keys(clock.timestamp())
    return json_response(status, {"keys": [_described(key.kid, until_s) for key, until_s in keys]})


def _described(kid: str, until_s: float | None) -> dict[str, Any]:
    if until_s is None:
        return {"kid": kid, "signs": True}
    return {"kid": kid, "signs": False, "until": write_timestamp(until_s)}
