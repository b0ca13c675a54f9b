"""Extensions, references and contained resources, each by the definition of its own."""

from typing import Any

import pytest

from registry_sandbox.validation.conformance import Definition
from tests.unit.validation.profiling import ISSUE, definition, element, errors, outcome, validated

OWN = "http://x.test/StructureDefinition/own"


def extension(*elements: dict[str, Any], **facts: Any) -> Definition:
    """Make the definition of an extension."""
    url = element("Extension.url", fixedUri=OWN)
    return definition(url, *elements, of="Extension", url=OWN, **facts)


class TestExtensions:
    """Extensions by their URL, against their own definitions."""

    def test_an_extension_is_validated_wherever_it_stands(self) -> None:
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
        """Nobody can validate it, and it may stay; not understood as a modifier, it is a warning."""
        unknown = [{"url": "http://x.test/unknown", "valueCode": "a"}]
        found = validated(outcome({"extension": unknown, "modifierExtension": unknown}), definition())
        assert [each.severity for each in found] == ["information", "warning"]

    @pytest.mark.parametrize("url", ["#x", "x", "Extension/1", "//x.test/a", "http:", "http://x.test/a#b#c", "1a:b"])
    @pytest.mark.parametrize("kind", ["extension", "modifierExtension"])
    def test_the_url_of_an_extension_is_an_absolute_uri(self, url: str, kind: str) -> None:
        """A relative one names nothing where no other extension is around it."""
        found = validated(outcome({kind: [{"url": url, "valueCode": "a"}]}), definition())
        assert [(each.severity, each.code, each.location) for each in found] == [
            ("error", "value", f"{ISSUE}[1]/f:{kind}[1]/@url")
        ]
        assert f'"{url}"; FHIR STU3 wants an absolute URI' in found[0].message

    @pytest.mark.parametrize("url", ["http://x.test/a#b", "urn:oid:1.2.3", "urn:uuid:0", "HTTPS://x.test"])
    def test_any_scheme_makes_an_absolute_uri(self, url: str) -> None:
        """What it names is unknown, and said to be."""
        assert errors(outcome({"extension": [{"url": url, "valueCode": "a"}]}), definition()) == []

    def test_a_part_of_an_extension_may_have_a_relative_url(self) -> None:
        """The extension around it says what it means."""
        nested = {"url": "http://x.test/unknown", "extension": [{"url": "part", "valueCode": "a"}]}
        assert errors(outcome({"extension": [nested]}), definition()) == []

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

    @pytest.mark.parametrize(
        ("modifies", "right", "wrong"),
        [(True, "modifierExtension", "extension"), (False, "extension", "modifierExtension")],
    )
    def test_an_extension_is_used_as_what_it_is_defined_for(self, *, modifies: bool, right: str, wrong: str) -> None:
        """One that changes the meaning stands where nobody may pass over it, and only such a one."""
        own = extension(element("Extension", isModifier=modifies))
        held = [{"url": OWN, "valueCode": "a"}]
        assert errors(outcome({right: held}), definition(), own) == []
        (found,) = validated(outcome({wrong: held}), definition(), own)
        assert f"own is to be used as {right}" in found.message

    def test_a_snapshot_alone_says_what_modifies(self) -> None:
        """Some publishers leave the differential out."""
        own = extension(element("Extension", isModifier=True))
        snapshot = {**own.resource, "snapshot": own.resource["differential"]}
        del snapshot["differential"]
        held = outcome({"extension": [{"url": OWN, "valueCode": "a"}]})
        (found,) = validated(held, definition(), Definition(snapshot, "own.json"))
        assert "modifierExtension" in found.message

    def test_a_context_that_no_machine_can_compare_is_let_pass(self) -> None:
        """`mapping` names meanings."""
        own = extension(contextType="mapping", context=["RIM: Act"])
        assert errors(outcome({"extension": [{"url": OWN, "valueCode": "a"}]}), definition(), own) == []

    def test_a_context_may_be_a_path_inside_a_data_type(self) -> None:
        """Counted from the type, wherever it stands; the finding tells where that is."""
        codings = {"details": {"coding": [{"code": "a", "extension": [{"url": OWN, "valueCode": "b"}]}]}}
        for context, expected in (("Coding", 0), ("CodeableConcept", 1)):
            own = extension(contextType="datatype", context=[context])
            found = [each for each in validated(outcome(codings), definition(), own) if each.severity == "error"]
            assert len(found) == expected
        assert "is defined for CodeableConcept, not for OperationOutcome.issue.details.coding" in found[0].message

    def test_an_extension_of_another_one_is_found_beside_a_primitive_too(self) -> None:
        """The URL of the extension around it decides, also of the second of two."""
        own = extension(contextType="extension", context=["http://x.test/around"])
        other = {"url": "http://x.test/other", "extension": [{"url": "p", "valueCode": "a"}]}
        around = {"url": "http://x.test/around", "extension": [{"url": OWN, "valueCode": "a"}]}
        assert errors(outcome({"extension": [other, around]}), definition(), own) == []
        assert errors(outcome({"_diagnostics": {"extension": [around]}, "diagnostics": "d"}), definition(), own) == []


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
            ("#gone", True),
            ("http://x.test/fhir/Unknown/1", True),
            ("Patient", True),
            ("http://x.test/Slot/1/more", True),
        ],
    )
    def test_a_reference_names_a_type_that_is_allowed(self, reference: str, ok: bool) -> None:  # noqa: FBT001
        """What does not tell a type is not checked."""
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

    def test_a_contained_resource_is_validated_by_its_type(self) -> None:
        """A contained OperationOutcome needs an issue."""
        contained = {"resourceType": "OperationOutcome", "id": "o1", "issue": [{"severity": "bad", "code": "invalid"}]}
        refers = {"extension": [{"url": "http://x.test/a", "valueReference": {"reference": "#o1"}}]}
        assert errors(outcome(refers, contained=[contained]), definition()) == [
            ("code-invalid", "/f:OperationOutcome/f:contained[1]/f:OperationOutcome/f:issue[1]/f:severity")
        ]

    @pytest.mark.parametrize(
        ("modes", "contained_ok", "literal_ok"),
        [
            (["contained"], True, False),
            (["referenced"], False, True),
            (["bundled", "referenced"], False, True),
            (["contained", "referenced"], True, True),
            (["contained", "referenced", "bundled"], True, True),
        ],
    )
    def test_how_a_reference_is_made_may_be_limited(
        self,
        modes: list[str],
        contained_ok: bool,  # noqa: FBT001
        literal_ok: bool,  # noqa: FBT001
    ) -> None:
        """To a contained resource, or to one elsewhere."""
        actor = element("Appointment.participant.actor", type=[{"code": "Reference", "aggregation": modes}])
        mine = definition(actor, of="Appointment")
        inner = {"resourceType": "Patient", "id": "p1"}

        def refused(literal: str) -> bool:
            participant = {"actor": {"reference": literal}, "status": "accepted"}
            appointment = {"resourceType": "Appointment", "contained": [inner], "participant": [participant]}
            return ("value", "/f:Appointment/f:participant[1]/f:actor") in errors(appointment, mine)

        assert (refused("#p1"), refused("Patient/1")) == (not contained_ok, not literal_ok)

    def test_a_reference_by_identifier_or_display_alone_is_let_pass(self) -> None:
        """It has no literal to look at."""
        actor = element("Appointment.participant.actor", type=[{"code": "Reference", "aggregation": ["contained"]}])
        participant = {"actor": {"display": "Jackie Sample"}, "status": "accepted"}
        appointment = {"resourceType": "Appointment", "participant": [participant]}
        assert "value" not in [code for code, _ in errors(appointment, definition(actor, of="Appointment"))]
