"""Whatever fits a stencil, the whole way says the same of: the same resource, no finding, the same bytes stored."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import appointments, judge
from sandbox.errors import SandboxError
from sandbox.exchange import Format, Resource, Stamp
from sandbox.registrar import recorded
from sandbox.registry import stamped
from sandbox.stencils import MOST_OF_AN_OUTLINE, MOST_STENCILS, Stencils
from sandbox.validation.openings import LARGEST_BODY
from sandbox.validation.profiles import Profiles
from sandbox.validation.reading import Codec, Refused
from tests.spec.conversation import appointment
from tests.unit.validation.recognising import TEXTS, objects

CODEC = Codec(recognising=False)
PROFILES = Profiles.load()
STAMP = Stamp("an-id", "7", "2026-11-22T12:00:00.123+00:00")
FORMATS: tuple[Format, ...] = ("json", "xml")
REFERENCE = "https://demographics.spineservices.nhs.uk/9990001111"

RICH: Resource = {
    **judge.APPOINTMENT,
    "id": "b7e99463",
    "meta": {
        "versionId": "1",
        "lastUpdated": "2019-01-17T15:00:00Z",
        "tag": [{"system": "http://x.test", "code": "a"}],
    },
    "identifier": [{**judge.APPOINTMENT["identifier"][0], "period": {"start": "2019-01-17", "end": "2019-01-18"}}],  # type: ignore[index]
    "comment": "one 100 % two",
    "minutesDuration": 10,
}
SLIPS = (b'"', b"'", b"\\", b"<", b"&", b"\n", b"\xc3", b"\xee\x80\x80", b":", b" ", b"1", b"T", b"{")
SAMPLES: list[Resource] = [judge.APPOINTMENT, appointments.appointment(7), appointment(), RICH]


def stencils() -> Stencils:
    """Stencils of no bodies yet."""
    return Stencils(PROFILES, recorded, CODEC.write)


def written(resource: Resource, wanted: Format) -> bytes:
    """Write a resource as a client does."""
    if wanted == "xml":
        return CODEC.write(resource, "xml")
    return json.dumps(resource, ensure_ascii=False).encode()


def learn(known: Stencils, body: bytes, body_format: Format) -> None:
    """Let a body be learnt from, as a second of its outline."""
    resource = CODEC.read(body, body_format).resource
    assert PROFILES.judge(resource) == []
    known.learn(body, body_format, resource)
    known.learn(body, body_format, resource)


def fits(known: Stencils, body: bytes, body_format: Format) -> bool:
    """Tell whether a body fits; if so, the whole way has to give the same."""
    fitting = known.fitting(body, body_format)
    if fitting is None:
        return False
    try:
        resource = CODEC.read(body, body_format).resource
    except (Refused, SandboxError) as error:
        pytest.fail(f"what fits is refused: {error!r}\n{body!r}")
    assert repr(fitting.resource) == repr(resource)
    assert PROFILES.judge(resource) == []
    kept = stamped(recorded(resource), STAMP)
    for wanted in FORMATS:
        assert fitting.stored(wanted, STAMP) == CODEC.write(kept, wanted)
    return True


def holders(resource: Resource) -> Iterator[tuple[Any, str | int]]:
    """Give where each text stands: the object or array, and the name or index."""
    for each in objects(resource):
        for key, value in each.items() if isinstance(each, dict) else enumerate(each):
            if isinstance(value, str):
                yield each, key


@pytest.mark.parametrize("wanted", FORMATS)
def test_the_next_appointment_of_a_client_fits(wanted: Format) -> None:
    """Of the benchmark's, of a test-suite's: pointer, times and patient differ. Or all this would be idle."""
    known = stencils()
    learn(known, written(appointments.appointment(1), wanted), wanted)
    assert all(fits(known, written(appointments.appointment(number), wanted), wanted) for number in range(200, 260))
    known = stencils()
    learn(known, written(RICH, wanted), wanted)
    other = copy.deepcopy(RICH)
    other["participant"][0]["actor"]["display"] = "O'Brien & Søn <b> 100 %"
    other["comment"] = "\U0001f600 </Appointment>"
    assert fits(known, written(other, wanted), wanted) == (wanted == "json")
    other["participant"][0]["actor"]["display"], other["comment"] = "O'Brien, Søn 100 %s", "%"
    assert fits(known, written(other, wanted), wanted)


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_any_text_at_any_place(wanted: Format, sample: Resource) -> None:
    """What fits with it, the whole way lets pass; and it is not nothing that fits."""
    known, fitting = stencils(), 0
    learn(known, written(sample, wanted), wanted)
    for at, _ in enumerate(holders(sample)):
        for text in TEXTS:
            changed = copy.deepcopy(sample)
            holder, key = list(holders(changed))[at]
            holder[key] = text
            try:
                body = written(changed, wanted)
            except (KeyError, UnicodeEncodeError):  # a resourceType that is none, a lone surrogate
                continue
            fitting += fits(known, body, wanted)
    assert fitting > 20


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("sample", [appointments.appointment(7), RICH])
def test_any_slip_at_any_place(wanted: Format, sample: Resource) -> None:
    """A byte that is left out, said twice, or another one: what fits all the same is the same the whole way."""
    known = stencils()
    body = written(sample, wanted)
    learn(known, body, wanted)
    for at in range(len(body) + 1):
        before, here, behind = body[:at], body[at : at + 1], body[at + 1 :]
        for slip in (b"", here * 2, *SLIPS):
            fits(known, before + slip + behind, wanted)
            fits(known, before + slip + here + behind, wanted)


@pytest.mark.parametrize("behind", ['"', '"junk', '" ', '"\n{', '"\u20ac', '"<a/><![CDATA[', '""', '"":', ' value="a'])
@pytest.mark.parametrize("wanted", FORMATS)
def test_nothing_may_stand_behind_it(wanted: Format, behind: str) -> None:
    """A text that begins and does not end, above all."""
    known = stencils()
    body = written(appointments.appointment(7), wanted)
    learn(known, body, wanted)
    assert fits(known, body, wanted)
    assert not fits(known, body + behind.encode(), wanted)


def test_one_format_is_not_taken_for_the_other() -> None:
    """JSON that is labelled as XML, and the reverse."""
    known = stencils()
    for wanted in FORMATS:
        learn(known, written(appointment(), wanted), wanted)
    assert not fits(known, written(appointment(), "json"), "xml")
    assert not fits(known, written(appointment(), "xml"), "json")


_ANY = st.sampled_from(TEXTS) | st.text(max_size=20) | st.datetimes().map(lambda at: f"{at.isoformat()}Z")


@settings(max_examples=400, deadline=None)
@given(wanted=st.sampled_from(FORMATS), texts=st.lists(_ANY, min_size=6, max_size=6))
def test_several_texts_at_once(wanted: Format, texts: list[str]) -> None:
    """The end before the start, the patient by two names: together they are judged together."""
    sample = copy.deepcopy(judge.APPOINTMENT)
    known = KNOWN[wanted]
    changed = dict(zip(("start", "end", "created"), texts, strict=False))
    actor = sample["participant"][0]["actor"]  # type: ignore[index]
    actor |= {"display": texts[3], "reference": f"https://demographics.spineservices.nhs.uk/{texts[4]}"}
    try:
        body = written({**sample, **changed}, wanted)
    except UnicodeEncodeError:
        return
    fits(known, body, wanted)


def _known(wanted: Format) -> Stencils:
    known = stencils()
    learn(known, written(judge.APPOINTMENT, wanted), wanted)
    return known


KNOWN: dict[Format, Stencils] = {wanted: _known(wanted) for wanted in FORMATS}


def test_an_end_before_the_start_does_not_fit() -> None:
    """Each alone is good: it is told by both."""
    turned = {**judge.APPOINTMENT, "start": judge.APPOINTMENT["end"], "end": judge.APPOINTMENT["start"]}
    assert not fits(KNOWN["json"], written(turned, "json"), "json")
    same = {**judge.APPOINTMENT, "start": judge.APPOINTMENT["end"]}
    assert fits(KNOWN["json"], written(same, "json"), "json")


def test_members_in_another_order_have_a_stencil_of_their_own() -> None:
    """What is stored has them in the order of the type."""
    known = stencils()
    turned = dict(reversed(appointment().items()))
    learn(known, written(turned, "json"), "json")
    assert fits(known, written({**turned, "start": "2031-05-06T09:31:00.000+01:00"}, "json"), "json")


# What leaves no stencil


def is_learnt(body: bytes, body_format: Format) -> bool:
    """Tell whether a body leaves a stencil."""
    known = stencils()
    learn(known, body, body_format)
    return len(known) > 0


def test_what_comes_once_leaves_none() -> None:
    """Nothing is to be gained of it."""
    known = stencils()
    body = written(appointment(), "json")
    known.learn(body, "json", CODEC.read(body, "json").resource)
    assert len(known) == 0


@pytest.mark.parametrize(
    "odd",
    [
        b"<?xml version='1.0'?>%b",
        b"<!-- a comment -->%b",
        b'%b<!-- value="a" -->',
        b'<?a value="b"?>%b',
        b'%b<?a "b"?>',
        b'%b<?a "?>',
    ],
)
def test_what_says_something_in_another_way_leaves_none(odd: bytes) -> None:
    """A comment could have a text that looks like a value."""
    plain = written(appointment(), "xml").removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert is_learnt(plain, "xml")
    assert not is_learnt(odd % plain, "xml")


def test_xml_with_an_id_or_in_single_quotes_leaves_none() -> None:
    """Not all that is said is said by values in double quotes."""
    plain = written(appointment(), "xml")
    assert not is_learnt(plain.replace(b"<actor>", b'<actor id="a">'), "xml")
    assert not is_learnt(plain.replace(b'<status value="booked"/>', b"<status value='booked'/>"), "xml")
    for reference in (b"&#80;", b"&#xE000;", b"&#xF000;", b"&#57344;"):
        assert not is_learnt(plain.replace(b'value="Example P', b'value="Example ' + reference), "xml")


@pytest.mark.parametrize(
    "members",
    [
        {"comment": "a \\ b"},
        {"comment": "x" * LARGEST_BODY},
        {"comment": "a \ue000 b"},
        {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}},
    ],
)
def test_what_is_not_simple_leaves_none(members: dict[str, Any]) -> None:
    """Escapes, long bodies, a mark of ours, a narrative."""
    assert not is_learnt(written(appointment(**members), "json"), "json")


def test_no_stencil_is_without_a_hole() -> None:
    """It would be the verdict on one body."""
    url = "http://x.test/StructureDefinition/closed"
    closing = {"key": "my-1", "severity": "error", "human": "x", "expression": "status.exists()"}
    from tests.unit.validation.profiling import SHIPPED_DEFINITIONS, definition, element

    mine = definition(element("Appointment", constraint=[closing]), of="Appointment", url=url)
    known = Stencils(Profiles(SHIPPED_DEFINITIONS, [mine]), recorded, CODEC.write)
    body = written(appointment(meta={"profile": [url]}), "json")
    for _ in range(3):
        known.learn(body, "json", CODEC.read(body, "json").resource)
    assert len(known) == 0


def test_one_outline_leaves_so_many_and_no_more() -> None:
    """A client whose fixed texts are always others costs no more than before."""
    known = stencils()
    bodies = [written(appointment(language=f"x-{number:03}"), "json") for number in range(MOST_OF_AN_OUTLINE + 5)]
    for body in bodies:
        resource = CODEC.read(body, "json").resource
        known.learn(body, "json", resource)
    assert len(known) == MOST_OF_AN_OUTLINE


def test_of_too_many_all_are_forgotten() -> None:
    """So that the memory they take is bounded."""
    known = stencils()
    for number in range(MOST_STENCILS + 1):
        body = written(appointment(), "json") + b" " * number
        resource = CODEC.read(body, "json").resource
        known.learn(body, "json", resource)
        known.learn(body, "json", resource)
    assert len(known) == 1
