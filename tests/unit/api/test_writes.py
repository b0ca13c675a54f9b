"""Writes: what is kept of them, and where the fault is said to be in what is refused."""

from tests.unit.api.exchanges import Exchanges, content, diagnostics

API = Exchanges()


def test_what_stands_beside_a_value_is_kept_with_it() -> None:
    """The id and the extensions of a primitive, in either format."""
    beside = {"id": "s", "extension": [{"url": "https://provider.example.test/a", "valueCode": "b"}]}
    created = API.registered(_status=beside)
    assert created["_status"] == beside
    assert b' id="s"' in API.ask("GET", f"Appointment/{created['id']}?_format=xml").body


def test_an_id_that_is_missing_is_missing_in_the_appointment() -> None:
    """There is no element that could be pointed at; a wrong one is pointed at itself."""
    created = API.registered()
    wrong = {**created, "status": "cancelled", "id": "another"}
    missing = {name: value for name, value in wrong.items() if name != "id"}
    for sent, where, words in (
        (missing, "/f:Appointment", "is missing"),
        (wrong, "/f:Appointment/f:id", "is 'another'"),
    ):
        answer = API.update(created["id"], sent, ("If-Match", 'W/"1"'))
        assert (answer.status, content(answer)["issue"][0]["location"]) == (400, [where])
        assert words in diagnostics(answer)


def test_a_fault_is_told_with_its_line_and_column() -> None:
    """Counted from one."""
    body = b'{"resourceType": "Appointment",\n  "statuz": "booked"}'
    answer = API.ask("POST", "Appointment", ("Content-Type", "application/fhir+json"), body=body)
    assert answer.status == 400
    assert "(line 2, column " in diagnostics(answer)


def test_a_search_may_name_its_format_in_the_query() -> None:
    """Beside the patient: it is no other parameter."""
    patient = "Patient=https://fhir.nhs.uk/Id/nhs-number|9991000011"
    answer = API.ask("GET", f"Appointment?{patient}&_format=xml")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/fhir+xml; charset=utf-8")
