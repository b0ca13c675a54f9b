"""One line on stderr for each exchange, written a little later, many lines at a time.

A line has the client, the method, the path, the status, the size and the faults. As JSON it has the time, the duration,
the interaction and the ids of the exchange too. It never has another header's value, a query or a body.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii as quoted

from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.field_names import X_CORRELATION_ID, X_REQUEST_ID
from registry_sandbox.http.redaction import may_have_secrets, without_secrets
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.server.log_format import LogForm

_EVERY_S = 0.05


_Noted = tuple[str, Request, Response, tuple[float, float]]
"""Address, request, answer; for JSON, when it ended (in seconds since 1970) and how long it lasted."""

_Told = tuple[str, str, str, str, int | None, int, tuple[str, ...]]
"""Address, client, method, path, status, bytes and faults."""

_NO_TIMES = 0.0, 0.0


class AccessLog:
    """Collects lines and writes them together.

    Args:
        form: `text` or `json`.
        write: writes a text without blocking.
        wall: returns the machine's time, in seconds since 1970.
        monotonic: the machine's monotonic clock, in seconds.
    """

    def __init__(
        self,
        form: LogForm,
        write: Callable[[str], None],
        wall: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._json = form == "json"
        self._write = write
        self._wall = wall
        self._monotonic = monotonic
        self._noted: list[_Noted] = []

    def __call__(self, remote: str, request: Request, response: Response, began_s: float) -> None:
        """Note an exchange that began at `began_s` on the monotonic clock."""
        noted = self._noted
        if not noted:
            asyncio.get_running_loop().call_later(_EVERY_S, self.flush)
        times = (self._wall(), self._monotonic() - began_s) if self._json else _NO_TIMES
        noted.append((remote, request, response, times))

    def flush(self) -> None:
        """Write the lines that were collected."""
        noted, self._noted = self._noted, []
        self._write(_as_json(noted) if self._json else _as_text(noted))


def _told(noted: _Noted) -> _Told:
    """Return what a line tells: status and bytes are those that the client got; no status if it got no head."""
    remote, request, response, _ = noted
    sent = response.sent
    status: int | None = int(response.status)
    size = 0 if request.method == "HEAD" else len(response.body)
    if sent is not None:
        status, size = status if sent.head else None, sent.body_bytes
    faults = () if request.injected is None else request.injected.rule_ids
    return remote, request.client.name, request.method, request.mount + request.path, status, size, faults


# Text. Secrets and escapes are looked for once in all lines, because most batches have none.


def _as_text(noted: Sequence[_Noted]) -> str:
    told = list(map(_told, noted))
    text = "".join(map(_text_line, told))
    plain = text.encode("ascii", "backslashreplace").translate(None, _PLAIN) == b"\n" * len(told)
    return text if plain and not may_have_secrets(text) else "".join(map(_text_line, map(_safe, told)))


_PLAIN = bytes(range(ord(" "), ord("~") + 1)).replace(b"\\", b"")
"""What a line may have as it came: printable characters of ASCII but the backslash, which begins an escape."""


def _text_line(told: _Told) -> str:
    remote, client, method, path, status, size, faults = told
    line = f"{remote} {client or '-'} {method} {path} {status or '-'} {size}"
    return f"{line} faults: {', '.join(faults)}\n" if faults else line + "\n"


def _safe(told: _Told) -> _Told:
    remote, client, method, path, status, size, faults = _redacted(told)
    if not path.isascii() or not path.isprintable() or "\\" in path:
        path = path.encode("unicode_escape").decode()
    return remote, client, method, path, status, size, faults


def _redacted(told: _Told) -> _Told:
    remote, client, method, path, status, size, faults = told
    client, method, path = map(without_secrets, (client, method, path))
    return remote, client, method, path, status, size, tuple(map(without_secrets, faults))


# JSON. Secrets are not looked for in the names of members.


def _as_json(noted: Sequence[_Noted]) -> str:
    told = list(map(_told, noted))
    ids = [(each.headers.get(X_REQUEST_ID, ""), each.headers.get(X_CORRELATION_ID, "")) for _, _, each, _ in noted]
    if may_have_secrets("\n".join(map(_from_outside, told, ids))):
        told = list(map(_redacted, told))
        ids = [(without_secrets(one), without_secrets(other)) for one, other in ids]
    return "".join(map(_json_line, noted, told, ids))


def _from_outside(told: _Told, ids: tuple[str, str]) -> str:
    """Return what clients, and whoever sets faults, can write into a line."""
    _, client, method, path, _, _, faults = told
    return " ".join((method, path, client, *ids, *faults))


def _json_line(noted: _Noted, told: _Told, ids: tuple[str, str]) -> str:
    # Written out, because `json.dumps` takes several times as long.
    _, request, _, (at_s, lasted_s) = noted
    remote, client, method, path, status, size, faults = told
    request_id, correlation_id = ids
    return (
        f'{{"time": "{write_timestamp(at_s)}", "level": "INFO", "logger": "access", '
        f'"request_id": {quoted(request_id)}, "correlation_id": {quoted(correlation_id)}, '
        f'"interaction": {quoted(request.interaction)}, "client": {quoted(client)}, '
        f'"remote": {quoted(remote)}, "method": {quoted(method)}, "path": {quoted(path)}, '
        f'"status": {"null" if status is None else status}, "bytes": {size}, '
        f'"duration_s": {lasted_s:.6f}, "faults": [{", ".join(map(quoted, faults))}]}}\n'
    )
