"""The examples run as they are, and come through."""

import subprocess
import sys
from pathlib import Path

from registry_sandbox.testing.running import RegistrySandbox

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_retrying_client_comes_through() -> None:
    """Two cancels refused and a registration's answer lost: one appointment, cancelled once."""
    with RegistrySandbox(random_seed=1, fault=("cancel:500@x2", "register:commit+reset@x1")) as running:
        command = [sys.executable, str(EXAMPLES / "retrying_client.py"), running.base_url, running.control_url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own example
        registry = running.sandbox.workspace.service.registry
        ours = [each for each in registry.histories() if b"/appointments/retried" in each[-1].json]
    assert done.returncode == 0, done.stderr
    assert "register: no answer (ReadError); looking whether it was done" in done.stdout
    assert done.stdout.count("cancel: 500; reading") == 2
    assert [len(history) for history in ours] == [2]
    journal = done.stdout.partition("\n\n")[2].splitlines()
    assert [line.split()[1] for line in journal] == ["POST", "GET", "PUT", "GET", "PUT", "GET", "PUT"]
    assert "none (reset)" in journal[0]
