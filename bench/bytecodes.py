"""`make bytecodes`: how many bytecodes of Python an exchange takes, by function.

The figures are the same on a busy machine as on a quiet one, and differ a little between versions of Python. Time
follows them: use them to see what a change brings before it is measured. Compare with `bare`, the bare application.

python -m bench.bytecodes [--rows NAME,...] [--least N]
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import uvloop

from bench.inside import converse, errors_to_nowhere, with_bare, with_sandbox
from bench.rows import rows_named
from bench.wire import Connection

_WARM, _COUNTED = 200, 50
_LINES_WITHIN_S = 0.2
_NOT_COUNTED = ("asyncio", "concurrent", "bench/bytecodes.py", "python3")
"""Where code stands that belongs to the counting, to the loop or to a thread."""


@dataclass
class Counts:
    """The bytecodes of one thread, by function."""

    executed: Counter[CodeType] = field(default_factory=Counter)
    calls: Counter[CodeType] = field(default_factory=Counter)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what this thread executes meanwhile."""
        sys.settrace(self._begin)
        try:
            yield
        finally:
            sys.settrace(None)

    def _begin(self, frame: FrameType, event: str, _argument: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self.calls[frame.f_code] += event == "call"
        return self._count

    def _count(self, frame: FrameType, event: str, _argument: Any) -> Any:
        self.executed[frame.f_code] += event == "opcode"
        return self._count

    def print(self, title: str, least: float) -> None:
        """Print the functions that take most of an exchange, and all of it."""
        counted = [(n / _COUNTED, self.calls[code] / _COUNTED, _where(code)) for code, n in self.executed.most_common()]
        counted = [each for each in counted if not each[2].startswith(_NOT_COUNTED)]
        print(f"\n{title}: {sum(n for n, _, _ in counted):,.0f} bytecodes, {sum(n for _, n, _ in counted):.0f} calls")
        for executed, calls, where in counted:
            if executed >= least:
                print(f"{executed:8.1f} {calls:6.1f}  {where}")


def main() -> None:
    """Count each row, and print a table of it."""
    parser = argparse.ArgumentParser(prog="make bytecodes ARGS=...", description=__doc__)
    parser.add_argument(
        "--rows", type=rows_named, default="read JSON,search 6 JSON,register JSON,register XML,cancel JSON,404"
    )
    parser.add_argument("--least", type=float, default=15, help="leave out functions that take fewer")
    options = parser.parse_args()
    with errors_to_nowhere():
        uvloop.run(with_bare(_counted)).print("bare", options.least)
        for row in options.rows:
            uvloop.run(with_sandbox(row, _counted)).print(row.name, options.least)


async def _counted(port: int, requests: list[bytes], status: int) -> Counts:
    counts = Counts()
    with Connection(port) as client:
        await asyncio.to_thread(converse, client, requests[:_WARM], status)
        await asyncio.sleep(_LINES_WITHIN_S)
        with counts.counting():
            await asyncio.to_thread(converse, client, _next(requests), status)
            await asyncio.sleep(_LINES_WITHIN_S)
    return counts


def _next(requests: list[bytes]) -> list[bytes]:
    return (requests[_WARM:] or requests * _COUNTED)[:_COUNTED]


def _where(code: CodeType) -> str:
    path = Path(code.co_filename)
    return f"{path.parent.name}/{path.name}:{code.co_name}"


if __name__ == "__main__":
    main()
