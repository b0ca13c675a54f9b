"""A key, an issuer and a judge of its tokens, and what the judge says of bad ones."""

import itertools
from collections.abc import Callable

import pytest

from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.auth.verify.tokens import Mode, TokenVerifier
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
    """Give an issuer whose random bytes count up, so that no two tokens are the same."""
    counter = itertools.count(1)
    return Issuer(key, random_bytes=lambda size: next(counter).to_bytes(size, "big"))


@pytest.fixture(scope="session")
def judge_of(issuer: Issuer, key: SigningKey) -> Callable[..., TokenVerifier]:
    """Make judges of this issuer's tokens."""

    def make(mode: Mode = "registry", *, leeway_s: float = 0) -> TokenVerifier:
        keys = key.public(issuer.name)
        return TokenVerifier(mode=mode, keys=keys, issuers=[issuer.name], leeway_s=leeway_s)

    return make


@pytest.fixture
def judge(judge_of: Callable[..., TokenVerifier]) -> TokenVerifier:
    """Give a judge in registry mode that has seen nothing yet."""
    return judge_of()


@pytest.fixture
def messages(judge: TokenVerifier) -> Callable[..., list[str]]:
    """Give what the outcome says of these Authorization headers."""
    return lambda *authorization: refusals(judge, *authorization)


def refusals(judge: TokenVerifier, *authorization: str) -> list[str]:
    """Give the messages of a refusal, which is located at the header and forbids."""
    with pytest.raises(AccessDenied) as refusal:
        judge.judge(authorization, AUDIENCES, NOW)
    assert {finding.location for finding in refusal.value.findings} == {"http.Authorization"}
    assert {finding.code for finding in refusal.value.findings} == {"forbidden"}
    return [finding.message for finding in refusal.value.findings]
