"""A report for a terminal: plain text that is at most 80 columns wide where its words allow it."""

import textwrap
from collections.abc import Iterator
from typing import Final

from registry_sandbox.verdict.finding import Finding, Grade
from registry_sandbox.verdict.report import Report, RuleGrade
from registry_sandbox.verdict.reports.by_rule import by_rule
from registry_sandbox.verdict.reports.characters import one_line, visible
from registry_sandbox.verdict.reports.exchange_lines import line_of, numbers
from registry_sandbox.verdict.requirements import worded
from registry_sandbox.verdict.summary import counted, further, headline, judged, summary

_WIDTH: Final = 80
_EXCHANGES_AT_MOST: Final = 8
_RED, _YELLOW, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
_COLOURS: Final = {"fail": _RED, "warning": _YELLOW, "inconclusive": _YELLOW, "pass": _GREEN}
_LISTED: Final[tuple[tuple[Grade, str], ...]] = (
    ("inconclusive", "INCONCLUSIVE"),
    ("pass", "PASSED"),
    ("attested", "ATTESTED"),
    ("not exercised", "NOT EXERCISED"),  # last, where a terminal ends: it says what to do next
)


def render(report: Report, *, colour: bool = False) -> str:
    """Write a report: the numbers, what was found, then the rules by grade; `colour` is for a terminal that has it."""
    lines = [*_head(report, colour=colour), *_findings(report, colour=colour), *_accepted(report)]
    for grade, title in _LISTED:
        lines += _rules([rule for rule in report.rules if rule.grade == grade], _painted(title, grade, colour=colour))
    return "\n".join([*lines, *_uncovered(report)]).rstrip("\n") + "\n"


def _head(report: Report, *, colour: bool) -> Iterator[str]:
    for line in _wrapped(f"{headline(report)}."):
        yield f"{_BOLD}{line}{_PLAIN}" if colour else line
    if more := further(report):
        yield from _wrapped(f"{more}.")
    of = f"Verdict on {one_line(', '.join(report.clients))}: " if report.clients else "Verdict: "
    yield from _wrapped(f"{of}{judged(report)}.")
    if not summary(report).exercised:
        yield from _wrapped("Nothing was exercised: no rule came to a result, so this says nothing about the client.")
    yield ""


def _findings(report: Report, *, colour: bool) -> Iterator[str]:
    """Yield the findings; what the rule of several says is told once."""
    sentences = {rule.id: rule.sentence for rule in report.rules}
    for group in by_rule(report.findings):
        rule, grade = group[0].rule, group[0].grade
        yield f"{_painted(grade.upper(), grade, colour=colour)}  {one_line(rule)}"
        yield from _required(group[0], sentences.get(rule, ""), len(group))
        for each in group:
            yield from _found(report, each)
            yield ""


def _found(report: Report, finding: Finding) -> Iterator[str]:
    yield from _about(finding)
    yield from _wrapped(visible(finding.message), "    ")
    for number in numbers(finding.exchanges, _EXCHANGES_AT_MOST):
        yield from _exchange(number, line_of(report, number))
    if len(finding.exchanges) > _EXCHANGES_AT_MOST:
        yield f"             {counted(len(finding.exchanges), 'exchange')} in all; the first ones and the last"
    yield from _replay(finding.replay)


def _exchange(number: int, line: str) -> Iterator[str]:
    """Yield an exchange; what was answered stands in a line of its own where the URL is long."""
    first = f"      {number:>5}  {line}"
    asked, arrow, answered = first.rpartition(" -> ")
    yield from [first] if len(first) <= _WIDTH or not arrow else [asked, f"{'':13}-> {answered}"]


def _required(finding: Finding, sentence: str, times: int) -> Iterator[str]:
    level = f"{finding.level} ({times} findings)" if times > 1 else finding.level
    yield from _wrapped(f"{level}: {one_line(sentence)}" if sentence else level, "    ")
    required = finding.requirement
    yield from _wrapped(f'"{one_line(required.text)}" ({one_line(required.source)})', "    ")


def _about(finding: Finding) -> Iterator[str]:
    who = one_line(finding.client) or "a client without a name"
    appointment = f", appointment {one_line(finding.appointment)}" if finding.appointment else ""
    yield from _wrapped(f"{who}{appointment}:", "    ")


def _replay(replay: str) -> Iterator[str]:
    if replay.strip():
        yield "    To provoke it again, start with this as --fault-file:"
        yield from (f"      {line}" for line in visible(replay).rstrip("\n").split("\n"))


def _accepted(report: Report) -> Iterator[str]:
    if report.accepted:
        yield f"EXPECTED ({len(report.accepted)})"
        for each in report.accepted:
            because = f": {one_line(each.because)}" if each.because else ""
            yield from _item(f"{one_line(each.finding.rule)}{because}", one_line(each.finding.message))
        yield ""


def _rules(rules: list[RuleGrade], title: str) -> Iterator[str]:
    if rules:
        yield f"{title} ({len(rules)})"
        for rule in rules:
            times = f" ({counted(rule.occurred, 'time')})" if rule.occurred else ""
            yield from _item(f"{one_line(rule.sentence)}{times}", one_line(rule.message))
        yield ""


def _uncovered(report: Report) -> Iterator[str]:
    left = [name for name, rules in report.coverage.requirements.items() if not rules]
    if left:
        yield f"REQUIREMENTS THAT NO RULE COVERS ({len(left)})"
        for name in left:
            yield from _item(one_line(worded(name)), "")


def _item(first: str, more: str) -> Iterator[str]:
    yield from textwrap.wrap(first, _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_long_words=False)
    if more:
        yield from _wrapped(more, "      ")


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    for line in text.split("\n"):
        yield from textwrap.wrap(
            line,
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]


def _painted(word: str, grade: Grade, *, colour: bool) -> str:
    return f"{_COLOURS.get(grade, '')}{word}{_PLAIN}" if colour else word
