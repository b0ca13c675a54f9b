"""The codes of a value set, as far as they can be listed from what is loaded.

Source: https://hl7.org/fhir/STU3/valueset.html#compositions
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Any

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.conformance import Definition, UnusableDefinition

FindByType = Callable[[str, str], Definition | None]
"""Returns the definition of a type (ValueSet, CodeSystem) and canonical URL, or None."""

Pair = tuple[str, str]
"""A system and a code in it."""


@dataclass(frozen=True, slots=True)
class Codes:
    """All codes of a value set: on their own, as a `code` element has them, and with their systems."""

    alone: frozenset[str]
    pairs: frozenset[Pair]


class ValueSets:
    """The codes of value sets, each listed once."""

    def __init__(self, find: FindByType) -> None:
        self._find = find
        self._known: dict[str, Codes | None] = {}
        self._systems: dict[str, frozenset[str] | None] = {}
        self._under_way: list[str] = []
        self._listing = RLock()  # what is under way in another thread is no circle

    def codes(self, url: str) -> Codes | None:
        """Return the codes of a value set; None if it is not loaded, or says by a rule what is in it.

        Raises:
            UnusableDefinition: the value set includes itself.
        """
        if url not in self._known:
            with self._listing:
                pairs = self._pairs(url)
            self._known[url] = None if pairs is None else Codes(frozenset(code for _, code in pairs), frozenset(pairs))
        return self._known[url]

    def codes_of_system(self, url: str) -> frozenset[str] | None:
        """Return all codes of a code system; None if it is not loaded, or not completely."""
        if url not in self._systems:
            definition = self._find("CodeSystem", url)
            if definition is None:
                return None  # the URLs of strangers are not kept: a client could send any number
            complete = definition.resource.get("content") == "complete"
            codes = frozenset(_concepts(definition.resource.get("concept", [])))
            self._systems[url] = codes if complete else None
        return self._systems[url]

    def _pairs(self, url: str) -> set[Pair] | None:
        definition = self._find("ValueSet", url)
        if definition is None:
            return None
        if url in self._under_way:
            raise UnusableDefinition(definition.file, "ValueSet.compose.include.valueSet", f"{url} includes itself")
        self._under_way.append(url)
        try:
            return self._of(definition.resource)
        finally:
            self._under_way.pop()

    def _of(self, value_set: Resource) -> set[Pair] | None:
        compose = value_set.get("compose")
        if compose is None:
            expansion = value_set.get("expansion", {}).get("contains")
            return None if expansion is None else set(_expanded(expansion))
        included = self._union(compose.get("include", []))
        excluded = self._union(compose.get("exclude", []))
        return None if included is None or excluded is None else included - excluded

    def _union(self, includes: list[dict[str, Any]]) -> set[Pair] | None:
        parts = [self._included(include) for include in includes]
        known = [part for part in parts if part is not None]
        return set().union(*known) if len(known) == len(parts) else None

    def _included(self, include: dict[str, Any]) -> set[Pair] | None:
        """Return the codes of one include: those of its system that all value sets it names have too."""
        if include.get("filter"):
            return None
        parts = [self._pairs(str(url).partition("|")[0]) for url in include.get("valueSet", [])]
        if "system" in include:
            parts.append(self._of_system(include))
        known = [part for part in parts if part is not None]
        return set.intersection(*known) if known and len(known) == len(parts) else None

    def _of_system(self, include: dict[str, Any]) -> set[Pair] | None:
        system = include["system"]
        if include.get("concept"):
            return {(system, concept["code"]) for concept in include["concept"]}
        codes = self.codes_of_system(system)
        return None if codes is None else {(system, code) for code in codes}


def _concepts(concepts: list[dict[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _concepts(concept.get("concept", []))


def _expanded(contains: list[dict[str, Any]]) -> Iterator[Pair]:
    for part in contains:
        if "code" in part and not part.get("abstract"):
            yield part.get("system", ""), part["code"]
        yield from _expanded(part.get("contains", []))
