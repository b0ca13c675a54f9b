"""How long a valid Appointment of 1 KB takes to be read and validated, and the start to load the definitions.

`python -m bench.validation` prints microseconds of processor time: the best of several rounds.
"""

import json
import sys
import timeit
from time import process_time

from registry_sandbox.reading.codec import Codec
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT, Profiles

_ROUNDS = 7

_PARTICIPANT = {
    "actor": {
        "reference": "https://demographics.spineservices.nhs.uk/9990001111",
        "identifier": {"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990001111"},
        "display": "Jackie Sample",
    },
    "status": "accepted",
}

APPOINTMENT = {
    "resourceType": "Appointment",
    "id": "b7e99463-00a1-45fc-98aa-02301c103aba",
    "meta": {"versionId": "1", "profile": [CARECONNECT_APPOINTMENT]},
    "language": "en",
    "extension": [
        {
            "url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-DeliveryChannel-1",
            "valueCode": "Telephone",
        }
    ],
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "https://provider.test.nhs.uk/STU3/Appointment/e1f2"}],
    "status": "booked",
    "start": "2019-01-17T15:00:00.000Z",
    "end": "2019-01-17T15:10:00.000Z",
    "created": "2019-01-17T14:00:00.000Z",
    "participant": [_PARTICIPANT],
}


def main() -> None:
    """Measure and print."""
    codec, profiles = Codec(), Profiles.load()
    as_json = json.dumps(APPOINTMENT).encode()
    resource = codec.read(as_json, "json").resource
    as_xml = codec.write(resource, "xml")
    findings = profiles.validate(resource)
    if findings:
        sys.exit(f"the Appointment of the benchmark is not valid: {findings}")
    rows = {
        f"validate ({len(as_json)} bytes of JSON)": _best(lambda: profiles.validate(resource), 2000),
        f"read XML ({len(as_xml)} bytes)": _best(lambda: codec.read(as_xml, "xml"), 2000),
        "read JSON": _best(lambda: codec.read(as_json, "json"), 2000),
        "load the definitions": _best(Profiles.load, 5),
    }
    for name, microseconds in rows.items():
        sys.stdout.write(f"{name:32} {microseconds:10.1f} us\n")


def _best(call: object, number: int) -> float:
    return min(timeit.repeat(call, timer=process_time, number=number, repeat=_ROUNDS)) / number * 1e6  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
