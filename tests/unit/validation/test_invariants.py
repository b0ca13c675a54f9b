"""The invariants written by hand say what their FHIRPath says."""

import random
from decimal import Decimal
from typing import Any

import pytest

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation import fhirpath, invariants
from registry_sandbox.validation.context import ValidationContext

PERIOD = {"start": ["2019-01-17", "2019-01-18", "2019-01-17T10:00:00Z", "2019-01-17T10:00:00+01:00"]}
NOWHERE = ValidationContext({}, {})
NUMBERS: list[Any] = [Decimal(-1), 0, Decimal("1.5")]
QUANTITY: dict[str, list[Any]] = {
    "value": [Decimal("1.5"), 1, 0, -1],
    "code": ["1", "a"],
    "system": [invariants.UCUM, "urn:iso:std:iso:4217", "http://x.test"],
    "comparator": ["<"],
}
CONTAINED: list[Any] = [
    {"resourceType": "Patient", "id": "p1"},
    {"resourceType": "Patient", "id": "p2", "text": {"status": "empty"}},
    {"resourceType": "Patient", "id": "p3", "meta": {"versionId": "1"}},
    {"resourceType": "Patient", "id": "p1", "contained": [{"resourceType": "Patient", "id": "p9"}]},
    {"resourceType": "Patient"},
]
REFERENCES = ["#p1", "#p2", "Patient/1", "#"]
MEMBERS: dict[str, dict[str, list[Any]]] = {
    "Appointment": {
        "status": ["proposed", "booked", "cancelled"],
        "start": ["2019-01-17T10:00:00Z"],
        "end": ["2019-01-17T10:10:00Z"],
        "contained": [[each] for each in CONTAINED] + [CONTAINED[:2]],
        "supportingInformation": [[{"reference": each}] for each in REFERENCES],
        "slot": [[{"reference": each}] for each in REFERENCES],
    },
    "Appointment.participant": {"type": [[{"text": "a"}]], "actor": [{"display": "b"}], "status": ["accepted"]},
    "Extension": {"url": ["u"], "valueCode": ["a"], "valuePeriod": [{}], "extension": [[{"url": "v"}]]},
    "Reference": {"reference": REFERENCES, "display": ["d"]},
    "Period": {"start": PERIOD["start"], "end": PERIOD["start"]},
    "Attachment": {"data": ["aGk="], "contentType": ["text/plain"]},
    "ContactPoint": {"value": ["1"], "system": ["phone"]},
    "Quantity": QUANTITY,
    "Range": {
        name: [{"value": n, "system": invariants.UCUM, "code": "mg"} for n in (1, 2)] for name in ("low", "high")
    },
    "Ratio": {"numerator": [{"value": 1}], "denominator": [{"value": 2}], "extension": [[{"url": "u"}]]},
    "Timing.repeat": {
        "offset": [5],
        "when": [["HS"], ["C"], ["CV"]],
        "period": NUMBERS,
        "periodMax": NUMBERS,
        "duration": NUMBERS,
        "durationMax": NUMBERS,
        "periodUnit": ["h"],
        "durationUnit": ["h"],
        "count": [1],
        "countMax": [2],
        "timeOfDay": [["10:00:00"]],
    },
}
TYPES = {
    "start.empty() or end.empty() or (start <= end)": "Period",
    "low.empty() or high.empty() or (low <= high)": "Range",
    "extension.exists() != value.exists()": "Extension",
    "data.empty() or contentType.exists()": "Attachment",
    "type.exists() or actor.exists()": "Appointment.participant",
    "value.empty() or system.exists()": "ContactPoint",
}
TEXTUAL = ("Reference", "Quantity", "Timing.repeat")
PRIMITIVES = ("hasValue()", "htmlchecks()")
ELEMENTS = [expression for expression in invariants.BY_HAND if expression not in PRIMITIVES]


def type_of(expression: str) -> str:
    """Tell which of the types above an invariant is about."""
    if expression in TYPES:
        return TYPES[expression]
    words = [
        ("contained.", "Appointment"),
        ("start", "Appointment"),
        ("reference.", "Reference"),
        ("numerator", "Ratio"),
    ]
    words += [(word, "Timing.repeat") for word in ("offset", "period", "duration", "count", "timeOfDay")]
    return next((name for word, name in words if expression.startswith((word, f"({word}"))), "Quantity")


def element(chance: random.Random, name: str) -> dict[str, Any]:
    """Make an element of a type, of some of its members; some of the primitives have an extension, or nothing else."""
    members: dict[str, Any] = {}
    for member, values in MEMBERS[name].items():
        value = chance.choice(values)
        if chance.random() < 0.6:
            members[member] = value
        # The library fails on the functions for texts and numbers where a primitive has no value.
        if not isinstance(value, dict | list) and (member in members or name not in TEXTUAL) and chance.random() < 0.1:
            members[f"_{member}"] = {"extension": [{"url": "http://x.test", "valueCode": "a"}]}
    return {"resourceType": name, **members} if name == "Appointment" else members


def as_written_for_the_library(expression: str) -> str:
    """FHIRPath lets a code stand for a truth value, and orders quantities; the library does neither."""
    written = expression.replace("(code or ", "(code.exists() or ")
    return written.replace("low <= high", "low.value <= high.value")


@pytest.mark.parametrize("expression", ELEMENTS)
def test_an_invariant_by_hand_agrees_with_its_fhirpath(expression: str) -> None:
    """On elements of every make, the function and the FHIRPath give the same verdict."""
    chance, name = random.Random(expression), type_of(expression)  # noqa: S311 - no secret
    by_hand = invariants.compiled(expression, name)
    stated = fhirpath.compiled(as_written_for_the_library(expression), name)
    verdicts = set()
    for _ in range(150):
        made = element(chance, name)
        root: Resource = made if name == "Appointment" else {"resourceType": "Appointment", "contained": CONTAINED[:1]}
        if name == "Period" and is_open(made):
            continue
        context = ValidationContext(root, root)
        verdicts.add(stated(made, context))
        assert by_hand(made, context) == stated(made, context), made
    assert verdicts == {True, False}, "a test that only ever sees one verdict proves little"


def is_open(period: dict[str, Any]) -> bool:
    """Tell whether the precision of the two leaves FHIRPath without an answer, or one of them has no value."""
    start, end = period.get("start"), period.get("end")
    return start is None or end is None or ("T" in start) != ("T" in end)


def test_a_day_begins_before_an_hour_of_it_and_no_hour_before_its_day() -> None:
    """Where FHIRPath compares no two precisions, the first instants that both may mean decide."""
    per_1 = invariants.BY_HAND["start.empty() or end.empty() or (start <= end)"]
    assert per_1({"start": "2019-01-17", "end": "2019-01-17T10:00:00Z"}, NOWHERE)
    assert not per_1({"start": "2019-01-17T10:00:00Z", "end": "2019-01-17"}, NOWHERE)
    assert per_1({"start": "9999-12-31T23:59:59-14:00", "end": "2019"}, NOWHERE), (
        "what no calendar holds is not compared"
    )


@pytest.mark.parametrize(("value", "expected"), [("a", True), (0, True), (False, True), ({"extension": []}, False)])
def test_has_value_agrees_with_fhirpath(value: Any, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """A primitive that has only extensions has no value."""
    assert invariants.compiled("hasValue()", "string")(value, NOWHERE) is expected
    assert fhirpath.compiled("hasValue()", "string")(value, NOWHERE) is expected


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.mark.parametrize(
    ("div", "expected"),
    [
        (DIV.format("<p>An <b>appointment</b></p>"), True),
        (DIV.format('<img src="a.png" alt=""/>'), True),
        (DIV.format("<a href='http://x.test'>a</a>"), True),
        (DIV.format("<a href='urn:x'>the javascript: page</a>"), True),
        (DIV.format("<a href='javascript:alert(1)'>a</a>"), False),
        (DIV.format("<a href=' Java&#10;Script&#9;:alert(1)'>a</a>"), False),
        (DIV.format("<a href='&#160;vbscript:x'>a</a>"), False),
        (DIV.format("<img src='javascript:alert(1)' alt=''/>"), False),
        (DIV.format("<a href='data:text/html,x'>a</a>"), False),
        (DIV.format("<p style='background: url(javascript:x)'>a</p>"), False),
        (DIV.format(" <p/> "), False),
        (DIV.format("<script>alert(1)</script>"), False),
        (DIV.format("<p onclick='alert(1)'>a</p>"), False),
        (DIV.format("<!-- only a comment -->"), False),
        ("<div>no namespace</div>", False),
        (DIV.format("<p>not closed"), False),
        ("<!DOCTYPE div [<!ENTITY e 'x'>]>" + DIV.format("&e;"), False),
    ],
)
def test_html_checks_agree_with_fhirpath(div: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """A narrative has basic formatting only (txt-1), and says something (txt-2)."""
    assert invariants.compiled("htmlchecks()", "xhtml")(div, NOWHERE) is expected
    assert fhirpath.compiled("htmlchecks()", "xhtml")(div, NOWHERE) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("9990001111", True), ("999000111", False), ("9990001111\n", False), ("٩٩٩٠٠٠١١١١", False)]
)
def test_matches_means_the_whole_text_where_it_says_so(value: str, expected: bool) -> None:  # noqa: FBT001
    """`$` is the end, not the place before a last newline, whoever runs the expression."""
    expression = "matches('^[0-9]{10}$')"
    assert invariants.compiled(expression, "string")(value, NOWHERE) is expected
    assert fhirpath.compiled(expression, "string")(value, NOWHERE) is expected


@pytest.mark.parametrize("expression", ["start.(", "noSuchFunction()", "start.frobnicate()"])
def test_what_is_no_fhirpath_is_refused_when_it_is_compiled(expression: str) -> None:
    """A bad expression stops the start, not the first request that meets it."""
    with pytest.raises(fhirpath.BadExpression):
        fhirpath.compiled(expression, "Appointment")


def test_a_bad_regular_expression_is_refused_too() -> None:
    """`matches` with a parenthesis that nobody closes is no invariant."""
    with pytest.raises(fhirpath.BadExpression):
        invariants.compiled("matches('(')", "string")


def test_an_expression_that_fails_on_a_value_does_not_hold() -> None:
    """Comparing a number with a text means nothing, so it is not true."""
    assert not fhirpath.compiled("value > 'a'", "Quantity")({"value": 1}, NOWHERE)


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2019-01-17T10:00:00+01:00", "2019-01-17T09:30:00Z", True),
        ("2019-01-17T10:00:00Z", "2019-01-17T10:30:00+01:00", False),
        ("2019-01-17T10:00:00.5Z", "2019-01-17T10:00:00.25Z", False),
        ("2019-01-17T10:00:00Z", "2019-01-17T10:00:00Z", True),
        ("2019-01-17T10:00:00Z", "2019-01-17T10:00:00.001Z", True),
    ],
)
def test_a_period_is_compared_as_instants_whatever_their_zone(start: str, end: str, holds: bool) -> None:  # noqa: FBT001
    """The order of the texts is the order in time only where zone and precision are the same."""
    per_1 = invariants.BY_HAND["start.empty() or end.empty() or (start <= end)"]
    assert per_1({"start": start, "end": end}, NOWHERE) is holds


@pytest.mark.parametrize("member", ["versionId", "_versionId", "lastUpdated", "_lastUpdated"])
def test_a_contained_resource_has_no_version(member: str) -> None:
    """dom-4: neither version id nor time of change, not even as extensions."""
    dom_4 = invariants.BY_HAND[invariants.DOM_4]
    assert not dom_4({"contained": [{"meta": {"tag": []}}, {"meta": {member: {}}}]}, NOWHERE)
    assert dom_4({"contained": [{"meta": {"tag": []}}, {}]}, NOWHERE)


@pytest.mark.parametrize(
    ("when", "holds"), [(["C"], False), (["CM", "CV"], False), (["HS"], True), (["C", "HS"], True), ([], False)]
)
def test_an_offset_needs_an_event_that_is_no_meal(when: list[str], holds: bool) -> None:  # noqa: FBT001
    """tim-9, of several events as well."""
    tim_9 = invariants.BY_HAND["offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))"]
    assert tim_9({"offset": 5, "when": when}, NOWHERE) is holds
    assert tim_9({"when": when}, NOWHERE)


def test_what_is_written_by_hand_is_not_used_where_fhirpath_itself_is_asked_for() -> None:
    """Tests compare the two; both say the same of a narrative that breaks one of its rules."""
    for key, div, expected in (
        ("txt-1", DIV.format("<p onclick='a'>b</p>"), False),
        ("txt-2", DIV.format("<p onclick='a'>b</p>"), True),
        ("txt-1", DIV.format("<p/>"), True),
        ("txt-2", DIV.format("<p/>"), False),
    ):
        assert invariants.compiled("htmlchecks()", "xhtml", key)(div, NOWHERE) is expected
        assert invariants.compiled("htmlchecks()", "xhtml", key, by_hand=False)(div, NOWHERE) is False
    plain = invariants.compiled("matches('^a$')", "string", by_hand=False)
    assert (plain("a", NOWHERE), plain("b", NOWHERE)) == (True, False)
    assert invariants.compiled("type.exists() or actor.exists()", "Appointment.participant", by_hand=False)(
        {"actor": {}}, NOWHERE
    )
