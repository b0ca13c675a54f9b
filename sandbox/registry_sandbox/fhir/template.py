"""Resources that differ in a few texts only: written once, cut where the texts stand, and put together ever after.

The one who writes puts a mark where each text will stand, in the order of the document.
"""

import re
from collections.abc import Sequence
from typing import Literal

from registry_sandbox.fhir import json, xml

Format = Literal["json", "xml"]

TEXTS: Sequence[str] = ("\ue000", "\ue001", "\ue002", "\ue003")
"""Marks in the place of texts: characters of private use, which both formats write as they are."""

NUMBER = 1_999_999_999
"""The mark in the place of a number."""

_MARK = re.compile(b"|".join([*(each.encode() for each in TEXTS), str(NUMBER).encode()]))


class Template:
    """A document that lacks some texts.

    Args:
        document: with marks.
        wanted: its format.
        marks: how many there are; what looks like one behind them is text.
    """

    def __init__(self, document: bytes, wanted: Format, marks: int) -> None:
        self._format = b"%b".join(each.replace(b"%", b"%%") for each in _MARK.split(document, maxsplit=marks))
        self._wanted = wanted

    def filled(self, *texts: str) -> bytes:
        """Give the document with these texts, in the order of the marks."""
        return self._format % tuple(written_together(texts, self._wanted))


def written_together(texts: Sequence[str], wanted: Format) -> list[bytes]:
    """Write texts as they stand between quotation marks; hardly ever is there anything to escape in any."""
    if _is_plain("".join(texts)):
        return "\n".join(texts).encode().split(b"\n") if texts else []
    return [json.dumps(text)[1:-1] if wanted == "json" else xml.escaped(text).encode() for text in texts]


def _is_plain(text: str) -> bool:
    """Tell whether neither format escapes anything in a text."""
    escaped = '"' in text or "\\" in text or "&" in text or "<" in text or ">" in text
    return not escaped and text.isascii() and text.isprintable()
