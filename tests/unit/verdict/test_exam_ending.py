"""How a task ends, and the report of a whole exam."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from registry_sandbox.registry.store import Registry
from registry_sandbox.verdict.exam.ending import (
    Ended,
    Result,
    TaskGrade,
    holding,
    nothing_came,
    result_of,
    with_pointer,
    wrong_in_store,
    wrong_in_words,
)
from registry_sandbox.verdict.exam.merging import Task, merged, scenario_id
from registry_sandbox.verdict.exam.scenario import Scenario, read_scenario
from registry_sandbox.verdict.finding import Finding, Grade, Requirement
from registry_sandbox.verdict.report import Coverage, JournalExtent, Met, Report, RuleGrade

AT = datetime(2031, 1, 1, tzinfo=UTC)
REQUIREMENT = Requirement("what must be", "the page")
LOCATION, IF_MATCH = "the-location", "every-update-carries-if-match"


def scenario(**changes: object) -> Scenario:
    """A cancel that has to leave two versions, and to show one rule."""
    expect = {"versions": {"{appointment}": ["booked", "cancelled"]}, "rules": [LOCATION]}
    given = {"scenario": "my own", "client": "cancel the appointment {appointment}", "expect": expect, **changes}
    return read_scenario(given)


def registry(**histories: Sequence[str]) -> Registry:
    """A store whose appointments have these statuses, each with a pointer of its own unless a second one shares it."""
    made = Registry(lambda resource, _: json.dumps(resource).encode(), json.loads)
    for name, statuses in histories.items():
        pointer = f"https://x.test/{name.removesuffix('_again')}"
        for number, status in enumerate(statuses):
            resource = {"resourceType": "Appointment", "identifier": [{"value": pointer}], "status": status}
            if number:
                made.update(name.replace("_", "-"), resource, expected=number, at=AT)
            else:
                made.create(resource, logical_id=name.replace("_", "-"), at=AT)
    return made


def report(**grades: Grade) -> Report:
    """A report in which two rules have these grades, with a finding for each that is broken."""
    both = {LOCATION: grades.get("location", "pass"), IF_MATCH: grades.get("if_match", "pass")}
    rules = tuple(
        RuleGrade(rule, rule, "must", grade, REQUIREMENT, "why" if grade != "pass" else "", 1)
        for rule, grade in both.items()
    )
    findings = tuple(
        Finding(rule, "must", grade, "c", None, "seen", (2,), REQUIREMENT)
        for rule, grade in both.items()
        if grade in ("fail", "warning")
    )
    exchanges = {2: {"number": 2}} if findings else {}
    outcome = Met("read", 200, "json", "met and handled")
    return Report(rules, findings, Coverage((outcome,)), JournalExtent(1, 3, 0), ("c",), exchanges)


def test_the_end_that_the_scenario_wants_has_nothing_wrong() -> None:
    """The appointment is found by its id."""
    assert not wrong_in_store(scenario(), registry(my_own=["booked", "cancelled"]), {"my-own": 1})


def test_another_end_is_told_with_what_was_expected() -> None:
    """Here nothing was done."""
    [message] = wrong_in_store(scenario(), registry(my_own=["booked"]), {"my-own": 1})
    assert message == "The store holds booked for my-own; expected booked -> cancelled, once."


def test_an_appointment_that_is_missing_is_told() -> None:
    """The store holds nothing for it."""
    [message] = wrong_in_store(scenario(), registry(), {})
    assert "holds nothing for my-own" in message


def test_a_pointer_under_two_ids_is_told() -> None:
    """Both have the right statuses, and one is too many."""
    wanted = scenario(expect={"versions": {"https://x.test/a": ["booked"]}})
    assert not wrong_in_store(wanted, registry(a=["booked"]), {})
    [message] = wrong_in_store(wanted, registry(a=["booked"], a_again=["booked"]), {})
    assert message.startswith("The store holds booked, and booked under 2 ids for https://x.test/a;")


def test_what_the_task_does_not_ask_for_must_be_as_it_was() -> None:
    """Neither changed nor new."""
    wanted = scenario(expect={})
    store = registry(other=["booked", "cancelled"], new=["booked"], same=["booked"])
    changed, added = wrong_in_store(wanted, store, {"other": 1, "same": 1})
    assert changed == "The appointment other was changed, and the task does not ask for it."
    assert added == "The appointment new was registered, and the task does not ask for it."


def test_what_the_store_holds_is_counted_and_found_by_pointer() -> None:
    """So that the end can be compared with the start."""
    store = registry(a=["booked", "cancelled"], b=["booked"])
    assert holding(store) == {"a": 2, "b": 1}
    assert [each[-1].logical_id for each in with_pointer(store, "https://x.test/b")] == ["b"]


@pytest.mark.parametrize(
    ("outcome", "ended", "message"),
    [
        ("success", Ended(0), ""),
        ("failure", Ended(1), ""),
        ("success", Ended(), ""),
        ("failure", Ended(), ""),
        ("success", Ended(3), "The client ended with exit status 3; expected it to succeed, with 0."),
        ("failure", Ended(0), "as if it had succeeded; expected it to say that it failed."),
        (
            "success",
            Ended(timed_out=True),
            "The time was over (--time-limit) before the client had ended; expected it to end",
        ),
    ],
)
def test_the_exit_status_must_be_what_the_scenario_wants(outcome: str, ended: Ended, message: str) -> None:
    """Where a command is driven; a client that nobody drives has none."""
    found = [*wrong_in_words(scenario(expect={"outcome": outcome}), ended)]
    assert len(found) == bool(message)
    assert message in "".join(found)


@pytest.mark.parametrize(
    ("ended", "exchanges", "told"),
    [
        (Ended(0), 0, True),
        (Ended(1), 0, True),
        (Ended(timed_out=True), 0, True),
        (Ended(), 0, False),
        (Ended(0), 1, False),
    ],
)
def test_a_client_that_was_driven_and_sends_nothing_is_told(ended: Ended, exchanges: int, *, told: bool) -> None:
    """Where nobody was driven, somebody has said too early that it is done."""
    assert bool([*nothing_came(ended, exchanges)]) == told


@pytest.mark.parametrize(
    ("wrong", "seen", "grade"),
    [
        ((), report(), "pass"),
        (("the end",), report(), "fail"),
        ((), report(if_match="fail"), "fail"),
        ((), report(if_match="warning"), "warning"),
        (("the end",), report(if_match="warning"), "fail"),
        ((), report(location="not exercised"), "inconclusive"),
        ((), report(location="inconclusive"), "inconclusive"),
        ((), report(if_match="not exercised"), "pass"),
    ],
)
def test_the_worst_of_all_is_the_grade_of_a_task(wrong: tuple[str, ...], seen: Report, grade: TaskGrade) -> None:
    """What the scenario is for must have been shown; what it is not for need not."""
    found = result_of(scenario(), wrong, seen)
    assert found.grade == grade
    assert bool(found.messages) == (grade != "pass")


def test_what_a_rule_says_several_times_is_told_once_with_how_often() -> None:
    """A client in a loop would fill the screen."""
    once = report(if_match="fail")
    thrice = replace(once, findings=once.findings * 3)
    assert result_of(scenario(), (), thrice).messages == (f"{IF_MATCH}: seen (3 times)",)


def task(name: str, seen: Report | None, grade: TaskGrade = "pass") -> Task:
    """A task that has ended with this report, or has not ended."""
    return Task(scenario(scenario=name), None if seen is None else Result(grade, ("why",) * (grade != "pass"), seen))


def grades(whole: Report) -> dict[str, Grade]:
    """The grade of each rule in a report."""
    return {each.id: each.grade for each in whole.rules}


def test_a_rule_that_is_broken_in_one_task_is_broken_in_the_exam() -> None:
    """Whatever the others show."""
    whole = merged([task("one", report()), task("two", report(if_match="fail"), "fail")])
    assert grades(whole) == {
        LOCATION: "pass",
        IF_MATCH: "fail",
        "scenario-one": "pass",
        "scenario-two": "fail",
    }


def test_a_rule_passes_if_one_task_shows_it_and_none_that_is_for_it_lacks_it() -> None:
    """A task that is for a rule and does not show it leaves it open."""
    assert grades(merged([task("one", report()), task("two", report(if_match="inconclusive"))]))[IF_MATCH] == "pass"
    open_ = merged([task("one", report()), task("two", report(location="not exercised"), "inconclusive")])
    assert grades(open_)[LOCATION] == "inconclusive"
    [told] = [each.message for each in open_.rules if each.id == LOCATION]
    assert told == "Not shown in the scenario 'two', meant to show it: see what is said there."


def test_many_scenarios_that_lack_a_rule_are_counted() -> None:
    """Three are named."""
    lacking = [task(name, report(location="not exercised"), "inconclusive") for name in ("a", "b", "c", "d", "e")]
    assert merged(lacking).rules[0].message.startswith("Not shown in the scenarios 'a', 'b', 'c' and 2 more,")


def test_the_finding_of_a_scenario_shows_its_whole_conversation_and_its_faults() -> None:
    """What the exchanges call exam-1 is spelled out; a fault in the long form is not, for it is in the file."""
    seen = replace(report(if_match="fail"), exchanges={number: {"number": number} for number in (1, 2, 3)})
    failing = task("one", seen, "fail")
    faulty = replace(failing, scenario=scenario(scenario="one", faults=["cancel:500@x1", {"then": {"status": 404}}]))
    of_rule, of_scenario = merged([faulty]).findings
    assert (of_rule.exchanges, of_scenario.exchanges) == ((1002,), (1001, 1002, 1003))
    assert "\nIts faults: exam-1 is cancel:500@x1.\n" in of_scenario.message
    assert "Its faults" not in merged([failing]).findings[-1].message


def test_a_scenario_in_which_nothing_came_has_no_exchanges() -> None:
    """None is invented, and none is counted as judged."""
    silent = replace(report(), journal=JournalExtent(), exchanges={})
    whole = merged([task("one", silent, "fail")])
    assert [each.exchanges for each in whole.findings] == [()]
    assert whole.journal == JournalExtent()
    both = merged([task("one", silent, "fail"), task("two", report())])
    assert (both.journal.first, both.journal.last) == (2001, 2003)


def test_the_scenario_is_what_provokes_a_finding_again() -> None:
    """A fault file would lack the scenario's seeds."""
    seen = report(if_match="fail")
    seen = replace(seen, findings=tuple(replace(each, replay="faults: []") for each in seen.findings))
    assert [each.replay for each in merged([task("one", seen, "fail")]).findings] == ["", ""]


def test_the_exchanges_of_each_task_have_numbers_of_their_own() -> None:
    """Those of the second are above 2,000; the finding says which scenario it was."""
    whole = merged([task("one", report(if_match="fail"), "fail"), task("two", report(if_match="fail"), "fail")])
    assert [(each.rule, each.exchanges) for each in whole.findings] == [
        (IF_MATCH, (1002,)),
        ("scenario-one", (1002,)),
        (IF_MATCH, (2002,)),
        ("scenario-two", (2002,)),
    ]
    assert whole.findings[0].message == "In the scenario 'one': seen"
    assert "`registry-sandbox exam --scenario two`" in whole.findings[-1].message
    assert {number: each["number"] for number, each in whole.exchanges.items()} == {1002: 1002, 2002: 2002}
    assert (whole.journal.first, whole.journal.last) == (1001, 2003)


def test_a_task_that_has_not_ended_is_not_exercised() -> None:
    """It says nothing about the client."""
    whole = merged([task("one", report()), task("two", None)])
    assert grades(whole)[scenario_id(scenario(scenario="two"))] == "not exercised"
    assert merged([task("two", None)]).rules[0].grade == "not exercised"


def test_coverage_is_that_of_all_tasks() -> None:
    """What was met badly in one was met, and not handled."""
    one, two = report(), report()
    missed = Report(two.rules, (), Coverage((Met("read", 200, "json", "not met"),)), two.journal)
    assert merged([task("one", one), task("two", missed)]).coverage.outcomes[0].state == "met and handled"
