"""The handlers of the workspace without a name: everything that the others have, and the others themselves.

Source: docs/workspaces.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from registry_sandbox.app.handlers import Handlers
from registry_sandbox.control import exam, metrics, workspaces
from registry_sandbox.control.api import ROOT
from registry_sandbox.control.operation import Operation
from registry_sandbox.control.workspaces import Place, Urls
from registry_sandbox.http.base_url import WORKSPACES, mounted, root_of
from registry_sandbox.http.common_headers import CommonHeaders
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.runtime.random_streams import RandomStreams
from registry_sandbox.server.dispatcher import Dispatcher
from registry_sandbox.server.workspace_mount import UnknownWorkspace, WorkspaceMount
from registry_sandbox.workspace import Workspace
from registry_sandbox.workspaces import Workspaces


@dataclass
class FirstHandlers(Handlers):
    """The handlers of the whole sandbox. `others` returns the workspaces with a name, `store` is that of replicas."""

    others: Callable[[], Workspaces] = field(kw_only=True)
    store: metrics.StoreFigures | None = field(kw_only=True, default=None)

    def whole_registry_port(self) -> Dispatcher:
        """Build the handler of the registry's port, with all workspaces."""

        def find(name: str) -> Handler | None:
            member = self.others().find(name)
            return None if member is None else member.made.on_registry_port

        return self.dispatcher((WORKSPACES, WorkspaceMount(find, self._unknown)))

    def whole_control_port(self) -> Dispatcher:
        """Build the handler of the control plane's own port, with all workspaces."""

        def find(name: str) -> Handler | None:
            member = self.others().find(name)
            return None if member is None else member.made.on_control_port

        return self.control_dispatcher((WORKSPACES, WorkspaceMount(find, self._unknown)))

    @cached_property
    def _unknown(self) -> UnknownWorkspace:
        # Its request ids are its own: a call of nobody's must not change what any workspace answers next.
        streams = RandomStreams(self.workspace.random_streams.seed) if self.shared is None else self.shared.own_streams
        ids = streams.numbered_ids("request ids of no workspace")
        headers = CommonHeaders(ids, self.workspace.service.clock)
        bases = self.addresses.of_workspace(WORKSPACES).base_paths
        return UnknownWorkspace(headers, self.workspace.service.codec.write, bases)

    def more_operations(self) -> list[Operation]:
        """Return the operations on workspaces, the exam that is held in them, and the metrics of all of them."""
        place = Place(self.workspace, self.others, self._urls)
        return [
            *workspaces.operations(place),
            *exam.operations(self.exam),
            *metrics.operations(self.metrics),
        ]

    def __post_init__(self) -> None:
        """Let replicas judge what clients did in an exam before all take the result."""
        super().__post_init__()
        if self.shared is not None:
            self.shared.judge = lambda request: self.exam.judged(request)  # noqa: PLW0108 - it is built later

    @cached_property
    def exam(self) -> exam.Exam:
        """The exam."""
        return exam.Exam(self.others, self._urls, self.workspace.service.workers, self.shared)

    @cached_property
    def metrics(self) -> metrics.Metrics:
        """The whole sandbox in figures: the journals of all workspaces share one tally."""
        return metrics.Metrics(self.workspace.journal.tally, self._all, self.uptime_s, self.store)

    def _all(self) -> list[Workspace]:
        return [self.workspace, *(member.workspace for member in self.others())]

    def _urls(self, request: Request, name: str) -> Urls:
        """Return the URLs of a workspace, as whoever sends this request reaches it."""
        mount = f"{WORKSPACES}/{name}"
        base = self.addresses.of_workspace(mount).registry_base(mounted(request.base, mount))
        reached = request.called_as if self.addresses.control_apart and request.called_as else request.base
        return Urls(base, f"{root_of(base)}/oauth2/token", f"{root_of(reached)}{mount}{ROOT}")
