"""The one way in which a subcommand fails: a line for stderr, and an exit status."""

from typing import Final

USAGE_ERROR: Final = 2
NOT_READY: Final = 1


class CommandFailed(Exception):
    """The subcommand cannot do what it was asked; the message is one line that names the offender."""

    def __init__(self, message: object, status: int = USAGE_ERROR) -> None:
        super().__init__(str(message))
        self.status = status
