"""An operation of the control plane, as it is declared: what answers it, and what the OpenAPI document says of it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response


class BadControlRequest(Exception):
    """A call of the control plane cannot be carried out; nothing was applied."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path below the root; `{id}` in the path stands for a segment, which `answer` is given.

    `query` has the parameters with what they mean, `None` where any are taken; `body` and `answers` are JSON Schemas.
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


def parameters(request: Request, known: Mapping[str, str]) -> dict[str, str]:
    """Give the query's parameters.

    Raises:
        BadControlRequest: one is not known, or is there twice.
    """
    given: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name not in known:
            expected = ", ".join(known) or "none"
            raise BadControlRequest(f"The parameter '{name[:40]}' is not known here; expected {expected}.")
        if name in given:
            raise BadControlRequest(f"The parameter '{name}' is there twice; expected it once.")
        given[name] = value
    return given


def json_body(request: Request) -> Any:
    """Give the JSON value in the body.

    Raises:
        BadControlRequest: there is none, or it is no JSON.
    """
    if request.body_error is not None:
        raise BadControlRequest(str(request.body_error))
    try:
        return json.loads(request.body, object_pairs_hook=_distinct, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadControlRequest(f"The body is no JSON: {error}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key '{next(each for each in names if names.count(each) > 1)[:40]}' is there twice")
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")
