"""What can be read: names, order, base maxima and spellings decide, and neither minimums nor codes."""

import pytest

from tests.unit.reading.refusals import is_read


@pytest.mark.parametrize(
    "inner",
    [
        "",
        '<status value="no such code"/>',
        '<participant><status value="accepted"/></participant>',
        '<identifier id="i"><system value="urn:ietf:rfc:3986"/></identifier><identifier id="j"/>',
        '<status id="s"><extension url="urn:x"><valueCode value="y"/></extension></status>',
        '<contained><Patient><anything><at all="1"/></anything></Patient></contained>',
        '<text><div xmlns="http://www.w3.org/1999/xhtml"><p style="x">a<br/><a href="#">b</a></p></div></text>',
    ],
)
def test_what_can_be_read_passes(inner: str) -> None:
    """Missing elements, codes that nobody knows, and resource types that are not described here."""
    assert is_read(inner)


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
def test_what_cannot_be_read_does_not_pass(inner: str) -> None:
    """Order, unknown and repeated elements, attributes, text, foreign namespaces, and what no narrative may hold."""
    assert not is_read(inner)
