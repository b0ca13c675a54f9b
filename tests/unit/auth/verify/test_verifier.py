"""TokenVerifier: what passes, when, for which audience, and what is cached."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from registry_sandbox.api.interactions import declared
from registry_sandbox.auth.groups import WRITERS
from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.verify import verifier as module
from registry_sandbox.auth.verify.authorisation import require_authorisation
from registry_sandbox.auth.verify.verifier import TokenVerifier
from registry_sandbox.http.errors import AccessDenied
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import NOBODY, Client

NOW = 1_547_802_000.5  # 2019-01-18T09:00:00.5Z
BASE = "http://127.0.0.1:8080/STU3"
AUDIENCES = (BASE, "http://localhost:8080/STU3")


class TestAccepted:
    """Tokens that the registry would accept."""

    def test_a_token_of_the_writing_client(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """The client is called by its appid, and may write."""
        token = issuer.issue("sandbox-client", BASE, NOW)
        assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client == Client("sandbox-client", may_write=True)

    def test_a_token_of_the_reading_client(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """The reader may not write."""
        token = issuer.issue("sandbox-reader", BASE, NOW)
        assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client == Client("sandbox-reader", may_write=False)

    @pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "Bearer   ", " Bearer "])
    def test_the_scheme_in_any_case_and_spacing(self, verifier: TokenVerifier, issuer: Issuer, scheme: str) -> None:
        """RFC 9110 does not care about the scheme's case, and RFC 6750 wants one space or more."""
        assert verifier.verify([scheme + issuer.issue("sandbox-client", BASE, NOW)], AUDIENCES, NOW).client.may_write

    def test_an_audience_among_several(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """An array that names this registry among others is for this registry (RFC 7519 section 4.1.3)."""
        token = issuer.issue("sandbox-client", BASE, NOW, claims={"aud": ["urn:other", BASE]})
        assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client.may_write

    def test_a_future_iat(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """When a token was issued is no reason to refuse it."""
        token = issuer.issue("sandbox-client", BASE, NOW, claims={"iat": int(NOW) + 1000})
        assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client.may_write

    def test_writers_read_too(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """Who is in the writers' group needs not be in the readers'."""
        token = issuer.issue("sandbox-client", BASE, NOW, claims={"groups": [WRITERS]})
        assert verifier.verify([f"Bearer {token}"], AUDIENCES, NOW).client.may_write

    def test_off_checks_nothing(self, make_verifier: Callable[..., TokenVerifier]) -> None:
        """With --auth off nobody is asked who they are."""
        assert make_verifier("off").verify(["rubbish", ""], AUDIENCES, NOW).client is NOBODY


class TestTime:
    """Exp and nbf against the sandbox's clock, to the second."""

    def test_exp_is_the_first_instant_that_is_too_late(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """RFC 7519: a token must not be accepted on or after exp."""
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims={'exp': 2_000_000_000})}"]
        assert verifier.verify(header, AUDIENCES, 1_999_999_999.999).client.may_write
        with pytest.raises(AccessDenied, match="expired"):
            verifier.verify(header, AUDIENCES, 2_000_000_000)

    def test_nbf_is_the_first_instant_that_is_good(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """RFC 7519: a token must not be accepted before nbf."""
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims={'nbf': 1_547_802_000})}"]
        assert verifier.verify(header, AUDIENCES, 1_547_802_000).client.may_write
        with pytest.raises(AccessDenied, match="not valid yet"):
            verifier.verify(header, AUDIENCES, 1_547_801_999.999)

    def test_the_leeway_moves_both(self, issuer: Issuer, make_verifier: Callable[..., TokenVerifier]) -> None:
        """A leeway of 450 s accepts what is 449 s late or early, and refuses what is 450 or 451."""
        verifier = make_verifier(leeway_s=450)
        claims = {"nbf": 1_547_802_000, "exp": 1_547_803_000}
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW, claims=claims)}"]
        assert verifier.verify(header, AUDIENCES, 1_547_802_000 - 449).client.may_write
        assert verifier.verify(header, AUDIENCES, 1_547_803_000 + 449).client.may_write
        for moment in (1_547_802_000 - 451, 1_547_803_000 + 450):
            with pytest.raises(AccessDenied, match="leeway 450 s"):
                verifier.verify(header, AUDIENCES, moment)

    def test_a_cached_token_expires_and_comes_back_with_the_clock(
        self, verifier: TokenVerifier, issuer: Issuer
    ) -> None:
        """Moving the clock bites at once, in both directions."""
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"]
        assert verifier.verify(header, AUDIENCES, NOW).client.may_write
        with pytest.raises(AccessDenied, match="expired"):
            verifier.verify(header, AUDIENCES, NOW + 3600)
        with pytest.raises(AccessDenied, match="not valid yet"):
            verifier.verify(header, AUDIENCES, NOW - 400)
        assert verifier.verify(header, AUDIENCES, NOW).client.may_write


class TestAudience:
    """A token for one registry opens no other."""

    def test_a_cached_token_is_compared_with_the_audience_of_each_call(
        self, verifier: TokenVerifier, issuer: Issuer
    ) -> None:
        """What was good under one name of the registry is not good under another."""
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"]
        assert verifier.verify(header, AUDIENCES, NOW).client.may_write
        with pytest.raises(AccessDenied, match="Claim aud does not name this registry"):
            verifier.verify(header, ["http://localhost:8080/STU3"], NOW)

    def test_a_trailing_slash_makes_another_audience(self, issuer: Issuer, messages: Callable[..., list[str]]) -> None:
        """RFC 7519 compares without transformations, and the message says so."""
        [message] = messages(f"Bearer {issuer.issue('sandbox-client', BASE + '/', NOW)}")
        assert message == (
            f"Claim aud has an extra slash at its end; expected one of {BASE}, http://localhost:8080/STU3"
        )

    def test_the_first_eight_of_many_names_are_listed(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """Three dots stand for the others; of exactly eight there are no others."""
        header = [f"Bearer {issuer.issue('sandbox-client', 'urn:x', NOW)}"]
        for names, end in (("abcdefgh", "g, h"), ("abcdefghi", "g, h ...")):
            with pytest.raises(AccessDenied) as refused:
                verifier.verify(header, list(names), NOW)
            assert refused.value.findings[0].message.endswith(f"expected one of a, b, c, d, e, f, {end}")


class TestCache:
    """What cannot change is cached, within bounds: the claims of a good token, the refusal of an unreadable one."""

    @pytest.mark.parametrize("damage", [lambda token: f"{token[:-8]}AAAAAAAA", lambda token: f"{token}.x"])
    def test_what_is_no_token_of_ours_is_refused_in_the_same_words_again(
        self, verifier: TokenVerifier, issuer: Issuer, damage: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And at once: nothing is decoded or verified a second time."""
        header = [f"Bearer {damage(issuer.issue('sandbox-client', BASE, NOW))}"]
        with pytest.raises(AccessDenied) as first:
            verifier.verify(header, AUDIENCES, NOW)
        monkeypatch.setattr(module, "read_jws", None)
        with pytest.raises(AccessDenied) as again:
            verifier.verify(header, ["another"], NOW + 10**6)
        assert again.value.findings == first.value.findings

    def test_what_the_clock_decides_is_not_cached(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """A token that was too early is good once its time has come."""
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"]
        with pytest.raises(AccessDenied, match="not valid yet"):
            verifier.verify(header, AUDIENCES, NOW - 10**6)
        assert verifier.verify(header, AUDIENCES, NOW).client.may_write

    def test_a_cached_token_beside_another_header_is_refused(self, verifier: TokenVerifier, issuer: Issuer) -> None:
        """Two headers are one too many, even if one of them is cached."""
        header = f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"
        assert verifier.verify([header], AUDIENCES, NOW).client.may_write
        for headers in ([header, header], [header, "x"], ["x", header]):
            with pytest.raises(AccessDenied, match="There are 2 Authorization headers"):
                verifier.verify(headers, AUDIENCES, NOW)

    def test_a_cached_token_needs_no_key(self, issuer: Issuer, make_verifier: Callable[..., TokenVerifier]) -> None:
        """The second answer comes from the cache: it has the very same client."""
        verifier = make_verifier()
        header = [f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"]
        assert verifier.verify(header, AUDIENCES, NOW).client is verifier.verify(header, AUDIENCES, NOW + 1).client

    def test_the_oldest_is_dropped_when_there_are_too_many(
        self, issuer: Issuer, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With room for two, the third token pushes out the first, which is then verified again and is still good."""
        monkeypatch.setattr(module, "CACHE_SIZE", 2)
        headers = [[f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}"] for _ in range(3)]
        clients = [verifier.verify(header, AUDIENCES, NOW).client for header in headers]
        assert verifier.verify(headers[2], AUDIENCES, NOW).client is clients[2]
        assert verifier.verify(headers[1], AUDIENCES, NOW).client is clients[1]
        anew = verifier.verify(headers[0], AUDIENCES, NOW).client
        assert anew == clients[0]
        assert anew is not clients[0]


def of_code(code: str) -> Interaction:
    """Return a declared interaction."""
    return next(each for each in declared() if each.code == code)


class TestAuthorisation:
    """Groups decide: readers may not write."""

    @pytest.mark.parametrize("interaction", ["create", "update"])
    def test_a_reader_may_not_write(self, interaction: str) -> None:
        """The message names the interaction and what would be needed."""
        with pytest.raises(AccessDenied, match=f"{interaction} writes; expected {WRITERS}"):
            require_authorisation(Client("sandbox-reader", may_write=False), of_code(interaction))

    @pytest.mark.parametrize(
        "interaction", ["read", "vread", "search-type", "history-instance", "validate", "capabilities"]
    )
    def test_a_reader_may_do_the_rest(self, interaction: str) -> None:
        """Reading, searching and validating change nothing."""
        require_authorisation(Client("sandbox-reader", may_write=False), of_code(interaction))

    def test_whatever_is_declared_to_write_is_closed_to_readers(self) -> None:
        """The declaration decides, not a list of codes: a new interaction that writes is closed too."""
        new = replace(of_code("read"), writes=True)
        with pytest.raises(AccessDenied, match="read writes"):
            require_authorisation(Client("sandbox-reader", may_write=False), new)
