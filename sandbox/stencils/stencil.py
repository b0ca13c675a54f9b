"""One stencil: a body taken apart, its open texts judged, and the documents that they are put into."""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from sandbox.exchange import Encode, Format, Resource, Stamp
from sandbox.fhir import xml
from sandbox.validation.checks import Holds
from sandbox.validation.judging import Judging
from sandbox.validation.openings import LARGEST_BODY, Test

Path = tuple[str | int, ...]
"""The names and indices that lead from a resource to something in it."""

Pick = Callable[[Sequence[str]], tuple[str, ...]]
"""Gives some of several texts, in an order of its own."""

_decoded = json.JSONDecoder().raw_decode
_ESCAPED_IN_XML = re.compile("[&<>]")


class Fitting(NamedTuple):
    """A body that fits a stencil: the resource that it is, which conforms; `stored` encodes what is kept of it."""

    resource: Resource
    stored: Encode


class Document(NamedTuple):
    """A document with holes: `pick` takes what it has of the open texts, and of the stamp behind them, in its order."""

    pick: Pick
    text: str

    def filled(self, texts: Sequence[str]) -> str:
        """Give the document with these texts, as they are."""
        return self.text % self.pick(texts)


class Stencil(NamedTuple):
    """What becomes of a body that fits.

    `open` picks its open texts. `tests` are for these, each for that of its number; `checks` are for the objects at
    their paths. `resource` is the document, in JSON, of the resource; `stored`, by format, of what is kept of it.
    """

    open: Pick
    tests: tuple[tuple[int, Test], ...]
    checks: tuple[tuple[Path, Holds], ...]
    resource: Document
    stored: dict[Format, Document]

    def fitting(self, texts: Sequence[str], body_format: Format) -> Fitting | None:
        """Give the resource with the open ones among these texts, if they are good."""
        opened = self.open(texts)
        together = "".join(opened)
        # Line breaks are no part of a text in JSON, and are read as spaces in XML.
        if not (together.isprintable() and all(opened)):
            return None
        if body_format == "xml" and ("&" in together or "<" in together):  # which are not as they read
            return None
        for number, test in self.tests:
            if not test(opened[number]):
                return None
        resource: Resource = _decoded(self.resource.filled(opened))[0]
        if self.checks:
            judging = Judging(resource, resource)
            for path, holds in self.checks:
                if not holds(at(resource, path), judging):
                    return None
        return Fitting(resource, partial(self._stored, opened))

    def _stored(self, opened: tuple[str, ...], wanted: Format, stamp: Stamp) -> bytes:
        # No text has anything that is escaped in JSON.
        if wanted == "xml" and _ESCAPED_IN_XML.search("".join(opened)):
            opened = tuple(map(xml.escaped, opened))
        return self.stored[wanted].filled(opened + stamp).encode()


def split(body: bytes) -> tuple[str, list[str]] | None:
    """Take a body apart into its outline and the texts in quotation marks; nothing where that is not for certain."""
    if len(body) > LARGEST_BODY or b"\\" in body:
        return None
    try:
        parts = body.decode().split('"')
    except UnicodeDecodeError:
        return None
    if len(parts) % 2 == 0:  # the last text does not end
        return None
    return '"'.join(parts[::2]), parts[1::2]


def at(resource: Any, path: Path) -> Any:
    """Follow a path into a resource."""
    for step in path:
        resource = resource[step]
    return resource


def picking(places: Sequence[int]) -> Pick:
    """Give what picks the texts of these places, as a tuple however few they are."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda texts: tuple(texts[at] for at in places)
