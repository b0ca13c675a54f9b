"""What one client is told does not depend on what others send at the same time."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from registry_sandbox.testing import builders
from registry_sandbox.testing.running import RegistrySandbox

JSON, XML = "application/fhir+json", "application/fhir+xml"
AT_ONCE, ROUNDS = 8, 6
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def changed(**changes: Any) -> bytes:
    """An appointment in JSON with these members."""
    return json.dumps({**builders.appointment(), **changes}).encode()


def in_xml(inside: str) -> bytes:
    """An appointment in XML that begins with this."""
    return f'<Appointment xmlns="http://hl7.org/fhir">{inside}</Appointment>'.encode()


def narrative(content: str) -> dict[str, str]:
    """A narrative with this content."""
    return {"status": "generated", "div": DIV.format(content)}


def bodies() -> list[tuple[str, bytes]]:
    """Bodies that are refused, of every kind, each with a text of its own that its outcome quotes."""
    made = [(JSON, b""), (JSON, b"{"), (XML, b"<a>"), (XML, b"<!DOCTYPE a><a/>")]
    for at in range(6):
        mark = f"mark-{at}"
        made += [
            (JSON, changed(**{mark: 1})),
            (JSON, changed(status=mark)),
            (JSON, changed(start=mark)),
            (JSON, changed(id=mark)),
            (JSON, changed(language=mark)),
            (JSON, changed(description=mark)),
            (JSON, changed(text=narrative(f'<p><script src="{mark}">x</script></p>'))),
            (JSON, changed(text=narrative(f'<a href="javascript:{mark}">x</a>'))),
            (JSON, changed(extension=[{"url": mark, "valueString": "x"}])),
            (JSON, changed(comment="x" * 17_000, status=mark)),
            (XML, in_xml(f"<{mark}/>")),
            (XML, in_xml(f'<status value="{mark}"/>')),
            (XML, in_xml(f'<id value="a b {mark}"/>')),
            (XML, in_xml(f'<text><status value="generated"/>{DIV.format(f"<{mark}>x</{mark}>")}</text>')),
            (XML, in_xml(f'<comment value="{"x" * 17_000}"/><status value="{mark}"/>')),
        ]
    return made


def test_refusals_at_the_same_time_are_the_same_as_alone(running: RegistrySandbox) -> None:
    """Whatever is explained beside it, in whichever thread: each outcome is of its own body."""
    headers = {"Authorization": f"Bearer {running.token()}", "Accept": JSON}
    limits = httpx.Limits(max_connections=AT_ONCE)
    with httpx.Client(base_url=running.base_url, headers=headers, limits=limits, timeout=60) as client:

        def refused(sent: tuple[str, bytes]) -> tuple[int, bytes]:
            answer = client.post("/Appointment", content=sent[1], headers={"Content-Type": sent[0]})
            return answer.status_code, answer.content

        alone = {sent: refused(sent) for sent in bodies()}
        assert {status for status, _ in alone.values()} == {400, 422}
        together = [*alone] * ROUNDS
        random.Random(1).shuffle(together)  # noqa: S311 - no secret
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(refused, together))
    for sent, answer in zip(together, answers, strict=True):
        assert answer == alone[sent]
