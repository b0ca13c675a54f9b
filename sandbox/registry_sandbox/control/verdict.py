"""/_sandbox/verdict: the verdict on the clients, and what people attest of them.

Nothing of it is computed, or imported, before somebody asks.
"""

from collections.abc import Awaitable, Iterable
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from registry_sandbox.control.journal_filters import FILTERS, Filter, since
from registry_sandbox.control.operation import BadControlRequest, Operation, json_body, parameters, refused_for
from registry_sandbox.faults.fields import BadFault, object_schema, read_object
from registry_sandbox.faults.kinds import Text
from registry_sandbox.http.json_response import json_response, plain_response
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.garbage import no_collections
from registry_sandbox.runtime.workers import WorkersBusy
from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.verdict.reports import MEDIA_TYPES, Format, rendered
from registry_sandbox.verdict.steering import Steering
from registry_sandbox.workspace import Workspace

if TYPE_CHECKING:
    from registry_sandbox.verdict.gathering import Gathered

_PARAMETERS: Final = {
    "client": "the name of one client; by default all are judged",
    "since": f"{FILTERS['since']}: what came after is judged, as one run of each client",
    "format": f"{', '.join(MEDIA_TYPES)}; by default json",
}
_READING_ONLY: Final = frozenset({"journal", "verdict", "token"})
_RuleId = Annotated[str, Text(r"[a-z0-9-]{1,120}", "the id of a rule")]
_Words = Annotated[str, Text(r"[^\x00-\x1f\x7f]{1,500}", "1 to 500 characters, in one line")]


@dataclass(frozen=True, slots=True)
class _Said:
    """The body of an attestation."""

    rule: _RuleId
    by: _Words
    note: _Words | None = None


def operations(workspace: Workspace) -> list[Operation]:
    """Return the operations."""
    verdict = _Verdict(workspace)
    media_types = tuple(dict.fromkeys(each.partition(";")[0] for each in MEDIA_TYPES.values()))
    return [
        Operation(
            "GET",
            "/verdict",
            verdict.show,
            "The verdict on the clients.",
            _PARAMETERS,
            answers={"type": "object", "required": ["summary", "rules", "findings", "coverage", "journal"]},
            media_types=media_types,
        ),
        Operation(
            "POST",
            "/verdict/attestations",
            verdict.attest,
            "Attest what no server can see; it holds until the reset.",
            body=object_schema(_Said),
            status=HTTPStatus.CREATED,
            answers=object_schema(_Said),
        ),
    ]


class _Verdict:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def show(self, request: Request, _: str) -> Response:
        """Judge, in a thread."""
        from registry_sandbox.verdict.gathering import gather

        given = parameters(request, _PARAMETERS)
        wanted = _format(given.get("format", "json"))
        after = since(given["since"]) if "since" in given else None
        workspace = self._workspace
        service = workspace.service
        gathered = await gather(
            workspace.journal,
            service.registry,
            workspace.engine,
            workspace.steering,
            service.codec,
            workspace.bad_certificate,
        )
        said = tuple(workspace.attestations)
        try:
            text = await service.workers.run(_judged, gathered, said, given.get("client"), after, wanted)
        except WorkersBusy as busy:
            message = f"The sandbox is busy with other work: {busy}. Ask again later."
            raise BadControlRequest(message, HTTPStatus.SERVICE_UNAVAILABLE) from busy
        return plain_response(HTTPStatus.OK, MEDIA_TYPES[wanted], text)

    def attest(self, request: Request, _: str) -> Response:
        """Note what a person says of the client."""
        from registry_sandbox.verdict.rule import all_rules

        with refused_for(BadFault):
            said: _Said = read_object(_Said, json_body(request), "attestation")
        attested = [each.id for each in all_rules() if each.check is None]
        if said.rule not in attested:
            raise BadControlRequest(
                f"attestation.rule: '{said.rule}' cannot be attested; expected {' or '.join(attested)}. "
                "Every other rule is judged by what the client does."
            )
        attestation = Attestation(said.rule, said.by, said.note or "")
        self._workspace.attestations.add(attestation)
        return json_response(HTTPStatus.CREATED, asdict(attestation))


def _judged(
    gathered: "Gathered", said: Iterable[Attestation], client: str | None, after: Filter | None, wanted: Format
) -> bytes:
    with no_collections():
        return _written(gathered, said, client, after, wanted)  # all else is gone before the collector goes on


def _written(
    gathered: "Gathered", said: Iterable[Attestation], client: str | None, after: Filter | None, wanted: Format
) -> bytes:
    from registry_sandbox.verdict.judging import judge

    evidence = gathered.evidence()
    number = None
    if after is not None:
        number = max((each.number for each in evidence.exchanges if not after(each.exchange)), default=0)
    return rendered(judge(evidence, said, client=client, since=number), wanted).encode()


def _format(value: str) -> Format:
    for known in MEDIA_TYPES:
        if value == known:
            return known
    raise BadControlRequest(f"format is '{value[:40]}'; expected {', '.join(MEDIA_TYPES)}.")


def noted(operations: Iterable[Operation], steering: Steering) -> list[Operation]:
    """Return the operations such that each one that changes the sandbox is noted: it may explain what clients do."""
    return [each if _only_looks(each) else replace(each, answer=_Noting(each, steering)) for each in operations]


def _only_looks(operation: Operation) -> bool:
    return operation.method == "GET" or _noun(operation) in _READING_ONLY


def _noun(operation: Operation) -> str:
    return operation.path.split("/")[1]


class _Noting:
    """What answers an operation, and then notes it."""

    def __init__(self, operation: Operation, steering: Steering) -> None:
        self._noun = _noun(operation)
        self._answer = operation.answer
        self._steering = steering

    def __call__(self, request: Request, segment: str) -> Response | Awaitable[Response]:
        """Answer."""
        answered = self._answer(request, segment)
        return self._noted(answered) if isinstance(answered, Response) else self._later(answered)

    async def _later(self, answered: Awaitable[Response]) -> Response:
        return self._noted(await answered)

    def _noted(self, response: Response) -> Response:
        if response.status < HTTPStatus.BAD_REQUEST:
            self._steering.note(self._noun)
        return response
