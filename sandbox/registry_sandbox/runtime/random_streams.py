"""Randomness in independent streams: ids, token claims and draws. With a seed they can be repeated."""

import random
from array import array
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

_VERSION: Final = 3  # of the states that `random` has since Python 3.2

WORDS_BYTES: Final = 625 * 4
LAST_WORD: Final = 624
"""A state is 624 words, and the position of the next one among them."""

# RFC 9562 section 5.4: which bits are free, and those that say the version and the variant.
_FREE_BITS = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_VERSION_4 = (0x4 << 76) | (0x2 << 62)


class Position(NamedTuple):
    """Where the streams are: their seed, and the state of each that was used, as 625 words of 32 bits."""

    seed: int
    states: Mapping[str, bytes]


class RandomStreams:
    """Independent streams of randomness; with the same seed each repeats in every run, and after a reset."""

    def __init__(self, seed: int) -> None:
        self.seed = self._first_seed = seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, purpose: str) -> random.Random:
        """Return the stream of a purpose."""
        return self._streams.setdefault(purpose, random.Random(self._start(purpose)))  # noqa: S311 - ids, not secrets

    def ids(self, purpose: str) -> Callable[[], str]:
        """Return a function that returns a new UUID on each call."""
        return partial(_uuid4_by, self.stream(purpose).getrandbits)

    def ids_from_the_start(self, purpose: str) -> Callable[[], str]:
        """Return a function that returns the same new UUIDs whenever it is asked for, whatever was drawn or resumed."""
        first = random.Random(f"{self._first_seed}/{purpose}")  # noqa: S311 - ids, not secrets
        return partial(_uuid4_by, first.getrandbits)

    def reset(self) -> None:
        """Start every stream again, with the seed of the start."""
        self.seed = self._first_seed
        for purpose, stream in self._streams.items():
            stream.seed(self._start(purpose))

    @property
    def position(self) -> Position:
        """Where the streams are, for `resume`."""
        return Position(
            self.seed, {name: array("I", each.getstate()[1]).tobytes() for name, each in self._streams.items()}
        )

    def resume(self, position: Position) -> None:
        """Go on from a position; a stream that was not used yet begins."""
        self.seed = position.seed
        for purpose in {*self._streams, *position.states}:
            stream, words = self.stream(purpose), array("I")
            if purpose in position.states:
                words.frombytes(position.states[purpose])
                stream.setstate((_VERSION, tuple(words), None))
            else:
                stream.seed(self._start(purpose))

    def _start(self, purpose: str) -> str:
        return f"{self.seed}/{purpose}"


def _uuid4_by(random_bits: Callable[[int], int]) -> str:
    """Return a UUID of version 4. Every answer has one, and this is faster than `uuid.UUID`."""
    written = (random_bits(128) & _FREE_BITS | _VERSION_4).to_bytes(16).hex("-", 2)  # a dash after every two bytes
    return f"{written[:4]}{written[5:29]}{written[30:34]}{written[35:]}"
