"""Bundles, put together from entries that are encoded already.

A search answers with many appointments whose bytes are at hand: only the envelope is encoded anew.
Source: FHIR STU3, Bundle; Search, 3.1.1.7; RESTful API, history.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from registry_sandbox.fhir import xml
from registry_sandbox.fhir.template import NUMBER, TEXTS, Format, Template, written_together

_MANY_ENTRIES = 200
_DECLARED = xml.DECLARATION.encode()

Write = Callable[[dict[str, Any], Format], bytes]


Said = tuple[Literal["search", "request"], tuple[tuple[str, str], ...]]
"""What is said of an entry's resource: the element that says it, whose members are plain codes and uris."""

Entry = tuple[str, Said]
"""One entry: its full URL, and what is said of it. A search makes many: a tuple costs least."""

Resources = Callable[[Format, Write], Sequence[bytes]]
"""Gives the bytes of the resources of all entries: together, because a search has many."""


@lru_cache(maxsize=64)
def _after(said: Said, wanted: Format) -> bytes:
    """Give what stands behind the resource of an entry: of a search it is always the same."""
    element, said_of = said
    if wanted == "json":
        return f',"{element}":{json.dumps(dict(said_of), separators=(",", ":"))}}}'.encode()
    members = "".join(f"<{name} value={quoteattr(value)}/>" for name, value in said_of)
    return f"</resource><{element}>{members}</{element}></entry>".encode()


@dataclass(slots=True)
class Bundle:
    """A searchset or a history of all its entries: there is no paging."""

    kind: Literal["searchset", "history"]
    logical_id: str
    last_updated: str
    self_link: str
    entries: Sequence[Entry]
    resources: Resources

    @property
    def large(self) -> bool:
        """Whether encoding it would hold up other exchanges."""
        return len(self.entries) > _MANY_ENTRIES

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Give the bytes of the whole Bundle."""
        total = str(len(self.entries))
        frame = _frame(self.kind, wanted, write).filled(self.logical_id, self.last_updated, total, self.self_link)
        if not self.entries:
            return frame
        urls, resources = written_together([url for url, _ in self.entries], wanted), self.resources(wanted, write)
        if wanted == "json":
            entries = b",".join(_json_entries(self.entries, urls, resources))
            return b'%b,"entry":[%b]}' % (frame.removesuffix(b"}"), entries)
        return b"%b%b</Bundle>" % (
            frame.removesuffix(b"</Bundle>"),
            b"".join(_xml_entries(self.entries, urls, resources)),
        )


@lru_cache(maxsize=8)
def _frame(kind: str, wanted: Format, write: Write) -> Template:
    """Give what stands around the entries, without its id, its instant, its total and its link."""
    logical_id, last_updated, url = TEXTS[:3]
    resource = {
        "resourceType": "Bundle",
        "id": logical_id,
        "meta": {"lastUpdated": last_updated},
        "type": kind,
        "total": NUMBER,
        "link": [{"relation": "self", "url": url}],
    }
    return Template(write(resource, wanted), wanted, marks=4)


def _json_entries(entries: Sequence[Entry], urls: Sequence[bytes], resources: Sequence[bytes]) -> list[bytes]:
    return [
        b'{"fullUrl":"%b","resource":%b%b' % (url, resource, _after(said, "json"))
        for (_, said), url, resource in zip(entries, urls, resources, strict=True)
    ]


def _xml_entries(entries: Sequence[Entry], urls: Sequence[bytes], resources: Sequence[bytes]) -> list[bytes]:
    return [
        b'<entry><fullUrl value="%b"/><resource>%b%b' % (url, resource.removeprefix(_DECLARED), _after(said, "xml"))
        for (_, said), url, resource in zip(entries, urls, resources, strict=True)
    ]
