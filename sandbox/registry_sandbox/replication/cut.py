"""All workspaces of a replica as they are after one entry of the log, taken one by one while others are applied.

There may be a thousand, and to take them all at once would hold up everybody. So each is taken when its turn comes, or
just before something changes it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from registry_sandbox.replication.captured import Captured, captured, captured_after_its_end
from registry_sandbox.replication.effects import Effects
from registry_sandbox.replication.records import batches, record
from registry_sandbox.replication.saved_engine import EngineWriter
from registry_sandbox.replication.saved_states import StatesWriter
from registry_sandbox.replication.wanted import seed_as_json, wanted_as_json
from registry_sandbox.workspaces import Member, Wanted


class Task(Protocol):
    """A task of an exam at one moment, with its workspace."""

    member: Member

    def as_json(self) -> dict[str, Any]:
        """Return the task as JSON."""
        ...


class Exam(Protocol):
    """The exam that all replicas hold."""

    def saved(self) -> Sequence[Task]:
        """Return the tasks as they are now."""
        ...

    def resume(self, tasks: Sequence[tuple[Mapping[str, Any], Member]]) -> None:
        """Replace all tasks by those that were written, each with its workspace."""
        ...


class _Listed:
    """A workspace with a name: what it is among the others."""

    def __init__(self, member: Member) -> None:
        self.name, self.wanted = member.name, member.wanted
        self.times = [member.created_s, member.used_s, member.ttl_s]


class Cut:
    """The state of a replica.

    Args:
        first: the workspace without a name.
        members: those with a name, in their order.
        of: returns what replicas share of the workspace of a name.
        tasks: of the exam.
    """

    def __init__(
        self, first: Effects, members: Sequence[Member], of: Callable[[str], Effects], tasks: Sequence[Task]
    ) -> None:
        self._first, self._tasks = captured(first), tasks
        self._pending = {each.name: of(each.name) for each in members}
        self._taken: dict[str, Captured] = {}
        self._listed = [_Listed(each) for each in members]
        ended = {id(each.member): each.member for each in tasks if each.member not in members}
        self._ended = [(_Listed(each), captured_after_its_end(each.workspace)) for each in ended.values()]
        self._places = {each: at for at, each in enumerate([*ended, *map(id, members)])}

    def take(self, name: str) -> None:
        """Take a workspace that is about to change, if it was not taken yet."""
        if name in self._pending:
            self._taken[name] = captured(self._pending.pop(name))

    def take_those_of_tasks(self) -> None:
        """Take the workspaces of the exam, which is about to go on."""
        for each in self._tasks:
            self.take(each.member.name)

    def records(self) -> Iterator[bytes]:
        """Yield everything; each step is short."""
        writer = StatesWriter()
        yield from _workspace(writer, self._first, None)
        for listed, taken in self._ended:
            yield from _workspace(writer, taken, listed, ended=True)
        for listed in self._listed:
            self.take(listed.name)
            yield from _workspace(writer, self._taken[listed.name], listed)
        for task in self._tasks:
            yield record("task", task.as_json(), self._places[id(task.member)])
        yield record("end")


def _workspace(writer: StatesWriter, one: Captured, listed: _Listed | None, *, ended: bool = False) -> Iterator[bytes]:
    if one.state.faults is None:
        raise ValueError("the state of a workspace is whole")
    engine = EngineWriter(one.state.faults, one.lives, one.gone)
    state = yield from writer.state(one.state, engine, one.decisions)
    snapshots: dict[str, int] = {}
    for name, each in one.snapshots.items():
        snapshots[name] = yield from writer.state(each)
    told = {**one.told, "state": state, "snapshots": snapshots, "ended": ended}
    if listed is None:
        yield record("first", told)
        return
    beginning = None if listed.wanted.state is None else (yield from writer.state(listed.wanted.state))
    yield from _seeds(listed.wanted)
    yield record("workspace", told, listed.name, wanted_as_json(listed.wanted), beginning, listed.times)


def _seeds(wanted: Wanted) -> Iterator[bytes]:
    for some in batches(wanted.seeds or ()):
        yield record("seeds", [seed_as_json(each) for each in some])
