"""A client of the Appointment Registry that no fault of the network makes register an appointment twice, with httpx.

It retries by the contract's two sentences: a 4xx is never sent again unchanged, a 5xx may be. After a 5xx, no answer or
half an answer, nobody knows whether the registry acted. So it looks first, and writes again only if it must.
"""

import os
import random
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

Resource = dict[str, Any]

FHIR_JSON = "application/fhir+json"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
URI = "urn:ietf:rfc:3986"
TIMEOUT_S = 10
ATTEMPTS = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
PATIENCE_S = 60.0  # a Retry-After that asks for more than this is somebody else's decision


class TryAgain(Exception):
    """What may be tried again, not before `wait_s`: a 5xx, a lost or broken answer, a 429, a version conflict."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        super().__init__(message)


class GaveUp(Exception):
    """Every attempt failed; the message says at what."""


class Refused(Exception):
    """A 4xx: the same request would be refused again. The message is what the registry says about it."""

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


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
        self._http = httpx.Client(timeout=TIMEOUT_S)
        self._token = ""
        self._token_ends = 0.0

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def register(self, appointment: Resource) -> Resource:
        """Register an appointment exactly once, and return what the registry holds."""
        pointer = appointment["identifier"][0]["value"]
        patient = appointment["participant"][0]["actor"]["identifier"]["value"]
        request_id = new_request_id()

        def attempt(number: int) -> Resource:
            # The answer to an earlier attempt was lost, perhaps not the registration: look for it.
            if number > 1 and (known := self._registered(patient, pointer)):
                return known
            return self._call("POST", "/Appointment", request_id, json=appointment)

        return persist("register", attempt)

    def search(self, patient: str) -> list[Resource]:
        """Return the appointments of a patient that are not past; the registry has no paging."""
        bundle = self._ask("search", "/Appointment", params={"patient.identifier": f"{NHS_NUMBER}|{patient}"})
        return [entry["resource"] for entry in bundle.get("entry", [])]

    def read(self, logical_id: str) -> Resource:
        """Return the current version of an appointment."""
        return self._ask("read", f"/Appointment/{logical_id}")

    def cancel(self, appointment: Resource) -> Resource:
        """Cancel a booked appointment as it was read, and return the cancelled version, whoever made it."""
        request_ids: dict[str, str] = defaultdict(new_request_id)

        def attempt(number: int) -> Resource:
            # What an attempt without an answer did, and what others did, shows when it is read again.
            current = appointment if number == 1 else self.read(appointment["id"])
            if current["status"] == "cancelled":
                return current
            # The same version is sent again in the same request; another version makes another request.
            return self._put_cancelled(current, request_ids[current["meta"]["versionId"]])

        return persist("cancel", attempt)

    def _put_cancelled(self, current: Resource, request_id: str) -> Resource:
        # All that was read goes back, only the status is another: that is all an update may change.
        body = {**current, "status": "cancelled"}
        guard = {"If-Match": f'W/"{current["meta"]["versionId"]}"'}
        try:
            return self._call("PUT", f"/Appointment/{current['id']}", request_id, json=body, headers=guard)
        except Refused as refused:
            if refused.status != httpx.codes.CONFLICT:
                raise
            raise TryAgain("somebody else was faster (409): read again") from refused

    def _registered(self, patient: str, pointer: str) -> Resource | None:
        return next((each for each in self.search(patient) if each["identifier"][0]["value"] == pointer), None)

    def _ask(self, what: str, path: str, **more: Any) -> Any:
        """Read until there is an answer: a read changes nothing, so it can simply be repeated."""
        request_id = new_request_id()
        return persist(what, lambda _: self._call("GET", path, request_id, **more))

    def _call(
        self, method: str, path: str, request_id: str, headers: dict[str, str] | None = None, **more: Any
    ) -> Resource:
        """Send one request; after a 403 once more, with a new token: the old one may have ended before its time."""
        headers = {"Accept": FHIR_JSON, "X-Request-Id": request_id, **(headers or {})}
        if "json" in more:
            headers["Content-Type"] = FHIR_JSON
        if time.monotonic() >= self._token_ends:
            self._renew_token()
        try:
            return self._authorised(method, path, headers, **more)
        except Refused as refused:
            if refused.status != httpx.codes.FORBIDDEN:
                raise
        self._renew_token()
        return self._authorised(method, path, headers, **more)

    def _authorised(self, method: str, path: str, headers: dict[str, str], **more: Any) -> Resource:
        headers = {**headers, "Authorization": f"Bearer {self._token}"}
        return resource_in(self._exchange(method, self._base_url + path, headers=headers, **more))

    def _renew_token(self) -> None:
        granted = persist("token", lambda _: resource_in(self._request_token()))
        self._token = granted["access_token"]
        # Azure AD writes numbers as text. A minute less, so that no token expires on its way.
        self._token_ends = time.monotonic() + int(granted["expires_in"]) - 60

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
            raise TryAgain(f"no answer to {method}: {error}") from error
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TryAgain(f"{response.status_code} to {method}", retry_after_s(response))
        if response.is_client_error:
            raise Refused(f"the registry refused {method} with {told_by(response)}", response.status_code)
        return response


def persist(what: str, attempt: Callable[[int], Any]) -> Any:
    """Attempt until there is an answer; pauses grow, vary and are bounded, and are never below Retry-After.

    They vary so that clients which failed together do not come back together.
    """
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt(number)
        except TryAgain as failure:
            report(f"{what}: {failure}")
            if number == ATTEMPTS or failure.wait_s > PATIENCE_S:
                raise GaveUp(f"{what}: given up after {number} attempts; the last: {failure}") from failure
            pause_s = min(FIRST_PAUSE_S * 2 ** (number - 1), LONGEST_PAUSE_S) * random.uniform(1, 1.5)
            time.sleep(max(pause_s, failure.wait_s))
    raise AssertionError("the last attempt returns or raises")


def retry_after_s(response: httpx.Response) -> float:
    """Return how many seconds the answer asks to wait; it may say so by a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "0")
    if value.isdigit():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except ValueError:
        return 0.0


def resource_in(response: httpx.Response) -> Any:
    """Read the JSON of an answer; one that cannot be read says no more than none."""
    try:
        return response.json()
    except ValueError as error:
        raise TryAgain(f"broken answer to {response.request.method}") from error


def told_by(response: httpx.Response) -> str:
    """Return the status of a refusal, and what its body says: an OperationOutcome or the token endpoint's error."""
    try:
        said = response.json()
        reasons = [each.get("diagnostics", "") for each in said.get("issue", [])] or [said["error_description"]]
    except (ValueError, LookupError, AttributeError):
        reasons = []
    return " ".join([str(response.status_code), *(each for each in reasons if each)])


def new_request_id() -> str:
    """Return what names one request in the logs of both sides; a retry keeps it."""
    return str(uuid.uuid4())


def report(what: object) -> None:
    """Print what the client has recovered from."""
    print(f"  ... {what}", flush=True)


def tomorrow(patient: str, pointer: str) -> Resource:
    """Return an appointment of tomorrow; the pointer leads to it at the provider, where it was booked."""
    now = datetime.now(UTC).replace(microsecond=0)
    start = now + timedelta(days=1)
    return {
        "resourceType": "Appointment",
        "identifier": [{"system": URI, "value": pointer}],
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


def perform(registry: Registry, verb: str) -> None:
    """Do one operation on what the environment names, and print how things stand then."""
    match verb:
        case "register":
            appointment = tomorrow(required("REGISTRY_PATIENT"), required("REGISTRY_POINTER"))
            show("registered", registry.register(appointment))
        case "search":
            show_found(registry.search(required("REGISTRY_PATIENT")))
        case "read":
            show("read", registry.read(required("REGISTRY_APPOINTMENT")))
        case "cancel":
            show("cancelled", registry.cancel(registry.read(required("REGISTRY_APPOINTMENT"))))
        case _:
            raise Refused(f"REGISTRY_VERB is {verb!r}; expected register, search, read or cancel")


def walk_through(registry: Registry) -> None:
    """Register an appointment, find it, read it and cancel it."""
    patient = os.environ.get("REGISTRY_PATIENT", "9990001111")
    pointer = f"https://provider.example.test/appointments/{uuid.uuid4()}"
    registered = registry.register(tomorrow(patient, pointer))
    show("registered", registered)
    show_found(registry.search(patient))
    current = registry.read(registered["id"])
    show("read", current)
    show("cancelled", registry.cancel(current))


def show(done: str, appointment: Resource) -> None:
    """Print what was done, and the version that it led to."""
    print(f"{done} {appointment['id']}, {appointment['status']}, version {appointment['meta']['versionId']}")


def show_found(appointments: list[Resource]) -> None:
    """Print what a search found."""
    print(f"found {len(appointments)}: {', '.join(each['id'] for each in appointments)}")


def required(name: str) -> str:
    """Return a variable of the environment; end the program with a sentence if it is not set."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set")
    return value


def main() -> int:
    """Do what REGISTRY_VERB says, or else everything; return 1 and say why where that failed."""
    credentials = required("REGISTRY_CLIENT_ID"), required("REGISTRY_CLIENT_SECRET")
    registry = Registry(required("REGISTRY_BASE_URL"), required("REGISTRY_TOKEN_URL"), credentials)
    try:
        if verb := os.environ.get("REGISTRY_VERB"):
            perform(registry, verb)
        else:
            walk_through(registry)
    except (Refused, GaveUp) as failure:
        print(f"failed: {failure}", file=sys.stderr)
        return 1
    finally:
        registry.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
