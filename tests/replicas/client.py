"""A client of the registry: does operations one after the other, and records what it saw."""

import asyncio
import json
import math
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from tests.replicas import fhir
from tests.replicas.exchange import Answer, Connection, Lost, NotSent, once
from tests.replicas.history import (
    Action,
    Done,
    End,
    Make,
    Nowhere,
    Operation,
    Outcome,
    Read,
    Reset,
    Search,
    Taken,
    Unknown,
)

_PAUSE_S, _ASKS_AGAIN_AT_MOST = 0.02, 10
_NO_TOKEN = "none"
_MADE: Final[dict[int, Outcome]] = {201: Done(), 409: Taken()}
_ENDED: Final[dict[int, Outcome]] = {204: Done(), 404: Nowhere()}


@dataclass(frozen=True, slots=True)
class Told:
    """What one exchange told its client: a status, `lost` or `not sent`."""

    client: str
    began: float
    ended: float
    answer: str


@dataclass(slots=True)
class Record:
    """What all clients did and saw."""

    operations: list[Operation] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    def statuses(self) -> Counter[str]:
        """Count the answers."""
        return Counter(each.answer for each in self.told)


class Tokens:
    """The token that all clients of a workspace use, and a new one where it is not accepted any more."""

    def __init__(self, port: int, workspace: str = "") -> None:
        self._port, self._path = port, f"{mount_of(workspace)}/_sandbox/token"
        self._token = ""
        self._lock = asyncio.Lock()

    async def current(self, refused: str | None = None) -> str:
        """Return a token that is not the one that was refused; where there is no workspace, any word will do."""
        async with self._lock:
            if self._token in ("", _NO_TOKEN, refused):
                self._token = await self._fetched()
            return self._token

    async def _fetched(self) -> str:
        while True:
            try:
                answer = await once(self._port, "GET", self._path)
            except (NotSent, Lost):
                answer = Answer(0, {}, b"")
            if answer.status == 200:
                return answer.body.decode().strip()
            if answer.status == 404:
                return _NO_TOKEN
            await asyncio.sleep(_PAUSE_S)


class Client:
    """One client of one workspace with one connection, which it keeps."""

    def __init__(self, name: str, port: int, tokens: Tokens, record: Record, workspace: str = "") -> None:
        self.name, self._workspace = name, workspace
        self._connection = Connection(port)
        self._tokens = tokens
        self._record = record

    async def perform(self, action: Action, patient: str = "") -> Outcome | None:
        """Do an operation; return how it ended, or None if it certainly had no effect."""
        token = await self._tokens.current()
        began = time.monotonic()
        outcome, told = await self._exchange(action, patient, token)
        ended = time.monotonic()
        self._record.told.append(Told(self.name, began, ended, told))
        if outcome is not None:
            never = math.inf if isinstance(outcome, Unknown) else ended
            self._record.operations.append(Operation(self.name, began, never, action, outcome, self._workspace))
        if told == "403":
            await self._tokens.current(refused=token)
        if told == "not sent":
            await asyncio.sleep(_PAUSE_S)
        return outcome

    async def _exchange(self, action: Action, patient: str, token: str) -> tuple[Outcome | None, str]:
        method, path, headers, body = fhir.request(action, patient)
        headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        try:
            path = f"{mount_of(self._workspace)}/STU3{path}"
            answer = await self._connection.exchange(method, path, headers, body)
            return fhir.outcome(action, answer), str(answer.status)
        except NotSent:
            return None, "not sent"
        except Lost:
            return None if isinstance(action, Read | Search) else Unknown(), "lost"
        except fhir.Unexpected as unexpected:
            self._record.unexpected.append(str(unexpected))
            return None if isinstance(action, Read | Search) else Unknown(), "unexpected"

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def mount_of(workspace: str) -> str:
    """Return the path below which a workspace is; empty for the one without a name."""
    return f"/w/{workspace}" if workspace else ""


async def steer(port: int, method: str, path: str, body: object = None) -> Answer:
    """Call the control plane; a body is written as JSON."""
    written = b"" if body is None else json.dumps(body).encode()
    return await once(port, method, f"/_sandbox{path}", {"Content-Type": "application/json"}, written)


async def steer_surely(port: int, method: str, path: str, body: object = None) -> Answer:
    """Call the control plane again while it answers that nothing was done, ten times at most."""
    answer = await steer(port, method, path, body)
    for _ in range(_ASKS_AGAIN_AT_MOST):
        if not refused(answer):
            break
        await asyncio.sleep(_PAUSE_S)
        answer = await steer(port, method, path, body)
    return answer


def refused(answer: Answer) -> bool:
    """Return whether the store was away, and nothing was done."""
    return answer.status == HTTPStatus.SERVICE_UNAVAILABLE and b"nothing was done" in answer.body


async def reset(port: int, record: Record) -> Answer:
    """Reset the registry, and record it as one operation on all that it holds, unless nothing was done.

    Raises:
        Lost: without an answer; then it is recorded as one whose outcome is unknown.
    """
    began = time.monotonic()
    try:
        answer = await steer(port, "POST", "/reset")
    except Lost:
        record.operations.append(Operation("reset", began, math.inf, Reset(), Unknown()))
        raise
    if refused(answer):
        return answer
    done = answer.status == 200
    ended, outcome = (time.monotonic(), Done()) if done else (math.inf, Unknown())
    record.operations.append(Operation("reset", began, ended, Reset(), outcome))
    return answer


async def make(port: int, record: Record, workspace: str, client: str) -> Outcome | None:
    """Make a workspace, and record it."""
    return await _recorded(port, record, Operation(client, time.monotonic(), math.inf, Make(), Unknown(), workspace))


async def end(port: int, record: Record, workspace: str, client: str) -> Outcome | None:
    """End a workspace, and record it."""
    return await _recorded(port, record, Operation(client, time.monotonic(), math.inf, End(), Unknown(), workspace))


async def _recorded(port: int, record: Record, begun: Operation) -> Outcome | None:
    """Do it on the control plane; what was not sent, or refused because nothing was done, is no part of the history."""
    is_make = isinstance(begun.action, Make)
    try:
        if is_make:
            answer = await steer(port, "POST", "/workspaces", {"name": begun.workspace})
        else:
            answer = await steer(port, "DELETE", f"/workspaces/{begun.workspace}")
    except NotSent:
        await asyncio.sleep(_PAUSE_S)
        return None
    except Lost:
        answer = Answer(0, {}, b"")
    if refused(answer):
        return None
    outcome = (_MADE if is_make else _ENDED).get(answer.status, Unknown())
    ended = math.inf if outcome == Unknown() else time.monotonic()
    record.operations.append(replace(begun, ended=ended, outcome=outcome))
    if outcome == Unknown() and answer.status not in {0, 500, 502, 503, 504}:
        record.unexpected.append(f"{begun.action} was answered {answer.status}: {answer.body[:500]!r}")
    return outcome
