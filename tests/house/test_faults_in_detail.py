"""Faults, looked at closely: the outcomes, the wire, the registry and the journal, by what each should be."""

import json

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED, NEW, Faulty, by_httpx, until


class TestStatus:
    """An injected error is as good an OperationOutcome as any."""

    @pytest.mark.parametrize("accept", ["application/fhir+json", "application/fhir+xml"])
    def test_it_takes_the_negotiated_format(self, faulty: Faulty, accept: str) -> None:
        """JSON and XML alike, with the headers that every answer has."""
        faulty.begin("read:503+retry_after=7")
        call = faulty.call("read", Accept=accept)
        answer = httpx.get(call.url, headers=call.headers)
        assert answer.headers["Content-Type"] == f"{accept}; charset=utf-8"
        assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("7", "no-store")
        assert "OperationOutcome" in answer.text

    @pytest.mark.parametrize(
        ("status", "issue", "spine"),
        [
            (400, "invalid", "INVALID_PARAMETER"),
            (403, "forbidden", "ACCESS DENIED"),
            (404, "not-found", "NO_RECORD_FOUND"),
            (409, "conflict", "FHIR_CONSTRAINT_VIOLATION"),
            (412, "required", "MISSING_OR_INVALID_HEADER"),
            (415, "not-supported", "UNSUPPORTED_MEDIA_TYPE"),
            (418, "exception", "INTERNAL_SERVER_ERROR"),
            (422, "business-rule", "INVALID_RESOURCE"),
            (408, "timeout", "INTERNAL_SERVER_ERROR"),
            (429, "throttled", "INTERNAL_SERVER_ERROR"),
            (500, "exception", "INTERNAL_SERVER_ERROR"),
            (501, "not-supported", "NOT_IMPLEMENTED"),
            (503, "transient", "INTERNAL_SERVER_ERROR"),
        ],
    )
    def test_it_has_the_codes_of_its_status(self, faulty: Faulty, status: int, issue: str, spine: str) -> None:
        """As the contract's table of errors has it."""
        faulty.begin(f"read:{status}")
        call = faulty.call("read")
        told = httpx.get(call.url, headers=call.headers).json()["issue"][0]
        assert (told["code"], told["details"]["coding"][0]["code"]) == (issue, spine)

    def test_an_injected_405_has_the_allow_of_a_real_one(self, faulty: Faulty) -> None:
        """RFC 9110 section 15.5.6: the methods that the path takes, HEAD too."""
        faulty.begin("read:405")
        call = faulty.call("read")
        injected = httpx.get(call.url, headers=call.headers)
        real = httpx.delete(call.url, headers=call.headers)
        assert (injected.status_code, injected.headers["Allow"]) == (405, "GET, HEAD, PUT")
        assert (real.status_code, real.headers["Allow"]) == (405, "GET, HEAD, PUT")

    def test_a_head_request_gets_no_body(self, faulty: Faulty) -> None:
        """The status and the headers, and the connection stays usable."""
        faulty.begin("read:500@x1")
        call = faulty.call("read")
        with httpx.Client() as client:
            assert client.head(call.url, headers=call.headers).content == b""
            assert client.get(call.url, headers=call.headers).status_code == 200

    def test_the_token_endpoint_answers_as_oauth_has_it(self, faulty: Faulty) -> None:
        """RFC 6749 section 5.2, not an OperationOutcome."""
        faulty.begin("token:503")
        call = faulty.call("token")
        answer = httpx.post(call.url, headers=call.headers, content=call.body)
        assert answer.json()["error"] == "temporarily_unavailable"


class TestDelivery:
    """Effects on the wire leave the rest of HTTP as it is."""

    @pytest.mark.parametrize("spec", ["read:dribble=5/2s", "read:rate=500", "read:delay=1s"])
    def test_a_slow_answer_is_a_whole_one(self, faulty: Faulty, spec: str) -> None:
        """The same bytes, and the connection is kept alive."""
        faulty.begin()
        call = faulty.call("read")
        with httpx.Client() as client:
            quick = client.get(call.url, headers=call.headers)
            faulty.control.post("/faults", json=spec).raise_for_status()
            slow = client.get(call.url, headers=call.headers)
        assert slow.content == quick.content
        assert slow.headers["ETag"] == quick.headers["ETag"]
        assert sum(faulty.waits.seconds) > 0

    @pytest.mark.parametrize("spec", ["read:dribble=5/2s", "read:rate=10", "read:cut=10"])
    def test_a_head_request_and_an_unchanged_one_have_no_body_to_slow_or_cut(self, faulty: Faulty, spec: str) -> None:
        """HEAD keeps its Content-Length, 304 has none."""
        faulty.begin(spec)
        call = faulty.call("read")
        head = httpx.head(call.url, headers=call.headers)
        same = httpx.get(call.url, headers={**call.headers, "If-None-Match": 'W/"1"'})
        assert (head.status_code, same.status_code) == (200, 304)
        assert int(head.headers["Content-Length"]) > 100
        assert "Content-Length" not in same.headers

    def test_dribble_spreads_its_pauses(self, faulty: Faulty) -> None:
        """Five chunks have four pauses, which make up the two seconds."""
        faulty.begin("read:dribble=5/2s")
        by_httpx(faulty.call("read"))
        assert faulty.waits.seconds == [0.5, 0.5, 0.5, 0.5]

    def test_the_longest_delay_bounds_every_wait(self, faulty: Faulty) -> None:
        """An hour is cut to --max-delay."""
        faulty.begin("read:delay=1h")
        by_httpx(faulty.call("read"))
        assert faulty.waits.seconds == [60.0]

    def test_a_cut_body_is_always_short(self, faulty: Faulty) -> None:
        """Even where it would have been shorter than the cut."""
        faulty.begin("read:cut=1000000")
        assert by_httpx(faulty.call("read")) == "RemoteProtocolError"
        sent = faulty.journal()[-1]
        assert (
            sent["sent"]["body_bytes"] == int(sent["response"]["headers"].get("Content-Length", 0))
            or sent["sent"]["ended"] == "closed"
        )

    def test_a_corrupt_body_is_valid_http_and_invalid_json(self, faulty: Faulty) -> None:
        """Its length is honest; no parser takes it."""
        faulty.begin("read:body=corrupt")
        call = faulty.call("read")
        answer = httpx.get(call.url, headers=call.headers)
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        with pytest.raises(ValueError, match="codec can't decode"):
            json.loads(answer.content)

    def test_headers_are_set_and_dropped(self, faulty: Faulty) -> None:
        """Those that every answer has, too."""
        faulty.begin({"then": {"headers": {"ETag": None, "Cache-Control": "max-age=1", "X-Test": "1"}}})
        call = faulty.call("read")
        headers = httpx.get(call.url, headers=call.headers).headers
        assert (headers["Cache-Control"], headers["X-Test"]) == ("max-age=1", "1")
        assert "ETag" not in headers


class TestWorld:
    """Effects on the registry are genuine."""

    def test_after_a_race_the_history_shows_the_other_writer_and_a_retry_succeeds(self, faulty: Faulty) -> None:
        """409, read again, cancel again."""
        faulty.begin("cancel:race=bump@x1")
        call = faulty.call("cancel")
        assert by_httpx(call) == 409
        headers = {"Authorization": call.headers["Authorization"]}
        now = httpx.get(f"{faulty.base}/Appointment/{BOOKED}", headers=headers)
        assert now.headers["ETag"] == 'W/"2"'
        again = {**call.headers, "If-Match": now.headers["ETag"]}
        assert httpx.put(call.url, headers=again, json={**now.json(), "status": "cancelled"}).status_code == 200
        assert [each["status"] for each in faulty.versions(BOOKED)] == ["booked", "booked", "cancelled"]

    def test_a_stale_read_answers_the_older_version_whole(self, faulty: Faulty) -> None:
        """Its ETag too, so that an update by it meets a conflict."""
        faulty.begin("read:stale=1")
        call = faulty.call("two versions")
        answer = httpx.get(call.url, headers=call.headers)
        assert (answer.headers["ETag"], answer.json()["meta"]["versionId"]) == ('W/"1"', "1")

    def test_a_skewed_exchange_writes_another_time(self, faulty: Faulty) -> None:
        """Five minutes behind; everything else keeps the time."""
        faulty.begin("register:skew=-5m")
        faulty.control.put("/clock", json={"now": "2031-01-01T12:00:00Z", "frozen": True}).raise_for_status()
        faulty.token = faulty.control.get("/token").text.strip()
        by_httpx(faulty.call("register"))
        assert faulty.registered()[0]["meta"]["lastUpdated"] == "2031-01-01T11:55:00.000+00:00"

    def test_an_expired_token_looks_good_and_is_refused(self, faulty: Faulty) -> None:
        """The answer promises 3600 s; the registry says 403."""
        faulty.begin("token:token=expired")
        call = faulty.call("token")
        told = httpx.post(call.url, headers=call.headers, content=call.body).json()
        assert told["expires_in"] == 3600
        faulty.token = told["access_token"]
        assert by_httpx(faulty.call("read")) == 403

    def test_a_commit_fires_only_where_the_write_succeeded(self, faulty: Faulty) -> None:
        """A refused registration is answered as ever, and is not counted; the good one after it is hit."""
        faulty.begin("register:commit+reset@x1")
        call = faulty.call("register")
        bad = json.dumps({**NEW, "status": "entered in error"}).encode()
        assert httpx.post(call.url, headers=call.headers, content=bad).status_code == 422
        assert by_httpx(call) == "ReadError"
        assert by_httpx(call) == 201
        assert len(faulty.registered()) == 2


class TestWhere:
    """Faults are decided after the token, the route and the formats."""

    def test_an_exchange_refused_before_neither_matches_nor_counts(self, faulty: Faulty) -> None:
        """No token, no route, no format: the rule has seen nothing."""
        faulty.begin("*:500")
        call = faulty.call("read")
        assert httpx.get(call.url).status_code == 403
        assert httpx.get(f"{faulty.base}/Elsewhere", headers=call.headers).status_code == 404
        assert httpx.get(call.url, headers={**call.headers, "Accept": "image/png"}).status_code == 406
        assert faulty.control.get("/faults/http-1").json()["matched"] == 0

    def test_the_control_plane_meets_no_fault(self, faulty: Faulty) -> None:
        """Whatever is in force."""
        faulty.begin("*:reset", "token:reset")
        assert faulty.control.get("/health").status_code == 200

    def test_a_request_brings_its_own_fault(self, faulty: Faulty) -> None:
        """In a header, where --request-faults allows it; its counts hold from one request to the next."""
        faulty.begin()
        call = faulty.call("read", **{"X-Sandbox-Fault": "read:503@x1"})
        assert [by_httpx(call), by_httpx(call)] == [503, 200]
        assert by_httpx(faulty.call("read", **{"X-Sandbox-Fault": "read:five"})) == 400

    def test_without_the_setting_the_header_means_nothing(self, running: RegistrySandbox) -> None:
        """As for a registry that has never heard of it."""
        with Faulty(running.base_url, running.control_url) as faulty:
            faulty.begin()
            assert by_httpx(faulty.call("read", **{"X-Sandbox-Fault": "read:503"})) == 200

    def test_the_journal_says_what_was_really_sent(self, faulty: Faulty) -> None:
        """A reset has no response; a cut one as many bytes as went out; both name their rule."""
        faulty.begin({"id": "cutting", "match": {"interaction": "search"}, "then": {"cut": 200}}, "cancel:commit+reset")
        for action in ("search", "cancel"):
            by_httpx(faulty.call(action))
        cut, reset = faulty.journal()
        assert (cut["sent"], cut["faults"]) == ({"body_bytes": 200, "ended": "closed"}, ["cutting"])
        assert len(cut["response"]["body"]) == 200
        assert (reset["response"], reset["sent"]["ended"]) == (None, "reset")
        assert reset["interaction"] == "update"


def test_a_client_that_hangs_up_ends_the_hanging() -> None:
    """So that the sandbox stops at once, though the hang would last for a minute."""
    with (
        RegistrySandbox(random_seed=5, fault=("read:hang",), max_delay=3600.0) as running,
        Faulty(running.base_url, running.control_url) as faulty,
    ):
        token = faulty.control.get("/token").text.strip()
        url = f"{running.base_url}/Appointment/{BOOKED}"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=1)
        until(lambda: any(each["sent"]["ended"] == "lost" for each in faulty.journal()))
