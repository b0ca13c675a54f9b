"""`state`: saves the state of a running sandbox to a file, or puts that of a file in its place.

Source: docs/state.md.
"""

import argparse
from pathlib import Path

from registry_sandbox.cli.connection import add_connection_options, control_client
from registry_sandbox.cli.control_client import BadDocument, ControlClient
from registry_sandbox.cli.failure import CommandFailed

_ANSWERED_WITHIN_S = 600.0  # a large state takes a while to be validated


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the action and the file."""
    parser.add_argument("action", choices=("save", "load"), help="save to FILE, or load from FILE")
    parser.add_argument("file", type=Path, metavar="FILE", help="the document, as docs/state.md describes it")
    parser.add_argument("--journal", action="store_true", help="save: with the exchanges of the journal, to read")
    add_connection_options(parser)


def run(options: argparse.Namespace) -> int:
    """Save or load.

    Raises:
        CommandFailed: the file cannot be read or written, or the sandbox refuses or does not answer.
    """
    client = control_client(options)
    client = ControlClient(client.root, client.token, client.trust, _ANSWERED_WITHIN_S)
    try:
        if options.action == "save":
            _save(client, options.file, "/state?journal=true" if options.journal else "/state")
        else:
            _load(client, options.file)
    except OSError as error:
        raise CommandFailed(f"{options.file}: {error.strerror}") from error
    return 0


def _save(client: ControlClient, file: Path, path: str) -> None:
    """Write the document beside the file, then put it in its place: a file is whole, or as it was."""
    beside = file.with_name(f"{file.name}.part")
    try:
        with beside.open("wb") as document:
            client.save(path, document)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _load(client: ControlClient, file: Path) -> None:
    with file.open("rb") as document:
        try:
            client.load("/state", document, file.stat().st_size)
        except BadDocument as error:
            raise CommandFailed(f"{file}: {error}") from error
