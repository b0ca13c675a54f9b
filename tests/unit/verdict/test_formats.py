"""What every format of a report has: the numbers, each finding with its evidence; and no client breaks it."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar, get_args

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from lxml import etree

from registry_sandbox.verdict.report import Coverage, Report
from registry_sandbox.verdict.reports import ENDINGS, MEDIA_TYPES, Format, format_of, rendered
from registry_sandbox.verdict.reports import json as json_report
from registry_sandbox.verdict.reports.characters import one_line, visible
from registry_sandbox.verdict.reports.members import UnreadableReport
from registry_sandbox.verdict.reports.text import render
from registry_sandbox.verdict.summary import summary
from tests.unit.verdict.reporting import (
    EMPTY,
    PASSING,
    REPLAY,
    REPORT,
    SLOW,
    accepting,
    exchange,
    finding,
    reports,
    rule,
)

FORMATS: tuple[Format, ...] = get_args(Format)
hostile = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def spaceless(text: str) -> str:
    """Return a text without white space, which formats wrap as they need."""
    return "".join(text.split())


def told(text: str, wanted: Format) -> str:
    """Return every text in a report, unescaped, without white space."""
    match wanted:
        case "html":
            return spaceless("".join(Page(text).texts))
        case "junit":
            return spaceless("".join(words(text)))
        case "text":
            return spaceless(text)
    return spaceless("".join(leaves(json.loads(text))))


def words(text: str) -> Iterator[str]:
    """Yield the texts and the attributes of an XML document."""
    for each in etree.fromstring(text.encode()).iter():
        yield from (*map(str, each.attrib.values()), each.text or "", each.tail or "")


def leaves(value: object) -> Iterator[str]:
    """Yield the strings in a JSON value."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    else:
        yield str(value)


class Page(HTMLParser):
    """The elements and the texts of a page, as a parser that is not ours sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.policy = ""
        self.style = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        facts = dict(attrs)
        if facts.get("http-equiv") == "Content-Security-Policy":
            self.policy = facts["content"] or ""

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


class TestEveryFormat:
    """Whatever the format is."""

    @pytest.mark.parametrize("wanted", FORMATS)
    def test_it_tells_each_finding(self, wanted: Format) -> None:
        """Its message, its rule, its client, its exchanges in a line each, its requirement with the source."""
        shown = told(rendered(REPORT, wanted), wanted)
        for each in REPORT.findings:
            assert spaceless(each.message) in shown
            assert each.rule in shown
        assert "sandbox-client" in shown
        assert spaceless("NHS FHIR Booking API, Cancel") in shown

    @pytest.mark.parametrize("wanted", [each for each in FORMATS if each != "json"])
    def test_it_shows_each_exchange_in_a_line(self, wanted: Format) -> None:
        """With method, path and status; of the two that a finding names."""
        shown = told(rendered(REPORT, wanted), wanted)
        assert spaceless("PUT /STU3/Appointment/1a2b -> 409") in shown

    @pytest.mark.parametrize("wanted", ["text", "html", "junit", "sarif", "json"])
    def test_it_leads_with_the_numbers(self, wanted: Format) -> None:
        """Passed, failed, not exercised, and coverage."""
        shown = rendered(REPORT, wanted)
        if wanted in {"text", "junit", "sarif"}:
            assert "1 rule passed, 1 failed, 1 not exercised; coverage 66 % (2 of 3 outcomes)" in shown
        elif wanted == "json":
            numbers = json.loads(shown)["summary"]
            assert (numbers["passed"], numbers["failed"], numbers["not_exercised"]) == (1, 1, 1)
            assert (numbers["met"], numbers["outcomes"], numbers["coverage_percent"]) == (2, 3, 66)
        else:
            assert told(shown, "html").partition("passed1failed1notexercised1coverage66%2of3")[1]

    @pytest.mark.parametrize("wanted", ["text", "html", "junit", "sarif", "json"])
    def test_it_has_the_fault_file_that_provokes_a_finding_again(self, wanted: Format) -> None:
        """It can be read out of the report, and is YAML."""
        assert yaml.safe_load(REPLAY)[0]["id"] == "again"
        assert spaceless(REPLAY) in told(rendered(REPORT, wanted), wanted)

    @pytest.mark.parametrize("wanted", FORMATS)
    def test_the_same_report_is_the_same_text(self, wanted: Format) -> None:
        """No time and no chance is in it."""
        assert rendered(REPORT, wanted) == rendered(REPORT, wanted)
        assert rendered(REPORT, wanted).endswith("\n")

    def test_the_ending_of_a_name_says_the_format(self) -> None:
        """Each ending; another is refused with what was expected."""
        assert {format_of(Path(f"/x/verdict{ending}")) for ending in ENDINGS} == set(MEDIA_TYPES)
        assert format_of(Path("A.JSON")) == "json"
        with pytest.raises(ValueError, match=r"ends in \.testreport\.json, \.json"):
            format_of(Path("verdict.pdf"))


class TestHostileTexts:
    """A client decides what is in its headers, its paths and its bodies."""

    @hostile
    @given(reports)
    def test_json_gives_them_back(self, report: Report) -> None:
        """The report that was written is the report that is read, in ASCII."""
        text = rendered(report, "json")
        assert json_report.read(text) == report
        assert text.isascii()

    @hostile
    @given(reports)
    def test_xml_stays_xml(self, report: Report) -> None:
        """A parser that is not ours reads it, and finds the sentences of the rules in it."""
        text = rendered(report, "junit")
        text.encode()
        cases = etree.fromstring(text.encode()).findall("./testsuite/testcase")
        assert [each.get("name") for each in cases] == [one_line(rule.sentence) for rule in report.rules]

    @hostile
    @given(reports)
    def test_html_shows_them_as_text(self, report: Report) -> None:
        """No element and no attribute comes of them, and each message can be read in the page."""
        text = rendered(report, "html")
        text.encode()
        page = Page(text)
        assert page.tags <= Page(rendered(REPORT, "html")).tags | {"p"}
        assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "scope"}
        shown = spaceless("".join(page.texts))
        for each in report.findings:
            assert spaceless(visible(each.message)) in shown
            assert spaceless(visible(each.client)) in shown

    @hostile
    @given(reports)
    def test_the_other_formats_can_be_written(self, report: Report) -> None:
        """SARIF and TestReport are JSON, the text has nothing that a terminal would obey."""
        for wanted in ("sarif", "testreport"):
            assert json.loads(rendered(report, wanted))
        text = rendered(report, "text")
        text.encode()
        assert all(each.isprintable() or each in "\n\t" for each in text)


class TestJson:
    """The document, and what is read of it."""

    @pytest.mark.parametrize("report", [REPORT, EMPTY, PASSING, accepting(REPORT)])
    def test_it_is_read_back(self, report: Report) -> None:
        """Into the same report."""
        assert json_report.read(rendered(report, "json")) == report

    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            (("rules", 0, "grade"), "good", "rules[0].grade is 'good'; expected pass or fail"),
            (("rules", 0, "grade"), [], "rules[0].grade is []; expected pass or fail"),
            (("findings", 0, "exchanges"), "3", "findings[0].exchanges is '3'; expected an array"),
            (("findings", 0, "exchanges", 0), True, "findings[0].exchanges[0] is True; expected a whole number"),
            (("findings", 0, "requirement"), None, "findings[0].requirement is None; expected an object"),
            (("coverage", "outcomes", 0, "format"), "yaml", "coverage.outcomes[0].format is 'yaml'"),
            (("journal", "first"), -1, "journal.first is -1; expected a whole number from 0"),
            (("exchanges", "x"), {}, "exchanges has the key 'x'; expected the number of an exchange"),
            (("exchanges", "9" * 5_000), {}, "exchanges has the key '9999"),
            (("clients",), [1], "clients[0] is 1; expected a string"),
        ],
    )
    def test_what_is_wrong_in_it_is_named(self, path: tuple[str | int, ...], value: object, said: str) -> None:
        """With its place, what was found and what was expected."""
        document = json_report.document(REPORT)
        holder = json.loads(json.dumps(document))
        changed = holder
        for step in path[:-1]:
            changed = changed[step]
        changed[path[-1]] = value
        with pytest.raises(UnreadableReport, match=re.escape(said)):
            json_report.read(json.dumps(holder))

    @pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "1", '{"journal": {}}'])
    def test_what_is_no_report_is_refused(self, text: str) -> None:
        """Whatever it is."""
        with pytest.raises(UnreadableReport):
            json_report.read(text)

    def test_a_member_that_is_missing_is_named(self) -> None:
        """And nothing is guessed."""
        document = json_report.document(REPORT)
        del document["rules"][0]["sentence"]
        with pytest.raises(UnreadableReport, match=r"rules\[0\] has no 'sentence'"):
            json_report.read(json.dumps(document))


class TestText:
    """The report in a terminal."""

    def test_it_fits_eighty_columns(self) -> None:
        """Where the words allow it; and it is ASCII where the report is."""
        shown = rendered(REPORT, "text")
        assert max(map(len, shown.splitlines())) <= 80
        assert shown.isascii()

    @pytest.mark.parametrize("wanted", ["text", "html"])
    def test_what_no_rule_covers_is_told_in_words(self, wanted: Format) -> None:
        """The id stands behind them; one that this version does not know stands alone."""
        requirements = {"4-once": (), "7-if-match": ("a",), "0-of-another-version": ()}
        report = replace(REPORT, coverage=Coverage((), requirements))
        shown = " ".join(rendered(report, wanted).split())
        assert "An appointment is registered once. (4-once)" in shown
        assert "0-of-another-version" in shown
        assert "7-if-match" not in shown

    def test_its_first_line_has_the_numbers(self) -> None:
        """Then what was judged, and how much is missing."""
        first, second, third, *_ = rendered(REPORT, "text").splitlines()
        assert first == "1 rule passed, 1 failed, 1 not exercised; coverage 66 % (2 of 3 outcomes)."
        assert second == "1 warning, 1 inconclusive, 1 attested."
        assert third == "Verdict on sandbox-client: exchanges 3 to 5; 2 older exchanges had been dropped."

    def test_an_empty_journal_is_no_pass(self) -> None:
        """It says that it says nothing."""
        shown = rendered(EMPTY, "text")
        assert "the journal is empty" in shown
        assert "Nothing was exercised" in shown
        assert "PASSED" not in shown

    def test_many_exchanges_are_cut_to_a_few(self) -> None:
        """The first ones and the last."""
        shown = rendered(Report((), (finding(exchanges=tuple(range(1, 41))),), REPORT.coverage, REPORT.journal), "text")
        listed = re.findall(r"^ +(\d+)  not kept by the journal$", shown, re.MULTILINE)
        assert listed == ["1", "2", "3", "4", "5", "6", "7", "40"]
        assert "40 exchanges in all" in shown

    def test_a_long_url_has_what_was_answered_on_the_next_line(self) -> None:
        """A word that is too long alone goes beyond the edge."""
        path = "/STU3/Appointment/cancel-survives-a-read-that-is-cut-short"
        long = {**exchange(3), "request": {"method": "PUT", "path": path}, "faults": ["exam-1"]}
        shown = rendered(replace(REPORT, findings=(finding(exchanges=(3,)),), exchanges={3: long}), "text")
        assert f"\n          3  PUT {path}\n             -> 409, fault exam-1\n" in shown

    def test_findings_of_one_rule_stand_together_and_the_worst_come_first(self) -> None:
        """What the rule says is told once."""
        several = (SLOW, finding(exchanges=(3,)), replace(SLOW, exchanges=(5,)))
        shown = rendered(replace(REPORT, findings=several), "text")
        assert re.findall(r"^(FAIL|WARNING)  (.*)$", shown, re.MULTILINE) == [
            ("FAIL", "a-409-is-followed-by-a-read"),
            ("WARNING", "a-retry-waits"),
        ]
        assert shown.count("should (2 findings): A retry waits\n") == 1
        assert "must: A 409 is followed by a read" in shown
        assert shown.count("No gap grows.") == 2
        page = rendered(replace(REPORT, findings=several), "html")
        assert page.index("sends PUT again without a read") < page.index("No gap grows.")

    def test_colour_is_only_where_it_is_asked_for(self) -> None:
        """And changes no word."""
        coloured = render(REPORT, colour=True)
        assert "\x1b[31mFAIL\x1b[0m" in coloured
        assert re.sub(r"\x1b\[\d+m", "", coloured) == render(REPORT)

    def test_what_is_expected_is_apart(self) -> None:
        """With the reason, and not among the findings."""
        shown = rendered(accepting(REPORT), "text")
        assert "EXPECTED (3)" in shown
        assert "a-409-is-followed-by-a-read: issue 42" in shown
        assert "FAIL  " not in shown


class TestAnExam:
    """Its scenarios are told apart from the rules."""

    EXAM: ClassVar[Report] = replace(
        REPORT,
        rules=(
            *REPORT.rules,
            *(
                rule(id=f"scenario-{grade}", sentence=f"scenario: {grade}", grade=grade)
                for grade in ("pass", "fail", "warning", "inconclusive")
            ),
        ),
    )

    @pytest.mark.parametrize("wanted", ["text", "html", "junit", "sarif"])
    def test_it_leads_with_the_scenarios(self, wanted: Format) -> None:
        """And does not count them among the rules."""
        shown = told(rendered(self.EXAM, wanted), wanted)
        expected = "1 of 4 scenarios passed, 1 failed; 1 rule passed, 1 failed, 1 not exercised; coverage 66 %"
        assert spaceless(expected) in shown

    def test_the_other_numbers_follow(self) -> None:
        """In the terminal, where they are not zero."""
        shown = spaceless(rendered(self.EXAM, "text"))
        assert spaceless("1 scenario with a warning; 1 scenario inconclusive; 1 warning, 1 inconclusive, 1") in shown
        assert "scenario" not in rendered(REPORT, "text")

    def test_the_page_has_a_table_of_the_scenarios(self) -> None:
        """Before that of the rules; a verdict has none."""
        page = rendered(self.EXAM, "html")
        _, of_scenarios, of_rules = re.split(r"<h2>(?:Scenarios|Rules)</h2>", page)
        assert of_scenarios.count("scenario: ") == 4
        assert "scenario: " not in of_rules.partition("<h2>")[0]
        assert "<h2>Scenarios</h2>" not in rendered(REPORT, "html")


class TestHtml:
    """The page."""

    def test_it_may_load_and_run_nothing(self) -> None:
        """The policy admits its own style alone, and that is the style that it has."""
        text = rendered(REPORT, "html")
        page = Page(text)
        style = text.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        only_the_style = f"default-src 'none'; style-src 'sha256-{digest}'"
        assert page.policy == f"{only_the_style}; base-uri 'none'; form-action 'none'"
        assert page.tags.isdisjoint({"script", "link", "img", "iframe", "form", "object", "base"})
        assert not re.search(r"https?://|url\(|@import", text)

    def test_every_exchange_is_foldable(self) -> None:
        """A finding links to it; the request and the answer are in it."""
        text = rendered(REPORT, "html")
        for number in (3, 4):
            assert f'href="#exchange-{number}"' in text
        for number in REPORT.exchanges:
            assert re.search(rf'<details><summary>.*?</summary><div id="exchange-{number}">', text)
        assert "If-Match: W/&quot;1&quot;" in text or 'If-Match: W/"1"' in text

    def test_an_exchange_that_is_not_kept_is_no_link(self) -> None:
        """It would lead nowhere."""
        text = rendered(Report((), (finding(exchanges=(9,)),), REPORT.coverage, REPORT.journal), "html")
        assert "not kept by the journal" in text
        assert "#exchange-9" not in text


def test_coverage_is_rounded_down() -> None:
    """100 % means all."""
    outcomes = (REPORT.coverage.outcomes[0],) * 299 + (REPORT.coverage.outcomes[2],)
    counts = summary(Report((), (), type(REPORT.coverage)(outcomes), REPORT.journal))
    assert (counts.met, counts.outcomes, counts.percent) == (299, 300, 99)
