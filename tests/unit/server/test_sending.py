"""Answers as they leave: what a dressed answer looks like on the wire, read from a real socket."""

import asyncio

import pytest
from aiohttp import web
from multidict import CIMultiDict

from registry_sandbox.http.response import Response
from registry_sandbox.server.sending import sendable

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def dressed(status: int = 200, body: bytes = b"body", **headers: str) -> Response:
    """An answer that the envelope has dressed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, None, CIMultiDict({"Date": "Sun, 22 Nov 2026 12:00:00 GMT", **named}), body)


def sent(response: Response, *requests: bytes, close: bool = False) -> bytes:
    """Everything that the server writes to these requests; what it answers last closes the connection."""

    async def answer(http: web.BaseRequest) -> web.StreamResponse:
        return sendable(response, http, last=close or http.path == "/last")

    async def exchange() -> bytes:
        server = web.Server(answer)
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(b"".join(requests))
        received = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        listening.close()
        await server.shutdown(1)
        return received

    return asyncio.run(exchange())


class TestPrepared:
    """The head, the body, and the connection."""

    def test_a_dressed_answer_is_written_as_it_is(self) -> None:
        """Status line, the headers in their order, Content-Length, and the body."""
        assert sent(dressed(ETag='W/"1"'), GET, close=True) == (
            b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
            b'ETag: W/"1"\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody'
        )

    def test_the_connection_is_kept_for_the_next_request(self) -> None:
        """Two requests on one connection have two answers, and only the last says that it closes."""
        received = sent(dressed(), GET, GET.replace(b"/ ", b"/last "))
        assert (received.count(b"HTTP/1.1 200 OK"), received.count(b"Connection: close")) == (2, 1)

    def test_a_client_that_asks_for_it_has_its_connection_closed(self) -> None:
        """`Connection: close` is honoured, and answered."""
        assert b"Connection: close" in sent(dressed(), GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    def test_http_1_0_is_answered_in_its_own_version(self) -> None:
        """Without keep-alive its connection closes."""
        received = sent(dressed(), b"GET / HTTP/1.0\r\n\r\n")
        assert received.startswith(b"HTTP/1.0 200 OK\r\n")

    def test_http_1_0_with_keep_alive_is_told_that_it_is_kept(self) -> None:
        """The first of two answers says so, since that version closes otherwise."""
        kept = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        assert sent(dressed(), kept, GET.replace(b"/ ", b"/last ")).count(b"Connection: keep-alive") == 1

    def test_head_has_the_length_and_no_body(self) -> None:
        """RFC 9110 section 9.3.2."""
        received = sent(dressed(), GET.replace(b"GET", b"HEAD"), close=True)
        assert b"Content-Length: 4\r\n" in received
        assert received.endswith(b"\r\n\r\n")

    @pytest.mark.parametrize("status", [204, 304])
    def test_what_can_have_no_body_says_no_length(self, status: int) -> None:
        """RFC 9110 sections 8.6 and 15.4.5."""
        received = sent(dressed(status, b""), GET, close=True)
        assert b"Content-Length" not in received

    def test_an_empty_body_has_the_length_nought(self) -> None:
        """Or the client would wait for the connection to close."""
        assert b"Content-Length: 0\r\n" in sent(dressed(201, b""), GET, close=True)

    def test_a_large_body_arrives_whole(self) -> None:
        """It is written apart from its head."""
        assert sent(dressed(body=b"x" * 300_000), GET, close=True).endswith(b"\r\n\r\n" + b"x" * 300_000)

    def test_an_unknown_status_has_no_reason(self) -> None:
        """The space before it stays."""
        assert sent(dressed(599), GET, close=True).startswith(b"HTTP/1.1 599 \r\n")

    @pytest.mark.parametrize("value", ["a\r\nX-More: b", "a\nb", "a\rb", "a\0b", "\udcff"])
    def test_no_header_brings_another(self, value: str) -> None:
        """A value with a line break, or one that cannot be encoded, never reaches the wire."""
        assert sent(dressed(X_Told=value), GET).startswith(b"HTTP/1.1 500 ")


def test_what_is_not_dressed_is_left_to_aiohttp() -> None:
    """The control plane's answers have no Date of their own: aiohttp adds the machine's."""
    received = sent(Response(200, body=b"{}"), GET, close=True)
    assert b"Date: " in received
    assert received.endswith(b"{}")
