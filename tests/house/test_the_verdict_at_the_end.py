"""`serve --verdict-file --verdict-fail-on`: one process is server and judge."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from lxml import etree

from registry_sandbox.testing.builders import cancelled
from registry_sandbox.verdict.reports import json as json_report
from tests.house.command import Command

Served = Callable[..., tuple[int, str]]


@pytest.fixture
def served(command: Command, tmp_path: Path) -> Served:
    """Serve while a client cancels with these If-Match; return the exit status and what was said on stderr."""

    def serve(if_matches: list[str], *arguments: str) -> tuple[int, str]:
        with command.serving(tmp_path, "--quiet", "--auth", "off", *arguments) as (process, base, _):
            url = f"{base}/Appointment/booked-tomorrow"
            with httpx.Client(headers={"Content-Type": "application/fhir+json"}, trust_env=False) as http:
                resource = cancelled(http.get(url).json()) if if_matches else {}
                for if_match in if_matches:
                    http.put(url, json=resource, headers={"If-Match": if_match})
            process.terminate()
            _, errors = process.communicate()
            return process.wait(), errors

    return serve


WRONG, RIGHT = ['W/"1"'] * 3, ['W/"1"']


@pytest.mark.parametrize(
    ("if_matches", "arguments", "status"),
    [
        (RIGHT, ("--verdict-fail-on", "fail"), 0),
        (WRONG, ("--verdict-fail-on", "fail"), 1),
        (WRONG, ("--verdict-fail-on", "warning"), 1),
        ([], ("--verdict-fail-on", "fail"), 1),
        (WRONG, (), 0),
    ],
)
def test_the_exit_status_is_the_verdict_where_that_is_wanted(
    served: Served, tmp_path: Path, if_matches: list[str], arguments: tuple[str, ...], status: int
) -> None:
    """Nothing exercised is no pass; without --verdict-fail-on the file alone is written."""
    files = [tmp_path / "verdict.json", tmp_path / "verdict.xml", tmp_path / "verdict.html"]
    named = [word for file in files for word in ("--verdict-file", str(file))]
    ended, errors = served(if_matches, *named, *arguments)
    assert ended == status, errors
    assert "registry-sandbox: verdict: " in errors
    assert "Traceback" not in errors
    report = json_report.read(files[0].read_text())
    assert report.journal.last == len(if_matches) + bool(if_matches)
    failures = int(etree.fromstring(files[1].read_bytes()).get("failures", ""))
    assert bool(failures) == (if_matches is WRONG)
    assert files[2].read_text().startswith("<!DOCTYPE html>")


def test_what_falls_short_is_said(served: Served) -> None:
    """A line for each finding on stderr, or the reason."""
    _, errors = served(WRONG, "--verdict-fail-on", "fail")
    assert "registry-sandbox: verdict: fail: a-409-is-followed-by-a-read-before-the-next-put: " in errors
    _, errors = served([], "--verdict-fail-on", "fail")
    assert "registry-sandbox: verdict: nothing was exercised" in errors


def test_nobody_is_judged_unless_it_is_wanted(served: Served) -> None:
    """A verdict costs nothing then."""
    status, errors = served(WRONG)
    assert (status, "verdict" in errors) == (0, False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/nowhere/verdict.json", "the verdict /nowhere/verdict.json cannot be written: No such file or directory"),
        ("verdict.pdf", "--verdict-file 'verdict.pdf' cannot be used; expected a name that ends in"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_at_the_start(command: Command, name: str, said: str) -> None:
    """Exit status 2 and one line, before anything is served."""
    done = command.ran("--port", "0", "--verdict-file", name)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_the_verdict_of_an_earlier_run_is_removed_at_the_start(command: Command, tmp_path: Path) -> None:
    """Even if this run comes to nothing: whoever finds a file finds the verdict on this run."""
    old = tmp_path / "verdict.json"
    old.write_text("old")
    command.ran("--port", "0", "--verdict-file", str(old), "--seed-data", "/nowhere")
    assert [*tmp_path.iterdir()] == []
