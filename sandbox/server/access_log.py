"""One line on stderr for each exchange, written a little later and many at a time.

A line says who asked for what and what the answer was; never a header's value, a query or a body.
"""

import asyncio
import json
import sys

from aiohttp import web

from sandbox.exchange import Request, Response

_EVERY_S = 0.05

_Line = tuple[str, str, str, int, int, str]


class AccessLog:
    """Collects lines and writes them together, so that no exchange waits for a terminal."""

    def __init__(self, log_format: str) -> None:
        self._write = _json_line if log_format == "json" else _text_line
        self._lines: list[_Line] = []

    def __call__(self, http: web.BaseRequest, request: Request, response: Response) -> None:
        """Note an exchange."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_EVERY_S, self.flush)
        remote = http.remote or "-"
        line = (remote, request.method, request.path, int(response.status), len(response.body), request.client.name)
        self._lines.append(line)

    def flush(self) -> None:
        """Write what was noted; the server calls it once more when it stops."""
        lines, self._lines = self._lines, []
        sys.stderr.write("".join(map(self._write, lines)))
        sys.stderr.flush()


def _text_line(line: _Line) -> str:
    remote, method, path, status, size, client = line
    plain = path.isascii() and path.isprintable() and "\\" not in path
    shown = path if plain else path.encode("unicode_escape").decode()
    return f"{remote} {client or '-'} {method} {shown} {status} {size}\n"


def _json_line(line: _Line) -> str:
    return json.dumps(dict(zip(("remote", "method", "path", "status", "bytes", "client"), line, strict=False))) + "\n"
