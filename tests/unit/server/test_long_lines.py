"""The bound of a line: it is the same wherever the network cuts the head."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.server.long_lines import LONGEST_LINE_BYTES, LongLines

_BODY = b"x" * (3 * LONGEST_LINE_BYTES)


def exceeded(sent: bytes, cuts: list[int]) -> bool:
    """Send the bytes in pieces, and return whether a line was found too long."""
    lines = LongLines()
    lines.begin()
    ends = sorted(cut % len(sent) for cut in cuts)
    return any(lines.exceeded(sent[begin:end]) for begin, end in pairwise([0, *ends, len(sent)]))


def head(length: int) -> bytes:
    """Return a head with one line of this length, and others."""
    return b"GET / HTTP/1.1\r\n" + b"a" * (length - 1) + b"\r\nHost: a\r\n\r\n"


@given(st.lists(st.integers(0, 200_000), max_size=6))
def test_a_head_and_a_body_may_be_long_where_no_line_of_the_head_is(cuts: list[int]) -> None:
    """A body has no lines."""
    sent = head(LONGEST_LINE_BYTES)
    assert not exceeded(sent, cuts)
    assert not exceeded(sent + _BODY, cuts)


@given(st.lists(st.integers(0, 66_000), min_size=1, max_size=6))
def test_a_line_that_is_too_long_is_found_in_pieces(cuts: list[int]) -> None:
    """By the piece that makes it too long, at the latest; one piece alone is the parser's matter."""
    inside = [17 + cut % LONGEST_LINE_BYTES for cut in cuts]
    assert exceeded(head(LONGEST_LINE_BYTES + 2), inside)
