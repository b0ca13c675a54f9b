"""The composition root: builds the parts from the settings, and lists the steps of the pipeline in order."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache, reduce
from pathlib import Path
from ssl import SSLContext
from tempfile import TemporaryDirectory
from typing import cast
from urllib.parse import urlsplit

from sandbox.clock import Clock
from sandbox.envelope import Envelope
from sandbox.exchange import Check, Handler, Middleware, Request, Response
from sandbox.faults.configured import configured
from sandbox.faults.effect import Occasion, Refuse, Sleep
from sandbox.faults.fields import BadFault
from sandbox.faults.injector import Injector, Perform
from sandbox.faults.plan import Plan, Source
from sandbox.faults.rule import Rule
from sandbox.fhir import json
from sandbox.interactions import declared
from sandbox.journal import Journal
from sandbox.outcomes import answer_errors, injected
from sandbox.registrar import Registrar
from sandbox.registry import Registry
from sandbox.representation import Representation, require_formats
from sandbox.routing import Routes, require_route
from sandbox.rules import Strictness
from sandbox.security.audiences import loopback_audiences
from sandbox.security.certificates import UnusableCertificates, write_certificates
from sandbox.security.gate import Gate
from sandbox.security.issuer import BUILT_IN_ISSUER, LIFETIME_S, Issuer
from sandbox.security.keys import KeySet, SigningKey, UnusableKey
from sandbox.security.ssp import require_ssp_headers
from sandbox.security.token_order import read_token_order
from sandbox.security.tokens import Mode, TokenJudge
from sandbox.seed import BadSeed, Seed, plant, seeds_at, shipped_seeds
from sandbox.server.control_api import ROOT, ControlApi, Guard
from sandbox.server.front import Front
from sandbox.server.tls import ssl_context
from sandbox.server.token_api import TokenApi, TokenFaults, oauth_refusal
from sandbox.settings import Settings
from sandbox.tenant import Tenant
from sandbox.validation.conformance import UnusableDefinition
from sandbox.validation.profiles import Profiles
from sandbox.validation.reading import Codec

BASE_PATH = "/STU3"
REFUSALS = (BadFault, BadSeed, UnusableDefinition, UnusableKey, UnusableCertificates)
"""What stops the start: a file that was given cannot be used."""


# RFC 9562 section 5.4: which bits are free, and those that say the version and the variant.
_FREE_BITS = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_VERSION_4 = (0x4 << 76) | (0x2 << 62)


def wired(middlewares: Sequence[Middleware], last: Handler) -> Handler:
    """Put the last handler behind the middlewares, the first of them outermost."""

    def behind(handler: Handler, middleware: Middleware) -> Handler:
        async def handle(request: Request) -> Response:
            return await middleware(request, handler)

        return handle

    return reduce(behind, reversed(middlewares), last)


def uuid4_of(bits: int) -> str:
    """Write 128 bits as a UUID of version 4, as `uuid.UUID` would; every answer has one, and this is quicker."""
    written = f"{bits & _FREE_BITS | _VERSION_4:032x}"
    return f"{written[:8]}-{written[8:12]}-{written[12:16]}-{written[16:20]}-{written[20:]}"


class Dice:
    """Independent streams of randomness; with a seed, each gives the same in every run, and again after a reset."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, purpose: str) -> random.Random:
        """Give the stream of a purpose."""
        return self._streams.setdefault(purpose, random.Random(self._start(purpose)))  # noqa: S311 - ids, not secrets

    def ids(self, purpose: str) -> Callable[[], str]:
        """Give a source of UUIDs."""
        bits = self.stream(purpose).getrandbits
        return lambda: uuid4_of(bits(128))

    def reset(self) -> None:
        """Begin every stream again."""
        for purpose, stream in self._streams.items():
            stream.seed(self._start(purpose))

    def _start(self, purpose: str) -> str:
        return f"{self.seed}/{purpose}"


@dataclass
class Credentials:
    """The keys, the issuer and the judge, made when the first token needs them: that takes a tenth of a second."""

    settings: Settings
    random_bytes: Callable[[int], bytes]
    own_keys: KeySet | None = None
    signing_key: SigningKey | None = None

    def __post_init__(self) -> None:
        """Load what the operator gave at once, so that a bad file stops the start."""
        if self.settings.jwks is not None:
            self.own_keys = KeySet.load(self.settings.jwks, self.settings.issuer or "")
        if self.settings.signing_key is not None:
            self.signing_key = SigningKey.load(self.settings.signing_key)

    @cached_property
    def issuer(self) -> Issuer:
        """The built-in issuer."""
        key = self.signing_key or SigningKey.generate()
        name = self.settings.issuer if self.settings.issuer and self.own_keys is None else BUILT_IN_ISSUER
        return Issuer(key, random_bytes=self.random_bytes, name=name)

    @cached_property
    def judge(self) -> TokenJudge:
        """The judge of tokens: with `--jwks`, of the user's own issuer beside the built-in one."""
        keys = self.issuer.public_keys()
        issuers = [self.issuer.name]
        if self.own_keys is not None:
            keys |= self.own_keys
            issuers += [self.settings.issuer] if self.settings.issuer else []
        return TokenJudge(
            mode=cast("Mode", self.settings.auth),
            keys=keys,
            issuers=issuers,
            leeway_s=self.settings.token_leeway,
            audience=self.settings.audience,
        )

    def make_token(self, base: str, parameters: Sequence[tuple[str, str]], now: float) -> str:
        """Make a token for a FHIR base, to the order of these parameters; of the accepted kind if they name none."""
        if self.settings.auth == "spine" and "mode" not in dict(parameters):
            parameters = [("mode", "spine"), *parameters]
        return read_token_order(parameters).fill(self.issuer, self.settings.audience or base, now)


@dataclass
class Sandbox:
    """A sandbox, ready to be listened at; `port` is noted once it is known."""

    settings: Settings
    dice: Dice
    tenant: Tenant
    credentials: Credentials
    sleep: Sleep
    port: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def base_path(self) -> str:
        """The path of the FHIR base."""
        return BASE_PATH if self.settings.base_url is None else urlsplit(self.settings.base_url).path

    @cached_property
    def base_paths(self) -> tuple[str, ...]:
        """The paths that are answered as the base: a proxy may strip what `--base-url` has before `/STU3`."""
        return tuple(dict.fromkeys((BASE_PATH, self.base_path)))

    def audiences(self, base: str) -> Collection[str]:
        """What the registry may be called in a token, when a request came to this base."""
        return _audiences(base, self.settings.base_url, self.port)

    def make_token(self, base: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
        """Make a token that is valid now, or spoiled as ordered."""
        return self.credentials.make_token(base, parameters, self.tenant.registrar.clock.timestamp())

    def fhir(self) -> Handler:
        """Build the pipeline of the FHIR base.

        The order is the contract's: what stands first speaks first.
        """
        registrar = self.tenant.registrar
        gate = Gate(lambda: self.credentials.judge, self.audiences, registrar.clock)
        routes = Routes(declared(), self.base_paths, registrar)
        checks: tuple[Check, ...] = (
            routes.find,
            gate.require_token,
            require_route,
            *((require_ssp,) if self.settings.require_ssp else ()),
            require_formats,
        )
        middlewares: tuple[Middleware, ...] = (
            self.tenant.journal,
            Envelope(self.dice.ids("request ids"), registrar.clock),
            Representation(registrar.codec.write),
            answer_errors,
            judged(checks),
            self._injector(injected, lambda occasion: routes.answered_by(occasion.registrar, occasion.request)),
        )
        return wired(middlewares, _interaction)

    def _injector(self, refuse: Refuse, perform: Perform) -> Injector:
        registrar, settings = self.tenant.registrar, self.settings
        return Injector(
            self.tenant.plan,
            registrar,
            refuse,
            perform,
            self.sleep,
            settings.max_delay,
            registrar.codec.write,
            by_header=settings.request_faults,
        )

    def tokens(self) -> Handler:
        """Build what answers at the token endpoint and beside it."""
        api = TokenApi(lambda: self.credentials.issuer, self.audiences, self.tenant.registrar.clock)

        async def hand_out(occasion: Occasion) -> Response:
            lifetime_s = LIFETIME_S if occasion.token_lifetime_s is None else occasion.token_lifetime_s
            return api.hand_out(occasion.request, occasion.registrar.clock.timestamp(), lifetime_s)

        return wired((self.tenant.journal, TokenFaults(self._injector(oauth_refusal, hand_out))), api)

    def front(self) -> Front:
        """Build what answers on the registry's port."""
        tokens = self.tokens()
        rooms: tuple[tuple[str, Handler], ...] = (("/oauth2", tokens), ("/.well-known", tokens))
        if not self.control_apart:
            rooms = (*rooms, (ROOT, self.control()))
        return Front(self.fhir(), self.base_paths, rooms)

    @property
    def control_apart(self) -> bool:
        """Whether the control plane has a port of its own: under mutual TLS health checks have no certificate."""
        return self.settings.control_port is not None or self.settings.tls == "mutual"

    def control_front(self) -> Front:
        """Build what answers on the control plane's own port."""
        return Front(None, (), ((ROOT, self.control()),))

    @cached_property
    def certificates(self) -> Path:
        """The folder of the certificates; without `--tls-dir` a set is made that goes when the process ends."""
        if self.settings.tls_dir is not None:
            return self.settings.tls_dir
        self._ephemeral = TemporaryDirectory(prefix="registry-sandbox-tls-")
        folder = Path(self._ephemeral.name)
        write_certificates(folder, [], datetime.now(UTC))
        return folder

    def ssl_context(self) -> SSLContext | None:
        """Give the TLS side of the registry's port, if it has one."""
        match self.settings.tls:
            case "server" | "mutual" as mode:
                return ssl_context(mode, self.certificates)
        return None

    def control(self) -> ControlApi:
        """Build the control plane."""
        guard = Guard(self.settings.control_token, loopback_only=_is_loopback(self.settings.host))
        return ControlApi(self.tenant, guard, self.make_token, lambda: time.monotonic() - self.started)


def require_ssp(request: Request) -> None:
    """Demand the headers of calls through the Spine Security Proxy."""
    # The definitions have no interaction ids of their own: for them any documented one will do.
    documented = request.resource_type in ("Appointment", "metadata")
    require_ssp_headers(request.headers, request.interaction if documented else "")


def judged(checks: tuple[Check, ...]) -> Middleware:
    """Give the step that makes the checks in order, the first that refuses speaks."""

    async def judge(request: Request, handler: Handler) -> Response:
        for check in checks:
            check(request)
        return await handler(request)

    return judge


async def _interaction(request: Request) -> Response:
    if request.answer is None:
        raise LookupError("a request without a route passed the check on routes")
    return await request.answer(request)


@lru_cache(maxsize=256)
def _audiences(base: str, base_url: str | None, port: int) -> frozenset[str]:
    path = BASE_PATH if base_url is None else urlsplit(base_url).path
    loopback = {each for below in (path, BASE_PATH) for each in loopback_audiences(port, below)}
    return frozenset({base, *loopback, *((base_url,) if base_url else ())})


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def build(settings: Settings, *, wall: Callable[[], float] = time.time, sleep: Sleep = asyncio.sleep) -> Sandbox:
    """Build a sandbox from its settings; `wall` is the machine's clock, `sleep` how injected delays wait.

    Raises:
        REFUSALS: a file that was given cannot be used; the message names it.
    """
    seed = settings.random_seed if settings.random_seed is not None else random.SystemRandom().randrange(10**9)
    dice = Dice(seed)
    codec = Codec()
    registrar = Registrar(
        registry=Registry(codec.write, json.parse),
        clock=Clock(wall, start=settings.clock, frozen=settings.clock_frozen),
        codec=codec,
        profiles=Profiles.load(settings.profiles),
        strictness=Strictness(
            refuse_duplicates=settings.duplicates == "refuse",
            check_digit=settings.check_digit,
            allow_entered_in_error=settings.allow_entered_in_error,
        ),
        new_id=dice.ids("logical ids"),
        versioned_full_url=settings.full_url == "versioned",
    )
    clock = registrar.clock
    plan = Plan(seed, clock, _faults(settings))
    tenant = Tenant(registrar, plan, Journal(clock, settings.journal_size), _seeds(settings), dice.reset)
    plant(registrar, tenant.seeds)
    return Sandbox(settings, dice, tenant, Credentials(settings, dice.stream("token claims").randbytes), sleep)


def _faults(settings: Settings) -> list[tuple[Source, Sequence[Rule]]]:
    return configured(settings.fault, settings.fault_file, sentinels=not settings.no_sentinels)


def _seeds(settings: Settings) -> list[Seed]:
    if settings.no_seed_data:
        return []
    paths: Sequence[Path] = settings.seed_data or [shipped_seeds()]
    return seeds_at(paths)


def token_signed_here(signing_key: Path, audience: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Make a token without asking a server, with the key that the server is given too.

    Raises:
        UnusableKey, ValueError: the file is no key, or a parameter is unknown.
    """
    credentials = Credentials(Settings(signing_key=signing_key), random.SystemRandom().randbytes)
    return credentials.make_token(audience, parameters, time.time())
