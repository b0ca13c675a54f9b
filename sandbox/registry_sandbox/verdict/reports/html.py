"""A report as one page of HTML: it loads nothing, has no script, and shows whatever a client sent as text."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, tostring

from registry_sandbox import __version__
from registry_sandbox.verdict.finding import Finding
from registry_sandbox.verdict.report import Report
from registry_sandbox.verdict.reports.by_rule import by_rule
from registry_sandbox.verdict.reports.exchange_lines import line_of, request_text, response_text
from registry_sandbox.verdict.reports.html_tables import coverage, rules, uncovered
from registry_sandbox.verdict.reports.markup import element
from registry_sandbox.verdict.summary import headline, judged, summary

_STYLE: Final = Path(__file__).with_name("html.css")


def render(report: Report) -> str:
    """Write the page."""
    style = _STYLE.read_text("utf-8")
    page = element("html", _head(report, style), _body(report), lang="en")
    return f"<!DOCTYPE html>\n{tostring(page, encoding='unicode', method='html')}\n"


def _head(report: Report, style: str) -> Element:
    # Only this very style may be applied: whatever a text of a client might become, the browser runs and loads nothing.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    sheet = Element("style")
    sheet.text = style
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", _title(report)),
        sheet,
    )


def _title(report: Report) -> str:
    return f"Verdict on {', '.join(report.clients)}" if report.clients else "Verdict"


def _body(report: Report) -> Element:
    return element(
        "body",
        element("h1", _title(report)),
        element("p", f"Appointment Registry Sandbox {__version__}; {judged(report)}", class_="soft"),
        *_numbers(report),
        *_section("Findings", *_findings(report)),
        *_section("Expected findings", *_accepted(report)),
        *_section("Scenarios", *rules(report, scenarios=True)),
        *_section("Rules", *rules(report)),
        *_section("Coverage", *coverage(report)),
        *_section("Requirements that no rule covers", *uncovered(report)),
        *_section("Exchanges", *_exchanges(report)),
    )


def _section(title: str, *content: Element) -> Iterator[Element]:
    if content:
        yield element("h2", title)
        yield from content


def _numbers(report: Report) -> Iterator[Element]:
    counts = summary(report)
    shown = [
        ("pass", "passed", counts.passed),
        ("fail", "failed", counts.failed),
        ("unmet", "not exercised", counts.not_exercised),
        ("warning", "warnings", counts.warnings),
        ("inconclusive", "inconclusive", counts.inconclusive),
        ("attested", "attested", counts.attested),
    ]
    tiles = [_tile(word, element("dd", str(count), **_class(kind if count else ""))) for kind, word, count in shown]
    met = element("small", f"{counts.met} of {counts.outcomes}")
    tiles.insert(3, _tile("coverage", element("dd", f"{counts.percent} % ", met)))
    yield element("dl", *tiles, class_="numbers")
    if any(each.is_scenario for each in report.rules):
        yield element("p", f"{headline(report)}.")
    if not counts.exercised:
        said = "Nothing was exercised: no rule came to a result, so this page says nothing about the client."
        yield element("p", said, class_="note")


def _tile(word: str, number: Element) -> Element:
    return element("div", element("dt", word), number)


def _class(kind: str) -> dict[str, str]:
    return {"class_": kind} if kind else {}


def _findings(report: Report) -> Iterator[Element]:
    if not report.findings and summary(report).exercised:
        yield element("p", "None.")
    for group in by_rule(report.findings):
        yield from (_article(report, finding, finding.grade) for finding in group)


def _accepted(report: Report) -> Iterator[Element]:
    for each in report.accepted:
        yield _article(report, each.finding, "expected", each.because)


def _article(report: Report, finding: Finding, word: str, because: str = "") -> Element:
    sentence = next((rule.sentence for rule in report.rules if rule.id == finding.rule), finding.rule)
    required = finding.requirement
    return element(
        "article",
        element(
            "header",
            element("span", word, class_=f"grade {finding.grade}"),
            element("span", finding.level, class_="soft"),
            element("h3", sentence),
        ),
        element("p", *_about(finding)),
        *([element("p", f"Expected: {because}")] if because else []),
        *(element("p", line) for line in finding.message.split("\n")),
        element("blockquote", required.text, " ", element("cite", f"({required.source})")),
        *_cited(report, finding),
        *_replay(finding),
    )


def _about(finding: Finding) -> Iterator[Element | str]:
    yield element("code", finding.client) if finding.client else "A client without a name"
    if finding.appointment:
        yield ", appointment "
        yield element("code", finding.appointment)
    yield "; rule "
    yield element("code", finding.rule)


def _cited(report: Report, finding: Finding) -> Iterator[Element]:
    if finding.exchanges:
        yield element("ul", *(_citation(report, number) for number in finding.exchanges), class_="exchanges")


def _citation(report: Report, number: int) -> Element:
    line = element("code", f"{number}  {line_of(report, number)}")
    return element("li", element("a", line, href=f"#exchange-{number}") if number in report.exchanges else line)


def _replay(finding: Finding) -> Iterator[Element]:
    if finding.replay:
        how = element("summary", "Provoke it again: start the sandbox with this as --fault-file")
        yield element("details", how, element("pre", finding.replay))


def _exchanges(report: Report) -> Iterator[Element]:
    for number, exchange in report.exchanges.items():
        # The id stands inside: a browser that follows a link to it unfolds what is around it.
        content = element("div", element("pre", request_text(exchange)), element("pre", response_text(exchange)))
        content.set("id", f"exchange-{number}")
        yield element("details", element("summary", element("code", f"{number}  {line_of(report, number)}")), content)
