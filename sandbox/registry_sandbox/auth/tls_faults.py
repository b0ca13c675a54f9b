"""Server certificates that clients must refuse: one function for each fault, and the table of them.

Each has one fault only: in all else it is as good as the set's good one. Source: RFC 5280 section 6; RFC 9525.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from registry_sandbox.auth.leaf_certificates import VALIDITY, Leaf, Span, issue, valid_now

if TYPE_CHECKING:
    from trustme import CA

TlsFault = Literal["expired", "not-yet-valid", "wrong-host", "unknown-ca", "self-signed", "incomplete-chain"]

STRANGER: Final = "A certificate authority that nobody knows"
COMMON_NAME: Final = "localhost"
WRONG_HOST: Final = "another-host.invalid"


@dataclass(frozen=True, slots=True)
class ServerOrder:
    """What the server certificates of a set have in common.

    Attributes:
        authority: the authority that clients trust.
        intermediate: an authority that it has certified; clients do not know it.
        names: the DNS names and IP addresses of the server.
        now: the machine's time.
    """

    authority: "CA"
    intermediate: "CA"
    names: Sequence[str]
    now: datetime


def _expired(order: ServerOrder) -> Leaf:
    span = Span(order.now - VALIDITY, order.now - timedelta(days=1))
    return issue(order.authority, order.names, COMMON_NAME, span)


def _not_yet_valid(order: ServerOrder) -> Leaf:
    # It begins when the good one ends: as long as a set is of use, it is not valid yet.
    span = Span(order.now + VALIDITY, order.now + 2 * VALIDITY)
    return issue(order.authority, order.names, COMMON_NAME, span)


def _wrong_host(order: ServerOrder) -> Leaf:
    return issue(order.authority, [WRONG_HOST], WRONG_HOST, valid_now(order.now))


def _unknown_ca(order: ServerOrder) -> Leaf:
    import trustme

    stranger = trustme.CA(organization_name=STRANGER)
    leaf = issue(stranger, order.names, COMMON_NAME, valid_now(order.now))
    # With its root the chain is complete: otherwise clients could not tell this fault from an incomplete chain.
    return Leaf((*leaf.chain, stranger.cert_pem.bytes()), leaf.key)


def _self_signed(order: ServerOrder) -> Leaf:
    good = issue(order.authority, order.names, COMMON_NAME, valid_now(order.now))
    return Leaf((_signed_by_itself(good),), good.key)


def _incomplete_chain(order: ServerOrder) -> Leaf:
    leaf = issue(order.intermediate, order.names, COMMON_NAME, valid_now(order.now))
    return Leaf(leaf.chain[:1], leaf.key)


TLS_FAULTS: Final[Mapping[TlsFault, Callable[[ServerOrder], Leaf]]] = {
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
    "wrong-host": _wrong_host,
    "unknown-ca": _unknown_ca,
    "self-signed": _self_signed,
    "incomplete-chain": _incomplete_chain,
}


def _signed_by_itself(good: Leaf) -> bytes:
    """Return the certificate anew, issued by its own subject and signed with its own key."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
    from cryptography.x509 import AuthorityKeyIdentifier, CertificateBuilder, load_pem_x509_certificate

    issued, key = load_pem_x509_certificate(good.chain[0]), load_pem_private_key(good.key, None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("trustme's keys are elliptic curve keys")
    builder = (
        CertificateBuilder()
        .subject_name(issued.subject)
        .issuer_name(issued.subject)
        .public_key(key.public_key())
        .serial_number(issued.serial_number)
        .not_valid_before(issued.not_valid_before_utc)
        .not_valid_after(issued.not_valid_after_utc)
    )
    for each in issued.extensions:
        if not isinstance(each.value, AuthorityKeyIdentifier):  # that of the authority
            builder = builder.add_extension(each.value, each.critical)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
