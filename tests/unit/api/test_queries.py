"""Queries: what an interaction does not take is refused, by every one of them."""

import pytest

from registry_sandbox.fhir import json
from registry_sandbox.http.errors import BodyTooLarge, NotWellFormed, RequestTimeout, SandboxError, ServiceUnavailable
from registry_sandbox.testing import builders
from tests.unit.api.exchanges import PATIENT, Exchanges, content, diagnostics, spine_codes

API = Exchanges()
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def stored() -> int:
    """How many appointments there are."""
    return len(API.registry)


@pytest.mark.parametrize("beyond", ["", "/_history", "/_history/1"])
def test_reads_take_no_parameter(beyond: str) -> None:
    """read, history and vread; _format is taken."""
    path = f"Appointment/{API.registered()['id']}{beyond}"
    assert API.ask("GET", f"{path}?_format=json").status == 200
    answer = API.ask("GET", f"{path}?a=1&_format=json&b=2")
    assert (answer.status, spine_codes(answer)) == (400, ["INVALID_PARAMETER"] * 2)
    assert [each["location"] for each in content(answer)["issue"]] == [["http.a"], ["http.b"]]


def test_writes_take_no_parameter_and_store_nothing() -> None:
    """A conditional update or create by a query would else be taken for a plain one."""
    created = API.registered()
    before = stored()
    assert API.register(query="?identifier=x").status == 400
    assert API.cancel(created, ("If-Match", 'W/"1"'), query="?status=booked").status == 400
    assert stored() == before
    assert API.registry.current(created["id"]).number == 1


@pytest.mark.parametrize("path", ["StructureDefinition/Appointment", "ValueSet/appointmentstatus"])
def test_a_definition_is_read_without_parameters(path: str) -> None:
    """They are as strict as the appointments."""
    assert API.ask("GET", f"{path}?url=x").status == 400


@pytest.mark.parametrize(
    ("query", "status"), [("?_format=json", 200), ("?url=a&url=b", 400), ("?name=a", 400), ("?url=a&name=b", 400)]
)
def test_definitions_are_searched_by_their_url_once(query: str, status: int) -> None:
    """Or not at all."""
    assert API.ask("GET", f"ValueSet{query}").status == status


class TestSearchByPost:
    """The form and the query are one set of parameters."""

    def test_the_form_may_end_with_a_line_break(self) -> None:
        """A file that is sent as a form has one now and then."""
        answer = API.ask("POST", "Appointment/_search", FORM, body=f"{PATIENT}9990001111\r\n".encode())
        assert answer.status == 200

    def test_the_query_counts_as_well(self) -> None:
        """Two patients in two places are two patients."""
        target = f"Appointment/_search?{PATIENT}9990001111"
        assert API.ask("POST", target, FORM).status == 200
        assert API.ask("POST", target, FORM, body=f"{PATIENT}9990001111".encode()).status == 400

    def test_bytes_beyond_ascii_are_no_form(self) -> None:
        """They would have been percent-encoded."""
        answer = API.ask("POST", "Appointment/_search", FORM, body=f"{PATIENT}999000111\xe9".encode("latin-1"))
        assert (answer.status, spine_codes(answer)) == (400, ["INVALID_PARAMETER"])
        assert "beyond ASCII" in diagnostics(answer)

    def test_a_long_form_is_not_decoded(self) -> None:
        """All other requests would wait meanwhile; no patient's name is that long."""
        answer = API.ask("POST", "Appointment/_search", FORM, body=f"{PATIENT}{'%31' * 30_000}".encode())
        assert (answer.status, spine_codes(answer)) == (400, ["INVALID_PARAMETER"])
        assert "expected one patient, in 65,536 at most" in diagnostics(answer)

    @pytest.mark.parametrize(("error", "status"), [(NotWellFormed("cut"), 400), (RequestTimeout("late"), 408)])
    def test_a_form_that_did_not_come_whole_is_not_searched_by(self, error: SandboxError, status: int) -> None:
        """Nor answered as an empty one: its own reason is told."""
        answer = API.ask("POST", f"Appointment/_search?{PATIENT}9990001111", FORM, body_error=error)
        assert answer.status == status
        assert str(error) in diagnostics(answer)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotWellFormed("cut"), 400),
        (RequestTimeout("late"), 408),
        (ServiceUnavailable("full"), 503),
        (BodyTooLarge("x"), 413),
    ],
)
def test_a_body_that_did_not_come_is_told_by_its_own_reason(error: SandboxError, status: int) -> None:
    """Not as the empty body that is there in its place."""
    sent = ("Content-Type", "application/fhir+json")
    answer = API.ask("POST", "Appointment", sent, body_error=error)
    assert (answer.status, diagnostics(answer)) == (status, str(error))


@pytest.mark.parametrize("number", ["9991000012", "9991000011"])
@pytest.mark.parametrize("check_digit", [False, True])
def test_the_check_digit_is_judged_where_the_operator_wants_it(number: str, check_digit: bool) -> None:  # noqa: FBT001
    """In a search by GET and by POST alike; 9991000012 fails it."""
    api = Exchanges(check_digit=True) if check_digit else API
    status = 400 if check_digit and number == "9991000012" else 200
    by_get = api.ask("GET", f"Appointment?{PATIENT}{number}")
    by_post = api.ask("POST", "Appointment/_search", FORM, body=f"{PATIENT}{number}".encode())
    assert (by_get.status, by_post.status) == (status, status)
    if status == 400:
        assert spine_codes(by_get) == spine_codes(by_post) == ["INVALID_NHS_NUMBER"]


@pytest.mark.parametrize(
    "parameter", ["patient.identifier", "actor:Patient.identifier", "Appointment.participant.actor:Patient.identifier"]
)
def test_a_token_takes_no_national_url(parameter: str) -> None:
    """Only a reference does."""
    answer = API.ask("GET", f"Appointment?{parameter}=https://demographics.spineservices.nhs.uk/9990001111")
    assert (answer.status, spine_codes(answer)) == (400, ["INVALID_IDENTIFIER_SYSTEM"])


def test_a_plus_is_a_space() -> None:
    """As forms have it: no system has one."""
    assert "'a b'" in diagnostics(API.ask("GET", "Appointment?Patient=a+b|9990001111"))


def test_several_faults_have_each_its_own_code() -> None:
    """An unknown parameter, two patients, and what is wrong with either."""
    answer = API.ask("GET", f"Appointment?x=y&{PATIENT}1&Patient=z|9990001111")
    assert spine_codes(answer) == [*["INVALID_PARAMETER"] * 2, "INVALID_NHS_NUMBER", "INVALID_IDENTIFIER_SYSTEM"]


def parameters(*names: str) -> bytes:
    """Make a Parameters resource that carries a valid appointment under each of these names."""
    carried = [{"name": each, "resource": builders.appointment()} for each in names]
    return json.dumps({"resourceType": "Parameters", "parameter": carried})


@pytest.mark.parametrize(
    ("names", "status"),
    [(("resource",), 200), (("resource", "resource"), 400), (("other",), 400), (("a", "resource"), 200)],
)
def test_validate_takes_one_resource(names: tuple[str, ...], status: int) -> None:
    """Of two it could only validate one, and would leave open which."""
    sent = ("Content-Type", "application/fhir+json")
    answer = API.ask("POST", "Appointment/$validate", sent, body=parameters(*names))
    assert answer.status == status
    if status == 400:
        assert "expected exactly one" in diagnostics(answer)
