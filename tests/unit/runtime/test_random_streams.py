"""Random streams: what repeats after a reset, whatever was resumed before."""

import random
from uuid import RFC_4122, UUID

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


def test_numbered_ids_have_the_form_of_a_uuid_and_count() -> None:
    """Version 4, of the variant of RFC 9562; those of one purpose count together, so that none comes twice."""
    streams = RandomStreams(1)
    first, second = streams.numbered_ids("x"), streams.numbered_ids("x")
    ids = [UUID(first()), UUID(second()), UUID(first())]
    assert {(each.version, each.variant) for each in ids} == {(4, RFC_4122)}
    assert [each.node for each in ids] == [1, 2, 3]
    assert len({each.int >> 48 for each in ids}) == 1
    assert str(ids[0]) != RandomStreams(2).numbered_ids("x")()
    assert str(ids[0])[:24] != streams.numbered_ids("y")()[:24]


def test_numbered_ids_repeat_after_a_reset_and_go_on_from_a_position() -> None:
    """As all that is random: also where nobody has asked for any before the position is resumed."""
    streams = RandomStreams(1)
    new_id = streams.numbered_ids("x")
    first = [new_id() for _ in range(3)]
    position = streams.position
    following = [new_id() for _ in range(3)]
    other = RandomStreams(2)
    of_another_seed = other.numbered_ids("y")()
    other.resume(position)
    assert other.position == position._replace(numbers={"x": 3, "y": 0})
    later = other.numbered_ids("x")
    assert [later() for _ in range(3)] == following
    assert other.numbered_ids("y")() == RandomStreams(1).numbered_ids("y")() != of_another_seed
    other.reset()
    assert other.numbered_ids("y")() == of_another_seed
    streams.reset()
    assert [new_id() for _ in range(3)] == first
