"""The state of a replica: its workspaces, and everything that the entries of the log do to them."""

from collections.abc import Awaitable, Callable
from typing import Any

from registry_sandbox.http.errors import ServiceUnavailable
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.tally import Tally
from registry_sandbox.replication.compaction import Compaction, can_be_written, restore
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.journal import SharedJournal
from registry_sandbox.replication.journal_writer import JournalWriter
from registry_sandbox.replication.shared import Propose, Shared
from registry_sandbox.replication.shared_workspaces import SharedWorkspaces
from registry_sandbox.replication.store import Begun, Position, Store, StoreAway
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.workspace import Workspace


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
        self.workspaces: Callable[[], SharedWorkspaces] | None = None
        self.on_renewal: Callable[[Begun], Awaitable[None]] = _nothing

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
        )
        self._of_name[name] = shared
        return shared

    def of(self, name: str) -> Shared:
        """Return what a workspace shares."""
        return self._of_name[name]

    def forget(self, workspace: Workspace) -> None:
        """Forget a workspace that has ended."""
        for name, shared in list(self._of_name.items()):
            if shared.workspace is workspace:
                del self._of_name[name]

    def apply(self, entry: Entry, position: Position) -> Any:
        """Do what an entry says.

        Raises:
            SandboxError: it is refused, in every replica alike.
        """
        self._place, self._cleared, self._named = str(position), 0, 0
        if entry.kind in ("touch", "end"):
            return self._apply_to_workspaces(entry)
        shared = self._of_name.get(entry.workspace)
        if shared is None:
            raise ServiceUnavailable("The workspace was deleted meanwhile; nothing was done.")
        return shared.apply(entry, self._place)

    def applied(self, identity: str, position: Position, *, own: bool) -> None:
        """Shorten the log, where it is long enough and the state can be written."""
        if self.compaction.due(own=own) and len(self._of_name) == 1 and can_be_written(self.of("")):
            self.compaction.save(self.of(""), identity, position)

    async def load(self, begun: Begun) -> None:
        """Be what was saved at the beginning of the log, if the state is not the start's.

        Raises:
            StoreAway: it cannot be read now, or is not there any more.
        """
        if not begun.saved:
            return
        parts = await self._store.saved(begun.position)
        if not parts:  # another has shortened the log meanwhile
            raise StoreAway("the state at the beginning of the log was replaced")
        restore(parts, self.of(""))

    def new_name(self, seed: int) -> str:
        """Return a name for a workspace: the same in every replica, whatever each has applied before."""
        self._named += 1
        return RandomStreams(seed).ids(f"workspaces {self._place} {self._named}")()[:13]

    async def renew(self, begun: Begun) -> None:
        """Be what the log starts with."""
        self._of_name.clear()
        self._place, self._cleared = "", 0
        self.workspaces = None
        await self.on_renewal(begun)
        await self.load(begun)

    async def tick(self) -> None:
        """Let those who follow the events know of exchanges in other replicas; end workspaces whose time is over."""
        if self.workspaces is not None:
            self.workspaces().tick()
        for shared in list(self._of_name.values()):
            if shared.workspace.events.watched:
                await shared.journal.refresh()

    def _apply_to_workspaces(self, entry: Entry) -> None:
        if self.workspaces is None:
            return
        if entry.kind == "touch":
            self.workspaces().touched(entry.told["name"])
        else:
            self.workspaces().end_if_over(entry.told["name"])

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
