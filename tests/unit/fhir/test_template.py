"""Templates: what is put in is what the writer would have written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.fhir.resource import Format
from registry_sandbox.fhir.template import NUMBER, TEXTS, Template
from registry_sandbox.reading.codec import Codec

_CODEC = Codec()
_FORMATS: list[Format] = ["json", "xml"]
# What a resource can hold, and often what is escaped.
_TEXTS = st.text(
    st.sampled_from("a %&<>\"\\\\'\t\n\u00e9\ue000\U0001f600") | st.characters(codec="utf-8"), min_size=1
).filter(lambda text: text.isprintable() or text in "\t\n")


def bundle(logical_id: str, total: int, url: str) -> dict[str, Any]:
    """Return a Bundle with these three."""
    link = [{"relation": "100 %, 100 %b", "url": url}, {"relation": TEXTS[0], "url": TEXTS[1]}]
    return {"resourceType": "Bundle", "id": logical_id, "type": "searchset", "total": total, "link": link}


@pytest.mark.parametrize("wanted", _FORMATS)
@given(url=_TEXTS, total=st.integers(0, 2**31 - 1))
def test_what_is_put_in_is_as_if_it_had_been_there(wanted: Format, url: str, total: int) -> None:
    """Escaped as each format wants it; per cent signs are no orders, and what looks like a mark further on is text."""
    document = _CODEC.write(bundle(TEXTS[0], NUMBER, TEXTS[1]), wanted)
    filled = Template(document, wanted, marks=3).filled("x-1", str(total), url)
    assert filled == _CODEC.write(bundle("x-1", total, url), wanted)
