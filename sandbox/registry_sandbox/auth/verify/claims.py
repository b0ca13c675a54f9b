"""The checks that both kinds of token share: dates, names, the audience.

Each check yields its errors. A message names the claim and what was expected; it never repeats the claim's value.
Source: RFC 7519 sections 2 and 4.1.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from registry_sandbox.http.base_url import workspace_of
from registry_sandbox.http.request import Client

LAST_NUMERIC_DATE: Final = 253_402_300_799
"""The last second of the year 9999, in seconds since 1970."""

MAX_NAME: Final = 256
"""The longest accepted name, in characters."""

_MAX_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a token is compared with: the names of this registry, the sandbox's clock and the leeway, in seconds."""

    audiences: Collection[str]
    now: float
    leeway_s: float

    @property
    def clock(self) -> str:
        """The clock as messages show it, with the leeway if there is one."""
        leeway = f", leeway {self.leeway_s:g} s" if self.leeway_s else ""
        return f"the sandbox's clock, {to_the_second(self.now)} ({int(self.now)}{leeway})"


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token that passed every check; time and audience are checked again at every request.

    It is valid from `begins` on, and not at `ends` any more: seconds since 1970, the leeway included.
    """

    client: Client
    audiences: tuple[str, ...]
    begins: float
    ends: float

    def is_valid(self, audiences: Collection[str], now: float) -> bool:
        """Return True if the token is valid at this time, for one of these audiences."""
        if not self.begins <= now < self.ends:
            return False
        for audience in self.audiences:  # noqa: SIM110 - the hot path: any() would cost as much as all the rest
            if audience in audiences:
                return True
        return False


def to_the_second(timestamp_s: float) -> str:
    """Write a timestamp (seconds since 1970) as messages show it, such as `2019-01-18T09:00:00Z`."""
    return datetime.fromtimestamp(int(timestamp_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_name(value: object) -> bool:
    """Return True for a printable text of 1 to `MAX_NAME` characters, which can stand in a log line."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable()


def is_numeric_date(value: object) -> TypeGuard[int]:
    """Return True for a whole number of seconds from 1970 to 9999; `True` and `1.0` are not whole numbers here."""
    return type(value) is int and 0 <= value <= LAST_NUMERIC_DATE


def is_jwt_type(value: object) -> bool:
    """Return True for the header typ of a JWT; as a media type it is case-insensitive (RFC 7515 section 4.1.9)."""
    return isinstance(value, str) and value.upper() == "JWT"


def name_errors(claims: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield an error for each of these claims that is not a name."""
    for name in names:
        if name not in claims:
            yield f"Claim {name} is missing; expected a text"
        elif not is_name(claims[name]):
            yield f"Claim {name} cannot be used; expected a printable text of 1 to {MAX_NAME} characters"


def date_errors(claims: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield an error for each of these claims that is not a NumericDate."""
    for name in names:
        if name not in claims:
            yield f"Claim {name} is missing; expected a whole number of seconds since 1970"
        elif not is_numeric_date(claims[name]):
            yield f"Claim {name} cannot be used; expected a whole number of seconds since 1970, up to the year 9999"


def time_errors(claims: Mapping[str, Any], expectation: Expectation, *starts: str) -> Iterator[str]:
    """Yield an error if the token has expired, and one for each claim in `starts` that is in the future.

    Claims that are not a NumericDate are skipped, because `date_errors` reports them.
    """
    expires = claims.get("exp")
    if is_numeric_date(expires) and expectation.now >= expires + expectation.leeway_s:
        yield f"Claim exp: the token has expired; expected a time after {expectation.clock}"
    for name in starts:
        start = claims.get(name)
        if is_numeric_date(start) and start > expectation.now + expectation.leeway_s:
            yield f"Claim {name}: the token is not valid yet; expected a time not after {expectation.clock}"


def audiences_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the audiences of a token: `aud` is a text or an array of texts; any other value names none."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        return (audience,)
    if isinstance(audience, list) and all(isinstance(member, str) for member in audience):
        return tuple(audience)
    return ()


def audience_errors(claims: Mapping[str, Any], expectation: Expectation) -> Iterator[str]:
    """Yield an error if the token is for another registry; a trailing slash makes another name."""
    # RFC 7519 section 2, StringOrURI: "compared as case-sensitive strings with no transformations".
    expected = f"expected {listed(expectation.audiences)}"
    stated = audiences_of(claims)
    if "aud" not in claims:
        yield f"Claim aud is missing; {expected}"
    elif not any(audience in expectation.audiences for audience in stated):
        elsewhere = _for_another_workspace(stated, expectation.audiences)
        if elsewhere:
            yield f"Claim aud is for {elsewhere}; {expected}"
            return
        slash = any(audience.removesuffix("/") in expectation.audiences for audience in stated)
        yield f"Claim aud {'has an extra slash at its end' if slash else 'does not name this registry'}; {expected}"


def _for_another_workspace(stated: Collection[str], expected: Collection[str]) -> str:
    """Return which workspace of this sandbox a token is for, and which this is; empty if it is for none of them."""
    here = {registry: name for name, registry in map(workspace_of, expected)}
    for name, registry in map(workspace_of, stated):
        if registry in here and name != here[registry]:
            return f"{_named(name)}, and this is {_named(here[registry])}"
    return ""


def _named(workspace: str) -> str:
    return f"the workspace '{workspace}'" if workspace else "the workspace without a name"


def listed(accepted: Collection[str]) -> str:
    """Return the accepted values as a message shows them: the one, or "one of" the first eight."""
    shown = sorted(accepted)[:_MAX_LISTED]
    return f"{'one of ' if len(shown) > 1 else ''}{', '.join(shown)}{' ...' if len(accepted) > len(shown) else ''}"
