"""Every word of the fault vocabulary, from the client's side: what clients see, and what the store holds then."""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import aiohttp
import pytest
import requests

from registry_sandbox.faults.effect import vocabulary
from tests.house.faulty import VOCABULARY, Call, Faulty, Row, by_httpx

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
SHORT_FORMS = [row.short for row in VOCABULARY]


def by_requests(call: Call) -> int | str:
    """Call, and give the status or the exception's name."""
    try:
        return requests.request(call.method, call.url, headers=call.headers, data=call.body, timeout=30).status_code
    except requests.RequestException as error:
        return type(error).__name__


def by_aiohttp(call: Call) -> int | str:
    """Call, and give the status or the exception's name."""

    async def ask() -> int | str:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.request(call.method, call.url, headers=call.headers, data=call.body) as answer:
                    await answer.read()
                    return answer.status
            except aiohttp.ClientError as error:
                return type(error).__name__

    return asyncio.run(ask())


def by_curl(call: Call) -> int | str:
    """Call, and give the status or curl's exit status."""
    options = [part for name, value in call.headers.items() for part in ("-H", f"{name}: {value}")]
    body = ["--data-binary", "@-"] if call.body else []
    command = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "-X", call.method, *options, *body, call.url]
    done = subprocess.run(command, input=call.body, capture_output=True, check=False)  # noqa: S603 - our own command
    return int(done.stdout) if done.returncode == 0 else f"exit {done.returncode}"


@pytest.mark.parametrize("row", VOCABULARY, ids=SHORT_FORMS)
def test_httpx_sees_it_and_the_store_holds_what_it_should(faulty: Faulty, row: Row) -> None:
    """What httpx raises or receives; and whether something was written."""
    faulty.begin(row.short)
    assert by_httpx(faulty.call(row.action)) == row.httpx
    assert faulty.held(row.action) == row.held


@pytest.mark.parametrize("row", VOCABULARY, ids=SHORT_FORMS)
def test_aiohttp_sees_it_and_the_store_holds_what_it_should(faulty: Faulty, row: Row) -> None:
    """What aiohttp's client raises or receives; and whether something was written."""
    faulty.begin(row.short)
    assert by_aiohttp(faulty.call(row.action)) == row.aiohttp
    assert faulty.held(row.action) == row.held


REQUESTS = {
    "reset": "ConnectionError",
    "empty": "ConnectionError",
    "hang": "ConnectionError",
    "garbage": "ConnectionError",
}


@pytest.mark.parametrize("word", REQUESTS)
def test_requests_sees_the_broken_wires(faulty: Faulty, word: str) -> None:
    """A third library, the most used of all."""
    faulty.begin(f"read:{word}")
    assert by_requests(faulty.call("read")) == REQUESTS[word]


def test_the_vocabulary_is_whole() -> None:
    """Every effect that there is has a row."""
    told = " ".join(SHORT_FORMS)
    assert [word for word in vocabulary() if not re.search(rf"[:+]{word}\b", told) and word != "status"] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to ask")
def test_the_table_of_the_page_is_what_curl_prints(faulty: Faulty) -> None:
    """docs/faults.md shows what a run gives; `WRITE_DOCS=1` writes it anew."""
    rows = ["| short form | on | curl | the store then |", "|---|---|---|---|"]
    for row in VOCABULARY:
        faulty.begin(row.short)
        saw = by_curl(faulty.call(row.action))
        waited = f", after {sum(faulty.waits.seconds):.3g} s" if faulty.waits.seconds else ""
        assert saw == row.curl, row.short
        rows.append(f"| `{row.short}` | {row.action} | {saw}{waited} | {faulty.held(row.action)} |")
    table = "\n".join(rows)
    page = PAGE.read_text()
    if os.environ.get("WRITE_DOCS"):
        begin, end = page.index("| short form | on | curl"), page.index("<!-- end of the vocabulary -->")
        PAGE.write_text(f"{page[:begin]}{table}\n\n{page[end:]}")
    assert table in PAGE.read_text()
