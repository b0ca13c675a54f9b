"""The command `registry-sandbox` in processes that the template becomes: run to its end, or serving."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryFile
from typing import IO, Final

from tests.house.template import Forked, Run, Template

PATIENCE_S: Final = 20.0


class Process(Forked):
    """A command that goes on, with pipes for what it writes, which hold all that it writes in a test."""

    def __init__(self, told: socket.socket, stdout: IO[str], stderr: IO[str]) -> None:
        self.stdout, self.stderr = stdout, stderr
        super().__init__(told)

    def communicate(self, timeout: float = PATIENCE_S) -> tuple[str, str]:
        """Wait for its end; return what has not been read."""
        self.wait(timeout)
        return self.stdout.read(), self.stderr.read()


class Command:
    """The command, which runs in the folder and the environment of the test."""

    def __init__(self, template: Template) -> None:
        self._template = template

    def ran(self, *arguments: str, given: str = "", **environment: str) -> CompletedProcess[str]:
        """Run it to its end."""
        with TemporaryFile("w+") as stdin, TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
            stdin.write(given)
            stdin.seek(0)
            status = Forked(self._begun(arguments, environment, stdin, stdout, stderr)).ended(PATIENCE_S)
            for each in (stdout, stderr):
                each.seek(0)
            return CompletedProcess(arguments, status, stdout.read(), stderr.read())

    @contextmanager
    def serving(self, folder: Path, *arguments: str) -> Iterator[tuple[Process, str, str]]:
        """Serve on a free port until the end of the block; yield the process, the FHIR base and the control root."""
        ready = folder / "ready"
        process = self._started("--port", "0", "--ready-file", str(ready), *arguments)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            assert ready.exists(), process.poll() is None or process.communicate()
            base, control = ready.read_text().splitlines()
            yield process, base, control
        finally:
            process.kill()
            with process.stdout, process.stderr:
                process.wait()

    def _started(self, *arguments: str) -> Process:
        (stdout, out), (stderr, errors) = os.pipe(), os.pipe()
        with Path(os.devnull).open() as nothing, os.fdopen(out, "w") as out_end, os.fdopen(errors, "w") as errors_end:
            told = self._begun(arguments, {}, nothing, out_end, errors_end)
        return Process(told, os.fdopen(stdout), os.fdopen(stderr))

    def _begun(self, arguments: Sequence[str], environment: dict[str, str], *streams: IO[str]) -> socket.socket:
        run = Run("registry_sandbox", arguments, str(Path.cwd()), {**os.environ, **environment})
        return self._template.become(run, streams)
