"""The comparison with other servers: the sandbox answers all of its conversation, and the page has what is pinned."""

import json
import re
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.appointments import appointment
from bench.peers.conversation import STEPS, unlike
from bench.peers.kinds import KINDS, Kind
from bench.peers.stubs import STUBS, for_mockserver, for_mountebank, for_wiremock
from bench.peers.talk import Reply, Talk
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox

PAGE = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Beside other servers\n")[2].partition("\n## ")[0]


def talk_with(sandbox: RegistrySandbox | RemoteSandbox) -> Talk:
    """Return a talk with a sandbox; the tokens are those for the host that it names."""
    port = urlsplit(sandbox.base_url).port
    assert port is not None
    return Talk(port, token(port, ""), token(port, "?expires_in=-60"))


def token(port: int, query: str) -> str:
    """Return a token for `localhost`, which the talk calls its server."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/_sandbox/token{query}", headers={"Host": "localhost"})
    text = connection.getresponse().read().decode().strip()
    connection.close()
    return text


def test_the_sandbox_answers_all_of_the_conversation() -> None:
    """What the peers are compared with is the contract."""
    with RegistrySandbox() as sandbox:
        assert unlike(talk_with(sandbox)) == {}


def test_a_server_that_is_more_lenient_is_told_apart() -> None:
    """Tokens that nobody checks, and answers that are lost, are the only steps that differ."""
    with RegistrySandbox(auth="off") as sandbox:
        assert unlike(talk_with(sandbox)) == {"no token: 403": 200, "a token that has expired: 403": 200}


OUTCOME = b'{"resourceType": "OperationOutcome"}'


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [(409, OUTCOME, True), (412, OUTCOME, False), (409, b"{}", False), (409, b"<html/>", False), (409, b"[]", False)],
)
def test_a_refusal_has_its_status_and_an_outcome(status: int, body: bytes, *, refused: bool) -> None:
    """Neither of them is enough."""
    assert Reply(status, {}, body).is_refused(409) is refused


@pytest.mark.parametrize(
    ("status", "tag", "number", "state", "same"),
    [
        (200, 'W/"1"', 7, "booked", True),
        (404, 'W/"1"', 7, "booked", False),
        (200, 'W/"2"', 7, "booked", False),
        (200, 'W/"1"', 8, "booked", False),
        (200, 'W/"1"', 7, "cancelled", False),
    ],
)
def test_a_version_is_told_by_its_tag_pointer_and_status(
    status: int, tag: str, number: int, state: str, *, same: bool
) -> None:
    """What a stub answers has another pointer."""
    reply = Reply(status, {"etag": tag}, json.dumps(appointment(number, state)).encode())
    assert reply.has(1, "booked", 7) is same


def test_a_server_that_does_not_answer_has_no_status() -> None:
    """Every step is told, with 0."""
    with RegistrySandbox() as sandbox:
        gone = talk_with(sandbox)
    assert unlike(gone) == {name: 0 for name, _ in STEPS}


def test_the_mock_servers_are_taught_the_same_in_the_same_order() -> None:
    """The first stub that matches wins: by the lowest priority, by the highest, by the order."""
    wiremock, mockserver = for_wiremock(STUBS)["mappings"], for_mockserver(STUBS)
    (imposter,) = for_mountebank(STUBS, 1)["imposters"]
    taught = [
        [
            (each["response"]["status"], each["response"]["body"])
            for each in sorted(wiremock, key=lambda one: one["priority"])
        ],
        [
            (each["httpResponse"]["statusCode"], each["httpResponse"]["body"])
            for each in sorted(mockserver, key=lambda one: -one["priority"])
        ],
        [(each["responses"][0]["is"]["statusCode"], each["responses"][0]["is"]["body"]) for each in imposter["stubs"]],
    ]
    assert taught == [[(stub.status, stub.body) for stub in STUBS]] * 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_the_page_has_what_was_compared(kind: Kind) -> None:
    """Every server stands in the table with the version that is pinned, and what it was taught."""
    version = r"\S+" if kind.name == "sandbox" else re.escape(kind.version)  # it was measured before it was released
    row = rf"^\| {re.escape(kind.name)} {version} \| {re.escape(kind.taught)} \| (\d+) of {len(STEPS)} \|"
    (answered,) = re.findall(row, SECTION, re.MULTILINE)
    at = KINDS.index(kind) + 1
    assert [line.split(" | ")[at].rstrip(" |") for line in steps()].count("yes") == int(answered)


def steps() -> list[str]:
    """The rows of the second table."""
    return [line for line in SECTION.splitlines() if any(line.startswith(f"| {name} |") for name, _ in STEPS)]


def test_the_page_has_every_step() -> None:
    """In the order of the conversation; the text names their number and that of the stubs."""
    assert [line[2:].partition(" | ")[0] for line in steps()] == [name for name, _ in STEPS]
    assert re.findall(r"of (\d+) steps", SECTION) == [str(len(STEPS))]
    assert re.findall(r"taught (\d+) stubs", SECTION) == [str(len(STUBS))]
