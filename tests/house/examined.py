"""Examines the example client with httpx, and variants of it, in this process; its pauses take no time."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from registry_sandbox.cli.control_client import ControlClient

SOURCE = (Path(__file__).parents[2] / "examples" / "python-httpx" / "registry_client.py").read_text("utf-8")

Change = tuple[str, str]
"""A line of the client, or a part of one, and what stands in its place."""

IN_NO_TIME: Change = ("TIMEOUT_S = 10", "TIMEOUT_S = 2")
"""No change of conduct: the client does not wait so long for a registry that says nothing."""


class Machine:
    """A machine's clock that a pause moves on."""

    def __init__(self) -> None:
        self._slept_s = 0.0

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return time.time() + self._slept_s

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return time.monotonic() + self._slept_s

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._slept_s += seconds


class Examined(NamedTuple):
    """What came of a scenario: the task, and the grades of the rules, without those of the scenarios."""

    task: Mapping[str, Any]
    grades: Mapping[str, str]
    said: str

    @property
    def broken(self) -> set[str]:
        """The rules that were broken."""
        return {rule for rule, grade in self.grades.items() if grade in ("fail", "warning")}


def examine(control: ControlClient, machine: Machine, scenario: Any, changes: Sequence[Change] = ()) -> Examined:
    """Let the client with these changes take a scenario, with a module of its own for each operation."""
    control.text("DELETE", "/exam")
    task = control.json("POST", "/exam", {"scenarios": [scenario]})["tasks"][0]
    chance = random.Random(1)  # noqa: S311 - no secret: the pauses of this run are those of every run
    said = ""
    while task["state"] in ("waiting", "acting"):
        status, said = _run(changed(changes), task["environment"], machine, chance)
        task = control.json("POST", f"/exam/{task['name']}/done", {"exit_status": status})
    report = json.loads(control.text("GET", "/exam/report?format=json"))
    grades = {each["id"]: each["grade"] for each in report["rules"] if not each["id"].startswith("scenario-")}
    return Examined(task, grades, said)


def changed(changes: Sequence[Change]) -> str:
    """Return the client's source with changes, each of which is about one place."""
    source = SOURCE
    for old, new in (IN_NO_TIME, *changes):
        assert source.count(old) == 1, f"{old!r} is there {source.count(old)} times"
        source = source.replace(old, new)
    return source


def _run(source: str, environment: Mapping[str, str], machine: Machine, chance: random.Random) -> tuple[int, str]:
    module: dict[str, Any] = {"__name__": "registry_client"}
    exec(compile(source, "registry_client.py", "exec"), module)  # noqa: S102 - our own example
    control = ControlClient(f"{environment['REGISTRY_BASE_URL'].removesuffix('/STU3')}/_sandbox")
    module |= {
        "time": machine,
        "random": chance,
        "os": SimpleNamespace(environ=dict(environment)),
        "spine_token": lambda scope: control.text("GET", f"/token?mode=spine&claim.requested_scope={scope}"),
    }
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status: int = module["main"]()
    return status, said.getvalue()
