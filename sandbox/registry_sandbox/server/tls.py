"""TLS for the listener: version 1.2 and later, with or without client certificates.

Source: Registry overview (mutual authentication); RFC 8446; RFC 4514 for the subject's spelling.
"""

import ssl
from pathlib import Path
from typing import Literal

from registry_sandbox.auth.certificates import AUTHORITY, UnusableCertificates, certificate, server_name
from registry_sandbox.auth.tls_faults import TlsFault


def ssl_context(mode: Literal["server", "mutual"], folder: Path, fault: TlsFault | None = None) -> ssl.SSLContext:
    """Return the server's TLS context, from a folder as `certs` writes it.

    `server.pem` and `server.key` are the server's; with a fault, `expired-server.pem` and so on. Under `mutual`,
    clients need a certificate of the CA in `ca.pem`.

    Raises:
        UnusableCertificates: a file is missing or cannot be used; the message names it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = ExplainingSSLObject
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    own = certificate(folder, server_name(fault))
    _require_file(own.chain)
    _require_file(own.key)
    try:
        # Without a password here, OpenSSL would ask for an encrypted key's password at the terminal.
        context.load_cert_chain(own.chain, own.key, password="")
    except (ssl.SSLError, ValueError) as error:
        expected = "expected a PEM certificate and its unencrypted private key"
        raise UnusableCertificates(f"{own.chain} and {own.key} cannot be used; {expected}") from error
    if mode == "mutual":
        context.verify_mode = ssl.CERT_REQUIRED
        _trust(context, folder / AUTHORITY)
    return context


def subject_of(connection: ssl.SSLObject | ssl.SSLSocket | None) -> str:
    """Return the subject of the peer's certificate as an RFC 4514 string; empty if there is no certificate."""
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    if not der:
        return ""
    # x509 is needed only for client certificates, and takes some 20 ms to import.
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der).subject.rfc4514_string()


class ExplainingSSLObject(ssl.SSLObject):
    """The server's side of a connection; it tells its peer why the handshake failed.

    OpenSSL makes an alert that names the reason (certificate expired, unknown CA), but asyncio and uvloop close the
    connection without sending it. So a failed handshake first asks to read more, which makes them send the alert; the
    peer then hangs up. A peer that goes on sending is cut off at once. A peer that does nothing is cut off by the time
    limit of the handshake.

    Attributes:
        failure: the first error of the handshake, if it failed.
    """

    failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        """Go on with the handshake, as `ssl.SSLObject` does."""
        if self.failure is not None:
            # The first error: a later one of the same handshake can look like a request to read more.
            raise self.failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.failure = error
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "the alert is to be sent first") from error


def _trust(context: ssl.SSLContext, authority: Path) -> None:
    _require_file(authority)
    try:
        context.load_verify_locations(authority)
    except ssl.SSLError as error:
        raise UnusableCertificates(
            f"{authority} cannot be used; expected PEM certificates of the clients' CA"
        ) from error


def _require_file(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        expected = "expected the files that 'registry-sandbox certs DIR' writes"
        raise UnusableCertificates(f"{path} cannot be read ({error.strerror}); {expected}") from error
