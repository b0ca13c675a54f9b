"""What is done with the verdict when the sandbox stops."""

from pathlib import Path

import pytest

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.final_verdict import conclude
from registry_sandbox.settings import Settings
from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import rendered
from tests.unit.verdict.reporting import EMPTY, PASSING, REPORT, accepting


def never() -> Report:
    """Fail: nobody wanted a verdict."""
    raise AssertionError


def test_nobody_is_judged_where_nothing_is_wanted() -> None:
    """Without either setting."""
    assert conclude(never, Settings()) == 0


@pytest.mark.parametrize(
    ("report", "fail_on", "status"),
    [
        (PASSING, "fail", 0),
        (PASSING, "warning", 0),
        (REPORT, "fail", 1),
        (accepting(REPORT), "warning", 0),
        (EMPTY, "fail", 1),
        (EMPTY, None, 0),
        (REPORT, None, 0),
    ],
)
def test_it_falls_short_by_findings_or_by_nothing(
    tmp_path: Path, report: Report, fail_on: str | None, status: int
) -> None:
    """The file is written in any case."""
    file = tmp_path / "verdict.json"
    assert conclude(lambda: report, Settings(verdict_file=(file,), verdict_fail_on=fail_on)) == status
    assert file.read_text() == rendered(report, "json")


def test_a_file_that_cannot_be_written_any_more_is_told(tmp_path: Path) -> None:
    """The folder may have gone while the sandbox ran."""
    with pytest.raises(CommandFailed, match="cannot be written"):
        conclude(lambda: PASSING, Settings(verdict_file=(tmp_path / "gone" / "verdict.json",)))
