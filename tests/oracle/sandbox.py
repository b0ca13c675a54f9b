"""The sandbox as its clients meet it: two that run in this process, asked over HTTP."""

import json
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from registry_sandbox.testing.running import RegistrySandbox
from tests.oracle.corpus import Document, Profile
from tests.oracle.verdict import CARECONNECT, REGISTRY, Said, Verdict

_DEFINITION_TYPES = ("StructureDefinition", "ValueSet", "CodeSystem")


class Unexpected(Exception):
    """The sandbox answered with a status that is no verdict; the message has the document."""


class Sandbox:
    """The sandbox: `$validate` of one that has the registry's profile, and of one that has CareConnect's alone."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        unconstrained = Path(self._folder.name) / "unconstrained.json"
        unconstrained.write_text(json.dumps(_unconstrained()), encoding="utf-8")
        self._running: dict[Profile, RegistrySandbox] = {
            "registry": RegistrySandbox(),
            "base": RegistrySandbox(profiles=[unconstrained]),
        }
        self._connections: dict[Profile, HTTPConnection] = {}
        self._tokens: dict[Profile, str] = {}

    def __enter__(self) -> Self:
        """Start both."""
        for name, sandbox in self._running.items():
            sandbox.start()
            self._connections[name] = HTTPConnection(urlsplit(sandbox.base_url).netloc)
            self._tokens[name] = sandbox.token()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        for connection in self._connections.values():
            connection.close()
        for sandbox in self._running.values():
            sandbox.stop()
        self._folder.cleanup()

    def validate(self, document: Document) -> Verdict:
        """Return what `$validate` answers: 400, or 200 with the findings, of which an error stands for a 422.

        Raises:
            Unexpected: the status is another.
        """
        status, outcome = self._exchange(
            document.profile, "POST", "/Appointment/$validate", document.text.encode(), document.format
        )
        findings = tuple(_said(issue) for issue in outcome["issue"])
        if status == 400:
            return Verdict("400", findings)
        if status != 200:
            raise Unexpected(f"$validate answered {status} to a document ({document.shape}): {document.text[:2000]}")
        refused = any(each.severity == "error" for each in findings)
        return Verdict("422" if refused else "accepted", findings)

    def definitions(self) -> list[dict[str, Any]]:
        """Return every StructureDefinition (with its snapshot), ValueSet and CodeSystem that the sandbox serves."""
        bundles = [self._exchange("registry", "GET", f"/{kind}")[1] for kind in _DEFINITION_TYPES]
        return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]

    def _exchange(
        self, profile: Profile, method: str, path: str, body: bytes | None = None, sent: str = "json"
    ) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self._tokens[profile]}",
            "Content-Type": f"application/fhir+{sent}",
            "Accept": "application/fhir+json",
        }
        connection = self._connections[profile]
        base = urlsplit(self._running[profile].base_url).path
        connection.request(method, base + path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def _said(issue: dict[str, Any]) -> Said:
    location = ", ".join(issue.get("location", ()))
    return Said(issue["severity"], location, issue.get("diagnostics", ""))


def _unconstrained() -> dict[str, Any]:
    """Return a Registry-Appointment-1 that adds nothing to CareConnect-Appointment-1."""
    return {
        "resourceType": "StructureDefinition",
        "url": REGISTRY,
        "name": "Unconstrained",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Appointment",
        "baseDefinition": CARECONNECT,
        "derivation": "constraint",
        "differential": {"element": [{"id": "Appointment", "path": "Appointment"}]},
    }
