"""Answers that are sent together: none is lost, none overtakes another."""

import asyncio

from sandbox.server.outbox import Outbox


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


def test_answers_of_a_round_are_sent_at_its_end_in_their_order() -> None:
    """Before whatever is put off to the next round behind them."""
    written: list[bytes] = []

    async def exchange() -> None:
        outbox, one, other = Outbox(asyncio.get_running_loop()), Line(written), Line(written)
        outbox.put(one, b"1")
        asyncio.get_running_loop().call_soon(written.append, b"next")
        outbox.put(other, b"2")
        outbox.put(one, b"3")
        assert written == []
        await asyncio.sleep(0)
        outbox.put(one, b"4")
        await asyncio.sleep(0)

    asyncio.run(exchange())
    assert written == [b"1", b"2", b"3", b"next", b"4"]


def test_of_a_busy_round_not_all_wait_for_its_end() -> None:
    """Those that wait longest are sent in between, and none is lost."""
    written: list[bytes] = []

    async def exchange() -> int:
        outbox, line = Outbox(asyncio.get_running_loop()), Line(written)
        for number in range(100):
            outbox.put(line, b"%d" % number)
        sent = len(written)
        await asyncio.sleep(0)
        return sent

    assert 0 < asyncio.run(exchange()) < 100
    assert written == [b"%d" % number for number in range(100)]


def test_who_has_hung_up_gets_nothing_and_keeps_nobody_waiting() -> None:
    """The others have their answers."""
    written: list[bytes] = []

    async def exchange() -> None:
        outbox = Outbox(asyncio.get_running_loop())
        outbox.put(Line(written, closing=True), b"lost")
        outbox.put(Line(written), b"sent")
        outbox.send()
        outbox.send()

    asyncio.run(exchange())
    assert written == [b"sent"]
