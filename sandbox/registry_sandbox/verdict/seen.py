"""An exchange as the rules see it: what the client sent, what it received, and what it could know of it."""

import gzip
import zlib
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from math import inf
from typing import Final
from urllib.parse import unquote

from registry_sandbox.fhir.etag import versions_named
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.registry.exchange import Exchange
from registry_sandbox.verdict.bodies import Bodies, versions_in
from registry_sandbox.verdict.tokens import Token

NOT_KNOWN: Final = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""The statuses after which nobody knows what became of a write. A 503 says that nothing was done."""

TRANSIENT: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The statuses after which the same request may succeed."""

_OK: Final = range(200, 300)
_MUCH: Final = 4 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Seen:
    """One exchange. It is never changed; what is costly to know is computed when a rule asks.

    Attributes:
        exchange: as the journal has it.
        client: whose it is, as far as that is known.
        token: the bearer token; None where there is none that can be read.
        issued: the token that the answer gave, where it gave one.
        bodies: reads bodies.
    """

    exchange: Exchange
    client: str
    token: Token | None
    issued: Token | None
    bodies: Bodies

    @cached_property
    def number(self) -> int:
        """Its number in the journal."""
        return self.exchange.number

    @cached_property
    def interaction(self) -> str:
        """FHIR's code of the interaction, or `token`; empty for a path or a method that the registry does not have."""
        return self.exchange.request.interaction

    @cached_property
    def status(self) -> int | None:
        """The status that the client received; None where it received none."""
        return self.exchange.status

    @cached_property
    def finished(self) -> bool:
        """Whether it is over."""
        return self.exchange.state == "done"

    @cached_property
    def began_s(self) -> float:
        """When it began, on the machine's clock."""
        # What waits for nothing is noted at its end.
        at_once = self.exchange.request.under_way is None
        return self.exchange.wall_s - (self.exchange.duration_s if at_once else 0.0)

    @cached_property
    def ended_s(self) -> float:
        """When it ended, on the machine's clock; never, while it is under way."""
        return self.began_s + self.exchange.duration_s if self.finished else inf

    @cached_property
    def appointment(self) -> str:
        """The logical id of the appointment that it is about; empty where there is none."""
        request = self.exchange.request
        if request.resource_type not in ("", "Appointment"):
            return ""
        return request.logical_id or (request.written.logical_id if request.written else "")

    @cached_property
    def url(self) -> str:
        """The path and the query, as they were sent."""
        request = self.exchange.request
        return f"{request.path}?{request.query}" if request.query else request.path

    @cached_property
    def whole(self) -> bool:
        """Whether the whole answer reached the client."""
        return self.finished and self.status is not None and self.exchange.ended == "whole"

    @cached_property
    def broken(self) -> bool:
        """Whether the client received the head of a good answer, and a body that is cut short or cannot be read."""
        return self.finished and self.status in _OK and not (self.whole and self._readable)

    @cached_property
    def good(self) -> bool:
        """Whether the client received a success or a 304, whole and readable."""
        return self.whole and (self.status == HTTPStatus.NOT_MODIFIED or (self.status in _OK and self._readable))

    @cached_property
    def unknown(self) -> bool:
        """Whether the client cannot know what became of it: a 500, no answer, or a broken one."""
        return self.finished and (self.status is None or self.status in NOT_KNOWN or not self.whole or self.broken)

    @cached_property
    def failed(self) -> bool:
        """Whether the same request may be sent again: its outcome is unknown, or the answer says: later."""
        return self.unknown or (self.finished and self.status in TRANSIENT)

    @cached_property
    def _readable(self) -> bool:
        if self.exchange.request.injected is None or self.exchange.request.method == "HEAD":
            return True  # only a fault makes a body that cannot be read
        if self.answer_cut or not self.answer_body:
            return self.answer_cut or not self._lost_its_body
        return self.bodies.is_readable(self.answer_body, self.answer_format, self.interaction)

    @property
    def breakage(self) -> str:
        """What is wrong with the answer of an exchange that is broken, as a sentence without its full stop."""
        if not self.whole:
            return "The answer was cut short"
        try:
            self.answer_body.decode()
        except UnicodeDecodeError:
            # The parser of a language may put U+FFFD for such bytes, and find nothing wrong.
            return "The body of the answer was not UTF-8"
        return f"The body of the answer was no {self.answer_format.upper()} that can be read"

    @property
    def _lost_its_body(self) -> bool:
        response = self.exchange.response
        return response is not None and response.content is not None and self.status not in (204, 304)

    @cached_property
    def answer_cut(self) -> bool:
        """Whether the journal kept only the beginning of an answer."""
        response = self.exchange.response
        return response is not None and self.exchange.response_bytes > len(response.body)

    @cached_property
    def sent_cut(self) -> bool:
        """Whether the journal kept only the beginning of what was sent, or it never came whole."""
        request = self.exchange.request
        return request.body_error is not None or self.exchange.request_bytes > len(request.body)

    @property
    def answer_format(self) -> Format:
        """The format of the answer."""
        return self.exchange.request.answer_format

    @cached_property
    def answer_body(self) -> bytes:
        """The body of the answer, with its content coding undone; empty where it has none."""
        response = self.exchange.response
        if response is None or self.exchange.request.method == "HEAD":
            return b""
        return _inflated(response.body) if response.headers.get("Content-Encoding") == "gzip" else response.body

    @cached_property
    def sent(self) -> Resource | None:
        """The appointment in the body of the request; None where there is none that can be read."""
        body = self.exchange.request.body.lstrip()
        if not body or self.sent_cut:
            return None
        # Whatever the Content-Type says: a rule about the resource is no rule about the header.
        return self.bodies.resource(body, "json" if body.startswith(b"{") else "xml")

    @cached_property
    def received(self) -> tuple[Resource, ...]:
        """The appointments in the answer, where it is good and the journal has it whole."""
        if not self.good or self.answer_cut or not self.answer_body or self.interaction not in DELIVERING:
            return ()
        resource = self.bodies.resource(self.answer_body, self.answer_format) or {}
        entries = [each.get("resource", {}) for each in resource.get("entry", ())]
        return tuple(each for each in (resource, *entries) if each.get("resourceType") == "Appointment")

    @cached_property
    def delivered(self) -> tuple[tuple[str, str], ...]:
        """The logical id and version id of each appointment whose content the client has, by this answer."""
        if not self.good or self.interaction not in DELIVERING or self.exchange.request.method == "HEAD":
            return ()
        if self.interaction in ("read", "vread"):
            named = versions_named(self._validator)
            if len(named) == 1 and self.appointment:
                return ((self.appointment, next(iter(named))),)
        if self.exchange.request.injected is None:
            return versions_in(self.answer_body, self.answer_format)
        return tuple((each.get("id", ""), each.get("meta", {}).get("versionId", "")) for each in self.received)

    @property
    def _validator(self) -> str:
        tag = self.answer_header("ETag")
        return tag or (self.header("If-None-Match") if self.status == HTTPStatus.NOT_MODIFIED else "")

    @cached_property
    def asked(self) -> str:
        """The last part of the request's path that is an id, decoded; empty where there is none."""
        return unquote(self.exchange.request.logical_id, errors="replace")

    @cached_property
    def if_match(self) -> str:
        """The values of If-Match, joined; empty where there is none."""
        return ", ".join(self.exchange.request.headers.getall("If-Match", ())).strip()

    def header(self, name: str) -> str:
        """Return the value of a header of the request; empty where there is none."""
        return self.exchange.request.headers.get(name, "")

    def answer_header(self, name: str) -> str:
        """Return the value of a header of the answer that the client received; empty where there is none."""
        response = self.exchange.response
        return "" if response is None or self.status is None else response.all_headers.get(name, "")

    def precedes(self, other: "Seen") -> bool:
        """Return True if it was over when the other began, so that a client could know its answer."""
        return self.number < other.number and self.ended_s <= other.began_s + _CLOSE_S


_CLOSE_S: Final = 0.000_5  # two readings of the machine's clocks

DELIVERING: Final = frozenset({"read", "vread", "create", "update", "search-type", "history-instance"})
"""The interactions whose good answers carry appointments."""


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, _MUCH)
    except (zlib.error, gzip.BadGzipFile):
        return body
