"""/_sandbox/journal: the exchanges as they really went, newest last."""

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from registry_sandbox.control.journal_filters import FILTERS, Filter, filters
from registry_sandbox.control.operation import BadControlRequest, Operation, is_number, parameters, whole_number
from registry_sandbox.http.json_response import JSON, json_response, plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry import har
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.exchange_json import as_json, brief
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.workspace import Workspace

_FORMATS = ("json", "summary", "har")
_FORMAT = {"format": "json, summary (without headers and bodies, with `why` it was refused), or har (HTTP Archive 1.2)"}
_PARAMETERS = {**FILTERS, "limit": "how many, the newest of those that fit", **_FORMAT}
_EXCHANGE = {"type": "object", "required": ["number", "at", "wall", "duration_s", "state", "request", "response"]}
_ANSWERS = {
    "type": "object",
    "properties": {
        "exchanges": {"type": "array", "items": _EXCHANGE},
        "dropped": {"type": "integer", "description": "how many older exchanges were dropped"},
        "generation": {"type": "integer", "description": "how often the journal was cleared"},
    },
}
_AT_ONCE = 100  # so many exchanges are sent as one body, with its length


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operations."""
    shown = _Shown(workspace)
    gone = HTTPStatus.NO_CONTENT
    return [
        Operation("GET", "/journal", shown.all, "The exchanges, newest last.", _PARAMETERS, answers=_ANSWERS),
        Operation("DELETE", "/journal", shown.clear, "Forget the finished exchanges.", status=gone),
        Operation("GET", "/journal/{id}", shown.one, "One exchange, by its number.", _FORMAT, answers=_EXCHANGE),
    ]


class _Shown:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._journal = workspace.journal

    async def all(self, request: Request, _: str) -> Response:
        """Show those that match every filter."""
        wanted = parameters(request, _PARAMETERS)
        limit, chosen_format = wanted.pop("limit", None), _format(wanted)
        most = None if limit is None else whole_number("limit", limit)
        fits, since = filters(wanted, self._workspace.service.registry), wanted.get("since", "")
        chosen = await self._chosen(fits, most, int(since) if is_number(since, digits=15) else 0)
        envelope: dict[str, Any] = {"dropped": self._journal.dropped, "generation": self._journal.generation}
        if chosen_format == "har":
            return await _listing(har.envelope(self._journal.dropped), "entries", chosen, har.entry)
        described = brief if chosen_format == "summary" else self._described
        return await _listing({"exchanges": [], **envelope}, "exchanges", chosen, described)

    async def _chosen(self, fits: list[Filter], most: int | None, after: int) -> list[Exchange]:
        chosen: list[Exchange] = []
        async for exchange in unhurried(self._journal.newest_first(after)):
            if len(chosen) == most:
                break
            if all(each(exchange) for each in fits):
                chosen.append(exchange)
        return chosen[::-1]

    async def one(self, request: Request, number: str) -> Response:
        """Show one."""
        chosen_format = _format(parameters(request, _FORMAT))
        exchange = self._journal.find(int(number)) if is_number(number, digits=15) else None
        if exchange is None:
            kept = f"it keeps {len(self._journal)}, and dropped {self._journal.dropped}"
            raise BadControlRequest(
                f"There is no exchange '{number[:40]}' in the journal; {kept}.", HTTPStatus.NOT_FOUND
            )
        if chosen_format == "har":
            return await _listing(har.envelope(self._journal.dropped), "entries", [exchange], har.entry)
        return json_response(
            HTTPStatus.OK, brief(exchange) if chosen_format == "summary" else self._described(exchange)
        )

    def clear(self, request: Request, _: str) -> Response:
        """Forget them."""
        del request
        self._journal.clear()
        return Response(HTTPStatus.NO_CONTENT)

    def _described(self, exchange: Exchange) -> dict[str, Any]:
        described = as_json(exchange)
        registry, logical_id = self._workspace.service.registry, exchange.logical_id
        if logical_id in registry:
            described["patients"] = list(registry.current(logical_id).patients)
        return described


async def _listing(
    envelope: dict[str, Any], name: str, chosen: list[Exchange], described: Callable[[Exchange], dict[str, Any]]
) -> Response:
    """Answer with an object that has a list in it; a long list is sent as it is made."""
    response = plain_response(HTTPStatus.OK, JSON)
    before, after = json.dumps(envelope).split(f'"{name}": []')
    parts = unhurried(_parts(f'{before}"{name}": [\n', chosen, described, f"\n]{after}\n"))
    if len(chosen) <= _AT_ONCE:
        response.body = b"".join([part async for part in parts])
    else:
        response.stream = parts
    return response


def _parts(
    before: str, chosen: list[Exchange], described: Callable[[Exchange], dict[str, Any]], after: str
) -> Iterator[bytes]:
    yield before.encode()
    for at, exchange in enumerate(chosen):
        yield f"{',' if at else ''}{json.dumps(described(exchange))}\n".encode()
    yield after.encode()


def _format(given: dict[str, str]) -> str:
    value = given.pop("format", "json")
    if value not in _FORMATS:
        raise BadControlRequest(f"format is '{value[:40]}'; expected {', '.join(_FORMATS)}.")
    return value
