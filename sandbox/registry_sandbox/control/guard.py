"""Who may call the control plane.

Source: operator.md, Paths (the last paragraph).
"""

import re
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import urlsplit

from registry_sandbox.control.operation import BadControlRequest
from registry_sandbox.http.request import Request

_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses calls without the control token, from pages of other origins, and by names that are not loopback names.

    Any of `tokens` is accepted; without any, none is wanted. `loopback_only` is True if the sandbox listens on loopback
    only.
    """

    tokens: tuple[str, ...]
    loopback_only: bool

    def require(self, request: Request) -> None:
        """Return if the request may pass.

        Raises:
            BadControlRequest: it may not (403); the message says what was expected.
        """
        self._require_own_page(request)
        self._require_token(request)

    def _require_own_page(self, request: Request) -> None:
        host = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        if origin is not None and _authority(origin) != host.lower():
            raise _refused("Origin is that of another site's page; expected none, or this server's own.")
        # A page that rebinds its DNS name to 127.0.0.1 has an Origin that equals Host, so the name itself is checked.
        if self.loopback_only and host and not _LOOPBACK.fullmatch(host):
            raise _refused("Host is not a loopback name; expected localhost or 127.0.0.1.")

    def _require_token(self, request: Request) -> None:
        if not self.tokens:
            return
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        # In constant time, so that the token cannot be guessed character by character.
        given = sent.strip().encode(errors="surrogateescape")
        same = [compare_digest(given, token.encode()) for token in self.tokens]
        if not any(same) or scheme.lower() != "bearer":
            raise _refused("The control plane requires its own token: Authorization: Bearer <--control-token>.")


def _refused(message: str) -> BadControlRequest:
    return BadControlRequest(message, HTTPStatus.FORBIDDEN)


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as "http://[", which no browser sends
        return None
