"""The sentinels: reserved NHS numbers, and the appointments that are seeded for them."""

from pathlib import Path

import pytest
import yaml

from registry_sandbox.faults.rule import read_rule
from registry_sandbox.faults.sentinels import SENTINELS, Sentinel, sentinel_rules, sentinel_table
from registry_sandbox.fhir.nhs_number import check_digit_holds

ROOT = Path(__file__).parents[3]
SEEDS = ROOT / "seed_data"
NUMBERS = {each.nhs_number for each in SENTINELS}


@pytest.mark.parametrize("sentinel", SENTINELS, ids=[each.rule_id for each in SENTINELS])
def test_each_number_is_valid_and_of_the_reserved_form(sentinel: Sentinel) -> None:
    """999 95i sss and a check digit that holds."""
    digit = {"register": "1", "cancel": "2", "search": "3", "read": "4"}[sentinel.interaction]
    assert sentinel.nhs_number.startswith(f"99995{digit}")
    assert check_digit_holds(sentinel.nhs_number)
    status = sentinel.then.get("status")
    assert status is None or sentinel.nhs_number[6:9] == str(status)


def test_each_has_one_number_one_rule_and_one_appointment() -> None:
    """And the appointment is called as the rule is."""
    stories = [each for each in yaml.safe_load_all((SEEDS / "sentinels.yaml").read_text()) if each]
    assert {story["id"]: story["patient"] for story in stories} == {each.rule_id: each.nhs_number for each in SENTINELS}
    assert len(NUMBERS) == len({rule.id for rule in sentinel_rules()}) == len(SENTINELS)


def test_no_other_seed_is_in_their_range() -> None:
    """Nobody meets a fault by accident."""
    others = [path for path in SEEDS.rglob("*") if path.is_file() and path.name != "sentinels.yaml"]
    assert others
    assert not [path.name for path in others if "99995" in path.read_text()]


def test_each_rule_is_what_its_long_form_says() -> None:
    """Though they are not read from it at the start."""
    assert sentinel_rules() == tuple(read_rule(dict(rule.spec), "sentinel", "x") for rule in sentinel_rules())


def test_each_acts_on_the_interaction_that_it_is_for() -> None:
    """And on no other."""
    assert all(len(rule.interactions) == 1 and rule.match.patient in NUMBERS for rule in sentinel_rules())


def test_the_page_has_their_table() -> None:
    """docs/faults.md shows what the code says."""
    assert sentinel_table() in (ROOT / "docs" / "faults.md").read_text()
