"""`verdict`: asks a running sandbox what it makes of its clients, and prints it.

Source: docs/verdict.md.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final, get_args
from urllib.parse import urlencode

from registry_sandbox.cli.connection import add_connection_options, control_client
from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.verdict_files import UnwritableVerdict, write_verdict
from registry_sandbox.verdict.acceptance import FailOn, UnknownRule, require_known, too_bad, unreached
from registry_sandbox.verdict.expected import BadExpectations, Expectation, accepting, gone, read_expectations
from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import Format, format_of, rendered
from registry_sandbox.verdict.reports.characters import one_line
from registry_sandbox.verdict.reports.json import read
from registry_sandbox.verdict.reports.members import UnreadableReport

_FOUND: Final = 1
_NOT_REACHED: Final = 3


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the format, the demands, and what says where the sandbox is."""
    add_connection_options(parser)
    parser.add_argument("--client", metavar="NAME", help="judge this client only")
    parser.add_argument("--since", metavar="NUMBER|INSTANT", help="judge later exchanges only")
    parser.add_argument("--format", choices=get_args(Format), default="text", help="what is printed; default: text")
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        type=file_of_report,
        metavar="FILE",
        help="write it there too; repeatable",
    )
    parser.add_argument("--fail-on", choices=get_args(FailOn), default="fail", help="what exits with 1; default: fail")
    parser.add_argument(
        "--require", action="append", default=[], metavar="RULE", help="exit with 3 if this rule has no result"
    )
    parser.add_argument(
        "--min-coverage", type=_percent, metavar="PERCENT", help="exit with 3 if less was met, such as 60%%"
    )
    parser.add_argument("--expected", type=Path, metavar="FILE", help="findings that are known and accepted (YAML)")
    parser.epilog = "Exit status: 0 fine, 1 findings, 2 a mistake in the call, 3 too little was exercised."


def file_of_report(text: str) -> Path:
    """Return the file that an option names, if its ending says in which format to write.

    Raises:
        ArgumentTypeError: it does not.
    """
    try:
        format_of(Path(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {error}") from error
    return Path(text)


def _percent(text: str) -> float:
    number = text.removesuffix("%").strip()
    try:
        percent = float(number)
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        raise argparse.ArgumentTypeError(f"{text!r}: expected a percentage such as 60%")
    return percent


def run(options: argparse.Namespace) -> int:
    """Print the verdict; return 0 if it is fine, 1 for findings, 3 if too little was exercised.

    Raises:
        CommandFailed: an option or a file cannot be used, or the sandbox does not answer.
    """
    try:
        expectations = read_expectations(options.expected) if options.expected else []
        report = accepting(_report(options), expectations)
        require_known(report, options.require)
        for file in options.output:
            write_verdict(report, file)
    except (BadExpectations, UnknownRule, UnreadableReport, UnwritableVerdict) as error:
        raise CommandFailed(error) from error
    print_report(report, options.format)
    return _status(report, options, expectations)


def _report(options: argparse.Namespace) -> Report:
    query = {"format": "json", "client": options.client, "since": options.since}
    chosen = urlencode({name: value for name, value in query.items() if value is not None})
    return read(control_client(options).text("GET", f"/verdict?{chosen}"))


def print_report(report: Report, wanted: Format) -> None:
    """Print a report on stdout."""
    if wanted == "text":
        from registry_sandbox.verdict.reports.text import render

        sys.stdout.write(render(report, colour=_has_colour()))
    else:
        sys.stdout.buffer.write(rendered(report, wanted).encode())  # a document is UTF-8, whatever the terminal has


def _has_colour() -> bool:
    """Return whether stdout is a terminal that wants colour. Source: https://no-color.org."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _status(report: Report, options: argparse.Namespace, expectations: list[Expectation]) -> int:
    for each in gone(report, expectations):
        tell(f"{each}: this is expected and no longer occurs; the entry can go")
    findings = too_bad(report, options.fail_on)
    reasons = unreached(report, options.require, options.min_coverage)
    for reason in reasons:
        tell(reason)
    return _FOUND if findings else _NOT_REACHED if reasons else 0


def tell(sentence: str) -> None:
    """Say something on stderr, in one line."""
    print(f"registry-sandbox: {one_line(sentence)}", file=sys.stderr)
