"""The examples do what their READMEs say; those in JavaScript and Java are run by `make examples`."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.running import RegistrySandbox

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENTS = {
    "python-httpx": (sys.executable, "registry_client.py"),
    "python-fhirpy": (sys.executable, "registry_client.py"),
    "curl": ("bash", "walk-through.sh"),
}


def run(client: str, running: RegistrySandbox) -> subprocess.CompletedProcess[str]:
    """Run an example against a sandbox."""
    missing = [each for each in ("bash", "curl", "jq") if client == "curl" and shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} cannot be had here")
    surroundings = {
        **os.environ,
        "REGISTRY_BASE_URL": running.base_url,
        "REGISTRY_TOKEN_URL": running.base_url.replace("/STU3", "/oauth2/token"),
        "REGISTRY_CLIENT_ID": "sandbox-client",
        "REGISTRY_CLIENT_SECRET": "sandbox-secret",
    }
    return subprocess.run(  # noqa: S603 - the commands are above
        CLIENTS[client], cwd=EXAMPLES / client, env=surroundings, capture_output=True, text=True, check=False
    )


def held(running: RegistrySandbox) -> list[list[str]]:
    """Give the statuses of all versions of each appointment that an example registered."""
    everything: dict[str, Any] = httpx.get(f"{running.control_url}/appointments").json()
    return [
        [version["status"] for version in each["versions"]]
        for each in everything["appointments"]
        if each["versions"][0]["participant"][0]["actor"]["identifier"]["value"] == "9990001111"
    ]


def asked(running: RegistrySandbox) -> list[str]:
    """Give the FHIR interactions that an example asked for, in their order."""
    return [each.request.interaction for each in running.sandbox.tenant.journal if each.request.interaction]


@pytest.mark.parametrize("client", CLIENTS)
class TestExample:
    """A client that is copied must be right: what the registry holds afterwards is looked at, not only its words."""

    def test_the_conversation(self, client: str, running: RegistrySandbox) -> None:
        """Where nothing goes wrong, each interaction is asked for once; a cancel reads first."""
        httpx.post(f"{running.control_url}/reset").raise_for_status()
        done = run(client, running)
        assert done.returncode == 0, done.stderr
        assert held(running) == [["booked", "cancelled"]]
        assert asked(running) == ["token", "create", "search-type", "read", "read", "update"]

    @pytest.mark.parametrize(
        ("faults", "versions"),
        [
            (("register:commit+reset@x1", "cancel:500@x1", "cancel:race=bump@#2"), ["booked", "booked", "cancelled"]),
            (("register:500@x1", "register:commit+cut=100@#2", "search:cut=100@x1"), ["booked", "cancelled"]),
            (("token:503@x1", "register:commit+500@x1", "cancel:commit+empty@x1"), ["booked", "cancelled"]),
            (("read:garbage@#1", "read:body=truncate@#3"), ["booked", "cancelled"]),
        ],
        ids=["as make examples", "half an answer", "stored, but not said so", "no answer to a question"],
    )
    def test_it_comes_through(self, client: str, faults: tuple[str, ...], versions: list[str]) -> None:
        """Whatever is lost, the appointment is registered once and cancelled at last."""
        with RegistrySandbox(no_seed_data=True, fault=faults) as sandbox:
            done = run(client, sandbox)
            assert done.returncode == 0, done.stderr
            assert held(sandbox) == [versions]
            assert len(sandbox.sandbox.tenant.plan.fired()) == len(faults)

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("register:422", ["token", "create"]),
            ("cancel:412", ["token", "create", "search-type", "read", "read", "update"]),
        ],
    )
    def test_a_refusal_is_not_sent_again(self, client: str, fault: str, expected: list[str]) -> None:
        """After a 4xx nothing more is asked, and the exit status says so."""
        with RegistrySandbox(no_seed_data=True, fault=(fault,)) as sandbox:
            assert run(client, sandbox).returncode != 0
            assert asked(sandbox) == expected


@pytest.mark.parametrize("client", ["python-httpx", "curl"])
def test_it_gives_up(client: str) -> None:
    """A registry that always fails is asked five times; what was not registered is looked for between."""
    with RegistrySandbox(no_seed_data=True, fault=("register:500",)) as sandbox:
        assert run(client, sandbox).returncode != 0
        assert asked(sandbox) == ["token", "create", *["search-type", "create"] * 4]
        assert held(sandbox) == []


def test_the_lock_names_no_host_to_fetch_from() -> None:
    """The lock file holds versions and hashes; where packages come from is each machine's own choice."""
    lock = json.loads((EXAMPLES / "javascript" / "package-lock.json").read_text())
    assert len(lock["packages"]) > 1
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []


@pytest.mark.parametrize("folder", sorted(each.name for each in EXAMPLES.iterdir() if each.is_dir()))
def test_each_example_has_a_short_readme(folder: str) -> None:
    """A README of about ten lines names the variables that say where the registry is."""
    readme = (EXAMPLES / folder / "README.md").read_text()
    assert len(readme.splitlines()) < 15
    assert re.findall(r"`(REGISTRY_[A-Z_]+)`", readme) == [
        "REGISTRY_BASE_URL",
        "REGISTRY_TOKEN_URL",
        "REGISTRY_CLIENT_ID",
        "REGISTRY_CLIENT_SECRET",
        "REGISTRY_NHS_NUMBER",
    ]
