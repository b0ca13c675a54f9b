"""Registry overview: who may call, and with which token."""

from urllib.parse import urlencode, urljoin

import httpx
import pytest

from tests.spec.conversation import Registry, appointment

FORM = {
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "grant_type": "client_credentials",
}
SPOILED = {
    "expires_in=-60": "exp",
    "claim.aud=https://another.example.test/STU3": "aud",
    "claim.iss=https://another.example.test/": "iss",
    "claim.nbf=99999999999": "nbf",
    "without=exp": "exp",
    "header.alg=HS256": "alg",
    "header.alg=none": "alg",
    "header.kid=unknown": "kid",
    "claim.groups=[]": "groups",
    "mode=spine": "alg",
}


def beside(registry: Registry, path: str) -> str:
    """Return the URL of a path beside the FHIR base."""
    return urljoin(registry.base, path)


class TestTheTokenEndpoint:
    """A form post gives a bearer token that is good for an hour."""

    def test_it_gives_a_token_that_the_registry_accepts(self, registry: Registry) -> None:
        """The scope is the registry's base and /.default."""
        answer = httpx.post(beside(registry, "/oauth2/token"), data={**FORM, "scope": f"{registry.base}/.default"})
        token = answer.json()
        assert (answer.status_code, token["token_type"], token["expires_in"], token["ext_expires_in"]) == (
            200,
            "Bearer",
            3600,
            3600,
        )
        assert registry.register(Authorization=f"Bearer {token['access_token']}").status == 201

    def test_a_reader_reads_and_does_not_write(self, registry: Registry) -> None:
        """Group membership decides."""
        form = {**FORM, "client_id": "sandbox-reader", "scope": f"{registry.base}/.default"}
        bearer = f"Bearer {httpx.post(beside(registry, '/oauth2/token'), data=form).json()['access_token']}"
        assert registry.get("/Appointment/booked-tomorrow", Authorization=bearer).status == 200
        refused = registry.register(Authorization=bearer)
        assert (refused.status, refused.issues) == (403, [("forbidden", "ACCESS DENIED")])

    @pytest.mark.parametrize(
        ("changed", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"scope": "https://another.example.test/.default"}, 400, "invalid_scope"),
        ],
    )
    def test_its_errors_are_those_of_oauth(
        self, registry: Registry, changed: dict[str, str], status: int, error: str
    ) -> None:
        """RFC 6749 section 5.2: a JSON object with an error code."""
        form = {**FORM, "scope": f"{registry.base}/.default", **changed}
        answer = httpx.post(beside(registry, "/oauth2/token"), data=form)
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    def test_the_keys_and_the_discovery_document_are_public(self, registry: Registry) -> None:
        """They say where tokens come from and what verifies them, and no private number."""
        found = httpx.get(beside(registry, "/.well-known/openid-configuration")).json()
        keys = httpx.get(found["jwks_uri"]).json()["keys"]
        assert found["token_endpoint"] == beside(registry, "/oauth2/token")
        assert not {"d", "p", "q"} & set(keys[0])


class TestEveryRequestShowsItsToken:
    """No token, or one that fails validation, is a 403 with an OperationOutcome, before any other verdict."""

    @pytest.mark.parametrize("path", ["/Appointment/booked-tomorrow", "/Appointment/unknown", "/Nothing", "/"])
    def test_without_a_token_nothing_is_said(self, registry: Registry, path: str) -> None:
        """Not even whether there is such a thing."""
        answer = registry.get(path, Authorization=None)
        assert (answer.status, answer.issues) == (403, [("forbidden", "ACCESS DENIED")])
        assert "WWW-Authenticate" not in answer.headers

    @pytest.mark.parametrize("order", SPOILED)
    def test_each_fault_of_a_token_is_named(self, registry: Registry, order: str) -> None:
        """The outcome says which check failed, and never quotes the token."""
        token = registry.control.get(f"/token?{order}").text.strip()
        answer = registry.get("/Appointment/booked-tomorrow", Authorization=f"Bearer {token}")
        assert answer.status == 403
        assert SPOILED[order] in answer.diagnostics
        assert token.split(".")[1] not in answer.diagnostics

    @pytest.mark.parametrize(
        "value", ["", "Bearer", "Bearer x", "Basic c2FuZGJveDpzYW5kYm94", "Bearer a.b.c", "Bearer é"]
    )
    def test_what_is_no_bearer_token_is_refused(self, registry: Registry, value: str) -> None:
        """Another scheme, a word that is no JWT, bytes beyond ASCII."""
        headers = {b"Authorization": value.encode(), b"Accept": b"application/fhir+json"}
        answer = registry.http.get(f"{registry.base}/Appointment/booked-tomorrow", headers=headers)
        assert answer.status_code == 403

    def test_a_token_in_the_query_is_none(self, registry: Registry) -> None:
        """Only the header counts."""
        query = urlencode({"access_token": registry.token})
        assert registry.get(f"/Appointment/booked-tomorrow?{query}", Authorization=None).status == 403

    def test_the_capability_statement_needs_none(self, registry: Registry) -> None:
        """FHIR clients read it first; but a bad token given is still refused."""
        assert registry.get("/metadata", Authorization=None).status == 200
        assert registry.get("/metadata", Authorization="Bearer x").status == 403

    def test_a_write_by_a_bad_token_changes_nothing(self, registry: Registry) -> None:
        """The token is judged before the body is read."""
        before = registry.control.get("/appointments").json()["total"]
        assert registry.register(appointment(), Authorization=None).status == 403
        assert registry.control.get("/appointments").json()["total"] == before
