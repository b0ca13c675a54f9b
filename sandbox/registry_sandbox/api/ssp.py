"""The headers that a call through the Spine Secure Proxy carries, demanded by `--require-ssp`.

Source: Registry overview; FHIR-SpineCore, Spine Secure Proxy (proxied FHIR requests).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.http.errors import InvalidHeader

_PREFIX: Final = "urn:nhs:names:services:careconnect:fhir:rest:"

INTERACTION_IDS: Final[Mapping[str, str]] = {
    "capabilities": f"{_PREFIX}read:metadata",
    "create": f"{_PREFIX}create:appointment",
    "read": f"{_PREFIX}read:appointment",
    "vread": f"{_PREFIX}read:appointment",
    "history-instance": f"{_PREFIX}read:appointment",
    "update": f"{_PREFIX}update:appointment",
    "search-type": f"{_PREFIX}search:appointment",
}
"""The documented interaction ids, by FHIR's interaction codes; read serves vread and history too."""

# The proxy's page says GUID or UUID, so any version will do; an ASID has twelve digits in every published sample.
_SHAPES: Final = {
    "Ssp-TraceID": (re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"), "a UUID"),
    "Ssp-From": (re.compile(r"[0-9]{12}"), "the consumer's ASID, 12 digits"),
    "Ssp-To": (re.compile(r"[0-9]{12}"), "the registry's ASID, 12 digits"),
}


def require_ssp_headers(headers: CIMultiDict[str] | CIMultiDictProxy[str], interaction: str) -> None:
    """Demand all four headers, each once and of its shape, and an interaction id that fits the request.

    `interaction` is FHIR's code of an interaction with appointments, or anything else for what has no documented id.

    Raises:
        InvalidHeader: with a finding for each header that is at fault, located at `http.<name>`.
    """
    findings = [
        Finding("value", f"Header {name} {fault}; expected {expected}", f"http.{name}")
        for name, fault, expected in _faults(headers, interaction)
    ]
    if findings:
        raise InvalidHeader(findings=findings)


def _faults(headers: CIMultiDict[str] | CIMultiDictProxy[str], interaction: str) -> Iterator[tuple[str, str, str]]:
    for name, (shape, expected) in _SHAPES.items():
        values = headers.getall(name, [])
        if len(values) != 1:
            yield name, _count(values), expected
        elif not shape.fullmatch(values[0]):
            yield name, "is malformed", expected
    name = "Ssp-InteractionID"
    values = headers.getall(name, [])
    fitting = _fitting_ids(interaction)
    if len(values) != 1:
        yield name, _count(values), " or ".join(fitting)
    elif values[0] not in fitting:
        yield name, "does not fit the request", " or ".join(fitting)


def _count(values: list[str]) -> str:
    return "is there more than once" if values else "is missing"


def _fitting_ids(interaction: str) -> tuple[str, ...]:
    # No id is documented for what is ours alone ($validate, the definitions): there any documented one will do.
    if interaction in INTERACTION_IDS:
        return (INTERACTION_IDS[interaction],)
    return tuple(dict.fromkeys(INTERACTION_IDS.values()))
