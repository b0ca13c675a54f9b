"""A replica's turns: each appends what was proposed meanwhile, reads what is new in the log, and applies it.

One turn serves everybody who waited when it began, and only one is under way: so the store has little to do, and what
is read after a turn is linearizable. Whoever reads waits for a turn that begins after the request has come.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from registry_sandbox.registry.tally import Durations
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.patience import patiently
from registry_sandbox.replication.refusals import not_done, unknown
from registry_sandbox.replication.store import AnotherLog, Batch, Begun, Position, Proposal, Store, StoreAway
from registry_sandbox.replication.turn import READ_BACK_S, Turn, begin_patience, note_proposed, patience_left
from registry_sandbox.replication.wall import StoreWall

_log = logging.getLogger("sandbox")

_CATCH_UP_S: Final = 0.75  # after it, the next failure of the store is a 503 at once
_PAUSE_S: Final = 0.05
_SILENCE_S: Final = 1.5
_TOGETHER_S: Final = 0.01  # what others do is taken up in steps, while this replica has its own to do


class Machine(Protocol):
    """What the entries act on."""

    def apply(self, entry: Entry, position: Position) -> Any:
        """Do what an entry says, and return what came of it: a value, or a coroutine for it."""
        ...

    def applied(self, identity: str, position: Position, *, own: bool) -> None:
        """Note that an entry of a log was applied, and nothing after it; `own` says that this replica proposed it."""
        ...

    async def renew(self, begun: Begun) -> None:
        """Return to what the log starts with."""
        ...

    async def tick(self) -> None:
        """Do what is due now and then; called several times a second."""
        ...


class Replica:
    """The turns of one replica.

    Args:
        store: holds the log.
        begun: the log.
        machine: what its entries act on; it is what the log starts with.
        wall: the clock that the machine goes by.
        origin: names this replica in the log.
        monotonic: the machine's monotonic clock, in seconds.

    Attributes:
        position: up to where the log was applied.
        lasted: how long the calls of the store took.
        failures: how many of them failed.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each is another part
        self,
        store: Store,
        begun: Begun,
        machine: Machine,
        wall: StoreWall,
        origin: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._store, self._machine, self._wall, self._monotonic = store, machine, wall, monotonic
        self.origin = origin
        self.begun, self.position = begun, begun.position
        self.lasted, self.failures = Durations(), 0
        self._numbered = 0
        self._queue: list[tuple[int, Proposal]] = []
        self._sent: set[int] = set()
        self._until_ms: dict[int, int] = {}
        self._awaited: dict[int, asyncio.Future[Any]] = {}
        self._fresh: Turn | None = None
        self._turns: list[Turn] = []
        self._wanted = asyncio.Event()
        self._touched_s, self._away = -_SILENCE_S, ""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Apply the log as it is, and follow it from now on.

        Raises:
            StoreAway: the store does not answer.
        """
        self._tasks = [asyncio.ensure_future(self._take_turns())]
        await self._replay()
        self._tasks.append(asyncio.ensure_future(self._follow()))

    async def _replay(self) -> None:
        """Apply the log as it is, however long that takes; the store may be away for a while, again and again."""
        while True:
            before = self.position
            try:
                return await patiently(self._turn_of_any_length)
            except StoreAway:
                if self.position == before:
                    raise

    async def _turn_of_any_length(self) -> None:
        turn = Turn(self._monotonic(), patience_s=None)
        self._turns.append(turn)
        self._wanted.set()
        await turn.over

    async def stop(self) -> None:
        """Follow the log no longer."""
        # A call whose time is over just now may take the one cancellation for the other, and go on.
        while running := [each for each in self._tasks if not each.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=_PAUSE_S)
        await self._store.close()

    @property
    def trouble(self) -> str:
        """Why this replica cannot answer now; empty if it can."""
        if not self._away and self._monotonic() - self._touched_s > _SILENCE_S:
            return f"the store has not answered for {_SILENCE_S:g} s"
        return self._away

    async def catch_up(self) -> None:
        """Wait for a turn that begins from now on: then everything is applied that anybody was told before.

        Raises:
            StoreAway: the store did not answer in time.
        """
        now_s = self._monotonic()
        turn = self._fresh
        if turn is None or turn.over.done():  # it may have ended by its own clock, while another turn was taken
            turn = self._fresh = Turn(now_s)
            self._turns.append(turn)
            self._wanted.set()
        await asyncio.shield(turn.over)
        begin_patience(self._monotonic() - now_s)

    async def propose(self, kind: str, workspace: str, epoch: str, told: Mapping[str, Any], body: bytes = b"") -> Any:
        """Append an entry, apply the log up to it, and return what came of it.

        Raises:
            ServiceUnavailable: the store did not take it in time, and never will.
            OutcomeUnknown: the store may have taken it.
            Exception: what doing it raises, in every replica alike.
        """
        patience_s, began_s = patience_left(), self._monotonic()
        self._numbered += 1
        number = self._numbered
        entry = Entry(self.origin, number, kind, workspace, epoch, told, body)
        until_ms = int((self._wall.estimate() + patience_s - READ_BACK_S) * 1000)
        loop = asyncio.get_running_loop()
        awaited = self._awaited[number] = loop.create_future()
        self._until_ms[number] = until_ms
        self._queue.append((number, Proposal(until_ms, entry.encoded())))
        self._wanted.set()
        patience = loop.call_later(patience_s, self._give_up, number)
        try:
            return await awaited
        finally:
            note_proposed(self._monotonic() - began_s)
            patience.cancel()
            self._awaited.pop(number, None)
            self._until_ms.pop(number, None)
            self._sent.discard(number)

    def _give_up(self, number: int) -> None:
        awaited = self._awaited.get(number)
        if awaited is None or awaited.done():
            return
        if number in self._sent:
            awaited.set_exception(unknown())
        else:
            self._queue = [each for each in self._queue if each[0] != number]
            awaited.set_exception(not_done())

    async def _take_turns(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._turn()

    async def _turn(self) -> None:
        turns, self._turns, self._fresh = self._turns, [], None
        queue, self._queue = self._queue, []
        self._sent.update(number for number, _ in queue)
        try:
            more = await self._step([proposal for _, proposal in queue])
            while more:
                more = await self._step([])
        except StoreAway as away:
            if not away.sent:
                self._sent.difference_update(number for number, _ in queue)
                self._queue = [each for each in queue if each[0] in self._awaited] + self._queue
            await self._failed(away, turns)
        except AnotherLog as another:
            queue, self._queue = [*queue, *self._queue], []  # what was judged by the old state is in no log
            self._refuse(not_done(), [number for number, _ in queue])
            self._refuse(unknown(), list(self._sent))
            await self._begin_anew(another, turns)
        except Exception as error:  # noqa: BLE001 - our bug: nobody must wait for ever, and readiness tells
            _log.exception("a turn with the store failed")
            await self._failed(StoreAway(f"the log cannot be applied: {type(error).__name__}"), turns)
        else:
            for turn in turns:
                turn.end()

    async def _step(self, proposals: list[Proposal]) -> bool:
        began_s = self._monotonic()
        batch = await self._store.exchange(self.begun.identity, self.position, proposals)
        self._touched_s = self._monotonic()
        self.lasted.add(self._touched_s - began_s)
        if self._away:
            _log.warning("the store answers again")
            self._away = ""
        self._wall.learn(batch.now_ms / 1000)
        await self._apply(batch)
        return batch.more

    async def _apply(self, batch: Batch) -> None:
        for position, encoded in batch.entries:
            entry = Entry.of(encoded)
            awaited = self._awaited.get(entry.number) if entry.origin == self.origin else None
            self._wall.stand(position.ms / 1000)
            try:
                result = self._machine.apply(entry, position)
                if isinstance(result, Awaitable):
                    result = await result
            except Exception as error:  # noqa: BLE001 - it belongs to whoever proposed the entry
                _settle(awaited, None, error)
            else:
                _settle(awaited, result, None)
            self.position = position
            self._machine.applied(self.begun.identity, position, own=entry.origin == self.origin)
        self._wall.go_on()
        if not batch.more and self._sent:
            late = [number for number in self._sent if self._until_ms.get(number, 0) < batch.now_ms]
            self._refuse(not_done(), late)

    def _refuse(self, error: Exception, numbers: list[int]) -> None:
        """Tell those who wait for these proposals that they are not in the log, or may not be."""
        for number in numbers:
            _settle(self._awaited.get(number), None, error)

    async def _failed(self, away: StoreAway, turns: "list[Turn]") -> None:
        self.failures += 1
        if not self._away:
            _log.warning("the store is away: %s", away)
        self._away = str(away)
        now_s = self._monotonic()
        for turn in turns:
            if now_s - turn.asked_s >= _CATCH_UP_S:
                turn.end(away)
        self._turns = [each for each in turns if not each.over.done()] + self._turns
        await asyncio.sleep(_PAUSE_S)
        self._wanted.set()

    async def _begin_anew(self, another: AnotherLog, turns: "list[Turn]") -> None:
        _log.warning("the store is not what it was, so this replica begins anew: %s", another)
        self._away = "the store has another log"
        try:
            self.begun = await self._store.begin(self.origin, self.begun.start)
            await self._machine.renew(self.begun)
        except Exception as error:  # noqa: BLE001 - it is tried again, and readiness tells
            _log.error("this replica cannot begin anew: %s", error)
            await self._failed(StoreAway(str(error)), turns)
            return
        self._wall.stand(self.begun.position.ms / 1000)
        self.position = self.begun.position
        self._turns = turns + self._turns
        self._wanted.set()

    async def _follow(self) -> None:
        while True:
            try:
                with suppress(StoreAway):
                    await self._store.wait(self.position)
                await self.catch_up()
                await self._machine.tick()
            except StoreAway:
                pass
            except Exception:  # noqa: BLE001 - our bug: what comes next is followed all the same
                _log.exception("what is due now and then failed")
            await asyncio.sleep(_TOGETHER_S)


def _settle(awaited: "asyncio.Future[Any] | None", result: Any, error: Exception | None) -> None:
    if awaited is None or awaited.done():
        return
    if error is None:
        awaited.set_result(result)
    else:
        awaited.set_exception(error)
