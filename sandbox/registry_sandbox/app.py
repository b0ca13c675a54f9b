"""The composition root: builds all parts from the settings, and lists the steps of the pipeline in order."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache, partial
from pathlib import Path
from ssl import SSLContext
from tempfile import TemporaryDirectory
from threading import Thread
from typing import cast
from urllib.parse import urlsplit

from registry_sandbox import shipped
from registry_sandbox.api.interactions import declared
from registry_sandbox.api.pipeline import Pipeline, perform, with_middlewares
from registry_sandbox.api.rate_limit import require_rate
from registry_sandbox.api.routing import Routes, require_route
from registry_sandbox.api.ssp import require_ssp_headers
from registry_sandbox.auth.certificates import UnusableCertificates, write_certificates
from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.issue.endpoint import TokenApi
from registry_sandbox.auth.issue.issuer import LIFETIME_S, TENANT
from registry_sandbox.auth.keys import SigningKey, UnusableKey
from registry_sandbox.auth.verify.audiences import loopback_audiences
from registry_sandbox.auth.verify.authentication import Authentication
from registry_sandbox.auth.verify.verifier import Mode
from registry_sandbox.control import (
    appointments,
    clock,
    events,
    faults,
    health,
    held,
    journal,
    keys,
    openapi,
    reset,
    tokens,
)
from registry_sandbox.control.api import ROOT, ControlApi
from registry_sandbox.control.console import Console
from registry_sandbox.control.guard import Guard
from registry_sandbox.control.operation import Operation
from registry_sandbox.faults.configured import configured
from registry_sandbox.faults.effect import FaultContext, Refuse, Sleep
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.injector import Injector, Perform
from registry_sandbox.faults.live_rule import Source
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.token_endpoint import TokenFaults, oauth_refusal
from registry_sandbox.faults.variations.stored import planted_in_half
from registry_sandbox.fhir import json
from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.cors import allow_pages
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.handlers import Check, Handler
from registry_sandbox.http.negotiation import represent, require_formats
from registry_sandbox.http.outcomes import injected, refusal
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.reading.codec import Codec
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.seed_loader import Progress, SeedLoader, no_progress, unchanged
from registry_sandbox.registry.seeds import BadSeed, Seed, seeds_at
from registry_sandbox.registry.service import RegistryService
from registry_sandbox.registry.store import Registry
from registry_sandbox.rules import Strictness
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.runtime.waits import Waits
from registry_sandbox.runtime.workers import Workers
from registry_sandbox.server.access_log import AccessLog
from registry_sandbox.server.connection import AccessLine, Listener
from registry_sandbox.server.dispatcher import Dispatcher
from registry_sandbox.server.limits import Limits
from registry_sandbox.server.log_writer import LogHandler, LogWriter
from registry_sandbox.server.ready_file import UnwritableReadyFile
from registry_sandbox.server.serving import Port, PortTaken, Serving
from registry_sandbox.server.tls import ssl_context
from registry_sandbox.settings import MUTUAL_CONTROL_PORT, Settings
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.profiles import Profiles
from registry_sandbox.workspace import Workspace

BASE_PATH = "/STU3"
REFUSALS = (BadFault, BadSeed, UnusableDefinition, UnusableKey, UnusableCertificates)
"""What stops the start, because a file that was given cannot be used."""


@dataclass
class Sandbox:
    """A sandbox that can be started; from then on, `serving` has its ports."""

    settings: Settings
    random_streams: RandomStreams
    workspace: Workspace
    credentials: Credentials
    sleep: Waits
    preparing: Thread
    serving: Serving = field(init=False)
    _leftovers: ExitStack = field(default_factory=ExitStack)
    started: float = field(default_factory=time.monotonic)

    @property
    def base_path(self) -> str:
        """The path of the FHIR base."""
        return BASE_PATH if self.settings.base_url is None else urlsplit(self.settings.base_url).path

    @cached_property
    def base_paths(self) -> tuple[str, ...]:
        """The paths of the base: a proxy may remove what `--base-url` has before `/STU3`."""
        return tuple(dict.fromkeys((BASE_PATH, self.base_path)))

    @property
    def prefix(self) -> str:
        """The path of `--base-url` without its last segment, such as `/nhs`. Every path is below it."""
        return self.base_path.rpartition("/")[0]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of paths that may be left out: of the base URL, and of authorities as MSAL builds them."""
        return self.prefix, f"/{TENANT}", "/v2.0"

    def registry_base(self, base: str) -> str:
        """Return the registry's FHIR base for the base of a call, which may have come to the control plane's port."""
        if not self.control_apart or self.settings.base_url is not None:
            return base
        scheme, host = "http" if self.settings.tls == "off" else "https", urlsplit(base).hostname or ""
        name = f"[{host}]" if ":" in host else host
        return f"{scheme}://{name}:{self.serving.port}{self.base_path}"

    def audiences(self, base: str) -> Collection[str]:
        """Return the accepted `aud` of a token, for a request to this base."""
        if self.settings.audience is not None:
            return (self.settings.audience,)
        base_url = self.settings.base_url
        path = BASE_PATH if base_url is None else urlsplit(base_url).path
        loopback = {each for below in (path, BASE_PATH) for each in loopback_audiences(self.serving.port, below)}
        return frozenset({base, *loopback, *((base_url,) if base_url else ())})

    def make_token(self, base: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
        """Return a token that is valid now, or the test token that the parameters specify."""
        return self.credentials.make_token(base, parameters, self.workspace.service.clock.timestamp())

    def fhir(self) -> Handler:
        """Build the pipeline of the FHIR base.

        The order is the contract's: the first check that refuses is the answer.
        """
        service = self.workspace.service
        authentication = Authentication(
            lambda: self.credentials.verifier, lru_cache(maxsize=256)(self.audiences), service.clock
        )
        routes = Routes(declared(), self.base_paths)
        checks: tuple[Check, ...] = (
            routes.find,
            *((authentication.require_token,) if self.settings.auth != "off" else ()),
            *self._rate_checks(),
            require_route,
            *((require_ssp_headers,) if self.settings.require_ssp else ()),
            require_formats,
        )
        return Pipeline(
            checks=checks,
            faults=self._injector(injected, lambda context: perform(context.request, context.service)),
            service=service,
            common_headers=self._common_headers,
            journal=self.workspace.journal,
        )

    def _rate_checks(self) -> tuple[Check, ...]:
        limiter = self.workspace.limiter
        return () if limiter is None else (partial(require_rate, limiter=limiter),)

    def _injector(self, refuse: Refuse, perform: Perform) -> Injector:
        service, settings = self.workspace.service, self.settings
        return Injector(
            self.workspace.engine,
            service,
            refuse,
            perform,
            self.sleep,
            settings.max_delay,
            service.codec.write,
            self._rotate_keys,
            by_header=settings.request_faults,
        )

    async def _rotate_keys(self, overlap_s: float) -> None:
        key = await asyncio.to_thread(SigningKey.generate)
        self.credentials.rotate(key, self.workspace.service.clock.timestamp(), overlap_s)

    def token_mount(self) -> Handler:
        """Build the handler of the token endpoint and of discovery."""
        api = TokenApi(lambda: self.credentials.issuer, self.audiences, self.workspace.service.clock)

        async def hand_out(context: FaultContext) -> Response:
            lifetime_s = LIFETIME_S if context.token_lifetime_s is None else context.token_lifetime_s
            return api.hand_out(context.request, context.service.clock.timestamp(), lifetime_s)

        return with_middlewares(
            (allow_pages, self.workspace.journal, TokenFaults(self._injector(oauth_refusal, hand_out))), api
        )

    def dispatcher(self) -> Dispatcher:
        """Build the handler of the registry's port."""
        token_mount = self.token_mount()
        mounts: tuple[tuple[str, Handler], ...] = (("/oauth2", token_mount), ("/.well-known", token_mount))
        if not self.control_apart:
            mounts = (*mounts, (ROOT, self.control()))
        return Dispatcher(self.fhir(), self.base_paths, mounts, self.console(), self.prefixes)

    @property
    def control_apart(self) -> bool:
        """Whether the control plane has its own port, as under mutual TLS, where health checks have no certificate."""
        return self.settings.control_port is not None or self.settings.tls == "mutual"

    def control_dispatcher(self) -> Dispatcher:
        """Build the handler of the control plane's own port."""
        return Dispatcher(None, (), ((ROOT, self.control()),), self.console(), self.prefixes)

    @cached_property
    def certificates(self) -> Path:
        """The folder of the certificates; without `--tls-dir`, a temporary set that is removed at the stop."""
        if self.settings.tls_dir is not None:
            return self.settings.tls_dir
        folder = Path(self._leftovers.enter_context(TemporaryDirectory(prefix="registry-sandbox-tls-")))
        write_certificates(folder, [], datetime.now(UTC))
        return folder

    async def start(self, *, access_lines: bool = True) -> None:
        """Listen; once this returns, requests are answered. `access_lines` writes a line on stderr for each exchange.

        Raises:
            PortTaken, UnwritableReadyFile: nothing is left listening.
        """
        settings = self.settings
        log = self._access_log() if access_lines else _no_line
        control = None
        if self.control_apart:
            number = MUTUAL_CONTROL_PORT if settings.port else 0
            number = number if settings.control_port is None else settings.control_port
            control = Port(number, self._listener(self.control_dispatcher(), log, secure=False))
        secure = settings.tls != "off"
        registry = Port(settings.port, self._listener(self.dispatcher(), log, secure=secure), self.ssl_context())
        paths = (self.base_path, ROOT)
        self.serving = Serving(settings.host, registry, control, paths, settings.ready_file)
        self.preparing.join()
        try:
            await self.serving.start()
        except (PortTaken, UnwritableReadyFile):
            self._leftovers.close()
            raise

    def _access_log(self) -> AccessLog:
        """Return the access log. A thread writes its lines, and the records of Python's logging."""
        writer = LogWriter()
        self._leftovers.callback(writer.close)
        handler = LogHandler(writer)
        logging.getLogger().addHandler(handler)
        self._leftovers.callback(logging.getLogger().removeHandler, handler)
        log = AccessLog(self.settings.log_format, writer.write)
        self._leftovers.callback(log.flush)
        return log

    def _listener(self, handle: Handler, access_line: AccessLine, *, secure: bool) -> Listener:
        settings = self.settings
        return Listener(
            handle=handle,
            base_url=settings.base_url,
            base_path=self.base_path,
            limits=Limits(settings.max_connections, settings.request_timeout, settings.max_body),
            access_line=access_line,
            secure=secure,
            trust_forwarded=settings.trust_forwarded,
            refuse=self._refuse,
            receiving=self._receiving,
        )

    def _receiving(self, request: Request) -> None:
        """Let the journal show an exchange whose body has not arrived yet, and let a reset end it."""
        below = (*(f"{path}/" for path in self.base_paths), "/oauth2/")
        if request.path.startswith(below):
            self.workspace.journal.begin(request)

    def _refuse(self, error: SandboxError) -> Response:
        """Return the answer to what never became a request."""
        response = refusal(error)
        represent(response, "json", self.workspace.service.codec.write)
        self._common_headers.add_own(response)
        return response

    @cached_property
    def _common_headers(self) -> CommonHeaders:
        return CommonHeaders(self.random_streams.ids("request ids"), self.workspace.service.clock)

    async def stop(self) -> None:
        """Stop accepting, end injected waits, finish what is in flight (5 s at most), close; leave no file behind."""
        self.workspace.events.close()
        self.workspace.engine.holdings.break_off()
        self.sleep.end_all()
        await self.serving.stop()
        self._leftovers.close()

    def ssl_context(self) -> SSLContext | None:
        """Return the TLS context of the registry's port, or None if it has no TLS."""
        match self.settings.tls:
            case "server" | "mutual" as mode:
                return ssl_context(mode, self.certificates)
        return None

    def control(self) -> ControlApi:
        """Build the control plane."""
        guard = Guard(self.settings.control_token, loopback_only=_is_loopback(self.settings.host))
        return ControlApi(guard, self._control_operations)

    def uptime_s(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    @cached_property
    def _control_operations(self) -> list[Operation]:
        workspace = self.workspace
        operations = [
            *health.operations(workspace, self.uptime_s),
            *reset.operations(workspace, self.uptime_s),
            *tokens.operations(self.make_token, self.registry_base),
            *keys.operations(self.credentials, workspace.service.clock, self._rotate_keys),
            *clock.operations(workspace),
            *faults.operations(workspace, self.prefix + ROOT),
            *held.operations(workspace.engine),
            *journal.operations(workspace),
            *appointments.operations(workspace),
        ]
        operations = [*events.announced(operations, workspace.events), *events.operations(workspace)]
        return [*operations, openapi.operation(self.prefix, ROOT, operations, declared(), self.base_path)]

    def console(self) -> Console:
        """Build the handler of `/`."""
        beside = ["/oauth2/token", "/.well-known/openid-configuration", "/.well-known/jwks.json"]
        control = dict.fromkeys(ROOT + each.path for each in self._control_operations)
        return Console([self.base_path, *(self.prefix + each for each in (*beside, *control))])


def _no_line(remote: str, request: Request, response: Response) -> None:
    """Note nothing."""


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def build(
    settings: Settings,
    *,
    wall: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    progress: Progress = no_progress,
) -> Sandbox:
    """Build a sandbox from its settings; `wall` is the machine's clock, `sleep` how injected delays wait.

    `progress` is called with the number of seeds that have been validated.

    Raises:
        REFUSALS: a file that was given cannot be used; the message names it.
    """
    seed = settings.random_seed if settings.random_seed is not None else random.SystemRandom().randrange(10**9)
    random_streams = RandomStreams(seed)
    credentials = _credentials(settings, random_streams.stream("token claims").randbytes)
    preparing = credentials.prepare()  # while the profiles and the seeds are loaded
    codec, profiles = Codec(), Profiles.load(settings.profiles)
    service = RegistryService(
        registry=Registry(codec.write, json.reparse),
        clock=Clock(wall, start=settings.clock, frozen=settings.clock_frozen),
        codec=codec,
        profiles=profiles,
        strictness=Strictness(
            refuse_duplicates=settings.duplicates == "refuse",
            check_digit=settings.check_digit,
            allow_entered_in_error=settings.allow_entered_in_error,
        ),
        workers=Workers(),
        new_id=random_streams.ids("logical ids"),
        versioned_full_url=settings.full_url == "versioned",
        tokens=settings.auth,
    )
    engine = FaultEngine(seed, service.clock, _faults(settings))
    noted = Journal(service.clock, settings.journal_size)
    limiter = None if settings.rate_limit is None else RateLimiter(settings.rate_limit, service.clock)

    def restart() -> None:
        random_streams.reset()
        credentials.reset()

    workspace = Workspace(
        service,
        SeedLoader(service, planted_in_half(seed) if settings.vary else unchanged),
        engine,
        noted,
        _seeds(settings),
        restart,
        limiter,
    )
    workspace.seed_loader.load(workspace.seeds, progress)
    return Sandbox(settings, random_streams, workspace, credentials, Waits(sleep), preparing)


def _credentials(settings: Settings, random_bytes: Callable[[int], bytes]) -> Credentials:
    return Credentials(
        random_bytes=random_bytes,
        mode=cast("Mode", settings.auth),
        leeway_s=settings.token_leeway,
        issuer_name=settings.issuer,
        audience=settings.audience,
        jwks=settings.jwks,
        signing_key_file=settings.signing_key,
    )


def _faults(settings: Settings) -> list[tuple[Source, Sequence[Rule]]]:
    return configured(settings.fault, settings.fault_file, sentinels=not settings.no_sentinels, vary=settings.vary)


def _seeds(settings: Settings) -> list[Seed]:
    if settings.no_seed_data:
        return []
    paths: Sequence[Path] = settings.seed_data or [shipped("seed_data")]
    return seeds_at(paths)


def token_signed_here(signing_key: Path, audience: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a test token without asking a server, signed with the key that the server uses.

    Raises:
        UnusableKey, UnreadableTokenSpec: the file cannot be used, or a parameter cannot be read.
    """
    credentials = Credentials(random_bytes=random.SystemRandom().randbytes, signing_key_file=signing_key)
    return credentials.make_token(audience, parameters, time.time())
