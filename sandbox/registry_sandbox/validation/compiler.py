"""The elements of a snapshot, compiled into the plain functions that validate them.

Source: https://hl7.org/fhir/STU3/elementdefinition.html
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from registry_sandbox.validation import cardinality, elements, hints
from registry_sandbox.validation.cardinality import UNBOUNDED, cardinality_of
from registry_sandbox.validation.conformance import UnusableDefinition
from registry_sandbox.validation.constraints import (
    binding_constraints,
    invariants_of,
    value_constraints,
)
from registry_sandbox.validation.context import BASE, Step
from registry_sandbox.validation.discriminators import UnusableSlicing, told_by
from registry_sandbox.validation.element_ids import element_id
from registry_sandbox.validation.elements import Extras
from registry_sandbox.validation.invariants import HAS_VALUE, is_implied
from registry_sandbox.validation.references import reference_conditions
from registry_sandbox.validation.slicing import Slice, Slicing, sliced
from registry_sandbox.validation.snapshot import profile_of
from registry_sandbox.validation.snapshot_element import SnapshotElement, codes_of
from registry_sandbox.validation.validators import (
    Child,
    Condition,
    Constraint,
    Validator,
    all_of,
    any_of,
    lazily,
    nothing,
    of_constraint,
    plain_child,
    without_redundant,
)

if TYPE_CHECKING:
    from registry_sandbox.validation.compiled_profiles import CompiledProfiles

ANY_RESOURCE = frozenset({"Resource", "DomainResource"})
NO_TEXT = frozenset({"boolean", "decimal", "integer", "positiveInt", "unsignedInt"})
"""The primitive types that are no texts in JSON."""

_BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
_EXTENSION = SnapshotElement("extension", {"min": 0, "max": "*", "type": [{"code": "Extension"}]}, base={"max": "*"})
"""The extensions of a primitive whose definition says nothing about them."""


@dataclass(frozen=True, slots=True)
class _Parent:
    """An element whose children are being compiled: its id, its types, and the tables that its children fill."""

    where: str
    types: frozenset[str]
    children: dict[str, Child] = field(default_factory=dict)
    extras: dict[str, Extras] = field(default_factory=dict)
    required: list[elements.Required] = field(default_factory=list)


class Compiler:
    """Compiles one StructureDefinition."""

    def __init__(self, compiled_profiles: "CompiledProfiles", url: str) -> None:
        self._compiled_profiles = compiled_profiles
        self._root = compiled_profiles.snapshots.of(url)
        definition = compiled_profiles.find(url)
        self._file = definition.file if definition else ""
        self._kind = compiled_profiles.kind(url)

    def compiled(self) -> Validator:
        """Return the function that validates a value by the definition.

        Raises:
            UnusableDefinition: an element asks what cannot be validated.
        """
        root = self._root
        if self._kind == "primitive-type":
            return self._value(root, root.name) or nothing
        types = frozenset({root.name, *(("Element",) if self._kind == "complex-type" else ())})
        parent = _Parent(root.name, types)
        if self._kind == "resource":
            parent.children["resourceType"] = Child(Step("resourceType", "f:resourceType", 0))
        validators = [of_constraint(each) for each in value_constraints(root)]
        stated = _not_implied(root.definition.get("constraint", []), root)
        conditions = [*self._invariants(stated, self._fhirpath_type(parent)), *self._hints(root.name)]
        return self._with_children(root, parent, conditions, validators)

    def _with_children(
        self,
        element: SnapshotElement,
        parent: _Parent,
        conditions: list[Condition],
        validators: list[Validator],
    ) -> Validator:
        for rank, child in enumerate(element.children):
            self._add(child, rank, parent)
        return elements.element(
            parent.children,
            parent.extras,
            parent.required,
            conditions,
            validators,
            never_empty=self._kind != "resource" or element is not self._root,
        )

    @staticmethod
    def _fhirpath_type(parent: _Parent) -> str:
        """Return what FHIRPath calls an element: a backbone element by its path, any other by its type."""
        if "BackboneElement" in parent.types or "." not in parent.where:
            return parent.where
        return next(iter(parent.types - {"Element"}), parent.where)

    def _add(self, child: SnapshotElement, rank: int, parent: _Parent) -> None:
        limits, names = cardinality_of(child), child.names()
        for name, part in names.items():
            step = Step(name, child.xpath_step(name), rank)
            parent.children[name] = self._named(child, part, step, parent)
            if part is not None and self._is_primitive(part):
                parent.extras[name] = self._extras(part, step, repeats=child.repeats)
            if part is not None and part is not child and part.definition["min"] > 0:
                parent.required.append((frozenset({name}), step, cardinality_of(part)))
        if limits.least > 0:
            allowed = frozenset(name for name, part in names.items() if part is not None)
            parent.required.append((allowed, Step(child.stem, f"f:{child.stem}", rank), limits))

    def _named(self, child: SnapshotElement, part: SnapshotElement | None, step: Step, parent: _Parent) -> Child:
        """Compile a child under one of its names; `part` is None for a type that is not allowed."""
        limits = cardinality_of(child)
        if limits.most == 0:
            return Child(step, validate=cardinality.forbidden(limits))
        if part is None:
            allowed = " or ".join(codes_of(child)) or "none"
            return Child(step, validate=cardinality.wrong_type(allowed, child.origin("type")))
        where = f"{parent.where}.{child.name}"
        if not child.repeats and self._is_primitive(part) and not _is_element_id(child):
            constraints, invariants = self._constraints(part, where)
            if not invariants:
                return plain_child(step, constraints)
        return Child(step, validate=self._allowed(child, part, where, parent))

    def _allowed(self, child: SnapshotElement, part: SnapshotElement, where: str, parent: _Parent) -> Validator | None:
        if _is_element_id(child):
            return element_id(unique="ElementDefinition" not in parent.types)
        inner, limits = self._occurrence(part, where, parent.types), cardinality_of(child)
        if child.slices and not child.is_choice:
            return self._sliced(child, inner, where, parent)
        if not child.repeats:
            return inner
        if inner is not None:
            return cardinality.many(inner, limits)
        # A list that is there has an item.
        return None if limits.most == UNBOUNDED and limits.least <= 1 else cardinality.counted(limits)

    def _sliced(self, child: SnapshotElement, inner: Validator | None, where: str, parent: _Parent) -> Validator:
        if not child.repeats:
            raise UnusableDefinition(self._file, where, "is sliced, but stands only once")
        stated = child.definition.get("slicing", _BY_URL if codes_of(child) == ["Extension"] else {})
        return sliced(inner, cardinality_of(child), self._slicing(child, stated, where, parent))

    def _slicing(self, element: SnapshotElement, stated: dict[str, Any], where: str, parent: _Parent) -> Slicing:
        slices = [self._slice(part, stated, where, parent) for part in element.slices.values()]
        return Slicing(slices, element.origin("slicing") if stated.get("rules") == "closed" else "")

    def _slice(self, part: SnapshotElement, stated: dict[str, Any], where: str, parent: _Parent) -> Slice:
        here = f"{where}:{part.slice_name}"
        try:
            told = told_by(part, stated, self._compiled_profiles)
        except UnusableSlicing as error:
            raise UnusableDefinition(self._file, here, f"the slice {error}") from error
        own = cardinality_of(part)
        source = own.least_by if own.least else own.most_by
        further = self._slicing(part, part.definition["slicing"], where, parent) if part.slices else None
        validator = self._occurrence(part, here, parent.types)
        return Slice(part.slice_name, told, validator, own.least, own.most, source, further)

    def _occurrence(self, element: SnapshotElement, where: str, holder_types: frozenset[str]) -> Validator | None:
        """Compile one occurrence of an element."""
        if "contentReference" in element.definition and not element.children:
            return self._referred(element.definition["contentReference"].removeprefix("#"))
        codes = codes_of(element)
        if len(codes) != 1:
            raise UnusableDefinition(self._file, where, f"has {len(codes)} types; an element that is no choice has one")
        if self._is_primitive(element):
            return self._value(element, where)
        if codes[0] in ANY_RESOURCE:
            return self._compiled_profiles.any_resource
        self._require_profiles(element, where)
        if codes[0] == "Extension" and not element.children:
            # By the definition that its URL names: where a slice names a profile, that is the same.
            return self._compiled_profiles.extension(holder_types, modifier=element.name == "modifierExtension")
        return self._complex(element, codes[0], where)

    def _complex(self, element: SnapshotElement, code: str, where: str) -> Validator:
        own_value = [*value_constraints(element), *binding_constraints(element, self._compiled_profiles.valuesets)]
        validators = [of_constraint(each) for each in own_value]
        of_reference = list(
            reference_conditions(element, self._compiled_profiles.type_of, self._compiled_profiles.resource_types())
        )
        own = element.definition.get("constraint", [])
        if element.children:
            of_type = self._compiled_profiles.snapshots.of(profile_of(element) or BASE + code)
            keys = {constraint.get("key") for constraint in own}
            inherited = [c for c in of_type.definition.get("constraint", []) if c.get("key") not in keys]
            parent = _Parent(where, frozenset({code, "Element"}))
            stated = _not_implied([*inherited, *own], element)
            conditions = [*self._invariants(stated, self._fhirpath_type(parent)), *of_reference]
            conditions += self._hints(code)
            return self._with_children(element, parent, conditions, validators)
        return (
            all_of([self._of_type(element, code), *validators], [*of_reference, *self._invariants(own, code)])
            or nothing
        )

    def _of_type(self, element: SnapshotElement, code: str) -> Validator:
        profiles = [t["profile"] for t in element.definition["type"] if t.get("profile")]
        if len(profiles) > 1:
            return any_of([self._compiled_profiles.of_type(profile) for profile in profiles], profiles)
        return self._compiled_profiles.of_type(profiles[0] if profiles else BASE + code)

    def _require_profiles(self, element: SnapshotElement, where: str) -> None:
        for stated in element.definition["type"]:
            url = stated.get("profile") or BASE + stated["code"]
            if not self._compiled_profiles.snapshots.has(url):
                raise UnusableDefinition(self._file, where, f"is of {url}, which is not among the definitions loaded")

    def _referred(self, target: str) -> Validator:
        """Compile an element that is defined elsewhere in the same definition, perhaps around this one."""
        element = self._root.find(target)
        if element is None:
            raise UnusableDefinition(self._file, target, "is referred to, but is not there")
        return lazily(lambda: self._occurrence(element, target, frozenset()) or nothing)

    def _is_primitive(self, element: SnapshotElement) -> bool:
        codes = codes_of(element)
        return len(codes) == 1 and self._compiled_profiles.kind(BASE + codes[0]) == "primitive-type"

    def _value(self, element: SnapshotElement, where: str) -> Validator | None:
        """Compile a primitive's value: None where nothing is asked of it, as it is of most."""
        constraints, invariants = self._constraints(element, where)
        return all_of([of_constraint(each) for each in constraints], invariants)

    def _constraints(self, element: SnapshotElement, where: str) -> tuple[list[Constraint], list[Condition]]:
        """Return what a primitive's value must satisfy by itself, and the invariants that need FHIRPath."""
        constraints = [*value_constraints(element), *binding_constraints(element, self._compiled_profiles.valuesets)]
        root = element if element is self._root else self._compiled_profiles.snapshots.of(BASE + codes_of(element)[0])
        value = next((child for child in root.children if child.name == "value"), None)
        if value is not None and "maxLength" not in element.definition:
            constraints += value_constraints(value)
        stated = element.definition.get("constraint", [])
        if self._compiled_profiles.by_hand:
            stated = [each for each in stated if each.get("expression") != HAS_VALUE]  # what is validated is the value
        invariants = self._invariants(stated, _type_or(where, element))
        if codes_of(element) and codes_of(element)[0] not in NO_TEXT:
            constraints += [Constraint(each.search, each.note) for each in invariants if each.search]
            invariants = [each for each in invariants if not each.search]
        if self._compiled_profiles.hints and not hints.TEXTS.isdisjoint(codes_of(element)):
            constraints.append(hints.BLANK_TEXT)
        return without_redundant(constraints), invariants

    def _hints(self, type_name: str) -> list[Condition]:
        return (
            hints.conditions_of(type_name, self._compiled_profiles.valuesets) if self._compiled_profiles.hints else []
        )

    def _invariants(self, stated: list[dict[str, Any]], fhirpath_type: str) -> list[Condition]:
        return invariants_of(stated, fhirpath_type, self._file, by_hand=self._compiled_profiles.by_hand)

    def _extras(self, element: SnapshotElement, step: Step, *, repeats: bool) -> Extras:
        """Compile what stands beside a primitive's value, and instead of it."""
        fixed = next((key for key in element.definition if key.startswith("fixed")), "")
        extension = next((child for child in element.children if child.name == "extension"), _EXTENSION)
        parent = _Parent(step.name, frozenset({codes_of(element)[0], "Element"}))
        inside = self._named(extension, extension, Step("extension", "f:extension", 0), parent)
        stated = element.definition.get("constraint", [])
        absent = all_of(
            [of_constraint(each) for each in value_constraints(element) if fixed],
            self._invariants(stated, _type_or(step.name, element)),
        )
        exact = element.origin(fixed) if fixed else ""
        return Extras(step, repeats, cardinality_of(element), absent, inside, exact)


def _not_implied(constraints: list[dict[str, Any]], element: SnapshotElement) -> list[dict[str, Any]]:
    """Return the constraints of an element that do not follow from what its children must be."""
    required = frozenset(child.name for child in element.children if cardinality_of(child).least > 0)
    return [each for each in constraints if not is_implied(str(each.get("expression")), required)]


def _is_element_id(child: SnapshotElement) -> bool:
    return child.name == "id" and "xmlAttr" in child.definition.get("representation", ())


def _type_or(where: str, element: SnapshotElement) -> str:
    codes = codes_of(element)
    return codes[0] if codes else where
