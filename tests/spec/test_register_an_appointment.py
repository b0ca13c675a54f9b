"""Register an appointment: POST [base]/Appointment."""

import pytest

from tests.spec.conversation import Registry, appointment

FORBIDDEN = {
    "contained": [{"resourceType": "Appointment", "id": "inside", "status": "booked"}],
    "supportingInformation": [{"reference": "https://provider.example.test/Condition/1"}],
    "description": "Follow-up",
    "slot": [{"reference": "https://provider.example.test/Slot/1"}],
}
MANDATORY = ("identifier", "status", "start", "end", "created", "participant")


class TestSuccess:
    """201, with where the appointment is now and what the registry made of it."""

    def test_it_answers_created_with_an_absolute_versioned_location(self, registry: Registry) -> None:
        """The Location names version 1 of the new appointment under the base."""
        answer = registry.register()
        assert answer.status == 201
        assert answer.headers["Location"] == f"{registry.base}/Appointment/{answer.resource['id']}/_history/1"

    def test_it_answers_with_the_version_and_when_it_was_made(self, registry: Registry) -> None:
        """ETag and Last-Modified are those of version 1."""
        answer = registry.register()
        assert answer.headers["ETag"] == 'W/"1"'
        assert answer.headers["Last-Modified"].endswith(" GMT")
        assert answer.resource["meta"]["versionId"] == "1"

    def test_the_body_is_the_created_appointment(self, registry: Registry) -> None:
        """What was sent comes back, with an id, a version id and the instant of the change."""
        sent = appointment()
        created = registry.register(sent).resource
        assert {name: value for name, value in created.items() if name not in ("id", "meta")} == {
            name: value for name, value in sent.items() if name != "meta"
        }
        assert set(created["meta"]) == {"versionId", "lastUpdated", "profile"}

    def test_the_location_can_be_read(self, registry: Registry) -> None:
        """Whoever follows the Location finds the created appointment."""
        created = registry.register()
        assert registry.get(created.headers["Location"]).resource == created.resource

    def test_the_pages_own_sample_is_registered(self, registry: Registry) -> None:
        """Past dates, and a pointer that other entries have already, are no reason to refuse."""
        answer = registry.register(
            appointment(
                identifier=[{"system": "urn:ietf:rfc:3986", "value": "http://test.nhs.uk/test3"}],
                start="2019-01-17T15:00:00.000Z",
                end="2019-01-17T15:10:00.000Z",
                created="2019-01-17T14:00:00.000Z",
            )
        )
        assert answer.status == 201
        assert answer.resource["start"] == "2019-01-17T15:00:00.000Z"

    def test_only_the_limited_details_are_kept(self, registry: Registry) -> None:
        """Elements that the profile allows and the registry does not document are accepted and not stored."""
        created = registry.registered(appointment(comment="Bring the letter", priority=1, minutesDuration=10))
        assert not {"comment", "priority", "minutesDuration"} & set(created)

    def test_a_narrative_a_language_and_extensions_are_kept(self, registry: Registry) -> None:
        """They belong to the limited details."""
        details = {
            "language": "en-GB",
            "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>é &amp; 漢</p></div>'},
            "extension": [{"url": "https://provider.example.test/ext", "valueDecimal": 1.5}],
        }
        created = registry.registered(appointment(**details))
        assert created["language"] == "en-GB"
        assert "é &amp; 漢" in created["text"]["div"]
        assert str(created["extension"][0]["valueDecimal"]) == "1.5"

    def test_what_a_client_says_of_version_and_time_is_ignored(self, registry: Registry) -> None:
        """The server assigns meta.versionId and meta.lastUpdated."""
        meta = {"versionId": "7", "lastUpdated": "2001-01-01T00:00:00Z"}
        created = registry.registered(appointment(meta=meta))
        assert created["meta"]["versionId"] == "1"
        assert not created["meta"]["lastUpdated"].startswith("2001")

    def test_the_patient_may_be_named_by_a_national_reference_too(self, registry: Registry) -> None:
        """actor.reference beside actor.identifier is accepted and found by."""
        sent = appointment()
        sent["participant"][0]["actor"]["reference"] = "https://demographics.spineservices.nhs.uk/9990001111"
        registry.registered(sent)
        found = registry.search("Patient=https%3A%2F%2Fdemographics.spineservices.nhs.uk%2F9990001111").resource
        assert found["total"] == 1

    @pytest.mark.parametrize(
        ("preference", "kind"), [("minimal", None), ("representation", "Appointment"), ("OperationOutcome",) * 2]
    )
    def test_the_client_may_prefer_another_body(self, registry: Registry, preference: str, kind: str | None) -> None:
        """Prefer: return= decides whether the body is nothing, the appointment or an outcome."""
        answer = registry.register(Prefer=f"return={preference}")
        assert answer.status == 201
        assert answer.headers["Location"].endswith("/_history/1")
        assert (answer.resource["resourceType"] if answer.response.content else None) == kind

    def test_the_outcome_of_a_success_is_informational(self, registry: Registry) -> None:
        """It says RESOURCE_CREATED."""
        answer = registry.register(Prefer="return=OperationOutcome")
        assert answer.issues == [("informational", "RESOURCE_CREATED")]


class TestFailure:
    """400 where the body cannot be read, 422 where it does not conform or breaks a rule."""

    def test_a_client_assigns_no_id(self, registry: Registry) -> None:
        """A resource that comes with an id is refused."""
        answer = registry.register(appointment(id="mine"))
        assert (answer.status, answer.issues) == (422, [("business-rule", "MSG_RESOURCE_ID_FAIL")])
        assert answer.locations == ["/f:Appointment/f:id"]

    def test_an_id_without_a_value_is_an_id(self, registry: Registry) -> None:
        """An id of which only extensions are sent is refused too, not stored."""
        extension = {"url": "https://provider.example.test/note", "valueString": "mine"}
        answer = registry.register(appointment(_id={"extension": [extension]}))
        assert (answer.status, answer.issues) == (422, [("business-rule", "MSG_RESOURCE_ID_FAIL")])

    @pytest.mark.parametrize("element", FORBIDDEN)
    def test_each_forbidden_element_is_refused(self, registry: Registry, element: str) -> None:
        """contained, supportingInformation, description and slot must not be there."""
        answer = registry.register(appointment(**{element: FORBIDDEN[element]}))
        assert answer.status == 422
        assert f"Appointment.{element}" in answer.diagnostics

    @pytest.mark.parametrize("element", MANDATORY)
    def test_each_mandatory_element_is_demanded(self, registry: Registry, element: str) -> None:
        """status, start, end, created, identifier and participant must be there."""
        answer = registry.register(appointment(**{element: None}))
        assert answer.status == 422
        assert f"Appointment.{element}" in answer.diagnostics

    def test_every_offender_is_named_at_once(self, registry: Registry) -> None:
        """No finding hides another."""
        answer = registry.register({"resourceType": "Appointment", **FORBIDDEN})
        assert answer.status == 422
        for element in (*FORBIDDEN, *MANDATORY):
            assert f"Appointment.{element}" in answer.diagnostics

    @pytest.mark.parametrize("status", ["proposed", "entered in error", "Booked"])
    def test_only_three_statuses_can_be_registered(self, registry: Registry, status: str) -> None:
        """booked, cancelled and entered-in-error are the registry's; the page's spelling is no FHIR code."""
        answer = registry.register(appointment(status=status))
        assert answer.status == 422
        assert status in answer.diagnostics

    @pytest.mark.parametrize("element", ["identifier", "participant"])
    def test_there_is_exactly_one_pointer_and_one_patient(self, registry: Registry, element: str) -> None:
        """Two are well-formed FHIR, but not what the registry takes."""
        answer = registry.register(appointment(**{element: appointment()[element] * 2}))
        assert answer.status == 422
        assert f"Appointment.{element}" in answer.diagnostics

    def test_two_names_of_two_patients_are_refused(self, registry: Registry) -> None:
        """actor.reference and actor.identifier mean one patient."""
        sent = appointment()
        sent["participant"][0]["actor"]["reference"] = "https://demographics.spineservices.nhs.uk/9990002222"
        answer = registry.register(sent)
        assert (answer.status, answer.issues) == (422, [("business-rule", "INVALID_RESOURCE")])
        assert "9990001111" in answer.diagnostics
        assert "9990002222" in answer.diagnostics

    @pytest.mark.parametrize("element", ["implicitRules", "modifierExtension"])
    def test_what_would_change_the_meaning_cannot_be_ignored(self, registry: Registry, element: str) -> None:
        """ModifierExtension and implicitRules are refused."""
        values = {
            "implicitRules": "https://provider.example.test/rules",
            "modifierExtension": [{"url": "https://provider.example.test/not", "valueBoolean": True}],
        }
        answer = registry.register(appointment(**{element: values[element]}))
        assert answer.status == 422
        assert element in answer.diagnostics

    def test_nothing_is_stored_of_what_is_refused(self, registry: Registry) -> None:
        """A refused registration leaves the registry as it was."""
        before = registry.control.get("/appointments").json()["total"]
        registry.register(appointment(start=None))
        assert registry.control.get("/appointments").json()["total"] == before

    @pytest.mark.parametrize("body", [b"", b"<", b"{", b"\xff\xfe", b"null"])
    def test_what_is_not_well_formed_is_a_bad_request(self, registry: Registry, body: bytes) -> None:
        """An empty or broken body is a 400."""
        answer = registry.ask("POST", "/Appointment", body)
        assert answer.status == 400
        assert answer.issues[0][0] == "structure"

    @pytest.mark.parametrize(
        ("sent", "offender"),
        [
            ('<Appointment xmlns="http://hl7.org/fhir"><statuz value="booked"/></Appointment>', "statuz"),
            ('<Patient xmlns="http://hl7.org/fhir"/>', "Patient"),
            ('<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/></Bundle>', "Bundle"),
            ('<Appointment xmlns="http://hl7.org/fhir" status="booked"/>', "status"),
            ('<Appointment><status value="booked"/></Appointment>', "http://hl7.org/fhir"),
            ('<Appointment xmlns="http://hl7.org/fhir"><start value="2019-01-17T15:00:00"/></Appointment>', "start"),
            ('<!DOCTYPE a><Appointment xmlns="http://hl7.org/fhir"/>', "DOCTYPE"),
        ],
    )
    def test_xml_that_is_no_appointment_is_a_bad_request(self, registry: Registry, sent: str, offender: str) -> None:
        """Unknown elements or attributes, another root or namespace, a value that is not of its type, a DTD."""
        answer = registry.ask("POST", "/Appointment", sent.encode(), Content_Type="application/fhir+xml")
        assert answer.status == 400
        assert offender in answer.diagnostics

    @pytest.mark.parametrize(
        ("sent", "offender"),
        [
            ('{"resourceType": "Appointment", "statuz": "booked"}', "statuz"),
            ('{"resourceType": "Patient"}', "Patient"),
            ('{"resourceType": "Bundle", "type": "searchset"}', "Bundle"),
            ('{"resourceType": "Appointment", "status": 1}', "status"),
            ('{"resourceType": "Appointment", "identifier": {"value": "x"}}', "identifier"),
            ('{"resourceType": "Appointment", "status": ["booked"]}', "status"),
            ('{"resourceType": "Appointment", "status": null}', "status"),
            ('{"resourceType": "Appointment", "status": "booked", "status": "booked"}', "status"),
            ('{"resourceType": "Appointment", "priority": NaN}', "NaN"),
            ('{"resourceType": "Appointment", "start": "2019-01-17T15:00:00"}', "start"),
        ],
    )
    def test_json_that_is_no_appointment_is_a_bad_request(self, registry: Registry, sent: str, offender: str) -> None:
        """JSON is as strict as XML: unknown members, wrong types, null, duplicates, NaN."""
        answer = registry.ask("POST", "/Appointment", sent.encode(), Content_Type="application/fhir+json")
        assert answer.status == 400
        assert offender in answer.diagnostics
