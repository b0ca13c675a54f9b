"""New signing keys: over the control plane, and as a fault."""

from collections.abc import Callable

import httpx
import jwt
import pytest

from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox

Start = Callable[..., RegistrySandbox]


@pytest.fixture
def sandbox(registry_sandbox_factory: Start) -> RemoteSandbox:
    """A sandbox whose clock stands still, with a key of its own."""
    return registry_sandbox_factory(clock="2031-01-01T12:00:00Z", clock_frozen=True)


def kid_of(token: str) -> str:
    """Return the kid of a token."""
    return str(jwt.get_unverified_header(token)["kid"])


def published(sandbox: RemoteSandbox) -> list[str]:
    """Return the kids of the key set, as a client fetches it."""
    origin = sandbox.base_url.removesuffix("/STU3")
    return [each["kid"] for each in httpx.get(f"{origin}/.well-known/jwks.json").json()["keys"]]


def read(sandbox: RemoteSandbox, token: str, client: httpx.Client | None = None) -> httpx.Response:
    """Read with a token."""
    send = httpx if client is None else client
    return send.get(f"{sandbox.base_url}/Appointment/booked-tomorrow", headers={"Authorization": f"Bearer {token}"})


def rotate(sandbox: RemoteSandbox, overlap: str = "") -> list[dict[str, object]]:
    """Rotate the key, and return those that are valid then."""
    answer = httpx.post(f"{sandbox.control_url}/keys{overlap and f'?overlap={overlap}'}")
    assert answer.status_code == 201, answer.text
    keys: list[dict[str, object]] = answer.json()["keys"]
    return keys


class TestRotation:
    """POST /_sandbox/keys."""

    def test_without_overlap_tokens_of_the_old_key_are_refused_by_its_name(self, sandbox: RemoteSandbox) -> None:
        """On a connection that is open already too; a new token is good."""
        old = sandbox.token()
        with httpx.Client() as client:
            assert read(sandbox, old, client).status_code == 200
            assert [each["kid"] for each in rotate(sandbox)] == published(sandbox) != [kid_of(old)]
            refused = read(sandbox, old, client)
        assert refused.status_code == 403
        told = refused.json()["issue"][0]["diagnostics"]
        assert told.startswith(f"Header kid names the key {kid_of(old)}, retired at 2031-01-01T12:00:00Z; expected")
        new = sandbox.token()
        assert [kid_of(new)] == published(sandbox)
        assert read(sandbox, new).status_code == 200

    def test_in_the_overlap_both_keys_are_valid_and_published(self, sandbox: RemoteSandbox) -> None:
        """To its end on the sandbox's clock, also for a token that was judged within it."""
        old = sandbox.token()
        keys = rotate(sandbox, "5m")
        new = sandbox.token()
        assert keys == [
            {"kid": kid_of(new), "signs": True},
            {"kid": kid_of(old), "signs": False, "until": "2031-01-01T12:05:00.000+00:00"},
        ]
        with httpx.Client() as client:
            assert read(sandbox, old, client).status_code == 200
            sandbox.clock.advance("299s")
            assert published(sandbox) == [kid_of(new), kid_of(old)]
            assert read(sandbox, old, client).status_code == 200
            sandbox.clock.advance("1s")
            assert read(sandbox, old, client).status_code == 403
        assert published(sandbox) == [kid_of(new)]
        assert read(sandbox, new).status_code == 200

    def test_a_clock_that_goes_back_makes_a_token_invalid(self, sandbox: RemoteSandbox) -> None:
        """Before its nbf, which is five minutes back, also on the connection on which it was judged."""
        token = sandbox.token()
        with httpx.Client() as client:
            assert read(sandbox, token, client).status_code == 200
            sandbox.clock.set("2031-01-01T11:54:59Z")
            assert read(sandbox, token, client).status_code == 403
            sandbox.clock.set("2031-01-01T11:55:00Z")
            assert read(sandbox, token, client).status_code == 200

    def test_the_leeway_does_not_lengthen_the_overlap(self, registry_sandbox_factory: Start) -> None:
        """It is for the clocks of issuers."""
        frozen = {"clock": "2031-01-01T12:00:00Z", "clock_frozen": True}
        sandbox = registry_sandbox_factory(token_leeway=60, **frozen)
        old = sandbox.token()
        rotate(sandbox, "10s")
        assert read(sandbox, old).status_code == 200
        sandbox.clock.advance("10s")
        assert read(sandbox, old).status_code == 403

    def test_a_second_rotation_does_not_lengthen_the_first(self, sandbox: RemoteSandbox) -> None:
        """Without overlap it ends all that were before."""
        tokens = [sandbox.token()]
        rotate(sandbox, "5m")
        tokens.append(sandbox.token())
        rotate(sandbox)
        assert [read(sandbox, each).status_code for each in tokens] == [403, 403]

    def test_a_reset_brings_back_the_first_key(self, sandbox: RemoteSandbox) -> None:
        """The state is as at the start."""
        old = sandbox.token()
        rotate(sandbox)
        rotate(sandbox)
        later = sandbox.token()
        sandbox.reset()
        assert published(sandbox) == [kid_of(old)]
        assert (read(sandbox, old).status_code, read(sandbox, later).status_code) == (200, 403)

    @pytest.mark.parametrize(
        ("query", "named"),
        [("overlap=often", "keys.overlap: "), ("after=5m", "'after' is not known here; expected overlap")],
    )
    def test_what_cannot_be_used_is_named(self, sandbox: RemoteSandbox, query: str, named: str) -> None:
        """And nothing is rotated."""
        before = published(sandbox)
        answer = httpx.post(f"{sandbox.control_url}/keys?{query}")
        assert (answer.status_code, named in answer.json()["error"]) == (400, True)
        assert published(sandbox) == before

    def test_get_lists_the_keys_that_are_valid(self, sandbox: RemoteSandbox) -> None:
        """One, at the start."""
        assert sandbox.control.json("GET", "/keys") == {"keys": [{"kid": kid_of(sandbox.token()), "signs": True}]}


class TestFault:
    """then: {rotate: true}."""

    def fetched(self, sandbox: RemoteSandbox) -> str:
        """Fetch a token from the token endpoint, as a client does."""
        form = {
            "grant_type": "client_credentials",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "scope": f"{sandbox.base_url}/.default",
        }
        return str(httpx.post(sandbox.token_url, data=form).json()["access_token"])

    def test_a_client_that_caches_the_key_set_meets_an_unknown_kid(self, sandbox: RemoteSandbox) -> None:
        """It has to fetch the key set again; the token is good."""
        cached = published(sandbox)
        sandbox.fault("token:rotate+overlap=5m@x1")
        token = self.fetched(sandbox)
        assert kid_of(token) not in cached
        assert published(sandbox) == [kid_of(token), *cached]
        assert read(sandbox, token).status_code == 200

    def test_without_overlap_a_cached_token_is_refused(self, sandbox: RemoteSandbox) -> None:
        """The client has to fetch a new one."""
        old = self.fetched(sandbox)
        sandbox.fault("token:rotate@x1")
        new = self.fetched(sandbox)
        assert (read(sandbox, old).status_code, read(sandbox, new).status_code) == (403, 200)

    def test_on_an_interaction_the_token_was_judged_before(self, sandbox: RemoteSandbox) -> None:
        """The exchange itself succeeds; the next one with this token does not."""
        token = self.fetched(sandbox)
        sandbox.fault("read:rotate@x1")
        assert [read(sandbox, token).status_code for _ in range(2)] == [200, 403]

    def test_a_reset_undoes_it(self, sandbox: RemoteSandbox) -> None:
        """The rule is gone, and so is its key."""
        before = published(sandbox)
        sandbox.fault("token:rotate")
        self.fetched(sandbox)
        sandbox.reset()
        assert published(sandbox) == before
