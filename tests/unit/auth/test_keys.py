"""Keys from files: what can be used, and what is said of the rest."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import load_der_x509_certificate

from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.jws import from_base64url
from registry_sandbox.auth.keys import KeySet, SigningKey, UnusableKey

SHORT_KEY = generate_private_key(65_537, 1024)  # noqa: S505 - to be refused


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    """Make a private key that no sandbox class made."""
    return generate_private_key(65_537, 2048)


def pem(key: Any, encryption: KeySerializationEncryption | None = None) -> bytes:
    """Return the PEM of a private key."""
    encoded: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return encoded


class TestSigningKey:
    """--signing-key FILE."""

    def test_a_file_gives_the_same_names_each_time(self, tmp_path: Path, rsa: RSAPrivateKey) -> None:
        """Two starts publish the very same key set."""
        path = tmp_path / "key.pem"
        path.write_bytes(pem(rsa))
        first, second = SigningKey.load(path), SigningKey.load(path)
        assert first.jwks() == second.jwks()
        assert first.kid == first.x5t

    def test_two_keys_have_two_names(self, key: SigningKey, tmp_path: Path, rsa: RSAPrivateKey) -> None:
        """The kid depends on the key."""
        path = tmp_path / "key.pem"
        path.write_bytes(pem(rsa))
        assert SigningKey.load(path).kid != key.kid

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"", "has no readable private key"),
            (b"\xff\x00 rubbish", "has no readable private key"),
            (
                b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "has no readable private key",
            ),
            (pem(SHORT_KEY), "has a key of another kind or size"),
            (pem(generate_ec_key(SECP256R1())), "has a key of another kind or size"),
            (pem(generate_ec_key(SECP256R1()), BestAvailableEncryption(b"x")), "has no readable private key"),
        ],
        ids=["empty", "rubbish", "no key inside", "too short", "elliptic", "encrypted"],
    )
    def test_a_file_that_cannot_be_used(self, content: bytes, problem: str, tmp_path: Path) -> None:
        """The message names the file, the problem and what was expected, and nothing of the content."""
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        with pytest.raises(UnusableKey) as refusal:
            SigningKey.load(path)
        expected = "expected a PEM file with an unencrypted RSA private key of at least 2048 bits"
        assert str(refusal.value) == f"{path} {problem}; {expected}"

    def test_a_missing_file(self, tmp_path: Path) -> None:
        """The system's reason is told."""
        with pytest.raises(UnusableKey, match=r"key\.pem cannot be read \(No such file or directory\)"):
            SigningKey.load(tmp_path / "key.pem")

    def test_the_key_set_holds_nothing_private(self, key: SigningKey) -> None:
        """Of RFC 7518's members of an RSA key, only the public ones are published."""
        [jwk] = key.jwks()["keys"]
        assert set(jwk) == {"kty", "use", "alg", "kid", "x5t", "n", "e", "x5c"}

    def test_the_certificate_holds_the_key(self, key: SigningKey) -> None:
        """The certificate of x5c is signed by its own key, which is that of n and e."""
        [jwk] = key.jwks()["keys"]
        certificate = load_der_x509_certificate(key.certificate)
        certificate.verify_directly_issued_by(certificate)
        assert certificate.public_key() == jwt.PyJWK(jwk).key


class TestKeySet:
    """--jwks FILE."""

    def load(self, tmp_path: Path, content: object) -> KeySet:
        """Load a key set from a file of that content."""
        path = tmp_path / "jwks.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return KeySet.load(path)

    def test_what_is_published_can_be_loaded(self, tmp_path: Path, key: SigningKey, issuer: Issuer) -> None:
        """A file of /.well-known/jwks.json verifies what the key signed."""
        loaded = self.load(tmp_path, key.jwks()).find(key.kid)
        assert loaded is not None
        signing_input, _, signature = issuer.issue("sandbox-client", "urn:x", 0).rpartition(".")
        assert loaded.verifies(signing_input.encode(), from_base64url(signature))
        assert not loaded.verifies(b"another", from_base64url(signature))

    def test_keys_of_no_use_are_passed_over(self, tmp_path: Path, key: SigningKey) -> None:
        """A real issuer's set has keys for encryption and of other kinds beside the one that matters."""
        [jwk] = key.jwks()["keys"]
        others: list[object] = [
            {"kty": "EC", "kid": "a"},
            {**jwk, "use": "enc", "kid": "b"},
            {**jwk, "alg": "PS256"},
            1,
        ]
        assert self.load(tmp_path, {"keys": [*others, jwk]}).kids == (key.kid,)

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"kty": "oct"}, "keys[0] is of a kty other than RSA"),
            ({"use": "enc"}, "keys[0] has a use other than sig"),
            ({"alg": "HS256"}, "keys[0] has an alg other than RS256"),
            ({"kid": None}, "keys[0] has no kid"),
            ({"kid": ""}, "keys[0] has no kid"),
            ({"n": "AQAB"}, "keys[0] has no n and e in base64url that form an RSA key"),
            ({"n": "=="}, "keys[0] has no n and e in base64url that form an RSA key"),
            ({"e": 3}, "keys[0] has no n and e in base64url that form an RSA key"),
        ],
    )
    def test_a_set_without_a_key_that_can_be_used(
        self, changes: dict[str, object], problem: str, tmp_path: Path, key: SigningKey
    ) -> None:
        """The message tells of each key why it is of no use."""
        [jwk] = key.jwks()["keys"]
        with pytest.raises(UnusableKey) as refusal:
            self.load(tmp_path, {"keys": [{**jwk, **changes}]})
        assert str(refusal.value) == f"{tmp_path / 'jwks.json'}: no key that verifies RS256: {problem}"

    def test_a_short_key(self, tmp_path: Path) -> None:
        """RFC 7518 section 3.3 wants 2048 bits or more."""
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(SHORT_KEY.public_key()))
        with pytest.raises(UnusableKey, match="has 1024 bits, fewer than 2048"):
            self.load(tmp_path, {"keys": [{**jwk, "kid": "short"}]})

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("", "is not JSON"),
            ("[" * 100_000, "is not JSON"),
            ("[]", "is not a key set"),
            ("{}", "is not a key set"),
            ('{"keys": {}}', "is not a key set"),
            ('{"keys": []}', "no key that verifies RS256: keys is empty"),
        ],
    )
    def test_a_file_that_is_no_key_set(self, content: str, problem: str, tmp_path: Path) -> None:
        """The file is named, and what was expected."""
        with pytest.raises(UnusableKey, match=f"jwks.json:? {problem}"):
            self.load(tmp_path, content)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        """The system's reason is told."""
        with pytest.raises(UnusableKey, match=r"jwks\.json cannot be read \(No such file or directory\)"):
            KeySet.load(tmp_path / "jwks.json")

    def test_one_kid_twice(self, tmp_path: Path, key: SigningKey) -> None:
        """A kid that names two keys names none."""
        with pytest.raises(UnusableKey, match=f"two keys have the kid '{key.kid}'"):
            self.load(tmp_path, {"keys": key.jwks()["keys"] * 2})
