"""The formats of a report, one module each; each module has `render`, which writes a report and needs nothing else."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final, Literal, cast

from registry_sandbox.verdict.report import Report

Format = Literal["text", "json", "html", "junit", "sarif", "testreport"]

MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "text": "text/plain; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "junit": "application/xml",
    "sarif": "application/sarif+json",
    "testreport": "application/fhir+json",
}
"""The formats, each with its media type; each is the module of that name in this package."""

ENDINGS: Final[Mapping[str, Format]] = {
    ".testreport.json": "testreport",
    ".json": "json",
    ".html": "html",
    ".xml": "junit",
    ".sarif": "sarif",
    ".txt": "text",
}
"""The format of a file by the ending of its name; the first that fits."""


def rendered(report: Report, wanted: Format) -> str:
    """Write a report in a format; its module is imported only now."""
    render = cast("Callable[[Report], str]", import_module(f"{__name__}.{wanted}").render)
    return render(report)


def format_of(file: Path) -> Format:
    """Return the format that the name of a file asks for.

    Raises:
        ValueError: its ending is none of `ENDINGS`; the message says what was expected.
    """
    for ending, wanted in ENDINGS.items():
        if file.name.lower().endswith(ending):
            return wanted
    raise ValueError(f"a name that ends in {', '.join(ENDINGS)}")
