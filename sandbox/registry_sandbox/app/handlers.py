"""What answers on the ports of a sandbox: the FHIR API in the contract's order, the token endpoint, the control plane.

Source: registry.md, Order of the checks; operator.md, Paths.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from typing import TYPE_CHECKING

from registry_sandbox.api.interactions import declared
from registry_sandbox.api.pipeline import Pipeline, perform, with_middlewares
from registry_sandbox.api.rate_limit import require_rate, require_shared_rate
from registry_sandbox.api.routing import Routes, Tree, require_route
from registry_sandbox.api.ssp import require_ssp_headers
from registry_sandbox.app.addresses import Addresses
from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.issue.endpoint import TokenApi
from registry_sandbox.auth.issue.issuer import LIFETIME_S
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.auth.verify.authentication import Authentication
from registry_sandbox.control import (
    appointments,
    check,
    clock,
    events,
    faults,
    health,
    held,
    journal,
    keys,
    openapi,
    reset,
    snapshots,
    state,
    tokens,
    verdict,
)
from registry_sandbox.control.api import ROOT, ControlApi
from registry_sandbox.control.console import FILES, Console
from registry_sandbox.control.guard import Guard
from registry_sandbox.control.operation import BadControlRequest, Operation
from registry_sandbox.faults.effect import FaultContext, Refuse, Sleep
from registry_sandbox.faults.injector import Injector, Perform
from registry_sandbox.faults.token_endpoint import TokenFaults, oauth_refusal
from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.cors import allow_pages
from registry_sandbox.http.handlers import Check, Handler
from registry_sandbox.http.negotiation import require_formats
from registry_sandbox.http.outcomes import injected
from registry_sandbox.http.request import Client, Request
from registry_sandbox.http.response import Response
from registry_sandbox.server.dispatcher import Dispatcher, Mount
from registry_sandbox.settings import Settings
from registry_sandbox.workspace import Workspace

if TYPE_CHECKING:
    from registry_sandbox.replication.shared import Shared


@dataclass
class Handlers:
    """The handlers of one workspace; they are built when the first request comes.

    Attributes:
        settings: the operator's choices.
        workspace: the state that they work on.
        addresses: the URLs, and the accepted `aud`.
        sleep: how injected delays wait.
        control_tokens: each is accepted by the control plane; if there are none, it asks for none.
        started: when the sandbox started, on the monotonic clock.
        shared: what replicas have in common of the workspace; None for a sandbox alone.
        trouble: returns why no request can be answered now; empty if they can.
    """

    settings: Settings
    workspace: Workspace
    addresses: Addresses
    sleep: Sleep
    control_tokens: tuple[str, ...]
    started: float
    shared: "Shared | None" = None
    trouble: Callable[[], str] = str

    def __post_init__(self) -> None:
        """Let the entries of the log of replicas reach the control plane."""
        if self.shared is not None:
            self.shared.perform = lambda request: self.control.perform(request)  # noqa: PLW0108 - it is built later

    async def on_registry_port(self, request: Request) -> Response:
        """Answer a request inside a workspace that came to the registry's port."""
        return await self._registry_port(request)

    async def on_control_port(self, request: Request) -> Response:
        """Answer a request inside a workspace that came to the control plane's port."""
        return await self._control_port(request)

    @cached_property
    def _registry_port(self) -> Dispatcher:
        return self.dispatcher()

    @cached_property
    def _control_port(self) -> Dispatcher:
        return self.control_dispatcher()

    @property
    def credentials(self) -> Credentials:
        """What signs and verifies tokens."""
        return self.workspace.credentials

    def make_token(self, base: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
        """Return a token that is valid now, or the test token that the parameters specify."""
        return self.credentials.make_token(base, parameters, self.workspace.service.clock.timestamp())

    def fhir(self) -> Handler:
        """Build the pipeline of the FHIR base.

        The order is the contract's: the first check that refuses is the answer.
        """
        service = self.workspace.service
        audiences = lru_cache(maxsize=256)(self.addresses.audiences)
        authentication = Authentication(self.credentials, audiences, service.clock)
        routes = Routes(_tree(), self.addresses.base_paths)
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
            common_headers=self.common_headers,
            journal=self.workspace.journal,
        )

    def _rate_checks(self) -> tuple[Check, ...]:
        limiter = self.workspace.limiter
        if limiter is None:
            return ()
        if self.shared is not None:
            return (partial(require_shared_rate, limit=limiter.limit, wait_s=self.shared.client_wait_s),)
        return (partial(require_rate, limiter=limiter),)

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
            self._rotate_keys if self.shared is None else self.shared.rotate,
            by_header=settings.request_faults,
            counting=self.shared,
        )

    async def _rotate_keys(self, overlap_s: float) -> None:
        brought = None if self.shared is None else self.shared.key_of_entry()
        key = await asyncio.to_thread(SigningKey.generate) if brought is None else brought
        self.credentials.rotate(key, self.workspace.service.clock.timestamp(), overlap_s)

    def token_mount(self) -> Handler:
        """Build the handler of the token endpoint and of discovery."""
        api = TokenApi(lambda: self.credentials.issuer, self.addresses.audiences, self.workspace.service.clock)

        async def hand_out(context: FaultContext) -> Response:
            lifetime_s = LIFETIME_S if context.token_lifetime_s is None else context.token_lifetime_s
            return api.hand_out(context.request, context.service.clock.timestamp(), lifetime_s)

        return with_middlewares(
            (
                allow_pages,
                self.workspace.journal,
                self.common_headers.identify,
                TokenFaults(self._injector(oauth_refusal, hand_out)),
            ),
            api,
        )

    def dispatcher(self, *more: Mount) -> Dispatcher:
        """Build the handler of the registry's port, with further mounts."""
        token_mount = self.token_mount()
        addresses = self.addresses
        pages = self._console([]) if addresses.control_apart else self._pages
        mounts: tuple[Mount, ...] = (("/oauth2", token_mount), ("/.well-known", token_mount), (FILES, pages))
        if not addresses.control_apart:
            mounts = (*mounts, (ROOT, self._control))
        return Dispatcher(self.fhir(), addresses.base_paths, (*mounts, *more), pages, addresses.prefixes)

    def control_dispatcher(self, *more: Mount) -> Dispatcher:
        """Build the handler of the control plane's own port, with further mounts."""
        mounts: tuple[Mount, ...] = ((FILES, self._pages), (ROOT, self._control), *more)
        return Dispatcher(None, (), mounts, self._pages, self.addresses.prefixes)

    # Most workspaces are never asked for these: they are made when somebody asks.
    async def _control(self, request: Request) -> Response:
        return await self.control(request)

    async def _pages(self, request: Request) -> Response:
        return await self.console(request)

    @cached_property
    def common_headers(self) -> CommonHeaders:
        """What every answer under the base has."""
        streams = self.workspace.random_streams if self.shared is None else self.shared.own_streams
        return CommonHeaders(streams.numbered_ids("request ids"), self.workspace.service.clock)

    @cached_property
    def control(self) -> ControlApi:
        """The control plane."""
        return ControlApi(self._guard, self._control_operations, self.shared)

    def may_send_a_state(self, request: Request) -> bool:
        """Return True if a request may put a large document in the place of the state, as far as its head tells."""
        if request.method != "PUT" or not request.path.endswith(ROOT + state.PATH):
            return False
        try:
            self._guard.require(request)
        except BadControlRequest:
            return False
        return True

    @cached_property
    def _guard(self) -> Guard:
        return Guard(self.control_tokens, loopback_only=_is_loopback(self.settings.host))

    def more_operations(self) -> list[Operation]:
        """Return the operations that only the workspace without a name has."""
        return []

    def uptime_s(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    @cached_property
    def _control_operations(self) -> list[Operation]:
        workspace = self.workspace
        operations = [
            *health.operations(workspace, self.uptime_s, self.trouble),
            *reset.operations(workspace, self.uptime_s),
            *tokens.operations(self.make_token, self.addresses.registry_base),
            *keys.operations(self.credentials, workspace.service.clock, self._rotate_keys),
            *clock.operations(workspace),
            *faults.operations(workspace, self.addresses.prefix + ROOT),
            *held.operations(workspace.engine),
            *journal.operations(workspace),
            *appointments.operations(workspace),
            *state.operations(workspace, self.uptime_s),
            *snapshots.operations(workspace, self.uptime_s),
        ]
        operations = [*verdict.noted(operations, workspace.steering), *verdict.operations(workspace)]
        operations += self.more_operations()
        operations = [
            *events.announced(operations, workspace.events),
            *check.operations(self._verified, self.addresses.registry_base),
            *events.operations(workspace),
        ]
        addresses = self.addresses
        document = openapi.operation(addresses.prefix, ROOT, operations, declared(), addresses.base_path)
        return [*operations, document]

    def _verified(self, token: str, base: str) -> Client:
        now, audiences = self.workspace.service.clock.timestamp(), self.addresses.audiences(base)
        return self.credentials.verifier.verify((f"Bearer {token}",), audiences, now).client

    @cached_property
    def console(self) -> Console:
        """The handler of `/` and of the page's files, on the port that has the control plane."""
        return self._console([ROOT + each.path for each in self._control_operations])

    def _console(self, control: Sequence[str]) -> Console:
        beside = ("/oauth2/token", "/.well-known/openid-configuration", "/.well-known/jwks.json")
        inside = dict.fromkeys((*beside, *control))
        paths = [self.addresses.base_path, *(self.addresses.prefix + each for each in inside)]
        return Console(paths, self.addresses.registry_base, self.settings.auth)


@cache
def _tree() -> Tree:
    return Tree(declared())


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
