"""The page under a prefix, in a workspace, on either port, behind a control token: its addresses are clients' own."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from registry_sandbox.testing.running import RegistrySandbox
from tests.browser.conftest import Watched, clipboard
from tests.browser.test_what_a_user_does import detail
from tests.ports import free_port

BOOKED = "booked-tomorrow"


def copied(page: Page, button: str) -> str:
    """Press a button of the open exchange, and return what it gave to the clipboard."""
    page.evaluate("navigator.clipboard.writeText('')")
    detail(page).get_by_role("button", name=button, exact=True).click()
    return clipboard(page)


def context_of(browser: Browser) -> BrowserContext:
    """Return a context that may read the clipboard."""
    return browser.new_context(permissions=["clipboard-read", "clipboard-write"])


@pytest.mark.parametrize("seen_as", ["/nhs/STU3", "/STU3"], ids=["the proxy passes the prefix on", "it strips it"])
def test_under_a_prefix_a_request_is_sent_again_to_where_clients_send_it(browser: Browser, seen_as: str) -> None:
    """Whatever of the path the registry saw; and the row shows what stands below the base."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/nhs/STU3"
    with RegistrySandbox(random_seed=1, port=port, base_url=base) as prefixed:
        bearer = {"Authorization": f"Bearer {prefixed.token()}"}
        httpx.get(f"http://127.0.0.1:{port}{seen_as}/Appointment/{BOOKED}", headers=bearer)
        page = context_of(browser).new_page()
        page.goto(f"http://127.0.0.1:{port}/nhs#traffic?open=1")
        expect(page.locator('[data-key="1"] .c-what')).to_have_text(f"GET Appointment/{BOOKED}")
        assert f"'{base}/Appointment/{BOOKED}'" in copied(page, "Copy as curl")
        page.get_by_role("button", name="Edit and send again").click()
        expect(page.get_by_label("GET to")).to_have_value(f"{base}/Appointment/{BOOKED}")
        page.context.close()


def test_in_a_workspace_a_request_is_sent_again_to_the_workspace(watched: Watched) -> None:
    """And not to the registry without a name, which has another state."""
    made = httpx.post(f"{watched.root}_sandbox/workspaces", json={"name": "team-b"}).json()
    token = httpx.get(f"{made['control_url']}/token").text
    httpx.get(f"{made['base_url']}/Appointment/{BOOKED}", headers={"Authorization": f"Bearer {token}"})
    page = watched.open("traffic?w=team-b&open=1")
    expect(page.locator('[data-key="1"] .c-what')).to_have_text(f"GET Appointment/{BOOKED}")
    assert f"'{made['base_url']}/Appointment/{BOOKED}'" in copied(page, "Copy as curl")
    page.get_by_role("button", name="Edit and send again").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("region", name="Answer").locator(".status").first).to_have_text("200")
    expect(page.get_by_role("link", name="exchange 2 in Traffic")).to_be_visible()
    httpx.delete(f"{watched.root}_sandbox/workspaces/team-b")


def test_what_this_page_sent_is_found_when_it_is_sent_again(watched: Watched) -> None:
    """Its request id is a new one, and no command has the old one."""
    page = watched.open("try")
    page.get_by_role("button", name="Send: Read", exact=True).click()
    page.get_by_role("link", name="exchange 1 in Traffic").click()
    assert "console-" not in copied(page, "Copy as curl")
    page.get_by_role("button", name="Edit and send again").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("link", name="exchange 2 in Traffic")).to_be_visible()


@pytest.mark.parametrize("button", ["Copy as curl", "httpx"])
def test_a_command_gets_a_token_of_the_same_client_and_holds_no_control_token(browser: Browser, button: str) -> None:
    """The control token stands in a variable; a reader's request is a reader's again."""
    with RegistrySandbox(random_seed=1, control_token="open sesame") as guarded:
        bearer = {"Authorization": f"Bearer {guarded.token(client='sandbox-reader')}"}
        httpx.get(f"{guarded.base_url}/Appointment/{BOOKED}", headers=bearer)
        page = context_of(browser).new_page()
        page.goto(f"{guarded.control_url.removesuffix('_sandbox')}#traffic?open=1")
        page.get_by_label("Control token").fill("open sesame")
        page.get_by_role("button", name="Open").click()
        command = copied(page, button)
        assert "/_sandbox/token?client=sandbox-reader" in command
        assert "SANDBOX_CONTROL_TOKEN" in command
        assert "sesame" not in command
        page.context.close()


def test_on_the_registrys_own_port_the_page_says_where_the_console_is(browser: Browser) -> None:
    """Instead of waiting for a control plane that is not there."""
    with RegistrySandbox(random_seed=1, control_port=0) as apart:
        page = browser.new_page()
        page.goto(apart.base_url.removesuffix("STU3"))
        expect(page.get_by_role("heading", name="The console is on another port")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        page.close()


def test_a_registry_that_the_browser_cannot_reach_is_named(browser: Browser) -> None:
    """Under mutual TLS it has no certificate: the message says what is missing."""
    with RegistrySandbox(random_seed=1, tls="mutual", control_port=0) as mutual:
        page = browser.new_page()
        page.goto(f"{mutual.control_url.removesuffix('_sandbox')}#try")
        for call in ("Read", "Cancel"):
            page.get_by_role("button", name=f"Send: {call}", exact=True).click()
            expect(page.get_by_text(re.compile("under mutual TLS have one of its own")).last).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("could not be read first")
        page.close()
