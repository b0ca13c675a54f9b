"""`exam`: puts a client to the test, in scenarios each of which runs in a workspace of its own.

Source: docs/exam.md.
"""

import argparse
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TextIO, get_args

from registry_sandbox.cli.connection import add_connection_options, control_client
from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.cli.exam_driver import PLACEHOLDERS, Driver, Outcome
from registry_sandbox.cli.exam_waiting import show, wait
from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.own_sandbox import own_sandbox
from registry_sandbox.cli.verdict import file_of_report, print_report, tell
from registry_sandbox.cli.verdict_files import UnwritableVerdict, require_writable, write_verdict
from registry_sandbox.faults.kinds import Duration
from registry_sandbox.verdict.acceptance import FailOn, too_bad, unreached
from registry_sandbox.verdict.exam.merging import scenario_id
from registry_sandbox.verdict.exam.scenario import Scenario
from registry_sandbox.verdict.exam.scenario_files import BadScenario, documents_at, shipped_folder
from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import Format
from registry_sandbox.verdict.reports.json import read

_FOUND, _NOT_REACHED, _INTERRUPTED = 1, 3, 130
_TIME_LIMIT_S, _WAITING_LIMIT_S = 60.0, 1800.0
_OWN: Final = ("--auth", "any", "--no-seed-data")
_JOBS_AT_MOST: Final = 64
_WIDTH: Final = 80
_SAID_OF_A_LINE: Final = 300


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what is examined, how, and what is made of it."""
    add_connection_options(parser, "one that is started for the exam, and ends with it")
    known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
    parser.add_argument(
        "--command", metavar="COMMAND", help=f"the client, run once for each operation; placeholders: {known}"
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios, and end")
    parser.add_argument("--scenario", action="append", default=[], metavar="NAME", help="this one; repeatable")
    parser.add_argument("--scenarios", type=Path, metavar="PATH", help="a file or folder of your own scenarios instead")
    parser.add_argument("--jobs", type=_jobs, default=4, metavar="N", help="so many side by side; default: 4")
    parser.add_argument(
        "--time-limit", type=_time_span, metavar="TIME", help="for each operation; default: 60s. Without --command: 30m"
    )
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
    parser.epilog = "Exit status: 0 fine, 1 findings, 2 a mistake in the call, 3 a scenario that showed too little."


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _JOBS_AT_MOST:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 1 to {_JOBS_AT_MOST}")
    return int(text)


def _time_span(text: str) -> float:
    try:
        seconds = Duration().read(float(text) if text.replace(".", "", 1).isdigit() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {error}") from error
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a time span above 0, such as 60s")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Hold the exam; return 0 if it is passed, 1 for findings, 3 if a scenario showed too little.

    Raises:
        CommandFailed: an option or a file cannot be used, or the sandbox does not answer.
    """
    try:
        chosen = _chosen(options)
        require_writable(options.output)
    except (BadScenario, UnwritableVerdict) as error:
        raise CommandFailed(error) from error
    if options.list:
        for each, _ in chosen:
            print(f"{each.name:50} {' '.join(each.about.split())}")
        return 0
    report = _held(chosen, options)
    try:
        for file in options.output:
            write_verdict(report, file)
    except UnwritableVerdict as error:
        raise CommandFailed(error) from error
    print_report(report, options.format)
    reasons = unreached(report, [scenario_id(each) for each, _ in chosen])
    for reason in reasons:
        tell(reason)
    return _FOUND if too_bad(report, options.fail_on) else _NOT_REACHED if reasons else 0


def _held(chosen: Sequence[tuple[Scenario, Any]], options: argparse.Namespace) -> Report:
    try:
        with _sandbox(options) as client:
            _hold(client, chosen, options)
            return read(client.text("GET", "/exam/report?format=json"))
    except KeyboardInterrupt:
        raise CommandFailed("interrupted: the exam is not over", _INTERRUPTED) from None


def _chosen(options: argparse.Namespace) -> list[tuple[Scenario, Any]]:
    """Return the scenarios that are asked for, each with the document that the sandbox is sent."""
    path = options.scenarios or shipped_folder()
    known = {each.name: (each, document) for each, document in documents_at([path])}
    for name in options.scenario:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else "`registry-sandbox exam --list` shows them"
            raise BadScenario(f"there is no scenario {name!r}; {hint}")
    return [known[name] for name in dict.fromkeys(options.scenario)] if options.scenario else [*known.values()]


@contextmanager
def _sandbox(options: argparse.Namespace) -> Iterator[ControlClient]:
    if options.url is not None:
        yield control_client(options)
        return
    with own_sandbox(*_OWN) as client:
        yield client


def _hold(client: ControlClient, chosen: Sequence[tuple[Scenario, Any]], options: argparse.Namespace) -> None:
    progress = _Progress(len(chosen))
    documents = [document for _, document in chosen]
    if options.command is not None:
        driver = Driver(client, options.command, options.time_limit or _TIME_LIMIT_S)
        client.text("DELETE", "/exam")
        driver.drive(documents, options.jobs, progress.ended)
        return
    client.text("DELETE", "/exam")
    tasks = client.json("POST", "/exam", {"scenarios": documents})["tasks"]
    for each in tasks:
        progress.to_do(each, client.root)
    limit_s = options.time_limit or _WAITING_LIMIT_S
    names = [each["name"] for each in tasks]
    wait(client, names, limit_s, lambda task: progress.to_do(task, client.root), progress.ended)


@dataclass(slots=True)
class _Progress:
    """Tells on stderr what has ended, so that stdout has the report alone."""

    total: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    began_s: float = field(default_factory=time.monotonic)
    _ended: int = 0

    def to_do(self, task: Mapping[str, Any], root: str) -> None:
        """Show a task."""
        print(f"{show(task, root)}\n", file=self.stream, flush=True)

    def ended(self, outcome: Outcome) -> None:
        """Tell how a task has ended, and what the client said where that may help."""
        self._ended += 1
        task, state = outcome.task, outcome.task["state"]
        lines = [line for each in task.get("messages", ()) for line in _wrapped(each)]
        if state in ("fail", "inconclusive"):
            lines += [
                line
                for each in outcome.said.splitlines()[-8:]
                for line in _wrapped(_shortened(each), "| ", broken=True)
            ]
        head = f"[{self._ended}/{self.total}] {_WORDS[state]:12} {task['scenario']}"
        print("\n".join([head, *lines]), file=self.stream, flush=True)


def _wrapped(text: str, mark: str = "", *, broken: bool = False) -> list[str]:
    begin = f"        {mark}"
    return textwrap.wrap(
        text, _WIDTH, initial_indent=begin, subsequent_indent=begin, break_long_words=broken, break_on_hyphens=False
    )


def _shortened(line: str) -> str:
    return line if len(line) <= _SAID_OF_A_LINE else f"{line[:_SAID_OF_A_LINE]} ..."


_WORDS: Final = {"pass": "passed", "fail": "FAILED", "warning": "WARNING", "inconclusive": "INCONCLUSIVE"}
