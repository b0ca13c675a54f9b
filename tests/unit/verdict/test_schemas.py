"""Each format of a report by the schema of those who read it.

A schema that is not ours is a file that an environment variable names; without it, the test is skipped.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]  # with check-jsonschema
from lxml import etree

from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import rendered
from tests.unit.verdict.reporting import EMPTY, PASSING, REPORT, accepting, reports, rule

ROOT = Path(__file__).parents[3]
SAMPLES = [REPORT, EMPTY, PASSING, accepting(REPORT)]
FHIR = "http://hl7.org/fhir"
some = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def named_by(variable: str, what: str) -> Path:
    """Return the file or folder that a variable of the environment names; without it, the test is skipped."""
    if variable not in os.environ:
        pytest.skip(f"{variable} names no {what}")
    return Path(os.environ[variable])


@pytest.fixture(scope="module")
def validator() -> Any:
    """Our own schema, which conforms to the schema of schemas."""
    schema = json.loads((ROOT / "docs" / "verdict.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture(scope="module")
def official() -> etree.XMLSchema:
    """The official schema of all resources."""
    folder = named_by("STU3_DEFINITIONS", "folder with the official definitions")
    return etree.XMLSchema(etree.parse(folder / "stu3" / "xsd" / "fhir-single.xsd"))


class TestOurOwn:
    """docs/verdict.schema.json."""

    @pytest.mark.parametrize("report", SAMPLES)
    def test_every_report_conforms(self, validator: Any, report: Report) -> None:
        """Of every kind."""
        assert [error.message for error in validator.iter_errors(json.loads(rendered(report, "json")))] == []

    @some
    @given(reports)
    def test_hostile_ones_do_too(self, validator: Any, report: Report) -> None:
        """Whatever is in their texts."""
        assert [error.message for error in validator.iter_errors(json.loads(rendered(report, "json")))] == []

    @pytest.mark.parametrize("part", ["summary", "coverage", "journal", "rules", "findings", "accepted"])
    def test_it_knows_every_member(self, validator: Any, part: str) -> None:
        """A member that it does not describe is an error, and so is one that is missing."""
        document = json.loads(rendered(Report(**{**fields(REPORT), "accepted": accepting(REPORT).accepted}), "json"))
        objects = document[part] if isinstance(document[part], list) else [document[part]]
        first = next(iter(objects[0]))
        objects[0]["extra"] = 1
        assert [error.message for error in validator.iter_errors(document)]
        del objects[0]["extra"]
        assert not [*validator.iter_errors(document)]
        del objects[0][first]
        assert [error.message for error in validator.iter_errors(document)]


def fields(report: Report) -> dict[str, Any]:
    """Return the fields of a report by name."""
    return {name: getattr(report, name) for name in Report.__dataclass_fields__}


class TestSarif:
    """The schema sarif-2.1.0.json (it is in npm's @microsoft/sarif-multitool), in the file that SARIF_SCHEMA names."""

    @some
    @given(reports)
    def test_it_is_valid(self, report: Report) -> None:
        """Of every report, hostile or not."""
        schema = json.loads(named_by("SARIF_SCHEMA", "schema of SARIF 2.1.0").read_bytes())
        validator = Draft7Validator(schema)
        for each in (report, *SAMPLES):
            assert [error.message for error in validator.iter_errors(json.loads(rendered(each, "sarif")))] == []

    def test_it_says_what_viewers_need(self) -> None:
        """Rules with their text; results with kind, level and place; what is not decided is `open`."""
        (run,) = json.loads(rendered(REPORT, "sarif"))["runs"]
        assert [each["id"] for each in run["tool"]["driver"]["rules"]] == [each.id for each in REPORT.rules]
        kinds = [(each["ruleId"], each["kind"], each["level"]) for each in run["results"]]
        assert [kind[1:] for kind in kinds] == [("fail", "error"), ("fail", "warning"), ("open", "none")]
        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place == {"uri": "_sandbox/journal/3", "uriBaseId": "SANDBOX"}
        assert "SANDBOX" in run["originalUriBaseIds"]

    def test_what_is_expected_is_suppressed(self) -> None:
        """With the reason."""
        (run,) = json.loads(rendered(accepting(REPORT), "sarif"))["runs"]
        assert {str(each["suppressions"]) for each in run["results"]} == {
            "[{'kind': 'external', 'justification': 'issue 42'}]"
        }


class TestJUnit:
    """The schema junit-10.xsd (it is in pytest's sdist), in the file that JUNIT_SCHEMA names."""

    @some
    @given(reports)
    def test_it_is_valid(self, report: Report) -> None:
        """Of every report, hostile or not."""
        schema = etree.XMLSchema(etree.parse(named_by("JUNIT_SCHEMA", "schema of JUnit XML")))
        for each in (report, *SAMPLES):
            schema.assertValid(etree.fromstring(rendered(each, "junit").encode()))

    def test_a_rule_is_a_test_case(self) -> None:
        """Failed, skipped with the reason, or passed; a warning is told in the output."""
        suite = etree.fromstring(rendered(REPORT, "junit").encode())[0]
        cases = [each for each in suite if each.tag == "testcase"]
        assert [[child.tag for child in case] for case in cases] == [
            ["failure"],
            ["system-out"],
            ["skipped", "system-out"],
            [],
            ["skipped"],
            ["system-out"],
        ]
        assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
            "tests": "6",
            "failures": "1",
            "errors": "0",
            "skipped": "2",
        }
        assert str(cases[4][0].get("message")).startswith("not exercised: no token expired")

    def test_a_rule_that_failed_is_a_failure_without_a_finding_too(self) -> None:
        """The grade counts: a green case would say the opposite."""
        bare = Report((rule(message="broken 60 times"),), (), REPORT.coverage, REPORT.journal)
        (failure,) = etree.fromstring(rendered(bare, "junit").encode()).iter("failure")
        assert failure.get("message") == "broken 60 times"

    def test_what_is_expected_is_no_failure(self) -> None:
        """It is skipped, with the reason."""
        suite = etree.fromstring(rendered(accepting(REPORT), "junit").encode())[0]
        assert suite.get("failures") == "0"
        (skipped, *_) = suite.iter("skipped")
        assert skipped.get("message") == "expected: issue 42"


class TestTestReport:
    """The official schema of STU3, in the folder that STU3_DEFINITIONS names."""

    @some
    @given(reports)
    def test_it_is_valid(self, official: etree.XMLSchema, report: Report) -> None:
        """Of every report, hostile or not, once it is written as XML."""
        for each in (report, *SAMPLES):
            official.assertValid(as_xml(json.loads(rendered(each, "testreport"))))

    @pytest.mark.parametrize(
        ("report", "result"),
        [(REPORT, "fail"), (EMPTY, "pending"), (PASSING, "pass"), (accepting(REPORT), "pending")],
    )
    def test_the_result_is_that_of_the_findings(self, report: Report, result: str) -> None:
        """What is inconclusive leaves it pending, and so does an empty journal."""
        assert json.loads(rendered(report, "testreport"))["result"] == result

    def test_each_rule_is_a_test(self) -> None:
        """With the results of FHIR; what was not exercised or is inconclusive is skipped, with a message."""
        resource = json.loads(rendered(REPORT, "testreport"))
        asserts = [each["action"][0]["assert"] for each in resource["test"]]
        assert [each["result"] for each in asserts] == ["fail", "warning", "skip", "pass", "skip", "pass"]
        assert asserts[4]["message"].startswith("not exercised: no token expired")
        assert [each["type"] for each in resource["participant"]] == ["test-engine", "client"]

    @some
    @given(reports)
    def test_it_keeps_what_a_schema_cannot_say(self, report: Report) -> None:
        """No empty string or list; every test has an action, and every action exactly an assert; uris have no space."""
        resource = json.loads(rendered(report, "testreport"))
        assert all(value not in ("", [], {}) for value in members(resource))
        for test in resource.get("test", []):
            assert all([*action] == ["assert"] for action in test["action"])
        for participant in resource["participant"]:
            assert not participant["uri"].split()[1:]


def members(value: Any) -> list[Any]:
    """Return every value inside a JSON value."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for member in inside for each in (member, *members(member))]


def as_xml(resource: dict[str, Any]) -> etree._Element:
    """Write a resource that has neither narrative nor contained resources as FHIR XML, its members in their order."""
    root = etree.Element(f"{{{FHIR}}}{resource['resourceType']}")
    _append(root, {name: value for name, value in resource.items() if name != "resourceType"})
    return root


def _append(parent: etree._Element, members: dict[str, Any]) -> None:
    for name, value in members.items():
        for each in value if isinstance(value, list) else [value]:
            child = etree.SubElement(parent, f"{{{FHIR}}}{name}")
            if isinstance(each, dict):
                _append(child, each)
            else:
                child.set("value", str(each))
