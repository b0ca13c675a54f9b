"""TLS in service: the right certificate is let in, every other is refused in the handshake, and health needs none."""

import asyncio
import json
import logging
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from registry_sandbox.app import build
from registry_sandbox.auth.certificates import UnusableCertificates, write_certificates
from registry_sandbox.settings import Settings
from registry_sandbox.testing.running import RegistrySandbox


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `registry-sandbox certs` writes."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder / "certs", [], datetime.now(UTC))
    return folder / "certs"


@pytest.fixture(scope="module")
def mutual(certificates: Path) -> Iterator[RegistrySandbox]:
    """A sandbox that demands a certificate."""
    with RegistrySandbox(tls="mutual", tls_dir=certificates) as sandbox:
        yield sandbox


def curl(sandbox: RegistrySandbox, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Ask for the CapabilityStatement."""
    command = ["curl", "-sS", "--cacert", str(folder / "ca.pem"), *options, f"{sandbox.base_url}/metadata"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def shown(folder: Path, name: str) -> tuple[str, ...]:
    """Return curl's options for a client certificate."""
    return ("--cert", str(folder / f"{name}.pem"), "--key", str(folder / f"{name}.key"))


def test_the_right_client_is_let_in(mutual: RegistrySandbox, certificates: Path) -> None:
    """And URLs in the answer are https."""
    done = curl(mutual, certificates, *shown(certificates, "client"))
    assert json.loads(done.stdout)["implementation"]["url"] == mutual.base_url
    assert mutual.base_url.startswith("https://")


@pytest.mark.parametrize(
    ("name", "alert"), [("", "certificate required"), ("expired-client", "expired"), ("unknown-client", "unknown ca")]
)
def test_another_is_refused_in_the_handshake(
    mutual: RegistrySandbox, certificates: Path, name: str, alert: str
) -> None:
    """None, an expired one, one of an unknown authority: no answer, and the alert says why."""
    done = curl(mutual, certificates, *(shown(certificates, name) if name else ()))
    assert (done.returncode != 0, done.stdout) == (True, "")
    assert alert in done.stderr.lower()


def test_the_control_plane_answers_meanwhile_without_a_certificate(mutual: RegistrySandbox) -> None:
    """On a port of its own, in plain HTTP; the registry's port has no control plane."""
    assert mutual.control_url.startswith("http://")
    assert httpx.get(f"{mutual.control_url}/health").json()["status"] == "ready"


def test_server_tls_needs_no_certificate_of_the_client(certificates: Path) -> None:
    """--tls server only encrypts; the control plane is beside the registry."""
    with RegistrySandbox(tls="server", tls_dir=certificates) as sandbox:
        assert curl(sandbox, certificates).returncode == 0
        assert sandbox.control_url.startswith("https://")


def test_without_a_folder_a_set_is_made() -> None:
    """Its folder is noted, for the banner."""
    with RegistrySandbox(tls="mutual") as sandbox:
        folder = sandbox.sandbox.certificates
        assert curl(sandbox, folder, *shown(folder, "client")).returncode == 0
    with pytest.raises(OSError, match=r"."):
        (folder / "ca.pem").read_bytes()


def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither the handler of the log nor the thread that writes its lines."""
    sandbox = build(Settings(port=0, tls="server", tls_dir=tmp_path, no_seed_data=True))
    before = [*logging.getLogger().handlers]
    with pytest.raises(UnusableCertificates, match=r"server\.pem"):
        asyncio.run(sandbox.start())
    assert logging.getLogger().handlers == before
