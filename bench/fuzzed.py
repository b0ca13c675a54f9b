"""What the fuzzer sends: requests that are nearly right, most of them with one or two damages.

A request is drawn as a client would send it: a path with the method, the body and the headers that belong to it. Then
chance may exchange a part of it (another method, another type, another header), and damage bytes of its body or token.
"""

# ruff: noqa: E501 - the tables of what is tried are longer than a line

import json
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.appointments import appointment, as_xml, patient

Kind = Literal["", "register", "cancel", "form", "token", "story", "fault", "faults", "clock"]
"""What the body of a request is."""

_FORM, _JSON, _FHIR_JSON, _FHIR_XML = (
    "application/x-www-form-urlencoded", "application/json", "application/fhir+json", "application/fhir+xml",
)  # fmt: skip
_PATIENT = "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C{patient}"
_TARGETS: tuple[tuple[int, str, str, Kind], ...] = (
    (12, "POST", "/STU3/Appointment", "register"),
    (12, "PUT", "/STU3/Appointment/{id}", "cancel"),
    (6, "POST", "/STU3/Appointment/$validate", "register"),
    (2, "POST", "/STU3/Appointment/$validate?profile=a", "cancel"),
    (12, "GET", "/STU3/Appointment/{id}", ""),
    (3, "GET", "/STU3/Appointment/{id}/_history", ""),
    (3, "GET", "/STU3/Appointment/{id}/_history/1", ""),
    (8, "GET", "/STU3/Appointment?patient.identifier=" + _PATIENT, ""),
    (6, "POST", "/STU3/Appointment/_search", "form"),
    (2, "GET", "/STU3/metadata", ""),
    (1, "GET", "/STU3/StructureDefinition", ""),
    (1, "GET", "/STU3/Patient/1", ""),
    (4, "POST", "/oauth2/token", "token"),
    (1, "GET", "/.well-known/jwks.json", ""),
    (1, "GET", "/.well-known/openid-configuration", ""),
    (1, "GET", "/", ""),
    (2, "GET", "/_sandbox/health", ""),
    (1, "GET", "/_sandbox/token", ""),
    (1, "GET", "/_sandbox/token?expires_in=-1", ""),
    (1, "GET", "/_sandbox/token?claim.aud=1&without=exp", ""),
    (1, "GET", "/_sandbox/clock", ""),
    (1, "PUT", "/_sandbox/clock", "clock"),
    (1, "GET", "/_sandbox/faults", ""),
    (1, "PUT", "/_sandbox/faults", "faults"),
    (2, "POST", "/_sandbox/faults", "fault"),
    (1, "DELETE", "/_sandbox/faults", ""),
    (1, "GET", "/_sandbox/faults/fired", ""),
    (1, "GET", "/_sandbox/journal?limit=3", ""),
    (1, "GET", "/_sandbox/journal?limit=3&format=har&status=4xx", ""),
    (1, "GET", "/_sandbox/journal/1", ""),
    (1, "GET", "/_sandbox/appointments?limit=3", ""),
    (3, "POST", "/_sandbox/appointments", "story"),
    (1, "GET", "/_sandbox/appointments/{id}", ""),
)
_WEIGHTS = [each[0] for each in _TARGETS]
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "X")
_TYPES = (
    _FHIR_JSON, _FHIR_XML, _JSON, "text/xml", "text/plain", "", "application/json; charset=latin-1",
    _FORM, "multipart/form-data; boundary=a", "application/fhir+json;;=", "*/*", "application/x-yaml",
)  # fmt: skip
_HEADERS = (
    ("Accept", _TYPES), ("If-Match", ('W/"1"', '"1"', "*", "1", 'W/"x"', 'W/"1", W/"2"', "")), ("Prefer", ("return=minimal", "return=", "x")),
    ("If-None-Match", ('W/"1"', "*", "x")), ("If-None-Exist", ("identifier=a", "=")), ("Content-Encoding", ("gzip", "br", "gzip, gzip")),
    ("Accept-Encoding", ("gzip", "gzip;q=0", "identity;q=0, *;q=0", ";")), ("If-Modified-Since", ("Thu, 01 Jan 1970 00:00:00 GMT", "x")),
    ("Origin", ("http://a.test", "null")), ("Access-Control-Request-Method", ("PUT", "\xff")), ("Expect", ("100-continue", "x")),
    ("Connection", ("close", "upgrade", "keep-alive")), ("Upgrade", ("h2c", "websocket")), ("Ssp-TraceID", ("a", "")),
    ("X-Forwarded-Host", ("a", "a b")), ("Range", ("bytes=0-1",)), ("X-Request-Id", ("a", "\xe9" * 100)), ("Cookie", ("a=b",)),
)  # fmt: skip
_ENDINGS = ("?_format=xml", "&_format=x", "?", "?a=b&a=b", "/", "%2F", "#a", "?_format=%ff", "//", "?x=" + "y" * 3_000)
_IDS = ("booked-tomorrow", "several-versions", "x", "a" * 65, "%00", "%ff", "..", "1")
_FAULTS = ("read:delay=1ms@x1", "cancel:409@x1", "search:404@x2", "x", "read:drop@x1", "any:404@x1", "register:cut@x1")
_BODIES: Mapping[Kind, tuple[bytes, ...]] = {
    "": (b"",),
    "token": (
        b"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret&scope=http%3A%2F%2Flocalhost%2FSTU3%2F.default",
    ),
    "fault": (*(json.dumps(each).encode() for each in _FAULTS), b'{"interaction": "read", "status": 503, "times": 2}'),
    "faults": (b'{"faults": []}', b'{"faults": ["read:429@x1"]}'),
    "clock": (b'{"advance": "1s"}', b'{"frozen": false}', b'{"advance": "-1s"}', b'{"advance": 1}'),
    "story": (b'{"patient": "9990001111", "pointer": "http://a.test/1", "start": "+1d 09:00", "end": "+1d 10:00"}',),
}
_PIECES = (
    b"", b"\0", b"\xff", b'"', b"<", b"{", b"[", b"null", b"1e999", b"\\ud800", b"&#0;", b"&a;", b" ", b"9" * 30,
)  # fmt: skip
_REMEMBERED = 200


@dataclass(slots=True)
class Drawn:
    """Draws requests.

    Attributes:
        chance: where they are drawn from.
        tokens: valid ones.
        registered: ids of appointments with the numbers that they were made from, so that some cancels succeed.
    """

    chance: random.Random
    tokens: list[str]
    registered: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def request(self) -> tuple[bytes, int | None]:
        """Return a request, and the number of the appointment that it registers as it is."""
        chance = self.chance
        _, method, path, kind = chance.choices(_TARGETS, _WEIGHTS)[0]
        logical_id, number = self._target()
        path = path.replace("{id}", logical_id).replace("{patient}", patient(number))
        body, content_type = self._body(kind, logical_id, number)
        damaged = bool(body) and chance.random() < 0.5
        if damaged:
            body = self._damaged(body)
        if chance.random() < 0.05:
            method = chance.choice(_METHODS)
        if chance.random() < 0.05:
            path += chance.choice(_ENDINGS)
        head = self._head(method, path, body, content_type, cancels=kind == "cancel")
        return head + body, number if kind == "register" and not damaged else None

    def _target(self) -> tuple[str, int]:
        if self.registered and self.chance.random() < 0.8:
            return self.chance.choice(self.registered)
        return self.chance.choice(_IDS), self.chance.randrange(1_000)

    def _head(self, method: str, path: str, body: bytes, content_type: str, *, cancels: bool) -> bytes:
        chance = self.chance
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        if chance.random() < 0.95:
            token = chance.choice(self.tokens)
            lines.append(f"Authorization: Bearer {self._damaged_text(token) if chance.random() < 0.05 else token}")
        if body or chance.random() < 0.05:
            chosen = chance.choice(_TYPES) if chance.random() < 0.05 else content_type
            lines += [f"Content-Type: {chosen}", f"Content-Length: {len(body)}"]
        if cancels and chance.random() < 0.95:
            lines.append('If-Match: W/"1"')
        lines += [f"{name}: {chance.choice(values)}" for name, values in _HEADERS if chance.random() < 0.015]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _body(self, kind: Kind, logical_id: str, number: int) -> tuple[bytes, str]:
        if kind == "form":
            return f"patient.identifier={_PATIENT.format(patient=patient(number))}".encode(), _FORM
        if kind not in {"register", "cancel"}:
            return self.chance.choice(_BODIES[kind]), _FORM if kind == "token" else _JSON
        resource = appointment(number)
        if kind == "cancel":
            resource |= {"id": logical_id, "status": "cancelled"}
        if self.chance.random() < 0.5:
            return json.dumps(resource).encode(), _FHIR_JSON
        return as_xml(resource), _FHIR_XML

    def _damaged_text(self, text: str) -> str:
        return self._damaged(text.encode()).decode("latin-1").translate({10: None, 13: None, 0: None})

    def _damaged(self, whole: bytes) -> bytes:
        chance = self.chance
        for _ in range(chance.randrange(1, 3)):
            at = chance.randrange(len(whole) + 1)
            end = min(len(whole), at + chance.randrange(1, 20))
            whole = whole[:at] + chance.choice((*_PIECES, whole[at:end] * 2, chance.randbytes(3))) + whole[end:]
        return whole
