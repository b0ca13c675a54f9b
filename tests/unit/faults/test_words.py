"""A rule in words, and its short form written from its long form."""

from typing import Any

import pytest

from registry_sandbox.faults.effect import vocabulary
from registry_sandbox.faults.rule import read_rule
from registry_sandbox.faults.sentinels import sentinel_rules
from registry_sandbox.faults.short_form import read_short_form
from registry_sandbox.faults.short_form_writer import short_form
from registry_sandbox.faults.words import in_words

SHORT_FORMS = [each for effect in vocabulary().values() for each in effect.short.split(", ")]
MORE = [
    "*:500", "cancel/a-1:503+retry_after=2@10%", "read:delay=100ms..2s@#3,#5",
    "cancel:cut=200/rst@skip=2,every=3,per=client",
    "search:500@x7,per=resource", 'read:headers={"X-Test": "a+b@c"}', "token:rotate+overlap=5m", "read:503@30s..90s",
]  # fmt: skip


@pytest.mark.parametrize("text", [*SHORT_FORMS, *MORE])
def test_what_is_written_is_read_as_the_same_rule(text: str) -> None:
    """Every effect's own examples, and conditions of every kind."""
    rule = read_short_form(text, "", "x")
    written = short_form(rule)
    assert written
    assert read_short_form(written, "", "x") == rule


@pytest.mark.parametrize(
    "match", [{"client": "acme"}, {"patient": "9991000011"}, {"header": "X"}, {"interaction": ["read", "vread"]}]
)
def test_what_has_no_place_in_a_short_form_has_none(match: dict[str, Any]) -> None:
    """Rather none than one that says something else; a time to live has no place either."""
    assert short_form(read_rule({"match": match, "then": {"status": 503}}, "", "x")) == ""
    assert short_form(read_rule({"then": {"status": 503}, "ttl": "5m"}, "", "x")) == ""


@pytest.mark.parametrize("text", [*SHORT_FORMS, *MORE])
def test_every_rule_is_told_in_sentences(text: str) -> None:
    """On what, what happens, and when."""
    told = in_words(read_short_form(text, "", "x"))
    assert told.startswith("On ")
    assert told.endswith(".")
    assert ".." not in told.replace("100ms..2s", "")


TOLD: list[tuple[dict[str, Any], str]] = [
    (
        {"then": {"status": 503}},
        "On every FHIR interaction: answers an error instead of the interaction (status 503).",
    ),
    (
        {"match": {"interaction": ["read", "cancel"], "id": "a", "client": "acme"}, "then": {"wire": "reset"}},
        "On read or cancel of a by the client acme: breaks the connection.",
    ),
    (
        {"match": {"interaction": "update", "patient": "9991000011", "header": {"X": "1"}}, "then": {"wire": "hang"}},
        "On cancel for the patient 9991000011 with the header X: 1: keeps the client waiting.",
    ),
    (
        {"match": {"interaction": "read"}, "then": {"wire": "reset"}, "when": {"nth": [1, 2, 3, 11, 22]}},
        "On read: breaks the connection. On the 1st and 2nd and 3rd and 11th and 22nd match.",
    ),
    (
        {
            "match": {"interaction": "read"},
            "then": {"wire": "reset"},
            "when": {"probability": 0.1, "times": 2, "per": "client"},
        },
        "On read: breaks the connection. In 10 % of the matches; twice at most; counted for each client apart.",
    ),
    (
        {"match": {"interaction": "read"}, "then": {"wire": "reset"}, "when": {"skip": 2, "every": 3}, "ttl": "5m"},
        "On read: breaks the connection. On every 3rd match; not on the first 2 matches. In force for 5m.",
    ),
    (
        {"match": {"interaction": "read"}, "then": {"wire": "reset"}, "when": {"after": 30, "for": "1m", "times": 4}},
        "On read: breaks the connection. 4 times at most; from 30s after it was set, for 1m.",
    ),
    (
        {"then": {"delay": 10}},
        "On every FHIR interaction: waits before the interaction (delay 10s).",
    ),
    (
        {"match": {"interaction": "read"}, "then": {"skew": -300}},
        "On read: shows the interaction a clock that is ahead by `skew`, or behind if it is negative (skew -300s).",
    ),
    (
        {"match": {"interaction": "read"}, "then": {"commit": True, "wire": "reset"}},
        "On read: the interaction is performed first, and then: breaks the connection.",
    ),
    (
        {"match": {"interaction": "read"}, "then": {"wire": "reset", "delay": {"uniform": {"min": 1, "max": "2s"}}}},
        "On read: breaks the connection; waits before the interaction (delay uniform min 1s, delay uniform max 2s).",
    ),
]


@pytest.mark.parametrize(("spec", "told"), TOLD)
def test_a_rule_is_told_word_for_word(spec: dict[str, Any], told: str) -> None:
    """Settings in brackets, conditions in a sentence of their own."""
    assert in_words(read_rule(spec, "", "x")) == told


def test_the_sentinels_are_told_too() -> None:
    """Though they are not read from JSON."""
    assert {in_words(each)[:3] for each in sentinel_rules()} == {"On "}


def test_what_is_null_says_nothing() -> None:
    """A form sends null for what was left empty; the rule is told as without it."""
    spec = {"then": {"status": 503}, "ttl": "349h", "match": {"interaction": "cancel"}, "when": {"times": 1}}
    nothing = {"header": None, "id": None, "patient": None, "client": None}
    times = {"nth": None, "probability": None, "for": None, "per": None}
    with_nulls = {**spec, "match": {**spec["match"], **nothing}, "when": {**spec["when"], **times}}  # type: ignore[dict-item]
    plain, said = read_rule(spec, "", "x"), read_rule(with_nulls, "", "x")
    assert (in_words(said), short_form(said), said.spec) == (in_words(plain), short_form(plain), plain.spec)
