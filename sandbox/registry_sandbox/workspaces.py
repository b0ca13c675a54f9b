"""The workspaces of a process beside the one without a name: by name, bounded, each until it was not used for a while.

Nothing watches the time: a workspace whose time is over is noticed when somebody asks for it, or makes another one.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry_sandbox.faults.rule import Rule
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.registry.seeds import Seed
from registry_sandbox.workspace import State, Workspace


class NoRoom(Exception):
    """There are as many workspaces as there may be; the message says how many, and what helps."""


class NameTaken(Exception):
    """There is a workspace of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a workspace starts with. What is None is as in the workspace without a name.

    Attributes:
        name: of the workspace; one is made up.
        seeds: the appointments.
        clock: the instant that its clock starts at (aware).
        frozen: whether its clock stands still.
        faults: the rules, instead of those of flags and file, in order of precedence.
        random_seed: of ids and draws.
        ttl_s: how long it lives after its last use.
        control_token: accepted by its own control plane, beside `--control-token`.
        state: what it is at first. Seeds, clock, faults and random seed that are given take the place of its own.
        bare: whether nothing fills it: whoever makes it does.
    """

    name: str | None = None
    seeds: Sequence[Seed] | None = None
    clock: datetime | None = None
    frozen: bool | None = None
    faults: Sequence[Rule] | None = None
    random_seed: int | None = None
    ttl_s: float | None = None
    control_token: str | None = None
    state: State | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A workspace, with what answers for it on the registry's port and on the control plane's.

    `may_send_a_state` returns True for a request that may have the body of a whole state.
    """

    workspace: Workspace
    on_registry_port: Handler
    on_control_port: Handler
    may_send_a_state: Callable[[Request], bool] = lambda _: False


@dataclass(slots=True, eq=False)
class Member:
    """One of the workspaces.

    `created_s` and `used_s` are on the machine's clock, in seconds since the epoch. It ends `ttl_s` after its last use.
    No request finds it while it is `filling`. `wanted` is what it was asked to start with.
    """

    name: str
    made: Made
    created_s: float
    used_s: float
    ttl_s: float
    filling: bool = False
    wanted: Wanted = field(default_factory=Wanted)

    @property
    def workspace(self) -> Workspace:
        """The workspace itself."""
        return self.made.workspace

    @property
    def expires_s(self) -> float:
        """When it ends if nobody uses it until then."""
        return self.used_s + self.ttl_s


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which there are workspaces.

    Attributes:
        new_name: returns a name that is hardly ever taken.
        wall: the machine's clock, in seconds since the epoch.
        at_most: how many there may be.
        ttl_s: how long one lives after its last use, where it does not say so itself.
    """

    new_name: Callable[[], str]
    wall: Callable[[], float]
    at_most: int
    ttl_s: float


class Workspaces:
    """The workspaces by name. `make` makes one of a name."""

    def __init__(self, make: Callable[[str, Wanted], Made], terms: Terms) -> None:
        self._make = make
        self._terms = terms
        self._wall = terms.wall
        self._members: dict[str, Member] = {}
        self._sweep_from_s = math.inf  # before that, no time to live is over

    def find(self, name: str) -> Member | None:
        """Return the workspace that a request names, and note its use; None if there is none."""
        member = self._members.get(name)
        if member is None or member.filling:
            return None
        now_s = self._wall()
        if now_s >= member.expires_s and not member.workspace.in_use:
            self._remove(member)
            return None
        member.used_s = now_s
        return member

    def get(self, name: str) -> Member | None:
        """Return a workspace without using it; None if there is none."""
        self._sweep()
        return self._members.get(name)

    async def make(self, wanted: Wanted) -> Member:
        """Make a workspace. Seeds of its own are read in threads; until then no request finds it.

        Raises:
            NoRoom, NameTaken: nothing was made.
            BadSeed: a seed cannot be used.
            WorkersBusy: too many others wait for a thread (503).
        """
        member = self.create(wanted)
        if wanted.seeds:
            await self._fill(member)
        return member

    async def _fill(self, member: Member) -> None:
        member.filling, filled = True, False
        try:
            await member.workspace.reset()
            filled = True
        finally:
            member.filling = False
            if not filled:
                self.remove(member.name)

    def create(self, wanted: Wanted) -> Member:
        """Make a workspace, without the seeds of its own.

        Raises:
            NoRoom, NameTaken: nothing was made.
            BadSeed: a seed of the start cannot be used.
        """
        self._sweep()
        name = wanted.name or self._free_name()
        if name in self._members:
            raise NameTaken(f"There is a workspace '{name}' already; expected another name.")
        if len(self._members) >= self._terms.at_most:
            raise NoRoom(
                f"There are {len(self._members)} workspaces, and --max-workspaces allows {self._terms.at_most}: "
                "delete one, or wait until one has not been used for its time to live."
            )
        made, now_s = self._make(name, wanted), self._wall()
        ttl_s = self._terms.ttl_s if wanted.ttl_s is None else wanted.ttl_s
        member = self._members[name] = Member(name, made, now_s, now_s, ttl_s, wanted=wanted)
        self._sweep_from_s = min(self._sweep_from_s, member.expires_s)
        return member

    def remove(self, name: str) -> bool:
        """End a workspace, and every exchange in it; return False if there is none of this name."""
        member = self.get(name)
        if member is not None:
            self._remove(member)
        return member is not None

    def __len__(self) -> int:
        self._sweep()
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        """Iterate over them, the oldest first."""
        self._sweep()
        return iter(list(self._members.values()))

    def close(self) -> None:
        """End all."""
        for member in list(self._members.values()):
            self._remove(member)

    def _free_name(self) -> str:
        while (name := self._terms.new_name()) in self._members:
            pass
        return name

    def _sweep(self) -> None:
        """End those whose time is over."""
        now_s = self._wall()
        if now_s < self._sweep_from_s:
            return
        for member in list(self._members.values()):
            if now_s >= member.expires_s:
                if member.filling or member.workspace.in_use:
                    member.used_s = now_s
                else:
                    self._remove(member)
        self._sweep_from_s = min((each.expires_s for each in self._members.values()), default=math.inf)

    def _remove(self, member: Member) -> None:
        del self._members[member.name]
        member.workspace.close()
