"""What a StructureDefinition can ask of elements: cardinality, values, slices."""

import pytest

from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.profiles import Profiles
from tests.unit.validation.profiling import (
    ISSUE,
    SHIPPED_DEFINITIONS,
    URL,
    coded,
    definition,
    element,
    errors,
    outcome,
    validated,
)

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
        found = validated(outcome({"diagnostics": "a"}, {}), mine)
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
        (finding,) = validated(outcome({"diagnostics": "x" * 1_000_000}), mine)
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

    def test_a_slice_is_validated_by_its_own_elements(self) -> None:
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
        (finding,) = validated(outcome(coded(("urn:spine", "A"), ("urn:other", "B"))), definition(closed, *SPINE))
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
            ({"type": "profile", "path": "resource"}, "names no profile at resource"),
            ({"type": "type", "path": "$this"}, "told by the type of $this, which is neither a resource nor a choice"),
            ({"type": "type", "path": "nowhere"}, "names no type at nowhere"),
            ({"type": "meaning", "path": "code"}, "the discriminator meaning of code"),
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
