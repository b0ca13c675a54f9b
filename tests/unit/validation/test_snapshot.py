"""Profiles laid over their bases: what is refused, what overrides, and what comes out."""

from typing import Any

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

    @pytest.mark.parametrize(
        ("elements", "element_named", "why"),
        [
            (
                [
                    element("OperationOutcome.issue.code", fixedCode="a"),
                    element("OperationOutcome.issue.code", fixedCode="b"),
                ],
                "OperationOutcome.issue.code.fixedCode",
                "is 'b'; the base fixes 'a'",
            ),
            (
                [element("OperationOutcome.issue.extension.value[x].code", min=1)],
                "OperationOutcome.issue.extension.value[x].code",
                "types; choose one of them first",
            ),
            (
                [element("OperationOutcome.issue.code.coding", min=1)],
                "OperationOutcome.issue.code.coding",
                "code has no element coding",
            ),
            (
                [element("OperationOutcome.issue.location", min=3, max="2")],
                "OperationOutcome.issue.location.max",
                "is 2, less than the minimum, 3",
            ),
        ],
    )
    def test_so_is_one_that_contradicts_itself(
        self, elements: list[dict[str, Any]], element_named: str, why: str
    ) -> None:
        """What is asked cannot be, or does not exist."""
        with pytest.raises(UnusableDefinition) as refused:
            Profiles(SHIPPED_DEFINITIONS, [definition(*elements)])
        assert (refused.value.element, why in refused.value.why) == (element_named, True), refused.value.why

    def test_a_type_that_is_not_loaded_is_named(self) -> None:
        """The element says which profile it wants."""
        details = element(
            "OperationOutcome.issue.details", type=[{"code": "CodeableConcept", "profile": "http://x.test/gone"}]
        )
        inside = element("OperationOutcome.issue.details.coding", min=1)
        for elements in ([details], [details, inside]):
            with pytest.raises(UnusableDefinition, match=r"is of http://x\.test/gone, which is not among"):
                Profiles(SHIPPED_DEFINITIONS, [definition(*elements)])


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


def made(*elements: dict[str, Any], of: str = "OperationOutcome") -> dict[str, dict[str, Any]]:
    """Return the elements of the snapshot of a profile, by id."""
    profiles = Profiles(SHIPPED_DEFINITIONS, [definition(*elements, of=of)])
    (served,) = profiles.search("StructureDefinition", URL)
    return {each["id"]: each for each in served["snapshot"]["element"]}


class TestSnapshots:
    """What the snapshot that is served says."""

    def test_a_constraint_of_the_same_key_takes_the_place_of_the_base(self) -> None:
        """Others stay, and each says who stated it."""
        own = [{"key": "dom-2", "severity": "warning", "human": "mine", "expression": "true"}]
        constraints = {
            each["key"]: each
            for each in made(element("OperationOutcome", constraint=own))["OperationOutcome"]["constraint"]
        }
        assert (constraints["dom-2"]["human"], constraints["dom-2"]["source"]) == ("mine", URL)
        assert constraints["dom-1"]["source"].endswith("/DomainResource")

    def test_what_constrains_nothing_is_left_out(self) -> None:
        """Mappings and examples would only make it long; what says where an element stands is ours."""
        stated = element("OperationOutcome.issue.code", mapping=[{"identity": "a", "map": "b"}], alias=["c"], short="d")
        code = made(stated)["OperationOutcome.issue.code"]
        assert ("mapping" in code, "alias" in code, code["short"]) == (False, False, "d")
        assert code["base"] == {"path": "OperationOutcome.issue.code", "min": 1, "max": "1"}

    def test_a_slice_takes_the_maximum_of_its_profile(self) -> None:
        """Unless it says one of its own."""
        url = element("Extension.url", fixedUri="http://x.test/one")
        one = definition(element("Extension", max="1"), url, of="Extension", url="http://x.test/one")
        slicing = element("OperationOutcome.extension")
        part = element("OperationOutcome.extension:one", type=[{"code": "Extension", "profile": "http://x.test/one"}])
        for stated, expected in ((part, "1"), ({**part, "max": "2"}, "2")):
            profiles = Profiles(SHIPPED_DEFINITIONS, [one, definition(slicing, stated)])
            (served,) = profiles.search("StructureDefinition", URL)
            (found,) = (each for each in served["snapshot"]["element"] if each.get("sliceName") == "one")
            assert found["max"] == expected

    def test_a_path_with_a_type_in_its_name_allows_that_type_only(self) -> None:
        """Two of them allow two; a choice that is sliced openly allows the others too."""
        value = "Parameters.parameter.value[x]"
        text, number = (element(f"Parameters.parameter.value{name}") for name in ("String", "Integer"))
        assert [each["code"] for each in made(text, of="Parameters")[value]["type"]] == ["string"]
        assert [each["code"] for each in made(text, number, of="Parameters")[value]["type"]] == ["integer", "string"]
        opened = element(value, slicing={"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"})
        assert len(made(opened, text, of="Parameters")[value]["type"]) > 30

    def test_an_element_that_refers_to_another_can_be_constrained_there(self) -> None:
        """Parameters.parameter.part is a parameter again."""
        mine = definition(element("Parameters.parameter.part.value[x]", max="0"), of="Parameters")

        def parameters(**member: Any) -> dict[str, Any]:
            return {"resourceType": "Parameters", "parameter": [{"name": "a", **member}]}

        assert errors(parameters(valueCode="b"), mine) == []
        at = "/f:Parameters/f:parameter[1]/f:part[1]/f:valueCode"
        assert errors(parameters(part=[{"name": "c", "valueCode": "d"}]), mine) == [("structure", at)]

    def test_slice_names_are_told_from_the_order_where_there_are_no_ids(self) -> None:
        """Old publishers leave the ids out."""
        elements: list[dict[str, Any]] = [
            {
                "path": "OperationOutcome.issue.details.coding",
                "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
            },
            {"path": "OperationOutcome.issue.details.coding", "sliceName": "spine", "max": "1"},
            {"path": "OperationOutcome.issue.details.coding.system", "fixedUri": "urn:spine"},
            {"path": "OperationOutcome.issue.details.coding.code", "fixedCode": "A"},
            {"path": "OperationOutcome.issue.diagnostics", "min": 1},
        ]
        coding = [{"system": "urn:spine", "code": "B"}, {"system": "urn:other", "code": "B"}]
        assert errors(outcome({"details": {"coding": coding}}), definition(*elements)) == [
            ("value", f"{ISSUE}[1]/f:details/f:coding[1]/f:code"),
            ("required", f"{ISSUE}[1]"),
        ]
