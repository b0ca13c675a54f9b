"""What clients and testers do to replicas, drawn at random: anything that the log has to tell those who come later."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.app import Sandbox, build
from registry_sandbox.faults.holding import Held
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.replication.memory import MemoryStore
from registry_sandbox.replication.port import SharedPort
from registry_sandbox.replication.store import AnotherLog, Batch, Begun, Position, Proposal
from registry_sandbox.runtime.rate_limiter import read_rate_limit
from registry_sandbox.settings import Settings
from registry_sandbox.testing import builders
from registry_sandbox.verdict.rule import all_rules

BASE: Final = "http://h.test/STU3"
_RULES: Final = (
    *("read:503@x2", "read:delay=0s", "*:500@p0.3", "register:rate_limit=2/m", "cancel:race=bump@x1"),
    *("read:stale=1@x1", "cancel:commit+500@x1", "search:429", "read:rate_limit=1/h"),
)
_LONG_RULES: Final[tuple[dict[str, Any], ...]] = (
    {"match": {"interaction": "read"}, "when": {"per": "resource", "times": 1}, "then": {"status": 503}},
    {"match": {"interaction": "create"}, "when": {"after": 1, "per": "client"}, "then": {"status": 500}, "ttl": 90},
)
_HELD: Final = {"id": "held", "match": {"interaction": "search-type"}, "when": {"times": 2}, "then": {"hold": True}}
_EXAMS: Final = ("cancel-once", "read-again-after-an-hour", "register-once", "read-two-appointments")
_STORY: Final = {"patient": "9990001111", "pointer": "https://p.test/1", "start": "+1d 09:00", "end": "+1d 09:10"}
_SETTINGS: Final[Mapping[str, Any]] = {
    "auth": "off",
    "no_seed_data": True,
    "random_seed": 7,
    "request_faults": True,
    "max_delay": 3_600.0,  # what is held stays held until somebody releases it
    "rate_limit": read_rate_limit("200/h"),
}


class KeepingStore(MemoryStore):
    """A store that keeps the whole log, so that it can be read from its beginning, too.

    Attributes:
        time_ms: what its clock shows.
    """

    def __init__(self) -> None:
        self.time_ms = 1_900_000_000_000.0
        super().__init__(lambda: self.time_ms)
        self.shortenings = 0

    async def shorten(self, identity: str, position: Position) -> None:
        """Let the log begin at a position."""
        entries = self._entries
        await super().shorten(identity, position)
        self._entries = entries
        self.shortenings += 1

    @property
    def begun(self) -> Begun:
        """Where the log begins."""
        assert self._begun is not None
        return self._begun

    def as_at_first(self, first: Begun) -> "FromTheBeginning":
        """Return the store for a replica that applies the whole log."""
        return FromTheBeginning(self, first)


class FromTheBeginning(MemoryStore):
    """A store whose log was never shortened; all else is that of another store."""

    def __init__(self, store: KeepingStore, first: Begun) -> None:
        super().__init__(lambda: store.time_ms)
        self._begun, self._entries, self._journals = first, store._entries, store._journals  # noqa: SLF001

    async def exchange(self, identity: str, after: Position, proposals: list[Proposal]) -> Batch:  # type: ignore[override]
        """Read; this replica proposes nothing."""
        if proposals:
            raise AnotherLog("it only looks on")
        return await super().exchange(identity, after, ())


@dataclass(eq=False)
class Joined:
    """A replica that runs without a port."""

    sandbox: Sandbox
    _port: SharedPort = field(init=False)

    async def start(self) -> "Joined":
        """Begin with what the store has."""
        self.sandbox._attach()  # noqa: SLF001 - as the start does, without a port
        self.sandbox.preparing.join()
        replication = self.sandbox.replication
        assert replication is not None
        self._port = replication.port(self.sandbox.handlers.whole_registry_port, _refused)
        await replication.start()
        return self

    async def stop(self) -> None:
        """Leave the store."""
        replication = self.sandbox.replication
        assert replication is not None
        await replication.stop(judging=False)

    @property
    def held(self) -> set[Held]:
        """The exchanges that this replica holds, in all workspaces; it lists those of the others, too."""
        assert self.sandbox.replication is not None
        own = self.sandbox.replication.state.presence.name
        workspaces = [self.sandbox.workspace, *(each.workspace for each in self.sandbox.workspaces)]
        return {held for each in workspaces for held in each.engine.holdings if held.replica == own}

    def shorten_soon(self) -> None:
        """Let the log be shortened after its next entry."""
        replication = self.sandbox.replication
        assert replication is not None
        replication.state.compaction.every = 1

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request, and return the status and the JSON of the answer."""
        named = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        path, _, query = path.partition("?")
        sent = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, query, CIMultiDictProxy(CIMultiDict(named)), sent, BASE)
        response: Response = await self._port(request)
        return int(response.status), json.loads(response.body) if response.body.startswith((b"{", b"[")) else None


def _refused(request: Request, away: Exception) -> Response:
    raise AssertionError(f"{request.path}: {away}")


async def joined(make_store: Callable[[], MemoryStore], **settings: Any) -> Joined:
    """Return a replica of a store, with all that it has."""
    wanted = Settings(base_url=BASE, **{**_SETTINGS, **settings})
    sandbox = await asyncio.to_thread(build, wanted, make_store=make_store)
    return await Joined(sandbox).start()


@dataclass
class History:
    """A history that is being drawn.

    Attributes:
        chance: what draws it.
        store: whose clock goes on meanwhile.
        replicas: each request comes to one of them.
        done: what was done, for whoever has to find a mistake.
    """

    chance: random.Random
    store: KeepingStore
    replicas: list[Joined]
    done: list[str] = field(default_factory=list)
    _waiting: set["asyncio.Task[Any]"] = field(default_factory=set)
    _versions: dict[str, dict[str, int]] = field(default_factory=dict)

    async def go_on(self, steps: int) -> None:
        """Do so many things."""
        kinds: list[tuple[int, Callable[[str], Awaitable[None]]]] = [
            *((20, self._register), (20, self._cancel), (20, self._read), (10, self._search), (10, self._fault)),
            *((5, self._clock), (4, self._snapshot), (5, self._workspace), (6, self._exam), (4, self._other)),
        ]
        for _ in range(steps):
            self.store.time_ms += self.chance.choice([1, 20, 500, 500, 20_000])
            place = self._place()
            await self.chance.choices([do for _, do in kinds], [often for often, _ in kinds])[0](place)

    async def end(self) -> None:
        """Let nobody wait any more."""
        for each in self._waiting:
            each.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    def _place(self) -> str:
        names = ["", *(each.name for each in self.replicas[0].sandbox.workspaces)]
        chosen = self.chance.choice(names) if self.chance.random() < 0.5 else ""
        return f"/w/{chosen}" if chosen else ""

    async def _call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        replica = self.chance.choice(self.replicas)
        held_before = replica.held
        task = asyncio.ensure_future(replica.call(method, path, body, **headers))
        self.done.append(f"{self.replicas.index(replica)} {method} {path} {body} {headers}"[:160])
        while not task.done():
            if replica.held - held_before:
                self._waiting.add(task)
                return 0, None
            await asyncio.sleep(0.001)
        return await task

    def _header(self) -> dict[str, str]:
        faults = ["read:503@x1", "*:delay=0s", "cancel:409@x2", ""]
        return {"X_Sandbox_Fault": self.chance.choice(faults)} if self.chance.random() < 0.2 else {}

    def _known(self, place: str) -> dict[str, int]:
        return self._versions.setdefault(place, {})

    async def _register(self, place: str) -> None:
        status, told = await self._call("POST", f"{place}/STU3/Appointment", builders.appointment(), **self._header())
        if status == 201:
            self._known(place)[told["id"]] = 1

    async def _cancel(self, place: str) -> None:
        known = self._known(place)
        if not known:
            return
        logical_id = self.chance.choice([*known])
        status, current = await self._call("GET", f"{place}/STU3/Appointment/{logical_id}")
        if status != 200:
            return
        number = int(current["meta"]["versionId"])
        text = f"<div xmlns='http://www.w3.org/1999/xhtml'>{self.chance.random()}</div>"
        body = {**current, "status": "cancelled", "text": {"status": "generated", "div": text}}
        path = f"{place}/STU3/Appointment/{logical_id}"
        await self._call("PUT", path, body, If_Match=f'W/"{number}"', **self._header())

    async def _read(self, place: str) -> None:
        logical_id = self.chance.choice([*self._known(place), "nobody"])
        await self._call("GET", f"{place}/STU3/Appointment/{logical_id}", **self._header())

    async def _search(self, place: str) -> None:
        if self.chance.random() < 0.4:
            await self._call("POST", f"{place}/_sandbox/faults", self.chance.choice([_HELD, "search:rate_limit=1/m"]))
        patient = "https://fhir.nhs.uk/Id/nhs-number|9990001111"
        await self._call("GET", f"{place}/STU3/Appointment?Patient={patient}")

    async def _fault(self, place: str) -> None:
        control = f"{place}/_sandbox/faults"
        rule = self.chance.choice([*_RULES, *_LONG_RULES])
        match self.chance.randrange(6):
            case 0 | 1 | 2:
                await self._call("POST", control, rule)
            case 3:
                status, told = await self._call("GET", control)
                if status == 200 and told["faults"]:
                    await self._call("DELETE", f"{control}/{self.chance.choice(told['faults'])['id']}")
            case 4:
                await self._call("PUT", control, [rule] if self.chance.random() < 0.5 else [])
            case _:
                await self._call("POST", f"{control}/held/release")

    async def _clock(self, place: str) -> None:
        changes: list[Any] = [
            *({"frozen": True}, {"frozen": False}, {"advance": "61s"}, {"advance": "-5m"}),
            {"now": "2031-02-03T04:05:06.789Z"},
        ]
        await self._call("PUT", f"{place}/_sandbox/clock", self.chance.choice(changes))

    async def _snapshot(self, place: str) -> None:
        control, name = f"{place}/_sandbox/snapshots", self.chance.choice(["a", "b"])
        match self.chance.randrange(5):
            case 0 | 1:
                await self._call("POST", control, {"name": name})
            case 2:
                await self._call("DELETE", f"{control}/{name}")
            case _:
                await self._call("POST", f"{control}/{name}/restore")

    async def _workspace(self, _: str) -> None:
        name = self.chance.choice(["u", "v", "w"])
        if self.chance.random() < 0.25:
            await self._call("DELETE", f"/_sandbox/workspaces/{name}")
            return
        options: list[dict[str, Any]] = [
            *(
                {"seed_data": [{**_STORY, "id": "s1"}, _STORY]},
                {"random_seed": 3},
                {"ttl": "2h"},
                {"no_seed_data": True},
            ),
            *({"clock": {"now": "2029-01-01T00:00:00Z", "frozen": True}}, {"faults": [self.chance.choice(_RULES)]}),
            *({"from": "a"}, {"from": {"workspace": "u"}}, {"control_token": "t"}),
        ]
        body: dict[str, Any] = {}
        for each in self.chance.sample(options, self.chance.randrange(4)):
            body |= each
        named = {} if self.chance.random() < 0.2 else {"name": name}
        await self._call("POST", "/_sandbox/workspaces", {**body, **named})

    async def _exam(self, place: str) -> None:
        del place
        _, told = await self._call("GET", "/_sandbox/exam")
        running = [each["name"] for each in told["tasks"]]
        name = self.chance.choice(running or _EXAMS)
        match self.chance.randrange(10):
            case _ if not running:
                await self._call("POST", "/_sandbox/exam", {"scenarios": self.chance.sample(_EXAMS, 2)})
            case 0:
                await self._call("POST", "/_sandbox/exam", {"scenarios": [self.chance.choice(_EXAMS)]})
            case 1 | 2:
                await self._call("DELETE", f"/_sandbox/workspaces/exam-{name}")
            case 3 if self.chance.random() < 0.3:
                await self._call("DELETE", "/_sandbox/exam")
            case _:
                said = self.chance.choice([None, None, {"exit_status": 1}, {"timed_out": True}])
                await self._call("POST", f"/_sandbox/exam/{name}/done", said)

    async def _other(self, place: str) -> None:
        control = f"{place}/_sandbox"
        match self.chance.randrange(6):
            case 0:
                await self._call("POST", f"{control}/reset")
                self._known(place).clear()
            case 1:
                await self._call("POST", f"{control}/keys?overlap=5m")
            case 2:
                attested = next(each.id for each in all_rules() if each.check is None)
                said = {"rule": attested, "by": f"{self.chance.random()}"}
                await self._call("POST", f"{control}/verdict/attestations", said)
            case 3:
                await self._call("POST", f"{control}/appointments", [_STORY])
            case 4:
                await self._call("DELETE", f"{control}/journal")
            case _:
                await self._call("GET", f"{control}/state")
