"""The acceptor: all that wait are accepted, however long a turn of the loop takes."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from registry_sandbox.server.acceptor import Acceptor

Loop = Callable[[], asyncio.AbstractEventLoop]
MANY = 60


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Loop:
    """Both loops that it may run on."""
    made: Loop = pytest.importorskip(request.param).new_event_loop
    return made


def test_all_that_wait_are_accepted_in_one_turn(loop: Loop) -> None:
    """A busy loop would let the others wait: the kernel's queue is short, and who is dropped asks again in seconds."""
    accepted: list[socket.socket] = []

    async def begin(connection: socket.socket) -> None:
        accepted.append(connection)

    async def crowd(opened: ExitStack) -> int:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        acceptor = Acceptor(begin)
        acceptor.serve([listening])
        for _ in range(MANY):
            opened.enter_context(socket.create_connection(listening.getsockname()))
        while not accepted:  # noqa: ASYNC110 - a turn of the loop
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        await acceptor.close()
        return len(accepted)

    with ExitStack() as opened, asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(crowd(opened)) == MANY
    for each in accepted:
        each.close()


def test_nobody_is_accepted_after_the_close(loop: Loop) -> None:
    """And what had not begun is ended."""
    begun = asyncio.Event()
    ended: list[str] = []

    async def begin(connection: socket.socket) -> None:
        with connection:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("ended")

    async def served(opened: ExitStack) -> None:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        acceptor = Acceptor(begin)
        acceptor.serve([listening])
        opened.enter_context(socket.create_connection(listening.getsockname()))
        await begun.wait()
        assert acceptor.under_way == 1
        await acceptor.close()
        assert acceptor.under_way == 0

    with ExitStack() as opened, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(served(opened))
    assert ended == ["ended"]
