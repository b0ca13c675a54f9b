"""docs/adding-a-fault.md: what it shows works as it stands, as the only thing added."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import registry_sandbox.faults.effects
from registry_sandbox.faults.effect import vocabulary
from registry_sandbox.testing.running import RegistrySandbox

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-fault.md"


@pytest.fixture
def added(tmp_path: Path) -> Iterator[None]:
    """The effect of the page, as one more file of the package."""
    (shown,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "bom.py").write_text(shown)
    registry_sandbox.faults.effects.__path__.append(str(tmp_path))
    vocabulary.cache_clear()
    yield
    registry_sandbox.faults.effects.__path__.remove(str(tmp_path))
    sys.modules.pop("registry_sandbox.faults.effects.bom")
    vocabulary.cache_clear()


@pytest.mark.usefixtures("added")
def test_the_file_that_is_shown_is_all_that_it_takes() -> None:
    """A flag sets it, a client meets it, a bad value is refused, and the OpenAPI document tells of it."""
    with RegistrySandbox(random_seed=1, fault=("read:bom=2",)) as running, httpx.Client() as client:
        token = client.get(f"{running.control_url}/token").text.strip()
        read = f"{running.base_url}/Appointment/booked-tomorrow"
        answer = client.get(read, headers={"Authorization": f"Bearer {token}"})
        assert answer.content.startswith(b"\xef\xbb\xbf\xef\xbb\xbf{")
        refused = client.post(f"{running.control_url}/faults", json={"then": {"bom": 10}})
        assert (refused.status_code, "expected a whole number from 1 to 9" in refused.text) == (400, True)
        document = client.get(f"{running.control_url}/openapi.json").json()
    then = document["components"]["schemas"]["Fault"]["properties"]["then"]["properties"]
    described = {"description", "examples"}
    assert {key: value for key, value in then["bom"].items() if key not in described} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
    }
    assert described <= set(then["bom"])
