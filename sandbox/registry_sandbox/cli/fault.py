"""`fault`: adds, lists, removes and releases faults of a running sandbox.

Source: docs/faults.md.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from registry_sandbox.cli.connection import add_connection_options, control_client
from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.cli.failure import CommandFailed

_EXPECTED: Final = {
    "add": "a rule such as cancel:503@x1",
    "list": "no argument",
    "rm": "the ids of rules",
    "release": "the ids of rules",
}
_SENTINEL: Final = "sentinel"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the action and what it is about."""
    parser.add_argument("action", choices=tuple(_ACTIONS), help="add SPEC..., list, rm ID..., release ID...")
    parser.add_argument(
        "arguments", nargs="*", metavar="SPEC|ID", help="a rule such as cancel:503@x1, or as JSON; the ids of rules"
    )
    parser.add_argument("--all", action="store_true", help="list the sentinels too")
    parser.add_argument(
        "--exchange", type=int, metavar="NUMBER", help="release ID: this exchange only, not all that the rule holds"
    )
    add_connection_options(parser)


def run(options: argparse.Namespace) -> int:
    """Carry out the action.

    Raises:
        CommandFailed: an argument cannot be used, or the sandbox does not answer.
    """
    _require_fitting(options)
    _ACTIONS[options.action](control_client(options), options)
    return 0


def _require_fitting(options: argparse.Namespace) -> None:
    if (options.action == "list") == bool(options.arguments):
        raise CommandFailed(f"fault {options.action}: expected {_EXPECTED[options.action]}")
    if options.exchange is not None and (options.action, len(options.arguments)) != ("release", 1):
        said = " ".join([options.action, *options.arguments])[:60]
        raise CommandFailed(f"fault {said}: --exchange {options.exchange} goes with release and the id of one rule")


def _add(client: ControlClient, options: argparse.Namespace) -> None:
    for text in options.arguments:
        print(client.json("POST", "/faults", _rule(text))["id"])


def _rule(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"fault add {text[:60]}: not JSON: {error}") from error


def _list(client: ControlClient, options: argparse.Namespace) -> None:
    for live in client.json("GET", "/faults")["faults"]:
        if options.all or live["source"] != _SENTINEL:
            print(f"{live['id']}  {_described(live)}  matched {live['matched']}, fired {live['fired']}")


def _described(live: Mapping[str, Any]) -> str:
    parts = {name: live[name] for name in ("match", "when", "then") if live.get(name)}
    return json.dumps(parts, ensure_ascii=False)


def _remove(client: ControlClient, options: argparse.Namespace) -> None:
    _require_rules(client, options)
    for rule_id in options.arguments:
        client.text("DELETE", f"/faults/{quote(rule_id, safe='')}")


def _release(client: ControlClient, options: argparse.Namespace) -> None:
    _require_rules(client, options)
    body = {} if options.exchange is None else {"exchange": options.exchange}
    for rule_id in options.arguments:
        for number in client.json("POST", f"/faults/{quote(rule_id, safe='')}/release", body)["released"]:
            print(number)


def _require_rules(client: ControlClient, options: argparse.Namespace) -> None:
    """Find every rule before anything is done: what is released cannot be held again.

    Raises:
        CommandFailed: an argument is not the id of a rule; the message names the first.
    """
    known = {live["id"] for live in client.json("GET", "/faults")["faults"]}
    for rule_id in options.arguments:
        if rule_id not in known:
            raise CommandFailed(
                f"fault {options.action}: there is no rule with the id {rule_id[:80]!r}; nothing was done"
                f"{_meant(options, rule_id)}"
            )


def _meant(options: argparse.Namespace, unknown: str) -> str:
    # A number behind the id of a rule is the exchange that somebody wants to let go on.
    if options.action == "release" and unknown.isdigit() and unknown != options.arguments[0]:
        return f"; did you mean release {options.arguments[0]} --exchange {unknown}?"
    return ""


_ACTIONS: Final[Mapping[str, Callable[[ControlClient, argparse.Namespace], None]]] = {
    "add": _add,
    "list": _list,
    "rm": _remove,
    "release": _release,
}
