"""A token made to order, good or spoiled in one place, as the control API and the command line offer it.

Source: docs/tokens.md, which has an order for every fault that a token can have.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from registry_sandbox.auth.clients import CLIENTS, require_client
from registry_sandbox.auth.issue.issuer import Issuer
from registry_sandbox.auth.verify.authorisation import WRITERS
from registry_sandbox.auth.verify.claims import NoSuchClaim
from registry_sandbox.auth.verify.spine import READ_SCOPE, WRITE_SCOPE, issue_spine_token

_MAX_EXPIRES_IN = 10**10


class UnreadableTokenSpec(ValueError):
    """An order has a parameter that is unknown, or whose value cannot be used."""


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """What the token shall be; all by default, a good one of the registry's kind."""

    client: str = "sandbox-client"
    mode: Literal["registry", "spine"] = "registry"
    expires_in: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)

    def fill(self, issuer: Issuer, audience: str, now: float) -> str:
        """Make the token, for this audience, at this time (seconds since the epoch).

        Raises:
            UnreadableTokenSpec: a claim is to be left out that is not there.
        """
        try:
            return self._made(issuer, audience, now)
        except NoSuchClaim as error:
            raise UnreadableTokenSpec(str(error)) from None

    def _made(self, issuer: Issuer, audience: str, now: float) -> str:
        spoiled: dict[str, Any] = {"claims": self.claims, "without": self.without, "headers": self.headers}
        if self.expires_in is not None:
            spoiled["expires_in"] = self.expires_in
        if self.mode == "spine":
            scope = WRITE_SCOPE if WRITERS in require_client(self.client).groups else READ_SCOPE
            return issue_spine_token(self.client, audience, now, scope=scope, **spoiled)
        return issuer.issue(self.client, audience, now, **spoiled)


def read_token_spec(parameters: Iterable[tuple[str, str]]) -> TokenSpec:
    """Read the decoded parameters of a query, in order.

    They are `client`, `mode`, `expires_in` (seconds, negative for an expired token), and as often as wanted
    `claim.NAME`, `header.NAME` and `without`. A claim's value is JSON where it parses as JSON, else text.

    Raises:
        UnreadableTokenSpec: a parameter is unknown, is there twice, or cannot be used; the message names it.
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
            raise UnreadableTokenSpec(f"{name} is there twice; expected it once")
        else:
            single[name] = value
    order = _read_single(single)
    return TokenSpec(**order, claims=claims, headers=headers, without=tuple(without))


def _read_single(parameters: Mapping[str, str]) -> dict[str, Any]:
    order: dict[str, Any] = {}
    for name, value in parameters.items():
        match name:
            case "client" if value in CLIENTS:
                order[name] = value
            case "client":
                raise UnreadableTokenSpec(f"client is not known; expected {' or '.join(CLIENTS)}")
            case "mode" if value in ("registry", "spine"):
                order[name] = value
            case "mode":
                raise UnreadableTokenSpec("mode is not known; expected registry or spine")
            case "expires_in":
                order[name] = _seconds(value)
            case _:
                known = "client, mode, expires_in, claim.NAME, header.NAME, without"
                raise UnreadableTokenSpec(f"the parameter {name[:40]!r} is not known; expected {known}")
    return order


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
