"""The main ways of a user through the console, in a real browser."""

import re
import threading
from contextlib import suppress

import httpx
from playwright.sync_api import Browser, Page, expect

from registry_sandbox.testing.running import RegistrySandbox
from tests.browser.conftest import Watched

BOOKED = "booked-tomorrow"


def cancelled(http: httpx.Client, *changes: tuple[str, str]) -> str:
    """Return the body of a cancel, with these texts changed beside the status."""
    body = http.get(f"/Appointment/{BOOKED}").text.replace('"booked"', '"cancelled"')
    for old, new in changes:
        body = body.replace(old, new)
    return body


def detail(page: Page) -> Page:
    """Return the page once the details of an exchange are there."""
    page.get_by_role("complementary").get_by_role("heading", name="Request").wait_for()
    return page


def test_why_a_cancel_is_refused_is_two_clicks_away(watched: Watched, http: httpx.Client) -> None:
    """The row says it, the open exchange marks the element, shows the difference and says what to do."""
    page = watched.open("traffic")
    body = cancelled(http, ("T09:30", "T10:30"))
    http.put(f"/Appointment/{BOOKED}", content=body, headers={"If-Match": 'W/"1"'})
    row = page.get_by_role("row").filter(has=page.get_by_text("422", exact=True))
    expect(row).to_contain_text("Appointment.start: stored")
    row.click()
    detail(page)
    why = page.get_by_role("region", name="Why", exact=True)
    expect(why).to_contain_text("expected no change but of status")
    why.get_by_role("button", name="/Appointment/start").click()
    expect(page.locator(".line.marked")).to_contain_text("T10:30")
    expect(page.locator(".line.marked")).to_be_in_viewport()
    expect(page.locator(".line.removed")).to_contain_text(["T09:30"])
    expect(page.locator(".line.added")).to_contain_text(["T10:30"])


def test_a_place_in_xml_is_marked_too(watched: Watched, http: httpx.Client) -> None:
    """The second of two participants, and no other line."""
    actor = "<actor><identifier><value value='{}'/></identifier></actor>"
    both = "".join(f"<participant>{actor.format(number)}</participant>" for number in ("9991000011", "12"))
    body = f"<Appointment xmlns='http://hl7.org/fhir'>{both}</Appointment>"
    http.post("/Appointment", content=body, headers={"Content-Type": "application/fhir+xml"})
    page = detail(watched.open("traffic?open=1"))
    marked = page.locator(".line.marked", has_text="<value ")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("value='12'")
    expect(page.locator(".line.marked", has_text="<Appointment")).to_have_count(1)


def test_a_refused_request_is_mended_and_sent_again(watched: Watched, http: httpx.Client) -> None:
    """If-Match is added in the form, and the registry accepts it, with a fresh token."""
    http.put(f"/Appointment/{BOOKED}", content=cancelled(http))
    page = watched.open("traffic?status=4xx")
    page.get_by_role("row").filter(has=page.get_by_text("412", exact=True)).click()
    detail(page).get_by_role("button", name="Edit and send again").click()
    headers = page.get_by_label("Headers (a fresh token is added)")
    headers.fill(f'{headers.input_value()}\nIf-Match: W/"1"')
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("region", name="Answer").locator(".status").first).to_have_text("200")


def test_a_fault_is_set_by_the_form_and_seen_to_fire(watched: Watched, http: httpx.Client) -> None:
    """It grows in words and as a short form; then the row says that it fired, and its counts go up."""
    page = watched.open("faults")
    form = page.get_by_role("form", name="Set a fault")
    form.get_by_label("Interaction").select_option("read")
    form.get_by_label("status", exact=True).check()
    form.get_by_label("At most so many times").fill("1")
    expect(form.locator("code", has_text="read:503@x1")).to_be_visible()
    expect(form).to_contain_text("On read: answers an error instead of the interaction (status 503). Once.")
    form.get_by_role("button", name="Put it in force").click()
    card = page.locator("li.card", has_text="read:503@x1")
    expect(card).to_contain_text("matched 0 · fired 0")
    assert http.get(f"/Appointment/{BOOKED}").status_code == 503
    expect(card).to_contain_text("matched 1 · fired 1")
    card.get_by_role("link", name="Where it fired").click()
    expect(page.get_by_role("row").filter(has=page.get_by_text("503", exact=True))).to_contain_text("⚡")


def test_what_the_server_refuses_is_told_while_the_form_grows(watched: Watched) -> None:
    """The message is the API's own, and the button waits."""
    page = watched.open("faults")
    form = page.get_by_role("form", name="Set a fault")
    form.get_by_label("status", exact=True).check()
    form.get_by_label("status: value").fill("700")
    expect(form).to_contain_text("expected a whole number from 400 to 599")
    expect(form.get_by_role("button", name="Put it in force")).to_be_disabled()


def test_every_effect_can_be_chosen_in_the_form(watched: Watched) -> None:
    """What the form begins with is a rule that the API takes, for each of them."""
    page = watched.open("faults")
    form = page.get_by_role("form", name="Set a fault")
    form.get_by_label("Interaction").select_option("")
    form.get_by_role("button", name=re.compile("All .* effects")).click()
    effects = form.locator(".effect")
    assert effects.count() > 15
    for at in range(effects.count()):
        box = effects.nth(at).get_by_role("checkbox")
        name = effects.nth(at).locator("b").inner_text()
        form.get_by_label("Interaction").select_option("token" if name in ("token", "rotate") else "read")
        box.check()
        expect(form.locator(".grown"), name).to_contain_text(re.compile("^On (read|token)"))
        box.uncheck()


def test_what_a_lost_answer_means_is_told(watched: Watched, http: httpx.Client) -> None:
    """In the row and in the details: no answer, and the write took place."""
    httpx.post(f"{watched.root}_sandbox/faults", json="cancel:commit+reset@x1").raise_for_status()
    with suppress(httpx.HTTPError):
        http.put(f"/Appointment/{BOOKED}", content=cancelled(http), headers={"If-Match": 'W/"1"'})
    page = watched.open("traffic?status=none")
    row = page.locator('[data-key="2"]')
    expect(row).to_contain_text("No answer; the write took place")
    row.click()
    expect(page.get_by_role("region", name="Why", exact=True)).to_contain_text(
        f"The write took place all the same: the registry has Appointment/{BOOKED}/_history/2."
    )


def test_a_held_exchange_is_released(watched: Watched, http: httpx.Client) -> None:
    """A hold is set by the form; what it keeps shows while it waits, and goes on when it is told to."""
    page = watched.open("faults")
    form = page.get_by_role("form", name="Set a fault")
    form.get_by_label("Interaction").select_option("read")
    form.get_by_label("hold", exact=True).check()
    form.get_by_label("At most so many times").fill("1")
    form.get_by_role("button", name="Put it in force").click()
    expect(page.locator("li.card", has_text="read:hold@x1")).to_be_visible()
    answers: list[int] = []
    reading = threading.Thread(target=lambda: answers.append(http.get(f"/Appointment/{BOOKED}").status_code))
    reading.start()
    page.get_by_role("button", name="Release", exact=True).click()
    reading.join()
    assert answers == [200]
    expect(page.get_by_text("Nobody is held now.")).to_be_visible()


def test_an_expired_token_is_minted_and_says_what_is_wrong(watched: Watched) -> None:
    """One click, and the check that it fails."""
    page = watched.open("tokens")
    page.get_by_role("button", name="An expired one").click()
    expect(page.locator(".verdict.bad")).to_contain_text("Claim exp: the token has expired")
    page.get_by_role("button", name="Mint", exact=True).click()
    expect(page.locator(".verdict.good")).to_contain_text("sandbox-client, reads and writes")


def test_a_cancel_by_try_it_shows_the_difference_of_the_versions(watched: Watched) -> None:
    """From the answer to the exchange, and from there to the appointment and who wrote each version."""
    page = watched.open("try")
    page.get_by_role("button", name="Send: Cancel").click()
    expect(page.locator(".result .status").first).to_have_text("200")
    page.get_by_role("link", name=re.compile(r"exchange \d+ in Traffic")).click()
    expect(detail(page).get_by_text("Version 1 to 2")).to_be_visible()
    expect(page.locator(".line.added", has_text='"status": "cancelled"')).to_be_visible()
    page.get_by_role("link", name="All versions of this appointment").click()
    expect(page.get_by_role("region", name="Versions")).to_contain_text("by sandbox-client in exchange")


def test_an_appointment_is_seeded_by_the_form(watched: Watched) -> None:
    """It opens, and the list has it."""
    page = watched.open("appointments")
    page.get_by_role("button", name="Add one").click()
    page.get_by_label("Id; empty").fill("made-by-hand")
    page.get_by_role("button", name="Add the appointment").click()
    expect(page.get_by_role("complementary", name="Appointment made-by-hand")).to_be_visible()
    expect(page.get_by_role("grid", name="Appointments").get_by_text("made-by-hand")).to_be_visible()


def test_the_clock_is_frozen_and_moved(watched: Watched) -> None:
    """What another tab does to it shows at once."""
    page = watched.open("clock")
    page.get_by_role("button", name="Freeze it").click()
    expect(page.get_by_role("banner")).to_contain_text("frozen")
    httpx.put(f"{watched.root}_sandbox/clock", json={"now": "2031-05-06T09:30:00Z"}).raise_for_status()
    expect(page.get_by_role("banner")).to_contain_text("2031-05-06 09:30:00")
    page.get_by_role("button", name="+1 h").click()
    expect(page.get_by_role("banner")).to_contain_text("2031-05-06 10:30:00")


def test_a_reset_asks_and_then_empties_the_list(watched: Watched, http: httpx.Client) -> None:
    """Nothing happens for the one who keeps everything."""
    http.get(f"/Appointment/{BOOKED}")
    page = watched.open("traffic")
    rows = page.get_by_role("grid").get_by_role("row")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Keep").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Reset it").click()
    expect(page.get_by_text("No exchange yet.")).to_be_visible()


def test_filters_stand_in_the_address(watched: Watched, http: httpx.Client) -> None:
    """So that what is shown can be sent to somebody else."""
    http.get(f"/Appointment/{BOOKED}")
    http.get("/Appointment/unknown")
    http.get("/Appointment", params={"Patient": "https://fhir.nhs.uk/Id/nhs-number|9991000011"})
    page = watched.open("traffic")
    page.get_by_label("Any status").select_option("refused")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    assert "status=refused" in page.url
    page.goto(f"{watched.root}#traffic?patient=9991000011")
    expect(page.get_by_text("2 of 3")).to_be_visible()


def test_an_exchange_is_copied_as_curl_that_runs(watched: Watched, http: httpx.Client) -> None:
    """The clipboard has a command with a token of its own."""
    http.get(f"/Appointment/{BOOKED}", headers={"X-Quote": "it's"})
    page = watched.open("traffic?open=1")
    detail(page).get_by_role("button", name="Copy as curl").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert f"{watched.root}STU3/Appointment/{BOOKED}" in copied
    assert "-H 'X-Quote: it'\\''s'" in copied
    assert "_sandbox/token" in copied


def test_a_control_token_is_asked_for_and_kept_for_the_tab(browser: Browser) -> None:
    """A wrong one is refused; the right one opens the page, and stands in no address."""
    with RegistrySandbox(random_seed=1, control_token="open sesame") as guarded:
        page = browser.new_page()
        page.goto(guarded.control_url.removesuffix("_sandbox"))
        page.get_by_label("Control token").fill("open sesame")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("No exchange yet.")).to_be_visible()
        page.reload()
        expect(page.get_by_text("No exchange yet.")).to_be_visible()
        assert "sesame" not in page.url
        page.close()


def test_beside_a_control_port_requests_go_to_the_registrys_own(browser: Browser) -> None:
    """Another origin, which the policy and CORS let it call; the exchange is found in the journal all the same."""
    with RegistrySandbox(random_seed=1, control_port=0) as apart:
        page = browser.new_page()
        page.goto(f"{apart.control_url.removesuffix('_sandbox')}#try")
        page.get_by_role("button", name="Send: Cancel").click()
        expect(page.locator(".result .status").first).to_have_text("200")
        expect(page.get_by_role("link", name=re.compile(r"exchange \d+ in Traffic"))).to_be_visible()
        page.close()


def test_open_rows_and_focus_survive_two_hundred_exchanges(
    watched: Watched, http: httpx.Client, sandbox: RegistrySandbox
) -> None:
    """The open exchange stays open, the focus stays where it is, and what is looked at does not move."""
    for _ in range(60):
        http.get(f"/Appointment/{BOOKED}")
    page = watched.open("traffic?open=20")
    detail(page)
    row = page.locator('[data-key="20"]')
    page.locator(".scroll").evaluate("box => { box.scrollTop = 34 * 30 }")
    row.focus()
    page.get_by_role("button", name="Edit and send again").click()
    field = page.get_by_label("GET to")
    field.fill("http://127.0.0.1/half-written")
    row.focus()
    before = row.bounding_box()
    for _ in range(200):
        http.get("/Appointment/unknown")
    expect(page.get_by_text("260 exchanges")).to_be_visible()
    assert row.bounding_box() == before
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-selected", "true")
    expect(field).to_have_value("http://127.0.0.1/half-written")
    assert len(sandbox.journal) == 260


def test_rows_are_reached_by_keys_alone(watched: Watched, http: httpx.Client) -> None:
    """Down and up, to the end, and open."""
    for _ in range(120):
        http.get(f"/Appointment/{BOOKED}")
    page = watched.open("traffic")
    page.locator('[data-key="120"]').focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator('[data-key="119"]')).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator('[data-key="1"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Exchange 1")).to_be_visible()
    assert page.get_by_role("grid").get_by_role("row").count() < 60


def test_what_is_open_is_closed_by_escape_and_the_focus_goes_back(watched: Watched, http: httpx.Client) -> None:
    """To the row, from wherever it was in the details; but nothing is closed while something is typed."""
    for _ in range(3):
        http.get(f"/Appointment/{BOOKED}")
    page = watched.open("traffic")
    row = page.locator('[data-key="2"]')
    row.focus()
    page.keyboard.press("Enter")
    detail(page).get_by_role("button", name="Edit and send again").click()
    page.get_by_label("GET to").press("Escape")
    expect(page.get_by_role("complementary")).to_be_visible()
    page.get_by_role("button", name="Copy as curl").press("Escape")
    expect(page.get_by_role("complementary")).to_have_count(0)
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    detail(page).get_by_role("button", name="Close").press("Enter")
    expect(row).to_be_focused()
