"""A task of the exam as it runs: its workspace, how far the client is, and how it ends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal

from registry_sandbox.auth.clients import CLIENTS
from registry_sandbox.auth.groups import WRITERS
from registry_sandbox.control.workspaces import Urls
from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.verdict.exam.ending import (
    Ended,
    Result,
    holding,
    not_exercised,
    nothing_came,
    result_of,
    with_pointer,
    wrong_in_store,
    wrong_in_words,
)
from registry_sandbox.verdict.exam.scenario import ClockStep, Scenario, verb_of
from registry_sandbox.verdict.gathering import Gathered, gather
from registry_sandbox.verdict.judging import conversation, judge
from registry_sandbox.verdict.report import Report
from registry_sandbox.workspaces import Member

_QUIET_S: Final = 2.0  # a client that says nothing for so long, where all is as it must be, has acted

Exchanges = Mapping[int, Mapping[str, Any]]
State = Literal["waiting", "acting", "pass", "warning", "fail", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What there is to know of a task when its client has done an operation.

    Attributes:
        at: the step that the client was at.
        numbered: the last exchange by then.
        result: of the task, if that was its last operation.
    """

    at: int
    numbered: int
    result: Result | None = None


@dataclass(slots=True, eq=False)
class RunningTask:
    """A task.

    Attributes:
        scenario: what it is about.
        member: its workspace.
        urls: where the workspace is.
        seeded: what the workspace's store held at the start.
        result: how it has ended; None before.
    """

    scenario: Scenario
    member: Member
    urls: Urls
    seeded: Mapping[str, int] = field(init=False)
    result: Result | None = None
    _at: int = 0
    _runs: list[int] = field(default_factory=lambda: [1])
    _acted: tuple[int, bool] = (0, False)
    _wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note what there is before the client acts."""
        self.seeded = holding(self.member.workspace.service.registry)

    @property
    def state(self) -> State:
        """How far the client is: it is waited for, it has begun, or its grade."""
        if self.result is not None:
            return self.result.grade
        return "acting" if self.member.workspace.journal.numbered else "waiting"

    @property
    def values(self) -> dict[str, str]:
        """What the placeholders stand for by now: an appointment that the client has registered has got an id."""
        values = dict(self.scenario.values)
        if not values["appointment"]:
            found = with_pointer(self.member.workspace.service.registry, values["pointer"])
            values["appointment"] = found[0][-1].logical_id if len(found) == 1 else ""
        return values

    def described(self) -> dict[str, Any]:
        """Return the task as JSON."""
        sentence, values = str(self.scenario.steps[self._at]), self.values
        sentences = [each for each in self.scenario.steps if isinstance(each, str)]
        return {
            "name": self.scenario.name,
            "scenario": self.scenario.scenario,
            "about": self.scenario.about.strip(),
            "client": self.scenario.filled(sentence, values),
            "step": sum(isinstance(each, str) for each in self.scenario.steps[: self._at + 1]),
            "steps": len(sentences),
            "state": self.state,
            "exchanges": self.member.workspace.journal.numbered,
            "workspace": self.member.name,
            **self.urls._asdict(),
            "environment": self._environment(sentence, values),
            **({} if self.result is None else {"messages": list(self.result.messages)}),
        }

    def _environment(self, sentence: str, values: Mapping[str, str]) -> dict[str, str]:
        client = next(each for each in CLIENTS.values() if WRITERS in each.groups)
        return {
            "REGISTRY_BASE_URL": self.urls.base_url,
            "REGISTRY_TOKEN_URL": self.urls.token_url,
            "REGISTRY_CLIENT_ID": client.client_id,
            "REGISTRY_CLIENT_SECRET": client.secret,
            "REGISTRY_VERB": verb_of(sentence),
            "REGISTRY_APPOINTMENT": values["another" if "{another}" in sentence else "appointment"],
            "REGISTRY_PATIENT": values["patient"],
            "REGISTRY_POINTER": values["pointer"],
        }

    @property
    def progress(self) -> dict[str, Any]:
        """How far the client is, as JSON, for `resume`."""
        return {"at": self._at, "runs": [*self._runs], "wrong": [*self._wrong]}

    def resume(self, progress: Mapping[str, Any]) -> None:
        """Continue where a saved task was."""
        self._at, self._runs, self._wrong = progress["at"], [*progress["runs"]], [*progress["wrong"]]

    async def judged(self, ended: Ended) -> Judged:
        """Return what there is to know now that the client has ended an operation; change nothing."""
        at, numbered = self._at, self.member.workspace.journal.numbered
        if self.result is not None or not self._is_last(ended):
            return Judged(at, numbered)
        return Judged(at, numbered, await self._found(ended))

    def go_on(self, ended: Ended, judged: Judged) -> bool:
        """Turn to what the client shall do next, or take the result; return False if it is at another step by now."""
        if self.result is not None:
            return True
        if judged.at != self._at:
            return False
        self._wrong += self._wrong_in_words(ended)
        if self._is_last(ended):
            self.result = judged.result
            return True
        self._at += 1
        workspace, step = self.member.workspace, self.scenario.steps[self._at]
        if isinstance(step, ClockStep):
            workspace.service.clock.advance(timedelta(seconds=step.advance))
            workspace.steering.note("clock", judged.numbered)
            self._at += 1
        self._runs.append(judged.numbered + 1)
        return True

    def _is_last(self, ended: Ended) -> bool:
        return ended.timed_out or self._at == len(self.scenario.steps) - 1

    def _wrong_in_words(self, ended: Ended) -> Iterator[str]:
        operations = [at for at, each in enumerate(self.scenario.steps) if isinstance(each, str)]
        nth = f"Operation {operations.index(self._at) + 1} of {len(operations)}: " if len(operations) > 1 else ""
        return (f"{nth}{each}" for each in wrong_in_words(self.scenario, ended))

    async def _found(self, ended: Ended) -> Result:
        report, shown = await self._report()
        came = nothing_came(ended, self.member.workspace.journal.numbered)
        wrong = [*came, *self._wrong, *self._wrong_in_words(ended), *self._wrong_in_store()]
        result = result_of(self.scenario, wrong, report)
        if result.grade in ("fail", "inconclusive"):  # then the whole conversation is the evidence
            return replace(result, report=replace(report, exchanges=shown))
        return result

    def _wrong_in_store(self) -> list[str]:
        return wrong_in_store(self.scenario, self.member.workspace.service.registry, self.seeded)

    async def _report(self) -> tuple[Report, Exchanges]:
        """Return the verdict on what there is by now, and all exchanges as the journal shows them."""
        workspace = self.member.workspace
        service = workspace.service
        gathered = await gather(
            workspace.journal, service.registry, workspace.engine, workspace.steering, service.codec
        )
        said = tuple(workspace.attestations)
        return await service.workers.run(_judged, gathered, said, frozenset(self.seeded), tuple(self._runs))

    async def has_acted(self) -> bool:
        """Return whether the client seems to have done its last operation: all is as it must be, and it is quiet."""
        workspace, last_step = self.member.workspace, len(self.scenario.steps) - 1
        numbered = workspace.journal.numbered
        if self.result is not None or self._at < last_step or not numbered or not self._is_quiet():
            return self.result is not None
        if self._acted[0] != numbered:
            done = not self._wrong_in_store() and not [*not_exercised(self.scenario, (await self._report())[0])]
            self._acted = numbered, done
        return self._acted[1]

    def _is_quiet(self) -> bool:
        workspace = self.member.workspace
        last = workspace.journal.find(workspace.journal.numbered)
        if last is None or last.state != "done":
            return False
        return workspace.service.clock.wall() - (last.wall_s + last.duration_s) >= _QUIET_S


def _judged(
    gathered: Gathered, said: Sequence[Attestation], told: frozenset[str], runs: tuple[int, ...]
) -> tuple[Report, Exchanges]:
    evidence = gathered.evidence(told=told, runs=runs)
    return judge(evidence, said), conversation(evidence)
