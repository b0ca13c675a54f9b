"""Random histories: a client that keeps the rules is never accused, whatever meets it; a spoilt one is found out."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.verdict.model import Client
from tests.unit.verdict.scenes import OTHER, PATIENT, SCENES, seeded
from tests.unit.verdict.stage import Stage, broken

FAULTS = (
    "register:500@x1",
    "register:commit+500@x1",
    "register:commit+reset@x1",
    "register:body=corrupt@x1",
    "register:503+retry_after=2@x1",
    "register:400@x1",
    "cancel:500@x9",
    "cancel:commit+reset@x1",
    "cancel:commit+cut=20@x1",
    "cancel:race=bump@x2",
    "cancel:409@x1",
    "cancel:hang@x1",
    "cancel:422@x1",
    "read:cut=50@x1",
    "read:body=corrupt@x1",
    "read:stale=1@x1",
    "read:503+retry_after=3@x2",
    "read:404@x1",
    "read:403@x1",
    "read:empty@x2",
    "search:429+retry_after=1@x1",
    "search:body=truncate@x1",
    "search:garbage@x1",
    "token:500@x1",
    "token:reset@x1",
    "*:vary",
    "*:502@10%",
    "*:delay=100ms",
)

Act = Callable[[Client], Any]


def _register(client: Client) -> None:
    client.register(PATIENT, f"https://provider.example/{client.seed}/{len(client.known)}")


def _cancel_what_is_known(client: Client) -> None:
    for logical_id in list(client.known)[-1:]:
        client.cancel(logical_id)


def _cancel_a_seed(client: Client) -> None:
    client.cancel(seeded(client.stage, OTHER, f"https://provider.example/seeded/{client.stage.now_s}"))


ACTS: tuple[Act, ...] = (
    _register,
    _cancel_what_is_known,
    _cancel_a_seed,
    lambda client: client.search(PATIENT),
    lambda client: client.search(OTHER),
    lambda client: [client.read(each) for each in list(client.known)[:2]],
    lambda client: client.metadata(),
    lambda client: client.stage.advance(hours=2),
    lambda client: client.stage.wait(4000),
)

STAGE = Stage()
HISTORIES = {
    "faults": st.lists(st.sampled_from(FAULTS), max_size=4, unique=True),
    "acts": st.lists(st.sampled_from(ACTS), min_size=1, max_size=7),
    "form": st.sampled_from(["json", "xml"]),
    "seed": st.integers(1, 10_000),
}
RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def _perform(client: Client, acts: list[Act]) -> None:
    for act in acts:
        act(client)
        client.stage.wait(100)  # what a person wants next takes a moment


@RANDOM
@given(**HISTORIES)
def test_a_client_that_keeps_the_rules_is_never_accused(
    faults: list[str], acts: list[Act], form: Any, seed: int
) -> None:
    """Whatever faults meet it, in whatever order, in either format."""
    STAGE.reset()
    STAGE.faults(*faults)
    _perform(Client(STAGE, form=form, seed=seed), acts)
    report = STAGE.report()
    assert [(each.rule, each.message, each.exchanges) for each in report.findings if each.grade != "inconclusive"] == []


@pytest.mark.parametrize("rule", SCENES)
@settings(RANDOM, max_examples=8)
@given(acts=HISTORIES["acts"], form=HISTORIES["form"], seed=HISTORIES["seed"])
def test_a_spoilt_conduct_is_found_out(rule: str, acts: list[Act], form: Any, seed: int) -> None:
    """The same client with one conduct spoilt fails the rule that it breaks, whatever it has done before."""
    scene = SCENES[rule]
    STAGE.reset()
    _perform(Client(STAGE, form=form, seed=seed), acts)
    STAGE.wait(7200)
    STAGE.faults(*scene.faults)
    scene.act(Client(STAGE, bad=scene.conduct or rule, form=form, seed=seed + 1))
    assert rule in broken(STAGE.report())
