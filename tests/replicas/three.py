"""Three replicas in processes of their own, called one by one, for tests of what a balancer would hide."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import httpx

from tests.house.template import ROOT, Forked, Run, Template
from tests.replicas.exchange import HOST
from tests.replicas.processes import Process, replica, store
from tests.stores import a_server


@contextmanager
def three(template: Template, *settings: str) -> Iterator[list[Process]]:
    """Run three replicas of one store; skip the test where there is no server for it."""

    def starts(command: Sequence[str], log: IO[bytes], environment: Mapping[str, str]) -> Forked:
        _, _, module, *arguments = command
        with Path(os.devnull).open() as nothing:
            return Forked(template.become(Run(module, arguments, str(ROOT), environment), [nothing, log, log]))

    a_server()
    with TemporaryDirectory(prefix="three-") as folder:
        shared = store(Path(folder))
        arguments = ("--store", f"valkey://{HOST}:{shared.port}/0", *settings)
        replicas = [replica(number, Path(folder), arguments) for number in (1, 2, 3)]
        for each in replicas:
            each.starts = starts
        try:
            for each in (shared, *replicas):
                each.start()
            yield replicas
        finally:
            for each in (*replicas, shared):
                each.stop()


def call(
    one: Process, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Send a request to one of them."""
    url = f"http://{HOST}:{one.port}{path}"
    return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=120)
