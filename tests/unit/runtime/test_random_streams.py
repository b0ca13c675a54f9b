"""Random streams: what repeats after a reset, whatever was resumed before."""

from registry_sandbox.runtime.random_streams import RandomStreams


def test_ids_from_the_start_are_those_of_the_start_after_another_seed_was_resumed() -> None:
    """A reset after a restore gives seeds without an id the ids that they had at the start."""
    streams = RandomStreams(1)
    at_the_start = streams.ids_from_the_start("ids of seeds")
    expected = [at_the_start() for _ in range(3)]
    streams.resume(RandomStreams(2).position)
    again = streams.ids_from_the_start("ids of seeds")
    assert [again() for _ in range(3)] == expected
