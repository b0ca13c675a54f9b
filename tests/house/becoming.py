"""What the process of template.py does: it imports, waits for runs, and forks one for each."""

import atexit
import gc
import importlib
import json
import os
import runpy
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from registry_sandbox.reading.codec import shared_codec
from registry_sandbox.validation.profiles import shared_profiles
from tests.house.template import Run

_IMPORTED: Final = (
    "pytest",
    "pdb",
    "unittest",
    "uvloop",
    "jwt",
    "yaml",
    "registry_sandbox.auth.certificates",
    "registry_sandbox.cli.command",
    "registry_sandbox.cli.event_loop",
    "registry_sandbox.cli.serve",
    "registry_sandbox.testing.running",
)


@dataclass(slots=True)
class _End:
    """Leaves the process after all that has to be done at an exit, and spares the interpreter to take itself down.

    That touches every object, each page of which is then copied: it would take longer than most runs.

    Attributes:
        status: to leave with; 1, if it comes from an exception.
    """

    status: int = 1

    def __call__(self) -> None:
        for each in (sys.stdout, sys.stderr):
            each.flush()
        os._exit(self.status)


_END: Final = _End()


def _main(link: socket.socket) -> int:
    atexit.register(_END)  # what is registered first is called last
    for name in _IMPORTED:
        importlib.import_module(name)
    shared_codec()
    shared_profiles()
    gc.freeze()  # pytest collects the garbage of each run five times
    lines = link.makefile("rb")
    while streams := socket.recv_fds(link, 1, 4)[1]:
        line = lines.readline()
        if not os.fork():
            lines.close()
            link.close()
            return _become_and_tell(Run(**json.loads(line)), streams)
        for each in streams:
            os.close(each)
        _take_notice(os.WNOHANG)
    _take_notice(0)
    _END.status = 0
    return 0


def _take_notice(how: int) -> None:
    """Take notice of runs that have ended, or the system would keep them."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, how)[0]:
            pass


def _become_and_tell(run: Run, descriptors: Sequence[int]) -> int:
    """Fork the run itself; tell its process id and its exit status, which only its parent is told."""
    *streams, tells = descriptors
    child = os.fork()
    if not child:
        os.close(tells)
        return _become(run, streams)
    for each in streams:
        os.close(each)
    with suppress(BrokenPipeError):  # whoever began it may be gone
        os.write(tells, b"%d\n" % child)
        os.write(tells, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def _become(run: Run, streams: Sequence[int]) -> int:
    for is_now, was in zip(streams, range(3), strict=True):
        os.dup2(is_now, was)
        os.close(is_now)
    # As Python opens them: those of the template know whether its own can be sought in.
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(run.folder)
    os.environ.clear()
    os.environ.update(run.environment)
    sys.path[:1] = [run.folder, *filter(None, run.environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv[1:] = run.arguments
    try:
        runpy.run_module(run.module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        _END.status = int(end.code or 0)
    return _END.status


if __name__ == "__main__":
    sys.exit(_main(socket.socket(fileno=int(sys.argv[1]))))
