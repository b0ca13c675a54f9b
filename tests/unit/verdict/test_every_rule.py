"""Every rule passes a client that keeps it, and fails one that does not: that rule, and what a table lists besides."""

import pytest

from registry_sandbox.verdict.rule import all_rules
from tests.unit.verdict.model import Client
from tests.unit.verdict.scenes import SCENES
from tests.unit.verdict.stage import Stage, broken, grades


@pytest.fixture(scope="module")
def _stage() -> Stage:
    return Stage()


@pytest.fixture
def stage(_stage: Stage) -> Stage:
    """A sandbox in which nothing has happened."""
    _stage.reset()
    return _stage


def test_there_is_a_scene_for_every_rule() -> None:
    """And a rule for every scene; those that a person attests need none."""
    assert set(SCENES) == {each.id for each in all_rules() if each.check is not None}


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("rule", SCENES)
def test_a_client_that_keeps_it_passes(stage: Stage, rule: str, form: str) -> None:
    """The precondition occurs, and nothing else is found either."""
    scene = SCENES[rule]
    stage.faults(*scene.faults)
    scene.act(Client(stage, form="xml" if form == "xml" else "json"))
    report = stage.report()
    assert (grades(report)[rule], broken(report)) == ("pass", set())


@pytest.mark.parametrize("rule", SCENES)
def test_a_client_that_breaks_it_fails_it_and_what_follows_alone(stage: Stage, rule: str) -> None:
    """A must is a failure, a should a warning; the finding names exchanges and quotes the requirement."""
    scene = SCENES[rule]
    stage.faults(*scene.faults)
    scene.act(Client(stage, bad=scene.conduct or rule))
    report = stage.report()
    assert broken(report) == {rule, *scene.consequences}
    level = next(each.level for each in report.rules if each.id == rule)
    found = [each for each in report.findings if each.rule == rule]
    assert {each.grade for each in found} == {"fail" if level == "must" else "warning"}
    assert all(each.exchanges and each.message and each.requirement.source for each in found)
    assert set(report.exchanges) == {number for each in report.findings for number in each.exchanges}
