"""When a report is good enough, and which of its findings are expected."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from registry_sandbox.verdict.acceptance import UnknownRule, require_known, too_bad, unreached
from registry_sandbox.verdict.expected import BadExpectations, Expectation, accepting, gone, read_expectations
from registry_sandbox.verdict.report import Coverage, Met
from tests.unit.verdict.reporting import DOUBT, EMPTY, PASSING, REPORT, RULES, SLOW, finding, rule


class TestFindings:
    """What is too bad."""

    def test_a_warning_is_too_bad_only_if_that_is_wanted(self) -> None:
        """What is inconclusive never is."""
        assert too_bad(REPORT, "fail") == (finding(),)
        assert too_bad(REPORT, "warning") == (finding(), SLOW)
        assert too_bad(PASSING, "warning") == ()


class TestWhatWasReached:
    """Rules with a result, and coverage."""

    def test_a_report_without_a_result_says_so(self) -> None:
        """An empty journal, and one in which everything is in doubt; unless something else was demanded."""
        doubtful = replace(EMPTY, rules=(rule(grade="inconclusive"), rule(id="b", grade="attested")))
        for report in (EMPTY, doubtful):
            assert unreached(report) == ["nothing was exercised: no rule came to a result"]
        assert unreached(EMPTY, min_coverage=0) == []
        assert unreached(PASSING) == []
        assert unreached(REPORT) == []

    @pytest.mark.parametrize("grade", ["pass", "fail", "warning", "attested"])
    def test_a_required_rule_with_a_result_is_reached(self, grade: str) -> None:
        """Whatever the result is: findings are counted elsewhere."""
        reached = replace(PASSING, rules=(rule(grade=grade),))
        assert unreached(reached, [rule().id]) == []

    def test_a_required_rule_without_one_is_named(self) -> None:
        """With its grade and the reason."""
        assert unreached(REPORT, ["no-token-is-used-after-its-exp", DOUBT.rule, rule().id]) == [
            f"the rule {DOUBT.rule} is inconclusive: one of two occasions cannot be judged",
            f"the rule no-token-is-used-after-its-exp is not exercised: {RULES[4].message}",
        ]

    @pytest.mark.parametrize(("least", "reached"), [(0, True), (66.6, True), (66.7, False), (67, False), (100, False)])
    def test_coverage_is_compared_without_rounding(self, least: float, *, reached: bool) -> None:
        """Two of three outcomes are more than 66.6 % and less than 66.7 %."""
        assert (unreached(REPORT, min_coverage=least) == []) == reached

    def test_all_is_all(self) -> None:
        """100 % is reached only by everything."""
        almost = Coverage((Met("read", 200, "json", "met"),) * 999 + (Met("read", 404, "json", "not met"),))
        (reason,) = unreached(replace(PASSING, coverage=almost), min_coverage=100)
        assert reason == "the coverage is 99 % (999 of 1000 outcomes), not 100 %"
        assert unreached(PASSING, min_coverage=100) == []

    def test_an_unknown_rule_is_named_with_the_nearest(self) -> None:
        """A typing error must not pass for a rule that has a result."""
        require_known(REPORT, [rule().id])
        with pytest.raises(UnknownRule, match=r"'a-retry-wait'; did you mean a-retry-waits\?"):
            require_known(REPORT, ["a-retry-wait"])
        with pytest.raises(UnknownRule, match="--format json"):
            require_known(REPORT, ["???"])


class TestExpected:
    """Findings that are known and accepted."""

    def read(self, tmp_path: Path, text: str) -> list[Expectation]:
        """Return what is in a file with this text."""
        file = tmp_path / "expected.yaml"
        file.write_text(text)
        return read_expectations(file)

    def test_they_do_not_count_any_more(self, tmp_path: Path) -> None:
        """The rule alone is enough; the reason goes into the report."""
        entries = self.read(tmp_path, "- rule: a-retry-waits\n  because: issue 42\n")
        report = accepting(REPORT, entries)
        assert report.findings == (finding(), DOUBT)
        assert [(each.finding, each.because) for each in report.accepted] == [(SLOW, "issue 42")]
        assert gone(report, entries) == []

    @pytest.mark.parametrize(
        ("more", "fits"),
        [
            ("", True),
            ("  client: sandbox-client\n", True),
            ("  client: another\n", False),
            ("  appointment: 1a2b\n", True),
            ("  appointment: '0'\n", False),
            ("  client: sandbox-client\n  appointment: 1a2b\n", True),
        ],
    )
    def test_client_and_appointment_narrow_an_entry(self, tmp_path: Path, more: str, *, fits: bool) -> None:
        """Each that is given must be that of the finding."""
        entries = self.read(tmp_path, f"- rule: {finding().rule}\n{more}")
        report = accepting(REPORT, entries)
        assert (finding() not in report.findings) == fits
        assert (gone(report, entries) == []) == fits

    def test_one_that_no_longer_occurs_is_shown(self, tmp_path: Path) -> None:
        """With its place; what is inconclusive was not expected."""
        entries = self.read(tmp_path, f"\n- rule: {DOUBT.rule}\n- rule: every-update-carries-if-match\n  client: a\n")
        report = accepting(REPORT, entries)
        assert report.findings == REPORT.findings
        assert [str(each) for each in gone(report, entries)] == [
            f"{tmp_path}/expected.yaml, line 2: {DOUBT.rule}",
            f"{tmp_path}/expected.yaml, line 3: every-update-carries-if-match, client a",
        ]

    def test_a_file_without_entries_expects_nothing(self, tmp_path: Path) -> None:
        """Comments are none."""
        assert self.read(tmp_path, "# nothing yet\n") == []
        assert accepting(REPORT, []) == REPORT

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("rule: a-retry-waits\n", "line 1: expected a list of entries"),
            ("\n- a-retry-waits\n", "line 2: expected an entry such as"),
            ("- rule: a\n- because: b\n", "line 2: the entry has no 'rule'"),
            ("- rule: a\n  clinet: b\n", "line 2: 'clinet' is not known here; did you mean client?"),
            ("- rule: a\n  x: b\n", "line 2: 'x' is not known here; expected rule, client, appointment, because"),
            ("- rule: a\n  rule: b\n", "line 2: 'rule' is repeated"),
            ("- rule: [a]\n", "line 1: rule has no text"),
            ("- rule:\n", "line 1: rule has no text"),
            ("- ? [a]\n  : b\n", "line 1: '["),
            ("- rule: 'a\n", "not YAML"),
            ("[" * 5_000, "nested too deeply"),
            ("- rule: \x00", "not YAML"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, tmp_path: Path, text: str, said: str) -> None:
        """With the file and the line."""
        with pytest.raises(BadExpectations, match=rf"expected\.yaml.*{re.escape(said)}"):
            self.read(tmp_path, text)

    def test_a_rule_that_does_not_exist_is_named(self, tmp_path: Path) -> None:
        """With the nearest one."""
        entries = self.read(tmp_path, "\n\n- rule: a-retry-wait\n")
        with pytest.raises(
            BadExpectations, match=r"line 3: there is no rule 'a-retry-wait'; did you mean a-retry-waits"
        ):
            accepting(REPORT, entries)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """As the system says it."""
        with pytest.raises(BadExpectations, match="nowhere: No such file"):
            read_expectations(tmp_path / "nowhere")
