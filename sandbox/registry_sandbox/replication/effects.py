"""What the entries of the log do to one workspace, in every replica alike.

Each goes by the entry and by what earlier entries did, and by no clock but the entry's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.faults.decision import Decision
from registry_sandbox.faults.holding import Held
from registry_sandbox.faults.injector import rules_of_header
from registry_sandbox.faults.live_rule import Fired
from registry_sandbox.faults.match import Facts
from registry_sandbox.fhir import json
from registry_sandbox.http.errors import ServiceUnavailable
from registry_sandbox.http.request import Client, Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.under_way import UnderWay
from registry_sandbox.registry.version import Stored
from registry_sandbox.replication.entry import Entry
from registry_sandbox.replication.exchanges import interaction
from registry_sandbox.replication.journal import SharedJournal
from registry_sandbox.runtime.rate_limiter import RateLimit
from registry_sandbox.runtime.workers import WorkersBusy
from registry_sandbox.workspace import Workspace

_DECISIONS_AT_MOST: Final = 10_000
_BUSY_S: Final = 0.05


@dataclass(slots=True, eq=False)
class Effects:
    """A workspace, as the entries change it.

    Attributes:
        name: of the workspace.
        epoch: where in the log its state began; what was judged before is refused.
        service: stores what an entry says, in this replica alone.
        journal: that all replicas write.
        refresh_all: takes up what all journals have, for requests that ask for those of others.
        workspace, perform: set once they are made; `perform` performs a request of the control plane.
        judge: returns what there is to know before all perform a request; None if there is nothing.
        decisions: of exchanges whose end may take something back, by the number of their entry.
    """

    name: str
    epoch: str
    service: RegistryService
    journal: SharedJournal
    refresh_all: Callable[[], Awaitable[None]]
    workspace: Workspace = field(init=False)
    perform: Callable[[Request], Awaitable[Response]] = field(init=False)
    judge: Callable[[Request], Awaitable[Mapping[str, Any] | None]] | None = field(init=False, default=None)
    decisions: OrderedDict[str, tuple[Fired, ...]] = field(init=False, default_factory=OrderedDict)
    _next_key: SigningKey | None = field(init=False, default=None)
    _brought: Mapping[str, Any] | None = field(init=False, default=None)

    def key_of_entry(self) -> SigningKey | None:
        """Return the key that the entry of now brings."""
        key, self._next_key = self._next_key, None
        return key

    def brought(self) -> Mapping[str, Any] | None:
        """Return what the replica judged that was sent the request of now."""
        return self._brought

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
            self.decisions[number] = tuple(decision.fired)
            if len(self.decisions) > _DECISIONS_AT_MOST:
                self.decisions.popitem(last=False)
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
        of_decision = self.decisions.get(entry.told["decision"], ())
        return [each for each in of_decision if each.live.rule.id in rules]

    def _apply_held(self, entry: Entry) -> Held:
        told, since_s = entry.told, self.service.clock.timestamp()
        return self.list_held(told["rule"], told["exchange"], told["about"], since_s, told["replica"])

    def list_held(self, rule_id: str, exchange: int, about: Sequence[str], since_s: float, replica: str) -> Held:
        """List an exchange as held, wherever it waits."""
        code, client, method, path = about
        request = Request(method, path, "", _headers(()), b"", "")
        request.declared, request.client = interaction(code, method, path), Client(client, may_write=False)
        request.under_way = UnderWay(exchange, since_s, since_s, 0.0, request, None)
        return self.workspace.engine.holdings.add(rule_id, request, since_s, replica)

    def _apply_unheld(self, entry: Entry) -> None:
        self.workspace.engine.holdings.remove(entry.told["rule"], entry.told["exchange"])

    def _apply_rotate(self, entry: Entry) -> None:
        now_s = self.service.clock.timestamp()
        self.workspace.credentials.rotate(SigningKey.of(entry.body), now_s, entry.told["overlap"])

    async def _control(self, entry: Entry, place: str) -> Response:
        told = entry.told
        method, path, query, base, called_as, mount = told["request"]
        request = Request(method, path, query, _headers(told["headers"]), entry.body, base, None, "", called_as)
        request.mount = mount
        generation = self.service.registry.generation
        self._brought = told.get("judged")
        with self.journal.standing(told["numbered"]):
            response = await self._performed(request, told)
        if self.service.registry.generation != generation:
            self.epoch = place
            self.decisions.clear()
        return response

    async def _performed(self, request: Request, told: Mapping[str, Any]) -> Response:
        while True:
            self._next_key = SigningKey.of(told["pem"].encode()) if "pem" in told else None
            try:
                return await self.perform(request)
            except WorkersBusy:  # here and not in the others: what all do must not depend on it
                await asyncio.sleep(_BUSY_S)


def about_held(request: Request) -> list[str]:
    """Return what the list of held exchanges tells of a request, for `list_held`."""
    return [request.interaction, request.client.name, request.method, request.path]


def is_about_others(path: str) -> bool:
    """Return True for the path of requests that ask for the journals of several workspaces."""
    return "/exam" in path


def _headers(sent: Iterable[Sequence[str]]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict([(name, value) for name, value in sent]))
