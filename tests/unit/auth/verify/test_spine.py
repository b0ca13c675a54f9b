"""The Spine token: issued good or malformed, verified claim by claim, never accepted as the registry's."""

from collections.abc import Callable
from typing import Any

import pytest

from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.issue.spine import issue_spine_token
from registry_sandbox.auth.jws import base64url
from registry_sandbox.auth.spine import READ_SCOPE, WRITE_SCOPE
from registry_sandbox.auth.verify.verifier import TokenVerifier
from registry_sandbox.http.errors import AccessDenied
from registry_sandbox.http.request import Client

NOW = 1_547_802_000.5  # 2019-01-18T09:00:00.5Z
BASE = "http://127.0.0.1:8080/STU3"
AUDIENCES = (BASE, "http://localhost:8080/STU3")
CLOCK = "the sandbox's clock, 2019-01-18T09:00:00Z (1547802000)"


def malformed(**changes: Any) -> str:
    """Make the Authorization header of a Spine token, good but for what is named."""
    return f"Bearer {issue_spine_token('sandbox-client', BASE, NOW, **changes)}"


@pytest.fixture
def verifier(make_verifier: Callable[..., TokenVerifier]) -> TokenVerifier:
    """A verifier in Spine mode, in place of the one in registry mode."""
    return make_verifier("spine")


class TestAccepted:
    """Tokens that a Spine service would accept."""

    def test_a_writing_token(self, verifier: TokenVerifier) -> None:
        """The client is called by its device, and the scope lets it write."""
        assert verifier.verify([malformed()], AUDIENCES, NOW).client == Client("sandbox-client", may_write=True)

    def test_a_reading_token(self, verifier: TokenVerifier) -> None:
        """The scope lets it read only."""
        assert verifier.verify([malformed(scope=READ_SCOPE)], AUDIENCES, NOW).client == Client(
            "sandbox-client", may_write=False
        )

    def test_without_practitioner(self, verifier: TokenVerifier) -> None:
        """An unattended system names no practitioner."""
        assert verifier.verify([malformed(without=["requesting_practitioner"])], AUDIENCES, NOW).client.may_write

    def test_for_five_minutes(self, verifier: TokenVerifier) -> None:
        """It is good from iat on, and no more at iat + 300, remembered or not."""
        header = [malformed()]
        assert verifier.verify(header, AUDIENCES, int(NOW)).client.may_write
        assert verifier.verify(header, AUDIENCES, int(NOW) + 299.9).client.may_write
        for moment, reason in ((int(NOW) + 300, "Claim exp: the token has expired"), (int(NOW) - 1, "Claim iat: ")):
            with pytest.raises(AccessDenied, match=reason):
                verifier.verify(header, AUDIENCES, moment)

    def test_not_before_nbf(self, verifier: TokenVerifier) -> None:
        """A token with an nbf, which it need not have, is held to it, remembered or not."""
        header = [malformed(claims={"nbf": int(NOW) + 100})]
        assert verifier.verify(header, AUDIENCES, NOW + 100).client.may_write
        with pytest.raises(AccessDenied, match="Claim nbf: the token is not valid yet"):
            verifier.verify(header, AUDIENCES, NOW)

    def test_an_expired_one_has_no_other_error(self, messages: Callable[..., list[str]]) -> None:
        """With expires_in -60, iat lies 300 s before exp all the same."""
        assert messages(malformed(expires_in=-60)) == [
            f"Claim exp: the token has expired; expected a time after {CLOCK}"
        ]


class TestHeader:
    """The header is exactly alg none, typ JWT, and there is no signature."""

    @pytest.mark.parametrize("name", ["alg", "typ"])
    def test_another_value(self, name: str, messages: Callable[..., list[str]]) -> None:
        """The member is named with the value expected."""
        expected = {"alg": "none", "typ": "JWT"}[name]
        error = f"Header {name} is not accepted; expected {expected} in a Spine token"
        assert messages(malformed(headers={name: "other"})) == [error]

    def test_missing_members_crit_and_a_signature(self, messages: Callable[..., list[str]]) -> None:
        """All the errors of the header are reported at once."""
        _, claims, _ = malformed().removeprefix("Bearer ").split(".")
        assert messages("Bearer " + base64url(b'{"crit":[]}') + f".{claims}.AAAA") == [
            "Header alg is missing; expected none in a Spine token",
            "Header typ is missing; expected JWT in a Spine token",
            "Header crit names extensions, and none is understood; expected no crit",
            "There is a signature; expected none, so that a Spine token ends with its second dot",
        ]


class TestClaims:
    """Every required claim, missing or wrong, is named."""

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("iss", "a text"),
            ("sub", "a text"),
            ("aud", f"one of {BASE}"),
            ("exp", "a whole number of seconds since 1970"),
            ("iat", "a whole number of seconds since 1970"),
            ("reason_for_request", "directcare"),
            ("requested_scope", "patient/appointment.read or patient/appointment.write"),
            ("requesting_device", "a FHIR Device whose first identifier has a system and a value"),
            ("requesting_organization", "a FHIR Organization whose first identifier has a system and a value"),
        ],
    )
    def test_missing(self, name: str, expected: str, messages: Callable[..., list[str]]) -> None:
        """What would be expected is told."""
        # Without sub, the practitioner's id differs from it: that is told too, in its own finding.
        found = messages(malformed(without=[name, *(["requesting_practitioner"] if name == "sub" else [])]))
        assert len(found) == 1
        assert found[0].startswith(f"Claim {name} is missing; expected {expected}")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("iss", ""),
            ("iss", 1),
            ("aud", "https://other.example/STU3"),
            ("aud", BASE + "/"),
            ("reason_for_request", "secondarycare"),
            ("reason_for_request", None),
            ("requested_scope", "patient/*.write"),
            ("requested_scope", f"{READ_SCOPE} {WRITE_SCOPE}"),
            ("requested_scope", [WRITE_SCOPE]),
            ("requesting_device", "device"),
            ("requesting_device", {}),
            ("requesting_device", {"resourceType": "Device", "identifier": []}),
            ("requesting_device", {"resourceType": "Device", "identifier": {"system": "s", "value": "v"}}),
            ("requesting_device", {"resourceType": "Device", "identifier": [{"system": "", "value": "v"}]}),
            ("requesting_device", {"resourceType": "Device", "identifier": [{"system": "s", "value": ""}]}),
            ("requesting_device", {"resourceType": "Device", "identifier": [{"system": "s", "value": "a\nb"}]}),
            ("requesting_device", {"resourceType": "Patient", "identifier": [{"system": "s", "value": "v"}]}),
            (
                "requesting_organization",
                {"resourceType": "Organization", "identifier": [{"system": "s", "value": "v"}]},
            ),
        ],
    )
    def test_wrong(self, name: str, value: object, messages: Callable[..., list[str]]) -> None:
        """Another value, type or shape is one finding that names the claim."""
        [message] = messages(malformed(claims={name: value}))
        assert message.startswith(f"Claim {name} ")

    @pytest.mark.parametrize("value", [None, True, 1.0, "1547802300", -1, 10**30, [1]])
    @pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
    def test_a_date_that_is_none(self, name: str, value: object, messages: Callable[..., list[str]]) -> None:
        """Only whole seconds are dates; nbf is not required, but checked if it is there."""
        [message] = messages(malformed(claims={name: value}))
        assert message.startswith(f"Claim {name} cannot be used; expected a whole number of seconds since 1970")

    @pytest.mark.parametrize("lifetime_s", [1, 299, 301, 3600])
    def test_a_life_of_other_than_five_minutes(self, lifetime_s: int, messages: Callable[..., list[str]]) -> None:
        """A consumer that grants itself an hour is refused, and so is one that is in a hurry."""
        claims = {"iat": int(NOW), "exp": int(NOW) + lifetime_s}
        assert messages(malformed(claims=claims)) == ["Claim exp does not fit iat; expected exp = iat + 300"]

    def test_another_practitioner_than_the_subject(self, messages: Callable[..., list[str]]) -> None:
        """The practitioner's id equals sub, where there is a practitioner."""
        expected = "Claim requesting_practitioner has another id than claim sub; expected the same"
        assert messages(malformed(claims={"sub": "2"})) == [expected]

    @pytest.mark.parametrize("value", [None, "1", [], {"id": "1"}, {"resourceType": "Practitioner"}])
    def test_a_practitioner_that_is_none(self, value: object, messages: Callable[..., list[str]]) -> None:
        """An optional claim is checked if it is there."""
        found = messages(malformed(claims={"requesting_practitioner": value}))
        assert found[0].startswith("Claim requesting_practitioner cannot be used; expected a FHIR Practitioner")


class TestModes:
    """Each mode accepts its own tokens; `any` accepts both, and nothing between them."""

    def test_registry_mode_takes_no_spine_token(self, make_verifier: Callable[..., TokenVerifier]) -> None:
        """An unsigned token is refused for its algorithm."""
        with pytest.raises(AccessDenied, match="Header alg is not accepted; expected RS256"):
            make_verifier("registry").verify([malformed()], AUDIENCES, NOW)

    def test_spine_mode_takes_no_registry_token(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """A good signature is no help."""
        with pytest.raises(AccessDenied, match="There is a signature; expected none"):
            verifier.verify([f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"], AUDIENCES, NOW)

    def test_any_takes_both(self, make_verifier: Callable[..., TokenVerifier], issuer: Issuer) -> None:
        """Both good tokens pass, each by its own checks."""
        verifier = make_verifier("any")
        assert verifier.verify([malformed()], AUDIENCES, NOW).client.may_write
        assert verifier.verify([f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"], AUDIENCES, NOW).client.may_write

    def test_any_takes_no_registry_claims_without_a_signature(
        self, make_verifier: Callable[..., TokenVerifier], issuer: Issuer
    ) -> None:
        """A registry token whose alg was changed to none lacks what a Spine token needs."""
        token = issuer.issue("sandbox-client", BASE, NOW, headers={"alg": "none"})
        with pytest.raises(AccessDenied, match="Claim requested_scope is missing"):
            make_verifier("any").verify([f"Bearer {token}"], AUDIENCES, NOW)

    def test_any_takes_no_spine_claims_with_a_signature(
        self, make_verifier: Callable[..., TokenVerifier], issuer: Issuer
    ) -> None:
        """A signed token is verified as the registry's, whatever else its claims are."""
        claims = {"requested_scope": WRITE_SCOPE, "reason_for_request": "directcare"}
        token = issuer.issue("sandbox-client", BASE, NOW, claims=claims, without=["groups", "appid"])
        with pytest.raises(AccessDenied, match="Claim appid is missing"):
            make_verifier("any").verify([f"Bearer {token}"], AUDIENCES, NOW)

    @pytest.mark.parametrize("algorithm", ["HS256", "None", "", None])
    def test_any_verifies_every_alg_but_none_as_the_registrys(
        self, algorithm: str | None, make_verifier: Callable[..., TokenVerifier]
    ) -> None:
        """Only the very word none makes a Spine token."""
        with pytest.raises(AccessDenied, match="Header alg is not accepted; expected RS256"):
            make_verifier("any").verify([malformed(headers={"alg": algorithm})], AUDIENCES, NOW)
