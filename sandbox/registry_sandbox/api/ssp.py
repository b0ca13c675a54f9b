"""The headers of a call through the Spine Secure Proxy, which `--require-ssp` makes mandatory.

Source: Registry overview; FHIR-SpineCore, Spine Secure Proxy (proxied FHIR requests).
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from multidict import CIMultiDictProxy

from registry_sandbox.api.interactions import declared
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import InvalidHeader
from registry_sandbox.http.request import Request

_PREFIX: Final = "urn:nhs:names:services:careconnect:fhir:rest:"

# The proxy's page says GUID or UUID, so any version will do; an ASID has twelve digits in every published sample.
_SHAPES: Final = {
    "Ssp-TraceID": (re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"), "a UUID"),
    "Ssp-From": (re.compile(r"[0-9]{12}"), "the consumer's ASID, 12 digits"),
    "Ssp-To": (re.compile(r"[0-9]{12}"), "the registry's ASID, 12 digits"),
}


def require_ssp_headers(request: Request) -> None:
    """Require all four headers, each once and well-formed, and an interaction id that fits the request.

    Raises:
        InvalidHeader: with a finding for each wrong header, located at `http.<name>`.
    """
    findings = [
        Finding("value", f"Header {name} {fault}; expected {expected}", f"http.{name}")
        for name, fault, expected in _faults(request.headers, request.declared.ssp_id)
    ]
    if findings:
        raise InvalidHeader(findings=findings)


def _faults(headers: CIMultiDictProxy[str], ssp_id: str) -> Iterator[tuple[str, str, str]]:
    for name, (shape, expected) in _SHAPES.items():
        values = headers.getall(name, [])
        if len(values) != 1:
            yield name, _count(values), expected
        elif not shape.fullmatch(values[0]):
            yield name, "is malformed", expected
    name = "Ssp-InteractionID"
    values = headers.getall(name, [])
    # No id is documented for what is ours alone ($validate, the definitions): there any documented one is accepted.
    fitting = (_PREFIX + ssp_id,) if ssp_id else documented_ids()
    if len(values) != 1:
        yield name, _count(values), " or ".join(fitting)
    elif values[0] not in fitting:
        yield name, "does not fit the request", " or ".join(fitting)


@cache
def documented_ids() -> tuple[str, ...]:
    """Return every interaction id that the pages document; read serves vread and history too."""
    return tuple(dict.fromkeys(_PREFIX + each.ssp_id for each in declared() if each.ssp_id))


def _count(values: list[str]) -> str:
    return "is there more than once" if values else "is missing"
