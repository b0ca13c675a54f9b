"""`health`: exits with status 0 when the sandbox is ready, 1 when it is not.

Source: operator.md, Start.
"""

import argparse
import json

from registry_sandbox.cli.connection import add_connection_options, control_client
from registry_sandbox.cli.control_client import NoAnswer
from registry_sandbox.cli.failure import NOT_READY, CommandFailed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what says where the sandbox is."""
    add_connection_options(parser)


def run(options: argparse.Namespace) -> int:
    """Return 0 when the sandbox is ready.

    Raises:
        CommandFailed: it does not answer (status 1), or an option cannot be used (2).
    """
    client = control_client(options)
    try:
        health = json.loads(client.text("GET", "/health"))
        ready = health["status"] == "ready"
    except NoAnswer as error:
        raise CommandFailed(error, NOT_READY) from error
    except (ValueError, TypeError, KeyError) as error:
        raise CommandFailed(f"{client.root} answers, but not as a sandbox does", NOT_READY) from error
    return 0 if ready else NOT_READY
