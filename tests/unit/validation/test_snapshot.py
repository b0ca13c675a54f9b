"""Profiles laid over their bases: what is refused, what overrides, and what comes out."""

import pytest

from registry_sandbox.validation.conformance import Definition, UnusableDefinition
from registry_sandbox.validation.profiles import Profiles
from tests.unit.validation.profiling import ISSUE, SHIPPED_DEFINITIONS, URL, definition, element, errors, outcome


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
    assert [each.source for each in profiles.validate(resource)] == ["u-1"]
    assert profiles.validate({**resource, "priority": 2}) == []


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
