"""Credentials: what the operator's settings make of keys, issuer, audience and kind of token."""

import json
import threading
from pathlib import Path

import pytest

from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.issue.issuer import BUILT_IN_ISSUER, Issuer
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.http.errors import AccessDenied

NOW = 1_547_802_000.5  # 2019-01-18T09:00:00.5Z
BASE = "http://127.0.0.1:8080/STU3"
OWN = "https://issuer.example.test/"


class TestOwnIssuer:
    """A key set and an issuer of the user's own, beside the built-in ones."""

    @pytest.fixture
    def own(self) -> SigningKey:
        """The key of the user's issuer."""
        return SigningKey.generate()

    @pytest.fixture
    def credentials(self, own: SigningKey, tmp_path: Path) -> Credentials:
        """What `--jwks` and `--issuer` make."""
        (tmp_path / "jwks.json").write_text(json.dumps(own.jwks()))
        return Credentials(random_bytes=bytes, issuer_name=OWN, jwks=tmp_path / "jwks.json")

    def test_tokens_of_both_issuers_are_accepted(self, credentials: Credentials, own: SigningKey) -> None:
        """The user's, and those that the sandbox hands out."""
        theirs = Issuer(own, random_bytes=bytes, name=OWN).issue("sandbox-client", BASE, NOW)
        for token in (theirs, credentials.make_token(BASE, [], NOW)):
            assert credentials.verifier.verify([f"Bearer {token}"], [BASE], NOW).client.may_write
        assert credentials.issuer.name == BUILT_IN_ISSUER

    def test_neither_key_signs_for_the_other_issuer(self, credentials: Credentials, own: SigningKey) -> None:
        """A key is valid for its own issuer only."""
        posing = Issuer(own, random_bytes=bytes, name=BUILT_IN_ISSUER).issue("sandbox-client", BASE, NOW)
        with pytest.raises(AccessDenied, match=f"Claim iss names another issuer; expected {OWN}"):
            credentials.verifier.verify([f"Bearer {posing}"], [BASE], NOW)


def test_an_issuer_without_a_key_set_renames_the_built_in_one() -> None:
    """Its tokens carry the name, and are accepted."""
    credentials = Credentials(random_bytes=bytes, issuer_name=OWN)
    assert credentials.issuer.name == OWN
    token = credentials.make_token(BASE, [], NOW)
    assert credentials.verifier.verify([f"Bearer {token}"], [BASE], NOW).client.may_write


def test_the_configured_audience_is_that_of_every_token() -> None:
    """Whatever base the token was requested at."""
    credentials = Credentials(random_bytes=bytes, audience="urn:registry")
    token = credentials.make_token(BASE, [], NOW)
    assert credentials.verifier.verify([f"Bearer {token}"], ["urn:registry"], NOW).client.may_write


def test_the_default_kind_of_token_is_an_accepted_one() -> None:
    """In mode spine a Spine token, unless another is asked for."""
    credentials = Credentials(random_bytes=bytes, mode="spine")
    assert credentials.make_token(BASE, [], NOW).endswith(".")
    assert not credentials.make_token(BASE, [("mode", "registry")], NOW).endswith(".")


def test_a_token_made_while_the_key_is_made_is_of_that_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """`prepare` makes it in a thread; who comes meanwhile waits, and makes no second one."""
    begun, may_go_on, generate = threading.Event(), threading.Event(), SigningKey.generate

    def slowly() -> SigningKey:
        begun.set()
        may_go_on.wait(10)
        return generate()

    monkeypatch.setattr(SigningKey, "generate", slowly)
    credentials = Credentials(random_bytes=bytes)
    preparing = credentials.prepare()
    assert begun.wait(10)
    threading.Timer(0.05, may_go_on.set).start()
    token = credentials.make_token(BASE, [], NOW)
    preparing.join()
    assert credentials.verifier.verify([f"Bearer {token}"], [BASE], NOW).client.may_write
