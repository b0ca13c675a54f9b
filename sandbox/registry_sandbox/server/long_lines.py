"""Bounds the lines of a head that comes in pieces: old releases of aiohttp bound each piece alone."""

from typing import Final

LONGEST_LINE_BYTES: Final = 65_536
_END_OF_HEAD: Final = b"\r\n\r\n"
_SPLIT_END: Final = len(_END_OF_HEAD) - 1


class LongLines:
    """The head of a request, as far as it has come."""

    def __init__(self) -> None:
        self._whole, self._line_bytes, self._end = True, 0, b""

    def begin(self) -> None:
        """Expect a head."""
        self._whole, self._line_bytes, self._end = False, 0, b""

    def exceeded(self, data: bytes) -> bool:
        """Take what has come; return True if a line of the head is too long."""
        if self._whole:
            return False
        line_end = data.find(b"\n")
        if self._line_bytes + (len(data) if line_end < 0 else line_end) > LONGEST_LINE_BYTES:
            return True
        if _END_OF_HEAD in data or _END_OF_HEAD in self._end + data[:_SPLIT_END]:
            self._whole = True
            return False
        self._end = (self._end + data[-_SPLIT_END:])[-_SPLIT_END:]
        self._line_bytes = self._line_bytes + len(data) if line_end < 0 else len(data) - data.rfind(b"\n") - 1
        return False
