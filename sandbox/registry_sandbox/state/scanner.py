"""Scans a JSON text that comes in parts: it finds where each value ends, and leaves the values to others.

A large array is scanned element by element, so no step takes long, and the text before the element is dropped.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

_BLANK: Final = " \t\n\r"
_AFTER: Final = frozenset(",:]} \t\n\r")
_LARGEST: Final = 16 * 1024 * 1024


class BadText(ValueError):
    """The text is no JSON, or not of the expected shape; the message says what was expected."""


def _why(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)  # places are those of a part


def _no_number(text: str) -> Any:
    raise BadText(f"{text} is no number of JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_number)


class Scanner:
    """A place in a text that comes in parts.

    Args:
        parts: of the text, in UTF-8.
        largest: how many characters one value may have, roughly; it is decoded whole.
    """

    def __init__(self, parts: Iterable[bytes], largest: int = _LARGEST) -> None:
        self._parts = iter(parts)
        self._largest = largest
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._text = ""
        self._at = 0
        self._whole = False

    def members(self) -> Iterator[str]:
        """Yield the names of an object's members; the caller scans the value of each before it asks for the next.

        Raises:
            BadText: there is no object.
        """
        self._require("{")
        if self._take("}"):
            return
        while True:
            name = self.value()[0]
            if not isinstance(name, str):
                raise BadText(f"expected the name of a member, found {str(name)[:40]}")
            self._require(":")
            yield name
            if self._take("}"):
                return
            self._require(",")

    def elements(self) -> Iterator[int]:
        """Yield the positions of an array's elements, from 0; the caller scans each before it asks for the next.

        Raises:
            BadText: there is no array.
        """
        self._require("[")
        if self._take("]"):
            return
        at = 0
        while True:
            yield at
            at += 1
            if self._take("]"):
                return
            self._require(",")

    def value(self) -> tuple[Any, str]:
        """Return the next value, and the text that it is.

        Raises:
            BadText: it is no JSON value, or is too large.
        """
        self._skip_blanks()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except BadText:
                raise
            except RecursionError:
                raise BadText("a value is nested too deep") from None
            except ValueError as error:
                # As much again as there is: so a large value is not tried anew with every small part.
                if not self._more(len(self._text) - self._at):
                    raise BadText(f"no JSON: {_why(error)}") from None
                continue
            # A number may go on behind what has come so far: `1e` is read as 1, and what follows decides.
            if self._text[end : end + 1] in _AFTER or not self._more():
                text = self._text[self._at : end]
                self._at = end
                return value, text

    def end(self) -> None:
        """Require that nothing follows.

        Raises:
            BadText: something does.
        """
        if self._peek():
            raise BadText(f"expected the end, found {self._peek()!r}")

    def _take(self, character: str) -> bool:
        taken = self._peek() == character
        self._at += taken
        return taken

    def _require(self, character: str) -> None:
        if not self._take(character):
            raise BadText(f"expected {character!r}, found {self._peek() or 'the end'!r}")

    def _peek(self) -> str:
        self._skip_blanks()
        return self._text[self._at : self._at + 1]

    def _skip_blanks(self) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return

    def _more(self, wanted: int = 1) -> bool:
        """Read on, by so many characters at least; return False at the end."""
        if self._whole:
            return False
        if len(self._text) - self._at > self._largest:
            raise BadText(f"a value is larger than {self._largest} characters")
        pieces, size = [self._text[self._at :]], 0
        while size < wanted and not self._whole:
            pieces.append(self._next())
            size += len(pieces[-1])
        self._text, self._at = "".join(pieces), 0
        return True

    def _next(self) -> str:
        part = next(self._parts, None)
        self._whole = part is None
        try:
            return self._decode(part or b"", self._whole)
        except UnicodeDecodeError:
            raise BadText("the text is not UTF-8") from None
