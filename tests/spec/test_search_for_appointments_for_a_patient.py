"""Search for appointments for a patient: GET [base]/Appointment?... and POST [base]/Appointment/_search."""

from urllib.parse import quote

import pytest

from tests.spec.conversation import Registry, appointment

SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
SPELLINGS = (
    "Appointment.participant.actor:Patient.identifier",
    "Appointment.participant.actor",
    "Patient",
    "patient.identifier",
    "actor:Patient.identifier",
)
THE_SIX = {
    "8f9312e1-ec99-4369-a511-d8f9882d4388",
    "d57e81ec-9886-42d8-8504-ee1e54ed63f1",
    "bd908180-fcdc-4afe-baf2-ef9533fbe0fd",
    "a925cc65-e6e5-4dd7-b634-b81901e68f2e",
    "99729e6f-2651-4444-b1c0-3633177f742e",
    "2f5accb1-23fe-477f-b90a-2c0cef4ab6c3",
}


def of(nhs_number: str, name: str = "Patient") -> str:
    """Return the query for a patient, percent-encoded."""
    return f"{name}={quote(f'{SYSTEM}|{nhs_number}', safe='')}"


class TestSuccess:
    """200 with a searchset of everything that matches."""

    @pytest.mark.parametrize("name", SPELLINGS)
    def test_every_spelling_of_the_pages_is_accepted(self, registry: Registry, name: str) -> None:
        """Each names the patient by identifier."""
        bundle = registry.search(of("9991000089", name)).resource
        assert (bundle["type"], bundle["total"], len(bundle["entry"])) == ("searchset", 12, 12)

    def test_the_value_need_not_be_percent_encoded(self, registry: Registry) -> None:
        """The pages' own example is not."""
        assert registry.search(f"Patient={SYSTEM}|9991000089").resource["total"] == 12

    @pytest.mark.parametrize("name", ["Patient", "Appointment.participant.actor"])
    def test_references_also_take_the_national_url(self, registry: Registry, name: str) -> None:
        """It finds what is registered by identifier."""
        query = f"{name}=https://demographics.spineservices.nhs.uk/9991000089"
        assert registry.search(query).resource["total"] == 12

    def test_each_entry_is_a_match_with_its_full_url(self, registry: Registry) -> None:
        """FullUrl is under the base and names no version."""
        entry = registry.search(of("9991000011")).resource["entry"][0]
        assert entry["fullUrl"] == f"{registry.base}/Appointment/{entry['resource']['id']}"
        assert entry["search"]["mode"] == "match"

    def test_the_self_link_finds_the_same(self, registry: Registry) -> None:
        """It can be followed as it stands."""
        bundle = registry.search(of("9991000089", SPELLINGS[0])).resource
        again = registry.get(bundle["link"][0]["url"]).resource
        assert bundle["link"][0]["relation"] == "self"
        assert [each["fullUrl"] for each in again["entry"]] == [each["fullUrl"] for each in bundle["entry"]]

    def test_nobody_known_is_an_empty_bundle(self, registry: Registry) -> None:
        """Nothing found is a success, not a 404."""
        answer = registry.search(of("9990000000"))
        assert (answer.status, answer.resource["total"]) == (200, 0)
        assert "entry" not in answer.resource

    def test_the_pages_search_finds_their_six_appointments(self, registry: Registry) -> None:
        """With the clock in January 2019 there are exactly these; with today's there are none."""
        assert registry.search(of("1234554321")).resource["total"] == 0
        registry.set_clock("2019-01-18T09:00:00Z")
        found = registry.search(of("1234554321", "Appointment.participant.actor")).resource
        assert {each["resource"]["id"] for each in found["entry"]} == THE_SIX
        assert found["total"] == 6

    def test_appointments_in_the_past_are_not_returned(self, registry: Registry) -> None:
        """Past means that the end lies before the clock: what goes on now is found, what is over is not."""
        found = registry.search(of("9991000062")).resource
        assert [each["resource"]["id"] for each in found["entry"]] == ["going-on-now"]

    def test_cancelled_appointments_in_the_future_are_returned(self, registry: Registry) -> None:
        """A client must learn of the cancellation."""
        found = registry.search(of("9991000038")).resource
        assert [each["resource"]["status"] for each in found["entry"]] == ["cancelled"]

    def test_only_current_versions_are_returned(self, registry: Registry) -> None:
        """Of four versions the newest is found, once."""
        found = registry.search(of("9991000054")).resource
        assert [each["resource"]["meta"]["versionId"] for each in found["entry"]] == ["4"]

    def test_what_was_just_registered_is_found(self, registry: Registry) -> None:
        """At once, and as cancelled once it is cancelled."""
        created = registry.registered()
        registry.cancel(created)
        found = registry.search(of("9990001111")).resource
        assert [(each["resource"]["id"], each["resource"]["status"]) for each in found["entry"]] == [
            (created["id"], "cancelled")
        ]

    @pytest.mark.parametrize(
        "content_type", ["application/x-www-form-urlencoded", "APPLICATION/x-www-form-urlencoded;charset=utf-8"]
    )
    def test_a_form_posted_to_search_is_a_search(self, registry: Registry, content_type: str) -> None:
        """POST [base]/Appointment/_search takes the same parameters in its body."""
        answer = registry.ask("POST", "/Appointment/_search", of("9991000089").encode(), Content_Type=content_type)
        assert (answer.status, answer.resource["total"]) == (200, 12)

    def test_a_far_instant_does_no_harm(self, registry: Registry) -> None:
        """An end in year 9999 with an offset beyond it is in the future; one in year 1 is in the past."""
        patient = appointment()["participant"]
        registry.registered(appointment(end="9999-12-31T23:59:59.9999999999-14:00", participant=patient))
        registry.registered(appointment(end="0001-01-01T00:00:00+14:00", participant=patient))
        assert registry.search(of("9990001111")).resource["total"] == 1


class TestFailure:
    """400 for every query that does not name one patient."""

    @pytest.mark.parametrize(
        "query",
        ["", "_count=10", "status=booked", "start=2019", "identifier=x", "patient=x", "Patient:identifier=x", "_id=1"],
    )
    def test_other_parameters_are_refused(self, registry: Registry, query: str) -> None:
        """What the CapabilityStatement does not declare is not accepted, nor is no parameter at all."""
        answer = registry.search(query)
        assert answer.status == 400
        assert set(answer.issues) == {("invalid", "INVALID_PARAMETER")}

    def test_an_unknown_parameter_beside_a_good_one_is_refused(self, registry: Registry) -> None:
        """It is named, with its place."""
        answer = registry.search(of("9991000011") + "&_sort=start")
        assert (answer.status, answer.locations) == (400, ["http._sort"])

    @pytest.mark.parametrize("value", ["9991000011", "|9991000011", "https://fhir.nhs.uk/Id/other|9991000011"])
    def test_another_system_is_refused(self, registry: Registry, value: str) -> None:
        """The value is the NHS number's system, a bar and the number."""
        answer = registry.search(f"Patient={quote(value, safe='')}")
        assert (answer.status, answer.issues) == (400, [("value", "INVALID_IDENTIFIER_SYSTEM")])

    @pytest.mark.parametrize("number", ["999100001", "99910000111", "999100001x", "", "%EF%BC%99991000011"])
    def test_what_is_no_nhs_number_is_refused(self, registry: Registry, number: str) -> None:
        """Ten ASCII digits are expected."""
        answer = registry.search(f"Patient={quote(SYSTEM, safe='')}%7C{number}")
        assert (answer.status, answer.issues) == (400, [("value", "INVALID_NHS_NUMBER")])

    @pytest.mark.parametrize("second", ["Patient", "patient.identifier"])
    def test_two_patients_are_refused(self, registry: Registry, second: str) -> None:
        """One value is expected, in one spelling."""
        answer = registry.search(of("9991000011") + "&" + of("9991000038", second))
        assert (answer.status, answer.issues) == (400, [("invalid", "INVALID_PARAMETER")])

    def test_a_list_of_patients_is_refused(self, registry: Registry) -> None:
        """FHIR's "or" is not supported."""
        answer = registry.search(f"Patient={SYSTEM}|9991000011,{SYSTEM}|9991000038")
        assert (answer.status, answer.issues) == (400, [("invalid", "INVALID_PARAMETER")])

    def test_bytes_that_are_not_utf8_are_refused(self, registry: Registry) -> None:
        """A broken percent-encoding is named."""
        assert registry.search("Patient=%FF").status == 400

    def test_a_search_by_post_is_a_form(self, registry: Registry) -> None:
        """Another Content-Type is a 415."""
        answer = registry.ask("POST", "/Appointment/_search", b"{}", Content_Type="application/fhir+json")
        assert (answer.status, answer.issues) == (415, [("not-supported", "UNSUPPORTED_MEDIA_TYPE")])
