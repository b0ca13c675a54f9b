"""Attestations: what no server can see, and a person says of a client."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a person said.

    Attributes:
        rule: the id of the rule that the client keeps.
        by: who says so.
        note: how they know; empty where they did not say.
    """

    rule: str
    by: str
    note: str = ""


class Attestations:
    """The attestations of one workspace; of each rule the last one holds."""

    def __init__(self) -> None:
        self._by_rule: dict[str, Attestation] = {}

    def __iter__(self) -> Iterator[Attestation]:
        """Iterate over a copy."""
        return iter(list(self._by_rule.values()))

    def add(self, attestation: Attestation) -> None:
        """Add an attestation in place of an earlier one of its rule."""
        self._by_rule.pop(attestation.rule, None)
        self._by_rule[attestation.rule] = attestation

    def clear(self) -> None:
        """Forget them."""
        self._by_rule.clear()
