"""How a Valkey is reached: the URL, TLS, and why there is no answer where something else listens.

Only a sandbox with `--store` imports this module.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from redis.exceptions import AuthenticationError

from registry_sandbox.auth.certificates import UnusableCertificates

_PORT: Final = 6379
_PROBES_FOR_S: Final = 0.5
_UNKNOWN_AUTHORITY: Final = {18, 19, 20, 21}
"""The codes of OpenSSL for a chain that ends in no trusted certificate. Source: openssl-verification-options(1)."""


def place_of(url: str) -> str:
    """Return where a store is, without its password: `valkey://host:6379/0`."""
    parts = urlsplit(url)
    name = parts.hostname or "localhost"
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}:{parts.port or _PORT}{parts.path}"


def redis_url(url: str) -> str:
    """Return the URL as the library spells it, which comes from Redis; without its parameters."""
    scheme, _, rest = url.partition("?")[0].partition("://")
    return f"{'rediss' if _is_tls(scheme) else 'redis'}://{rest}"


def tls_options(url: str) -> dict[str, Any]:
    """Return what the library has to know of TLS: the certificate has to be of the host, and of a trusted authority.

    Raises:
        UnusableCertificates: a file that the URL names cannot be used.
    """
    parts = urlsplit(url)
    if not _is_tls(parts.scheme):
        return {}
    named = dict(parse_qsl(parts.query))
    _require_usable(named, place_of(url))
    # Old releases of the library do not look at the name unless they are told to.
    return {**named, "ssl_cert_reqs": "required", "ssl_check_hostname": True}


def _is_tls(scheme: str) -> bool:
    return scheme in {"valkeys", "rediss"}


def _require_usable(named: dict[str, str], place: str) -> None:
    """Load the files as the library will, to tell which one cannot be used."""
    context = ssl.create_default_context()
    try:
        at_fault = f"ssl_ca_certs={named.get('ssl_ca_certs')}"
        if "ssl_ca_certs" in named:
            context.load_verify_locations(named["ssl_ca_certs"])
        if "ssl_certfile" in named:
            files = named["ssl_certfile"], named.get("ssl_keyfile")
            at_fault = " and ".join(f"{name}={file}" for name, file in named.items() if name != "ssl_ca_certs")
            context.load_cert_chain(*files, password=_nothing)
    except OSError as error:  # those of ssl are such too
        why = error.strerror or "a key without a passphrase, and its certificate, are expected"
        raise UnusableCertificates(f"the store {place}: {at_fault} cannot be used: {why}") from error


def _nothing() -> str:
    """Return no passphrase, so that nobody is asked for one at a terminal."""
    return ""


def lasting_reason(error: BaseException) -> str:
    """Return why a call failed and will fail again, with what can be done; empty where the next one may succeed."""
    if isinstance(error, AuthenticationError):
        return str(error)
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            hint = " (ssl_ca_certs=FILE names another authority)" if each.verify_code in _UNKNOWN_AUTHORITY else ""
            return f"its certificate is refused: {each.verify_message}{hint}"
        if isinstance(each, ssl.SSLError) and "ALERT" in str(each.reason):
            return f"it refuses TLS with this sandbox: {each.reason} (ssl_certfile=FILE shows a certificate)"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def spelled_otherwise(url: str) -> str:
    """Return how the URL should begin, if the store speaks TLS and the URL does not, or the other way round.

    It is empty where that is not what is wrong.
    """
    parts = urlsplit(url)
    tls = _is_tls(parts.scheme)
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(_PROBES_FOR_S):
            if tls and await _speaks_plainly(parts):
                return f"{parts.scheme[:-1]}://"
            if not tls and await _speaks_tls(parts):
                return f"{parts.scheme}s://"
    return ""


async def _speaks_plainly(parts: SplitResult) -> bool:
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or _PORT)
    try:
        writer.write(b"PING\r\n")
        return await reader.readexactly(1) in {b"+", b"-"}  # it may want a password first
    finally:
        await _hang_up(writer)


async def _speaks_tls(parts: SplitResult) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent but the handshake
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or _PORT, ssl=context)
    await _hang_up(writer)
    return True


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
