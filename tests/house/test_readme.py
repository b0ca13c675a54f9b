"""The README tells the truth: its curl lines are run, and its tables are held to what comes back."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from registry_sandbox.cli.settings import table
from registry_sandbox.faults.sentinels import SENTINELS
from registry_sandbox.testing.running import RegistrySandbox

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8080"
MARK = "----- told: "


def commands(title: str) -> list[tuple[str, str]]:
    """Return each command of a section of the README, with what it prints there."""
    section = README.partition(f"## {title}")[2].partition("\n## ")[0]
    told: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            heredoc = re.match(r".*<<'END'\n.*?^END\n", command, re.DOTALL | re.MULTILINE)
            end = heredoc.end() if heredoc else command.index("\n") + 1
            told.append((command[:end], command[end:]))
    return told


CONVERSATION = commands("A conversation")


def errors() -> list[tuple[str, str, str]]:
    """Return status, Spine code and command of each row of the table of errors."""
    rows = re.findall(r"^\| (\d{3}) \| [^|]+ \| ([A-Z_ ]+?) \| `(.+)` \|$", README, re.MULTILINE)
    return [(status, code, command.replace("\\|", "|")) for status, code, command in rows]


class Shell:
    """A shell in which the conversation was held already."""

    def __init__(self, folder: Path, running: RegistrySandbox) -> None:
        self.folder = folder
        self.address = running.base_url.removesuffix("/STU3")
        self.told = self.run("".join(f"echo '{MARK}'\n{command}" for command, _ in CONVERSATION)).split(f"{MARK}\n")

    def run(self, script: str) -> str:
        """Run a script where the sandbox of the test stands for the README's."""
        script = script.replace(ADDRESS, self.address)
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True, check=True)  # noqa: S603, S607
        return done.stdout.replace(self.address, ADDRESS).replace("\r\n", "\n")

    def after_the_conversation(self, script: str) -> str:
        """Run a script with the conversation's variables and files."""
        variables = [command for command, _ in CONVERSATION if re.match(r"[A-Z]+=", command)]
        return self.run("".join(variables) + script)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, running: RegistrySandbox) -> Iterator[Shell]:
    """A shell after the conversation, with a sandbox that was reset before it."""
    httpx.post(f"{running.control_url}/reset").raise_for_status()
    yield Shell(tmp_path_factory.mktemp("readme"), running)
    httpx.post(f"{running.control_url}/reset").raise_for_status()


def pattern(told: str) -> str:
    """Return the pattern of what is told: three dots stand for anything."""
    return r".*?".join(re.escape(part) for part in told.strip().split("...")) + r"\s*"


@pytest.mark.parametrize("step", range(len(CONVERSATION)), ids=lambda step: CONVERSATION[step][0][:40])
def test_the_conversation_goes_as_it_is_told(shell: Shell, step: int) -> None:
    """Every command prints what the README says it prints."""
    assert re.fullmatch(pattern(CONVERSATION[step][1]), shell.told[step + 1].strip(), re.DOTALL)


def test_the_section_on_faults_goes_as_it_is_told(shell: Shell) -> None:
    """A fault is set, the clock is moved, and everything is as at the start again."""
    for command, printed in commands("Faults on demand"):
        if "/reset" not in command:  # it would take the conversation away from the other tests
            assert re.fullmatch(pattern(printed), shell.run(command).strip(), re.DOTALL)
    shell.run(f'curl -s -X PUT {ADDRESS}/_sandbox/clock -d \'{{"advance": "-2d"}}\'')


@pytest.mark.parametrize(("status", "code", "command"), errors())
def test_each_error_is_provoked_by_its_line(shell: Shell, status: str, code: str, command: str) -> None:
    """The line gives the status and the Spine code of its row."""
    before, bar, last = command.rpartition(" | ")
    asking = before + bar + last.replace("curl -s", "curl -s -w '\\nstatus %{http_code}'", 1)
    found = shell.after_the_conversation(f"{asking}\n")
    assert f"status {status}" in found
    assert f'"code":"{code}"' in found


def test_the_table_has_every_documented_error() -> None:
    """One row at least for each status of the contract."""
    assert {int(status) for status, _, _ in errors()} >= {400, 403, 404, 405, 406, 409, 412, 413, 415, 422, 500}


def test_the_table_of_sentinels_is_whole() -> None:
    """Each number stands in the column of its interaction, and no other number is there."""
    rows = [line.split("|")[2:6] for line in README.splitlines() if "`99995" in line]
    interactions = ("register", "cancel", "search", "read")
    told = {
        (cell.strip(" `"), name) for row in rows for cell, name in zip(row, interactions, strict=True) if cell.strip()
    }
    assert told == {(each.nhs_number, each.interaction) for each in SENTINELS}


def test_the_table_of_settings_is_the_programs_own() -> None:
    """docs/settings.md holds what `registry-sandbox settings` prints."""
    assert table() in (ROOT / "docs" / "settings.md").read_text()


def test_every_link_leads_somewhere() -> None:
    """Relative links in the README and in docs/ name files that are there."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
