"""Waits for a client that nobody drives: shows each task, and looks whether the client has acted."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from registry_sandbox.cli.control_client import ControlClient
from registry_sandbox.cli.exam_driver import Outcome

_LOOK_EVERY_S: Final = 0.5


def show(task: Mapping[str, Any], control_root: str) -> str:
    """Return what a person needs to do a task by hand."""
    lines = [f"{task['scenario']}", *([f"  {task['about']}"] if task["about"] else [])]
    step = f" (step {task['step']} of {task['steps']})" if task["steps"] > 1 else ""
    environment = task["environment"]
    lines += [
        f"  To do{step}: {task['client']}.",
        f"  FHIR base       {task['base_url']}",
        f"  token endpoint  {task['token_url']}",
        f"  client          {environment['REGISTRY_CLIENT_ID']}, secret {environment['REGISTRY_CLIENT_SECRET']}",
        f"  when it is done curl -X POST {control_root}/exam/{task['name']}/done",
    ]
    return "\n".join(lines)


def wait(
    client: ControlClient,
    names: Iterable[str],
    time_limit_s: float,
    show_task: Callable[[Mapping[str, Any]], None],
    tell: Callable[[Outcome], None],
) -> None:
    """Wait until the client has acted in every task, or the time is over.

    Raises:
        CommandFailed: the sandbox does not answer.
    """
    left, steps = list(names), dict.fromkeys(names, 1)
    ends = time.monotonic() + time_limit_s
    while left:
        tasks = {each["name"]: each for each in client.json("GET", "/exam")["tasks"]}
        is_over = time.monotonic() >= ends
        for name in [each for each in left if each in tasks]:
            task = tasks[name]
            if task["state"] in ("waiting", "acting") and (task["acted"] or is_over):
                task = client.json("POST", f"/exam/{name}/done", {"timed_out": not task["acted"]})
            if task["state"] not in ("waiting", "acting"):
                left.remove(name)
                tell(Outcome(task, ""))
            elif task["step"] != steps[name]:
                steps[name] = task["step"]
                show_task(task)
        left = [each for each in left if each in tasks]
        if left:
            time.sleep(_LOOK_EVERY_S)
