"""Follows the framing of a chunked body as it arrives, so that a malformed chunk is refused at once.

aiohttp's parser notices it too, but tells nobody who waits for the rest of the body: that came when the time was over.

Source: RFC 9112 section 7.1.
"""

import re
from typing import Final

from aiohttp import StreamReader, web

from registry_sandbox.http.field_names import TRANSFER_ENCODING

_END_OF_HEAD: Final = b"\r\n\r\n"
# The standard lets bad white space stand in front of the semicolon; the parser does not take it. An extension has a
# bound, because a line that is not complete is looked at again with everything that arrives.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(;[^\r\n]{0,4096})?\r\n")
_BEGINNING = re.compile(rb"([0-9A-Fa-f]{1,15}(;[^\r\n]{0,4096})?\r?)?\Z")
_END_OF_DATA = b"\r\n"
_FOLLOWED_AT_MOST = 10_000

EARLY_AT_MOST: Final = 524_288
"""How many bytes are kept of what comes before a request is answered: more than comes at once."""


class Framing:
    """The bodies of one connection, as far as their chunks go.

    Attributes:
        broken: whether a chunk was malformed: nothing on the connection can be read any more.
    """

    __slots__ = ("_chunks", "_content", "_left_behind", "broken")

    def __init__(self) -> None:
        self.broken = False
        self._left_behind = False
        self._chunks: Chunks | None = None
        self._content: StreamReader | None = None

    def begin(self, http: web.BaseRequest, early: bytes) -> None:
        """Look at the chunks of a request whose body is not complete yet; `early` is what came with its head.

        They are left to the parser if `early` may lack something, or have something else before the head.
        """
        if self._left_behind or len(early) >= EARLY_AT_MOST:
            return
        head, end, first = early.partition(_END_OF_HEAD)
        if end and b"chunked" in head.lower() and "chunked" in http.headers.get(TRANSFER_ENCODING, "").lower():
            self._chunks, self._content = Chunks(), http.content
            self.follow(first)

    def follow(self, data: bytes) -> bool:
        """Take what has arrived, before the parser does; return False if the parser must not have it."""
        if self._chunks is None or self._chunks.follow(data):
            return True
        self.broken = True
        if self._content is not None:
            self._content.feed_eof()  # whoever reads the body waits no longer
        self._chunks = self._content = None
        return False

    def end(self, *, whole: bool) -> None:
        """Stop looking: the body is there, or it was refused, and its rest stands before whatever follows."""
        self._chunks = self._content = None
        self._left_behind = self._left_behind or not whole


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
