"""/_sandbox/exam: puts clients to the test, each task in a workspace of its own.

Source: docs/exam.md. Nothing of it is imported before somebody asks.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol
from urllib.parse import unquote

from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, parameters, refused_for
from registry_sandbox.control.workspaces import Urls
from registry_sandbox.faults.fields import BadFault, object_schema, read_object, shown
from registry_sandbox.faults.kinds import Whole
from registry_sandbox.http.json_response import json_response, plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.seeds import BadSeed
from registry_sandbox.runtime.workers import Workers, WorkersBusy
from registry_sandbox.verdict.reports import MEDIA_TYPES, Format, rendered
from registry_sandbox.workspaces import Member, NameTaken, NoRoom, Wanted, Workspaces

if TYPE_CHECKING:
    from registry_sandbox.control.exam_saved import SavedTask
    from registry_sandbox.control.exam_task import Judged, RunningTask
    from registry_sandbox.verdict.exam.ending import Ended, Result
    from registry_sandbox.verdict.exam.scenario import Scenario

_DONE: Final = re.compile(r"/_sandbox/exam/([^/]+)/done")
_FORMAT: Final = {"format": f"{', '.join(MEDIA_TYPES)}; by default json"}
_TASK: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["name", "scenario", "client", "state", "base_url", "token_url", "environment"],
    "properties": {
        "state": {"enum": ["waiting", "acting", "pass", "warning", "fail", "inconclusive"]},
        "acted": {"type": "boolean", "description": "whether the client seems to have done its last operation"},
        "messages": {"type": "array", "items": {"type": "string"}, "description": "why it is no pass"},
    },
}
_TASKS: Final[dict[str, Any]] = {"type": "object", "properties": {"tasks": {"type": "array", "items": _TASK}}}
_STARTED: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "scenarios": {
            "type": "array",
            "items": {"anyOf": [{"type": "string", "description": "the name of a shipped one"}, {"type": "object"}]},
        }
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class _Done:
    """How a client has ended its operation; both are for who drives a command."""

    exit_status: Annotated[int, Whole(-255, 2**32)] | None = None
    timed_out: bool = False


class Together(Protocol):
    """Replicas, which hold one exam: what comes of an operation is judged by the one that is told of its end."""

    def brought(self) -> Mapping[str, Any] | None:
        """Return what the replica judged that was sent the request; None if there was no such task."""
        ...


def operations(exam: "Exam") -> list[Operation]:
    """Return the operations."""
    media_types = tuple(dict.fromkeys(each.partition(";")[0] for each in MEDIA_TYPES.values()))
    created, gone = HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
    done = "Say that the client has done what the task asks: the next operation, or the result."
    return [
        Operation("GET", "/exam", exam.tasks, "The tasks, with their URLs and states.", answers=_TASKS),
        Operation("POST", "/exam", exam.start, "Start scenarios.", body=_STARTED, status=created, answers=_TASKS),
        Operation("DELETE", "/exam", exam.end, "End the tasks and their workspaces.", status=gone),
        Operation("GET", "/exam/report", exam.report, "The report of all tasks.", _FORMAT, media_types=media_types),
        Operation("POST", "/exam/{id}/done", exam.done, done, body=object_schema(_Done), answers=_TASK),
    ]


class Exam:
    """The tasks.

    Args:
        workspaces: returns the workspaces that have a name.
        urls: returns where a workspace is, for whoever sends a request.
        workers: the threads.
        together: replicas; None for a sandbox alone.
    """

    def __init__(
        self,
        workspaces: Callable[[], Workspaces],
        urls: Callable[[Request, str], Urls],
        workers: Workers,
        together: Together | None = None,
    ) -> None:
        self._workspaces = workspaces
        self._urls = urls
        self._workers = workers
        self._together = together
        self._tasks: dict[str, RunningTask] = {}
        self._turn = asyncio.Lock()  # a start of several tasks waits in between; another start or end comes after it

    def saved(self) -> "Sequence[SavedTask]":
        """Return the tasks as they are now, for replicas that come later."""
        if not self._tasks:
            return ()
        from registry_sandbox.control.exam_saved import SavedTask

        return [SavedTask(each) for each in self._tasks.values()]

    def resume(self, tasks: Sequence[tuple[Mapping[str, Any], Member]]) -> None:
        """Replace all tasks by those that were saved, each with its workspace."""
        self._tasks = {}
        if not tasks:
            return
        from registry_sandbox.control.exam_saved import read_task

        for told, member in tasks:
            task = read_task(told, member)
            self._tasks[task.scenario.name] = task

    async def tasks(self, request: Request, _: str) -> Response:
        """Show the tasks."""
        parameters(request, {})
        with _not_too_busy():
            shown_ = [{**each.described(), "acted": await each.has_acted()} for each in [*self._tasks.values()]]
        return json_response(HTTPStatus.OK, {"tasks": shown_})

    async def start(self, request: Request, _: str) -> Response:
        """Start scenarios, all or none; one that has been started begins anew."""
        body = json_body(request) if request.body else {}
        with _not_too_busy():
            scenarios = await self._workers.run(_scenarios, body)
        async with self._turn:
            started = await self._all_started(scenarios, request)
        return json_response(HTTPStatus.CREATED, {"tasks": [each.described() for each in started]})

    async def _all_started(self, scenarios: "list[Scenario]", request: Request) -> "list[RunningTask]":
        started: list[RunningTask] = []
        try:
            for each in scenarios:
                started.append(await self._started(each, request))
                await asyncio.sleep(0)  # each takes some milliseconds
        except BadControlRequest:
            for task in started:
                self._forget(task.scenario.name)
            raise
        return started

    async def _started(self, scenario: "Scenario", request: Request) -> "RunningTask":
        from registry_sandbox.control.exam_task import RunningTask

        self._forget(scenario.name)
        name = f"exam-{scenario.name}"[:63].strip("-")
        wanted = Wanted(name=name, seeds=scenario.seeded, faults=scenario.rules)
        try:
            with refused_for(BadFault, BadSeed):
                member = await self._workspaces().make(wanted)
        except NoRoom as refused:
            raise BadControlRequest(str(refused), HTTPStatus.CONFLICT) from refused
        except NameTaken as refused:
            told = f"The scenario '{scenario.name}' needs the workspace '{name}', and somebody else has made one; "
            told += f"DELETE /_sandbox/workspaces/{name} ends that."
            raise BadControlRequest(told, HTTPStatus.CONFLICT) from refused
        task = self._tasks[scenario.name] = RunningTask(scenario, member, self._urls(request, member.name))
        return task

    def _forget(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None and self._workspaces().get(task.member.name) is task.member:
            self._workspaces().remove(task.member.name)

    async def end(self, request: Request, _: str) -> Response:
        """End them."""
        del request
        async with self._turn:
            for name in [*self._tasks]:
                self._forget(name)
        return Response(HTTPStatus.NO_CONTENT)

    async def done(self, request: Request, name: str) -> Response:
        """Go on with the next operation of a task, or with its result."""
        task = self._tasks.get(name)
        if task is None:
            known = ", ".join(self._tasks) or "none; POST /_sandbox/exam starts some"
            raise BadControlRequest(f"There is no task '{name[:80]}'; there are: {known}.", HTTPStatus.NOT_FOUND)
        ended = _ended(request)
        judged = await self._judged(task, ended)
        if judged is None or not task.go_on(ended, judged):
            told = f"Another call has gone on with the task '{name[:80]}' meanwhile; this one did nothing."
            raise BadControlRequest(told, HTTPStatus.CONFLICT)
        return json_response(HTTPStatus.OK, task.described())

    async def _judged(self, task: "RunningTask", ended: "Ended") -> "Judged | None":
        if self._together is None:
            with _not_too_busy():
                return await task.judged(ended)
        from registry_sandbox.control.exam_saved import read_judged

        brought = self._together.brought()
        return None if brought is None else read_judged(brought)

    async def judged(self, request: Request) -> dict[str, Any] | None:
        """Return what `done` will need, as JSON; None for a request of another kind, or where there is no such task.

        Raises:
            BadControlRequest: the body cannot be used, or the threads are busy.
        """
        task = self._tasks.get(_task_of(request))
        if task is None:
            return None
        from registry_sandbox.control.exam_saved import judged_as_json

        with _not_too_busy():
            return judged_as_json(await task.judged(_ended(request)))

    async def report(self, request: Request, _: str) -> Response:
        """Show what came of all tasks."""
        asked = parameters(request, _FORMAT).get("format", "json")
        wanted = next((each for each in MEDIA_TYPES if each == asked), None)
        if wanted is None:
            raise BadControlRequest(f"format is '{asked[:40]}'; expected {', '.join(MEDIA_TYPES)}.")
        with _not_too_busy():
            text = await self._workers.run(
                _written, [(each.scenario, each.result) for each in self._tasks.values()], wanted
            )
        return plain_response(HTTPStatus.OK, MEDIA_TYPES[wanted], text)


def _task_of(request: Request) -> str:
    """Return the name of the task whose operation is said to be done; empty for any other request."""
    found = _DONE.fullmatch(request.path)
    return "" if found is None or request.method != "POST" else unquote(found[1])


def _ended(request: Request) -> "Ended":
    from registry_sandbox.verdict.exam.ending import Ended

    with refused_for(BadFault):
        said: _Done = read_object(_Done, json_body(request) if request.body else {}, "done")
    return Ended(said.exit_status, said.timed_out)


def _written(tasks: "list[tuple[Scenario, Result | None]]", wanted: Format) -> bytes:
    from registry_sandbox.verdict.exam.merging import Task, merged

    return rendered(merged([Task(*each) for each in tasks]), wanted).encode()


def _scenarios(body: Any) -> "list[Scenario]":
    """Return the scenarios that a body names or has; all that are shipped where it has none."""
    from registry_sandbox.verdict.exam.scenario import read_scenario
    from registry_sandbox.verdict.exam.scenario_files import shipped_scenarios

    if not isinstance(body, dict) or set(body) - {"scenarios"}:
        raise BadControlRequest('The body is not {"scenarios": [...]}; expected this single key, or no body.')
    known = {each.name: each for each in shipped_scenarios()}
    asked = body.get("scenarios", [*known])
    if not isinstance(asked, list) or not asked:
        raise BadControlRequest(f"scenarios is {shown(asked)}; expected a list of names or of scenarios.")
    with refused_for(BadFault):
        read = [
            _known(each, known) if isinstance(each, str) else read_scenario(each, f"scenarios[{at}]")
            for at, each in enumerate(asked)
        ]
    return list({each.name: each for each in read}.values())


def _known(name: str, known: "dict[str, Scenario]") -> "Scenario":
    if name not in known:
        nearest = get_close_matches(name, known, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else f"; expected one of {', '.join(known)}."
        raise BadControlRequest(f"There is no scenario '{name[:80]}'{hint}")
    return known[name]


@contextmanager
def _not_too_busy() -> Iterator[None]:
    try:
        yield
    except WorkersBusy as busy:
        message = f"The sandbox is busy with other work: {busy}. Ask again later."
        raise BadControlRequest(message, HTTPStatus.SERVICE_UNAVAILABLE) from busy
