"""Content negotiation: the format of the body, and the format of the answer.

Source: FHIR STU3, RESTful API, 2.21.0.6 Content Types; RFC 9110 section 12.5.1.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from registry_sandbox.fhir.resource import Format, Write
from registry_sandbox.http.errors import BodyTooLarge, NotAcceptable, UnsupportedMediaType
from registry_sandbox.http.field_names import ACCEPT, CONTENT_TYPE
from registry_sandbox.http.query import MOST_PARAMETERS
from registry_sandbox.http.request import Negotiated, Request
from registry_sandbox.http.response import Response

MEDIA_TYPE: dict[Format, str] = {
    "json": "application/fhir+json; charset=utf-8",
    "xml": "application/fhir+xml; charset=utf-8",
}
"""The Content-Type of answers: FHIR's media types, also if a client asked for a generic one."""

_REMEMBERED_AT_MOST = 1_000
"""Characters of headers that are cached. A thousand of the longest possible headers would fill gigabytes."""

FORM = "application/x-www-form-urlencoded"

_FORMATS: dict[str, Format] = {
    "application/fhir+json": "json",
    "application/json": "json",
    "application/json+fhir": "json",
    "json": "json",
    "text/json": "json",
    "application/fhir+xml": "xml",
    "application/xml": "xml",
    "application/xml+fhir": "xml",
    "text/xml": "xml",
    "xml": "xml",
}
_SHORT = frozenset({"json", "xml"})
_RANGES: dict[str, tuple[int, tuple[Format, ...]]] = {
    "*/*": (1, ("json", "xml")),
    "application/*": (2, ("json", "xml")),
    "text/*": (2, ("xml",)),
}
"""The media ranges with a star: how specific each is (a media type itself has 3), and the formats that it matches."""

_EXPECTED = "expected application/fhir+xml or application/fhir+json"
_STU3 = re.compile(r"3\.0(\.[0-2])?")
_OF_STU3 = ", of FHIR version 3.0"
_VERSION_PARAMETERS = ("fhirversion", "version")


@lru_cache(maxsize=1_024)
def negotiate(formats_asked: tuple[str, ...], accept: str | None, content_type: str | None) -> Negotiated:
    """Choose the answer's format: `_format` beats Accept, which beats the request's Content-Type, else JSON.

    Args:
        formats_asked: every value of `_format`, decoded once.
        accept: the Accept header, its several lines joined.
        content_type: the body's, or None.
    """
    fallback: Format = body_format(content_type) or "json"
    if formats_asked:
        return _by_parameter(formats_asked, fallback)
    if accept is None or not accept.strip():
        return Negotiated(fallback)
    return _by_accept(accept, fallback)


def _by_parameter(asked: tuple[str, ...], fallback: Format) -> Negotiated:
    # A raw "+" in a query is a space once decoded: `_format=application/fhir+xml` is what people type.
    formats = {_format_asked(value) for value in asked}
    if len(formats) == 1 and (wanted := formats.pop()) is not None:
        return Negotiated(wanted)
    named = ", ".join(sorted(asked))
    return Negotiated(fallback, f"_format is '{named[:80]}'; {_EXPECTED}, xml or json, once{_hint(named)}.")


def _format_asked(value: str) -> Format | None:
    media_type, *parameters = _pieces(value)
    # Before a parameter, a "+" of a form-encoded query is a space.
    stated = [each.lstrip("+ ") for each in parameters]
    return _FORMATS.get(media_type.replace(" ", "+")) if _is_stu3(stated) else None


def _pieces(media_type: str) -> list[str]:
    """Split a media type from its parameters."""
    return [piece.strip().lower() for piece in media_type.split(";")]


def _is_stu3(parameters: Iterable[str]) -> bool:
    """True if no parameter of a media type names another version of FHIR. Source: FHIR R4, MIME types, fhirVersion."""
    named = (piece.partition("=") for piece in parameters)
    versions = (value.strip('" ') for name, _, value in named if name.strip() in _VERSION_PARAMETERS)
    return all(map(_STU3.fullmatch, versions))


def _hint(sent: str) -> str:
    return _OF_STU3 if "version" in sent.lower() else ""


def _by_accept(accept: str, fallback: Format) -> Negotiated:
    ranges = _ranges(accept)
    ranked = [(*_rank(each, ranges), each == fallback, each) for each in MEDIA_TYPE]
    quality, *_, wanted = max(ranked)
    if quality > 0:
        return Negotiated(wanted)
    return Negotiated(fallback, f"Accept is '{accept[:80]}'; {_EXPECTED}{_hint(accept)}.")


def _rank(wanted: Format, ranges: list[tuple[str, float]]) -> tuple[float, int, int]:
    """Return the quality of a format, how specific the range is that names it, and how early the range stands.

    RFC 9110 section 12.5.1: the most specific range that matches counts, so `application/fhir+json;q=0, */*` is XML.
    """
    named = [(_exactness(each, wanted), quality, -at) for at, (each, quality) in enumerate(ranges)]
    exactness, quality, place = max(named, default=(0, 0.0, 0))
    return (quality, exactness, place) if exactness else (0.0, 0, 0)


def _exactness(media_range: str, wanted: Format) -> int:
    if media_range in _RANGES:
        exactness, formats = _RANGES[media_range]
        return exactness if wanted in formats else 0
    return 3 if media_range not in _SHORT and _FORMATS.get(media_range) == wanted else 0


def _ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for part in accept.split(","):
        media_range, *parameters = _pieces(part)
        if not _is_stu3(parameters):
            continue
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _quality(value.strip())
        ranges.append((media_range, quality))
    return ranges


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


@lru_cache(maxsize=256)
def body_format(content_type: str | None) -> Format | None:
    """Return the format that a Content-Type names, or None if it names none that the sandbox reads."""
    if content_type is None:
        return None
    media_type, *parameters = _pieces(content_type)
    charsets = [piece.partition("=")[2].strip('" ') for piece in parameters if piece.startswith("charset=")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets) or media_type in _SHORT:
        return None
    return _FORMATS.get(media_type) if _is_stu3(parameters) else None


def require_body_format(content_type: str | None) -> Format:
    """Return the format of a resource in a body.

    Raises:
        UnsupportedMediaType: the Content-Type is missing, or not one that the sandbox reads.
    """
    wanted = body_format(content_type)
    if wanted is None:
        found = "missing" if content_type is None else f"'{content_type[:80]}'"
        raise UnsupportedMediaType(
            f"Content-Type is {found}; {_EXPECTED}, in UTF-8{_hint(content_type or '')}.",
            location="http.Content-Type",
        )
    return wanted


_ENCODED_NAME = re.compile(r"(?:[^=&%]*+(?:=[^&]*+)?+&)*+[^=&%]*+%")


def formats_asked(query: str) -> tuple[str, ...]:
    """Return every value of `_format` in a query string or a form."""
    if "_format" not in query and not _ENCODED_NAME.match(query):
        return ()
    if query.count("&") >= MOST_PARAMETERS:  # the query will be refused anyway
        return ()
    pairs = (part.partition("=") for part in query.split("&"))
    return tuple(unquote(value) for name, _, value in pairs if unquote(name) == "_format")


def _negotiated(headers: CIMultiDictProxy[str], asked: tuple[str, ...]) -> Negotiated:
    lines = headers.getall(ACCEPT, ())
    accept, content_type = ", ".join(lines) if lines else None, headers.get(CONTENT_TYPE)
    if sum(map(len, asked)) + len(accept or "") + len(content_type or "") > _REMEMBERED_AT_MOST:
        return negotiate.__wrapped__(asked, accept, content_type)
    return negotiate(asked, accept, content_type)


@lru_cache(maxsize=256)
def is_form(content_type: str | None) -> bool:
    """Return True if a Content-Type names a form, whatever its parameters."""
    return _pieces(content_type or "")[0] == FORM


def note_answer_format(request: Request) -> None:
    """Note the format of the answer, or why the client accepts none. Refuse nothing yet."""
    asked = formats_asked(request.query) if request.query else ()
    if request.body and is_form(request.headers.get(CONTENT_TYPE)):  # a form may have `_format` too
        asked += formats_asked(request.body.decode("latin-1").strip())
    result = None if asked else request.facts.negotiated
    if result is None:
        result = _negotiated(request.headers, asked)
        if not asked:
            request.facts.negotiated = result
    request.answer_format, request.not_acceptable = result


def represent(response: Response, wanted: Format, write: Write) -> None:
    """Encode the content of an answer, and set its Content-Type."""
    if response.content is not None:
        response.body = response.content.encode(wanted, write)
        response.headers[CONTENT_TYPE] = MEDIA_TYPE[wanted]
        response.content = None


def require_formats(request: Request) -> None:
    """Refuse a body in an unsupported format, a client that accepts no format, and a body that is too large.

    Raises:
        UnsupportedMediaType, NotAcceptable, BodyTooLarge: in this order.
    """
    if request.declared.body != "none":
        _require_body_format(request)
    if request.not_acceptable:
        location = "http._format" if request.not_acceptable.startswith("_format") else "http.Accept"
        raise NotAcceptable(request.not_acceptable, location=location)
    if isinstance(request.body_error, BodyTooLarge):
        raise request.body_error


def _require_body_format(request: Request) -> None:
    content_type = request.headers.get(CONTENT_TYPE)
    if request.declared.body == "form":
        if request.body:
            _require_form(content_type)
    elif request.body or content_type is not None:
        request.body_format = require_body_format(content_type)
    if isinstance(request.body_error, UnsupportedMediaType):
        raise request.body_error


def _require_form(content_type: str | None) -> None:
    if not is_form(content_type):
        found = f"'{content_type[:80]}'" if content_type else "missing"
        raise UnsupportedMediaType(f"Content-Type is {found}; expected {FORM}.", location="http.Content-Type")
