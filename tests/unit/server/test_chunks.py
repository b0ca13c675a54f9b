"""The framing of a chunked body, wherever it is cut; what is wrong is found with the byte that is wrong."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from aiohttp import web

from registry_sandbox.server.chunks import EARLY_AT_MOST, Chunks, Framing

GOOD = b"5\r\nabcde\r\nA;x=y\r\n0123456789\r\n1;\r\na\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize("size", range(1, len(GOOD) + 1))
def test_good_chunks_are_followed_to_their_end(size: int) -> None:
    """In pieces of every size."""
    chunks = Chunks()
    assert all(chunks.follow(GOOD[at : at + size]) for at in range(0, len(GOOD), size))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"", b"z"),
        (b"5", b"x"),
        (b"5\r", b"x"),
        (b"5", b" "),
        (b"5\r\nabcde", b"f"),
        (b"5\r\nabcde\r", b"f"),
        (b"5\r\nabcde\r\n", b"\r"),
        (b"5;a", b"\n"),
        (b"123456789012345", b"6"),
        (b"5;" + b"a" * 4_096, b"a"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_what_breaks_the_framing_is_found_at_once(good: bytes, bad: bytes, *, together: bool) -> None:
    """With what is good before it, or alone."""
    chunks = Chunks()
    if together:
        assert not chunks.follow(good + bad)
    else:
        assert chunks.follow(good)
        assert not chunks.follow(bad)


def test_what_follows_the_last_chunk_is_left_to_the_parser() -> None:
    """Trailers, or the next request."""
    chunks = Chunks()
    assert chunks.follow(b"0\r\n")
    assert chunks.follow(b"GET / HTTP/1.1\r\n")


def test_very_many_chunks_are_left_to_the_parser() -> None:
    """To look at each would take longer than to wait."""
    chunks = Chunks()
    assert chunks.follow(b"1\r\na\r\n" * 10_001)
    assert chunks.follow(b"zz")
    assert not Chunks().follow(b"1\r\na\r\n" * 9_999 + b"zz")


HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Coming:
    """A request whose body is on its way, as far as the framing looks at it; it is its own content."""

    headers: dict[str, str] = field(default_factory=lambda: {"Transfer-Encoding": "chunked"})
    ended: bool = False

    @property
    def content(self) -> "Coming":
        """The body."""
        return self

    def feed_eof(self) -> None:
        """Note that nothing more is waited for."""
        self.ended = True


def begun(framing: Framing, early: bytes) -> Coming:
    """Return a request whose chunks the framing looks at, if it does; this came with its head."""
    request = Coming()
    framing.begin(cast("web.BaseRequest", request), early)
    return request


def test_whoever_waits_for_a_body_is_told_that_it_is_broken() -> None:
    """Whether the bad chunk came with the head or later; the parser does not get what came later."""
    framing = Framing()
    assert begun(framing, HEAD + b"zz").ended
    assert framing.broken
    framing = Framing()
    request = begun(framing, HEAD + b"1\r\nx\r\n")
    assert not request.ended
    assert not framing.follow(b"zz")
    assert request.ended


def test_what_may_not_be_all_that_came_is_left_to_the_parser() -> None:
    """Otherwise, what was not kept would be missed among the chunks."""
    framing = Framing()
    begun(framing, HEAD + b"100000\r\n".ljust(EARLY_AT_MOST, b"x"))
    assert framing.follow(b"zz\r\n" * 300_000)


def test_what_follows_a_refused_body_is_left_to_the_parser() -> None:
    """The rest of that body comes first, and may look like anything; after a whole body, chunks are looked at."""
    framing = Framing()
    framing.end(whole=True)
    assert begun(framing, HEAD + b"zz").ended
    framing = Framing()
    framing.end(whole=False)
    framing.end(whole=True)
    assert not begun(framing, HEAD + b"zz").ended
