"""Effects that find nothing to spoil: they have not fired, the answer is untouched, and the rule says so."""

import httpx
import pytest

from registry_sandbox.faults import near_misses
from tests.house.faulty import BOOKED, NEW, Faulty, by_httpx

NOTHING = "matched, nothing to spoil"


def rule_of(faulty: Faulty) -> dict[str, object]:
    """Return the counts and the reasons of the one rule that was set."""
    shown = faulty.control.get("/faults/http-1").json()
    return {"matched": shown["matched"], "fired": shown["fired"], "why": [each["why"] for each in shown["near_misses"]]}


ON_BODIES = ["body=corrupt", "body=truncate", "content_type=text/html", "dribble=5/2s", "rate=10", "cut=10"]


class TestWithoutABody:
    """HEAD, 304 and an empty answer have no body."""

    @pytest.mark.parametrize("effect", ON_BODIES)
    def test_head_and_304_use_up_nothing(self, faulty: Faulty, effect: str) -> None:
        """The answer is as ever; the next one with a body meets the fault."""
        faulty.begin()
        call = faulty.call("read")
        untouched = httpx.head(call.url, headers=call.headers)
        faulty.control.post("/faults", json=f"read:{effect}@x1").raise_for_status()
        head = httpx.head(call.url, headers=call.headers)
        same = httpx.get(call.url, headers={**call.headers, "If-None-Match": 'W/"1"'})
        assert (head.status_code, same.status_code) == (200, 304)
        for name in ("Content-Type", "Content-Length", "ETag"):
            assert head.headers[name] == untouched.headers[name]
        assert rule_of(faulty) == {"matched": 2, "fired": 0, "why": [NOTHING, NOTHING]}
        by_httpx(call)
        assert rule_of(faulty)["fired"] == 1
        assert rule_of(faulty)["why"] == [NOTHING, NOTHING]

    @pytest.mark.parametrize("effect", ["body=corrupt", "commit+cut=10"])
    def test_a_create_that_answers_nothing_is_whole(self, faulty: Faulty, effect: str) -> None:
        """`Prefer: return=minimal`: 201 without a body."""
        faulty.begin(f"register:{effect}@x1")
        call = faulty.call("register", Prefer="return=minimal")
        assert by_httpx(call) == 201
        assert rule_of(faulty) == {"matched": 1, "fired": 0, "why": [NOTHING]}

    def test_the_journal_says_so(self, faulty: Faulty) -> None:
        """The rule is not among the faults of the exchange; the list of what fired does not have it."""
        faulty.begin("read:body=corrupt@x1")
        call = faulty.call("read")
        httpx.head(call.url, headers=call.headers)
        exchange = faulty.journal()[-1]
        assert exchange["faults"] == []
        assert exchange["idle_faults"] == [{"id": "http-1", "why": NOTHING}]
        assert faulty.control.get("/faults/fired").json() == {"fired": [], "total": 0}

    def test_a_rule_that_did_something_else_has_fired(self, faulty: Faulty) -> None:
        """A delay needs no body; the truncation beside it is only left out."""
        faulty.begin("read:delay=1s+body=truncate@x1")
        call = faulty.call("read")
        assert httpx.head(call.url, headers=call.headers).status_code == 200
        assert faulty.waits.seconds == [1.0]
        assert rule_of(faulty)["fired"] == 1

    def test_only_the_idle_rule_is_taken_back(self, faulty: Faulty) -> None:
        """The header that another rule sets is there."""
        faulty.begin("read:body=corrupt@x1", "read:headers=X-Test:1")
        call = faulty.call("read")
        assert httpx.head(call.url, headers=call.headers).headers["X-Test"] == "1"
        assert faulty.journal()[-1]["faults"] == ["http-2"]


class TestWithoutATarget:
    """Other effects that need something which is not there."""

    def test_a_race_about_nothing(self, faulty: Faulty) -> None:
        """No appointment of that id: a plain 404."""
        faulty.begin("read:race=bump@x1")
        call = faulty.call("read")
        assert httpx.get(f"{faulty.base}/Appointment/unknown", headers=call.headers).status_code == 404
        assert rule_of(faulty) == {"matched": 1, "fired": 0, "why": [NOTHING]}

    def test_a_stale_read_of_a_single_version(self, faulty: Faulty) -> None:
        """There is no older one; where there is, the rule still fires."""
        faulty.begin("read:stale=1@x1")
        assert by_httpx(faulty.call("read")) == 200
        assert rule_of(faulty)["fired"] == 0
        by_httpx(faulty.call("two versions"))
        assert rule_of(faulty)["fired"] == 1

    def test_a_header_that_is_not_there_cannot_be_dropped(self, faulty: Faulty) -> None:
        """A CapabilityStatement has no ETag; a read has."""
        faulty.begin("*:headers=-ETag@x1")
        call = faulty.call("read")
        assert httpx.get(f"{faulty.base}/metadata", headers=call.headers).status_code == 200
        assert rule_of(faulty)["fired"] == 0
        assert "ETag" not in httpx.get(call.url, headers=call.headers).headers
        assert rule_of(faulty)["fired"] == 1

    def test_a_refused_request_gets_no_expired_token(self, faulty: Faulty) -> None:
        """The next one gets it."""
        faulty.begin("token:token=expired@x1")
        call = faulty.call("token")
        wrong = call.body.replace(b"sandbox-secret", b"wrong")
        assert httpx.post(call.url, headers=call.headers, content=wrong).status_code == 401
        assert rule_of(faulty)["fired"] == 0
        assert by_httpx(call) == 200
        assert rule_of(faulty)["fired"] == 1

    def test_a_commit_without_a_write_says_so(self, faulty: Faulty) -> None:
        """A refused registration."""
        faulty.begin("register:commit+500@x1")
        call = faulty.call("register")
        assert httpx.post(call.url, headers=call.headers, json={**NEW, "id": "mine"}).status_code == 422
        assert rule_of(faulty) == {"matched": 1, "fired": 0, "why": [NOTHING]}


class TestNearMisses:
    """GET of one rule lists the exchanges that nearly matched, and the key that did not."""

    @pytest.mark.parametrize(
        ("match", "why"),
        [
            ({"interaction": "update"}, 'match.interaction: found "read"'),
            ({"interaction": "read", "id": "another"}, f'match.id: found "{BOOKED}"'),
            ({"interaction": "read", "client": "acme"}, "match.client: found "),
            ({"interaction": "read", "patient": "9991000038"}, 'match.patient: found "9991000011"'),
            ({"interaction": "read", "header": {"Authorization": "x"}}, 'match.header: found "another value, or none"'),
        ],
    )
    def test_the_key_that_did_not_fit_is_named(self, faulty: Faulty, match: dict[str, object], why: str) -> None:
        """With what was found; of a header never its value."""
        faulty.begin({"match": match, "then": {"status": 500}})
        by_httpx(faulty.call("read"))
        (missed,) = faulty.control.get("/faults/http-1").json()["near_misses"]
        assert missed["why"].startswith(why)
        assert (missed["interaction"], missed["id"]) == ("read", BOOKED)

    def test_two_keys_that_do_not_fit_are_no_near_miss(self, faulty: Faulty) -> None:
        """Else every exchange would be one."""
        faulty.begin({"match": {"interaction": "update", "id": "another"}, "then": {"status": 500}})
        by_httpx(faulty.call("read"))
        assert rule_of(faulty)["why"] == []

    def test_a_refusal_that_came_first_is_named(self, faulty: Faulty) -> None:
        """The token is judged before faults are."""
        faulty.begin("read:500")
        by_httpx(faulty.call("read", Authorization="Bearer wrong"))
        assert rule_of(faulty)["why"] == ["refused with 403 before faults are decided"]

    def test_what_came_before_the_rule_is_no_near_miss(self, faulty: Faulty) -> None:
        """On the sandbox's clock."""
        faulty.begin()
        by_httpx(faulty.call("read"))
        faulty.control.put("/clock", json={"advance": "1m"}).raise_for_status()
        faulty.control.post("/faults", json="cancel:500").raise_for_status()
        assert rule_of(faulty)["why"] == []

    def test_an_exchange_that_met_another_fault_is_a_near_miss_too(self, faulty: Faulty) -> None:
        """But a status that a fault has injected is no refusal that came before."""
        faulty.begin("cancel:500", "read:403")
        by_httpx(faulty.call("read"))
        assert rule_of(faulty)["why"] == ['match.interaction: found "read"']
        assert faulty.control.get("/faults/http-2").json()["near_misses"] == []

    def test_only_the_last_exchanges_are_searched(self, faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
        """So that the call takes no longer the more there are."""
        monkeypatch.setattr(near_misses, "_MAX_EXCHANGES", 2)
        faulty.begin("cancel:500")
        for _ in range(3):
            by_httpx(faulty.call("read"))
        assert len(rule_of(faulty)["why"]) == 2  # type: ignore[arg-type]

    def test_only_the_last_ten_are_shown(self, faulty: Faulty) -> None:
        """However many there were."""
        faulty.begin("cancel:500")
        call = faulty.call("read")
        for _ in range(12):
            by_httpx(call)
        assert len(rule_of(faulty)["why"]) == 10  # type: ignore[arg-type]
