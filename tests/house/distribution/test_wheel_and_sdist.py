"""The wheel, the sdist, an editable install and a bare checkout each give a server with its profiles and seeds."""

import configparser
import email
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from importlib.metadata import requires
from pathlib import Path

import httpx
import pytest

from tests.house.distribution.conftest import ROOT, Built, Environment, install, make_environment

DATA = {f"registry_sandbox.{folder}": folder for folder in ("profiles", "scenarios", "seed_data")}


def packages_listed() -> set[str]:
    """The packages that setup.cfg lists."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    return set(metadata["options"]["packages"].split())


def files_below(folder: str) -> set[str]:
    """The files of the tree below a folder, as paths from the root."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def in_package(path: str) -> str:
    """Where a file of the tree lies in an installed package."""
    return path.removeprefix("sandbox/") if path.startswith("sandbox/") else f"registry_sandbox/{path}"


def answers_of(command: Sequence[str | Path], cwd: Path, ready: Path) -> tuple[dict[str, object], dict[str, object]]:
    """Start a server; give its CapabilityStatement and its health; it must end with 0 when told to."""
    words = [str(part) for part in (*command, "--port", "0", "--ready-file", ready)]
    with subprocess.Popen(  # noqa: S603 - the commands of these tests
        words, cwd=cwd, env={"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        # The banner is printed once requests are answered: to wait for it is to wait for readiness, or for the end.
        if not server.stdout.readline():
            pytest.fail(str(server.communicate()[1]))
        base, control = ready.read_text().split()
        with httpx.Client(trust_env=False) as http:
            answers = http.get(f"{base}/metadata").json(), http.get(f"{control}/health").json()
        server.send_signal(signal.SIGTERM)
        server.communicate()
        assert server.returncode == 0
        return answers


def assert_serves(command: Sequence[str | Path], cwd: Path, ready: Path) -> None:
    """Hold a server to its own CapabilityStatement and to the shipped seeds."""
    metadata, health = answers_of(command, cwd, ready)
    assert metadata["fhirVersion"] == "3.0.1"
    seeded = health["appointments"]
    assert isinstance(seeded, int)
    assert seeded >= len(files_below("seed_data"))


def test_every_folder_with_code_is_a_listed_package() -> None:
    """The list of packages in setup.cfg is what there is, and the folders of data."""
    folders = {path.parent for path in (ROOT / "sandbox" / "registry_sandbox").rglob("*.py")}
    there = {".".join(folder.relative_to(ROOT / "sandbox").parts) for folder in folders}
    assert packages_listed() == there | DATA.keys()


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(built: Built) -> None:
    """Every file below sandbox and the folders of data is in the wheel, and no other."""
    with zipfile.ZipFile(built.wheel) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    expected = files_below("sandbox/registry_sandbox").union(*map(files_below, DATA.values()))
    assert held == {in_package(path) for path in expected}


def test_the_sdist_holds_what_the_wheel_is_built_from(built: Built) -> None:
    """The wheel was built from the sdist, which has the sources where the tree has them."""
    with tarfile.open(built.sdist) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    assert held >= files_below("sandbox/registry_sandbox").union(*map(files_below, DATA.values()))
    assert held >= {"setup.cfg", "pyproject.toml", "LICENSE", "README.md"}


def test_the_build_has_nothing_to_warn_of(built: Built) -> None:
    """What setuptools warns of today is an error of tomorrow."""
    assert "warning:" not in built.output.lower()


def test_the_metadata_are_complete(built: Built) -> None:
    """Name, licence, description, URLs, Python versions and classifiers are what an index shows."""
    with zipfile.ZipFile(built.wheel) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(wheel.read(name))
    assert metadata["Name"] == "appointment-registry-sandbox"
    assert metadata["License-Expression"] == "MIT AND Apache-2.0"  # the console's library
    assert metadata["Requires-Python"] == ">=3.11"
    assert len(metadata.get_all("Project-URL", [])) >= 2
    assert "Framework :: Pytest" in metadata.get_all("Classifier", [])
    assert str(metadata.get_payload()).startswith("# Appointment Registry Sandbox")


def test_the_wheel_serves_its_profiles_and_seeds(installed: Environment, tmp_path: Path) -> None:
    """The console script of an installed wheel serves, with nothing of the tree in reach."""
    assert_serves([installed.command("registry-sandbox")], tmp_path, tmp_path / "ready")


def test_an_editable_install_serves_the_same(source_tree: Path, tmp_path: Path) -> None:
    """An editable install finds the folders of data beside the package."""
    environment = make_environment(tmp_path / "environment")
    install(environment, "--editable", source_tree)
    assert_serves([environment.command("registry-sandbox")], tmp_path, tmp_path / "ready")


def test_a_bare_checkout_serves_the_same(source_tree: Path, tmp_path: Path) -> None:
    """`python -m registry_sandbox` from the source root needs no install, where the dependencies are there."""
    assert_serves([sys.executable, "-m", "registry_sandbox"], source_tree / "sandbox", tmp_path / "ready")


@pytest.mark.parametrize("heavy", ["pytest", "httpx", "coverage"])
def test_what_only_developers_need_is_not_installed_with_it(heavy: str) -> None:
    """The server depends on nothing that only its tests use."""
    needed = [each for each in requires("appointment-registry-sandbox") or [] if "extra ==" not in each]
    assert not [each for each in needed if each.startswith(heavy)]
