"""What the page shows when the sandbox is started again, a workspace ends, or everything is reset under it."""

import httpx
from playwright.sync_api import Browser, Page, expect

from registry_sandbox.testing.running import RegistrySandbox
from tests.browser.conftest import Watched

BOOKED = "booked-tomorrow"


def read(sandbox: RegistrySandbox, *ids: str) -> None:
    """Read appointments as a client."""
    with httpx.Client(headers={"Authorization": f"Bearer {sandbox.token()}"}, trust_env=False) as http:
        for each in ids:
            http.get(f"{sandbox.base_url}/Appointment/{each}")


def opened(browser: Browser, sandbox: RegistrySandbox, view: str) -> Page:
    """Open a view of a sandbox, live."""
    page = browser.new_page()
    page.goto(f"{sandbox.control_url.removesuffix('_sandbox')}#{view}")
    page.get_by_role("banner").get_by_text("live").wait_for()
    return page


def test_a_sandbox_that_is_started_again_is_shown_as_it_is_now(browser: Browser) -> None:
    """Its exchanges, faults and verdict in the place of those of the one before, though nothing is clicked."""
    with RegistrySandbox(random_seed=1) as first:
        port = int(first.base_url.rpartition(":")[2].removesuffix("/STU3"))
        read(first, BOOKED, BOOKED, "unknown-to-the-first")
        first.fault("cancel:503")
        traffic, faults, verdict = (opened(browser, first, view) for view in ("traffic", "faults", "verdict"))
        expect(traffic.get_by_role("grid")).to_contain_text("unknown-to-the-first")
        expect(faults.get_by_text("cancel:503")).to_be_visible()
        repeated = verdict.locator("li.card", has_text="the same GET is not repeated")
        expect(repeated.first).to_be_visible()
    expect(traffic.get_by_role("banner")).to_contain_text("no connection")
    with RegistrySandbox(random_seed=1, port=port) as second:
        read(second, "unknown-to-the-second")
        expect(traffic.get_by_role("grid")).to_contain_text("unknown-to-the-second", timeout=20_000)
        expect(traffic.get_by_role("grid").get_by_role("row")).to_have_count(2)
        expect(faults.get_by_text("cancel:503")).to_have_count(0, timeout=20_000)
        expect(repeated).to_have_count(0, timeout=20_000)
        for page in (traffic, faults, verdict):
            page.close()


def test_a_verdict_is_judged_anew_after_a_reset(watched: Watched, sandbox: RegistrySandbox) -> None:
    """Nothing of what was forgotten stays."""
    read(sandbox, BOOKED, BOOKED)
    page = watched.open("verdict")
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    sandbox.reset()
    expect(page.get_by_text("Nothing to judge yet.")).to_be_visible()
    expect(page.get_by_role("heading", name="Findings")).to_have_count(0)


def test_a_workspace_that_ends_is_said_to_be_gone(watched: Watched) -> None:
    """With a way to what there is; and it shows again when it is made again."""
    workspaces = f"{watched.root}_sandbox/workspaces"
    httpx.post(workspaces, json={"name": "passing"}).raise_for_status()
    page = watched.open("traffic?w=passing")
    httpx.delete(f"{workspaces}/passing").raise_for_status()
    expect(page.get_by_role("heading", name="There is no workspace passing")).to_be_visible()
    httpx.post(workspaces, json={"name": "passing"}).raise_for_status()
    expect(page.get_by_text("No exchange yet.")).to_be_visible(timeout=20_000)
    httpx.delete(f"{workspaces}/passing").raise_for_status()
    page.get_by_role("button", name="Show the workspace without a name").click()
    expect(page.get_by_role("banner").get_by_text("live")).to_be_visible()
    assert "passing" not in page.url


def test_an_address_with_a_workspace_that_never_was_says_so(watched: Watched) -> None:
    """Instead of an empty list."""
    page = watched.page
    page.goto(f"{watched.root}#appointments?w=never-made")
    expect(page.get_by_role("heading", name="There is no workspace never-made")).to_be_visible()
    page.get_by_role("link", name="All workspaces").click()
    expect(page.get_by_role("form", name="Make a workspace")).to_be_visible()


def test_a_token_is_seen_to_expire_when_the_clock_is_moved(watched: Watched) -> None:
    """It is kept while the clock is shown, and checked again."""
    page = watched.open("tokens")
    page.get_by_role("button", name="Mint", exact=True).click()
    expect(page.locator(".verdict.good")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Clock").click()
    page.get_by_role("listitem").filter(has_text="that was minted here expires").get_by_role("button").click()
    page.get_by_role("navigation").get_by_role("link", name="Tokens").click()
    expect(page.locator(".verdict.bad")).to_contain_text("Claim exp: the token has expired")
    httpx.put(f"{watched.root}_sandbox/clock", json={"advance": "-1d"}).raise_for_status()
    expect(page.locator(".verdict.bad")).not_to_contain_text("has expired")
