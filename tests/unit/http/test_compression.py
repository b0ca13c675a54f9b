"""gzip: for whoever takes it, by the weights that the client gives."""

import asyncio
import gzip
from typing import ParamSpec, TypeVar

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.compression import compress, takes_gzip
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from tests.unit.counting import CountingWorkers

P = ParamSpec("P")
R = TypeVar("R")


@pytest.mark.parametrize(
    "accepted",
    [
        *("gzip", "GZIP", "x-gzip", "*", "br, gzip", "gzip;q=1", "gzip;q=1.000", "gzip;q=0.001", "gzip; q=0.1"),
        *("deflate, gzip;q=0.5, *;q=0", "identity;q=0, *", "br;q=0, gzip", " gzip ", "gzip ;q=0.01"),
    ],
)
def test_gzip_is_taken(accepted: str) -> None:
    """Named, by its old name, or by `*`, with a weight above nothing."""
    assert takes_gzip(accepted)


@pytest.mark.parametrize(
    "accepted",
    [
        *("", "identity", "br", "gzipped", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.00", "gzip;q=0.000", "gzip; q = 0"),
        *("gzip;Q=0", "gzip;q=0, *", "*;q=0", "*;q=0.000, br", "x-gzip;q=0", "x-gzip;q=0.000, *"),
    ],
)
def test_gzip_is_not_taken(accepted: str) -> None:
    """RFC 9110 section 12.4.2: a weight of 0 means not acceptable, with up to three decimals; what is named counts."""
    assert not takes_gzip(accepted)


def compressed(body: bytes, accepted: str) -> tuple[Response, int]:
    """Return the answer with this body, and how many jobs the workers had with it."""
    headers = CIMultiDictProxy(CIMultiDict({"Accept-Encoding": accepted}))
    request, response = Request("GET", "/STU3/x", "", headers, b"", "http://localhost/STU3"), Response(200, body=body)
    workers = CountingWorkers()
    asyncio.run(compress(request, response, workers))
    return response, workers.jobs


@pytest.mark.parametrize(("size", "jobs"), [(262_144, 0), (262_145, 1)])
def test_what_is_large_is_compressed_off_the_loop(size: int, jobs: int) -> None:
    """And what is small at once; both are the same when inflated."""
    response, used = compressed(b"x" * size, "gzip")
    assert gzip.decompress(response.body) == b"x" * size
    assert response.headers == CIMultiDict({"Vary": "Accept, Accept-Encoding", "Content-Encoding": "gzip"})
    assert used == jobs


def test_whoever_takes_none_has_the_body_as_it_is() -> None:
    """Caches are told all the same that the answer depends on what is taken."""
    response, _ = compressed(b"x" * 2_000, "gzip;q=0.000")
    assert response.body == b"x" * 2_000
    assert response.headers == CIMultiDict({"Vary": "Accept, Accept-Encoding"})
