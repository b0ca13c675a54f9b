"""The console at `/`: a page that uses only the control API, and its files; for JSON clients, the list of paths."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from registry_sandbox.http.json_response import json_response
from registry_sandbox.http.redirect import redirect
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

FILES: Final = "/console"
"""Below this path are the page's scripts, style and icon."""

_FOLDER = Path(__file__).parent
_PAGE = "index.html"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


class Console:
    """Answers `/` and what is below `/console`.

    A file is read when it is first asked for, so that the page costs the start nothing.

    Args:
        paths: all paths of this port, for the list; from those of the control plane the page knows what it can show.
        registry_base: returns the registry's own FHIR base for the base of a call; they differ if the control plane has
            a port of its own.
        auth: which tokens the registry accepts.
    """

    def __init__(self, paths: Sequence[str], registry_base: Callable[[str], str], auth: str) -> None:
        self._paths = list(paths)
        self._registry_base = registry_base
        self._auth = auth

    async def __call__(self, request: Request) -> Response:
        """Return the page, one of its files, or a redirect to it; the list if the client accepts JSON and not HTML."""
        if request.method not in ("GET", "HEAD"):
            error = {"error": f"{request.method} is not allowed for {request.path[:120]}; expected GET, HEAD."}
            return json_response(HTTPStatus.METHOD_NOT_ALLOWED, error, {"Allow": "GET, HEAD"})
        base = self._registry_base(request.base)
        if request.path in (FILES, f"{FILES}/"):  # where people look for a console
            return redirect("./" if request.path == FILES else "../")
        if request.path != "/":
            return self._file(request, request.path.removeprefix(f"{FILES}/"), base)
        accepted = ",".join(request.headers.getall("Accept", ()))
        if "json" in accepted and "text/html" not in accepted:
            token_url = f"{base.rpartition('/')[0]}/oauth2/token"
            told = {"paths": self._paths, "base_url": base, "token_url": token_url, "auth": self._auth}
            return json_response(HTTPStatus.OK, told)
        return self._file(request, _PAGE, base)

    def _file(self, request: Request, name: str, base: str) -> Response:
        if name not in self._names:
            error = {"error": f"There is nothing at {request.path[:120]}."}
            return json_response(HTTPStatus.NOT_FOUND, error)
        body, tag = _read(name)
        unchanged = tag in request.headers.get("If-None-Match", "")
        response = Response(HTTPStatus.NOT_MODIFIED) if unchanged else Response(HTTPStatus.OK, body=body)
        response.headers.update(
            {
                "Content-Type": _TYPES[PurePosixPath(name).suffix],
                "Content-Security-Policy": _policy(base),
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-cache",
                "ETag": tag,
            }
        )
        return response

    @cached_property
    def _names(self) -> frozenset[str]:
        # Only what is listed is answered, so no path leads out of the folder.
        files = (each for each in _FOLDER.rglob("*") if each.suffix in _TYPES)
        return frozenset(each.relative_to(_FOLDER).as_posix() for each in files)


@lru_cache(maxsize=128)
def _read(name: str) -> tuple[bytes, str]:
    body = (_FOLDER / name).read_bytes()
    return body, f'"{sha256(body).hexdigest()[:16]}"'


def _policy(base: str) -> str:
    """Return the policy: the page's own files, and calls to this server and to the registry's port alone."""
    url = urlsplit(base)
    origin = f"{url.scheme}://{url.netloc}"
    registry = f" {origin}" if _ORIGIN.fullmatch(origin) else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'{registry}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
