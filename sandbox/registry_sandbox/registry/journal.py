"""The journal: the last exchanges as they really went, whatever a fault did to them.

An exchange is noted at the price of one small record. It becomes JSON when somebody asks, and secrets are left out.
"""

import gzip
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.clock import Clock

_BYTES_AT_MOST = 64 * 1024 * 1024
_RECORD_BYTES = 2_000  # what a record weighs beside its bodies, roughly
_TEXT_AT_MOST = 20_000
_REDACTED = "<redacted>"
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_SECRET_FIELDS = re.compile(
    r"(?i)((?:client_secret|access_token|client_assertion|refresh_token|password|token)=)[^&\s]*"
)
_SECRET_MEMBERS = re.compile(r'(?i)("(?:access_token|client_secret)"\s*:\s*)"[^"]*"')
# Possessive, and from the first character of a run: a text of nothing but "eyJ" would be searched for minutes.
_RUN = re.compile(r"[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]*+)*+", re.ASCII)
_SHORTEST_HEADER = 8


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """One exchange: `number` counts from 1, `at_s` is on the sandbox's clock."""

    number: int
    at_s: float
    request: Request
    response: Response

    @property
    def status(self) -> int | None:
        """The status that the client received, if it received one."""
        delivery = self.response.delivery
        return int(self.response.status) if delivery is None or delivery.report.head else None


_Record = tuple[int, int, float, Request, Response]
"""How many bytes it keeps, roughly, and the fields of an Exchange, which is made when somebody asks."""


class Journal:
    """The exchanges of one tenant; the oldest go when there are too many, or too many bytes.

    Args:
        clock: of the sandbox.
        size: how many exchanges are kept; none is noted where it is 0.
        max_bytes: how many bytes they may have together.
    """

    def __init__(self, clock: Clock, size: int, max_bytes: int = _BYTES_AT_MOST) -> None:
        self._clock = clock
        self._size = size
        self._max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Forget everything, and count from 1 again."""
        self._records: deque[_Record] = deque()
        self._bytes = 0
        self._noted = 0
        self.dropped = 0

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Note an exchange, as the outermost step."""
        response = await handler(request)
        self.note(request, response)
        return response

    def note(self, request: Request, response: Response) -> None:
        """Note an exchange."""
        records = self._records
        self._noted += 1
        heads = request.facts.bytes
        if heads is None:
            heads = request.facts.bytes = sum(len(name) + len(value) for name, value in request.headers.items())
        size = _RECORD_BYTES + heads + len(request.path) + len(request.query) + len(request.body) + len(response.body)
        records.append((size, self._noted, self._clock.timestamp(), request, response))
        self._bytes += size
        while (len(records) > self._size or self._bytes > self._max_bytes) and records:
            self._bytes -= records.popleft()[0]
            self.dropped += 1

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Exchange]:
        """The exchanges, oldest first."""
        return iter([Exchange(number, at_s, request, response) for _, number, at_s, request, response in self._records])


def as_json(exchange: Exchange) -> dict[str, Any]:
    """Give an exchange as JSON, without its secrets."""
    request, response = exchange.request, exchange.response
    about = {
        "number": exchange.number,
        "at": write_instant(datetime.fromtimestamp(exchange.at_s, UTC)),
        "client": request.client.name,
        "certificate_subject": request.certificate_subject,
        "interaction": request.interaction,
        "id": request.logical_id,
        "version": request.version_id,
        "warnings": [each.message for each in request.warnings],
    }
    faults, idle = ([*injected.rule_ids], [*injected.idle_rule_ids]) if (injected := request.injected) else ([], [])
    return {
        **{name: value for name, value in about.items() if value},
        "request": _request(request),
        "response": _response(exchange),
        "sent": _sent(request, response),
        "faults": faults,
        **({"varied": [*injected.notes]} if injected and injected.notes else {}),
        **({"idle_faults": [{"id": each, "why": "matched, nothing to spoil"} for each in idle]} if idle else {}),
    }


def _request(request: Request) -> dict[str, Any]:
    described = {
        "method": request.method,
        "path": _without_tokens(request.path),
        "query": _redacted_form(request.query),
        "headers": _headers(request.headers.items()),
        **_body(request.body, "", _redacted_form if _is_form(request) else _redacted),
    }
    return {name: value for name, value in described.items() if value != ""}


def _response(exchange: Exchange) -> dict[str, Any] | None:
    if exchange.status is None:
        return None
    response = exchange.response
    coding = response.headers.get("Content-Encoding", "")
    body = response.body
    if response.delivery is not None:
        coding, body = (
            ("" if response.delivery.report.body_bytes < len(body) else coding),
            body[: response.delivery.report.body_bytes],
        )
    return {"status": exchange.status, "headers": _headers(response.headers.items()), **_body(body, coding, _redacted)}


def _sent(request: Request, response: Response) -> dict[str, Any]:
    if response.delivery is not None:
        report = response.delivery.report
        return {"body_bytes": report.body_bytes, "ended": report.ended}
    return {"body_bytes": 0 if request.method == "HEAD" else len(response.body), "ended": "whole"}


def _headers(items: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in items:
        shown = _REDACTED if name.lower() in _SECRET_HEADERS else _without_tokens(value)
        headers[name] = f"{headers[name]}, {shown}" if name in headers else shown
    return headers


def _is_form(request: Request) -> bool:
    return "json" not in request.headers.get("Content-Type", "") and "xml" not in request.headers.get(
        "Content-Type", ""
    )


def _body(body: bytes, coding: str, redacted: Callable[[str], str]) -> dict[str, str]:
    if not body:
        return {}
    text = (gzip.decompress(body) if coding == "gzip" else body).decode("utf-8", "replace")
    shown = redacted(text[:_TEXT_AT_MOST])
    return {"body": shown if len(text) <= _TEXT_AT_MOST else f"{shown}... ({len(text)} characters)"}


def _redacted(text: str) -> str:
    return _without_tokens(_SECRET_MEMBERS.sub(rf'\1"{_REDACTED}"', text))


def _redacted_form(text: str) -> str:
    if "%" in text and _SECRET_FIELDS.search(unquote_plus(text)) and not _SECRET_FIELDS.search(text):
        return _REDACTED
    return _redacted(_SECRET_FIELDS.sub(rf"\1{_REDACTED}", text))


def _without_tokens(text: str) -> str:
    return _RUN.sub(_without_token, text) if "eyJ" in text else text


def _without_token(run: re.Match[str]) -> str:
    segments = run[0].split(".")
    for at, segment in enumerate(segments[:-1]):
        begins = segment.find("eyJ")
        if begins >= 0 and len(segment) - begins >= _SHORTEST_HEADER:
            return ".".join([*segments[:at], f"{segment[:begins]}{_REDACTED}"])
    return run[0]
