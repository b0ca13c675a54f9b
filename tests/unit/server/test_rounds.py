"""What comes and goes together: none is lost, none overtakes another."""

import asyncio
from collections.abc import Callable

from sandbox.server.rounds import Rounds


class Line(asyncio.WriteTransport):
    """A transport that keeps what is written to it."""

    def __init__(self, written: list[bytes], *, closing: bool = False) -> None:
        super().__init__()
        self.written = written
        self.closing = closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        """Whether the client has hung up."""
        return self.closing


def in_rounds(exchange: Callable[[Rounds], None]) -> None:
    """Let things come in one round of a loop, and see two more."""

    async def go() -> None:
        exchange(Rounds(asyncio.get_running_loop()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(go())


def test_all_that_came_is_dealt_with_before_anything_is_sent() -> None:
    """In its order, and before whatever is put off to the next round behind it."""
    done: list[bytes] = []

    def exchange(rounds: Rounds) -> None:
        def deal_with(data: bytes) -> None:
            done.append(b"dealt with " + data)
            rounds.send(Line(done), b"sent " + data)

        rounds.came(deal_with, b"1")
        asyncio.get_running_loop().call_soon(done.append, b"next")
        rounds.came(deal_with, b"2")
        assert done == []

    in_rounds(exchange)
    assert done == [b"dealt with 1", b"dealt with 2", b"sent 1", b"sent 2", b"next"]


def test_of_a_busy_round_not_all_wait_for_its_end() -> None:
    """Those that wait longest are sent in between, and none is lost."""
    written: list[bytes] = []
    had: list[int] = []

    def exchange(rounds: Rounds) -> None:
        def deal_with(data: bytes) -> None:
            rounds.send(Line(written), data)
            had.append(len(written))

        for number in range(100):
            rounds.came(deal_with, b"%d" % number)

    in_rounds(exchange)
    assert 0 < had[-1] < 100
    assert written == [b"%d" % number for number in range(100)]


def test_who_has_hung_up_gets_nothing_and_keeps_nobody_waiting() -> None:
    """The others have their answers."""
    written: list[bytes] = []

    def exchange(rounds: Rounds) -> None:
        rounds.came(lambda data: rounds.send(Line(written, closing=True), data), b"lost")
        rounds.came(lambda data: rounds.send(Line(written), data), b"sent")

    in_rounds(exchange)
    assert written == [b"sent"]
