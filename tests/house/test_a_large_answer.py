"""There is no paging: everything of a patient comes back in one Bundle, however much it is."""

from pathlib import Path

import httpx
import pytest

from registry_sandbox.testing.running import RegistrySandbox

MANY = 1_000
STORY = """---
id: one-of-many-{n}
patient: "9991000089"
pointer: https://provider.example.test/appointments/{n}
start: +{days}d 09:00
end: +{days}d 09:10
"""


@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_a_thousand_appointments_come_in_one_bundle(tmp_path: Path, wanted: str) -> None:
    """Each once, in either format."""
    (tmp_path / "many.yaml").write_text("".join(STORY.format(n=n, days=n % 300 + 1) for n in range(MANY)))
    with RegistrySandbox(seed_data=(tmp_path,), auth="off") as sandbox:
        query = {"Patient": "https://fhir.nhs.uk/Id/nhs-number|9991000089", "_format": wanted}
        answer = httpx.get(f"{sandbox.base_url}/Appointment", params=query, timeout=60)
    assert answer.status_code == 200
    assert all(f'/Appointment/one-of-many-{n}"' in answer.text for n in range(MANY))
    assert answer.text.count("fullUrl") == MANY
