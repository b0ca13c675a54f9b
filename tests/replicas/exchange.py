"""HTTP as a client meets it that must know whether its request went out: nothing is tried again behind its back."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"


class NotSent(Exception):
    """There was no connection, so the request was certainly not done."""


class Lost(Exception):
    """The request went out, and no whole answer came: it was done, or not, or will be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, with the names of its headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body, or return None if it is none of ours."""
        return json.loads(self.body) if "json" in self.headers.get("content-type", "") else None


class Connection:
    """A connection to a port of this machine, made anew where it was closed."""

    def __init__(self, port: int, patience_s: float = 8.0) -> None:
        self.port = port
        self._patience_s = patience_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request and read its answer.

        Raises:
            NotSent: no connection could be made.
            Lost: it broke, or the patience was at its end.
        """
        reader, writer = await self._connected()
        try:
            async with asyncio.timeout(self._patience_s):
                writer.write(self._request(method, path, headers or {}, body))
                answer = await _answer(reader)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.close()
            raise Lost(type(error).__name__) from error
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Hang up; the next exchange makes a new connection."""
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and self._streams[0].at_eof():
            self.close()
        if not self._streams:
            try:
                self._streams = await asyncio.open_connection(HOST, self.port)
            except OSError as error:
                raise NotSent(type(error).__name__) from error
        return self._streams

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip().lower() for name, _, value in pairs}
    status = int(head[0].split(" ")[1])
    if status == 204:  # No Content, and no length of it
        body = b""
    elif headers.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await reader.read()
        headers["connection"] = "close"
    return Answer(status, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def once(
    port: int, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Answer:
    """Do one exchange on a connection of its own."""
    connection = Connection(port)
    try:
        return await connection.exchange(method, path, headers, body)
    finally:
        connection.close()
