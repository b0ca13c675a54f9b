"""Three replicas in processes of their own, called one by one, for tests of what a balancer would hide."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.replicas.exchange import HOST
from tests.replicas.processes import Process, replica, store
from tests.stores import a_server


@contextmanager
def three(*settings: str) -> Iterator[list[Process]]:
    """Run three replicas of one store; skip the test where there is no server for it."""
    a_server()
    with TemporaryDirectory(prefix="three-") as folder:
        shared = store(Path(folder))
        arguments = ("--store", f"valkey://{HOST}:{shared.port}/0", *settings)
        replicas = [replica(number, Path(folder), arguments) for number in (1, 2, 3)]
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
    return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=30)
