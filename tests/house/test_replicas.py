"""Two replicas with one store answer as one registry: whatever one was told, the other knows."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from registry_sandbox.app.other_start import OtherStart
from registry_sandbox.replication.store import StoreAway
from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.verdict.rule import all_rules
from tests.imports import imported_by
from tests.stores import Server
from tests.unhurried import unhurried

Pair = tuple[RegistrySandbox, RegistrySandbox]
LONG_S, TTL_S = 60, 3
JSON = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


@pytest.fixture(scope="module")
def both(store: Server) -> Iterator[Pair]:
    """Two replicas, for the whole module."""
    with (
        unhurried(),
        RegistrySandbox(store=store.url, request_faults=True) as one,
        RegistrySandbox(store=store.url, request_faults=True) as other,
    ):
        yield one, other


@pytest.fixture
def pair(both: Pair) -> Pair:
    """Two replicas, as they are at their start."""
    both[0].reset()
    for each in control(both[0], "GET", "workspaces").json()["workspaces"]:
        control(both[1], "DELETE", f"workspaces/{each['name']}")
    for each in control(both[0], "GET", "snapshots").json()["snapshots"]:
        control(both[1], "DELETE", f"snapshots/{each['name']}")
    return both


def call(sandbox: RegistrySandbox, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """Call one of the replicas with a valid token."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = None if body is None else json.dumps(body)
    authorization = {"Authorization": f"Bearer {sandbox.token()}"}
    url = f"{sandbox.base_url}/{path}"
    named = {**JSON, **authorization, **named}
    return httpx.request(method, url, content=sent, headers=named, trust_env=False, timeout=LONG_S)


def control(sandbox: RegistrySandbox, method: str, path: str, body: Any = None) -> httpx.Response:
    """Call the control plane of one of the replicas."""
    url = f"{sandbox.base_url.removesuffix('/STU3')}/_sandbox/{path}"
    return httpx.request(method, url, json=body, trust_env=False, timeout=LONG_S)


def registered(sandbox: RegistrySandbox) -> str:
    """Register an appointment, and return its id."""
    answer = call(sandbox, "POST", "Appointment", builders.appointment())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def cancel(sandbox: RegistrySandbox, logical_id: str, version: int = 1, **headers: str) -> httpx.Response:
    """Cancel an appointment, knowing a version."""
    body = {**call(sandbox, "GET", f"Appointment/{logical_id}/_history/{version}").json(), "status": "cancelled"}
    return call(sandbox, "PUT", f"Appointment/{logical_id}", body, If_Match=f'W/"{version}"', **headers)


def test_what_one_stores_the_other_reads(pair: Pair) -> None:
    """At once, with the same version, time and bytes."""
    one, other = pair
    logical_id = registered(one)
    seen = [call(each, "GET", f"Appointment/{logical_id}") for each in pair]
    assert [each.status_code for each in seen] == [200, 200]
    assert seen[0].content == seen[1].content
    assert seen[0].headers["ETag"] == seen[1].headers["ETag"] == 'W/"1"'
    assert cancel(other, logical_id).status_code == 200
    assert call(one, "GET", f"Appointment/{logical_id}").headers["ETag"] == 'W/"2"'


def test_a_search_finds_what_the_other_has_registered(pair: Pair) -> None:
    """The index of patients is everywhere the same."""
    one = pair[0]
    logical_id = registered(one)
    patient = call(one, "GET", f"Appointment/{logical_id}").json()["participant"][0]["actor"]["identifier"]["value"]
    query = f"Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|{patient}"
    found = [call(each, "GET", query).json() for each in pair]
    ids = [[entry["resource"]["id"] for entry in each.get("entry", [])] for each in found]
    assert logical_id in ids[1]
    assert ids[0] == ids[1]


def test_one_of_many_cancels_wins_wherever_they_come(pair: Pair) -> None:
    """All others get 409, and one version is made."""
    logical_id = registered(pair[0])
    statuses: list[int] = []
    bodies = {**call(pair[0], "GET", f"Appointment/{logical_id}").json(), "status": "cancelled"}
    threads = [
        threading.Thread(
            target=lambda sandbox=sandbox: statuses.append(
                call(sandbox, "PUT", f"Appointment/{logical_id}", bodies, If_Match='W/"1"').status_code
            )
        )
        for sandbox in pair * 6
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(statuses) == [200] + [409] * 11
    history = call(pair[1], "GET", f"Appointment/{logical_id}/_history").json()
    assert history["total"] == 2


def test_a_fault_that_fires_once_fires_once_in_all(pair: Pair) -> None:
    """The counts are common, and both list them."""
    control(pair[0], "POST", "faults", "read:503@x1")
    logical_id = registered(pair[1])
    statuses = [call(each, "GET", f"Appointment/{logical_id}").status_code for each in (pair[1], pair[0], pair[1])]
    assert statuses == [503, 200, 200]
    listed = [control(each, "GET", "faults").json()["faults"][0] for each in pair]
    assert [(each["matched"], each["fired"]) for each in listed] == [(3, 1), (3, 1)]


def test_a_fault_that_found_nothing_keeps_its_times_in_all(pair: Pair) -> None:
    """`stale` needs two versions: until there are, it has not fired."""
    control(pair[0], "POST", "faults", "read:stale=1@x1")
    logical_id = registered(pair[0])
    for each in pair:
        assert call(each, "GET", f"Appointment/{logical_id}").headers["ETag"] == 'W/"1"'
    assert [control(each, "GET", "faults").json()["faults"][0]["fired"] for each in pair] == [0, 0]
    body = {**call(pair[0], "GET", f"Appointment/{logical_id}").json(), "status": "cancelled"}
    assert call(pair[1], "PUT", f"Appointment/{logical_id}", body, If_Match='W/"1"').status_code == 200
    tags = [call(each, "GET", f"Appointment/{logical_id}").headers["ETag"] for each in pair]
    assert tags == ['W/"1"', 'W/"2"']


def test_a_fault_of_a_header_counts_in_all(pair: Pair) -> None:
    """The same text has the same counts, whichever replica is asked."""
    logical_id = registered(pair[0])
    fault = {"X_Sandbox_Fault": "read:500@x1"}
    statuses = [call(each, "GET", f"Appointment/{logical_id}", **fault).status_code for each in pair]
    assert statuses == [500, 200]


def test_a_race_of_a_fault_is_one_in_all(pair: Pair) -> None:
    """The phantom's version is in the history of both."""
    logical_id = registered(pair[0])
    control(pair[1], "POST", "faults", "cancel:race=bump@x1")
    assert cancel(pair[0], logical_id).status_code == 409
    totals = [call(each, "GET", f"Appointment/{logical_id}/_history").json()["total"] for each in pair]
    assert totals == [2, 2]


def test_a_rate_limit_counts_in_all(pair: Pair) -> None:
    """Three of five requests are answered, wherever they come."""
    control(pair[0], "PUT", "clock", {"frozen": True})
    control(pair[0], "POST", "faults", "read:rate_limit=3/h")
    logical_id = registered(pair[0])
    statuses = [call(each, "GET", f"Appointment/{logical_id}").status_code for each in (*pair, *pair, pair[0])]
    assert statuses == [200, 200, 200, 429, 429]


def test_a_held_exchange_is_listed_and_released_by_the_other(pair: Pair) -> None:
    """The list and the journal have the same number."""
    one, other = pair
    logical_id = registered(one)
    control(other, "POST", "faults", {"id": "h", "match": {"interaction": "read"}, "then": {"hold": True}})
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(call(one, "GET", f"Appointment/{logical_id}")))
    waiting.start()
    held = control(other, "GET", "faults/h/held?wait=30s").json()["held"]
    assert [(each["interaction"], each["path"]) for each in held] == [("read", f"/STU3/Appointment/{logical_id}")]
    assert control(one, "GET", "faults/h/held").json()["held"] == held
    released = control(other, "POST", "faults/h/release", {"exchange": held[0]["exchange"]}).json()["released"]
    assert released == [held[0]["exchange"]]
    waiting.join(LONG_S)
    assert answers[0].status_code == 200
    assert control(one, "GET", "faults/h/held").json()["held"] == []
    exchange = control(other, "GET", f"journal/{held[0]['exchange']}").json()
    assert (exchange["faults"], exchange["response"]["status"]) == (["h"], 200)


def test_a_reset_ends_what_the_other_holds(pair: Pair) -> None:
    """Nothing of it is written, and nobody waits for it any more."""
    one, other = pair
    logical_id = registered(one)
    control(one, "POST", "faults", "cancel:hold")
    ended: list[str] = []

    def waits() -> None:
        try:
            cancel(one, logical_id)
        except httpx.HTTPError as error:
            ended.append(type(error).__name__)

    waiting = threading.Thread(target=waits)
    waiting.start()
    rule = control(other, "GET", "faults").json()["faults"][0]["id"]
    assert control(other, "GET", f"faults/{rule}/held?wait=30s").json()["held"]
    other.reset()
    waiting.join(LONG_S)
    assert ended == ["RemoteProtocolError"]
    assert [call(each, "GET", f"Appointment/{logical_id}").status_code for each in pair] == [404, 404]


def test_a_reset_clears_both_and_later_ids_are_the_same(pair: Pair) -> None:
    """The streams of ids begin anew, in both."""
    first = registered(pair[0])
    pair[1].reset()
    assert [call(each, "GET", f"Appointment/{first}").status_code for each in pair] == [404, 404]
    assert [control(each, "GET", "journal").json()["exchanges"][0]["number"] for each in pair] == [1, 1]
    assert registered(pair[1]) == first


def test_the_clock_is_one(pair: Pair) -> None:
    """Frozen, set and moved by either."""
    control(pair[0], "PUT", "clock", {"now": "2030-01-02T03:04:05Z", "frozen": True})
    control(pair[1], "PUT", "clock", {"advance": "1h"})
    assert [control(each, "GET", "clock").json()["now"] for each in pair] == ["2030-01-02T04:04:05.000+00:00"] * 2
    logical_id = registered(pair[1])
    stored = call(pair[0], "GET", f"Appointment/{logical_id}").json()
    assert stored["meta"]["lastUpdated"] == "2030-01-02T04:04:05.000+00:00"


def test_the_journal_has_what_both_have_answered(pair: Pair) -> None:
    """In one numbering, with bodies, faults and what was written, and in the same words from either."""
    one, other = pair
    logical_id = registered(one)
    control(one, "POST", "faults", {"id": "s", "match": {"interaction": "read"}, "then": {"status": 503}})
    call(other, "GET", f"Appointment/{logical_id}")
    journals = [control(each, "GET", "journal").json() for each in pair]
    assert journals[0] == journals[1]
    register, read = journals[0]["exchanges"]
    assert [register["number"], read["number"]] == [1, 2]
    assert register["written"] == f"Appointment/{logical_id}/_history/1"
    assert json.loads(register["request"]["body"])["resourceType"] == "Appointment"
    assert (read["faults"], read["response"]["status"]) == (["s"], 503)
    hars = [control(each, "GET", "journal?format=har").json() for each in pair]
    assert hars[0] == hars[1]
    assert control(one, "DELETE", "journal").status_code == 204
    assert control(other, "GET", "journal").json()["exchanges"] == []


def test_the_verdict_is_on_what_both_have_seen(pair: Pair) -> None:
    """A client that repeats a refused request is found out by either replica, whichever it has called."""
    for each in pair:
        token = each.token()
        for _ in range(2):
            wrong = {**builders.appointment(), "status": "wrong"}
            call(each, "POST", "Appointment", wrong, Authorization=f"Bearer {token}")
    verdicts = [control(each, "GET", "verdict").json() for each in pair]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]["journal"] == {"first": 1, "last": 4, "dropped": 0}
    assert {number for each in verdicts[0]["findings"] for number in each["exchanges"]} >= {2, 4}


def test_workspaces_are_everywhere_and_apart(pair: Pair) -> None:
    """Made by one, used by the other, ended by the first."""
    one, other = pair
    made = control(one, "POST", "workspaces", {"name": "ours"}).json()
    assert made["name"] == "ours"
    base = f"{other.base_url.removesuffix('/STU3')}/w/ours"
    token = httpx.get(f"{base}/_sandbox/token", trust_env=False).text
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    body = json.dumps(builders.appointment())
    answer = httpx.post(f"{base}/STU3/Appointment", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 201, answer.text
    elsewhere = f"{one.base_url.removesuffix('/STU3')}/w/ours/_sandbox"
    assert len(httpx.get(f"{elsewhere}/journal", trust_env=False).json()["exchanges"]) == 1
    assert control(one, "GET", "journal").json()["exchanges"] == []
    assert control(one, "DELETE", "workspaces/ours").status_code == 204
    assert httpx.get(f"{base}/_sandbox/health", trust_env=False).status_code == 404


def test_a_workspace_that_nobody_uses_ends_in_both(pair: Pair) -> None:
    """And one that the other uses lives on."""
    for name in ("used", "short"):
        control(pair[0], "POST", "workspaces", {"name": name, "ttl": f"{TTL_S}s"})

    def names() -> list[list[str]]:
        url = f"{pair[1].base_url.removesuffix('/STU3')}/w/used/_sandbox/health"
        assert httpx.get(url, trust_env=False, timeout=LONG_S).status_code == 200
        return [[each["name"] for each in control(one, "GET", "workspaces").json()["workspaces"]] for one in pair]

    until = time.monotonic() + LONG_S
    while any("short" in each for each in names()) and time.monotonic() < until:
        time.sleep(0.1)
    lives_on = time.monotonic() + TTL_S
    while time.monotonic() < lives_on:
        assert names() == [["used"], ["used"]]
        time.sleep(0.1)


def test_snapshots_and_states_go_from_one_to_the_other(pair: Pair) -> None:
    """Kept by one, restored by the other; a document of one is loaded by the other."""
    one, other = pair
    logical_id = registered(one)
    control(one, "POST", "snapshots", {"name": "kept"})
    document = control(other, "GET", "state").json()
    one.reset()
    assert control(other, "POST", "snapshots/kept/restore").status_code == 200
    assert [call(each, "GET", f"Appointment/{logical_id}").status_code for each in pair] == [200, 200]
    other.reset()
    assert control(one, "PUT", "state", document).status_code == 200
    assert [call(each, "GET", f"Appointment/{logical_id}").status_code for each in pair] == [200, 200]


def test_a_new_key_is_that_of_both(pair: Pair) -> None:
    """Whether it is rotated by hand or by a fault."""
    one, other = pair
    old = one.token()
    assert control(other, "POST", "keys").status_code == 201
    kids = [[key["kid"] for key in control(each, "GET", "keys").json()["keys"]] for each in pair]
    assert kids[0] == kids[1]
    url = f"{one.base_url}/Appointment/x"
    assert httpx.get(url, headers={"Authorization": f"Bearer {old}"}, trust_env=False).status_code == 403
    assert call(one, "GET", "Appointment/x").status_code == 404
    control(one, "POST", "faults", "read:rotate@x1")
    call(other, "GET", "Appointment/x")
    rotated = [[key["kid"] for key in control(each, "GET", "keys").json()["keys"]] for each in pair]
    assert rotated[0] == rotated[1] != kids[0]


def test_tokens_of_one_are_good_for_the_other(pair: Pair) -> None:
    """They share the key, and the audience is told by the base of the call."""
    one, other = pair
    token = httpx.get(
        f"{one.base_url.removesuffix('/STU3')}/_sandbox/token",
        params={"claim.aud": other.base_url},
        trust_env=False,
    ).text
    answer = httpx.get(f"{other.base_url}/Appointment/x", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert answer.status_code == 404


def test_events_of_one_tell_of_exchanges_of_the_other(pair: Pair) -> None:
    """And of what is done to the sandbox there."""
    one, other = pair
    told: list[str] = []
    url = f"{one.base_url.removesuffix('/STU3')}/_sandbox/events"
    with httpx.stream("GET", url, trust_env=False, timeout=10) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": follow"
        control(other, "PUT", "clock", {"frozen": True})
        call(other, "GET", "Appointment/nobody")
        for line in lines:
            told += [line] if line.startswith(("event:", "data:")) else []
            if "nobody" in line:
                break
    assert "event: clock" in told
    assert "event: exchange" in told


def test_request_ids_differ(pair: Pair) -> None:
    """Though appointments get the same ids everywhere."""
    ids = {call(each, "GET", "Appointment/x").headers["X-Request-Id"] for each in pair * 5}
    assert len(ids) == 10


def test_a_replica_that_comes_late_knows_everything(pair: Pair, store: Server) -> None:
    """It replays the log: appointments, faults with their counts, the clock, workspaces and the journal."""
    control(pair[0], "PUT", "clock", {"now": "2030-01-02T03:04:05Z", "frozen": True})
    control(pair[0], "POST", "workspaces", {"name": "ours"})
    control(pair[0], "POST", "faults", "read:503@x1")
    logical_id = registered(pair[0])
    call(pair[0], "GET", f"Appointment/{logical_id}")
    with RegistrySandbox(store=store.url, request_faults=True) as late:
        assert call(late, "GET", f"Appointment/{logical_id}").status_code == 200
        for path in ("clock", "faults", "workspaces", "faults/fired", "keys", "snapshots"):
            mine = control(late, "GET", path).text.replace(late.base_url[:-5], pair[0].base_url[:-5])
            assert mine == control(pair[0], "GET", path).text, path
        assert len(control(late, "GET", "journal").json()["exchanges"]) == 3
        assert (
            control(late, "GET", "state").json()["appointments"]
            == control(pair[0], "GET", "state").json()["appointments"]
        )


def test_a_replica_with_other_settings_is_refused(both: Pair, store: Server, tmp_path: Path) -> None:
    """The message names each setting with both values, and files by what is in them."""
    del both
    seeds = tmp_path / "mine.yaml"
    seeds.write_text("[]")
    other = RegistrySandbox(store=store.url, request_faults=True, duplicates="refuse", seed_data=[seeds], random_seed=7)
    with pytest.raises(OtherStart) as caught, other:
        pass
    said = str(caught.value)
    assert "--duplicates is allow there and refuse here" in said
    assert "--seed-data is none there and mine.yaml (with the content " in said
    assert "--random-seed is " in said
    assert "PRIVATE KEY" not in said


def test_settings_of_the_process_may_differ(pair: Pair, store: Server) -> None:
    """Such as the token of the control plane, and the log."""
    del pair
    with RegistrySandbox(store=store.url, request_faults=True, control_token="t", log_format="json") as third:
        answer = call(third, "GET", "Appointment/x")
        assert answer.status_code == 404, answer.text


def test_a_store_that_is_not_there_stops_the_start() -> None:
    """The message says where it is, without its password."""
    with ExitStack() as stack, pytest.raises(StoreAway, match=r"valkey://127\.0\.0\.1:1/0") as caught:
        stack.enter_context(RegistrySandbox(store="valkey://:s3cret@127.0.0.1:1/0"))
    assert "s3cret" not in str(caught.value)


def test_each_replica_tells_how_its_store_answers(pair: Pair) -> None:
    """The page lists these metrics, and exchanges are counted by the replica that answered them."""
    page = (Path(__file__).parents[2] / "docs" / "replicas.md").read_text()
    listed = dict(re.findall(r"^\| `(sandbox_\w+)` \| (\w+) \|", page, re.MULTILINE))
    before = _created(control(pair[0], "GET", "metrics").text), _created(control(pair[1], "GET", "metrics").text)
    registered(pair[0])
    texts = [control(each, "GET", "metrics").text for each in pair]
    exposed = dict(re.findall(r"^# TYPE (sandbox_(?:store|journal_lost)\w*) (\w+)", texts[0], re.MULTILINE))
    assert exposed == listed
    assert "sandbox_store_up 1.0" in texts[0]
    assert float(re.findall(r"^sandbox_store_duration_seconds_count (\S+)", texts[0], re.MULTILINE)[0]) > 0
    assert [_created(each) for each in texts] == [before[0] + 1, before[1]]


def _created(metrics: str) -> float:
    """Return how many appointments were registered at a replica."""
    found = re.search(r'exchanges_total\{fault="",interaction="create",status="201"\} (\S+)', metrics)
    return 0.0 if found is None else float(found[1])


def shortened(pair: Pair, store: Server, entries: int = 30) -> None:
    """Let the log become long enough for replicas that shorten it at so many entries, and wait until one has."""
    import redis

    with redis.Redis.from_url(store.url.replace("valkey", "redis")) as client:
        before = client.hget("{registry-sandbox}:log", "position")
        for each in pair:
            replication = each.sandbox.replication
            assert replication is not None
            replication.state.compaction.every = entries
        until = time.monotonic() + LONG_S
        while client.hget("{registry-sandbox}:log", "position") == before:
            assert time.monotonic() < until
            for each in pair:
                call(each, "GET", "Appointment/nobody", X_Sandbox_Fault="read:delay=0s")
        for each in pair:
            replication = each.sandbox.replication
            assert replication is not None
            replication.state.compaction.every = 10**6


COMPARED = (
    *("clock", "faults", "faults/fired", "faults/once", "faults/limit", "keys", "snapshots", "workspaces", "verdict"),
    *("journal?format=summary", "appointments", "state"),
)


def without_own(text: str) -> str:
    """Return an answer without what is each replica's own."""
    document = json.loads(text)
    if "random" in document:
        # Of the streams, only what entries draw is common.
        document["random"]["streams"] = document["random"]["streams"]["logical ids"]
    return json.dumps(document)


def test_a_replica_that_comes_after_the_log_was_shortened_is_like_the_others(pair: Pair, store: Server) -> None:
    """Whatever they are asked, and whatever happens then; and the others have not begun anew for it."""
    one, other = pair
    logical_id = registered(one)
    assert cancel(other, logical_id).status_code == 200
    control(one, "PUT", "clock", {"now": "2030-01-02T03:04:05Z", "frozen": True})
    control(
        one,
        "POST",
        "faults",
        {"id": "once", "match": {"interaction": "read"}, "when": {"times": 1}, "then": {"status": 503}},
    )
    control(
        one, "POST", "faults", {"id": "limit", "match": {"interaction": "search-type"}, "then": {"rate_limit": "2/h"}}
    )
    control(one, "POST", "faults", {"id": "gone", "match": {"interaction": "vread"}, "then": {"status": 500}})
    call(other, "GET", f"Appointment/{logical_id}/_history/1")
    control(one, "DELETE", "faults/gone")
    for each in pair:
        call(each, "GET", f"Appointment/{logical_id}")
    query = "Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|9990001111"
    call(one, "GET", query)
    control(other, "POST", "keys?overlap=5m")
    attested = control(one, "POST", "verdict/attestations", {"rule": _attested(), "by": "a person"})
    assert attested.status_code == 201
    states = [each.sandbox.workspace for each in pair]
    shortened(pair, store)
    after = registered(other)
    with RegistrySandbox(store=store.url, request_faults=True) as late:
        for path in COMPARED:
            answers = [control(each, "GET", path) for each in (late, one)]
            assert answers[0].status_code == 200, answers[0].text
            assert without_own(answers[0].text) == without_own(answers[1].text), path
        assert call(late, "GET", f"Appointment/{after}").status_code == 200
        assert [call(each, "GET", query).status_code for each in (late, one)] == [200, 429]
        assert cancel(late, registered(late)).status_code == 200
        assert [control(each, "GET", "appointments").text for each in (late, other)] == [
            control(one, "GET", "appointments").text
        ] * 2
        late.reset()
        assert registered(one) == logical_id
        assert call(late, "GET", f"Appointment/{logical_id}").status_code == 200
    assert [each.sandbox.workspace for each in pair] == states


def test_workspaces_snapshots_and_exams_outlive_the_shortening_of_the_log(pair: Pair, store: Server) -> None:
    """Whoever comes later has them, with what they began with, and knows how the exam has ended."""
    one, other = pair
    logical_id = registered(one)
    control(one, "POST", "snapshots", {"name": "kept"})
    body = {"name": "ours", "ttl": "2h", "clock": "2031-01-02T03:04:05Z", "from": "kept", "random_seed": 5}
    assert control(other, "POST", "workspaces", body).status_code == 201
    assert control(one, "POST", "exam", {"scenarios": [EXAM]}).status_code == 201
    assert control(other, "POST", f"exam/{EXAM}/done", {"exit_status": 1}).json()["state"] == "fail"
    one.reset()
    shortened(pair, store)
    with RegistrySandbox(store=store.url, request_faults=True) as late:
        for path in (*COMPARED[4:], "exam", "exam/report?format=text"):
            urls = [each.base_url.removesuffix("/STU3") for each in (late, one)]
            answers = [control(each, "GET", path).text for each in (late, one)]
            assert answers[0].replace(urls[0], urls[1]) == answers[1], path
        assert control(late, "POST", "snapshots/kept/restore").status_code == 200
        assert [call(each, "GET", f"Appointment/{logical_id}").status_code for each in (late, other)] == [200, 200]
        ours = [control(each, "GET", "workspaces/ours").json()["expires"] for each in (late, other)]
        assert ours[0] == ours[1]
        states = []
        for each in (late, other):  # each asks for a reset, and has what the workspace began with
            url = f"{each.base_url.removesuffix('/STU3')}/w/ours/_sandbox"
            assert httpx.post(f"{url}/reset", trust_env=False).status_code == 200
            states.append(without_own(httpx.get(f"{url}/state", trust_env=False).text))
        assert json.loads(states[0])["random"]["seed"] == 5
        assert [each["versions"][0]["id"] for each in json.loads(states[0])["appointments"]].count(logical_id) == 1
        assert without_now(states[0]) == without_now(states[1])


EXAM = "cancel-once"


def without_now(text: str) -> dict[str, Any]:
    """Return a state without what depends on the instant of a reset."""
    document: dict[str, Any] = json.loads(text)
    for rule in document["faults"]["rules"]:
        del rule["since_s"]
    del document["clock"]
    return document


def _attested() -> str:
    return next(each.id for each in all_rules() if each.check is None)


def test_a_sandbox_alone_imports_nothing_of_replicas() -> None:
    """Neither the library nor our own: it starts as fast as before."""
    modules = imported_by(
        "from registry_sandbox.app import build; from registry_sandbox.settings import Settings; "
        "build(Settings()).handlers.whole_registry_port()"
    )
    assert "redis" not in modules
    assert {name for name in modules if ".replication." in name} == {"registry_sandbox.replication.store"}


def test_a_body_that_is_too_large_for_the_log_is_refused(pair: Pair) -> None:
    """With the bound; and the sandbox goes on."""
    document = {**control(pair[0], "GET", "state").json(), "written_by": "x" * (17 * 1024 * 1024)}
    refused = control(pair[0], "PUT", "state", document)
    assert refused.status_code == 413
    assert "expected at most 16777216, because of --store" in refused.json()["error"]
    assert control(pair[1], "GET", "health").status_code == 200
