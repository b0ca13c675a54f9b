"""Every single fault has one finding, in its place, with what was found and what is expected."""

import io
import json
import re
from pathlib import Path

import pytest

from registry_sandbox.cli.report import FileReport
from registry_sandbox.cli.validate import validated
from registry_sandbox.fhir.finding import Finding
from tests.oracle.single_faults import FAULTS, WHOLE, Fault, as_documents

Reports = dict[str, FileReport]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """What `registry-sandbox validate` says of every document, by the name of its file."""
    folder = tmp_path_factory.mktemp("faults")
    for number, fault in enumerate(FAULTS):
        for written, text in as_documents(fault):
            (folder / f"{number}.{written}").write_text(text, encoding="utf-8")
    (folder / "whole.json").write_text(json.dumps(WHOLE))
    return {Path(each.file).name: each for each in validated([str(folder)], [], io.BytesIO())}


def errors(report: FileReport) -> list[Finding]:
    """Return the findings that make it invalid."""
    return [each for each in report.findings if each.severity == "error"]


@pytest.mark.parametrize(("number", "fault"), list(enumerate(FAULTS)), ids=[each.name[:80] for each in FAULTS])
def test_it_has_one_finding(reports: Reports, number: int, fault: Fault) -> None:
    """In each format that can have it."""
    for written, text in as_documents(fault):
        [error] = errors(reports[f"{number}.{written}"])
        element = fault.in_json if fault.in_json and written == "json" else fault.element
        assert re.sub(r"\[\d+\]|[fh]:", "", error.location).endswith(element)
        assert error.line is not None
        assert fault.is_in_line(written, text, error.line)
        assert (fault.found in error.message, fault.expected in error.message) == (True, True), error.message


def test_what_they_are_made_of_is_valid(reports: Reports) -> None:
    """So that what is found is the fault; and there are enough of them, nearly all in both formats."""
    assert errors(reports["whole.json"]) == []
    assert len({each.name for each in FAULTS}) == len(FAULTS) >= 68
    assert sum(name.endswith("xml") for name in reports) >= 68
