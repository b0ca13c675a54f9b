"""The one place where a failure becomes an OperationOutcome.

Source: registry pages (that there is one); Spine-OperationOutcome-1 (its shape).
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from multidict import CIMultiDict

from registry_sandbox.fhir.finding import Finding, IssueType, Severity
from registry_sandbox.fhir.json import legible
from registry_sandbox.fhir.outcome import plain_issue, plain_outcome, spine_issue, spine_outcome
from registry_sandbox.fhir.resource import Format, Resource, Write
from registry_sandbox.fhir.template import TEXTS, Template
from registry_sandbox.http.errors import InternalServerError, SandboxError, ServiceUnavailable
from registry_sandbox.http.field_names import X_REQUEST_ID
from registry_sandbox.http.redaction import without_tokens
from registry_sandbox.http.response import GeneratedContent, Response
from registry_sandbox.runtime.workers import WorkersBusy

_log = logging.getLogger("sandbox")


def refused(error: Exception) -> Response:
    """Return the answer to a request that failed. An unexpected error is our bug: a 500 without details."""
    if isinstance(error, SandboxError):
        return refusal(error)
    if isinstance(error, WorkersBusy):
        return refusal(ServiceUnavailable(f"The sandbox is busy with large requests: {error}. Try again later."))
    return refusal(InternalServerError("The sandbox failed unexpectedly; its log says why."))


_EXPECTED = (SandboxError, WorkersBusy)


def is_unexpected(error: Exception) -> bool:
    """Return True for an error that is our bug."""
    return not isinstance(error, _EXPECTED)


def log_failure(where: str, answer: Response, error: BaseException | None) -> None:
    """Log an error that is our bug, with the request id of the answer, so that who got it can find it in the log."""
    request_id = answer.headers.get(X_REQUEST_ID, "")
    told = f"unexpected failure {where}, request {request_id or '-'}"
    _log.error("%s", told, exc_info=error, extra={"request_id": request_id})


def refusal(error: SandboxError) -> Response:
    """Return the answer for an error."""
    spine_code = error.findings[0].spine_code or error.spine_code
    content = Refusal(error.findings, error.spine_code)
    return Response(error.status, content, CIMultiDict(error.headers), spine_code=spine_code)


def injected(status: int, issue_type: IssueType, spine_code: str, message: str, headers: Mapping[str, str]) -> Response:
    """Return the answer for an error that a fault injects."""
    issue = spine_issue(severity="error", code=issue_type, spine_code=spine_code, diagnostics=message)
    content = GeneratedContent(spine_outcome([issue]))
    return Response(status, content, CIMultiDict(headers), spine_code=spine_code)


@dataclass(slots=True)
class Refusal:
    """The OperationOutcome of an error. With a single finding it is a template, filled with the message."""

    findings: tuple[Finding, ...]
    spine_code: str

    @property
    def large(self) -> bool:
        """Never: the number of findings is bounded."""
        return False

    def encode(self, wanted: Format, write: Write) -> bytes:
        """Return the bytes of the outcome."""
        if len(self.findings) == 1:
            return _encoded(self.findings[0], self.spine_code, wanted, write)
        return write(_outcome(self.findings, self.spine_code), wanted)


@lru_cache(maxsize=256)
def _encoded(finding: Finding, spine_code: str, wanted: Format, write: Write) -> bytes:
    told = _diagnostics(finding)
    if not told:
        return write(_outcome([finding], spine_code), wanted)
    about = (finding.code, finding.severity, without_tokens(finding.location), finding.spine_code or spine_code)
    return _template(about, wanted, write).filled(legible(told))


@lru_cache(maxsize=256)
def _template(about: tuple[IssueType, Severity, str, str], wanted: Format, write: Write) -> Template:
    """Return the outcome of a single finding, without its message."""
    code, severity, location, spine_code = about
    outcome = _outcome([Finding(code, TEXTS[0], location, severity)], spine_code)
    return Template(write(outcome, wanted), wanted, marks=1)


def _outcome(findings: Iterable[Finding], spine_code: str) -> Resource:
    return spine_outcome(_issue(finding, spine_code) for finding in findings)


def success(spine_code: str, message: str) -> Resource:
    """Return the informational outcome that `Prefer: return=OperationOutcome` asks for."""
    return spine_outcome(
        [spine_issue(severity="information", code="informational", spine_code=spine_code, diagnostics=message)]
    )


def validation(findings: list[Finding]) -> Resource:
    """Return the outcome of `$validate`. It is a success, so it does not claim the Spine profile."""
    issues = [
        plain_issue(
            severity=each.severity,
            code=each.code,
            diagnostics=_diagnostics(each),
            location=without_tokens(each.location),
        )
        for each in findings
    ]
    nothing = plain_issue(severity="information", code="informational", diagnostics="All OK: no findings.")
    return plain_outcome(issues or [nothing])


def _issue(finding: Finding, spine_code: str) -> Resource:
    return spine_issue(
        severity=finding.severity,
        code=finding.code,
        spine_code=finding.spine_code or spine_code,
        diagnostics=_diagnostics(finding),
        location=without_tokens(finding.location),
    )


def _diagnostics(finding: Finding) -> str:
    message = without_tokens(finding.message)
    if not finding.line:
        return message
    column = f", column {finding.column}" if finding.column else ""
    return f"{message} (line {finding.line}{column})"
