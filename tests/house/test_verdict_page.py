"""docs/verdict.md is true: its five minutes are lived; its excerpts and tables are held to what comes of them."""

import argparse
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from lxml import etree

from registry_sandbox.cli import verdict as command
from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.verdict.expected import accepting, read_expectations
from registry_sandbox.verdict.finding import Grade
from registry_sandbox.verdict.report import Accepted, Report
from registry_sandbox.verdict.reports import ENDINGS, MEDIA_TYPES, Format, rendered

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verdict.md").read_text()
ADDRESS = "http://127.0.0.1:8080"


def block(language: str, after: str) -> str:
    """Return the first block in a language after a text."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.partition(after)[2], re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """The verdict on the page's own client."""
    with RegistrySandbox() as sandbox:
        script = block("bash", "## Five minutes").replace(ADDRESS, sandbox.base_url.removesuffix("/STU3"))
        subprocess.run(["bash", "-ec", script], cwd=tmp_path_factory.mktemp("walk"), check=True)  # noqa: S603, S607
        yield sandbox.verdict().report


def test_the_terminal_shows_what_the_page_shows(report: Report) -> None:
    """Line by line, up to the dots."""
    shown = block("console", "Then ask:").partition("\n")[2].removesuffix("...\n")
    assert rendered(report, "text").startswith(shown)


def contains(whole: Any, part: Any) -> bool:
    """Return whether a JSON value has all that a part of it has."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and contains(whole[name], part[name]) for name in part)
    return bool(whole == part)


def test_the_excerpts_are_of_this_report(report: Report) -> None:
    """JSON, SARIF, TestReport and JUnit XML."""
    assert contains(json.loads(rendered(report, "json")), json.loads(block("json", "**JSON**")))
    (result,) = json.loads(rendered(report, "sarif"))["runs"][0]["results"]
    assert contains(result, json.loads(block("json", "**SARIF**")))
    assert contains(json.loads(rendered(report, "testreport")), json.loads(block("json", "**TestReport**")))
    suites = etree.fromstring(rendered(report, "junit").encode())
    for element in etree.fromstring(block("xml", "**JUnit XML**")).iter("*"):
        assert (element.tag, dict(element.items())) in [(each.tag, dict(each.items())) for each in suites.iter("*")]


def test_the_counts_of_junit_xml_are_of_what_the_page_says(report: Report) -> None:
    """Each rule is counted once; what was accepted, or came to nothing, is skipped."""
    (failed,) = report.findings
    accepted = replace(report, findings=(), accepted=(Accepted(failed, "known"),))
    for each, failures, skipped in ((report, 1, 22), (accepted, 0, 23)):
        (suite,) = etree.fromstring(rendered(each, "junit").encode())
        counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "skipped", "errors")}
        assert counts == {"tests": len(report.rules), "failures": failures, "skipped": skipped, "errors": 0}
    for count in counts:
        assert f"\n| `{count}` | " in PAGE


def test_the_expected_findings_of_the_page_are_those(report: Report, tmp_path: Path) -> None:
    """Its file accepts what its client does wrong."""
    (tmp_path / "expected.yaml").write_text(block("yaml", "## Expected findings"))
    left = accepting(report, read_expectations(tmp_path / "expected.yaml"))
    assert (left.findings, len(left.accepted)) == ((), 1)
    assert left.accepted[0].because.startswith("issue 42")


def rows(after: str) -> list[str]:
    """Return the first cells of the first table after a text."""
    table = PAGE.partition(after)[2].partition("|---")[2].partition("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[1:]]


def test_the_tables_have_every_grade_option_and_format() -> None:
    """And nothing else."""
    assert {row.strip("`") for row in rows("## How to read it")} == set(get_args(Grade))
    formats = PAGE.partition("## Formats")[2].partition("\n\n**JSON**")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| `([.\w]+)` \|", formats, re.MULTILINE)) == {
        wanted: ending for ending, wanted in ENDINGS.items()
    }
    assert set(ENDINGS.values()) == set(MEDIA_TYPES) == set(get_args(Format))


def test_every_option_of_the_command_is_in_its_table() -> None:
    """By its flag."""
    parser = argparse.ArgumentParser(add_help=False)
    command.add_options(parser)
    flags = {flag for action in parser._actions for flag in action.option_strings}  # noqa: SLF001 - argparse tells no other way
    assert set(re.findall(r"--[a-z-]+", " ".join(rows("## The command")))) == flags


def test_the_picture_is_there() -> None:
    """And small enough for a page."""
    picture = ROOT / "docs" / re.findall(r"\]\((\w+\.png)\)", PAGE)[0]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 200_000


def test_what_a_person_says_is_taken_as_the_page_has_it() -> None:
    """The call of the table, with its rule."""
    found = re.search(r"`curl \S+/_sandbox(\S+) -d '(.+?)'`", PAGE)
    assert found
    with RegistrySandbox() as sandbox:
        said = json.loads(found[2])
        sandbox.control.json("POST", found[1], said)
        assert sandbox.verdict().grade(said["rule"]) == "attested"
