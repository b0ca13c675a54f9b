"""Resources made to hurt are validated with bounded findings, or refused before."""

from typing import Any

import pytest

from registry_sandbox.fhir.finding import MOST_FINDINGS
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.profiles import Profiles

DELIVERY_CHANNEL = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-DeliveryChannel-1"


def nested(depth: int) -> dict[str, Any]:
    """Make extensions in extensions."""
    extension: dict[str, Any] = {"url": "http://x.test/deep", "valueString": "a"}
    for _ in range(depth):
        extension = {"url": "http://x.test/deep", "extension": [extension]}
    return extension


HOSTILE: dict[str, Resource] = {
    "10,000 extensions that nobody knows": {
        "extension": [{"url": f"http://x.test/{n}", "valueString": "a"} for n in range(10_000)]
    },
    "10,000 extensions of a slice for one": {
        "extension": [{"url": DELIVERY_CHANNEL, "valueCode": "Telephone"} for _ in range(10_000)]
    },
    "extensions as deep as can be read": {"extension": [nested(40)]},
    "a megabyte of text": {"comment": "x" * 1_000_000, "identifier": [{"value": "x" * 1_000_000}]},
    "a megabyte of almost a URL": {"identifier": [{"value": "http://" + "a" * 1_000_000 + " "}]},
    "a megabyte of escapes": {"identifier": [{"value": "http://a/" + "%41" * 300_000 + "%"}]},
    "10,000 participants": {"participant": [{"status": "maybe"} for _ in range(10_000)]},
    "references in circles": {
        "contained": [{"resourceType": "Bundle", "id": f"b{n}", "type": "collection"} for n in range(10_000)],
        "indication": [{"reference": f"#b{n}"} for n in range(10_000)],
    },
    "10,000 claims": {"meta": {"profile": [f"http://x.test/{n}" for n in range(10_000)]}},
    "references to slots, written to be searched long": {
        "indication": [{"reference": "/" * 100_000 + "a/b"}, {"reference": "a/" * 50_000}]
    },
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_it_is_validated(members: Resource) -> None:
    """Findings come, and messages stay short whatever was sent."""
    profiles, resource = Profiles.load(), {"resourceType": "Appointment", "status": "booked", **members}
    findings = profiles.validate(resource)
    assert findings
    assert any(finding.severity == "error" for finding in findings)
    assert len(findings) <= MOST_FINDINGS + 1
    assert max(len(finding.message) for finding in findings) < 1000


def test_an_error_is_not_lost_among_information() -> None:
    """However much there is to say, what makes the resource invalid is said."""
    unknown = [{"url": f"http://x.test/{n}", "valueString": "a"} for n in range(3_000)]
    findings = Profiles.load().validate(
        {"resourceType": "Appointment", "extension": unknown, "slot": [{"display": "s"}]}
    )
    assert len(findings) == MOST_FINDINGS + 1
    assert any("Appointment.slot must not be there" in finding.message for finding in findings)
    assert findings[-1].message.startswith("... and ")


def test_what_is_nested_too_deep_never_reaches_the_walk() -> None:
    """The reading bounds the depth, so that the walk's recursion is bounded too."""
    deep = b'{"url":"http://x.test/deep","extension":[' * 2_000 + b"]}" * 2_000
    body = b'{"resourceType":"Appointment","extension":[' + deep + b"]}"
    with pytest.raises(SandboxError):
        Codec().read(body, "json")
