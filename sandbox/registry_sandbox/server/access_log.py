"""One line on stderr for each exchange, written a little later, many lines at a time.

A line has the client, the method, the path, the status, the size and the faults. As JSON it has the time, the duration,
the interaction and the ids of the exchange too. It never has another header's value, a query or a body.
"""

import asyncio
import time
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quoted

from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.field_names import X_CORRELATION_ID, X_REQUEST_ID
from registry_sandbox.http.redaction import may_have_secrets, without_secrets
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response, Sent
from registry_sandbox.server.log_format import LogForm

_EVERY_S = 0.05


_Told = tuple[str, str, str, int | None, int, str, tuple[str, ...]]
"""Address, method, path, status, bytes, client and faults."""

_More = tuple[float, float, str, str, str]
"""When it ended (in seconds since 1970), how many seconds it lasted, interaction, request id and correlation id."""

_Line = tuple[_Told, _More]

_Noted = tuple[str, Request, Response, Sent | None, float, float]
"""Address, request, answer, what went out of it by then, when it ended, and how long it lasted; text has no times."""

_NO_TIMES = 0.0, 0.0
_NO_MORE: _More = (*_NO_TIMES, "", "", "")


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
        self._written = _json_line if self._json else _text_line
        self._write = write
        self._wall = wall
        self._monotonic = monotonic
        self._noted: list[_Noted] = []

    def __call__(self, remote: str, request: Request, response: Response, began_s: float) -> None:
        """Note an exchange that began at `began_s` on the monotonic clock."""
        if not self._noted:
            asyncio.get_running_loop().call_later(_EVERY_S, self.flush)
        times = (self._wall(), self._monotonic() - began_s) if self._json else _NO_TIMES
        self._noted.append((remote, request, response, response.sent, *times))

    def flush(self) -> None:
        """Write the lines that were collected."""
        noted, self._noted = self._noted, []
        lines = [(_told(each), _more(each) if self._json else _NO_MORE) for each in noted]
        text = "".join(map(self._written, lines))
        # Secrets are looked for once in all lines, because most batches have none; and not in the names of members.
        if may_have_secrets("".join(map(_from_outside, lines)) if self._json else text):
            text = "".join(map(self._written, map(_redacted, lines)))
        self._write(text)


def _told(noted: _Noted) -> _Told:
    """Return what a line tells: status and bytes are those that the client got; no status if it got no head."""
    remote, request, response, sent, _, _ = noted
    faults = () if request.injected is None else request.injected.rule_ids
    if sent is not None:
        status, size = int(response.status) if sent.head else None, sent.body_bytes
    else:
        status, size = int(response.status), 0 if request.method == "HEAD" else len(response.body)
    return remote, request.method, request.mount + request.path, status, size, request.client.name, faults


def _more(noted: _Noted) -> _More:
    _, request, response, _, at_s, lasted_s = noted
    ids = response.headers.get(X_REQUEST_ID, ""), response.headers.get(X_CORRELATION_ID, "")
    return at_s, lasted_s, request.interaction, *ids


def _from_outside(line: _Line) -> str:
    """Return what clients, and whoever sets faults, can write into a line."""
    (_, method, path, _, _, client, faults), (_, _, _, request_id, correlation_id) = line
    return f"{method} {path} {client} {request_id} {correlation_id} {' '.join(faults)}\n"


def _redacted(line: _Line) -> _Line:
    (remote, method, path, status, size, client, faults), (at_s, lasted_s, interaction, *ids) = line
    method, path, client, request_id, correlation_id = map(without_secrets, (method, path, client, *ids))
    told = remote, method, path, status, size, client, tuple(map(without_secrets, faults))
    return told, (at_s, lasted_s, interaction, request_id, correlation_id)


def _text_line(line: _Line) -> str:
    remote, method, path, status, size, client, faults = line[0]
    plain = path.isascii() and path.isprintable() and "\\" not in path
    shown = path if plain else path.encode("unicode_escape").decode()
    told = f" faults: {', '.join(faults)}" if faults else ""
    return f"{remote} {client or '-'} {method} {shown} {status or '-'} {size}{told}\n"


def _json_line(line: _Line) -> str:
    # Written out, because `json.dumps` takes several times as long.
    (remote, method, path, status, size, client, faults), (at_s, lasted_s, interaction, request_id, correlation_id) = (
        line
    )
    return (
        f'{{"time": "{write_timestamp(at_s)}", "level": "INFO", "logger": "access", '
        f'"request_id": {quoted(request_id)}, "correlation_id": {quoted(correlation_id)}, '
        f'"interaction": {quoted(interaction)}, "client": {quoted(client)}, '
        f'"remote": {quoted(remote)}, "method": {quoted(method)}, "path": {quoted(path)}, '
        f'"status": {"null" if status is None else status}, "bytes": {size}, '
        f'"duration_s": {lasted_s:.6f}, "faults": [{", ".join(map(quoted, faults))}]}}\n'
    )
