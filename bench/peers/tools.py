"""Fetch the peers by Maven and npm, pinned in the folders beside this file; nothing is installed outside them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
_NODE = HERE / "node"


class CannotBeHad(Exception):
    """A peer is not there, and cannot be fetched; the message says what is missing."""


def classpath(peer: str) -> str:
    """Return the class path of a peer in Java: compiled or fetched, offline where everything is there.

    Raises:
        CannotBeHad: there is no Java or no Maven, or Maven cannot fetch it.
    """
    _require("java", "mvn")
    folder = HERE / peer
    if _maven(folder, "--offline") and _maven(folder):
        raise CannotBeHad(f"Maven cannot build {peer}")
    return f"{folder / 'target' / 'classes'}:{(folder / 'target' / 'classpath').read_text().strip()}"


def _maven(folder: Path, *options: str) -> int:
    goals = ["compile", "dependency:build-classpath"]
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--quiet", *options, *goals]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode


def node_command(name: str) -> str:
    """Return the path of a peer's command in Node, once npm has fetched it.

    Raises:
        CannotBeHad: there is no Node or no npm, or npm cannot fetch it.
    """
    _require("node", "npm")
    command = _NODE / "node_modules" / ".bin" / name
    if not command.exists():
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        if subprocess.run(install, cwd=_NODE, check=False, capture_output=True).returncode or not command.exists():
            raise CannotBeHad(f"npm cannot fetch {name}")
    return str(command)


def node_version(package: str) -> str:
    """Return the version of a package that `node/package.json` pins."""
    return str(json.loads((_NODE / "package.json").read_text())["dependencies"][package])


def java_version(peer: str) -> str:
    """Return the version that the POM of a peer pins."""
    pom = (HERE / peer / "pom.xml").read_text()
    found = re.search(r"<hapi.version>(.+)</hapi.version>", pom) or re.search(
        r"<dependency>.*?<version>(.+?)<", pom, re.DOTALL
    )
    if found is None:
        raise ValueError(f"{peer}/pom.xml pins no version")
    return found[1]


def _require(*commands: str) -> None:
    for each in commands:
        if shutil.which(each) is None:
            raise CannotBeHad(f"there is no {each} on this machine")
