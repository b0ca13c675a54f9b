"""The end of the sandbox: a process of its own and SIGTERM. bench/stopping.py has the times."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import httpx
import pytest

from registry_sandbox.server import serving
from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox

LONG_S = 60
"""As long as a test waits for what it expects at once."""

PIPE_BYTES = 65_536


@contextmanager
def process(tmp_path: Path, errors: "int | IO[bytes]") -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Serve in a process of which nobody reads standard output, nor a pipe of errors; yield it and its base URL."""
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "registry_sandbox", "serve", "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as started:  # noqa: S603 - our own command
        try:
            while not ready.exists():
                assert started.poll() is None
            yield started, ready.read_text().splitlines()[0]
        finally:
            started.kill()


def test_every_executed_write_is_answered(tmp_path: Path) -> None:
    """The signal comes while several clients register without a pause; the access log has what was executed."""
    log = tmp_path / "log"
    enough = threading.Event()

    def register(base: str, token: str) -> int:
        answered = 0
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(headers=headers, trust_env=False) as client, suppress(httpx.TransportError):
            while True:
                answered += client.post(f"{base}/Appointment", json=builders.appointment()).status_code == 201
                if answered == 20:
                    enough.set()
        return answered

    with log.open("wb") as errors, process(tmp_path, errors) as (started, base):
        token = httpx.get(f"{base.removesuffix('/STU3')}/_sandbox/token").text
        with ThreadPoolExecutor(4) as threads:
            clients = [threads.submit(register, base, token) for _ in range(4)]
            assert enough.wait(LONG_S)
            started.terminate()
            assert started.wait(LONG_S) == 0
            answered = sum(each.result(LONG_S) for each in clients)
    assert answered == sum(b"/Appointment 201 " in line for line in log.read_bytes().splitlines())


def test_nobody_has_to_read_what_a_process_writes(tmp_path: Path) -> None:
    """Its pipes are full long before the last request, which is answered; so is the signal."""
    with process(tmp_path, subprocess.PIPE) as (started, base), httpx.Client(trust_env=False) as client:
        for _ in range(PIPE_BYTES // len("127.0.0.1 - GET /STU3/metadata 200 12345\n") + 200):
            assert client.head(f"{base}/metadata").status_code == 200
        started.terminate()
        assert started.wait(LONG_S) == 0


def test_readers_of_events_do_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in flight would be waited for longer than a test lasts."""
    monkeypatch.setattr(serving, "DRAIN_S", 3_600.0)
    with (
        RegistrySandbox() as sandbox,
        httpx.stream("GET", f"{sandbox.control_url}/events", timeout=LONG_S) as followed,
    ):
        lines = followed.iter_lines()
        assert next(lines) == ": follow"
        sandbox.stop()
        assert [each for each in lines if each] == []


def test_threads_at_work_do_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal that waits for a thread is given up after a while; the threads here never come to an end."""
    monkeypatch.setattr(serving, "DRAIN_S", 0.1)
    never, busy = threading.Event(), threading.Semaphore(0)
    body = json.dumps(builders.appointment(comment="x" * 20_000, status="wrong"))

    def work() -> None:
        busy.release()
        never.wait(LONG_S)

    with RegistrySandbox() as sandbox, ThreadPoolExecutor(1) as client:
        workers = sandbox.sandbox.workspace.service.workers
        loops = [threading.Thread(target=lambda: asyncio.run(workers.run(work)), daemon=True) for _ in range(2)]
        for each in loops:
            each.start()
            assert busy.acquire(timeout=LONG_S)
        headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}
        refused = client.submit(httpx.post, f"{sandbox.base_url}/Appointment", content=body, headers=headers)
        while not any(each["state"] == "working" for each in sandbox.journal):
            pass
        sandbox.stop()
        assert not never.is_set()
        with pytest.raises(httpx.TransportError):
            refused.result(LONG_S)
        never.set()
        for each in loops:
            each.join()
