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

MATCH: Said = ("search", (("mode", "match"),))
"""What an entry says that is what was searched for."""

Resources = Callable[[Format, Write], Sequence[bytes]]
"""Returns the bytes of the resources of all entries, in one call, because a search has many."""


@lru_cache(maxsize=64)
def _after(said: Said, wanted: Format) -> bytes:
    """Return what follows the resource in an entry, to the next. In a search it is the same for every entry."""
    element, said_of = said
    if wanted == "json":
        return f',"{element}":{json.dumps(dict(said_of), separators=(",", ":"))}}},'.encode()
    members = "".join(f"<{name} value={quoteattr(value)}/>" for name, value in said_of)
    return f"</resource><{element}>{members}</{element}></entry>".encode()


@dataclass(slots=True)
class Bundle:
    """A searchset or a history, with all its entries: there is no paging.

    An entry has a full URL, what it says about its resource, and the resource: these stand in three sequences.
    """

    kind: Literal["searchset", "history"]
    logical_id: str
    last_updated: str
    self_link: str
    urls: Sequence[str]
    said: Sequence[Said]
    resources: Resources

    @property
    def large(self) -> bool:
        """Whether encoding it would hold up other exchanges."""
        return len(self.urls) > _MANY_ENTRIES

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the whole Bundle."""
        total = str(len(self.urls))
        frame = _frame(self.kind, wanted, write).filled(self.logical_id, self.last_updated, total, self.self_link)
        if not self.urls:
            return frame
        entries = self._entries(wanted, write)
        if wanted == "json":
            entries[-1] = entries[-1].removesuffix(b",")
            return b"".join([frame.removesuffix(b"}"), b',"entry":[', *entries, b"]}"])
        return b"".join([frame.removesuffix(b"</Bundle>"), *entries, b"</Bundle>"])

    def _entries(self, wanted: Format, write: Write) -> list[bytes]:
        """Return the parts of the entries: to join them costs less than to format each."""
        resources = self.resources(wanted, write)
        if wanted == "xml":
            resources = [each.removeprefix(_DECLARED) for each in resources]
        before_url, before_resource = _BEFORE[wanted]
        parts: list[bytes] = []
        for url, resource, said in zip(written_together(self.urls, wanted), resources, self.said, strict=True):
            parts += (before_url, url, before_resource, resource, _after(said, wanted))
        return parts


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


_BEFORE: dict[Format, tuple[bytes, bytes]] = {
    "json": (b'{"fullUrl":"', b'","resource":'),
    "xml": (b'<entry><fullUrl value="', b'"/><resource>'),
}
"""What stands before the URL of an entry, and what before its resource."""
