"""The recipes of docs/ci.md, compose.yaml, the Dockerfile and our own scripts are what their tools take."""

import re
import shlex
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from registry_sandbox.cli import exam, verdict
from registry_sandbox.cli.exam_driver import PLACEHOLDERS
from registry_sandbox.settings import PREFIX, fields
from registry_sandbox.verdict.reports import MEDIA_TYPES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text()


def recipe(name: str) -> str:
    """The block of the page that begins with a comment of this file name."""
    (text,) = re.findall(rf"```yaml\n# {re.escape(name)}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def compose() -> dict[str, Any]:
    """The services of compose.yaml."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("vendor.github-workflows", ".github/workflows/client.yaml"),
        ("vendor.gitlab-ci", ".gitlab-ci.yml"),
        ("vendor.github-workflows", ".github/workflows/verdict.yaml"),
        ("vendor.gitlab-ci", ".gitlab-ci.verdict.yml"),
        ("vendor.github-workflows", ".github/workflows/exam.yaml"),
        ("vendor.gitlab-ci", ".gitlab-ci.exam.yml"),
        ("vendor.compose-spec", "compose.yaml"),
    ],
)
def test_it_conforms_to_its_tools_schema(schema: str, name: str, tmp_path: Path) -> None:
    """By the schema that the tool's makers publish."""
    text = (ROOT / name).read_text() if name == "compose.yaml" else recipe(name)
    written = tmp_path / Path(name).name
    written.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(written)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own Python
    assert done.returncode == 0, done.stdout


def test_a_client_starts_once_the_sandbox_is_healthy() -> None:
    """Compose waits for the health check, which is the image's own."""
    services = compose()
    assert services["client"]["depends_on"] == {"sandbox": {"condition": "service_healthy"}}
    assert services["sandbox"]["healthcheck"]["test"] == ["CMD", "registry-sandbox", "health"]


def test_every_setting_that_a_recipe_names_is_one() -> None:
    """A variable that is unknown would stop the start."""
    texts = [PAGE, (ROOT / "compose.yaml").read_text(), (ROOT / "Dockerfile").read_text()]
    named = {word for text in texts for word in re.findall(rf"{PREFIX}[A-Z_]+\b", text)}
    assert named <= {PREFIX + each.name.upper() for each in fields()}
    assert named >= {"SANDBOX_FAULT", "SANDBOX_CLOCK", "SANDBOX_HOST"}


def test_a_recipe_asks_for_a_verdict_as_the_command_takes_it() -> None:
    """Every line with `registry-sandbox verdict` has options that exist; the formats that are fetched do too."""
    lines = re.findall(r"registry-sandbox verdict (.*)", PAGE)
    parser = ArgumentParser()
    verdict.add_options(parser)
    asked = [parser.parse_args(shlex.split(line)) for line in lines]
    assert [each.fail_on for each in asked] == ["fail", "fail"]
    assert [file.name for each in asked for file in each.output] == ["verdict.html", "verdict.xml"]
    assert set(re.findall(r"/_sandbox/verdict\?format=(\w+)", PAGE)) == {"html", "junit"} <= set(MEDIA_TYPES)


def test_the_verdict_is_kept_where_the_tests_failed_too() -> None:
    """Judging and keeping come after the tests, whatever came of them."""
    steps = yaml.safe_load(recipe(".github/workflows/verdict.yaml"))["jobs"]["client"]["steps"]
    assert [step.get("if") for step in steps[-2:]] == ["always()", "always()"]
    assert yaml.safe_load(recipe(".gitlab-ci.verdict.yml"))["client"]["artifacts"]["when"] == "always"


def exam_lines(name: str) -> list[str]:
    """The commands of a recipe that examine, as its shell gets them."""
    job = yaml.safe_load(recipe(name))
    job = job.get("jobs", job)["client"]
    lines = (
        [str(step.get("run", "")) for step in job["steps"]] if "steps" in job else [str(each) for each in job["script"]]
    )
    return [line for line in lines if "registry-sandbox exam" in line]


@pytest.mark.parametrize("name", [".github/workflows/exam.yaml", ".gitlab-ci.exam.yml"])
def test_a_recipe_examines_as_the_command_takes_it(name: str) -> None:
    """Its line has options that exist, drives a client with the exam's placeholders, and writes what the job keeps."""
    (line,) = exam_lines(name)
    words = shlex.split(line)
    assert words[:2] == ["registry-sandbox", "exam"]
    parser = ArgumentParser()
    exam.add_options(parser)
    asked = parser.parse_args(words[2:])
    assert set(re.findall(r"{\w+}", asked.command)) <= {f"{{{each}}}" for each in PLACEHOLDERS}
    for file in asked.output:
        assert recipe(name).count(file.name) > 1, f"{file.name} is written, and not kept"


def test_the_examples_of_the_scenarios_to_begin_with_exist() -> None:
    """Every `--scenario NAME` of the page is a shipped scenario; the page has their number too."""
    shipped = {path.stem for path in (ROOT / "scenarios" / "exam").glob("*.yaml")}
    assert set(re.findall(r"--scenario ([a-z0-9-]+)", PAGE)) <= shipped
    assert re.findall(r"to the test in (\d+) scenarios", PAGE) == [str(len(shipped))]


@pytest.mark.parametrize(
    "script", [".ci/run", ".ci/wheel", ".ci/image", ".ci/engine-docker", ".ci/engine-without-docker"]
)
def test_the_scripts_have_no_known_trap(script: str) -> None:
    """ShellCheck finds nothing in them."""
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    if shellcheck is None:
        pytest.skip("shellcheck is not installed beside this Python")
    done = subprocess.run(  # noqa: S603 - the one of this environment
        [shellcheck, "--external-sources", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_only_what_the_package_is_built_from_enters_the_image() -> None:
    """The build's context is a list of what it may hold, and each of these is there."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = [line[1:] for line in lines if line.startswith("!")]
    assert [name for name in allowed if not (ROOT / name).exists()] == []
    assert {".git", "tests", ".venv"}.isdisjoint(allowed)
