"""`clock`: shows and changes the clock of a running sandbox.

Source: docs/control-api.md.
"""

import argparse
from typing import Any, Final

from registry_sandbox.cli.connection import add_connection_options, control_client
from registry_sandbox.cli.failure import CommandFailed

_NEEDED: Final = {"set": "an instant such as 2019-01-18T09:00:00Z", "advance": "a time such as 2d or 90s"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the action and its value."""
    actions = ("show", "set", "advance", "freeze", "unfreeze")
    parser.add_argument("action", nargs="?", choices=actions, default="show", help="%(choices)s; default: show")
    parser.add_argument(
        "value", nargs="?", help="the instant to set (freeze takes one too), or the time to advance by, such as 2d"
    )
    parser.epilog = "A negative time needs two dashes before it: `registry-sandbox clock advance -- -5m`."
    add_connection_options(parser)


def run(options: argparse.Namespace) -> int:
    """Change the clock, and print what it shows then.

    Raises:
        CommandFailed: the value is missing or cannot be used, or the sandbox does not answer.
    """
    client, change = control_client(options), _change(options.action, options.value)
    shown = client.json("PUT", "/clock", change) if change else client.json("GET", "/clock")
    print(f"{shown['now']}{' frozen' if shown['frozen'] else ''}")
    return 0


def _change(action: str, value: str | None) -> dict[str, Any]:
    """Return the body of `PUT /_sandbox/clock`; it is empty if nothing shall change."""
    if (action in _NEEDED and value is None) or (action in ("show", "unfreeze") and value is not None):
        raise CommandFailed(f"clock {action}: expected {_NEEDED.get(action, 'no value')}")
    match action:
        case "set":
            return {"now": value}
        case "advance":
            return {"advance": value}
        case "freeze":
            return {"frozen": True, **({} if value is None else {"now": value})}
        case "unfreeze":
            return {"frozen": False}
    return {}
