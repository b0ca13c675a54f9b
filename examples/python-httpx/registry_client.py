"""A client of the Appointment Registry that no fault of the network makes register an appointment twice, with httpx.

It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no answer or
half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Resource = dict[str, Any]

FHIR_JSON = "application/fhir+json"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
URI = "urn:ietf:rfc:3986"
ATTEMPTS = 5
FIRST_PAUSE_S = 0.2


class UnknownOutcome(Exception):
    """A 5xx, no answer or a broken one: the registry may have acted, or not."""


class Refused(Exception):
    """A 4xx: the same request would be refused again."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        super().__init__(f"{response.status_code} to {response.request.method} {response.url}: {response.text}")


class Registry:
    """A conversation with the registry, under a token that is renewed in time.

    Args:
        base_url: the FHIR base, such as `http://127.0.0.1:8080/STU3`.
        token_url: the token endpoint.
        credentials: client id and client secret.
    """

    def __init__(self, base_url: str, token_url: str, credentials: tuple[str, str]) -> None:
        self._base_url = base_url.rstrip("/")
        self._token_url = token_url
        self._credentials = credentials
        self._http = httpx.Client(timeout=10)
        self._token = ""
        self._token_ends = 0.0

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def register(self, appointment: Resource) -> Resource:
        """Register an appointment exactly once, and give what the registry holds."""
        pointer = appointment["identifier"][0]["value"]
        patient = appointment["participant"][0]["actor"]["identifier"]["value"]
        for attempt in paced_attempts("register"):
            # The answer to the first attempt was lost, perhaps not the registration: look for it.
            if attempt > 1 and (known := self._registered(patient, pointer)):
                return known
            try:
                return resource_in(self._send("POST", "/Appointment", json=appointment))
            except UnknownOutcome as lost:
                report(lost)
        raise UnknownOutcome(f"register: {ATTEMPTS} attempts, and none was answered")

    def search(self, patient: str) -> list[Resource]:
        """Return the appointments of a patient that are not past; the registry has no paging."""
        query = {"patient.identifier": f"{NHS_NUMBER}|{patient}"}
        bundle = self._ask("search", lambda: resource_in(self._send("GET", "/Appointment", params=query)))
        return [entry["resource"] for entry in bundle.get("entry", [])]

    def read(self, logical_id: str) -> Resource:
        """Return the current version of an appointment."""
        return self._ask("read", lambda: resource_in(self._send("GET", f"/Appointment/{logical_id}")))

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
            except Refused as refused:
                if refused.status != httpx.codes.CONFLICT:
                    raise
                report("somebody else was faster (409): read again")
        raise UnknownOutcome(f"cancel: {ATTEMPTS} attempts, and none was answered")

    def _put_cancelled(self, current: Resource) -> Resource:
        # All that was read goes back, only the status is another: that is all an update may change.
        body = {**current, "status": "cancelled"}
        guard = {"If-Match": f'W/"{current["meta"]["versionId"]}"'}
        return resource_in(self._send("PUT", f"/Appointment/{current['id']}", json=body, headers=guard))

    def _registered(self, patient: str, pointer: str) -> Resource | None:
        return next((each for each in self.search(patient) if each["identifier"][0]["value"] == pointer), None)

    def _ask(self, what: str, question: Callable[[], Any]) -> Any:
        """Repeat a read until there is an answer: it changes nothing, so it can be repeated."""
        for _ in paced_attempts(what):
            try:
                return question()
            except UnknownOutcome as lost:
                report(lost)
        raise UnknownOutcome(f"{what}: {ATTEMPTS} attempts, and none was answered")

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        headers = {"Accept": FHIR_JSON, "Authorization": f"Bearer {self._valid_token()}", **(headers or {})}
        if "json" in more:
            headers["Content-Type"] = FHIR_JSON
        return self._exchange(method, self._base_url + path, headers=headers, **more)

    def _valid_token(self) -> str:
        if time.monotonic() >= self._token_ends:
            granted = self._ask("token", lambda: resource_in(self._request_token()))
            self._token = granted["access_token"]
            # Azure AD writes numbers as text. A minute less, so that no token expires on its way.
            self._token_ends = time.monotonic() + int(granted["expires_in"]) - 60
        return self._token

    def _request_token(self) -> httpx.Response:
        client_id, client_secret = self._credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": f"{self._base_url}/.default",
        }
        return self._exchange("POST", self._token_url, data=form)

    def _exchange(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, url, **more)
        except httpx.RequestError as error:
            raise UnknownOutcome(f"no answer to {method}: {error}") from error
        if response.is_server_error:
            raise UnknownOutcome(f"{response.status_code} to {method}")
        if response.is_client_error:
            raise Refused(response)
        return response


def resource_in(response: httpx.Response) -> Any:
    """Read the JSON of an answer; one that cannot be read says no more than none."""
    try:
        return response.json()
    except ValueError as error:
        raise UnknownOutcome(f"broken answer to {response.request.method}") from error


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


def tomorrow(patient: str) -> Resource:
    """Return an appointment of tomorrow; the identifier points to it at the provider, where it was booked."""
    now = datetime.now(UTC).replace(microsecond=0)
    start = now + timedelta(days=1)
    return {
        "resourceType": "Appointment",
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
    registry = Registry(
        os.environ["REGISTRY_BASE_URL"],
        os.environ["REGISTRY_TOKEN_URL"],
        (os.environ["REGISTRY_CLIENT_ID"], os.environ["REGISTRY_CLIENT_SECRET"]),
    )
    patient = os.environ.get("REGISTRY_NHS_NUMBER", "9990001111")
    registered = registry.register(tomorrow(patient))
    print(f"registered {registered['id']}, version {registered['meta']['versionId']}")
    found = registry.search(patient)
    print(f"found {len(found)}: {', '.join(each['id'] for each in found)}")
    current = registry.read(registered["id"])
    print(f"read {current['id']}, {current['status']}, version {current['meta']['versionId']}")
    cancelled = registry.cancel(registered["id"])
    print(f"cancelled {cancelled['id']}, {cancelled['status']}, version {cancelled['meta']['versionId']}")
    registry.close()


if __name__ == "__main__":
    main()
