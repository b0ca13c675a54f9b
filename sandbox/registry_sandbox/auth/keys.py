"""The RSA keys that sign tokens, and the public keys that verify them.

pyjwt and cryptography take a tenth of a second to import, so they are imported where a key is first made or read: a
sandbox that verifies no signatures (`--auth spine`, `--auth off`) starts without them.
Source: RFC 7517; RFC 7518 sections 3.3 and 6.3.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from registry_sandbox.auth.jws import base64url, from_base64url

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

ALGORITHM = "RS256"
"""The signature algorithm of the pages' sample; no other is accepted."""

MIN_BITS = 2048

_USUAL_EXPONENT = 65_537


class UnusableKey(ValueError):
    """A key file cannot be read, or has no key that can sign or verify tokens."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures; if `issuer` is not empty, only for tokens of that issuer.

    `retired_s` is when a new key has replaced it, in seconds since 1970 on the sandbox's clock: from then on its tokens
    are refused.
    """

    kid: str
    rsa: "RSAPublicKey"
    issuer: str = ""
    retired_s: float | None = None

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Return True if the private half of this key made the signature."""
        import jwt

        return jwt.get_algorithm_by_name(ALGORITHM).verify(signing_input, self.rsa, signature)


class KeySet:
    """Public keys by the `kid` that a token's header names."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self._by_kid: dict[str, PublicKey] = {}
        for key in keys:
            if key.kid in self._by_kid:
                raise UnusableKey(f"two keys have the kid {key.kid!r}; expected each kid once")
            self._by_kid[key.kid] = key

    def __or__(self, other: "KeySet") -> "KeySet":
        """Return the keys of both sets."""
        return KeySet([*self._by_kid.values(), *other._by_kid.values()])

    @property
    def kids(self) -> tuple[str, ...]:
        """The ids of all keys."""
        return tuple(self._by_kid)

    def find(self, kid: object) -> PublicKey | None:
        """Return the key with this id, or None."""
        return self._by_kid.get(kid) if isinstance(kid, str) else None

    @classmethod
    def load(cls, path: Path, issuer: str = "") -> Self:
        """Read a JWKS file. Keys that RS256 cannot use are ignored, as RFC 7517 section 5 advises.

        Raises:
            UnusableKey: the file cannot be read, is not a JWKS, has a kid twice, or has no usable key.
        """
        keys: list[PublicKey] = []
        reasons: list[str] = []
        for position, jwk in enumerate(_jwks_members(path)):
            try:
                keys.append(_public_key(jwk, issuer))
            except UnusableKey as error:
                reasons.append(f"keys[{position}] {error}")
        if not keys:
            raise UnusableKey(f"{path}: no key that verifies {ALGORITHM}: {'; '.join(reasons) or 'keys is empty'}")
        try:
            return cls(keys)
        except UnusableKey as error:
            raise UnusableKey(f"{path}: {error}") from None


class SigningKey:
    """An RSA key that signs tokens; its certificate gives it the names `kid` and `x5t`."""

    def __init__(self, rsa: "RSAPrivateKey") -> None:
        self._rsa = rsa
        self.certificate = _certificate(rsa)
        # RFC 7515 section 4.1.7 defines x5t by SHA-1. It is only a name here: nothing is protected by it.
        thumbprint = hashlib.sha1(self.certificate, usedforsecurity=False).digest()
        self.x5t = base64url(thumbprint)
        self.kid = self.x5t  # in the tokens of Azure AD v1 the two are the same

    @classmethod
    def generate(cls) -> Self:
        """Generate a key of 2048 bits; this takes about a tenth of a second."""
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

        return cls(generate_private_key(_USUAL_EXPONENT, MIN_BITS))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a PEM file with an unencrypted RSA private key.

        Raises:
            UnusableKey: the file cannot be read, or contains something else.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        expected = f"expected a PEM file with an unencrypted RSA private key of at least {MIN_BITS} bits"
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise UnusableKey(f"{path} cannot be read ({error.strerror}); {expected}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm):  # `from None`: these quote what they could not read
            raise UnusableKey(f"{path} has no readable private key; {expected}") from None
        if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
            raise UnusableKey(f"{path} has a key of another kind or size; {expected}")
        return cls(key)

    @classmethod
    def of(cls, pem: bytes) -> Self:
        """Return the key that `pem` wrote."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key(pem, None)
        if not isinstance(key, RSAPrivateKey):
            raise UnusableKey("expected an RSA private key in PEM")
        return cls(key)

    @property
    def pem(self) -> bytes:
        """The private key: whoever has it can make every token."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, signing_input: bytes) -> bytes:
        """Sign with RS256."""
        import jwt

        return jwt.get_algorithm_by_name(ALGORITHM).sign(signing_input, self._rsa)

    def public(self, issuer: str = "", retired_s: float | None = None) -> KeySet:
        """Return the key set that verifies signatures of this key, limited to `issuer` if it is not empty."""
        return KeySet([PublicKey(self.kid, self._rsa.public_key(), issuer, retired_s)])

    def jwks(self) -> dict[str, Any]:
        """Return the public half as a JSON Web Key Set of one key: `kty use alg kid x5t n e x5c`."""
        import base64

        numbers = self._rsa.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": ALGORITHM,
            "kid": self.kid,
            "x5t": self.x5t,
            "n": _base64url_uint(numbers.n),
            "e": _base64url_uint(numbers.e),
            "x5c": [base64.b64encode(self.certificate).decode("ascii")],
        }
        return {"keys": [key]}


def _base64url_uint(number: int) -> str:
    return base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _certificate(rsa: "RSAPrivateKey") -> bytes:
    # Fixed dates and serial number, and a signature without randomness: one key always has the same certificate, so a
    # sandbox with --signing-key has the same kid in every run. Nothing checks the dates.
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Appointment Registry Sandbox tokens")])
    builder = x509.CertificateBuilder(name, name, rsa.public_key(), serial_number=1)
    builder = builder.not_valid_before(datetime(2019, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2049, 1, 1, tzinfo=UTC)
    )
    return builder.sign(rsa, SHA256()).public_bytes(Encoding.DER)


def _jwks_members(path: Path) -> list[Any]:
    expected = 'expected a JSON Web Key Set, {"keys": [...]}'
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise UnusableKey(f"{path} cannot be read ({error.strerror}); {expected}") from error
    except (ValueError, RecursionError) as error:
        raise UnusableKey(f"{path} is not JSON; {expected}") from error
    members = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(members, list):
        raise UnusableKey(f"{path} is not a key set; {expected}")
    return members


def _public_key(jwk: Any, issuer: str) -> PublicKey:
    if not isinstance(jwk, Mapping):
        raise UnusableKey("is not a JSON object")
    if jwk.get("kty") != "RSA":
        raise UnusableKey("is of a kty other than RSA")
    if jwk.get("use", "sig") != "sig":
        raise UnusableKey("has a use other than sig")
    if jwk.get("alg", ALGORITHM) != ALGORITHM:
        raise UnusableKey(f"has an alg other than {ALGORITHM}")
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise UnusableKey("has no kid")
    return PublicKey(kid, _rsa_public_key(jwk), issuer)


def _rsa_public_key(jwk: Mapping[str, Any]) -> "RSAPublicKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    try:
        modulus, exponent = (int.from_bytes(from_base64url(jwk[name]), "big") for name in ("n", "e"))
        key = RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError):
        raise UnusableKey("has no n and e in base64url that form an RSA key") from None
    if key.key_size < MIN_BITS:
        raise UnusableKey(f"has {key.key_size} bits, fewer than {MIN_BITS}")
    return key
