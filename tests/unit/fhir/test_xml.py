"""XML is parsed without ever loading or expanding anything."""

import pytest

from registry_sandbox.fhir import xml

_BOMB = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10 if level else "lol"}">' for level in range(10))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"<!DOCTYPE a [{_BOMB}]><a>&e9;</a>".encode(), "DOCTYPE"),
        (f"<!DOCTYPE a [{_BOMB}]><a value='&e9;'/>".encode(), "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', "DOCTYPE"),
        (b"<a>&nbsp;</a>", "not defined"),
        (b"<a value='&lol;'/>", "not defined"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "UTF-7"),
        (b"<?xml version='1.0' encoding='latin-1'?><a/>", "latin-1"),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-16"?><a/>', "UTF-16"),
        ("<a/>".encode("utf-16"), "another encoding"),
        ("<a/>".encode("utf-16-le"), "another encoding"),
        ("<a/>".encode("utf-32"), "another encoding"),
        (b"<a>\0</a>", "another encoding"),
        (b"<a>\xff</a>", "not well-formed"),
        (b"<a>&#0;</a>", "not well-formed"),
        (b"<a>\x1b</a>", "not well-formed"),
        (b"<a b='1' b='2'/>", "not well-formed"),
        (b"<a></b>", "not well-formed"),
        (b"<a/><b/>", "not well-formed"),
        (b"<x>" * 100_000, "nested too deep"),
    ],
)
def test_documents_that_are_never_processed(body: bytes, said: str) -> None:
    """Document types, entities, other encodings and broken documents are refused, in few words."""
    with pytest.raises(xml.NotXml, match=said) as refusal:
        xml.parse(body)
    assert len(str(refusal.value)) < 250


def test_the_line_is_told() -> None:
    """A document that is broken, or declares a document type, is refused with the line of it."""
    with pytest.raises(xml.NotXml) as broken:
        xml.parse(b"<a>\n<b>\n</a>")
    with pytest.raises(xml.NotXml) as declared:
        xml.parse(b"<?xml version='1.0'?>\n\n<!DOCTYPE a>\n<a/>")
    assert (broken.value.line, declared.value.line) == (3, 3)


def test_comments_and_processing_instructions_are_ignored() -> None:
    """They leave nothing behind, and the text around them is one."""
    root = xml.parse(b"<?pi?><!-- c --><a>one<!-- c -->two<?pi x?></a><!-- c -->")
    assert (root.text, len(root)) == ("onetwo", 0)


def test_a_byte_order_mark_is_what_xml_allows() -> None:
    """XML in UTF-8 may begin with one, declared or not."""
    assert xml.parse(b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><a/>').tag == "a"
