"""The parts of a replica, put together: its store, its turns, and the state that the log acts on."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from registry_sandbox.app.start_of_replicas import Joined, agreed
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.handlers import Handler
from registry_sandbox.registry.tally import Durations
from registry_sandbox.replication.journal_writer import JournalWriter
from registry_sandbox.replication.machine import ReplicaState
from registry_sandbox.replication.patience import patiently
from registry_sandbox.replication.port import Refuse, SharedPort
from registry_sandbox.replication.replica import Replica
from registry_sandbox.replication.store import Begun, Store, StoreAway
from registry_sandbox.replication.turn import begin_patience
from registry_sandbox.replication.wall import StoreWall
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.settings import Settings


@dataclass
class Replication:
    """What makes a sandbox one of several replicas.

    Attributes:
        joined: the log, as it was found.
        store: where it is.
        wall: the clock of all replicas.
        own_streams: randomness that is this replica's alone.
    """

    joined: Joined
    store: Store = field(init=False)
    wall: StoreWall = field(init=False)
    own_streams: RandomStreams = field(init=False)
    writer: JournalWriter = field(init=False)
    state: ReplicaState = field(init=False)
    replica: Replica = field(init=False)
    _told: set["asyncio.Task[None]"] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the parts."""
        chance, begun = random.SystemRandom(), self.joined.begun
        origin = f"{chance.getrandbits(31):08x}"
        self.store = self.joined.make_store()
        self.wall = StoreWall(begun.position.ms / 1000, time.monotonic)
        self.own_streams = RandomStreams(chance.getrandbits(64))
        self.writer = JournalWriter(self.store)
        self.state = ReplicaState(self.store, self.writer, origin, self.own_streams, self._propose)
        self.replica = Replica(self.store, begun, self.state, self.wall, origin, time.monotonic)

    async def _propose(self, kind: str, workspace: str, epoch: str, told: Mapping[str, Any], body: bytes = b"") -> Any:
        return await self.replica.propose(kind, workspace, epoch, told, body)

    @property
    def lasted(self) -> Durations:
        """How long the calls of the store took."""
        return self.replica.lasted

    @property
    def failures(self) -> int:
        """How many calls of the store failed."""
        return self.replica.failures

    @property
    def lost(self) -> int:
        """How many exchanges are missing in the journal."""
        return self.writer.lost

    @property
    def trouble(self) -> str:
        """Why the store cannot be used now; empty if it can."""
        return self.replica.trouble

    def begin_anew(self, settings: Settings, begun: Begun) -> None:
        """Be a replica of another log.

        Raises:
            OtherStart: its replicas have other settings.
        """
        start = agreed(settings, self.joined.start, begun)
        self.joined = replace(self.joined, begun=begun, start=start)
        self.wall.stand(begun.position.ms / 1000)

    def on_renewal(self, renew: Callable[[Begun], Awaitable[None]]) -> None:
        """Let `renew` make the state anew when the store has another log."""
        self.state.on_renewal = renew

    async def start(self) -> None:
        """Take up the log.

        Raises:
            StoreAway: the store does not answer.
        """
        self.writer.start()
        await patiently(lambda: self.state.load(self.joined.begun))
        await self.replica.start()

    async def stop(self, *, judging: bool) -> None:
        """Write what there is to write, take up what there is to judge, if it is judged, and leave the store."""
        await self.state.compaction.stop()
        with suppress(SandboxError):
            await self.state.leave()
        await self.writer.stop()
        if judging:
            with suppress(StoreAway):
                await self.state.refresh()
        await self.replica.stop()

    def port(self, handler: Callable[[], Handler], refuse: Refuse) -> SharedPort:
        """Return what answers a port."""
        return SharedPort(self.replica.catch_up, self.writer, handler, refuse)

    def tell(self, kind: str, name: str) -> None:
        """Tell the other replicas of a workspace; nobody waits for it."""
        task = asyncio.ensure_future(self._tell(kind, name))
        self._told.add(task)
        task.add_done_callback(self._told.discard)

    async def _tell(self, kind: str, name: str) -> None:
        begin_patience()
        with suppress(SandboxError):
            await self.replica.propose(kind, "", "", {"name": name})
