"""The views as they are photographed and looked over: with something in them, and something open."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx
from playwright.sync_api import Page

from registry_sandbox.testing.running import RegistrySandbox


def _nothing(_: Page) -> None:
    """Leave the view as it is."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A view, what is done in it, and what it needs of the control API."""

    name: str
    view: str
    act: Callable[[Page], None] = _nothing
    needs: str = ""


def _mint(page: Page) -> None:
    page.get_by_role("button", name="An expired one").click()
    page.locator(".verdict.bad").wait_for()


def _set_fault(page: Page) -> None:
    page.get_by_role("form", name="Set a fault").get_by_label("status", exact=True).check()
    page.get_by_text("cancel:503").wait_for()


def _send(page: Page) -> None:
    page.get_by_role("button", name="Send: Search").click()
    page.get_by_role("region", name="Answer body").wait_for()


def _exchange(page: Page) -> None:
    page.get_by_role("heading", name="Answer", exact=True).wait_for()


def _appointment(page: Page) -> None:
    page.get_by_role("heading", name="Versions", exact=True).wait_for()


def _verdict(page: Page) -> None:
    page.get_by_role("heading", name="Findings").wait_for()


def _exam(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Start")).click()
    page.get_by_text("waiting").first.wait_for()


SCENES = (
    Scene("traffic", "traffic"),
    Scene("exchange", "traffic?open=5", _exchange),
    Scene("appointments", "appointments?open=several-versions", _appointment),
    Scene("faults", "faults", _set_fault),
    Scene("tokens", "tokens", _mint),
    Scene("try", "try", _send),
    Scene("clock", "clock"),
    Scene("verdict", "verdict", _verdict, needs="/verdict"),
    Scene("workspaces", "workspaces", needs="/workspaces"),
    Scene("exam", "exam", _exam, needs="/exam"),
)


def prepare(sandbox: RegistrySandbox) -> None:
    """Let clients do what clients do: read, cancel wrongly in three ways, lose an answer, search, register."""
    reader = sandbox.token(client="sandbox-reader")
    headers = {"Authorization": f"Bearer {sandbox.token()}", "Content-Type": "application/fhir+json"}
    booked = "/Appointment/booked-tomorrow"
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False) as http:
        http.get("/metadata", headers={"Authorization": headers["Authorization"]})
        body = http.get(booked).text.replace('"booked"', '"cancelled"')
        http.put(booked, content=body)
        http.put(booked, content=body, headers={"If-Match": 'W/"7"'})
        http.put(booked, content=body.replace("T09:30", "T10:30"), headers={"If-Match": 'W/"1"'})
        http.get("/Appointment", params={"Patient": "https://fhir.nhs.uk/Id/nhs-number|9999535003"})
        http.post("/Appointment", content="{}", headers={"Authorization": f"Bearer {reader}"})
        sandbox.fault("cancel:commit+reset@x1")
        with suppress(httpx.HTTPError):  # that the answer is lost is what the fault is for
            http.put(booked, content=body, headers={"If-Match": 'W/"1"'})
        http.get(booked)
        http.get("/Appointment", params={"Patient": "https://fhir.nhs.uk/Id/nhs-number|9991000011"})


def offered(root: str) -> list[Scene]:
    """Return the scenes of the views that this sandbox has."""
    paths = httpx.get(root, headers={"Accept": "application/json"}).json()["paths"]
    return [each for each in SCENES if not each.needs or f"/_sandbox{each.needs}" in paths]


def show(page: Page, root: str, scene: Scene) -> None:
    """Show a scene, once everything is there."""
    page.goto("about:blank")
    page.goto(f"{root}#{scene.view}")
    page.get_by_role("banner").get_by_text("live").wait_for()
    scene.act(page)
    page.wait_for_timeout(250)  # for what comes with the next frames
