"""The short form of a rule, and what is refused of it."""

from typing import Any

import pytest

from registry_sandbox.faults.effect import vocabulary
from registry_sandbox.faults.fields import BadFault
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.faults.short_form import long_form, read_short_form, split_several


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("cancel:500@10%", {"match": {"interaction": "cancel"}, "when": {"probability": 0.1}, "then": {"status": 500}}),
        (
            "register:commit+reset@x1",
            {"match": {"interaction": "register"}, "when": {"times": 1}, "then": {"commit": True, "wire": "reset"}},
        ),
        ("cancel:race=bump@#2", {"match": {"interaction": "cancel"}, "when": {"nth": [2]}, "then": {"race": "bump"}}),
        ("*:delay=200ms", {"then": {"delay": "200ms"}}),
        (
            "read:503@30s..90s",
            {"match": {"interaction": "read"}, "when": {"after": "30s", "for": "60s"}, "then": {"status": 503}},
        ),
        ("search:cut=200", {"match": {"interaction": "search"}, "then": {"cut": 200}}),
        ("read/abc:503", {"match": {"interaction": "read", "id": "abc"}, "then": {"status": 503}}),
        ("*:cut=200/rst", {"then": {"cut": {"bytes": 200, "end": "rst"}}}),
        ("*:delay=100ms..2s", {"then": {"delay": {"uniform": {"min": "100ms", "max": "2s"}}}}),
        (
            "*:delay=120ms~0.4/2s",
            {"then": {"delay": {"lognormal": {"median": "120ms", "sigma": 0.4, "max": "2s"}}}},
        ),
        ("*:headers=-ETag", {"then": {"headers": {"ETag": None}}}),
        ('*:headers={"A": "b+c@d"}+500', {"then": {"headers": {"A": "b+c@d"}, "status": 500}}),
        ("*:500@#2,#4,per=client", {"when": {"nth": [2, 4], "per": "client"}, "then": {"status": 500}}),
        ("*:500@..90s", {"when": {"for": "90s"}, "then": {"status": 500}}),
        ("*:500@1.0,skip=2,every=3", {"when": {"probability": 1.0, "skip": 2, "every": 3}, "then": {"status": 500}}),
        ('*:headers={"A": "b\\"+c"}+500', {"then": {"headers": {"A": 'b"+c'}, "status": 500}}),
        ("*:500@#1,#5,skip=2", {"when": {"nth": [1, 5], "skip": 2}, "then": {"status": 500}}),
        ("*:503+retry_after=2", {"then": {"status": 503, "retry_after": 2}}),
    ],
)
def test_it_stands_for_a_long_form(short: str, long: dict[str, Any]) -> None:
    """Every part of the grammar."""
    assert long_form(short, "here") == long
    assert read_short_form(short, "here", "x").spec["then"] == long["then"]


@pytest.mark.parametrize(
    ("short", "named"),
    [
        ("cancel:500@1", "@1 is ambiguous; expected 1%"),
        ("cancel", "expected INTERACTION"),
        ("cancel:", "expected INTERACTION"),
        ("cancel:500@10%@x2", "more than one @"),
        ("cancl:500", '"cancl" cannot be used; expected capabilities'),
        ("cancel:600", "600 cannot be used; expected a whole number from 400 to 599"),
        ("cancel:200", "200 cannot be used"),
        ("cancel:sttus=3", '"sttus=3" is not an effect'),
        ("cancel:500+503", "status is given twice"),
        ("cancel:500+reset", "both end the exchange"),
        ("cancel:commit", "nothing here waits for the write"),
        ("cancel:500@0%", "expected a number above 0, at most 1"),
        ("cancel:500@101%", "expected a number above 0, at most 1"),
        ("cancel:500@x0", "expected a whole number from 1"),
        ("cancel:500@90s..30s", "ends before it begins"),
        ("cancel:500@30s..30s", "ends before it begins"),
        ("cancel:500@often", '"often" is not a condition'),
        ("cancel:500@x1,x2", "times is given twice"),
        ("cancel:500@#2,skip=5", "can never hold with skip 5"),
        ("cancel:stale=1", "stale never acts on update"),
        ("register/x:500", '"x" can never match'),
        ("read:delay=-2s", "expected a time span"),
        ("read:delay=2s..1s", "max is below min"),
        ("*:headers=Content-Length:3", "frames the message"),
        ("*:headers=-Content-Type", "can only be set"),
        ("*:headers=ETag", '"ETag" cannot be used; expected names with values, such as X-Test:1'),
        ("*:wire=explode", "expected empty or garbage or hang or reset"),
    ],
)
def test_what_it_cannot_be_is_refused_by_name(short: str, named: str) -> None:
    """The message quotes the spec, and says what was found and what was expected."""
    with pytest.raises(BadFault) as refused:
        read_rules([short], "--fault", "flag")
    assert named in str(refused.value)
    assert str(refused.value).startswith("--fault[0]")


def test_a_text_as_long_as_no_rule_is_not_read() -> None:
    """It is read character by character, while all requests wait."""
    with pytest.raises(BadFault, match="has 1,000,014 characters; expected at most 10,000, or the long form"):
        read_rules(["read:headers=X:" + "x" * 999_999], "--fault", "flag")


@pytest.mark.parametrize("second", ["cancel:503", {"match": {"client": "acme"}, "then": {"status": 503}}])
def test_a_rule_that_another_hides_for_good_is_refused(second: Any) -> None:
    """The first terminal wins, so that the second could never fire."""
    with pytest.raises(BadFault, match="'flag-2' can never fire: 'flag-1' before it"):
        read_rules(["*:500", second], "--fault", "flag")


def test_a_rule_that_ends_hides_nothing_for_good() -> None:
    """After its time to live the second fires."""
    assert len(read_rules([{"ttl": "5s", "then": {"status": 500}}, "*:503"], "--fault", "flag")) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [("*:500@10%", "*:503"), ("cancel:500", "*:503"), ("*:500", "*:delay=1s"), ("*:commit+500", "*:503")],
)
def test_a_rule_that_can_still_fire_is_not_refused(first: str, second: str) -> None:
    """A share, other interactions, another kind of effect, a write that is refused."""
    assert len(read_rules([first, second], "--fault", "flag")) == 2


def test_every_effect_names_a_short_form_that_can_be_read() -> None:
    """What the documentation shows is what the reader takes."""
    for word, effect in vocabulary().items():
        for short in effect.short.split(", "):
            assert read_short_form(short, "", "x").then.effects, word


def test_semicolons_separate_rules_but_not_inside_json() -> None:
    """As in the environment and in the header."""
    assert split_several('*:500; *:headers={"A": "b;c"};') == ["*:500", '*:headers={"A": "b;c"}']


def test_a_list_of_rules_is_bounded() -> None:
    """Each rule is compared with all before it, while everybody else waits."""
    with pytest.raises(BadFault, match="faults has 501 rules; expected at most 500"):
        read_rules(["read:503@x1"] * 501, "faults", "http")
