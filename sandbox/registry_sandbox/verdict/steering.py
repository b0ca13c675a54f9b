"""What was done to the sandbox over its control plane: it may explain why a client does something again."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry_sandbox.registry.journal import Journal

_KEPT_AT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to the sandbox over its control plane.

    Attributes:
        after: the number of the exchange that was the last one then.
        noun: such as `clock`, `faults`, `appointments`, `keys`.
    """

    after: int
    noun: str


class Steering:
    """The latest changes, between the exchanges of a journal.

    Args:
        journal: what the changes are numbered by; they are forgotten when it is cleared.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._steps: deque[tuple[int, Step]] = deque(maxlen=_KEPT_AT_MOST)

    def note(self, noun: str, after: int | None = None) -> None:
        """Note that something was changed; the noun says what. It was after the last exchange, or that of a number."""
        number = self._journal.numbered if after is None else after
        self._steps.append((self._journal.generation, Step(number, noun)))

    def steps(self) -> Sequence[Step]:
        """Return the changes since the journal was last cleared, oldest first."""
        return [step for generation, step in self._steps if generation == self._journal.generation]
