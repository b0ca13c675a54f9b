"""The verdict on the clients of a sandbox, as tests look at it."""

from registry_sandbox.verdict.finding import Finding
from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports import rendered


class ClientFindings(UserWarning):
    """The client under test did what a client should not; the ini key `registry_sandbox_verdict` asks for this."""


class Verdict:
    """What the sandbox makes of its clients since the last reset.

    Attributes:
        report: the whole of it: rules with their grades, coverage, exchanges.
    """

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What broke a rule, or could not be judged."""
        return self.report.findings

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What broke a must; empty if nothing did, so that a test can assert `not verdict.failed`."""
        return self._graded("fail")

    @property
    def warned(self) -> tuple[Finding, ...]:
        """What broke a should."""
        return self._graded("warning")

    @property
    def text(self) -> str:
        """The report as `registry-sandbox verdict` prints it."""
        return rendered(self.report, "text")

    def grade(self, rule: str) -> str:
        """Return the grade of a rule, such as `not exercised`.

        Raises:
            LookupError: there is no rule of this id.
        """
        for each in self.report.rules:
            if each.id == rule:
                return each.grade
        raise LookupError(
            f"there is no rule {rule!r}; expected one of {', '.join(each.id for each in self.report.rules)}"
        )

    def __repr__(self) -> str:
        """Return the text, so that a failing assertion shows it."""
        return self.text

    def _graded(self, grade: str) -> tuple[Finding, ...]:
        return tuple(each for each in self.report.findings if each.grade == grade)
