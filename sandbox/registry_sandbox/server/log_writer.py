"""Writes the server's log to stderr: a reader that is slow or gone does not stop the server.

What the reader takes at once is written at once, in whole lines, because several processes may share it. A thread waits
for a slow one. It does not write everything, because while it waits for Python's lock, each system call of the event
loop wakes it in vain: a tenth of the time of a read.
"""

import logging
import os
import select
import stat
import threading
from collections import deque
from collections.abc import Callable

from registry_sandbox.server.log_format import LogForm, formatter

_PENDING_AT_MOST_BYTES = 1024 * 1024
_LAST_WORDS_S = 0.2
_PIPE_BYTES = 4_096  # on Linux, a pipe that says that it takes more takes as many: at once, and in one piece


class LogWriter:
    """Writes text to a file descriptor. The queue is bounded; lines that do not fit are dropped and counted.

    Args:
        descriptor: the file descriptor; 2 is stderr.
        remark: makes a line of what the writer itself has to say.
    """

    def __init__(self, descriptor: int = 2, remark: Callable[[str], str] = "{}\n".format) -> None:
        self._descriptor = descriptor
        self._remark = remark
        self._pending: deque[bytes] = deque()
        self._pending_bytes = 0
        self._dropped_lines = 0
        self._writing = False  # whether the thread writes
        self._bytes_at_once = _bytes_at_once(descriptor)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Write a text, or queue what would have to wait, and return at once."""
        data = text.encode("utf-8", "backslashreplace")
        with self._changed:
            if self._pending_bytes + len(data) > _PENDING_AT_MOST_BYTES:
                self._dropped_lines += text.count("\n")
                self._changed.notify()
                return
            if self._bytes_at_once and not (self._writing or self._pending or self._dropped_lines):
                data = self._rest_of(data)
            if data:
                self._pending.append(data)
                self._pending_bytes += len(data)
                self._changed.notify()

    def _rest_of(self, data: bytes) -> bytes:
        """Write what the reader takes without waiting; return the rest."""
        reader = select.poll()
        reader.register(self._descriptor, select.POLLOUT)
        try:
            while data and reader.poll(0) == [(self._descriptor, select.POLLOUT)]:
                end = len(data) if len(data) <= self._bytes_at_once else data.rfind(b"\n", 0, self._bytes_at_once) + 1
                data = data[os.write(self._descriptor, data[: end or self._bytes_at_once]) :]
        except OSError:  # the reader is gone
            return b""
        return data

    def close(self) -> None:
        """Write what is left; give up if the reader does not read."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_LAST_WORDS_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                while not (self._pending or self._dropped_lines or self._closing):
                    self._changed.wait()
                if not (self._pending or self._dropped_lines):
                    return
                data = b"".join(self._pending)
                if self._dropped_lines:
                    told = f"{self._dropped_lines} lines of the log were dropped: nobody read them in time"
                    data += self._remark(told).encode()
                self._pending.clear()
                self._pending_bytes = self._dropped_lines = 0
                self._writing = True
            try:
                # Not sys.stderr: its lock, held while nobody reads, would block Python's exit.
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:  # the reader is gone
                continue


def _bytes_at_once(descriptor: int) -> int:
    """Return how many bytes can be written without waiting once `poll` says that some can; 0 if that is not known."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:  # it is closed
        return 0
    if not hasattr(select, "poll") or os.isatty(descriptor):  # a terminal may take less than it says
        return 0
    return _PENDING_AT_MOST_BYTES if stat.S_ISREG(mode) else _PIPE_BYTES


class LogHandler(logging.Handler):
    """Passes the records of Python's logging to a `LogWriter`, in the form of the whole log."""

    def __init__(self, writer: LogWriter, form: LogForm) -> None:
        super().__init__()
        self._writer = writer
        self.setFormatter(formatter(form))

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record."""
        try:
            self._writer.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
