"""What one replica proposes for a workspace: the writes, fault decisions and control requests that came to it."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Protocol

from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.faults.decision import Decision
from registry_sandbox.faults.effect import Activation
from registry_sandbox.faults.holding import Held
from registry_sandbox.faults.live_rule import Fired
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.errors import BodyTooLarge, OutcomeUnknown, ServiceUnavailable
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import RegistryService, recorded
from registry_sandbox.registry.version import Stored, Version
from registry_sandbox.replication.effects import Effects, about_held, is_about_others
from registry_sandbox.replication.presence import Presence
from registry_sandbox.replication.service import ReplicaService
from registry_sandbox.replication.store import LARGEST_ENTRY, StoreAway
from registry_sandbox.replication.turn import begin_patience, note_failure
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimit

_PASSED_ON: Final = ("Content-Type", "Content-Encoding", "Accept", "Host")
_AGAIN_S: Final = 1.0
_OVER: Final = "over"  # no place of the log


class Propose(Protocol):
    """Appends an entry to the log, and returns what came of it; as `Replica.propose`."""

    async def __call__(self, kind: str, workspace: str, epoch: str, told: dict[str, Any], body: bytes = b"") -> Any:
        """Propose."""
        ...


@dataclass(slots=True, eq=False)
class Shared(Effects):
    """A workspace that replicas share: what this one proposes, beside what the entries do.

    Attributes:
        own_streams: randomness that is this replica's alone.
        propose: appends an entry.
        presence: names this replica.
    """

    own_streams: RandomStreams = field(kw_only=True)
    propose: Propose = field(kw_only=True)
    presence: Presence = field(kw_only=True)

    def service_of_interactions(self) -> RegistryService:
        """Return the service that the interactions of this replica work with."""
        parts = {each.name: getattr(self.service, each.name) for each in fields(self.service)}
        # Ids of appointments are drawn where they are stored; others are this replica's own.
        parts["new_id"] = self.own_streams.ids("bundles")
        return ReplicaService(**parts, writes=self, own_clock=self.service.clock)

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
            decision.number = number
        return decision

    async def wait_s(self, activation: Activation, limit: RateLimit, client: str) -> int:
        """Count an exchange of a client for a rule that limits the rate."""
        del limit
        number = next((each for each, fired in self.decisions.items() if _has(fired, activation)), "")
        return int(await self._ask("limit", {"decision": number, "rule": activation.rule_id, "client": client}))

    async def client_wait_s(self, client: str) -> int:
        """Count a request of a client for `--rate-limit`; return the seconds that it has to wait."""
        return int(await self._ask("rate", {"client": client}))

    def take_back(self, decision: Decision, rule_id: str) -> None:
        """Undo the activation of a rule: in this exchange now, in the counts before the answer is sent."""
        if decision.take_back(rule_id):
            decision.owed.append(rule_id)

    def settle(self, decision: Decision) -> Awaitable[None] | None:
        """Take back what found nothing to spoil; return what is to be awaited, if anything."""
        for fired in list(decision.fired):
            if not fired.activation.acting:
                self.take_back(decision, fired.live.rule.id)
        return self._uncounted(decision) if decision.owed else None

    async def _uncounted(self, decision: Decision) -> None:
        owed, decision.owed = decision.owed, []
        await self._ask("uncount", {"decision": decision.number, "rules": owed})

    async def hold(self, rule_id: str, request: Request, longest: Awaitable[None]) -> None:
        """Wait until the exchange is released in any replica, or until `longest` is over.

        Raises:
            BrokenOff: the sandbox was reset, or stops.
        """
        try:
            number = await self.journal.reserve(request)
        except StoreAway as away:
            raise ServiceUnavailable(str(away)) from away
        told = {"rule": rule_id, "exchange": number, "about": about_held(request), "replica": self.presence.name}
        held: Held | None = None
        try:
            held = await self._ask("held", told)
            await self.workspace.engine.holdings.wait(held, longest)
        finally:
            if held is None or not held.released.done():  # else the list has it no longer
                task = asyncio.ensure_future(self._unlist(rule_id, number, self.epoch))
                task.add_done_callback(note_failure)

    def end(self) -> None:
        """Note that nothing can be proposed for this workspace any more."""
        self.epoch = _OVER

    async def _unlist(self, rule_id: str, exchange: int, epoch: str) -> None:
        """List an exchange as held no longer, in every replica; as soon as the store is there."""
        unlisted = False
        while not unlisted and self.epoch == epoch:
            begin_patience()
            try:
                await self._ask("unheld", {"rule": rule_id, "exchange": exchange})
                unlisted = True
            except ServiceUnavailable:
                await asyncio.sleep(_AGAIN_S)

    async def rotate(self, overlap_s: float) -> None:
        """Sign with a new key from now on, in every replica."""
        key = await asyncio.to_thread(SigningKey.generate)
        await self._ask("rotate", {"overlap": overlap_s}, key.pem)

    async def look(self, request: Request) -> None:
        """Take up what the other replicas have noted."""
        try:
            if is_about_others(request.path):
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
        if self.judge is not None and (judged := await self.judge(request)) is not None:
            told["judged"] = judged
        if request.path.endswith("/keys"):
            told["pem"] = (await asyncio.to_thread(SigningKey.generate)).pem.decode()
        body = b"".join(request.parts) or request.body
        if len(body) > LARGEST_ENTRY:
            raise BodyTooLarge(f"The body has {len(body)} bytes; expected at most {LARGEST_ENTRY}, because of --store.")
        response: Response = await self.propose("control", self.name, "", told, body)
        return response


def _header_names(rule: Rule) -> Sequence[str]:
    header = rule.match.header
    names = () if header is None else (header,) if isinstance(header, str) else tuple(header)
    return tuple(each.lower() for each in names)


def _has(fired: Sequence[Fired], activation: Activation) -> bool:
    return any(each.activation is activation for each in fired)
