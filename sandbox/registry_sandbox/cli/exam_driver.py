"""Drives a command-line client through the scenarios of an exam, several side by side."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.cli.failure import CommandFailed

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_]+)\}")
PLACEHOLDERS: Final = (
    "verb",
    "appointment",
    "patient",
    "pointer",
    "base_url",
    "token_url",
    "client_id",
    "client_secret",
    "scenario",
)
_SAID_AT_MOST: Final = 4_000
_LOOK_EVERY_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a client came through a scenario: the task as the sandbox tells it, and the end of what the client said."""

    task: Mapping[str, Any]
    said: str


class Driver:
    """Runs a command for each operation of a task.

    Args:
        client: of the control plane.
        command: with placeholders.
        time_limit_s: of each operation.

    Raises:
        CommandFailed: the command cannot be split into words, or has an unknown placeholder.
    """

    def __init__(self, client: ControlClient, command: str, time_limit_s: float) -> None:
        self._client = client
        self._words = words_of(command)
        self._time_limit_s = time_limit_s
        self._stopped = threading.Event()
        self._processes: set[subprocess.Popen[bytes]] = set()

    def drive(self, scenarios: Sequence[Any], jobs: int, tell: Callable[[Outcome], None]) -> None:
        """Drive the client through scenarios, at most so many at once; `tell` hears of each when it has ended.

        Raises:
            CommandFailed: the command cannot be run, or the sandbox does not answer.
        """
        with ThreadPoolExecutor(jobs) as pool:
            try:
                running = {pool.submit(self._through, each, tell) for each in scenarios}
                while running:
                    # A signal that comes just before a wait does not end it: Ctrl-C is seen at the next look.
                    ended, running = wait(running, _LOOK_EVERY_S, FIRST_COMPLETED)
                    for each in ended:
                        each.result()
            except BaseException:
                self._stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _stop(self) -> None:
        self._stopped.set()
        for each in [*self._processes]:
            _kill(each)

    def _through(self, scenario: Any, tell: Callable[[Outcome], None]) -> None:
        task = self._client.json("POST", "/exam", {"scenarios": [scenario]})["tasks"][0]
        said = ""
        while task["state"] in ("waiting", "acting") and not self._stopped.is_set():
            ended, said = self._run(task)
            task = self._client.json("POST", f"/exam/{task['name']}/done", ended)
        if not self._stopped.is_set():
            tell(Outcome(task, said))

    def _run(self, task: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Run the command once; return how it ended, as the sandbox is told, and the end of what it said."""
        environment = task["environment"]
        words = [_PLACEHOLDER.sub(lambda found: value_of(found[1], task), word) for word in self._words]
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,  # so that what the command has started ends with it
            )
        except OSError as error:
            raise CommandFailed(f"--command: {words[0]} cannot be run: {error.strerror}") from error
        self._processes.add(process)
        if self._stopped.is_set():
            _kill(process)
        try:
            said, _ = process.communicate(timeout=self._time_limit_s)
            ended: dict[str, Any] = {"exit_status": process.returncode}
        except subprocess.TimeoutExpired:
            _kill(process)
            said, _ = process.communicate()
            ended = {"timed_out": True}
        finally:
            self._processes.discard(process)
        return ended, said.decode(errors="replace")[-_SAID_AT_MOST:].strip()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command, and on POSIX what it has started: a script's program would go on, and keep its output open."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def words_of(command: str) -> list[str]:
    """Return the words of a command, as a shell would split them.

    Raises:
        CommandFailed: it has none, a quotation that does not end, or an unknown placeholder.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CommandFailed(f"--command {command!r}: {error}".lower()) from error
    if not words:
        raise CommandFailed("--command is empty; expected one such as './my-client {verb} {appointment}'")
    for name in (each for word in words for each in _PLACEHOLDER.findall(word)):
        if name not in PLACEHOLDERS:
            nearest = get_close_matches(name, PLACEHOLDERS, n=1)
            hint = f"; did you mean {{{nearest[0]}}}?" if nearest else ""
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise CommandFailed(f"--command: {{{name}}} is no placeholder; expected {known}{hint}")
    return words


def value_of(placeholder: str, task: Mapping[str, Any]) -> str:
    """Return what a placeholder stands for in a task."""
    if placeholder == "scenario":
        return str(task["name"])
    return str(task["environment"][f"REGISTRY_{placeholder.upper()}"])
