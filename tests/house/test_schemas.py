"""The JSON Schemas for editors: what is shipped and shown is valid by them, and what is misspelt is not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from registry_sandbox.cli.schema import SCHEMAS, schema_of

ROOT = Path(__file__).parents[2]


def problems(kind: str, value: Any) -> list[str]:
    """Return what a schema finds."""
    return [error.message for error in Draft202012Validator(schema_of(kind)).iter_errors(value)]


def shipped_stories() -> Iterator[Any]:
    """The stories of the shipped seeds, as a YAML reader sees them."""
    for path in (ROOT / "seed_data").rglob("*.yaml"):
        yield from (each for each in yaml.load_all(path.read_text(), Loader=yaml.BaseLoader) if each)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_docs_have_the_schema(kind: str) -> None:
    """As `registry-sandbox schema` prints it, and it is a schema."""
    published = json.loads((ROOT / "docs" / f"{kind}.schema.json").read_text())
    assert published == schema_of(kind)
    Draft202012Validator.check_schema(published)


def test_every_shipped_outage_is_valid() -> None:
    """The files of fault rules."""
    outages = [path for path in (ROOT / "scenarios").glob("*.yaml") if "faults:" in path.read_text()]
    assert len(outages) >= 4
    assert {path.name: problems("faults", yaml.safe_load(path.read_text())) for path in outages} == {
        path.name: [] for path in outages
    }


def test_every_rule_that_the_docs_show_is_valid() -> None:
    """The long forms of docs/faults.md."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "faults.md").read_text(), re.DOTALL)
    files = [value for value in map(yaml.safe_load, blocks) if isinstance(value, list) or "faults" in value]
    assert files
    assert [problems("faults", value) for value in files] == [[] for _ in files]


def test_every_shipped_story_is_valid() -> None:
    """The seeds in YAML."""
    stories = list(shipped_stories())
    assert len(stories) > 30
    assert not [each for each in stories if problems("story", each)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("faults", [{"then": {"statuz": 503}}]),
        ("faults", [{"then": {}}]),
        ("faults", {"fault": []}),
        ("faults", [{"when": {"times": "once"}, "then": {"status": 503}}]),
        ("story", {"patient": "9990001111", "pointer": "https://p.example.test/1", "start": "+1d 09:00"}),
        ("story", {"patient": "9990001111", "pointer": "p", "start": "s", "end": "e", "later": [{"at": "+1d"}]}),
        ("config", {"prot": 8080}),
        ("config", {"port": [8080]}),
        ("config", {"auth": "none"}),
    ],
)
def test_what_is_misspelt_is_not_valid(kind: str, value: Any) -> None:
    """As the sandbox itself refuses it."""
    assert problems(kind, value)


def test_a_configuration_is_valid_by_the_names_of_its_flags_too() -> None:
    """A key is the flag without its dashes, or the name with underscores."""
    assert (
        problems("config", {"port": 0, "clock-frozen": True, "seed_data": ["a.yaml"], "fault": "cancel:500@x1"}) == []
    )
    assert problems("config", yaml.safe_load("tls: off\ntoken-leeway: 2.5\nrate-limit: 5/s")) == []
