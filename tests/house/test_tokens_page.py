"""docs/tokens.md over HTTP: every curl line is run, and the outcome says what the table says."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from registry_sandbox.testing.running import RegistrySandbox
from tests.unit.auth.test_documentation import rows

ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def spine() -> Iterator[RegistrySandbox]:
    """A sandbox that takes the Spine's kind of token."""
    with RegistrySandbox(auth="spine") as sandbox:
        yield sandbox


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}: {row[1]}")
def test_each_line_is_refused_as_the_table_says(
    row: tuple[str, str, str, list[str]], running: RegistrySandbox, spine: RegistrySandbox
) -> None:
    """403, with the findings of the row, and no word of the token."""
    mode, _, line, says = row
    sandbox = spine if mode == "spine" else running
    script = line.replace(ADDRESS, sandbox.base_url.removesuffix("/STU3"))
    outcome = json.loads(subprocess.check_output(["bash", "-c", script], text=True))  # noqa: S603, S607
    assert {each["details"]["coding"][0]["code"] for each in outcome["issue"]} == {"ACCESS DENIED"}
    found = [each["diagnostics"] for each in outcome["issue"]]
    assert len(found) == len(says)
    for message, expected in zip(found, says, strict=True):
        assert re.fullmatch(re.escape(expected).replace("…", ".+"), message)
