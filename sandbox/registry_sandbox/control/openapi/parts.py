"""The parts that operations of both kinds are described with: names, path segments, parameters."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

BUSY: Final[Mapping[str, Any]] = {
    str(int(HTTPStatus.SERVICE_UNAVAILABLE)): {
        "description": "the sandbox is at a limit; Retry-After says when to try again"
    }
}
"""The response of every operation where there are too many connections, or too much large work waits."""


def operation_id(*parts: str) -> str:
    """Return the operationId made of these parts, such as `control-get-sandbox-clock`."""
    return re.sub(r"\W+", "-", "-".join(parts)).strip("-").lower()


def segments(path: str) -> list[dict[str, Any]]:
    """Return the path parameters of a path such as `/faults/{id}`."""
    return [parameter(name, "path", required=True) for name in re.findall(r"\{(\w+)\}", path)]


def parameter(
    name: str, place: str, meaning: str = "", *, required: bool = False, values: Iterable[str] = ()
) -> dict[str, Any]:
    """Return a parameter; `place` is `path`, `query` or `header`; `values` are the only ones that it can have."""
    schema: dict[str, Any] = {"type": "string"}
    if listed := [*values]:
        schema["enum"] = listed
    described: dict[str, Any] = {"name": name, "in": place, "schema": schema}
    if required:
        described["required"] = True
    return {**described, "description": meaning} if meaning else described
