"""Which modules a program has imported: for what the start must not pay for."""

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
# At the end no thread imports any more: one makes the signing key, and imports the library for keys.
_TELL: Final = "import atexit, sys; atexit.register(lambda: print('\\n'.join(sys.modules)));"


def imported_by(program: str) -> set[str]:
    """Return the names of the modules that are there when `program` and its threads have ended.

    `program` is Python. It prints nothing.
    """
    done = subprocess.run(  # noqa: S603 - a program of our own tests
        [sys.executable, "-c", f"{_TELL} {program}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
