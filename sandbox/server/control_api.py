"""The control plane: how testers look into the sandbox and change its state. It speaks JSON.

Source: operator.md, Paths. It is subject to no fault and to no token of the registry.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from sandbox import __version__
from sandbox.exchange import Request, Response
from sandbox.fhir.datatypes import write_instant
from sandbox.security.token_order import UnreadableOrder
from sandbox.seed import BadSeed, plant, seeds_from_json
from sandbox.server.front import json_answer
from sandbox.tenant import Tenant

ROOT = "/_sandbox"

MakeToken = Callable[[str, Sequence[tuple[str, str]]], str]
"""Makes a token for a FHIR base, to the order that a query's parameters give."""

_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)


class BadControlRequest(Exception):
    """A call of the control plane cannot be carried out; nothing was applied."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


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
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise BadControlRequest(
                "Origin is a foreign page's; expected none, or this server's own.", HTTPStatus.FORBIDDEN
            )
        if self.loopback_only and host and not _LOOPBACK.fullmatch(host):
            raise BadControlRequest("Host is no loopback name; expected localhost or 127.0.0.1.", HTTPStatus.FORBIDDEN)
        sent = request.headers.get("Authorization", "")
        if self.token is not None and not compare_digest(sent.encode(), f"Bearer {self.token}".encode()):
            raise BadControlRequest(
                "The control plane wants its own token: Authorization: Bearer <--control-token>.", HTTPStatus.FORBIDDEN
            )


class ControlApi:
    """Answers what is below `/_sandbox`.

    Args:
        tenant: whose state it shows and changes.
        guard: who may call.
        make_token: for `/_sandbox/token`.
        uptime: seconds since the start.
    """

    def __init__(self, tenant: Tenant, guard: Guard, make_token: MakeToken, uptime: Callable[[], float]) -> None:
        self._tenant = tenant
        self._guard = guard
        self._make_token = make_token
        self._uptime = uptime
        self._table: dict[str, dict[str, Callable[[Request], Response]]] = {
            f"{ROOT}/health": {"GET": self._health},
            f"{ROOT}/token": {"GET": self._token},
            f"{ROOT}/reset": {"POST": self._reset},
            f"{ROOT}/appointments": {"GET": self._appointments, "POST": self._seed},
        }

    @property
    def paths(self) -> Collection[str]:
        """All paths."""
        return self._table.keys()

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        try:
            if request.path != f"{ROOT}/health":
                self._guard.require(request)
            return self._answer(request)
        except BadControlRequest as refused:
            return json_answer(refused.status, {"error": str(refused)})

    def _answer(self, request: Request) -> Response:
        by_method = self._table.get(request.path)
        if by_method is None:
            return json_answer(
                HTTPStatus.NOT_FOUND, {"error": f"There is nothing at {request.path[:120]}.", "paths": [*self.paths]}
            )
        answer = by_method.get("GET" if request.method == "HEAD" else request.method)
        if answer is None:
            allowed = ", ".join(by_method)
            message = f"{request.method} is not for {request.path}; expected {allowed}."
            return json_answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": message}, {"Allow": allowed})
        return answer(request)

    def _health(self, request: Request) -> Response:
        del request
        registrar = self._tenant.registrar
        return json_answer(
            HTTPStatus.OK,
            {
                "status": "ready",
                "version": __version__,
                "uptime_s": round(self._uptime(), 3),
                "clock": {"now": write_instant(registrar.clock.now()), "frozen": registrar.clock.frozen},
                "appointments": len(registrar.registry),
            },
        )

    def _token(self, request: Request) -> Response:
        try:
            token = self._make_token(request.base, parse_qsl(request.query, keep_blank_values=True))
        except UnreadableOrder as error:
            raise BadControlRequest(str(error)) from error
        response = Response(HTTPStatus.OK, body=token.encode() + b"\n")
        response.headers.update({"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})
        return response

    def _reset(self, request: Request) -> Response:
        self._tenant.reset()
        return self._health(request)

    def _appointments(self, request: Request) -> Response:
        del request
        histories = [
            b",".join(each.json for each in history) for history in self._tenant.registrar.registry.histories()
        ]
        listed = b",\n".join(b'{"versions":[%b]}' % history for history in histories)
        body = b'{"total":%d,"appointments":[\n%b]}\n' % (len(histories), listed)
        response = Response(HTTPStatus.OK, body=body)
        response.headers.update({"Content-Type": "application/json", "Cache-Control": "no-store"})
        return response

    def _seed(self, request: Request) -> Response:
        if request.body_error is not None:
            raise BadControlRequest(str(request.body_error))
        try:
            planted = plant(self._tenant.registrar, seeds_from_json("body", request.body))
        except BadSeed as error:
            raise BadControlRequest(str(error)) from error
        resources = [each.resource() for each in planted]
        return json_answer(HTTPStatus.CREATED, {"seeded": len(planted), "appointments": resources})
