"""Random requests, most of them damaged: none is answered 500, none leaves a traceback, and nothing grows.

python -m bench.fuzz [--requests N] [--seconds N] [--seed N]

Ends at the number or the time, whichever comes first. The exit status is 1 where a bound is broken.
"""

# ruff: noqa: E501 - the tables of what is tried are longer than a line

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.appointments import appointment, as_xml
from bench.processes import Server, running
from bench.wire import exchange, request

_CONNECTIONS = 32
_PATIENCE_S = 30.0
_LARGEST_GROWTH = 1.5
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "X")
_PATHS = (
    "/STU3/metadata", "/STU3/Appointment", "/STU3/Appointment/{id}", "/STU3/Appointment/{id}/_history",
    "/STU3/Appointment/{id}/_history/1", "/STU3/Appointment/_search", "/STU3/Appointment/$validate",
    "/STU3/Appointment/$validate?profile=a", "/STU3/Patient/1", "/STU3", "/", "/oauth2/token",
    "/.well-known/jwks.json", "/.well-known/openid-configuration", "/_sandbox/health", "/_sandbox/token",
    "/_sandbox/token?expires_in=-1", "/_sandbox/token?claim.aud=1", "/_sandbox/token?without=aud",
    "/_sandbox/clock", "/_sandbox/faults", "/_sandbox/faults/a", "/_sandbox/faults/fired", "/_sandbox/journal?limit=3",
    "/_sandbox/journal/1", "/_sandbox/appointments", "/_sandbox/openapi.json", "/_sandbox", "/_sandbox/reset",
    "/STU3/Appointment?patient.identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990001111",
)  # fmt: skip
_TYPES = (
    "application/fhir+json", "application/fhir+xml", "application/json", "text/xml", "text/plain", "", "application/json; charset=latin-1",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "application/fhir+json;;=", "*/*", "application/x-yaml",
)  # fmt: skip
_HEADERS = (
    ("Accept", _TYPES), ("If-Match", ('W/"1"', '"1"', "*", "1", 'W/"x"', 'W/"1", W/"2"', "")), ("Prefer", ("return=minimal", "return=", "x")),
    ("If-None-Match", ('W/"1"', "*", "x")), ("If-None-Exist", ("identifier=a", "=")), ("Content-Encoding", ("gzip", "br", "gzip, gzip")),
    ("Accept-Encoding", ("gzip", "gzip;q=0", "identity;q=0, *;q=0", ";")), ("If-Modified-Since", ("Thu, 01 Jan 1970 00:00:00 GMT", "x")),
    ("Origin", ("http://a.test", "null")), ("Access-Control-Request-Method", ("PUT", "\xff")), ("Expect", ("100-continue", "x")),
    ("Connection", ("close", "upgrade", "keep-alive")), ("Upgrade", ("h2c", "websocket")), ("Ssp-TraceID", ("a", "")),
    ("X-Forwarded-Host", ("a", "a b")), ("Range", ("bytes=0-1",)), ("X-Request-Id", ("a", "\xe9" * 100)), ("Cookie", ("a=b",)),
)  # fmt: skip
_FAULTS = ("read:delay=1ms", "cancel:409", "search:slow", "x", "read:drop", "any:404@x1", "register:cut@x1")
_UNASKED = re.compile(rb"Traceback|Exception|Error:|never retrieved|never awaited|unexpected failure")


@dataclass(slots=True)
class Fuzz:
    """What is sent, by chance, and what came back."""

    chance: random.Random
    tokens: list[str]
    ids: list[str]
    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[bytes] = field(default_factory=list)
    sent: int = 0

    def request(self) -> bytes:
        """Return the next request."""
        chance = self.chance
        method = chance.choice(_METHODS[:3] if chance.random() < 0.8 else _METHODS)
        path = chance.choice(_PATHS).replace("{id}", chance.choice([*self.ids, "x", "a" * 65, "%00", "%ff", "..", "1"]))
        if path == "/_sandbox/reset" and chance.random() < 0.9:
            path = "/_sandbox/health"
        if chance.random() < 0.1:
            path += chance.choice(
                (
                    "?_format=xml",
                    "&_format=x",
                    "?",
                    "?a=b&a=b",
                    "/",
                    "%2F",
                    "#a",
                    "?_format=%ff",
                    "//",
                    "?x=" + "y" * 3_000,
                )
            )
        body = self._body(path) if method not in {"GET", "HEAD"} or chance.random() < 0.05 else b""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        if chance.random() < 0.9:
            token = chance.choice(self.tokens)
            lines.append(f"Authorization: Bearer {self._damaged_text(token) if chance.random() < 0.1 else token}")
        if body or chance.random() < 0.1:
            lines += [f"Content-Type: {chance.choice(_TYPES)}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {chance.choice(values)}" for name, values in _HEADERS if chance.random() < 0.06]
        if method == "PUT" and chance.random() < 0.7:
            lines.append('If-Match: W/"1"')
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _body(self, path: str) -> bytes:
        chance = self.chance
        if "faults" in path:
            return self._damaged(
                json.dumps(chance.choice([*_FAULTS, {"interaction": "read", "status": 503}, {"faults": []}])).encode()
            )
        if "clock" in path:
            return self._damaged(
                chance.choice(
                    (
                        b'{"advance": "PT1S"}',
                        b'{"frozen": false}',
                        b'{"now": "2026-11-27T00:00:00Z"}',
                        b'{"advance": 1}',
                    )
                )
            )
        if "token" in path or "search" in path:
            return self._damaged(
                b"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret&scope=a%2F.default"
            )
        if "_sandbox/appointments" in path and chance.random() < 0.95:
            return self._damaged(
                b'{"patient": "9990001111", "pointer": "http://a.test/1", "start": "+1d 09:00", "end": "+1d 10:00"}'
            )
        resource = appointment(chance.randrange(1_000))
        if chance.random() < 0.5:
            resource |= {"id": chance.choice(self.ids), "status": "cancelled"}
        whole = json.dumps(resource).encode() if chance.random() < 0.5 else as_xml(resource)
        return whole if chance.random() < 0.3 else self._damaged(whole)

    def _damaged_text(self, text: str) -> str:
        return self._damaged(text.encode()).decode("latin-1").translate({10: None, 13: None, 0: None})

    def _damaged(self, whole: bytes) -> bytes:
        chance = self.chance
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(whole) + 1)
            end = min(len(whole), at + chance.randrange(1, 20))
            piece = whole[at:end]
            whole = whole[:at] + chance.choice((
                b"", piece * 2, chance.randbytes(3), b"\0", b"\xff", b'"', b"<", b"{", b"[", b"null", b"1e999", b"\\ud800", b"&#0;", b"&a;", b" ", b"9" * 30,
            )) + whole[end:]  # fmt: skip
        return whole


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> tuple[int, bytes, bool]:
    """Send a request; return the status, the body, and whether the connection can be used again."""
    writer.write(raw)
    head = await reader.readuntil(b"\r\n\r\n")
    while _status(head) == 100:
        head = await reader.readuntil(b"\r\n\r\n")
    status, body, lower = _status(head), b"", head.lower()
    has_none = raw.startswith(b"HEAD ") or status in {204, 304}
    length = re.search(rb"content-length: *(\d+)", lower)
    if not has_none and b"transfer-encoding: chunked" in lower:
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body = await reader.readexactly(size + 2)
        await reader.readexactly(2)
    elif not has_none and length is not None:
        body = await reader.readexactly(int(length.group(1)))
    return status, body, b"connection: close" not in lower and (has_none or length is not None or b"chunked" in lower)


async def _send(fuzz: Fuzz, port: int, until: float, count: int) -> None:
    """Send requests one after the other, over a connection that is kept as long as the server keeps it."""
    writer: asyncio.StreamWriter | None = None
    while fuzz.sent < count and time.monotonic() < until:
        fuzz.sent += 1
        raw = fuzz.request()
        status, kept = 0, False
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status, _, kept = await asyncio.wait_for(_exchange(reader, writer, raw), _PATIENCE_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            kept = False  # a fault may have cut it
        fuzz.statuses[status] += 1
        if status == 500:
            fuzz.failed.append(raw)
        if not kept and writer is not None:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


def _registered(port: int) -> list[str]:
    """Return the ids of two appointments that are there."""
    story = {"patient": "9990001111", "start": "+1d 09:00", "end": "+1d 10:00"}
    ids = ["fuzzed-1", "fuzzed-2"]
    stories = [{**story, "id": each, "pointer": f"http://a.test/{each}"} for each in ids]
    headers = {"Content-Type": "application/json"}
    exchange(port, request("POST", "/_sandbox/appointments", headers, json.dumps(stories).encode()))
    return ids


def _descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def main() -> int:
    """Send, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    arguments = [
        "registry_sandbox",
        "serve",
        "--port",
        "0",
        "--quiet",
        "--log-format",
        "json",
        "--max-delay",
        "0.01",
        "--journal-size",
        "1000",
    ]
    with running("fuzzed", arguments) as server:
        tokens = [server.token() for _ in range(3)]
        fuzz = Fuzz(random.Random(options.seed), tokens, _registered(server.port))  # noqa: S311 - chance, no secret
        until = time.monotonic() + options.seconds
        weights = []
        for part in range(1, 11):  # in tenths: memory is compared between the third and the last
            asyncio.run(_tenth(fuzz, server.port, until, options.requests * part // 10))
            weights.append((server.resident_bytes(), _descriptors(server)))
            print(f"{fuzz.sent:,} requests, {weights[-1][0] >> 20} MB, {weights[-1][1]} descriptors", flush=True)
        told = _told(server)
    print(dict(sorted(fuzz.statuses.items())))
    for each in fuzz.failed[:5]:
        print(f"500: {each[:600]!r}")
    for line in told[:20]:
        print(line.decode("utf-8", "replace"))
    grown = weights[-1][0] > weights[2][0] * _LARGEST_GROWTH or weights[-1][1] > weights[0][1] + _CONNECTIONS
    print(f"{len(fuzz.failed)} answers of 500, {len(told)} lines of tracebacks, {'grown' if grown else 'flat'}")
    return 1 if fuzz.failed or told or grown else 0


async def _tenth(fuzz: Fuzz, port: int, until: float, count: int) -> None:
    await asyncio.gather(*(_send(fuzz, port, until, count) for _ in range(_CONNECTIONS)))


def _told(server: Server) -> list[bytes]:
    """Return the lines of the log that tell of a failure of ours."""
    log = Path(f"/proc/{server.process.pid}/fd/2").readlink()
    return [line for line in log.read_bytes().splitlines() if not line.startswith(b"{") and _UNASKED.search(line)]


if __name__ == "__main__":
    sys.exit(main())
