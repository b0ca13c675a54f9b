"""The bounds of a port, on the wire: what comes too slowly, too often, or not as HTTP, gets an answer and an end."""

import gzip
import json
import re
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from registry_sandbox.server import serving
from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import until

GET = "GET /STU3/metadata HTTP/1.1\r\nHost: localhost\r\n"


def connect(sandbox: RegistrySandbox) -> socket.socket:
    """Open a connection to the registry."""
    address = urlsplit(sandbox.base_url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def everything(connection: socket.socket) -> bytes:
    """Everything that comes until the server closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def answered(sandbox: RegistrySandbox, sent: bytes, *, half_close: bool = False) -> bytes:
    """Everything that comes back for these bytes."""
    with connect(sandbox) as connection:
        connection.sendall(sent)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return everything(connection)


def of_appointment(sandbox: RegistrySandbox, interaction: str, registered: dict[str, Any]) -> bytes:
    """A read or a cancellation of an appointment, to be sent as it is."""
    cancelling = interaction == "cancel"
    body = json.dumps({**registered, "status": "cancelled"}).encode() if cancelling else b""
    lines = [
        f"{'PUT' if cancelling else 'GET'} /STU3/Appointment/{registered['id']} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {sandbox.token()}",
        *(['If-Match: W/"1"', "Content-Type: application/fhir+json"] if cancelling else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def wait_until_under_way(sandbox: RegistrySandbox) -> None:
    """Return once the journal shows an exchange that a fault keeps waiting."""
    until(lambda: any(each["state"] in ("delayed", "held", "sending") for each in sandbox.journal))


def diagnostics(answer: bytes) -> str:
    """What the outcome of the last answer says."""
    said: str = json.loads(answer.rpartition(b"\r\n\r\n")[2])["issue"][0]["diagnostics"]
    return said


def posted(sandbox: RegistrySandbox, version: str = "1.1", **headers: str) -> bytes:
    """A registration, to be sent as it is."""
    body = json.dumps(builders.appointment()).encode()
    given = {"Host": "localhost", "Content-Type": "application/fhir+json", "Content-Length": str(len(body)), **headers}
    given["Authorization"] = f"Bearer {sandbox.token()}"
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
    return f"POST /STU3/Appointment HTTP/{version}\r\n{lines}\r\n".encode() + body


@pytest.fixture(scope="module")
def impatient() -> Iterator[RegistrySandbox]:
    """A sandbox that waits a third of a second for a request, and has room for three connections."""
    with RegistrySandbox(request_timeout=0.3, max_connections=3) as sandbox:
        yield sandbox


class TestTime:
    """`--request-timeout`: 408, then the end."""

    def test_a_head_that_does_not_come_whole(self, impatient: RegistrySandbox) -> None:
        """However it is spread: a byte now and then does not help."""
        with connect(impatient) as connection:
            for byte in GET.encode():
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    break
                time.sleep(0.05)
            answer = everything(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert "head of the request did not come whole within 0.3 s" in diagnostics(answer)

    def test_a_body_that_does_not_come_whole(self, impatient: RegistrySandbox) -> None:
        """The token is judged first, as in any request; with a good one it is 408."""
        answer = answered(impatient, posted(impatient)[:-5])
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"Connection: close" in answer
        assert "body did not come whole" in diagnostics(answer)

    def test_an_idle_connection_is_left_alone(self, impatient: RegistrySandbox) -> None:
        """It has sent nothing that could be late."""
        with connect(impatient) as connection:
            time.sleep(0.8)
            connection.sendall((GET + "Connection: close\r\n\r\n").encode())
            assert everything(connection).startswith(b"HTTP/1.1 200 ")

    def test_it_is_idle_again_after_a_body_that_came_in_pieces(self) -> None:
        """The pieces are not taken for the beginning of another request."""
        with RegistrySandbox(request_timeout=2, no_seed_data=True) as sandbox, connect(sandbox) as connection:
            request = posted(sandbox)
            connection.sendall(request[:-5])
            time.sleep(0.1)
            connection.sendall(request[-5:])
            assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")
            time.sleep(2.5)
            connection.sendall((GET + "Connection: close\r\n\r\n").encode())
            assert everything(connection).startswith(b"HTTP/1.1 200 ")


def test_more_connections_than_there_is_room_for_are_told_so(impatient: RegistrySandbox) -> None:
    """`--max-connections`: 503 with Retry-After; once there is room again, the next is answered."""
    open_ones = [connect(impatient) for _ in range(3)]
    time.sleep(0.1)
    refused = answered(impatient, b"")
    for each in open_ones:
        each.close()
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1\r\n" in refused
    assert "--max-connections" in diagnostics(refused)

    def is_answered() -> bool:
        with suppress(ConnectionError):
            return answered(impatient, (GET + "Connection: close\r\n\r\n").encode()).startswith(b"HTTP/1.1 200 ")
        return False

    until(is_answered)


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"POST /STU3/Appointment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n", b"x"),
        (b"", b"\n"),
    ],
)
def test_what_is_sent_without_end_is_not_kept(first: bytes, more: bytes) -> None:
    """The rest of a body that was refused, which is read for a moment; and line ends where a request should begin."""
    piece, pieces = more * 262_144, 64
    with RegistrySandbox() as sandbox, connect(sandbox) as connection:
        connection.sendall(first)
        answered(sandbox, (GET + "Connection: close\r\n\r\n").encode())  # everything that is needed is imported
        tracemalloc.start()
        try:
            sent = _as_much_as_is_taken(connection, piece, pieces)
            kept = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    # What follows a refused body is read for a moment; then the sandbox hangs up, which a slow machine sees earlier.
    assert sent == pieces if not first else sent >= pieces / 2
    assert kept < sent * len(piece) / 3


def _as_much_as_is_taken(connection: socket.socket, piece: bytes, pieces: int) -> int:
    """Send pieces until the other side has hung up, and return how many."""
    for sent in range(pieces):
        try:
            connection.sendall(piece)
        except ConnectionError:
            return sent
    return pieces


@pytest.mark.parametrize("mode", ["server", "mutual"])
class TestPlainHttpOnATlsPort:
    """It is told so, and closed; nothing that it sends is kept."""

    def test_it_is_answered_at_once(self, mode: str) -> None:
        """In plain HTTP, which is all that the client understands."""
        with RegistrySandbox(tls=mode) as sandbox:
            answer = answered(sandbox, f"{GET}\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert "This port speaks TLS" in diagnostics(answer)

    def test_it_cannot_send_without_end(self, mode: str) -> None:
        """What begins as a handshake and goes on as anything else is cut off too."""
        with RegistrySandbox(tls=mode) as sandbox:
            for first in (b"x", b"\x16\x03\x01\x00\x05xxxxx"):
                with connect(sandbox) as connection, pytest.raises(OSError):  # noqa: PT011 - reset, or a broken pipe
                    connection.sendall(first + b"x" * 64 * 1024 * 1024)


def test_an_idle_connection_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed at once: only what is in flight is waited for, here for longer than any test may last."""
    monkeypatch.setattr(serving, "DRAIN_S", 3_600.0)
    with RegistrySandbox() as sandbox, httpx.Client() as client:
        assert client.get(f"{sandbox.base_url}/metadata").status_code == 200
        sandbox.stop()


class TestStopping:
    """Nothing that a fault keeps waiting holds up the end: what is in flight is waited for longer than a test lasts."""

    @pytest.mark.parametrize("fault", ["cancel:hang", "cancel:delay=1h", "cancel:hold", "read:rate=1", "read:hang"])
    def test_an_exchange_that_a_fault_keeps_waiting(self, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
        """Each is ended, however long it would have waited."""
        monkeypatch.setattr(serving, "DRAIN_S", 3_600.0)
        with RegistrySandbox(fault=[fault], max_delay=3_600.0) as sandbox:
            registered = sandbox.register()
            with connect(sandbox) as connection:
                connection.sendall(of_appointment(sandbox, fault.partition(":")[0], registered))
                wait_until_under_way(sandbox)
                sandbox.stop()
                with suppress(ConnectionResetError):  # how a held exchange ends
                    everything(connection)

    def test_what_was_executed_is_answered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A cancellation that is delayed on its way goes on at once, is executed, and its client is told."""
        monkeypatch.setattr(serving, "DRAIN_S", 3_600.0)
        with RegistrySandbox(fault=["cancel:delay=1h"], max_delay=3_600.0) as sandbox:
            registered = sandbox.register()
            registry = sandbox.sandbox.workspace.service.registry
            with connect(sandbox) as connection:
                connection.sendall(of_appointment(sandbox, "cancel", registered))
                wait_until_under_way(sandbox)
                sandbox.stop()
                assert everything(connection).startswith(b"HTTP/1.1 200 ")
        assert registry.current(registered["id"]).number == 2


class TestEnds:
    """A client that ends its half of the connection is answered, or nothing is done."""

    @pytest.mark.parametrize(("version", "headers"), [("1.0", {}), ("1.1", {}), ("1.1", {"Connection": "close"})])
    def test_what_is_executed_is_answered(
        self, running: RegistrySandbox, version: str, headers: dict[str, str]
    ) -> None:
        """HTTP/1.0 clients may end their half as soon as all is sent; the connection ends after the answer.

        The answer to one of HTTP/1.1 says so only if it had not been made by then.
        """
        answer = answered(running, posted(running, version, **headers), half_close=True)
        assert answer.split(b" ", 2)[1] == b"201"
        assert b"\r\nConnection: close\r\n" in answer or (version, headers) == ("1.1", {})

    def test_what_is_not_whole_is_not_executed(self, running: RegistrySandbox) -> None:
        """And told."""
        answer = answered(running, posted(running)[:-2], half_close=True)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert "cut short" in diagnostics(answer)


class TestChunks:
    """A body in chunks that come one after the other, as streaming clients send them."""

    @staticmethod
    def chunked(sandbox: RegistrySandbox, connection: socket.socket, chunks: list[bytes]) -> None:
        """Begin a registration, and send each chunk once the sandbox shows that it waits for it."""
        head, _, _ = posted(sandbox, Transfer_Encoding="chunked").partition(b"\r\n\r\n")
        lines = [each for each in head.split(b"\r\n") if not each.startswith(b"Content-Length")]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"\r\n".join([*lines, b"", b""]))
        for each in chunks:
            while not any(shown["state"] == "receiving" for shown in sandbox.journal):
                pass
            connection.sendall(each)

    @pytest.mark.parametrize("bad", [b"zz\r\n", b"zz", b"5\r\nabcdefg\r\n", b"5 x\r\n", b"-5\r\n", b"\r\n", b"5\n"])
    def test_a_malformed_chunk_that_comes_later_is_refused_at_once(self, bad: bytes) -> None:
        """Not when the time for the body is over, which here is longer than any test may last."""
        with RegistrySandbox(request_timeout=3_600) as sandbox, connect(sandbox) as connection:
            self.chunked(sandbox, connection, [b"5\r\n{ \r\n \r\n", bad])
            answer = everything(connection)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert answer.count(b"HTTP/1.1 400 ") == 1
            assert b"Connection: close" in answer
            assert "a chunk of the body is malformed" in diagnostics(answer)

    def test_chunks_may_be_cut_anywhere(self, running: RegistrySandbox) -> None:
        """Sizes, extensions, data, line ends and trailers: every byte on its own."""
        body = json.dumps(builders.appointment()).encode()
        parts = [b"%X" % len(body[:9]), b";a=b\r\n", body[:9], b"\r\n", b"%x\r\n" % len(body[9:]), body[9:], b"\r\n"]
        whole = b"".join([*parts, b"0\r\n", b"Trailer: x\r\n\r\n"])
        with connect(running) as connection:
            self.chunked(running, connection, [whole[:1]])
            for at in range(1, len(whole)):
                connection.sendall(whole[at : at + 1])
            assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")
            connection.sendall((GET + "Connection: close\r\n\r\n").encode())
            assert everything(connection).startswith(b"HTTP/1.1 200 ")


class TestNotHttp:
    """What cannot be read is told by its reason, and what was good before it is answered."""

    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            (b"GET /STU3/metadata HTTP/1.1\r\n\r\n", "no Host header"),
            (b"GET /STU3/metadata HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "two Host headers"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "two Content-Lengths"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n{}", "Content-Length is no number"),
            (
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                "Content-Length and chunks",
            ),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "a chunk of the body"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
            (b"GARBAGE\r\n\r\n", "method"),
            (b"GET\r\n\r\n", "its request line is malformed"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n 2\r\n\r\n", "goes on in a second line"),
            (b"GET / HTTP/1.1\nHost: a\n\n", "a line does not end with CRLF"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length Host method\r\n\r\n", "a header is malformed"),
            (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", "no HTTP version that can be read"),
            (b"GET / HTTP/1.1\r\nHost a\r\n\r\n", "a header is malformed"),
            (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "too long"),
        ],
    )
    def test_each_fault_has_its_sentence(self, running: RegistrySandbox, sent: bytes, reason: str) -> None:
        """Over the version that clients speak, and the connection ends."""
        answer = answered(running, sent)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert reason in diagnostics(answer)

    def test_a_good_request_in_front_of_garbage_is_answered(self, running: RegistrySandbox) -> None:
        """Though both came in one packet."""
        answer = answered(running, f"{GET}\r\nGARBAGE\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b"HTTP/1.1 400 ") == 1

    def test_a_preflight_with_bytes_that_are_no_text_is_answered(self, running: RegistrySandbox) -> None:
        """What is no name of a header is not echoed."""
        head = b"OPTIONS /STU3/metadata HTTP/1.1\r\nHost: a\r\nOrigin: http://page.test\r\nConnection: close\r\n"
        asked = b"Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: \xff\xfe\r\n\r\n"
        answer = answered(running, head + asked)
        assert answer.startswith(b"HTTP/1.1 204 ")
        assert b"\xff" not in answer


@pytest.mark.parametrize(("members", "status"), [(2, b"201"), (100, b"201"), (101, b"400")])
def test_a_gzip_stream_may_have_several_members(running: RegistrySandbox, members: int, status: bytes) -> None:
    """RFC 1952 section 2.2; not without end."""
    body = json.dumps(builders.appointment()).encode()
    parts = [body[at : at + 1] for at in range(members - 1)] + [body[members - 1 :]]
    packed = b"".join(map(gzip.compress, parts))
    head, _, _ = posted(running, Content_Encoding="gzip", Connection="close").partition(b"\r\n\r\n")
    lines = [each for each in head.split(b"\r\n") if not each.startswith(b"Content-Length")]
    sent = b"\r\n".join([*lines, b"Content-Length: %d" % len(packed), b"", packed])
    assert answered(running, sent).split(b" ", 2)[1] == status


class TestRefusals:
    """A refusal lists a hundred findings and counts the rest, in 256 KB at most, whatever was sent."""

    @staticmethod
    def issues(answer: httpx.Response) -> list[dict[str, str]]:
        """The issues of an outcome, which is bounded."""
        assert len(answer.content) <= 256 * 1024
        listed: list[dict[str, str]] = answer.json()["issue"]
        assert len(listed) <= 101
        return listed

    def test_a_cancel_that_changes_thousands_of_elements(self, running: RegistrySandbox) -> None:
        """The rule names each; the answer does not."""

        def many(text: str) -> list[dict[str, str]]:
            return [{"url": f"http://example.test/{at}", "valueString": text * 300} for at in range(1_000)]

        registered = running.register(extension=many("'"))
        answer = httpx.put(
            f"{running.base_url}/Appointment/{registered['id']}",
            json={**registered, "status": "cancelled", "extension": many('"')},
            headers={"Authorization": f"Bearer {running.token()}", "If-Match": 'W/"1"'},
        )
        assert answer.status_code == 422
        assert re.fullmatch(r"\.\.\. and \d+ more", self.issues(answer)[-1]["diagnostics"])

    @pytest.mark.parametrize("count", [100, 101, 16_000])
    def test_a_form_of_very_many_parameters(self, running: RegistrySandbox, count: int) -> None:
        """Beyond a hundred they are not even looked at; a form of more than 64 KiB is refused by its length."""
        answer = httpx.post(
            f"{running.base_url}/Appointment/_search",
            content="&".join(["x=1"] * count),
            headers={
                "Authorization": f"Bearer {running.token()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        assert answer.status_code == 400
        told = self.issues(answer)[-1]["diagnostics"]
        assert told.startswith("The query has more than 100 parameters" if count > 100 else "... and 1 more")
