"""The control plane: how testers look into the sandbox and change its state. It speaks JSON.

Source: operator.md, Paths. It is subject to no fault and to no token of the registry.
"""

import re
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from registry_sandbox.control.operation import BadControlRequest, Operation
from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

ROOT = "/_sandbox"

_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_ID = "{id}"


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may call: with a token if one is set, from no foreign page, and on loopback by a loopback name only."""

    token: str | None
    loopback_only: bool

    def require(self, request: Request) -> None:
        """Let the request pass.

        Raises:
            BadControlRequest: 403 with what was expected.
        """
        host = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        if origin is not None and _authority(origin) != host.lower():
            raise BadControlRequest(
                "Origin is a foreign page's; expected none, or this server's own.", HTTPStatus.FORBIDDEN
            )
        if self.loopback_only and host and not _LOOPBACK.fullmatch(host):
            raise BadControlRequest("Host is no loopback name; expected localhost or 127.0.0.1.", HTTPStatus.FORBIDDEN)
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        right = compare_digest(sent.strip().encode(errors="surrogateescape"), (self.token or "").encode())
        if self.token is not None and not (right and scheme.lower() == "bearer"):
            raise BadControlRequest(
                "The control plane wants its own token: Authorization: Bearer <--control-token>.", HTTPStatus.FORBIDDEN
            )


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as "http://[": no browser's
        return None


class ControlApi:
    """Answers what is below `/_sandbox`, from the table of its operations.

    Args:
        guard: who may call.
        operations: of all nouns.
    """

    def __init__(self, guard: Guard, operations: Iterable[Operation]) -> None:
        self._guard = guard
        self._table: dict[str, dict[str, Operation]] = {}
        for each in operations:
            self._table.setdefault(ROOT + each.path, {})[each.method] = each

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        try:
            if request.path != f"{ROOT}/health":
                self._guard.require(request)
            answer = self._answer(request)
            return answer if isinstance(answer, Response) else await answer
        except BadControlRequest as refused:
            return json_response(refused.status, {"error": str(refused)})

    def _answer(self, request: Request) -> Response | Awaitable[Response]:
        by_method, segment = self._found(request.path)
        if request.path == ROOT and request.method in ("GET", "HEAD"):
            return json_response(HTTPStatus.OK, {"paths": [*self._table]})
        if not by_method:
            message = f"There is nothing at {request.path[:120]}."
            return json_response(HTTPStatus.NOT_FOUND, {"error": message, "paths": [*self._table]})
        operation = by_method.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            allowed = ", ".join([*by_method, *(("HEAD",) if "GET" in by_method else ())])
            message = f"{request.method} is not for {request.path[:120]}; expected {allowed}."
            return json_response(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
        return operation.answer(request, segment)

    def _found(self, path: str) -> tuple[dict[str, Operation], str]:
        if path in self._table:
            return self._table[path], ""
        parent, _, segment = path.rpartition("/")
        if f"{parent}/{_ID}" in self._table:
            return self._table[f"{parent}/{_ID}"], unquote(segment)
        above, _, middle = parent.rpartition("/")
        return self._table.get(f"{above}/{_ID}/{segment}", {}), unquote(middle)
