"""`make profile`: where the sandbox's time goes under the load of some rows, by sampling from outside (py-spy).

python -m bench.profile [--rows NAME,...] [--seconds N]
"""

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.load import drive, generator, write_requests
from bench.processes import running, sandbox
from bench.rows import Ground, Row, booked_needed, rows_named

_RESULTS = Path(__file__).parent / "results"
_SHOWN = 40


def main() -> None:
    """Profile each row, print a table of it, and write what a flame graph is drawn from."""
    parser = argparse.ArgumentParser(prog="make profile ARGS=...", description=__doc__)
    parser.add_argument("--rows", type=rows_named, default="read JSON,search 6 JSON,register JSON,cancel XML,404")
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    rows: tuple[Row, ...] = options.rows
    _RESULTS.mkdir(exist_ok=True)
    with running("sandbox", sandbox(booked_needed(rows, 1, options.seconds), "--quiet")) as server:
        ground = Ground(server.token(), seconds=options.seconds)
        for row in rows:
            stacks = _RESULTS / f"profile {row.name}.txt"
            _record(row, ground, server.port, server.process.pid, stacks)
            _print(row, stacks)


def _record(row: Row, ground: Ground, port: int, pid: int, stacks: Path) -> None:
    py_spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if py_spy is None:
        raise SystemExit("py-spy is not installed; expected it beside this Python: pip install py-spy")
    command = [py_spy, "record", "--pid", str(pid), "--duration", str(ground.seconds), "--rate", "500", "--function"]
    with TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder, "requests")
        write_requests(path, row.make(ground))
        with subprocess.Popen([*command, "--format", "raw", "--output", str(stacks)], stderr=subprocess.DEVNULL) as spy:
            drive(generator("auto"), path, port, ground.seconds)
            spy.wait()


def _print(row: Row, stacks: Path) -> None:
    itself: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for line in stacks.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        itself[frames[-1]] += int(count)
        for frame in set(frames):
            below[frame] += int(count)
    samples = itself.total()
    print(f"\n{row.name}: {samples} samples, flame graph data in {stacks}\n  own%  total%  function")
    for name, inclusive in below.most_common(_SHOWN):
        print(f"{itself[name] / samples:6.1%} {inclusive / samples:7.1%}  {name}")


if __name__ == "__main__":
    main()
