"""Asking a running sandbox over HTTP: its control plane answers, or `NoAnswer` says why not.

Only the standard library is used, so that a health check starts as fast as Python does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener


@dataclass(frozen=True, slots=True)
class Access:
    """How a control plane is reached: what `--control-token` demands, and whom to trust under TLS."""

    token: str | None = None
    trust: SSLContext | None = None
    timeout_s: float = 3.0


class NoAnswer(Exception):
    """The sandbox did not answer, or not as asked; the message names its URL and says why."""


def call(method: str, url: str, body: Any = None, access: Access = Access()) -> str:
    """Call the control plane at `url`, sending `body` as JSON unless it is None, and give the text of the answer.

    Raises:
        NoAnswer: nothing answers there, or it refuses.
    """
    headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}
    sent = None if body is None else json.dumps(body).encode()
    if sent is not None:
        headers["Content-Type"] = "application/json"
    request = Request(url, sent, headers, method=method)  # noqa: S310 - the scheme was checked
    # A sandbox is near: a proxy that the environment names for the world is not asked for it.
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=access.trust))
    try:
        with opener.open(request, timeout=access.timeout_s) as answer:
            text: str = answer.read().decode()
            return text
    except HTTPError as error:
        with error:
            raise NoAnswer(f"{method} {url} answers {error.code}: {_reason(error.read(10_000))}") from error
    except (URLError, OSError) as error:
        raise NoAnswer(f"{url} does not answer: {getattr(error, 'reason', error)}") from error


def _reason(body: bytes) -> str:
    """Give the `error` of an answer of the control plane, or what else stands there."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        return body.decode(errors="replace").strip()


def control_root(url: str) -> str:
    """Give the control root beside a URL of a sandbox, whatever path that URL has itself.

    Raises:
        NoAnswer: it is no http(s) URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NoAnswer(f"{url!r} is no URL of a sandbox; expected such as http://127.0.0.1:8080")
    return f"{parts.scheme}://{parts.netloc}/_sandbox"


def is_ready(url: str, trust: SSLContext | None = None) -> bool:
    """Whether the sandbox at `url` is ready.

    Raises:
        NoAnswer: nothing answers there.
    """
    try:
        health: Mapping[str, Any] = json.loads(call("GET", f"{control_root(url)}/health", access=Access(trust=trust)))
        return health.get("status") == "ready"
    except (ValueError, AttributeError) as error:
        raise NoAnswer(f"{url} answers, but not as a sandbox does") from error


def token(url: str, pairs: list[tuple[str, str]], control_token: str | None) -> str:
    """Ask for a token; `pairs` is the query of `/_sandbox/token`.

    Raises:
        NoAnswer: nothing answers there, or it refuses.
    """
    return call("GET", f"{control_root(url)}/token?{urlencode(pairs)}", access=Access(control_token)).strip()
