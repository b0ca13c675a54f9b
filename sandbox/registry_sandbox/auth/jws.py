"""The compact serialisation of a JSON Web Signature, read strictly and written freely.

Reading refuses whatever two readers could understand differently: padding, stray characters, unused bits, duplicate
names, NaN. Writing makes any token, broken ones included, because testers need those.
Source: RFC 7515 sections 2, 4 and 7.1; RFC 7519 section 7.2.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry_sandbox.auth.verify.bearer import denied

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_JWS_PARTS = 3
_JWE_PARTS = 5


@dataclass(frozen=True, slots=True)
class Jws:
    """A token taken apart; nothing of it has been verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def base64url(data: bytes) -> str:
    """Encode without padding, as RFC 7515 section 2 has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Decode what `base64url` would have written, and nothing else.

    Raises:
        ValueError: it is padded, has another character, an impossible length, or bits that are not used.
    """
    if not _ALPHABET.fullmatch(text):
        raise ValueError("expected unpadded base64url: A-Z a-z 0-9 - _")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise ValueError("expected base64url whose unused bits are zero")
    return data


def read_jws(token: str) -> Jws:
    """Take a token apart.

    Raises:
        AccessDenied: it is no JWS of a JSON object; the message tells which part is at fault, and how.
    """
    if "=" in token:
        raise denied("The token is padded; expected base64url without '='")
    parts = token.split(".")
    if len(parts) == _JWE_PARTS:
        raise denied("The token has five parts, an encrypted one (JWE); expected a signed one: header.claims.signature")
    if len(parts) != _JWS_PARTS:
        raise denied(f"The token has {len(parts)} part(s); expected three: header.claims.signature")
    header, claims, signature = parts
    return Jws(
        header=_json_object(_decoded(header, "header"), "header"),
        claims=_json_object(_decoded(claims, "claims"), "claims"),
        signing_input=f"{header}.{claims}".encode("ascii"),
        signature=_decoded(signature, "signature"),
    )


def write_jws(header: Mapping[str, object], claims: Mapping[str, object], sign: Callable[[bytes], bytes]) -> str:
    """Put a token together; `sign` makes the signature of the signing input."""
    signing_input = f"{_encoded(header)}.{_encoded(claims)}"
    return f"{signing_input}.{base64url(sign(signing_input.encode('ascii')))}"


def _encoded(content: Mapping[str, object]) -> str:
    return base64url(json.dumps(content, separators=(",", ":")).encode())


def _decoded(part: str, name: str) -> bytes:
    try:
        return from_base64url(part)
    except ValueError as error:
        raise denied(f"The token's {name} cannot be decoded; {error}") from None


_MOST_BRACKETS = 200
"""Opening brackets in a header or in the claims, the ones in texts included: more could be nested too deep."""


def _json_object(data: bytes, name: str) -> Mapping[str, Any]:
    # How deep the parser itself can go depends on the Python version. ValueError: not UTF-8, not JSON, an integer of
    # thousands of digits. `from None`: the parser's own message quotes the token.
    expected = "expected a JSON object in UTF-8, without duplicate names, NaN or deep nesting"
    if data.count(b"{") + data.count(b"[") > _MOST_BRACKETS:
        raise denied(f"The token's {name} cannot be read; {expected}")
    try:
        content = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError:
        raise denied(f"The token's {name} cannot be read; {expected}") from None
    if not isinstance(content, dict):
        raise denied(f"The token's {name} cannot be used; expected a JSON object")
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("duplicate names")
    return content


def _no_constant(name: str) -> float:
    raise ValueError(name)
