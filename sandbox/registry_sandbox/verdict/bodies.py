"""Reads the bodies that the journal has, with the reader of the registry; the same bytes are read once."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from registry_sandbox.reading.narratives import SlowToExplain

_KEPT_AT_MOST = 20_000


class Bodies:
    """What the bodies of one verdict mean.

    Args:
        codec: reads resources.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._resources: dict[bytes, Resource | None] = {}

    def resource(self, body: bytes, body_format: Format) -> Resource | None:
        """Return the resource in a body; None where none can be read."""
        return self._once(body, lambda: self._read(body, body_format))

    def is_readable(self, body: bytes, body_format: Format, interaction: str) -> bool:
        """Return True if a client that parses the body finds what the interaction answers."""
        if interaction == "token":
            return bool(json_object(body))
        return self.resource(body, body_format) is not None

    def _once(self, body: bytes, read: Callable[[], Resource | None]) -> Resource | None:
        if body not in self._resources:
            if len(self._resources) >= _KEPT_AT_MOST:
                self._resources.clear()
            self._resources[body] = read()
        return self._resources[body]

    def _read(self, body: bytes, body_format: Format) -> Resource | None:
        try:
            return self._codec.read(body, body_format, self._codec.types, explain=False).resource
        except (SandboxError, SlowToExplain):
            return None


def versions_in(body: bytes, body_format: Format) -> tuple[tuple[str, str], ...]:
    """Return the logical id and version id of each appointment in an answer that is just as the registry wrote it."""
    # The writers put id and meta first and next to each other, and neither can stand so in a text: reading a Bundle
    # takes a hundred times longer.
    return tuple((one.decode(), other.decode()) for one, other in _VERSION[body_format].findall(body))


_VERSION: Final[Mapping[Format, re.Pattern[bytes]]] = {
    "json": re.compile(rb'"resourceType":"Appointment","id":"([^"]+)","meta":\{"versionId":"([^"]+)"'),
    "xml": re.compile(rb'<Appointment[^>]*><id value="([^"]+)"/><meta><versionId value="([^"]+)"/>'),
}


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; empty where there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
