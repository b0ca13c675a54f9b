"""The verdict: every rule looks at every client, and what they saw becomes grades, findings and coverage.

The same evidence has the same verdict: nothing here knows the time, and nothing is drawn.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from registry_sandbox.http.redaction import without_secrets
from registry_sandbox.registry.exchange_json import as_json
from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.verdict.attribution import Client, clients
from registry_sandbox.verdict.coverage import coverage
from registry_sandbox.verdict.evidence import Evidence
from registry_sandbox.verdict.finding import Finding, Grade
from registry_sandbox.verdict.grading import graded
from registry_sandbox.verdict.replay import replay
from registry_sandbox.verdict.report import Coverage, JournalExtent, Report
from registry_sandbox.verdict.rule import Observation, Rule, all_rules
from registry_sandbox.verdict.seen import Seen

FINDINGS_AT_MOST: Final = 50
"""How many findings of one rule a report has; the grade counts them all."""

_EXCHANGES_AT_MOST: Final = 1_000

_Observed = tuple[Client, Observation]


def judge(
    evidence: Evidence,
    attestations: Iterable[Attestation] = (),
    *,
    client: str | None = None,
    since: int | None = None,
    rules: Sequence[Rule] | None = None,
) -> Report:
    """Return the verdict.

    Args:
        evidence: what there is to judge.
        attestations: what people said.
        client: judge this one alone.
        since: judge what came after this exchange; what was before it counts as known. All that comes after is one run
            of each client, unless the evidence says where runs begin.
        rules: those to judge by; by default all.
    """
    if since is not None and not evidence.runs:
        evidence = replace(evidence, runs=(since + 1,))
    judged = [each for each in clients(evidence) if client in (None, each.name)]
    judged = [each for each in judged if any(seen.number > (since or 0) for seen in each.together.exchanges)]
    by_number = {each.number: each for each in evidence.exchanges}
    dropped = bool(evidence.dropped) and (since is None or not by_number or since + 1 < min(by_number))
    asked, said = all_rules() if rules is None else rules, {each.rule: each for each in attestations}
    observed = {rule.id: _observed(rule, judged, since or 0, looks_back=bool(evidence.dropped)) for rule in asked}
    findings = [each for rule in asked for each in _findings(rule, observed[rule.id], by_number)]
    return Report(
        rules=tuple(
            graded(each, [seen for _, seen in observed[each.id]], evidence, said.get(each.id), dropped=dropped)
            for each in asked
        ),
        findings=tuple(sorted(findings, key=lambda each: (each.exchanges[-1], each.rule))),
        coverage=_coverage(asked, judged, observed, since or 0),
        journal=JournalExtent(min(by_number, default=0), max(by_number, default=0), evidence.dropped),
        clients=tuple(without_secrets(each.name) for each in judged),
        exchanges=_shown(findings, by_number),
    )


def conversation(evidence: Evidence) -> Mapping[int, Mapping[str, Any]]:
    """Return the exchanges as the journal shows them, the first thousand of them."""
    return {each.number: as_json(each.exchange) for each in evidence.exchanges[:_EXCHANGES_AT_MOST]}


def _observed(rule: Rule, judged: Iterable[Client], since: int, *, looks_back: bool) -> list[_Observed]:
    if rule.check is None:
        return []
    found = ((each, one) for each in judged for one in _of_client(rule, each) if one.exchanges[-1] > since)
    return [(each, _open(one) if looks_back and one.looks_back else one) for each, one in found]


def _of_client(rule: Rule, client: Client) -> Iterator[Observation]:
    """Return what a rule sees of a client. What depends on whether several programs are one is unclear."""
    check = rule.check
    if check is None:
        return
    together = list(check(client.together))
    if not client.apart:
        yield from together
        return
    apart = [one for each in client.apart for one in check(each)]
    certain = {one.exchanges for one in together if one.outcome == "broken"} & {
        one.exchanges for one in apart if one.outcome == "broken"
    }
    seen: set[tuple[int, ...]] = set()
    for one in (*together, *apart):
        if one.outcome != "broken":
            yield from [one] if one in together else []
        elif one.exchanges not in seen:
            seen.add(one.exchanges)
            yield one if one.exchanges in certain else _shared(one, client)


def _shared(one: Observation, client: Client) -> Observation:
    agents = ", ".join(without_secrets(each)[:60] or "none" for each in client.agents[:4])
    message = (
        f"{one.message} But programs with several User-Agents ({agents}) share this client's name, and it depends on "
        "whether they are one: give each its own client."
    )
    return replace(one, outcome="unclear", message=message)


def _open(one: Observation) -> Observation:
    lost = "But the journal has dropped earlier exchanges, which might explain it: set --journal-size higher."
    message = f"{one.message} {lost}"
    return replace(one, outcome="unclear", message=message)


def _findings(rule: Rule, observed: Iterable[_Observed], by_number: Mapping[int, Seen]) -> list[Finding]:
    told = [each for each in observed if each[1].outcome != "kept"]
    told.sort(key=lambda each: (each[1].outcome != "broken", each[1].exchanges))
    return [_finding(rule, client, one, by_number) for client, one in told[:FINDINGS_AT_MOST]]


def _finding(rule: Rule, client: Client, one: Observation, by_number: Mapping[int, Seen]) -> Finding:
    grade: Grade = "inconclusive" if one.outcome == "unclear" else ("fail" if rule.level == "must" else "warning")
    appointment = None if one.appointment is None else without_secrets(one.appointment)
    return Finding(
        rule=rule.id,
        level=rule.level,
        grade=grade,
        client=without_secrets(client.name),
        appointment=appointment,
        message=without_secrets(one.message),
        exchanges=one.exchanges,
        requirement=rule.requirement,
        replay=replay(by_number[number] for number in one.exchanges) if one.outcome == "broken" else "",
    )


def _coverage(
    rules: Sequence[Rule], judged: Iterable[Client], observed: Mapping[str, Sequence[_Observed]], since: int
) -> Coverage:
    seen = [one for each in judged for one in each.together.exchanges if one.number > since]
    told = [one for each in observed.values() for _, one in each]
    handled = {number for one in told if one.outcome == "kept" for number in one.exchanges}
    faulted = {number for one in told if one.outcome == "broken" for number in one.exchanges}
    return coverage(seen, rules, handled=handled, faulted=faulted)


def _shown(findings: Iterable[Finding], by_number: Mapping[int, Seen]) -> Mapping[int, Mapping[str, Any]]:
    named = sorted({number for each in findings for number in each.exchanges})
    return {number: as_json(by_number[number].exchange) for number in named[:_EXCHANGES_AT_MOST]}
