"""A server certificate that is bad on purpose, and how clients take it.

Source: RFC 8446 section 6 (alerts).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from registry_sandbox.auth.tls_faults import TlsFault


@dataclass(slots=True)
class BadCertificate:
    """The fault of the certificate in force, and the clients that did not accept it.

    The journal shows who accepted it and sent a request: such exchanges have the mark `tls_fault`.

    Attributes:
        fault: what is wrong with the certificate.
        refused: how many handshakes the client ended once it had the certificate, by the name of the alert that it
            sent, or `no alert`: some clients only hang up.
        silent: how many connections ended after the handshake without a byte from the client. Some TLS libraries
            check a certificate, or the host name, only then.
    """

    fault: TlsFault
    refused: Counter[str] = field(default_factory=Counter)
    silent: int = 0

    def note_refusal(self, alert: str) -> None:
        """Note how a client ended a handshake: by an alert such as `certificate expired`; empty if there was none."""
        self.refused[alert or "no alert"] += 1

    def note_silence(self) -> None:
        """Note a connection that ended after the handshake without a byte from the client."""
        self.silent += 1

    @property
    def turned_away(self) -> int:
        """How many connections ended without a request, once the client had the certificate."""
        return self.refused.total() + self.silent

    def clear(self) -> None:
        """Forget what was noted."""
        self.refused.clear()
        self.silent = 0

    def as_json(self) -> dict[str, Any]:
        """Return the fault and the counts, as the control plane shows them."""
        return {"tls_fault": self.fault, "refused": dict(self.refused), "silent": self.silent}
