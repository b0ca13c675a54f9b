"""A report in a few numbers: how many rules passed, failed and were not exercised, and how much was covered."""

from collections import Counter
from dataclasses import dataclass, replace

from registry_sandbox.verdict.report import Report


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers that every format leads with.

    Attributes:
        met: how many documented outcomes the client met.
        outcomes: how many there are.
    """

    passed: int
    failed: int
    warnings: int
    inconclusive: int
    not_exercised: int
    attested: int
    met: int
    outcomes: int

    @property
    def percent(self) -> int:
        """The coverage in whole percent, rounded down: 100 means all."""
        return self.met * 100 // self.outcomes if self.outcomes else 0

    @property
    def exercised(self) -> bool:
        """Whether any rule came to a result."""
        return bool(self.passed or self.failed or self.warnings)

    @property
    def headline(self) -> str:
        """The numbers in one sentence."""
        coverage = f"coverage {self.percent} % ({self.met} of {self.outcomes} outcomes)"
        rules = f"{counted(self.passed, 'rule')} passed, {self.failed} failed, {self.not_exercised} not exercised"
        return f"{rules}; {coverage}"

    @property
    def further(self) -> str:
        """The numbers that the headline leaves out, where they are not zero; empty if all are."""
        numbers = {
            counted(self.warnings, "warning"): self.warnings,
            f"{self.inconclusive} inconclusive": self.inconclusive,
            f"{self.attested} attested": self.attested,
        }
        return ", ".join(text for text, number in numbers.items() if number)


def summary(report: Report) -> Summary:
    """Count the rules of a report by grade, and the outcomes that were met."""
    grades = Counter(rule.grade for rule in report.rules)
    outcomes = report.coverage.outcomes
    return Summary(
        passed=grades["pass"],
        failed=grades["fail"],
        warnings=grades["warning"],
        inconclusive=grades["inconclusive"],
        not_exercised=grades["not exercised"],
        attested=grades["attested"],
        met=sum(each.state != "not met" for each in outcomes),
        outcomes=len(outcomes),
    )


def headline(report: Report) -> str:
    """Return the numbers in one sentence; where it was an exam, those of the scenarios first, apart from the rules."""
    scenarios = [each for each in report.rules if each.is_scenario]
    if not scenarios:
        return summary(report).headline
    passed, failed = (sum(each.grade == grade for each in scenarios) for grade in ("pass", "fail"))
    rules = summary(_rules_alone(report)).headline
    return f"{passed} of {counted(len(scenarios), 'scenario')} passed, {failed} failed; {rules}"


def further(report: Report) -> str:
    """Return the numbers that the headline leaves out, where they are not zero; empty if all are."""
    counts = summary(_rules_alone(report)).further
    warned = sum(each.is_scenario and each.grade == "warning" for each in report.rules)
    open_ = sum(each.is_scenario and each.grade == "inconclusive" for each in report.rules)
    shown = {
        f"{counted(warned, 'scenario')} with a warning": warned,
        f"{counted(open_, 'scenario')} inconclusive": open_,
    }
    return "; ".join([*(text for text, number in shown.items() if number), *([counts] if counts else [])])


def _rules_alone(report: Report) -> Report:
    return replace(report, rules=tuple(each for each in report.rules if not each.is_scenario))


def judged(report: Report) -> str:
    """Return what was judged in one sentence: the clients, the exchanges, and how many are missing."""
    extent = report.journal
    if not extent.last:
        return "no exchange was judged: the journal is empty"
    dropped = f"; {counted(extent.dropped, 'older exchange')} had been dropped" if extent.dropped else ""
    return f"exchanges {extent.first} to {extent.last}{dropped}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
