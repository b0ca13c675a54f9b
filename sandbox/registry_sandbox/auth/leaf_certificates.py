"""Certificates of servers and clients: how an authority of a set issues one.

Source: RFC 5280.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trustme import CA

ORGANISATION: Final = "Appointment Registry Sandbox"
UNIT: Final = "Certificates for tests"  # trustme would use a random one, but the subjects appear in the journal
VALIDITY: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate with its private key, in PEM; `chain` is what its owner presents, its own certificate first."""

    chain: tuple[bytes, ...]
    key: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """When a certificate is valid."""

    not_before: datetime
    not_after: datetime


def valid_now(now: datetime) -> Span:
    """Return a validity that began long ago and goes on for long."""
    return Span(now - VALIDITY / 2, now + VALIDITY)


def issue(authority: "CA", names: Sequence[str], common_name: str, span: Span) -> Leaf:
    """Return a new certificate of an authority, for these DNS names and IP addresses.

    Raises:
        ValueError: one of the names is neither (UnicodeError, which DNS names can cause, is one too).
    """
    issued = authority.issue_cert(
        *names,
        organization_name=ORGANISATION,
        organization_unit_name=UNIT,
        common_name=common_name,
        not_before=span.not_before,
        not_after=span.not_after,
    )
    return Leaf(tuple(blob.bytes() for blob in issued.cert_chain_pems), issued.private_key_pem.bytes())
