"""The state of a workspace as one JSON document: written in parts, and read in parts. docs/state.md describes it."""

from typing import Final

FORMAT: Final = "registry_sandbox_state"
"""The member that says what the document is; its value is the version of the format."""

VERSION: Final = 1


class BadState(Exception):
    """A document is no state that can be used; the message names the place, what was found and what was expected."""
