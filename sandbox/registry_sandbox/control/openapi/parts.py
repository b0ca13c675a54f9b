"""The parts that operations of both kinds are described with: names, path segments, parameters."""

import re
from typing import Any


def operation_id(*parts: str) -> str:
    """Return the operationId made of these parts, such as `control-get-sandbox-clock`."""
    return re.sub(r"\W+", "-", "-".join(parts)).strip("-").lower()


def segments(path: str) -> list[dict[str, Any]]:
    """Return the path parameters of a path such as `/faults/{id}`."""
    return [parameter(name, "path", required=True) for name in re.findall(r"\{(\w+)\}", path)]


def parameter(name: str, place: str, meaning: str = "", *, required: bool = False) -> dict[str, Any]:
    """Return a parameter; `place` is `path`, `query` or `header`."""
    described: dict[str, Any] = {"name": name, "in": place, "schema": {"type": "string"}}
    if required:
        described["required"] = True
    return {**described, "description": meaning} if meaning else described
