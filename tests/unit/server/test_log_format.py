"""The forms of the log: records of Python's logging as text or as JSON, without secrets."""

import json
import logging
import sys
from collections.abc import Mapping

import pytest

from registry_sandbox.server.log_format import LogForm, formatter, remark

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def failed(**more: object) -> logging.LogRecord:
    """Return a record of a failure whose message and whose traceback have a token."""
    record = {"msg": "no %s", "args": (TOKEN,), "name": "x", "levelname": "ERROR", "created": 0.0}
    try:
        int(TOKEN)
    except ValueError:
        return logging.makeLogRecord({**record, "exc_info": sys.exc_info(), **more})
    raise AssertionError


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_record_shows_a_token(form: LogForm) -> None:
    """Neither in its message nor in the traceback."""
    line = formatter(form).format(failed())
    assert "eyJ" not in line
    assert line.count("<redacted>") == 2
    assert "Traceback" in line


def test_json_has_the_traceback_on_the_same_line() -> None:
    """And the request id, where there is one."""
    line = formatter("json").format(failed(request_id="ours"))
    assert "\n" not in line
    told: Mapping[str, str] = json.loads(line)
    assert [*told] == ["time", "level", "logger", "message", "request_id", "exception"]
    assert told["request_id"] == "ours"
    assert told["exception"].splitlines()[0] == "Traceback (most recent call last):"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_remark_is_one_line(form: LogForm) -> None:
    """In both forms."""
    assert remark(form, lambda: 0.0)("5 lines").count("\n") == 1
