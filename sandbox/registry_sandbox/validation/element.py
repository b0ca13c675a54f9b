"""An element of a snapshot, and how a differential restricts it.

Source: https://hl7.org/fhir/STU3/elementdefinition.html; https://hl7.org/fhir/STU3/profiling.html#limitations
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registry_sandbox.validation.conformance import Definition, UnusableDefinition

STRENGTHS = ("example", "preferred", "extensible", "required")
"""The strengths of a binding, weakest first."""

PLACE = frozenset({"id", "path", "sliceName", "base"})
"""What of an ElementDefinition says where it stands; the tree knows that itself."""

PROSE = frozenset({"mapping", "example", "alias", "label", "code", "condition", "extension"})
"""What of an ElementDefinition constrains nothing and would only make the served snapshot long."""


@dataclass(slots=True)
class Element:
    """An element and what is known of it: its ElementDefinition, its own children and slices, and who said what.

    `definition` is an ElementDefinition without its place. `children` is empty where they are those of the type.
    `slices` are by slice name, in order; `slice_of` is the name of the element that a slice is a slice of. `origins`
    gives for a key of `definition` the canonical URL of the profile that stated it, `source` that which introduced the
    element. `all_types` are the types that the base definition gives a choice. `also_bound` are required bindings that
    a later one replaced without lifting them.
    """

    name: str
    definition: dict[str, Any]
    children: "list[Element]" = field(default_factory=list)
    slices: "dict[str, Element]" = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    source: str = ""
    slice_name: str = ""
    slice_of: str | None = None
    all_types: list[dict[str, Any]] = field(default_factory=list)
    also_bound: list[dict[str, Any]] = field(default_factory=list)
    base: dict[str, Any] = field(default_factory=dict)

    @property
    def is_choice(self) -> bool:
        """Tell whether the element's name ends with the name of its type."""
        return self.name.endswith("[x]")

    @property
    def stem(self) -> str:
        """Give the name of a choice without its `[x]`."""
        return self.name.removesuffix("[x]")

    def code_of(self, name: str) -> str:
        """Give the type that a choice has where it is spelt `valueString`; nothing where that is none of its names."""
        for stated in self.all_types:
            code = str(stated.get("code", ""))
            if name == self.spelt(code):
                return code
        return ""

    def spelt(self, code: str) -> str:
        """Give the name of this element in a resource, where its type is `code`."""
        return self.stem + code[:1].upper() + code[1:] if self.is_choice else self.name

    @property
    def repeats(self) -> bool:
        """Tell whether the element is a list in JSON, which the base definition says, not a profile's maximum."""
        return str(self.base.get("max", self.definition["max"])) not in {"0", "1"}

    def names(self) -> "dict[str, Element | None]":
        """Give every name that the element may have, with what it then is; None for a type that is not allowed."""
        if not self.is_choice:
            return {self.name: self}
        codes = dict.fromkeys(str(stated["code"]) for stated in self.all_types)
        return {self.spelt(code): self._as_type(code) for code in codes}

    def _as_type(self, code: str) -> "Element | None":
        types = [stated for stated in self.definition["type"] if stated["code"] == code]
        if not types:
            return None
        part = next((part for part in self.slices.values() if codes_of(part) == [code]), None)
        return part or self.sliced(types, self.source)

    def xpath_step(self, name: str) -> str:
        """Give the step that leads to the element in XML."""
        if "xmlAttr" in self.definition.get("representation", ()):
            return f"@{name}"
        return f"h:{name}" if codes_of(self) == ["xhtml"] else f"f:{name}"

    def origin(self, key: str) -> str:
        """Tell which profile stated this key of the definition."""
        return self.origins.get(key, self.source)

    def copy(self) -> "Element":
        """Make a copy that can be restricted without touching this one."""
        return Element(
            self.name,
            dict(self.definition),
            [child.copy() for child in self.children],
            {name: part.copy() for name, part in self.slices.items()},
            dict(self.origins),
            self.source,
            self.slice_name,
            self.slice_of,
            self.all_types,
            list(self.also_bound),
            dict(self.base),
        )

    def sliced(self, types: list[dict[str, Any]], source: str, slice_name: str = "") -> "Element":
        """Begin a slice of this element: all that holds of the element holds of it, but it need not be there."""
        part = self.copy()
        part.slices = {}
        part.definition.pop("slicing", None)
        part.definition |= {"min": 0, "type": types}
        part.origins["min"] = source
        part.slice_name, part.slice_of = slice_name, self.name
        return part

    def find(self, path: str) -> "Element | None":
        """Give the element at a dotted path such as `Bundle.link`, counted from this root."""
        found: Element | None = self
        for name in path.split(".")[1:]:
            found = next((child for child in found.children if child.name == name), None) if found else None
        return found


def codes_of(element: Element) -> list[str]:
    """List the type codes that an element may have, each once."""
    return list(dict.fromkeys(str(t["code"]) for t in element.definition.get("type", []) if "code" in t))


def restrict(element: Element, stated: dict[str, Any], by: Definition, *, free: bool) -> None:
    """Lay what a differential states over an element.

    Args:
        element: what it is laid over.
        stated: the ElementDefinition of the differential.
        by: the definition that states it.
        free: a specialization may say what it likes of its elements; a constraint may only narrow.

    Raises:
        UnusableDefinition: the differential allows what the base does not.
    """
    if not free:
        _require_narrower(element, stated, by)
    for key, value in stated.items():
        if key in PLACE or key in PROSE:
            continue
        if key == "constraint":
            _add_constraints(element, value, by)
            continue
        if key == "binding":
            _keep_required(element, value)
        if element.definition.get(key) != value:
            element.definition[key] = value
            element.origins[key] = by.url
    if free and "type" in stated:
        element.all_types = stated["type"]
    if free and stated.get("max"):
        element.base = {"path": stated["path"], "min": element.definition["min"], "max": element.definition["max"]}


def _add_constraints(element: Element, stated: list[dict[str, Any]], by: Definition) -> None:
    keys = {constraint.get("key") for constraint in stated}
    kept = [constraint for constraint in element.definition.get("constraint", []) if constraint.get("key") not in keys]
    element.definition["constraint"] = kept + [{**constraint, "source": by.url} for constraint in stated]


def _keep_required(element: Element, binding: dict[str, Any]) -> None:
    """A required binding that gives way to another goes on binding: a profile narrows, it never lifts."""
    before = element.definition.get("binding")
    if before and before.get("strength") == "required" and value_set_of(before) != value_set_of(binding):
        element.also_bound.append({**before, "source": element.origin("binding")})


def value_set_of(binding: dict[str, Any]) -> str:
    """Give the canonical URL of the value set that a binding names, without a version."""
    reference = binding.get("valueSetReference") or {}
    return str(reference.get("reference") or binding.get("valueSetUri") or "").partition("|")[0]


def _require_narrower(element: Element, stated: dict[str, Any], by: Definition) -> None:
    def refuse(key: str, why: str) -> UnusableDefinition:
        return UnusableDefinition(by.file, f"{stated.get('id') or stated.get('path')}.{key}", why)

    for key, why in _wider(element, stated):
        raise refuse(key, why)
    for key, value in stated.items():
        known = element.definition.get(key)
        if key.startswith("fixed") and known is not None and known != value:
            raise refuse(key, f"is {value!r}; the base fixes {known!r}")


def _wider(element: Element, stated: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each key by which a differential allows more than its base, and why."""
    low, high = element.definition.get("min", 0), element.definition.get("max", "*")
    least, most = stated.get("min", low), stated.get("max", high)
    if not (most == "*" or most.isdecimal()):
        yield "max", f"is {most!r}; expected a number or *"
        return
    if least < low:
        yield "min", f"is {least}, less than the {low} of the base"
    if _above(most, high):
        yield "max", f"is {most}, more than the {high} of the base"
    if _above(str(least), most):
        yield "max", f"is {most}, less than the minimum, {least}"
    allowed = set(codes_of(element))
    for code in (t.get("code") for t in stated.get("type", [])):
        if allowed and code not in allowed and not allowed & {"Element", "Resource", "*"}:
            yield "type", f"has {code}; the base allows {', '.join(sorted(allowed))}"
    before, after = element.definition.get("binding"), stated.get("binding")
    if before and after and _strength(after) < _strength(before):
        yield "binding", f"is {after.get('strength')}, weaker than the {before.get('strength')} one of the base"


def _above(maximum: str, limit: str) -> bool:
    return limit != "*" and (maximum == "*" or int(maximum) > int(limit))


def _strength(binding: dict[str, Any]) -> int:
    return STRENGTHS.index(binding["strength"]) if binding.get("strength") in STRENGTHS else -1
