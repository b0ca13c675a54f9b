"""The process that becomes one run after another: what tests are told of a run is what `subprocess` would tell."""

import os
import signal
from pathlib import Path

import pytest

from tests.house.command import Command
from tests.house.template import Forked, Run, Template


def begun(template: Template, *arguments: str) -> Forked:
    """Begin a run of the command, of which nobody reads what it writes."""
    run = Run("registry_sandbox", arguments, str(Path.cwd()), dict(os.environ))
    with Path(os.devnull).open("r+") as nothing:
        return Forked(template.become(run, [nothing, nothing, nothing]))


def test_a_run_has_its_own_arguments_streams_environment_and_status(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its folder; nothing of them is left for the next."""
    (tmp_path / "a.json").write_text("{")
    monkeypatch.chdir(tmp_path)
    judged = command.ran("validate", "a.json", "-", given="<a/>")
    assert (judged.returncode, judged.stderr) == (1, "")
    assert {line.partition(":")[0] for line in judged.stdout.splitlines()[:-1]} == {"a.json", "-"}
    refused = command.ran("--port", "0", SANDBOX_AUTH="maybe")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "SANDBOX_AUTH" in refused.stderr
    assert command.ran("--version").returncode == 0
    assert "SANDBOX_AUTH" not in os.environ


def test_a_signal_that_ends_a_run_is_told(template: Template) -> None:
    """By its negative number, while another run goes on."""
    one, other = (begun(template, "--port", "0", "--quiet") for _ in range(2))
    one.kill()
    assert one.wait() == one.poll() == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    assert other.wait() == -signal.SIGKILL


def test_a_run_that_does_not_end_is_ended(template: Template) -> None:
    """The test fails, and does not wait for ever."""
    run = begun(template, "--port", "0", "--quiet")
    with pytest.raises(TimeoutError, match=r"a run has not come to its end within 0\.1 s"):
        run.ended(0.1)
    assert run.returncode == -signal.SIGKILL


def test_a_template_that_has_ended_is_told() -> None:
    """Nobody waits for a run that cannot begin."""
    with Template() as template:
        assert begun(template, "--version").wait() == 0
        template.process.kill()
        with pytest.raises((RuntimeError, OSError)):
            begun(template, "--version")
