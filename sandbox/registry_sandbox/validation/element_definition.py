"""The elements of a snapshot, compiled into the plain functions of the walk.

Source: https://hl7.org/fhir/STU3/elementdefinition.html
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from registry_sandbox.validation import members
from registry_sandbox.validation.checks import Check, Invariant, all_of, any_of, nothing
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.constraints import binding_checks, invariant_checks, value_checks
from registry_sandbox.validation.context import BASE, Place, Step, ValidationContext
from registry_sandbox.validation.element import Element, codes_of
from registry_sandbox.validation.members import Cardinality, Member, Primitive
from registry_sandbox.validation.references import reference_checks
from registry_sandbox.validation.slicing import Slice, UnusableSlicing, matcher
from registry_sandbox.validation.snapshot import profile_of

if TYPE_CHECKING:
    from registry_sandbox.validation.structure_definition import CompiledProfiles

ANY_RESOURCE = frozenset({"Resource", "DomainResource"})
_BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
_EXTENSION = Element("extension", {"min": 0, "max": "*", "type": [{"code": "Extension"}]}, base={"max": "*"})
"""The extensions of a primitive whose definition says nothing of them."""


@dataclass(frozen=True, slots=True)
class _Parent:
    """An element whose children are being compiled: its id, its types, and the tables that its children fill."""

    where: str
    types: frozenset[str]
    table: dict[str, Member] = field(default_factory=dict)
    primitives: dict[str, Primitive] = field(default_factory=dict)
    required: list[members.Required] = field(default_factory=list)


class Compiler:
    """Compiles one StructureDefinition."""

    def __init__(self, compiled_profiles: "CompiledProfiles", url: str) -> None:
        self._compiled_profiles = compiled_profiles
        self._root = compiled_profiles.snapshots.of(url)
        definition = compiled_profiles.find(url)
        self._file = definition.file if definition else ""
        self._kind = compiled_profiles.kind(url)

    def compiled(self) -> Check:
        """Give the function that judges a value by the definition.

        Raises:
            UnusableDefinition: an element asks what cannot be judged.
        """
        root = self._root
        if self._kind == "primitive-type":
            return self._value(root, root.name) or nothing
        types = frozenset({root.name, *(("Element",) if self._kind == "complex-type" else ())})
        parent = _Parent(root.name, types)
        return self._with_children(root, parent, root.definition.get("constraint", []), list(value_checks(root)))

    def _with_children(
        self, element: Element, parent: _Parent, constraints: list[dict[str, Any]], checks: list[Check]
    ) -> Check:
        for rank, child in enumerate(element.children):
            self._add(child, rank, parent)
        broken = self._invariants(constraints, self._fhirpath_type(parent))
        never_empty = self._kind != "resource" or element is not self._root
        return members.element(
            parent.table, parent.primitives, parent.required, broken, checks, never_empty=never_empty
        )

    @staticmethod
    def _fhirpath_type(parent: _Parent) -> str:
        """Tell FHIRPath what an element is: a backbone element is known by its path, any other by its type."""
        if "BackboneElement" in parent.types or "." not in parent.where:
            return parent.where
        return next(iter(parent.types - {"Element"}), parent.where)

    def _add(self, child: Element, rank: int, parent: _Parent) -> None:
        cardinality, names = _cardinality(child), child.names()
        for name, part in names.items():
            step = Step(name, child.xpath_step(name), rank)
            parent.table[name] = self._named(child, part, step, parent)
            if part is not None and self._is_primitive(part):
                parent.primitives[name] = self._extras(part, step, repeats=child.repeats)
            if part is not None and part is not child and part.definition["min"] > 0:
                parent.required.append((frozenset({name}), step, _cardinality(part)))
        if cardinality.least > 0:
            allowed = frozenset(name for name, part in names.items() if part is not None)
            parent.required.append((allowed, Step(child.stem, f"f:{child.stem}", rank), cardinality))

    def _named(self, child: Element, part: Element | None, step: Step, parent: _Parent) -> Member:
        """Make what judges a child under one of its names; `part` is None for a type that is not allowed."""
        cardinality = _cardinality(child)
        if cardinality.most == 0:
            return Member(members.forbidden(step, cardinality))
        if part is None:
            return Member(members.wrong_type(step, " or ".join(codes_of(child)) or "none", child.origin("type")))
        inner = self._occurrence(part, f"{parent.where}.{child.name}", parent.types)
        if child.slices and not child.is_choice:
            return Member(self._sliced(child, inner, step, parent))
        return Member(members.many(step, inner, cardinality)) if child.repeats else Member(inner, step)

    def _sliced(self, child: Element, inner: Check | None, step: Step, parent: _Parent) -> Check:
        if not child.repeats:
            raise UnusableDefinition(self._file, f"{parent.where}.{child.name}", "is sliced, but stands only once")
        stated = child.definition.get("slicing", _BY_URL if codes_of(child) == ["Extension"] else {})
        slices = [self._slice(part, stated, f"{parent.where}.{child.name}", parent) for part in child.slices.values()]
        closed_by = child.origin("slicing") if stated.get("rules") == "closed" else ""
        return members.sliced(step, inner, _cardinality(child), slices, closed_by)

    def _slice(self, part: Element, stated: dict[str, Any], where: str, parent: _Parent) -> Slice:
        here = f"{where}:{part.slice_name}"
        try:
            matches = matcher(part, stated, self._compiled_profiles.snapshots, self._compiled_profiles.valuesets)
        except UnusableSlicing as error:
            raise UnusableDefinition(self._file, here, f"the slice {error}") from error
        own = _cardinality(part)
        source = own.least_by if own.least else own.most_by
        return Slice(part.slice_name, matches, self._occurrence(part, here, parent.types), own.least, own.most, source)

    def _occurrence(self, element: Element, where: str, holder_types: frozenset[str]) -> Check | None:
        """Make the check of one occurrence of an element."""
        if "contentReference" in element.definition and not element.children:
            return self._referred(element.definition["contentReference"].removeprefix("#"))
        codes = codes_of(element)
        if len(codes) != 1:
            raise UnusableDefinition(self._file, where, f"has {len(codes)} types; an element that is no choice has one")
        if self._is_primitive(element):
            return self._value(element, where)
        if codes[0] in ANY_RESOURCE:
            return self._any_resource
        self._require_profiles(element, where)
        if codes[0] == "Extension" and not element.children:
            # By the definition that its URL names: where a slice names a profile, that is the same.
            return self._compiled_profiles.extension(holder_types, modifier=element.name == "modifierExtension")
        return self._complex(element, codes[0], where)

    def _complex(self, element: Element, code: str, where: str) -> Check:
        checks = [*value_checks(element), *binding_checks(element, self._compiled_profiles.valuesets)]
        checks += reference_checks(element, self._compiled_profiles.type_of, self._compiled_profiles.resource_types())
        own = element.definition.get("constraint", [])
        if element.children:
            of_type = self._compiled_profiles.snapshots.of(profile_of(element) or BASE + code)
            keys = {constraint.get("key") for constraint in own}
            inherited = [c for c in of_type.definition.get("constraint", []) if c.get("key") not in keys]
            parent = _Parent(where, frozenset({code, "Element"}))
            return self._with_children(element, parent, [*inherited, *own], checks)
        return all_of([self._of_type(element, code), *checks], self._invariants(own, code)) or nothing

    def _of_type(self, element: Element, code: str) -> Check:
        profiles = [t["profile"] for t in element.definition["type"] if t.get("profile")]
        if len(profiles) > 1:
            return any_of([self._compiled_profiles.lazily(profile) for profile in profiles], profiles)
        return self._compiled_profiles.lazily(profiles[0] if profiles else BASE + code)

    def _require_profiles(self, element: Element, where: str) -> None:
        for stated in element.definition["type"]:
            url = stated.get("profile") or BASE + stated["code"]
            if not self._compiled_profiles.snapshots.has(url):
                raise UnusableDefinition(self._file, where, f"is of {url}, which is not among the definitions loaded")

    def _referred(self, target: str) -> Check:
        """Make the check of an element that is defined elsewhere in the same definition, perhaps around this one."""
        element = self._root.find(target)
        if element is None:
            raise UnusableDefinition(self._file, target, "is referred to, but is not there")
        made: list[Check] = []

        def check(value: Any, at: Place, context: ValidationContext) -> None:
            if not made:
                made.append(self._occurrence(element, target, frozenset()) or nothing)
            made[0](value, at, context)

        return check

    def _any_resource(self, value: Any, at: Place, context: ValidationContext) -> None:
        """Judge a resource inside another by the definition of its type; a type not defined here passes as it is."""
        name = str(value.get("resourceType"))
        if self._compiled_profiles.kind(BASE + name) == "resource":
            inner = context if at[1].name == "contained" else context.inside(value)
            self._compiled_profiles.of(BASE + name)(value, (at, Step(name, f"f:{name}", 0), None), inner)

    def _is_primitive(self, element: Element) -> bool:
        codes = codes_of(element)
        return len(codes) == 1 and self._compiled_profiles.kind(BASE + codes[0]) == "primitive-type"

    def _value(self, element: Element, where: str) -> Check | None:
        """Make the check of a primitive's value."""
        checks = [*value_checks(element), *binding_checks(element, self._compiled_profiles.valuesets)]
        root = element if element is self._root else self._compiled_profiles.snapshots.of(BASE + codes_of(element)[0])
        value = next((child for child in root.children if child.name == "value"), None)
        if value is not None and "maxLength" not in element.definition:
            checks += value_checks(value)
        return all_of(checks, self._invariants_of(element, where))

    def _invariants_of(self, element: Element, where: str) -> list[Invariant]:
        of_type = codes_of(element)[0] if codes_of(element) else where
        return self._invariants(element.definition.get("constraint", []), of_type)

    def _invariants(self, stated: list[dict[str, Any]], fhirpath_type: str) -> list[Invariant]:
        return invariant_checks(stated, fhirpath_type, self._file, by_hand=self._compiled_profiles.by_hand)

    def _extras(self, element: Element, step: Step, *, repeats: bool) -> Primitive:
        """Make what is judged of a primitive beside its value, and instead of it."""
        fixed = next((key for key in element.definition if key.startswith("fixed")), "")
        extension = next((child for child in element.children if child.name == "extension"), _EXTENSION)
        parent = _Parent(step.name, frozenset({codes_of(element)[0], "Element"}))
        inside = self._named(extension, extension, Step("extension", "f:extension", 0), parent).check or nothing
        absent = all_of([check for check in value_checks(element) if fixed], self._invariants_of(element, step.name))
        exact = element.origin(fixed) if fixed else ""
        return Primitive(step, repeats, _cardinality(element), absent, inside, exact)


def _cardinality(element: Element) -> Cardinality:
    most = element.definition["max"]
    bound = None if most == "*" else int(most)
    return Cardinality(element.definition["min"], bound, element.origin("min"), element.origin("max"))
