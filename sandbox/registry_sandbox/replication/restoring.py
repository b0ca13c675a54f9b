"""Lets a replica that has just begun be what was written, record by record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from registry_sandbox.registry.seeds import Seed
from registry_sandbox.replication.cut import Exam
from registry_sandbox.replication.effects import Effects
from registry_sandbox.replication.records import is_appointment, told_by
from registry_sandbox.replication.states_reader import StatesReader
from registry_sandbox.replication.wanted import read_seed, read_wanted
from registry_sandbox.runtime.slices import unhurried
from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.workspace import State
from registry_sandbox.workspaces import Member, Wanted

Of = Callable[[str], Effects]
"""Returns what replicas share of the workspace of a name."""


class Incomplete(Exception):
    """The records have no end: another replica has replaced them meanwhile."""


class Others(Protocol):
    """The workspaces with a name."""

    def made_again(self, wanted: Wanted, created_s: float, used_s: float, ttl_s: float) -> Member:
        """Make one that another replica has, with nothing in it."""
        ...

    def ended_again(self, member: Member) -> None:
        """End one that has ended in the other replica, too."""
        ...


class Restoring:
    """Restores the workspaces of a replica.

    Args:
        first: the one without a name.
        others: those with a name.
        of: returns what replicas share of the workspace of a name.
        exam: the exam.
    """

    def __init__(self, first: Effects, others: Others, of: Of, exam: Exam) -> None:
        self._first, self._others, self._of, self._exam = first, others, of, exam
        self._states = StatesReader(first.service.registry, first.service.clock)
        self._seeds: list[Seed] = []
        self._members: list[Member] = []
        self._tasks: list[tuple[Mapping[str, Any], Member]] = []
        self._ended = False

    async def read(self, records: Iterable[bytes]) -> None:
        """Read the records; whoever asks meanwhile whether this replica lives is answered.

        Raises:
            Incomplete: there is no end.
        """
        async for each in unhurried(records):
            if is_appointment(each):
                self._states.appointment(each)
                continue
            kind, told = told_by(each)
            own = getattr(self, f"_read_{kind}", None)
            if own is None:
                self._states.read(kind, told)
            else:
                own(*told)
        if not self._ended:
            raise Incomplete
        self._exam.resume(self._tasks)

    def _read_first(self, told: Mapping[str, Any]) -> None:
        self._restore(told, self._first)

    def _read_seeds(self, some: Iterable[Sequence[Any]]) -> None:
        self._seeds += map(read_seed, some)

    def _read_workspace(
        self, told: Mapping[str, Any], name: str, wanted: Mapping[str, Any], state: int | None, times: Sequence[float]
    ) -> None:
        seeds, self._seeds = self._seeds, []
        member = self._others.made_again(read_wanted(wanted, name, seeds, self._states.of(state)), *times)
        shared = self._of(name)
        self._restore(told, shared)
        if told["ended"]:
            self._others.ended_again(member)
            shared.journal.go_on(*told["journal"])
        self._members.append(member)

    def _read_task(self, told: Mapping[str, Any], member: int) -> None:
        self._tasks.append((told, self._members[member]))

    def _read_end(self) -> None:
        self._ended = True

    def _restore(self, told: Mapping[str, Any], shared: Effects) -> None:
        workspace = shared.workspace
        workspace.restore(self._whole(told["state"]))
        shared.decisions.clear()
        shared.decisions.update(self._states.engine_of(told["state"]).remember(workspace.engine))
        shared.epoch = told["epoch"]
        shared.journal.go_on(*told["journal"])
        for each in told["attestations"]:
            workspace.attestations.add(Attestation(**each))
        for after, noun in told["steps"]:
            workspace.steering.note(noun, after)
        for rule_id, exchange, about, since_s, replica in told["held"]:
            shared.list_held(rule_id, exchange, about, since_s, replica)
        workspace.snapshots.update({name: self._whole(number) for name, number in told["snapshots"].items()})

    def _whole(self, number: int) -> State:
        state = self._states.of(number)
        if state is None:
            raise LookupError(f"there is no state {number}")
        return state
