"""A stage for clients: a whole sandbox without sockets, with a clock by hand, whose answers get lost as faults say."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.app import build
from registry_sandbox.control import clock, faults
from registry_sandbox.control.verdict import noted
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.http.request import HeaderFacts, Request
from registry_sandbox.http.response import WITHOUT_BODY, Response, Sent, Wire
from registry_sandbox.reading.codec import Codec
from registry_sandbox.registry.batch import Noted
from registry_sandbox.settings import Settings
from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.verdict.evidence import Evidence
from registry_sandbox.verdict.gathering import gather
from registry_sandbox.verdict.judging import judge
from registry_sandbox.verdict.report import Report
from tests.unit.kept_loop import run

BASE = "http://localhost/STU3"
TOKEN_PATH = "/oauth2/token"
_BEGIN_S = 1_800_000_000.0


@dataclass(frozen=True)
class Answer:
    """What a client received: no status where nothing came; `whole` where the body came to its end."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    whole: bool

    @property
    def resource(self) -> dict[str, Any]:
        """The resource in the body; empty where none can be read."""
        if not self.whole:
            return {}
        try:
            value = json.loads(self.body)
        except ValueError:
            return self._in_xml()
        return value if isinstance(value, dict) else {}

    def _in_xml(self) -> dict[str, Any]:
        try:
            read: dict[str, Any] = _CODEC.read(self.body, "xml", _CODEC.types).resource
        except Exception:  # noqa: BLE001 - whatever it is, a client cannot use it
            return {}
        return read


_CODEC = Codec()


@dataclass
class Memory:
    """A wire that ends in a client's memory, with the report that the real one makes."""

    report: Sent
    bodiless: bool
    received: bytes = b""
    status: int | None = None

    async def head(self, response: Response) -> None:
        """Take the status."""
        self.status = response.status
        self.report.head = True

    async def body(self, part: bytes) -> None:
        """Take a part."""
        if not self.bodiless:
            self.received += part
            self.report.body_bytes += len(part)

    async def raw(self, octets: bytes) -> None:
        """Take nothing: it is no HTTP."""

    async def close(self) -> None:
        """Note the end."""
        self.report.ended = "closed"

    async def reset(self) -> None:
        """Note the end."""
        self.report.ended = "reset"

    async def gone(self) -> None:
        """Hang up at once: a client's patience is no matter here."""


@dataclass
class Stage:
    """The sandbox, and what happens on it."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    now_s: float = _BEGIN_S
    tls_fault: str = ""

    def __post_init__(self) -> None:
        """Build the sandbox."""
        settings = Settings(
            **{"no_seed_data": True, "auth": "any", "random_seed": 7, "audience": BASE, **self.settings}
        )
        self.sandbox = build(settings, wall=lambda: self.now_s, sleep=self._sleep)
        handlers = self.sandbox.handlers
        self.workspace = self.sandbox.workspace
        self._fhir, self._tokens = handlers.fhir(), handlers.token_mount()
        control = [*clock.operations(self.workspace), *faults.operations(self.workspace, "/_sandbox")]
        self._control = {(each.method, each.path): each for each in noted(control, self.workspace.steering)}

    async def _sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def reset(self) -> None:
        """Begin anew."""
        self.now_s, self.tls_fault, self.workspace.bad_certificate = _BEGIN_S, "", None
        asyncio.run(self.workspace.reset())

    def wait(self, seconds: float) -> None:
        """Let time pass, for everybody."""
        self.now_s += seconds

    def faults(self, *shorts: Any) -> None:
        """Replace the faults, before the client begins: nobody's hand is seen."""
        self.workspace.engine.replace(read_rules(list(shorts), "faults", "http"))

    def steer(self, method: str, path: str, body: Any = None) -> None:
        """Do something over the control plane."""
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, "", CIMultiDictProxy(CIMultiDict()), content, BASE)
        answered = self._control[method, path].answer(request, "")
        assert isinstance(answered, Response)
        assert answered.status < 400

    def advance(self, **by: float) -> None:
        """Move the sandbox's clock alone."""
        self.steer("PUT", "/clock", {"advance": timedelta(**by).total_seconds()})

    def token(self, *parameters: tuple[str, str]) -> str:
        """Return a ready token, as the control plane gives it."""
        return self.sandbox.handlers.make_token(BASE, parameters)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", *, connection: int = 1
    ) -> Answer:
        """Send a request; a path below the base, or a whole one that begins with a slash."""
        path, _, query = target.partition("?")
        path = path if path.startswith("/") else f"/STU3/{path}"
        sent = CIMultiDictProxy(CIMultiDict(headers))
        request = Request(method, path, query, sent, body, BASE, None, "", "", HeaderFacts(connection=connection))
        request.tls_fault = self.tls_fault
        answer = run(self._exchanged(request))
        self.now_s += 0.001
        return answer

    async def _exchanged(self, request: Request) -> Answer:
        answer = await asyncio.create_task(self._exchange(request))
        await asyncio.sleep(0)
        return answer

    async def _exchange(self, request: Request) -> Answer:
        handle = self._tokens if request.path == TOKEN_PATH else self._fhir
        response = await handle(request)
        bodiless = response.status in WITHOUT_BODY or request.method == "HEAD"
        headers = dict(response.headers)
        if response.delivery is None:
            return Answer(response.status, headers, b"" if bodiless else response.body, whole=True)
        report = response.delivery.report
        memory = Memory(report, bodiless)
        wire: Wire = memory
        await response.delivery.deliver(response, wire)
        if report.ended == "under way":
            report.ended = "whole"
        return Answer(memory.status, headers, memory.received, whole=report.ended == "whole")

    def evidence(self, **more: Any) -> Evidence:
        """Return the evidence so far."""
        workspace = self.workspace
        service = workspace.service
        gathering = gather(
            workspace.journal,
            service.registry,
            workspace.engine,
            workspace.steering,
            service.codec,
            workspace.bad_certificate,
        )
        gathered = asyncio.run(gathering)
        # How long the sandbox takes is the machine's affair: on this stage only the clock by hand counts.
        at_once = [batch._replace(noted=[_at_once(each) for each in batch.noted]) for batch in gathered.kept.batches]
        return replace(gathered, kept=replace(gathered.kept, batches=at_once)).evidence(**more)

    def report(self, *attestations: Attestation, **more: Any) -> Report:
        """Return the verdict so far."""
        return judge(self.evidence(), attestations, **more)


def _at_once(noted: Noted) -> Noted:
    request, response, _, at_s, wall_s = noted
    return request, response, 0.0, at_s, wall_s


def grades(report: Report) -> dict[str, str]:
    """Return the grade of each rule."""
    return {each.id: each.grade for each in report.rules}


def broken(report: Report) -> set[str]:
    """Return the rules that were broken."""
    return {each.id for each in report.rules if each.grade in ("fail", "warning")}
