"""Tokens at hand: `/_sandbox/token`, the token endpoint and its discovery, as clients of all kinds use them."""

import base64
import json
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry_sandbox.auth.issue.issuer import TENANT
from registry_sandbox.cli.control_client import NoAnswer
from registry_sandbox.testing.running import RegistrySandbox

PAGE = {"Origin": "https://page.example.test"}


@pytest.fixture(scope="module")
def apart() -> Iterator[RegistrySandbox]:
    """A sandbox whose control plane has a port of its own."""
    with RegistrySandbox(control_port=0) as sandbox:
        yield sandbox


def form(sandbox: RegistrySandbox) -> dict[str, str]:
    """Return a good request for a token."""
    return {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "scope": f"{sandbox.base_url}/.default",
    }


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token."""
    part = token.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


class TestTheControlPlanesToken:
    """GET /_sandbox/token."""

    def test_it_opens_the_registry_on_another_port(self, apart: RegistrySandbox) -> None:
        """Its audience is the registry's own base, not that of the control plane."""
        assert claims(apart.token())["aud"] == apart.base_url
        bearer = {"Authorization": f"Bearer {apart.token()}"}
        assert httpx.get(f"{apart.base_url}/Appointment/booked-tomorrow", headers=bearer).status_code == 200

    def test_it_opens_the_registry_under_mutual_tls(self) -> None:
        """There the control plane always has a port of its own."""
        with RegistrySandbox(tls="mutual") as sandbox:
            assert claims(sandbox.token())["aud"] == sandbox.base_url
            folder = sandbox.certificates
            trust = ssl.create_default_context(cafile=folder / "ca.pem")
            trust.load_cert_chain(folder / "client.pem", folder / "client.key")
            bearer = {"Authorization": f"Bearer {sandbox.token()}"}
            answer = httpx.get(f"{sandbox.base_url}/Appointment/booked-tomorrow", headers=bearer, verify=trust)
            assert answer.status_code == 200

    def test_there_is_no_line_end_behind_it(self, running: RegistrySandbox) -> None:
        """So that it can be pasted into a header as it is."""
        text = httpx.get(f"{running.control_url}/token").text
        assert text == text.strip()

    def test_an_unknown_parameter_is_named(self, running: RegistrySandbox) -> None:
        """A token with a typing error in its specification would be a good one."""
        refused = httpx.get(f"{running.control_url}/token", params={"expiry": "-60"})
        assert refused.status_code == 400
        assert "'expiry'" in refused.json()["error"]
        with pytest.raises(NoAnswer, match="'audd'"):
            running.token(without=["audd"])

    @pytest.mark.parametrize("typ", ["jwt", "Jwt", "JWT"])
    @pytest.mark.parametrize("mode", ["registry", "spine"])
    def test_typ_is_accepted_in_any_case(self, mode: Any, typ: str) -> None:
        """RFC 7515 section 4.1.9: it is a media type, and their case does not matter."""
        with RegistrySandbox(auth=mode) as sandbox:
            bearer = {"Authorization": f"Bearer {sandbox.token(mode=mode, headers={'typ': typ})}"}
            assert httpx.get(f"{sandbox.base_url}/Appointment/booked-tomorrow", headers=bearer).status_code == 200


class TestDiscovery:
    """/.well-known/openid-configuration, as OpenID clients read it."""

    @pytest.mark.parametrize("directory", ["", f"/{TENANT}", f"/{TENANT}/v2.0"])
    def test_it_is_found_below_a_directory_too(self, running: RegistrySandbox, directory: str) -> None:
        """MSAL takes an authority with a directory in its path, and reads the document below that and `/v2.0`."""
        root = running.base_url.removesuffix("/STU3")
        document = httpx.get(f"{root}{directory}/.well-known/openid-configuration").json()
        assert document["token_endpoint"] == f"{root}/oauth2/token"
        assert document["authorization_endpoint"] == f"{root}/oauth2/authorize"
        assert httpx.get(document["jwks_uri"]).json()["keys"]
        assert httpx.post(f"{root}{directory}/oauth2/token", data=form(running)).status_code == 200

    @pytest.mark.parametrize("directory", ["/nhs", "/nhs/v2.0", "/nhs/registry/"])
    def test_it_is_found_below_the_issuer(self, directory: str) -> None:
        """OpenID Connect Discovery puts it there, and MSAL compares the two: `--issuer` may have any directory."""
        issuer = f"https://issuer.example.test{directory}"
        with RegistrySandbox(issuer=issuer) as sandbox:
            root = sandbox.base_url.removesuffix("/STU3")
            below = f"{root}{directory.rstrip('/')}"
            document = httpx.get(f"{below}/.well-known/openid-configuration").json()
            assert document["issuer"] == issuer
            token = httpx.post(f"{below}/oauth2/token", data=form(sandbox)).json()["access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            assert httpx.get(f"{sandbox.base_url}/Appointment/booked-tomorrow", headers=bearer).status_code == 200

    def test_nobody_can_sign_in(self, running: RegistrySandbox) -> None:
        """The endpoint that the document must name says what to do instead."""
        answer = httpx.get(f"{running.base_url.removesuffix('/STU3')}/oauth2/authorize")
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_response_type")
        assert "client credentials" in answer.json()["error_description"]


class TestPages:
    """CORS: a page may fetch its token, as it may read the registry."""

    @pytest.mark.parametrize("path", ["/oauth2/token", "/.well-known/openid-configuration", "/.well-known/jwks.json"])
    def test_a_preflight_is_answered(self, running: RegistrySandbox, path: str) -> None:
        """With what a page may send."""
        ask = {**PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        answer = httpx.options(running.base_url.removesuffix("/STU3") + path, headers=ask)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization"

    def test_the_answers_may_be_read(self, running: RegistrySandbox) -> None:
        """Good ones and errors; without an Origin nothing is said of origins."""
        root = running.base_url.removesuffix("/STU3")
        for answer in (
            httpx.post(f"{root}/oauth2/token", data=form(running), headers=PAGE),
            httpx.post(f"{root}/oauth2/token", headers=PAGE),
            httpx.get(f"{root}/.well-known/jwks.json", headers=PAGE),
        ):
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in httpx.get(f"{root}/.well-known/jwks.json").headers


def test_two_authorization_headers_are_refused(running: RegistrySandbox) -> None:
    """Which of them counts would be a guess."""
    one = ("Authorization", f"Basic {base64.b64encode(b'sandbox-client:sandbox-secret').decode()}")
    body = {"grant_type": "client_credentials", "scope": f"{running.base_url}/.default"}
    refused = httpx.post(running.token_url, data=body, headers=[one, one])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert "several Authorization headers" in refused.json()["error_description"]
