"""The bounds of a port: how many connections, how late a request, how much that is coming."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from registry_sandbox.http.errors import ServiceUnavailable
from registry_sandbox.server.limits import BODIES_AT_MOST_BYTES, Limits

LONG_S = 20


@dataclass(eq=False)
class Connection:
    """A connection, as the limits see it."""

    waiting_since: float | None = None
    timed_out: asyncio.Event = field(default_factory=asyncio.Event)

    def time_out(self) -> None:
        """Note that it was told."""
        self.waiting_since = None
        self.timed_out.set()


def run(talk: Callable[[], Awaitable[None]]) -> None:
    """Run a test on a loop of its own, and not without end."""

    async def bounded() -> None:
        await asyncio.wait_for(talk(), LONG_S)

    asyncio.run(bounded())


class TestConnections:
    """As many as there is room for."""

    def test_one_more_than_there_is_room_for_is_not_admitted(self) -> None:
        """Until one of the others leaves."""

        async def talk() -> None:
            limits, first, second, third = Limits(max_connections=2), Connection(), Connection(), Connection()
            assert [limits.admit(each) for each in (first, second, third)] == [True, True, False]
            limits.leave(first)
            assert limits.admit(third)

        run(talk)

    def test_one_that_was_not_admitted_takes_no_room_from_others_when_it_leaves(self) -> None:
        """It was never counted."""

        async def talk() -> None:
            limits, inside, refused = Limits(max_connections=1), Connection(), Connection()
            assert limits.admit(inside)
            assert not limits.admit(refused)
            limits.leave(refused)
            assert not limits.admit(refused)

        run(talk)


class TestTime:
    """A request that has begun comes whole in time, or is refused."""

    def test_the_late_are_told_and_the_others_left_alone(self) -> None:
        """What has sent nothing, or has begun just now, is not late."""

        async def talk() -> None:
            now = asyncio.get_running_loop().time()
            limits = Limits(request_timeout_s=5)
            late, early, idle = Connection(now - 6), Connection(now), Connection()
            for each in (late, early, idle):
                assert limits.admit(each)
            await late.timed_out.wait()
            assert not early.timed_out.is_set()
            assert not idle.timed_out.is_set()

        run(talk)

    def test_each_that_becomes_late_is_told(self) -> None:
        """Not only at the first look; and those who come after all have left are looked at too."""

        async def talk() -> None:
            loop, limits = asyncio.get_running_loop(), Limits(request_timeout_s=0.02)
            connection = Connection()
            assert limits.admit(connection)
            for _ in range(3):
                connection.timed_out.clear()
                connection.waiting_since = loop.time()
                await connection.timed_out.wait()
            limits.leave(connection)
            await asyncio.sleep(0.05)  # time for a look at nobody, which ends the looking
            another = Connection(loop.time())
            assert limits.admit(another)
            await another.timed_out.wait()

        run(talk)


class TestBodies:
    """No more at one time than there is memory for."""

    def test_the_sum_of_all_that_are_coming_is_bounded(self) -> None:
        """To the byte, whoever sends it."""
        limits = Limits()
        with limits.receiving() as one, limits.receiving() as other:
            one(BODIES_AT_MOST_BYTES - 10)
            other(10)
            for count in (one, other):
                with pytest.raises(ServiceUnavailable, match="as many large bodies") as refusal:
                    count(1)
            assert refusal.value.headers == {"Retry-After": "1"}

    def test_a_body_that_has_come_counts_no_more(self) -> None:
        """Nor one that was refused or given up; what others have sent still does."""
        limits = Limits()
        with limits.receiving() as staying:
            staying(10)
            with limits.receiving() as refused:
                refused(BODIES_AT_MOST_BYTES - 20)
                with pytest.raises(ServiceUnavailable):
                    refused(11)
            with limits.receiving() as next_one:
                next_one(BODIES_AT_MOST_BYTES - 10)
                with pytest.raises(ServiceUnavailable):
                    next_one(1)
