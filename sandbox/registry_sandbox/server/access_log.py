"""One line on stderr for each exchange, written a little later, many lines at a time.

A line has the client, the method, the path, the status and the size. It never has a header's value, a query or a body.
"""

import asyncio
import json
from collections.abc import Callable

from registry_sandbox.http.redaction import may_have_secrets, without_secrets
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_EVERY_S = 0.05

_Line = tuple[str, str, str, int | None, int, str, tuple[str, ...]]
_NAMES = ("remote", "method", "path", "status", "bytes", "client", "faults")


class AccessLog:
    """Collects lines and writes them together.

    Args:
        log_format: `text` or `json`.
        write: writes a text without blocking.
    """

    def __init__(self, log_format: str, write: Callable[[str], None]) -> None:
        self._line = _json_line if log_format == "json" else _text_line
        self._write = write
        self._lines: list[_Line] = []

    def __call__(self, remote: str, request: Request, response: Response) -> None:
        """Note an exchange."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_EVERY_S, self.flush)
        status, size, faults = _really_sent(request, response)
        path = request.mount + request.path
        self._lines.append((remote, request.method, path, status, size, request.client.name, faults))

    def flush(self) -> None:
        """Write the lines that were collected."""
        lines, self._lines = self._lines, []
        text = "".join(map(self._line, lines))
        if may_have_secrets(text):  # looked for once in all lines, because most batches have none
            text = "".join(map(self._line, map(_redacted, lines)))
        self._write(text)


def _really_sent(request: Request, response: Response) -> tuple[int | None, int, tuple[str, ...]]:
    """Return the status and the bytes that the client got, and the faults that acted; no status if it got no head."""
    faults = () if request.injected is None else request.injected.rule_ids
    sent = response.sent
    if sent is None:
        return int(response.status), 0 if request.method == "HEAD" else len(response.body), faults
    return int(response.status) if sent.head else None, sent.body_bytes, faults


def _redacted(line: _Line) -> _Line:
    remote, method, path, status, size, client, faults = line
    return remote, without_secrets(method), without_secrets(path), status, size, without_secrets(client), faults


def _text_line(line: _Line) -> str:
    remote, method, path, status, size, client, faults = line
    plain = path.isascii() and path.isprintable() and "\\" not in path
    shown = path if plain else path.encode("unicode_escape").decode()
    told = f" faults: {', '.join(faults)}" if faults else ""
    return f"{remote} {client or '-'} {method} {shown} {status or '-'} {size}{told}\n"


def _json_line(line: _Line) -> str:
    return json.dumps(dict(zip(_NAMES, line, strict=True))) + "\n"
