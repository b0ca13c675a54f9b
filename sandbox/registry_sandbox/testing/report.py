"""What a failing test shows of the sandbox: a section of pytest's report, and the journal as a file."""

import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from registry_sandbox.verdict.reports.characters import one_line

if TYPE_CHECKING:
    from registry_sandbox.testing.exchange import Exchange
    from registry_sandbox.testing.remote import RemoteSandbox
    from registry_sandbox.testing.steering import Fault
    from registry_sandbox.verdict.finding import Finding

_SHOWN = 20
_NAME_AT_MOST = 120
_DIAGNOSTICS_AT_MOST = 300


def section(sandbox: "RemoteSandbox") -> str:
    """Return what a sandbox saw: the last exchanges, what they were told, the faults that never fired."""
    exchanges = sandbox.journal.exchanges()  # not by `list`, which asks for the length, and so may warn
    dropped = sandbox.journal.dropped
    lines = [
        f"{sandbox.base_url}, exchanges seen: {len(exchanges) + dropped}{f' ({dropped} dropped)' if dropped else ''}"
    ]
    if len(exchanges) > _SHOWN:
        lines.append(f"  ... the last {_SHOWN} of them:")
    for exchange in exchanges[-_SHOWN:]:
        lines += _told(exchange)
    for fault in sandbox.faults_that_never_fired():
        lines.append(f"  the fault '{fault.id}' never fired{_why(fault.near_misses)}")
    return "\n".join(lines)


def never_fired(sandbox: "RemoteSandbox", others: "Collection[Fault]" = ()) -> str:
    """Return why a test fails whose faults never fired; empty if they did. `others` are not those of the test."""
    lines = [
        f"The fault '{fault.id}' ({fault.described}) never fired{_why(fault.near_misses)}."
        for fault in sandbox.faults_that_never_fired()
        if fault not in others
    ]
    hint = "A fault that need not fire is set by fault(..., must_fire=False)."
    return "\n".join([*lines, hint]) if lines else ""


def told_findings(findings: Iterable["Finding"]) -> str:
    """Return findings of a verdict, each in a few lines: what was seen and expected, the exchanges, the requirement."""
    return "\n".join(line for finding in findings for line in _told_finding(finding))


def _told_finding(finding: "Finding") -> Iterator[str]:
    numbers = ", ".join(map(str, finding.exchanges[:_SHOWN]))
    yield one_line(f"{finding.grade}: {finding.rule} ({finding.level}): {finding.message}")
    yield one_line(f'  exchanges {numbers}; "{finding.requirement.text}" ({finding.requirement.source})')


def _why(near_misses: list[str]) -> str:
    return f"; an exchange nearly matched ({near_misses[-1]})" if near_misses else ": no exchange came near it"


def _told(exchange: "Exchange") -> list[str]:
    lines = [f"  {exchange['number']:>3}  {exchange}   {exchange['duration_s'] * 1_000:.0f} ms"]
    if exchange.status is None and "written" in exchange:
        lines.append(f"       stored all the same: {exchange['written']}")
    diagnostics = exchange.diagnostics
    if diagnostics:
        more = f" (and {len(diagnostics) - 1} more)" if len(diagnostics) > 1 else ""
        lines.append(f"       {diagnostics[0][:_DIAGNOSTICS_AT_MOST]}{more}")
    return lines


def write_har(sandbox: "RemoteSandbox", folder: Path, node_id: str, ordinal: int) -> Path:
    """Write the whole journal of a sandbox as an HTTP Archive named after the test, and return the file."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", node_id).strip("-.")
    if len(name) > _NAME_AT_MOST:
        name = f"{name[:_NAME_AT_MOST]}-{sha256(node_id.encode()).hexdigest()[:8]}"
    file = folder / f"{name}{f'-{ordinal}' if ordinal > 1 else ''}.har"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(sandbox.journal.har(), encoding="utf-8")
    return file
