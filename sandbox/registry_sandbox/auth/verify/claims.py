"""What both kinds of token have in common: claims of a type, an audience, a time in which they hold.

A message names the claim and what was expected of it; what the claim says is never repeated.
Source: RFC 7519 sections 2 and 4.1.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

from registry_sandbox.http.request import Client

LAST_NUMERIC_DATE = 253_402_300_799
"""The last second of the year 9999. A later one is no date that any calendar holds."""

MAX_NAME = 256

_ANNOUNCED = 8


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a token is judged by, besides its keys: accepted audiences, the sandbox's clock in seconds, the leeway."""

    audiences: Collection[str]
    now: float
    leeway_s: float

    @property
    def clock(self) -> str:
        """The clock, and the leeway if there is one, as a message tells them."""
        instant = datetime.fromtimestamp(int(self.now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        leeway = f", leeway {self.leeway_s:g} s" if self.leeway_s else ""
        return f"the sandbox's clock, {instant} ({int(self.now)}{leeway})"


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token in which all is well but what time and audience decide: these are judged at every call."""

    client: Client
    audiences: tuple[str, ...]
    not_before: int
    expires: int

    def holds(self, audiences: Collection[str], now: float, leeway_s: float) -> bool:
        """Tell whether the token is good now and here."""
        if not self.is_in_time(now, leeway_s):
            return False
        for audience in self.audiences:  # noqa: SIM110 - the hot path: any() would cost as much as all the rest
            if audience in audiences:
                return True
        return False

    def is_in_time(self, now: float, leeway_s: float) -> bool:
        """Tell whether the token is good now, if it is here."""
        return self.not_before <= now + leeway_s and now < self.expires + leeway_s


class NoSuchClaim(ValueError):
    """A claim is to be left out of a token that has none of that name."""


def leaving_out(claims: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    """Give the claims but those named.

    Raises:
        NoSuchClaim: there is none of a name, so that the token would not be spoiled as was meant.
    """
    for name in names:
        if name not in claims:
            raise NoSuchClaim(f"without names {name[:40]!r}, a claim that there is not; expected {', '.join(claims)}")
    return {name: value for name, value in claims.items() if name not in names}


def is_name(value: object) -> bool:
    """Tell whether this is text that can stand in a log line: not empty, not long, printable."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable()


def is_numeric_date(value: object) -> TypeGuard[int]:
    """Tell whether this is a whole number of seconds between 1970 and 9999; true and 1.0 are none."""
    return type(value) is int and 0 <= value <= LAST_NUMERIC_DATE


def name_faults(claims: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Name each of these claims that is not a short text."""
    for name in names:
        if name not in claims:
            yield f"Claim {name} is missing; expected a text"
        elif not is_name(claims[name]):
            yield f"Claim {name} cannot be used; expected a printable text of 1 to {MAX_NAME} characters"


def date_faults(claims: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Name each of these claims that is no NumericDate."""
    for name in names:
        if name not in claims:
            yield f"Claim {name} is missing; expected a whole number of seconds since 1970"
        elif not is_numeric_date(claims[name]):
            yield f"Claim {name} cannot be used; expected a whole number of seconds since 1970, up to the year 9999"


def time_faults(claims: Mapping[str, Any], expectation: Expectation, *starts: str) -> Iterator[str]:
    """Tell whether the token has expired, or one of the claims in `starts` lies in the future.

    Claims that are no NumericDate are passed over: `date_faults` names them.
    """
    expires = claims.get("exp")
    if is_numeric_date(expires) and expectation.now >= expires + expectation.leeway_s:
        yield f"Claim exp: the token has expired; expected a time after {expectation.clock}"
    for name in starts:
        start = claims.get(name)
        if is_numeric_date(start) and start > expectation.now + expectation.leeway_s:
            yield f"Claim {name}: the token is not valid yet; expected a time not after {expectation.clock}"


def audiences_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the audiences of a token: `aud` is a text or an array of texts; anything else is no audience."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        return (audience,)
    if isinstance(audience, list) and all(isinstance(member, str) for member in audience):
        return tuple(audience)
    return ()


def audience_faults(claims: Mapping[str, Any], expectation: Expectation) -> Iterator[str]:
    """Tell whether the token is for somebody else: texts are compared as they are, a trailing slash included."""
    # RFC 7519 section 2, StringOrURI: "compared as case-sensitive strings with no transformations".
    expected = f"expected {one_of(expectation.audiences)}"
    stated = audiences_of(claims)
    if "aud" not in claims:
        yield f"Claim aud is missing; {expected}"
    elif not any(audience in expectation.audiences for audience in stated):
        slash = any(audience.removesuffix("/") in expectation.audiences for audience in stated)
        yield f"Claim aud {'has a trailing slash too much' if slash else 'does not name this registry'}; {expected}"


def one_of(values: Collection[str]) -> str:
    """Announce what is accepted, the first few of many."""
    shown = sorted(values)[:_ANNOUNCED]
    return f"{'one of ' if len(shown) > 1 else ''}{', '.join(shown)}{' ...' if len(values) > len(shown) else ''}"
