"""The files that a verdict is written to, each in the format that the ending of its name says."""

from collections.abc import Iterable
from pathlib import Path

from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import format_of, rendered


class UnwritableVerdict(Exception):
    """A file cannot be written; the message names it and the reason."""


def write_verdict(report: Report, file: Path) -> None:
    """Write a report in one step: nobody reads half of it.

    Raises:
        UnwritableVerdict: the file cannot be written.
    """
    beside = _beside(file)
    try:
        beside.write_text(rendered(report, format_of(file)), "utf-8")
        beside.replace(file)
    except OSError as error:
        raise _unwritable(file, error) from error


def require_writable(files: Iterable[Path]) -> None:
    """Try each file, and remove that of an earlier run: whoever finds one finds the verdict on this run.

    Raises:
        UnwritableVerdict: a file cannot be written.
    """
    for file in files:
        try:
            _beside(file).touch()
            _beside(file).unlink()
            file.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(file, error) from error


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _unwritable(file: Path, error: OSError) -> UnwritableVerdict:
    return UnwritableVerdict(f"the verdict {file} cannot be written: {error.strerror or error}")
