"""What makes a process one of several workers: what it inherits from the process that has started it."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from registry_sandbox.settings import Settings

VARIABLE: Final = "REGISTRY_SANDBOX_WORKER"
"""The environment variable that tells a worker what it is; its name does not begin as those of settings do."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One of several workers.

    Attributes:
        number: counts from 0. The first says what is said once: the startup message, and the verdict at the end.
        sockets: the descriptors of the listening sockets: the registry's, and the control plane's if it has its own.
        ready_file: written once it answers.
    """

    number: int
    sockets: tuple[int, ...]
    ready_file: str

    def told(self) -> str:
        """Return the value of the variable."""
        return json.dumps([self.number, self.sockets, self.ready_file])

    def settings(self, settings: Settings) -> Settings:
        """Return the settings of this worker."""
        first = self.number == 0
        return replace(
            settings,
            workers=1,
            ready_file=Path(self.ready_file),
            quiet=settings.quiet or not first,
            verdict_file=settings.verdict_file if first else (),
            verdict_fail_on=settings.verdict_fail_on if first else None,
        )

    def listening(self) -> tuple[socket.socket, ...]:
        """Return the sockets that it accepts connections from."""
        return tuple(socket.socket(fileno=os.dup(each)) for each in self.sockets)


def this_worker(environment: Mapping[str, str]) -> Worker | None:
    """Return what this process is; None if it is no worker."""
    told = environment.get(VARIABLE)
    if told is None:
        return None
    number, sockets, ready_file = json.loads(told)
    return Worker(number, tuple(sockets), ready_file)
