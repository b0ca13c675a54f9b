"""The URL that a client called: by its Host header, or as a proxy in front of the sandbox reports it.

Source: RFC 7239 (`Forwarded`); `X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix` are what proxies send without it.
"""

import re
from typing import Final

from aiohttp import HttpVersion10, web
from multidict import CIMultiDictProxy

from registry_sandbox.http.errors import InvalidHeader
from registry_sandbox.http.field_names import HOST as HOST_FIELD
from registry_sandbox.server.unreadable import reason

HOST: Final = re.compile(r"[A-Za-z0-9.\-_~]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)
"""An authority that can stand in a URL."""

_PAIR: Final = re.compile(r'\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s;,"]+))\s*')
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9.\-_~]+)+", re.ASCII)


def forwarded_root(headers: CIMultiDictProxy[str], scheme: str, authority: str) -> str:
    """Return the root URL that the client called, without a slash at its end.

    The first proxy received the client's call, so the first element of each list counts. A value that cannot be part of
    a URL is ignored.

    Args:
        headers: the headers of the request.
        scheme: the scheme that the proxy used.
        authority: the authority that the proxy used.
    """
    said = _of_forwarded(headers) if "Forwarded" in headers else _of_x_forwarded(headers)
    scheme = said["proto"].lower() if said.get("proto", "").lower() in ("http", "https") else scheme
    authority = said["host"] if HOST.fullmatch(said.get("host", "")) else authority
    if re.fullmatch(r"\d{1,5}", said.get("port", "")) and not re.search(r":\d+$", authority):
        authority = f"{authority}:{said['port']}"
    prefix = said.get("prefix", "").rstrip("/")
    return f"{scheme}://{authority}{prefix if _PREFIX.fullmatch(prefix) else ''}"


def _of_forwarded(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    element = headers["Forwarded"].partition(",")[0]
    pairs = [_PAIR.fullmatch(each) for each in element.split(";")]
    return {pair[1].lower(): pair[2] or pair[3] or "" for pair in pairs if pair is not None}


def _of_x_forwarded(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    names = ("proto", "host", "port", "prefix")
    return {name: headers.get(f"X-Forwarded-{name}", "").partition(",")[0].strip() for name in names}


def named_host(http: web.BaseRequest) -> str:
    """Return the Host header.

    Raises:
        InvalidHeader: there are several; an HTTP/1.1 request has none (RFC 9112 section 3.2); or the HTTP version has
            no headers.
    """
    if http.version < HttpVersion10:
        raise InvalidHeader(reason("version"))
    named = http.headers.getall(HOST_FIELD, ())
    if len(named) > 1 or (not named and http.version != HttpVersion10):
        raise InvalidHeader(reason("duplicate host" if named else "missing host"), location="http.Host")
    return named[0] if named else ""
