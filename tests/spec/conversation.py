"""A client of the registry that speaks HTTP only, in either format, and checks that every answer is valid FHIR."""

import copy
import os
from pathlib import Path
from typing import Any

import httpx
from lxml import etree

from tests.spec.formats import Format, Resource, write
from tests.spec.formats import read as read_body

ANSWERS_WITHIN_S = 60
"""However busy the machine is that both run on."""

MEDIA_TYPES: dict[Format, str] = {"json": "application/fhir+json", "xml": "application/fhir+xml"}
_APPOINTMENT: Resource = {
    "resourceType": "Appointment",
    "meta": {"profile": ["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"]},
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "https://provider.example.test/appointments/4711"}],
    "status": "booked",
    "start": "2031-05-06T09:30:00.000+01:00",
    "end": "2031-05-06T09:40:00.000+01:00",
    "created": "2026-11-20T16:05:00+00:00",
    "participant": [
        {
            "actor": {
                "identifier": {
                    "use": "official",
                    "system": "https://fhir.nhs.uk/Id/nhs-number",
                    "value": "9990001111",
                },
                "display": "Example PATIENT",
            },
            "status": "accepted",
        }
    ],
}


def appointment(**changes: Any) -> Resource:
    """Return a valid Appointment to register, with these elements changed; None leaves one out."""
    changed = {**copy.deepcopy(_APPOINTMENT), **changes}
    return {name: value for name, value in changed.items() if value is not None}


class Answer:
    """An answer of the registry, with what tests ask of it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers

    @property
    def resource(self) -> Resource:
        """The resource in the body, in FHIR's JSON shape whichever format it came in."""
        return read(self.response)

    @property
    def issues(self) -> list[tuple[str, str]]:
        """Issue code and Spine code of each issue of an OperationOutcome."""
        return [(each["code"], each["details"]["coding"][0]["code"]) for each in self.resource["issue"]]

    @property
    def diagnostics(self) -> str:
        """What the issues of an OperationOutcome say."""
        return "\n".join(each["diagnostics"] for each in self.resource["issue"])

    @property
    def locations(self) -> list[str]:
        """Where the issues of an OperationOutcome are."""
        return [where for each in self.resource["issue"] for where in each.get("location", [])]


def read(response: httpx.Response) -> Resource:
    """Read the resource of an answer."""
    return read_body(response.content, "xml" if "xml" in response.headers["Content-Type"] else "json")


def encoded(resource: Resource, wanted: Format) -> bytes:
    """Write a resource in a format."""
    return write(resource, wanted)


class Registry:
    """A conversation with the registry in one format, with a token that may write."""

    def __init__(self, base: str, control: str, fhir_format: Format) -> None:
        self.base = base
        self.format = fhir_format
        self.control = httpx.Client(base_url=control, timeout=ANSWERS_WITHIN_S)
        self.http = httpx.Client(timeout=ANSWERS_WITHIN_S, event_hooks={"response": [require_valid]})
        self.control.post("/reset").raise_for_status()
        self.token = self.fresh_token()

    def fresh_token(self) -> str:
        """Return a token that is valid by the sandbox's clock as it is now."""
        return self.control.get("/token").text.strip()

    def close(self) -> None:
        """Hang up."""
        self.http.close()
        self.control.close()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str | None) -> Answer:
        """Send a request; header names are written with underscores, None leaves a header out."""
        sent: dict[str, str | None] = {"Authorization": f"Bearer {self.token}", "Accept": MEDIA_TYPES[self.format]}
        if body is not None:
            sent["Content-Type"] = MEDIA_TYPES[self.format]
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if value is not None}
        url = path if path.startswith("http") else self.base + path
        request = self.http.build_request(method, url, content=body, headers=kept)
        for name in ("Accept", "Authorization"):
            if name not in kept:
                request.headers.pop(name, None)
        return Answer(self.http.send(request))

    def get(self, path: str, **headers: str | None) -> Answer:
        """GET."""
        return self.ask("GET", path, None, **headers)

    def register(self, resource: Resource | None = None, **headers: str | None) -> Answer:
        """Register an appointment."""
        return self.ask("POST", "/Appointment", encoded(resource or appointment(), self.format), **headers)

    def registered(self, resource: Resource | None = None) -> Resource:
        """Register an appointment and give what the registry made of it."""
        answer = self.register(resource)
        assert answer.status == 201, answer.diagnostics
        return answer.resource

    def update(self, resource: Resource, if_match: str | None = 'W/"1"', **headers: str | None) -> Answer:
        """Put an appointment to its id."""
        body = encoded(resource, self.format)
        return self.ask("PUT", f"/Appointment/{resource['id']}", body, If_Match=if_match, **headers)

    def cancel(self, resource: Resource, if_match: str | None = 'W/"1"', **headers: str | None) -> Answer:
        """Cancel an appointment that was read."""
        return self.update({**resource, "status": "cancelled"}, if_match, **headers)

    def search(self, query: str, **headers: str | None) -> Answer:
        """Search by GET."""
        return self.get(f"/Appointment?{query}", **headers)

    def set_clock(self, instant: str) -> None:
        """Let the sandbox's clock show an instant; tokens of another time are none any more."""
        answer = self.control.put("/clock", json={"now": instant})
        assert answer.status_code == 200, answer.text
        self.token = self.fresh_token()


def require_valid(response: httpx.Response) -> None:
    """Hold every answer to its format, and to the official schema where STU3_DEFINITIONS names it."""
    names = [name.lower() for name, _ in response.headers.raw]
    assert len(set(names)) == len(names), f"a header stands twice among {names}"
    response.read()
    if not response.content:
        return
    assert response.headers["Content-Type"] in [f"{each}; charset=utf-8" for each in MEDIA_TYPES.values()]
    resource = read(response)
    official = official_schema()
    if official is not None:
        sent_as_xml = "xml" in response.headers["Content-Type"]
        official.assertValid(etree.fromstring(response.content if sent_as_xml else write(resource, "xml")))


_SCHEMAS: list[etree.XMLSchema] = []


def official_schema() -> etree.XMLSchema | None:
    """Return the official schema, if STU3_DEFINITIONS names it."""
    folder = os.environ.get("STU3_DEFINITIONS")
    if folder and not _SCHEMAS:
        path = Path(folder, "stu3", "xsd", "fhir-single.xsd")
        _SCHEMAS.append(etree.XMLSchema(etree.parse(str(path))))
    return _SCHEMAS[0] if _SCHEMAS else None
