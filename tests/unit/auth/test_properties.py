"""What must hold whatever is sent: refusals only, in bounded time, and nothing crosses from one mode to another."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_sandbox.auth.groups import READERS
from registry_sandbox.auth.issue.issuer import BUILT_IN_ISSUER, Issuer
from registry_sandbox.auth.issue.spine import issue_spine_token
from registry_sandbox.auth.issue.token_spec import UnreadableTokenSpec, read_token_spec
from registry_sandbox.auth.jws import base64url, from_base64url, write_jws
from registry_sandbox.auth.keys import SigningKey
from registry_sandbox.auth.verify.verifier import Mode, TokenVerifier
from registry_sandbox.http.errors import AccessDenied

NOW = 1_547_802_000
BASE = "http://127.0.0.1:8080/STU3"

modes = st.sampled_from(["registry", "spine", "any"])

UNSIGNED = base64url(b'{"alg":"none","typ":"JWT"}')

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
NAMES = [
    *("aud", "iss", "iat", "nbf", "exp", "appid", "groups", "sub", "reason_for_request", "requested_scope"),
    *("requesting_device", "requesting_organization", "requesting_practitioner"),
]
claim_sets = st.dictionaries(st.sampled_from(NAMES) | st.text(), json_values, max_size=8)


def is_refused(verifier: TokenVerifier, *authorization: str, audience: str = BASE) -> bool:
    """Return True if the verifier refuses; any exception other than a refusal fails the test."""
    try:
        verifier.verify(authorization, [audience], NOW)
    except AccessDenied:
        return True
    return False


@given(modes, st.binary(max_size=400))
def test_no_byte_string_is_a_token(make_verifier: Callable[..., TokenVerifier], mode: Mode, credentials: bytes) -> None:
    """Whatever bytes follow Bearer, however the server decoded them, they are refused."""
    verifier = make_verifier(mode)
    assert is_refused(verifier, f"Bearer {credentials.decode('utf-8', 'surrogateescape')}")
    assert is_refused(verifier, f"Bearer {credentials.decode('latin-1')}")
    assert is_refused(verifier, f"Bearer {base64.urlsafe_b64encode(credentials).decode()}")


@given(modes, st.text())
def test_no_text_is_an_authorization_header(make_verifier: Callable[..., TokenVerifier], mode: Mode, text: str) -> None:
    """Whatever the header's value, lone surrogates included, it is refused."""
    assert is_refused(make_verifier(mode), text)


@given(modes, st.lists(st.binary(max_size=60), min_size=3, max_size=3))
def test_no_three_parts_are_a_token(
    make_verifier: Callable[..., TokenVerifier], mode: Mode, parts: list[bytes]
) -> None:
    """Well-formed base64url of random bytes is refused."""
    assert is_refused(make_verifier(mode), f"Bearer {'.'.join(base64url(part) for part in parts)}")


@given(modes, st.sampled_from([b"[", b'{"a":', b"9", b'"', b"\\", b" ", b"1e", b'{"a":1,', b"\xff"]), st.booleans())
def test_the_largest_token_is_refused_in_bounded_time(
    make_verifier: Callable[..., TokenVerifier],
    mode: Mode,
    unit: bytes,
    in_header: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    """As much of the same as fits under the limit takes milliseconds, and is refused."""
    bulk = base64url(b'{"a":' + unit * (12_000 // len(unit)))
    token = f"{bulk}.e30.AA" if in_header else f"{UNSIGNED}.{bulk}."
    assert is_refused(make_verifier(mode), f"Bearer {token}")


@given(modes, claim_sets)
def test_no_made_up_claims_are_accepted(
    make_verifier: Callable[..., TokenVerifier], key: SigningKey, mode: Mode, claims: dict[str, Any]
) -> None:
    """Claims of any names and JSON types, signed by the right key or not at all, are refused."""
    signed = write_jws({"alg": "RS256", "kid": key.kid}, claims, key.sign)
    unsigned = write_jws({"alg": "none", "typ": "JWT"}, claims, lambda _: b"")
    verifier = make_verifier(mode)
    assert is_refused(verifier, f"Bearer {signed}")
    assert is_refused(verifier, f"Bearer {unsigned}")


def is_text(value: Any) -> bool:
    """Return True for a printable text of 1 to 256 characters."""
    return isinstance(value, str) and 1 <= len(value) <= 256 and value.isprintable()


def is_second(value: Any, first: int, last: int) -> bool:
    """Return True for a whole number of seconds within the bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and first <= value <= last


def is_json(value: Any) -> bool:
    """Return True for JSON: a token with NaN or Infinity cannot be read."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


YEAR_9999 = 253_402_300_799
GOOD_IN_BOTH: dict[str, Callable[[Any], bool]] = {
    "aud": lambda value: value == BASE,
    "nbf": lambda value: is_second(value, 0, NOW),
}
GOOD_IN_REGISTRY: dict[str, Callable[[Any], bool]] = GOOD_IN_BOTH | {
    "iss": lambda value: value == BUILT_IN_ISSUER,
    "iat": lambda value: is_second(value, 0, YEAR_9999),
    "exp": lambda value: is_second(value, NOW + 1, YEAR_9999),
    "appid": is_text,
    "groups": lambda value: isinstance(value, list) and READERS in value,
}
GOOD_IN_SPINE: dict[str, Callable[[Any], bool]] = GOOD_IN_BOTH | {
    "iss": is_text,
    "sub": lambda value: value == "1",
    "iat": lambda value: is_second(value, NOW, NOW),
    "exp": lambda value: is_second(value, NOW + 300, NOW + 300),
    "reason_for_request": lambda value: value == "directcare",
    "requested_scope": lambda value: value in ("patient/appointment.read", "patient/appointment.write"),
    **dict.fromkeys(["requesting_device", "requesting_organization", "requesting_practitioner"], lambda _: False),
}
likely_values = json_values | st.sampled_from(
    [BASE, NOW, NOW + 1, NOW + 300, BUILT_IN_ISSUER, [READERS], "1", "directcare", "patient/appointment.read"]
)


@given(st.sampled_from(NAMES), likely_values)
def test_one_odd_claim_decides(
    make_verifier: Callable[..., TokenVerifier], issuer: Issuer, name: str, value: Any
) -> None:
    """A good token with one claim of any JSON value is accepted exactly where that value is a good one."""
    registry = issuer.issue("sandbox-client", BASE, NOW, claims={name: value})
    spine = issue_spine_token("sandbox-client", BASE, NOW, claims={name: value})
    for mode, token, good in (("registry", registry, GOOD_IN_REGISTRY), ("spine", spine, GOOD_IN_SPINE)):
        accepted = not is_refused(make_verifier(mode), f"Bearer {token}")
        assert accepted == (is_json(value) and good.get(name, lambda _: True)(value))


@given(claim_sets, st.booleans())
def test_no_token_of_one_mode_is_accepted_in_the_other(
    make_verifier: Callable[..., TokenVerifier],
    issuer: Issuer,
    more: dict[str, Any],
    keep: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    """Even a token with all the good claims of both kinds is what its header makes of it."""
    both = {**_claims_of(issue_spine_token("sandbox-client", BASE, NOW)), **({} if keep else more)}
    signed = issuer.issue("sandbox-client", BASE, NOW, claims={**both, "iss": issuer.name})
    unsigned = issue_spine_token("sandbox-client", BASE, NOW, claims=_claims_of(signed))
    assert is_refused(make_verifier("spine"), f"Bearer {signed}")
    assert is_refused(make_verifier("registry"), f"Bearer {unsigned}")


@given(st.text(min_size=1).filter(lambda audience: audience != BASE), modes)
def test_a_token_for_one_audience_never_opens_another(
    make_verifier: Callable[..., TokenVerifier], issuer: Issuer, audience: str, mode: Mode
) -> None:
    """A good token for our base opens no other, nor one for another ours, in either order and even if cached."""
    verifier = make_verifier(mode)
    for issue in (issuer.issue, issue_spine_token):
        for_us = f"Bearer {issue('sandbox-client', BASE, NOW)}"
        for_another = f"Bearer {issue('sandbox-client', audience, NOW)}"
        is_refused(verifier, for_us)
        is_refused(verifier, for_another, audience=audience)
        assert is_refused(verifier, for_us, audience=audience)
        assert is_refused(verifier, for_another)


@given(st.data())
def test_no_changed_character_is_overlooked(
    make_verifier: Callable[..., TokenVerifier], issuer: Issuer, data: st.DataObject
) -> None:
    """A good token in which any one character is another is refused: no two spellings of a token are accepted."""
    token = issuer.issue("sandbox-client", BASE, NOW)
    position = data.draw(st.integers(0, len(token) - 1))
    replacement = data.draw(st.characters(codec="ascii").filter(lambda character: character != token[position]))
    assert is_refused(make_verifier("registry"), f"Bearer {token[:position]}{replacement}{token[position + 1 :]}")


@given(st.binary())
def test_base64url_is_read_as_it_is_written(data: bytes) -> None:
    """What is encoded decodes to itself."""
    assert from_base64url(base64url(data)) == data


@given(st.text(alphabet="ABab01-_=+/. \n", max_size=12))
def test_no_two_texts_decode_alike(text: str) -> None:
    """What is read at all is what would be written."""
    try:
        data = from_base64url(text)
    except ValueError:
        return
    assert base64url(data) == text


@given(st.lists(st.tuples(st.sampled_from(["claim.a", "header.a", "without", "x", "mode", "expires_in"]), st.text())))
def test_a_specification_is_read_or_refused(issuer: Issuer, parameters: list[tuple[str, str]]) -> None:
    """No parameters make anything but a token or a refusal that names one of them."""
    try:
        token = read_token_spec(parameters).issue(issuer, BASE, NOW)
    except UnreadableTokenSpec as refusal:
        token = str(refusal)
    assert token.count(".") == 2 or any(name in token for name, _ in parameters)


def _claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(from_base64url(token.split(".")[1]))
    return claims


def test_the_examples_are_not_refused_for_another_reason(
    make_verifier: Callable[..., TokenVerifier], issuer: Issuer
) -> None:
    """The helpers of this module let a good token pass."""
    assert not is_refused(make_verifier("registry"), f"Bearer {issuer.issue('sandbox-client', BASE, NOW)}")
    assert not is_refused(make_verifier("spine"), f"Bearer {issue_spine_token('sandbox-client', BASE, NOW)}")
    with pytest.raises(AccessDenied):
        make_verifier("any").verify([], [BASE], NOW)
