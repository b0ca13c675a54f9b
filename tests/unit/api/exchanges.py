"""Exchanges with the FHIR API as values: no socket, no token, and a registry that is empty at first."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.app import Sandbox, build
from registry_sandbox.fhir import json
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.request import HeaderFacts, Request
from registry_sandbox.http.response import Response
from registry_sandbox.runtime.workers import Workers
from registry_sandbox.settings import Settings
from registry_sandbox.testing import builders
from tests.unit.kept_loop import run

PATIENT = "Patient=https://fhir.nhs.uk/Id/nhs-number|"


class Exchanges:
    """A client that speaks to the pipeline.

    Args:
        workers: those of the registry's service, where a test has its own.
        settings: as of the command.
    """

    def __init__(self, workers: Workers | None = None, **settings: Any) -> None:
        self.sandbox: Sandbox = build(Settings(no_seed_data=True, auth="off", **settings))
        if workers is not None:
            workspace = self.sandbox.workspace
            workspace.service = replace(workspace.service, workers=workers)
        self.handle = self.sandbox.handlers.fhir()
        self.registry = self.sandbox.workspace.service.registry

    def request(
        self,
        method: str,
        target: str,
        *headers: tuple[str, str],
        body: bytes = b"",
        body_error: SandboxError | None = None,
        facts: HeaderFacts | None = None,
    ) -> Request:
        """Make a request for a path below the base, with its query."""
        path, _, query = target.partition("?")
        sent = CIMultiDictProxy(CIMultiDict(headers))
        base = "http://localhost/STU3"
        return Request(method, f"/STU3/{path}", query, sent, body, base, body_error, "", "", facts or HeaderFacts())

    def ask(self, method: str, target: str, *headers: tuple[str, str], **more: Any) -> Response:
        """Send it, and return the answer."""

        async def exchange() -> Response:
            return await self.handle(self.request(method, target, *headers, **more))

        return run(exchange())

    def register(self, *headers: tuple[str, str], query: str = "", **changes: Any) -> Response:
        """Register a valid appointment, with these elements changed."""
        body = json.dumps(builders.appointment(**changes))
        return self.ask("POST", f"Appointment{query}", ("Content-Type", "application/fhir+json"), *headers, body=body)

    def registered(self, **changes: Any) -> dict[str, Any]:
        """Register an appointment, and return what the registry made of it."""
        created: dict[str, Any] = content(self.register(**changes))
        return created

    def cancel(self, created: dict[str, Any], *headers: tuple[str, str], query: str = "") -> Response:
        """Cancel an appointment."""
        return self.update(f"{created['id']}{query}", {**created, "status": "cancelled"}, *headers)

    def update(self, target: str, resource: dict[str, Any], *headers: tuple[str, str]) -> Response:
        """Put a resource to an id."""
        sent = (("Content-Type", "application/fhir+json"), *headers)
        return self.ask("PUT", f"Appointment/{target}", *sent, body=json.dumps(resource))


def content(response: Response) -> Any:
    """Return what is in the body of an answer in JSON."""
    return json.parse(response.body)


def diagnostics(response: Response) -> str:
    """Return what the issues of an outcome say."""
    return "\n".join(each["diagnostics"] for each in content(response)["issue"])


def spine_codes(response: Response) -> Iterable[str]:
    """Return the Spine code of each issue."""
    return [each["details"]["coding"][0]["code"] for each in content(response)["issue"]]
