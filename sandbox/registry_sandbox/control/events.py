"""/_sandbox/events: exchanges, faults, the clock and resets, as they happen, as server-sent events.

Source: HTML Living Standard, section 9.2 (server-sent events).
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from registry_sandbox.control.operation import BadControlRequest, Operation, is_number
from registry_sandbox.http.json_response import plain_response
from registry_sandbox.http.redaction import without_secrets
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.exchange_json import brief
from registry_sandbox.registry.journal import Journal
from registry_sandbox.runtime.broadcast import Broadcast, Event
from registry_sandbox.workspace import Workspace

_EVERY_S = 15.0  # proxies close what is silent for longer
_SHOWN_BYTES_AT_MOST = 8_192
_KINDS = {"faults": "fault"}
_WITH_ANSWER = ("fault", "clock")


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operation."""
    events = workspace.events
    events.on_watched = _Watcher(workspace.journal, events).watch

    def show(request: Request, _: str) -> Response:
        response = plain_response(HTTPStatus.OK, "text/event-stream")
        response.stream = _written(events, _last_event_id(request))
        return response

    summary_ = "Exchanges, faults, the clock and resets, as they happen (server-sent events)."
    return [Operation("GET", "/events", show, summary_, media_types=("text/event-stream",))]


def announced(operations: Iterable[Operation], events: Broadcast) -> list[Operation]:
    """Return the operations such that each one that changes something tells the readers of events."""
    return [each if each.method == "GET" else replace(each, answer=_Announcing(each, events)) for each in operations]


class _Announcing:
    """What answers an operation, and then tells of it; the kind of the event is the noun of the path."""

    def __init__(self, operation: Operation, events: Broadcast) -> None:
        noun = operation.path.split("/")[1]
        self._kind = _KINDS.get(noun, noun)
        self._answer = operation.answer
        self._events = events

    def __call__(self, request: Request, segment: str) -> Response | Awaitable[Response]:
        """Answer."""
        answered = self._answer(request, segment)
        return self._told(request, answered) if isinstance(answered, Response) else self._later(request, answered)

    async def _later(self, request: Request, answered: Awaitable[Response]) -> Response:
        return self._told(request, await answered)

    def _told(self, request: Request, response: Response) -> Response:
        if self._events.watched and response.status < HTTPStatus.BAD_REQUEST:
            data: dict[str, Any] = {"method": request.method, "path": without_secrets(request.path)}
            if self._kind in _WITH_ANSWER and 0 < len(response.body) <= _SHOWN_BYTES_AT_MOST:
                data["answer"] = json.loads(response.body)
            self._events.publish(self._kind, json.dumps(data))
        return response


class _Watcher:
    """Announces exchanges: each once when it begins to wait, and once when it is done."""

    def __init__(self, journal: Journal, events: Broadcast) -> None:
        self._journal = journal
        self._events = events
        self._untold: set[int] = set()

    def watch(self, wanted: bool) -> None:  # noqa: FBT001 - it is called back with nothing else
        """Begin to look at the journal, or stop."""
        self._journal.watch(self._noted if wanted else None)

    def _noted(self, number: int) -> None:
        # Later, when the answer has gone out or was lost, or when it shows that the exchange has to wait.
        if number not in self._untold:
            self._untold.add(number)
            asyncio.get_running_loop().call_soon(self._tell, self._journal.generation, number)

    def _tell(self, generation: int, number: int) -> None:
        self._untold.discard(number)
        exchange = self._journal.find(number) if generation == self._journal.generation else None
        if exchange is not None:
            self._events.publish("exchange", json.dumps(brief(exchange)))


def _last_event_id(request: Request) -> int | None:
    value = request.headers.get("Last-Event-ID", "")
    if not value:
        return None
    if not is_number(value, digits=15):
        raise BadControlRequest(f"Last-Event-ID is '{value[:40]}'; expected the id of an event, a whole number.")
    return int(value)


async def _written(events: Broadcast, after: int | None) -> AsyncGenerator[bytes, None]:
    """Write events as the stream has them; a comment where there is none for a while."""
    yield b": follow\n\n"
    following = events.follow(after)
    coming: asyncio.Future[Event | None] = asyncio.ensure_future(anext(following, None))
    try:
        while True:
            await asyncio.wait([coming], timeout=_EVERY_S)
            if not coming.done():
                yield b": still there\n\n"
                continue
            event = coming.result()
            if event is None:
                return
            yield _block(event)
            coming = asyncio.ensure_future(anext(following, None))
    finally:
        coming.cancel()
        await asyncio.wait([coming])
        await following.aclose()


def _block(event: Event) -> bytes:
    number = f"id: {event.number}\n" if event.number else ""
    return f"{number}event: {event.kind}\ndata: {event.data}\n\n".encode()
