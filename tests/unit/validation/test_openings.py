"""Which texts of an Appointment are open, and what is judged of them."""

from typing import Any

import pytest

from sandbox.validation.judging import Judging
from sandbox.validation.profiles import CARECONNECT_APPOINTMENT, REGISTRY_APPOINTMENT, Profiles
from tests.spec.conversation import appointment
from tests.unit.validation.profiling import SHIPPED_DEFINITIONS, URL, definition, element

APPOINTMENT = appointment()
SHIPPED = Profiles(SHIPPED_DEFINITIONS)


def is_open(path: str, *of_a_user: dict[str, Any]) -> bool:
    """Tell whether the text at a dotted path is open, in resources that claim a user's profile too."""
    profiles, resource = SHIPPED, APPOINTMENT
    if of_a_user:
        profiles = Profiles(SHIPPED_DEFINITIONS, [definition(*of_a_user, of="Appointment")])
        resource = appointment(meta={"profile": [URL]})
    return profiles.opening(resource, path.split(".")) is not None


@pytest.mark.parametrize(
    "path",
    [
        "id",
        "meta.versionId",
        "meta.lastUpdated",
        "identifier.value",
        "identifier.period.start",
        "start",
        "end",
        "created",
        "comment",
        "participant.actor.reference",
        "participant.actor.identifier.value",
        "participant.actor.display",
    ],
)
def test_what_differs_from_appointment_to_appointment_is_open(path: str) -> None:
    """Or no stencil would ever be of use."""
    assert is_open(path)


@pytest.mark.parametrize(
    "path",
    [
        "resourceType",
        "implicitRules",  # is not in what is drawn from it: forbidden
        "meta.profile",  # by which it is judged
        "meta.tag.code",  # bound, if only to examples
        "language",
        "status",
        "identifier.use",
        "identifier.system",  # fixed
        "identifier.type.text",  # below a binding
        "participant.status",
        "participant.required",
        "participant.type.coding.code",
        "extension.valueCode",
        "extension.url",
        "text.div",
        "contained.id",
        "slot.reference",  # forbidden
        "priority",  # no text
        "unheard.of",
        "participant.unheard",
        "start.value",
    ],
)
def test_what_anything_else_looks_at_is_not_open(path: str) -> None:
    """A fixed value, a binding, an extension's definition, the choice of the profiles."""
    assert not is_open(path)


ADDED: list[tuple[str, dict[str, Any], str]] = [
    ("fixed", {"fixedString": "Jackie"}, "participant.actor.display"),
    ("least", {"minValueInstant": "2019-01-17T15:00:00Z"}, "start"),
    ("bound", {"binding": {"strength": "example", "valueSetUri": "http://x.test/ValueSet/any"}}, "comment"),
]


@pytest.mark.parametrize(("_why", "facts", "path"), ADDED)
def test_what_a_users_profile_looks_at_is_not_open(_why: str, facts: dict[str, Any], path: str) -> None:
    """Whatever it is that it says of the text."""
    assert is_open(path)
    assert not is_open(path, element(f"Appointment.{path}", **facts))


def test_an_invariant_of_a_user_closes_what_stands_below_it() -> None:
    """Nobody knows what it reads; above it, and beside it, the texts stay open."""
    constraint = [{"key": "my-1", "severity": "error", "human": "x", "expression": "display.exists()"}]
    mine = element("Appointment.participant.actor", constraint=constraint)
    assert not is_open("participant.actor.display", mine)
    assert not is_open("participant.actor.identifier.value", mine)
    assert is_open("identifier.value", mine)
    whole = element("Appointment", constraint=[{**constraint[0], "expression": "start.exists()"}])
    assert not is_open("identifier.value", whole)


def test_a_pattern_of_a_user_is_a_test() -> None:
    """As those that the registry's own profile states."""
    stated = [{"key": "my-1", "severity": "error", "human": "x", "expression": "matches('^[A-Z]+$')"}]
    profiles = Profiles(
        SHIPPED_DEFINITIONS, [definition(element("Appointment.comment", constraint=stated), of="Appointment")]
    )
    found = profiles.opening(appointment(meta={"profile": [URL]}), ["comment"])
    assert found is not None
    assert [all(test(text) for test in found.tests) for text in ("ABC", "abc", "ABC\n")] == [True, False, False]


def test_a_longest_length_is_a_test() -> None:
    """Where a text of a body that is asked about could be longer."""
    profiles = Profiles(
        SHIPPED_DEFINITIONS, [definition(element("Appointment.comment", maxLength=3), of="Appointment")]
    )
    found = profiles.opening(appointment(meta={"profile": [URL]}), ["comment"])
    assert found is not None
    assert [all(test(text) for test in found.tests) for text in ("abc", "abcd")] == [True, False]


def test_a_text_below_a_slice_is_not_open() -> None:
    """Its items are told by what stands in them."""
    slicing = {"discriminator": [{"type": "value", "path": "display"}], "rules": "open"}
    sliced = (
        element("Appointment.incomingReferral", slicing=slicing),
        element("Appointment.incomingReferral:a", max="1"),
        element("Appointment.incomingReferral:a.display", fixedString="a"),
    )
    assert is_open("incomingReferral.display")
    assert not is_open("incomingReferral.display", *sliced)


def test_the_invariants_that_look_at_a_text_hold_of_its_parent() -> None:
    """Start and end together; a reference inside, and one to another type."""
    found = SHIPPED.opening(APPOINTMENT, ["start"])
    assert found is not None
    [(depth, holds)] = found.checks
    turned = appointment(start=APPOINTMENT["end"], end=APPOINTMENT["start"])
    judged = [holds(each, Judging(each, each)) for each in (APPOINTMENT, turned)]
    assert (depth, judged) == (0, [True, False])

    found = SHIPPED.opening(APPOINTMENT, ["incomingReferral", "reference"])
    assert found is not None
    assert {depth for depth, _ in found.checks} == {1}
    for reference, good in (("ReferralRequest/1", True), ("Patient/1", False), ("#a", False)):
        value = {"reference": reference}
        judging = Judging(APPOINTMENT, APPOINTMENT)
        assert all(holds(value, judging) for _, holds in found.checks) == good


def test_both_profiles_that_a_resource_is_judged_by_have_their_say() -> None:
    """What one of them fixes is not open."""
    assert SHIPPED.opening(appointment(meta={"profile": [CARECONNECT_APPOINTMENT]}), ["comment"]) is not None
    assert SHIPPED.opening(appointment(meta={"profile": [REGISTRY_APPOINTMENT]}), ["comment"]) is not None
