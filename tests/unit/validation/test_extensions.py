"""Extensions, references and contained resources, each by the definition of its own."""

from typing import Any

import pytest

from registry_sandbox.validation.conformance import Definition
from tests.unit.validation.profiling import ISSUE, definition, element, errors, judged, outcome

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

    @pytest.mark.parametrize("url", ["#x", "x", "Extension/1", "//x.test/a", "http:", "http://x.test/a#b#c", "1a:b"])
    @pytest.mark.parametrize("kind", ["extension", "modifierExtension"])
    def test_the_url_of_an_extension_is_an_absolute_uri(self, url: str, kind: str) -> None:
        """A relative one names nothing where no other extension is around it."""
        found = judged(outcome({kind: [{"url": url, "valueCode": "a"}]}), definition())
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
