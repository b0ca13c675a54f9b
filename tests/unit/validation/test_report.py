"""Findings for people and for machines."""

import json
from pathlib import Path
from typing import Any

import pytest

from registry_sandbox.cli.report import FileReport, ReportFormat, exit_status, render
from registry_sandbox.cli.sarif import sarif_log
from registry_sandbox.cli.schema_verdict import MOST_COMPLAINTS, SchemaVerdict, UnusableSchema, UserSchema
from registry_sandbox.fhir.finding import Finding

VALID = FileReport("good.json", ())
WARNED = FileReport(
    "warned.xml", (Finding("invariant", "ends before it starts", "/f:Appointment", "warning", 1, "reg-7"),)
)
INVALID = FileReport(
    "bad.xml",
    (
        Finding("value", "Appointment.status is\n wrong", "/f:Appointment/f:status", line=7, source="urn:profile"),
        Finding("structure", "cannot be read"),
    ),
)


def test_text_reads_like_a_compilers() -> None:
    """File, line, severity, message, place; at last a count."""
    assert render([VALID, WARNED, INVALID], "text").splitlines() == [
        "good.json: valid",
        "warned.xml:1: warning: ends before it starts (/f:Appointment)",
        "bad.xml:7: error: Appointment.status is wrong (/f:Appointment/f:status)",
        "bad.xml: error: cannot be read",
        "3 files, 1 invalid, 2 errors",
    ]


def test_json_has_every_side_of_a_finding() -> None:
    """What a finding does not have is left out."""
    valid, _, invalid = json.loads(render([VALID, WARNED, INVALID], "json"))
    assert valid == {"file": "good.json", "valid": True, "findings": []}
    assert invalid["valid"] is False
    assert invalid["findings"] == [
        {
            "severity": "error",
            "code": "value",
            "message": "Appointment.status is\n wrong",
            "location": "/f:Appointment/f:status",
            "line": 7,
            "source": "urn:profile",
        },
        {"severity": "error", "code": "structure", "message": "cannot be read"},
    ]


PLACED = FileReport("a,b/ä 1.json", (Finding("value", "50 % is\nwrong", "/f:A/f:b", line=3, column=7, source="a:b"),))


def test_a_column_follows_the_line() -> None:
    """As compilers write it; JSON has it as a member."""
    assert render([PLACED], "text").splitlines()[0] == "a,b/ä 1.json:3:7: error: 50 % is wrong (/f:A/f:b)"
    assert json.loads(render([PLACED], "json"))[0]["findings"][0]["column"] == 7


def test_github_shows_a_finding_beside_its_line() -> None:
    """A workflow command: what has a meaning in it is escaped, information is a notice, the last line counts."""
    assert render([PLACED, WARNED], "github").splitlines() == [
        "::error file=a%2Cb/ä 1.json,line=3,col=7,title=a%3Ab::50 %25 is%0Awrong (/f:A/f:b)",
        "::warning file=warned.xml,line=1,title=reg-7::ends before it starts (/f:Appointment)",
        "2 files, 1 invalid, 1 error",
    ]
    told = FileReport("-", (Finding("informational", "so", severity="information"),))
    assert render([told], "github").splitlines()[0] == "::notice file=-,title=informational::so"


def results(*reports: FileReport) -> list[dict[str, Any]]:
    """Return the results of a SARIF report."""
    (run,) = json.loads(render(reports, "sarif"))["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


def test_sarif_has_a_result_for_each_finding() -> None:
    """With the place in the file and in the resource; the key of an invariant is the rule, else the type of issue."""
    placed, warned = results(PLACED, WARNED)
    assert placed == {
        "ruleId": "value",
        "level": "error",
        "message": {"text": "50 % is\nwrong"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a%2Cb/%C3%A4%201.json"},
                    "region": {"startLine": 3, "startColumn": 7},
                },
                "logicalLocations": [{"fullyQualifiedName": "/f:A/f:b"}],
            }
        ],
    }
    assert (warned["ruleId"], warned["level"]) == ("reg-7", "warning")
    assert warned["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_sarif_names_its_rules_and_the_tool() -> None:
    """Each rule once; a finding without a place has no region, standard input and absolute paths are URIs too."""
    log = json.loads(render([WARNED, WARNED, FileReport("-", INVALID.findings)], "sarif"))
    assert (log["version"], log["runs"][0]["tool"]["driver"]["name"]) == ("2.1.0", "registry-sandbox")
    assert log["runs"][0]["tool"]["driver"]["rules"] == [{"id": "reg-7"}, {"id": "value"}, {"id": "structure"}]
    unplaced = results(FileReport("-", (Finding("structure", "no", severity="information"),)))[0]
    assert unplaced["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "stdin"}}}]
    assert unplaced["level"] == "note"
    absolute = sarif_log([("/x/a b.json", PLACED.findings)])["runs"][0]["results"][0]
    assert absolute["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///x/a%20b.json"


@pytest.mark.parametrize("wanted", ["text", "json", "sarif", "github"])
def test_what_a_terminal_cannot_show_is_escaped(wanted: ReportFormat) -> None:
    """A report in an encoding has only characters of it, and JSON is JSON all the same."""
    polish = FileReport("ł.json", (Finding("value", "is \u0141 and \x1b[31m and \U0001f600"),))
    shown = render([polish], wanted, encoding="cp1252")
    shown.encode("cp1252")
    assert "\x1b" not in shown
    assert "\\u0141" in shown
    if wanted in {"json", "sarif"}:
        assert "is \u0141 and \x1b[31m and \U0001f600" in json.dumps(json.loads(shown), ensure_ascii=False).replace(
            "\\u001b", "\x1b"
        )
    else:
        assert "\\x1b[31m and \\U0001f600" in shown
        assert "ł" in render([polish], wanted)


SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
 <xs:element name="a"><xs:complexType><xs:sequence>
  <xs:element name="b" type="xs:int" maxOccurs="unbounded"/>
 </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


class TestAUsersSchema:
    """The verdict of a schema of the user's own, beside that of the profiles."""

    @pytest.fixture
    def schema(self, tmp_path: Path) -> UserSchema:
        """A schema of one element with whole numbers."""
        file = tmp_path / "own.xsd"
        file.write_text(SCHEMA)
        return UserSchema(file)

    def test_what_it_accepts_has_no_complaints(self, schema: UserSchema) -> None:
        """It says nothing more."""
        verdict = schema.verdict(b"<a><b>1</b></a>")
        assert (verdict.complaints, verdict.name) == ((), "own.xsd")

    def test_what_it_refuses_is_put_into_words_with_its_line(self, schema: UserSchema) -> None:
        """Every complaint, up to a bound."""
        first, second = schema.verdict(b"<a>\n<b>x</b>\n<b>1</b><b>y</b></a>").complaints
        assert (first.line, second.line, first.source) == (2, 3, "own.xsd")
        assert "own.xsd: " in first.message
        assert "'x'" in first.message
        many = b"<a>" + b"<b>x</b>" * 1000 + b"</a>"
        assert len(schema.verdict(many).complaints) == MOST_COMPLAINTS

    @pytest.mark.parametrize("body", [b"", b"<a>", b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hosts'>]><a>&e;</a>"])
    def test_what_is_no_xml_is_refused_and_nothing_is_loaded(self, schema: UserSchema, body: bytes) -> None:
        """An entity is never expanded."""
        verdict = schema.verdict(body)
        assert verdict.complaints
        assert "localhost" not in str(verdict)

    @pytest.mark.parametrize("content", [None, "no XML", "<a/>"])
    def test_a_file_that_is_no_schema_is_named(self, tmp_path: Path, content: str | None) -> None:
        """Missing, not well-formed, or something else."""
        file = tmp_path / "own.xsd"
        if content is not None:
            file.write_text(content)
        with pytest.raises(UnusableSchema, match=r"own\.xsd: is no schema that can be used"):
            UserSchema(file)

    def test_both_verdicts_stand_side_by_side(self) -> None:
        """In words for people, as objects for machines; either one makes the file invalid."""
        complaint = Finding("structure", "own.xsd: no", line=2, source="own.xsd")
        refused = FileReport("a.xml", (), SchemaVerdict("x/own.xsd", (complaint,)))
        accepted = FileReport("b.xml", INVALID.findings[1:], SchemaVerdict("x/own.xsd", ()))
        assert render([refused, accepted], "text").splitlines() == [
            "a.xml:2: error: own.xsd: no",
            "a.xml: valid by the profiles, invalid by own.xsd",
            "b.xml: error: cannot be read",
            "b.xml: invalid by the profiles, valid by own.xsd",
            "2 files, 2 invalid, 1 error",
        ]
        one, other = json.loads(render([refused, accepted], "json"))
        assert (one["valid"], one["schema"]["valid"], one["schema"]["file"]) == (True, False, "x/own.xsd")
        assert one["schema"]["findings"][0]["message"] == "own.xsd: no"
        assert (other["valid"], other["schema"]["valid"]) == (False, True)
        assert exit_status([refused]) == exit_status([accepted]) == 1
        assert exit_status([FileReport("c.xml", (), SchemaVerdict("x/own.xsd", ()))]) == 0


def test_warnings_do_not_fail() -> None:
    """The exit status tells whether a file is invalid."""
    assert exit_status([VALID, WARNED]) == 0
    assert exit_status([VALID, INVALID]) == 1
