"""The snapshot of a StructureDefinition: its differential laid over its base, as a tree of elements.

Validators are compiled from the tree; `flattened` returns the list that is served. An element whose children nobody
constrains has none in the tree: they are its type's.

Source: https://hl7.org/fhir/STU3/profiling.html#snapshot; https://hl7.org/fhir/STU3/elementdefinition.html
"""

from collections.abc import Callable, Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any

from registry_sandbox.validation.conformance import Definition, UnusableDefinition
from registry_sandbox.validation.context import BASE
from registry_sandbox.validation.differential import restrict
from registry_sandbox.validation.snapshot_element import SnapshotElement, codes_of

if TYPE_CHECKING:
    from registry_sandbox.fhir.resource import Resource

Segments = list[tuple[str, str]]
"""The steps of an element id: name, and slice name or nothing."""


class Snapshots:
    """The snapshots of StructureDefinitions, each made once, along `baseDefinition`.

    Args:
        find: returns the StructureDefinition of a canonical URL, or None.
    """

    def __init__(self, find: Callable[[str], Definition | None]) -> None:
        self._find = find
        self._made: dict[str, SnapshotElement] = {}
        self._under_way: list[str] = []
        self._making = RLock()  # what is under way in another thread is no circle

    def of(self, url: str) -> SnapshotElement:
        """Return the root element of a snapshot. All callers share it: do not change it.

        Raises:
            UnusableDefinition: the definition, or one that it builds on, is unknown or contradicts its base.
        """
        if url not in self._made:
            with self._making:
                self._made[url] = self._make(url)
        return self._made[url]

    def _make(self, url: str) -> SnapshotElement:
        definition = self._find(url)
        if definition is None:
            raise UnusableDefinition("", "", f"{url} is not among the definitions that are loaded")
        if url in self._under_way:
            circle = " -> ".join([*self._under_way[self._under_way.index(url) :], url])
            raise UnusableDefinition(
                definition.file, "StructureDefinition.baseDefinition", f"goes in a circle: {circle}"
            )
        self._under_way.append(url)
        try:
            return _Overlay(self, definition).made()
        finally:
            self._under_way.pop()

    def has(self, url: str) -> bool:
        """Return whether there is a definition of this URL."""
        return self._find(url) is not None


class _Overlay:
    """One differential that is applied to its base."""

    def __init__(self, snapshots: Snapshots, definition: Definition) -> None:
        self.snapshots = snapshots
        self.definition = definition
        self.resource: Resource = definition.resource
        self.type = str(self.resource.get("type", ""))
        self.adds = self.resource.get("derivation") != "constraint"
        self.latest: dict[str, str] = {}
        self.narrowed: dict[int, tuple[SnapshotElement, list[str]]] = {}
        self.root = self._base()

    def refuse(self, element: str, why: str) -> UnusableDefinition:
        return UnusableDefinition(self.definition.file, element, why)

    def made(self) -> SnapshotElement:
        if not self.type:
            raise self.refuse("StructureDefinition.type", "is missing")
        stated = self.resource.get("differential") or self.resource.get("snapshot") or {}
        elements = stated.get("element", [])
        for stated_element in elements:
            self._apply(stated_element)
        for choice, codes in self.narrowed.values():
            choice.definition["type"] = [t for t in choice.definition["type"] if t.get("code") in codes]
            choice.origins["type"] = self.definition.url
        return self.root

    def _base(self) -> SnapshotElement:
        base = self.resource.get("baseDefinition")
        if base is None:
            return SnapshotElement(self.type, {"min": 0, "max": "*"}, source=self.definition.url)
        if not self.snapshots.has(base):
            raise self.refuse("StructureDefinition.baseDefinition", f"names {base}, which is not among those loaded")
        root = self.snapshots.of(base).copy()
        if not self.adds and root.name != self.type:
            raise self.refuse("StructureDefinition.type", f"is {self.type}, but its base constrains {root.name}")
        root.name = self.type
        return root

    def _apply(self, stated: dict[str, Any]) -> None:
        path = stated.get("path", "")
        if path.split(".")[0] != self.type:
            raise self.refuse(path or "ElementDefinition.path", f"is no path that begins with {self.type}")
        node, slices = self.root, 0
        for name, slice_name in self._segments(stated)[1:]:
            node = self._child(node, name, path)
            if slice_name:
                node = self._slice(node, slice_name, path)
                slices += 1
        restrict(node, stated, self.definition, free=self.adds and not slices)
        if slices and "max" not in stated:
            self._limit_to_profile(node)

    def _limit_to_profile(self, part: SnapshotElement) -> None:
        """Apply the maximum that a slice's profile has at its root: so an extension says how often it may stand."""
        profile = profile_of(part)
        if profile and self.snapshots.has(profile):
            limit = self.snapshots.of(profile).definition["max"]
            if limit != "*" and part.definition["max"] == "*":
                part.definition["max"] = limit
                part.origins["max"] = profile

    def _segments(self, stated: dict[str, Any]) -> Segments:
        """Read the id if it agrees with the path; else take slice names from the elements that stood before."""
        path, names = stated["path"], stated["path"].split(".")
        parts = [part.partition(":") for part in str(stated.get("id", "")).split(".")]
        if [name for name, _, _ in parts] == names:
            segments = [(name, slice_name) for name, _, slice_name in parts]
        else:
            segments = [(name, self.latest.get(".".join(names[: n + 1]), "")) for n, name in enumerate(names)]
            segments[-1] = (names[-1], "")
        if stated.get("sliceName") and len(names) > 1:
            segments[-1] = (names[-1], stated["sliceName"])
        self.latest = {seen: name for seen, name in self.latest.items() if not f"{seen}.".startswith(f"{path}.")}
        self.latest[path] = segments[-1][1]
        return segments

    def _child(self, node: SnapshotElement, name: str, path: str) -> SnapshotElement:
        if not node.children:
            self._expand(node, path)
        for child in node.children:
            if child.name == name:
                return child
            if child.is_choice and (code := child.code_of(name)):
                return self._type_slice(child, name, code)
        if not self.adds:
            raise self.refuse(path, f"{node.name} has no element {name} in the base definition")
        child = SnapshotElement(name, {"min": 0, "max": "*"}, source=self.definition.url)
        node.children.append(child)
        return child

    def _expand(self, node: SnapshotElement, path: str) -> None:
        """Copy the children of an element's type to the element, so that they can be constrained here only."""
        if "contentReference" in node.definition:
            target = self.root.find(node.definition["contentReference"].removeprefix("#"))
            if target is None:
                raise self.refuse(path, f"refers to {node.definition['contentReference']}, which is not here")
            node.children = [child.copy() for child in target.children]
            # From here on it is an element of its own, which only looks like the one that it referred to.
            del node.definition["contentReference"]
            node.definition |= {
                key: target.definition[key] for key in ("type", "constraint") if key in target.definition
            }
            return
        codes = codes_of(node)
        if len(codes) != 1:
            if node is self.root or not codes:
                return
            raise self.refuse(
                path, f"constrains children of an element of {len(codes)} types; choose one of them first"
            )
        url = profile_of(node) or BASE + codes[0]
        if not self.snapshots.has(url):
            raise self.refuse(path, f"is of {url}, which is not among the definitions loaded")
        node.children = [child.copy() for child in self.snapshots.of(url).children]

    def _type_slice(self, choice: SnapshotElement, name: str, code: str) -> SnapshotElement:
        """Return the slice of a path such as `valueString`, which allows no other type unless it is sliced."""
        if name not in choice.slices:
            types = [t for t in choice.definition["type"] if t.get("code") == code]
            choice.slices[name] = choice.sliced(types, self.definition.url, name)
        if "slicing" not in choice.definition:
            self.narrowed.setdefault(id(choice), (choice, []))[1].append(code)
        return choice.slices[name]

    def _slice(self, node: SnapshotElement, slice_name: str, path: str) -> SnapshotElement:
        around, _, _ = slice_name.rpartition("/")
        if around:  # a slice of a slice, by the names of all that are around it
            node = self._known_slice(node, around, slice_name, path)
        elif node.slice_of is not None:
            return node  # `valueString:valueString`: the name of a type and the slice it makes are one
        if slice_name not in node.slices:
            types = list(node.definition.get("type", []))
            if node.is_choice and (code := node.code_of(slice_name)):
                types = [t for t in types if t.get("code") == code]
            node.slices[slice_name] = node.sliced(types, self.definition.url, slice_name)
        return node.slices[slice_name]

    def _known_slice(self, node: SnapshotElement, name: str, inner: str, path: str) -> SnapshotElement:
        for depth in range(name.count("/") + 1):
            known = "/".join(name.split("/")[: depth + 1])
            if known not in node.slices:
                raise self.refuse(path, f"slice {inner}: there is no slice {known} that it could be a slice of")
            node = node.slices[known]
        if "slicing" not in node.definition:
            raise self.refuse(path, f"slice {inner}: the slice {name} says by no slicing how its slices are told")
        return node


def profile_of(element: SnapshotElement) -> str | None:
    """Return the one profile that an element's type names, or None."""
    profiles = {t.get("profile") for t in element.definition.get("type", [])}
    only = profiles.pop() if len(profiles) == 1 else None
    return str(only) if only else None


def flattened(root: SnapshotElement) -> list[dict[str, Any]]:
    """Return the ElementDefinitions of a snapshot in the standard's order: an element, its children, its slices."""
    return list(_flat(root, root.name, root.name))


def _flat(element: SnapshotElement, path: str, identity: str) -> Iterator[dict[str, Any]]:
    yield _as_definition(element, path, identity)
    for child in element.children:
        yield from _flat_slices(child, f"{path}.{child.name}", f"{identity}.{child.name}", "")


def _flat_slices(element: SnapshotElement, path: str, identity: str, name: str) -> Iterator[dict[str, Any]]:
    yield from _flat(element, path, f"{identity}:{name}" if name else identity)
    for part_name, part in element.slices.items():
        yield from _flat_slices(part, path, identity, part_name)


def _as_definition(element: SnapshotElement, path: str, identity: str) -> dict[str, Any]:
    place = {"id": identity, "path": path}
    if element.slice_name:
        place["sliceName"] = element.slice_name
    types = ", ".join(codes_of(element))
    # sdf-3: each element of a snapshot has a definition in words.
    words = {"definition": f"{path}: {types}" if types else path}
    base = {"base": element.base} if element.base else {}
    return {**place, **words, **element.definition, **base}
