"""Whatever is sent, what is told of it is bounded, and nothing is done twice for it."""

import json
import tracemalloc

import pytest

from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import NotReadable
from registry_sandbox.reading.codec import Codec
from registry_sandbox.reading.narratives import MOST_ELEMENTS, MOST_EXPLAINED
from tests.unit.reading.refusals import appointment, findings_of

_CODEC = Codec()
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
_ATTRIBUTES = " ".join(f'a{n}="1"' for n in range(30_000))


def _members(text: str) -> str:
    return f'{{"resourceType":"Appointment",{text}}}'


def _items(item: str, count: int) -> str:
    return ",".join([item] * count)


HOSTILE: dict[str, tuple[str, Format, int]] = {
    "attributes of the root": (appointment("").replace(">", f" {_ATTRIBUTES}>", 1), "xml", 29_900),
    "attributes of a primitive": (appointment(f"<status {_ATTRIBUTES}/>"), "xml", 29_900),
    "attributes of a resource": (
        appointment(f"<contained><Patient {_ATTRIBUTES}/></contained>"),
        "xml",
        29_900,
    ),
    "unknown elements": (appointment("<x/>" * 100_000), "xml", 99_900),
    "elements too many": (appointment('<status value="a"/>' * 40_000), "xml", 39_899),
    "elements too late": (appointment('<status value="a"/>' + "<identifier/>" * 40_000), "xml", 79_900),
    "misspelt URLs": (appointment('<extension url=" "/>' * 30_000), "xml", 29_900),
    "misspelt items": (appointment("<meta>" + '<profile value=" "/>' * 30_000 + "</meta>"), "xml", 29_900),
    "resources beside a resource": (appointment(f"<contained>{'<Patient/>' * 50_000}</contained>"), "xml", 49_899),
    "wrong items": (_members(f'"participant":[{_items("1", 400_000)}]'), "json", 399_900),
    "empty objects": (_members(f'"participant":[{_items("{}", 200_000)}]'), "json", 199_900),
    "unknown members": (_members(",".join(f'"a{n}":1' for n in range(80_000))), "json", 79_900),
    "nulls in an unknown resource": (
        _members(f'"contained":[{{"resourceType":"Patient","a":[{_items("null", 100_000)}]}}]'),
        "json",
        99_900,
    ),
    "unpaired nulls": (_members(f'"meta":{{"profile":[{_items("null", 90_000)}],"_profile":[null]}}'), "json", 89_902),
}


@pytest.mark.parametrize(("body", "body_format", "more"), HOSTILE.values(), ids=HOSTILE)
def test_a_hundred_problems_are_told_and_the_rest_counted(body: str, body_format: Format, more: int) -> None:
    """Each has a place, and quotes little of what was sent."""
    *findings, last = findings_of(body, body_format)
    assert len(findings) == 100
    assert last.message == f"... and {more} more"
    assert max(len(each.message) for each in findings) < 300
    assert all(each.location and each.line for each in findings)


def test_long_values_and_names_are_quoted_in_part() -> None:
    """Whether they are names, texts or numbers."""
    long = "x" * 500_000
    for members in (f'"{long}":1', f'"status":" {long}"', f'"priority":{"9" * 500_000}', f'"start":"{long}"'):
        (finding,) = findings_of(_members(members), "json")
        assert len(finding.message) < 300
    for inner in (f'<start value="{long}"/>', f"{long}", f'<status {long[:40_000]}="1" value="a"/>'):
        (finding,) = findings_of(appointment(inner), "xml")
        assert len(finding.message) < 300


@pytest.mark.parametrize("inner", ["<img/>" * 30_000, "<script/>" * 50_000, f"<p {_ATTRIBUTES}/>"])
def test_a_large_narrative_is_refused_in_one_sentence(inner: str) -> None:
    """To explain it would take minutes; and no error of it is kept."""
    narrative = f'<text><status value="generated"/>{_DIV}{inner}</div></text>'
    as_json = _members(f'"text":{{"status":"generated","div":{json.dumps(f"{_DIV}{inner}</div>")}}}')
    for body, body_format in ((appointment(narrative), "xml"), (as_json, "json")):
        (finding,) = findings_of(body, body_format)  # type: ignore[arg-type]  # a Format
        assert "too large for more to be said" in finding.message
        assert (finding.location, finding.line is None) == ("/f:Appointment/f:text/h:div", False)


def test_many_errors_of_a_narrative_are_told_in_part() -> None:
    """Of one that is small enough to explain."""
    inner = "<img/>" * (MOST_ELEMENTS - 10)
    assert len(findings_of(appointment(f"<text>{_DIV}{inner}</div></text>"), "xml")) == MOST_EXPLAINED


def test_what_is_explained_of_many_narratives_is_bounded_together() -> None:
    """A thousand small narratives cost no more than one that is large."""
    text = f"<text>{_DIV}<p><q/><ul/></p></div></text>"
    findings = findings_of(appointment(f"<contained><Appointment>{text}</Appointment></contained>" * 1_000), "xml")
    explained = [each for each in findings if "Unexpected child" in each.message]
    assert len(findings) == 101
    assert 0 < len(explained) <= MOST_ELEMENTS / 3


@pytest.mark.parametrize(
    "pattern",
    [
        '"start":"2019-01-17T15:00:00.{}"',
        '"status":"{} "',
        '"implicitRules":"http://a/{}%"',
        '"extension":[{{"url":"u","valueOid":"urn:oid:1{}."}}]',
        '"extension":[{{"url":"u","valueBase64Binary":"{}!"}}]',
        '"extension":[{{"url":"u","valueSampledData":{{"data":"{}x"}}}}]',
        '"extension":[{{"url":"u","valueSampledData":{{"data":"1 {}."}}}}]',
    ],
)
@pytest.mark.parametrize("unit", ["1", "a ", "1 ", ".2", "%41", "A"])
def test_no_pattern_goes_back_and_forth(pattern: str, unit: str) -> None:
    """A megabyte that is nearly right is refused at once: a pattern that tried again would not come to an end."""
    (finding,) = findings_of(_members(pattern.format(unit * (900_000 // len(unit)))), "json")
    assert "expected" in finding.message


def test_memory_is_bounded() -> None:
    """Half a million problems take no more than what was parsed."""
    body = _members(f'"participant":[{_items("1", 100_000)}]').encode()
    with pytest.raises(NotReadable):
        _CODEC.read(b'{"resourceType":"Appointment","a":1}', "json")
    tracemalloc.start()
    try:
        with pytest.raises(NotReadable):
            _CODEC.read(body, "json")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * len(body)
