"""The step that injects faults: it decides once for each exchange, and acts before it, after it and on the wire."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from registry_sandbox.faults.effect import Activation, Effect, FaultContext, Refuse, Sleep, acts
from registry_sandbox.faults.engine import Decision, FaultEngine, LiveRule
from registry_sandbox.faults.fields import BadFault
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
"""Does what was asked for, on the occasion's terms: by its registrar, with its lifetime of tokens."""


@dataclass(frozen=True, slots=True)
class Injector:
    """Injects the faults of a plan.

    `perform` is the interaction on other terms than the usual ones; `longest_s` bounds every wait; `by_header` is
    whether requests may bring a fault themselves.
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
        """Tell at a glance that no rule is about an exchange: its kind, its client's header, its patients."""
        if request.interaction in self.engine.interactions or (self.by_header and HEADER in request.headers):
            return False
        return not self.engine.patients or not may_concern(request, self.service.registry, self.engine)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Act, if a rule is about the exchange; else let it pass."""
        of_header = self._of_header(request) if self.by_header and HEADER in request.headers else ()
        patients: tuple[str, ...] = ()
        if of_header or self.engine.patients:
            patients = await patients_of(request, self.service, "" if of_header else self.engine.beginning)
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
        request.injected = Acting(decision, self.sleep, self.longest_s)
        return response

    async def _answer(self, context: FaultContext, decision: Decision) -> Response:
        terminal = decision.terminal
        if terminal is not None and not decision.commit:
            effect, activation = terminal
            if context.request.declared.writes or not effect.cuts_answer:
                return effect.answer(context, activation)
        response = await self._performed(context, decision)
        if terminal is None or not decision.commit:
            return response
        if response.status >= HTTPStatus.BAD_REQUEST:
            self.engine.release(decision)
            return response
        return response if acts(terminal[0], "deliver") else terminal[0].answer(context, terminal[1])

    async def _performed(self, context: FaultContext, decision: Decision) -> Response:
        try:
            return await self.perform(context)
        except SandboxError as error:
            return refusal(error)
        except Exception:
            if decision.commit:
                self.engine.release(decision)
            raise

    def _encode(self, request: Request, response: Response, effects: list[Effect]) -> None:
        represent(response, request.answer_format, self.write)
        for effect in effects:
            response.body = effect.encoded(response.body)


@lru_cache(maxsize=256)
def _rules_of_header(text: str) -> list[Rule]:
    return read_rules(split_several(text), HEADER, "header")


@dataclass(frozen=True, slots=True)
class Acting:
    """The faults in force for one exchange, for its last steps."""

    decision: Decision
    sleep: Sleep
    longest_s: float

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that fired."""
        return self.decision.rule_ids

    def finish(self, response: Response) -> None:
        """Let the effects change the dressed answer, and say how it goes out."""
        effects = [effect for effect, _ in self.decision.effects]
        for effect in reversed(effects):
            effect.finish(response)
        paces = [effect for effect in effects if acts(effect, "paced")]
        terminal = self.decision.terminal
        ending = terminal if terminal is not None and acts(terminal[0], "deliver") else None
        if paces or ending is not None:
            response.delivery = FaultyDelivery(paces, ending, self.sleep, self.longest_s)


@dataclass(slots=True)
class FaultyDelivery:
    """Sends an answer at the pace of some effects, and ends it as a terminal has it."""

    paces: list[Effect]
    ending: tuple[Effect, Activation] | None
    sleep: Sleep
    longest_s: float
    report: Sent = field(default_factory=Sent)

    async def deliver(self, response: Response, wire: Wire) -> None:
        """Send it, or what shall be left of it."""
        paced: Wire = wire
        for effect in self.paces:
            paced = effect.paced(paced, self.sleep, self.longest_s)
        if self.ending is not None:
            await self.ending[0].deliver(response, paced, self.sleep, self.longest_s)
            return
        await paced.head(response)
        await paced.body(response.body)
