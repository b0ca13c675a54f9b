"""The members of a JSON document, read one by one: what is missing or wrong is named with its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast, get_args


class UnreadableReport(Exception):
    """A text is no report; the message names the place, what was found there and what was expected."""


@dataclass(frozen=True, slots=True)
class Member:
    """A value in a document, and where it stands, such as `rules[0].grade`."""

    value: Any
    place: str = "the report"

    def __getitem__(self, name: str) -> "Member":
        """Return a member that must be there."""
        object_ = self.object()
        if name not in object_:
            raise UnreadableReport(f"{self.place} has no '{name}'")
        return self._member(name, object_[name])

    def get(self, name: str, default: Any) -> "Member":
        """Return a member that may be missing."""
        return self._member(name, self.object().get(name, default))

    def _member(self, name: str, value: Any) -> "Member":
        return Member(value, name if self.place == "the report" else f"{self.place}.{name}")

    def items(self) -> Iterator[tuple[str, "Member"]]:
        """Yield the members of an object with their names."""
        for name, value in self.object().items():
            yield name, self._member(name, value)

    def each(self) -> Iterator["Member"]:
        """Yield the members of an array."""
        for at, value in enumerate(self._of(list, "an array")):
            yield Member(value, f"{self.place}[{at}]")

    def object(self) -> dict[str, Any]:
        """Return the value, which must be an object."""
        return cast("dict[str, Any]", self._of(dict, "an object"))

    def text(self) -> str:
        """Return the value, which must be a string."""
        return cast("str", self._of(str, "a string"))

    def number(self) -> int:
        """Return the value, which must be a whole number from 0."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            raise self._unexpected("a whole number from 0")
        return self.value

    def one_of(self, choices: Any) -> Any:
        """Return the value, which must be one of the codes of a `Literal`."""
        known = get_args(choices)
        if self.value not in known:
            raise self._unexpected(" or ".join(known))
        return self.value

    def _of(self, kind: type, expected: str) -> Any:
        if not isinstance(self.value, kind):
            raise self._unexpected(expected)
        return self.value

    def _unexpected(self, expected: str) -> UnreadableReport:
        return UnreadableReport(f"{self.place} is {repr(self.value)[:80]}; expected {expected}")
