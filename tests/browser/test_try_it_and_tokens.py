"""Try it and the tables of errors: each row is provoked by one click, and the pages say the same."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.unit.auth.test_documentation import rows

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
STATUS = ".result > h3 .status"


def documented() -> list[tuple[str, str, str]]:
    """Return status, sentence and Spine code of each row of the README's table; links are read as their texts."""
    found = re.findall(r"^\| (\d{3}) \| ([^|]+) \| ([A-Z_ ]+?) \| `.+` \|$", README, re.MULTILINE)
    return [(status, re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", when).strip(), code) for status, when, code in found]


def data(page: Page, module: str, name: str) -> Any:
    """Return what a module of the page exports, as JSON."""
    return page.evaluate(f"import('/console/data/{module}.js').then((it) => JSON.parse(JSON.stringify(it.{name})))")


def test_the_table_of_errors_is_that_of_the_readme(watched: Watched) -> None:
    """Row by row."""
    page = watched.open("try")
    shown = [(str(each["status"]), each["when"], each["code"]) for each in data(page, "errors", "ERRORS")]
    assert shown == documented()


def test_every_documented_error_comes_by_one_click_and_is_explained(watched: Watched) -> None:
    """The status and the Spine code of its row, and what to do now."""
    page = watched.open("try")
    for status, when, code in documented():
        page.get_by_role("button", name=f"Send: {when}", exact=True).click()
        answer = page.get_by_role("region", name="Answer", exact=True)
        expect(answer.locator("h3 .status").first).to_have_text(status)
        expect(answer.get_by_role("region", name="Why", exact=True)).to_contain_text(code)
        expect(answer).to_contain_text("What now?")
        expect(answer.get_by_role("link", name=re.compile("in Traffic"))).to_be_visible()


def test_every_call_of_the_contract_succeeds(watched: Watched) -> None:
    """With the seeded samples, from the start."""
    page = watched.open("try")
    for call in data(page, "calls", "CALLS"):
        page.get_by_role("button", name=f"Send: {call['name']}", exact=True).click()
        card = page.locator("li.card", has=page.get_by_role("button", name=f"Send: {call['name']}", exact=True))
        expect(card.locator(STATUS)).to_have_text(re.compile("^20[01]$"))


def test_an_answer_is_shown_where_the_window_ends_at_its_button(watched: Watched) -> None:
    """The window follows it: its status can be read without scrolling."""
    page = watched.open("try")
    button = page.get_by_role("button", name="Send: Register", exact=True)
    top = button.evaluate("it => it.getBoundingClientRect().bottom")
    page.set_viewport_size({"width": 1280, "height": int(top) + 5})
    button.click()
    expect(page.locator(STATUS)).to_have_text("201")
    expect(page.locator(STATUS)).to_be_in_viewport()


def test_the_table_of_tokens_is_that_of_the_documentation(watched: Watched) -> None:
    """What is wrong, in which kind of token, and what the registry says of it."""
    shown = data(watched.open("tokens"), "tokens", "BROKEN")
    assert [(each["mode"], each["what"], each["says"]) for each in shown] == [
        (mode, what, says) for mode, what, _, says in rows()
    ]


def test_every_broken_token_is_refused_as_its_row_says(watched: Watched) -> None:
    """Each that a browser can send; three dots stand for what depends on the sandbox."""
    page = watched.open("tokens")
    for row in (
        each for each in data(page, "tokens", "BROKEN") if each["mode"] == "registry" and not each.get("twice")
    ):
        page.get_by_role("button", name=f"Send: {row['what']}", exact=True).click()
        answer = page.get_by_role("region", name="Answer", exact=True)
        expect(answer.locator("h3 .status").first).to_have_text("403")
        for message in row["says"]:
            pattern = re.escape(message.replace("`", "")).replace("…", ".+")
            expect(answer.get_by_role("region", name="Why", exact=True)).to_contain_text(re.compile(pattern))
