"""GET /_sandbox/metrics: what Prometheus reads is what happened, and it never goes down."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import Faulty, until
from tests.imports import imported_by

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    """A sandbox of its own: counters remember the exchanges of other tests."""
    with RegistrySandbox(journal_size=3) as running, Faulty(running.base_url, running.control_url) as faulty:
        faulty.begin()
        yield faulty


def scraped(faulty: Faulty, accept: str = "") -> dict[tuple[str, ...], float]:
    """Return the values by name and labels: `("sandbox_appointments",)`."""
    answer = faulty.control.get("/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    read = open_metrics if accept else plain_text
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text" if accept else "text/plain")
    samples = [sample for family in read(answer.text) for sample in family.samples]
    return {(each.name, *(value for _, value in sorted(each.labels.items()))): each.value for each in samples}


def read(faulty: Faulty, times: int = 1) -> None:
    """Read the booked appointment so many times."""
    call = faulty.call("read")
    for _ in range(times):
        httpx.get(call.url, headers=call.headers)


@pytest.mark.parametrize("accept", ["", OPEN_METRICS])
def test_exchanges_are_counted_with_their_faults_and_refusals(faulty: Faulty, accept: str) -> None:
    """Labels are interaction, status and the effect of a fault; the names of clients and ids are no labels."""
    faulty.begin("read:503@x1")
    read(faulty, 3)
    httpx.get(f"{faulty.base}/Appointment/no-such", headers=faulty.call("read").headers)
    values = scraped(faulty, accept)
    assert values["sandbox_exchanges_total", "", "read", "200"] == 2
    assert values["sandbox_exchanges_total", "status", "read", "503"] == 1
    assert values["sandbox_exchanges_total", "", "read", "404"] == 1
    assert values["sandbox_refusals_total", "read", "NO_RECORD_FOUND"] == 1
    assert values["sandbox_refusals_total", "read", "INTERNAL_SERVER_ERROR"] == 1
    assert values["sandbox_exchange_duration_seconds_count", "read"] == 4
    assert values["sandbox_exchange_duration_seconds_bucket", "read", "+Inf"] == 4
    assert values["sandbox_fault_rules", "http"] == 1
    assert values["sandbox_workspaces",] == 1
    assert "sandbox-client" not in faulty.control.get("/metrics").text


def test_no_reset_and_no_bound_of_the_journal_lowers_a_counter(faulty: Faulty) -> None:
    """Prometheus takes a counter that goes down for a restart. The gauges show what there is."""
    read(faulty, 5)
    before = scraped(faulty)
    assert before["sandbox_journal_exchanges",] == 3
    assert before["sandbox_journal_dropped_total",] == 2
    read(faulty, 2)
    faulty.control.post("/reset")
    faulty.control.delete("/journal")
    after = scraped(faulty)
    assert after["sandbox_exchanges_total", "", "read", "200"] == 7
    assert after["sandbox_journal_exchanges",] == 0
    assert after["sandbox_journal_dropped_total",] == 4
    counters = [
        each for each in before if each[0].startswith("sandbox_") and each[0].endswith(("_total", "_count", "_bucket"))
    ]
    assert len(counters) > 20
    assert all(after[each] >= before[each] for each in counters)


def test_the_lag_of_the_loop_is_measured_from_the_first_scrape_on(faulty: Faulty) -> None:
    """A fault that waits does not block the loop."""
    assert scraped(faulty)["sandbox_event_loop_lag_seconds_count",] == 0
    faulty.begin("read:delay=250ms")
    read(faulty)
    until(lambda: scraped(faulty)["sandbox_event_loop_lag_seconds_count",] >= 2)


def test_whoever_waits_is_shown(faulty: Faulty) -> None:
    """By what for."""
    faulty.begin("read:hold")
    call = faulty.call("read")
    rule = faulty.control.get("/faults").json()["faults"][0]["id"]
    reading = threading.Thread(target=httpx.get, args=[call.url], kwargs={"headers": call.headers, "timeout": 30})
    reading.start()
    faulty.control.get(f"/faults/{rule}/held", params={"wait": "20s"}, timeout=30)
    assert scraped(faulty)["sandbox_exchanges_under_way", "held"] == 1
    faulty.control.post(f"/faults/{rule}/release", json={})
    reading.join()
    assert ("sandbox_exchanges_under_way", "held") not in scraped(faulty)


def test_the_control_token_guards_the_metrics_too() -> None:
    """Prometheus sends it as `authorization: {credentials: ...}`."""
    with RegistrySandbox(control_token="open") as running:
        refused = httpx.get(f"{running.control_url}/metrics")
        assert refused.status_code == 403
        answer = httpx.get(f"{running.control_url}/metrics", headers={"Authorization": "Bearer open"})
        assert answer.status_code == 200


def test_the_library_is_imported_at_the_first_scrape() -> None:
    """The start does not pay for it."""
    modules = imported_by(
        "from registry_sandbox.app import build; from registry_sandbox.settings import Settings; "
        "build(Settings(no_seed_data=True)).handlers.dispatcher()"
    )
    assert "registry_sandbox.control.metrics" in modules
    assert "prometheus_client" not in modules


def test_the_page_lists_every_metric(faulty: Faulty) -> None:
    """With its type and its labels."""
    faulty.begin("read:hold")
    told = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `(sandbox_\w+)` \| (\w+) \|(.*?)\|", PAGE.read_text(), re.MULTILINE)
    }
    families = [each for each in plain_text(faulty.control.get("/metrics").text) if each.name.startswith("sandbox_")]
    exposed = {f"{each.name}_total" if each.type == "counter" else each.name: each for each in families}
    assert {name: each.type for name, each in exposed.items()} == {name: kind for name, (kind, _) in told.items()}
    for name, family in exposed.items():
        for sample in family.samples:
            assert {*sample.labels} - {"le"} == told[name][1], name


def test_workspaces_are_counted_together_and_stay_counted(faulty: Faulty) -> None:
    """Each has a journal of its own, which goes with it."""
    made = faulty.control.post("/workspaces", json={"name": "mine"})
    assert made.status_code == 201
    httpx.get(f"{made.json()['base_url']}/metadata")
    read(faulty)
    before = scraped(faulty)
    assert before["sandbox_workspaces",] == 2
    assert before["sandbox_journal_exchanges",] == 2
    for _ in range(5):
        httpx.get(f"{made.json()['base_url']}/metadata")
    assert faulty.control.delete("/workspaces/mine").status_code in (200, 204)
    after = scraped(faulty)
    assert after["sandbox_workspaces",] == 1
    assert after["sandbox_exchanges_total", "", "capabilities", "200"] == 6
    assert after["sandbox_exchanges_total", "", "read", "200"] == 1
    assert after["sandbox_journal_dropped_total",] == 3
