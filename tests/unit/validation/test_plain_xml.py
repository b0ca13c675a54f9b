"""XML that is plainly written is read without a parser, as the parser and the schema read it, or not at all."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bench import appointments, judge
from registry_sandbox import shipped
from registry_sandbox.fhir.plain import PlainReader
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.lexical import PLAIN
from registry_sandbox.validation.reading import Codec
from tests.spec.conversation import appointment
from tests.unit.drawn import FACTS, resources
from tests.unit.validation.recognising import (
    TEXTS,
    TYPES,
    VALUES,
    appointment_with,
    is_recognised_in_xml,
    samples,
    written,
)

_settings = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _recognises(document: str) -> bool:
    return is_recognised_in_xml(document.encode("utf-8", "surrogatepass"))


def _samples() -> Iterator[str]:
    """Give documents that hold no resource inside, which only the parser reads."""
    for sample in samples():
        yield written({name: value for name, value in sample.items() if name != "contained"})


def _plain() -> str:
    return next(_samples()).replace("&#10;", " ")


# What is ordinary is recognised


def test_ordinary_appointments_are_recognised() -> None:
    """Those of the benchmarks, of the tests of the pages and of the seeds, as one line or indented."""
    for resource in (judge.APPOINTMENT, appointment(), appointments.appointment(7)):
        document = written(resource)
        pretty = etree.tostring(etree.fromstring(document.encode()), pretty_print=True, encoding="unicode")
        assert _recognises(document)
        assert _recognises(pretty)
        assert _recognises(pretty.replace("\n", "\r\n").replace("/>", " />"))
    assert is_recognised_in_xml(appointments.as_xml(appointments.appointment(7)))
    seeds = list((shipped("seed_data") / "pages").glob("*.xml"))
    assert seeds
    assert all(is_recognised_in_xml(seed.read_bytes()) for seed in seeds)


def test_every_line_is_told_all_the_same() -> None:
    """The tree is made when somebody asks."""
    pretty = etree.tostring(etree.fromstring(_plain().encode()), pretty_print=True)
    assert is_recognised_in_xml(pretty)
    readings = [Codec(recognising=each).read(pretty, "xml") for each in (True, False)]
    for location in ("/f:Appointment/f:meta", "/f:Appointment/f:participant[1]/f:status", "/f:Appointment/f:slot", "x"):
        lines = {each.line(location) for each in readings}
        assert len(lines) == 1
    assert readings[0].line("/f:Appointment/f:meta") == 3


# What is drawn


@_settings
@given(resources(plain=True))
def test_any_plain_resource(resource: Resource) -> None:
    """As it is written by us."""
    _recognises(written(resource))


@_settings
@given(resources())
def test_any_resource(resource: Resource) -> None:
    """With narratives, contained resources, extensions of primitives, escapes."""
    _recognises(written(resource))


# What is damaged

_SLIPS = [
    "", "<", ">", "/", '"', "'", " ", "\n", "\t", "&amp;", "&#10;", "&", "a", "=", "\0", "\x85", "\xa0", "\ufeff",
    "\ud800", "\uffff", "<!-- a -->", "<?a?>", "<![CDATA[a]]>", ' id="a"', ' url="a"', ' value="a"', ' xmlns="urn:x"',
    ' xmlns:x="urn:x"', ' xml:id="a"', "<meta/>", "<meta></meta>", '<id value="a"/>', "<x:a/>", "</Appointment>",
    "<!DOCTYPE a>", '<url value="a"/>', '<resourceType value="a"/>', '<div value="a"/>', "text", "-", "0", "\uff11",
]  # fmt: skip


@pytest.mark.parametrize("document", list(_samples()), ids=["Appointment", "Bundle"])
def test_any_slip_in_the_text(document: str) -> None:
    """Anything added or put in the place of a character, wherever it is."""
    for at in range(len(document) + 1):
        for slip in _SLIPS:
            _recognises(document[:at] + slip + document[at:])
            _recognises(document[:at] + slip + document[at + 1 :])


@pytest.mark.parametrize("document", [_plain(), list(_samples())[1]], ids=["Appointment", "Bundle"])
def test_tags_in_any_other_order(document: str) -> None:
    """Each left out, or moved or copied to any place."""
    tags = re.findall(r"<[^>]*>", document)
    recognised = 0
    for at, tag in enumerate(tags):
        others = tags[:at] + tags[at + 1 :]
        _recognises("".join(others))
        for place in range(len(tags)):
            recognised += _recognises("".join([*others[:place], tag, *others[place:]]))
            _recognises("".join([*tags[:place], tag, *tags[place:]]))
            _recognises("".join([*tags[:place], tag, *others[place:]]))
    assert recognised >= len(tags)


@pytest.mark.parametrize(
    "head",
    [
        "", "\n", " ", "\ufeff", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>\r\n',
        ' <?xml version="1.0"?>', '<?xml version="1.1"?>', '<?xml version="1.0" encoding="utf-16"?>',
        '<?xml version="1.0" encoding="latin1"?>', '<?xml version="1.0" standalone="yes"?>', "<!-- a -->", "<?a?>", "a",
        '<?xml version="1.0"?><?xml version="1.0"?>', "<?xml version='1.0'?>", "<!DOCTYPE Appointment>", "\0",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", "\n", " \t\r\n", "\x0b", "\x85", "\xa0", "a", "<!-- a -->", "<a/>", "\0", "</a>"])
def test_what_stands_before_and_after(head: str, tail: str) -> None:
    """Declarations, white space of XML and of others, a second root."""
    root = _plain().partition("\n")[2]
    _recognises(head + root + tail)
    _recognises(head + root.replace(' xmlns="http://hl7.org/fhir"', "") + tail)
    _recognises(head + root.replace("Appointment", "Patient") + tail)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin1", "utf-8-sig", "cp1252"])
def test_other_encodings(encoding: str) -> None:
    """UTF-8 alone is plain."""
    document = _plain().replace("Sample", "Sämple")
    assert _recognises(document)
    assert not is_recognised_in_xml(document.encode(encoding))
    assert not is_recognised_in_xml(document.encode().replace(b"mple", b"\xc0\x80"))


# How values are spelled


@pytest.mark.parametrize("of_type", sorted(TYPES))
def test_each_spelling_of_each_type(of_type: str) -> None:
    """Escaped as it should be, or not; numbers and booleans as texts."""
    others = [
        "-0",
        "+1",
        "00",
        "1.0",
        "1e5",
        "2147483647",
        "2147483648",
        "-2147483648",
        "9" * 30,
        "1_0",
        " 1",
        "1 ",
        "False",
    ]
    texts = [str(value) for value in VALUES if isinstance(value, str | bool | int)]
    for value in [*texts, *TEXTS, *others]:
        for text in (value, escape(value, {'"': "&quot;", "\n": "&#10;"})):
            _recognises(_with_extension(f'<{TYPES[of_type]} value="{text}"/>'))
            _recognises(_with_extension(f'<{TYPES[of_type]} value="{text}"/>', url=text))


def test_each_spelling_of_a_url() -> None:
    """The one attribute that is no value."""
    for text in TEXTS:
        _recognises(_with_extension('<valueCode value="a"/>', url=text))
        _recognises(_with_extension('<valueCode value="a"/>', url=escape(text, {'"': "&quot;", "\n": "&#10;"})))


@pytest.mark.parametrize("of_type", [each for each in PLAIN if each in TYPES])
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_all_that_is_plainly_spelled(of_type: str, data: st.DataObject) -> None:
    """Texts drawn from the patterns themselves."""
    value = data.draw(st.from_regex(PLAIN[of_type].replace("++", "+").replace("*+", "*"), fullmatch=True))
    is_plain = not re.search('[&<"\t\n\r]', value)
    assert _recognises(_with_extension(f'<{TYPES[of_type]} value="{escape(value)}"/>')) or not is_plain


def _with_extension(inner: str, url: str = "u") -> str:
    return f'<Appointment xmlns="http://hl7.org/fhir"><extension url="{url}">{inner}</extension></Appointment>'


def test_texts_of_any_length() -> None:
    """Below the parser's limits, or not plain."""
    assert _recognises(written(appointment_with(comment="x" * 990_000)))
    assert not _recognises(written(appointment_with(comment="x" * 1_000_000)))


def test_nesting() -> None:
    """A few levels are recognised, and none that the schema would call too deep."""
    for depth in range(110):
        inner = '<extension url="u">' * depth + '<valueCode value="a"/>' + "</extension>" * depth
        recognised = _recognises(_with_extension(inner))
        assert recognised == (depth < 40)


_FORMS = [
    '<{0} value="a"/>',
    '<{0} value="1"/>',
    "<{0}/>",
    "<{0}></{0}>",
    '<{0} url="a"></{0}>',
    '<{0}><id value="a"/></{0}>',
    '<{0}><url value="a"/></{0}>',
    '<{0} url="a"><valueCode value="a"/></{0}>',
]


def test_every_element_in_every_form() -> None:
    """With a value, with a URL, with nothing; what the type does not allow is not recognised."""
    names = sorted({element.name for described in FACTS.types.values() for element in described.elements})
    for name in names:
        for inner in (form.format(name) for form in _FORMS):
            _recognises(f'<Appointment xmlns="http://hl7.org/fhir">{inner}</Appointment>')
            _recognises(_with_extension(inner))
            _recognises(f'<Bundle xmlns="http://hl7.org/fhir"><link>{inner}</link></Bundle>')


@pytest.mark.parametrize(
    "inner",
    [
        '<contained><Bundle><id value="b"/></Bundle></contained>',
        '<text><div value="a"/></text>',
        "<status/>",
        "<a/>",
        "a",
    ],
)
def test_what_only_the_parser_can_read(inner: str) -> None:
    """Resources inside, narratives, elements without a value."""
    reader = PlainReader(FACTS)
    assert reader.read(b'<Appointment xmlns="http://hl7.org/fhir"><status value="a"/></Appointment>') is not None
    assert reader.read(f'<Appointment xmlns="http://hl7.org/fhir">{inner}</Appointment>'.encode()) is None
