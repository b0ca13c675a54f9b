"""gzip for answers that are large enough, if the client accepts it.

Source: RFC 9110 section 12.5.3 (Accept-Encoding); RFC 1952.
"""

import gzip

from registry_sandbox.http.field_names import ACCEPT_ENCODING
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.workers import Workers, WorkersBusy

WORTH_COMPRESSING_BYTES = 1_400
"""A body that fits into one packet gains nothing."""

_OFF_LOOP_BYTES = 262_144


async def compress(request: Request, response: Response, workers: Workers) -> None:
    """Compress the body of the answer, in place, if the client accepts gzip; set `Vary` in any case.

    A large body is left as it is if all workers are busy.
    """
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if not takes_gzip(request.headers[ACCEPT_ENCODING]):
        return
    try:
        large = len(response.body) > _OFF_LOOP_BYTES
        response.body = await workers.run(_gzipped, response.body) if large else _gzipped(response.body)
    except WorkersBusy:
        return
    response.headers["Content-Encoding"] = "gzip"


def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


def takes_gzip(accepted: str) -> bool:
    """Return True if an Accept-Encoding header accepts gzip: by name or by `*`, and not with the weight 0."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
