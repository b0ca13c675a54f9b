"""The exam finds what is wrong with a client, and nothing else: every rule has a client that breaks it."""

from collections.abc import Iterator
from typing import Any

import pytest

from registry_sandbox.testing.running import RegistrySandbox
from registry_sandbox.verdict.exam.scenario_files import shipped_scenarios
from registry_sandbox.verdict.rule import all_rules
from registry_sandbox.verdict.rules import a_retry_waits
from tests.house.bad_clients import ANY_TOKEN, BAD, Bad
from tests.house.examined import Change, Examined, Machine, examine

READS_METADATA_ONCE: Change = (
    "self._token_ends = 0.0",
    'self._token_ends = 0.0\n        self._http.get(self._base_url + "/metadata")',
)
LEAST_SCOPE: tuple[Change, ...] = (ANY_TOKEN, ("FHIR_JSON =", 'SCOPE = "patient/appointment.read"\nFHIR_JSON ='))


class Room:
    """A sandbox on a machine of its own."""

    def __init__(self, machine: Machine, sandbox: RegistrySandbox) -> None:
        self._machine = machine
        self._sandbox = sandbox

    def examine(self, scenario: Any, *changes: Change) -> Examined:
        """Examine the client with these changes."""
        return examine(self._sandbox.control, self._machine, scenario, changes)


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """A sandbox that takes every kind of token."""
    machine = Machine()
    with (
        pytest.MonkeyPatch.context() as patched,
        RegistrySandbox(wall=machine.time, auth="any", no_seed_data=True, random_seed=1) as sandbox,
    ):
        # A client that retries at once may need longer here than the rule allows it: the machine may be busy.
        patched.setattr(a_retry_waits, "_AT_ONCE_S", 0.18)
        yield Room(machine, sandbox)


def test_every_rule_that_a_server_can_judge_has_a_bad_client() -> None:
    """Those that need a person's word have none; one about the port has its own in test_bad_certificates."""
    judged = {each.id for each in all_rules() if each.check is not None and not each.of_the_port}
    assert {each.rule for each in BAD} == judged


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.rule)
def test_a_bad_client_breaks_its_rule_and_no_other(room: Room, bad: Bad) -> None:
    """But those that are listed as its consequences."""
    found = room.examine(bad.scenario, *bad.changes)
    assert bad.rule in found.broken, found
    assert found.broken <= {bad.rule, *bad.consequences}, found
    assert found.task["state"] in ("fail", "warning")


@pytest.mark.parametrize("scenario", shipped_scenarios(), ids=lambda scenario: scenario.name)
def test_the_good_client_passes(room: Room, scenario: Any) -> None:
    """Every scenario; and what the scenario says a client may show, this one shows."""
    found = room.examine(scenario.name, *(READS_METADATA_ONCE,) * (scenario.name == "cancel-once"))
    assert found.task["state"] == "pass", found
    assert not found.broken


def test_a_client_that_makes_its_own_tokens_passes_with_the_least_scope(room: Room) -> None:
    """It is judged by the scope that it chose."""
    found = room.examine("search-once", *LEAST_SCOPE)
    assert found.task["state"] == "pass", found
    assert found.grades["the-least-scope"] == "pass"
