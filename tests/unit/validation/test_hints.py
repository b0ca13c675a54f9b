"""What `$validate` tells beyond conformance, and never takes for a reason to refuse."""

from typing import Any

import pytest

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.profiles import Profiles
from tests.unit.validation.profiling import ISSUE, SHIPPED_DEFINITIONS, outcome

BASE = "http://hl7.org/fhir/StructureDefinition/"
ROOT = "/f:Appointment"


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    """The shipped profiles."""
    return Profiles(SHIPPED_DEFINITIONS)


def appointment(**members: Any) -> Resource:
    """Make an Appointment that the registry takes, with further members."""
    identifier = {"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990001111"}
    return {
        "resourceType": "Appointment",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "http://x.test/1"}],
        "status": "booked",
        "start": "2031-05-06T09:30:00Z",
        "end": "2031-05-06T09:40:00Z",
        "created": "2026-11-20T16:05:00Z",
        "participant": [{"actor": {"identifier": identifier}, "status": "accepted"}],
        **members,
    }


def hinted(profiles: Profiles, resource: Resource) -> list[tuple[str, str, str]]:
    """Return severity, code and location of all findings, hints included, if none of them refuses the resource."""
    assert [each for each in profiles.validate(resource) if each.severity == "error"] == []
    return [(each.severity, each.code, each.location) for each in profiles.validate(resource, hints=True)]


def messages(found: list[Finding]) -> str:
    """Join the messages of findings."""
    return "\n".join(each.message for each in found)


def test_what_is_usual_needs_no_hint(profiles: Profiles) -> None:
    """A plain registration is valid without a word, asked for hints or not."""
    assert hinted(profiles, appointment()) == []


@pytest.mark.parametrize("text", [" ", "\t\n", "\u00a0"])
def test_a_text_of_white_space_alone_is_told(profiles: Profiles, text: str) -> None:
    """It fills an element and says nothing."""
    assert hinted(profiles, appointment(comment=text)) == [("warning", "value", f"{ROOT}/f:comment")]
    assert hinted(profiles, appointment(comment=f" {text}a")) == []
    assert profiles.validate(appointment(comment=text)) == []


class TestCodes:
    """Codes without a system, and codes that their system does not have."""

    def test_a_code_without_a_system_is_told(self, profiles: Profiles) -> None:
        """Wherever a Coding stands; a display alone is no code."""
        codings = [{"code": "52"}, {"display": "general"}, {"code": "a", "system": "http://x.test/cs"}]
        assert hinted(profiles, appointment(serviceType=[{"coding": codings}])) == [
            ("warning", "code-invalid", f"{ROOT}/f:serviceType[1]/f:coding[1]")
        ]
        assert hinted(profiles, appointment(meta={"tag": [{"code": "b"}]})) == [
            ("warning", "code-invalid", f"{ROOT}/f:meta/f:tag[1]")
        ]

    def test_a_system_that_only_an_extension_says_is_not_missed(self, profiles: Profiles) -> None:
        """It may be there for a reason of its own."""
        system = {"extension": [{"url": "http://x.test/a", "valueCode": "unknown"}]}
        found = hinted(profiles, appointment(serviceType=[{"coding": [{"code": "52", "_system": system}]}]))
        assert [severity for severity, _, _ in found] == ["information"]

    @pytest.mark.parametrize(
        ("system", "code", "ok"),
        [
            ("http://hl7.org/fhir/v3/ActReason", "TREAT", True),
            ("http://hl7.org/fhir/v3/ActReason", "TRAET", False),
            ("http://hl7.org/fhir/identifier-type", "SNO", True),
            ("http://hl7.org/fhir/identifier-type", "MR", False),
            ("http://hl7.org/fhir/v2/0203", "MR", True),
            ("http://x.test/cs", "anything", True),
        ],
    )
    def test_a_small_code_system_is_known_whole(
        self,
        profiles: Profiles,
        system: str,
        code: str,
        ok: bool,  # noqa: FBT001
    ) -> None:
        """A code that it does not have is told, at the code; nothing is known of other systems."""
        found = hinted(profiles, appointment(reason=[{"coding": [{"system": system, "code": code}]}]))
        assert found == ([] if ok else [("warning", "code-invalid", f"{ROOT}/f:reason[1]/f:coding[1]/f:code")])

    def test_a_code_outside_an_extensible_binding_is_told_with_or_without_hints(self, profiles: Profiles) -> None:
        """The codes that there are for the type of an identifier are named; one of them, or a text alone, will do."""
        pointer = appointment()["identifier"][0]

        def typed(**concept: Any) -> Resource:
            return appointment(identifier=[{**pointer, "type": concept}])

        at = f"{ROOT}/f:identifier[1]/f:type"
        outside = typed(coding=[{"system": "http://x.test/cs", "code": "a"}])
        assert hinted(profiles, outside) == [("warning", "code-invalid", at)]
        assert "(value set http://hl7.org/fhir/ValueSet/identifier-type)" in messages(profiles.validate(outside))
        assert hinted(profiles, typed(coding=[{"system": "http://hl7.org/fhir/v2/0203", "code": "MR"}])) == []
        assert hinted(profiles, typed(text="pointer")) == []

    def test_a_code_outside_a_preferred_binding_is_information(self, profiles: Profiles) -> None:
        """It is no more than a preference."""
        kind = {"coding": [{"system": "http://x.test/cs", "code": "a"}]}
        assert hinted(profiles, appointment(appointmentType=kind)) == [
            ("information", "code-invalid", f"{ROOT}/f:appointmentType")
        ]


def test_the_system_of_an_identifier_is_an_absolute_uri(profiles: Profiles) -> None:
    """A relative one names nothing; the finding points to it."""
    for system, expected in (("nhs-number", 1), ("/ids", 1), ("urn:oid:1.2", 0), ("http://x.test", 0)):
        referral = [{"identifier": {"system": system, "value": "1"}}]
        found = hinted(profiles, appointment(incomingReferral=referral))
        assert found == [("warning", "value", f"{ROOT}/f:incomingReferral[1]/f:identifier/f:system")] * expected


def test_an_extension_that_the_standard_does_not_have_is_told(profiles: Profiles) -> None:
    """A URL of the standard's own is known by name, though its definition is not here."""
    for name, expected in (("data-absent-reason", "information"), ("data-absnt-reason", "warning")):
        found = profiles.validate(appointment(extension=[{"url": BASE + name, "valueCode": "a"}]), hints=True)
        assert [(each.severity, each.location) for each in found] == [(expected, f"{ROOT}/f:extension[1]")]
    assert "FHIR STU3 has no extension" in messages(found)


class TestResourcesInOthers:
    """The resources of a Bundle and of Parameters are validated as if they had been sent alone."""

    @pytest.mark.parametrize(
        ("holder", "at"),
        [
            (lambda each: {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each}]}, "entry"),
            (
                lambda each: {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": each}]},
                "parameter",
            ),
        ],
    )
    def test_an_appointment_is_validated_by_the_registrys_profile(
        self, profiles: Profiles, holder: Any, at: str
    ) -> None:
        """Its findings say where it stands."""
        held = holder(appointment())
        assert profiles.validate(held, hints=True) == []
        wrong = holder(appointment(status="proposed", comment=" "))
        kind = wrong["resourceType"]
        assert [(each.severity, each.location) for each in profiles.validate(wrong, hints=True)] == [
            ("error", f"/f:{kind}/f:{at}[1]/f:resource/f:Appointment/f:status"),
            ("warning", f"/f:{kind}/f:{at}[1]/f:resource/f:Appointment/f:comment"),
        ]

    def test_a_claim_of_an_entry_is_heard(self, profiles: Profiles) -> None:
        """An OperationOutcome that claims the Spine profile is validated by it, an unknown claim is told there."""
        spine = "https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"
        claims = outcome({"expression": ["a"]}, meta={"profile": [spine, "http://x.test/unknown"]})
        held: Resource = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": claims}]}
        at = "/f:Bundle/f:entry[1]/f:resource"
        found = {(each.severity, each.location) for each in profiles.validate(held)}
        assert ("error", f"{at}{ISSUE}[1]/f:expression[1]") in found
        assert ("information", f"{at}/f:OperationOutcome/f:meta/f:profile[2]") in found
