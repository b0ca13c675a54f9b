"""The built-in issuer: tokens as the sample has them, the token endpoint, discovery."""

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from registry_sandbox.auth.clients import UnknownClient
from registry_sandbox.auth.groups import READERS, WRITERS
from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.keys import SigningKey

NOW = 1_547_802_000.5  # 2019-01-18T09:00:00.5Z
BASE = "http://127.0.0.1:8080/STU3"
AUDIENCES = (BASE, "http://localhost:8080/STU3")
FORM = "application/x-www-form-urlencoded"
GOOD = {
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "grant_type": "client_credentials",
    "scope": f"{BASE}/.default",
}
SAMPLE_CLAIMS = "aud iss iat nbf exp aio appid appidacr groups idp oid sub tid uti ver"

Answer = tuple[HTTPStatus, dict[str, str], dict[str, Any]]


def basic(credentials: str) -> str:
    """Return the Authorization header of HTTP Basic."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


@pytest.fixture
def ask(issuer: Issuer) -> Callable[..., Answer]:
    """Ask the token endpoint; the good form, but for what is named (None leaves a field out)."""

    def post(*, authorization: str | None = None, content_type: str = FORM, **fields: str | None) -> Answer:
        form = {name: value for name, value in {**GOOD, **fields}.items() if value is not None}
        return issuer.token_endpoint(content_type, authorization, urlencode(form).encode(), NOW, AUDIENCES)

    return post


class TestToken:
    """A token in the shape of Azure AD v1."""

    def test_an_independent_library_verifies_it(self, issuer: Issuer, key: SigningKey) -> None:
        """PyJWT, given the published key set, accepts signature, issuer and audience."""
        token = issuer.issue("sandbox-client", BASE, NOW)
        published = jwt.PyJWKSet.from_dict(key.jwks())[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token, published, algorithms=["RS256"], audience=BASE, issuer=issuer.name, options={"verify_exp": False}
        )
        assert claims["appid"] == "sandbox-client"

    def test_header_and_claims_are_those_of_the_sample(self, issuer: Issuer, key: SigningKey) -> None:
        """Every claim of the published sample is there, in its order, with its relations."""
        token = issuer.issue("sandbox-client", BASE, NOW)
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "RS256", "x5t": key.x5t, "kid": key.kid}
        claims = jwt.decode(token, options={"verify_signature": False})
        assert " ".join(claims) == SAMPLE_CLAIMS
        assert claims["iat"] == claims["nbf"]
        assert claims["exp"] == claims["iat"] + 3900
        assert claims["sub"] == claims["oid"]
        assert (claims["aud"], claims["ver"], claims["groups"]) == (BASE, "1.0", [READERS, WRITERS])

    def test_no_two_tokens_are_the_same(self, issuer: Issuer) -> None:
        """Aio and uti come from the source of random bytes."""
        first, second = (
            jwt.decode(issuer.issue("sandbox-reader", BASE, NOW), options={"verify_signature": False}) for _ in "12"
        )
        assert first["uti"] != second["uti"]
        assert first["aio"] != second["aio"]
        assert first["groups"] == [READERS]

    def test_the_same_bytes_make_the_same_token(self, key: SigningKey) -> None:
        """With the key and the random bytes given, a run can be repeated to the byte."""
        tokens = [Issuer(key, random_bytes=bytes).issue("sandbox-client", BASE, NOW) for _ in "12"]
        assert tokens[0] == tokens[1]

    def test_an_expired_one(self, issuer: Issuer) -> None:
        """It began before it ended."""
        token = issuer.issue("sandbox-client", BASE, NOW, expires_in=-1000)
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["exp"] == int(NOW) - 1000
        assert claims["nbf"] < claims["exp"]

    def test_a_client_that_there_is_not(self, issuer: Issuer) -> None:
        """The message names those that there are."""
        with pytest.raises(UnknownClient, match="'nobody'; expected sandbox-client or sandbox-reader"):
            issuer.issue("nobody", BASE, NOW)


class TestTokenEndpoint:
    """POST /oauth2/token: RFC 6749 sections 5.1 and 5.2."""

    def test_form_fields(self, ask: Callable[..., Answer], issuer: Issuer) -> None:
        """The answer has the members of the pages' sample, and is not stored."""
        status, headers, answer = ask()
        assert status == HTTPStatus.OK
        assert headers == {"Cache-Control": "no-store", "Pragma": "no-cache"}
        token = answer.pop("access_token")
        assert answer == {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600}
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["aud"], claims["exp"], claims["iss"]) == (BASE, int(NOW) + 3600, issuer.name)

    @pytest.mark.parametrize("client_id", [None, "sandbox-reader"])
    def test_http_basic(self, client_id: str | None, ask: Callable[..., Answer]) -> None:
        """Basic authentication, the client_id in the form or not."""
        authorization = basic("sandbox-reader:sandbox%2Dsecret")
        status, _, answer = ask(authorization=authorization, client_id=client_id, client_secret=None)
        assert status == HTTPStatus.OK
        claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
        assert claims["appid"] == "sandbox-reader"

    def test_a_charset_in_the_content_type(self, ask: Callable[..., Answer]) -> None:
        """Parameters and the case of the media type do not matter."""
        assert ask(content_type="Application/X-WWW-Form-Urlencoded; charset=UTF-8")[0] == HTTPStatus.OK

    def test_an_expired_token_on_spec(self, issuer: Issuer) -> None:
        """The fault issues an expired token, and the answer looks like a good one."""
        body = urlencode(GOOD).encode()
        _, _, answer = issuer.token_endpoint(FORM, None, body, NOW, AUDIENCES, expires_in=-1)
        assert answer["expires_in"] == 3600
        assert jwt.decode(answer["access_token"], options={"verify_signature": False})["exp"] == int(NOW) - 1

    @pytest.mark.parametrize(
        ("fields", "error", "says"),
        [
            ({"grant_type": None}, "invalid_request", "grant_type is missing"),
            ({"grant_type": ""}, "invalid_request", "grant_type is missing"),
            ({"grant_type": "password"}, "unsupported_grant_type", "expected client_credentials"),
            ({"scope": None}, "invalid_scope", f"scope is missing; expected {BASE}/.default or http://localhost"),
            ({"scope": BASE}, "invalid_scope", "scope is not known"),
            ({"scope": "https://other.example/.default"}, "invalid_scope", "scope is not known"),
            ({"scope": f"{BASE}//.default"}, "invalid_scope", "scope is not known"),
            ({"scope": f"{BASE}/.default openid"}, "invalid_scope", "scope is not known"),
            ({"content_type": ""}, "invalid_request", f"expected {FORM}"),
            ({"content_type": "application/json"}, "invalid_request", f"expected {FORM}"),
            ({"authorization": basic("sandbox-client:sandbox-secret")}, "invalid_request", "authenticates twice"),
            (
                {"authorization": basic("sandbox-client:sandbox-secret"), "client_secret": None, "client_id": "x"},
                "invalid_request",
                "client_id differs",
            ),
        ],
    )
    def test_a_bad_request(
        self, fields: dict[str, str | None], error: str, says: str, ask: Callable[..., Answer]
    ) -> None:
        """400, with the code of the standard and a description that names what was expected."""
        status, headers, answer = ask(**fields)
        assert (status, answer["error"]) == (HTTPStatus.BAD_REQUEST, error)
        assert says in answer["error_description"]
        assert headers == {"Cache-Control": "no-store", "Pragma": "no-cache"}

    @pytest.mark.parametrize(
        "fields",
        [
            {"client_id": None},
            {"client_secret": None},
            {"client_secret": "wrong"},
            {"client_id": "nobody"},
            {"client_id": "nobody", "client_secret": "\N{SNOWMAN}"},
            {"authorization": basic("sandbox-client:wrong"), "client_secret": None},
            {"authorization": basic("sandbox-client"), "client_secret": None},
            {"authorization": "Basic ***", "client_secret": None},
            {"authorization": "Basic", "client_secret": None},
            {"authorization": basic("sandbox-client:%ff"), "client_secret": None},
            {"authorization": "Bearer x", "client_secret": None},
            {"authorization": "", "client_secret": None},
            {"authorization": "Basic \udce9", "client_secret": None},
        ],
    )
    def test_a_client_that_fails_to_authenticate(
        self, fields: dict[str, str | None], ask: Callable[..., Answer]
    ) -> None:
        """401 and a challenge, as RFC 6749 section 5.2 has it."""
        status, headers, answer = ask(**fields)
        assert (status, answer["error"]) == (HTTPStatus.UNAUTHORIZED, "invalid_client")
        assert headers["WWW-Authenticate"].startswith("Basic ")
        assert "access_token" not in answer

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff",
            b"client_id=%ff",
            b"scope=a&scope=b",
            "&".join(f"p{number}=1" for number in range(101)).encode(),
            b"client_id=" + b"%41" * 22_000,
        ],
    )
    def test_a_body_that_is_no_form(self, body: bytes, issuer: Issuer) -> None:
        """Bytes, escapes or repetitions that a form cannot have, or too many fields, or more than 64 KiB."""
        status, _, answer = issuer.token_endpoint(FORM, None, body, NOW, AUDIENCES)
        assert (status, answer["error"]) == (HTTPStatus.BAD_REQUEST, "invalid_request")

    def test_descriptions_are_of_the_characters_that_the_standard_allows(self, ask: Callable[..., Answer]) -> None:
        """RFC 6749 section 5.2 allows no quotes, no backslash, nothing outside ASCII, and we echo nothing."""
        for fields in ({"scope": 'a"\\\N{SNOWMAN}'}, {"grant_type": "\N{SNOWMAN}"}, {"client_id": "\N{SNOWMAN}"}):
            description = ask(**fields)[2]["error_description"]
            assert description.isascii()
            assert not set(description) & set('"\\')


def test_the_discovery_document_names_the_endpoints(issuer: Issuer) -> None:
    """Issuer as in the tokens, endpoints under the root that is given."""
    document = issuer.openid_configuration("http://127.0.0.1:8080")
    assert document["issuer"] == issuer.name
    assert document["token_endpoint"] == "http://127.0.0.1:8080/oauth2/token"
    assert document["jwks_uri"] == "http://127.0.0.1:8080/.well-known/jwks.json"
    assert document["token_endpoint_auth_methods_supported"] == ["client_secret_post", "client_secret_basic"]


def test_the_key_set_of_the_issuer_is_that_of_its_key(issuer: Issuer, key: SigningKey) -> None:
    """What /.well-known/jwks.json shows is the public half of what tokens are signed with."""
    assert issuer.jwks(NOW) == key.jwks()
