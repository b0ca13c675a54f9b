"""ValidationContext files by the profiles, without a server: what `registry-sandbox validate` does.

Source: operator.md, Start (subcommands); `$validate`, whose findings these are.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.report import FileReport, ReportFormat, exit_status, render
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.profiles import Profiles

STANDARD_INPUT = "-"
_UNJUDGED = Finding(
    "informational", "The profiles have not judged it yet: they do once it can be read", severity="information"
)
_FORMATS: dict[str, Format] = {".xml": "xml", ".json": "json"}


class UnreadableFile(Exception):
    """A file cannot be read at all; the message names it and says why."""


REFUSALS = (UnreadableFile, UnusableDefinition)
"""What keeps files from being judged."""


def judged(
    files: Sequence[str], profiles: Sequence[Path], report_format: ReportFormat, standard_input: BinaryIO
) -> tuple[str, int]:
    """Judge files, the XML and JSON files in folders, and standard input where a name is `-`.

    Returns:
        The report, and the exit status: 0 where nothing has an error, else 1.

    Raises:
        REFUSALS: a file, or a profile, cannot be read.
    """
    documents = list(_documents(files, standard_input))
    codec, loaded = Codec(), Profiles.load(profiles)
    reports = [FileReport(name, tuple(_findings(codec, loaded, name, body))) for name, body in documents]
    return render(reports, report_format), exit_status(reports)


def _documents(files: Sequence[str], standard_input: BinaryIO) -> Iterator[tuple[str, bytes]]:
    for name in files:
        if name == STANDARD_INPUT:
            yield name, standard_input.read()
            continue
        path = Path(name)
        inside = sorted(each for each in path.rglob("*") if each.suffix in _FORMATS) if path.is_dir() else [path]
        for each in inside:
            yield str(each), _bytes(each)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}") from error


def _findings(codec: Codec, profiles: Profiles, name: str, body: bytes) -> Sequence[Finding]:
    try:
        reading = codec.read(body, _format(name, body))
        return [*reading.remarks(), *profiles.validate(reading.resource, line=reading.line)]
    except SandboxError as error:
        return [*error.findings, _UNJUDGED]


def _format(name: str, body: bytes) -> Format:
    """Go by the name, and where that does not tell, by the first character."""
    by_name = _FORMATS.get(Path(name).suffix)
    return by_name or ("xml" if body.lstrip()[:1] == b"<" else "json")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the files, the profiles and the format of the report."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="XML or JSON; a folder; - for standard input")
    parser.add_argument("--profiles", action="append", default=[], type=Path, metavar="PATH", help="further profiles")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the report")


def run(options: argparse.Namespace) -> int:
    """Print the report; return 1 if a file has an error, otherwise 0.

    Raises:
        CommandFailed: a file or a profile cannot be read.
    """
    try:
        report, status = judged(options.files, options.profiles, options.format, sys.stdin.buffer)
    except REFUSALS as error:
        raise CommandFailed(error) from error
    print(report)
    return status
