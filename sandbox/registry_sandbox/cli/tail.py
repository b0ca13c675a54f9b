"""`tail`: shows the exchanges of a running sandbox as they happen, one line each.

Source: operator.md, Start (subcommands), Paths (`/_sandbox/events`).
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from typing import Any

from registry_sandbox.cli.connection import add_connection_options, control_client


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the format, and what says where the sandbox is."""
    add_connection_options(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: each event as it came")


def run(options: argparse.Namespace) -> int:
    """Print a line for each event until the sandbox stops.

    Raises:
        CommandFailed: the sandbox does not answer, or an option cannot be used.
    """
    client = control_client(options)
    for kind, data in events(client.lines("/events")):
        if options.format == "json":
            print(json.dumps({"event": kind, **data}), flush=True)
        else:
            print(line(kind, data), flush=True)
    return 0


def events(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the lines of a stream of events; comments in it are left out."""
    kind = ""
    for text in lines:
        name, _, value = text.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def line(kind: str, data: dict[str, Any]) -> str:
    """Return the line of an event; one that the sandbox's own users caused begins with dashes."""
    if kind != "exchange":
        return f"--- {kind} {json.dumps(data)}"
    state = data["state"]
    ended = "" if data["ended"] in ("whole", "under way") else f" {data['ended']}"
    took = f"{data['duration_s'] * 1_000:.1f} ms" if state == "done" else f"{state} ..."
    faults = f" faults: {', '.join(data['faults'])}" if data["faults"] else ""
    what = f"{data['method']} {data['path']} {data['status'] or '-'}{ended}"
    return f"{data['at'][11:23]} {data['number']:>5} {data.get('client', '-')} {what} {took}{faults}"
