"""status: an error is answered, as a valid Spine OperationOutcome in the negotiated format."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from registry_sandbox.faults.effect import Activation, Effect, FaultContext
from registry_sandbox.faults.kinds import Whole
from registry_sandbox.fhir.finding import IssueType
from registry_sandbox.fhir.outcome import SPINE_DISPLAY
from registry_sandbox.http import errors
from registry_sandbox.http.interaction import allow
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response

_FIRST, _LAST = 400, 599
_SUCCESSES = {"RESOURCE_CREATED", "RESOURCE_UPDATED"}
_TRANSIENT = {502, 504}

_OF_STATUS: dict[int, type[errors.SandboxError]] = {
    each.status: each
    for each in (
        errors.AccessDenied,
        errors.NoRecordFound,
        errors.MethodNotAllowed,
        errors.NotAcceptable,
        errors.VersionConflict,
        errors.MissingIfMatch,
        errors.RequestTimeout,
        errors.ServiceUnavailable,
        errors.TooManyRequests,
        errors.BodyTooLarge,
        errors.UnsupportedMediaType,
        errors.RuleBroken,
    )
}
_OF_CODE = {each.spine_code: each.issue_type for each in errors.SandboxError.__subclasses__()}


class _SpineCode:
    """An error code of the Spine's CodeSystem."""

    def read(self, value: Any) -> str:
        """Return the code."""
        if not isinstance(value, str) or value not in _codes():
            raise ValueError(", ".join(_codes()))
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": _codes()}


def _codes() -> list[str]:
    return [code for code in SPINE_DISPLAY if code not in _SUCCESSES]


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """Answers an error instead of the interaction.

    `retry_after` is in seconds. `code` is a Spine code to use instead of the status's own. `diagnostics` is the text of
    the issue.
    """

    word: ClassVar[str] = "status"
    terminal: ClassVar[bool] = True
    short: ClassVar[str] = "cancel:503+retry_after=2"

    status: Annotated[int, Whole(_FIRST, _LAST)]
    retry_after: Annotated[int, Whole(0, 86_400)] | None = None
    code: Annotated[str, _SpineCode()] | None = None
    diagnostics: str | None = None

    def answer(self, context: FaultContext, activation: Activation) -> Response:
        """Return the error."""
        issue_type, spine_code = self._codes(context.request)
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.status == HTTPStatus.METHOD_NOT_ALLOWED and context.request.allowed_methods:
            headers["Allow"] = allow(context.request.allowed_methods)
        return context.refuse(self.status, issue_type, spine_code, self.diagnostics or activation.message, headers)

    def _codes(self, request: Request) -> tuple[IssueType, str]:
        if self.code is not None:
            return _OF_CODE.get(self.code, "exception"), self.code
        if self.status == HTTPStatus.BAD_REQUEST:
            error = errors.NotReadable if request.declared.body == "resource" else errors.InvalidParameter
            return error.issue_type, error.spine_code
        if self.status in _OF_STATUS:
            known = _OF_STATUS[self.status]
            return known.issue_type, known.spine_code
        if self.status == HTTPStatus.NOT_IMPLEMENTED:
            return "not-supported", "NOT_IMPLEMENTED"
        return "transient" if self.status in _TRANSIENT else "exception", "INTERNAL_SERVER_ERROR"
