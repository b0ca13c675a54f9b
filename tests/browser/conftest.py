"""A sandbox and a real browser that looks at its console. `make browser` says where the browser is."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from registry_sandbox.testing.running import RegistrySandbox

CHROMIUM = os.environ.get("CONSOLE_CHROMIUM", "")
expect.set_options(timeout=30_000)
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


class Watched:
    """A page that remembers what it asked for, and what went wrong in it."""

    def __init__(self, context: BrowserContext, sandbox: RegistrySandbox) -> None:
        self.page: Page = context.new_page()
        self.root = sandbox.control_url.removesuffix("_sandbox")
        self.asked: list[str] = []
        self.failed: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.failed.append(str(error)))
        self.page.on("console", lambda told: self._told(told.type, told.text))

    def _told(self, kind: str, text: str) -> None:
        # The browser itself tells of every answer from 400 on: those are wanted here.
        if kind == "error" and "Failed to load resource" not in text:
            self.failed.append(text)

    def open(self, view: str) -> Page:
        """Show a view, such as `traffic?status=4xx`, once it is live."""
        self.page.goto(f"{self.root}#{view}")
        self.page.get_by_role("banner").get_by_text("live").wait_for()
        return self.page


def clipboard(page: Page) -> str:
    """Return what was copied, once something was: the button says so for a moment only."""
    return str(page.wait_for_function("navigator.clipboard.readText()").json_value())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def sandbox(running: RegistrySandbox) -> Iterator[RegistrySandbox]:
    """The session's sandbox, as it is at its start."""
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def watched(browser: Browser, sandbox: RegistrySandbox) -> Iterator[Watched]:
    """A page; at the end nothing failed in it, and it asked no other host."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    watched = Watched(context, sandbox)
    yield watched
    context.close()
    assert watched.failed == []
    own = watched.root.rstrip("/")
    assert [url for url in watched.asked if not url.startswith((own, "data:", f"blob:{own}"))] == []


@pytest.fixture
def http(sandbox: RegistrySandbox) -> Iterator[httpx.Client]:
    """A client of the registry, with a token."""
    headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that finds what people with disabilities could not use."""
    return Path(os.environ["CONSOLE_AXE"]).read_text(encoding="utf-8")
