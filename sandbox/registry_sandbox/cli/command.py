"""The entry point of the command line: it finds the subcommand, reads its options and runs it.

Source: operator.md, Start.
"""

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from registry_sandbox import __version__
from registry_sandbox.cli.failure import CommandFailed
from registry_sandbox.cli.parser import Parser

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "start the sandbox (the default)",
    "token": "print a test token",
    "certs": "write certificates for TLS tests",
    "validate": "validate files against the profiles",
    "health": "exit with status 0 when the sandbox is ready",
    "fault": "add, list, remove or release faults of the running sandbox",
    "clock": "show or change the clock of the running sandbox",
    "state": "save the state of the running sandbox to a file, or load it",
    "tail": "show the exchanges of a running sandbox as they happen",
    "verdict": "say what the clients of the running sandbox did right and wrong",
    "exam": "put a client to the test",
    "settings": "print the table of all settings",
    "schema": "print the JSON Schema of a file of settings, faults or seeds",
}
"""The subcommands; each is the module of that name in this package, which is imported only when it runs."""

DEFAULT: Final = "serve"


class Command(Protocol):
    """What the module of a subcommand has."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of the subcommand to its parser."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Run the subcommand and return the exit status.

        Raises:
            CommandFailed: with the message and the exit status.
        """
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit status: 2 for a bad setting, seed, profile or port, named in one line."""
    _escape_what_cannot_be_shown()
    words = list(sys.argv[1:] if arguments is None else arguments)
    named = bool(words) and words[0] in COMMANDS
    name = words.pop(0) if named else DEFAULT
    command = cast("Command", import_module(f"registry_sandbox.cli.{name}"))
    parser = _parser(name, named=named)
    command.add_options(parser)
    options = parser.parse_args(words)
    try:
        return command.run(options)
    except CommandFailed as failure:
        print(f"registry-sandbox: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 1


def _escape_what_cannot_be_shown() -> None:
    """Let a terminal or a pipe that is not UTF-8 show a character as an escape, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser(name: str, *, named: bool) -> Parser:
    if named:
        return Parser(f"registry-sandbox {name}", COMMANDS[name], COMMANDS)
    parser = Parser("registry-sandbox", _overview(), COMMANDS)
    parser.usage = "registry-sandbox [COMMAND] [OPTIONS]"
    parser.add_argument("--version", action="version", version=f"registry-sandbox {__version__}")
    return parser


def _overview() -> str:
    commands = [f"  {name:10} {summary}" for name, summary in COMMANDS.items()]
    title = "A sandbox of the NHS Appointment Registry."
    note = "`registry-sandbox COMMAND --help` shows the options of a command. Those of serve are:"
    return "\n".join([title, "", "commands:", *commands, "", note])
