"""What a body is refused for, as the tests of reading and of explaining ask it."""

import pytest

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import NotReadable, SandboxError
from registry_sandbox.reading.codec import Codec

_CODEC = Codec()


def findings_of(body: bytes | str, body_format: Format) -> tuple[Finding, ...]:
    """Return the findings of a body that is refused; one that is not fails the test."""
    sent = body.encode() if isinstance(body, str) else body
    try:
        _CODEC.read(sent, body_format)
    except SandboxError as error:
        return error.findings
    pytest.fail("it was read")


def is_read(inner: str, resource: str = "Appointment") -> bool:
    """Tell whether a resource in XML with this inside can be read."""
    try:
        _CODEC.read(f'<{resource} xmlns="http://hl7.org/fhir">{inner}</{resource}>'.encode(), "xml", (resource,))
    except NotReadable:
        return False
    return True


def appointment(inner: str) -> str:
    """Return an Appointment in XML with this inside, which begins on line 2."""
    return f'<Appointment xmlns="http://hl7.org/fhir">\n{inner}\n</Appointment>'
