"""Bundles, put together from entries that are encoded already.

A search answers with many appointments whose bytes are at hand: only the envelope is encoded anew.
Source: FHIR STU3, Bundle; Search, 3.1.1.7; RESTful API, history.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol
from xml.sax.saxutils import quoteattr

Format = Literal["json", "xml"]
_MANY_ENTRIES = 200

Write = Callable[[dict[str, Any], Format], bytes]


class _Encoded(Protocol):
    def encode(self, wanted: Format, write: Write) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `said_of` is its `search` or `request` element, whose members are plain codes and uris."""

    full_url: str
    resource: _Encoded
    element: Literal["search", "request"]
    said_of: tuple[tuple[str, str], ...]

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Give the bytes of the entry."""
        inner = self.resource.encode(wanted, write)
        after = _after(self.element, self.said_of, wanted)
        plain = _PLAIN.fullmatch(self.full_url) is not None
        if wanted == "json":
            url = f'"{self.full_url}"' if plain else json.dumps(self.full_url)
            return b'{"fullUrl":%b,"resource":%b%b' % (url.encode(), inner, after)
        url = f'"{self.full_url}"' if plain else quoteattr(self.full_url)
        return b"<entry><fullUrl value=%b/><resource>%b%b" % (url.encode(), without_declaration(inner), after)


@lru_cache(maxsize=64)
def _after(element: str, said_of: tuple[tuple[str, str], ...], wanted: Format) -> bytes:
    """Give what stands behind the resource of an entry: of a search it is always the same."""
    if wanted == "json":
        return f',"{element}":{json.dumps(dict(said_of), separators=(",", ":"))}}}'.encode()
    members = "".join(f"<{name} value={quoteattr(value)}/>" for name, value in said_of)
    return f"</resource><{element}>{members}</{element}></entry>".encode()


_PLAIN = re.compile(r"[A-Za-z0-9:/._~\-]*")
"""What a URL mostly consists of, which neither format escapes."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A searchset or a history: an envelope (a Bundle resource without entries) and its entries."""

    envelope: dict[str, Any]
    entries: Sequence[Entry]

    @property
    def large(self) -> bool:
        """Whether encoding it would hold up other exchanges."""
        return len(self.entries) > _MANY_ENTRIES

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Give the bytes of the whole Bundle."""
        envelope = write(self.envelope, wanted)
        if not self.entries:
            return envelope
        encoded = [entry.encode(wanted, write) for entry in self.entries]
        if wanted == "json":
            return envelope.removesuffix(b"}") + b',"entry":[' + b",".join(encoded) + b"]}"
        return envelope.removesuffix(b"</Bundle>") + b"".join(encoded) + b"</Bundle>"


def without_declaration(document: bytes) -> bytes:
    """Give an XML document without its XML declaration, so that it can stand inside another."""
    if document.startswith(b"<?xml"):
        return document.partition(b"?>")[2].lstrip()
    return document
