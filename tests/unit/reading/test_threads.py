"""What one thread reads never shows in what another one is told."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry_sandbox.fhir.resource import Format
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Codec
from registry_sandbox.reading.narratives import SlowToExplain
from tests.unit.reading.refusals import appointment

_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
_XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
_TIMES = 40


def _narrative(inner: str) -> str:
    return f'<text><status value="generated"/>{_DIV}{inner}</div></text>'


def _bodies() -> list[tuple[bytes, Format]]:
    """Return bodies that are refused for every kind of reason, each with a word of its own, and some that are read."""
    as_xml = [
        '<status value="secret-1 "/>',
        "<secret2/>",
        '<status secret3="a"/>',
        "secret-4",
        '<start value="2019-01-17T14:00:00Z"/><status value="secret-5"/>',
        f'<contained><Secret6/></contained><contained><Patient><id {_XSI} i:nil="true"/></Patient></contained>',
        _narrative("<secret7/>"),
        _narrative('<p secret8="a">b</p>'),
        _narrative('<img alt="secret-9"/>' * 30),
        _narrative("<p>secret-10</p>"),
        '<comment value="secret-11"/>',
    ]
    as_json: list[dict[str, object]] = [
        {"status": "secret-12 "},
        {"secret13": 1},
        {"status": ["secret-14"]},
        {"text": {"status": "generated", "div": f"{_DIV}<secret15/></div>"}},
        {"text": {"status": "generated", "div": f"{_DIV}<p>secret-16</p></div>"}},
        {"text": {"status": "generated", "div": "<secret17>"}},
    ]
    documents = [appointment(inner).encode() for inner in as_xml] + [b"<secret18>", b"<!DOCTYPE secret19>"]
    texts = [json.dumps({"resourceType": "Appointment", **members}).encode() for members in as_json]
    return [(each, "xml") for each in documents] + [(each, "json") for each in [*texts, b'{"secret20"']]


def _told(codec: Codec, *, explain: bool = True) -> Callable[[tuple[bytes, Format]], str]:
    def told(sent: tuple[bytes, Format]) -> str:
        try:
            return repr(codec.read(*sent, explain=explain).resource)
        except SandboxError as error:
            return repr((type(error), error.findings))

    return told


def test_refusals_of_every_kind_at_once() -> None:
    """Each is the same as if the body had come alone."""
    bodies = _bodies()
    alone = [_told(Codec())(each) for each in bodies]
    assert len(set(alone)) == len(bodies)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(_told(Codec()), bodies * _TIMES))
    assert together == alone * _TIMES


@pytest.mark.parametrize("body_format", ["json", "xml"])
def test_what_takes_long_is_left_to_another_thread(body_format: Format) -> None:
    """The event loop is told that a narrative has to be explained, and nothing else takes long."""
    codec, slow = Codec(), 0
    for body, its_format in _bodies():
        if its_format == body_format and "In the narrative" in _told(codec)((body, its_format)):
            slow += 1
            with pytest.raises(SlowToExplain):
                codec.read(body, its_format, explain=False)
        elif its_format == body_format:
            assert _told(codec)((body, its_format)) == _told(codec, explain=False)((body, its_format))
    assert slow == {"json": 1, "xml": 3}[body_format]


def test_to_find_lines_in_much_json_is_left_to_another_thread_too() -> None:
    """A scan of all of it takes longer than the reading."""
    codec, body = Codec(), json.dumps({"resourceType": "Appointment", "comment": "x" * 20_000, "a": 1}).encode()
    with pytest.raises(SlowToExplain):
        codec.read(body, "json", explain=False)
    with pytest.raises(SandboxError, match=r"Appointment\.a is no element"):
        codec.read(body, "json")
