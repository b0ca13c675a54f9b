"""The benchmark measures what it says: each row gets the answer that its name promises; an unknown row is refused."""

import argparse
import gzip
from collections.abc import Iterator

import pytest

from bench.appointments import SPECIAL, fill
from bench.rows import READ_IDS, ROWS, Ground, Row, row_named, rows_named
from bench.wire import Connection, request
from registry_sandbox.testing.running import RegistrySandbox

Filled = tuple[Connection, Ground]
_SENT = 3
"""So many requests of each row are sent here."""


@pytest.fixture(scope="module")
def filled() -> Iterator[Filled]:
    """A connection to a sandbox that has what the rows ask for, and the ground that their requests are made of."""
    with RegistrySandbox() as running:
        fill(running.sandbox.workspace.service.registry, SPECIAL + READ_IDS + 2 * _SENT)
        with Connection(running.sandbox.serving.port) as connection:
            token = connection.exchange(request("GET", "/_sandbox/token", {})).body.decode().strip()
            yield connection, Ground(token)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_gets_the_answer_that_its_name_promises(filled: Filled, row: Row) -> None:
    """The status, the format and what is compressed; or another exchange would be measured."""
    connection, ground = filled
    if row.name == "cancel XML":  # those before have been cancelled by "cancel JSON"
        ground = Ground(ground.token, next_booked=SPECIAL + READ_IDS + _SENT)
    for sent in row.make(ground)[:_SENT]:
        answer = connection.exchange(sent)
        assert answer.status == row.status, answer.body
        headers = {name.lower(): value for name, value in answer.headers}
        expected = "application/fhir+xml" if "XML" in row.name else "application/fhir+json"
        assert row.status == 304 or headers["content-type"].partition(";")[0] == expected
        assert ("content-encoding" in headers) is ("gzip" in row.name)
        assert "bad signature" not in row.name or b"signature does not verify" in answer.body
        if row.name.startswith("search"):
            found = gzip.decompress(answer.body) if "gzip" in row.name else answer.body
            many = row.name.split()[1]
            assert f'"total":{many},'.encode() in found or f'<total value="{many}"/>'.encode() in found


def test_each_body_of_a_row_unlike_has_a_layout_of_its_own() -> None:
    """Nothing that is remembered of one body is of use for another."""
    bodies = [sent.partition(b"\r\n\r\n")[2] for sent in row_named("register JSON unlike").make(Ground("t"))[:500]]
    layouts = {body.translate(None, b"0123456789") for body in bodies}
    assert len(layouts) > 450


@pytest.mark.parametrize(
    ("named", "rows"),
    [
        ("404", ["404"]),
        ("read JSON", ["read JSON"]),
        ("cancel", ["cancel JSON", "cancel XML"]),
        ("404,vread,read 304", ["read 304", "vread JSON", "vread XML", "404"]),
    ],
)
def test_rows_are_named_by_their_whole_name_or_by_a_part_that_several_share(named: str, rows: list[str]) -> None:
    """In the order of the table."""
    assert [row.name for row in rows_named(named)] == rows


@pytest.mark.parametrize("unknown", ["patch", "", "404,", "read json"])
def test_a_row_that_does_not_exist_is_refused(unknown: str) -> None:
    """With those that do."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"no row has '.*' in its name; expected parts of read JSON, "):
        rows_named(unknown)
