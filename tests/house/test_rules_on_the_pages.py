"""Every short form of a fault that a page shows, inside a sentence or a table, is one that the sandbox takes."""

import re
from pathlib import Path

import pytest

from registry_sandbox.faults.match import ALIASES, FHIR_INTERACTIONS, TOKEN
from registry_sandbox.faults.short_form import read_short_form

ROOT = Path(__file__).parents[2]
TARGETS = "|".join(map(re.escape, ("*", TOKEN, *ALIASES, *FHIR_INTERACTIONS)))
# `read:appointment` is the end of an Ssp-InteractionID.
SHORT_FORM = re.compile(rf"`((?:{TARGETS})(?:/[A-Za-z0-9.-]+)?:(?!appointment)[a-z0-9]\S*)`")


def shown() -> list[tuple[str, str]]:
    """Return the short forms, each with its page."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [(page.name, found) for page in pages for found in SHORT_FORM.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "text"), shown())
def test_it_can_be_read(page: str, text: str) -> None:
    """A key that is missing, or a value that cannot be used, would refuse what a reader pastes."""
    assert read_short_form(text, page, "shown").interactions


def test_they_are_found() -> None:
    """The pattern meets the pages as they are."""
    assert len(shown()) > 40
