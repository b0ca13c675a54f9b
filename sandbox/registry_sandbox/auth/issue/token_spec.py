"""The specification of a test token, good or malformed, as the control API and the command line read it.

Source: docs/tokens.md, which has a specification for every error that a token can have.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from registry_sandbox.auth.clients import CLIENTS, require_client
from registry_sandbox.auth.groups import WRITERS
from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.issue.malformed import NoSuchClaim
from registry_sandbox.auth.issue.spine import issue_spine_token
from registry_sandbox.auth.spine import READ_SCOPE, WRITE_SCOPE

_MAX_EXPIRES_IN = 10**10


class UnreadableTokenSpec(ValueError):
    """A parameter is unknown, or its value cannot be used."""


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """What the token shall be; by default a good token of the registry's kind, which may write."""

    client: str = "sandbox-client"
    mode: Literal["registry", "spine"] = "registry"
    expires_in: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)

    def issue(self, issuer: Issuer, audience: str, now: float) -> str:
        """Return the token for this audience; `now` is the sandbox's clock, in seconds since 1970.

        Raises:
            UnreadableTokenSpec: the token does not have a claim that shall be left out.
        """
        try:
            return self._issue(issuer, audience, now)
        except NoSuchClaim as error:
            raise UnreadableTokenSpec(str(error)) from None

    def _issue(self, issuer: Issuer, audience: str, now: float) -> str:
        changes: dict[str, Any] = {"claims": self.claims, "without": self.without, "headers": self.headers}
        if self.expires_in is not None:
            changes["expires_in"] = self.expires_in
        if self.mode == "spine":
            scope = WRITE_SCOPE if WRITERS in require_client(self.client).groups else READ_SCOPE
            return issue_spine_token(self.client, audience, now, scope=scope, **changes)
        return issuer.issue(self.client, audience, now, **changes)


def read_token_spec(parameters: Iterable[tuple[str, str]]) -> TokenSpec:
    """Read the decoded parameters of a query.

    They are `client`, `mode`, `expires_in` (seconds, negative for an expired token), and the repeatable `claim.NAME`,
    `header.NAME` and `without`. The value of a claim or header is JSON if it parses as JSON, otherwise text.

    Raises:
        UnreadableTokenSpec: a parameter is unknown, is repeated, or cannot be used; the message names it.
    """
    claims: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    without: list[str] = []
    single: dict[str, str] = {}
    for name, value in parameters:
        kind, _, member = name.partition(".")
        if kind == "claim" and member:
            claims[member] = _json_or_text(value)
        elif kind == "header" and member:
            headers[member] = _json_or_text(value)
        elif name == "without":
            without.append(value)
        elif name in single:
            raise UnreadableTokenSpec(f"the parameter {name[:40]!r} is repeated; expected it once")
        else:
            single[name] = value
    return TokenSpec(**_read_single(single), claims=claims, headers=headers, without=tuple(without))


def _read_single(parameters: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in parameters.items():
        match name:
            case "client" if value in CLIENTS:
                values[name] = value
            case "client":
                raise UnreadableTokenSpec(f"client is not known; expected {' or '.join(CLIENTS)}")
            case "mode" if value in ("registry", "spine"):
                values[name] = value
            case "mode":
                raise UnreadableTokenSpec("mode is not known; expected registry or spine")
            case "expires_in":
                values[name] = _seconds(value)
            case _:
                known = "client, mode, expires_in, claim.NAME, header.NAME, without"
                raise UnreadableTokenSpec(f"the parameter {name[:40]!r} is not known; expected {known}")
    return values


def _seconds(value: str) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and int(digits[:20]) <= _MAX_EXPIRES_IN):
        raise UnreadableTokenSpec("expires_in cannot be used; expected a whole number of seconds, such as 3600 or -60")
    return int(value)


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
