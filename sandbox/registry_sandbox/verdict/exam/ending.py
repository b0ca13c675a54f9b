"""How a task of an exam has ended: what the store holds, what the client said, and what the rules saw."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from registry_sandbox.registry.store import Registry, pointers_of
from registry_sandbox.registry.version import Version
from registry_sandbox.verdict.exam.scenario import Scenario
from registry_sandbox.verdict.finding import Grade
from registry_sandbox.verdict.report import Report

TaskGrade = Literal["pass", "warning", "fail", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How the client ended its last operation.

    Attributes:
        exit_status: of the command that was driven; None where nobody was driven.
        timed_out: whether it was ended because its time was over.
    """

    exit_status: int | None = None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a task has ended.

    Attributes:
        grade: `fail` where the end is wrong or a must is broken, `warning` where a should is, `inconclusive` where a
            rule that the scenario is for was not exercised.
        messages: why it is no pass.
        report: what the rules saw.
    """

    grade: TaskGrade
    messages: tuple[str, ...]
    report: Report


def holding(registry: Registry) -> Mapping[str, int]:
    """Return how many versions each appointment has."""
    return {history[-1].logical_id: len(history) for history in registry.histories()}


def with_pointer(registry: Registry, pointer: str) -> list[Sequence[Version]]:
    """Return the versions of each appointment that has a pointer."""
    return [each for each in registry.histories() if pointer in pointers_of(each[-1].resource())]


def wrong_in_store(scenario: Scenario, registry: Registry, seeded: Mapping[str, int]) -> list[str]:
    """Return what the store holds that the scenario does not want; `seeded` is what it held at the start."""
    found: list[str] = []
    named: set[str] = set()
    for key, wanted in (scenario.expect.versions or {}).items():
        name = scenario.filled(key)
        histories = [registry.history(name)] if name in registry else with_pointer(registry, name)
        named.update(each[-1].logical_id for each in histories)
        found += _wrong_versions(name, wanted, [_statuses(each) for each in histories])
    return [*found, *_wrong_elsewhere(registry, seeded, named)]


def _wrong_versions(name: str, wanted: Sequence[str], held: Sequence[Sequence[str]]) -> Iterator[str]:
    if list(map(list, held)) != [list(wanted)]:
        stored = ", and ".join(" -> ".join(each) for each in held) or "nothing"
        times = f" under {len(held)} ids" if len(held) > 1 else ""
        yield f"The store holds {stored}{times} for {name}; expected {' -> '.join(wanted)}, once."


def _wrong_elsewhere(registry: Registry, seeded: Mapping[str, int], named: set[str]) -> Iterator[str]:
    for logical_id, count in holding(registry).items():
        if logical_id not in named and count != seeded.get(logical_id, 0):
            change = "was changed" if logical_id in seeded else "was registered"
            yield f"The appointment {logical_id} {change}, and the task does not ask for it."


def _statuses(history: Iterable[Version]) -> list[str]:
    return [str(each.resource().get("status")) for each in history]


def wrong_in_words(scenario: Scenario, ended: Ended) -> Iterator[str]:
    """Return what is wrong with what the client said at its end."""
    if ended.timed_out:
        yield (
            "The time was over (--time-limit) before the client had ended; expected it to end, if need be by a time "
            "limit of its own."
        )
    elif ended.exit_status is not None:
        failed, wanted = ended.exit_status != 0, scenario.expect.outcome == "failure"
        if failed and not wanted:
            yield f"The client ended with exit status {ended.exit_status}; expected it to succeed, with 0."
        elif wanted and not failed:
            yield "The client ended with exit status 0, as if it had succeeded; expected it to say that it failed."


def nothing_came(ended: Ended, exchanges: int) -> Iterator[str]:
    """Return what is wrong with a client that was driven and has sent nothing."""
    if not exchanges and (ended.timed_out or ended.exit_status is not None):
        yield (
            "No request has come from the client; expected some at the scenario's own FHIR base "
            "(REGISTRY_BASE_URL or {base_url})."
        )


def result_of(scenario: Scenario, wrong: Iterable[str], report: Report) -> Result:
    """Return the result of a task; `wrong` is what is wrong with its end."""
    messages = [*wrong, *_told(report, "fail")]
    if messages:
        return Result("fail", tuple(messages), report)
    warnings = tuple(_told(report, "warning"))
    if warnings:
        return Result("warning", warnings, report)
    missing = tuple(not_exercised(scenario, report))
    return Result("inconclusive" if missing else "pass", missing, report)


def _told(report: Report, grade: Grade) -> Iterator[str]:
    """Return what the findings of a grade say, each sentence once."""
    told = Counter(f"{each.rule}: {each.message}" for each in report.findings if each.grade == grade)
    yield from (f"{message} ({times} times)" if times > 1 else message for message, times in told.items())


def not_exercised(scenario: Scenario, report: Report) -> Iterator[str]:
    """Return why rules that the scenario is for have no result."""
    graded = {each.id: each for each in report.rules}
    for wanted in scenario.expect.rules:
        rule = graded[wanted]
        if rule.grade in ("not exercised", "inconclusive"):
            yield f"{wanted} was not shown: {rule.message or rule.grade}"
