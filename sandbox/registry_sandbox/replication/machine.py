"""The state of a replica: its workspaces, and everything that the entries of the log do to them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from registry_sandbox.http.errors import ServiceUnavailable
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.tally import Tally
from registry_sandbox.replication.compaction import Compaction
from registry_sandbox.replication.cut import Cut, Exam
from registry_sandbox.replication.effects import is_about_others
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.journal import SharedJournal
from registry_sandbox.replication.journal_writer import JournalWriter
from registry_sandbox.replication.presence import Presence
from registry_sandbox.replication.records import records_in
from registry_sandbox.replication.restoring import Incomplete, Restoring
from registry_sandbox.replication.shared import Propose, Shared
from registry_sandbox.replication.shared_workspaces import SharedWorkspaces
from registry_sandbox.replication.store import Begun, Position, Store, StoreAway
from registry_sandbox.replication.turn import note_failure
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.workspace import Workspace

_OF_ALL: Final = ("touch", "end", "save", "gone")
"""The kinds of entries that are about no single workspace."""


class ReplicaState:
    """The workspaces of a replica.

    Args:
        store: has the journals.
        writer: writes to them.
        origin: names this replica.
        own_streams: randomness that no other replica has.
        propose: appends an entry to the log.
    """

    def __init__(
        self, store: Store, writer: JournalWriter, origin: str, own_streams: RandomStreams, propose: Propose
    ) -> None:
        self._store, self._writer = store, writer
        self._origin = int(origin, 16)
        self._own_streams, self._propose = own_streams, propose
        self._of_name: dict[str, Shared] = {}
        self._place, self._cleared, self._named = "", 0, 0
        self.compaction = Compaction(store)
        self.presence = Presence(store, origin, time.monotonic)
        self._cut: Cut | None = None
        self._saves = self._asked = self._has_held = False
        self._workspaces: SharedWorkspaces | None = None
        self._exam: Exam | None = None
        self.on_renewal: Callable[[Begun], Awaitable[None]] = _nothing

    def attach(self, workspaces: SharedWorkspaces, exam: Exam) -> None:
        """Set the workspaces that have a name, and the exam that is held in them."""
        self._workspaces, self._exam = workspaces, exam

    def share(self, name: str, service: RegistryService, size: int, tally: Tally) -> Shared:
        """Return what a new workspace of this name shares with those of the other replicas."""
        journal = SharedJournal(
            service.clock, size, tally, self._store, self._writer, lambda: self._new_key(name), self._origin
        )
        shared = Shared(
            name,
            self._place,
            service,
            journal,
            self.refresh,
            own_streams=self._own_streams,
            propose=self._propose,
            presence=self.presence,
        )
        self._of_name[name] = shared
        return shared

    def of(self, name: str) -> Shared:
        """Return what a workspace shares."""
        return self._of_name[name]

    def leaving(self, name: str) -> None:
        """Note that a workspace is about to end."""
        if self._cut is not None:
            self._cut.take(name)

    def forget(self, workspace: Workspace) -> None:
        """Forget a workspace that has ended."""
        for name, shared in list(self._of_name.items()):
            if shared.workspace is workspace:
                shared.end()
                del self._of_name[name]

    def apply(self, entry: Entry, position: Position) -> Any:
        """Do what an entry says.

        Raises:
            SandboxError: it is refused, in every replica alike.
        """
        self._place, self._cleared, self._named = str(position), 0, 0
        self.compaction.count(entry.size)
        if entry.kind in _OF_ALL:
            return getattr(self, f"_apply_{entry.kind}")(entry)
        self._take_what_changes(entry)
        self._has_held = self._has_held or (entry.kind == "held" and int(entry.origin, 16) == self._origin)
        shared = self._of_name.get(entry.workspace)
        if shared is None:
            raise ServiceUnavailable("The workspace was deleted meanwhile; nothing was done.")
        return shared.apply(entry, self._place)

    def applied(self, identity: str, position: Position, *, own: bool) -> None:
        """Shorten the log, where it is long enough."""
        if self._saves:
            self._saves = False
            self._cut = self._cut_now()
            self.compaction.save(self._cut.records(), identity, position, self._written)
        elif own and self.compaction.due and not self._asked:
            self._asked = True
            asyncio.ensure_future(self._ask_to_save()).add_done_callback(note_failure)

    async def load(self, begun: Begun) -> None:
        """Load the state that was saved at the beginning of the log, if it is not that of the start.

        Raises:
            StoreAway: it cannot be read now, or is not there any more.
        """
        if not begun.saved:
            return
        if self._workspaces is None or self._exam is None:
            raise LookupError("a replica begins with what was saved once all its parts are there")
        parts = await self._store.saved(begun.position)
        try:
            await Restoring(self.of(""), self._workspaces, self.of, self._exam).read(records_in(parts))
        except Incomplete:  # another has shortened the log meanwhile
            raise StoreAway("the state at the beginning of the log was replaced") from None

    def new_name(self, seed: int) -> str:
        """Return a name for a workspace: the same in every replica, whatever each has applied before."""
        self._named += 1
        return RandomStreams(seed).ids(f"workspaces {self._place} {self._named}")()[:13]

    async def renew(self, begun: Begun) -> None:
        """Return to what the log starts with."""
        for each in self._of_name.values():
            each.end()
        self._of_name.clear()
        self._place, self._cleared = "", 0
        await self.compaction.stop()
        self.compaction = Compaction(self._store, self.compaction.every, self.compaction.bytes_at_most)
        self._workspaces, self._exam, self._cut = None, None, None
        self.presence.begin_anew()
        self._saves = self._asked = False
        await self.on_renewal(begun)
        await self.load(begun)

    async def tick(self) -> None:
        """Say that this replica lives; end what is left of those that do not, and workspaces whose time is over.

        Let those who follow the events know of exchanges in other replicas.
        """
        for each in await self.presence.tick(self._holding):
            asyncio.ensure_future(self._propose("gone", "", "", {"replica": each})).add_done_callback(note_failure)
        if self._workspaces is not None:
            self._workspaces.tick()
        for shared in list(self._of_name.values()):
            if shared.workspace.events.watched:
                await shared.journal.refresh()

    def _apply_touch(self, entry: Entry) -> None:
        if self._workspaces is not None:
            self._workspaces.touched(entry.told["name"])

    def _apply_end(self, entry: Entry) -> None:
        if self._workspaces is not None:
            self._workspaces.end_if_over(entry.told["name"])

    def _apply_save(self, entry: Entry) -> None:
        agreed, own = self.compaction.agreed(), int(entry.origin, 16) == self._origin
        if own:
            self._asked = False
        self._saves = agreed and own and not self.compaction.at_work

    def _apply_gone(self, entry: Entry) -> None:
        """End what waited in a replica that is gone."""
        for name, shared in self._of_name.items():
            if any(each.replica == entry.told["replica"] for each in shared.workspace.engine.holdings):
                self.leaving(name)
                shared.workspace.engine.holdings.break_off_of(entry.told["replica"])

    async def leave(self) -> None:
        """Let the others know that nothing waits in this replica any more.

        Raises:
            SandboxError: they do not know; they will notice it.
        """
        if self._has_held:
            await self._propose("gone", "", "", {"replica": self.presence.name})

    def _holding(self) -> set[str]:
        """Return the replicas in which exchanges wait."""
        engines = (each.workspace.engine for each in self._of_name.values())
        return {held.replica for engine in engines for held in engine.holdings}

    async def _ask_to_save(self) -> None:
        try:
            await self._propose("save", "", "", {})
        finally:
            self._asked = False

    def _written(self) -> None:
        self._cut = None

    def _cut_now(self) -> Cut:
        members = [] if self._workspaces is None else list(self._workspaces)
        tasks = () if self._exam is None else self._exam.saved()
        return Cut(self.of(""), members, self.of, tasks)

    def _take_what_changes(self, entry: Entry) -> None:
        if self._cut is None:
            return
        self._cut.take(entry.workspace)
        if entry.kind == "control" and not entry.workspace and is_about_others(entry.told["request"][1]):
            self._cut.take_those_of_tasks()

    async def refresh(self) -> None:
        """Take up what all replicas have noted, in every workspace."""
        for shared in list(self._of_name.values()):
            await shared.journal.refresh()

    def _new_key(self, name: str) -> str:
        """Return the name of a new journal: the same in every replica, because all begin it by the same entry."""
        self._cleared += 1
        return f"{name or '-'}:{self._place or 'start'}:{self._cleared}"


async def _nothing(begun: Begun) -> None:
    del begun
