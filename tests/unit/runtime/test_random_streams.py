"""Random streams: what repeats after a reset, whatever was resumed before."""

import random
from uuid import UUID

from registry_sandbox.runtime.random_streams import RandomStreams


def test_ids_from_the_start_are_those_of_the_start_after_another_seed_was_resumed() -> None:
    """A reset after a restore gives seeds without an id the ids that they had at the start."""
    streams = RandomStreams(1)
    at_the_start = streams.ids_from_the_start("ids of seeds")
    expected = [at_the_start() for _ in range(3)]
    streams.resume(RandomStreams(2).position)
    again = streams.ids_from_the_start("ids of seeds")
    assert [again() for _ in range(3)] == expected


def test_ids_are_those_that_the_standard_library_would_write() -> None:
    """RFC 9562, version 4, of the stream's bits: among so many are some with zeros at the beginning of each part."""
    new_id, bits = RandomStreams(1).ids("x"), random.Random("1/x")  # noqa: S311 - ids, not secrets
    assert [new_id() for _ in range(2_000)] == [str(UUID(int=bits.getrandbits(128), version=4)) for _ in range(2_000)]
