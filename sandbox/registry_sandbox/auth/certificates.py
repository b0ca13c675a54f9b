"""Certificates for tests of TLS: a good set, and certificates that their peers must refuse.

trustme makes them; it takes a tenth of a second to import, so it is imported only when a set is made. TLS libraries
check certificates by the machine's clock, so the sandbox's own clock does not matter here.
Source: RFC 5280; Registry overview (mutual authentication).
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from registry_sandbox.auth.leaf_certificates import ORGANISATION, VALIDITY, Leaf, Span, issue, valid_now
from registry_sandbox.auth.tls_faults import COMMON_NAME, STRANGER, TLS_FAULTS, ServerOrder, TlsFault

if TYPE_CHECKING:
    from trustme import CA

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")

# The names of the files: certificates (with their chain) end in .pem, keys in .key, both together in .p12.
AUTHORITY: Final = "ca.pem"
INTERMEDIATE: Final = "intermediate-ca.pem"
SERVER: Final = "server"
CLIENT: Final = "client"
EXPIRED_CLIENT: Final = "expired-client"
UNKNOWN_CLIENT: Final = "unknown-client"
PASSWORD: Final = "sandbox"
"""Of the PKCS#12 files. It protects nothing: it is published, but many tools refuse a file without one."""


class UnusableCertificates(ValueError):
    """A set of certificates cannot be written, or an existing one cannot be used."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The two files of one certificate."""

    chain: Path
    key: Path


def certificate(folder: Path, name: str) -> Certificate:
    """Return the paths of the certificate with this name (`SERVER`, `CLIENT`, ...) in a folder."""
    return Certificate(folder / f"{name}.pem", folder / f"{name}.key")


def server_name(fault: TlsFault | None) -> str:
    """Return the name of the server's certificate that has this fault, or of the good one."""
    return SERVER if fault is None else f"{fault}-{SERVER}"


def write_certificates(folder: Path, names: Sequence[str], now: datetime, *, pkcs12: bool = False) -> list[Path]:
    """Write a CA, a good server certificate and one for each fault, and three client certificates.

    The clients' are a good one, an expired one, and one of an unknown CA. Only their owner can read the files, and the
    folder if it is made here. The keys of the CAs are not kept.

    Args:
        folder: made if it does not exist.
        names: DNS names or IP addresses of the server, in addition to the loopback ones.
        now: the machine's time (aware); the validity of the certificates is relative to it.
        pkcs12: whether to write each certificate with its key as a .p12 file too, with the password `PASSWORD`.

    Returns:
        The paths of the files.

    Raises:
        UnusableCertificates: a file exists already or cannot be written, or a name is not a DNS name or IP address.
    """
    files = dict(_made(names, now, pkcs12=pkcs12))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        present = [name for name in files if (folder / name).exists()]
        if present:  # its key may be in use
            use = f"(to serve with what is there: --tls-dir {folder})"
            raise UnusableCertificates(f"{folder / present[0]} exists already; expected a folder without it {use}")
        return [_write_private(folder / name, content) for name, content in files.items()]
    except OSError as error:
        raise UnusableCertificates(f"{folder} cannot be written ({error.strerror}); expected a folder") from error


def _made(names: Sequence[str], now: datetime, *, pkcs12: bool) -> Iterator[tuple[str, bytes]]:
    import trustme

    authority = trustme.CA(organization_name=ORGANISATION)
    intermediate = trustme.CA(authority, path_length=0, organization_name=ORGANISATION)
    yield AUTHORITY, authority.cert_pem.bytes()
    yield INTERMEDIATE, intermediate.cert_pem.bytes()
    order = ServerOrder(authority, intermediate, list(dict.fromkeys([*LOOPBACK_NAMES, *names])), now)
    leaves = _servers(order, names) | _clients(authority, trustme.CA(organization_name=STRANGER), now)
    for name, leaf in leaves.items():
        yield f"{name}.pem", b"".join(leaf.chain)
        yield f"{name}.key", leaf.key
    if pkcs12:
        for name, leaf in leaves.items():
            yield f"{name}.p12", _pkcs12(name, leaf)


def _servers(order: ServerOrder, names: Sequence[str]) -> dict[str, Leaf]:
    try:
        good = issue(order.authority, order.names, COMMON_NAME, valid_now(order.now))
    except ValueError as error:
        raise UnusableCertificates(f"{', '.join(names)}: expected DNS names or IP addresses ({error})") from error
    return {SERVER: good} | {server_name(fault): make(order) for fault, make in TLS_FAULTS.items()}


def _clients(authority: "CA", stranger: "CA", now: datetime) -> dict[str, Leaf]:
    expired = Span(now - VALIDITY, now - timedelta(days=1))
    return {
        name: issue(issuer, [f"{name}.invalid"], name, span)
        for name, issuer, span in (
            (CLIENT, authority, valid_now(now)),
            (EXPIRED_CLIENT, authority, expired),
            (UNKNOWN_CLIENT, stranger, valid_now(now)),
        )
    }


def _pkcs12(name: str, leaf: Leaf) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key
    from cryptography.hazmat.primitives.serialization import pkcs12 as writer
    from cryptography.x509 import load_pem_x509_certificate

    certificate, *chain = map(load_pem_x509_certificate, leaf.chain)
    key = cast("writer.PKCS12PrivateKeyTypes", load_pem_private_key(leaf.key, None))
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return writer.serialize_key_and_certificates(name.encode(), key, certificate, chain, encryption)


def _write_private(path: Path, content: bytes) -> Path:
    # O_EXCL with the mode: nobody else can read the file at any time, or have made it before us.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
