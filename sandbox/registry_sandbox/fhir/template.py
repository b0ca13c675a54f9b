"""Templates for resources that differ only in a few texts.

The resource is written once, with a mark in place of each text. It is split at the marks, and each answer joins the
parts with its own texts.
"""

import re
from collections.abc import Sequence

from registry_sandbox.fhir import json, xml
from registry_sandbox.fhir.resource import Format

TEXTS: Sequence[str] = ("\ue000", "\ue001", "\ue002", "\ue003")
"""Marks for texts: private-use characters, which both formats write unchanged."""

NUMBER = 1_999_999_999
"""The mark for a number."""

_MARK = re.compile(b"|".join([*(each.encode() for each in TEXTS), str(NUMBER).encode()]))


class Template:
    """A document with places for texts.

    Args:
        document: with marks.
        wanted: its format.
        marks: how many there are. After that many, a mark character is ordinary text.
    """

    def __init__(self, document: bytes, wanted: Format, marks: int) -> None:
        self._format = b"%b".join(each.replace(b"%", b"%%") for each in _MARK.split(document, maxsplit=marks))
        self._wanted = wanted

    def filled(self, *texts: str) -> bytes:
        """Return the document with these texts, in the order of the marks."""
        return self._format % tuple(written_together(texts, self._wanted))


def written_together(texts: Sequence[str], wanted: Format) -> list[bytes]:
    """Return texts, escaped as between quotation marks. Most need no escapes, so all are checked together."""
    together = "\n".join(texts).encode("ascii", "backslashreplace")
    if together.translate(None, _PLAIN) == b"\n" * (len(texts) - 1):
        return together.split(b"\n") if texts else []
    return [json.dumps(text)[1:-1] if wanted == "json" else xml.escaped(text).encode() for text in texts]


_PLAIN = bytes(set(range(ord(" "), ord("~") + 1)) - set(b'"\\&<>'))
"""The characters of ASCII that neither format has to escape."""
