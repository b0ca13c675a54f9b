"""Randomness in independent streams: ids, token claims and draws. With a seed they can be repeated."""

import base64
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

COUNTING_DIGITS: Final = 12
"""How many hexadecimal digits of a numbered id count: a million ids a second use them up in nine years."""


class Position(NamedTuple):
    """Where the streams are.

    Attributes:
        seed: their seed.
        states: of each stream that was used, as 625 words of 32 bits.
        numbers: the last number of each purpose that has numbered ids.
    """

    seed: int
    states: Mapping[str, bytes]
    numbers: Mapping[str, int]

    @property
    def states_in_base64(self) -> dict[str, str]:
        """The states as documents have them."""
        return {name: base64.b64encode(words).decode() for name, words in self.states.items()}


class RandomStreams:
    """Independent streams of randomness; with the same seed each repeats in every run, and after a reset."""

    def __init__(self, seed: int) -> None:
        self.seed = self._first_seed = seed
        self._streams: dict[str, random.Random] = {}
        self._numbered: dict[str, _NumberedIds] = {}

    def stream(self, purpose: str) -> random.Random:
        """Return the stream of a purpose."""
        return self._streams.setdefault(purpose, random.Random(self._start(purpose)))  # noqa: S311 - ids, not secrets

    def ids(self, purpose: str) -> Callable[[], str]:
        """Return a function that returns a new UUID on each call."""
        return partial(_uuid4_by, self.stream(purpose).getrandbits)

    def numbered_ids(self, purpose: str) -> Callable[[], str]:
        """Return a function that returns a new id on each call, in the form of a UUID.

        The last twelve digits count; those before them follow from the seed. Such an id takes half the time of
        one that is all random.
        """
        return self._numbered_ids(purpose).next_id

    def _numbered_ids(self, purpose: str) -> "_NumberedIds":
        if purpose not in self._numbered:
            self._numbered[purpose] = _NumberedIds(self._first_id(purpose))
        return self._numbered[purpose]

    def _first_id(self, purpose: str) -> str:
        return _uuid4_by(random.Random(self._start(purpose)).getrandbits)  # noqa: S311 - ids, not secrets

    def ids_from_the_start(self, purpose: str) -> Callable[[], str]:
        """Return a function that returns the same new UUIDs whenever it is asked for, whatever was drawn or resumed."""
        first = random.Random(f"{self._first_seed}/{purpose}")  # noqa: S311 - ids, not secrets
        return partial(_uuid4_by, first.getrandbits)

    def reset(self) -> None:
        """Start every stream again, with the seed of the start."""
        self.seed = self._first_seed
        for purpose, stream in self._streams.items():
            stream.seed(self._start(purpose))
        for purpose, ids in self._numbered.items():
            ids.begin(self._first_id(purpose))

    @property
    def position(self) -> Position:
        """Where the streams are, for `resume`."""
        return Position(
            self.seed,
            {name: array("I", each.getstate()[1]).tobytes() for name, each in self._streams.items()},
            {name: each.number for name, each in self._numbered.items()},
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
        for purpose in {*self._numbered, *position.numbers}:
            self._numbered_ids(purpose).begin(self._first_id(purpose), position.numbers.get(purpose, 0))

    def _start(self, purpose: str) -> str:
        return f"{self.seed}/{purpose}"


class _NumberedIds:
    """Ids that begin alike and end with a number, each with the next one.

    Args:
        like: an id that begins as they do.

    Attributes:
        number: of the last one.
    """

    __slots__ = ("_beginning", "number")

    def __init__(self, like: str) -> None:
        self.begin(like)

    def begin(self, like: str, number: int = 0) -> None:
        """Begin as `like` does from now on, and go on from a number."""
        self._beginning, self.number = like[:-COUNTING_DIGITS], number

    def next_id(self) -> str:
        """Return the next id."""
        self.number = number = self.number + 1
        return f"{self._beginning}{number:012x}"


def _uuid4_by(random_bits: Callable[[int], int]) -> str:
    """Return a UUID of version 4. Every write makes some, and this is faster than `uuid.UUID`."""
    written = (random_bits(128) & _FREE_BITS | _VERSION_4).to_bytes(16).hex("-", 2)  # a dash after every two bytes
    return f"{written[:4]}{written[5:29]}{written[30:34]}{written[35:]}"
