"""Requests as they arrive, wherever they are cut: malformed chunks, and heads that are too long, are found at once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.server.chunks import LONGEST_LINE_BYTES, Chunks, Framing

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


def found_too_long(sent: bytes, cuts: list[int]) -> bool:
    """Let a request arrive in pieces, and return whether its head was found too long."""
    framing = Framing()
    ends = sorted(cut % len(sent) for cut in cuts)
    for begin, end in pairwise([0, *ends, len(sent)]):
        given_on = framing.take(sent[begin:end], begun=False)
        assert given_on == sent[begin:end] or framing.too_long
    return framing.too_long


def head(line_bytes: int) -> bytes:
    """Make a head with a line of this length, and others."""
    return b"GET / HTTP/1.1\r\n" + b"a" * (line_bytes - 1) + b"\r\nHost: a\r\n\r\n"


@given(st.lists(st.integers(0, 300_000), max_size=6))
def test_a_body_may_be_long_where_no_line_of_the_head_is(cuts: list[int]) -> None:
    """A body has no lines; it may come before anybody asks for it."""
    assert not found_too_long(head(LONGEST_LINE_BYTES) + b"x" * 200_000, cuts)


@given(st.lists(st.integers(0, LONGEST_LINE_BYTES), min_size=1, max_size=6))
def test_a_line_that_is_too_long_is_found_in_pieces(cuts: list[int]) -> None:
    """By the piece that makes it too long, at the latest; one piece alone is the parser's matter."""
    assert found_too_long(head(LONGEST_LINE_BYTES + 2), [17 + cut % LONGEST_LINE_BYTES for cut in cuts])


@pytest.mark.parametrize(("lines", "found"), [(15, False), (17, True)])
def test_a_head_of_many_lines_has_a_bound(lines: int, found: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A megabyte, however short its lines are."""
    sent = b"GET / HTTP/1.1\r\n" + (b"a: " + b"a" * 65_000 + b"\r\n") * lines
    assert found_too_long(sent, list(range(0, len(sent), 30_000))) is found


def test_nothing_is_given_on_behind_a_head_that_was_too_long() -> None:
    """But an octet that no head may have: by it the parser refuses what it has."""
    framing = Framing()
    pieces = (b"GET /", b"a" * 70_000, b"a", b" HTTP/1.1\r\n\r\n")
    assert [framing.take(each, begun=False) for each in pieces] == [b"GET /", b"\0", None, None]


def test_a_body_that_nobody_wants_is_no_head() -> None:
    """A request was refused, and the rest of its body is still arriving."""
    framing = Framing()
    assert all(framing.take(b"a" * 60_000, begun=True) for _ in range(20))
    assert not framing.too_long
