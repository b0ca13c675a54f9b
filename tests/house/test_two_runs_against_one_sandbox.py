"""Two runs of pytest with two workers each, side by side against one sandbox: each sets faults and resets."""

import os
import subprocess
import sys
from pathlib import Path

from registry_sandbox.testing.running import RegistrySandbox

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
PLUGINS = ("registry_sandbox.testing.pytest_plugin", "xdist")
CLIENTS = '''
import os
import pathlib
import time
import urllib.error
import urllib.request

import pytest


def meet(where):
    """Wait for the other run."""
    pathlib.Path(where + "-" + os.environ["RUN"]).touch()
    deadline = time.monotonic() + 30
    while len(list(pathlib.Path().glob(where + "-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)


meet("began")  # both begin at the same time, however long their start takes


def status(sandbox, path):
    request = urllib.request.Request(sandbox.base_url + path, headers={"Authorization": f"Bearer {sandbox.token()}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("number", range(8))
def test_a_client(registry_sandbox, number):
    """What no other may disturb: a reset, a fault that fires once, a registration, the journal."""
    registry_sandbox.reset()
    before = len(registry_sandbox.appointments)
    registry_sandbox.fault("read:500@x1")
    registered = registry_sandbox.register()
    if "TOGETHER" in os.environ:  # neither goes on before both have registered
        meet(f"registered-{number}")
    path = f"/Appointment/{registered['id']}"
    assert [status(registry_sandbox, path) for _ in range(3)] == [500, 200, 200]
    assert registry_sandbox.journal.statuses() == [500, 200, 200]
    assert len(registry_sandbox.appointments) == before + 1
'''


def runs(folder: Path, url: str, own: str, *, workers: int = 2) -> list[tuple[int, str]]:
    """Run the tests twice at the same time, and return how each run ended."""
    folder.joinpath("pytest.ini").write_text(f"[pytest]\nregistry_sandbox_workspace = {own}\n")
    folder.joinpath("test_clients.py").write_text(CLIENTS)
    together = {"TOGETHER": "yes"} if own == "none" else {}
    loaded = [word for name in PLUGINS for word in ("-p", name)]
    spread = ["-n", str(workers)] if workers else []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded, *spread]
    started = [
        subprocess.Popen(  # noqa: S603 - our own Python
            [*command, "--registry-sandbox-url", url],
            cwd=folder,
            env={**ENVIRONMENT, "PYTHONPATH": str(ROOT), "RUN": run, **together},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for run in ("one", "two")
    ]
    return [(each.wait(), output) for each, (output, _) in [(each, each.communicate()) for each in started]]


def test_each_has_workspaces_of_its_own(running: RegistrySandbox, tmp_path: Path) -> None:
    """All tests of both runs pass, and no workspace is left."""
    for status, output in runs(tmp_path, running.base_url, "test"):
        assert status == 0, output
        assert "8 passed" in output
    assert running.control.json("GET", "/workspaces")["workspaces"] == []


def test_without_workspaces_they_disturb_each_other(running: RegistrySandbox, tmp_path: Path) -> None:
    """So the test above can fail. Two workers of one run on one registry are refused, so each run has one."""
    assert any(status != 0 for status, _ in runs(tmp_path, running.base_url, "none", workers=0))
