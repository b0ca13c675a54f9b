"""The argument parser: it reports an error in one line and suggests what may have been meant."""

import argparse
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NoReturn

from registry_sandbox.cli.failure import USAGE_ERROR

_UNRECOGNISED: Final = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """A parser whose flags cannot be abbreviated; `commands` are suggested for a mistyped word."""

    def __init__(self, prog: str, description: str, commands: Iterable[str]) -> None:
        raw = argparse.RawDescriptionHelpFormatter
        super().__init__(prog=prog, description=description, allow_abbrev=False, formatter_class=raw)
        self._commands = tuple(commands)

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with status 2."""
        hint = self._suggestion(message)
        self.exit(USAGE_ERROR, f"registry-sandbox: {message}; {hint}`{self.prog} --help` shows all options\n")

    def _suggestion(self, message: str) -> str:
        if not message.startswith(_UNRECOGNISED):
            return ""
        unknown = message.removeprefix(_UNRECOGNISED).split()[0].partition("=")[0]
        # A flag is compared with flags and a word with commands: `x` never means `--x`.
        known = self._option_string_actions if unknown.startswith("-") else self._commands
        nearest = get_close_matches(unknown, known, n=1)
        return f"did you mean {nearest[0]}? " if nearest else ""
