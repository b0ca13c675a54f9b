"""A model client of the registry, which keeps every rule; one conduct of it can be spoilt, named by the rule it breaks.

It is written for clarity: each operation does what the rules say, and asks `self.is_bad(rule)` where it may not.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from registry_sandbox.testing import builders
from tests.unit.verdict.stage import BASE, TOKEN_PATH, Answer, Stage

Resource = dict[str, Any]
ATTEMPTS = 5
AGENT = "model-client/1.0"
_NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
_LATER = (408, 425, 429, 503)
_NOT_KNOWN = (500, 502, 504)


@dataclass
class Client:
    """A client with one conduct spoilt, or none."""

    stage: Stage
    bad: str = ""
    form: Literal["json", "xml"] = "json"
    seed: int = 1
    known: dict[str, Resource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin a run of the client."""
        self._random = random.Random(self.seed)  # noqa: S311 - jitter
        self._token = ""
        self._token_ends_s = 0.0
        self._numbered = 0
        self._metadata = False

    def is_bad(self, rule: str) -> bool:
        """Return whether this conduct is the spoilt one."""
        return self.bad == rule

    # Operations

    def register(self, patient: str, pointer: str) -> Resource | None:
        """Register an appointment once; look for it wherever the outcome is unknown."""
        resource = builders.appointment(nhs_number=patient, pointer=pointer)
        operation = self._operation()
        unknown = False
        for attempt in range(self._attempts()):
            if unknown and not self.is_bad("an-unknown-outcome-of-a-register-is-settled-before-registering-again"):
                found = self.search(patient)
                if found is None:
                    return None
                mine = [each for each in found if each["identifier"][0]["value"] == pointer]
                if mine:
                    return mine[0]
            answer = self._call("POST", "Appointment", operation, resource)
            if answer.status == 201 and answer.resource:
                return self._keep(answer.resource)
            unknown = unknown or _is_unknown(answer)
            if not (_is_unknown(answer) or answer.status in _LATER):
                self._repeat_a_refusal(lambda: self._call("POST", "Appointment", operation, resource))
                return None
            self._pause(attempt, answer)
        return None

    def search(self, patient: str) -> list[Resource] | None:
        """Search; None where no answer came."""
        answer = self._ask(f"Appointment?patient.identifier={_NHS_NUMBER}%7C{patient}")
        if answer is None:
            return None
        found = [each["resource"] for each in answer.resource.get("entry", [])]
        for each in found:
            self._keep(each)
        return found

    def read(self, logical_id: str) -> Resource | None:
        """Read; None where no answer came, or a refusal."""
        if self.is_bad("the-location"):
            logical_id = logical_id.upper()
        answer = self._ask(f"Appointment/{logical_id}")
        return None if answer is None else self._keep(answer.resource)

    def cancel(self, logical_id: str) -> Resource | None:
        """Cancel: read, change the status, send back all else; after any doubt read again."""
        operation = self._operation()
        current: Resource | None = None
        for attempt in range(self._attempts()):
            current = self._to_cancel(logical_id, current)
            if current is None or current["status"] != "booked":
                return current
            answer = self._put(current, operation)
            if answer.status == 200 and answer.resource:
                return self._keep(answer.resource)
            if not (_is_unknown(answer) or answer.status in (*_LATER, 409)):
                self._repeat_a_refusal(partial(self._put, current, operation))
                return None
            self._spoil_after(answer, current)
            if answer.status == 409 and self.is_bad("a-409-to-a-cancel-that-was-done-before-is-settled-by-reading"):
                return None
            self._pause(attempt, answer)
        return None

    def metadata(self) -> None:
        """Read the CapabilityStatement, once."""
        if not self._metadata or self.is_bad("metadata-is-read-once"):
            self._metadata = self._ask("metadata") is not None

    # How it cancels

    def _to_cancel(self, logical_id: str, before: Resource | None) -> Resource | None:
        """Return what to cancel: what was read just now, or by a spoilt conduct something else."""
        if before is None and self.is_bad("what-is-cancelled-was-read-from-the-registry-before"):
            known = self.stage.workspace.service.registry.latest(logical_id)
            return None if known is None else known.resource()
        blind = self.bad in (
            "an-unknown-outcome-of-a-cancel-is-settled-by-reading",
            "a-409-is-followed-by-a-read-before-the-next-put",
            "a-409-to-a-cancel-that-was-done-before-is-settled-by-reading",
        )
        return before if before is not None and blind else self.read(logical_id)

    def _put(self, current: Resource, operation: str) -> Answer:
        sent = builders.cancelled(current)
        if self.is_bad("what-is-sent-back-is-what-was-read"):
            sent = {name: value for name, value in sent.items() if name not in ("created", "extension")}
        guard = {"If-Match": f'W/"{current["meta"]["versionId"]}"'}
        if self.is_bad("every-update-carries-if-match"):
            guard = {}
        return self._call("PUT", f"Appointment/{current['id']}", operation, sent, guard)

    def _spoil_after(self, answer: Answer, current: Resource) -> None:
        if answer.status == 409 and self.is_bad("a-409-is-followed-by-a-read-before-the-next-put"):
            version = int(current["meta"]["versionId"]) + 1  # as if that were how versions are counted
            current["meta"]["versionId"] = str(version)

    # How it asks

    def _ask(self, target: str) -> Answer | None:
        operation = self._operation()
        for attempt in range(self._attempts()):
            answer = self._call("GET", target, operation)
            if answer.status == 200 and answer.resource:
                if self.is_bad("the-same-get-is-not-repeated-within-seconds-without-need"):
                    for _ in range(2):
                        self._call("GET", target, self._operation())
                return answer
            taken = self._taken_for_good(answer)
            if taken is not None:
                return taken
            if not (_is_unknown(answer) or answer.status in _LATER):
                self._repeat_a_refusal(lambda: self._call("GET", target, operation))
                return None
            self._pause(attempt, answer)
        return None

    def _taken_for_good(self, answer: Answer) -> Answer | None:
        """Return what a careless client makes of half an answer: what it guesses is in it."""
        if not self.is_bad("a-truncated-or-corrupt-answer-is-not-taken-for-a-good-one") or answer.status != 200:
            return None
        latest = self.stage.workspace.service.registry.latest(self._asked)
        return None if latest is None else Answer(200, answer.headers, latest.json, whole=True)

    def _repeat_a_refusal(self, again: Callable[[], Answer]) -> None:
        if self.bad in ("a-4xx-is-not-repeated-unchanged", "a-503-followed-by-a-4xx-ends-the-retrying"):
            again()

    def _attempts(self) -> int:
        return 12 if self.is_bad("the-retries-of-a-500-end") else ATTEMPTS

    def _pause(self, attempt: int, answer: Answer) -> None:
        pause = 0.2 * 2 ** min(attempt, 6) * self._random.uniform(0.7, 1.3)
        spoilt = {
            "a-retry-waits": 0.001,
            "the-pauses-between-retries-grow": 0.3 * self._random.uniform(0.93, 1.0),
            "the-pauses-between-retries-vary": 0.2 * 2**attempt,
            "the-pauses-between-retries-are-bounded": 20.0 * 2**attempt * self._random.uniform(0.95, 1.05),
        }
        pause = spoilt.get(self.bad, pause)
        asked = answer.headers.get("Retry-After") if answer.status is not None else None
        if asked and not self.is_bad("retry-after-is-kept"):
            pause = max(pause, float(asked))
        self.stage.wait(pause)

    # How it calls

    def _call(
        self,
        method: str,
        target: str,
        operation: str,
        resource: Resource | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        self._asked = target.rpartition("/")[2]
        headers = {
            "Authorization": f"Bearer {self._valid_token(method)}",
            "Accept": f"application/fhir+{self.form}",
            "User-Agent": AGENT,
            "X-Request-Id": self._request_id(operation),
            **(more or {}),
        }
        if self.is_bad("the-patient-is-named-only-where-documented") and "identifier=" in target:
            headers["X-Patient"] = target.rpartition("%7C")[2]
        body = b""
        if resource is not None:
            headers["Content-Type"] = f"application/fhir+{self.form}"
            body = json.dumps(resource).encode() if self.form == "json" else builders.as_xml(resource)
        answer = self.stage.send(method, target, headers, body)
        if answer.status == 403 and not self.is_bad("no-token-is-used-after-its-exp"):
            self._token = ""
        return answer

    def _request_id(self, operation: str) -> str:
        if self.is_bad("a-new-operation-has-a-new-x-request-id"):
            return "constant"
        return self._operation() if self.is_bad("a-retry-keeps-its-x-request-id") else operation

    def _operation(self) -> str:
        self._numbered += 1
        return f"operation-{self.seed}-{self._numbered}"

    def _valid_token(self, method: str) -> str:
        del method
        fresh = self._token and self.stage.now_s < self._token_ends_s - 60
        if self._token and self.is_bad("no-token-is-used-after-its-exp"):
            fresh = True
        if fresh and not self.is_bad("one-token-serves-until-it-is-about-to-expire"):
            return self._token
        form = (
            f"grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret&scope={BASE}/.default"
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": AGENT}
        for attempt in range(self._attempts()):
            answer = self.stage.send("POST", TOKEN_PATH, headers, form.encode())
            granted = answer.resource
            if answer.status == 200 and granted:
                self._token = granted["access_token"]
                self._token_ends_s = self.stage.now_s + granted["expires_in"]
                break
            self._pause(attempt, answer)
        return self._token

    def _keep(self, resource: Resource) -> Resource:
        self.known[resource["id"]] = resource
        return resource


def _is_unknown(answer: Answer) -> bool:
    status = answer.status
    return status is None or status in _NOT_KNOWN or (status in (200, 201) and not answer.resource)
