"""What is generated is what is committed, and it decides exactly what can be read."""

from pathlib import Path

import pytest
from lxml import etree

from registry_sandbox.fhir import structure, xml
from registry_sandbox.validation.definitions import profiles_folder
from registry_sandbox.validation.generate import generated
from registry_sandbox.validation.schema import ReadingSchema

_FOLDER = profiles_folder()


@pytest.fixture(scope="module")
def schema() -> ReadingSchema:
    """The shipped reading schema."""
    return ReadingSchema(_FOLDER)


def _accepts(schema: ReadingSchema, inner: str, resource: str = "Appointment") -> bool:
    return schema.accepts(xml.parse(f'<{resource} xmlns="http://hl7.org/fhir">{inner}</{resource}>'.encode()))


@pytest.mark.parametrize("name", ["reading.xsd", "structure.json"])
def test_the_committed_files_are_the_generated_ones(name: str) -> None:
    """Whoever edits a definition runs `make schema`."""
    assert (_FOLDER / name).read_text(encoding="utf-8") == generated(_FOLDER)[name]


def test_the_schema_states_no_minimums_and_no_codes() -> None:
    """Both are the profiles' to refuse, with 422."""
    root = etree.parse(_FOLDER / "reading.xsd").getroot()
    xs = "{http://www.w3.org/2001/XMLSchema}"
    elements = [*root.iterfind(f".//{xs}sequence/{xs}element"), *root.iterfind(f".//{xs}sequence/{xs}choice")]
    assert len(elements) > 400
    assert {each.get("minOccurs") for each in elements} == {"0"}
    assert next(root.iter(f"{xs}enumeration"), None) is None
    assert all(each.get("use") is None for each in root.iter(f"{xs}attribute"))


@pytest.mark.parametrize(
    "inner",
    [
        "",
        '<status value="no such code"/>',
        '<participant><status value="accepted"/></participant>',
        '<identifier id="i"><system value="urn:ietf:rfc:3986"/></identifier><identifier/>',
        '<status id="s"><extension url="urn:x"><valueCode value="y"/></extension></status>',
        '<contained><Patient><anything><at all="1"/></anything></Patient></contained>',
        '<text><div xmlns="http://www.w3.org/1999/xhtml"><p style="x">a<br/><a href="#">b</a></p></div></text>',
    ],
)
def test_what_can_be_read_passes(schema: ReadingSchema, inner: str) -> None:
    """Missing elements, codes that nobody knows, and resource types that are not described here."""
    assert _accepts(schema, inner)


@pytest.mark.parametrize(
    "inner",
    [
        "text",
        "<unknown/>",
        '<x xmlns="urn:other"/>',
        '<start value="2019-01-17T14:00:00Z"/><status value="booked"/>',
        '<status value="booked"/><status value="booked"/>',
        '<status value="booked" more="1"/>',
        '<status value="booked" xml:id="s"/>',
        '<status value="">x</status>',
        '<identifier value="x"/>',
        '<extension url="x"><valueCode value="a"/><valueString value="a"/></extension>',
        "<contained><Nothing/></contained>",
        "<contained><Bundle><unknown/></Bundle></contained>",
        "<contained><Patient/><Patient/></contained>",
        "<text><div>x</div></text>",
        '<text><div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div></text>',
        '<text><div xmlns="http://www.w3.org/1999/xhtml" onclick="x"/></text>',
        '<text><div xmlns="http://www.w3.org/1999/xhtml"><p><p>x</p></p></div></text>',
        '<text><div xmlns="http://www.w3.org/1999/xhtml"><ul/></div></text>',
    ],
)
def test_what_cannot_be_read_does_not_pass(schema: ReadingSchema, inner: str) -> None:
    """Order, unknown and repeated elements, attributes, text, foreign namespaces, and what no narrative may hold."""
    assert not _accepts(schema, inner)


_INSTANTS = """2019-02-01T10:51:23.620+00:00 2020-02-29T00:00:00Z 2000-02-29T00:00:00Z 0001-01-01T00:00:00Z
9999-12-31T23:59:59-14:00 2019-01-17T14:00:00.123456789012345+05:30"""

_NO_INSTANTS = """2019-02-01T10:51:23 2019-02-01 2019-02-29T00:00:00Z 1900-02-29T00:00:00Z 2019-02-01T24:00:00Z
2019-02-01T23:59:60Z 0000-01-01T00:00:00Z -2019-02-01T00:00:00Z 2019-13-01T00:00:00Z 2019-04-31T00:00:00Z
2019-02-01T10:51:23+14:30 2019-02-01t10:51:23z 2019-02-01T10:51:23.Z 20190201T105123Z 2019-W05-1T00:00:00Z
\uff12\uff1019-02-01T10:51:23Z 2019-02-01T10:51Z"""

_SPELLINGS = {
    "Instant": (" ".join(_INSTANTS.split()), " ".join(_NO_INSTANTS.split())),
    "Date": ("2019 2019-01 2019-01-31 2020-02-29", "2019-1 2019-02-30 0000 19 2019-01-01T00:00:00Z 20191"),
    "DateTime": (
        "2019 2019-01 2019-01-31 2019-01-17T14:00:00.000Z",
        "2019-01-17T14:00:00 2019-01-17T14:00Z 2019-02-30 2019-01-17T24:00:00Z",
    ),
    "Time": ("00:00:00 23:59:59.999", "24:00:00 12:00 12:00:00Z 23:59:60"),
    "Integer": ("0 -0 -5 2147483647 -2147483648", "2147483648 -2147483649 01 +1 1.0 1e3 99999999999"),
    "PositiveInt": ("1 2147483647", "0 -1 01 2147483648"),
    "UnsignedInt": ("0 2147483647", "-1 -0 00 2147483648"),
    "Decimal": ("0 -0 1.50 0.0000001 12345678901234567890123456789.1", "1e3 .5 1. +1 01 NaN INF"),
    "Boolean": ("true false", "1 0 True TRUE"),
    "Code": ("a &lt;=", ""),
    "Id": (f"a A-b.9 {'x' * 64}", f"a_b é {'x' * 65}"),
    "Uri": ("urn:ietf:rfc:3986 http://test.nhs.uk/test3 #a", ""),
    "Oid": ("urn:oid:1.2.3", "1.2.3 urn:oid:01.2"),
    "Base64Binary": ("AAAA YQ==", "A ==== é"),
    "String": ("a &#10; \U0001f600", ""),
}


@pytest.mark.parametrize(
    ("of_type", "value"), [(name, value) for name, (right, _) in _SPELLINGS.items() for value in right.split(" ")]
)
def test_right_spellings_of_primitives_pass(schema: ReadingSchema, of_type: str, value: str) -> None:
    """Every precision, fraction and offset that FHIR allows."""
    assert _accepts(schema, f'<parameter><value{of_type} value="{value}"/></parameter>', "Parameters")


@pytest.mark.parametrize(
    ("of_type", "value"),
    [
        *((name, value) for name, (_, wrong) in _SPELLINGS.items() for value in [*wrong.split(" "), ""]),
        ("Code", " a"),
        ("Code", "a  b"),
        ("Code", "a&#10;b"),
        ("Instant", " 2019-02-01T10:51:23Z"),
        ("Instant", "2019-02-01 10:51:23Z"),
        ("Uri", "a b"),
    ],
)
def test_wrong_spellings_of_primitives_do_not_pass(schema: ReadingSchema, of_type: str, value: str) -> None:
    """No missing zone, hour 24, second 60, unreal day, exponent, stray white space, or empty value."""
    assert not _accepts(schema, f'<parameter><value{of_type} value="{value}"/></parameter>', "Parameters")


@pytest.mark.parametrize(
    ("of_type", "accepted"),
    [
        ("String", True),
        ("Code", True),
        ("Uri", True),
        ("Id", False),
        ("Decimal", True),
        ("Base64Binary", True),
        ("Oid", False),
        ("Instant", False),
    ],
)
def test_a_megabyte_is_judged(schema: ReadingSchema, of_type: str, *, accepted: bool) -> None:
    """No pattern goes back and forth over a long value: one that did would not come to an end."""
    body = f'<parameter><value{of_type} value="{"1" * 1_000_000}"/></parameter>'
    assert _accepts(schema, body, "Parameters") is accepted


def test_every_type_of_an_element_is_described() -> None:
    """The type facts are closed: what an element is made of can be looked up."""
    facts = structure.load(_FOLDER / "structure.json")
    assert {each.type for described in facts.types.values() for each in described.elements} <= set(facts.types)
    assert not facts.opaque & set(facts.types)


def test_generating_needs_no_more_than_the_definitions(tmp_path: Path) -> None:
    """A folder with nothing but the definitions gives the same files."""
    for name in ("base", "valuesets"):
        (tmp_path / name).symlink_to(_FOLDER / name)
    assert generated(tmp_path) == generated(_FOLDER)
