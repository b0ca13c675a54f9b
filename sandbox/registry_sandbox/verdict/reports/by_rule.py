"""The findings of a report in the order in which people read them: the worst first, those of one rule together."""

from collections.abc import Iterable, Sequence
from typing import Final

from registry_sandbox.verdict.finding import Finding, Grade

WORST_FIRST: Final[tuple[Grade, ...]] = ("fail", "warning", "inconclusive", "pass", "attested", "not exercised")


def by_rule(findings: Iterable[Finding]) -> Sequence[Sequence[Finding]]:
    """Return the findings in groups of one rule and one grade; of groups that are as bad, what came first is first."""
    together: dict[tuple[str, Grade], list[Finding]] = {}
    for each in findings:
        together.setdefault((each.rule, each.grade), []).append(each)
    return sorted(together.values(), key=lambda group: WORST_FIRST.index(group[0].grade))
