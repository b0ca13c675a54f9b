"""docs/architecture.md is true of the code: a cancel is traced, and the rooms are those of the import contract.

docs/README.md names every page.
"""

import asyncio
import configparser
import json
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from registry_sandbox import app
from registry_sandbox.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGE = Path(app.__file__).parents[1]


async def trace_of_a_cancel() -> list[tuple[str, str]]:
    """Return the calls of our own functions in one cancel: file and qualified name."""
    sandbox = app.build(Settings(port=0))
    await sandbox.start()
    try:
        base = sandbox.serving.fhir_base
        reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.serving.port)
        common = f"Host: localhost\r\nAuthorization: Bearer {sandbox.handlers.make_token(base)}\r\n"

        async def exchange(method: str, headers: str = "", body: bytes = b"") -> bytes:
            head = f"{method} /STU3/Appointment/booked-tomorrow HTTP/1.1\r\n{common}{headers}"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answered = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", answered)
            assert length
            assert b" 200 " in answered
            return await reader.readexactly(int(length[1]))

        resource = json.loads(await exchange("GET")) | {"status": "cancelled"}
        calls: list[tuple[str, str]] = []

        def note(frame: FrameType, event: str, _: Any) -> None:
            path = Path(frame.f_code.co_filename)
            if event == "call" and path.is_relative_to(PACKAGE):
                calls.append((path.relative_to(PACKAGE).as_posix(), frame.f_code.co_qualname))

        sent = 'If-Match: W/"1"\r\nContent-Type: application/fhir+json\r\n', json.dumps(resource).encode()
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            await exchange("PUT", *sent)
        finally:
            sys.setprofile(before)
        writer.close()
    finally:
        await sandbox.stop()
    return calls


def steps() -> list[tuple[str, str]]:
    """Return the calls that the page lists."""
    return re.findall(r"^\| \d+ \| `([a-z_/]+\.py)` \| `([\w.]+)` \|", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def calls() -> list[tuple[str, str]]:
    """The calls of a cancel, each at its first occurrence."""
    return list(dict.fromkeys(asyncio.run(trace_of_a_cancel())))


def test_a_cancel_goes_the_way_that_the_page_lists(calls: list[tuple[str, str]]) -> None:
    """Every call of the table is made, in the order of the table."""
    assert len(steps()) > 20
    assert [each for each in calls if each in set(steps())] == steps()


def test_the_rooms_are_those_of_the_import_contract() -> None:
    """The page lists the rooms in the order that import-linter enforces."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / "setup.cfg")
    layers = contracts["importlinter:contract:rooms"]["layers"].split()
    listed = PAGE.partition("`__main__`,")[2].partition("\n\n")[0]
    assert ["__main__", *re.findall(r"`(\w+)`", listed)] == layers


def test_every_file_that_the_page_names_is_there() -> None:
    """Paths of the page are those of the package, or of the checkout."""
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py))`", PAGE))
    assert len(named) > 20
    missing = [each for each in named if not ((PACKAGE / each).exists() or (ROOT / each).exists())]
    assert missing == []


def test_the_index_names_every_page() -> None:
    """Each page of docs/ has a row in docs/README.md."""
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {each.name for each in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {each for each in pages if f"]({each})" not in index} == set()
