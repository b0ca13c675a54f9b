"""A port whose certificate is bad on purpose: it watches what clients do about it.

A client may refuse in the handshake, refuse after it, or send something all the same. Source: RFC 8446 section 6.
"""

import socket
from dataclasses import dataclass
from ssl import PROTOCOL_TLS_SERVER, MemoryBIO, SSLContext, SSLObject
from typing import Any

from aiohttp import web

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.request import Request
from registry_sandbox.server.connection import Connection
from registry_sandbox.server.listener import Listener
from registry_sandbox.server.tls import ExplainingSSLObject
from registry_sandbox.server.tls_port import TlsPort


@dataclass(slots=True, kw_only=True)
class WatchedTlsPort(TlsPort):
    """A TLS port that notes handshakes which the client ended."""

    bad_certificate: BadCertificate

    async def shake_hands(self, connection: socket.socket, context: SSLContext) -> None:
        """Do the handshake, and note whether the client ended it.

        Raises:
            SSLError, OSError: as `TlsPort.shake_hands`.
        """
        watched = _ContextOfOne(PROTOCOL_TLS_SERVER)
        watched.shared = context
        try:
            # Not super(): a dataclass with slots is a copy of the class that the compiler knows.
            await TlsPort.shake_hands(self, connection, watched)
        except OSError:  # not if it took too long: then the task is cancelled
            self._note(watched.made)
            raise

    def _note(self, tls: SSLObject | None) -> None:
        if tls is None or tls.shared_ciphers() is None:
            return  # it hung up before its hello was complete, and so before it had the certificate
        failure = tls.failure if isinstance(tls, ExplainingSSLObject) else None
        # OpenSSL's name for it, such as SSLV3_ALERT_CERTIFICATE_EXPIRED or TLSV1_ALERT_UNKNOWN_CA.
        _, is_alert, alert = ((failure and failure.reason) or "").partition("_ALERT_")
        if failure is None or is_alert:  # otherwise, we refused
            self.bad_certificate.note_refusal(alert.lower().replace("_", " "))


class _ContextOfOne(SSLContext):
    """The port's context for one connection: event loops do not show the TLS of a handshake that failed."""

    shared: SSLContext
    made: SSLObject | None = None

    def wrap_bio(self, incoming: MemoryBIO, outgoing: MemoryBIO, *arguments: Any, **named: Any) -> SSLObject:
        self.made = self.shared.wrap_bio(incoming, outgoing, *arguments, **named)
        return self.made


class WatchedConnection(Connection):
    """A connection whose handshake is complete, although the client ought to have refused the certificate.

    Raises:
        TypeError: the certificate of the listener is not known to be bad.
    """

    def __init__(self, listener: Listener, server: web.Server) -> None:
        super().__init__(listener, server)
        if listener.bad_certificate is None:
            raise TypeError("only connections over a bad certificate are watched")
        self._bad: BadCertificate = listener.bad_certificate
        self._silent = True

    def data_received(self, data: bytes) -> None:
        """Note that the client sends something."""
        self._silent = False
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note whether the client has sent nothing."""
        if self._silent:
            self._bad.note_silence()
        super().connection_lost(exc)

    def _refuse_and_close(self, error: SandboxError) -> None:
        self._silent = False  # we hang up, so nobody knows what the client would have sent
        super()._refuse_and_close(error)

    def _request(self, http: web.BaseRequest) -> Request:
        request = super()._request(http)
        request.tls_fault = self._bad.fault
        return request
