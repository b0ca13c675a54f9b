"""The bad clients: for every rule a variant of the example client that breaks it, by a line or two that are wrong."""

from typing import NamedTuple

from tests.house.examined import Change

REREAD = 'current = appointment if number == 1 else self.read(appointment["id"])'
NOT_READ_AGAIN: Change = (REREAD, "current = appointment")
RETRIES_WHATEVER_FAILED: Change = (
    "if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:",
    "if response.is_error and response.status_code != httpx.codes.CONFLICT:",
)
REGISTERS_WITHOUT_A_LOOK: Change = (
    "if number > 1 and (known := self._registered(patient, pointer)):",
    "if number < 1 and (known := self._registered(patient, pointer)):",
)
ANY_TOKEN: Change = (
    'granted = persist("token", lambda _: resource_in(self._request_token()))',
    'granted = {"access_token": spine_token(SCOPE), "expires_in": 300}',
)
"""A client that makes its own token, in Spine mode: the test makes it, with the scope that the client chooses."""


class Bad(NamedTuple):
    """A bad client.

    Attributes:
        rule: the one that it breaks.
        scenario: the one that shows it.
        changes: what is wrong with it.
        consequences: the rules that break with it, and why is told in docs/exam.md.
        because: what is wrong, in a few words.
    """

    rule: str
    scenario: str
    changes: tuple[Change, ...]
    because: str
    consequences: tuple[str, ...] = ()


BAD = (
    Bad(
        "a-409-is-followed-by-a-read-before-the-next-put",
        "cancel-meets-a-conflict",
        (NOT_READ_AGAIN,),
        "puts what it had read before the conflict",
    ),
    Bad(
        "a-409-to-a-cancel-that-was-done-before-is-settled-by-reading",
        "cancel-survives-a-lost-answer",
        (NOT_READ_AGAIN, ("if refused.status != httpx.codes.CONFLICT:", "if refused.status:")),
        "puts again without a read, and takes the 409 for a failure",
        ("an-unknown-outcome-of-a-cancel-is-settled-by-reading",),
    ),
    Bad(
        "a-4xx-is-not-repeated-unchanged",
        "read-is-refused",
        (RETRIES_WHATEVER_FAILED,),
        "retries a 404 as if it were a 500",
    ),
    Bad(
        "a-503-followed-by-a-4xx-ends-the-retrying",
        "cancel-is-refused-when-the-service-is-back",
        (RETRIES_WHATEVER_FAILED,),
        "retries on after a refusal",
        ("a-4xx-is-not-repeated-unchanged",),
    ),
    Bad(
        "a-new-operation-has-a-new-x-request-id",
        "read-two-appointments",
        (("return str(uuid.uuid4())", 'return "the-same-for-ever"'),),
        "has one request id for everything",
    ),
    Bad(
        "a-retry-keeps-its-x-request-id",
        "search-survives-a-lost-answer",
        (
            (
                'lambda _: self._call("GET", path, request_id, **more)',
                'lambda _: self._call("GET", path, new_request_id(), **more)',
            ),
        ),
        "has a new request id for each attempt",
    ),
    Bad(
        "a-retry-waits",
        "read-gives-up-in-the-end",
        (("time.sleep(max(pause_s, failure.wait_s))", "time.sleep(failure.wait_s)"),),
        "retries at once",
        ("the-pauses-between-retries-grow",),
    ),
    Bad(
        "a-truncated-or-corrupt-answer-is-not-taken-for-a-good-one",
        "cancel-survives-a-read-that-is-corrupt",
        (
            (
                "return response.json()",
                'return httpx.Response(200, text=response.content.decode(errors="replace")).json()',
            ),
        ),
        "reads bytes that are no UTF-8 as if they were some",
        ("what-is-cancelled-was-read-from-the-registry-before",),
    ),
    Bad(
        "an-unknown-outcome-of-a-cancel-is-settled-by-reading",
        "cancel-survives-two-500s",
        (NOT_READ_AGAIN,),
        "puts again without a read",
    ),
    Bad(
        "an-unknown-outcome-of-a-register-is-settled-before-registering-again",
        "register-survives-a-lost-request",
        (REGISTERS_WITHOUT_A_LOOK,),
        "registers again without a search",
    ),
    Bad(
        "an-unknown-outcome-of-a-register-makes-no-duplicate",
        "register-survives-a-lost-answer",
        (REGISTERS_WITHOUT_A_LOOK,),
        "registers twice",
        ("an-unknown-outcome-of-a-register-is-settled-before-registering-again",),
    ),
    Bad(
        "every-update-carries-if-match",
        "cancel-once",
        (('guard = {"If-Match": f\'W/"{current["meta"]["versionId"]}"\'}', "guard: dict[str, str] = {}"),),
        "sends no If-Match",
    ),
    Bad(
        "metadata-is-read-once",
        "cancel-once",
        (
            (
                'headers = {"Accept": FHIR_JSON, "X-Request-Id": request_id, **(headers or {})}',
                (
                    'self._http.get(self._base_url + "/metadata")\n'
                    '        headers = {"Accept": FHIR_JSON, "X-Request-Id": request_id, **(headers or {})}'
                ),
            ),
        ),
        "reads the CapabilityStatement before every call",
    ),
    Bad(
        "no-token-is-used-after-its-exp",
        "read-with-a-token-that-has-expired",
        (
            (
                "self._renew_token()\n        return self._authorised(method, path, headers, **more)",
                "return self._authorised(method, path, headers, **more)",
            ),
        ),
        "sends the refused token again",
    ),
    Bad(
        "one-token-serves-until-it-is-about-to-expire",
        "cancel-once",
        (("if time.monotonic() >= self._token_ends:", "if time.monotonic() >= 0:"),),
        "fetches a token for every call",
    ),
    Bad(
        "retry-after-is-kept",
        "read-waits-when-it-is-asked-to",
        (
            (
                'raise TryAgain(f"{response.status_code} to {method}", retry_after_s(response))',
                'raise TryAgain("again")',
            ),
        ),
        "pays no attention to Retry-After",
    ),
    Bad(
        "the-least-scope",
        "search-once",
        (ANY_TOKEN, ("FHIR_JSON =", 'SCOPE = "patient/appointment.write"\nFHIR_JSON =')),
        "asks for the scope to write, and searches",
    ),
    Bad(
        "the-location",
        "read-once",
        (
            (
                'return self._ask("read", f"/Appointment/{logical_id}")',
                'return self._ask("read", f"/Appointment/{logical_id.upper()}")',
            ),
        ),
        "respells an id that it was given",
    ),
    Bad(
        "the-patient-is-named-only-where-documented",
        "search-once",
        (
            (
                "self._http = httpx.Client(timeout=TIMEOUT_S)",
                'self._http = httpx.Client(timeout=TIMEOUT_S, headers={"X-Patient": required("REGISTRY_PATIENT")})',
            ),
        ),
        "puts the NHS number into a header",
    ),
    Bad(
        "the-pauses-between-retries-are-bounded",
        "read-gives-up-in-the-end",
        (("FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0", "FIRST_PAUSE_S, LONGEST_PAUSE_S = 40.0, 1_000.0"),),
        "waits for minutes",
    ),
    Bad(
        "the-pauses-between-retries-grow",
        "read-gives-up-in-the-end",
        (
            (
                "min(FIRST_PAUSE_S * 2 ** (number - 1), LONGEST_PAUSE_S) * random.uniform(1, 1.5)",
                "FIRST_PAUSE_S * random.uniform(1, 1.1)",
            ),
            # So long that the sandbox's own time, which is real, does not blur them on a busy machine.
            ("FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0", "FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 64.0"),
        ),
        "pauses as long each time",
    ),
    Bad(
        "the-pauses-between-retries-vary",
        "read-gives-up-in-the-end",
        (
            (" * random.uniform(1, 1.5)", ""),
            # So long that the sandbox's own time, which is real, does not blur them on a busy machine.
            ("FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0", "FIRST_PAUSE_S, LONGEST_PAUSE_S = 8.0, 64.0"),
        ),
        "pauses by one schedule",
    ),
    Bad(
        "the-retries-of-a-500-end",
        "read-gives-up-in-the-end",
        (("ATTEMPTS = 5", "ATTEMPTS = 15"),),
        "goes on and on",
    ),
    Bad(
        "the-same-get-is-not-repeated-within-seconds-without-need",
        "read-once",
        (
            (
                'return self._ask("read", f"/Appointment/{logical_id}")',
                (
                    'self._ask("read", f"/Appointment/{logical_id}")\n'
                    '        return self._ask("read", f"/Appointment/{logical_id}")'
                ),
            ),
        ),
        "reads twice what it could keep",
    ),
    Bad(
        "what-is-cancelled-was-read-from-the-registry-before",
        "cancel-once",
        (
            (
                'registry.cancel(registry.read(required("REGISTRY_APPOINTMENT")))',
                (
                    'registry.cancel({**tomorrow(required("REGISTRY_PATIENT"), required("REGISTRY_POINTER")), '
                    '"id": required("REGISTRY_APPOINTMENT"), "meta": {"versionId": "1"}})'
                ),
            ),
        ),
        "cancels what it has put together itself",
    ),
    Bad(
        "what-is-sent-back-is-what-was-read",
        "cancel-gives-back-what-it-does-not-know",
        (
            (
                'body = {**current, "status": "cancelled"}',
                'body = {**current, "status": "cancelled"}\n        body.pop("extension", None)',
            ),
        ),
        "leaves out the extensions",
    ),
)
