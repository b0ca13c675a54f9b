"""`settings`: prints the table of all settings, in Markdown."""

import argparse
from typing import Any

from registry_sandbox.settings import PREFIX, fields, flag_of


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: this subcommand has no options."""
    del parser


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    del options
    print(table())
    return 0


def table() -> str:
    """Return the table of all settings, in Markdown."""
    rows = ["| flag | environment | default | meaning |", "|---|---|---|---|"]
    for each in fields():
        about = each.metadata
        value = "" if each.default is False else "\\|".join(about["choices"]) or "VALUE"
        flag = f"`{f'{flag_of(each.name)} {value}'.strip()}`" + (" (repeatable)" if about["many"] else "")
        rows.append(f"| {flag} | `{PREFIX}{each.name.upper()}` | {_shown(each.default)} | {about['meaning']} |")
    return "\n".join(rows)


def _shown(default: Any) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, bool):
        return "off"
    return f"{default:g}" if isinstance(default, float) else str(default)
