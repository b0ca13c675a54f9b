"""StructureDefinitions compiled into plain functions, each once, and what the compiled parts share.

Source: https://hl7.org/fhir/STU3/structuredefinition.html; https://hl7.org/fhir/STU3/validation.html
"""

from collections.abc import Callable
from typing import Any

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.compiler import Compiler
from registry_sandbox.validation.conformance import Definition
from registry_sandbox.validation.context import BASE, Place, Step, ValidationContext, root_place
from registry_sandbox.validation.extensions import extension_validator
from registry_sandbox.validation.snapshot import Snapshots
from registry_sandbox.validation.validators import Validator, lazily
from registry_sandbox.validation.valuesets import ValueSets

FindDefinition = Callable[[str], Definition | None]
"""Returns the StructureDefinition of a canonical URL, or None."""

ProfilesOf = Callable[[Resource, Place, ValidationContext], list[str]]
"""Returns the profiles that the resource of an entry or a parameter is validated by."""


class CompiledProfiles:
    """The validators of StructureDefinitions by canonical URL, each compiled when it is first asked for.

    Args:
        find: returns the definition of a canonical URL.
        valuesets: what bindings name.
        snapshots: made of the same definitions.
        by_hand: use the invariants that are written by hand, where they are; else run all as FHIRPath.
        hints: add the warnings that are never a reason to refuse.
    """

    def __init__(
        self,
        find: FindDefinition,
        valuesets: ValueSets,
        snapshots: Snapshots | None = None,
        *,
        by_hand: bool = True,
        hints: bool = False,
    ) -> None:
        self.find = find
        self.by_hand = by_hand
        self.hints = hints
        self.snapshots = snapshots or Snapshots(find)
        self.valuesets = valuesets
        self.profiles_of: ProfilesOf = lambda resource, _at, _context: [BASE + str(resource["resourceType"])]
        self._compiled: dict[str, Validator] = {}
        self._under_way: set[str] = set()
        self.extension = extension_validator(self._extension_definition, self.lazily, hints=hints)

    def of(self, url: str) -> Validator:
        """Return the validator of a definition.

        Raises:
            UnusableDefinition: the definition is unknown, or cannot be used.
        """
        if url not in self._compiled:
            self._under_way.add(url)
            try:
                self._compiled[url] = Compiler(self, url).compiled()
            finally:
                self._under_way.discard(url)
        return self._compiled[url]

    def of_type(self, url: str) -> Validator:
        """Return the same; where types refer to each other in a circle, one that looks it up when it is called."""
        return self.lazily(url) if url in self._under_way else self.of(url)

    def lazily(self, url: str) -> Validator:
        """Return the same, compiled when it is first called."""
        return lazily(lambda: self.of(url))

    def any_resource(self, value: Any, at: Place, context: ValidationContext) -> None:
        """Validate a resource inside another by the definition of its type; a type not defined here passes as it is."""
        name = str(value.get("resourceType"))
        if self.kind(BASE + name) != "resource":
            return
        here: Place = (at, Step(name, f"f:{name}", 0), None)
        if at[1].name == "contained":
            self.of(BASE + name)(value, here, context.with_ids_of_its_own())
            return
        inner = context.inside(value)
        for url in self.profiles_of(value, here, inner):
            self.of(url)(value, here, inner)

    def findings(self, resource: Resource, url: str) -> list[Finding]:
        """Return what one profile says about a resource, in document order."""
        context = ValidationContext(resource, resource)
        self.of(url)(resource, root_place(str(resource["resourceType"])), context)
        return context.in_document_order()

    def kind(self, url: str) -> str:
        """Return whether a definition is of a `resource`, a `complex-type` or a `primitive-type`; else nothing."""
        definition = self.find(url)
        return str(definition.resource.get("kind", "")) if definition else ""

    def is_resource(self, code: str) -> bool:
        """Return whether a type code is that of a resource."""
        return code in self.resource_types()

    def type_of(self, url: str) -> str | None:
        """Return the type that a profile constrains, or None if it is neither loaded nor one of the standard's."""
        definition = self.find(url)
        if definition is not None:
            return str(definition.resource.get("type"))
        return url.removeprefix(BASE) if url.startswith(BASE) else None

    def resource_types(self) -> frozenset[str]:
        """Return the names of FHIR's resource types."""
        codes = self.valuesets.codes("http://hl7.org/fhir/ValueSet/resource-types")
        return codes.alone if codes else frozenset()

    def _extension_definition(self, url: str) -> Resource | None:
        definition = self.find(url)
        return definition.resource if definition and definition.resource.get("type") == "Extension" else None
