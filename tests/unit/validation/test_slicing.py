"""Slices told by type and by profile, and slices of slices."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.conformance import Definition, UnusableDefinition
from registry_sandbox.validation.profiles import Profiles
from tests.unit.validation.profiling import SHIPPED_DEFINITIONS, URL, definition, element, errors, outcome

ENTRY = "/f:Bundle/f:entry"
OUTCOME_URL = "http://x.test/StructureDefinition/outcome"
SAID = definition(element("OperationOutcome.issue.diagnostics", min=1), url=OUTCOME_URL)
"""A profile of OperationOutcome: each issue has diagnostics."""

RESLICED = [
    element(
        "OperationOutcome.issue.details.coding",
        slicing={"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
    ),
    element(
        "OperationOutcome.issue.details.coding:spine",
        max="2",
        slicing={"discriminator": [{"type": "value", "path": "code"}], "rules": "closed"},
    ),
    element("OperationOutcome.issue.details.coding:spine.system", min=1, fixedUri="urn:spine"),
    element("OperationOutcome.issue.details.coding:spine/a", min=1, max="1"),
    element("OperationOutcome.issue.details.coding:spine/a.code", min=1, fixedCode="A"),
    element("OperationOutcome.issue.details.coding:spine/a.display", min=1),
    element("OperationOutcome.issue.details.coding:spine/b", max="1"),
    element("OperationOutcome.issue.details.coding:spine/b.code", min=1, fixedCode="B"),
]
CODING = "/f:OperationOutcome/f:issue[1]/f:details/f:coding"


def sliced(path: str, kind: str, at: str, *elements: dict[str, Any], rules: str = "open") -> list[dict[str, Any]]:
    """Make the elements of a slicing by one discriminator."""
    return [element(path, slicing={"discriminator": [{"type": kind, "path": at}], "rules": rules}), *elements]


def bundle(*resources: Resource) -> Resource:
    """Make a collection of resources."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def codings(*stated: dict[str, str]) -> Resource:
    """Make an OperationOutcome whose issue has these codings."""
    return outcome({"details": {"coding": list(stated)}})


A = {"system": "urn:spine", "code": "A", "display": "a"}
B = {"system": "urn:spine", "code": "B"}
OTHER = {"system": "urn:other", "code": "A"}
OTHER_BUNDLE: Resource = {"resourceType": "Bundle", "type": "collection"}


class TestByType:
    """The discriminator type, of resources and of choices."""

    BY_RESOURCE = definition(
        *sliced(
            "Bundle.entry",
            "type",
            "resource",
            element("Bundle.entry:outcome", min=1, max="1"),
            element("Bundle.entry:outcome.resource", min=1, type=[{"code": "OperationOutcome"}]),
            element("Bundle.entry:outcome.fullUrl", min=1),
        ),
        of="Bundle",
    )

    def test_an_entry_is_told_by_the_type_of_its_resource(self) -> None:
        """The slice's own element is asked of the OperationOutcome, not of the Bundle beside it."""
        assert errors(bundle(OTHER_BUNDLE, outcome()), self.BY_RESOURCE) == [("required", f"{ENTRY}[2]")]
        assert errors(bundle(OTHER_BUNDLE), self.BY_RESOURCE) == [("required", "/f:Bundle")]
        named = bundle(outcome(), outcome())
        named["entry"] = [{"fullUrl": f"urn:x:{n}", **each} for n, each in enumerate(named["entry"])]
        assert errors(named, self.BY_RESOURCE) == [("structure", f"{ENTRY}[2]")]

    def test_a_profile_of_a_resource_says_its_type_too(self) -> None:
        """The slice may name the profile alone, as published ones do."""
        resource = element("Bundle.entry:outcome.resource", type=[{"code": "Resource", "profile": OUTCOME_URL}])
        full_url = element("Bundle.entry:outcome.fullUrl", min=1)
        parts = sliced("Bundle.entry", "type", "resource", element("Bundle.entry:outcome"), resource, full_url)
        mine = definition(*parts, of="Bundle")
        assert errors(bundle(OTHER_BUNDLE, outcome({"diagnostics": "d"})), mine, SAID) == [("required", f"{ENTRY}[2]")]

    def test_a_contained_resource_is_told_by_itself(self) -> None:
        """The path `$this` is the resource."""
        part = element("OperationOutcome.contained:inner", max="0", type=[{"code": "OperationOutcome"}])
        mine = definition(*sliced("OperationOutcome.contained", "type", "$this", part))
        inner = {**outcome(), "id": "o1"}
        refers = {"extension": [{"url": "http://x.test/a", "valueReference": {"reference": "#o1"}}]}
        at = ("structure", "/f:OperationOutcome/f:contained[1]")
        assert at in errors(outcome(refers, contained=[inner]), mine)
        assert at not in errors(outcome(refers, contained=[{"resourceType": "Patient", "id": "o1"}]), mine)

    def test_a_parameter_is_told_by_the_type_of_its_value(self) -> None:
        """A choice says its type in its name."""
        text = element("Parameters.parameter:text.value[x]", min=1, type=[{"code": "string"}])
        limit = element("Parameters.parameter:text", max="1")
        mine = definition(*sliced("Parameters.parameter", "type", "value", limit, text), of="Parameters")
        made = [{"name": "a", "valueString": "b"}, {"name": "c", "valueCode": "d"}]
        assert errors({"resourceType": "Parameters", "parameter": made}, mine) == []
        twice = [*made, {"name": "e", "valueString": "f"}]
        assert errors({"resourceType": "Parameters", "parameter": twice}, mine) == [
            ("structure", "/f:Parameters/f:parameter[3]")
        ]


class TestByProfile:
    """The discriminator profile: an item is of the slice where it conforms."""

    RESOURCE = element("Bundle.entry:said.resource", min=1, type=[{"code": "OperationOutcome", "profile": OUTCOME_URL}])

    def test_what_conforms_is_counted(self) -> None:
        """What does not is another entry, and no error."""
        parts = sliced("Bundle.entry", "profile", "resource", element("Bundle.entry:said", min=1), self.RESOURCE)
        mine = definition(*parts, of="Bundle")
        said = outcome({"diagnostics": "d"})
        assert errors(bundle(outcome(), said), mine, SAID) == []
        assert errors(bundle(outcome(), OTHER_BUNDLE), mine, SAID) == [("required", "/f:Bundle")]

    def test_a_closed_slicing_names_what_does_not_conform(self) -> None:
        """There is no slice for it."""
        parts = sliced(
            "Bundle.entry", "profile", "resource", element("Bundle.entry:said"), self.RESOURCE, rules="closed"
        )
        mine = definition(*parts, of="Bundle")
        assert errors(bundle(outcome({"diagnostics": "d"}), outcome()), mine, SAID) == [("structure", f"{ENTRY}[2]")]

    def test_a_profile_that_is_not_loaded_stops_the_start(self) -> None:
        """The slice is named, and so is the profile."""
        parts = sliced("Bundle.entry", "profile", "resource", element("Bundle.entry:said"), self.RESOURCE)
        with pytest.raises(UnusableDefinition, match=rf"{OUTCOME_URL}, which is not among the definitions loaded"):
            Profiles(SHIPPED_DEFINITIONS, [definition(*parts, of="Bundle")])


class TestSlicesOfSlices:
    """A slice that is sliced again."""

    MINE = definition(*RESLICED)

    def test_an_item_is_validated_by_the_innermost_slice(self) -> None:
        """What the inner slice asks, the outer slice's other items need not have."""
        assert errors(codings(A, B, OTHER), self.MINE) == []
        without = {name: value for name, value in A.items() if name != "display"}
        assert errors(codings(without, B), self.MINE) == [("required", f"{CODING}[1]")]

    def test_inner_and_outer_slices_are_counted(self) -> None:
        """One `a` is wanted, one `b` and two of both together are the most."""
        assert errors(codings(B), self.MINE) == [("required", CODING.rpartition("/")[0])]
        assert errors(codings(A, B, B), self.MINE) == [("structure", f"{CODING}[3]")] * 2

    def test_a_closed_inner_slicing_concerns_the_outer_slice_alone(self) -> None:
        """Another code of the outer slice's system is refused, of another system it is free."""
        assert errors(codings(A, {"system": "urn:spine", "code": "C"}), self.MINE) == [("structure", f"{CODING}[2]")]
        assert errors(codings(A, {"system": "urn:other", "code": "C"}), self.MINE) == []

    def test_the_snapshot_lists_them_after_the_slice_that_they_belong_to(self) -> None:
        """With ids and slice names as in the differential."""
        (served,) = Profiles(SHIPPED_DEFINITIONS, [self.MINE]).search("StructureDefinition", URL)
        ids = [each["id"].rpartition("coding")[2] for each in served["snapshot"]["element"] if "coding" in each["id"]]
        tops = [each for each in ids if "." not in each]
        assert tops == ["", ":spine", ":spine/a", ":spine/b"]
        named = {each["id"]: each.get("sliceName") for each in served["snapshot"]["element"]}
        assert named["OperationOutcome.issue.details.coding:spine/a"] == "spine/a"

    @pytest.mark.parametrize(
        ("elements", "why"),
        [
            ([RESLICED[0], RESLICED[3]], "there is no slice spine"),
            ([RESLICED[0], {**RESLICED[1], "slicing": None}, RESLICED[3]], "says by no slicing"),
        ],
    )
    def test_a_slice_of_nothing_stops_the_start(self, elements: list[dict[str, Any]], why: str) -> None:
        """The element is named."""
        plain = [{key: value for key, value in each.items() if value is not None} for each in elements]
        with pytest.raises(UnusableDefinition) as refused:
            Profiles(SHIPPED_DEFINITIONS, [definition(*plain)])
        assert refused.value.element == "OperationOutcome.issue.details.coding"
        assert why in refused.value.why


def package(place: Path, *definitions: Definition) -> Path:
    """Write a FHIR package, as a registry of packages would give it."""
    with tarfile.open(place, "w:gz") as archive:
        manifest = {"name": "uk.test.package", "version": "1.0.0", "fhirVersions": ["3.0.1"]}
        held = {"package.json": manifest, **{f"{n}.json": each.resource for n, each in enumerate(definitions)}}
        for name, content in held.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return place


def test_a_package_with_all_of_them_is_loaded(tmp_path: Path) -> None:
    """Type, profile and slices of slices together, from a file as publishers make them."""
    by_type = TestByType.BY_RESOURCE
    place = package(
        tmp_path / "uk.tgz", SAID, by_type, Definition({**TestSlicesOfSlices.MINE.resource, "url": "u"}, "")
    )
    profiles = Profiles.load([place])
    assert [(each.code, each.location) for each in profiles.validate(bundle(OTHER_BUNDLE), [by_type.url])] == [
        ("required", "/f:Bundle")
    ]
    assert profiles.validate(codings(A, B), ["u"]) == []


ISSUES = "/f:OperationOutcome/f:issue"
VALUE_SET = {"strength": "required", "valueSetReference": {"reference": "http://hl7.org/fhir/ValueSet/v2-0276"}}


class TestByValue:
    """The discriminators value and pattern, by what a slice fixes at their path."""

    @staticmethod
    def of_issues(kind: str, at: str, *facts: dict[str, Any]) -> Definition:
        """Make a slicing of issues whose slice may be there once."""
        return definition(
            *sliced("OperationOutcome.issue", kind, at, element("OperationOutcome.issue:mine", max="1"), *facts)
        )

    def twice(self, mine: Definition, issue: dict[str, Any], other: dict[str, Any]) -> None:
        """Require that an issue is of the slice, so that two are one too many, and that the other is not."""
        assert errors(outcome(issue, other, other), mine) == []
        assert ("structure", f"{ISSUES}[3]") in errors(outcome(issue, other, issue), mine)

    def test_a_path_may_lead_through_lists(self) -> None:
        """Any of the items will do."""
        code = element("OperationOutcome.issue:mine.details.coding.code", fixedCode="A")
        mine = self.of_issues("value", "details.coding.code", code)
        assert ("structure", f"{ISSUES}[2]") in errors(
            outcome(*[{"details": {"coding": [{"code": "A"}, {"code": "A"}]}}] * 2), mine
        )
        assert errors(outcome(*[{"details": {"text": "A"}}] * 2), mine) == []

    @pytest.mark.parametrize("kind", ["value", "pattern"])
    def test_a_pattern_above_the_path_decides_too(self, kind: str) -> None:
        """What it has at the path is what is compared."""
        pattern = element("OperationOutcome.issue:mine.details", patternCodeableConcept={"text": "A"})
        mine = self.of_issues(kind, "details.text", pattern)
        self.twice(mine, {"details": {"text": "A", "coding": [{"code": "b"}]}}, {"details": {"text": "B"}})

    def test_a_fixed_value_is_compared_whole(self) -> None:
        """A pattern may have more beside it, a fixed value has not."""
        fixed = element("OperationOutcome.issue:mine.details", fixedCodeableConcept={"text": "A"})
        mine = self.of_issues("value", "details", fixed)
        self.twice(mine, {"details": {"text": "A"}}, {"details": {"text": "A", "coding": [{"code": "b"}]}})

    def test_a_required_binding_decides_by_its_codes(self) -> None:
        """Of a code by itself, and of a coding with its system."""
        by_code = element("OperationOutcome.issue:mine.diagnostics", binding=VALUE_SET)
        self.twice(
            self.of_issues("value", "diagnostics", by_code), {"diagnostics": "ROUTINE"}, {"diagnostics": "other"}
        )
        by_coding = element("OperationOutcome.issue:mine.details.coding", binding=VALUE_SET)
        routine, other = (
            {"details": {"coding": [{"system": system, "code": "ROUTINE"}]}}
            for system in ("http://hl7.org/fhir/v2/0276", "http://x.test")
        )
        self.twice(self.of_issues("value", "details.coding", by_coding), routine, other)

    @pytest.mark.parametrize(
        "binding",
        [
            {**VALUE_SET, "strength": "preferred"},
            {"strength": "required", "valueSetReference": {"reference": "http://x.test/unknown"}},
        ],
    )
    def test_a_binding_that_is_weak_or_unknown_decides_nothing(self, binding: dict[str, Any]) -> None:
        """The slice is named when the profile is loaded."""
        part = element("OperationOutcome.issue:mine.diagnostics", binding=binding)
        with pytest.raises(UnusableDefinition, match=r"issue:mine: the slice fixes no value at diagnostics"):
            Profiles(SHIPPED_DEFINITIONS, [self.of_issues("value", "diagnostics", part)])

    def test_two_discriminators_must_both_agree(self) -> None:
        """One of them alone does not make an item of the slice."""
        slicing = {
            "discriminator": [{"type": "value", "path": "diagnostics"}, {"type": "value", "path": "details.text"}],
            "rules": "open",
        }
        mine = definition(
            element("OperationOutcome.issue", slicing=slicing),
            element("OperationOutcome.issue:mine", max="1"),
            element("OperationOutcome.issue:mine.diagnostics", fixedString="D"),
            element("OperationOutcome.issue:mine.details.text", fixedString="T"),
        )
        self.twice(mine, {"diagnostics": "D", "details": {"text": "T"}}, {"diagnostics": "D"})


class TestByExistence:
    """The discriminator exists, of elements and of extensions."""

    @pytest.mark.parametrize("path", ["extension('http://x.test/flag')", "extension(http://x.test/flag)"])
    def test_an_extension_may_decide_by_being_there(self, path: str) -> None:
        """It is named by its URL; a slice that says nothing of it stops the start."""
        url = "http://x.test/flag"
        flag = definition(element("Extension.url", fixedUri=url), of="Extension", url=url)
        issue = element("OperationOutcome.issue:mine", max="1")
        held = element(
            "OperationOutcome.issue:mine.extension:flag", min=1, type=[{"code": "Extension", "profile": url}]
        )
        mine = definition(*sliced("OperationOutcome.issue", "exists", path, issue, held))
        flagged, other = ({"extension": [{"url": each, "valueCode": "a"}]} for each in (url, "http://x.test/other"))
        assert errors(outcome(flagged, other, other), mine, flag) == []
        assert errors(outcome(flagged, other, flagged), mine, flag) == [("structure", f"{ISSUES}[3]")]
        silent = definition(*sliced("OperationOutcome.issue", "exists", path, issue))
        with pytest.raises(UnusableDefinition, match=r"says neither that .* is there nor that it is not"):
            Profiles(SHIPPED_DEFINITIONS, [silent])

    def test_what_must_not_be_there_decides_as_well(self) -> None:
        """Issues without diagnostics are the slice."""
        parts = [
            element("OperationOutcome.issue:mute", max="1"),
            element("OperationOutcome.issue:mute.diagnostics", max="0"),
        ]
        mine = definition(*sliced("OperationOutcome.issue", "exists", "diagnostics", *parts))
        assert errors(outcome({}, {"diagnostics": "d"}, {"diagnostics": "d"}), mine) == []
        assert errors(outcome({}, {}), mine) == [("structure", f"{ISSUES}[2]")]

    def test_what_may_be_there_or_not_decides_nothing(self) -> None:
        """The element of the slice has to say which."""
        parts = [element("OperationOutcome.issue:said"), element("OperationOutcome.issue:said.diagnostics", short="d")]
        with pytest.raises(UnusableDefinition, match="says neither that diagnostics is there"):
            Profiles(
                SHIPPED_DEFINITIONS,
                [definition(*sliced("OperationOutcome.issue", "exists", "diagnostics", *parts))],
            )
