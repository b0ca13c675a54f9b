"""A Python process that has imported what every run of pytest with a sandbox needs, and becomes one run after another.

Each run is a fork: a process of its own, as it is for users, but spared the second that the imports take. What
forks has no threads. That the plugin imports little is tested by a Python that is started.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from registry_sandbox.reading.codec import shared_codec
from registry_sandbox.validation.profiles import shared_profiles

ROOT: Final = Path(__file__).parents[2]
_IMPORTED: Final = ("pytest", "pdb", "unittest", "uvloop", "jwt", "yaml", "registry_sandbox.testing.running")


class Template:
    """The process, from `with` to its end."""

    def __enter__(self) -> Self:
        """Start it; what it imports, it imports with the environment of now."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.house.template"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.communicate()

    def pytest(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run pytest in a folder; return its exit status, and what it wrote."""
        written = folder.with_name(f"{folder.name}-written")
        told = {"arguments": arguments, "folder": str(folder), "environment": environment, "written": str(written)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(told), file=self._process.stdin, flush=True)
        status = int(self._process.stdout.readline())
        return status, written.read_text()


def _main() -> int:
    for name in _IMPORTED:
        importlib.import_module(name)
    shared_codec(), shared_profiles()
    gc.freeze()  # pytest collects the garbage of each run five times
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return _run(**json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()
    return 0


def _run(arguments: Sequence[str], folder: str, environment: Mapping[str, str], written: str) -> int:
    """Become `python -m pytest`, there."""
    import pytest

    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for is_now, was in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(is_now, was)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = folder
    sys.path.insert(1, environment["PYTHONPATH"])
    return int(pytest.main([*arguments]))


if __name__ == "__main__":
    sys.exit(_main())
