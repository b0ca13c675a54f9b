"""A client that comes through: it registers and cancels, whatever is lost or refused on the way.

Start `registry-sandbox --fault 'cancel:500@x2' --fault 'register:commit+reset@x1'`, then run this with Python; it needs
httpx. What makes it right is not the retrying but what it does first: after a lost answer it looks whether the
registration came about, and after a conflict it reads the appointment again. (The folders beside this file have whole
clients, with pauses between the attempts.)
"""

import sys
from http import HTTPStatus
from typing import Any

import httpx

PATIENT = "9991000011"
POINTER = "https://provider.example.test/appointments/retried"
ATTEMPTS = 5
APPOINTMENT = {
    "resourceType": "Appointment",
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": POINTER}],
    "status": "booked",
    "start": "2031-05-06T09:30:00.000+01:00",
    "end": "2031-05-06T09:40:00.000+01:00",
    "created": "2026-11-20T16:05:00+00:00",
    "participant": [
        {
            "actor": {
                "identifier": {"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": PATIENT}
            },
            "status": "accepted",
        }
    ],
}


def registered(registry: httpx.Client) -> dict[str, Any] | None:
    """Find what we registered by its pointer, if it is there."""
    value = f"https://fhir.nhs.uk/Id/nhs-number|{PATIENT}"
    bundle = registry.get("/Appointment", params={"patient.identifier": value}).raise_for_status().json()
    found: list[dict[str, Any]] = [each["resource"] for each in bundle.get("entry", [])]
    return next((each for each in found if each["identifier"][0]["value"] == POINTER), None)


def register(registry: httpx.Client) -> dict[str, Any]:
    """Register once, even if the answer is lost: then nobody knows whether it was done, and looking tells."""
    for _ in range(ATTEMPTS):
        try:
            answer = registry.post("/Appointment", json=APPOINTMENT)
        except httpx.TransportError as error:
            print(f"register: no answer ({type(error).__name__}); looking whether it was done")
        else:
            if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                created: dict[str, Any] = answer.raise_for_status().json()
                return created
            print(f"register: {answer.status_code}; looking whether it was done")
        done = registered(registry)
        if done is not None:
            return done
    raise SystemExit("register: given up")


def cancel(registry: httpx.Client, appointment: dict[str, Any]) -> dict[str, Any]:
    """Cancel: a 5xx or a conflict asks for reading again, any other 4xx is ours to mend."""
    path = f"/Appointment/{appointment['id']}"
    for _ in range(ATTEMPTS):
        if appointment["status"] == "cancelled":
            return appointment
        headers = {"If-Match": f'W/"{appointment["meta"]["versionId"]}"'}
        try:
            answer = registry.put(path, json={**appointment, "status": "cancelled"}, headers=headers)
        except httpx.TransportError as error:
            print(f"cancel: no answer ({type(error).__name__}); reading")
            appointment = registry.get(path).raise_for_status().json()
            continue
        if answer.status_code == HTTPStatus.CONFLICT or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            print(f"cancel: {answer.status_code}; reading")
            appointment = registry.get(path).raise_for_status().json()
        else:
            appointment = answer.raise_for_status().json()
    raise SystemExit("cancel: given up")


def main(base: str, control: str) -> None:
    """Register, cancel, and print the journal."""
    token = httpx.get(f"{control}/token").raise_for_status().text.strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    with httpx.Client(base_url=base, headers=headers) as registry:
        appointment = cancel(registry, register(registry))
    print(f"{appointment['id']} is {appointment['status']}, version {appointment['meta']['versionId']}\n")
    for each in httpx.get(f"{control}/journal").raise_for_status().json()["exchanges"]:
        answered = each["response"]["status"] if each["response"] else f"none ({each['sent']['ended']})"
        faults = ", ".join(each["faults"])
        print(f"{each['number']:3} {each['request']['method']:4} {each['interaction']:12} {answered!s:14} {faults}")


if __name__ == "__main__":
    if len(sys.argv) not in (1, 3):
        raise SystemExit(f"{sys.argv[0]}: expected no arguments, or both the FHIR base and the control plane's root")
    main(*(sys.argv[1:] or ("http://127.0.0.1:8080/STU3", "http://127.0.0.1:8080/_sandbox")))
