"""JSON as FHIR writes it: UTF-8 only, no duplicate names, and numbers that keep every digit.

Source: RFC 8259; FHIR STU3, JSON Representation.
"""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

MAX_DEPTH = 100
"""How deep elements may nest, in both formats, so that no walk runs out of stack."""

XML_CHARACTERS = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
"""The characters that XML 1.0 can carry, as the inside of a class in a regular expression."""


class NotJson(ValueError):
    """The bytes are no JSON value; line and column count from 1, where they are known."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason if line is None else f"{reason} (line {line}, column {column})")
        self.reason, self.line, self.column = reason, line, column


class Flaw(str):
    """Stands in place of a value that JSON or FHIR does not have; its text says what the value was."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object in which a name occurs more than once; `name` is the first such name."""

    __slots__ = ("name",)
    name: str


def parse(body: bytes) -> Any:
    """Parse strictly. A value that is wrong becomes a `Flaw` or a `Repeated` in its place; the reader reports it.

    Raises:
        NotJson: the body is not JSON in UTF-8, or is nested too deep to parse.
    """
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise NotJson("The body begins with a byte order mark: JSON is UTF-8 without one", 1, 1)
    try:
        return _whole(body.decode())
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
    """Parse what `dumps` wrote, without any checks."""
    return _REDECODER.raw_decode(written.decode())[0]


def dumps(resource: object) -> bytes:
    """Return compact JSON in UTF-8; decimals keep every digit."""
    text = _ENCODER.encode(resource)
    if _MARK in text:
        text = _MARKED.sub(r"\1", text)
    return text.encode()


def flaw_of(text: str) -> str:
    """Return what is wrong with a string: it is empty, or has a character that XML cannot carry; else return ""."""
    if text.isascii() and text.isprintable() and text:
        return ""
    if not text:
        return "an empty string"
    found = _NO_XML_CHARACTER.search(text)
    return f"a string with the character U+{ord(found[0]):04X}" if found else ""


def legible(text: str) -> str:
    """Return a text that quotes a client, with characters that no resource can carry written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return _NO_XML_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def described(value: object) -> str:
    """Describe a JSON value for a person: its kind, and the value itself, shortened."""
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
    """Return the text in quotation marks, shortened, with escapes for what is not printable."""
    return json.dumps(shortened(text), ensure_ascii=not text.isprintable())


def shortened(text: str, longest: int = 80) -> str:
    """Return the text, cut to at most `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def integer(text: str) -> int | Decimal:
    """Return the integer of a text, digit for digit."""
    # Python's int has no minus zero, and is slow beyond a few thousand digits.
    return int(text) if len(text) <= _LONGEST_INT and text != "-0" else Decimal(text)


# What XML 1.0 cannot carry: control characters, lone surrogates, non-characters.
_NO_XML_CHARACTER = re.compile(f"[^{XML_CHARACTERS}]")

_LONGEST_INT = 18


def _whole(text: str) -> Any:
    """Decode a text that is one value, as `JSONDecoder.decode` does, which takes longer to pass over white space."""
    value, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip(_WHITE_SPACE)))
    if rest := text[end:].lstrip(_WHITE_SPACE):
        raise json.JSONDecodeError("Extra data", text, len(text) - len(rest))
    return value


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
    """Return a Decimal as a string that begins with NUL, which no other string does; `dumps` removes the mark."""
    if isinstance(value, Decimal):
        return f"\0{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


_WHITE_SPACE = " \t\r\n"
_MARK = '"\\u0000'
_MARKED = re.compile(r'"\\u0000([^"]*)"')
_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=_real, parse_int=integer, parse_constant=_constant)
_REDECODER = json.JSONDecoder(parse_float=Decimal, parse_int=integer)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=_marked)
