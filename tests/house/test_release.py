"""What a release is made of agrees: one version, a lock of every dependency, pinned actions, a whole site."""

import configparser
import re
import runpy
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from registry_sandbox import __version__
from registry_sandbox.testing.remote import RemoteSandbox

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


def read(path: str) -> str:
    """Return the text of a file of the tree."""
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["Dockerfile", "docs/ci.md", "docs/testing-recipes.md"])
def test_what_names_a_version_names_this_one(path: str) -> None:
    """A recipe that is pasted gets the image that it was written for."""
    named = set(re.findall(r"(?:registry-sandbox:|^ARG VERSION=)(\d+\.\d+\.\d+)", read(path), re.MULTILINE))
    assert named == {__version__}


def test_every_documented_build_tells_the_revision() -> None:
    """Else the label of the image would say `unknown`."""
    builds = [
        line
        for page in (ROOT / "docs").glob("*.md")
        for line in page.read_text().splitlines()
        if "docker build" in line
    ]
    assert builds
    assert all("--build-arg REVISION=" in line for line in builds)


def notes(version: str) -> subprocess.CompletedProcess[str]:
    """Ask for the notes of a version."""
    command = [sys.executable, str(ROOT / ".ci" / "release-notes"), version]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script


SCRIPT = runpy.run_path(str(ROOT / ".ci" / "release-notes"))


def test_the_changelog_tells_of_this_version() -> None:
    """The release's notes are its section, and nothing of another's."""
    told = SCRIPT["notes"](__version__, f'__version__ = "{__version__}"', read("CHANGELOG.md"))
    assert told.startswith("### ")
    assert "\n## " not in told


def test_what_is_unreleased_is_in_no_release() -> None:
    """The tag would carry it, and the notes would not tell of it."""
    released = "## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n### Added\n\n- A thing.\n"
    SCRIPT["require_nothing_unreleased"](released)
    left = released.replace("## [1.0.0]", "### Fixed\n\n- A mistake.\n\n## [1.0.0]")
    with pytest.raises(ValueError, match=r"under Unreleased.*: - A mistake"):
        SCRIPT["require_nothing_unreleased"](left)


def test_no_change_is_told_twice() -> None:
    """Each entry is another one, numbers apart: a figure that was renewed would else stand beside the old one."""
    entries = re.findall(r"^- .*(?:\n  .*)*", read("CHANGELOG.md"), re.MULTILINE)
    alike = [re.sub(r"\d+", "N", entry) for entry in entries]
    assert [entry for entry in entries if alike.count(re.sub(r"\d+", "N", entry)) > 1] == []


def test_a_tag_of_another_version_is_no_release() -> None:
    """The message says which versions differ."""
    told = notes("9.9.9")
    assert told.returncode == 1
    assert told.stderr == f"release-notes: the tag says 9.9.9, the package {__version__}\n"


def test_the_lock_has_every_dependency_with_hashes_and_no_address() -> None:
    """The image installs the lock, and then the package alone: what the lock lacks would be missing there."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = {re.split(r"[\[><=;]", line)[0] for line in setup["options"]["install_requires"].split("\n") if line}
    assert wanted <= {name for name, _ in LOCKED}
    blocks = re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in LOCK


def test_every_package_of_the_image_is_in_the_notices() -> None:
    """With its licence."""
    rows = re.findall(
        r"^\| ([a-z0-9-]+) \| (\S.*) \|$", read("THIRD-PARTY-NOTICES.md").split("In the image alone")[1], re.MULTILINE
    )
    assert {name for name, _ in rows} - {"package"} == {name for name, _ in LOCKED}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_and_no_job_may_more_than_it_says(workflow: Path) -> None:
    """A tag can be moved by whoever takes over an action; a commit cannot."""
    actions = re.findall(r"uses: (\S+)(.*)", workflow.read_text())
    assert actions
    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action) for action, _ in actions)
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", comment) for _, comment in actions)
    content = yaml.safe_load(workflow.read_text())
    assert content["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in content["jobs"].values())


def test_every_page_is_in_the_site() -> None:
    """In its navigation, where strict building looks for it, and in llms.txt."""
    navigation = yaml.safe_load(
        read("mkdocs.yml").split("exclude_docs")[0] + "nav:" + read("mkdocs.yml").split("\nnav:")[1]
    )["nav"]
    pages = {page for part in navigation for name in part.values() for page in _paths(name)}
    made = {"index.md", "openapi.md", "examples.md"}
    assert pages - made == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", read("docs/llms.txt")))
    assert linked == pages - {"openapi.md", "examples.md"}


def _paths(part: str | list[dict[str, str]]) -> list[str]:
    return [part] if isinstance(part, str) else [path for each in part for path in each.values()]


def test_the_requests_for_editors_hold(registry_sandbox: RemoteSandbox) -> None:
    """Sent from top to bottom, as an editor sends them, each succeeds."""
    text = read("docs/requests.http").replace("http://127.0.0.1:8080", registry_sandbox.base_url.removesuffix("/STU3"))
    variables, statuses = dict(re.findall(r"^@(\w+) = (\S+)$", text, re.MULTILINE)), []
    for block in text.split("\n### ")[1:]:
        name = re.search(r"^# @name (\w+)$", block, re.MULTILINE)
        lines = [line for line in filled(block, variables).splitlines()[1:] if not line.startswith("#")]
        head, _, body = "\n".join(lines).strip().partition("\n\n")
        request, *headers = head.splitlines()
        method, url = request.split(" ", 1)
        answer = httpx.request(method, url, headers=dict(line.split(": ", 1) for line in headers), content=body.strip())
        statuses.append((method, answer.status_code))
        if name is not None:
            variables |= {f"{name[1]}.response.body.{key}": str(value) for key, value in answer.json().items()}
    assert [status for _, status in statuses] == [200, 201, 200, 200, 200, 201, 200]


def filled(text: str, variables: dict[str, str]) -> str:
    """Put the values of variables in their places, also inside one another."""
    for _ in range(2):
        text = re.sub(r"\{\{([\w.]+)\}\}", lambda match: variables.get(match[1], match[0]), text)
    return text


def test_the_collection_is_made_from_the_openapi_document(registry_sandbox: RemoteSandbox) -> None:
    """`make collection` would change nothing."""
    folder = ROOT / "examples" / "bruno"
    generator = runpy.run_path(str(folder / "generate"))
    made = dict(generator["collection"](registry_sandbox.control.json("GET", "/openapi.json")))
    assert made == {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.bru")}
