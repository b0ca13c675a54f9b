"""The sandbox as `registry-sandbox serve` starts it, beside a monitor of its event loop.

python -m bench.watched FILE [any argument of registry-sandbox serve]

FILE has eight bytes: the most processor time, in seconds, that the process took between two ticks of the monitor since
somebody last wrote a zero into it. That is how long the loop was held, on a machine with nothing else to do.
"""

import asyncio
import mmap
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from registry_sandbox import app
from registry_sandbox.cli import command

_TICK_S = 0.002
_HELD = struct.Struct("d")


class Held:
    """The file, as both sides see it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_HELD.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _HELD.size)

    @property
    def longest_s(self) -> float:
        """The longest time so far."""
        longest: float = _HELD.unpack(self._shared[: _HELD.size])[0]
        return longest

    @longest_s.setter
    def longest_s(self, seconds: float) -> None:
        self._shared[: _HELD.size] = _HELD.pack(seconds)


async def _watch(held: Held) -> None:
    # By the processor time of the whole process: a thread that keeps Python's lock holds the loop too.
    before = time.process_time()
    while True:
        await asyncio.sleep(_TICK_S)
        now = time.process_time()
        held.longest_s = max(held.longest_s, now - before)
        before = now


def main(arguments: Sequence[str]) -> int:
    """Serve."""
    path, *rest = arguments
    start, running = app.Sandbox.start, set[asyncio.Task[None]]()

    async def watched(sandbox: app.Sandbox, *, access_lines: bool = True) -> None:
        await start(sandbox, access_lines=access_lines)
        running.add(asyncio.create_task(_watch(Held(Path(path)))))

    # The command line itself does all the rest: what is measured is what a user starts.
    app.Sandbox.start = watched  # type: ignore[method-assign, assignment]
    return command.main(["serve", *rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
