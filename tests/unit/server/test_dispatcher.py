"""The dispatcher: which part answers a path."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.server.dispatcher import Dispatcher


def saying(text: str) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler that says who it is."""

    async def handle(_: Request) -> Response:
        return Response(200, body=text.encode())

    return handle


def answer(path: str, *, fhir: bool = True) -> Response:
    """Return what a path is answered."""
    dispatcher = Dispatcher(
        saying("fhir") if fhir else None,
        ("/prefix/STU3", "/STU3"),
        (("/_sandbox", saying("control")), ("/oauth2", saying("tokens"))),
        saying("root"),
    )
    request = Request("GET", path, "", CIMultiDictProxy(CIMultiDict[str]()), b"", "http://localhost/STU3")
    return asyncio.run(_awaited(dispatcher(request)))


async def _awaited(answered: Awaitable[Response]) -> Response:
    return await answered


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/STU3", "fhir"),
        ("/STU3/", "fhir"),
        ("/STU3/metadata", "fhir"),
        ("/prefix/STU3", "fhir"),
        ("/prefix/STU3/Appointment/1", "fhir"),
        ("/_sandbox", "control"),
        ("/_sandbox/", "control"),
        ("/_sandbox/faults", "control"),
        ("/oauth2/token", "tokens"),
        ("/", "root"),
    ],
)
def test_a_path_is_answered_by_what_it_begins_with(path: str, said: str) -> None:
    """By whole segments."""
    assert answer(path).body == said.encode()


@pytest.mark.parametrize("path", ["/STU3x", "/_sandboxes", "/oauth2token", "/stu3", "/prefix", "//", "/x/STU3", "*"])
def test_what_only_looks_like_it_is_not_found(path: str) -> None:
    """The answer names what there is."""
    refused = answer(path)
    assert refused.status == 404
    for known in ("/STU3", "/prefix/STU3", "/_sandbox", "/oauth2", path):
        assert known.encode() in refused.body


def test_a_port_without_the_registry_knows_no_base() -> None:
    """As the control plane's own port."""
    refused = answer("/STU3/metadata", fhir=False)
    assert refused.status == 404
    assert b'"/STU3"' not in refused.body
    assert answer("/_sandbox", fhir=False).body == b"control"
