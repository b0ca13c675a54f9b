"""A client of the registry: does operations one after the other, and records what it saw."""

import asyncio
import json
import math
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.replicas import fhir
from tests.replicas.exchange import Answer, Connection, Lost, NotSent, once
from tests.replicas.history import Action, Done, Operation, Outcome, Read, Reset, Search, Unknown

_PAUSE_S = 0.02


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
    """The token that all clients use, and a new one where it is not accepted any more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._token = ""
        self._lock = asyncio.Lock()

    async def current(self, refused: str | None = None) -> str:
        """Return a token that is not the one that was refused."""
        async with self._lock:
            while self._token in ("", refused):
                self._token = await self._fetched()
            return self._token

    async def _fetched(self) -> str:
        try:
            answer = await once(self._port, "GET", "/_sandbox/token")
        except (NotSent, Lost):
            answer = Answer(0, {}, b"")
        if answer.status != 200:
            await asyncio.sleep(_PAUSE_S)
            return ""
        return answer.body.decode().strip()


class Client:
    """One client with one connection, which it keeps."""

    def __init__(self, name: str, port: int, tokens: Tokens, record: Record) -> None:
        self.name = name
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
            self._record.operations.append(Operation(self.name, began, never, action, outcome))
        if told == "403":
            await self._tokens.current(refused=token)
        if told == "not sent":
            await asyncio.sleep(_PAUSE_S)
        return outcome

    async def _exchange(self, action: Action, patient: str, token: str) -> tuple[Outcome | None, str]:
        method, path, headers, body = fhir.request(action, patient)
        headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        try:
            answer = await self._connection.exchange(method, f"/STU3{path}", headers, body)
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


async def steer(port: int, method: str, path: str, body: object = None) -> Answer:
    """Call the control plane; a body is written as JSON."""
    written = b"" if body is None else json.dumps(body).encode()
    return await once(port, method, f"/_sandbox{path}", {"Content-Type": "application/json"}, written)


async def reset(port: int, record: Record) -> Answer:
    """Reset the registry, and record it as one operation on all that it holds.

    Raises:
        Lost: without an answer; then it is recorded as one whose outcome is unknown.
    """
    began = time.monotonic()
    try:
        answer = await steer(port, "POST", "/reset")
    except Lost:
        record.operations.append(Operation("reset", began, math.inf, Reset(), Unknown()))
        raise
    done = answer.status == 200
    ended, outcome = (time.monotonic(), Done()) if done else (math.inf, Unknown())
    record.operations.append(Operation("reset", began, ended, Reset(), outcome))
    return answer
