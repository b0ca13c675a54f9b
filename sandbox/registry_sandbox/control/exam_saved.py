"""Tasks of the exam as JSON, and read back: for replicas, so that all know how each task has ended.

Only replicas of the same version write and read it.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from registry_sandbox.control.exam_task import Judged, RunningTask
from registry_sandbox.control.workspaces import Urls
from registry_sandbox.verdict.exam.ending import Result
from registry_sandbox.verdict.exam.scenario import Scenario, read_scenario
from registry_sandbox.verdict.reports import json as reports
from registry_sandbox.workspaces import Member

_EVIDENCE_BYTES: Final = 2 * 1024 * 1024  # an entry of the log has to hold it, and each replica reads it at once


class SavedTask:
    """A task as it is at one moment.

    Attributes:
        member: its workspace.
    """

    def __init__(self, task: RunningTask) -> None:
        self.member = task.member
        self._scenario, self._result = task.scenario, task.result
        self._rest = {"urls": [*task.urls], "seeded": dict(task.seeded), **task.progress}

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        result = None if self._result is None else _result_as_json(self._result)
        return {"scenario": _scenario_as_json(self._scenario), "result": result, **self._rest}


def read_task(told: Mapping[str, Any], member: Member) -> RunningTask:
    """Return a task that was written; `member` is its workspace."""
    task = RunningTask(read_scenario(told["scenario"]), member, Urls(*told["urls"]))
    task.seeded = told["seeded"]
    task.result = None if told["result"] is None else _read_result(told["result"])
    task.resume(told)
    return task


def judged_as_json(judged: Judged) -> dict[str, Any]:
    """Return as JSON what was judged when a client had ended an operation; very much evidence is left out."""
    result = None if judged.result is None else _result_as_json(judged.result)
    if result is not None and _are_large(result["report"]["exchanges"]):
        result["report"]["exchanges"] = {}
    return {"at": judged.at, "numbered": judged.numbered, "result": result}


def _are_large(exchanges: Mapping[str, Any]) -> bool:
    """Return True if they take too many bytes together; no more of them is written for that than may be."""
    left = _EVIDENCE_BYTES
    for each in exchanges.values():
        left -= len(json.dumps(each))
        if left < 0:
            return True
    return False


def read_judged(told: Mapping[str, Any]) -> Judged:
    """Return what was judged."""
    result = None if told["result"] is None else _read_result(told["result"])
    return Judged(told["at"], told["numbered"], result)


def _result_as_json(result: Result) -> dict[str, Any]:
    return {"grade": result.grade, "messages": [*result.messages], "report": reports.document(result.report)}


def _read_result(told: Mapping[str, Any]) -> Result:
    return Result(told["grade"], tuple(told["messages"]), reports.read(json.dumps(told["report"])))


def _scenario_as_json(scenario: Scenario) -> dict[str, Any]:
    told = dataclasses.asdict(scenario)
    told["expect"] = {name: value for name, value in told["expect"].items() if value}
    seeds = {} if scenario.seeds is None else {"seeds": scenario.seeds}  # none at all is not the default
    return {**{name: value for name, value in told.items() if value}, **seeds}
