"""The grade of a rule over all that was seen: a pass needs its precondition, and evidence that is whole."""

from collections import Counter
from collections.abc import Sequence

from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.verdict.evidence import Evidence
from registry_sandbox.verdict.finding import Grade
from registry_sandbox.verdict.report import RuleGrade
from registry_sandbox.verdict.rule import Observation, Rule


def graded(
    rule: Rule,
    observations: Sequence[Observation],
    evidence: Evidence,
    attestation: Attestation | None,
    *,
    dropped: bool,
) -> RuleGrade:
    """Return a rule with its grade; `dropped` says whether the journal has lost some of what is judged."""
    seen: Counter[str] = Counter(each.outcome for each in observations)
    grade, message = _grade(rule, seen, evidence, attestation, dropped=dropped)
    return RuleGrade(rule.id, rule.sentence, rule.level, grade, rule.requirement, message, seen.total())


def _grade(
    rule: Rule, seen: Counter[str], evidence: Evidence, attestation: Attestation | None, *, dropped: bool
) -> tuple[Grade, str]:
    if rule.check is None:
        return _attested(rule, attestation)
    return _judged(rule, seen, evidence, dropped=dropped)


def _judged(rule: Rule, seen: Counter[str], evidence: Evidence, *, dropped: bool) -> tuple[Grade, str]:
    if seen["broken"]:
        return ("fail" if rule.level == "must" else "warning"), _times(seen["broken"], "broken")
    if seen["unclear"]:
        return "inconclusive", f"{_times(seen['unclear'], 'unclear')}: the findings say what would make it clear."
    if dropped:
        lost = f"The journal has dropped {evidence.dropped} exchanges"
        return "inconclusive", f"{lost}: set --journal-size higher, or ask for what came after them with ?since=."
    return ("pass", "") if seen["kept"] or rule.shown_by(evidence) else _not_exercised(rule, evidence)


def _not_exercised(rule: Rule, evidence: Evidence) -> tuple[Grade, str]:
    waiting = [each.id for each in evidence.unfired if rule.provoked_by(each)]
    if waiting:
        return (
            "inconclusive",
            f"{_set_in_vain(waiting)}: let the client send what it acts on (`registry-sandbox fault list` shows it).",
        )
    return "not exercised", f"To exercise it, {rule.to_exercise}."


def _attested(rule: Rule, attestation: Attestation | None) -> tuple[Grade, str]:
    if attestation is None:
        return "not exercised", f"To have it attested, {rule.to_exercise}."
    note = f": {attestation.note}" if attestation.note else "."
    return "attested", f"Attested by {attestation.by}{note}"


def _set_in_vain(waiting: Sequence[str]) -> str:
    if len(waiting) == 1:
        return f"The fault {waiting[0]} was set and has not fired"
    return f"The faults {', '.join(waiting[:3])}{' ...' if len(waiting) > 3 else ''} were set and have not fired"  # noqa: PLR2004 - as many as are named


def _times(count: int, how: str) -> str:
    return f"{how} {'once' if count == 1 else f'{count} times'}"
