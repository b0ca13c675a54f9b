"""The one place where a failure becomes an OperationOutcome.

Source: registry pages (that there is one); Spine-OperationOutcome-1 (its shape).
"""

import logging
from collections.abc import Mapping

from multidict import CIMultiDict

from sandbox.errors import InternalServerError, SandboxError
from sandbox.exchange import Fresh, Handler, Request, Resource, Response
from sandbox.fhir.outcome import plain_issue, plain_outcome, spine_issue, spine_outcome
from sandbox.finding import Finding, IssueType

_log = logging.getLogger("sandbox")


async def answer_errors(request: Request, handler: Handler) -> Response:
    """Answer a failure of any later step with its OperationOutcome; what we did not foresee is our bug, a 500."""
    try:
        return await handler(request)
    except SandboxError as error:
        return refusal(error)
    except Exception:  # noqa: BLE001 - logged with its traceback; the client learns no detail
        _log.exception("unexpected failure in %s %s", request.method, request.path)
        return refusal(InternalServerError("The sandbox failed unexpectedly; its log says why."))


def refusal(error: SandboxError) -> Response:
    """Give the answer that tells a client of an error."""
    response = Response(error.status, Fresh(outcome_of(error)))
    response.headers.extend(error.headers)
    return response


def injected(status: int, issue_type: IssueType, spine_code: str, message: str, headers: Mapping[str, str]) -> Response:
    """Give the answer that tells a client of an error which a fault made up."""
    issue = spine_issue(severity="error", code=issue_type, spine_code=spine_code, diagnostics=message)
    return Response(status, Fresh(spine_outcome([issue])), CIMultiDict(headers))


def outcome_of(error: SandboxError) -> Resource:
    """Give the OperationOutcome of an error, an issue a finding."""
    return spine_outcome(_issue(finding, error.spine_code) for finding in error.findings)


def success(spine_code: str, message: str) -> Resource:
    """Give the informational outcome that `Prefer: return=OperationOutcome` asks for."""
    return spine_outcome(
        [spine_issue(severity="information", code="informational", spine_code=spine_code, diagnostics=message)]
    )


def validation(findings: list[Finding]) -> Resource:
    """Give the outcome of `$validate`, which is a success and so claims no Spine profile."""
    issues = [
        plain_issue(severity=each.severity, code=each.code, diagnostics=_diagnostics(each), location=each.location)
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
        location=finding.location,
    )


def _diagnostics(finding: Finding) -> str:
    return f"{finding.message} (line {finding.line})" if finding.line else finding.message
