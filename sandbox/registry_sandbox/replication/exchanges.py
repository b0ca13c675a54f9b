"""An exchange as bytes, so that every replica can tell of it; it is read back only when somebody asks.

Secrets are in it as they are in the memory of one sandbox: the journal leaves them out when it shows an exchange.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import NotWellFormed
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.request import Client, HeaderFacts, Request
from registry_sandbox.http.response import GeneratedContent, Response, Sent

_PLAIN: Final = (
    "method",
    "path",
    "query",
    "base",
    "certificate_subject",
    "called_as",
    "logical_id",
    "version_id",
    "answer_format",
    "body_format",
    "mount",
    "tls_fault",
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished exchange, as the journal keeps it: when it began, how long it lasted, how large its bodies were."""

    at_s: float
    wall_s: float
    lasted_s: float
    first_byte_s: float | None
    request: Request
    response: Response | None
    sent: int
    answered: int


@dataclass(frozen=True, slots=True)
class _Written:
    logical_id: str
    version_id: str


@dataclass(frozen=True, slots=True)
class _Injected:
    """The faults of an exchange that is over."""

    rule_ids: tuple[str, ...]
    effects: tuple[str, ...]
    notes: tuple[str, ...]
    idle_rule_ids: tuple[str, ...]

    def finish(self, response: Response) -> None:
        """Do nothing: it is done."""


def encoded(finished: Finished, replica: int) -> bytes:
    """Return the bytes of an exchange. `replica` tells its connections from those of other replicas."""
    request, response = finished.request, finished.response
    times = [finished.at_s, finished.wall_s, finished.lasted_s, finished.first_byte_s]
    sizes = [finished.sent, finished.answered, len(request.body)]
    connection = replica + request.facts.connection if request.facts.connection else 0
    head = [times, sizes, _request(request, connection), None if response is None else _response(response)]
    answered = b"" if response is None else response.body
    return b"%b\n%b%b" % (json.dumps(head).encode(), request.body, answered)


def decoded(content: bytes) -> Finished:
    """Return the exchange that these bytes are."""
    head, _, bodies = content.partition(b"\n")
    (at_s, wall_s, lasted_s, first_byte_s), (sent, answered, length), told, answer = json.loads(head)
    request = _read_request(told, bodies[:length])
    response = None if answer is None else _read_response(answer, bodies[length:])
    return Finished(at_s, wall_s, lasted_s, first_byte_s, request, response, sent, answered)


def _request(request: Request, connection: int) -> dict[str, Any]:
    told: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(request, name))}
    told["headers"] = [*request.headers.items()]
    told["client"] = [request.client.name, request.client.may_write]
    told["connection"] = connection
    if request.declared.code:
        told["declared"] = [request.declared.code, request.declared.method, request.declared.path]
    if request.under_way is not None:
        told["waited"] = True
    if request.written is not None:
        told["written"] = [request.written.logical_id, request.written.version_id]
    if request.body_error is not None:
        told["body_error"] = str(request.body_error)
    if request.warnings:
        told["warnings"] = [[each.code, each.message, each.location] for each in request.warnings]
    if request.injected is not None:
        faults = request.injected
        told["faults"] = [faults.rule_ids, faults.effects, faults.notes, faults.idle_rule_ids]
    return told


def _response(response: Response) -> dict[str, Any]:
    told: dict[str, Any] = {"status": int(response.status), "headers": [*response.all_headers.items()]}
    if response.content is not None:
        told["content"] = True
    if response.spine_code:
        told["spine_code"] = response.spine_code
    if response.sent is not None:
        sent = response.sent
        told["sent"] = [sent.head, sent.body_bytes, sent.first_byte_s, sent.ended]
    return told


def _read_request(told: dict[str, Any], body: bytes) -> Request:
    headers = CIMultiDictProxy(CIMultiDict(told["headers"]))
    request = Request(told.get("method", ""), told.get("path", ""), told.get("query", ""), headers, body, "")
    for name in _PLAIN:
        if name in told:
            setattr(request, name, told[name])
    request.facts = HeaderFacts(connection=told["connection"])
    request.client = Client(*told["client"])
    if "declared" in told:
        request.declared = interaction(*told["declared"])
    if "written" in told:
        request.written = _Written(*told["written"])
    if "body_error" in told:
        request.body_error = NotWellFormed(told["body_error"])
    if "faults" in told:
        request.injected = _Injected(*map(tuple, told["faults"]))
    request.warnings = [Finding(code, message, place, "warning") for code, message, place in told.get("warnings", ())]
    request.under_way = told.get("waited")
    return request


def _read_response(told: dict[str, Any], body: bytes) -> Response:
    response = Response(told["status"], None, CIMultiDict(told["headers"]), body)
    if "content" in told:
        response.content = GeneratedContent({})
    if "sent" in told:
        response.lost = Sent(*told["sent"])
    response.spine_code = told.get("spine_code", "")
    return response


def interaction(code: str, method: str, path: str) -> Interaction:
    """Return the interaction of a request that is answered somewhere else, or was."""
    return Interaction(code=code, method=method, path=path, answer=_answered)


def _answered(_request: Any, _service: Any) -> Response:
    raise LookupError("this exchange is another replica's")
