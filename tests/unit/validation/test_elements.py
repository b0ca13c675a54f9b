"""Elements with their children and their extras, and how often each may stand, as StructureDefinition has it."""

from typing import Any

import pytest

from registry_sandbox.fhir.resource import Resource
from tests.unit.validation.profiling import ISSUE, URL, definition, element, errors, outcome, validated

WHY = {"extension": [{"url": "http://x.test/why", "valueCode": "unknown"}]}
"""What stands beside a primitive, or in its place."""

PLAIN = definition()


class TestRepeatingElements:
    """Lists, and the lists of extras beside them."""

    @pytest.mark.parametrize(("number", "wanted"), [(1, "at least 2"), (4, "3 at most")])
    def test_their_number_is_told_with_the_limit(self, number: int, wanted: str) -> None:
        """The element is named with how often it is there."""
        mine = definition(element("OperationOutcome.issue.location", min=2, max="3"))
        (found,) = validated(outcome({"location": ["a"] * number}), mine)
        assert f"is there {'once' if number == 1 else f'{number} times'}: mine wants {wanted}" in found.message
        assert found.location == (f"{ISSUE}[1]" if number == 1 else f"{ISSUE}[1]/f:location[4]")

    def test_an_item_that_has_only_extras_counts_and_has_no_value_to_validate(self) -> None:
        """A null stands for it in the list of values."""
        mine = definition(element("OperationOutcome.issue.location", max="2", maxLength=1))
        two = {"location": [None, "a"], "_location": [WHY, None]}
        assert errors(outcome(two), mine) == []
        assert errors(outcome({"location": [None], "_location": [WHY]}), mine) == []
        three = {"location": [None, "a", "bb"], "_location": [WHY, None, None]}
        assert errors(outcome(three), mine) == [
            ("structure", f"{ISSUE}[1]/f:location[3]"),
            ("too-long", f"{ISSUE}[1]/f:location[3]"),
        ]

    def test_a_null_without_extras_is_an_empty_element(self) -> None:
        """Whether the list of extras has a null there, is shorter, or is not there at all."""
        for extras in ([WHY, None], [WHY]):
            found = errors(outcome({"location": [None, None], "_location": extras}), PLAIN)
            assert found == [("invariant", f"{ISSUE}[1]/f:location[2]")]

    def test_extras_beside_values_are_validated_item_by_item(self) -> None:
        """An id alone is enough beside a value, and too little without one."""
        both = {"location": ["a"], "_location": [{"id": "x"}, {"id": "y"}]}
        assert errors(outcome(both), PLAIN) == [("invariant", f"{ISSUE}[1]/f:location[2]")]

    def test_a_forbidden_list_says_how_long_it_is(self) -> None:
        """Once needs no number; the first item is the place."""
        mine = definition(element("OperationOutcome.issue.location", max="0"))
        (one,) = validated(outcome({"location": ["a"]}), mine)
        (two,) = validated(outcome({"location": ["a", "b"]}), mine)
        assert "must not be there: mine forbids it" in one.message
        assert "must not be there (it is there 2 times): mine forbids it" in two.message
        assert one.location == two.location == f"{ISSUE}[1]/f:location[1]"

    def test_a_forbidden_primitive_with_a_value_and_extras_is_told_once(self) -> None:
        """The value is what must not be there."""
        mine = definition(element("OperationOutcome.issue.diagnostics", max="0"))
        assert errors(outcome({"diagnostics": "d", "_diagnostics": {"id": "x"}}), mine) == [
            ("structure", f"{ISSUE}[1]/f:diagnostics")
        ]


class TestRequiredElements:
    """What is missing, and what is there in another form."""

    def test_a_required_primitive_may_be_there_as_extras_only(self) -> None:
        """It has no value, but it is there; what its extras lack is told by themselves."""
        mine = definition(element("OperationOutcome.issue.diagnostics", min=1))
        assert errors(outcome({"_diagnostics": WHY}), mine) == []
        assert errors(outcome({}), mine) == [("required", f"{ISSUE}[1]")]

    def test_a_required_choice_may_be_there_under_any_of_its_names(self) -> None:
        """Or as extras of one; without any it is missed by its stem."""
        mine = definition(element("Parameters.parameter.value[x]", min=1), of="Parameters")

        def parameters(**member: Any) -> Resource:
            return {"resourceType": "Parameters", "parameter": [{"name": "a", **member}]}

        assert errors(parameters(valueInteger=0), mine) == []
        assert errors(parameters(_valueCode=WHY), mine) == []
        (found,) = validated(parameters(), mine)
        assert "Parameters.parameter.value is missing: mine wants exactly one" in found.message

    def test_two_missing_children_are_both_told(self) -> None:
        """In the order of the definition."""
        mine = definition(
            element("OperationOutcome.issue.details", min=1), element("OperationOutcome.issue.diagnostics", min=1)
        )
        assert [each.message.split()[0] for each in validated(outcome({}), mine)] == [
            "OperationOutcome.issue.details",
            "OperationOutcome.issue.diagnostics",
        ]


class TestEmptyElements:
    """ele-1: an element has a value or children."""

    @pytest.mark.parametrize("details", [{}, {"id": "x"}])
    def test_an_element_without_content_is_refused(self, details: dict[str, Any]) -> None:
        """An id alone is no content."""
        assert errors(outcome({"details": details}), PLAIN) == [("invariant", f"{ISSUE}[1]/f:details")]

    @pytest.mark.parametrize("details", [{"text": "t"}, {"id": "x", "text": "t"}, WHY, {"id": "x", **WHY}])
    def test_one_child_is_content(self, details: dict[str, Any]) -> None:
        """Extensions included."""
        assert errors(outcome({"details": details}), PLAIN) == []

    def test_an_element_that_needs_children_is_told_what_it_needs(self) -> None:
        """Not that it is empty as well."""
        mine = definition(element("OperationOutcome.issue.details.text", min=1))
        assert errors(outcome({"details": {}}), mine) == [("required", f"{ISSUE}[1]/f:details")]

    def test_a_primitive_with_an_id_alone_is_empty(self) -> None:
        """Beside a value the id is welcome."""
        assert errors(outcome({"_diagnostics": {"id": "x"}}), PLAIN) == [("invariant", f"{ISSUE}[1]/f:diagnostics")]
        assert errors(outcome({"diagnostics": "d", "_diagnostics": {"id": "x"}}), PLAIN) == []


class TestOtherMembers:
    """Members that are no element's."""

    def test_what_is_no_element_is_told_with_those_that_are(self) -> None:
        """The resource's type is a member in JSON, but no element."""
        (found,) = validated({**outcome(), "stauts": "x"}, PLAIN)
        assert found.message == (
            "OperationOutcome.stauts is no element of OperationOutcome, which may have contained, extension, id, "
            "implicitRules, issue, language, meta, modifierExtension, text"
        )

    def test_the_extras_of_what_is_no_primitive_are_no_element_either(self) -> None:
        """Only primitives have any."""
        assert errors(outcome({"_details": {"id": "x"}}), PLAIN) == [("structure", f"{ISSUE}[1]/f:_details")]

    def test_the_extensions_of_a_primitive_are_validated(self) -> None:
        """As those of any element are."""
        both = {"extension": [{"url": "http://x.test/a", "valueCode": "b", "valueString": "c"}]}
        found = errors(outcome({"diagnostics": "d", "_diagnostics": {"extension": [{"url": "#x"}]}}), PLAIN)
        assert ("value", f"{ISSUE}[1]/f:diagnostics/f:extension[1]/@url") in found
        assert errors(outcome({"_diagnostics": both}), PLAIN) == []


class TestValues:
    """What a message quotes of a value, and which value sets are asked."""

    def test_a_fixed_primitive_without_a_value_is_said_to_have_none(self) -> None:
        """Extensions are no value."""
        mine = definition(element("OperationOutcome.issue.diagnostics", fixedString="d"))
        found, _unknown_extension = validated(outcome({"_diagnostics": WHY}), mine)
        assert 'has no value; mine wants exactly "d"' in found.message

    def test_a_fixed_element_is_quoted_as_it_is(self) -> None:
        """An object is one value."""
        mine = definition(element("OperationOutcome.issue.details", fixedCodeableConcept={"text": "a"}))
        (found,) = validated(outcome({"details": {"text": "b"}}), mine)
        assert "is {text: b}; mine wants exactly {text: a}" in found.message

    def test_an_example_binding_asks_nothing(self) -> None:
        """Its codes are there to be imitated."""
        bound = {"strength": "example", "valueSetReference": {"reference": "http://hl7.org/fhir/ValueSet/v2-0276"}}
        mine = definition(element("OperationOutcome.issue.details", binding=bound))
        assert validated(outcome({"details": {"coding": [{"system": "a", "code": "b"}]}}), mine) == []

    @pytest.mark.parametrize(
        ("details", "said"),
        [
            ({"coding": [{"code": "b"}]}, "is b of no system;"),
            ({"coding": [{"system": "http://x.test"}]}, "is no code of http://x.test;"),
            ({"text": "t"}, "is without a coding;"),
        ],
    )
    def test_what_a_concept_lacks_is_said(self, details: dict[str, Any], said: str) -> None:
        """Of a required binding: the codes that there are, and their system."""
        bound = {"strength": "required", "valueSetReference": {"reference": "http://hl7.org/fhir/ValueSet/v2-0276"}}
        mine = definition(element("OperationOutcome.issue.details", binding=bound))
        (found,) = validated(outcome({"details": details}), mine)
        wanted = "mine wants one of CHECKUP, EMERGENCY, FOLLOWUP, ROUTINE, WALKIN of http://hl7.org/fhir/v2/0276 (value"
        assert f"{said} {wanted}" in found.message

    def test_of_very_many_codes_the_first_are_listed(self) -> None:
        """Twelve, and how many more there are; of several systems none is named."""
        bound = {"strength": "required", "valueSetReference": {"reference": "http://hl7.org/fhir/ValueSet/issue-type"}}
        mine = definition(element("OperationOutcome.issue.diagnostics", binding=bound))
        (found,) = validated(outcome({"diagnostics": "x"}), mine)
        assert found.message.count(", ") == 11
        assert " or 17 more of http://hl7.org/fhir/issue-type (value set" in found.message
        several = {**bound, "valueSetReference": {"reference": "http://hl7.org/fhir/ValueSet/identifier-type"}}
        (found,) = validated(
            outcome({"diagnostics": "x"}), definition(element("OperationOutcome.issue.diagnostics", binding=several))
        )
        assert " or 5 more (value set" in found.message

    def test_an_invariant_quotes_the_element_that_broke_it_but_no_resource(self) -> None:
        """A resource would be too long to quote."""
        own = [{"key": "m-1", "severity": "error", "human": "it says so", "expression": "details.exists()"}]
        (found,) = validated(outcome({}), definition(element("OperationOutcome.issue", constraint=own)))
        assert found.message == "OperationOutcome.issue: it says so (mine, m-1), found {severity: error, code: invalid}"
        whole = [{"key": "m-2", "severity": "warning", "human": "it is", "expression": "language.exists()"}]
        (found,) = validated(outcome({}), definition(element("OperationOutcome", constraint=whole)))
        assert (found.message, found.severity) == ("OperationOutcome: it is (mine, m-2)", "warning")


def test_the_source_of_a_finding_is_the_profile_that_said_so() -> None:
    """Not the one that is asked for, if its base said it."""
    base = definition(
        element("OperationOutcome.issue.diagnostics", min=1), url="http://x.test/StructureDefinition/base"
    )
    mine = definition(element("OperationOutcome.issue.details", min=1), baseDefinition=base.url)
    assert [(each.source, each.message.split()[0]) for each in validated(outcome({}), mine, base)] == [
        (URL, "OperationOutcome.issue.details"),
        (base.url, "OperationOutcome.issue.diagnostics"),
    ]
