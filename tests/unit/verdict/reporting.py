"""Reports to write: one of a client with every grade, one of an empty journal, and hostile ones drawn by hypothesis."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from registry_sandbox.verdict.finding import Finding, Requirement
from registry_sandbox.verdict.report import Accepted, Coverage, JournalExtent, Met, Report, RuleGrade

RETRY = Requirement("500 MAY be retried.", "NHS FHIR Booking API, Register an appointment")
READ = Requirement("The appointment MUST be retrieved from the registry.", "NHS FHIR Booking API, Cancel")
REPLAY = "- id: again\n  match: {interaction: cancel}\n  when: {nth: [1]}\n  then: {status: 500}\n"


def exchange(number: int, method: str = "PUT", status: int | None = 409, **changes: Any) -> dict[str, Any]:
    """Return an exchange as the journal shows it."""
    response = None if status is None else {"status": status, "headers": {"ETag": 'W/"2"'}, "body": '{"a": "<b>"}'}
    return {
        "number": number,
        "request": {"method": method, "path": "/STU3/Appointment/1a2b", "headers": {"If-Match": 'W/"1"'}, "body": "{}"},
        "response": response,
        "sent": {"body_bytes": 12, "ended": "whole" if status else "reset"},
        "faults": [] if status else ["http-1"],
        **changes,
    }


def finding(**changes: Any) -> Finding:
    """Return a finding of a broken must."""
    made = Finding(
        rule="a-409-is-followed-by-a-read",
        level="must",
        grade="fail",
        client="sandbox-client",
        appointment="1a2b",
        message="Exchange 3 was answered 409, and exchange 4 sends PUT again without a read; expected a GET first.",
        exchanges=(3, 4),
        requirement=READ,
        replay=REPLAY,
    )
    return replace(made, **changes)


def rule(**changes: Any) -> RuleGrade:
    """Return a rule that failed."""
    made = RuleGrade(
        id="a-409-is-followed-by-a-read",
        sentence="A 409 is followed by a read before the next PUT",
        level="must",
        grade="fail",
        requirement=READ,
        occurred=2,
    )
    return replace(made, **changes)


DOUBT = finding(
    rule="an-unknown-outcome-of-a-cancel-is-settled-by-reading",
    level="should",
    grade="inconclusive",
    message="The journal dropped 2 exchanges before exchange 3; a larger --journal-size would make it conclusive.",
    exchanges=(3,),
    replay="",
)
SLOW = finding(
    rule="a-retry-waits", level="should", grade="warning", appointment=None, message="No gap grows.", replay=""
)
RULES = (
    rule(),
    rule(id="a-retry-waits", sentence="A retry waits", level="should", grade="warning", requirement=RETRY, occurred=1),
    rule(
        id=DOUBT.rule,
        sentence="An unknown outcome of a cancel is settled by reading",
        level="should",
        grade="inconclusive",
        message="one of two occasions cannot be judged",
        requirement=RETRY,
    ),
    rule(id="every-update-carries-if-match", sentence="Every update carries If-Match", grade="pass", occurred=2),
    rule(
        id="no-token-is-used-after-its-exp",
        sentence="No token is used after its exp",
        grade="not exercised",
        message="no token expired while the client used it; move the clock to exercise it",
        occurred=0,
    ),
    rule(
        id="logs-hold-no-token",
        sentence="Logs hold no token",
        level="should",
        grade="attested",
        message="by A. Reviewer",
        occurred=0,
    ),
)
OUTCOMES = (
    Met("update", 200, "json", "met and handled"),
    Met("update", 409, "json", "met"),
    Met("update", 409, "xml", "not met"),
)
COVERED = {"8.retry": ("a-retry-waits",), "7.read": (RULES[0].id,), "2.scope": ()}
REPORT = Report(
    rules=RULES,
    findings=(finding(), SLOW, DOUBT),
    coverage=Coverage(OUTCOMES, COVERED),
    journal=JournalExtent(3, 5, 2),
    clients=("sandbox-client",),
    exchanges={3: exchange(3), 4: exchange(4), 5: exchange(5, "GET", None)},
)
EMPTY = Report(
    rules=(rule(grade="not exercised", occurred=0, message="no 409"),),
    findings=(),
    coverage=Coverage((Met("read", 200, "json", "not met"),)),
    journal=JournalExtent(),
)
PASSING = Report(
    rules=(rule(grade="pass"),),
    findings=(),
    coverage=Coverage((Met("read", 200, "json", "met"),)),
    journal=JournalExtent(1, 2),
    clients=("sandbox-client",),
)


def accepting(report: Report, *, because: str = "issue 42") -> Report:
    """Return a report whose findings are all accepted."""
    return replace(report, findings=(), accepted=tuple(Accepted(each, because) for each in report.findings))


HOSTILE = (
    "</title><script>alert(1)</script>",
    "</style><style>*{display:none}",
    "]]>",
    "<!--",
    "-->",
    "&lt;&amp;&#0;",
    "\x00\x1b[31m\x07",
    "\u202e reversed",
    "\udc80\udcff",
    "\ufffe\uffff",
    '" onmouseover="x',
    "'",
    "\r\n\t",
    "${{ secrets }}",
    "%0A::error::",
    "javascript:alert(1)",
    "",
    " ",
    "ł 日本語 🏥",
)
# Texts of headers are decoded so that bytes that are no UTF-8 become low surrogates: these must be written too.
_CHARACTERS = st.characters(codec="utf-8") | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
texts = st.sampled_from(HOSTILE) | st.text(_CHARACTERS, max_size=30)
_grades: Any = st.sampled_from(("pass", "fail", "warning", "inconclusive", "not exercised", "attested"))
_levels: Any = st.sampled_from(("must", "should"))
_numbers = st.integers(0, 10**6)
_ids = st.sampled_from([each.id for each in RULES]) | texts
_exchanges = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"method": texts, "path": texts, "query": texts, "headers": st.dictionaries(texts, texts), "body": texts}
        ),
        "response": st.none()
        | st.fixed_dictionaries(
            {"status": st.integers(100, 599), "headers": st.dictionaries(texts, texts), "body": texts}
        ),
        "sent": st.fixed_dictionaries({"ended": texts}),
        "faults": st.lists(texts, max_size=2),
    }
)
_requirements = st.builds(Requirement, texts, texts)
findings = st.builds(
    Finding,
    rule=_ids,
    level=_levels,
    grade=st.sampled_from(("fail", "warning", "inconclusive")),
    client=texts,
    appointment=st.none() | texts,
    message=texts,
    exchanges=st.lists(st.integers(0, 6), max_size=12).map(tuple),
    requirement=_requirements,
    replay=texts,
)
reports = st.builds(
    Report,
    rules=st.lists(
        st.builds(
            RuleGrade,
            id=_ids,
            sentence=texts,
            level=_levels,
            grade=_grades,
            requirement=_requirements,
            message=texts,
            occurred=_numbers,
        ),
        max_size=4,
        unique_by=lambda each: each.id,
    ).map(tuple),
    findings=st.lists(findings, max_size=4).map(tuple),
    coverage=st.builds(
        Coverage,
        outcomes=st.lists(
            st.builds(
                Met,
                interaction=texts,
                status=st.integers(100, 599),
                format=st.sampled_from(("json", "xml")),
                state=st.sampled_from(("met", "met and handled", "not met")),
            ),
            max_size=4,
        ).map(tuple),
        requirements=st.dictionaries(texts, st.lists(_ids, max_size=2).map(tuple), max_size=3),
    ),
    journal=st.builds(JournalExtent, _numbers, _numbers, _numbers),
    clients=st.lists(texts, max_size=2).map(tuple),
    exchanges=st.dictionaries(st.integers(0, 6), _exchanges, max_size=3),
    accepted=st.lists(st.builds(Accepted, findings, texts), max_size=2).map(tuple),
)
