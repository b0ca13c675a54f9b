"""`registry-sandbox verdict`, against a server that has a verdict of our choice."""

import json
import os
import pty
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from lxml import etree

from registry_sandbox.cli.command import main
from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import ENDINGS, rendered
from registry_sandbox.verdict.reports import json as json_report
from tests.unit.verdict.reporting import EMPTY, PASSING, REPORT, finding

Run = Callable[..., tuple[int, str, str]]


def read_to_the_end(terminal: int) -> bytes:
    """Return all that was written to a terminal: the kernel hands it on in pieces, and then fails (EIO) or ends."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(terminal, 10_000):
            shown += piece
    os.close(terminal)
    return shown


class Judge(ThreadingHTTPServer):
    """A control plane that answers with one verdict, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.text = rendered(REPORT, "json")
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Its URL, as one of a sandbox."""
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Judge

    def do_GET(self) -> None:
        """Send the verdict."""
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.text.encode())

    def log_message(self, *_: Any) -> None:
        """Write no line."""


@pytest.fixture
def judge() -> Iterator[Judge]:
    """The server, for one test."""
    with Judge() as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def run(judge: Judge, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on a report; return its exit status and what it printed, on stdout and stderr."""

    def ran(report: Report, *arguments: str) -> tuple[int, str, str]:
        judge.text = rendered(report, "json")
        status = main(["verdict", "--url", judge.url, *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return ran


class TestExitStatus:
    """0, 1 and 3; 2 is below."""

    @pytest.mark.parametrize(
        ("report", "arguments", "status"),
        [
            (PASSING, (), 0),
            (PASSING, ("--fail-on", "warning", "--require", finding().rule, "--min-coverage", "100%"), 0),
            (REPORT, (), 1),
            (Report((), (finding(grade="warning"),), REPORT.coverage, REPORT.journal), ("--min-coverage", "0"), 0),
            (
                Report((), (finding(grade="warning"),), REPORT.coverage, REPORT.journal),
                ("--min-coverage", "0", "--fail-on", "warning"),
                1,
            ),
            (EMPTY, (), 3),
            (EMPTY, ("--min-coverage", "0%"), 0),
            (EMPTY, ("--require", finding().rule), 3),
            (PASSING, ("--min-coverage", "60%"), 0),
            (EMPTY, ("--min-coverage", "60"), 3),
            (REPORT, ("--min-coverage", "99%"), 1),
        ],
    )
    def test_it_says_how_the_client_did(
        self, run: Run, report: Report, arguments: tuple[str, ...], status: int
    ) -> None:
        """Findings come before what was not reached."""
        assert run(report, *arguments)[0] == status

    def test_why_it_is_three_is_said(self, run: Run) -> None:
        """On stderr, a line for each reason."""
        _, _, errors = run(EMPTY, "--require", finding().rule, "--min-coverage", "60%")
        assert errors.splitlines() == [
            f"registry-sandbox: the rule {finding().rule} is not exercised: no 409",
            "registry-sandbox: the coverage is 0 % (0 of 1 outcomes), not 60 %",
        ]
        assert "nothing was exercised" in run(EMPTY)[2]


class TestExpected:
    """--expected."""

    def test_what_is_expected_does_not_fail(self, run: Run, tmp_path: Path) -> None:
        """It is shown as expected, and what no longer occurs is told."""
        file = tmp_path / "expected.yaml"
        file.write_text(f"- rule: {finding().rule}\n  because: issue 42\n- rule: every-update-carries-if-match\n")
        status, printed, errors = run(REPORT, "--expected", str(file))
        assert status == 0
        assert "EXPECTED (1)" in printed
        assert "issue 42" in printed
        said = "every-update-carries-if-match: this is expected and no longer occurs; the entry can go"
        assert errors == f"registry-sandbox: {file}, line 3: {said}\n"


class TestWhatIsPrinted:
    """--format and --output."""

    @pytest.mark.parametrize("wanted", ["text", "json", "html", "junit", "sarif", "testreport"])
    def test_it_is_the_report_in_the_format(self, run: Run, wanted: Any) -> None:
        """And nothing else."""
        assert run(REPORT, "--format", wanted)[1] == rendered(REPORT, wanted)

    def test_files_get_the_format_of_their_names(self, run: Run, tmp_path: Path) -> None:
        """As many as are wanted, from one verdict; stdout has the text."""
        files = {ending: tmp_path / f"verdict{ending}" for ending in ENDINGS}
        _, printed, _ = run(REPORT, *(word for file in files.values() for word in ("--output", str(file))))
        assert printed == rendered(REPORT, "text")
        for ending, wanted in ENDINGS.items():
            assert files[ending].read_text() == rendered(REPORT, wanted)
        assert json_report.read(files[".json"].read_text()) == REPORT
        assert len([*tmp_path.iterdir()]) == len(files)

    def test_the_filters_are_the_sandboxs(self, run: Run, judge: Judge) -> None:
        """It judges; the command only asks."""
        run(REPORT, "--client", "a b&c", "--since", "7")
        assert judge.asked == ["/_sandbox/verdict?format=json&client=a+b%26c&since=7"]

    @pytest.mark.parametrize(
        ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
    )
    def test_a_terminal_gets_colour_unless_it_wants_none(
        self, judge: Judge, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, coloured: bool
    ) -> None:
        """A pipe gets none."""
        for name, value in {"TERM": "xterm", "NO_COLOR": "", **variables}.items():
            monkeypatch.setenv(name, value)
        ours, its = pty.openpty()
        with open(its, "w", encoding="ascii") as terminal:  # noqa: PTH123 - a descriptor
            monkeypatch.setattr("sys.stdout", terminal)
            main(["verdict", "--url", judge.url])
        shown = read_to_the_end(ours)
        assert (b"\x1b[31mFAIL\x1b[0m" in shown) == coloured
        assert b"FAIL" in shown

    def test_what_a_terminal_cannot_show_is_escaped(
        self, judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """An encoding without the character is no reason to fail; a document is UTF-8 all the same."""
        report = Report((), (finding(message="ł"),), REPORT.coverage, REPORT.journal)
        judge.text = rendered(report, "json")
        out = tmp_path / "out"
        for wanted in ("text", "html"):
            with out.open("w", encoding="cp1252") as stdout:
                monkeypatch.setattr("sys.stdout", stdout)
                assert main(["verdict", "--url", judge.url, "--format", wanted]) == 1
            if wanted == "text":
                assert "\\u0142" in out.read_text("cp1252")
        assert out.read_text("utf-8") == rendered(report, "html")


class TestMistakes:
    """Exit status 2, and one line that names the offender."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--require", "a-retry-wait"), "there is no rule 'a-retry-wait'; did you mean a-retry-waits?"),
            (("--expected", "/nowhere.yaml"), "/nowhere.yaml: No such file or directory"),
            (
                ("--output", "/nowhere/verdict.html"),
                "the verdict /nowhere/verdict.html cannot be written: No such file",
            ),
        ],
    )
    def test_a_bad_value_is_named(self, run: Run, arguments: tuple[str, ...], said: str) -> None:
        """After the sandbox was asked, where only it knows."""
        status, _, errors = run(REPORT, *arguments)
        assert (status, errors.count("\n")) == (2, 1)
        assert said in errors

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--min-coverage", "much"), "'much': expected a percentage such as 60%"),
            (("--min-coverage", "nan"), "'nan': expected a percentage such as 60%"),
            (("--min-coverage", "101%"), "'101%': expected a percentage"),
            (("--min-coverage", "-1"), "expected"),
            (("--output", "verdict.pdf"), "'verdict.pdf': expected a name that ends in .testreport.json, .json, .html"),
            (("--format", "pdf"), "invalid choice: 'pdf'"),
            (("--requir", "x"), "did you mean --require?"),
        ],
    )
    def test_a_mistyped_option_is_named(
        self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
    ) -> None:
        """Before anybody is asked."""
        with pytest.raises(SystemExit) as ended:
            main(["verdict", *arguments])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("text", "said"), [("<html>", "the report is not JSON"), (json.dumps({"status": "ready"}), "has no 'journal'")]
    )
    def test_what_is_no_verdict_is_refused(
        self, judge: Judge, capsys: pytest.CaptureFixture[str], text: str, said: str
    ) -> None:
        """Such as what an older sandbox, or another server, answers."""
        judge.text = text
        assert main(["verdict", "--url", judge.url]) == 2
        assert said in capsys.readouterr().err

    def test_a_sandbox_that_does_not_answer_is_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With its URL."""
        assert main(["verdict", "--url", "http://127.0.0.1:9"]) == 2
        assert "127.0.0.1:9/_sandbox/verdict" in capsys.readouterr().err


def test_junit_of_what_is_expected_has_no_failure(run: Run, tmp_path: Path) -> None:
    """So a pipeline that reads it stays green."""
    (tmp_path / "expected.yaml").write_text(f"- rule: {finding().rule}\n")
    status, printed, _ = run(REPORT, "--format", "junit", "--expected", str(tmp_path / "expected.yaml"))
    assert status == 0
    assert etree.fromstring(printed.encode()).get("failures") == "0"
