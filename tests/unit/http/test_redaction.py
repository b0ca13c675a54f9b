"""The redactor: whatever the place and the encoding, no token and no secret is left; and it takes linear time."""

import asyncio
import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.errors import NoRecordFound
from registry_sandbox.http.outcomes import refusal
from registry_sandbox.http.redaction import REDACTED, header_without_secrets, without_secrets, without_tokens
from registry_sandbox.http.request import Client, Request
from registry_sandbox.http.response import Response
from registry_sandbox.reading.codec import Codec
from registry_sandbox.registry.exchange_json import as_json
from registry_sandbox.registry.journal import Journal
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.server.access_log import AccessLog
from registry_sandbox.server.log_format import LogForm

CORE = "Zq7Secr3tC0re"
"""What every secret here has in it, and nothing else."""


def segment(content: str) -> str:
    """Encode a segment of a token."""
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


tokens = st.builds(
    lambda header, claims: f"{segment(header)}.{segment(claims)}.{CORE}",
    st.sampled_from(['{"alg":"RS256"}', '{ "alg": "none"}', '{\n  "typ": "JWT"}', '{\r\n"kid":"1"}', '{\t"x5t":"é"}']),
    st.sampled_from(['{"sub":"x"}', '{\n "iss": "https://x.test"}']),
)
opaque = st.builds(
    lambda before, after: f"{before}{CORE}{after}",
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8),
)
names = st.sampled_from(
    [
        "client_secret",
        "access_token",
        "client_assertion",
        "refresh_token",
        "password",
        "Client-Secret",
        "idToken",
        "JWT",
    ]
)


def every_character_percent(text: str) -> str:
    """Percent-encode all of it."""
    return "".join(f"%{octet:02x}" for octet in text.encode())


def every_character_json(text: str) -> str:
    """Write all of it as JSON escapes."""
    return "".join(f"\\u{ord(each):04X}" for each in text)


def every_character_xml(text: str) -> str:
    """Write all of it as XML character references."""
    return "".join(f"&#x{ord(each):x};" for each in text)


ENCODINGS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: text.replace(".", "%2E"),
    lambda text: text.replace(".", "%252E"),
    lambda text: text.replace("e", "%65").replace("_", "%5f"),
    every_character_percent,
    every_character_json,
    every_character_xml,
    lambda text: quote(every_character_json(text), safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: text.replace(".", "&#46;"),
    lambda text: text.replace(".", "\\\\u002e"),
]


def multipart(name: str, value: str) -> str:
    """A multipart form with a field."""
    return (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain\r\n\r\n{value}\r\n--b--\r\n'
    )


FIELDS: list[Callable[[str, str], str]] = [
    lambda name, value: f"a=1&{quote(name)}={quote(value, safe='')}&scope=x",
    lambda name, value: f"{every_character_percent(name)}={quote(value, safe='')}",
    lambda name, value: f"{name}={value.replace('&', '%26')}&b=2",
    lambda name, value: json.dumps({"a": [1], name: value, "b": {"c": 2}}),
    lambda name, value: json.dumps({"a": [1], name: [value, value], "b": 2}, indent=2),
    lambda name, value: json.dumps({name: value}, ensure_ascii=False, indent=2),
    lambda name, value: f'{{"{every_character_json(name)}" : {json.dumps(value)}}}',
    lambda name, value: json.dumps({"nested": json.dumps({name: value})}),
    lambda name, value: quote(json.dumps({name: value}), safe=""),
    multipart,
    lambda name, value: multipart(name, value).replace("\r\n", "\n"),
    lambda name, value: f"<a><{name}>{html.escape(value)}</{name}></a>",
    lambda name, value: f'<a {name}="{html.escape(value)}" b="2"/>',
    lambda name, value: f"<{name}><![CDATA[{value}]]></{name}>",
]


def noted(text: str) -> str:
    """All that the journal tells of an exchange in which a text stands wherever a text can stand."""
    headers = CIMultiDictProxy(CIMultiDict({"X-Odd": text, "Content-Type": "application/fhir+json"}))
    request = Request("POST", f"/STU3/{text}", text, headers, text.encode(errors="replace"), "http://localhost/STU3")
    request.logical_id = request.version_id = text
    request.client = Client(text, may_write=True)
    response = Response(200, body=text.encode(errors="replace"))
    response.headers["X-Echo"] = text
    journal = Journal(Clock(lambda: 0.0), 10)
    journal.note(request, response, 0.0)
    return json.dumps([as_json(each) for each in journal], ensure_ascii=False)


def undone(text: str) -> str:
    """A text and what it says with every encoding undone, some times over."""
    seen = text
    for _ in range(4):
        text = html.unescape(unquote(text))
        text = text.replace("\\\\", "\\")
        for each in set(CORE):
            text = text.replace(f"\\u{ord(each):04x}", each).replace(f"\\u{ord(each):04X}", each)
        seen += text
    return seen


@given(tokens, st.sampled_from(ENCODINGS), st.sampled_from(["", "Bearer ", "x-", "/Appointment/", "'", "a=", "a.b."]))
def test_no_token_is_left_wherever_it_stands(token: str, encoded: Callable[[str], str], before: str) -> None:
    """In a path, a query, an id, a header, a body, the name of a client: in any encoding."""
    told = undone(noted(before + encoded(token)))
    assert CORE not in told
    assert REDACTED in told


@given(names, opaque, st.sampled_from(FIELDS))
def test_no_secret_is_left_in_a_field(name: str, secret: str, field: Callable[[str, str], str]) -> None:
    """A form, a multipart form, JSON or XML, whatever the Content-Type says that it is."""
    told = undone(noted(field(name, secret)))
    assert CORE not in told
    assert REDACTED in told


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Basic Zq7", REDACTED),
        ("X-Forwarded-Authorization", "Zq7", REDACTED),
        ("Set-Cookie", "a=Zq7", REDACTED),
        ("X-Api-Key", "Zq7", REDACTED),
        ("X-Odd", "bearer Zq7", f"bearer {REDACTED}"),
        ("X-Odd", "basic", "basic"),
        ("Accept", "application/fhir+json", "application/fhir+json"),
        ("Access-Control-Request-Headers", "authorization, if-match", "authorization, if-match"),
    ],
)
def test_headers_lose_what_their_name_or_scheme_says_is_secret(name: str, value: str, shown: str) -> None:
    """And nothing else."""
    assert header_without_secrets(name, value) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Patient=https://fhir.nhs.uk/Id/nhs-number%7C9990001111&_format=json",
        '{"token_type": "Bearer", "expires_in": "3600"}',
        "The Authorization header is missing; expected Bearer and a token",
        "/STU3/Appointment/eef4f241-e276-4c9e-8d1f-6d12dcdc0086/_history/2",
        "eyewitness.example.test",
        '{"start": "2031-05-06T09:30:00.000+01:00", "comment": "50%25 \\u00e9"}',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """As it was written."""
    assert without_secrets(text) == text


def test_the_rest_of_a_text_stays_as_it_was_written() -> None:
    """Encodings around a secret included."""
    text = f"%41=1&client%5Fsecret={quote(CORE + '&')}&b=%42"
    assert without_secrets(text) == f"%41=1&client%5Fsecret={REDACTED}&b=%42"


@given(tokens)
def test_an_outcome_quotes_no_token(token: str) -> None:
    """Neither in its diagnostics nor in its location."""
    refused = refusal(NoRecordFound(f"There is no '{token}'.", location=f"http.{token}"))
    assert refused.content is not None
    body = refused.content.encode("json", Codec().write)
    assert CORE.encode() not in body
    assert without_tokens(token) == REDACTED


@given(tokens, st.sampled_from(["text", "json"]), st.sampled_from(ENCODINGS[:6]))
def test_the_access_log_shows_no_token(token: str, log_format: LogForm, encoded: Callable[[str], str]) -> None:
    """Not in the path, not as the name of a client, nor in what a client sends as the id of its request."""
    written: list[str] = []
    log = AccessLog(log_format, written.append, lambda: 0.0)
    request = Request("GET", f"/STU3/{encoded(token)}", "", CIMultiDictProxy(CIMultiDict()), b"", "http://localhost")
    request.client = Client(token, may_write=True)

    async def note() -> None:
        answer = Response(200)
        answer.headers["X-Correlation-Id"] = token
        log("127.0.0.1", request, answer, 0.0)
        log.flush()

    asyncio.run(note())
    assert CORE not in undone("".join(written))


HOSTILE = [
    "eyJ", "eyJ.", "token", "token=", "token:[", "token:'", "token>", "token ", 'token"', "name=", "name=secret\n",
    "%25", "\\", "\\u", "&amp;", "&#", "%2541", "e", "\n", "name=secret\na\n", 'name="secret"\r\n\r\n', "token><!",
    "secret\\", "authorization:",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_take_no_longer_than_their_length_allows(unit: str) -> None:
    """Eight times the text takes about eight times as long, in processor time; not sixty-four."""

    def taken(size: int) -> float:
        text = unit * (size // len(unit))
        times = []
        for _ in range(3):
            begun = time.process_time()
            without_secrets(text)
            times.append(time.process_time() - begun)
        return min(times)

    assert taken(64_000) < 24 * taken(8_000) + 0.002
    assert taken(64_000) < 0.5
