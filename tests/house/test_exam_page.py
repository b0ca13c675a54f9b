"""docs/exam.md: its tables are those of the scenarios and of the bad clients, and what it shows can be used."""

import os
import re
from pathlib import Path

import pytest
import yaml

from registry_sandbox.cli.exam_driver import PLACEHOLDERS, words_of
from registry_sandbox.verdict.exam.scenario_files import BadScenario, read_text, shipped_scenarios
from tests.house.bad_clients import BAD

PAGE = Path(__file__).parents[2] / "docs" / "exam.md"


def scenarios() -> str:
    """The table of the shipped scenarios."""
    rows = [
        f"| `{each.name}` | {' '.join(each.about.split())} | {', '.join(f'`{fault}`' for fault in each.faults)} |"
        for each in shipped_scenarios()
    ]
    return "\n".join(["| scenario | what it is about | faults |", "|---|---|---|", *rows])


def bad_clients() -> str:
    """The table of the bad clients."""
    rows = [
        f"| `{each.rule}` | {each.because} | `{each.scenario}` | {', '.join(f'`{one}`' for one in each.consequences)} |"
        for each in BAD
    ]
    return "\n".join(["| rule | the client that breaks it | scenario | breaks with it |", "|---|---|---|---|", *rows])


@pytest.mark.parametrize(("name", "table"), [("the shipped scenarios", scenarios), ("the bad clients", bad_clients)])
def test_the_tables_are_those_of_the_code(name: str, table: object) -> None:
    """`WRITE_DOCS=1` writes them."""
    assert callable(table)
    text = PAGE.read_text("utf-8")
    found = re.search(rf"(<!-- {name}: .*? -->\n\n)(.*?)(\n*<!-- end of {name} -->)", text, re.DOTALL)
    assert found is not None
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(
            f"{text[: found.end(1)]}{table()}\n\n{text[found.end(3) - len(f'<!-- end of {name} -->') :]}", "utf-8"
        )
        return
    assert found[2].strip() == table()


def test_the_number_of_scenarios_is_right() -> None:
    """Where the page begins."""
    assert f"{len(shipped_scenarios())} scenarios" in PAGE.read_text("utf-8")


def test_the_scenario_that_is_shown_can_be_used_and_the_mistake_is_told_as_shown() -> None:
    """With its line."""
    shown = next(each for each in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    scenario, document = read_text(shown.encode(), "mine.yaml")
    assert scenario.name == "cancel-in-bad-weather"
    assert document == yaml.safe_load(shown)
    with pytest.raises(BadScenario) as refused:
        read_text(shown.replace("  rules:", "  ruels:").encode(), "mine.yaml")
    assert f"registry-sandbox: {refused.value}" in PAGE.read_text("utf-8")


def test_the_commands_that_are_shown_can_be_read_and_every_placeholder_is_there() -> None:
    """As the command reads them."""
    text = PAGE.read_text("utf-8")
    commands = re.findall(r"--command '([^']*)'", text)
    assert len(commands) >= 3
    assert all(words_of(each) for each in commands)
    assert [each for each in PLACEHOLDERS if f"`{{{each}}}`" not in text] == []
