"""Scenario files: what can be read, and what is said of what cannot."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes with check-jsonschema

from registry_sandbox.verdict.exam.scenario import ClockStep, scenario_schema
from registry_sandbox.verdict.exam.scenario_files import (
    BadScenario,
    documents_at,
    read_text,
    shipped_folder,
    shipped_scenarios,
)
from registry_sandbox.verdict.rule import all_rules

PLAIN = "scenario: my own\nclient: cancel the appointment {appointment}\nexpect:\n  rules: [the-location]\n"

WRONG = {
    "an unknown key": ("expect:", "expct:", 'f, line 3: "expct" is not known; .*; did you mean expect\\?'),
    "an unknown key inside": ("rules:", "ruels:", 'f, line 4: expect: "ruels" is not known; .*; did you mean rules\\?'),
    "an unknown rule": ("the-location", "the-locations", "f, line 4: expect.rules.0.: .*did you mean the-location\\?"),
    "an unknown placeholder": ("{appointment}", "{apointment}", "f, line 2: client: .* did you mean {appointment}\\?"),
    "an unknown operation": ("cancel the", "delete the", "f, line 2: client: .* begins with register, search, read or"),
    "a name with a slash": ("my own", "my/own", "f, line 1: scenario: .*expected a name of 1 to 100 letters"),
    "a missing key": ("client: cancel the appointment {appointment}\n", "", "f, line 1: 'client' is missing"),
    "a repeated key": ("expect:", "scenario: other\nexpect:", "f, line 3: the key 'scenario' is repeated"),
    "a text that is a number": ("client:", "about: 5\nclient:", "f, line 2: about: 5 cannot be used; expected a text"),
    "no YAML": ("expect:", "expect: [", "f, line 4: not YAML: "),
    "a fault with a typing error": ("expect:", "faults: ['cncel:500']\nexpect:", 'f, line 3: faults.0. "cncel:500"'),
    "a fault below another": (
        "expect:",
        "faults:\n  - 'read:500@x1'\n  - {then: {statuss: 5}}\nexpect:",
        "f, line 5: faults.1.",
    ),
    "a seed that lacks something": (
        "expect:",
        "seeds:\n  - {id: a}\nexpect:",
        "f, line 4: seeds.0.: 'patient' is missing",
    ),
    "seeds that are none": ("expect:", "seeds: [a]\nexpect:", "f, line 3: seeds: .*expected a list of stories"),
    "faults that are none": ("expect:", "faults: 5\nexpect:", "f, line 3: faults: 5 .*expected a list of fault rules"),
    "a step of the clock at the end": (
        "client: cancel the appointment {appointment}",
        "client: ['read {appointment}', {advance: 5m}]",
        "f, line 2: client begins or ends with a step of the clock",
    ),
    "an end that no store has": (
        "rules: [the-location]",
        "versions: {a: [bookd]}",
        "f, line 4: expect.versions.a.0.: .bookd",
    ),
    "nothing": (PLAIN, "", "f: there are 0 documents in it; expected one scenario"),
    "a list": (PLAIN, "- a\n", "f, line 1: .* expected a mapping of scenario, client"),
    "too deep a nest": ("expect:", f"about: {'[' * 40}{']' * 40}\nexpect:", "nested too deeply"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_named_with_file_and_line(wrong: tuple[str, str, str]) -> None:
    """And with the nearest known word where there is one."""
    old, new, message = wrong
    with pytest.raises(BadScenario, match=message):
        read_text(PLAIN.replace(old, new).encode(), "f")


def test_a_plain_scenario_has_one_booked_appointment_of_tomorrow() -> None:
    """Its id is the scenario's name, and the placeholders stand for it."""
    scenario, _ = read_text(PLAIN.encode(), "f")
    assert scenario.name == "my-own"
    assert scenario.filled(str(scenario.client)) == "cancel the appointment my-own"
    assert scenario.filled("{patient} {pointer}") == "9991000011 https://provider.example.test/appointments/my-own"
    assert [each.story["id"] for each in scenario.seeded if each.story] == ["my-own"]


def test_a_registration_begins_with_an_empty_registry() -> None:
    """Its pointer is made up; nobody has an id yet."""
    scenario, _ = read_text(PLAIN.replace("cancel the appointment {appointment}", "register {pointer}").encode(), "f")
    assert not scenario.seeded
    assert dict(scenario.values) == {
        "appointment": "",
        "another": "",
        "patient": "9991000011",
        "pointer": "https://provider.example.test/appointments/my-own",
    }


def test_several_operations_may_have_steps_of_the_clock_between_them() -> None:
    """An hour, here."""
    text = PLAIN.replace(
        "cancel the appointment {appointment}", "['read {appointment}', {advance: 1h}, 'cancel {another}']"
    )
    scenario, _ = read_text(text.encode(), "f")
    assert scenario.steps == ("read {appointment}", ClockStep(3600.0), "cancel {another}")


def test_numbers_in_stories_and_instants_are_read_as_they_are_written() -> None:
    """YAML would make numbers and dates of them."""
    times = "start: 2035-05-06T09:30:00Z, end: 2035-05-06T09:40:00Z"
    story = f"{{id: a, patient: 9991000011, pointer: https://x.test/a, {times}}}"
    scenario, _ = read_text(f"{PLAIN}seeds: [{story}]\n".encode(), "f")
    seed = scenario.seeded[0].story or {}
    assert (seed["patient"], seed["start"]) == ("9991000011", "2035-05-06T09:30:00Z")
    assert scenario.values["patient"] == "9991000011"


def test_a_whole_appointment_gives_the_placeholders_their_values() -> None:
    """Its identifier is the pointer, its participant the patient."""
    scenario = next(each for each in shipped_scenarios() if each.name == "cancel-gives-back-what-it-does-not-know")
    pointer = "https://provider.example.test/appointments/with-extensions"
    assert dict(scenario.values) == {
        "appointment": "with-extensions",
        "another": "",
        "patient": "9991000011",
        "pointer": pointer,
    }


def test_files_and_folders_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Each with the document that stands there."""
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(PLAIN.replace("my own", name))
    read = documents_at([tmp_path])
    assert [scenario.name for scenario, _ in read] == ["a", "b"]
    assert read[0][1]["client"] == "cancel the appointment {appointment}"


def _unusable(folder: Path) -> Iterator[tuple[Path, str]]:
    (folder / "empty").mkdir()
    (folder / "twice").mkdir()
    for name in ("a", "b"):
        (folder / "twice" / f"{name}.yml").write_text(PLAIN)
    (folder / "latin.yaml").write_bytes(b"scenario: \xe9\n")
    yield folder / "none.yaml", "no such file or folder"
    yield folder / "empty", r"there is no .yaml or .yml file in it"
    yield folder / "twice", "a.yml has the name 'my own' too"
    yield folder / "latin.yaml", "line 1: not YAML"


def test_a_path_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """With what is wrong with it."""
    for path, message in _unusable(tmp_path):
        with pytest.raises(BadScenario, match=message):
            documents_at([path])


def test_the_shipped_set_is_large_enough_and_names_every_rule() -> None:
    """But those that only a person can say are kept, and those about the port."""
    named = {rule for each in shipped_scenarios() for rule in (*each.expect.rules, *each.expect.may)}
    assert len(shipped_scenarios()) >= 20
    assert named == {each.id for each in all_rules() if each.check is not None and not each.of_the_port}
    assert {verb for each in shipped_scenarios() for verb in (str(each.steps[0]).split(" ")[0],)} == {
        "register",
        "search",
        "read",
        "cancel",
    }


def test_every_shipped_scenario_says_what_it_is_for_and_is_in_a_file_of_its_name() -> None:
    """So that `--list` explains it."""
    assert all(each.about for each in shipped_scenarios())
    assert sorted(each.name for each in shipped_scenarios()) == sorted(each.stem for each in shipped_folder().iterdir())


@pytest.fixture(scope="module")
def validator() -> Any:
    """A validator with the published schema."""
    return Draft202012Validator(scenario_schema())


def test_the_published_schema_accepts_every_shipped_scenario(validator: Any) -> None:
    """As the reader does."""
    for _, document in documents_at([shipped_folder()]):
        validator.validate(document)


@pytest.mark.parametrize("name", ["an unknown key", "an unknown rule", "an unknown operation", "a missing key"])
def test_the_published_schema_refuses_what_the_reader_refuses(validator: Any, name: str) -> None:
    """In editors, before anything is run."""
    import yaml

    old, new, _ = WRONG[name]
    assert not validator.is_valid(yaml.safe_load(PLAIN.replace(old, new)))
