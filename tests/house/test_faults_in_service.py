"""Faults of the program as it is served, with uvloop's sockets; from flag, environment and file; and over TLS."""

import json
import os
import ssl
from pathlib import Path

import httpx
import pytest
import yaml

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.command import Command
from tests.house.faulty import BOOKED, Faulty, by_httpx

SEEN = {
    "read:reset": "ReadError",
    "read:empty": "RemoteProtocolError",
    "read:garbage": "RemoteProtocolError",
    "read:cut=100": "RemoteProtocolError",
    "read:cut=100/rst": "ReadError",
    "read:dribble=3/1ms": 200,
    "read:rate=1000000": 200,
}


def test_the_wire_is_the_same_with_uvloop(command: Command, tmp_path: Path) -> None:
    """Each effect that touches the connection, on the loop that is used in service."""
    with command.serving(tmp_path, "--quiet") as (_, base, control), Faulty(base, control) as faulty:
        for spec, seen in SEEN.items():
            faulty.begin(spec)
            assert by_httpx(faulty.call("read")) == seen, spec
        faulty.begin("cancel:commit+reset")
        assert by_httpx(faulty.call("cancel")) == "ReadError"
        assert faulty.held("cancel") == "version 2, cancelled"


@pytest.mark.parametrize(
    ("spec", "seen"), [("read:reset", httpx.TransportError), ("read:cut=100/rst", httpx.TransportError)]
)
def test_a_connection_is_broken_over_tls_too(spec: str, seen: type[Exception]) -> None:
    """The RST is the socket's, whatever is on top of it."""
    with RegistrySandbox(random_seed=1, tls="server", fault=(spec,)) as running:
        authority = str(running.sandbox.certificates / "ca.pem")
        with httpx.Client(verify=ssl.create_default_context(cafile=authority)) as client:
            token = client.get(f"{running.control_url}/token").text.strip()
            with pytest.raises(seen):
                client.get(f"{running.base_url}/Appointment/{BOOKED}", headers={"Authorization": f"Bearer {token}"})


def test_flags_stand_before_the_file_and_a_reset_brings_both_back(command: Command, tmp_path: Path) -> None:
    """And HTTP before both."""
    file = tmp_path / "faults.yaml"
    file.write_text(
        yaml.safe_dump({"faults": [{"id": "of-file", "then": {"status": 501, "headers": {"X-File": "1"}}}]})
    )
    arguments = ("--quiet", "--fault-file", str(file), "--fault", "read:502")
    with command.serving(tmp_path, *arguments) as (_, base, control), Faulty(base, control) as faulty:
        faulty.token = faulty.control.get("/token").text.strip()
        call = faulty.call("read")
        answer = httpx.get(call.url, headers=call.headers)
        assert (answer.status_code, answer.headers["X-File"]) == (502, "1")
        faulty.control.post("/faults", json="read:503")
        assert by_httpx(call) == 503
        for rule in ("http-1", "flag-1"):
            faulty.control.delete(f"/faults/{rule}")
        assert by_httpx(call) == 501
        faulty.control.post("/reset")
        assert [each["id"] for each in faulty.control.get("/faults").json()["faults"]][:2] == ["flag-1", "of-file"]


def test_the_banner_and_health_name_the_faults_in_force(command: Command, tmp_path: Path) -> None:
    """Nobody is surprised by a fault that was set."""
    with command.serving(tmp_path, "--fault", "cancel:500@10%") as (process, _, control):
        assert httpx.get(f"{control}/health").json()["faults"] == ["flag-1"]
        banner = [process.stdout.readline() for _ in range(12)]
    (line,) = [each for each in banner if "Faults" in each]
    assert json.loads(line.partition("flag-1: ")[2]) == {
        "match": {"interaction": "cancel"},
        "when": {"probability": 0.1},
        "then": {"status": 500},
    }


def test_the_environment_separates_faults_by_semicolons(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SANDBOX_FAULT is --fault, repeated."""
    monkeypatch.setitem(os.environ, "SANDBOX_FAULT", "read:503@x1;*:headers=X-Slow:1")
    with command.serving(tmp_path, "--quiet") as (_, _base, control):
        assert httpx.get(f"{control}/health").json()["faults"] == ["flag-1", "flag-2"]
