"""A sandbox of a command's own: a server in another process, on a free port, that ends with the command."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.cli.failure import CommandFailed

_START_LIMIT_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.02


@contextmanager
def own_sandbox(*options: str) -> Iterator[ControlClient]:
    """Start a server with these options of `serve`, and yield a client of its control plane; then stop it.

    Its settings are the defaults: the SANDBOX_* variables are for another server.

    Raises:
        CommandFailed: it did not start; the message is its own.
    """
    with tempfile.TemporaryDirectory(prefix="registry-sandbox-exam-") as folder:
        ready, log = Path(folder, "ready"), Path(folder, "log")
        command = [sys.executable, "-m", "registry_sandbox", "serve", "--port", "0", "--quiet", *options]
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
        with log.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - this very program
                [*command, "--ready-file", str(ready)], stdout=subprocess.DEVNULL, stderr=stderr, env=surroundings
            )
        try:
            yield ControlClient(_control_root(process, ready, log))
        finally:
            process.terminate()
            process.wait()


def _control_root(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    ends = time.monotonic() + _START_LIMIT_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > ends:
            raise CommandFailed(f"the sandbox did not start: {log.read_text(errors='replace').strip()[-2_000:]}")
        time.sleep(_LOOK_EVERY_S)
    return ready.read_text().split()[1]
