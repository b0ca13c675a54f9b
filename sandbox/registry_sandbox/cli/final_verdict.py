"""The verdict at the end of a run: one process is server and judge.

Source: docs/verdict.md, At the end of a run.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.settings import Settings

if TYPE_CHECKING:
    from registry_sandbox.verdict.acceptance import FailOn
    from registry_sandbox.verdict.report import Report

_FALLS_SHORT: Final = 1


def require_usable(files: Iterable[Path]) -> None:
    """Do nothing if these files can be written; those of an earlier run are removed.

    Raises:
        CommandFailed: one cannot, or its name asks for no format.
    """
    if not files:
        return  # the start is quicker without what follows
    from registry_sandbox.cli.verdict_files import UnwritableVerdict, require_writable
    from registry_sandbox.verdict.reports import format_of

    for file in files:
        try:
            format_of(file)
        except ValueError as error:
            raise CommandFailed(f"--verdict-file {str(file)!r} cannot be used; expected {error}") from error
    try:
        require_writable(files)
    except UnwritableVerdict as error:
        raise CommandFailed(error) from error


def conclude(judge: Callable[[], "Report"], settings: Settings) -> int:
    """Write the verdict where the settings want it; return 1 if it falls short and they want that, else 0.

    Raises:
        CommandFailed: a file cannot be written.
    """
    if not settings.judged_at_the_stop:
        return 0
    from registry_sandbox.cli.verdict_files import UnwritableVerdict, write_verdict
    from registry_sandbox.verdict.summary import summary

    report = judge()
    _tell(summary(report).headline)
    try:
        for file in settings.verdict_file:
            write_verdict(report, file)
    except UnwritableVerdict as error:
        raise CommandFailed(error) from error
    return 0 if settings.verdict_fail_on is None else _status(report, cast("FailOn", settings.verdict_fail_on))


def _status(report: "Report", fail_on: "FailOn") -> int:
    from registry_sandbox.verdict.acceptance import too_bad, unreached

    findings = too_bad(report, fail_on)
    for finding in findings:
        _tell(f"{finding.grade}: {finding.rule}: {finding.message}")
    # Who wants to know what was not reached as well, asks by the command while the sandbox runs.
    reasons = [] if findings else unreached(report)
    for reason in reasons:
        _tell(reason)
    return _FALLS_SHORT if findings or reasons else 0


def _tell(sentence: str) -> None:
    from registry_sandbox.verdict.reports.characters import one_line

    print(f"registry-sandbox: verdict: {one_line(sentence)}", file=sys.stderr)
