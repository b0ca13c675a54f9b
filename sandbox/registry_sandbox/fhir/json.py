"""JSON as FHIR writes it: UTF-8 only, no duplicate names, and numbers that keep every digit they were sent with.

Source: RFC 8259; FHIR STU3, JSON Representation.
"""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

MAX_DEPTH = 100
"""How many elements with content may stand inside each other, in either format: no walk can run out of stack."""

XML_CHARACTERS = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
"""The characters that XML 1.0 can carry, as the inside of a class in a regular expression."""


class NotJson(ValueError):
    """The bytes are no JSON value; line and column count from 1, where they are known."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason if line is None else f"{reason} (line {line}, column {column})")
        self.reason, self.line, self.column = reason, line, column


class Flaw(str):
    """What stands where a value was that JSON cannot carry, or FHIR does not; its text says what it was."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object in which a name stands more than once; `name` is the first such."""

    __slots__ = ("name",)
    name: str


def parse(body: bytes) -> Any:
    """Parse strictly: what is wrong in a place is left there, as a `Flaw` or a `Repeated`, for the reader to name.

    Raises:
        NotJson: the body is no JSON text in UTF-8, or is nested beyond any use.
    """
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise NotJson("The body begins with a byte order mark: JSON is UTF-8 without one", 1, 1)
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise NotJson(f"The body is not UTF-8: byte {error.start + 1} cannot be decoded", line, column) from error
    except json.JSONDecodeError as error:
        reason = f"The body is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise NotJson(reason, error.lineno, error.colno) from error
    except RecursionError as error:
        raise NotJson(f"The body is nested too deep: at most {MAX_DEPTH} elements stand inside each other") from error


def reparse(written: bytes) -> Any:
    """Parse what `dumps` wrote, in which nothing can be wrong."""
    return _REDECODER.decode(written.decode())


def dumps(resource: object) -> bytes:
    """Give compact UTF-8, decimals digit for digit."""
    text = _ENCODER.encode(resource)
    if _MARK in text:
        text = _MARKED.sub(r"\1", text)
    return text.encode()


def flaw_of(text: str) -> str:
    """Say what makes a string unusable, or give nothing: it is empty, or holds what XML cannot carry."""
    if text.isascii() and text.isprintable() and text:
        return ""
    if not text:
        return "an empty string"
    found = _NO_XML_CHARACTER.search(text)
    return f"a string with the character U+{ord(found[0]):04X}" if found else ""


def legible(text: str) -> str:
    """Give the text with what no resource can carry written as escapes: what clients sent is quoted to them."""
    if text.isascii() and text.isprintable():
        return text
    return _NO_XML_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def described(value: object) -> str:
    """Name a JSON value for a person: what it is, and the value itself where it is short."""
    if isinstance(value, Flaw):
        return str(value)
    if isinstance(value, dict | list):
        kind = "object" if isinstance(value, dict) else "array"
        return f"an {kind}" if value else f"an empty {kind}"
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"the number {shortened(str(value))}"


def quoted(text: str) -> str:
    """Give the text in quotation marks, shortened, and with whatever is not printable escaped."""
    return json.dumps(shortened(text), ensure_ascii=not text.isprintable())


def shortened(text: str, longest: int = 80) -> str:
    """Give at most so many characters of the text."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def integer(text: str) -> int | Decimal:
    """Give the whole number of this text, digit for digit."""
    # Python's int knows no minus zero, and is slow beyond a few thousand digits.
    return int(text) if len(text) <= _LONGEST_INT and text != "-0" else Decimal(text)


# All else XML 1.0 cannot carry: control characters, lone surrogates, non-characters.
_NO_XML_CHARACTER = re.compile(f"[^{XML_CHARACTERS}]")

_LONGEST_INT = 18


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = Repeated(members)
    repeated.name = _first_repeated(name for name, _ in pairs)
    return repeated


def _first_repeated(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _real(text: str) -> Decimal | Flaw:
    if "e" in text or "E" in text:
        return Flaw(f"the number {shortened(text)}, with an exponent")
    return Decimal(text)


def _constant(text: str) -> Flaw:
    return Flaw(f"{text}, which is no JSON value")


def _marked(value: object) -> str:
    """Let a Decimal pass the C encoder as a string that begins with NUL, which no string of a resource can hold."""
    if isinstance(value, Decimal):
        return f"\0{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


_MARK = '"\\u0000'
_MARKED = re.compile(r'"\\u0000([^"]*)"')
_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=_real, parse_int=integer, parse_constant=_constant)
_REDECODER = json.JSONDecoder(parse_float=Decimal, parse_int=integer)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=_marked)
