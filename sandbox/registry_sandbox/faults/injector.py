"""The step that injects faults: it asks the engine once for each exchange, then lets the effects act on it.

Effects act before the interaction, in its place, on its answer, on the bytes of the body, on the finished answer, and
on the wire. The first four happen here; `ActiveFaults` and `FaultyDelivery` do the last two, later in the pipeline.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from multidict import istr

from registry_sandbox.faults.counting import Counting
from registry_sandbox.faults.decision import Decision, InForce
from registry_sandbox.faults.effect import Activation, Effect, FaultContext, Refuse, Sleep, acts, needs_body
from registry_sandbox.faults.effects.reset import Reset
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.holding import BrokenOff
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
from registry_sandbox.http.request import Request, State
from registry_sandbox.http.response import WITHOUT_BODY, Response, Sent, Wire
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.runtime.rate_limiter import RateLimit

HEADER = istr("X-Sandbox-Fault")

Perform = Callable[[FaultContext], Awaitable[Response]]
"""Performs the interaction as the context says: with its service, with its token lifetime."""


@dataclass(frozen=True, slots=True)
class Injector:
    """Injects the faults of an engine.

    `perform` is the interaction with what effects may have changed. `longest_s` bounds every wait. `by_header` is True
    if requests may bring their own faults. `counting` counts instead of the engine, where others have a say.
    """

    engine: FaultEngine
    service: RegistryService
    refuse: Refuse
    perform: Perform
    sleep: Sleep
    longest_s: float
    write: Write
    rotate_keys: Callable[[float], Awaitable[None]]
    by_header: bool = False
    counting: Counting | None = None

    def cannot_match(self, request: Request) -> bool:
        """Return True if it is certain at once that no rule matches: the pipeline then skips this step."""
        engine = self.engine
        if request.declared.code in engine.interactions or (self.by_header and HEADER in request.headers):
            return False
        return not engine.patients or not may_concern(request, self.service.registry, engine)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Let the faults of a request act; without any, let the handler answer."""
        header = self._header(request)
        rules = () if header is None else rules_of_header(header)
        patients: tuple[str, ...] = ()
        if rules or self.engine.patients:
            patients = await patients_of(request, self.service, "" if rules else self.engine.patient_prefix)
        facts = Facts(request.interaction, request.logical_id, request.client.name, request.headers, patients)
        decision = self._counting.decided(facts, header, rules)
        if isinstance(decision, Awaitable):
            decision = await decision
        return await handler(request) if decision is None else await self._act(request, decision)

    @property
    def _counting(self) -> Counting:
        return self.counting or self.engine

    def _header(self, request: Request) -> str | None:
        return ";".join(request.headers.getall(HEADER)) if self.by_header and HEADER in request.headers else None

    async def _act(self, request: Request, decision: Decision) -> Response:
        try:
            response = await self._acted(self._context(request), decision)
        except BrokenOff:
            response = self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "transient", "INTERNAL_SERVER_ERROR", "Reset.", {})
            decision.effects, decision.terminal = [], _BREAKS_OFF
        self._encode(request, response, decision)
        request.injected = ActiveFaults(self._counting, decision, self.sleep, self.longest_s)
        return response

    def _context(self, request: Request) -> FaultContext:
        async def hold(rule_id: str) -> None:
            with _waiting(request, "held"):
                await self._counting.hold(rule_id, request, self.sleep(self.longest_s))

        async def wait_s(activation: Activation, limit: RateLimit) -> int:
            waiting_s = self._counting.wait_s(activation, limit, request.client.name)
            return await waiting_s if isinstance(waiting_s, Awaitable) else waiting_s

        async def sleep(seconds: float) -> None:
            with _waiting(request, "delayed"):
                await self.sleep(seconds)

        return FaultContext(
            request, self.service, self.refuse, sleep, self.longest_s, hold, self.engine.seed, self.rotate_keys, wait_s
        )

    async def _acted(self, context: FaultContext, decision: Decision) -> Response:
        response = await self._before(context, decision)
        if response is None:
            response = await self._answer(context, decision)
        for effect, activation in list(decision.effects):
            response = await effect.after(context, activation, response)
        return response

    async def _before(self, context: FaultContext, decision: Decision) -> Response | None:
        """Let effects act before the interaction; the first one that answers stands in for it."""
        for effect, activation in sorted(decision.effects, key=lambda each: not each[0].early):
            response = await effect.before(context, activation)
            if response is not None:
                if decision.terminal is not None:
                    decision.discard(decision.terminal)
                self._take_back_commits(decision, but=activation)
                return response
        return None

    async def _answer(self, context: FaultContext, decision: Decision) -> Response:
        """Return the answer: the terminal's, the interaction's, or with `commit` one after the other.

        Without `commit` a terminal answers first and nothing is written. A terminal that cuts the answer of a read or
        a search needs the real answer to cut. With `commit` the interaction is performed first, and the rule acts only
        if that succeeded: a refused write is answered as it is, and the rule keeps its `times`.
        """
        terminal = decision.terminal
        if terminal is not None and _replaces(terminal, context.request):
            self._take_back_commits(decision)
            return terminal[0].answer(context, terminal[1])
        response = await self._performed(context, decision)
        if response.status >= HTTPStatus.BAD_REQUEST:
            self._take_back_commits(decision)
        elif terminal is not None and terminal[1].commit and not acts(terminal[0], "deliver"):
            return terminal[0].answer(context, terminal[1])
        return response

    async def _performed(self, context: FaultContext, decision: Decision) -> Response:
        try:
            return await self.perform(context)
        except SandboxError as error:
            return refusal(error)
        except Exception:
            self._take_back_commits(decision)
            raise

    def _take_back_commits(self, decision: Decision, but: Activation | None = None) -> None:
        for fired in [each for each in decision.fired if each.activation.commit and each.activation is not but]:
            self._counting.take_back(decision, fired.live.rule.id)

    def _encode(self, request: Request, response: Response, decision: Decision) -> None:
        """Encode the body for the effects that change or count its bytes; without one they have nothing to spoil."""
        on_body = [each for each in decision.all_effects() if needs_body(each[0])]
        if not on_body:
            return
        represent(response, request.answer_format, self.write)
        if request.method == "HEAD" or response.status in WITHOUT_BODY or not response.body:
            for each in on_body:
                decision.discard(each)
            return
        for effect, _ in on_body:
            response.body = effect.encoded(response.body)


@contextmanager
def _waiting(request: Request, state: State) -> Iterator[None]:
    """Let the journal tell why an exchange waits."""
    request.state = state
    try:
        yield
    finally:
        request.state = "working"


def _replaces(terminal: InForce, request: Request) -> bool:
    effect, activation = terminal
    return not activation.commit and (request.declared.writes or not effect.cuts_answer)


# A client that waits while the sandbox is reset has its connection broken; nothing is written for it.
_BREAKS_OFF: InForce = (Reset(), Activation("reset", lambda _: 0.0))


@lru_cache(maxsize=256)
def rules_of_header(text: str) -> list[Rule]:
    """Return the rules that a request's own header brings.

    Raises:
        InvalidHeader: it has none that can be used.
    """
    try:
        return read_rules(split_several(text), HEADER, "header")
    except BadFault as error:
        raise InvalidHeader(str(error), location=f"http.{HEADER}") from error


@dataclass(frozen=True, slots=True)
class ActiveFaults:
    """The faults of one exchange, for its last steps."""

    counting: Counting
    decision: Decision
    sleep: Sleep
    longest_s: float

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that fired."""
        return tuple(each.live.rule.id for each in self.decision.fired if each.live.source != "setting")

    @property
    def effects(self) -> tuple[str, ...]:
        """The words of the effects that acted, each once, in alphabetical order."""
        fired = [each for each in self.decision.fired if each.live.source != "setting"]
        return tuple(sorted({word for each in fired for word in each.activation.acting}))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the effects have noted for the journal: the variations that they made."""
        return tuple(note for each in self.decision.fired for note in each.activation.notes)

    @property
    def idle_rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that matched and found nothing to spoil."""
        return tuple(self.decision.idle)

    def finish(self, response: Response) -> Awaitable[None] | None:
        """Let the effects change the answer that now has all its headers, and decide how it is sent.

        Return what is to be awaited before it is sent, if anything.
        """
        response.take_in_common()
        for effect, activation in reversed(self.decision.effects):  # the highest rule last, so that its value holds
            effect.finish(activation, response)
        settled = self.counting.settle(self.decision)
        paces = [effect for effect, _ in self.decision.effects if acts(effect, "paced")]
        terminal = self.decision.terminal
        ending = terminal if terminal is not None and acts(terminal[0], "deliver") else None
        if paces or ending is not None or any(effect.by_wire for effect, _ in self.decision.effects):
            response.delivery = FaultyDelivery(paces, ending, self.sleep, self.longest_s)
        return settled


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
