"""Bundles, joined from resources that are encoded already: only what stands around them is encoded for each Bundle.

Source: FHIR STU3, Bundle; Search, 3.1.1.7; RESTful API, history.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from xml.sax.saxutils import quoteattr

from registry_sandbox.fhir import xml
from registry_sandbox.fhir.resource import Format, Write
from registry_sandbox.fhir.template import NUMBER, TEXTS, Template, written_together

_MANY_ENTRIES = 200
_DECLARED = xml.DECLARATION.encode()

Said = tuple[Literal["search", "request"], tuple[tuple[str, str], ...]]
"""What an entry says about its resource: the name of an element, and its members, which are plain codes and uris."""

Entry = tuple[str, Said]
"""One entry: its full URL, and what it says about its resource. A tuple, because a search makes many."""

Resources = Callable[[Format, Write], Sequence[bytes]]
"""Returns the bytes of the resources of all entries, in one call, because a search has many."""


@lru_cache(maxsize=64)
def _after(said: Said, wanted: Format) -> bytes:
    """Return what follows the resource in an entry. In a search it is the same for every entry."""
    element, said_of = said
    if wanted == "json":
        return f',"{element}":{json.dumps(dict(said_of), separators=(",", ":"))}}}'.encode()
    members = "".join(f"<{name} value={quoteattr(value)}/>" for name, value in said_of)
    return f"</resource><{element}>{members}</{element}></entry>".encode()


@dataclass(slots=True)
class Bundle:
    """A searchset or a history, with all its entries: there is no paging."""

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
        """Return the bytes of the whole Bundle."""
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
    """Return a Bundle without entries, as a template for its id, instant, total and link."""
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
