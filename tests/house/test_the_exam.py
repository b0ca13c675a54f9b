"""The exam over HTTP and as a command: tasks, their states, the report, and what is said of mistakes."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from registry_sandbox.cli import exam_waiting
from registry_sandbox.cli.command import main
from registry_sandbox.cli.control_client import NoAnswer
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.examined import Machine, examine

CLIENT = Path(__file__).parents[2] / "examples" / "python-httpx" / "registry_client.py"
DRIVEN = f"{sys.executable} {CLIENT}"
MINE = "scenario: my own\nclient: read the appointment {appointment}\nexpect: {rules: [the-location]}\n"


@pytest.fixture(scope="module")
def machine() -> Machine:
    """The machine's clock."""
    return Machine()


@pytest.fixture(scope="module")
def shared(machine: Machine) -> Iterator[RegistrySandbox]:
    """A sandbox for the tests of this module."""
    with RegistrySandbox(wall=machine.time, random_seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: RegistrySandbox) -> RegistrySandbox:
    """The sandbox, without an exam."""
    shared.control.text("DELETE", "/exam")
    return shared


def started(sandbox: RegistrySandbox, *scenarios: Any) -> list[dict[str, Any]]:
    """Start scenarios, and return their tasks."""
    tasks: list[dict[str, Any]] = sandbox.control.json("POST", "/exam", {"scenarios": list(scenarios)})["tasks"]
    return tasks


def tasks(sandbox: RegistrySandbox) -> dict[str, dict[str, Any]]:
    """The tasks by name."""
    return {each["name"]: each for each in sandbox.control.json("GET", "/exam")["tasks"]}


def as_client(task: dict[str, Any]) -> httpx.Client:
    """A client of a task's workspace, with a token from its token endpoint."""
    env = task["environment"]
    form = {
        "grant_type": "client_credentials",
        "client_id": env["REGISTRY_CLIENT_ID"],
        "client_secret": env["REGISTRY_CLIENT_SECRET"],
        "scope": f"{env['REGISTRY_BASE_URL']}/.default",
    }
    token = httpx.post(env["REGISTRY_TOKEN_URL"], data=form).json()["access_token"]
    return httpx.Client(base_url=env["REGISTRY_BASE_URL"], headers={"Authorization": f"Bearer {token}"})


def test_a_person_can_do_a_task_by_hand_and_is_graded(sandbox: RegistrySandbox, machine: Machine) -> None:
    """The task says what to do and where; when all is as it must be and quiet, the client has acted."""
    [task] = started(sandbox, "cancel-once")
    assert (task["client"], task["state"]) == ("cancel the appointment cancel-once", "waiting")
    with as_client(task) as client:
        read = client.get("/Appointment/cancel-once").json()
        assert tasks(sandbox)["cancel-once"]["state"] == "acting"
        assert not tasks(sandbox)["cancel-once"]["acted"]
        client.put("/Appointment/cancel-once", json={**read, "status": "cancelled"}, headers={"If-Match": 'W/"1"'})
    assert not tasks(sandbox)["cancel-once"]["acted"]
    machine.sleep(3)
    assert tasks(sandbox)["cancel-once"]["acted"]
    done = sandbox.control.json("POST", "/exam/cancel-once/done")
    assert (done["state"], done["messages"]) == ("pass", [])
    assert sandbox.control.json("POST", "/exam/cancel-once/done") == done


def test_a_task_without_a_client_is_no_pass(sandbox: RegistrySandbox) -> None:
    """The store holds what it held, and nothing was shown."""
    started(sandbox, "cancel-once", "read-once")
    failed = sandbox.control.json("POST", "/exam/cancel-once/done")
    assert failed["state"] == "fail"
    assert failed["messages"] == ["The store holds booked for cancel-once; expected booked -> cancelled, once."]
    assert sandbox.control.json("POST", "/exam/read-once/done")["state"] == "inconclusive"


def test_operations_come_one_after_the_other_with_the_clock_between_them(sandbox: RegistrySandbox) -> None:
    """Each `done` leads to the next; the clock is moved on the way."""
    [task] = started(sandbox, "read-again-after-an-hour")
    assert (task["step"], task["steps"]) == (1, 2)
    clock = f"{task['control_url']}/clock"
    before = httpx.get(clock).json()["now"]
    assert sandbox.control.json("POST", f"/exam/{task['name']}/done")["step"] == 2
    assert httpx.get(clock).json()["now"] > before
    assert sandbox.control.json("POST", f"/exam/{task['name']}/done")["state"] == "inconclusive"


def test_another_appointment_and_one_that_was_registered_are_in_the_environment(sandbox: RegistrySandbox) -> None:
    """The first by its seed, the second as soon as the store has it."""
    [two] = started(sandbox, "read-two-appointments")
    assert two["environment"]["REGISTRY_APPOINTMENT"] == "first"
    second = sandbox.control.json("POST", "/exam/read-two-appointments/done")
    assert (second["client"], second["environment"]["REGISTRY_APPOINTMENT"]) == (
        "read the appointment second",
        "second",
    )
    own = {"scenario": "both", "client": ["register {pointer}", "cancel {appointment}"], "expect": {}}
    [task] = started(sandbox, own)
    assert task["environment"]["REGISTRY_APPOINTMENT"] == ""
    story = {"patient": "9991000011", "pointer": task["environment"]["REGISTRY_POINTER"], "start": "+1d", "end": "+1d"}
    [seeded] = httpx.post(f"{task['control_url']}/appointments", json=story).json()["appointments"]
    then = sandbox.control.json("POST", "/exam/both/done")
    assert then["client"] == f"cancel {seeded['id']}"
    assert then["environment"]["REGISTRY_VERB"] == "cancel"


def test_tasks_do_not_disturb_each_other_nor_the_sandbox(sandbox: RegistrySandbox, machine: Machine) -> None:
    """Each has a workspace; a task that is started again begins anew."""
    examine(sandbox.control, machine, "read-once")
    begun = started(sandbox, "cancel-once", "read-once")
    assert [each["exchanges"] for each in begun] == [0, 0]
    assert len({each["workspace"] for each in begun}) == 2
    assert "cancel-once" not in sandbox.appointments
    sandbox.control.text("DELETE", "/exam")
    assert not tasks(sandbox)
    with pytest.raises(NoAnswer, match="exam-cancel-once"):
        sandbox.control.json("GET", "/workspaces/exam-cancel-once")


def test_the_report_has_every_format(sandbox: RegistrySandbox, machine: Machine) -> None:
    """It is that of all tasks."""
    examine(sandbox.control, machine, "read-once")
    for wanted, sign in {"json": '"scenario-read-once"', "text": "scenario: read once", "junit": "<testsuites"}.items():
        assert sign in sandbox.control.text("GET", f"/exam/report?format={wanted}")


WRONG_CALLS = {
    "an unknown scenario": (
        "POST",
        "/exam",
        {"scenarios": ["read-onse"]},
        "no scenario 'read-onse'; did you mean read-once",
    ),
    "a scenario that is none": (
        "POST",
        "/exam",
        {"scenarios": [{"scenario": "x"}]},
        r"scenarios\[0\]: 'client' is missing",
    ),
    "another key": ("POST", "/exam", {"scenario": []}, "expected this single key"),
    "no scenarios": ("POST", "/exam", {"scenarios": []}, "expected a list of names or of scenarios"),
    "an unknown task": ("POST", "/exam/none/done", None, "no task 'none'; there are: none"),
    "another format": ("GET", "/exam/report?format=pdf", None, "format is 'pdf'; expected text, json"),
}


@pytest.mark.parametrize("call", WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_call_that_cannot_be_carried_out_says_why(sandbox: RegistrySandbox, call: tuple[str, str, Any, str]) -> None:
    """And changes nothing."""
    method, path, body, message = call
    with pytest.raises(NoAnswer, match=message):
        sandbox.control.json(method, path, body)
    assert not tasks(sandbox)


def test_starts_at_the_same_moment_take_turns(sandbox: RegistrySandbox) -> None:
    """Each begins the scenarios anew, as if it had come after the one before; seeds are read in threads meanwhile."""

    async def start_often() -> list[httpx.Response]:
        body = {"scenarios": ["cancel-once", "register-among-others"]}
        async with httpx.AsyncClient() as http:
            return await asyncio.gather(*(http.post(f"{sandbox.control_url}/exam", json=body) for _ in range(4)))

    assert [each.status_code for each in asyncio.run(start_often())] == [201, 201, 201, 201]
    assert list(tasks(sandbox)) == ["cancel-once", "register-among-others"]
    with as_client(tasks(sandbox)["cancel-once"]) as http:
        assert http.get("Appointment/cancel-once").status_code == 200


def test_an_end_comes_after_the_whole_of_a_start(sandbox: RegistrySandbox) -> None:
    """It leaves no task, and no workspace of one, behind."""

    async def start_and_end() -> list[httpx.Response]:
        async with httpx.AsyncClient() as http:
            start = asyncio.create_task(http.post(f"{sandbox.control_url}/exam"))
            while not (await http.get(f"{sandbox.control_url}/exam")).json()["tasks"]:
                pass
            end = await http.delete(f"{sandbox.control_url}/exam")
            return [await start, end]

    assert [each.status_code for each in asyncio.run(start_and_end())] == [201, 204]
    assert not tasks(sandbox)
    assert sandbox.control.json("GET", "/workspaces")["workspaces"] == []


def test_a_workspace_that_is_in_the_way_is_named_with_what_ends_it(sandbox: RegistrySandbox) -> None:
    """Somebody made it by hand; the exam takes nothing away that is not its own."""
    sandbox.control.json("POST", "/workspaces", {"name": "exam-read-once"})
    with pytest.raises(NoAnswer, match="DELETE /_sandbox/workspaces/exam-read-once ends that"):
        started(sandbox, "read-once")
    sandbox.control.text("DELETE", "/workspaces/exam-read-once")
    assert [each["state"] for each in started(sandbox, "read-once")] == ["waiting"]


def test_a_wrong_done_changes_nothing(sandbox: RegistrySandbox) -> None:
    """The member is named."""
    started(sandbox, "read-once")
    with pytest.raises(NoAnswer, match="exit_status"):
        sandbox.control.json("POST", "/exam/read-once/done", {"exit_status": "0"})
    assert tasks(sandbox)["read-once"]["state"] == "waiting"


def unwrapped(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())


def exam(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "registry_sandbox", "exam", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def test_the_list_needs_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario a line, with what it is for."""
    assert main(["exam", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 20
    assert re.fullmatch(r"cancel-once +Nothing goes wrong.*", next(each for each in lines if "cancel-once" in each))


def test_a_driven_client_passes_in_a_sandbox_of_the_commands_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says about another server; the report goes to stdout and to a file."""
    monkeypatch.setenv("SANDBOX_RATE_LIMIT", "1/h")
    chosen = ("--scenario", "cancel-once", "--scenario", "register-survives-a-lost-answer")
    done = exam("--command", DRIVEN, *chosen, "--output", str(tmp_path / "exam.xml"), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert sorted(re.findall(r"passed +(.*)", done.stderr)) == ["cancel once", "register survives a lost answer"]
    graded = {each["id"]: each["grade"] for each in json.loads(done.stdout)["rules"]}
    assert graded["scenario-cancel-once"] == graded["an-unknown-outcome-of-a-register-makes-no-duplicate"] == "pass"
    assert "<testsuites" in (tmp_path / "exam.xml").read_text()


def driven(sandbox: RegistrySandbox, *options: str) -> int:
    """Run the command against a sandbox that runs already."""
    return main(["exam", "--url", sandbox.base_url, *options])


def test_a_bad_client_fails_and_what_it_said_is_shown(
    sandbox: RegistrySandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """The placeholders are filled in, each in its own word."""
    code = "import sys; print('I did', *sys.argv[1:])"
    command = f'{sys.executable} -c "{code}" {{verb}} {{appointment}} {{scenario}}'
    assert driven(sandbox, "--command", command, "--scenario", "cancel-once") == 1
    shown = capsys.readouterr()
    assert "FAILED       cancel once" in shown.err
    assert "The store holds booked for cancel-once; expected booked -> cancelled, once." in unwrapped(shown.err)
    assert "| I did cancel cancel-once cancel-once" in shown.err
    assert "scenario-cancel-once" in shown.out


def test_a_client_that_shows_too_little_where_nothing_is_wrong_exits_with_3(
    sandbox: RegistrySandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for a verdict; here it asks for the CapabilityStatement alone. It is told which scenario is meant."""
    code = "import os, urllib.request as r; r.urlopen(os.environ['REGISTRY_BASE_URL'] + '/metadata')"
    assert driven(sandbox, "--command", f'{sys.executable} -c "{code}"', "--scenario", "read-once") == 3
    shown = capsys.readouterr()
    assert "registry-sandbox: the scenario read-once is inconclusive: " in shown.err
    assert "Not shown in the scenario 'read once', meant to show it" in unwrapped(shown.out)
    assert "       1001  GET /STU3/metadata -> 200\n" in shown.out


@pytest.mark.parametrize("status", [0, 1])
def test_a_client_that_sends_nothing_has_failed(
    sandbox: RegistrySandbox, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    """Whatever it says at its end: it may call another base URL. Where a failure is expected, too."""
    command = f'{sys.executable} -c "import sys; sys.exit({status})"'
    assert driven(sandbox, "--command", command, "--scenario", "read-once", "--scenario", "read-is-refused") == 1
    shown = capsys.readouterr()
    told = "No request has come from the client; expected some at the scenario's own FHIR base (REGISTRY_BASE_URL or"
    assert unwrapped(shown.err).count(told) == 2
    assert "not kept by the journal" not in shown.out


def test_each_operation_must_end_as_it_shall(sandbox: RegistrySandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Not the last one alone."""
    code = "import os, runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__') if sys.argv[2] == 'second' else 1/0"
    command = f'{sys.executable} -c "{code}" {CLIENT} {{appointment}}'
    assert driven(sandbox, "--command", command, "--scenario", "read-two-appointments") == 1
    shown = unwrapped(capsys.readouterr().err)
    assert "Operation 1 of 2: The client ended with exit status 1; expected it to succeed, with 0." in shown
    assert "Operation 2" not in shown


def test_what_is_told_of_a_client_fits_a_terminal(sandbox: RegistrySandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that prints a whole Bundle does not fill it."""
    command = f"{sys.executable} -c \"print('word ' * 20 + 'x' * 400)\""
    assert driven(sandbox, "--command", command, "--scenario", "read-once") == 1
    shown = capsys.readouterr().err
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.count("word") == 20
    assert 190 < shown.count("x") < 250
    assert shown.rstrip().endswith("...")


def test_a_client_that_does_not_end_is_ended(sandbox: RegistrySandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """When its time is over."""
    command = f'{sys.executable} -c "import time; time.sleep(600)"'
    assert driven(sandbox, "--command", command, "--scenario", "read-once", "--time-limit", "300ms") == 1
    shown = unwrapped(capsys.readouterr().err)
    assert "The time was over (--time-limit) before the client had ended;" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's programs end with it on POSIX only")
def test_what_a_client_has_started_ends_with_it(sandbox: RegistrySandbox) -> None:
    """A script's program would go on, and keep the output open, long after the script was ended."""
    began = time.monotonic()
    assert (
        driven(sandbox, "--command", "sh -c 'sleep 300; true'", "--scenario", "read-once", "--time-limit", "0.2") == 1
    )
    assert time.monotonic() - began < 200


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let programs that are started see SIGINT: whoever runs in the background of a script ignores it, and they too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent to another process")
@pytest.mark.usefixtures("interruptible")
def test_an_exam_that_is_interrupted_is_no_pass(tmp_path: Path) -> None:
    """Its exit status is that of a shell for SIGINT, and the client is ended."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    command = [sys.executable, "-m", "registry_sandbox", "exam", "--command", f"sh -c 'echo > {begun}; sleep 60'"]
    options = ["--scenario", "read-once"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        begun.read_bytes()  # waits until the client has written
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "registry-sandbox: interrupted: the exam is not over\n")


def test_a_warning_fails_where_it_shall(
    sandbox: RegistrySandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--fail-on warning`, as for a verdict."""
    twice = tmp_path / "client.py"
    source = CLIENT.read_text("utf-8")
    line = 'return self._ask("read", f"/Appointment/{logical_id}")'
    twice.write_text(source.replace(line, f"{line.removeprefix('return ')}\n        {line}"), "utf-8")
    options = ("--command", f"{sys.executable} {twice}", "--scenario", "read-once")
    assert driven(sandbox, *options) == 0
    assert "| " not in capsys.readouterr().err  # it has done what it should: its words would only hide the warning
    assert driven(sandbox, *options, "--fail-on", "warning") == 1


def test_ones_own_scenarios_are_used_instead(
    sandbox: RegistrySandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file, or a folder of them."""
    (tmp_path / "mine.yaml").write_text(MINE)
    assert driven(sandbox, "--command", DRIVEN, "--scenarios", str(tmp_path)) == 3
    assert "my own" in capsys.readouterr().err


MISTAKES = {
    "an unknown scenario": (["--scenario", "cancel-onse"], "no scenario 'cancel-onse'; did you mean cancel-once?"),
    "an unknown placeholder": (["--command", "x {apointment}"], "{apointment} is no placeholder; .* {appointment}?"),
    "an empty command": (["--command", " "], "--command is empty"),
    "a quotation without an end": (["--command", "x 'y"], "no closing quotation"),
    "a program that is not there": (["--command", "./no-such-client"], "./no-such-client cannot be run: No such file"),
    "a folder that is not there": (["--scenarios", "/no/such"], "/no/such: there is no such file or folder"),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_call_is_told_in_one_line(
    sandbox: RegistrySandbox, mistake: tuple[list[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit status 2."""
    options, message = mistake
    assert driven(sandbox, *options) == 2
    assert re.search(message.replace("?", r"\?"), capsys.readouterr().err)


@pytest.mark.parametrize(
    ("option", "value"), [("--jobs", "0"), ("--jobs", "x"), ("--time-limit", "5x"), ("--time-limit", "0")]
)
def test_a_number_that_makes_no_sense_is_a_mistake(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The value is quoted."""
    with pytest.raises(SystemExit) as ended:
        main(["exam", option, value])
    assert ended.value.code == 2
    assert f"argument {option}: '{value}': expected" in capsys.readouterr().err


def test_without_a_command_it_waits_until_the_client_has_acted(
    sandbox: RegistrySandbox, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows the task in plain words, with its URLs; the client is somebody else."""
    ended: list[int] = []
    waiting = threading.Thread(target=lambda: ended.append(driven(sandbox, "--scenario", "read-once")))
    waiting.start()
    task = _appears(sandbox, "read-once")
    with as_client(task) as client:
        client.get("/Appointment/read-once")
    machine.sleep(3)
    waiting.join(30)
    shown = capsys.readouterr().err
    assert ended == [0], shown
    assert "To do: read the appointment read-once." in shown
    assert f"FHIR base       {task['base_url']}" in shown
    assert f"curl -X POST {sandbox.control_url}/exam/read-once/done" in shown
    assert "[1/1] passed       read once" in shown


def test_waiting_has_an_end_and_a_next_operation_is_shown(
    sandbox: RegistrySandbox, machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has not been done when the time is over has failed."""
    monkeypatch.setattr(exam_waiting, "time", SimpleNamespace(monotonic=machine.monotonic, sleep=time.sleep))
    chosen = ("--scenario", "read-two-appointments", "--time-limit", "5m")
    ended: list[int] = []
    waiting = threading.Thread(target=lambda: ended.append(driven(sandbox, *chosen)))
    waiting.start()
    _appears(sandbox, "read-two-appointments")
    sandbox.control.json("POST", "/exam/read-two-appointments/done")
    shown, ends = "", time.monotonic() + 30
    while "step 2 of 2" not in shown and time.monotonic() < ends:
        shown += capsys.readouterr().err
        time.sleep(0.05)
    machine.sleep(301)
    waiting.join(30)
    shown += capsys.readouterr().err
    assert ended == [1], shown
    assert "To do (step 1 of 2): read the appointment first." in shown
    assert "To do (step 2 of 2): read the appointment second." in shown
    assert "The time was over (--time-limit) before the client had ended;" in unwrapped(shown)


def _appears(sandbox: RegistrySandbox, name: str) -> dict[str, Any]:
    ends = time.monotonic() + 30
    while name not in tasks(sandbox):
        assert time.monotonic() < ends
    return tasks(sandbox)[name]
