"""Follows requests as they arrive, so that a malformed chunk is refused at once, and a head that has no end too.

aiohttp's parser notices a malformed chunk too, but tells nobody who waits for the rest of the body: that came when the
time was over. Its releases before 3.14 look at the length of each piece of a line, not at that of the line.

Source: RFC 9112 section 7.1.
"""

import re
from typing import Final

from aiohttp import StreamReader, web

from registry_sandbox.http.field_names import TRANSFER_ENCODING

LONGEST_LINE_BYTES: Final = 65_536
_LONGEST_HEAD_BYTES: Final = 1024 * 1024
_IN_NO_HEAD: Final = b"\0"
_END_OF_HEAD: Final = b"\r\n\r\n"
# The standard lets bad white space stand in front of the semicolon; the parser does not take it.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(;[^\r\n]*)?\r\n")
_BEGINNING = re.compile(rb"([0-9A-Fa-f]{1,15}(;[^\r\n]*)?\r?)?\Z")
_END_OF_DATA = b"\r\n"
_FOLLOWED_AT_MOST = 10_000


class Framing:
    """The bodies of one connection, as far as their chunks go.

    Attributes:
        broken: whether a chunk was malformed: nothing on the connection can be read any more.
        too_long: whether a head was too long, or a line of it.
    """

    __slots__ = ("_chunks", "_content", "_early", "_head_ended", "broken", "too_long")

    def __init__(self) -> None:
        self.broken = self.too_long = False
        self._early = bytearray()  # what came since the last request
        self._head_ended = False  # as far as that was looked for
        self._chunks: Chunks | None = None
        self._content: StreamReader | None = None

    def take(self, data: bytes, *, begun: bool) -> bytes | None:
        """Take what has arrived, and return what the parser gets of it; None if it must not have it.

        `begun`: whether a request is being answered, so that this is part of its body or of what follows.
        """
        if self._chunks is not None and not self._chunks.follow(data):
            self._break_off()
            return None
        if self.too_long:
            return None
        if not begun:
            before = len(self._early)
            self._early += data
            if len(self._early) > LONGEST_LINE_BYTES and not self._head_ended and self._is_too_long(before):
                self.too_long, self._early = True, bytearray()
                return _IN_NO_HEAD  # the parser refuses it, and the head with it
        return data

    def _is_too_long(self, before: int) -> bool:
        """Return True if the head is too long, or the line of it that goes on where the newest piece begins."""
        early = self._early
        looked_at = before - len(_END_OF_HEAD) + 1 if before > LONGEST_LINE_BYTES else 0
        end = early.find(_END_OF_HEAD, looked_at)
        self._head_ended = end >= 0
        if 0 <= end < before:  # this piece is of a body
            return False
        line_begins, line_ends = early.rfind(b"\n", 0, before) + 1, early.find(b"\n", before)
        line_bytes = (len(early) if line_ends < 0 else line_ends) - line_begins
        return line_bytes > LONGEST_LINE_BYTES or (end < 0 and len(early) > _LONGEST_HEAD_BYTES)

    def begin(self, http: web.BaseRequest) -> None:
        """Look at the chunks of a request whose body is not complete yet."""
        head, end, first = self._early.partition(_END_OF_HEAD)
        if end and b"chunked" in head.lower() and "chunked" in http.headers.get(TRANSFER_ENCODING, "").lower():
            self._chunks, self._content = Chunks(), http.content
            if not self._chunks.follow(bytes(first)):
                self._break_off()

    def end(self) -> None:
        """Stop looking: the body is there, or there is none."""
        if self._early or self._chunks is not None:
            self._early, self._chunks, self._content = bytearray(), None, None
            self._head_ended = False

    def _break_off(self) -> None:
        self.broken = True
        if self._content is not None:
            self._content.feed_eof()  # whoever reads the body waits no longer
        self.end()


class Chunks:
    """The framing of one body.

    It says what is surely wrong, and leaves the rest to the parser: trailers, and what comes after very many chunks.
    """

    def __init__(self) -> None:
        self._rest = b""  # of a line that is not complete
        self._data_left = 0  # of the current chunk, with the line end behind it
        self._count = 0
        self._over = False

    def follow(self, data: bytes) -> bool:
        """Take what has arrived; return False if it breaks the framing."""
        at = 0
        data, self._rest = self._rest + data, b""
        while at < len(data) and not self._over:
            if self._data_left > len(_END_OF_DATA):
                skipped = min(self._data_left - len(_END_OF_DATA), len(data) - at)
                at, self._data_left = at + skipped, self._data_left - skipped
            elif self._data_left:
                found = data[at : at + self._data_left]
                if not _END_OF_DATA[-self._data_left :].startswith(found):
                    return False
                at, self._data_left = at + len(found), self._data_left - len(found)
            else:
                line = _SIZE_LINE.match(data, at)
                if line is None:
                    self._rest = data[at:]
                    return _BEGINNING.match(data, at) is not None
                at = line.end()
                self._begin(int(line[1], 16))
        return True

    def _begin(self, size: int) -> None:
        self._count += 1
        self._data_left = size + len(_END_OF_DATA)
        self._over = size == 0 or self._count > _FOLLOWED_AT_MOST
