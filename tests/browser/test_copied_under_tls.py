"""Commands that the page gives to paste, where the registry has TLS: they run with the certificates of docs/tls.md."""

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from registry_sandbox.auth.certificates import write_certificates
from registry_sandbox.testing.running import RegistrySandbox
from tests.browser.test_where_it_stands import BOOKED, copied

WAYS: dict[str, dict[str, Any]] = {
    "server": {"tls": "server"},
    "server, with a control plane in plain HTTP": {"tls": "server", "control_port": 0},
    "mutual": {"tls": "mutual", "control_port": 0},
    "a bad certificate that the client accepted": {"tls": "server", "tls_fault": "expired", "control_port": 0},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody typed `registry-sandbox certs certs`."""
    folder = tmp_path_factory.mktemp("home")
    write_certificates(folder / "certs", [], datetime.now(UTC))
    return folder


def asked(sandbox: RegistrySandbox, certs: Path) -> None:
    """Read an appointment, as a client that shows its certificate and does not check the server's."""
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    trust.load_cert_chain(certs / "client.pem", certs / "client.key")
    bearer = {"Authorization": f"Bearer {sandbox.token()}"}
    assert httpx.get(f"{sandbox.base_url}/Appointment/{BOOKED}", headers=bearer, verify=trust).status_code == 200


def command_of(browser: Browser, sandbox: RegistrySandbox, button: str) -> str:
    """Return what the page copies of the first exchange."""
    context = browser.new_context(ignore_https_errors=True, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{sandbox.control_url.removesuffix('_sandbox')}#traffic?open=1")
    command = copied(page, button)
    context.close()
    return command


def run(button: str, command: str, folder: Path, **variables: str) -> str:
    """Run what was copied in a folder, and return what it printed."""
    shell = ["bash", "-c", command] if button == "Copy as curl" else [sys.executable, "-c", command]
    environment = {name: value for name, value in os.environ.items() if name != "SANDBOX_TLS_DIR"} | variables
    done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - what is tested
    return done.stdout + done.stderr


@pytest.mark.parametrize("button", ["Copy as curl", "httpx"])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_copied_runs_where_the_certificates_are(browser: Browser, home: Path, way: str, button: str) -> None:
    """In the folder of the documentation, or in any other with the variable that names theirs."""
    with RegistrySandbox(random_seed=1, tls_dir=home / "certs", **WAYS[way]) as sandbox:
        asked(sandbox, home / "certs")
        command = command_of(browser, sandbox, button)
        for printed in (run(button, command, home), run(button, command, Path("/"), SANDBOX_TLS_DIR=f"{home}/certs")):
            assert f'"id":"{BOOKED}"' in printed


@pytest.mark.parametrize("button", ["Copy as curl", "httpx"])
def test_what_is_copied_checks_the_certificate(browser: Browser, home: Path, tmp_path: Path, button: str) -> None:
    """With the authority of others it ends, before anything is sent."""
    write_certificates(tmp_path, [], datetime.now(UTC))
    with RegistrySandbox(random_seed=1, tls="server", tls_dir=home / "certs") as sandbox:
        asked(sandbox, home / "certs")
        command = command_of(browser, sandbox, button)
        printed = run(button, command, home, SANDBOX_TLS_DIR=str(tmp_path))
        assert "certificate" in printed
        assert "resourceType" not in printed
        assert sandbox.journal.statuses() == [200]
