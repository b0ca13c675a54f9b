"""Every view, light and dark, from a telephone to a wide screen: axe finds nothing, nothing is wider than the page."""

import json
import os
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from registry_sandbox.testing.running import RegistrySandbox
from tests.browser.conftest import Watched
from tests.browser.scenes import offered, prepare, show

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "console"
WIDTHS = (360, 768, 1280, 2560)
RULES = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})

# Buttons whose text is broken in two; links and chips that look like text may be.
BROKEN = """[...document.querySelectorAll('button:not(.link, .chip)')]
  .filter((each) => each.offsetHeight > 44).map((each) => each.innerText)"""


def violations(page: Page, axe: str) -> list[str]:
    """Return what axe finds, each with the first element that shows it."""
    page.evaluate(axe)
    found: Any = page.evaluate(f"axe.run(document, {RULES})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary'][:300]}"
        for each in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(
    browser: Browser, sandbox: RegistrySandbox, axe: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    """In any view, with something open in it."""
    prepare(sandbox)
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    root = sandbox.control_url.removesuffix("_sandbox")
    found = {}
    for scene in offered(root):
        show(page, root, scene)
        found[scene.name] = violations(page, axe)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{scene.name} is {wider} pixels wider than the page"
        assert page.evaluate(BROKEN) == [], f"{scene.name}: buttons in several lines"
        expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_be_in_viewport(ratio=0.95)
    context.close()
    httpx.delete(f"{root}_sandbox/exam")  # where there is one
    told = "\n".join(f"{name}: {each}" for name, each in found.items() if each)
    assert not told, told


@pytest.mark.skipif(
    "CONSOLE_SCREENSHOTS" not in os.environ, reason="CONSOLE_SCREENSHOTS=1 makes those of the docs anew"
)
def test_screenshots_of_the_docs(browser: Browser) -> None:
    """One of each view, on a frozen clock."""
    with RegistrySandbox(random_seed=1, port=18099, clock="2026-11-27T09:00:00Z") as sandbox:
        prepare(sandbox)
        context = browser.new_context(viewport={"width": 1200, "height": 760}, color_scheme="light")
        page = context.new_page()
        root = sandbox.control_url.removesuffix("_sandbox")
        for scene in offered(root):
            show(page, root, scene)
            page.screenshot(path=SCREENSHOTS / f"{scene.name}.png")
        context.close()


def test_hostile_texts_are_shown_as_texts(watched: Watched, sandbox: RegistrySandbox) -> None:
    """In names, paths, queries, headers, bodies, faults and messages: markup is never an element."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'`${alert(3)}\u202etxet"
    story = {
        "id": "hostile",
        "patient": "9991000011",
        "name": hostile,
        "pointer": "https://provider.example.test/appointments/hostile",
        "start": "+1d 09:30",
        "end": "+1d 09:40",
        "status": "booked",
        "created": "-1d 09:00",
    }
    httpx.post(f"{sandbox.control_url}/appointments", json=story).raise_for_status()
    fault = {"match": {"interaction": "read", "client": hostile}, "then": {"status": 503, "diagnostics": hostile}}
    httpx.post(f"{sandbox.control_url}/faults", json=fault)
    httpx.post(f"{sandbox.control_url}/faults", json={**fault, "match": {"interaction": "read"}}).raise_for_status()
    headers = {
        "Authorization": f"Bearer {sandbox.token()}",
        "X-Quote": hostile.replace("\u202e", ""),
        "Content-Type": "application/fhir+json",
    }
    httpx.get(f"{sandbox.base_url}/Appointment/hostile", headers=headers, params={"x": hostile})
    httpx.get(f"{sandbox.base_url}/Appointment/hostile", headers=headers)
    httpx.post(
        f"{sandbox.base_url}/Appointment",
        headers=headers,
        content=json.dumps({"resourceType": "Appointment", hostile: hostile}),
    )
    for view in (
        "traffic?open=1",
        "traffic?open=2",
        "traffic?open=3",
        f"traffic?text={hostile}",
        "appointments?open=hostile",
        "faults",
    ):
        watched.page.goto("about:blank")  # so that nothing is seen of the view before
        page = watched.open(view)
        for told in ("<img src=x", "\\u202etxet"):
            expect(page.locator("body")).to_contain_text(told)
        assert page.locator("#page :is(img:not([alt='']), script, b:has(b))").count() == 0
        assert "\u202e" not in page.locator("body").inner_text(), "a character that turns the text after it"
