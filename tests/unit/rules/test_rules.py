"""The registry's business rules, each by itself: what it refuses, what it lets pass, and what it says."""

from collections.abc import Collection
from typing import Any

import pytest

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.nhs_number import NATIONAL_PATIENT_URL, NHS_NUMBER_SYSTEM
from registry_sandbox.rules import Case, On, Strictness, findings, rules_of

POINTER = "https://provider.example.test/appointments/1"
LOW, HIGH = "9991000011", "9991000038"
"""Two NHS numbers whose check digits hold, the first of which is the smaller text."""

ONS: tuple[On, ...] = ("create", "update")

NO_NUMBER = "9991000012"
"""Ten digits of which the last one does not check the others."""


def participant(identified: str | None = LOW, referenced: str | None = None) -> dict[str, Any]:
    """Make a participant who is named by identifier, by reference, or by both."""
    actor: dict[str, Any] = {}
    if identified is not None:
        actor["identifier"] = {"use": "official", "system": NHS_NUMBER_SYSTEM, "value": identified}
    if referenced is not None:
        actor["reference"] = f"{NATIONAL_PATIENT_URL}{referenced}"
    return {"actor": actor, "status": "accepted"}


def appointment(**changes: Any) -> dict[str, Any]:
    """Make an Appointment that breaks no rule but for the changes; None takes an element away."""
    made = {
        "resourceType": "Appointment",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": POINTER}],
        "status": "booked",
        "start": "2031-05-06T09:30:00Z",
        "end": "2031-05-06T09:40:00Z",
        "created": "2026-11-20T16:05:00Z",
        "participant": [participant()],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def of_create(proposed: dict[str, Any], *, registered: Collection[str] = (), **strict: bool) -> list[Finding]:
    """Return the findings of the rules for registering."""
    return findings("create", Case(proposed, {}, Strictness(**strict), lambda pointer: pointer in registered))


def of_update(proposed: dict[str, Any], current: dict[str, Any], **strict: bool) -> list[Finding]:
    """Return the findings of the rules for cancelling."""
    return findings("update", Case(proposed, current, Strictness(**strict), lambda _pointer: False))


def names_of(on: On, strictness: Strictness) -> list[str]:
    """Return the names of the rules in force."""
    return [each.check.__name__ for each in rules_of(on, strictness)]


def places(found: list[Finding]) -> list[tuple[str, str]]:
    """Keep code and location of findings."""
    return [(each.code, each.location) for each in found]


def test_what_breaks_no_rule_is_let_pass_by_all() -> None:
    """A plain registration and a plain cancellation have no findings, however strict the operator is."""
    assert of_create(appointment(), refuse_duplicates=True, check_digit=True) == []
    assert of_update(appointment(status="cancelled"), appointment()) == []


def test_each_interaction_has_its_own_rules() -> None:
    """None of the rules for registering is asked of a cancellation, and none is asked of both."""
    strictest = Strictness(refuse_duplicates=True, check_digit=True)
    assert {on: names_of(on, strictest) for on in ONS} == {
        "create": [
            "a_client_assigns_no_id",
            "a_pointer_is_registered_once",
            "both_names_mean_one_patient",
            "the_check_digit_holds",
        ],
        "update": ["an_update_cancels", "cancelling_changes_only_the_status"],
    }


def test_a_rule_that_the_operator_does_not_want_is_not_asked() -> None:
    """By default neither pointers nor check digits are looked at."""
    assert names_of("create", Strictness()) == ["a_client_assigns_no_id", "both_names_mean_one_patient"]
    assert "a_pointer_is_registered_once" in names_of("create", Strictness(refuse_duplicates=True))
    assert "the_check_digit_holds" in names_of("create", Strictness(check_digit=True))


class TestAClientAssignsNoId:
    """Who registers an appointment does not choose its id."""

    def test_an_id_is_refused_and_quoted(self) -> None:
        """The finding carries the Spine code that is only for this."""
        (found,) = of_create(appointment(id="mine"))
        assert (found.code, found.location, found.spine_code) == (
            "business-rule",
            "/f:Appointment/f:id",
            "MSG_RESOURCE_ID_FAIL",
        )
        assert "is 'mine'" in found.message

    def test_an_id_without_a_value_is_an_id_too(self) -> None:
        """Extensions in place of the value are named as what they are."""
        (found,) = of_create(appointment(_id={"extension": [{"url": "http://x.test/a", "valueCode": "b"}]}))
        assert "has no value but extensions" in found.message


class TestAPointerIsRegisteredOnce:
    """An appointment at the provider is registered once, where the operator wants it so."""

    def test_a_known_pointer_is_a_duplicate(self) -> None:
        """The finding points to the value of the identifier and quotes it."""
        (found,) = of_create(appointment(), registered={POINTER}, refuse_duplicates=True)
        assert (found.code, found.location) == ("duplicate", "/f:Appointment/f:identifier[1]/f:value")
        assert found.spine_code == "DUPLICATE_REJECTED"
        assert f"'{POINTER}' is registered already" in found.message

    def test_it_is_let_pass_by_default(self) -> None:
        """The pages' own samples have one pointer under two ids."""
        assert of_create(appointment(), registered={POINTER}) == []

    def test_the_known_one_of_several_is_named(self) -> None:
        """The position in the finding counts from 1."""
        two = [{"value": "http://x.test/new"}, {"value": POINTER}]
        found = of_create(appointment(identifier=two), registered={POINTER}, refuse_duplicates=True)
        assert places(found) == [("duplicate", "/f:Appointment/f:identifier[2]/f:value")]


class TestBothNamesMeanOnePatient:
    """A patient who is named by identifier and by reference is one patient."""

    @pytest.mark.parametrize(("identified", "referenced"), [(LOW, HIGH), (HIGH, LOW)])
    def test_a_reference_to_another_patient_is_refused(self, identified: str, referenced: str) -> None:
        """Whichever of the two numbers is the larger; both are told."""
        (found,) = of_create(appointment(participant=[participant(identified, referenced)]))
        assert (found.code, found.location) == (
            "business-rule",
            "/f:Appointment/f:participant[1]/f:actor/f:reference",
        )
        assert f"reference names patient {referenced}, actor.identifier {identified}" in found.message

    @pytest.mark.parametrize(
        "named", [participant(LOW, LOW), participant(LOW), participant(None, LOW), participant(None)]
    )
    def test_the_same_patient_twice_or_one_name_alone_is_let_pass(self, named: dict[str, Any]) -> None:
        """There is nothing to disagree about."""
        assert of_create(appointment(participant=[named])) == []

    def test_the_participant_is_told_by_its_position(self) -> None:
        """Those before it, with and without a reference, do not hide it."""
        three = [participant(LOW), participant(LOW, LOW), participant(LOW, HIGH)]
        found = of_create(appointment(participant=three))
        assert places(found) == [("business-rule", "/f:Appointment/f:participant[3]/f:actor/f:reference")]

    def test_a_reference_to_no_national_patient_is_not_compared(self) -> None:
        """Whether it may stand there at all, the profile says."""
        other = participant(LOW)
        other["actor"]["reference"] = f"Patient/{HIGH}"
        assert of_create(appointment(participant=[other])) == []


class TestTheCheckDigitHolds:
    """The tenth digit of an NHS number checks the nine before it, where the operator wants it checked."""

    @pytest.mark.parametrize("named", [participant(NO_NUMBER), participant(None, NO_NUMBER)])
    def test_a_wrong_check_digit_is_refused_by_either_name(self, named: dict[str, Any]) -> None:
        """The finding quotes the number and points to the actor."""
        (found,) = of_create(appointment(participant=[named]), check_digit=True)
        assert (found.code, found.location) == ("business-rule", "/f:Appointment/f:participant[1]/f:actor")
        assert NO_NUMBER in found.message

    def test_it_is_let_pass_by_default(self) -> None:
        """The pages' own examples fail it."""
        assert of_create(appointment(participant=[participant(NO_NUMBER)])) == []

    def test_what_is_no_nhs_number_at_all_is_left_to_the_profile(self) -> None:
        """Nine digits have no check digit."""
        assert of_create(appointment(participant=[participant("999100001")]), check_digit=True) == []

    def test_the_participant_is_told_by_its_position(self) -> None:
        """One with a right number before it does not hide it."""
        found = of_create(appointment(participant=[participant(), participant(NO_NUMBER)]), check_digit=True)
        assert places(found) == [("business-rule", "/f:Appointment/f:participant[2]/f:actor")]


class TestAnUpdateCancels:
    """The one update that there is cancels an entry that is not cancelled yet."""

    @pytest.mark.parametrize(
        ("stored", "sent", "words"),
        [
            ("cancelled", "cancelled", "The entry is cancelled already; there is nothing to change."),
            ("entered-in-error", "entered-in-error", "The entry is entered-in-error already"),
            ("cancelled", "booked", "The entry is cancelled, sent 'booked'; an ended entry is not re-opened."),
            ("entered-in-error", "cancelled", "sent 'cancelled'; an ended entry is not re-opened."),
            ("booked", "booked", "Appointment.status is 'booked'; expected 'cancelled'."),
            ("booked", "entered-in-error", "Appointment.status is 'entered-in-error'; expected 'cancelled'."),
        ],
    )
    def test_any_other_status_is_refused_in_words_of_its_own(self, stored: str, sent: str, words: str) -> None:
        """What is there already is not said to be re-opened, nor the other way round."""
        (found,) = of_update(appointment(status=sent), appointment(status=stored))
        assert (found.code, found.location) == ("business-rule", "/f:Appointment/f:status")
        assert words in found.message

    def test_a_setting_accepts_entered_in_error(self) -> None:
        """And then it is one of the two that are expected."""
        wrong = appointment(status="entered-in-error")
        assert of_update(wrong, appointment(), allow_entered_in_error=True) == []
        (found,) = of_update(appointment(), appointment(), allow_entered_in_error=True)
        assert "expected 'cancelled' or 'entered-in-error'" in found.message


class TestCancellingChangesOnlyTheStatus:
    """Cancelling changes nothing but the status."""

    def test_every_other_change_is_named_with_both_values(self) -> None:
        """One finding for each element, the stored value before the sent one."""
        found = of_update(
            appointment(status="cancelled", start="2031-05-06T09:35:00Z", created=None),
            appointment(),
        )
        assert places(found) == [
            ("business-rule", "/f:Appointment/f:start"),
            ("business-rule", "/f:Appointment"),
        ]
        assert 'stored "2031-05-06T09:30:00Z", sent "2031-05-06T09:35:00Z"' in found[0].message
        assert "Appointment.created" in found[1].message
        assert "sent absent" in found[1].message

    @pytest.mark.parametrize(
        "element",
        [
            {"meta": {"versionId": "7"}},
            {"end": "2031-05-06T10:40:00+01:00"},
            {"text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>repeats</div>"}},
        ],
    )
    def test_what_is_no_change_is_let_pass(self, element: dict[str, Any]) -> None:
        """Meta is the server's, an instant has several spellings, a generated narrative only repeats the data."""
        assert of_update(appointment(status="cancelled", **element), appointment()) == []
        assert of_update(appointment(status="cancelled"), appointment(**element)) == []

    @pytest.mark.parametrize("status", ["additional", "extensions"])
    def test_a_narrative_that_says_more_is_a_change(self, status: str) -> None:
        """It may hold what the data do not, on either side."""
        text = {"status": status, "div": "<div xmlns='http://www.w3.org/1999/xhtml'>come fasting</div>"}
        sent = of_update(appointment(status="cancelled", text=text), appointment())
        assert places(sent) == [("business-rule", "/f:Appointment/f:text")]
        stored = of_update(appointment(status="cancelled"), appointment(text=text))
        assert places(stored) == [("business-rule", "/f:Appointment")]
