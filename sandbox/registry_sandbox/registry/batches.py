"""The batches of a journal: as many finished exchanges as it keeps, and no more bytes than it may take."""

from collections import deque
from collections.abc import Sequence

from registry_sandbox.registry.batch import TO_COUNT, Batch, all_noted
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.registry.tally import Tally

_COUNTED_TOGETHER = 500  # of the oldest, before they are dropped: about a tenth of a millisecond


class Batches:
    """Batches of finished exchanges, the oldest first.

    Whole batches are dropped. So where there are too many exchanges, some of the oldest batch stay in memory, but
    nobody sees them; and where they take too many bytes, all of a batch go at once.

    Args:
        size: how many exchanges are kept.
        max_bytes: how many bytes they may take.
        tally: counts each exchange before it is dropped.

    Attributes:
        bytes: roughly how many bytes they take.
    """

    __slots__ = ("_all", "_counted", "_dropped", "_exchanges", "_max_bytes", "_size", "_tally", "bytes")

    def __init__(self, size: int, max_bytes: int, tally: Tally) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self._tally = tally
        self._all: deque[Batch] = deque()
        self._exchanges = 0  # in all of them
        self._counted = 0  # how many batches are in the tally: always the oldest
        self._dropped = 0  # exchanges of whole batches
        self.bytes = 0

    def __len__(self) -> int:
        return self._exchanges - self._hidden

    @property
    def _hidden(self) -> int:
        """How many exchanges of the oldest batch count as dropped."""
        return max(self._exchanges - self._size, 0)

    @property
    def dropped(self) -> int:
        """How many exchanges were dropped."""
        return self._dropped + self._hidden

    def take(self, batch: Batch) -> None:
        """Keep a batch, and drop what is too much."""
        self._all.append(batch)
        self._exchanges += len(batch.noted)
        self.bytes += batch.bytes
        if self._exchanges > self._size or self.bytes > self._max_bytes:
            self._drop()

    def _drop(self) -> None:
        """Drop the oldest batch while the others are enough, or all take too many bytes."""
        batches = self._all
        while batches and (self.bytes > self._max_bytes or self._exchanges - len(batches[0].noted) >= self._size):
            if not self._counted:
                self.count(_COUNTED_TOGETHER)
            oldest = batches.popleft()
            self._counted -= 1
            self._exchanges -= len(oldest.noted)
            self.bytes -= oldest.bytes
            self._dropped += len(oldest.noted)

    def follow(self, new: Sequence[Batch], kept: int, dropped: int) -> None:
        """Keep what others have noted, each exchange in a batch of its own.

        Args:
            new: what is not here yet.
            kept: how many exchanges they keep.
            dropped: how many they have dropped.
        """
        self._all += new
        self.bytes += sum(each.bytes for each in new)
        while len(self._all) > kept:
            self.bytes -= self._all.popleft().bytes
        self._exchanges, self._dropped = len(self._all), dropped

    def count(self, most: int) -> bool:
        """Let the tally count whole batches, at least `most` exchanges; return True if more are left."""
        chosen, many = list[Batch](), 0
        while many < most and self._counted < len(self._all):
            chosen.append(self._all[self._counted])
            many += len(chosen[-1].noted)
            self._counted += 1
        self._tally.count(map(TO_COUNT, all_noted(chosen)))
        return self._counted < len(self._all)

    def shown(self) -> list[Batch]:
        """Return the batches, without what counts as dropped."""
        batches, hidden = list(self._all), self._hidden
        if hidden:
            batches[0] = batches[0].without_oldest(hidden)
        return batches

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of a number; None if there is none, or none any more."""
        for batch in reversed(self._all):
            if batch.first <= number <= batch.last:
                is_hidden = batch is self._all[0] and number < batch.first + self._hidden
                return None if is_hidden else batch.exchange(number)
        return None
