"""What a StructureDefinition can ask, and what the walk makes of it."""

from typing import Any

import pytest

from sandbox.exchange import Resource
from sandbox.finding import Finding
from sandbox.validation.conformance import Definition, UnusableDefinition, shipped_definitions
from sandbox.validation.profiles import SHIPPED, Profiles

BASE = "http://hl7.org/fhir/StructureDefinition/"
URL = "http://x.test/StructureDefinition/mine"
SHIPPED_DEFINITIONS = list(shipped_definitions(SHIPPED))


def element(identity: str, **facts: Any) -> dict[str, Any]:
    """Make an ElementDefinition of a differential; its path is its id without the slice names."""
    path = ".".join(part.partition(":")[0] for part in identity.split("."))
    slice_name = identity.rsplit(".", 1)[-1].partition(":")[2]
    return {"id": identity, "path": path, **({"sliceName": slice_name} if slice_name else {}), **facts}


def definition(*elements: dict[str, Any], of: str = "OperationOutcome", url: str = URL, **facts: Any) -> Definition:
    """Make a profile of a type."""
    resource = {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "mine",
        "status": "draft",
        "kind": "complex-type" if of == "Extension" else "resource",
        "abstract": False,
        "type": of,
        "baseDefinition": BASE + of,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
        **facts,
    }
    return Definition(resource, "mine.json")


def judged(resource: Resource, *profiles: Definition) -> list[Finding]:
    """Judge a resource by the first of the profiles; the others are loaded too."""
    return Profiles(SHIPPED_DEFINITIONS, profiles).judge(resource, [profiles[0].url])


def errors(resource: Resource, *profiles: Definition) -> list[tuple[str, str]]:
    """Give code and location of the errors."""
    return [(each.code, each.location) for each in judged(resource, *profiles) if each.severity == "error"]


def outcome(*issues: dict[str, Any], **members: Any) -> Resource:
    """Make an OperationOutcome; an issue says only what the test is about."""
    made = [{"severity": "error", "code": "invalid", **issue} for issue in issues or ({},)]
    return {"resourceType": "OperationOutcome", **members, "issue": made}


def coded(*codings: tuple[str, str]) -> dict[str, Any]:
    """Make issue details of these systems and codes."""
    return {"details": {"coding": [{"system": system, "code": code} for system, code in codings]}}


ISSUE = "/f:OperationOutcome/f:issue"
CODING = element(
    "OperationOutcome.issue.details.coding",
    slicing={"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
)
SPINE = [
    element("OperationOutcome.issue.details.coding:spine", min=1, max="1"),
    element("OperationOutcome.issue.details.coding:spine.system", fixedUri="urn:spine"),
    element("OperationOutcome.issue.details.coding:spine.code", min=1, fixedCode="A"),
]


class TestCardinality:
    """Minimum and maximum, where the element stands and in each of its parents."""

    def test_a_minimum_is_asked_of_each_parent(self) -> None:
        """Of two issues, the one without diagnostics is named."""
        mine = definition(element("OperationOutcome.issue.diagnostics", min=1))
        found = judged(outcome({"diagnostics": "a"}, {}), mine)
        assert [(each.code, each.location, each.source) for each in found] == [("required", f"{ISSUE}[2]", URL)]

    def test_a_minimum_above_one_counts(self) -> None:
        """Two locations are wanted, one is there."""
        mine = definition(element("OperationOutcome.issue.location", min=2))
        assert errors(outcome({"location": ["a"]}), mine) == [("required", f"{ISSUE}[1]")]
        assert errors(outcome({"location": ["a", "b"]}), mine) == []

    def test_the_first_of_too_many_is_named(self) -> None:
        """Three locations where one may be: the second is where it begins to be too many."""
        mine = definition(element("OperationOutcome.issue.location", max="1"))
        assert errors(outcome({"location": ["a", "b", "c"]}), mine) == [("structure", f"{ISSUE}[1]/f:location[2]")]

    def test_a_forbidden_primitive_may_not_stand_as_an_extension_either(self) -> None:
        """Extensions without a value are the element too."""
        mine = definition(element("OperationOutcome.issue.diagnostics", max="0"))
        extended = {"_diagnostics": {"extension": [{"url": "http://x.test/a", "valueCode": "b"}]}}
        assert errors(outcome(extended), mine) == [("structure", f"{ISSUE}[1]/f:diagnostics")]


class TestValues:
    """Fixed, pattern, lengths and limits."""

    def test_a_fixed_value_is_exact(self) -> None:
        """More than what is fixed is as wrong as less."""
        fixed = {"coding": [{"system": "urn:a", "code": "b"}]}
        mine = definition(element("OperationOutcome.issue.details", fixedCodeableConcept=fixed))
        assert errors(outcome({"details": fixed}), mine) == []
        assert errors(outcome({"details": {**fixed, "text": "c"}}), mine) == [("value", f"{ISSUE}[1]/f:details")]

    def test_a_fixed_primitive_has_no_extensions(self) -> None:
        """`Missing elements must also be missing`: nothing stands beside a fixed value."""
        mine = definition(element("OperationOutcome.issue.code", fixedCode="invalid"))
        assert errors(outcome({"_code": {"id": "a"}}), mine) == [("value", f"{ISSUE}[1]/f:code")]

    def test_a_pattern_allows_more(self) -> None:
        """What the pattern has must be there, in any of the items."""
        pattern = {"coding": [{"system": "urn:a"}]}
        mine = definition(element("OperationOutcome.issue.details", patternCodeableConcept=pattern))
        assert errors(outcome(coded(("urn:b", "1"), ("urn:a", "2"))), mine) == []
        assert errors(outcome(coded(("urn:b", "1"))), mine) == [("value", f"{ISSUE}[1]/f:details")]

    def test_a_text_may_be_too_long(self) -> None:
        """The message quotes its beginning only."""
        mine = definition(element("OperationOutcome.issue.diagnostics", maxLength=5))
        (finding,) = judged(outcome({"diagnostics": "x" * 1_000_000}), mine)
        assert (finding.code, len(finding.message) < 250) == ("too-long", True)
        assert errors(outcome({"diagnostics": "x" * 5}), mine) == []

    @pytest.mark.parametrize(
        ("value", "ok"),
        [("2019-01-01T00:00:00Z", True), ("2018-12-31T23:59:59Z", False), ("2019-01-01T00:30:00+01:00", False)],
    )
    def test_a_moment_has_limits(self, value: str, ok: bool) -> None:  # noqa: FBT001 - a parameter
        """Instants are compared as instants, whatever their zone."""
        mine = definition(element("Bundle.signature.when", minValueInstant="2019-01-01T00:00:00Z"), of="Bundle")
        signature = {"type": [{"code": "a"}], "when": value, "whoUri": "urn:a", "contentType": "a/b"}
        bundle = {"resourceType": "Bundle", "type": "collection", "signature": signature}
        assert errors(bundle, mine) == ([] if ok else [("value", "/f:Bundle/f:signature/f:when")])

    def test_a_number_has_limits(self) -> None:
        """Both limits belong to what is allowed."""
        mine = definition(element("Bundle.total", minValueUnsignedInt=1, maxValueUnsignedInt=3), of="Bundle")
        for total, expected in ((0, 1), (1, 0), (3, 0), (4, 1)):
            bundle = {"resourceType": "Bundle", "type": "searchset", "total": total}
            assert len(errors(bundle, mine)) == expected


class TestSlicing:
    """Slices by value, pattern and exists; open and closed."""

    def test_a_slice_is_judged_by_its_own_elements(self) -> None:
        """A coding of the slice's system has the slice's code; another coding is free."""
        mine = definition(CODING, *SPINE)
        assert errors(outcome(coded(("urn:spine", "A"), ("urn:other", "B"))), mine) == []
        assert errors(outcome(coded(("urn:other", "B"), ("urn:spine", "C"))), mine) == [
            ("value", f"{ISSUE}[1]/f:details/f:coding[2]/f:code")
        ]

    def test_a_slice_has_its_own_cardinality(self) -> None:
        """The slice is missed where no coding is of its system, and once is enough."""
        mine = definition(CODING, *SPINE)
        assert errors(outcome(coded(("urn:other", "B"))), mine) == [("required", f"{ISSUE}[1]/f:details")]
        assert errors(outcome(coded(("urn:spine", "A"), ("urn:spine", "A"))), mine) == [
            ("structure", f"{ISSUE}[1]/f:details/f:coding[2]")
        ]

    def test_a_closed_slicing_allows_nothing_else(self) -> None:
        """The finding names the slices that there are."""
        closed = {**CODING, "slicing": {**CODING["slicing"], "rules": "closed"}}
        (finding,) = judged(outcome(coded(("urn:spine", "A"), ("urn:other", "B"))), definition(closed, *SPINE))
        assert (finding.code, finding.location) == ("structure", f"{ISSUE}[1]/f:details/f:coding[2]")
        assert "spine" in finding.message

    def test_a_slice_may_be_told_by_what_is_there(self) -> None:
        """Issues with diagnostics are one slice, and need a location."""
        sliced = element(
            "OperationOutcome.issue",
            slicing={"discriminator": [{"type": "exists", "path": "diagnostics"}], "rules": "open"},
        )
        parts = [
            element("OperationOutcome.issue:said", min=0, max="*"),
            element("OperationOutcome.issue:said.diagnostics", min=1),
            element("OperationOutcome.issue:said.location", min=1),
        ]
        mine = definition(sliced, *parts)
        assert errors(outcome({"diagnostics": "a"}, {}), mine) == [("required", f"{ISSUE}[1]")]

    @pytest.mark.parametrize(
        ("discriminator", "why"),
        [
            ({"type": "profile", "path": "resource"}, "discriminator profile"),
            ({"type": "type", "path": "$this"}, "discriminator type"),
            ({"type": "value", "path": "code.resolve().status"}, "code.resolve().status"),
            ({"type": "value", "path": "display"}, "fixes no value at display"),
        ],
    )
    def test_what_cannot_be_told_is_refused_at_load(self, discriminator: dict[str, str], why: str) -> None:
        """A slicing that the walk does not support stops the start, naming the element."""
        sliced = {**CODING, "slicing": {"discriminator": [discriminator], "rules": "open"}}
        with pytest.raises(UnusableDefinition) as refused:
            Profiles(SHIPPED_DEFINITIONS, [definition(sliced, *SPINE)])
        assert (refused.value.file, refused.value.element) == (
            "mine.json",
            "OperationOutcome.issue.details.coding:spine",
        )
        assert why in refused.value.why


OWN = "http://x.test/StructureDefinition/own"


def extension(*elements: dict[str, Any], **facts: Any) -> Definition:
    """Make the definition of an extension."""
    url = element("Extension.url", fixedUri=OWN)
    return definition(url, *elements, of="Extension", url=OWN, **facts)


class TestExtensions:
    """Extensions by their URL, against their own definitions."""

    def test_an_extension_is_judged_wherever_it_stands(self) -> None:
        """In an issue, and beside a primitive."""
        own = extension(element("Extension.valueInteger:valueInteger", min=1))
        wrong = {"extension": [{"url": OWN, "valueString": "a"}]}
        at = f"{ISSUE}[1]/f:diagnostics/f:extension[1]"
        assert errors(outcome({"diagnostics": "b", "_diagnostics": wrong}), own) == [
            ("structure", "/f:OperationOutcome"),  # asked for as a profile, it is none of an OperationOutcome
            ("structure", f"{at}/f:valueString"),
            ("required", at),
        ]

    @pytest.mark.parametrize(
        ("kind", "context", "ok"),
        [
            ("resource", "OperationOutcome.issue", True),
            ("resource", "OperationOutcome", False),
            ("datatype", "BackboneElement", True),
            ("datatype", "Element", True),
            ("datatype", "Coding", False),
            ("resource", "*", True),
        ],
    )
    def test_an_extension_keeps_to_its_context(self, kind: str, context: str, ok: bool) -> None:  # noqa: FBT001
        """Where it is not defined for, it is refused."""
        own = extension(contextType=kind, context=[context])
        found = errors(outcome({"extension": [{"url": OWN, "valueCode": "a"}]}), definition(), own)
        assert found == ([] if ok else [("extension", f"{ISSUE}[1]/f:extension[1]")])

    def test_a_nested_extension_may_be_for_another_one_only(self) -> None:
        """Context `extension` names the URL of the extension around it."""
        own = extension(contextType="extension", context=["http://x.test/around"])
        for around, expected in (("http://x.test/around", 0), ("http://x.test/other", 1)):
            nested = {"url": around, "extension": [{"url": OWN, "valueCode": "a"}]}
            assert len(errors(outcome({"extension": [nested]}), definition(), own)) == expected

    def test_an_unknown_extension_is_information(self) -> None:
        """Nobody can judge it, and it may stay; not understood as a modifier, it is a warning."""
        unknown = [{"url": "http://x.test/unknown", "valueCode": "a"}]
        found = judged(outcome({"extension": unknown, "modifierExtension": unknown}), definition())
        assert [each.severity for each in found] == ["information", "warning"]

    def test_a_complex_extension_has_slices_of_its_own(self) -> None:
        """Its parts are told by their relative URLs."""
        own = extension(
            element("Extension.extension:part", min=1),
            element("Extension.extension:part.url", fixedUri="part"),
            element("Extension.extension:part.valueCode:valueCode", min=1),
            element("Extension.value[x]", max="0"),
        )
        good = {"url": OWN, "extension": [{"url": "part", "valueCode": "a"}]}
        bad = {"url": OWN, "extension": [{"url": "part", "valueString": "a"}, {"url": "other", "valueString": "b"}]}
        assert errors(outcome({"extension": [good]}), definition(), own) == []
        at = f"{ISSUE}[1]/f:extension[1]/f:extension[1]"
        assert errors(outcome({"extension": [bad]}), definition(), own) == [
            ("structure", f"{at}/f:valueString"),
            ("required", at),
        ]


class TestReferences:
    """Targets of references, and contained resources."""

    @pytest.mark.parametrize(
        ("reference", "ok"),
        [
            ("Patient/1", True),
            ("http://x.test/fhir/Patient/1/_history/2", True),
            ("urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", True),
            ("https://demographics.spineservices.nhs.uk/9990001111", True),
            ("Slot/1", False),
            ("http://x.test/fhir/Slot/1", False),
            ("#o1", False),
        ],
    )
    def test_a_reference_names_a_type_that_is_allowed(self, reference: str, ok: bool) -> None:  # noqa: FBT001
        """What does not tell a type is not judged."""
        contained = {
            "resourceType": "OperationOutcome",
            "id": "o1",
            "issue": [{"severity": "error", "code": "invalid"}],
        }
        participant = {"actor": {"reference": reference}, "status": "accepted"}
        appointment = {"resourceType": "Appointment", "contained": [contained], "participant": [participant]}
        found = errors(appointment, definition(of="Appointment"))
        at = "/f:Appointment/f:participant[1]/f:actor"
        assert (("value", at) in found) != ok

    def test_a_contained_resource_is_judged_by_its_type(self) -> None:
        """A contained OperationOutcome needs an issue."""
        contained = {"resourceType": "OperationOutcome", "id": "o1", "issue": [{"severity": "bad", "code": "invalid"}]}
        refers = {"extension": [{"url": "http://x.test/a", "valueReference": {"reference": "#o1"}}]}
        assert errors(outcome(refers, contained=[contained]), definition()) == [
            ("code-invalid", "/f:OperationOutcome/f:contained[1]/f:OperationOutcome/f:issue[1]/f:severity")
        ]


class TestUnusable:
    """Definitions that stop the start."""

    @pytest.mark.parametrize(
        ("mine", "element_named", "why"),
        [
            (
                definition(baseDefinition="http://x.test/gone"),
                "StructureDefinition.baseDefinition",
                "http://x.test/gone",
            ),
            (definition(baseDefinition=URL), "StructureDefinition.baseDefinition", "circle"),
            (definition(element("OperationOutcome.isue", max="0")), "OperationOutcome.isue", "no element isue"),
            (definition(element("Appointment.slot", max="0")), "Appointment.slot", "begins with OperationOutcome"),
            (definition(element("OperationOutcome.issue", min=0)), "OperationOutcome.issue.min", "less than the 1"),
            (
                definition(element("OperationOutcome.issue.code", max="*")),
                "OperationOutcome.issue.code.max",
                "more than",
            ),
            (
                definition(element("OperationOutcome.issue", max="0")),
                "OperationOutcome.issue.max",
                "less than the minimum",
            ),
            (definition(element("OperationOutcome.issue", max="many")), "OperationOutcome.issue.max", "a number or *"),
            (
                definition(element("OperationOutcome.issue.code", type=[{"code": "Coding"}])),
                "OperationOutcome.issue.code.type",
                "has Coding",
            ),
            (
                definition(element("OperationOutcome.issue.code", binding={"strength": "example"})),
                "OperationOutcome.issue.code.binding",
                "weaker",
            ),
            (
                definition(
                    element(
                        "OperationOutcome.issue",
                        constraint=[{"key": "a-1", "severity": "error", "human": "h", "expression": "code.(("}],
                    )
                ),
                "OperationOutcome.issue, constraint a-1",
                "is no FHIRPath",
            ),
        ],
    )
    def test_it_is_named_with_its_file_and_element(self, mine: Definition, element_named: str, why: str) -> None:
        """Whoever wrote it knows where to look."""
        with pytest.raises(UnusableDefinition) as refused:
            Profiles(SHIPPED_DEFINITIONS, [mine])
        assert (refused.value.file, refused.value.element) == ("mine.json", element_named)
        assert why in refused.value.why


def test_a_profile_of_a_user_takes_the_place_of_ours() -> None:
    """The same canonical URL overrides; its FHIRPath is run, not our functions."""
    registry = "https://fhir.nhs.uk/STU3/StructureDefinition/Registry-Appointment-1"
    constraint = {
        "key": "u-1",
        "severity": "error",
        "human": "ours",
        "expression": "priority.exists() and priority < 3",
    }
    mine = definition(element("Appointment", constraint=[constraint]), of="Appointment", url=registry)
    profiles = Profiles(SHIPPED_DEFINITIONS, [mine])
    participant = [{"type": [{"text": "a"}], "status": "accepted"}]
    resource = {"resourceType": "Appointment", "status": "proposed", "participant": participant}
    assert [each.source for each in profiles.judge(resource)] == ["u-1"]
    assert profiles.judge({**resource, "priority": 2}) == []


def test_a_binding_that_gives_way_to_another_goes_on_binding() -> None:
    """A profile binds the codes of another value set: both must have the code."""
    codes = {"system": "http://hl7.org/fhir/issue-type", "concept": [{"code": "invalid"}, {"code": "invented"}]}
    mine_only = Definition(
        {"resourceType": "ValueSet", "url": "http://x.test/vs", "status": "draft", "compose": {"include": [codes]}},
        "vs.json",
    )
    binding = {"strength": "required", "valueSetReference": {"reference": "http://x.test/vs"}}
    mine = definition(element("OperationOutcome.issue.code", binding=binding))
    at = ("code-invalid", f"{ISSUE}[1]/f:code")
    assert errors(outcome({"code": "invalid"}), mine, mine_only) == []
    assert errors(outcome({"code": "invented"}), mine, mine_only) == [at]
    assert errors(outcome({"code": "structure"}), mine, mine_only) == [at]
