"""The client of the control plane: it calls a running sandbox over HTTP, or raises `NoAnswer` with the reason.

It uses the standard library only, so that a health check starts as fast as Python does.
"""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import IncompleteRead
from shutil import copyfileobj
from typing import Any, BinaryIO, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from registry_sandbox.cli.failure import CommandFailed


class _File(NamedTuple):
    content: BinaryIO
    size: int


class NoAnswer(CommandFailed):
    """The sandbox did not answer, or refused; the message names its URL and the reason. It fails a subcommand."""


class BadDocument(NoAnswer):
    """The sandbox refused what was sent to it, by a 400."""


@dataclass(frozen=True, slots=True)
class ControlClient:
    """A client of the control plane at `root`, such as `http://127.0.0.1:8080/_sandbox`.

    `token` is the server's `--control-token`, if it has one; `trust` the authorities to trust under TLS.
    """

    root: str
    token: str | None = None
    trust: ssl.SSLContext | None = None
    timeout_s: float = 30.0

    def text(self, method: str, path: str, body: Any = None) -> str:
        """Call a path below the root, with `body` as JSON unless it is None, and return the text of the answer.

        Raises:
            NoAnswer: nothing answers there, or the sandbox refuses.
        """
        with self._answer(method, path, body) as answer:
            text: str = answer.read().decode()
            return text

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines of an answer as they come, without their ends, for as long as the sandbox sends.

        Raises:
            NoAnswer: nothing answers there, or the sandbox refuses.
        """
        with self._answer("GET", path, None) as answer:
            for line in answer:
                yield line.decode().rstrip("\r\n")

    def save(self, path: str, to: BinaryIO) -> None:
        """Write an answer to a file as it comes.

        Raises:
            NoAnswer: nothing answers there, or the sandbox refuses, or breaks off.
        """
        with self._answer("GET", path, None) as answer:
            copyfileobj(answer, to)

    def load(self, path: str, document: BinaryIO, size: int) -> None:
        """Send a file of this many bytes by PUT.

        Raises:
            BadDocument: the sandbox cannot use it.
            NoAnswer: nothing answers there, or the sandbox refuses.
        """
        with self._answer("PUT", path, _File(document, size)) as answer:
            answer.read()

    @contextmanager
    def _answer(self, method: str, path: str, body: Any) -> Iterator[Any]:
        url = f"{self.root}{path}"
        # The sandbox is near, so the proxy that the environment names for other hosts is not used.
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=self.trust))
        try:
            with opener.open(self._request(method, url, body), timeout=self.timeout_s) as answer:
                yield answer
        except HTTPError as error:
            refused = BadDocument if error.code == HTTPStatus.BAD_REQUEST else NoAnswer
            with error:
                raise refused(f"{_reason(error.read(10_000))} ({method} {url} answers {error.code})") from error
        except IncompleteRead as error:
            raise NoAnswer(f"{url}: the answer is cut short") from error
        except (URLError, OSError) as error:
            raise NoAnswer(f"{url} does not answer: {_why(getattr(error, 'reason', error))}") from error

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Call a path that answers with JSON; return the value, or None for an empty answer.

        Raises:
            NoAnswer: nothing answers there, or the sandbox refuses.
        """
        text = self.text(method, path, body)
        return json.loads(text) if text else None

    def _request(self, method: str, url: str, body: Any) -> Request:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = body
        if isinstance(body, _File):
            content, headers["Content-Length"] = body.content, str(body.size)
        elif body is not None:
            content = json.dumps(body).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        return Request(url, content, headers, method=method)  # noqa: S310 - `control_root` checked the scheme


def control_root(url: str) -> str:
    """Return the control root of the sandbox that has this URL: the base, the control root or the root of both.

    What the path has before `/STU3` or `/_sandbox` is kept: behind a proxy, everything is inside it.

    Raises:
        NoAnswer: it is not an http(s) URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NoAnswer(f"{url!r} is not the URL of a sandbox; expected one such as http://127.0.0.1:8080")
    prefix = re.split(r"/(?:STU3|_sandbox)(?:/|$)", parts.path, maxsplit=1)[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{prefix}/_sandbox"


def _reason(body: bytes) -> str:
    """Return the `error` of an answer of the control plane, or the whole text."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        return body.decode(errors="replace").strip()


def _why(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message}); --ca-file FILE names the authority"
    if isinstance(reason, socket.gaierror):
        return "the host name is not known"
    if isinstance(reason, ConnectionRefusedError):
        return "nothing listens there; is the sandbox running, and on this port?"
    return str(reason)
