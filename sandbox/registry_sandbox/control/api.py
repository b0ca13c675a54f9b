"""The control plane, by which testers look into the sandbox and change its state.

Source: operator.md, Paths. No fault and no token of the registry applies to it.
"""

from collections.abc import Awaitable, Iterable
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

from registry_sandbox.control import health, metrics
from registry_sandbox.control.guard import Guard
from registry_sandbox.control.operation import BadControlRequest, Operation, parameters
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.interaction import allow, declared_method
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.workers import WorkersBusy

ROOT = "/_sandbox"

_ID = "{id}"
_OPEN = frozenset(ROOT + each for each in health.PATHS)
_OF_THE_PROCESS = frozenset(ROOT + each for each in (*health.PROBES, metrics.PATH))


class Together(Protocol):
    """Replicas that are one sandbox together: what changes one of them changes all."""

    async def look(self, request: Request) -> None:
        """Take up what the others have done that a request may ask for."""
        ...

    async def change(self, request: Request) -> Response:
        """Let every replica perform a request, and return the answer of this one.

        Raises:
            SandboxError: they did not, or nobody knows.
        """
        ...


class ControlApi:
    """Answers every path below `/_sandbox`.

    Args:
        guard: decides who may call.
        operations: the operations of all nouns.
        together: the replicas; None for a sandbox alone.
    """

    def __init__(self, guard: Guard, operations: Iterable[Operation], together: Together | None = None) -> None:
        self._guard = guard
        self._together = together
        self._table: dict[str, dict[str, Operation]] = {}
        for each in operations:
            self._table.setdefault(ROOT + each.path, {})[each.method] = each

    async def __call__(self, request: Request) -> Response:
        """Return the answer to a request."""
        try:
            if request.path not in _OPEN:
                self._guard.require(request)
            answer = self._answer(request)
            return answer if isinstance(answer, Response) else await answer
        except BadControlRequest as refused:
            return json_response(refused.status, {"error": str(refused)})
        except SandboxError as refused:
            return json_response(refused.status, {"error": str(refused)}, dict(refused.headers))
        except WorkersBusy as busy:
            message = f"The sandbox is busy with large requests: {busy}. Try again later."
            return json_response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": message}, {"Retry-After": "1"})

    async def perform(self, request: Request) -> Response:
        """Perform a request in this replica alone; another one has let it pass.

        Raises:
            WorkersBusy: nothing was done, and it is to be tried again.
        """
        try:
            answer = self._answer(request, alone=True)
            return answer if isinstance(answer, Response) else await answer
        except BadControlRequest as refused:
            return json_response(refused.status, {"error": str(refused)})

    def _answer(self, request: Request, *, alone: bool = False) -> Response | Awaitable[Response]:
        by_method, segment = self._find(request.path)
        if request.path == ROOT and request.method in ("GET", "HEAD"):
            return json_response(HTTPStatus.OK, {"paths": [*self._table]})
        if not by_method:
            message = f"There is nothing at {request.path[:120]}."
            return json_response(HTTPStatus.NOT_FOUND, {"error": message, "paths": [*self._table]})
        operation = by_method.get(declared_method(request.method))
        if operation is None:
            return _method_not_allowed(request, by_method)
        if operation.query is not None:
            parameters(request, operation.query)
        if alone or self._together is None or request.path in _OF_THE_PROCESS:
            return operation.answer(request, segment)
        return self._by_all(request, operation, segment, self._together)

    async def _by_all(self, request: Request, operation: Operation, segment: str, together: Together) -> Response:
        if operation.changes:
            return await together.change(request)
        await together.look(request)
        answer = operation.answer(request, segment)
        return answer if isinstance(answer, Response) else await answer

    def _find(self, path: str) -> tuple[dict[str, Operation], str]:
        if path in self._table:
            return self._table[path], ""
        parent, _, segment = path.rpartition("/")
        if f"{parent}/{_ID}" in self._table:
            return self._table[f"{parent}/{_ID}"], unquote(segment)
        above, _, middle = parent.rpartition("/")
        return self._table.get(f"{above}/{_ID}/{segment}", {}), unquote(middle)


def _method_not_allowed(request: Request, by_method: Iterable[str]) -> Response:
    allowed = allow(by_method)
    message = f"{request.method} is not allowed for {request.path[:120]}; expected {allowed}."
    return json_response(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
