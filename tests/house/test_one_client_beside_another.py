"""What one client is told does not depend on what others send at the same time."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from registry_sandbox.http.errors import SandboxError
from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox

JSON, XML, FORM = "application/fhir+json", "application/fhir+xml", "application/x-www-form-urlencoded"
AT_ONCE, ROUNDS = 8, 4
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def changed(**changes: Any) -> bytes:
    """An appointment in JSON with these members."""
    return json.dumps({**builders.appointment(), **changes}).encode()


def in_xml(inside: str) -> bytes:
    """An appointment in XML that begins with this."""
    return f'<Appointment xmlns="http://hl7.org/fhir">{inside}</Appointment>'.encode()


def narrative(content: str) -> dict[str, str]:
    """A narrative with this content."""
    return {"status": "generated", "div": DIV.format(content)}


def bodies() -> list[tuple[str, bytes]]:
    """Bodies that are refused, of every kind, each with a text of its own that its outcome quotes."""
    made = [(JSON, b""), (JSON, b"{"), (XML, b"<a>"), (XML, b"<!DOCTYPE a><a/>")]
    for at in range(6):
        mark = f"mark-{at}"
        made += [
            (JSON, changed(**{mark: 1})),
            (JSON, changed(status=mark)),
            (JSON, changed(start=mark)),
            (JSON, changed(id=mark)),
            (JSON, changed(language=mark)),
            (JSON, changed(description=mark)),
            (JSON, changed(text=narrative(f'<p><script src="{mark}">x</script></p>'))),
            (JSON, changed(text=narrative(f'<a href="javascript:{mark}">x</a>'))),
            (JSON, changed(extension=[{"url": mark, "valueString": "x"}])),
            (JSON, changed(comment="x" * 17_000, status=mark)),
            (XML, in_xml(f"<{mark}/>")),
            (XML, in_xml(f'<status value="{mark}"/>')),
            (XML, in_xml(f'<id value="a b {mark}"/>')),
            (XML, in_xml(f'<text><status value="generated"/>{DIV.format(f"<{mark}>x</{mark}>")}</text>')),
            (XML, in_xml(f'<comment value="{"x" * 17_000}"/><status value="{mark}"/>')),
        ]
    return made


@dataclass(frozen=True)
class Sent:
    """A request that is refused."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def by(self, client: httpx.Client) -> tuple[int, bytes]:
        """Send it; return the status and the body of the answer."""
        answer = client.request(self.method, self.path, content=self.body, headers=dict(self.headers))
        return answer.status_code, answer.content


def json_body(path: str, body: bytes, method: str = "POST", **headers: str) -> Sent:
    """A request with a body in JSON."""
    given = {"Content-Type": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Sent(method, path, body, tuple(given.items()))


def of_every_other_kind(at: int, booked: dict[str, Any]) -> list[Sent]:
    """Requests that are refused before their body is looked at, after it, or beside the FHIR base."""
    mark = f"mark-{at}"
    patients = "&".join(f"patient.identifier={mark}-{number}" for number in range(at + 1))
    cancelled = {**booked, "status": "cancelled"}

    def cancel(change: dict[str, Any], **headers: str) -> Sent:
        given = {"If_Match": 'W/"1"', **headers}
        return json_body(
            f"/STU3/Appointment/{booked['id']}", json.dumps({**cancelled, **change}).encode(), "PUT", **given
        )

    return [
        Sent("GET", f"/STU3/Appointment/{mark}"),
        Sent("GET", f"/STU3/{mark}"),
        Sent("DELETE", f"/STU3/Appointment/{mark}"),
        Sent("GET", "/STU3/metadata", headers=(("Accept", f"text/{mark}"),)),
        Sent("GET", "/STU3/metadata", headers=(("Authorization", f"Bearer {mark}"),)),
        Sent("GET", f"/STU3/Appointment?{patients}"),
        Sent("GET", f"/STU3/Appointment?{mark}=1"),
        Sent("GET", f"/STU3/Appointment?patient.identifier=https://fhir.nhs.uk/Id/nhs-number|{mark}"),
        Sent("GET", f"/STU3/Appointment?patient.identifier=urn:{mark}|9990001111"),
        Sent("POST", "/STU3/Appointment", changed(), (("Content-Type", f"text/{mark}"),)),
        json_body("/STU3/Appointment", changed(), If_None_Exist=mark),
        json_body("/STU3/Appointment", changed(), Content_Encoding=mark),
        json_body("/STU3/Appointment", mark.encode(), Content_Encoding="gzip"),
        json_body("/STU3/Appointment", b" " * (1_048_577 + at)),
        json_body("/STU3/Appointment", changed(id=mark)),
        json_body(f"/STU3/Appointment/{booked['id']}", json.dumps(cancelled).encode(), "PUT"),
        cancel({}, If_Match=f'W/"{mark}"'),
        cancel({"id": mark}),
        cancel({"start": f"2031-05-06T09:3{at}:00+00:00"}),
        cancel({"comment": "x" * 17_000, "start": f"2031-05-06T09:3{at}:00+00:00"}),
        Sent("POST", "/oauth2/token", f"grant_type={mark}".encode(), (("Content-Type", FORM),)),
        Sent(
            "POST",
            "/oauth2/token",
            f"grant_type=client_credentials&client_id={mark}".encode(),
            (("Content-Type", FORM),),
        ),
        Sent("GET", f"/_sandbox/{mark}"),
        Sent("GET", f"/_sandbox/faults/{mark}"),
        Sent("GET", f"/_sandbox/journal?limit={mark}"),
        json_body("/_sandbox/faults", json.dumps(mark).encode()),
        json_body("/_sandbox/appointments", json.dumps({mark: 1}).encode()),
        json_body("/_sandbox/appointments", changed(status=mark)),
        json_body("/_sandbox/appointments", changed(comment="x" * 17_000, status=mark)),
        json_body("/_sandbox/appointments", f"patient: {mark}\n".encode()),
    ]


def every_kind(booked: dict[str, Any]) -> list[Sent]:
    """Every refusal that quotes its request, several times with a text of its own."""
    resources = [
        Sent("POST", path, body, (("Content-Type", content_type),))
        for content_type, body in bodies()
        for path in ("/STU3/Appointment", "/STU3/Appointment/$validate")
    ]
    return [*resources, *(each for at in range(6) for each in of_every_other_kind(at, booked))]


def kinds() -> set[tuple[int, str]]:
    """Status and Spine code of every refusal that quotes its request."""
    quoting_nothing = {
        "RequestTimeout",
        "ServiceUnavailable",
        "TooManyRequests",
        "OutcomeUnknown",
        "InternalServerError",
    }
    classes = [each for each in SandboxError.__subclasses__() if each.__name__ not in quoting_nothing]
    return {(int(each.status), each.spine_code) for each in classes}


def kind(status: int, body: bytes) -> tuple[int, str]:
    """Status and Spine code of an outcome; no code where it is none."""
    issue = json.loads(body).get("issue") if status >= 400 else None
    return status, issue[0]["details"]["coding"][0]["code"] if issue else ""


def test_refusals_at_the_same_time_are_the_same_as_alone(running: RegistrySandbox) -> None:
    """Whatever is explained beside it, in whichever thread: each is of its own request; and every kind is there."""
    running.reset()
    sent = every_kind(running.register())
    headers = {"Authorization": f"Bearer {running.token()}", "Accept": JSON}
    limits = httpx.Limits(max_connections=AT_ONCE)
    origin = running.base_url.removesuffix("/STU3")
    with httpx.Client(base_url=origin, headers=headers, limits=limits, timeout=60) as client:
        alone = {each: each.by(client) for each in sent}
        assert kinds() <= {kind(*answer) for answer in alone.values()}
        assert {status for status, _ in alone.values()} >= {200, 400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422}
        together = [*alone] * ROUNDS
        random.Random(1).shuffle(together)  # noqa: S311 - no secret
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(lambda each: each.by(client), together))
    for each, answer in zip(together, answers, strict=True):
        assert answer == alone[each]
