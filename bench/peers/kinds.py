"""The servers that are compared: how each is started, with what it has been taught."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.peers import tools
from bench.peers.stubs import STUBS, for_mockserver, for_mountebank, for_wiremock
from bench.processes import running
from bench.wire import exchange, request

Command = Callable[[Path, int], list[str]]
"""Writes what the server is taught into a folder of its own, and returns the command that serves on a port."""

_DEFINITIONS = ("StructureDefinition", "ValueSet", "CodeSystem")


@dataclass(frozen=True, slots=True)
class Kind:
    """A server; `taught` says in a few words what was given to it."""

    name: str
    version: str
    taught: str
    command: Command


def _sandbox(folder: Path, port: int) -> list[str]:
    del folder
    return [sys.executable, "-m", "registry_sandbox", "--port", str(port), "--quiet"]


def _wiremock(folder: Path, port: int) -> list[str]:
    mappings = folder / "mappings"
    mappings.mkdir()
    _write(mappings / "stubs.json", for_wiremock(STUBS))
    classes = tools.classpath("wiremock")
    serve = ["wiremock.Run", "--port", str(port), "--root-dir", str(folder), "--disable-banner"]
    return ["java", "-cp", classes, *serve]


def _mockserver(folder: Path, port: int) -> list[str]:
    path = folder / "expectations.json"
    _write(path, for_mockserver(STUBS))
    settings = f"-Dmockserver.initializationJsonPath={path}"
    return ["java", settings, "-cp", tools.classpath("mockserver"), "org.mockserver.cli.Main", "-serverPort", str(port)]


def _mountebank(folder: Path, port: int) -> list[str]:
    path = folder / "imposters.json"
    _write(path, for_mountebank(STUBS, port))
    command = [tools.node_command("mb"), "start", "--configfile", str(path), "--port", str(port + 1)]
    return [*command, "--nologfile", "--pidfile", str(folder / "pid")]


def _prism(folder: Path, port: int) -> list[str]:
    path = folder / "openapi.json"
    path.write_bytes(_of_the_sandbox("/_sandbox/openapi.json"))
    return [tools.node_command("prism"), "mock", str(path), "--port", str(port)]


def _hapi(folder: Path, port: int) -> list[str]:
    del folder
    return ["java", "-cp", tools.classpath("hapi"), "peers.Hapi", str(port)]


def _hapi_validating(folder: Path, port: int) -> list[str]:
    path = folder / "definitions.json"
    bundles = [json.loads(_of_the_sandbox(f"/STU3/{each}")) for each in _DEFINITIONS]
    entries = [entry for bundle in bundles for entry in bundle["entry"]]
    _write(path, {"resourceType": "Bundle", "type": "collection", "entry": entries})
    return [*_hapi(folder, port), str(path)]


def _write(path: Path, told: object) -> None:
    path.write_text(json.dumps(told))


def _of_the_sandbox(path: str) -> bytes:
    """Return what a sandbox answers, that runs for this alone."""
    with running("sandbox", ["registry_sandbox", "--port", "0", "--quiet"]) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        return exchange(sandbox.port, request("GET", path, headers)).body


_STUBS = f"{len(STUBS)} stubs"

KINDS = (
    Kind("sandbox", version("appointment-registry-sandbox"), "nothing", _sandbox),
    Kind("WireMock", tools.java_version("wiremock"), _STUBS, _wiremock),
    Kind("MockServer", tools.java_version("mockserver"), _STUBS, _mockserver),
    Kind("mountebank", tools.node_version("mountebank"), _STUBS, _mountebank),
    Kind("Prism", tools.node_version("@stoplight/prism-cli"), "our OpenAPI document", _prism),
    Kind("HAPI, plain", tools.java_version("hapi"), "a class in Java", _hapi),
    Kind("HAPI, validating", tools.java_version("hapi"), "the same, and our profiles", _hapi_validating),
)
