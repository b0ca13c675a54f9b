"""Every failure that a client can be told of: its status, issue type and Spine code.

Source: the registry's pages (403, 404, 409, 412, 422, 500); Spine and GP Connect error conventions for the rest.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import ClassVar

from registry_sandbox.fhir.finding import Finding, IssueType, bounded


class SandboxError(Exception):
    """A refusal that carries one finding, or all the findings of its step.

    Args:
        message: names the offender and what was expected; ignored where `findings` are given.
        location: where, if there is a place (see `Finding.location`).
        findings: all of them, where a step found several; `bounded` as an answer lists them.
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
        self.findings = bounded(findings) or (Finding(self.issue_type, message, location),)
        self.headers = headers or {}
        super().__init__(message)

    def __str__(self) -> str:
        """Give the messages of all findings."""
        return "; ".join(finding.message for finding in self.findings)


class NotWellFormed(SandboxError):
    """The body is no XML document, no JSON value, or no readable stream of bytes at all."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "structure"
    spine_code = "MESSAGE_NOT_WELL_FORMED"


class NotReadable(SandboxError):
    """The body is well-formed, but cannot be read as the STU3 resource that is expected."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "structure"
    spine_code = "INVALID_REQUEST_MESSAGE"


class InvalidParameter(SandboxError):
    """A query has a parameter that is not declared, or lacks the one it needs, or spells it wrongly."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "invalid"
    spine_code = "INVALID_PARAMETER"


class InvalidNhsNumber(SandboxError):
    """A query names a patient by something that is no NHS number."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "INVALID_NHS_NUMBER"


class InvalidIdentifierSystem(SandboxError):
    """A query names a patient by an identifier of another system."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "INVALID_IDENTIFIER_SYSTEM"


class InvalidHeader(SandboxError):
    """A header that is required is missing, or what it says cannot be used."""

    status = HTTPStatus.BAD_REQUEST
    issue_type = "value"
    spine_code = "MISSING_OR_INVALID_HEADER"


class ConflictingId(SandboxError):
    """The resource in the body has no id, or another than the URL names."""

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
    """The path is known, the method is not for it; `Allow` names those that are."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    issue_type = "not-supported"
    spine_code = "NOT_IMPLEMENTED"


class NotAcceptable(SandboxError):
    """The client accepts none of the formats that there are."""

    status = HTTPStatus.NOT_ACCEPTABLE
    issue_type = "not-supported"
    spine_code = "NOT_IMPLEMENTED"


class VersionConflict(SandboxError):
    """If-Match names another version than the current one: somebody else wrote meanwhile."""

    status = HTTPStatus.CONFLICT
    issue_type = "conflict"
    spine_code = "FHIR_CONSTRAINT_VIOLATION"


class MissingIfMatch(SandboxError):
    """An update came without the If-Match header that guards against lost updates."""

    status = HTTPStatus.PRECONDITION_FAILED
    issue_type = "required"
    spine_code = "MISSING_OR_INVALID_HEADER"


class RequestTimeout(SandboxError):
    """A request did not come whole in the time that it may take."""

    status = HTTPStatus.REQUEST_TIMEOUT
    issue_type = "timeout"


class ServiceUnavailable(SandboxError):
    """The sandbox has as much to do as it takes on; `Retry-After` says when to try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    issue_type = "transient"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"Retry-After": "1"})


class BodyTooLarge(SandboxError):
    """The body, or what it inflates to, is larger than is taken."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    issue_type = "too-long"
    spine_code = "BAD_REQUEST"


class UnsupportedMediaType(SandboxError):
    """The body's Content-Type or Content-Encoding is missing or none that can be read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    issue_type = "not-supported"
    spine_code = "UNSUPPORTED_MEDIA_TYPE"


class NonConformant(SandboxError):
    """The resource can be read, but does not conform to the profiles it is judged by."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    issue_type = "invariant"
    spine_code = "INVALID_RESOURCE"


class RuleBroken(SandboxError):
    """The resource conforms, but a business rule of the registry refuses it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    issue_type = "business-rule"
    spine_code = "INVALID_RESOURCE"


class InternalServerError(SandboxError):
    """The sandbox itself is at fault; the details are in its log, never in the answer."""
