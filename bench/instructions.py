"""`make instructions`: how many instructions of the processor an exchange takes, by function in C (valgrind).

Python's functions are all in `_PyEval_EvalFrameDefault`; `make bytecodes` tells them apart. What a client in the same
process takes is among the figures, the same for every row: compare with `bare`, the bare application. The figures are
the same on a busy machine as on a quiet one.

python -m bench.instructions [--rows NAME,...] [--least N]
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
from collections import Counter
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench.inside import converse, errors_to_nowhere, with_bare, with_sandbox
from bench.rows import row_named, rows_named
from bench.wire import Connection

_BARE = "bare"
_FEW, _MORE = 200, 1_000  # a cancel needs an appointment of its own, of which there are as many


def main() -> None:
    """Count each row, and print a table of it."""
    parser = argparse.ArgumentParser(prog="make instructions ARGS=...", description=__doc__)
    parser.add_argument("--rows", type=rows_named, default="read JSON,search 6 JSON,register JSON,register XML,404")
    parser.add_argument("--least", type=float, default=500, help="leave out functions that take fewer")
    parser.add_argument("--inside", nargs=3, metavar=("ROW", "EXCHANGES", "KEY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        row, exchanges, key = options.inside
        _run_inside(row, int(exchanges), Path(key))
        return
    if shutil.which("valgrind") is None:
        sys.exit("make instructions: there is no valgrind here; Debian's package has this name")
    with TemporaryDirectory() as folder:
        bare = _of_an_exchange(_BARE, Path(folder))
        _print(_BARE, bare, Counter(), options.least)
        for row in options.rows:
            _print(row.name, _of_an_exchange(row.name, Path(folder)), bare, options.least)


def _run_inside(name: str, exchanges: int, key: Path) -> None:
    count = partial(_converse, exchanges)
    with errors_to_nowhere():
        if name == _BARE:
            uvloop.run(with_bare(count))
        else:
            uvloop.run(with_sandbox(row_named(name), count, key))


async def _converse(exchanges: int, port: int, requests: list[bytes], status: int) -> None:
    with Connection(port) as client:
        await asyncio.to_thread(converse, client, list(islice(cycle(requests), exchanges)), status)


def _of_an_exchange(name: str, folder: Path) -> Counter[str]:
    """Count in a process with few exchanges, and in one with more: what differs belongs to the exchanges."""
    few, more = (_counted(name, exchanges, folder) for exchanges in (_FEW, _MORE))
    more.subtract(few)
    return Counter({function: count // (_MORE - _FEW) for function, count in more.items()})


def _counted(name: str, exchanges: int, folder: Path) -> Counter[str]:
    key, written = folder / "key.pem", folder / "counts"
    if not key.exists():  # a new key for each process would take millions of instructions, and never as many
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={written}"]
    inside = [sys.executable, "-m", "bench.instructions", "--inside", name, str(exchanges), str(key)]
    done = subprocess.run(
        [*tool, *inside], env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"make instructions: {name}: {done.stderr[-2_000:]}")
    counts: Counter[str] = Counter()
    function = ""
    for line in written.read_text().splitlines():
        if line.startswith("fn="):
            function = line.removeprefix("fn=")
        elif line[:1].isdigit():
            counts[function] += int(line.split()[1])
    return counts


def _print(name: str, counts: Counter[str], bare: Counter[str], least: float) -> None:
    sys.stdout.write(f"\n{name}: {counts.total():,} instructions\n")
    for function, count in sorted(counts.items(), key=lambda each: bare[each[0]] - each[1]):
        if count - bare[function] >= least:
            sys.stdout.write(f"{count - bare[function]:9,}  {function}\n")


if __name__ == "__main__":
    main()
