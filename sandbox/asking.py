"""Asking a running sandbox over HTTP: for its health, and for a token.

Only the standard library is used, so that a health check starts as fast as Python does.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

_TIMEOUT_S = 3.0


class NoAnswer(Exception):
    """The sandbox did not answer, or not as asked; the message names its URL and says why."""


def ask(url: str, path: str, control_token: str | None) -> str:
    """GET a path of the control plane of the sandbox at `url`, whatever path that URL has itself.

    Raises:
        NoAnswer: nothing answers there, or it refuses.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NoAnswer(f"{url!r} is no URL of a sandbox; expected such as http://127.0.0.1:8080")
    headers = {"Authorization": f"Bearer {control_token}"} if control_token else {}
    request = Request(f"{parts.scheme}://{parts.netloc}/_sandbox/{path}", headers=headers)  # noqa: S310 - checked above
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            text: str = answer.read().decode()
            return text
    except HTTPError as error:
        raise NoAnswer(f"{url} answers {error.code}: {error.read(500).decode(errors='replace').strip()}") from error
    except (URLError, OSError) as error:
        raise NoAnswer(f"{url} does not answer: {getattr(error, 'reason', error)}") from error


def is_ready(url: str) -> bool:
    """Whether the sandbox at `url` is ready.

    Raises:
        NoAnswer: nothing answers there.
    """
    try:
        health: Mapping[str, Any] = json.loads(ask(url, "health", None))
    except ValueError as error:
        raise NoAnswer(f"{url} answers, but not as a sandbox does") from error
    return health.get("status") == "ready"


def token(url: str, pairs: list[tuple[str, str]], control_token: str | None) -> str:
    """Ask for a token; `pairs` is the query of `/_sandbox/token`.

    Raises:
        NoAnswer: nothing answers there, or it refuses.
    """
    return ask(url, f"token?{urlencode(pairs)}", control_token).strip()
