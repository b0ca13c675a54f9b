"""A store in Valkey, or in a Redis of version 7 or newer. Only a sandbox with `--store` imports this module.

Each change is one script, so it happens whole or not at all. Source: valkey.io, Scripting with Lua; Streams.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError, ResponseError

from registry_sandbox.replication.memory import JOURNAL_BYTES
from registry_sandbox.replication.store import (
    READ_AT_ONCE,
    READ_BYTES,
    AnotherLog,
    Batch,
    Begun,
    Noted,
    Position,
    Proposal,
    Record,
    StoreAway,
)
from registry_sandbox.replication.valkey_connection import (
    lasting_reason,
    place_of,
    redis_url,
    spelled_otherwise,
    tls_options,
)

T = TypeVar("T")

ANSWERS_WITHIN_S: Final = 1.8
"""How long a call may take, connecting included: as long as a client of ours waits for its 503.

A shorter one, tried again, would help where a connection is dead and nobody says so. But it fails for ever where a busy
machine needs longer for each call.
"""

_WAIT_MS: Final = 400
_PARTS: Final = 4  # of a state, in one call: each has some hundreds of kilobytes
_PREFIX: Final = "{registry-sandbox}"  # in braces: in a cluster, all keys are on one node
_STATES: Final = f"{_PREFIX}:state:"
_WRITTEN_WITHIN_S: Final = 600  # between one part of a state and the next: then whoever wrote it is gone
_LINGERS_S: Final = 60  # a state that was replaced
_TLS_ENDS_S: Final = 0.1
_SCRIPTS: Final = Path(__file__).parent / "scripts"


class ValkeyStore:
    """A store.

    Args:
        url: where it is, such as `valkey://:password@host:6379/0`; `valkeys://` is with TLS.
        within_s: how long a call may take.

    Raises:
        UnusableCertificates: a file that the URL names cannot be used.
    """

    def __init__(self, url: str, within_s: float = ANSWERS_WITHIN_S) -> None:
        self.place, self._url, self._within_s = place_of(url), url, within_s
        # Its logger would write every reconnection; what matters, readiness and the log say.
        logging.getLogger("redis").setLevel(logging.ERROR)
        self._redis = Redis.from_url(
            redis_url(url),
            socket_connect_timeout=within_s,
            socket_timeout=within_s,
            socket_keepalive=True,
            protocol=2,  # what every server speaks that has the commands
            retry=None,  # whoever calls knows whether it may be done twice
            max_connections=16,
            **tls_options(url),
        )
        self.entries = f"{_PREFIX}:entries"
        self._log = [f"{_PREFIX}:log", self.entries]
        self._begin, self._exchange = self._script("begin"), self._script("exchange")
        self._shorten = self._script("shorten")
        self._note, self._noted = self._script("note"), self._script("noted")

    def _script(self, name: str) -> AsyncScript:
        return self._redis.register_script((_SCRIPTS / f"{name}.lua").read_text("utf-8"))

    async def begin(self, identity: str, start: bytes) -> Begun:
        """Return the log that there is, or begin one."""
        try:
            known, begun, position, saved = await self._done(self._begin(self._log, [identity, start]))
        except StoreAway as away:
            if not away.lasting and (other := await spelled_otherwise(self._url)):
                raise StoreAway(f"{away}; expected {other}", sent=away.sent, lasting=True) from away
            raise
        return Begun(known.decode(), begun, Position.of(position.decode()), bool(saved))

    async def exchange(self, identity: str, after: Position, proposals: Sequence[Proposal]) -> Batch:
        """Append the proposals, and return the entries after a position."""
        arguments: list[Any] = [identity, str(after), READ_AT_ONCE, READ_BYTES]
        for each in proposals:
            arguments += each
        try:
            now_us, found, more = await self._done(self._exchange(self._log, arguments))
        except ResponseError as error:
            if "ANOTHERLOG" in str(error):
                raise AnotherLog(str(error).partition("ANOTHERLOG ")[2]) from error
            raise StoreAway(f"{self.place}: {error}") from error
        entries = [(Position.of(position.decode()), fields[1]) for position, fields in found]
        return Batch(int(now_us) / 1000, entries, bool(more))

    async def save(self, position: Position, part: bytes) -> None:
        """Add a part to what is saved of the state at a position."""
        async with self._redis.pipeline() as calls:
            calls.rpush(_saved(position), part)
            calls.expire(_saved(position), _WRITTEN_WITHIN_S)
            await self._done(calls.execute())

    async def unsave(self, position: Position) -> None:
        """Forget what was saved of the state at a position."""
        await self._done(self._redis.unlink(_saved(position)))

    async def saved(self, position: Position) -> Sequence[bytes]:
        """Return the parts that were saved of the state at a position."""
        parts: list[Any] = []
        while some := await self._done(self._redis.lrange(_saved(position), len(parts), len(parts) + _PARTS - 1)):
            parts += some
        return parts

    async def shorten(self, identity: str, position: Position) -> None:
        """Let the log begin at a position, for those who come."""
        keys = [*self._log, _saved(position)]
        await self._done(self._shorten(keys, [identity, str(position), _STATES, _LINGERS_S]))

    async def wait(self, after: Position) -> None:
        """Return once there is an entry after a position, or after a while."""
        await self._done(self._redis.xread({self.entries: str(after)}, count=1, block=_WAIT_MS))

    async def number(self, journal: str) -> int:
        """Return the next number of a journal."""
        return int(await self._done(self._redis.hincrby(_counts(journal), "numbered", 1)))

    async def note(self, journal: str, records: Sequence[Record], size: int) -> None:
        """Add records to a journal, and drop the oldest that are too many."""
        arguments: list[Any] = [size, JOURNAL_BYTES]
        for each in records:
            arguments += each
        await self._done(self._note([_records(journal), _counts(journal)], arguments))

    async def noted(self, journal: str, after: str) -> Noted:
        """Return what was added after a cursor."""
        found, kept, noted, numbered = await self._done(self._noted([_records(journal), _counts(journal)], [after]))
        cursor = found[-1][0].decode() if found else after
        records = [Record(int(fields[1]), fields[3]) for _, fields in found]
        return Noted(cursor, records, kept, int(noted), int(numbered))

    async def forget(self, journal: str) -> None:
        """Remove a journal."""
        await self._done(self._redis.unlink(_records(journal), _counts(journal)))

    async def live(self, name: str, for_s: float) -> None:
        """Note that a replica is alive; the note holds for this many seconds."""
        await self._done(self._redis.set(_lives(name), b"", px=int(for_s * 1000)))

    async def living(self, names: Sequence[str]) -> set[str]:
        """Return which of these replicas live."""
        found = await self._done(self._redis.mget([_lives(each) for each in names]))
        return {name for name, known in zip(names, found, strict=True) if known is not None}

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        if redis_url(self._url).startswith("rediss:"):
            # What was cancelled is closed without waiting for the end of its TLS; an old uvloop cannot end before that.
            await asyncio.sleep(_TLS_ENDS_S)

    async def _done(self, call: Awaitable[T]) -> T:
        """Return what a call returns.

        Raises:
            StoreAway: it does not answer in time, or refuses to.
            ResponseError: a script refuses.
        """
        try:
            async with asyncio.timeout(self._within_s):
                return await call
        except ResponseError as error:
            if "ANOTHERLOG" in str(error):
                raise
            raise StoreAway(f"{self.place}: {error}") from error
        except (RedisError, OSError, TimeoutError) as error:
            # The library says so of every failure before it has a connection.
            sent = "connecting to" not in str(error)
            lasting = lasting_reason(error)
            why = lasting or str(error) or f"no answer within {self._within_s:g} s"
            raise StoreAway(f"{self.place}: {why}", sent=sent, lasting=bool(lasting)) from error


def _saved(position: Position) -> str:
    return f"{_STATES}{position}"


def _lives(name: str) -> str:
    return f"{_PREFIX}:lives:{name}"


def _records(journal: str) -> str:
    return f"{_PREFIX}:journal:{journal}"


def _counts(journal: str) -> str:
    return f"{_PREFIX}:counts:{journal}"
