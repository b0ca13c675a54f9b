"""What looks like a fault of the client and is none, and what differs from that by one step and is one."""

from collections.abc import Callable
from typing import Any

import pytest

from registry_sandbox.testing import builders
from tests.unit.verdict.hand import SEARCH, Hand, stored
from tests.unit.verdict.scenes import PATIENT, seeded
from tests.unit.verdict.stage import TOKEN_PATH, Stage, broken, grades

READ_BEFORE = "what-is-cancelled-was-read-from-the-registry-before"
AFTER_409 = "a-409-is-followed-by-a-read-before-the-next-put"
SAME = "what-is-sent-back-is-what-was-read"
REPEATED = "a-4xx-is-not-repeated-unchanged"
LOCATION = "the-location"
TOKEN = "one-token-serves-until-it-is-about-to-expire"
GETS = "the-same-get-is-not-repeated-within-seconds-without-need"
PATIENTS = "the-patient-is-named-only-where-documented"


@pytest.fixture(scope="module")
def _stage() -> Stage:
    return Stage()


@pytest.fixture
def hand(_stage: Stage) -> Hand:
    """Somebody before a sandbox in which nothing has happened."""
    _stage.reset()
    return Hand(_stage)


READS: dict[str, Callable[[Hand, str], Any]] = {
    "read": lambda hand, each: hand("GET", f"Appointment/{each}"),
    "read in XML": lambda hand, each: hand("GET", f"Appointment/{each}", Accept="application/fhir+xml"),
    "vread": lambda hand, each: hand("GET", f"Appointment/{each}/_history/1"),
    "history": lambda hand, each: hand("GET", f"Appointment/{each}/_history"),
    "history in XML": lambda hand, each: hand("GET", f"Appointment/{each}/_history?_format=xml"),
    "search": lambda hand, _: hand("GET", SEARCH),
    "search in XML": lambda hand, _: hand("GET", SEARCH, Accept="application/fhir+xml"),
    "search, compressed": lambda hand, _: hand("GET", SEARCH, Accept_Encoding="gzip"),
    "304": lambda hand, each: hand("GET", f"Appointment/{each}", If_None_Match='W/"1"'),
}


@pytest.mark.parametrize("vary", [False, True])
@pytest.mark.parametrize("way", READS)
def test_every_way_to_read_counts_as_a_read(hand: Hand, way: str, *, vary: bool) -> None:
    """Each brings the version; under variations too, whatever the answers look like."""
    logical_id = seeded(hand.stage)
    hand.stage.faults(*(["*:vary"] if vary else []))
    READS[way](hand, logical_id)
    assert hand.cancel(stored(hand, logical_id)).status == 200
    assert grades(hand.stage.report())[READ_BEFORE] == "pass"


@pytest.mark.parametrize("way", ["HEAD", "nothing", "another appointment", "the same version of another"])
def test_what_brings_no_content_is_no_read(hand: Hand, way: str) -> None:
    """The head of a version says nothing of what is in it."""
    logical_id = seeded(hand.stage)
    if way == "HEAD":
        hand("HEAD", f"Appointment/{logical_id}")
    elif way != "nothing":
        hand("GET", f"Appointment/{seeded(hand.stage, '9991000011', 'https://provider.example/other')}")
    assert hand.cancel(stored(hand, logical_id)).status == 200
    assert grades(hand.stage.report())[READ_BEFORE] == "fail"


def test_the_body_of_a_201_is_a_read_and_a_minimal_one_is_none(hand: Hand) -> None:
    """A client that asked for no body has not seen what the registry keeps."""
    created = hand("POST", "Appointment", builders.appointment())
    hand.cancel(created.resource)
    assert grades(hand.stage.report())[READ_BEFORE] == "pass"
    sent = builders.appointment(pointer="https://provider.example/2")
    answer = hand("POST", "Appointment", sent, Prefer="return=minimal")
    logical_id = answer.headers["Location"].split("/")[-3]
    hand.cancel(stored(hand, logical_id))
    assert grades(hand.stage.report())[READ_BEFORE] == "fail"


def test_a_misspelt_if_match_is_mended_without_a_read(hand: Hand) -> None:
    """The 409 says how to write it; nobody else wrote."""
    resource = hand("GET", f"Appointment/{seeded(hand.stage)}").resource
    sent = builders.cancelled(resource)
    assert hand("PUT", f"Appointment/{resource['id']}", sent, If_Match="1").status == 409
    assert hand.cancel(resource).status == 200
    assert broken(hand.stage.report()) == set()


def test_a_409_takes_its_version_from_the_read_after_it(hand: Hand) -> None:
    """Not from the message, and not from the read before."""
    resource = hand("GET", f"Appointment/{seeded(hand.stage)}").resource
    hand.stage.faults("cancel:race=bump@x1")
    assert hand.cancel(resource).status == 409
    newer = hand("GET", f"Appointment/{resource['id']}").resource
    assert hand.cancel(newer, version="1").status == 409
    assert grades(hand.stage.report())[AFTER_409] == "fail"


REPEATABLE = ["408", "409", "429", "425"]


@pytest.mark.parametrize("status", [*REPEATABLE, "400", "404", "422", "403"])
def test_some_refusals_may_be_repeated(hand: Hand, status: str) -> None:
    """Those that say: later; all others need a change."""
    logical_id = seeded(hand.stage)
    hand.stage.faults(f"read:{status}@x1")
    for _ in range(2):
        hand("GET", f"Appointment/{logical_id}")
    assert (REPEATED in broken(hand.stage.report())) is (status not in REPEATABLE)


def _after_a_write(hand: Hand, each: str) -> None:
    hand("POST", "Appointment", builders.appointment())
    hand("GET", f"Appointment/{each}")


def _after_another_fault(hand: Hand, each: str) -> None:
    hand.stage.steer("POST", "/faults", "search:404")
    hand("GET", f"Appointment/{each}")


def _after_a_step_of_the_clock(hand: Hand, each: str) -> None:
    hand.stage.advance(minutes=1)
    hand("GET", f"Appointment/{each}")


CHANGES: dict[str, Callable[[Hand, str], Any]] = {
    "another header": lambda hand, each: hand("GET", f"Appointment/{each}", Ssp_From="1"),
    "another token": lambda hand, each: hand("GET", f"Appointment/{each}", token=hand.stage.token()),
    "a write": _after_a_write,
    "another fault": _after_another_fault,
    "a step of the clock": _after_a_step_of_the_clock,
}
NO_CHANGES: dict[str, Callable[[Hand, str], Any]] = {
    "nothing": lambda hand, each: hand("GET", f"Appointment/{each}"),
    "another request id": lambda hand, each: hand("GET", f"Appointment/{each}", X_Request_Id="new"),
    "a look at another": lambda hand, each: (hand("GET", SEARCH), hand("GET", f"Appointment/{each}")),
}


@pytest.mark.parametrize("change", [*CHANGES, *NO_CHANGES])
def test_what_changes_between_two_requests_may_have_mended_the_cause(hand: Hand, change: str) -> None:
    """Then the second is no repetition."""
    logical_id = seeded(hand.stage)
    hand.stage.faults("read:404")
    hand("GET", f"Appointment/{logical_id}")
    {**CHANGES, **NO_CHANGES}[change](hand, logical_id)
    assert (REPEATED in broken(hand.stage.report())) is (change in NO_CHANGES)


def test_a_new_process_is_a_new_run(hand: Hand) -> None:
    """It has another connection and another token. What came after `since` is one run of the client."""
    for process in (1, 2, 3):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "hand/1"}
        form = b"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret"
        scope = b"&scope=http://localhost/STU3/.default"
        granted = hand.stage.send("POST", TOKEN_PATH, headers, form + scope, connection=process).resource
        hand("GET", "Appointment/none", connection=process, token=granted["access_token"])
    report = hand.stage.report()
    assert (grades(report)[TOKEN], broken(report)) == ("inconclusive", set())
    assert broken(hand.stage.report(since=0)) == {TOKEN}
    assert broken(hand.stage.report(since=2)) == {TOKEN}
    assert broken(hand.stage.report(since=4)) == set()


def test_the_runs_that_a_driver_names_are_apart(hand: Hand) -> None:
    """An exam starts a process for each operation, and says where each begins."""
    from registry_sandbox.verdict.judging import judge

    for connection in (1, 2):
        hand("GET", f"Appointment/{seeded(hand.stage)}", connection=connection)
        hand("GET", SEARCH, connection=connection)
    seeded_once = hand.stage.evidence()
    assert len(seeded_once.exchanges) == 4
    hand("GET", SEARCH, connection=2)
    assert GETS in broken(judge(hand.stage.evidence()))
    assert GETS not in broken(judge(hand.stage.evidence(runs=(1, 3, 5))))


def test_two_programs_behind_one_name_are_told_apart(hand: Hand) -> None:
    """What depends on whether they are one is open; what does not, is not."""
    logical_id = seeded(hand.stage)
    hand("GET", f"Appointment/{logical_id}", User_Agent="program-a/1")
    hand.cancel(stored(hand, logical_id), User_Agent="program-b/1")
    report = hand.stage.report()
    assert grades(report)[READ_BEFORE] == "inconclusive"
    (finding,) = [each for each in report.findings if each.rule == READ_BEFORE]
    assert "program-a/1, program-b/1" in finding.message
    hand("PUT", f"Appointment/{logical_id}", {}, User_Agent="program-b/1")
    assert "every-update-carries-if-match" in broken(hand.stage.report())


def test_ids_of_seeds_and_tasks_count_as_told(hand: Hand) -> None:
    """Nobody needs to find them by a search."""
    from registry_sandbox.verdict.judging import judge

    hand("GET", f"Appointment/{seeded(hand.stage)}")
    hand("GET", "Appointment/of-the-task")
    grade = grades(hand.stage.report())[LOCATION]
    assert grade == "inconclusive"
    report = judge(hand.stage.evidence(told=frozenset({"of-the-task"})))
    assert [each for each in report.findings if each.rule == LOCATION] == []


@pytest.mark.parametrize("path", ["/STU3/Appointment/{}/", "/STU3/STU3/Appointment/{}", "/Appointment/{}", "/STU3/{}"])
def test_a_url_that_is_built_around_an_id_is_no_given_one(hand: Hand, path: str) -> None:
    """The registry has told where an appointment is."""
    created = hand("POST", "Appointment", builders.appointment()).resource
    assert hand("GET", path.format(created["id"])).status == 404
    assert broken(hand.stage.report()) == {LOCATION}


@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH"])
def test_a_given_url_with_a_method_that_it_does_not_take_is_still_a_given_one(hand: Hand, method: str) -> None:
    """The registry told the URL: it refuses the method with a 405, and not the path."""
    created = hand("POST", "Appointment", builders.appointment()).resource
    assert hand(method, f"Appointment/{created['id']}").status == 405
    assert broken(hand.stage.report()) == set()


def test_nobody_puts_to_an_id_of_its_own(hand: Hand) -> None:
    """The registry assigns ids; an update creates nothing."""
    resource = {**builders.appointment(), "id": "mine", "meta": {"versionId": "1"}}
    assert hand.cancel(resource).status == 404
    assert LOCATION in broken(hand.stage.report())


def test_a_conditional_get_and_news_are_no_repetition(hand: Hand) -> None:
    """It costs little; and what has changed meanwhile was worth a look."""
    logical_id = seeded(hand.stage)
    hand("GET", f"Appointment/{logical_id}")
    hand("GET", f"Appointment/{logical_id}", If_None_Match='W/"1"')
    hand.stage.faults("read:race=bump@x1")
    hand("GET", f"Appointment/{logical_id}")
    assert broken(hand.stage.report()) == set()
    hand("GET", f"Appointment/{logical_id}")
    assert broken(hand.stage.report()) == {GETS}


@pytest.mark.parametrize(
    ("headers", "accused"),
    [
        ({"X_Note": f"patient {PATIENT}"}, True),
        ({"User_Agent": f"client/1 ({PATIENT[:3]} {PATIENT[3:6]} {PATIENT[6:]})"}, True),
        ({"X_Request_Id": "1700000000"}, False),
        ({"X_Request_Id": f"a{PATIENT}b"}, False),
        ({"X_Sandbox_Fault": f"search:404({PATIENT})"}, False),
    ],
)
def test_a_patient_in_a_header_is_found_and_other_digits_are_not(
    hand: Hand, headers: dict[str, str], *, accused: bool
) -> None:
    """Only numbers of patients count, alone or in groups."""
    seeded(hand.stage)
    hand("GET", SEARCH, token="", connection=1, **headers)
    report = hand.stage.report()
    assert (PATIENTS in broken(report)) is accused
    assert not any(PATIENT in each.message for each in report.findings)


def test_a_patient_in_a_path_is_found(hand: Hand) -> None:
    """And in the message it is not named."""
    hand("GET", SEARCH)
    hand("GET", f"Appointment/{PATIENT}")
    found = [each for each in hand.stage.report().findings if each.rule == PATIENTS]
    assert [(each.exchanges, PATIENT in each.message) for each in found] == [((2,), False)]


def test_what_may_differ_in_a_cancel_is_no_difference(hand: Hand) -> None:
    """Another format, meta, and another spelling of an instant."""
    resource = hand("GET", f"Appointment/{seeded(hand.stage)}", Accept="application/fhir+xml").resource
    changed = {**resource, "start": resource["start"].replace("+00:00", "Z"), "meta": {"versionId": "1"}}
    assert hand.cancel(changed).status == 200
    assert grades(hand.stage.report())[SAME] == "pass"


@pytest.mark.parametrize("tag", ["*", ""])
def test_a_tag_that_guards_nothing_is_no_if_match(hand: Hand, tag: str) -> None:
    """Any version would do."""
    resource = hand("GET", f"Appointment/{seeded(hand.stage)}").resource
    hand("PUT", f"Appointment/{resource['id']}", builders.cancelled(resource), If_Match=tag)
    assert broken(hand.stage.report()) == {"every-update-carries-if-match"}


def test_what_is_sent_back_is_compared_with_the_version_that_it_names(hand: Hand) -> None:
    """Not with a later one that was read, too."""
    service = hand.stage.workspace.service
    logical_id = seeded(hand.stage)
    first = hand("GET", f"Appointment/{logical_id}").resource
    service.replace(service.registry.current(logical_id), {**first, "end": "2031-05-06T10:00:00+00:00"})
    hand("GET", f"Appointment/{logical_id}")
    assert hand.cancel(first).status == 409
    assert grades(hand.stage.report())[SAME] == "pass"
    assert hand.cancel(first, version="2").status == 422
    assert grades(hand.stage.report())[SAME] == "fail"


def test_a_lost_extension_is_named_without_its_value(hand: Hand) -> None:
    """Planted ones too."""
    planted = {"url": "https://x.example/e", "valueString": "unknown to the client"}
    created = hand("POST", "Appointment", builders.appointment(extension=[planted])).resource
    hand.cancel({name: value for name, value in created.items() if name != "extension"})
    (finding,) = [each for each in hand.stage.report().findings if each.rule == SAME]
    assert "Appointment.extension is missing" in finding.message
    assert "unknown to the client" not in finding.message
