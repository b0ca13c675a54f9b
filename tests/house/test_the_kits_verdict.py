"""`sandbox.verdict()`: what a test asks about the client under test."""

import httpx
import pytest

from registry_sandbox.testing.builders import cancelled
from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.verdict.reports import rendered

RULE = "a-409-is-followed-by-a-read-before-the-next-put"
BOOKED = "/Appointment/booked-tomorrow"


def cancel(http: httpx.Client, if_match: str) -> int:
    """Cancel what was read, with an If-Match of our choice."""
    resource = cancelled(http.get(BOOKED).json())
    return http.put(BOOKED, json=resource, headers={"If-Match": if_match}).status_code


def test_a_client_that_does_right_has_no_findings(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """It has read what it cancels, and its If-Match is that version."""
    http.headers["Content-Type"] = "application/fhir+json"
    assert cancel(http, 'W/"1"') == 200
    verdict = sandbox.verdict()
    assert (verdict.findings, verdict.failed, verdict.warned) == ((), (), ())
    assert verdict.grade("every-update-carries-if-match") == "pass"
    assert verdict.report.clients == ("sandbox-client",)


def test_a_client_that_does_wrong_has(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """The finding names the exchanges; the verdict shows itself in a failing assertion."""
    http.headers["Content-Type"] = "application/fhir+json"
    resource = cancelled(http.get(BOOKED).json())
    statuses = [http.put(BOOKED, json=resource, headers={"If-Match": 'W/"1"'}).status_code for _ in range(3)]
    assert statuses == [200, 409, 409]
    verdict = sandbox.verdict()
    assert [each.rule for each in verdict.failed] == [RULE]
    assert verdict.failed[0].exchanges == (3, 4)
    assert verdict.grade(RULE) == "fail"
    assert RULE in verdict.text
    assert repr(verdict) == verdict.text == rendered(verdict.report, "text")


def test_it_is_of_one_client_or_of_what_came_after(sandbox: RegistrySandbox, http: httpx.Client) -> None:
    """By its name, and by the number of an exchange."""
    http.headers["Content-Type"] = "application/fhir+json"
    cancel(http, 'W/"1"')
    assert sandbox.verdict(client="nobody").report.clients == ()
    assert sandbox.verdict(client="sandbox-client").grade("every-update-carries-if-match") == "pass"
    assert sandbox.verdict(since=2).grade("every-update-carries-if-match") == "not exercised"


def test_an_unknown_rule_is_refused(sandbox: RegistrySandbox) -> None:
    """A typing error must not pass for a rule that was kept."""
    with pytest.raises(LookupError, match="'every-updat'"):
        sandbox.verdict().grade("every-updat")
