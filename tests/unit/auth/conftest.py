"""A key, an issuer, a verifier of its tokens, and the messages of its refusals."""

import itertools
from collections.abc import Callable

import pytest

from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.auth.verify.verifier import Mode, TokenVerifier
from registry_sandbox.http.errors import AccessDenied

NOW = 1_547_802_000.5  # 2019-01-18T09:00:00.5Z
BASE = "http://127.0.0.1:8080/STU3"
AUDIENCES = (BASE, "http://localhost:8080/STU3")


@pytest.fixture(scope="session")
def key() -> SigningKey:
    """Make one key for all tests."""
    return SigningKey.generate()


@pytest.fixture(scope="session")
def issuer(key: SigningKey) -> Issuer:
    """An issuer whose random bytes count up, so that no two tokens are the same."""
    counter = itertools.count(1)
    return Issuer(key, random_bytes=lambda size: next(counter).to_bytes(size, "big"))


@pytest.fixture(scope="session")
def make_verifier(issuer: Issuer, key: SigningKey) -> Callable[..., TokenVerifier]:
    """Make verifiers of this issuer's tokens."""

    def make(mode: Mode = "registry", *, leeway_s: float = 0) -> TokenVerifier:
        keys = key.public(issuer.name)
        return TokenVerifier(mode=mode, keys=keys, issuers=[issuer.name], leeway_s=leeway_s)

    return make


@pytest.fixture
def verifier(make_verifier: Callable[..., TokenVerifier]) -> TokenVerifier:
    """A verifier in registry mode with an empty cache."""
    return make_verifier()


@pytest.fixture
def messages(verifier: TokenVerifier) -> Callable[..., list[str]]:
    """Return the messages for these Authorization headers."""
    return lambda *authorization: refusals(verifier, *authorization)


def refusals(verifier: TokenVerifier, *authorization: str) -> list[str]:
    """Return the messages of a refusal, which has the code forbidden and the location of the header."""
    with pytest.raises(AccessDenied) as refusal:
        verifier.verify(authorization, AUDIENCES, NOW)
    assert {finding.location for finding in refusal.value.findings} == {"http.Authorization"}
    assert {finding.code for finding in refusal.value.findings} == {"forbidden"}
    return [finding.message for finding in refusal.value.findings]
