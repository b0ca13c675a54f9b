"""Every failure that a client can meet: its status, issue type and Spine code.

Source: the registry's pages (403, 404, 409, 412, 422, 500); Spine and GP Connect error conventions for the rest.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import ClassVar

from registry_sandbox.fhir.finding import Finding, IssueType, bounded


class SandboxError(Exception):
    """A refusal with one finding, or with all the findings of a step.

    Args:
        message: names the offender and what was expected; ignored where `findings` are given.
        location: the place, if there is one (see `Finding.location`).
        findings: all of them, if a step found several; cut by `bounded`.
        headers: of the answer, such as `Allow`.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    issue_type: ClassVar[IssueType] = "exception"
    spine_code: ClassVar[str] = "INTERNAL_SERVER_ERROR"

    def __init__(
        self,
        message: str = "",
        *,
        location: str = "",
        findings: Iterable[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.findings = (bounded(findings) if findings else ()) or (Finding(self.issue_type, message, location),)
        self.headers = headers or {}
        super().__init__(message)

    def __str__(self) -> str:
        """Return the messages of all findings."""
        return "; ".join(finding.message for finding in self.findings)


class NotWellFormed(SandboxError):
    """The body is not an XML document or a JSON value, or its bytes could not be received or decompressed."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "structure"
    spine_code = "MESSAGE_NOT_WELL_FORMED"


class NotReadable(SandboxError):
    """The body is well-formed, but cannot be read as the STU3 resource that is expected."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "structure"
    spine_code = "INVALID_REQUEST_MESSAGE"


class InvalidParameter(SandboxError):
    """A query has a parameter that is not supported, lacks the required one, or has a wrong value."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "invalid"
    spine_code = "INVALID_PARAMETER"


class InvalidNhsNumber(SandboxError):
    """A query names a patient by something that is not an NHS number."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "INVALID_NHS_NUMBER"


class InvalidIdentifierSystem(SandboxError):
    """A query names a patient by an identifier of another system."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "INVALID_IDENTIFIER_SYSTEM"


class InvalidHeader(SandboxError):
    """A required header is missing, or the value of a header cannot be used."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "MISSING_OR_INVALID_HEADER"


class ConflictingId(SandboxError):
    """The resource in the body has no id, or not the id in the URL."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "CONFLICTING_VALUES"


class AccessDenied(SandboxError):
    """There is no token, or it fails a check, or it does not allow this interaction."""

    status = HTTPStatus.FORBIDDEN
    issue_type = "forbidden"
    # The published CodeSystem (1.6.0) spells this code with a space, and the binding is required.
    spine_code = "ACCESS DENIED"


class NoRecordFound(SandboxError):
    """No such resource, version, or path."""

    status = HTTPStatus.NOT_FOUND
    issue_type = "not-found"
    spine_code = "NO_RECORD_FOUND"


class MethodNotAllowed(SandboxError):
    """The path exists, but does not take the method; `Allow` names the methods that it takes."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    issue_type = "not-supported"
    spine_code = "NOT_IMPLEMENTED"


class NotAcceptable(SandboxError):
    """The client accepts neither XML nor JSON."""

    status = HTTPStatus.NOT_ACCEPTABLE
    issue_type = "not-supported"
    spine_code = "NOT_IMPLEMENTED"


class VersionConflict(SandboxError):
    """If-Match does not name the current version: somebody else wrote in between."""

    status = HTTPStatus.CONFLICT
    issue_type = "conflict"
    spine_code = "FHIR_CONSTRAINT_VIOLATION"


class MissingIfMatch(SandboxError):
    """An update came without the If-Match header that guards against lost updates."""

    status = HTTPStatus.PRECONDITION_FAILED
    issue_type = "required"
    spine_code = "MISSING_OR_INVALID_HEADER"


class RequestTimeout(SandboxError):
    """A request did not arrive completely within its time limit."""

    status = HTTPStatus.REQUEST_TIMEOUT
    issue_type = "timeout"


class ServiceUnavailable(SandboxError):
    """The sandbox is at a limit; `Retry-After` says when to try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    issue_type = "transient"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"Retry-After": "1"})


class BodyTooLarge(SandboxError):
    """The body is too large, as sent or decompressed."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    issue_type = "too-long"
    spine_code = "BAD_REQUEST"


class UnsupportedMediaType(SandboxError):
    """The body's Content-Type is missing, or its Content-Type or Content-Encoding is not supported."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    issue_type = "not-supported"
    spine_code = "UNSUPPORTED_MEDIA_TYPE"


class NonConformant(SandboxError):
    """The resource can be read, but does not conform to the profiles."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    issue_type = "invariant"
    spine_code = "INVALID_RESOURCE"


class RuleBroken(SandboxError):
    """The resource conforms, but a business rule of the registry refuses it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    issue_type = "business-rule"
    spine_code = "INVALID_RESOURCE"


class TooManyRequests(SandboxError):
    """A client has sent more requests than the rate limit allows; `Retry-After` says when it may send the next."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    issue_type = "throttled"


class OutcomeUnknown(SandboxError):
    """A replica has handed on a write and got no answer: whether it was done, nobody knows. So it is a 500, no 503."""


class InternalServerError(SandboxError):
    """The sandbox itself is at fault; the details are in its log, never in the answer."""
