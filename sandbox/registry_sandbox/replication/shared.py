"""One workspace in one replica: what it proposes, and what the entries of the log do to it.

Every method that `apply` calls does the same in every replica: it goes by the entry and by what earlier entries did,
and by no clock but the entry's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Protocol

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.faults.decision import Decision
from registry_sandbox.faults.effect import Activation
from registry_sandbox.faults.holding import Held
from registry_sandbox.faults.injector import rules_of_header
from registry_sandbox.faults.live_rule import Fired
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule
from registry_sandbox.fhir import json
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.errors import OutcomeUnknown, ServiceUnavailable
from registry_sandbox.http.request import Client, HeaderFacts, Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService, recorded
from registry_sandbox.registry.store import Stored, Version
from registry_sandbox.registry.under_way import UnderWay
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.exchanges import interaction
from registry_sandbox.replication.journal import SharedJournal
from registry_sandbox.replication.service import ReplicaService
from registry_sandbox.replication.store import StoreAway
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimit
from registry_sandbox.runtime.workers import WorkersBusy
from registry_sandbox.workspace import Workspace

_DECISIONS_AT_MOST: Final = 10_000
_BUSY_S: Final = 0.05
_PASSED_ON: Final = ("Content-Type", "Content-Encoding", "Accept", "Host")


class Propose(Protocol):
    """Appends an entry to the log, and returns what came of it; as `Replica.propose`."""

    async def __call__(self, kind: str, workspace: str, epoch: str, told: dict[str, Any], body: bytes = b"") -> Any:
        """Propose."""
        ...


@dataclass(slots=True, eq=False)
class Shared:
    """A workspace that replicas share.

    Attributes:
        name: of the workspace.
        epoch: where in the log its state began; what was judged before is refused.
        service: stores what an entry says, in this replica alone.
        journal: that all replicas write.
        own_streams: randomness that is this replica's alone.
        propose: appends an entry.
        refresh_all: takes up what all journals have, for requests that ask for those of others.
        workspace, perform: set once they are made; `perform` performs a request of the control plane.
    """

    name: str
    epoch: str
    service: RegistryService
    journal: SharedJournal
    own_streams: RandomStreams
    propose: Propose
    refresh_all: Callable[[], Awaitable[None]]
    workspace: Workspace = field(init=False)
    perform: Callable[[Request], Awaitable[Response]] = field(init=False)
    _next_key: SigningKey | None = None
    _decisions: OrderedDict[str, tuple[Fired, ...]] = field(default_factory=OrderedDict)
    _owed: dict[int, list[str]] = field(default_factory=dict)
    _numbers: dict[int, str] = field(default_factory=dict)

    def service_of_interactions(self) -> RegistryService:
        """Return the service that the interactions of this replica work with."""
        parts = {each.name: getattr(self.service, each.name) for each in fields(self.service)}
        # Ids of appointments are drawn where they are stored; others are this replica's own.
        parts["new_id"] = self.own_streams.ids("bundles")
        return ReplicaService(**parts, writes=self, own_clock=self.service.clock)

    # What interactions and faults of this replica ask for.

    async def register(self, resource: Resource, ahead_s: float) -> Stored:
        """Store a new appointment."""
        stored: Stored = await self._write("create", {"ahead": ahead_s}, resource)
        return stored

    async def replace(self, current: Version, resource: Resource, ahead_s: float) -> Stored:
        """Store the next version of an appointment."""
        told = {"ahead": ahead_s, "id": current.logical_id, "expected": current.number}
        stored: Stored = await self._write("update", told, resource)
        return stored

    async def _write(self, kind: str, told: dict[str, Any], resource: Resource) -> Any:
        body = self.service.codec.write(recorded(resource), "json")
        return await self.propose(kind, self.name, self.epoch, told, body)

    async def _ask(self, kind: str, told: dict[str, Any], body: bytes = b"") -> Any:
        """Propose what is no write: where nobody knows whether it was counted, the client may try again."""
        try:
            return await self.propose(kind, self.name, self.epoch, told, body)
        except OutcomeUnknown as unknown:
            raise ServiceUnavailable(str(unknown)) from unknown

    def decided(
        self, facts: Facts, header: str | None, rules: Sequence[Rule]
    ) -> Decision | Awaitable[Decision | None] | None:
        """Decide once for an exchange, with all replicas; where no rule matches there is nothing to count."""
        engine = self.workspace.engine
        if header is None and not engine.matching(facts):
            return None
        # Only what rules look at: headers have secrets.
        looked_at = [*(live.rule for live in engine), *rules]
        names = {name for rule in looked_at for name in _header_names(rule)}
        headers = [(name, value) for name, value in facts.headers.items() if name.lower() in names]
        about = [facts.interaction, facts.logical_id, facts.client, headers, facts.patients]
        return self._decided({"facts": about, "header": header})

    async def _decided(self, told: dict[str, Any]) -> Decision | None:
        decided: tuple[str, Decision | None] = await self._ask("decide", told)
        number, decision = decided
        if decision is not None:
            self._numbers[id(decision)] = number
        return decision

    async def wait_s(self, activation: Activation, limit: RateLimit, client: str) -> int:
        """Count an exchange of a client for a rule that limits the rate."""
        del limit
        number = next((each for each, fired in self._decisions.items() if _has(fired, activation)), "")
        return int(await self._ask("limit", {"decision": number, "rule": activation.rule_id, "client": client}))

    async def client_wait_s(self, client: str) -> int:
        """Count a request of a client for `--rate-limit`; return the seconds that it has to wait."""
        return int(await self._ask("rate", {"client": client}))

    def take_back(self, decision: Decision, rule_id: str) -> None:
        """Undo the activation of a rule: in this exchange now, in the counts before the answer is sent."""
        if decision.take_back(rule_id):
            self._owed.setdefault(id(decision), []).append(rule_id)

    def settle(self, decision: Decision) -> Awaitable[None] | None:
        """Take back what found nothing to spoil; return what is to be awaited, if anything."""
        for fired in list(decision.fired):
            if not fired.activation.acting:
                self.take_back(decision, fired.live.rule.id)
        number, owed = self._numbers.pop(id(decision), ""), self._owed.pop(id(decision), [])
        return self._uncounted(number, owed) if owed else None

    async def _uncounted(self, number: str, owed: list[str]) -> None:
        await self._ask("uncount", {"decision": number, "rules": owed})

    async def hold(self, rule_id: str, request: Request, longest: Awaitable[None]) -> None:
        """Wait until the exchange is released in any replica, or until `longest` is over.

        Raises:
            BrokenOff: the sandbox was reset, or stops.
        """
        try:
            number = await self.journal.reserve(request)
        except StoreAway as away:
            raise ServiceUnavailable(str(away)) from away
        about = [request.interaction, request.client.name, request.method, request.path]
        held: Held = await self._ask("held", {"rule": rule_id, "exchange": number, "about": about})
        try:
            await self.workspace.engine.holdings.wait(held, longest)
        finally:
            if not held.released.done():
                task = asyncio.ensure_future(self._ask("unheld", {"rule": rule_id, "exchange": number}))
                task.add_done_callback(_forgotten)

    async def rotate(self, overlap_s: float) -> None:
        """Sign with a new key from now on, in every replica."""
        key = await asyncio.to_thread(SigningKey.generate)
        await self._ask("rotate", {"overlap": overlap_s}, key.pem)

    def key_of_entry(self) -> SigningKey | None:
        """Return the key that the entry brings which is being applied."""
        key, self._next_key = self._next_key, None
        return key

    async def look(self, request: Request) -> None:
        """Take up what the other replicas have noted."""
        try:
            if _is_about_others(request):
                await self.refresh_all()
            else:
                await self.journal.refresh()
        except StoreAway as away:
            raise ServiceUnavailable(str(away)) from away

    async def change(self, request: Request) -> Response:
        """Let every replica perform a request of the control plane."""
        await self.look(request)
        headers = [(name, value) for name in _PASSED_ON for value in request.headers.getall(name, ())]
        told: dict[str, Any] = {
            "request": [request.method, request.path, request.query, request.base, request.called_as, request.mount],
            "headers": headers,
            "numbered": self.journal.numbered,
        }
        if request.body_error is not None:
            raise request.body_error
        if request.path.endswith("/keys"):
            told["pem"] = (await asyncio.to_thread(SigningKey.generate)).pem.decode()
        response: Response = await self.propose("control", self.name, "", told, b"".join(request.parts) or request.body)
        return response

    # What entries do.

    def apply(self, entry: Entry, place: str) -> Any:
        """Do what an entry says. `place` names it in the log.

        Raises:
            ServiceUnavailable: it was judged before the workspace was reset.
            SandboxError: it is refused, in every replica alike.
        """
        if entry.kind == "control":
            return self._control(entry, place)
        if entry.epoch != self.epoch:
            raise ServiceUnavailable("The sandbox was reset meanwhile; nothing was done.")
        return getattr(self, f"_apply_{entry.kind}")(entry)

    def _apply_create(self, entry: Entry) -> Stored:
        resource = json.reparse(entry.body)
        if self.service.strictness.refuse_duplicates:  # another may have come first
            self.service.require_rules("create", resource)
        return self._at(entry).register(resource)

    def _apply_update(self, entry: Entry) -> Stored:
        told, resource = entry.told, json.reparse(entry.body)
        at = self._at(entry).now()
        return self.service.registry.update(told["id"], resource, expected=told["expected"], at=at)

    def _at(self, entry: Entry) -> RegistryService:
        """Return the service, with the clock that the exchange has seen."""
        ahead_s: float = entry.told["ahead"]
        return self.service if not ahead_s else replace(self.service, clock=self.service.clock.ahead(ahead_s))

    def _apply_decide(self, entry: Entry) -> tuple[str, Decision | None]:
        interaction_, logical_id, client, headers, patients = entry.told["facts"]
        sent = _headers(headers)
        facts = Facts(interaction_, logical_id, client, sent, tuple(patients))
        header = entry.told["header"]
        rules = () if header is None else rules_of_header(header)
        decision = self.workspace.engine.decided(facts, header, rules)
        number = f"{entry.origin}-{entry.number}"
        if decision is not None:
            self._decisions[number] = tuple(decision.fired)
            if len(self._decisions) > _DECISIONS_AT_MOST:
                self._decisions.popitem(last=False)
        return number, decision

    def _apply_limit(self, entry: Entry) -> int:
        fired = self._fired(entry, [entry.told["rule"]])
        if not fired:
            return 0
        effects = fired[0].live.rule.then.effects
        limit: RateLimit = next(each.rate_limit for each in effects if each.word == "rate_limit")  # type: ignore[attr-defined]
        return self.workspace.engine.wait_s(fired[0].activation, limit, entry.told["client"])

    def _apply_rate(self, entry: Entry) -> int:
        limiter = self.workspace.limiter
        return 0 if limiter is None else limiter.wait_s(entry.told["client"])

    def _apply_uncount(self, entry: Entry) -> None:
        for fired in self._fired(entry, entry.told["rules"]):
            self.workspace.engine.uncount(fired)

    def _fired(self, entry: Entry, rules: Sequence[str]) -> list[Fired]:
        of_decision = self._decisions.get(entry.told["decision"], ())
        return [each for each in of_decision if each.live.rule.id in rules]

    def _apply_held(self, entry: Entry) -> Held:
        clock, told = self.service.clock, entry.told
        code, client, method, path = told["about"]
        request = Request(method, path, "", _headers(()), b"", "")
        request.declared, request.client = interaction(code, method, path), Client(client, may_write=False)
        request.under_way = UnderWay(told["exchange"], clock.timestamp(), clock.wall(), 0.0, request, None)
        return self.workspace.engine.holdings.add(told["rule"], request, clock.timestamp())

    def _apply_unheld(self, entry: Entry) -> None:
        self.workspace.engine.holdings.remove(entry.told["rule"], entry.told["exchange"])

    def _apply_rotate(self, entry: Entry) -> None:
        now_s = self.service.clock.timestamp()
        self.workspace.credentials.rotate(SigningKey.of(entry.body), now_s, entry.told["overlap"])

    async def _control(self, entry: Entry, place: str) -> Response:
        told = entry.told
        method, path, query, base, called_as, mount = told["request"]
        request = Request(
            method, path, query, _headers(told["headers"]), entry.body, base, None, "", called_as, HeaderFacts(base)
        )
        request.mount = mount
        self.journal.numbered_up_to(told["numbered"])
        if _is_about_others(request):
            await self._taken_up()
        generation = self.service.registry.generation
        while True:
            self._next_key = SigningKey.of(told["pem"].encode()) if "pem" in told else None
            try:
                response = await self.perform(request)
                break
            except WorkersBusy:  # here and not in the others: what all do must not depend on it
                await asyncio.sleep(_BUSY_S)
        if self.service.registry.generation != generation:
            self.epoch = place
            self._decisions.clear()
        return response

    async def _taken_up(self) -> None:
        try:
            await self.refresh_all()
        except StoreAway:  # what all do must not wait for it
            return


def _headers(sent: Iterable[Sequence[str]]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict([(name, value) for name, value in sent]))


def _header_names(rule: Rule) -> Sequence[str]:
    header = rule.match.header
    names = () if header is None else (header,) if isinstance(header, str) else tuple(header)
    return tuple(each.lower() for each in names)


def _has(fired: Sequence[Fired], activation: Activation) -> bool:
    return any(each.activation is activation for each in fired)


def _is_about_others(request: Request) -> bool:
    return "/exam" in request.path or request.path.endswith("/metrics")


def _forgotten(task: "asyncio.Task[Any]") -> None:
    """Look at what became of it, though nobody waits for it."""
    if not task.cancelled():
        task.exception()
