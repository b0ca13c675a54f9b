"""/_sandbox/faults/{id}/held and /release: the exchanges that a rule with `hold` keeps waiting."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar, cast

from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, parameters, refused_for
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.fields import BadFault, from_text, members, object_schema, read_object
from registry_sandbox.faults.holding import Held
from registry_sandbox.faults.kinds import Seconds, Whole
from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_T = TypeVar("_T")
_LONGEST_WAIT_S: Final = 60.0
_COUNT: Final = Whole(1, 10_000)
_QUERY = {
    "count": "answer once this many exchanges are held (with `wait`; default 1)",
    "wait": "how long to wait for them, such as 5s; at most 60s",
}
_HELD = {
    "type": "object",
    "properties": {
        "exchange": {"type": "integer"},
        "interaction": {"type": "string"},
        "client": {"type": "string"},
        "method": {"type": "string"},
        "path": {"type": "string"},
        "since": {"type": "string", "format": "date-time"},
    },
}
_LISTED = {"type": "object", "properties": {"held": {"type": "array", "items": _HELD}}}
_RELEASED = {"type": "object", "properties": {"released": {"type": "array", "items": {"type": "integer"}}}}


@dataclass(frozen=True, slots=True)
class Wait:
    """How many exchanges to wait for, and for how many seconds at most."""

    count: Annotated[int, _COUNT] = 1
    wait: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class Release:
    """What to release: one exchange, or all that the rule holds."""

    exchange: Annotated[int, _COUNT] | None = None


def operations(engine: FaultEngine) -> list[Operation]:
    """Return the operations."""

    async def held(request: Request, rule_id: str) -> Response:
        _require_rule(engine, rule_id)
        given = parameters(request, _QUERY)
        texts = {each.name: from_text(each.kind, given[each.name]) for each in members(Wait) if each.name in given}
        await _wait_for(engine, rule_id, _read(Wait, texts, "held"))
        return json_response(HTTPStatus.OK, {"held": [_described(each) for each in engine.holdings.of(rule_id)]})

    def release(request: Request, rule_id: str) -> Response:
        _require_rule(engine, rule_id)
        wanted = _read(Release, json_body(request), "release") if request.body else Release()
        waiting = [each.exchange for each in engine.holdings.of(rule_id)]
        if wanted.exchange is not None and wanted.exchange not in waiting:
            message = f"Exchange {wanted.exchange} is not held by '{rule_id[:80]}'; held are: {_listed(waiting)}."
            raise BadControlRequest(message, HTTPStatus.CONFLICT)
        released = engine.holdings.release(rule_id, wanted.exchange)
        return json_response(HTTPStatus.OK, {"released": released})

    body = object_schema(Release)
    return [
        Operation("GET", "/faults/{id}/held", held, "The exchanges that a rule holds.", _QUERY, answers=_LISTED),
        Operation("POST", "/faults/{id}/release", release, "Let them go on.", body=body, answers=_RELEASED),
    ]


async def _wait_for(engine: FaultEngine, rule_id: str, wanted: Wait) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(min(wanted.wait, _LONGEST_WAIT_S)):
            while len(engine.holdings.of(rule_id)) < wanted.count and engine.find(rule_id) is not None:
                await engine.holdings.arrival()


def _require_rule(engine: FaultEngine, rule_id: str) -> None:
    if engine.find(rule_id) is None:
        raise BadControlRequest(f"There is no fault with the id '{rule_id[:80]}'.", HTTPStatus.NOT_FOUND)


def _read(declared: type[_T], value: Any, place: str) -> _T:
    with refused_for(BadFault):
        return cast("_T", read_object(declared, value, place))


def _listed(exchanges: list[int]) -> str:
    return ", ".join(map(str, exchanges[:20])) or "none"


def _described(held: Held) -> dict[str, Any]:
    request = held.request
    return {
        "exchange": held.exchange,
        "interaction": request.interaction,
        "client": request.client.name,
        "method": request.method,
        "path": request.path,
        "since": write_timestamp(held.since_s),
    }
