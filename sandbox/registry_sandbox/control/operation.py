"""An operation of the control plane: the function that answers, and what the OpenAPI document says about it."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response


class BadControlRequest(Exception):
    """A call of the control plane cannot be carried out; nothing was changed."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def refused_for(*errors: type[Exception], status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Iterator[None]:
    """Turn these errors into the refusal of the call.

    Raises:
        BadControlRequest: with the message of the error.
    """
    try:
        yield
    except errors as error:
        raise BadControlRequest(str(error), status) from error


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path.

    Attributes:
        method: the HTTP method; HEAD goes with GET.
        path: below the root; `{id}` as its last segment stands for any segment.
        answer: takes the request and the segment (decoded; empty where the path has no `{id}`).
        summary: one sentence.
        query: the parameters with their meaning; None where any are accepted.
        body: the JSON Schema of the request's body; None where it has none.
        status: of a success.
        answers: the JSON Schema of the answer.
        media_types: of the answer.
        body_types: media types of the request's body.
        looks_only: True for a POST that changes nothing.
    """

    method: str
    path: str
    answer: Callable[[Request, str], Response | Awaitable[Response]]
    summary: str
    query: Mapping[str, str] | None = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    status: HTTPStatus = HTTPStatus.OK
    answers: Mapping[str, Any] | None = None
    media_types: tuple[str, ...] = ("application/json",)
    body_types: tuple[str, ...] = ("application/json",)
    looks_only: bool = False

    @property
    def changes(self) -> bool:
        """Whether it may change the sandbox."""
        return self.method != "GET" and not self.looks_only


def parameters(request: Request, known: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of the query.

    Raises:
        BadControlRequest: a parameter is unknown or repeated.
    """
    given: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name not in known:
            expected = ", ".join(known) or "none"
            raise BadControlRequest(f"The parameter '{name[:40]}' is not known here; expected {expected}.")
        if name in given:
            raise BadControlRequest(f"The parameter '{name}' is repeated; expected it once.")
        given[name] = value
    return given


def whole_number(name: str, value: str) -> int:
    """Return the value of a parameter that counts something, from 0.

    Raises:
        BadControlRequest: it is no whole number, or has more than nine digits.
    """
    if not is_number(value):
        raise BadControlRequest(f"{name} is '{value[:40]}'; expected a whole number such as 100.")
    return int(value)


def is_number(text: str, *, digits: int = 9) -> bool:
    """Return True for a text of ASCII digits, at most so many."""
    return text.isascii() and text.isdigit() and len(text) <= digits


def body_of(request: Request) -> bytes:
    """Return the body.

    Raises:
        BadControlRequest: it could not be received.
    """
    if request.body_error is not None:
        raise BadControlRequest(str(request.body_error), request.body_error.status)
    return request.body


def json_body(request: Request) -> Any:
    """Return the JSON value in the body.

    Raises:
        BadControlRequest: the body cannot be read, or is not JSON.
    """
    body = body_of(request)
    try:
        return json.loads(body, object_pairs_hook=_distinct, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadControlRequest(f"The body is not JSON: {error}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key '{next(each for each in names if names.count(each) > 1)[:40]}' is repeated")
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")
