"""The argument parser: it reports an error in one line and suggests what may have been meant."""

import argparse
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NoReturn

from registry_sandbox.cli.failure import USAGE_ERROR

_UNRECOGNISED: Final = "unrecognized arguments: "
_INVALID_CHOICE: Final = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")
_WORD: Final = re.compile(r"[\w-]+")
_NEGATIVE: Final = re.compile(r"-\d")


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
        choice = _INVALID_CHOICE.search(message)
        if choice:
            return _nearest(choice[1], _WORD.findall(choice[2]))
        if not message.startswith(_UNRECOGNISED):
            return ""
        unknown = message.removeprefix(_UNRECOGNISED).split()[0].partition("=")[0]
        if _NEGATIVE.match(unknown):
            return f"a value with a minus needs two dashes before it: `-- {unknown}`; "
        # A flag is compared with flags and a word with commands: `x` never means `--x`.
        return _nearest(unknown, self._option_string_actions if unknown.startswith("-") else self._commands)


def _nearest(unknown: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(unknown, known, n=1)
    return f"did you mean {nearest[0]}? " if nearest else ""
