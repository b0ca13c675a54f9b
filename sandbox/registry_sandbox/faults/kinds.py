"""The kinds of plain values: each reads a JSON value and describes itself as JSON Schema."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Protocol

from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.runtime.clock import SHOWABLE, require_showable


class Kind(Protocol):
    """A way to read a value, for `Annotated`."""

    def read(self, value: Any) -> Any:
        """Return the value as the program uses it.

        Raises:
            ValueError: the value cannot be used; the message says what is expected.
        """
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        ...


@dataclass(frozen=True, slots=True)
class Flag:
    """A key that can only be there: its value is true. In the short form its name alone sets it."""

    bare: ClassVar[bool] = True

    def read(self, value: Any) -> bool:
        """Return True."""
        if value is not True:
            raise ValueError("true")
        return True

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"const": True}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int

    def read(self, value: Any) -> int:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise ValueError(f"a whole number from {self.least} to {self.most}")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Number:
    """A number above `over` and at most `most`."""

    over: float
    most: float

    def read(self, value: Any) -> float:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.over < value <= self.most:
            raise ValueError(f"a number above {self.over:g}, at most {self.most:g}")
        return float(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "number", "exclusiveMinimum": self.over, "maximum": self.most}


UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""The units of time spans, in seconds."""

_DURATION = re.compile(r"(-?)(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)
_LONGEST_S = 366 * 86400.0


@dataclass(frozen=True, slots=True)
class Duration:
    """A time span: seconds as a number, or with a unit, such as 200ms, 2s, 5m, 1h."""

    signed: bool = False

    def read(self, value: Any) -> float:
        """Return the seconds."""
        seconds = _seconds(value)
        if seconds is None or not abs(seconds) <= _LONGEST_S or (seconds < 0 and not self.signed):
            raise ValueError(
                f"a time span such as 200ms, 2s{', -5m' if self.signed else ', 5m'} (a plain number is seconds)"
            )
        return seconds

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        sign = "-?" if self.signed else ""
        number: dict[str, Any] = {"type": "number", "description": "seconds"}
        if not self.signed:
            number["minimum"] = 0
        return {"anyOf": [number, {"type": "string", "pattern": rf"^{sign}[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"}]}


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return None if match is None else float(match[1] + match[2]) * UNITS_S[match[3]]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that matches a pattern. `expected` describes the pattern in messages."""

    pattern: str
    expected: str

    def read(self, value: Any) -> str:
        """Return the text."""
        if not isinstance(value, str) or re.fullmatch(self.pattern, value, re.ASCII) is None:
            raise ValueError(self.expected)
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": f"^({self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant that the clock can show, as a text in ISO 8601."""

    def read(self, value: Any) -> datetime:
        """Return the instant."""
        try:
            return require_showable(datetime_of(value if isinstance(value, str) else ""))
        except ValueError:
            raise ValueError(SHOWABLE) from None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "format": "date-time"}


Seconds = Annotated[float, Duration()]
SignedSeconds = Annotated[float, Duration(signed=True)]
HeaderName = Annotated[str, Text(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}", "the name of a header")]
HeaderValue = Annotated[str, Text(r"[\x20-\x7e]{0,4000}", "a header's value, in ASCII")]
