"""Everything that a replica knows and that the log has told it, as plain values that can be compared.

What is found is found by looking into the objects themselves, so that what somebody adds to them is compared too.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from registry_sandbox.app import Sandbox
from registry_sandbox.auth.credentials import Credentials
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.control.exam_task import RunningTask
from registry_sandbox.faults.counters import Counters
from registry_sandbox.faults.live_rule import Fired, LiveRule
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.rule import Rule
from registry_sandbox.registry.version import Version
from registry_sandbox.replication.shared import Shared
from registry_sandbox.runtime.rate_limiter import RateLimiter
from registry_sandbox.verdict.exam.scenario import Scenario
from registry_sandbox.workspace import Workspace
from registry_sandbox.workspaces import Member

_OF_ENGINE: Final = {"_clock", "holdings", "_configured"}
_PLAIN: Final = (str, int, float, bool, bytes, type(None))


async def portrait(sandbox: Sandbox) -> dict[str, Any]:
    """Return all that a replica knows."""
    replication = sandbox.replication
    assert replication is not None
    await replication.replica.catch_up()
    await replication.state.refresh()
    members = list(sandbox.workspaces)
    exam = [_task(each, each.member in members) for each in sandbox.handlers.exam._tasks.values()]  # noqa: SLF001
    of = replication.state.of
    named = [[_member(each), _workspace(each.workspace), _shared(of(each.name))] for each in members]
    return {"first": [_workspace(sandbox.workspace), _shared(of(""))], "named": named, "exam": exam}


def _shared(shared: Shared) -> dict[str, Any]:
    lives = shared.workspace.engine.lives()
    journal = shared.journal
    finished = [batch.exchange(number) for batch in journal.kept().batches for number in batch.numbers]
    exchanges = [
        [each.number, each.at_s, each.request.method, each.request.path, each.request.body] for each in finished
    ]
    decisions = [[number, [_fired(one, lives) for one in fired]] for number, fired in shared.decisions.items()]
    windows = [
        [_limits(each.live) for each in fired] for fired in shared.decisions.values()
    ]  # those of rules that are gone too
    return {
        "epoch": shared.epoch,
        "decisions": decisions,
        "windows": windows,
        "journal": [journal.key, journal.generation, journal.numbered, journal.dropped, exchanges],
    }


def _workspace(workspace: Workspace) -> dict[str, Any]:
    service, engine = workspace.service, workspace.engine
    lives = engine.lives()
    found = {
        "registry": seen(service.registry.share()),
        "clock": service.clock.reading,
        "engine": {
            name: [_fired(each, lives) for each in value] if name == "_fired" else seen(value)
            for name, value in vars(engine).items()
            if name not in _OF_ENGINE
        },
        "held": [
            [each.rule_id, each.exchange, each.since_s, each.replica, each.request.path, each.request.interaction]
            for each in engine.holdings
        ],
        "limiter": None if workspace.limiter is None else seen(workspace.limiter),
        "random": seen(workspace.random_streams.position),
        "keys": seen(workspace.credentials),
        "snapshots": seen(workspace.snapshots),
        "attestations": seen(list(workspace.attestations)),
        "steps": seen(list(workspace.steering.steps())),
        "beginning": [workspace.beginning.seeds is not None, seen(workspace.beginning.state)],
    }
    # What a workspace has that is not here is each replica's own, or follows from its settings.
    known = {
        "service",
        "seed_loader",
        "journal",
        "bad_certificate",
        "events",
        "random_streams",
        "credentials",
        "steering",
    }
    assert {each.name for each in fields(workspace)} == {*found, *known} - {
        "registry",
        "clock",
        "held",
        "random",
        "keys",
        "steps",
    }
    return found


def _member(member: Member) -> list[Any]:
    wanted = {each.name: seen(getattr(member.wanted, each.name)) for each in fields(member.wanted)}
    wanted["name"] = member.name  # which may have been made up
    return [member.name, member.created_s, member.used_s, member.ttl_s, member.filling, wanted]


def _task(task: RunningTask, lives: bool) -> dict[str, Any]:  # noqa: FBT001
    """Return a task; what was last seen of it by whoever asked is each replica's own."""
    told = {each.name: seen(getattr(task, each.name)) for each in fields(task) if each.name not in ("member", "_acted")}
    return {**told, "member": task.member.name, "ended": None if lives else _workspace(task.member.workspace)}


def _fired(fired: Fired, lives: list[LiveRule]) -> list[Any]:
    """Return an activation; its rule by its place among those that count, because it has to be the same object.

    Nobody draws for it any more.
    """
    live = fired.live
    at = lives.index(live) if live in lives else [dict(live.rule.spec), live.source, live.since_s]
    assert fired.activation.memory is live.memory
    rest = [seen(each) for each in (fired.facts, fired.counted, fired.drawn)]
    drawn = [fired.activation.commit, fired.activation.rule_id]
    return [fired.at_s, at, *rest, fired.nth_counted, fired.nth_drawn, drawn]


def _limits(live: LiveRule) -> Any:
    return {word: [*limiter.windows.items()] for word, limiter in live.memory.items()}


_AS: Final[Mapping[type, Callable[[Any], Any]]] = {
    datetime: datetime.isoformat,
    Counters: lambda each: seen(list(each)),
    RateLimiter: lambda each: [str(each.limit), [*each.windows.items()]],
    Rule: lambda each: seen(each.spec),
    Facts: lambda each: [each.interaction, each.logical_id, each.client, each.patients],
    Fired: lambda each: _fired(each, []),
    SigningKey: lambda each: each.pem,
    Scenario: lambda each: [each.scenario, each.client, each.about, seen(each.expect), each.seeds, each.faults],
    Credentials: lambda each: [seen(each.state), seen(each._first_key and each._first_key.pem)],  # noqa: SLF001
    Version: lambda each: [
        each.logical_id,
        each.number,
        each.last_updated.isoformat(),
        each.json,
        each.end,
        each.patients,
    ],
}


def seen(value: Any) -> Any:
    """Return a value without objects; mappings keep their order, because it matters who is forgotten first."""
    if isinstance(value, _PLAIN):
        return value
    if type(value) in _AS:
        return _AS[type(value)](value)
    if isinstance(value, Mapping | OrderedDict):
        return [[seen(key), seen(each)] for key, each in value.items()]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, tuple | list | deque):
        return [seen(each) for each in value]
    assert is_dataclass(value), type(value)
    return {each.name: seen(getattr(value, each.name)) for each in fields(value)}
