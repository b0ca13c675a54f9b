"""`settings`: prints the table of all settings, in Markdown."""

import argparse

from registry_sandbox.settings import table


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: this subcommand has no options."""
    del parser


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    del options
    print(table())
    return 0
