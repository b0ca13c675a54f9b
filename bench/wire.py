"""Requests as the bytes that go over the wire, and single exchanges on a connection that is kept."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


def request(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Write a request, as for the host `localhost`, whatever the port."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{name}: {headers[name]}" for name in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, its headers in the order in which they came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Connection:
    """One connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def exchange(self, raw: bytes) -> Answer:
        """Send a request and read its answer."""
        self._socket.sendall(raw)
        received = self._more(b"")
        while (end := received.find(b"\r\n\r\n")) < 0:
            received = self._more(received)
        head = received[:end].decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:])]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        if status == 304:
            length = 0
        while len(received) < end + 4 + length:
            received = self._more(received)
        return Answer(status, headers, received[end + 4 :])

    def _more(self, received: bytes) -> bytes:
        chunk = self._socket.recv(1 << 20)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return received + chunk


def exchange(port: int, raw: bytes) -> Answer:
    """Send one request on a connection of its own."""
    with Connection(port) as connection:
        return connection.exchange(raw)
