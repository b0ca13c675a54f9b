"""The registry's signed token: header, signature and claims, each error with its message."""

import hashlib
import hmac
from collections.abc import Callable

import pytest

from registry_sandbox.auth.groups import READERS, WRITERS
from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.jws import base64url, from_base64url, write_jws
from registry_sandbox.auth.keys import KeySet, SigningKey
from registry_sandbox.auth.verify.verifier import TokenVerifier
from registry_sandbox.http.errors import AccessDenied

NOW = 1_547_802_000.5  # 2019-01-18T09:00:00.5Z
BASE = "http://127.0.0.1:8080/STU3"
AUDIENCES = (BASE, "http://localhost:8080/STU3")
CLOCK = "the sandbox's clock, 2019-01-18T09:00:00Z (1547802000)"


class TestHeader:
    """Errors of the token's header: no key is touched before they are ruled out."""

    @pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512", "ES256", "rs256", "", None, 1, ["RS256"]])
    def test_alg_is_on_a_list_of_one(
        self, algorithm: object, issuer: Issuer, messages: Callable[..., list[str]]
    ) -> None:
        """RS256 is accepted, and nothing else."""
        token = issuer.issue("sandbox-client", BASE, NOW, headers={"alg": algorithm})
        assert messages(f"Bearer {token}") == ["Header alg is not accepted; expected RS256"]

    def test_the_public_key_is_no_hmac_secret(
        self, issuer: Issuer, key: SigningKey, messages: Callable[..., list[str]]
    ) -> None:
        """A token signed by HS256 with the published key as its secret is refused for its alg."""
        [jwk] = key.jwks()["keys"]
        good = issuer.issue("sandbox-client", BASE, NOW)
        secret = jwk["n"].encode()
        signing_input = base64url(b'{"alg":"HS256","kid":"%s"}' % key.kid.encode()) + "." + good.split(".")[1]
        forged = f"{signing_input}.{base64url(hmac.digest(secret, signing_input.encode(), hashlib.sha256))}"
        assert messages(f"Bearer {forged}") == ["Header alg is not accepted; expected RS256"]

    @pytest.mark.parametrize("kid", ["unknown", "", None, 7, ["x"], {"a": 1}])
    def test_an_unknown_kid(
        self, kid: object, issuer: Issuer, key: SigningKey, messages: Callable[..., list[str]]
    ) -> None:
        """The kids that there are, are told."""
        token = issuer.issue("sandbox-client", BASE, NOW, headers={"kid": kid})
        assert messages(f"Bearer {token}") == [f"Header kid names no key of the key set; expected {key.kid}"]

    def test_every_error_of_the_header_at_once(self, key: SigningKey, messages: Callable[..., list[str]]) -> None:
        """Missing alg, missing kid, another typ and crit make four findings."""
        token = write_jws({"typ": "at+jwt", "crit": ["exp"]}, {}, key.sign)
        assert messages(f"Bearer {token}") == [
            "Header alg is missing; expected RS256",
            "Header typ is not accepted; expected JWT",
            "Header crit names extensions, and none is understood; expected no crit",
            f"Header kid is missing; expected {key.kid}",
        ]

    def test_without_keys_no_kid_is_known(self, issuer: Issuer) -> None:
        """A verifier without keys says so."""
        verifier = TokenVerifier(mode="registry", keys=KeySet([]), issuers=[issuer.name], leeway_s=0)
        with pytest.raises(AccessDenied, match="this sandbox has none"):
            verifier.verify([f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"], AUDIENCES, NOW)


class TestSignature:
    """The signature covers header and claims, by the named key."""

    def test_changed_claims(self, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """A reader cannot make itself a writer."""
        header, claims, signature = issuer.issue("sandbox-reader", BASE, NOW).split(".")
        more = from_base64url(claims).replace(READERS.encode(), WRITERS.encode())
        [message] = messages(f"Bearer {header}.{base64url(more)}.{signature}")
        assert message.startswith("The signature does not verify")

    @pytest.mark.parametrize("end", ["", "AAAA"])
    def test_missing_or_lengthened(self, end: str, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """No signature, or one of another length, verifies nothing."""
        header, claims, signature = issuer.issue("sandbox-client", BASE, NOW).split(".")
        [message] = messages(f"Bearer {header}.{claims}.{signature + end if end else ''}")
        assert message.startswith("The signature does not verify")

    def test_another_key_under_the_same_name(self, key: SigningKey, messages: Callable[..., list[str]]) -> None:
        """A stranger who uses our kid is found out."""
        stranger = SigningKey.generate()
        forged = Issuer(stranger, random_bytes=bytes).issue("sandbox-client", BASE, NOW, headers={"kid": key.kid})
        [message] = messages(f"Bearer {forged}")
        assert message.startswith("The signature does not verify")

    def test_a_key_speaks_for_its_own_issuer_only(self, issuer: Issuer, key: SigningKey) -> None:
        """Of two accepted issuers, neither can sign in the other's name."""
        other = SigningKey.generate()
        keys = key.public(issuer.name) | other.public("https://other.example/")
        issuers = [issuer.name, "https://other.example/"]
        verifier = TokenVerifier(mode="registry", keys=keys, issuers=issuers, leeway_s=0)
        foreign = Issuer(other, random_bytes=bytes, name="https://other.example/")
        assert verifier.verify(
            [f"Bearer {foreign.issue('sandbox-client', BASE, NOW)}"], AUDIENCES, NOW
        ).client.may_write
        posing = foreign.issue("sandbox-client", BASE, NOW, claims={"iss": issuer.name})
        with pytest.raises(AccessDenied, match=r"Claim iss names another issuer; expected https://other\.example/"):
            verifier.verify([f"Bearer {posing}"], AUDIENCES, NOW)


class TestClaims:
    """Errors of the claims: all are reported at once."""

    @pytest.mark.parametrize("name", ["iat", "nbf", "exp", "iss", "appid", "aud", "groups"])
    def test_a_missing_claim(self, name: str, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """The claim is named."""
        [message] = messages(f"Bearer {issuer.issue('sandbox-client', BASE, NOW, without=[name])}")
        assert message.startswith(f"Claim {name} is missing; expected ")

    @pytest.mark.parametrize("name", ["iat", "nbf", "exp"])
    @pytest.mark.parametrize("value", [None, True, 1.5, 1e300, "1", -1, 253_402_300_800, 10**30, [], {}])
    def test_a_date_that_is_none(
        self, name: str, value: object, issuer: Issuer, messages: Callable[..., list[str]]
    ) -> None:
        """Booleans, fractions, huge numbers and texts are no NumericDate of Azure AD."""
        [message] = messages(f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims={name: value})}")
        assert message == (
            f"Claim {name} cannot be used; expected a whole number of seconds since 1970, up to the year 9999"
        )

    def test_an_infinite_exp(self, key: SigningKey, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """1e999 is JSON, and reads as infinity: no token lives for ever."""
        claims = from_base64url(issuer.issue("sandbox-client", BASE, NOW, claims={"exp": 7}).split(".")[1])
        endless = claims.replace(b'"exp":7', b'"exp":1e999')
        signing_input = base64url(b'{"alg":"RS256","kid":"%s"}' % key.kid.encode()) + "." + base64url(endless)
        [message] = messages(f"Bearer {signing_input}.{base64url(key.sign(signing_input.encode()))}")
        assert message.startswith("Claim exp cannot be used")

    def test_dates_and_names_at_their_bounds(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """The second 0 of 1970 and the last of 9999 are dates; names of 1 and of 256 characters are names."""
        for name, value in (("iat", 0), ("nbf", 0), ("iat", 253_402_300_799), ("exp", 253_402_300_799)):
            token = issuer.issue("sandbox-client", BASE, NOW, claims={name: value})
            assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client.may_write
        for name in ("x", "x" * 256):
            token = issuer.issue("sandbox-client", BASE, NOW, claims={"appid": name})
            assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client.name == name

    @pytest.mark.parametrize("value", [None, 1, "", "a\nb", "x" * 257, ["a"], "\ud800", {}])
    def test_a_client_without_a_name(self, value: object, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """What goes into a log line is short and printable."""
        assert messages(f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims={'appid': value})}") == [
            "Claim appid cannot be used; expected a printable text of 1 to 256 characters"
        ]

    @pytest.mark.parametrize("value", [None, 1, "", ["a"], {}, "https://appointment-registry-sandbox.invalid/"])
    def test_another_issuer(self, value: object, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """The issuer is named as it is, or it is another; each of an array is not looked at."""
        token = issuer.issue("sandbox-client", BASE, NOW, claims={"iss": value})
        assert messages(f"Bearer {token}") == [f"Claim iss names another issuer; expected {issuer.name}"]

    @pytest.mark.parametrize(
        "value", [None, 1, "", [], [BASE, 1], {"a": BASE}, BASE.upper(), BASE + "/Appointment", True]
    )
    def test_an_audience_that_is_not_ours(
        self, value: object, issuer: Issuer, messages: Callable[..., list[str]]
    ) -> None:
        """Only an accepted text, or an array of texts with one in it, is for this registry."""
        [message] = messages(f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims={'aud': value})}")
        assert message.startswith("Claim aud does not name this registry; expected one of ")

    @pytest.mark.parametrize("value", [None, "", WRITERS, [], ["x"], [WRITERS, 1], {WRITERS: 1}, True])
    def test_groups_that_grant_nothing(self, value: object, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """An array of group ids, with one that is known, lets a client in."""
        [message] = messages(f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims={'groups': value})}")
        assert message == (
            "Claim groups allows neither reading nor writing; "
            f"expected an array with {READERS} (readers) or {WRITERS} (writers)"
        )

    def test_all_at_once(self, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """An expired token of another issuer for another registry is told all three."""
        token = issuer.issue("sandbox-client", "urn:x", NOW, expires_in=-60, claims={"iss": "urn:y"})
        found = messages(f"Bearer {token}")
        assert [message.split(";")[0] for message in found] == [
            "Claim exp: the token has expired",
            "Claim iss names another issuer",
            "Claim aud does not name this registry",
        ]
        assert found[0].endswith(f"expected a time after {CLOCK}")

    def test_nothing_of_the_token_is_repeated(self, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """Whatever a token says, the outcome does not."""
        secret = "s3cr3t-value"
        claims = dict.fromkeys(["iss", "aud", "exp", "nbf", "iat", "groups"], secret)
        token = issuer.issue("sandbox-client", BASE, NOW, claims=claims)
        for text in (secret, *token.split(".")):
            assert text not in " ".join(messages(f"Bearer {token}"))
