"""A sandbox as it is started and stopped: its ports, its certificates, its log."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from socket import socket
from ssl import SSLContext
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, cast

from registry_sandbox.app.access_log import access_log, no_line
from registry_sandbox.app.addresses import Addresses
from registry_sandbox.app.first_handlers import FirstHandlers
from registry_sandbox.app.handlers import Handlers
from registry_sandbox.app.parts import Parts
from registry_sandbox.auth.certificates import write_certificates
from registry_sandbox.control.api import ROOT
from registry_sandbox.control.state import LARGEST
from registry_sandbox.control.state import PATH as STATE
from registry_sandbox.http.base_url import WORKSPACES, Below, below_workspaces
from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.negotiation import represent
from registry_sandbox.http.outcomes import refusal
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.runtime.waits import Waits
from registry_sandbox.server.limits import Limits
from registry_sandbox.server.listener import AccessLine, Listener
from registry_sandbox.server.log_format import LogForm
from registry_sandbox.server.serving import Port, Serving
from registry_sandbox.server.tls import ssl_context
from registry_sandbox.settings import Settings
from registry_sandbox.verdict.report import Report
from registry_sandbox.workspace import Workspace
from registry_sandbox.workspaces import Made, Terms, Wanted, Workspaces

if TYPE_CHECKING:
    from registry_sandbox.app.replication import Replication
    from registry_sandbox.replication.shared import Shared
    from registry_sandbox.replication.shared_workspaces import SharedWorkspaces


@dataclass
class Sandbox:
    """A sandbox that can be started; from then on, `serving` has its ports. `bound` are sockets that listen already."""

    settings: Settings
    parts: Parts
    workspace: Workspace
    sleep: Waits
    preparing: Thread
    replication: "Replication | None" = None
    bound: tuple[socket, ...] = ()
    serving: Serving = field(init=False)
    _leftovers: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def addresses(self) -> Addresses:
        """Its URLs."""
        settings = self.settings
        return Addresses(
            settings.base_url,
            settings.audience,
            settings.issuer,
            secure=settings.tls != "off",
            control_apart=settings.control_apart,
            port=lambda: self.serving.port,
        )

    @cached_property
    def workspaces(self) -> Workspaces:
        """The workspaces that have a name."""
        names = RandomStreams(self.workspace.random_streams.seed).ids("workspaces")  # no reset brings a name back
        wall, most, ttl_s = self.parts.wall, self.settings.max_workspaces, self.settings.workspace_ttl
        if self.replication is None:
            return Workspaces(self._made, Terms(lambda: names()[:13], wall, most, ttl_s))
        from registry_sandbox.replication.shared_workspaces import SharedWorkspaces

        state = self.replication.state
        new_name = partial(state.new_name, self.workspace.random_streams.seed)
        told = (self.replication.tell, state.leaving, state.forget)
        return SharedWorkspaces(self._made, Terms(new_name, wall, most, ttl_s), *told)

    def renew(self, parts: Parts, workspace: Workspace, preparing: Thread) -> None:
        """Begin anew with these parts; nothing of the state goes on."""
        for each in self._all():
            each.close()
        preparing.join()
        self.parts, self.workspace = parts, workspace
        for name in ("workspaces", "handlers", "_registry_port", "_control_port"):
            vars(self).pop(name, None)
        self._attach()

    def _all(self) -> list[Workspace]:
        return [self.workspace, *(member.workspace for member in self.workspaces)]

    def _attach(self) -> None:
        """Let the log of replicas reach the control plane and the workspaces."""
        if self.replication is not None:
            self.replication.state.attach(cast("SharedWorkspaces", self.workspaces), self.handlers.exam)

    def _made(self, name: str, wanted: Wanted) -> Made:
        addresses = self.addresses.of_workspace(f"{WORKSPACES}/{name}")
        workspace = self.parts.workspace(addresses.mount, wanted)
        tokens = [each for each in (self.settings.control_token, wanted.control_token) if each is not None]
        handlers = Handlers(
            self.settings,
            workspace,
            addresses,
            self.sleep,
            tuple(tokens),
            self.handlers.started,
            self._shared(name),
            self._trouble,
        )
        return Made(workspace, handlers.on_registry_port, handlers.on_control_port, handlers.may_send_a_state)

    @cached_property
    def handlers(self) -> FirstHandlers:
        """What answers on its ports."""
        tokens = () if self.settings.control_token is None else (self.settings.control_token,)
        return FirstHandlers(
            self.settings,
            self.workspace,
            self.addresses,
            self.sleep,
            tokens,
            time.monotonic(),
            self._shared(""),
            self._trouble,
            others=lambda: self.workspaces,
            store=self.replication,
        )

    def _shared(self, name: str) -> "Shared | None":
        return None if self.replication is None else self.replication.state.of(name)

    def _trouble(self) -> str:
        return "" if self.replication is None else self.replication.replica.trouble

    @cached_property
    def _registry_port(self) -> Handler:
        return self.handlers.whole_registry_port()

    @cached_property
    def _control_port(self) -> Handler:
        return self.handlers.whole_control_port()

    def _port(self, handler: Callable[[], Handler]) -> Handler:
        """Return what answers a port; of replicas, what they answer together."""
        if self.replication is None:
            return handler()
        from registry_sandbox.replication.unavailable import Unavailable

        write, paths = self.workspace.service.codec.write, self.addresses.base_paths
        headers = CommonHeaders(self.replication.own_streams.numbered_ids("request ids"), self.workspace.service.clock)
        return self.replication.port(handler, Unavailable(headers, write, paths))

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
            UnusableCertificates: the folder of `--tls-dir` has none that can be used; the message names the file.
        """
        try:
            log = self._access_line() if access_lines else no_line
            self.serving = self._serving(log)
            self.preparing.join()
            if self.replication is not None:
                self._attach()
                await self.replication.start()
            await self.serving.start()
        except Exception:
            self._leftovers.close()
            raise

    def _serving(self, log: AccessLine) -> Serving:
        """Return what will listen: the port of the registry, and the control plane's where it has one of its own."""
        settings = self.settings
        control = None
        if self.addresses.control_apart:
            listener = self._listener(self._port(lambda: self._control_port), log, secure=False)
            control = Port(settings.port_of_control, listener, bound=self.bound[1] if self.bound else None)
        listener = self._listener(self._port(lambda: self._registry_port), log, secure=settings.tls != "off")
        registry = Port(settings.port, listener, self._ssl_context(), self.bound[0] if self.bound else None)
        paths = (self.addresses.base_path, ROOT)
        return Serving(settings.host, registry, control, paths, settings.ready_file)

    def _access_line(self) -> AccessLine:
        return access_log(cast("LogForm", self.settings.log_format), self.parts.wall, self._leftovers)

    def _listener(self, handle: Handler, access_line: AccessLine, *, secure: bool) -> Listener:
        settings = self.settings
        return Listener(
            handle=handle,
            base_url=settings.base_url,
            base_path=self.addresses.base_path,
            limits=Limits(settings.max_connections, settings.request_timeout, settings.max_body),
            access_line=access_line,
            secure=secure,
            bad_certificate=self.workspace.bad_certificate if secure else None,
            trust_forwarded=settings.trust_forwarded,
            refuse=self._refuse,
            receiving=self._receiving,
            bytes_in_parts=self._bytes_in_parts,
        )

    def _receiving(self, request: Request) -> None:
        """Let the journal show an exchange whose body has not arrived yet, and let a reset end it."""
        workspace, path = self._workspace_of(request.path)
        below = (*(f"{path}/" for path in self.addresses.base_paths), "/oauth2/")
        if workspace is not None and path.startswith(below):
            workspace.journal.begin(request)
            request.under_way.before_its_turn = self.replication is not None

    def _bytes_in_parts(self, request: Request) -> int:
        """Return how large a state may be that a request sends; 0 if it sends none, or may not."""
        if not request.path.endswith(STATE):  # no other body may be large
            return 0
        below = self._below(request.path)
        if below is None:
            allowed = self.handlers.may_send_a_state(request)
        else:
            member = self.workspaces.find(below.name)
            allowed = member is not None and member.made.may_send_a_state(request)
        return LARGEST if allowed else 0

    def _below(self, path: str) -> Below | None:
        found = (below_workspaces(path.removeprefix(prefix)) for prefix in self.addresses.prefixes)
        return next((below for below in found if below is not None), None)

    def _workspace_of(self, path: str) -> tuple[Workspace | None, str]:
        """Return the workspace that a path names, if there is one, and the path inside it."""
        below = self._below(path)
        if below is None:
            return self.workspace, path
        member = self.workspaces.find(below.name)
        return None if member is None else member.workspace, below.path

    def _refuse(self, error: SandboxError) -> Response:
        """Return the answer to what never became a request."""
        response = refusal(error)
        represent(response, "json", self.workspace.service.codec.write)
        self.handlers.common_headers.add_basic(response)
        return response

    async def stop(self) -> None:
        """Stop accepting, end injected waits, finish what is in flight (5 s at most), close; leave no file behind."""
        for each in self._all():
            each.events.close()
            each.engine.holdings.break_off()
        self.sleep.end_all()
        self.handlers.metrics.stop()
        await self.serving.stop()
        if self.replication is not None:
            await self.replication.stop(judging=self.settings.judged_at_the_stop)
        self._leftovers.close()

    async def verdict(self) -> Report:
        """Judge the clients by what the journal has now."""
        from registry_sandbox.verdict.gathering import gather
        from registry_sandbox.verdict.judging import judge

        workspace = self.workspace
        service = workspace.service
        gathered = await gather(
            workspace.journal,
            service.registry,
            workspace.engine,
            workspace.steering,
            service.codec,
            workspace.bad_certificate,
        )
        return judge(gathered.evidence(), tuple(workspace.attestations))

    def _ssl_context(self) -> SSLContext | None:
        """Return the TLS context of the registry's port, or None if it has no TLS."""
        match self.settings.tls:
            case "server" | "mutual" as mode:
                bad = self.workspace.bad_certificate
                return ssl_context(mode, self.certificates, None if bad is None else bad.fault)
        return None
