"""Rate limits, as a setting and as a fault: 429, Retry-After, recovery."""

from typing import Any

import httpx
import pytest

from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED, NEW

FROZEN: dict[str, Any] = {"clock": "2031-01-01T12:00:00Z", "clock_frozen": True}


def get(sandbox: RemoteSandbox, path: str = f"/Appointment/{BOOKED}", **token: str) -> httpx.Response:
    """Send a GET with a token."""
    return httpx.get(f"{sandbox.base_url}{path}", headers={"Authorization": f"Bearer {sandbox.token(**token)}"})  # type: ignore[arg-type]


class TestSetting:
    """--rate-limit."""

    def test_the_order_of_the_checks_is_the_contracts(self) -> None:
        """After the token (403), before the route (404)."""
        with RegistrySandbox(rate_limit="1/s", **FROZEN) as sandbox:
            assert get(sandbox).status_code == 200
            assert httpx.get(f"{sandbox.base_url}/Nowhere").status_code == 403
            assert get(sandbox, "/Nowhere").status_code == 429

    @pytest.mark.parametrize("accept", ["application/fhir+json", "application/fhir+xml"])
    def test_the_refusal_is_an_outcome_that_says_when_to_come_again(self, accept: str) -> None:
        """And after that time the client may."""
        with RegistrySandbox(rate_limit="1/m", **FROZEN) as sandbox:
            get(sandbox)
            headers = {"Authorization": f"Bearer {sandbox.token()}", "Accept": accept}
            refused = httpx.get(f"{sandbox.base_url}/metadata", headers=headers)
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
            assert refused.headers["Content-Type"] == f"{accept}; charset=utf-8"
            assert "throttled" in refused.text
            assert "expected the next request after 60 s" in refused.text
            sandbox.clock.advance("60s")
            assert get(sandbox).status_code == 200

    def test_each_client_counts_alone_and_a_reset_forgets_all(self) -> None:
        """The reader may still read."""
        with RegistrySandbox(rate_limit="1/h", **FROZEN) as sandbox:
            assert [get(sandbox).status_code for _ in range(2)] == [200, 429]
            assert get(sandbox, client="sandbox-reader").status_code == 200
            sandbox.reset()
            assert get(sandbox).status_code == 200

    def test_metadata_without_a_token_is_nobodys(self) -> None:
        """Clients read it first, and probes do."""
        with RegistrySandbox(rate_limit="1/h", **FROZEN) as sandbox:
            assert [httpx.get(f"{sandbox.base_url}/metadata").status_code for _ in range(3)] == [200] * 3

    def test_without_tokens_all_are_one_client(self) -> None:
        """--auth off: nobody can be told from anybody."""
        with RegistrySandbox(rate_limit="1/h", auth="off", **FROZEN) as sandbox:
            url = f"{sandbox.base_url}/Appointment/{BOOKED}"
            assert [httpx.get(url).status_code for _ in range(2)] == [200, 429]


class TestFault:
    """then: {rate_limit: ...}."""

    @pytest.fixture
    def sandbox(self, registry_sandbox_factory: object) -> RemoteSandbox:
        """A sandbox whose clock stands still."""
        return registry_sandbox_factory(**FROZEN)  # type: ignore[no-any-return, operator]

    def test_only_what_matches_counts_and_only_refusals_fire(self, sandbox: RemoteSandbox) -> None:
        """Searches are not limited; `times` counts the refused reads."""
        with sandbox.fault("read:rate_limit=2/s@x2") as fault:
            assert get(sandbox, "/metadata").status_code == 200
            assert [get(sandbox).status_code for _ in range(6)] == [200, 200, 429, 429, 200, 200]
            assert fault.fired == 2
            sandbox.clock.advance("1s")
            assert get(sandbox).status_code == 200

    def test_a_refused_write_writes_nothing(self, sandbox: RemoteSandbox) -> None:
        """Nor is what a lower rule would do done, or used up."""
        sandbox.fault("register:commit+500@x1")
        limit = sandbox.fault("register:rate_limit=1/h")
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        send = {"url": f"{sandbox.base_url}/Appointment", "headers": headers, "json": NEW}
        before = len(sandbox.appointments)
        assert [httpx.post(**send).status_code for _ in range(2)] == [500, 429]  # type: ignore[arg-type]
        assert len(sandbox.appointments) == before + 1
        assert limit.fired == 1

    def test_a_terminal_of_a_lower_rule_keeps_its_times(self, sandbox: RemoteSandbox) -> None:
        """The refusal stands in for it: the connection is not reset, and the reset is still to come."""
        lower = sandbox.fault("read:reset@skip=1,x1")
        sandbox.fault("read:rate_limit=1/h")
        assert [get(sandbox).status_code for _ in range(2)] == [200, 429]
        assert lower.fired == 0
        sandbox.clock.advance("1h")
        with pytest.raises(httpx.ReadError):
            get(sandbox)
        assert lower.fired == 1

    def test_a_rule_that_commits_too_has_fired_where_it_refuses(self, sandbox: RemoteSandbox) -> None:
        """Of its two effects, the limit acted."""
        fault = sandbox.fault("register:rate_limit=1/h+commit+500")
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        url = f"{sandbox.base_url}/Appointment"
        assert [httpx.post(url, headers=headers, json=NEW).status_code for _ in range(2)] == [500, 429]
        assert fault.fired == 2

    def test_a_refused_cancel_meets_no_race(self, sandbox: RemoteSandbox) -> None:
        """The limit comes before everything else that acts before the interaction."""
        sandbox.fault("cancel:race=bump+rate_limit=1/h")
        body = {**sandbox.versions(BOOKED)[0], "status": "cancelled"}
        headers = {"Authorization": f"Bearer {sandbox.token()}", "If-Match": 'W/"1"'}
        url = f"{sandbox.base_url}/Appointment/{BOOKED}"
        assert [httpx.put(url, headers=headers, json=body).status_code for _ in range(2)] == [409, 429]
        assert len(sandbox.versions(BOOKED)) == 2

    def test_the_token_endpoint_refuses_in_oauths_words(self, sandbox: RemoteSandbox) -> None:
        """RFC 6749, with Retry-After too."""
        sandbox.fault("token:rate_limit=1/h")
        form = {
            "grant_type": "client_credentials",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "scope": f"{sandbox.base_url}/.default",
        }
        answers = [httpx.post(sandbox.token_url, data=form) for _ in range(2)]
        assert [each.status_code for each in answers] == [200, 429]
        assert answers[1].json()["error"] == "temporarily_unavailable"
        assert answers[1].headers["Retry-After"] == "3600"

    @pytest.mark.parametrize("value", ["5", "5/d", 5, "0/s"])
    def test_what_is_no_limit_is_refused(self, sandbox: RemoteSandbox, value: object) -> None:
        """With an example."""
        answer = httpx.post(f"{sandbox.control_url}/faults", json={"then": {"rate_limit": value}})
        assert answer.status_code == 400
        assert "such as 5/s" in answer.json()["error"]
