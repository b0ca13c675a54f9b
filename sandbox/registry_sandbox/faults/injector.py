"""The step that injects faults: it asks the engine once for each exchange, then lets the effects act on it.

Effects act before the interaction, in its place, on its answer, on the bytes of the body, on the finished answer, and
on the wire. The first four happen here; `ActiveFaults` and `FaultyDelivery` do the last two, later in the pipeline.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from registry_sandbox.faults.decision import Decision
from registry_sandbox.faults.effect import Activation, Effect, FaultContext, Refuse, Sleep, acts
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.live_rule import LiveRule
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.patients import may_concern, patients_of
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.faults.short_form import split_several
from registry_sandbox.fhir.resource import Write
from registry_sandbox.http.errors import InvalidHeader, SandboxError
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.negotiation import represent
from registry_sandbox.http.outcomes import refusal
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response, Sent, Wire
from registry_sandbox.registry.service import RegistryService

HEADER = "X-Sandbox-Fault"

Perform = Callable[[FaultContext], Awaitable[Response]]
"""Performs the interaction as the context says: with its service, with its token lifetime."""


@dataclass(frozen=True, slots=True)
class Injector:
    """Injects the faults of an engine.

    `perform` is the interaction with what effects may have changed. `longest_s` bounds every wait. `by_header` is True
    if requests may bring their own faults.
    """

    engine: FaultEngine
    service: RegistryService
    refuse: Refuse
    perform: Perform
    sleep: Sleep
    longest_s: float
    write: Write
    by_header: bool = False

    def spare(self, request: Request) -> bool:
        """Return True if it is certain at once that no rule matches: the pipeline then skips this step."""
        if request.interaction in self.engine.interactions or (self.by_header and HEADER in request.headers):
            return False
        return not self.engine.patients or not may_concern(request, self.service.registry, self.engine)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Let the faults of a request act; without any, let the handler answer."""
        of_header = self._of_header(request) if self.by_header and HEADER in request.headers else ()
        patients: tuple[str, ...] = ()
        if of_header or self.engine.patients:
            patients = await patients_of(request, self.service, "" if of_header else self.engine.patient_prefix)
        facts = Facts(request.interaction, request.logical_id, request.client.name, request.headers, patients)
        decision = self.engine.decide(facts, of_header)
        return await handler(request) if decision is None else await self._act(request, decision)

    def _of_header(self, request: Request) -> list[LiveRule]:
        text = ";".join(request.headers.getall(HEADER))
        try:
            return self.engine.of_header(text, _rules_of_header(text))
        except BadFault as error:
            raise InvalidHeader(str(error), location=f"http.{HEADER}") from error

    async def _act(self, request: Request, decision: Decision) -> Response:
        context = FaultContext(request, self.service, self.refuse, self.sleep, self.longest_s)
        for effect, activation in sorted(decision.effects, key=lambda each: not each[0].early):
            await effect.before(context, activation)
        response = await self._answer(context, decision)
        for effect, _ in decision.effects:
            response = effect.after(context, response)
        if any(acts(effect, "encoded") for effect, _ in decision.effects):
            self._encode(request, response, [effect for effect, _ in decision.effects])
        request.injected = ActiveFaults(decision, self.sleep, self.longest_s)
        return response

    async def _answer(self, context: FaultContext, decision: Decision) -> Response:
        """Return the answer: the terminal's, the interaction's, or with `commit` one after the other.

        Without `commit` a terminal answers first and nothing is written. A terminal that cuts the answer of a read or
        a search needs the real answer to cut. With `commit` the interaction is performed first, and the terminal acts
        only if that succeeded: a refused write is answered as it is, and the rule keeps its `times`.
        """
        terminal = decision.terminal
        if terminal is None:
            return await self._performed(context)
        effect, activation = terminal
        if not decision.commit:
            cuts = effect.cuts_answer and not context.request.declared.writes
            return await self._performed(context) if cuts else effect.answer(context, activation)
        try:
            response = await self._performed(context)
        except Exception:
            self.engine.take_back(decision, activation.rule_id)
            raise
        if response.status >= HTTPStatus.BAD_REQUEST:
            self.engine.take_back(decision, activation.rule_id)
            return response
        return response if acts(effect, "deliver") else effect.answer(context, activation)

    async def _performed(self, context: FaultContext) -> Response:
        try:
            return await self.perform(context)
        except SandboxError as error:
            return refusal(error)

    def _encode(self, request: Request, response: Response, effects: list[Effect]) -> None:
        represent(response, request.answer_format, self.write)
        for effect in effects:
            response.body = effect.encoded(response.body)


@lru_cache(maxsize=256)
def _rules_of_header(text: str) -> list[Rule]:
    return read_rules(split_several(text), HEADER, "header")


@dataclass(frozen=True, slots=True)
class ActiveFaults:
    """The faults of one exchange, for its last steps."""

    decision: Decision
    sleep: Sleep
    longest_s: float

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that fired."""
        return self.decision.rule_ids

    def finish(self, response: Response) -> None:
        """Let the effects change the answer that now has all its headers, and decide how it is sent."""
        effects = [effect for effect, _ in self.decision.effects]
        for effect in reversed(effects):  # the highest rule last, so that its value holds
            effect.finish(response)
        paces = [effect for effect in effects if acts(effect, "paced")]
        terminal = self.decision.terminal
        ending = terminal if terminal is not None and acts(terminal[0], "deliver") else None
        if paces or ending is not None:
            response.delivery = FaultyDelivery(paces, ending, self.sleep, self.longest_s)


@dataclass(slots=True)
class FaultyDelivery:
    """Sends an answer through the wires of some effects, and ends the exchange as a terminal does."""

    paces: list[Effect]
    ending: tuple[Effect, Activation] | None
    sleep: Sleep
    longest_s: float
    report: Sent = field(default_factory=Sent)

    async def deliver(self, response: Response, wire: Wire) -> None:
        """Send the answer, or what the terminal leaves of it."""
        paced: Wire = wire
        for effect in self.paces:
            paced = effect.paced(paced, self.sleep, self.longest_s)
        if self.ending is not None:
            await self.ending[0].deliver(response, paced, self.sleep, self.longest_s)
            return
        await paced.head(response)
        await paced.body(response.body)
