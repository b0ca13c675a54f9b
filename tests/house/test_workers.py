"""`serve --workers N`: several processes on one port, one started again that dies, all stopped together."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from registry_sandbox.settings import BadSetting
from registry_sandbox.testing import builders
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import until
from tests.stores import Server

LONG_S = 30

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="--workers is not for Windows")


@contextmanager
def serving(tmp_path: Path, *flags: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command with these flags; it is ended in any case."""
    command = [sys.executable, "-m", "registry_sandbox", "serve", "--port", "0", *flags]
    command += ["--ready-file", str(tmp_path / "ready")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=LONG_S)


def base(process: "subprocess.Popen[str]", tmp_path: Path) -> str:
    """Wait until requests are answered, and return the FHIR base."""
    ready, until = tmp_path / "ready", time.monotonic() + LONG_S
    while not ready.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    return ready.read_text().splitlines()[0]


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    """Return the process ids of the workers."""
    listed = subprocess.run(  # noqa: S603
        ["ps", "-o", "pid=", "--ppid", str(process.pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(each) for each in listed.stdout.split()]


def test_workers_answer_as_one_and_one_that_dies_is_started_again(tmp_path: Path, store: Server) -> None:
    """What was registered at any of them all have, over the death of one; the first judges what all have answered."""
    verdict = tmp_path / "verdict.json"
    flags = ("--workers", "2", "--store", store.url, "--verdict-file", str(verdict))
    with serving(tmp_path, *flags) as process:
        url = base(process, tmp_path)
        root, token = url.replace("/STU3", "/_sandbox"), RemoteSandbox(url).token()
        # Each request has a connection of its own, so that either worker gets some. One that is starting answers late.
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        with httpx.Client(headers=headers, trust_env=False, timeout=LONG_S) as client:
            paths = []
            for _ in range(10):
                answer = client.post(f"{url}/Appointment", json=builders.appointment())
                assert answer.status_code == 201, answer.text
                paths.append(f"{url}/Appointment/{answer.json()['id']}")
            until(lambda: client.get(f"{root}/health").json()["journal"]["exchanges"] == 10)  # of both workers
            first, second = workers_of(process)
            os.kill(second, signal.SIGKILL)
            ends = time.monotonic() + LONG_S
            while len(now := workers_of(process)) < 2 or second in now:
                assert time.monotonic() < ends
                time.sleep(0.05)
            assert first in now
            for path in paths:
                assert client.get(path).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, errors
    assert "worker 1 ended with status -9; it is started again" in errors
    assert not (tmp_path / "ready").exists()
    assert json.loads(verdict.read_text())["journal"]["last"] == 20


def test_the_startup_message_comes_once(tmp_path: Path, store: Server) -> None:
    """And names the one port."""
    with serving(tmp_path, "--workers", "3", "--store", store.url) as process:
        url = base(process, tmp_path)
        assert process.stdout is not None
        while url not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 0
    assert "Appointment Registry Sandbox" not in said


def test_workers_that_cannot_start_end_the_command(tmp_path: Path, store: Server) -> None:
    """With the message and the status of one alone."""
    with (
        RegistrySandbox(store=store.url),
        serving(tmp_path, "--workers", "2", "--store", store.url, "--duplicates", "refuse") as process,
    ):
        _, errors = process.communicate(timeout=LONG_S)
    assert process.returncode == 2
    assert "--duplicates is allow there and refuse here" in errors


def test_workers_without_a_store_are_refused(tmp_path: Path) -> None:
    """Each would be a registry of its own."""
    with serving(tmp_path, "--workers", "2") as process:
        _, errors = process.communicate(timeout=LONG_S)
    assert process.returncode == 2
    assert "--workers 2 needs --store: without one, each process would be a registry of its own" in errors


def test_a_port_that_is_taken_is_told_before_any_worker_starts(tmp_path: Path, store: Server) -> None:
    """In the words of a sandbox alone."""
    flags = ("--workers", "2", "--store", store.url, "--port", str(store.port))
    with serving(tmp_path, *flags) as process:
        _, errors = process.communicate(timeout=LONG_S)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{store.port}: Address already in use" in errors


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"workers": 2, "store": "valkey://x/0", "tls": "server"}, "needs --tls-dir"),
        ({"store": "valkey://x/0", "tls": "server", "tls_fault": "expired"}, "of its own, without --store"),
        ({"store": "http://u:s3cret@x/0"}, "what is given cannot be used; expected valkey://HOST:PORT/NUMBER"),
        ({"workers": 2, "store": "valkey://x/0"}, "here it is one"),
    ],
)
def test_settings_that_do_not_go_together_are_named(settings: dict[str, Any], said: str) -> None:
    """The message says what is missing, and never a password."""
    with pytest.raises(BadSetting, match=said) as caught:
        RegistrySandbox(**settings)
    assert "s3cret" not in str(caught.value)
