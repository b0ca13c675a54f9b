"""The shipped profiles, and which of them a resource is validated by."""

import copy
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT, REGISTRY_APPOINTMENT, Profiles
from tests.imports import imported_by

SPINE_OUTCOME = "https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"
NATIONAL = "https://demographics.spineservices.nhs.uk/"

VALID: Resource = {
    "resourceType": "Appointment",
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "http://test.nhs.uk/test3"}],
    "status": "booked",
    "start": "2019-01-17T15:00:00.000Z",
    "end": "2019-01-17T15:10:00.000Z",
    "created": "2019-01-17T14:00:00.000Z",
    "participant": [
        {
            "actor": {
                "identifier": {
                    "use": "official",
                    "system": "https://fhir.nhs.uk/Id/nhs-number",
                    "value": "9990001111",
                }
            },
            "status": "accepted",
        }
    ],
}


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    """The shipped profiles."""
    return Profiles.load()


def appointment(**changes: Any) -> Resource:
    """Make a valid Appointment with these elements changed; None takes one away."""
    changed = copy.deepcopy(VALID) | changes
    return {name: value for name, value in changed.items() if value is not None}


def changed(path: str, value: Any) -> Resource:
    """Make a valid Appointment with the element at a dotted path changed, or taken away by None."""
    resource: Any = copy.deepcopy(VALID)
    *way, last = path.split(".")
    holder = resource
    for name in way:
        holder = holder[name][0] if isinstance(holder[name], list) else holder[name]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    assert isinstance(resource, dict)
    return resource


def errors(findings: list[Finding]) -> list[tuple[str, str]]:
    """Return code and location of the errors."""
    return [(each.code, each.location) for each in findings if each.severity == "error"]


def test_what_the_registry_asks_for_is_accepted_without_a_word(profiles: Profiles) -> None:
    """A valid Appointment has no findings at all."""
    assert profiles.validate(VALID) == []


FORBIDDEN: dict[str, Any] = {
    "implicitRules": "http://x.test/rules",
    "contained": [{"resourceType": "Patient", "id": "p1"}],
    "modifierExtension": [{"url": "http://x.test/not", "valueBoolean": True}],
    "description": "a description",
    "supportingInformation": [{"reference": "DiagnosticReport/1"}],
    "slot": [{"reference": "Slot/1"}],
}


@pytest.mark.parametrize("element", FORBIDDEN)
def test_a_forbidden_element_is_named(profiles: Profiles, element: str) -> None:
    """Each element that must not be there is refused, and the finding says which and by whom."""
    findings = profiles.validate(appointment(**{element: FORBIDDEN[element]}))
    ours = [each for each in findings if each.source == REGISTRY_APPOINTMENT]
    assert [each.code for each in ours] == ["structure"]
    assert f"Appointment.{element} must not be there" in ours[0].message
    assert ours[0].location.startswith(f"/f:Appointment/f:{element}")


@pytest.mark.parametrize(
    ("path", "parent"),
    [
        ("identifier", "/f:Appointment"),
        ("identifier.system", "/f:Appointment/f:identifier[1]"),
        ("identifier.value", "/f:Appointment/f:identifier[1]"),
        ("status", "/f:Appointment"),
        ("created", "/f:Appointment"),
        ("participant", "/f:Appointment"),
        ("participant.actor", "/f:Appointment/f:participant[1]"),
        ("participant.status", "/f:Appointment/f:participant[1]"),
        ("participant.actor.identifier", "/f:Appointment/f:participant[1]/f:actor"),
        ("participant.actor.identifier.use", "/f:Appointment/f:participant[1]/f:actor/f:identifier"),
        ("participant.actor.identifier.system", "/f:Appointment/f:participant[1]/f:actor/f:identifier"),
        ("participant.actor.identifier.value", "/f:Appointment/f:participant[1]/f:actor/f:identifier"),
    ],
)
def test_a_mandatory_element_is_missed(profiles: Profiles, path: str, parent: str) -> None:
    """Each element that must be there is asked for, at its parent."""
    findings = [each for each in profiles.validate(changed(path, None)) if each.code == "required"]
    assert [(each.location, each.severity) for each in findings] == [(parent, "error")]
    assert f"Appointment.{path} is missing" in findings[0].message
    assert "wants exactly one" in findings[0].message


@pytest.mark.parametrize("claimed", [[], [CARECONNECT_APPOINTMENT], [REGISTRY_APPOINTMENT]])
@pytest.mark.parametrize(("path", "key"), [("start", "app-2"), ("end", "app-3"), ("participant.actor", "app-1")])
def test_what_is_missing_is_told_once(profiles: Profiles, path: str, key: str, claimed: list[str]) -> None:
    """An invariant that can only fail where a mandatory element is missing says nothing more, whatever is claimed."""
    resource = {**changed(path, None), "meta": {"profile": claimed}} if claimed else changed(path, None)
    [finding] = [each for each in profiles.validate(resource) if each.severity == "error"]
    assert f"{path} is missing" in finding.message
    assert finding.source != key


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("status", "proposed", "code-invalid"),
        ("status", "entered in error", "code-invalid"),
        ("identifier.system", "http://x.test/ids", "value"),
        ("identifier.value", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "invariant"),
        ("identifier.value", "/Appointment/1", "invariant"),
        ("identifier.value", "http://", "invariant"),
        ("identifier.value", "http://x.test/a b", "invariant"),
        ("identifier.value", "http://x.test/%zz", "invariant"),
        ("identifier.value", "http://x.test/#a#b", "invariant"),
        ("identifier.value", "http://x.test:80a/1", "invariant"),
        ("identifier.value", "http://a:b:c/1", "invariant"),
        ("identifier.value", "http://a@b@c/1", "invariant"),
        ("identifier.value", "http:///1", "invariant"),
        ("identifier.value", "http://x.test/[1]", "invariant"),
        ("created", "2019-01-17", "invariant"),
        ("created", "2019", "invariant"),
        ("participant.actor.identifier.use", "usual", "value"),
        ("participant.actor.identifier.system", "http://x.test/ids", "value"),
        ("participant.actor.identifier.value", "999000111", "invariant"),
        ("participant.actor.identifier.value", "999 000 1111", "invariant"),
        ("participant.actor.identifier.value", "9990001111\n", "invariant"),
        ("participant.actor.reference", "Patient/1", "invariant"),
        ("participant.actor.reference", f"{NATIONAL}999", "invariant"),
        ("participant.status", "maybe", "code-invalid"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(profiles: Profiles, path: str, value: str, code: str) -> None:
    """A value that the registry cannot take is quoted, beside what was expected."""
    findings = profiles.validate(changed(path, value))
    assert [(each.code, each.location.rsplit("/f:", 1)[1]) for each in findings] == [(code, path.rsplit(".", 1)[-1])]
    assert value in findings[0].message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "cancelled"),
        ("status", "entered-in-error"),
        ("identifier.value", "HTTPS://provider.test:8443/STU3/Appointment/a%20b?x=[1]".replace("[1]", "1")),
        ("identifier.value", "http://[::1]:8080/Appointment/1"),
        ("identifier.value", "http://x.test?q=1?2#part"),
        ("identifier.value", "http://user:pass@x.test:80/1"),
        ("identifier.value", "http://x.test:/"),
        ("identifier.value", "http://caf%C3%A9.test"),
        ("created", "2019-01-17T14:00:00Z"),
        ("created", "2019-01-17T14:00:00.123456+01:00"),
        ("participant.actor.reference", f"{NATIONAL}9990001111"),
        ("participant.actor.display", "Jackie Sample"),
        ("comment", "not stored, and allowed"),
        ("serviceType", [{"text": "not stored, and allowed"}]),
        ("participant.type", [{"text": "patient"}]),
    ],
)
def test_what_the_pages_allow_is_accepted(profiles: Profiles, path: str, value: Any) -> None:
    """Neither the other statuses nor elements that the registry does not store are refused."""
    assert errors(profiles.validate(changed(path, value))) == []


@pytest.mark.parametrize("element", ["identifier", "participant"])
def test_two_of_what_stands_once_are_one_too_many(profiles: Profiles, element: str) -> None:
    """The second one is where the finding points to."""
    findings = profiles.validate(appointment(**{element: VALID[element] * 2}))
    assert errors(findings) == [("structure", f"/f:Appointment/f:{element}[2]")]
    assert "is there 2 times" in findings[0].message


@pytest.mark.parametrize("path", ["status", "start", "end", "created", "identifier.value", "participant.status"])
def test_an_extension_in_place_of_a_value_is_no_value(profiles: Profiles, path: str) -> None:
    """FHIR would let an extension say why there is no value; the registry needs one."""
    resource = changed(path, None)
    holder: Any = resource
    *way, last = path.split(".")
    for name in way:
        holder = holder[name][0]
    holder[f"_{last}"] = {"extension": [{"url": "http://x.test/why", "valueCode": "unknown"}]}
    assert [code for code, _ in errors(profiles.validate(resource))]


def test_all_offenders_are_named_together_in_document_order(profiles: Profiles) -> None:
    """Everything wrong at once: each is named once, in the order of the elements."""
    findings = profiles.validate({"resourceType": "Appointment", **FORBIDDEN})
    named = [each.message.split()[0] for each in findings if each.source not in {"app-3", "dom-3"}]
    inside = [name for name in named if name.startswith("Appointment.")]
    assert inside == [
        f"Appointment.{name}"
        for name in [
            *("implicitRules", "contained", "modifierExtension", "identifier", "status"),
            *("description", "supportingInformation", "start", "end", "slot", "created", "participant"),
        ]
    ]


def test_an_end_before_the_start_is_a_warning(profiles: Profiles) -> None:
    """The pages' own samples have it, so it is no error, but worth a word."""
    findings = profiles.validate(appointment(end="2019-01-17T14:59:59Z"))
    assert [(each.severity, each.source) for each in findings] == [("warning", "reg-7")]
    assert profiles.validate(appointment(end="2019-01-17T16:10:00+01:00")) == []


def test_a_claim_that_nobody_knows_is_information(profiles: Profiles) -> None:
    """A profile that is not loaded cannot be used; the finding points to the claim."""
    findings = profiles.validate(appointment(meta={"profile": [CARECONNECT_APPOINTMENT, "http://x.test/unknown"]}))
    assert [(each.severity, each.location) for each in findings] == [
        ("information", "/f:Appointment/f:meta/f:profile[2]")
    ]


def test_a_profile_of_another_type_cannot_be_conformed_to(profiles: Profiles) -> None:
    """An Appointment that claims a profile of OperationOutcome is wrong."""
    findings = profiles.validate(VALID, [SPINE_OUTCOME])
    assert errors(findings) == [("structure", "/f:Appointment")]


def test_our_own_answers_can_be_validated(profiles: Profiles) -> None:
    """The Spine profile forbids issue.expression and wants exactly one coding, of its system."""
    coding = {
        "system": "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1",
        "code": "NO_RECORD_FOUND",
        "display": "No record found",
    }
    issue = {"severity": "error", "code": "not-found", "details": {"coding": [coding]}}
    outcome = {"resourceType": "OperationOutcome", "meta": {"profile": [SPINE_OUTCOME]}, "issue": [issue]}
    assert profiles.validate(outcome) == []
    wrong = {**issue, "expression": ["Appointment"], "details": {"coding": [{**coding, "code": "ACCESS_DENIED"}]}}
    assert errors(profiles.validate({**outcome, "issue": [wrong]})) == [
        ("code-invalid", "/f:OperationOutcome/f:issue[1]/f:details"),
        ("structure", "/f:OperationOutcome/f:issue[1]/f:expression[1]"),
    ]


def test_the_line_is_asked_for_where_a_finding_points(profiles: Profiles) -> None:
    """In XML every finding has the line of its element, or of the parent of what is missing."""
    codec = Codec()
    body = codec.write(changed("participant.actor.identifier.use", "usual"), "xml").replace(b"><", b">\n<")
    reading = codec.read(body, "xml")
    (finding,) = profiles.validate(reading.resource, position=reading.position)
    assert finding.line is not None
    assert body.splitlines()[finding.line - 1] == b'<use value="usual"/>'


def test_definitions_are_served_with_their_snapshots(profiles: Profiles) -> None:
    """A StructureDefinition is read by its id, and found by its canonical URL."""
    definition = profiles.definition("StructureDefinition", "Registry-Appointment-1")
    assert definition is not None
    elements = {each["id"]: each for each in definition["snapshot"]["element"]}
    assert elements["Appointment.slot"]["max"] == "0"
    assert elements["Appointment.extension:deliveryChannel"]["max"] == "1"
    assert profiles.search("StructureDefinition", REGISTRY_APPOINTMENT) == [definition]
    assert profiles.search("ValueSet", "http://x.test/unknown") == []
    assert profiles.definition("StructureDefinition", "unknown") is None
    assert (REGISTRY_APPOINTMENT, "1.0.0") in profiles.listing()


def test_every_definition_that_is_served_is_valid_by_our_own_verdict(profiles: Profiles) -> None:
    """Each can be written and read in both formats, and the walk has nothing against it."""
    codec = Codec()
    for kind in ("StructureDefinition", "ValueSet", "CodeSystem"):
        for definition in profiles.search(kind, None):
            document = codec.write(definition, "xml")
            assert codec.read(document, "xml", (kind,)).resource["url"] == definition["url"]
            if not definition["url"].startswith("http://hl7.org/fhir/StructureDefinition/"):
                assert errors(profiles.validate(definition)) == [], definition["url"]


def test_the_start_loads_no_fhirpath() -> None:
    """ValidationContext by the shipped profiles needs no FHIRPath library, so the start does not pay for it."""
    modules = imported_by(
        f"from registry_sandbox.validation.profiles import Profiles; assert Profiles.load().validate({VALID!r}) == []"
    )
    assert "registry_sandbox.validation.profiles" in modules
    assert "fhirpathpy" not in modules


@pytest.fixture
def threads_that_take_turns() -> Iterator[ThreadPoolExecutor]:
    """Threads between which Python switches as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(8) as pool:
        yield pool
    sys.setswitchinterval(interval)


def test_types_may_be_compiled_in_several_threads_at_once(threads_that_take_turns: ThreadPoolExecutor) -> None:
    """Large bodies are validated in threads: what another thread is compiling is no circle, and nothing is missed."""
    types = ["Bundle", "CapabilityStatement", "CodeSystem", "OperationOutcome", "Parameters", "ValueSet"]
    parameters = [{"name": name, "resource": {"resourceType": name, "language": "klingon"}} for name in types]
    holder: Resource = {"resourceType": "Parameters", "parameter": parameters}
    alone = Profiles.load().validate(holder, hints=True)
    assert sum(each.code == "code-invalid" for each in alone) == len(types)
    for _ in range(3):
        profiles = Profiles.load()
        served = threads_that_take_turns.submit(profiles.search, "StructureDefinition", None)
        validated = [threads_that_take_turns.submit(profiles.validate, holder, hints=True) for _ in range(7)]
        assert [each.result() for each in validated] == [alone] * 7
        assert len(served.result()) > 50
