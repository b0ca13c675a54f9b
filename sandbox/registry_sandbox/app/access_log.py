"""The access log of a sandbox that runs."""

import logging
from collections.abc import Callable
from contextlib import ExitStack

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.server.access_log import AccessLog
from registry_sandbox.server.log_format import LogForm, remark
from registry_sandbox.server.log_writer import LogHandler, LogWriter


def access_log(form: LogForm, wall: Callable[[], float], leftovers: ExitStack) -> AccessLog:
    """Return the access log. A thread writes its lines, and the records of Python's logging, until `leftovers` end."""
    writer = LogWriter(remark=remark(form, wall))
    leftovers.callback(writer.close)
    handler = LogHandler(writer, form)
    logging.getLogger().addHandler(handler)
    leftovers.callback(logging.getLogger().removeHandler, handler)
    log = AccessLog(form, writer.write, wall)
    leftovers.callback(log.flush)
    return log


def no_line(remote: str, request: Request, response: Response, began_s: float) -> None:
    """Note nothing."""
