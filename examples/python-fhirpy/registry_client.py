"""A client of the Appointment Registry that no fault of the network makes register an appointment twice, with fhirpy.

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

import requests
from fhirpy import SyncFHIRClient

Resource = dict[str, Any]

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
        self._token = ""
        self._token_ends = 0.0

    def register(self, appointment: Resource) -> Resource:
        """Register an appointment exactly once, and return what the registry holds."""
        pointer = appointment["identifier"][0]["value"]
        patient = appointment["participant"][0]["actor"]["identifier"]["value"]
        headers = {"X-Request-Id": new_request_id()}

        def attempt(number: int) -> Resource:
            # The answer to an earlier attempt was lost, perhaps not the registration: look for it.
            if number > 1 and (known := self._registered(patient, pointer)):
                return known
            return self._call(headers, lambda client: client.resource("Appointment", **appointment).save())

        return persist("register", attempt)

    def search(self, patient: str) -> list[Resource]:
        """Return the appointments of a patient that are not past; the registry has no paging."""
        value = f"{NHS_NUMBER}|{patient}"
        # Not .first(), .get(), .limit() or .count(): they add _count, which the registry does not support.
        return self._ask(
            "search", lambda client: client.resources("Appointment").search(patient__identifier=value).fetch()
        )

    def read(self, logical_id: str) -> Resource:
        """Return the current version of an appointment."""
        return self._ask("read", lambda client: client.reference("Appointment", logical_id).to_resource())

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
        # fhirpy sends no If-Match of its own.
        headers = {"X-Request-Id": request_id, "If-Match": f'W/"{current["meta"]["versionId"]}"'}
        # All that was read goes back, only the status is another: that is all an update may change.
        body = {**current, "status": "cancelled"}
        try:
            return self._call(headers, lambda client: client.resource("Appointment", **body).save())
        except Refused as refused:
            if refused.status != requests.codes.conflict:
                raise
            raise TryAgain("somebody else was faster (409): read again") from refused

    def _registered(self, patient: str, pointer: str) -> Resource | None:
        return next((each for each in self.search(patient) if each["identifier"][0]["value"] == pointer), None)

    def _ask(self, what: str, question: Callable[[SyncFHIRClient], Any]) -> Any:
        """Read until there is an answer: a read changes nothing, so it can simply be repeated."""
        headers = {"X-Request-Id": new_request_id()}
        return persist(what, lambda _: self._call(headers, question))

    def _call(self, headers: dict[str, str], call: Callable[[SyncFHIRClient], Any]) -> Any:
        """Call fhirpy; after a 403 once more, with a new token: the old one may have ended before its time."""
        if time.monotonic() >= self._token_ends:
            self._renew_token()
        try:
            return settled(lambda: call(self._client_with(headers)))
        except Refused as refused:
            if refused.status != requests.codes.forbidden:
                raise
        self._renew_token()
        return settled(lambda: call(self._client_with(headers)))

    def _client_with(self, headers: dict[str, str]) -> SyncFHIRClient:
        # A header belongs to a client, so each call has a client of its own. fhirpy's errors have neither the status
        # nor Retry-After; requests shows both to a hook.
        config = {"timeout": TIMEOUT_S, "hooks": {"response": require_success}}
        return SyncFHIRClient(self._base_url, f"Bearer {self._token}", headers, requests_config=config)

    def _renew_token(self) -> None:
        granted = persist("token", lambda _: settled(self._request_token))
        self._token = granted["access_token"]
        # Azure AD writes numbers as text. A minute less, so that no token expires on its way.
        self._token_ends = time.monotonic() + int(granted["expires_in"]) - 60

    def _request_token(self) -> Any:
        client_id, client_secret = self._credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": f"{self._base_url}/.default",
        }
        hooks = {"response": require_success}
        return requests.post(self._token_url, data=form, timeout=TIMEOUT_S, hooks=hooks).json()


def settled(call: Callable[[], Any]) -> Any:
    """Make a call; no answer, or one that cannot be read, says that it may be tried again."""
    try:
        return call()
    except (requests.RequestException, ValueError) as error:  # ValueError: what came is no JSON, or half of one
        raise TryAgain(f"no answer, or half of one: {error}") from error


def require_success(response: requests.Response, *_: Any, **__: Any) -> None:
    """Raise what an answer means that is no success."""
    if response.status_code >= requests.codes.server_error or response.status_code == requests.codes.too_many_requests:
        raise TryAgain(f"the registry answered {response.status_code}", retry_after_s(response))
    if response.status_code >= requests.codes.bad_request:
        message = f"the registry refused {response.request.method} with {told_by(response)}"
        raise Refused(message, response.status_code)


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


def retry_after_s(response: requests.Response) -> float:
    """Return how many seconds the answer asks to wait; it may say so by a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "0")
    if value.isdigit():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except ValueError:
        return 0.0


def told_by(response: requests.Response) -> str:
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
