"""A port with a bad certificate at its edges: whose refusal it was, and whether there was anything to refuse."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.auth.certificates import write_certificates
from registry_sandbox.server import tls_port
from registry_sandbox.server.tls import ssl_context
from registry_sandbox.server.watched import WatchedTlsPort

LONG_S = 20
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
Loop = Callable[[], asyncio.AbstractEventLoop]
Talk = Callable[[int], Awaitable[None]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one set of certificates."""
    made = tmp_path_factory.mktemp("watched") / "set"
    write_certificates(made, [], datetime.now(UTC))
    return made


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Loop:
    """Both loops: they report a failed handshake in ways of their own."""
    made: Loop = pytest.importorskip(request.param).new_event_loop
    return made


class Silent(asyncio.Protocol):
    """Hangs up on whoever is let in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hang up."""
        transport.close()


def noted(loop: Loop, folder: Path, talk: Talk, mode: Literal["server", "mutual"] = "server") -> BadCertificate:
    """Serve with an expired certificate while the talk goes on, and return what was noted once all is over."""
    bad = BadCertificate("expired")

    async def conversation() -> None:
        context = ssl_context(mode, folder, bad.fault)
        port = WatchedTlsPort(context, Silent, lambda: b"plain", bad_certificate=bad)
        bound = await asyncio.get_running_loop().create_server(Silent, "127.0.0.1", 0, start_serving=False)
        port.serve(bound.sockets)
        try:
            await asyncio.wait_for(talk(bound.sockets[0].getsockname()[1]), LONG_S)
            while port.under_way:  # noqa: ASYNC110 - each handshake ends
                await asyncio.sleep(0)
        finally:
            await port.close()
            bound.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(conversation())
    return bad


def hello(version: ssl.TLSVersion) -> bytes:
    """Return what a client says first."""
    context = ssl.create_default_context()
    context.minimum_version = context.maximum_version = version
    outgoing = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def saying(first: bytes, *, answered: bool) -> Talk:
    """Return a client that says this, reads the beginning of the answer if there is one, and hangs up."""

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        await writer.drain()
        if answered:
            assert await reader.readexactly(5)
        writer.close()
        await writer.wait_closed()

    return talk


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_hangs_up_once_it_has_the_certificate_has_refused(
    loop: Loop, folder: Path, version: ssl.TLSVersion
) -> None:
    """Some libraries send no alert."""
    assert noted(loop, folder, saying(hello(version), answered=True)).refused == {"no alert": 1}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_hangs_up_before_it_has_the_certificate_has_not(
    loop: Loop, folder: Path, version: ssl.TLSVersion
) -> None:
    """A probe of the port does that; and half a hello, or plain HTTP, is none at all."""
    for first in (b"", b"\x16", hello(version)[:100], b"GET / HTTP/1.1\r\n\r\n"):
        assert not noted(loop, folder, saying(first, answered=False)).refused


@pytest.mark.parametrize("version", VERSIONS)
def test_an_alert_is_named(loop: Loop, folder: Path, version: ssl.TLSVersion) -> None:
    """As TLS names it, whatever the version. The client is a plain socket: asyncio's clients send no alert."""

    def ask(port: int) -> None:
        trusting = ssl.create_default_context(cafile=folder / "ca.pem")
        trusting.minimum_version = trusting.maximum_version = version
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            trusting.wrap_socket(plain, server_hostname="localhost")

    async def talk(port: int) -> None:
        await asyncio.to_thread(ask, port)

    assert noted(loop, folder, talk).refused == {"certificate expired": 1}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_server_refuses_is_not_the_clients_refusal(loop: Loop, folder: Path, version: ssl.TLSVersion) -> None:
    """Under mutual TLS, a client without a certificate."""

    async def read(port: int, careless: ssl.SSLContext) -> None:
        reader, _ = await asyncio.open_connection("127.0.0.1", port, ssl=careless)
        await reader.read()

    async def talk(port: int) -> None:
        careless = ssl.create_default_context()
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        careless.minimum_version = careless.maximum_version = version
        with pytest.raises(ssl.SSLError):
            await read(port, careless)

    assert not noted(loop, folder, talk, "mutual").refused


def test_a_client_that_says_no_more_has_not_refused(loop: Loop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the port that hangs up, once the time for a handshake is over."""
    monkeypatch.setattr(tls_port, "_HANDSHAKE_S", 0.2)

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(hello(ssl.TLSVersion.TLSv1_3))
        await reader.read()
        writer.close()

    assert not noted(loop, folder, talk).refused
