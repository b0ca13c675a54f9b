"""The examples run as they are, and come through."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry_sandbox.testing.running import RegistrySandbox

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = {
    "python-fhirpy": (sys.executable, "registry_client.py"),
    "javascript": ("node", "registry-client.mjs"),
    "curl": ("bash", "walk-through.sh"),
}
NEEDED = {"curl": ("curl", "jq", "iconv")}
HARDEST = (
    "cancel-gives-back-what-it-does-not-know",
    "cancel-meets-a-conflict",
    "cancel-survives-a-read-that-is-corrupt",
    "read-waits-when-it-is-asked-to",
    "read-with-a-token-that-has-expired",
    "register-survives-half-an-answer",
)


@pytest.mark.parametrize("folder", CLIENTS)
def test_an_example_passes_the_hardest_scenarios(folder: str) -> None:
    """As a command that the exam drives. `make examples ARGS=--exam` lets all of them take all scenarios."""
    command = CLIENTS[folder]
    missing = [each for each in (command[0], *NEEDED.get(folder, ())) if shutil.which(each) is None]
    if folder == "javascript" and not (EXAMPLES / folder / "node_modules").exists():
        missing.append("node_modules (npm ci)")
    if missing:
        pytest.skip(f"not here: {', '.join(missing)}")
    chosen = [option for name in HARDEST for option in ("--scenario", name)]
    exam = [sys.executable, "-m", "registry_sandbox", "exam", "--command", shlex.join(command), *chosen]
    done = subprocess.run(exam, cwd=EXAMPLES / folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("] passed ") == len(HARDEST)


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
