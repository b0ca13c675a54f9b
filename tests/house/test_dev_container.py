"""The dev container is what its tools take, and is made of what the tree has.

Source: devContainer.base.schema.json of the Development Containers Specification.
"""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it comes with check-jsonschema
import pytest

from registry_sandbox.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
# What the published schema says of the members that are used here; it allows no others but those that it names.
MOUNT = {
    "type": "object",
    "required": ["type", "target"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["bind", "volume"]},
        "source": {"type": "string"},
        "target": {"type": "string"},
    },
}
PORT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "label": {"type": "string"},
        "onAutoForward": {"enum": ["notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"]},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "image": {"type": "string"},
        "mounts": {"type": "array", "items": MOUNT},
        "postCreateCommand": {"type": ["string", "array", "object"]},
        "forwardPorts": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 65535}},
        "portsAttributes": {"type": "object", "additionalProperties": PORT},
        "customizations": {"type": "object"},
    },
}


@pytest.fixture
def told() -> dict[str, Any]:
    """The file without its comments, which the specification allows; commas at the end it does not."""
    found: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", TEXT, flags=re.MULTILINE))
    return found


def test_it_conforms_to_the_published_schema(told: dict[str, Any]) -> None:
    """Each member has the type that the specification gives it."""
    jsonschema.validate(told, SCHEMA)


def test_its_python_is_the_images(told: dict[str, Any]) -> None:
    """The image's tag names a minor version and a release of Debian: the version that the Dockerfile builds on."""
    (version,) = re.findall(r"^python:(3\.\d+)-[a-z]+$", told["image"])
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"^FROM python:([\d.]+)-slim", dockerfile, re.MULTILINE)) == {version}
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    assert f"Programming Language :: Python :: {version}" in metadata["metadata"]["classifiers"]


def test_it_makes_the_environment_in_a_volume_of_its_own(told: dict[str, Any]) -> None:
    """The command is a target of the Makefile, and what it makes does not lie in the user's tree."""
    make, target = told["postCreateCommand"].split()
    assert make == "make"
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    (mount,) = told["mounts"]
    assert mount["type"] == "volume"
    assert mount["target"] == f"${{containerWorkspaceFolder}}/{target.partition('/')[0]}"


def test_the_port_that_is_forwarded_is_the_sandboxes(told: dict[str, Any]) -> None:
    """`make run` in the container is reached from outside."""
    port = Settings().port
    assert told["forwardPorts"] == [port]
    assert list(told["portsAttributes"]) == [str(port)]
