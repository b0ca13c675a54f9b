"""Validate files by the profiles, without a server: what `registry-sandbox validate` does.

Source: operator.md, Start (subcommands); `$validate`, whose findings these are.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, get_args

from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.report import FileReport, ReportFormat, exit_status, render
from registry_sandbox.cli.schema_verdict import UnusableSchema, UserSchema
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.profiles import Profiles

STANDARD_INPUT = "-"
_NOT_YET_VALIDATED = Finding(
    "informational", "It is validated by the profiles once it can be read", severity="information"
)
_FORMATS: dict[str, Format] = {".xml": "xml", ".json": "json"}


class UnreadableFile(Exception):
    """A file cannot be read at all; the message names it and says why."""


REFUSALS = (UnreadableFile, UnusableDefinition, UnusableSchema)
"""What keeps files from being validated."""


def validated(
    files: Sequence[str], profiles: Sequence[Path], standard_input: BinaryIO, schema: Path | None = None
) -> list[FileReport]:
    """Validate files, the XML and JSON files in folders, and standard input where a name is `-`.

    Args:
        files: names of files and folders.
        profiles: places of further definitions.
        standard_input: is read where a name is `-`.
        schema: a schema by which documents in XML are validated as well.

    Raises:
        REFUSALS: a file, a profile or the schema cannot be read.
    """
    documents = list(_documents(files, standard_input))
    codec, loaded, own = Codec(), Profiles.load(profiles), UserSchema(schema) if schema else None
    return [
        FileReport(
            name,
            tuple(_findings(codec, loaded, body, _format(name, body))),
            own.verdict(body) if own and _format(name, body) == "xml" else None,
        )
        for name, body in documents
    ]


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


def _findings(codec: Codec, profiles: Profiles, body: bytes, body_format: Format) -> Sequence[Finding]:
    try:
        reading = codec.read(body, body_format, codec.types)
        return [*reading.remarks(), *profiles.validate(reading.resource, position=reading.position, hints=True)]
    except SandboxError as error:
        return [*error.findings, _NOT_YET_VALIDATED]


def _format(name: str, body: bytes) -> Format:
    """Return the format that the name tells, and if it tells none, that of the first character."""
    by_name = _FORMATS.get(Path(name).suffix)
    return by_name or ("xml" if body.lstrip()[:1] == b"<" else "json")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the files, the profiles and the format of the report."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="XML or JSON; a folder; - for standard input")
    parser.add_argument("--profiles", action="append", default=[], type=Path, metavar="PATH", help="further profiles")
    parser.add_argument("--xsd", type=Path, metavar="FILE", help="validate XML by this schema as well")
    parser.add_argument("--format", choices=get_args(ReportFormat), default="text", help="form of the report")


def run(options: argparse.Namespace) -> int:
    """Print the report; return 1 if a file has an error, otherwise 0.

    Raises:
        CommandFailed: a file or a profile cannot be read.
    """
    try:
        reports = validated(options.files, options.profiles, sys.stdin.buffer, options.xsd)
    except REFUSALS as error:
        raise CommandFailed(error) from error
    print(render(reports, options.format, encoding=sys.stdout.encoding or "utf-8"))
    return exit_status(reports)
