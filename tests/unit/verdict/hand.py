"""Single requests by hand, for what a rule is to see or to let pass."""

import json
from collections.abc import Mapping
from typing import Any

from registry_sandbox.testing import builders
from tests.unit.verdict.scenes import PATIENT
from tests.unit.verdict.stage import Answer, Stage

SEARCH = f"Appointment?patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C{PATIENT}"


class Hand:
    """Somebody who sends single requests, with one token."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.token = stage.token()

    def __call__(
        self, method: str, target: str, resource: Any = None, *, connection: int = 1, token: str = "", **headers: str
    ) -> Answer:
        """Send a request; underscores in the names of headers are hyphens."""
        sent = {"Authorization": f"Bearer {token or self.token}", "User-Agent": "hand/1"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = b"" if resource is None else json.dumps(resource).encode()
        if body:
            sent["Content-Type"] = "application/fhir+json"
        return self.stage.send(method, target, sent, body, connection=connection)

    def cancel(self, resource: Mapping[str, Any], version: str = "", **more: Any) -> Answer:
        """Cancel what was read."""
        tag = f'W/"{version or resource["meta"]["versionId"]}"'
        return self("PUT", f"Appointment/{resource['id']}", builders.cancelled(resource), If_Match=tag, **more)


def stored(hand: Hand, logical_id: str) -> dict[str, Any]:
    """Return what the registry holds, as a client that has it from elsewhere would."""
    resource: dict[str, Any] = hand.stage.workspace.service.registry.current(logical_id).resource()
    return resource
