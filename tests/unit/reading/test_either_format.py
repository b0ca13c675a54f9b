"""A value, an order, a slip: whatever a body says, it is taken in the one format as in the other."""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bench import appointments, validation
from registry_sandbox import shipped
from registry_sandbox.fhir import json as fhir_json
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from tests.spec.conversation import appointment
from tests.unit.drawn import FACTS, RESOURCES, resources
from tests.unit.reading.spellings import TEXTS, TYPES, VALUES

_CODEC = Codec()
_settings = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
_ESCAPES = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}


def _read(body: str | bytes, body_format: Format) -> Resource | None:
    sent = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    try:
        return _CODEC.read(sent, body_format, RESOURCES).resource
    except SandboxError:
        return None


def _written(resource: Resource) -> str:
    return _CODEC.write(resource, "xml").decode()


def _same(one: Resource | None, other: Resource | None) -> bool:
    """Tell whether two are the same to the types of their values, the digits, and the order of their members."""
    return repr(one) == repr(other)


# Spellings


def _is_taken_alike(of_type: str, text: str) -> bool | None:
    """Put a text where a value of a type stands, in both formats; None if the formats cannot say the same."""
    name, is_text = TYPES[of_type], FACTS.types[of_type].json == "string"
    token = json.dumps(text) if is_text else text
    if not is_text and (text != text.strip() or not text):
        return None
    as_json = _read(f'{{"resourceType":"Appointment","extension":[{{"url":"u","{name}":{token}}}]}}', "json")
    value = f'<{name} value="{escape(text, _ESCAPES)}"/>'
    as_xml = _read(
        f'<Appointment xmlns="http://hl7.org/fhir"><extension url="u">{value}</extension></Appointment>', "xml"
    )
    assert _same(as_json, as_xml), text
    return as_json is not None


_NUMBERS = ["-0", "+1", "00", "0", "1", "-1", "1.0", "1e5", "0.50", "-0.0", "2147483647", "2147483648", "-2147483648",
            "-2147483649", "9" * 30, "1_0", "False", ".5", "1.", "9" * 5_000]  # fmt: skip


@pytest.mark.parametrize("of_type", sorted(TYPES))
def test_each_spelling_of_each_type(of_type: str) -> None:
    """Every text is of the type in both formats or in neither, and becomes the same value."""
    taken = [_is_taken_alike(of_type, text) for text in [*TEXTS, *_NUMBERS]]
    assert any(taken)
    assert False in taken


@pytest.mark.parametrize("of_type", sorted(name for name in TYPES if FACTS.types[name].json == "string"))
@settings(max_examples=100, deadline=None)
@given(st.text(max_size=6))
def test_any_text(of_type: str, text: str) -> None:
    """Any characters whatever."""
    _is_taken_alike(of_type, text)


@pytest.mark.parametrize("name", ["url", "id"])
def test_each_spelling_of_an_attribute(name: str) -> None:
    """What XML has as attributes: the URL of an extension, the id of an element."""
    for text in TEXTS:
        as_json = _read(json.dumps(_with(extension=[{name: text, "valueCode": "a"}])), "json")
        inner = f'<extension {name}="{escape(text, _ESCAPES)}"><valueCode value="a"/></extension>'
        assert _same(as_json, _read(f'<Appointment xmlns="http://hl7.org/fhir">{inner}</Appointment>', "xml"))


@pytest.mark.parametrize("of_type", sorted(TYPES))
def test_values_of_other_json_types(of_type: str) -> None:
    """A value is read if it is of the JSON type of its type, and else it is not."""
    kinds: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}
    expected = kinds[FACTS.types[of_type].json]
    for value in VALUES:
        read = _read(json.dumps(_with(extension=[{"url": "u", TYPES[of_type]: value}])), "json")
        assert read is None or (isinstance(value, expected) and (of_type == "boolean" or not isinstance(value, bool)))


@pytest.mark.parametrize(
    "text",
    [" http://a", "http://a ", "\turn:x", "urn:x\n", " ", "a b", "http://a/%zz", "http://[::1", "##", ":a", "1:b",
     "http://a/b c", "http://a/b[c", "http://a:b/c", "urn:a[b", "urn:a b", "urn:a%zz", "http://a/b\n"],
)  # fmt: skip
def test_no_white_space_and_no_other_text_is_a_uri(text: str) -> None:
    """White space around a URI would let an extension pass by the profile of its URL."""
    assert _is_taken_alike("uri", text) is False


@pytest.mark.parametrize(
    ("text", "taken"),
    [("1.5 -2 .5 E U L", True), ("E", True), ("", False), ("x", False), ("1  2", False), (" 1", False), ("1 ", False),
     ("1\t2", False), ("1.", False), ("e", False), ("1,2", False), ("--1", False), ("1 2 x", False)],
)  # fmt: skip
def test_sampled_data_is_numbers(text: str, *, taken: bool) -> None:
    """Decimals, or E, U or L in the place of one, with one space between them."""
    as_json = json.dumps(_with(extension=[{"url": "u", "valueSampledData": {"data": text}}]))
    inner = f'<valueSampledData><data value="{escape(text, _ESCAPES)}"/></valueSampledData>'
    as_xml = f'<Appointment xmlns="http://hl7.org/fhir"><extension url="u">{inner}</extension></Appointment>'
    assert (_read(as_json, "json") is not None) is taken
    assert (_read(as_xml, "xml") is not None) is taken


# Order


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    members = [(name, _shuffled(each, chance)) for name, each in value.items()]
    chance.shuffle(members)
    return dict(members)


@_settings
@given(resources(), st.randoms(use_true_random=False))
def test_members_in_any_order_are_the_same_resource(resource: Resource, chance: random.Random) -> None:
    """As in XML, where there is only one order."""
    expected = _read(_written(resource), "xml")
    assert expected is not None
    assert _same(_read(fhir_json.dumps(resource), "json"), expected)
    assert _same(_read(fhir_json.dumps(_shuffled(resource, chance)), "json"), expected)


def test_ordinary_appointments_are_read_alike_in_any_layout() -> None:
    """Those of the benchmarks, of the tests of the pages, and every seed."""
    for resource in (validation.APPOINTMENT, appointment(), appointments.appointment(7)):
        expected = _read(json.dumps(resource), "json")
        assert expected is not None
        document = _written(expected)
        pretty = etree.tostring(etree.fromstring(document.encode()), pretty_print=True, encoding="unicode")
        single = document.partition("\n")[2].replace('"', "'")
        for body in (document, pretty, pretty.replace("\n", "\r\n").replace("/>", " />"), single):
            assert _same(_read(body, "xml"), expected)
        assert _same(_read(json.dumps(resource, indent=3), "json"), expected)
    seeds = sorted((shipped("seed_data") / "pages").glob("*.xml"))
    assert seeds
    assert all(_read(seed.read_bytes(), "xml") for seed in seeds)


# Damage


def _samples() -> list[Resource]:
    rich = {
        **validation.APPOINTMENT,
        "contained": [{"resourceType": "Bundle", "id": "b", "entry": [{"resource": {"resourceType": "Appointment"}}]}],
        "serviceType": [{"coding": [{"system": "http://x.test", "code": "gp", "userSelected": True}], "text": "GP"}],
        "indication": [{"reference": "Condition/1", "identifier": {"assigner": {"display": "x"}}}],
        "priority": 0,
        "minutesDuration": 10,
        "comment": "one\ntwo",
        "_comment": {"id": "c"},
    }
    return [rich, {"resourceType": "Bundle", "type": "collection", "link": [{"relation": "self", "url": "http://a"}]}]


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from _holders(each)


_MEMBERS = [
    "resourceType", "unknown", "", "_", "_status", "_resourceType", "status ", "Status", "id", "_id", "value", "text",
    "valueCode", "valueBoolean", "extension", "contained", "reference", "fullUrl", "\ud800",
]  # fmt: skip


def _damaged(sample: Resource) -> Iterator[Resource]:
    """Return the sample with one thing changed, in all the ways that are listed above."""
    damaged = copy.deepcopy(sample)
    for holder in list(_holders(damaged)):
        before = copy.copy(holder)
        for changed in _changed(before):
            holder.clear()
            holder.update(changed) if isinstance(holder, dict) else holder.extend(changed)
            yield damaged
        holder.clear()
        holder.update(before) if isinstance(holder, dict) else holder.extend(before)


def _changed(holder: Any) -> Iterator[Any]:
    if isinstance(holder, dict):
        yield from ({**holder, name: value} for name in [*holder, *_MEMBERS] for value in VALUES)
        yield from ({key: value for key, value in holder.items() if key != name} for name in holder)
    else:
        yield from ([*holder[:at], value, *holder[at + 1 :]] for at in range(len(holder)) for value in VALUES)
        yield []


@pytest.mark.parametrize("sample", _samples(), ids=["Appointment", "Bundle"])
def test_what_is_read_of_damaged_json_can_be_written_and_read_again(sample: Resource) -> None:
    """Another value, none, a member more: it is refused, or it is the same in XML."""
    outcomes = []
    for damaged in _damaged(sample):
        read = _read(json.dumps(damaged), "json")
        outcomes.append(read is not None)
        if read is not None:
            assert _same(_read(_written(read), "xml"), read)
    assert 50 < sum(outcomes) < len(outcomes) / 2


def test_a_name_is_never_there_twice() -> None:
    """Whichever of the two is in the right place."""
    body = json.dumps(_samples()[0])
    for name in {name for each in _holders(_samples()[0]) if isinstance(each, dict) for name in each}:
        parts = body.split(f'"{name}": ')
        for at in range(1, len(parts)):
            before, after = f'"{name}": '.join(parts[:at]), f'"{name}": '.join(parts[at:])
            assert _read(f'{before}"{name}": "a", "{name}": {after}', "json") is None


_SLIPS = [
    "", "<", ">", "/", '"', "'", " ", "\n", "\t", "&amp;", "&#10;", "&", "a", "=", "\0", "\x85", "\xa0", "\ufeff",
    "\uffff", "<!-- a -->", "<?a?>", "<![CDATA[a]]>", ' id="a"', ' url="a"', ' value="a"', ' xmlns="urn:x"',
    ' xml:id="a"', "<meta/>", '<id value="a"/>', "<x:a/>", "</Appointment>", "<!DOCTYPE a>", '<url value="a"/>',
    '<resourceType value="a"/>', '<div value="a"/>', "text", "-", "0", "\uff11",
]  # fmt: skip


def test_what_is_read_after_any_slip_in_xml_is_the_same_in_json() -> None:
    """Anything added or put in the place of a character, wherever it is."""
    sample = _samples()[1]
    document = _written(sample)
    read = 0
    for at in range(len(document) + 1):
        for slip in _SLIPS:
            for rest in (document[at:], document[at + 1 :]):
                resource = _read(document[:at] + slip + rest, "xml")
                if resource is not None:
                    read += 1
                    assert _same(_read(_CODEC.write(resource, "json"), "json"), resource)
    assert read > 100


def test_tags_are_read_in_the_order_of_the_type_alone() -> None:
    """A tag that is moved is refused, or it stands where a resource that has it there is written."""
    sample = {name: value for name, value in _samples()[0].items() if name not in {"contained", "_comment"}}
    document = _written(_read(json.dumps(sample), "json") or {}).partition("\n")[2]
    tags = re.findall(r"<[^>]*>", document)
    read = refused = 0
    for at, tag in enumerate(tags):
        others = tags[:at] + tags[at + 1 :]
        for place in range(len(tags)):
            moved = "".join([*others[:place], tag, *others[place:]])
            resource = _read(moved, "xml")
            refused += resource is None
            if resource is not None:
                read += 1
                assert _written(resource).partition("\n")[2] == moved
    assert read >= len(tags)
    assert refused > 20 * read


def _with(**members: Any) -> Resource:
    return {"resourceType": "Appointment", **members}


def test_decimals_are_alike_with_and_without_a_point() -> None:
    """A whole number where a decimal belongs is a decimal in both formats."""
    read = _read('{"resourceType":"Appointment","extension":[{"url":"u","valueDecimal":5}]}', "json")
    assert read is not None
    assert isinstance(read["extension"][0]["valueDecimal"], Decimal)


# How deep it is nested


def _extensions(depth: int) -> Resource:
    inner: Any = {"url": "http://x.test", "valueCode": "a"}
    for _ in range(depth):
        inner = {"url": "http://x.test", "extension": [inner]}
    return _with(extension=[inner])


def _assigners(depth: int) -> Resource:
    inner: Any = {"display": "a"}
    for _ in range(depth):
        inner = {"identifier": {"assigner": inner}}
    return _with(indication=[inner])


def _bundles(depth: int) -> Resource:
    inner: Any = {"resourceType": "Bundle"}
    for _ in range(depth):
        inner = {"resourceType": "Bundle", "entry": [{"resource": inner}]}
    return inner  # type: ignore[no-any-return]  # a resource


def _containing(depth: int) -> Resource:
    inner: Any = _with()
    for _ in range(depth):
        inner = _with(contained=[inner])
    return inner  # type: ignore[no-any-return]  # a resource


def _beside(depth: int) -> Resource:
    inner: Any = {"id": "a"}
    for _ in range(depth):
        inner = {"extension": [{"url": "u", "_valueCode": inner}]}
    return _with(_status=inner)


@pytest.mark.parametrize("nested", [_extensions, _assigners, _bundles, _containing, _beside])
def test_nesting_is_bounded_alike(nested: Callable[[int], Resource]) -> None:
    """As deep in the one format as in the other, whatever is nested; and no deeper than a hundred."""
    taken = []
    for depth in range(110):
        resource = nested(depth)
        as_json, as_xml = _read(json.dumps(resource), "json"), _read(_written(resource), "xml")
        assert _same(as_json, as_xml), depth
        taken.append(as_json is not None)
    assert taken == sorted(taken, reverse=True)
    assert 20 < sum(taken) < 101


def test_nesting_is_bounded_alike_where_nothing_is_described() -> None:
    """In a resource of a type that nobody validates, and in a narrative."""
    taken = []
    for depth in range(90, 110):
        value: Any = "x"
        for _ in range(depth):
            value = {"a": value}
        as_json = _read(json.dumps(_with(contained=[{"resourceType": "Patient", "a": value}])), "json")
        inner = f"<contained><Patient>{'<a>' * depth}<a value='x'/>{'</a>' * depth}</Patient></contained>"
        as_xml = _read(f'<Appointment xmlns="http://hl7.org/fhir">{inner}</Appointment>', "xml")
        assert _same(as_json, as_xml), depth
        taken.append(as_json is not None)
        div = f'<div xmlns="http://www.w3.org/1999/xhtml">{"<div>" * depth}{"</div>" * depth}</div>'
        as_json = _read(json.dumps(_with(text={"div": div})), "json")
        as_xml = _read(f'<Appointment xmlns="http://hl7.org/fhir"><text>{div}</text></Appointment>', "xml")
        assert _same(
            as_json and as_json["text"]["div"].count("<div"), as_xml and as_xml["text"]["div"].count("<div")
        ), depth
        taken.append(as_json is not None)
    assert taken[0]
    assert not taken[-1]
