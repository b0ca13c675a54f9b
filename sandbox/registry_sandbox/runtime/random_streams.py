"""Randomness in independent streams: ids, token claims and draws, repeatable where a seed is given."""

import random
from collections.abc import Callable
from functools import partial

# RFC 9562 section 5.4: which bits are free, and those that say the version and the variant.
_FREE_BITS = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_VERSION_4 = (0x4 << 76) | (0x2 << 62)


class RandomStreams:
    """Independent streams of randomness; with a seed, each gives the same in every run, and again after a reset."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, purpose: str) -> random.Random:
        """Give the stream of a purpose."""
        return self._streams.setdefault(purpose, random.Random(self._start(purpose)))  # noqa: S311 - ids, not secrets

    def ids(self, purpose: str) -> Callable[[], str]:
        """Give a source of UUIDs."""
        return partial(_uuid4_by, self.stream(purpose).getrandbits)

    def reset(self) -> None:
        """Begin every stream again."""
        for purpose, stream in self._streams.items():
            stream.seed(self._start(purpose))

    def _start(self, purpose: str) -> str:
        return f"{self.seed}/{purpose}"


def _uuid4_by(random_bits: Callable[[int], int]) -> str:
    """Write 128 bits as a UUID of version 4, as `uuid.UUID` would; every answer has one, and this is quicker."""
    written = (random_bits(128) & _FREE_BITS | _VERSION_4).to_bytes(16).hex()
    return f"{written[:8]}-{written[8:12]}-{written[12:16]}-{written[16:20]}-{written[20:]}"
