"""The report of a whole exam: those of its tasks in one, so that every format can show it.

The journal of each task counts from 1. In the report of the exam, the exchanges of the first task have the numbers from
1,001 on, those of the second from 2,001 on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from registry_sandbox.verdict.exam.ending import Result
from registry_sandbox.verdict.exam.scenario import Scenario
from registry_sandbox.verdict.finding import Finding, Grade, Requirement
from registry_sandbox.verdict.report import SCENARIO, Coverage, JournalExtent, Met, Report, RuleGrade

_WORST_FIRST: Final[tuple[Grade, ...]] = ("fail", "warning", "pass", "inconclusive", "attested", "not exercised")
_STATES: Final[tuple[str, ...]] = ("not met", "met and handled", "met")  # the later one holds
_ROOM: Final = 1_000
_NAMED_AT_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Task:
    """A scenario and how it has ended; the result is None while it has not."""

    scenario: Scenario
    result: Result | None


def merged(tasks: Sequence[Task]) -> Report:
    """Return the report of an exam: what the rules saw in all tasks, and each scenario as a rule of its own."""
    ended = [(each.scenario, each.result) for each in tasks if each.result is not None]
    room = _room([result.report for _, result in ended])
    moved = [_moved(scenario, result, at * room) for at, (scenario, result) in enumerate(ended, 1)]
    reports = [result.report for _, result in ended]
    return Report(
        rules=(*_rules(ended), *map(_as_rule, tasks)),
        findings=tuple(finding for findings, _ in moved for finding in findings),
        coverage=_coverage(reports),
        journal=_extent(reports, room),
        clients=tuple(dict.fromkeys(name for each in reports for name in each.clients)),
        exchanges={number: shown for _, exchanges in moved for number, shown in exchanges.items()},
    )


def _room(reports: Iterable[Report]) -> int:
    longest = max((each.journal.last for each in reports), default=0)
    room = _ROOM
    while longest >= room:
        room *= 10
    return room


def _moved(scenario: Scenario, result: Result, by: int) -> tuple[list[Finding], Mapping[int, Mapping[str, Any]]]:
    """Return the findings and the exchanges of a task with the numbers that they have in the exam."""
    findings = [_found(scenario, each, by) for each in result.report.findings]
    exchanges = {number + by: {**shown, "number": number + by} for number, shown in result.report.exchanges.items()}
    if result.grade in ("fail", "inconclusive"):
        findings.append(_of_scenario(scenario, result, tuple(sorted(exchanges))))
    return findings, exchanges


def _found(scenario: Scenario, finding: Finding, by: int) -> Finding:
    message = f"In the scenario '{scenario.scenario}': {finding.message}"
    numbers = tuple(number + by for number in finding.exchanges)
    # The scenario provokes it again, with its seeds: better than a fault file, which has none.
    return replace(finding, message=message, exchanges=numbers, replay="")


def _of_scenario(scenario: Scenario, result: Result, exchanges: tuple[int, ...]) -> Finding:
    grade: Grade = "fail" if result.grade == "fail" else "inconclusive"
    again = f"`registry-sandbox exam --scenario {scenario.name}` runs it again."
    message = "\n".join([*result.messages, *_faults(scenario), again])
    client = next(iter(result.report.clients), "")
    return Finding(scenario_id(scenario), "must", grade, client, None, message, exchanges, _requirement(scenario))


def _faults(scenario: Scenario) -> Iterator[str]:
    """Yield what the ids of the faults stand for, which the exchanges show."""
    pairs = zip(scenario.rules, scenario.faults, strict=False)
    named = [f"{rule.id} is {given}" for rule, given in pairs if isinstance(given, str)]
    if named:
        yield f"Its faults: {', '.join(named)}."


def scenario_id(scenario: Scenario) -> str:
    """Return the id that a scenario has among the rules of a report."""
    return f"{SCENARIO}{scenario.name}"


def _as_rule(task: Task) -> RuleGrade:
    scenario, result = task.scenario, task.result
    sentence = f"scenario: {scenario.scenario}"
    grade: Grade = "not exercised" if result is None else result.grade
    message = "The client has not been at it." if result is None else " ".join(result.messages)
    return RuleGrade(
        scenario_id(scenario), sentence, "must", grade, _requirement(scenario), message, int(result is not None)
    )


def _requirement(scenario: Scenario) -> Requirement:
    return Requirement(scenario.about.strip() or scenario.scenario, "docs/exam.md")


def _rules(ended: Sequence[tuple[Scenario, Result]]) -> Iterator[RuleGrade]:
    if not ended:
        return
    for at, rule in enumerate(ended[0][1].report.rules):
        of_tasks = [(scenario, result.report.rules[at]) for scenario, result in ended]
        worst = min((each for _, each in of_tasks), key=lambda each: _WORST_FIRST.index(each.grade))
        missing = [scenario for scenario, each in of_tasks if rule.id in scenario.expect.rules and _is_open(each)]
        occurred = sum(each.occurred for _, each in of_tasks)
        if missing and worst.grade not in ("fail", "warning"):
            yield replace(worst, grade="inconclusive", message=_not_shown(missing), occurred=occurred)
        else:
            yield replace(worst, occurred=occurred)


def _not_shown(scenarios: Sequence[Scenario]) -> str:
    names = ", ".join(f"'{each.scenario}'" for each in scenarios[:_NAMED_AT_MOST])
    more = f" and {len(scenarios) - _NAMED_AT_MOST} more" if len(scenarios) > _NAMED_AT_MOST else ""
    several = "s" if len(scenarios) > 1 else ""
    return f"Not shown in the scenario{several} {names}{more}, meant to show it: see what is said there."


def _is_open(rule: RuleGrade) -> bool:
    return rule.grade in ("not exercised", "inconclusive")


def _coverage(reports: Sequence[Report]) -> Coverage:
    if not reports:
        return Coverage()
    outcomes = zip(*(each.coverage.outcomes for each in reports), strict=True)
    return Coverage(tuple(map(_most_met, outcomes)), reports[0].coverage.requirements)


def _most_met(outcome: Sequence[Met]) -> Met:
    return max(outcome, key=lambda each: _STATES.index(each.state))


def _extent(reports: Sequence[Report], room: int) -> JournalExtent:
    extents = [(at * room, each.journal) for at, each in enumerate(reports, 1) if each.journal.last]
    numbers = [by + end for by, each in extents for end in (each.first, each.last)]
    return JournalExtent(
        min(numbers, default=0), max(numbers, default=0), sum(each.journal.dropped for each in reports)
    )
