"""What follows from the headers of the requests of one connection; it is worked out anew only where they differ.

Source: RFC 9110 section 7.2 (Host); operator.md, `--base-url`.
"""

from aiohttp import web
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from registry_sandbox.http.base_url import authority
from registry_sandbox.http.request import OF_ONE_REQUEST, HeaderFacts
from registry_sandbox.server.forwarded import HOST as AUTHORITY
from registry_sandbox.server.forwarded import forwarded_root, named_host
from registry_sandbox.server.listener import Listener

_OF_ONE_REQUEST = frozenset(each.encode() for each in OF_ONE_REQUEST)

Follows = tuple[CIMultiDictProxy[str], str, str, str, HeaderFacts]
"""The headers, the base, the subject of the client's certificate, `called_as`, and the facts, as `Request` has them."""


class Heads:
    """The headers of a connection's last request.

    Args:
        listener: what the connections to a port have in common.
        number: the connection's.

    Attributes:
        last: the headers, as they were sent; None before the first request.
        follows: what follows from them.
    """

    __slots__ = ("_listener", "_number", "follows", "last")

    def __init__(self, listener: Listener, number: int) -> None:
        self._listener = listener
        self._number = number
        self.last: RawHeaders | None = None
        self.follows: Follows

    def take(self, http: web.BaseRequest) -> None:
        """Take the headers of another request.

        Raises:
            InvalidHeader: as `named_host`; nothing has changed then.
        """
        if self.last is not None and _differ_in_ids_alone(self.last, http.raw_headers):
            _, base, subject, called_as, facts = self.follows
            self.follows = http.headers, base, subject, called_as, facts.with_other_ids()
        else:
            own, configured = self._own_base(http), self._listener.base_url
            base, called_as = (own, "") if configured is None else (configured, own)
            subject = _subject(http) if self._listener.secure else ""
            self.follows = http.headers, base, subject, called_as, HeaderFacts(connection=self._number)
        self.last = http.raw_headers

    def _own_base(self, http: web.BaseRequest) -> str:
        scheme, named = "https" if self._listener.secure else "http", named_host(http)
        if not AUTHORITY.fullmatch(named):
            named = authority(*_own_address(http))
        trusted = self._listener.trust_forwarded
        root = forwarded_root(http.headers, scheme, named) if trusted else f"{scheme}://{named}"
        return f"{root}{self._listener.base_path}"


def _differ_in_ids_alone(one: RawHeaders, other: RawHeaders) -> bool:
    return len(one) == len(other) and all(
        a == b or (a[0] == b[0] and a[0].lower() in _OF_ONE_REQUEST) for a, b in zip(one, other, strict=True)
    )


def _own_address(http: web.BaseRequest) -> tuple[str, int]:
    name, port = http.transport.get_extra_info("sockname")[:2] if http.transport else ("127.0.0.1", 0)
    return name, port


def _subject(http: web.BaseRequest) -> str:
    if http.transport is None:
        return ""
    from registry_sandbox.server.tls import subject_of

    ssl_object = http.transport.get_extra_info("ssl_object")
    return subject_of(ssl_object) if ssl_object is not None else ""
