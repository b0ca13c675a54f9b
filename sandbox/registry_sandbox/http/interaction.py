"""An interaction of the FHIR API as it is declared; everything that depends on it derives from the declaration.

Routing, 405, authorisation, the CapabilityStatement, OpenAPI, the Ssp headers and the fault rules all read it, so that
a new interaction is one file. Source: FHIR STU3, RESTful API.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from registry_sandbox.http.response import Response

Answer = Callable[[Any, Any], Response | Awaitable[Response]]
"""Takes the request and the registry's service; returns an awaitable only where there is something to wait for."""

Body = Literal["none", "resource", "form"]
"""The kind of a request's body."""

ALWAYS_POSSIBLE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""The refusals that every interaction shares."""

_OF_BODY = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One interaction on one path.

    Attributes:
        code: FHIR's code of the interaction, such as `search-type`.
        method: the HTTP method; HEAD goes with GET.
        path: below the base, with `{id}` and `{vid}` where they stand.
        answer: the function that answers it.
        writes: whether it changes the registry; only some clients may.
        body: what its requests have as their body.
        statuses: of its own answers; `all_statuses` adds the common ones.
        success: the first of `statuses`.
        headers: the request headers that it reads, and whether each is required.
        ssp_id: the end of its Ssp-InteractionID, such as `read:appointment`; empty where none is documented.
        patient_in: what names the patient of an exchange; empty if there is no patient.
        needs_token: whether a request without a token is refused.
    """

    code: str
    method: str
    path: str
    answer: Answer
    writes: bool = False
    body: Body = "none"
    statuses: tuple[HTTPStatus, ...] = (HTTPStatus.OK,)
    headers: Mapping[str, bool] = field(default_factory=dict)
    ssp_id: str = ""
    patient_in: Literal["", "appointment", "query", "body"] = ""
    needs_token: bool = True
    of_instance: bool = field(init=False)
    success: HTTPStatus = field(init=False)

    def __post_init__(self) -> None:
        """Compute once what every request asks for."""
        object.__setattr__(self, "of_instance", "{id}" in self.path)
        object.__setattr__(self, "success", self.statuses[0])

    @property
    def resource_type(self) -> str:
        """The resource type, or the word in its place, with which the path begins."""
        return self.path.partition("/")[0]

    @property
    def all_statuses(self) -> tuple[HTTPStatus, ...]:
        """Every status that an answer may have, each once."""
        of_body = () if self.body == "none" else _OF_BODY
        return tuple(dict.fromkeys((*self.statuses, *ALWAYS_POSSIBLE, *of_body)))


def declared_method(method: str) -> str:
    """Return the method under which what answers a request is declared: HEAD goes with GET."""
    return "GET" if method == "HEAD" else method


def answered_methods(declared: str) -> tuple[str, ...]:
    """Return the methods that are answered where this one is declared."""
    return ("GET", "HEAD") if declared == "GET" else (declared,)


def allow(methods: Iterable[str]) -> str:
    """Return the value of `Allow` for these declared methods, in alphabetical order."""
    return ", ".join(sorted({each for declared in methods for each in answered_methods(declared)}))


def _never(_request: Any, _service: Any) -> Response:
    raise LookupError("a request without a route passed the check on routes")


NO_INTERACTION = Interaction(code="", method="", path="", answer=_never)
"""The interaction of a request whose path or method the API does not have."""
