"""Certificates for tests of TLS: a good set, and client certificates that a server under mutual TLS must refuse.

trustme makes them; it takes a tenth of a second to import, so it is imported only when a set is made. TLS libraries
check certificates by the machine's clock, so the sandbox's own clock does not matter here.
Source: RFC 5280; Registry overview (mutual authentication).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from trustme import CA, LeafCert

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")
ORGANISATION: Final = "Appointment Registry Sandbox"
UNIT: Final = "Certificates for tests"  # trustme would use a random one, but the subjects appear in the journal
VALIDITY: Final = timedelta(days=365)

# The names of the files: certificates (with their chain) end in .pem, keys in .key, both together in .p12.
AUTHORITY: Final = "ca.pem"
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


def write_certificates(folder: Path, names: Sequence[str], now: datetime, *, pkcs12: bool = False) -> list[Path]:
    """Write a CA, a server certificate and three client certificates: a good one, an expired one, one of an unknown CA.

    Only their owner can read the files, and the folder if it is made here. The keys of the CAs are not kept.

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
    files = dict(_made(names, now))
    if pkcs12:
        files |= {f"{name}.p12": _pkcs12(name, files) for name in (SERVER, CLIENT, EXPIRED_CLIENT, UNKNOWN_CLIENT)}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        present = [name for name in files if (folder / name).exists()]
        if present:  # its key may be in use
            raise UnusableCertificates(f"{folder / present[0]} exists already; expected a folder without it")
        return [_write_private(folder / name, content) for name, content in files.items()]
    except OSError as error:
        raise UnusableCertificates(f"{folder} cannot be written ({error.strerror}); expected a folder") from error


def _made(names: Sequence[str], now: datetime) -> Iterator[tuple[str, bytes]]:
    import trustme

    authority = trustme.CA(organization_name=ORGANISATION)
    yield AUTHORITY, authority.cert_pem.bytes()
    yield from _files(SERVER, _server_leaf(authority, names, now))
    yield from _files(CLIENT, _client_leaf(authority, CLIENT, now - VALIDITY / 2, now + VALIDITY))
    expired = _client_leaf(authority, EXPIRED_CLIENT, now - VALIDITY, now - timedelta(days=1))
    yield from _files(EXPIRED_CLIENT, expired)
    stranger = trustme.CA(organization_name="A certificate authority that nobody knows")
    yield from _files(UNKNOWN_CLIENT, _client_leaf(stranger, UNKNOWN_CLIENT, now - VALIDITY / 2, now + VALIDITY))


def _server_leaf(authority: "CA", names: Sequence[str], now: datetime) -> "LeafCert":
    identities = dict.fromkeys([*LOOPBACK_NAMES, *names])
    try:
        return authority.issue_cert(
            *identities,
            organization_name=ORGANISATION,
            organization_unit_name=UNIT,
            common_name="localhost",
            not_before=now - VALIDITY / 2,
            not_after=now + VALIDITY,
        )
    except (ValueError, UnicodeError) as error:
        raise UnusableCertificates(f"{', '.join(names)}: expected DNS names or IP addresses ({error})") from error


def _client_leaf(authority: "CA", name: str, not_before: datetime, not_after: datetime) -> "LeafCert":
    return authority.issue_cert(
        f"{name}.invalid",
        organization_name=ORGANISATION,
        organization_unit_name=UNIT,
        common_name=name,
        not_before=not_before,
        not_after=not_after,
    )


def _files(name: str, leaf: "LeafCert") -> Iterator[tuple[str, bytes]]:
    yield f"{name}.pem", b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    yield f"{name}.key", leaf.private_key_pem.bytes()


def _pkcs12(name: str, files: Mapping[str, bytes]) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key
    from cryptography.hazmat.primitives.serialization import pkcs12 as writer
    from cryptography.x509 import load_pem_x509_certificates

    certificate, *chain = load_pem_x509_certificates(files[f"{name}.pem"])
    key = cast("writer.PKCS12PrivateKeyTypes", load_pem_private_key(files[f"{name}.key"], None))
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return writer.serialize_key_and_certificates(name.encode(), key, certificate, chain, encryption)


def _write_private(path: Path, content: bytes) -> Path:
    # O_EXCL with the mode: nobody else can read the file at any time, or have made it before us.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
