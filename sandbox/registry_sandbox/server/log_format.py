"""The forms of the log: plain text, or one JSON object a line. No line has a secret in it.

A line of either form that tells of an exchange has the id that its answer has in X-Request-Id.
"""

import json
import logging
from collections.abc import Callable
from typing import Any, Final, Literal

from registry_sandbox.fhir.datatypes import write_timestamp
from registry_sandbox.http.redaction import without_secrets

LogForm = Literal["text", "json"]

OWN_LOGGER: Final = "sandbox.log"
"""What the log's remarks about itself are logged by."""


def formatter(form: LogForm) -> logging.Formatter:
    """Return what makes a line of a record of Python's logging."""
    return JsonFormatter() if form == "json" else TextFormatter()


def remark(form: LogForm, wall: Callable[[], float]) -> Callable[[str], str]:
    """Return what makes a line of a remark of the log about itself."""
    if form == "text":
        return lambda message: f"{message}\n"
    return lambda message: _line(wall(), "WARNING", OWN_LOGGER, message) + "\n"


class TextFormatter(logging.Formatter):
    """Formats a record as text: the message, and the traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        return without_secrets(super().format(record))


class JsonFormatter(logging.Formatter):
    """Formats a record as one object on one line, the traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        more: dict[str, Any] = {}
        request_id = getattr(record, "request_id", "")
        if request_id:
            more["request_id"] = without_secrets(str(request_id))
        if record.exc_info:
            more["exception"] = without_secrets(self.formatException(record.exc_info))
        return _line(record.created, record.levelname, record.name, without_secrets(record.getMessage()), **more)


def _line(time_s: float, level: str, logger: str, message: str, **more: Any) -> str:
    return json.dumps({"time": write_timestamp(time_s), "level": level, "logger": logger, "message": message, **more})
