"""A TLS port at its edges: clients that send nothing, hang up, or are there when it closes."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry_sandbox.auth.certificates import write_certificates
from registry_sandbox.server import tls_port
from registry_sandbox.server.tls import ssl_context
from registry_sandbox.server.tls_port import TlsPort

LONG_S = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one set of certificates, good by the machine's clock."""
    made = tmp_path_factory.mktemp("tls") / "set"
    write_certificates(made, ["localhost"], datetime.now(UTC))
    return made


class Greeting(asyncio.Protocol):
    """Greets whoever is let in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, and close."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"let in")
        transport.close()


def run(folder: Path, talk: Callable[[int, TlsPort], Awaitable[None]], context: ssl.SSLContext | None = None) -> None:
    """Serve on a free port while the talk goes on."""

    async def conversation() -> None:
        port = TlsPort(context or ssl_context("server", folder), Greeting, lambda: b"plain")
        bound = await asyncio.get_running_loop().create_server(Greeting, "127.0.0.1", 0, start_serving=False)
        port.serve(bound.sockets)
        try:
            await asyncio.wait_for(talk(bound.sockets[0].getsockname()[1], port), LONG_S)
        finally:
            await port.close()
            bound.close()

    asyncio.run(conversation())


async def said(port: int, first: bytes = b"", *, context: ssl.SSLContext | None = None) -> bytes:
    """Everything that a client is told that begins with these bytes."""
    name = "localhost" if context else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    try:
        writer.write(first)
        return await reader.read()
    finally:
        writer.close()


def test_a_handshake_lets_in_and_anything_else_is_refused_at_once(folder: Path) -> None:
    """One after the other, and both at a time."""
    trusting = ssl.create_default_context(cafile=folder / "ca.pem")

    async def talk(port: int, _: TlsPort) -> None:
        assert await said(port, context=trusting) == b"let in"
        assert await said(port, b"GET / HTTP/1.1\r\n\r\n") == b"plain"
        both = await asyncio.gather(said(port, b"G"), said(port, context=trusting))
        assert list(both) == [b"plain", b"let in"]

    run(folder, talk)


def test_a_client_that_sends_nothing_is_cut_off_in_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told nothing: it has said nothing."""
    monkeypatch.setattr(tls_port, "_HANDSHAKE_S", 0.05)

    async def talk(port: int, _: TlsPort) -> None:
        assert await said(port) == b""

    run(folder, talk)


def test_a_handshake_that_does_not_go_on_is_cut_off_in_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first byte is that of a handshake, and no more comes."""
    monkeypatch.setattr(tls_port, "_HANDSHAKE_S", 0.05)

    async def talk(port: int, _: TlsPort) -> None:
        assert await said(port, b"\x16") == b""

    run(folder, talk)


def test_a_client_that_hangs_up_leaves_nothing_behind(folder: Path) -> None:
    """Neither before its first byte nor after; the next is answered."""

    async def talk(port: int, _: TlsPort) -> None:
        for first in (b"", b"\x16"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(first)
            writer.close()
            await writer.wait_closed()
            assert reader.at_eof()
        assert await said(port, b"G") == b"plain"

    run(folder, talk)


def test_closing_waits_for_nobody(folder: Path) -> None:
    """A client that has not begun its handshake is cut off."""

    async def talk(port: int, tls: TlsPort) -> None:
        waiting = asyncio.create_task(said(port))
        assert await said(port, b"G") == b"plain"  # so that the one before is accepted
        await tls.close()
        assert await waiting == b""

    run(folder, talk)


def test_little_is_kept_of_what_comes_before_the_end_of_a_handshake(folder: Path) -> None:
    """However much a client sends that is no handshake."""
    kept = [0]
    context = ssl_context("server", folder)
    wrap = context.wrap_bio

    def watched(incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **named: Any) -> ssl.SSLObject:
        made = wrap(incoming, outgoing, **named)
        go_on = made.do_handshake

        def note_and_go_on() -> None:
            kept.append(incoming.pending)
            go_on()

        made.do_handshake = note_and_go_on  # type: ignore[method-assign]
        return made

    context.wrap_bio = watched  # type: ignore[method-assign, assignment]

    async def talk(port: int, _: TlsPort) -> None:
        with suppress(ConnectionError):
            await said(port, b"\x16" + b"x" * 16 * 1024 * 1024)

    run(folder, talk, context)
    assert 0 < max(kept) <= 65_536
