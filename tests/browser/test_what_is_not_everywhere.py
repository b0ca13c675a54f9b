"""The views that are there where the sandbox has what they show: verdict, exam, workspaces."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from registry_sandbox.testing.running import RegistrySandbox
from tests.browser.conftest import Watched
from tests.browser.scenes import prepare

VIEWS = {"Verdict": "/verdict", "Exam": "/exam", "Workspaces": "/workspaces"}


def paths(watched: Watched) -> list[str]:
    """Return what the server says that it has."""
    told = httpx.get(watched.root, headers={"Accept": "application/json"}).json()
    return [str(path) for path in told["paths"]]


def require(watched: Watched, path: str) -> None:
    """Skip the test where the sandbox has no such path."""
    if f"/_sandbox{path}" not in paths(watched):
        pytest.skip(f"this sandbox has no {path}")


def test_a_view_is_offered_where_its_path_is(watched: Watched) -> None:
    """And only there."""
    there = paths(watched)
    page = watched.open("traffic")
    for title, path in VIEWS.items():
        expect(page.get_by_role("navigation").get_by_role("link", name=title, exact=True)).to_have_count(
            int(f"/_sandbox{path}" in there)
        )


def test_a_verdict_names_the_exchanges(watched: Watched, sandbox: RegistrySandbox) -> None:
    """A cancel without If-Match fails a rule, live, and a click leads to it."""
    require(watched, "/verdict")
    page = watched.open("verdict")
    prepare(sandbox)
    card = page.locator("li.card", has_text="every update carries If-Match").first
    expect(card).to_contain_text("fail", timeout=10_000)
    card.get_by_role("link", name=re.compile("#")).first.click()
    expect(page.get_by_role("complementary")).to_contain_text("If-Match is missing")


def test_a_workspace_is_made_and_shown_apart(watched: Watched, http: httpx.Client) -> None:
    """Its traffic is its own; the one without a name keeps its own too; a name is shown as a text."""
    require(watched, "/workspaces")
    http.get("/Appointment/booked-tomorrow")
    page = watched.open("workspaces")
    page.get_by_label("Name; empty").fill("team-a")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("No exchange yet.")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("/w/team-a/STU3")
    page.get_by_role("navigation").get_by_role("link", name="Try it").click()
    page.get_by_role("button", name="Send: Read", exact=True).click()
    expect(page.locator(".result .status").first).to_have_text("200")
    page.get_by_role("navigation").get_by_role("link", name="Traffic").click()
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("heading", name="Reset the workspace team-a?")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("combobox", name="Workspace").select_option("(without a name)")
    expect(page.get_by_role("grid")).to_contain_text("booked-tomorrow")
    httpx.delete(f"{watched.root}_sandbox/workspaces/team-a")


def test_the_clock_of_a_workspace_shows_its_own_tokens(watched: Watched) -> None:
    """What was minted in another one expires by another clock."""
    require(watched, "/workspaces")
    workspaces = f"{watched.root}_sandbox/workspaces"
    httpx.post(workspaces, json={"name": "team-b"}).raise_for_status()
    page = watched.open("tokens?w=team-b")
    page.get_by_role("button", name="Mint", exact=True).click()
    expect(page.locator(".verdict.good")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Clock").click()
    tokens = page.get_by_role("listitem").filter(has_text="that was minted here expires")
    expect(tokens).to_have_count(1)
    page.get_by_role("combobox", name="Workspace").select_option("(without a name)")
    page.get_by_role("navigation").get_by_role("link", name="Clock").click()
    expect(page.get_by_role("heading", name="What comes")).to_be_visible()
    expect(tokens).to_have_count(0)
    httpx.delete(f"{workspaces}/team-b")


def test_an_exam_is_followed_while_a_client_acts(watched: Watched) -> None:
    """The task says what to do and where; its state changes when the client has acted."""
    require(watched, "/exam")
    page = watched.open("exam")
    page.get_by_role("button", name="Start the exam").click()
    card = page.locator("li.card").first
    expect(card).to_contain_text("waiting", timeout=15_000)
    base = card.locator("code").first.inner_text()
    token = httpx.get(f"{base.removesuffix('/STU3')}/_sandbox/token").text
    httpx.get(f"{base}/Appointment/unknown", headers={"Authorization": f"Bearer {token}"})
    expect(card).to_contain_text("acting", timeout=15_000)
    card.get_by_role("button", name="My client has acted").click()
    expect(card.locator(".grade")).to_have_text(re.compile("fail|warning|inconclusive"), timeout=15_000)
    httpx.delete(f"{watched.root}_sandbox/exam")
