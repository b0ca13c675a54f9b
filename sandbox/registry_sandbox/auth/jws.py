"""The compact serialisation of a JSON Web Signature: read strictly, written freely.

Reading refuses everything that two readers could understand differently: padding, stray characters, unused bits,
duplicate names, NaN. Writing makes any token, malformed ones included, because testers need those.
Source: RFC 7515 sections 2, 4 and 7.1; RFC 7519 section 7.2.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry_sandbox.auth.refusal import denied

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_JWS_PARTS = 3
_JWE_PARTS = 5
_MAX_BRACKETS = 200
"""How many opening brackets a header or the claims may have, those in texts included: more may be nested too deeply."""


@dataclass(frozen=True, slots=True)
class Jws:
    """The parts of a token, decoded; nothing has been verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Decode a text exactly as `base64url` writes it.

    Raises:
        ValueError: the text is padded, has a character outside the alphabet, an impossible length, or unused bits that
            are not zero.
    """
    if not _ALPHABET.fullmatch(text):
        raise ValueError("expected unpadded base64url: A-Z a-z 0-9 - _")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise ValueError("expected base64url whose unused bits are zero")
    return data


def read_jws(token: str) -> Jws:
    """Decode the three parts of a token.

    Raises:
        AccessDenied: the token is not a JWS of a JSON object; the message names the part and what is wrong with it.
    """
    if "=" in token:
        raise denied("The token is padded; expected base64url without '='")
    parts = token.split(".")
    if len(parts) == _JWE_PARTS:
        raise denied("The token has five parts, so it is a JWE (encrypted); expected a JWS: header.claims.signature")
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
    """Encode a token; `sign` returns the signature of the signing input."""
    signing_input = f"{_encoded(header)}.{_encoded(claims)}"
    return f"{signing_input}.{base64url(sign(signing_input.encode('ascii')))}"


def _encoded(content: Mapping[str, object]) -> str:
    return base64url(json.dumps(content, separators=(",", ":")).encode())


def _decoded(part: str, name: str) -> bytes:
    try:
        return from_base64url(part)
    except ValueError as error:
        raise denied(f"The token's {name} cannot be decoded; {error}") from None


def _json_object(data: bytes, name: str) -> Mapping[str, Any]:
    # `from None`: the parser's own message quotes the token.
    try:
        content = _parsed(data)
    except ValueError:
        expected = "expected a JSON object in UTF-8, without duplicate names, NaN or deep nesting"
        raise denied(f"The token's {name} cannot be read; {expected}") from None
    if not isinstance(content, dict):
        raise denied(f"The token's {name} cannot be used; expected a JSON object")
    return content


def _parsed(data: bytes) -> Any:
    """Return the JSON value.

    Raises:
        ValueError: the data is not UTF-8 or not JSON, is nested too deeply, or has an integer of thousands of digits.
    """
    if data.count(b"{") + data.count(b"[") > _MAX_BRACKETS:
        raise ValueError("nested too deeply")  # how deep the parser itself can go depends on the version of Python
    return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("duplicate names")
    return content


def _no_constant(name: str) -> float:
    raise ValueError(name)
