"""What follows from the headers of the requests of one connection; it is worked out anew only where they differ.

Source: RFC 9110 section 7.2 (Host); operator.md, `--base-url`.
"""

from itertools import compress
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from registry_sandbox.http.base_url import authority
from registry_sandbox.http.request import OF_ONE_REQUEST, SHORT_BYTES, HeaderFacts
from registry_sandbox.server.forwarded import HOST as AUTHORITY
from registry_sandbox.server.forwarded import forwarded_root, named_host
from registry_sandbox.server.listener import Listener

Follows = tuple[CIMultiDictProxy[str], str, str, str, HeaderFacts]
"""The headers, the base, the subject of the client's certificate, `called_as`, and the facts, as `Request` has them."""


class _Ids(NamedTuple):
    """Which of the fields that were sent are `OF_ONE_REQUEST`.

    Attributes:
        places: where they stand, and their names.
        stays: for each field that was sent, True if it is none of them.
        staying: the fields for which that is true.
    """

    places: list[tuple[int, str]]
    stays: list[bool]
    staying: RawHeaders


class Heads:
    """The headers of a connection's last request.

    Args:
        listener: what the connections to a port have in common.
        number: the connection's.

    Attributes:
        last: the headers, as they were sent; None before the first request.
        follows: what follows from them.
    """

    __slots__ = ("_ids", "_listener", "_number", "follows", "last")

    def __init__(self, listener: Listener, number: int) -> None:
        self._listener = listener
        self._number = number
        self.last: RawHeaders | None = None
        self.follows: Follows
        self._ids: _Ids | None = None  # of the last request; worked out when they are needed

    def take(self, http: web.BaseRequest) -> None:
        """Take the headers of another request.

        Raises:
            InvalidHeader: as `named_host`; nothing has changed then.
        """
        changed = None if self.last is None else self._changed_ids(self.last, http)
        if changed is not None:
            headers, base, subject, called_as, facts = self.follows
            self.follows = _merged(headers, changed, http.headers), base, subject, called_as, facts
        else:
            own, configured = self._own_base(http), self._listener.base_url
            base, called_as = (own, "") if configured is None else (configured, own)
            subject = _subject(http) if self._listener.secure else ""
            self.follows = http.headers, base, subject, called_as, HeaderFacts(connection=self._number)
            self._ids = None
        self.last = http.raw_headers

    def _changed_ids(self, before: RawHeaders, http: web.BaseRequest) -> list[str] | None:
        """Return the names of the fields that differ; None if they are not all short ids."""
        now = http.raw_headers
        if self._ids is None:
            self._ids = _ids_among(before, self.follows[0])
        places, stays, staying = self._ids
        if len(before) != len(now) or tuple(compress(now, stays)) != staying:
            return None
        changed = []
        for at, name in places:
            one, other = before[at], now[at]
            if one != other:
                if one[0] != other[0] or max(len(one[1]), len(other[1])) > SHORT_BYTES:
                    return None
                changed.append(name)
        return changed

    def _own_base(self, http: web.BaseRequest) -> str:
        scheme, named = "https" if self._listener.secure else "http", named_host(http)
        if not AUTHORITY.fullmatch(named):
            named = authority(*_own_address(http))
        trusted = self._listener.trust_forwarded
        root = forwarded_root(http.headers, scheme, named) if trusted else f"{scheme}://{named}"
        return f"{root}{self._listener.base_path}"


def _ids_among(sent: RawHeaders, headers: CIMultiDictProxy[str]) -> _Ids:
    spelt = {name.lower(): name for name in headers}
    names = [name.decode("latin-1").lower() for name, _ in sent]
    stays = [name not in OF_ONE_REQUEST for name in names]
    places = [(at, spelt[name]) for at, name in enumerate(names) if not stays[at]]
    return _Ids(places, stays, tuple(compress(sent, stays)))


def _merged(before: CIMultiDictProxy[str], changed: list[str], now: CIMultiDictProxy[str]) -> CIMultiDictProxy[str]:
    """Return the headers of now, in the memory of those before where they are the same: the journal keeps very many."""
    merged = before.copy()
    for name in changed:
        merged[name] = now[name]
    return CIMultiDictProxy(merged) if len(merged) == len(now) else now  # fewer, if a changed field occurs twice


def _own_address(http: web.BaseRequest) -> tuple[str, int]:
    name, port = http.transport.get_extra_info("sockname")[:2] if http.transport else ("127.0.0.1", 0)
    return name, port


def _subject(http: web.BaseRequest) -> str:
    if http.transport is None:
        return ""
    from registry_sandbox.server.tls import subject_of

    ssl_object = http.transport.get_extra_info("ssl_object")
    return subject_of(ssl_object) if ssl_object is not None else ""
