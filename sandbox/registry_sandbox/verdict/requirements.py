"""What binds a client of the registry, one requirement each, with its source.

The first part goes through registry.md section by section; the second has what the specifications below it say.
"""

from collections.abc import Mapping
from typing import Final

from registry_sandbox.verdict.finding import Requirement

_USE, _SECURITY = "Registry overview", "Registry overview, security"
_REGISTER, _CANCEL = "Register an appointment", "Cancel a registered appointment"
_GET, _SEARCH = "Get a specific appointment", "Search for appointments for a patient"
_ERRORS = "registry pages, error handling: after a 4xx and after a 500"
_SPINE = "Care Connect and GP Connect, cross-organisation audit and provenance"

_OF_THE_REGISTRY: Final[Mapping[str, tuple[str, str]]] = {
    "1-pointer": ("An entry points to the appointment at its provider; the provider has it first.", _USE),
    "1-cancelled-there-first": ("An entry is cancelled once its appointment is cancelled at the provider.", _USE),
    "2-bearer": ("Every call carries a bearer token in its Authorization header.", _SECURITY),
    "2-mutual-tls": ("Both sides prove who they are by TLS; a server that cannot is not spoken to.", _SECURITY),
    "2-token-request": ("A token is asked for with the client's credentials and the scope of the registry.", _SECURITY),
    "2-token-lifetime": (
        "A token serves from its beginning to its end, and is refused outside of that time.",
        _SECURITY,
    ),
    "2-spine-claims": ("A Spine token has the nine required claims and lasts five minutes.", _SPINE),
    "2-spine-scope": ("A Spine token asks for the scope that the call needs: reading, or writing too.", _SPINE),
    "3-urls": (
        "URLs are case-sensitive, and an answer gives those to use.",
        "Registry overview; FHIR STU3, RESTful API",
    ),
    "3-formats": ("Bodies are FHIR XML or JSON, and say which.", "FHIR STU3, RESTful API, mime types"),
    "3-fhir-version": ("A client of STU3 names no other version of FHIR.", "FHIR, RESTful API, fhirVersion"),
    "3-no-trailing-slash": ("No path of the registry ends in a slash.", "docs/decisions.md, the contract"),
    "3-request-id": (
        "A request has an X-Request-Id that tells it from others, and the same one when it is sent again.",
        "registry pages, calls to the provider; FHIR, X-Request-Id",
    ),
    "3-ssp-headers": ("A call through the proxy has the four Ssp headers.", "registry pages, Overview"),
    "3-outcome": (
        "A refusal comes with an OperationOutcome that says what is wrong.",
        "registry pages, error handling",
    ),
    "4-no-id": ("A registration carries no id: the registry assigns it.", "FHIR STU3, RESTful API, create"),
    "4-not-allowed": ("A registration has no contained, supportingInformation, description or slot.", _REGISTER),
    "4-mandatory": (
        "A registration has status, start, end, created, identifier and participant, once each.",
        _REGISTER,
    ),
    "4-identifier": ("The identifier is the absolute URL of the appointment at the provider.", _REGISTER),
    "4-patient": ("The participant names the patient by NHS number; no other way may name another patient.", _REGISTER),
    "4-no-modifiers": (
        "A registration has nothing that cannot be ignored: modifierExtension, implicitRules.",
        _REGISTER,
    ),
    "4-readable": ("A body can be read as an Appointment of STU3, and conforms to its profiles.", _REGISTER),
    "4-once": ("An appointment is registered once.", _USE),
    "4-location": ("The Location of the answer is the URL of the new entry.", _REGISTER),
    "5-no-parameters": ("A read has no parameters but _format.", _GET),
    "5-versions": ("A version is asked for by the id that the registry gave it.", _GET),
    "6-one-patient": ("A search names one patient, by NHS number with its system, in a documented parameter.", _SEARCH),
    "6-no-further-parameters": ("A search has no other parameters.", _SEARCH),
    "6-patient-only-there": ("A patient is named in the parameter of a search and in bodies, nowhere else.", _SEARCH),
    "7-retrieved": ("What is cancelled must have been retrieved from the registry.", _CANCEL),
    "7-if-match": ("An update carries If-Match with the version that it is about.", _CANCEL),
    "7-current-version": ("An update that is not about the current version is refused: read again first.", _CANCEL),
    "7-only-status": ("Nothing but the status differs from what was retrieved.", _CANCEL),
    "7-same-id": ("The id in the body is the one in the URL.", "FHIR STU3, RESTful API, update"),
    "7-becomes-cancelled": ("A booked entry becomes cancelled; no entry is opened again.", _CANCEL),
    "8-4xx": ("A request that was refused with a 4xx should not be sent again before its cause is addressed.", _ERRORS),
    "8-500": ("A request that met a 500 may be sent again.", _ERRORS),
    "9-metadata": ("What the registry supports is in its CapabilityStatement.", "FHIR STU3, RESTful API, capabilities"),
}

_OF_SPECIFICATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "unknown-outcome": (
        "A request that is not idempotent is not sent again unless the client can find out whether it was done.",
        "RFC 9110, section 9.2.2",
    ),
    "unknown-cancel": (
        "After an answer that was lost nobody knows the state of a resource; a read tells.",
        "RFC 9110, section 9.2.2; FHIR STU3, RESTful API, Managing Resource Contention",
    ),
    "incomplete-answer": ("A message that ends before its length is incomplete.", "RFC 9112, section 8"),
    "retry-after": ("Retry-After says how long to wait before the next request.", "RFC 9110, section 10.2.3"),
    "backoff": (
        "Retries wait longer each time, at times that differ, up to a bound, and end.",
        "RFC 9110, section 9.2.2; common practice: truncated exponential backoff with jitter",
    ),
    "token-reuse": ("A token is used until it is about to expire.", "RFC 6749, section 5.1, expires_in"),
    "no-secrets-in-logs": ("Tokens and patients do not stand in logs.", "RFC 6750, section 5.3; NHS data security"),
    "thrift": ("What does not change need not be asked for again.", "RFC 9111, section 4; common practice"),
}

REQUIREMENTS: Final[Mapping[str, Requirement]] = {
    each: Requirement(text, source) for each, (text, source) in {**_OF_THE_REGISTRY, **_OF_SPECIFICATIONS}.items()
}


def worded(name: str) -> str:
    """Return a requirement's text with its id; the id alone if we have none such, as in another version's report."""
    known = REQUIREMENTS.get(name)
    return f"{known.text} ({name})" if known else name
