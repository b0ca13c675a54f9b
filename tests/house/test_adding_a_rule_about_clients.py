"""docs/adding-a-rule-about-clients.md: what it shows works as it stands, as the only thing added."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import registry_sandbox.verdict.rules
from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.verdict.rule import all_rules

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-rule-about-clients.md"
RULE = "a-client-says-who-it-is"


@pytest.fixture
def added(tmp_path: Path) -> Iterator[None]:
    """The rule of the page, as one more file of the package."""
    (shown,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "a_client_says_who_it_is.py").write_text(shown)
    registry_sandbox.verdict.rules.__path__.append(str(tmp_path))
    all_rules.cache_clear()
    yield
    registry_sandbox.verdict.rules.__path__.remove(str(tmp_path))
    sys.modules.pop("registry_sandbox.verdict.rules.a_client_says_who_it_is")
    all_rules.cache_clear()


@pytest.mark.usefixtures("added")
def test_the_file_that_is_shown_is_all_that_it_takes() -> None:
    """A client with a name passes, one without is warned, and the report quotes the requirement."""
    with RegistrySandbox(random_seed=1) as running, httpx.Client() as client:
        client.get(f"{running.base_url}/metadata")
        (graded,) = [each for each in _verdict(running)["rules"] if each["id"] == RULE]
        assert (graded["grade"], graded["occurred"]) == ("pass", 1)
        del client.headers["User-Agent"]
        client.get(f"{running.base_url}/metadata")
        (found,) = [each for each in _verdict(running)["findings"] if each["rule"] == RULE]
    assert (found["grade"], found["exchanges"]) == ("warning", [2])
    assert found["requirement"]["source"] == "RFC 9110, section 10.1.5"


def test_the_page_names_nothing_that_is_not_there() -> None:
    """Every attribute in its tables is one of an exchange or of a conversation."""
    from registry_sandbox.verdict.conversation import Conversation
    from registry_sandbox.verdict.seen import Seen

    section = PAGE.read_text().partition("## What it sees")[2].partition("Mind who")[0]
    named = set(re.findall(r"`(?:client\.)?([a-z_]+)(?:\([^`]*\))?`", section)) - {"client", "steered"}
    known = {name for each in (Seen, Conversation) for name in (*dir(each), *each.__dataclass_fields__)}
    assert named - known == set()


def _verdict(running: RegistrySandbox) -> dict[str, list[dict[str, Any]]]:
    answered: dict[str, list[dict[str, Any]]] = httpx.get(f"{running.control_url}/verdict").raise_for_status().json()
    return answered
