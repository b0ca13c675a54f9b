"""The walk: a resource judged by a StructureDefinition, which is compiled once into plain functions.

Source: https://hl7.org/fhir/STU3/structuredefinition.html; https://hl7.org/fhir/STU3/validation.html
"""

from collections.abc import Callable
from typing import Any

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.checks import Check
from registry_sandbox.validation.conformance import Definition
from registry_sandbox.validation.context import BASE, Place, Step, ValidationContext
from registry_sandbox.validation.element_definition import Compiler
from registry_sandbox.validation.extensions import extension_check
from registry_sandbox.validation.snapshot import Snapshots
from registry_sandbox.validation.valuesets import ValueSets

Find = Callable[[str], Definition | None]
"""Gives the StructureDefinition of a canonical URL, or nothing."""


class CompiledProfiles:
    """Gives the compiled walk of a StructureDefinition by its canonical URL, each made once.

    Args:
        find: gives the definition of a canonical URL.
        valuesets: what is bound.
        by_hand: take the standard's invariants as written by hand, where they are; else all as FHIRPath.
    """

    def __init__(self, find: Find, valuesets: ValueSets, *, by_hand: bool = True) -> None:
        self.find = find
        self.by_hand = by_hand
        self.snapshots = Snapshots(find)
        self.valuesets = valuesets
        self._compiled: dict[str, Check] = {}
        self.extension = extension_check(self._extension_definition, self.lazily)

    def of(self, url: str) -> Check:
        """Give the function that judges a value by a definition.

        Raises:
            UnusableDefinition: the definition is unknown, or cannot be used.
        """
        if url not in self._compiled:
            self._compiled[url] = Compiler(self, url).compiled()
        return self._compiled[url]

    def lazily(self, url: str) -> Check:
        """Give the same, compiled at its first use: types refer to each other in circles."""
        made: list[Check] = []

        def check(value: Any, at: Place, context: ValidationContext) -> None:
            if not made:
                made.append(self.of(url))
            made[0](value, at, context)

        return check

    def judge(self, resource: Resource, url: str, context: ValidationContext) -> None:
        """Judge a whole resource by a profile of its type."""
        name = str(resource["resourceType"])
        self.of(url)(resource, (None, Step(name, f"f:{name}", 0), None), context)

    def findings(self, resource: Resource, url: str) -> list[Finding]:
        """Give what one profile says of a resource, in document order."""
        context = ValidationContext(resource, resource)
        self.judge(resource, url, context)
        return context.in_document_order(lambda _location: None)

    def kind(self, url: str) -> str:
        """Tell whether a definition is of a resource, a complex type or a primitive type."""
        definition = self.find(url)
        return str(definition.resource.get("kind", "")) if definition else ""

    def type_of(self, url: str) -> str | None:
        """Tell the type that a profile constrains, or None where it is neither loaded nor one of the standard's."""
        definition = self.find(url)
        if definition is not None:
            return str(definition.resource.get("type"))
        return url.removeprefix(BASE) if url.startswith(BASE) else None

    def resource_types(self) -> frozenset[str]:
        """List the names of FHIR's resource types."""
        codes = self.valuesets.codes("http://hl7.org/fhir/ValueSet/resource-types")
        return codes.alone if codes else frozenset()

    def _extension_definition(self, url: str) -> Resource | None:
        definition = self.find(url)
        return definition.resource if definition and definition.resource.get("type") == "Extension" else None
