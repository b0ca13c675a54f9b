"""One connection: requests become values, values become answers, in the order of the requests."""

import asyncio
import gzip
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from multidict import CIMultiDict

from registry_sandbox.http.errors import BodyTooLarge, SandboxError, ServiceUnavailable
from registry_sandbox.http.request import Negotiated, Request
from registry_sandbox.http.response import Response
from registry_sandbox.server import limits
from registry_sandbox.server.connection import connections
from registry_sandbox.server.limits import Limits
from registry_sandbox.server.listener import Listener

GET = b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /%b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def dressed(text: str, **headers: str) -> Response:
    """An answer that the envelope has dressed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(200, None, CIMultiDict({"Date": "Sun, 22 Nov 2026 12:00:00 GMT", **named}), text.encode())


async def plainly(request: Request) -> Response:
    """Answer with what was heard, waiting for nothing."""
    return dressed(f"[{request.method} {request.path} {request.body.decode()}]")


@dataclass
class House:
    """A handler with one door: `requests` are those that came, `lines` what the access log was told."""

    handle: Callable[[Request], Awaitable[Response]] = plainly
    requests: list[Request] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Awaitable[Response]:
        """Note a request, and answer it."""
        self.requests.append(request)
        return self.handle(request)

    def note(self, _: str, request: Request, response: Response, began_s: float) -> None:
        """Note a line for the access log."""
        assert began_s <= time.monotonic()
        self.lines.append(f"{request.path} {int(response.status)}")


def refuse(error: SandboxError) -> Response:
    """Say why."""
    return Response(int(error.status), body=b"refused")


async def listening(house: House, max_body: int = 1_000) -> tuple[web.Server, asyncio.Server]:
    """Open the door."""
    listener = Listener(
        handle=house,
        base_url=None,
        base_path="/STU3",
        limits=Limits(max_body=max_body),
        access_line=house.note,
        secure=False,
        refuse=refuse,
        bytes_in_parts=lambda request: 3_000 if request.path == "/state" else 0,
    )
    server, make = connections(listener)
    return server, await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)


def talk(house: House, *parts: bytes, max_body: int = 1_000) -> bytes:
    """Everything that comes back for these parts, each sent once what was sent before has been dealt with."""

    async def exchange() -> bytes:
        server, door = await listening(house, max_body)
        reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
        for part in parts:
            await asyncio.sleep(0.02)  # so that it comes on its own
            writer.write(part)
        received = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        door.close()
        await server.shutdown(1)
        return received

    return asyncio.run(exchange())


def answers(received: bytes) -> Sequence[bytes]:
    """The bodies, in their order."""
    return [each.partition(b"\r\n\r\n")[2] for each in received.split(b"HTTP/1.1 ")[1:]]


def test_exchanges_follow_each_other_on_one_connection() -> None:
    """Each is answered and told to the access log, whether it waits or not."""

    async def slowly(request: Request) -> Response:
        if request.path == "/slow":
            await asyncio.sleep(0.01)
        return await plainly(request)

    house = House(slowly)
    received = talk(house, GET % b"slow", POST % b"two" + b"body", LAST)
    assert answers(received) == [b"[GET /slow ]", b"[POST /two body]", b"[GET /last ]"]
    assert house.lines == ["/slow 200", "/two 200", "/last 200"]


def test_requests_sent_together_are_answered_in_their_order() -> None:
    """Also where the first of them waits."""

    async def slowly(request: Request) -> Response:
        if request.path == "/1":
            await asyncio.sleep(0.01)
        return await plainly(request)

    for handle in (plainly, slowly):
        house = House(handle)
        received = talk(house, GET % b"1" + GET % b"2", GET % b"3" + LAST)
        assert answers(received) == [b"[GET /1 ]", b"[GET /2 ]", b"[GET /3 ]", b"[GET /last ]"]


def test_very_many_requests_sent_together_are_all_answered() -> None:
    """Only so many are told apart before the parser has them; it has the others in one piece."""
    received = talk(House(), (GET % b"x") * 1_500 + LAST)
    assert answers(received) == [b"[GET /x ]"] * 1_500 + [b"[GET /last ]"]


def test_line_ends_are_not_told_apart_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser has them in few pieces, or nobody else would be answered meanwhile; the request after them is."""
    pieces, parse = [], web.RequestHandler.data_received

    def counted(connection: web.RequestHandler, data: bytes) -> None:
        pieces.append(data)
        parse(connection, data)

    monkeypatch.setattr(web.RequestHandler, "data_received", counted)
    assert answers(talk(House(), b"\r\n" * 100_000 + LAST)) == [b"[GET /last ]"]
    assert b"".join(pieces) == b"\r\n" * 100_000 + LAST
    assert len(pieces) < 10_000


def test_requests_sent_while_one_waits_come_after_it() -> None:
    """None overtakes it."""

    async def slowly(request: Request) -> Response:
        if request.path == "/1":
            await asyncio.sleep(0.1)
        return await plainly(request)

    assert answers(talk(House(slowly), GET % b"1", GET % b"2", LAST)) == [b"[GET /1 ]", b"[GET /2 ]", b"[GET /last ]"]


@pytest.mark.parametrize("at", [10, 60, len(POST) + 2])
def test_a_request_in_pieces_is_waited_for(at: int) -> None:
    """Wherever it is cut: in its head, or in its body."""
    request = POST % b"x" + b"body"
    assert answers(talk(House(), request[:at], request[at:], LAST)) == [b"[POST /x body]", b"[GET /last ]"]


def test_a_chunked_body_that_is_whole_is_put_together() -> None:
    """As if it had come with its length."""
    chunked = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
    assert answers(talk(House(), chunked, LAST))[0] == b"[POST /x body]"


def test_a_body_is_inflated() -> None:
    """Whether it comes with its head or behind it."""
    body = gzip.compress(b"inflated")
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    for parts in ([head + body], [head, body]):
        assert answers(talk(House(), *parts, LAST))[0] == b"[POST /x inflated]"


@pytest.mark.parametrize("coding", [b"", b"Content-Encoding: gzip\r\n"])
def test_a_body_that_is_too_large_is_an_error_of_its_request(coding: bytes) -> None:
    """As sent, and inflated."""
    body = gzip.compress(b"x" * 2_000) if coding else b"x" * 2_000
    house = House()
    talk(house, b"POST /x HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n" % (coding, len(body)) + body, LAST)
    error = house.requests[0].body_error
    assert isinstance(error, BodyTooLarge)
    assert "1000 bytes" in str(error)


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("path", "size", "coding", "found"),
    [
        ("state", 3_000, "", None),
        ("state", 3_001, "", "3001 bytes; expected at most 3000"),
        ("state", 2_000, "Content-Encoding: identity\r\n", "2000 bytes; expected at most 1000"),
        ("x", 1_000, "", None),
        ("x", 1_001, "", "1001 bytes; expected at most 1000"),
    ],
)
def test_some_bodies_may_be_larger_than_others(
    path: str, size: int, coding: str, found: str | None, *, apart: bool
) -> None:
    """Whether it comes with its head or after it; one with a content-coding may not, because it would be inflated."""
    house, body = House(), b"x" * size
    head = f"POST /{path} HTTP/1.1\r\nHost: a\r\n{coding}Content-Length: {size}\r\nConnection: close\r\n\r\n"
    talk(house, *((head.encode(), body) if apart else (head.encode() + body,)))
    asked = house.requests[0]
    assert (b"".join(asked.parts) or asked.body) == (b"" if found else body)
    assert (found is None) == (asked.body_error is None)
    assert found is None or found in str(asked.body_error)


def test_a_refused_body_says_nothing_about_the_next() -> None:
    """Its rest comes after the answer, and may look like the head and the chunks of a request."""
    rest = b"Transfer-Encoding: chunked\r\n\r\nzz".ljust(2_000, b"x")
    head = b"POST /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    large = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"
    house = House()
    talk(house, large, rest, head + b"1\r\nx\r\n", b"0\r\n\r\n")
    refused, asked = house.requests
    assert isinstance(refused.body_error, BodyTooLarge)
    assert (asked.body, asked.body_error) == (b"x", None)


def test_a_body_without_a_length_is_refused_before_its_end() -> None:
    """One that never ends would else be received for ever."""
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    house = House()
    talk(house, head, b"7d0\r\n" + b"x" * 2_000 + b"\r\n")
    assert isinstance(house.requests[0].body_error, BodyTooLarge)


@pytest.mark.parametrize(("most", "refused"), [(7, True), (8, False)])
def test_bodies_that_are_coming_count_against_what_may_come_at_once(
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    refused: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Each part as it comes: what came before is not given back until all is there."""
    monkeypatch.setattr(limits, "BODIES_AT_MOST_BYTES", most)
    house = House()
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
    talk(house, head, b"four", b"more")
    assert isinstance(house.requests[0].body_error, ServiceUnavailable) == refused


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/a%2Fb?x=%41", "/a%2Fb", "x=%41"),
        ("/a?", "/a", ""),
        ("/a?b?c", "/a", "b?c"),
        ("/a#b?c", "/a", ""),
        ("/a?b#c", "/a", "b"),
        ("http://other.test/a?b", "/a", "b"),
        ("HTTPS://other.test:1/a", "/a", ""),
        ("http://other.test", "/", ""),
        ("http://other.test/http://a", "/http://a", ""),
    ],
)
def test_path_and_query_are_as_they_were_sent(target: str, path: str, query: str) -> None:
    """Percent-encoded, without a fragment; a proxy's absolute form is cut to its path."""
    house = House()
    talk(house, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert [(each.path, each.query) for each in house.requests] == [(path, query)]


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("registry.test", "registry.test"),
        ("registry.test:8443", "registry.test:8443"),
        ("[::1]:80", "[::1]:80"),
        ("a b", None),
        ("a/b", None),
        ("a@b", None),
        ("a:123456", None),
        ("\u0661", None),
    ],
)
def test_the_base_is_named_by_the_host_if_that_is_one(host: str, named: str | None) -> None:
    """What is none is not repeated in every URL: the address of the server is named."""
    house = House()
    talk(house, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    (request,) = house.requests
    if named is None:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/STU3", request.base)
    else:
        assert request.base == f"http://{named}/STU3"


@pytest.mark.parametrize("hosts", [(), ("a", "b"), ("a", "a")])
def test_there_is_one_host(hosts: tuple[str, ...]) -> None:
    """RFC 9112 section 3.2: none or two are refused, whatever they say."""
    house = House()
    lines = "".join(f"Host: {each}\r\n" for each in hosts)
    received = talk(house, f"GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
    assert received.split(b" ", 2)[1] == b"400"
    assert house.requests == []


HEADERS = ("Host: a", "Authorization: Bearer x", "Accept: */*", "X-Request-Id: 1")


def second_of(house: House, headers: Sequence[str], headers_of_first: Sequence[str] = HEADERS) -> Request:
    """Return the second of two requests on one connection: the first has `HEADERS` or others, the second these."""
    first, second = (
        "\r\n".join([f"GET /{name} HTTP/1.1", *fields, "", ""]).encode()
        for name, fields in (("first", headers_of_first), ("second", headers))
    )
    talk(house, first, second, LAST)
    return house.requests[1]


async def learning(request: Request) -> Response:
    """Note, of the first request alone, what follows from its headers."""
    if request.path == "/first":
        request.facts.negotiated, request.facts.echoed = Negotiated("xml"), "1"
        request.facts.bytes, request.facts.verified_by = 1, "a verifier"
    return dressed("")


def test_what_follows_from_the_same_headers_is_worked_out_once() -> None:
    """The second request has all that is known of the first."""
    second = second_of(House(learning), HEADERS)
    assert (second.facts.negotiated, second.facts.echoed) == (Negotiated("xml"), "1")


def house_of_one(headers: Sequence[str]) -> House:
    """Return a house that heard a request with these headers on a connection of its own."""
    house = House()
    talk(house, "\r\n".join(["GET / HTTP/1.1", *headers, "", ""]).encode(), LAST)
    return house


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("X-Request-Id: 1",), ("X-Request-Id: 2",)),
        (("x-REQUEST-id: 1",), ("x-REQUEST-id: " + 256 * "2",)),
        (("traceparent: 00-1", "X-Request-Id: 1"), ("traceparent: 00-2", "X-Request-Id: 10")),
        (("X-Request-Id: 1", "X-Request-Id: 2"), ("X-Request-Id: 1", "X-Request-Id: 3")),
        (('If-None-Match: W/"1"', 'IF-NONE-MATCH: W/"2"'), ('If-None-Match: W/"1"', 'IF-NONE-MATCH: W/"3"')),
        (('If-None-Match: W/"1"', 'If-None-Match: W/"2"'), ('If-None-Match: W/"3"', 'If-None-Match: W/"2"')),
    ],
)
def test_an_id_of_its_own_leaves_what_is_known_of_other_headers(first: tuple[str, ...], then: tuple[str, ...]) -> None:
    """Nothing has to be worked out again; the headers are the request's own, as they were sent and in their order."""
    house = House(learning)
    second = second_of(house, (*HEADERS[:2], *then, HEADERS[2]), (*HEADERS[:2], *first, HEADERS[2]))
    alone = house_of_one((*HEADERS[:2], *then, HEADERS[2])).requests[0]
    assert list(second.headers.items()) == list(alone.headers.items())
    assert second.facts is house.requests[0].facts
    assert second.facts.connection > 0


def test_headers_that_are_the_same_are_in_memory_once() -> None:
    """The journal keeps thousands of requests, each with a token of a thousand characters."""
    house = House(learning)
    second = second_of(house, (*HEADERS[:-1], "X-Request-Id: 2"))
    assert second.headers["Authorization"] is house.requests[0].headers["Authorization"]


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: a", "Authorization: Bearer y", "Accept: */*", "X-Request-Id: 1"),
        ("Host: a", "Authorization: Bearer x", "Accept: text/xml", "X-Request-Id: 1"),
        ("Host: b", "Authorization: Bearer x", "Accept: */*", "X-Request-Id: 1"),
        ("Host: a", "X-Request-Id: 1", "Accept: */*", "X-Request-Id: 1"),
        ("Host: a", "Authorization: Bearer x", "Accept: */*", "Authorization: Bearer x"),
        ("Host: a", "Authorization: Bearer x", "Accept: */*"),
        (*HEADERS[:-1], "X-Request-Id: " + 257 * "1"),
        (*HEADERS, "Authorization: Bearer x"),
    ],
)
def test_any_other_header_that_changes_means_to_start_anew(headers: Sequence[str]) -> None:
    """Another value, another field in the same place, one less, or one more: no token counts for another's request.

    So does a long id, because the headers weigh more with it.
    """
    assert second_of(House(learning), headers).facts.negotiated is None


def test_where_ids_stood_is_forgotten_with_the_headers() -> None:
    """After other headers, an id of before is looked for no more."""
    house = House(learning)
    heads = [
        ("Host: a", "X-Request-Id: 1"),
        ("Host: a", "X-Request-Id: 2"),
        ("Host: a", "Authorization: Bearer x"),
        ("Host: a", "Authorization: Bearer y"),
    ]
    talk(house, *["\r\n".join(["GET / HTTP/1.1", *each, "", ""]).encode() for each in heads], LAST)
    facts = [each.facts for each in house.requests]
    assert facts[2] is not facts[3]
    assert house.requests[3].headers["Authorization"] == "Bearer y"


def test_fields_in_another_order_are_told_apart_anew() -> None:
    """Where an id stood in the requests before, the token may stand now: another token is no other id."""
    house = House(learning)
    heads = [
        ("Host: a", "X-Request-Id: 1", "Authorization: Bearer x"),
        ("Host: a", "X-Request-Id: 2", "Authorization: Bearer x"),
        ("Host: a", "Authorization: Bearer x", "X-Request-Id: 2"),
        ("Host: a", "Authorization: Bearer y", "X-Request-Id: 2"),
    ]
    talk(house, *["\r\n".join(["GET / HTTP/1.1", *each, "", ""]).encode() for each in heads], LAST)
    facts = [each.facts for each in house.requests]
    assert facts[0] is facts[1]
    assert facts[1] is not facts[2]
    assert facts[2] is not facts[3]
    assert house.requests[3].headers["Authorization"] == "Bearer y"


def test_head_is_answered_without_a_body() -> None:
    """With its length all the same."""
    received = talk(House(), (GET % b"x").replace(b"GET", b"HEAD"), LAST)
    assert b"Content-Length: 10\r\n" in received
    assert answers(received) == [b"", b"[GET /last ]"]


def test_a_failure_is_answered_and_ends_the_connection() -> None:
    """Whether the handler waited or not."""

    async def fail(request: Request) -> Response:
        if request.path == "/later":
            await asyncio.sleep(0)
        raise LookupError("a bug")

    for path in (b"now", b"later"):
        received = talk(House(fail), GET % path)
        assert received.startswith(b"HTTP/1.1 500 ")
        assert received.endswith(b"refused")


def test_no_header_brings_another() -> None:
    """A value with a line break never reaches the wire: the failure is answered as any other."""

    async def break_the_line(_: Request) -> Response:
        return dressed("x", X_Told="a\r\nX-More: b")

    assert talk(House(break_the_line), GET % b"x").endswith(b"refused")


def test_a_large_answer_arrives_whole() -> None:
    """It is left to aiohttp, which waits where the client reads slowly."""

    async def much(_: Request) -> Response:
        return dressed("x" * 3_000_000)

    assert list(map(len, answers(talk(House(much), GET % b"x", LAST)))) == [3_000_000, 3_000_000]


def test_what_is_not_dressed_is_left_to_aiohttp() -> None:
    """It adds the machine's Date."""

    async def undressed(_: Request) -> Response:
        return Response(200, body=b"{}")

    received = talk(House(undressed), GET % b"x", LAST)
    assert received.count(b"Date: ") == 2


def test_a_client_that_reads_nothing_is_waited_for() -> None:
    """However small the answers: what it has not read does not pile up in memory."""

    async def exchange() -> int:
        house = House()

        async def much(_: Request) -> Response:
            return dressed("x" * 50_000)

        house.handle = much
        server, door = await listening(house)
        _, writer = await asyncio.open_connection(*door.sockets[0].getsockname(), limit=1)
        writer.write(GET % b"x" * 1_000)
        before = -1
        while len(house.requests) > before:  # until no more of them are answered
            before = len(house.requests)
            await asyncio.sleep(0.2)
        writer.close()
        door.close()
        await server.shutdown(1)
        return before

    assert asyncio.run(exchange()) < 500
