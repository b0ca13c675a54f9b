r"""The one redactor: it keeps tokens and secrets out of the journal, the access log and outcomes.

A secret is a JSON Web Token wherever it stands, or the value of a field with a telling name (`client_secret`,
`access_token`, `password` ...) in a query, a form, a multipart form, JSON, XML or a header. Both are found through
percent-encoding (`%2E`), JSON escapes (`\u002e`), XML character references (`&#46;`), and one of them around another.

The text is decoded into characters that remember where they stood in the original. What is found among them is blanked
there. A text with several readings loses more rather than less. Each pattern consumes what it looks at (possessive
quantifiers), so the time is linear in the length of the text.

Source: RFC 7519 section 3 (a token's form); RFC 6749 sections 2.3.1 and 5.1, RFC 7521 section 4.2 (names of fields).
"""

import re
from collections.abc import Iterator

REDACTED = "<redacted>"

_ESCAPE = re.compile(
    r"%(?:25)*+([0-9a-f]{2})|\\++u([0-9a-f]{4})|[&\x01](?:amp;)*+#(?:x0*+([0-9a-f]{1,6})|0*+(\d{1,7}));", re.IGNORECASE
)
_ROUNDS = 3  # of escapes of different kinds, one around another
_BOUNDARIES = frozenset("&\"'<>\r\n")
_INERT = "\x01"  # an escaped boundary is part of a value and does not end it

_RUN = re.compile(r"[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]*+)*+", re.ASCII)
# The beginning of a JSON object in base64url: an opening brace, then a quotation mark or white space.
_TOKEN_BEGINS = "e(?:y[ABIJ]|w[01klop])"
_TOKEN_HEADER = re.compile(rf"{_TOKEN_BEGINS}[A-Za-z0-9_-]{{5}}", re.ASCII)

_NAME = r"(?:secret|token|assertion|passw(?:or)?d|pwd|api[_-]?key|jwt|cookie|authorization)"
_AFTER_NAME = r"(?![a-z0-9_-])"
_FIELD = re.compile(
    rf"""{_NAME}{_AFTER_NAME}[\s"'\\\x01\]]*+(?:
        =\s*+((?:"[^"]*+"?|'[^']*+'?)?+[^&\r\n]*+)                                # a form, a query, an XML attribute
        |:\s*+("(?:[^"\\]|\\.)*+"?|'[^']*+'?|[\[{{][\s\S]*+|[^\r\n]*+)            # JSON, a header
        |>((?:[^<]|<(?!/))*+)                                                     # an XML element
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_PART = re.compile(
    rf"""name\*?\s*+=[^\r\n;]{{0,60}}?{_NAME}{_AFTER_NAME}[^\r\n]*+\r?\n   # the rest of Content-Disposition
        (?:[^\r\n]++\r?\n){{0,16}}+\r?\n                                     # the other headers of the part
        ((?:[^\r\n]|\r?\n(?!--))*+)                                        # its body""",
    re.IGNORECASE | re.VERBOSE,
)
# Most texts have no secret. What every secret needs is looked for first, at a tenth of the price: a token needs its
# beginning or an escape; a field needs a telling name and a sign after it, or an escape.
_TOKEN_OR_ESCAPE = re.compile(rf"{_TOKEN_BEGINS}|[%#]|\\u")
_NAMES_HAVE = ("secret", "token", "assertion", "passw", "pwd", "api", "jwt", "cookie", "authorization")
_SECRET_HEADER = re.compile(_NAME, re.IGNORECASE)
_SCHEME = re.compile(r"\s*+(basic|bearer|digest|negotiate)\s++\S", re.IGNORECASE)

_Span = tuple[int, int]


def may_have_secrets(text: str) -> bool:
    """Return False if a text has no secret for certain: then none of its parts has one. That costs little to see."""
    if _has_token_or_escape(text):
        return True
    return ("=" in text or ":" in text or ">" in text) and _has_name(text.lower())


def without_secrets(text: str) -> str:
    """Return a text without tokens, and without the values of fields whose name says that they are secret."""
    return _blanked(text, fields=True) if may_have_secrets(text) else text


def without_tokens(text: str) -> str:
    """Return a text without tokens: for sentences of ours, which name fields that no secret follows."""
    return _blanked(text, fields=False) if _has_token_or_escape(text) else text


def header_without_secrets(name: str, value: str) -> str:
    """Return the value of a header without secrets: all of it where the header's name or its scheme says so."""
    if _SECRET_HEADER.search(name):
        return REDACTED
    scheme = _SCHEME.match(value)
    return f"{scheme[1]} {REDACTED}" if scheme else without_secrets(value)


def _has_token_or_escape(text: str) -> bool:
    # The pattern finds nothing without one of these. To look for one character is fastest.
    begins = ("y" in text and "ey" in text) or ("w" in text and "ew" in text)
    may_have = begins or "%" in text or "#" in text or ("\\" in text and "\\u" in text)
    return may_have and _TOKEN_OR_ESCAPE.search(text) is not None


def _has_name(lowered: str) -> bool:
    return any(each in lowered for each in _NAMES_HAVE)


def _blanked(text: str, *, fields: bool) -> str:
    decoded, starts = _decoded(text)
    spans = [*_tokens(decoded), *(_fields(decoded) if fields else ())]
    pieces, at = [], 0
    for begin, end in sorted(spans):
        begins, ends = (begin, end) if starts is None else (starts[begin], starts[end])
        if ends > at:
            pieces += [text[at:begins], REDACTED] if begins >= at else []
            at = ends
    return "".join([*pieces, text[at:]])


def _decoded(text: str) -> tuple[str, list[int] | None]:
    """Return the text without escapes, and where each of its characters, and its end, stood in the original."""
    starts: list[int] | None = None
    for _ in range(_ROUNDS):
        escapes = list(_ESCAPE.finditer(text))
        if not escapes:
            break
        starts = list(range(len(text) + 1)) if starts is None else starts
        pieces, kept, at = [], [], 0
        for escape in escapes:
            pieces += [text[at : escape.start()], _character(escape)]
            kept += starts[at : escape.start() + 1]
            at = escape.end()
        text, starts = "".join([*pieces, text[at:]]), [*kept, *starts[at:]]
    return text, starts


def _character(escape: re.Match[str]) -> str:
    percent, json, hexadecimal, decimal = escape.groups()
    code = int(decimal) if decimal else int(percent or json or hexadecimal, 16)
    character = chr(code) if code < 128 else _INERT  # noqa: PLR2004 - ASCII; no name and no token has another
    return _INERT if character in _BOUNDARIES else character


def _tokens(text: str) -> Iterator[_Span]:
    """Find each token: a segment that begins a JSON object, and whatever its dots join to it."""
    for run in _RUN.finditer(text):
        before_last_dot = run[0].rfind(".")
        header = _TOKEN_HEADER.search(run[0], 0, max(before_last_dot, 0))
        if header is not None:
            yield run.start() + header.start(), run.end()


def _fields(text: str) -> Iterator[_Span]:
    for pattern in (_FIELD, _PART):
        for found in pattern.finditer(text):
            group = found.lastindex or 0
            begin, end = found.span(group)
            quoted = end - begin > 1 and text[begin] == text[end - 1] and text[begin] in "\"'"
            begin, end = (begin + 1, end - 1) if quoted else (begin, end)
            if begin < end:
                yield begin, end
