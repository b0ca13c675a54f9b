"""An exchange as the journal shows it, with what tests ask of it most."""

import json
from typing import Any

from registry_sandbox.testing.builders import Resource

__tracebackhide__ = True  # of every function here: a failing test shows where it called, and not us

_CUT = "... ("


class Exchange(dict[str, Any]):
    """One exchange: the members that docs/control-api.md lists, and these properties."""

    @property
    def done(self) -> bool:
        """True if it is finished, so that it does not change any more."""
        return bool(self["state"] == "done")

    @property
    def status(self) -> int | None:
        """The status that the client received; None if it received none."""
        return None if self["response"] is None else int(self["response"]["status"])

    def json(self) -> Any:
        """Return the body of the answer as JSON.

        Raises:
            ValueError: there is none, or it is no JSON, or the journal keeps only its beginning.
        """
        text = self._body("response")
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(f"{self}: the body of the answer is no JSON: {text[:200]!r}") from None

    @property
    def resource(self) -> Resource:
        """The resource in the answer, in FHIR's JSON shape, whatever its format.

        Raises:
            ValueError: there is none.
        """
        return self._resource("response")

    @property
    def sent_resource(self) -> Resource:
        """The resource in the request, in FHIR's JSON shape, whatever its format.

        Raises:
            ValueError: there is none.
        """
        return self._resource("request")

    @property
    def outcome(self) -> Resource | None:
        """The OperationOutcome in the answer; None if the answer is something else."""
        try:
            resource = self._resource("response")
        except ValueError:
            return None
        return resource if resource.get("resourceType") == "OperationOutcome" else None

    @property
    def diagnostics(self) -> list[str]:
        """What the issues of the OperationOutcome say, or the error of the token endpoint; empty if all is well."""
        outcome = self.outcome
        if outcome is not None:
            return [issue["diagnostics"] for issue in outcome.get("issue", []) if "diagnostics" in issue]
        try:
            described = self.json()
        except ValueError:
            return []
        return [described["error_description"]] if isinstance(described, dict) and "error" in described else []

    def __str__(self) -> str:
        """Return the exchange in one line."""
        asked, status = self["request"], self.status
        query = f"?{asked['query']}" if "query" in asked else ""
        answered = str(status) if status is not None else f"no answer ({self['sent']['ended']})"
        waits = "" if self.done else f" [{self['state']}]"
        faults = f"   faults: {', '.join(self['faults'])}" if self["faults"] else ""
        return f"{asked['method']} {asked['path']}{query} -> {answered}{waits}{faults}"

    def _body(self, which: str) -> str:
        message = self[which] or {}
        text = str(message.get("body", ""))
        if not text or (text.endswith(" bytes)") and _CUT in text):
            raise ValueError(f"{self}: the {which} has {'only the beginning of a' if text else 'no'} body")
        return text

    def _resource(self, which: str) -> Resource:
        text = self._body(which)
        resource = _from_xml(text) if text.lstrip("\ufeff \r\n\t").startswith("<") else _from_json(text)
        if resource is None:
            raise ValueError(f"{self}: the body of the {which} is no resource: {text[:200]!r}")
        return resource


def _from_json(text: str) -> Resource | None:
    try:
        resource = json.loads(text)
    except ValueError:
        return None
    return resource if isinstance(resource, dict) and "resourceType" in resource else None


def _from_xml(text: str) -> Resource | None:
    from registry_sandbox.http.errors import SandboxError
    from registry_sandbox.reading.codec import shared_codec  # lxml, only where there is XML

    try:
        expected = ("Appointment", "Bundle", "OperationOutcome", "CapabilityStatement", "StructureDefinition")
        return dict(shared_codec().read(text.encode(), "xml", expected).resource)
    except SandboxError:
        return None
