"""An element of a snapshot: its ElementDefinition, its children and its slices, as a node of a tree.

Source: https://hl7.org/fhir/STU3/elementdefinition.html
"""

from dataclasses import dataclass, field
from typing import Any

MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
"""The extension of a binding that names the value set outside which no code may stand."""


@dataclass(slots=True)
class SnapshotElement:
    """An element of a snapshot.

    Attributes:
        definition: the ElementDefinition without what says where it stands, such as `path`.
        children: empty where they are those of the element's type.
        slices: by slice name, in their order.
        slice_of: for a slice, the name of the element that it is a slice of.
        origins: for a key of `definition`, the canonical URL of the profile that stated it.
        source: the canonical URL of the definition that introduced the element.
        all_types: the types that the base definition allows for a choice.
        also_bound: required bindings that a later one replaced; they go on binding.
        base: the `base` of the ElementDefinition.
    """

    name: str
    definition: dict[str, Any]
    children: "list[SnapshotElement]" = field(default_factory=list)
    slices: "dict[str, SnapshotElement]" = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    source: str = ""
    slice_name: str = ""
    slice_of: str | None = None
    all_types: list[dict[str, Any]] = field(default_factory=list)
    also_bound: list[dict[str, Any]] = field(default_factory=list)
    base: dict[str, Any] = field(default_factory=dict)

    @property
    def is_choice(self) -> bool:
        """Return whether the element's name ends with the name of its type."""
        return self.name.endswith("[x]")

    @property
    def stem(self) -> str:
        """Return the name of a choice without its `[x]`."""
        return self.name.removesuffix("[x]")

    def code_of(self, name: str) -> str:
        """Return the type of a choice that is spelled `valueString`; nothing if that is none of its names."""
        for stated in self.all_types:
            code = str(stated.get("code", ""))
            if name == self.spelled(code):
                return code
        return ""

    def spelled(self, code: str) -> str:
        """Return the name of this element in a resource if its type is `code`."""
        return self.stem + code[:1].upper() + code[1:] if self.is_choice else self.name

    @property
    def repeats(self) -> bool:
        """Return whether the element is a list in JSON: the base definition decides, not a profile's maximum."""
        return str(self.base.get("max", self.definition["max"])) not in {"0", "1"}

    def names(self) -> "dict[str, SnapshotElement | None]":
        """Return every name that the element may have, with the element then; None for a type that is not allowed."""
        if not self.is_choice:
            return {self.name: self}
        codes = dict.fromkeys(str(stated["code"]) for stated in self.all_types)
        return {self.spelled(code): self._as_type(code) for code in codes}

    def _as_type(self, code: str) -> "SnapshotElement | None":
        types = [stated for stated in self.definition["type"] if stated["code"] == code]
        if not types:
            return None
        part = next((part for part in self.slices.values() if codes_of(part) == [code]), None)
        return part or self.sliced(types, self.source)

    def xpath_step(self, name: str) -> str:
        """Return the step that leads to the element in XML."""
        if "xmlAttr" in self.definition.get("representation", ()):
            return f"@{name}"
        return f"h:{name}" if codes_of(self) == ["xhtml"] else f"f:{name}"

    def origin(self, key: str) -> str:
        """Return the canonical URL of the profile that stated this key of the definition."""
        return self.origins.get(key, self.source)

    def copy(self) -> "SnapshotElement":
        """Return a copy that can be restricted without changing this one."""
        return SnapshotElement(
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

    def sliced(self, types: list[dict[str, Any]], source: str, slice_name: str = "") -> "SnapshotElement":
        """Return a new slice of this element: what holds for the element holds for it, but it need not be there."""
        part = self.copy()
        part.slices = {}
        part.definition.pop("slicing", None)
        part.definition |= {"min": 0, "type": types}
        part.origins["min"] = source
        part.slice_name, part.slice_of = slice_name, self.name
        return part

    def find(self, path: str) -> "SnapshotElement | None":
        """Return the element at a dotted path such as `Bundle.link`, which begins with this root."""
        found: SnapshotElement | None = self
        for name in path.split(".")[1:]:
            found = next((child for child in found.children if child.name == name), None) if found else None
        return found


def codes_of(element: SnapshotElement) -> list[str]:
    """Return the type codes that an element may have, each once."""
    return list(dict.fromkeys(str(t["code"]) for t in element.definition.get("type", []) if "code" in t))


def max_value_set_of(binding: dict[str, Any]) -> str:
    """Return the canonical URL of the maximum value set that a binding names, or nothing."""
    for extension in binding.get("extension", ()):
        if extension.get("url") == MAX_VALUE_SET:
            reference = extension.get("valueReference") or {}
            return str(reference.get("reference") or extension.get("valueUri") or "").partition("|")[0]
    return ""


def value_set_of(binding: dict[str, Any]) -> str:
    """Return the canonical URL of the value set that a binding names, without a version."""
    reference = binding.get("valueSetReference") or {}
    return str(reference.get("reference") or binding.get("valueSetUri") or "").partition("|")[0]
