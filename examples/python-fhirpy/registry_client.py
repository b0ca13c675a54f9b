"""A client of the Appointment Registry that no fault of the network makes register an appointment twice, with fhirpy.

It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no answer or
half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome

Resource = dict[str, Any]

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
URI = "urn:ietf:rfc:3986"
ATTEMPTS = 5
FIRST_PAUSE_S = 0.2
TIMEOUT_S = 10


class UnknownOutcome(Exception):
    """A 5xx, no answer or a broken one: the registry may have acted, or not."""


class VersionConflict(Exception):
    """Somebody else made a newer version: read it, and decide again."""


class Registry:
    """A conversation with the registry.

    Args:
        base_url: the FHIR base, such as `http://127.0.0.1:8080/STU3`.
        token: good for an hour; a program that runs longer asks for another in time.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._authorization = f"Bearer {token}"
        self._client = self._client_with({})

    def register(self, appointment: Resource) -> Resource:
        """Register an appointment exactly once, and give what the registry holds."""
        pointer = appointment["identifier"][0]["value"]
        patient = appointment["participant"][0]["actor"]["identifier"]["value"]
        for attempt in paced_attempts("register"):
            # The answer to the first attempt was lost, perhaps not the registration: look for it.
            if attempt > 1 and (known := self._registered(patient, pointer)):
                return known
            try:
                return answered(self._client.resource("Appointment", **appointment).save)
            except UnknownOutcome as lost:
                report(lost)
        raise UnknownOutcome(f"register: {ATTEMPTS} attempts, and none was answered")

    def search(self, patient: str) -> list[Resource]:
        """Return the appointments of a patient that are not past; the registry has no paging."""
        found = self._client.resources("Appointment").search(patient__identifier=f"{NHS_NUMBER}|{patient}")
        # Not .first(), .get(), .limit() or .count(): they add _count, which the registry does not support.
        return ask("search", found.fetch)

    def read(self, logical_id: str) -> Resource:
        """Return the current version of an appointment."""
        return ask("read", self._client.reference("Appointment", logical_id).to_resource)

    def cancel(self, logical_id: str) -> Resource:
        """Cancel a booked appointment, and give the cancelled version, whoever made it."""
        for _ in paced_attempts("cancel"):
            # Read before each attempt: what an attempt without an answer did, and what others did, shows here.
            current = self.read(logical_id)
            if current["status"] != "booked":
                return current
            try:
                return self._put_cancelled(current)
            except UnknownOutcome as lost:
                report(lost)
            except VersionConflict:
                report("somebody else was faster (409): read again")
        raise UnknownOutcome(f"cancel: {ATTEMPTS} attempts, and none was answered")

    def _put_cancelled(self, current: Resource) -> Resource:
        # fhirpy sends no If-Match of its own. A header belongs to a client, so this update has its own client.
        client = self._client_with({"If-Match": f'W/"{current["meta"]["versionId"]}"'})
        # All that was read goes back, only the status is another: that is all an update may change.
        return answered(client.resource("Appointment", **{**current, "status": "cancelled"}).save)

    def _registered(self, patient: str, pointer: str) -> Resource | None:
        return next((each for each in self.search(patient) if each["identifier"][0]["value"] == pointer), None)

    def _client_with(self, headers: dict[str, str]) -> SyncFHIRClient:
        return SyncFHIRClient(self._base_url, self._authorization, headers, requests_config={"timeout": TIMEOUT_S})


def answered(call: Callable[[], Any]) -> Any:
    """Call fhirpy, and sort what went wrong: the outcome is unknown, there was a conflict, or (as raised) a refusal."""
    try:
        return call()
    except (requests.RequestException, ValueError) as error:  # ValueError: what came is no JSON, or half of one
        raise UnknownOutcome(f"no answer: {error}") from error
    except OperationOutcome as outcome:
        # fhirpy keeps no status. The registry's issue codes tell them apart: 500 is exception, 503 transient.
        code = outcome.resource["issue"][0]["code"]
        if code in ("exception", "transient"):
            raise UnknownOutcome(f"the registry failed ({code})") from outcome
        if code == "conflict":
            raise VersionConflict from outcome
        raise


def ask(what: str, question: Callable[[], Any]) -> Any:
    """Repeat a read until there is an answer: it changes nothing, so it can be repeated."""
    for _ in paced_attempts(what):
        try:
            return answered(question)
        except UnknownOutcome as lost:
            report(lost)
    raise UnknownOutcome(f"{what}: {ATTEMPTS} attempts, and none was answered")


def paced_attempts(what: str) -> Iterator[int]:
    """Count the attempts, with a pause before each but the first, twice as long each time."""
    for attempt in range(1, ATTEMPTS + 1):
        if attempt > 1:
            report(f"{what}: attempt {attempt}")
            time.sleep(FIRST_PAUSE_S * 2 ** (attempt - 2))
        yield attempt


def report(what: object) -> None:
    """Print what the client has recovered from."""
    print(f"  ... {what}", flush=True)


def request_token(token_url: str, base_url: str, client_id: str, client_secret: str) -> str:
    """Ask the token endpoint for a token of the registry."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": f"{base_url}/.default",
    }
    return ask("token", lambda: granted(requests.post(token_url, data=form, timeout=TIMEOUT_S)))


def granted(response: requests.Response) -> str:
    """Return the token in an answer of the token endpoint."""
    if response.status_code >= requests.codes.server_error:
        raise UnknownOutcome(f"{response.status_code} from the token endpoint")
    if not response.ok:
        raise SystemExit(f"no token: {response.text}")
    return str(response.json()["access_token"])


def tomorrow(patient: str) -> Resource:
    """Return an appointment of tomorrow; the identifier points to it at the provider, where it was booked."""
    now = datetime.now(UTC).replace(microsecond=0)
    start = now + timedelta(days=1)
    return {
        "identifier": [{"system": URI, "value": f"https://provider.example.test/appointments/{uuid.uuid4()}"}],
        "status": "booked",
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=10)).isoformat(),
        "created": now.isoformat(),
        "participant": [
            {
                "actor": {"identifier": {"use": "official", "system": NHS_NUMBER, "value": patient}},
                "status": "accepted",
            }
        ],
    }


def main() -> None:
    """Register an appointment, find it, read it and cancel it."""
    base_url = os.environ["REGISTRY_BASE_URL"].rstrip("/")
    credentials = os.environ["REGISTRY_CLIENT_ID"], os.environ["REGISTRY_CLIENT_SECRET"]
    registry = Registry(base_url, request_token(os.environ["REGISTRY_TOKEN_URL"], base_url, *credentials))
    patient = os.environ.get("REGISTRY_NHS_NUMBER", "9990001111")
    registered = registry.register(tomorrow(patient))
    print(f"registered {registered['id']}, version {registered['meta']['versionId']}")
    found = registry.search(patient)
    print(f"found {len(found)}: {', '.join(each['id'] for each in found)}")
    current = registry.read(registered["id"])
    print(f"read {current['id']}, {current['status']}, version {current['meta']['versionId']}")
    cancelled = registry.cancel(registered["id"])
    print(f"cancelled {cancelled['id']}, {cancelled['status']}, version {cancelled['meta']['versionId']}")


if __name__ == "__main__":
    main()
