"""Content-codings: undone in their order, each bounded, and a fault told in words that fit."""

import gzip
import zlib

import pytest

from registry_sandbox.http.errors import BodyTooLarge, NotWellFormed, UnsupportedMediaType
from registry_sandbox.server.body import decoded

MAX = 1_000


def packed(body: bytes, times: int = 1) -> bytes:
    """Compress a body so many times."""
    for _ in range(times):
        body = gzip.compress(body, mtime=0)
    return body


@pytest.mark.parametrize(
    ("codings", "times"),
    [
        ((), 0),
        (("identity",), 0),
        (("",), 0),
        (("gzip",), 1),
        (("x-gzip",), 1),
        (("GZIP",), 1),
        ((" gzip ",), 1),
        (("gzip, gzip",), 2),
        (("gzip", "gzip"), 2),
        (("identity, gzip", "identity"), 1),
        (("gzip, gzip, gzip, gzip",), 4),
    ],
)
def test_each_coding_is_undone(codings: tuple[str, ...], times: int) -> None:
    """Named on one line or on several, in any case."""
    assert decoded(packed(b"{}", times), codings, MAX) == (b"{}", None)


def test_the_last_coding_is_undone_first() -> None:
    """RFC 9110 section 8.4: they are named in the order in which they were applied."""
    _, error = decoded(b"x", ("br, gzip",), MAX)
    assert isinstance(error, NotWellFormed)
    _, error = decoded(packed(b"x"), ("br, gzip",), MAX)
    assert isinstance(error, UnsupportedMediaType)
    assert "'br'" in str(error)


def test_many_codings_are_refused_before_any_is_undone() -> None:
    """Each would be a whole body to inflate."""
    body, error = decoded(packed(b"{}", 5), ("gzip, gzip", "gzip, gzip, gzip"), MAX)
    assert body == b""
    assert isinstance(error, UnsupportedMediaType)
    assert "names 5 codings" in str(error)
    assert [each.location for each in error.findings] == ["http.Content-Encoding"]


@pytest.mark.parametrize("members", [1, 2, 10])
def test_what_is_inflated_is_bounded_to_the_byte(members: int) -> None:
    """All members together: one that fits may follow, one more byte may not."""
    part = MAX // members
    stream = packed(b"x" * part) * members
    assert decoded(stream, ("gzip",), MAX) == (b"x" * MAX, None)
    for beyond in (packed(b"x"), b""):
        sent = stream + beyond if beyond else packed(b"x" * (MAX + 1))
        body, error = decoded(sent, ("gzip",), MAX)
        assert body == b""
        assert isinstance(error, BodyTooLarge)
        assert str(error) == "The body is larger, once inflated; expected at most 1000 bytes."


def test_a_stream_that_inflates_to_nothing_is_an_empty_body() -> None:
    """It is well-formed."""
    assert decoded(packed(b""), ("gzip",), MAX) == (b"", None)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "cut short"),
        (b"plain", "is not gzip"),
        (zlib.compress(b"{}"), "is not gzip"),
        (packed(b"{}")[:-1], "cut short"),
        (packed(b"{}") + b"tail", "is not gzip"),
        (packed(b"{}") + packed(b"{}")[:-1], "cut short"),
        (packed(b"{}")[:-8] + b"\0" * 8, "is not gzip"),
    ],
)
def test_a_stream_that_is_broken_is_told_so(sent: bytes, words: str) -> None:
    """No gzip, cut short, a wrong checksum, something behind it."""
    body, error = decoded(sent, ("gzip",), MAX)
    assert body == b""
    assert isinstance(error, NotWellFormed)
    assert words in str(error)
