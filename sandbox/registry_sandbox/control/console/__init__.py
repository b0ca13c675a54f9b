"""The console at `/`: one static page that uses only the control API; for JSON clients, the list of paths."""

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_PAGE = Path(__file__).with_name("index.html")


class Console:
    """Answers `/`.

    Args:
        paths: all paths of this server, for the list.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = list(paths)

    async def __call__(self, request: Request) -> Response:
        """Return the page, or the list if the client accepts JSON and not HTML."""
        if request.method not in ("GET", "HEAD"):
            error = {"error": f"{request.method} is not allowed for /; expected GET, HEAD."}
            return json_response(HTTPStatus.METHOD_NOT_ALLOWED, error, {"Allow": "GET, HEAD"})
        accepted = ",".join(request.headers.getall("Accept", ()))
        if "json" in accepted and "text/html" not in accepted:
            return json_response(HTTPStatus.OK, {"paths": self._paths})
        response = Response(HTTPStatus.OK, body=self._page)
        response.headers.update(
            {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": self._policy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-store",
            }
        )
        return response

    @cached_property
    def _page(self) -> bytes:
        return _PAGE.read_bytes()

    @cached_property
    def _policy(self) -> str:
        # Only the page's own script and style, named by their hashes, and calls to this server are allowed.
        inside = dict(re.findall(rb"<(script|style)>(.*?)</\1>", self._page, re.DOTALL))
        hashes = {name.decode(): b64encode(sha256(text).digest()).decode() for name, text in inside.items()}
        sources = "; ".join(f"{name}-src 'sha256-{digest}'" for name, digest in hashes.items())
        return f"default-src 'none'; connect-src 'self'; {sources}; base-uri 'none'; form-action 'none'"
