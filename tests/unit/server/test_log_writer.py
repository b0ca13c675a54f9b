"""The log: no reader, slow or gone, holds up anything."""

import json
import logging
import os
import re
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_sandbox.server.log_format import LogForm, remark
from registry_sandbox.server.log_writer import LogHandler, LogWriter

LONG_S = 20


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """What is read from, and what is written to."""
    reading, writing = os.pipe()
    yield reading, writing
    for each in (reading, writing):
        try:
            os.close(each)
        except OSError:  # closed by the test
            continue


def some(reading: int) -> bytes:
    """What comes next, which is expected at once."""
    ready, _, _ = select.select([reading], [], [], LONG_S)
    assert ready, "nothing came"
    return os.read(reading, 1 << 20)


def whole(reading: int, size: int) -> bytes:
    """The next bytes, in however many parts they come."""
    received = b""
    while len(received) < size:
        received += some(reading)
    return received


def dropped(text: bytes) -> int:
    """How many lines are said to be dropped."""
    return sum(map(int, re.findall(rb"^(\d+) lines of the log were dropped", text, re.MULTILINE)))


def test_what_is_written_comes_out_in_its_order(pipe: tuple[int, int]) -> None:
    """All of it by the time the writer is closed; what is no UTF-8 is written as escapes."""
    writer = LogWriter(pipe[1])
    for text in ("first\n", "é\n", "\udcff\n"):
        writer.write(text)
    writer.close()
    expected = "first\né\n\\udcff\n".encode()
    assert whole(pipe[0], len(expected)) == expected


def test_what_is_taken_is_written_at_once(pipe: tuple[int, int], tmp_path: Path) -> None:
    """A thread for each line would cost the event loop more than the line."""
    writer = LogWriter(pipe[1])
    writer.write("x" * 10_000)
    assert os.read(pipe[0], 20_000) == b"x" * 10_000
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        into_file = LogWriter(file.fileno())
        into_file.write("x" * 100_000)
        assert path.read_bytes() == b"x" * 100_000
        into_file.close()
    writer.close()


def test_what_has_to_wait_comes_out_in_its_order(pipe: tuple[int, int]) -> None:
    """Whether the pipe has room for it at once, or a thread waits with it."""
    writer = LogWriter(pipe[1])
    lines = [f"{number:09d}\n" for number in range(200)]
    writer.write("x" * 900_000)
    received = whole(pipe[0], 100_000)  # more than a pipe holds: so the thread writes, and waits for room
    for line in lines:
        received += os.read(pipe[0], 4_096)
        writer.write(line)
    received += whole(pipe[0], 902_000 - len(received))
    assert received == b"x" * 900_000 + "".join(lines).encode()
    writer.close()


@pytest.mark.parametrize("lengths", [range(200), range(4_094, 4_098)])
def test_what_goes_out_at_once_goes_in_whole_lines(lengths: range) -> None:
    """Several processes may share a pipe: what is written in one piece stays in one piece."""
    text = "".join("x" * length + "\n" for length in lengths)
    reading, writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # which tells pieces apart
    writer = LogWriter(writing.fileno())
    with reading, writing:
        writer.write(text)
        writer.close()
        writing.shutdown(socket.SHUT_WR)
        pieces = list(iter(lambda: reading.recv(1 << 20), b""))
    assert b"".join(pieces) == text.encode()
    assert all(len(each) <= 4_096 for each in pieces)
    assert sum(not each.endswith(b"\n") for each in pieces) == sum(len(line) >= 4_096 for line in text.split("\n"))


def test_a_terminal_that_shows_nothing_holds_up_nothing() -> None:
    """It may take less at once than it says."""
    controlling, terminal = os.openpty()
    writer = LogWriter(terminal)
    writing = threading.Thread(target=writer.write, args=("x" * 500_000,), daemon=True)
    writing.start()
    writing.join(LONG_S)
    assert not writing.is_alive()
    assert len(whole(controlling, 500_000)) == 500_000
    writer.close()
    os.close(terminal)
    os.close(controlling)


def test_a_descriptor_that_is_closed_harms_nobody(pipe: tuple[int, int]) -> None:
    """A process may be started without a stderr."""
    os.close(pipe[1])
    writer = LogWriter(pipe[1])
    writer.write("x\n")
    writer.close()


def test_a_reader_that_does_not_read_holds_up_nothing_and_the_lines_are_counted(pipe: tuple[int, int]) -> None:
    """Each line comes out once it reads, or is among those that are said to be dropped."""
    writer, lines = LogWriter(pipe[1]), 100_000
    for _ in range(lines):
        writer.write("x" * 39 + "\n")
    received = b""
    while received.count(b"x" * 39 + b"\n") + dropped(received) < lines:
        received += some(pipe[0])
    assert received.count(b"x" * 39 + b"\n") + dropped(received) == lines
    assert dropped(received) > lines // 2  # four megabytes, of which one may wait
    writer.write("afterwards\n")
    assert whole(pipe[0], 11) == b"afterwards\n"
    writer.close()


def test_a_text_that_never_fits_is_counted_too(pipe: tuple[int, int]) -> None:
    """Also where nothing is written after it."""
    writer = LogWriter(pipe[1])
    writer.write("x\n" * 600_000)
    said = b"600000 lines of the log were dropped: nobody read them in time\n"
    assert whole(pipe[0], len(said)) == said
    writer.close()


def test_the_end_does_not_wait_for_a_reader_that_does_not_read(pipe: tuple[int, int]) -> None:
    """What it has not read by then is lost with the process."""
    writer = LogWriter(pipe[1])
    writer.write("x" * 500_000)
    closing = threading.Thread(target=writer.close, daemon=True)
    closing.start()
    closing.join(LONG_S)
    assert not closing.is_alive()
    assert len(whole(pipe[0], 500_000)) == 500_000  # so that the thread comes to its end


def test_a_reader_that_is_gone_stops_nothing(pipe: tuple[int, int]) -> None:
    """What is written goes nowhere."""
    before = set(threading.enumerate())
    writer = LogWriter(pipe[1])
    (thread,) = set(threading.enumerate()) - before
    os.close(pipe[0])
    for _ in range(3):
        writer.write("x\n")
    writer.close()
    thread.join(LONG_S)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("text", b"a b\n"),
        (
            "json",
            b'{"time": "1970-01-01T00:00:01.500+00:00", "level": "ERROR", "logger": "x", "message": "a b"}\n',
        ),
    ],
)
def test_records_of_logging_are_written_as_lines(pipe: tuple[int, int], form: LogForm, line: bytes) -> None:
    """In the form of the whole log."""
    writer = LogWriter(pipe[1])
    record = {"msg": "a %s", "args": ("b",), "name": "x", "levelname": "ERROR", "created": 1.5}
    LogHandler(writer, form).emit(logging.makeLogRecord(record))
    writer.close()
    assert whole(pipe[0], len(line)) == line


def test_the_remark_about_dropped_lines_has_the_form_that_it_is_given(pipe: tuple[int, int]) -> None:
    """So that a log of objects has nothing else in it."""
    writer = LogWriter(pipe[1], remark("json", lambda: 1.5))
    writer.write("x\n" * 600_000)
    writer.close()
    said = json.loads(some(pipe[0]))
    assert said == {
        "time": "1970-01-01T00:00:01.500+00:00",
        "level": "WARNING",
        "logger": "sandbox.log",
        "message": "600000 lines of the log were dropped: nobody read them in time",
    }


def test_a_record_that_cannot_be_formatted_harms_nobody(
    pipe: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told as logging tells it, and the next is written."""
    writer = LogWriter(pipe[1])
    handler = LogHandler(writer, "text")
    handler.emit(logging.makeLogRecord({"msg": "%d", "args": ("b",)}))
    handler.emit(logging.makeLogRecord({"msg": "next"}))
    writer.close()
    assert whole(pipe[0], 5) == b"next\n"
    assert "Logging error" in capsys.readouterr().err
