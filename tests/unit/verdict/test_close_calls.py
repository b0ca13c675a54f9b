"""Histories that differ from an innocent one by one step, or from a guilty one."""

from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import InCommon, Response
from registry_sandbox.reading.codec import Codec
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.testing import builders
from registry_sandbox.verdict.attempts import retry_after_s
from registry_sandbox.verdict.bodies import Bodies
from registry_sandbox.verdict.judging import judge
from registry_sandbox.verdict.seen import Seen
from tests.unit.verdict.hand import SEARCH, Hand, stored
from tests.unit.verdict.scenes import seeded
from tests.unit.verdict.stage import BASE, TOKEN_PATH, Stage, broken, grades

SETTLED = "an-unknown-outcome-of-a-register-is-settled-before-registering-again"
DUPLICATE = "an-unknown-outcome-of-a-register-makes-no-duplicate"
EXPIRED = "no-token-is-used-after-its-exp"
ONE_TOKEN = "one-token-serves-until-it-is-about-to-expire"
METADATA = "metadata-is-read-once"
RETRY_AFTER = "retry-after-is-kept"
SCOPE = "the-least-scope"
RETRY_ID = "a-retry-keeps-its-x-request-id"
BROKEN_ANSWER = "a-truncated-or-corrupt-answer-is-not-taken-for-a-good-one"
NOT_READ = "what-is-cancelled-was-read-from-the-registry-before"


@pytest.fixture(scope="module")
def _stage() -> Stage:
    return Stage()


@pytest.fixture
def hand(_stage: Stage) -> Hand:
    """Somebody before a sandbox in which nothing has happened."""
    _stage.reset()
    return Hand(_stage)


def granted(hand: Hand, connection: int = 1) -> str:
    """Ask the token endpoint for a token, and return it."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "hand/1"}
    form = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret"
    body = f"{form}&scope={BASE}/.default".encode()
    token: str = hand.stage.send("POST", TOKEN_PATH, headers, body, connection=connection).resource["access_token"]
    return token


class TestRegister:
    """After an outcome that is not known."""

    def test_a_search_that_failed_settles_nothing(self, hand: Hand) -> None:
        """Nobody knows more than before."""
        hand.stage.faults("register:500@x1", "search:500@x1")
        hand("POST", "Appointment", builders.appointment())
        hand("GET", SEARCH)
        hand("POST", "Appointment", builders.appointment())
        assert broken(hand.stage.report()) == {SETTLED}

    def test_a_corrupt_201_leaves_its_outcome_unknown(self, hand: Hand) -> None:
        """The client cannot read what became of it, though the head says 201."""
        hand.stage.faults("register:body=corrupt@x1")
        for _ in range(2):
            hand("POST", "Appointment", builders.appointment())
        assert broken(hand.stage.report()) == {SETTLED, DUPLICATE}

    def test_another_appointment_may_be_registered(self, hand: Hand) -> None:
        """It is another pointer."""
        hand.stage.faults("register:500@x1")
        for number in (1, 2):
            hand("POST", "Appointment", builders.appointment(pointer=f"https://provider.example/{number}"))
        assert broken(hand.stage.report()) == set()

    def test_a_503_was_not_done(self, hand: Hand) -> None:
        """It may be sent again without a search."""
        hand.stage.faults("register:503@x1")
        for _ in range(2):
            hand("POST", "Appointment", builders.appointment())
        assert broken(hand.stage.report()) == set()

    def test_what_was_not_stored_is_no_duplicate(self, hand: Hand) -> None:
        """The first one failed before the write."""
        hand.stage.faults("register:reset@x1")
        for _ in range(2):
            hand("POST", "Appointment", builders.appointment())
        assert grades(hand.stage.report())[DUPLICATE] == "not exercised"

    def test_another_process_begins_anew(self, hand: Hand) -> None:
        """Where somebody says where runs begin; else one token tells that it is the same run."""
        hand.stage.faults("register:commit+reset@x1")
        for connection in (1, 2):
            hand("POST", "Appointment", builders.appointment(), connection=connection)
        assert broken(judge(hand.stage.evidence())) == {SETTLED, DUPLICATE}
        assert broken(judge(hand.stage.evidence(runs=(1, 2)))) == set()


class TestTokens:
    """Their time, and their number."""

    def test_a_token_ends_after_what_the_endpoint_said(self, hand: Hand) -> None:
        """A client knows it without a 403."""
        token = granted(hand)
        hand("GET", SEARCH, token=token)
        hand.stage.wait(3590)
        hand("GET", SEARCH, token=token)
        assert broken(hand.stage.report()) == set()
        hand.stage.wait(20)
        hand("GET", SEARCH, token=token)
        assert EXPIRED in broken(hand.stage.report())

    def test_a_token_from_elsewhere_ends_with_its_exp(self, hand: Hand) -> None:
        """As far as the sandbox's clock runs with the machine's."""
        hand("GET", SEARCH)
        hand.stage.wait(3700)
        hand("GET", SEARCH)
        assert EXPIRED in broken(hand.stage.report())

    def test_a_step_of_the_clock_is_learnt_by_the_403(self, hand: Hand) -> None:
        """The first use after it is no fault; the second is."""
        token = granted(hand)
        hand("GET", SEARCH, token=token)
        hand.stage.advance(hours=2)
        hand("GET", SEARCH, token=token)
        assert broken(hand.stage.report()) == set()
        hand("GET", SEARCH, token=token)
        assert EXPIRED in broken(hand.stage.report())

    def test_a_new_token_in_time_is_a_pass(self, hand: Hand) -> None:
        """Nothing was refused, and the old one is over."""
        hand("GET", SEARCH, token=granted(hand))
        hand.stage.wait(3590)
        token = granted(hand)
        hand.stage.wait(20)
        hand("GET", SEARCH, token=token)
        assert (broken(hand.stage.report()), grades(hand.stage.report())[EXPIRED]) == (set(), "pass")

    def test_after_a_403_a_new_token_may_be_asked_for(self, hand: Hand) -> None:
        """The old one may be the reason."""
        hand.stage.faults("search:403@x1")
        hand("GET", SEARCH, token=granted(hand))
        hand("GET", SEARCH, token=granted(hand))
        assert broken(hand.stage.report()) == set()

    def test_a_token_is_renewed_before_it_ends(self, hand: Hand) -> None:
        """In the second half of its life."""
        hand("GET", SEARCH, token=granted(hand))
        hand.stage.wait(2000)
        hand("GET", SEARCH, token=granted(hand))
        assert broken(hand.stage.report()) == set()
        hand.stage.wait(1000)
        hand("GET", SEARCH, token=granted(hand))
        assert broken(hand.stage.report()) == {ONE_TOKEN}

    def test_a_lost_token_is_asked_for_again(self, hand: Hand) -> None:
        """It never arrived."""
        hand.stage.faults("token:commit+reset@x1")
        form = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "hand/1"}
        body = (
            f"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret&scope={BASE}/.default"
        )
        assert hand.stage.send("POST", TOKEN_PATH, form, body.encode()).status is None
        hand("GET", SEARCH, token=granted(hand))
        assert broken(hand.stage.report()) == set()

    def test_what_a_proxy_sends_on_one_connection_may_be_of_many_clients(self, hand: Hand) -> None:
        """Its connections link nothing."""
        for _ in range(2):
            hand.stage.send("GET", "metadata", {"User-Agent": "hand/1", "X-Forwarded-For": "10.0.0.1"})
        assert grades(hand.stage.report())[METADATA] == "inconclusive"

    @pytest.mark.parametrize(("end", "accused"), [("booked", True), ("cancelled", False)])
    def test_who_finds_nothing_to_do_may_have_meant_to_write(self, hand: Hand, end: str, *, accused: bool) -> None:
        """A client that wanted to cancel and finds it done has no need to write."""
        logical_id = seeded(hand.stage)
        if end == "cancelled":
            service = hand.stage.workspace.service
            current = service.registry.current(logical_id)
            service.replace(current, {**current.resource(), "status": "cancelled"})
        token = hand.stage.token(("mode", "spine"), ("claim.requested_scope", "patient/appointment.write"))
        assert hand("GET", f"Appointment/{logical_id}", token=token).status == 200
        assert (SCOPE in broken(hand.stage.report())) is accused


class TestPauses:
    """Between attempts."""

    def test_retry_after_may_pass_on_the_sandbox_s_clock(self, hand: Hand) -> None:
        """A test moves it instead of waiting."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:503+retry_after=30@x1")
        hand("GET", f"Appointment/{logical_id}")
        hand.stage.advance(seconds=30)
        hand("GET", f"Appointment/{logical_id}")
        assert RETRY_AFTER not in broken(hand.stage.report())

    def test_another_process_retries_nothing(self, hand: Hand) -> None:
        """Each run asks for the first time."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:500")
        for _ in range(12):
            hand("GET", f"Appointment/{logical_id}")
        assert grades(hand.stage.report())["the-retries-of-a-500-end"] == "warning"
        report = judge(hand.stage.evidence(runs=tuple(range(1, 13))))
        assert grades(report)["the-retries-of-a-500-end"] == "not exercised"

    def test_retry_after_counts_whatever_its_length(self, hand: Hand) -> None:
        """Two minutes are long for a retry, and not for one that was told to wait."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:503+retry_after=120@x1")
        hand("GET", f"Appointment/{logical_id}")
        hand.stage.wait(121)
        hand("GET", f"Appointment/{logical_id}")
        assert (grades(hand.stage.report())[RETRY_AFTER], broken(hand.stage.report())) == ("pass", set())

    def test_what_comes_much_later_is_no_retry(self, hand: Hand) -> None:
        """It is another wish."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:500@x4")
        for _ in range(4):
            hand("GET", f"Appointment/{logical_id}")
            hand.stage.wait(500)
        graded = grades(hand.stage.report())
        assert graded["the-pauses-between-retries-are-bounded"] == "not exercised"

    @pytest.mark.parametrize(("pause_s", "grade"), [(0.0, "warning"), (0.018, "warning"), (0.021, "pass")])
    def test_what_is_at_once(self, hand: Hand, pause_s: float, grade: str) -> None:
        """A retry within two hundredths of a second: even a client that does not wait needs some of that."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:500@x3")
        for _ in range(4):
            hand("GET", f"Appointment/{logical_id}")
            hand.stage.wait(pause_s)
        assert grades(hand.stage.report())["a-retry-waits"] == grade

    def test_few_pauses_that_shrink_say_nothing(self, hand: Hand) -> None:
        """They may be drawn at random."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:500@x3")
        for pause in (0.5, 0.3, 0.4, 0.0):
            hand("GET", f"Appointment/{logical_id}")
            hand.stage.wait(pause)
        assert grades(hand.stage.report())["the-pauses-between-retries-grow"] == "pass"

    def test_many_pauses_that_shrink_do(self, hand: Hand) -> None:
        """None of four waited longer than the first."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:500@x4")
        for pause in (0.5, 0.3, 0.4, 0.45, 0.0):
            hand("GET", f"Appointment/{logical_id}")
            hand.stage.wait(pause)
        assert grades(hand.stage.report())["the-pauses-between-retries-grow"] == "warning"

    @pytest.mark.parametrize(("attempts", "grade"), [(3, "not exercised"), (4, "warning")])
    def test_few_pauses_alike_may_be_chance(self, hand: Hand, attempts: int, grade: str) -> None:
        """It takes three times that two could differ."""
        logical_id = seeded(hand.stage)
        hand.stage.faults(f"read:500@x{attempts}")
        for _ in range(attempts + 1):
            hand("GET", f"Appointment/{logical_id}")
            hand.stage.wait(0.2)
        assert grades(hand.stage.report())["the-pauses-between-retries-vary"] == grade

    @pytest.mark.parametrize(
        ("pauses", "attempts", "grade"),
        [
            ((1.0, 2.0, 4.0, 8.0, 16.0), 1, "warning"),
            ((16.0, 8.0, 4.0, 2.0, 1.0), 1, "warning"),
            ((2.0, 2.06, 2.12, 2.18), 1, "pass"),
            ((1.0, 2.0, 4.0, 8.0, 8.0, 8.0), 1, "warning"),
            ((1.0, 2.0, 4.0, 8.0, 8.0, 8.0), 2, "warning"),
            ((1.0, 2.0, 3.0, 4.0, 5.0), 3, "warning"),
            ((1.0, 2.0, 4.0, 4.0), 1, "not exercised"),
            ((1.1, 2.7, 4.2), 1, "not exercised"),
            ((1.0, 1.0), 2, "not exercised"),
            ((1.1, 2.7, 4.2, 5.0, 5.0), 1, "pass"),
        ],
    )
    def test_whether_pauses_have_a_schedule(
        self, hand: Hand, pauses: tuple[float, ...], attempts: int, grade: str
    ) -> None:
        """One factor, also up to a bound; or any, if it comes again. A small random part is none."""
        for attempt in range(attempts):
            logical_id = seeded(hand.stage, pointer=f"https://provider.example/{attempt}")
            hand.stage.faults(f"read:500@x{len(pauses)}")
            for pause in (*pauses, 100.0):
                hand("GET", f"Appointment/{logical_id}")
                hand.stage.wait(pause)
        assert grades(hand.stage.report())["the-pauses-between-retries-vary"] == grade

    def test_only_a_503_is_an_outage_that_a_4xx_ends(self, hand: Hand) -> None:
        """After a 500 the other rule tells."""
        logical_id = seeded(hand.stage)
        hand.stage.faults("read:500@#1", "read:404@#2")
        for _ in range(3):
            hand("GET", f"Appointment/{logical_id}")
            hand.stage.wait(0.3)
        assert broken(hand.stage.report()) == {"a-4xx-is-not-repeated-unchanged"}


class TestThrift:
    """What need not be asked again."""

    def test_metadata_may_be_read_again_after_an_hour(self, hand: Hand) -> None:
        """It may have changed; or in another format."""
        hand("GET", "metadata")
        hand("GET", "metadata", Accept="application/fhir+xml")
        hand.stage.wait(3700)
        hand("GET", "metadata", token=hand.stage.token())
        assert METADATA not in broken(hand.stage.report())

    def test_a_search_after_a_settling_one_is_none_too_many(self, hand: Hand) -> None:
        """The first one was for the registration."""
        hand.stage.faults("register:commit+reset@x1")
        hand("POST", "Appointment", builders.appointment())
        hand("GET", SEARCH)
        hand("GET", SEARCH)
        assert broken(hand.stage.report()) == set()
        hand("GET", SEARCH)
        assert len(broken(hand.stage.report())) == 1

    def test_a_cancel_begins_with_a_read(self, hand: Hand) -> None:
        """Though the same was read just now."""
        target = f"Appointment/{seeded(hand.stage)}"
        hand("GET", target)
        hand.cancel(hand("GET", target).resource)
        assert broken(hand.stage.report()) == set()

    def test_a_cancel_that_is_sent_again_is_the_same_operation(self, hand: Hand) -> None:
        """With another version, it keeps its X-Request-Id."""
        target = f"Appointment/{seeded(hand.stage)}"
        hand.stage.faults("cancel:race=bump@x1")
        for _ in range(2):
            hand.cancel(hand("GET", target).resource, X_Request_Id="one")
        assert broken(hand.stage.report()) == set()

    @pytest.mark.parametrize(
        ("settling", "ids", "accused"),
        [(True, "ab", False), (False, "ab", True), (True, "aa", False), (False, "aa", False)],
    )
    @pytest.mark.parametrize("write", ["create", "update"])
    def test_what_a_read_has_settled_may_be_sent_again_under_another_id(
        self, hand: Hand, write: str, ids: str, *, settling: bool, accused: bool
    ) -> None:
        """It is decided anew; without that it is a retry, and has the id of the first attempt."""
        read = hand("GET", f"Appointment/{seeded(hand.stage)}").resource
        hand.stage.faults("register:reset@x1", "cancel:reset@x1")
        for at, name in enumerate(ids):
            if at and settling:
                hand("GET", f"Appointment/{read['id']}" if write == "update" else SEARCH)
            if write == "update":
                hand.cancel(read, X_Request_Id=name)
            else:
                hand("POST", "Appointment", builders.appointment(), X_Request_Id=name)
        assert (RETRY_ID in broken(hand.stage.report())) == accused

    def test_a_read_that_failed_settles_nothing(self, hand: Hand) -> None:
        """So what is sent again is a retry."""
        read = hand("GET", f"Appointment/{seeded(hand.stage)}").resource
        hand.stage.faults("cancel:reset@x1", "read:500@x1")
        hand.cancel(read, X_Request_Id="a")
        hand("GET", f"Appointment/{read['id']}")
        hand.cancel(read, X_Request_Id="b")
        assert RETRY_ID in broken(hand.stage.report())

    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            ("body=corrupt", "The body of the answer was not UTF-8"),
            ("body=truncate", "The body of the answer was no JSON that can be read"),
            ("cut=200", "The answer was cut short"),
        ],
    )
    def test_a_broken_answer_is_told_with_what_was_broken(self, hand: Hand, fault: str, told: str) -> None:
        """Who cancels from it has sent a GET, so both findings name that, and why it does not count as a read."""
        logical_id = seeded(hand.stage)
        read = stored(hand, logical_id)
        hand.stage.faults(f"read:{fault}@x1")
        hand("GET", f"Appointment/{logical_id}")
        hand.cancel(read)
        findings = [each for each in hand.stage.report().findings if each.rule in {BROKEN_ANSWER, NOT_READ}]
        assert {each.rule for each in findings} == {BROKEN_ANSWER, NOT_READ}
        for each in findings:
            assert told in each.message
            assert len(each.exchanges) == 2

    def test_a_broken_answer_that_is_asked_for_again_is_a_pass(self, hand: Hand) -> None:
        """What was read then is what is cancelled."""
        target = f"Appointment/{seeded(hand.stage)}"
        hand.stage.faults("read:body=truncate@x1")
        hand("GET", target)
        hand.cancel(hand("GET", target).resource)
        report = hand.stage.report()
        assert (grades(report)["a-truncated-or-corrupt-answer-is-not-taken-for-a-good-one"], broken(report)) == (
            "pass",
            set(),
        )


class TestNames:
    """Whose exchanges they are."""

    def test_a_refused_token_names_its_client(self, hand: Hand) -> None:
        """Though nothing about it was verified."""
        hand("GET", SEARCH, token=hand.stage.token(("expires_in", "-60")))
        assert hand.stage.report().clients == ("sandbox-client",)

    def test_only_a_bearer_token_names_a_client(self, hand: Hand) -> None:
        """What stands behind another scheme is none."""
        hand.stage.send("GET", SEARCH, {"Authorization": f"Basic {hand.token}", "User-Agent": "another/1"})
        assert hand.stage.report().clients == ("another/1",)

    def test_what_two_clients_may_have_sent_is_of_neither(self, hand: Hand) -> None:
        """They have one User-Agent, and no token tells."""
        hand("GET", SEARCH)
        hand("GET", SEARCH, token=hand.stage.token(("client", "sandbox-reader")))
        hand.stage.send("GET", "metadata", {"User-Agent": "hand/1"})
        assert hand.stage.report().clients == ("sandbox-client", "sandbox-reader", "hand/1")

    def test_a_token_is_of_the_program_that_uses_it(self, hand: Hand) -> None:
        """Whatever library asks for it."""
        first = granted(hand)
        hand("GET", SEARCH, token=first, User_Agent="program-a/1")
        hand("GET", SEARCH, token=granted(hand), User_Agent="program-b/1")
        assert grades(hand.stage.report(since=0))[ONE_TOKEN] == "inconclusive"


class TestTimes:
    """What was over when something else began."""

    def test_an_answer_at_once_was_over_when_it_was_noted(self) -> None:
        """However long it took to make: the journal notes it at its end, and the client may go on at once."""
        read, put = exchange(1, wall_s=10.0, duration_s=0.5), exchange(2, wall_s=10.2, duration_s=0.1)
        assert (read.ended_s, put.began_s) == (10.0, 10.1)
        assert read.precedes(put)

    def test_what_is_under_way_precedes_nothing(self) -> None:
        """Nobody knows its answer yet."""
        waiting = exchange(1, wall_s=10.0, duration_s=0.5, state="held")
        assert not waiting.precedes(exchange(2, wall_s=100.0, duration_s=0.1))
        assert (waiting.unknown, waiting.failed) == (False, False)


def test_retry_after_as_a_date_is_compared_with_that_of_the_answer() -> None:
    """The Date is among the headers that answers have in common. RFC 9110, section 10.2.3."""
    date, after = "Sat, 28 Nov 2026 12:00:00 GMT", "Sat, 28 Nov 2026 12:00:30 GMT"
    answer = Response(503, headers=CIMultiDict({"Retry-After": after}), common=InCommon((("Date", date),), ""))
    assert retry_after_s(exchange(1, wall_s=0.0, duration_s=0.0, response=answer)) == 30.0


def exchange(
    number: int, *, wall_s: float, duration_s: float, state: Any = "done", response: Response | None = None
) -> Seen:
    """Return an exchange as a value: a read that was answered at once."""
    request = Request("GET", "/STU3/Appointment/1", "", CIMultiDictProxy(CIMultiDict()), b"", BASE)
    response = response or Response(200, body=b"{}")
    made = Exchange(number, wall_s, wall_s, duration_s, duration_s, state, request, response, 0, 2)
    return Seen(made, "", None, None, Bodies(Codec()))
