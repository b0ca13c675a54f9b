"""Test tokens, as a query of the control API specifies them."""

from urllib.parse import parse_qsl

import jwt
import pytest

from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.issue.token_spec import TokenSpec, UnreadableTokenSpec, read_token_spec
from registry_sandbox.auth.spine import READ_SCOPE, WRITE_SCOPE

NOW = 1_547_802_000
BASE = "http://127.0.0.1:8080/STU3"


def spec(query: str) -> TokenSpec:
    """Read the specification in a query."""
    return read_token_spec(parse_qsl(query, keep_blank_values=True))


def test_an_empty_specification_is_a_good_token_of_the_writing_client() -> None:
    """The defaults suit a client that only needs access."""
    assert spec("") == TokenSpec("sandbox-client", "registry", None)


def test_every_parameter_is_read() -> None:
    """A value is JSON if it parses as JSON, otherwise text."""
    query = "client=sandbox-reader&mode=spine&expires_in=-60&without=a&without=b&header.kid=x&header.n=1"
    assert spec(f'{query}&claim.aud=["a"]&claim.exp=tomorrow&claim.sub="1"&claim.a.b=null&claim.e=') == TokenSpec(
        client="sandbox-reader",
        mode="spine",
        expires_in=-60,
        claims={"aud": ["a"], "exp": "tomorrow", "sub": "1", "a.b": None, "e": ""},
        without=("a", "b"),
        headers={"kid": "x", "n": 1},
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("client=nobody", "client is not known; expected sandbox-client or sandbox-reader"),
        ("mode=any", "mode is not known; expected registry or spine"),
        ("expires_in=soon", "expires_in cannot be used; expected a whole number of seconds"),
        ("expires_in=1e9", "expires_in cannot be used"),
        ("expires_in=--1", "expires_in cannot be used"),
        ("expires_in=" + "9" * 5000, "expires_in cannot be used"),
        ("expires_in=10000000001", "expires_in cannot be used"),
        ("expires_in=\N{SUPERSCRIPT TWO}", "expires_in cannot be used"),
        ("expires_in=\N{ARABIC-INDIC DIGIT TWO}", "expires_in cannot be used"),
        ("expires_in=1&expires_in=2", "the parameter 'expires_in' is repeated"),
        ("expiry=1", "the parameter 'expiry' is not known; expected client, mode"),
        ("claim.=1", "the parameter 'claim.' is not known"),
        ("claim=1", "the parameter 'claim' is not known"),
    ],
)
def test_what_cannot_be_read_is_named(query: str, says: str) -> None:
    """The message names the parameter and what was expected."""
    with pytest.raises(UnreadableTokenSpec, match=says):
        spec(query)


def test_a_registry_token(issuer: Issuer) -> None:
    """The token is as specified."""
    token = spec("client=sandbox-reader&expires_in=5&claim.ver=2.0x&without=tid&header.kid=k").issue(issuer, BASE, NOW)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["appid"], claims["exp"], claims["ver"], "tid" in claims) == (
        "sandbox-reader",
        NOW + 5,
        "2.0x",
        False,
    )
    assert jwt.get_unverified_header(token)["kid"] == "k"


@pytest.mark.parametrize(("client", "scope"), [("sandbox-client", WRITE_SCOPE), ("sandbox-reader", READ_SCOPE)])
def test_a_spine_token(client: str, scope: str, issuer: Issuer) -> None:
    """The scope is what the client may do, and there is no signature."""
    token = spec(f"mode=spine&client={client}").issue(issuer, BASE, NOW)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["requested_scope"], claims["exp"] - claims["iat"]) == (scope, 300)
    assert token.endswith(".")


def test_the_longest_lifetime_is_read() -> None:
    """Ten thousand million seconds, either way."""
    assert [spec(f"expires_in={sign}10000000000").expires_in for sign in ("", "-")] == [10**10, -(10**10)]


@pytest.mark.parametrize("algorithm", ["HS256", "RS512", ""])
def test_a_token_of_another_alg_has_a_signature_all_the_same(issuer: Issuer, algorithm: str) -> None:
    """It is RS256's, so that only the header is wrong."""
    good, bad = (spec(query).issue(issuer, BASE, NOW) for query in ("", f"header.alg={algorithm}"))
    assert len(bad.rpartition(".")[2]) == len(good.rpartition(".")[2])


@pytest.mark.parametrize("mode", ["registry", "spine"])
def test_a_claim_that_is_not_there_cannot_be_left_out(issuer: Issuer, mode: str) -> None:
    """A typing error would otherwise return a good token to a tester who expects a malformed one."""
    with pytest.raises(
        UnreadableTokenSpec, match=r"without names 'audd', which is not a claim of this token; expected .*aud, "
    ):
        spec(f"mode={mode}&without=audd").issue(issuer, BASE, NOW)
