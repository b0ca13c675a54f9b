"""Languages are tags of BCP 47: the maximum value set of the elements that hold one."""

import pytest

from registry_sandbox.validation.conformance import Definition
from registry_sandbox.validation.languages import is_language_tag
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT, REGISTRY_APPOINTMENT, Profiles
from registry_sandbox.validation.snapshot_element import MAX_VALUE_SET
from tests.unit.validation.profiling import ISSUE, definition, element, errors, outcome, validated

LANGUAGES = "http://hl7.org/fhir/ValueSet/languages"
MINE_ONLY = Definition(
    {
        "resourceType": "ValueSet",
        "url": "http://x.test/vs",
        "status": "draft",
        "compose": {"include": [{"system": "http://x.test/cs", "concept": [{"code": "a"}, {"code": "b"}]}]},
    },
    "vs.json",
)


@pytest.mark.parametrize(
    "tag",
    [
        *("en", "EN", "gsw", "en-GB", "es-419", "zh-Hant-TW", "sl-rozaj-biske", "de-1996", "zh-yue", "zh-cmn-Hans-CN"),
        *("en-a-bbb-x-a-ccc", "de-DE-u-co-phonebk", "x-own", "en-x-own", "i-klingon", "en-GB-oed", "sgn-BE-FR"),
    ],
)
def test_a_tag_may_say_script_region_variant_and_more(tag: str) -> None:
    """Each of these is in RFC 5646, or of a kind that is."""
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "text",
    [
        *("klingon", "foo bar", "e", "engl", "english", "en_GB", "en-", "-en", "en--GB", "en-G", "en-a", "en-x", "x"),
        *("1n", "en-GB-", "en-GBR1", "i-vulcan", "en\n", "\u0435n", "en-419-GB", "abc-abcdefghi"),
    ],
)
def test_what_has_another_shape_is_no_tag(text: str) -> None:
    """A primary subtag has two or three letters, of ASCII, and what follows has its order."""
    assert not is_language_tag(text)


@pytest.mark.parametrize("language", ["klingon", "foo bar"])
def test_no_resource_has_a_language_that_is_none(language: str) -> None:
    """The finding points to the element and names the value set; the weak binding beside it says nothing more."""
    (found,) = validated({**outcome(), "language": language}, definition())
    assert (found.code, found.severity, found.location) == ("code-invalid", "error", "/f:OperationOutcome/f:language")
    assert f'"{language}"; FHIR STU3 wants a language tag of BCP 47' in found.message


def test_the_language_of_an_attachment_is_asked_for_too() -> None:
    """It has a maximum of its own, in the data type."""
    attached = {"extension": [{"url": "http://x.test/a", "valueAttachment": {"language": "klingon"}}]}
    assert errors(outcome(attached), definition()) == [
        ("code-invalid", f"{ISSUE}[1]/f:extension[1]/f:valueAttachment/f:language")
    ]


@pytest.mark.parametrize("url", [CARECONNECT_APPOINTMENT, REGISTRY_APPOINTMENT])
def test_the_maximum_is_in_the_snapshots_that_are_served(url: str) -> None:
    """Other validators read it there."""
    (served,) = Profiles.load().search("StructureDefinition", url)
    (language,) = (each for each in served["snapshot"]["element"] if each["id"] == "Appointment.language")
    assert language["binding"]["extension"] == [
        {"url": MAX_VALUE_SET, "valueReference": {"reference": "http://hl7.org/fhir/ValueSet/all-languages"}}
    ]


def test_a_profile_that_binds_another_value_set_keeps_the_maximum() -> None:
    """A profile narrows, it never lifts."""
    own = {"strength": "extensible", "valueSetReference": {"reference": "http://x.test/vs"}}
    mine = definition(element("OperationOutcome.language", binding=own))
    assert errors({**outcome(), "language": "klingon"}, mine) == [("code-invalid", "/f:OperationOutcome/f:language")]
    assert errors({**outcome(), "language": "en"}, mine) == []


def test_a_profile_may_set_a_maximum_of_its_own() -> None:
    """A code outside is an error though the binding is preferred only; a maximum that nobody knows is information."""

    def bound(url: str) -> Definition:
        extension = {"url": MAX_VALUE_SET, "valueUri": url}
        binding = {"strength": "preferred", "valueSetReference": {"reference": LANGUAGES}, "extension": [extension]}
        return definition(element("OperationOutcome.issue.details", binding=binding))

    coded = {"details": {"coding": [{"system": "http://x.test/cs", "code": "c"}]}}
    assert errors(outcome(coded), bound("http://x.test/vs"), MINE_ONLY) == [("code-invalid", f"{ISSUE}[1]/f:details")]
    inside = {"details": {"coding": [{"system": "http://x.test/cs", "code": "a"}]}}
    assert validated(outcome(inside), bound("http://x.test/vs"), MINE_ONLY) == []
    (found,) = validated(outcome(coded), bound("http://x.test/unknown"))
    assert (found.severity, "http://x.test/unknown are not known here" in found.message) == ("information", True)
