"""Extensions, judged by the definitions that their URLs name, where those are loaded.

Source: https://hl7.org/fhir/STU3/extensibility.html; https://hl7.org/fhir/STU3/defining-extensions.html#context
"""

from collections.abc import Callable
from typing import Any

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.checks import Check
from registry_sandbox.validation.context import BASE, Place, ValidationContext, path, quoted, short

Find = Callable[[str], Resource | None]
"""Gives the StructureDefinition of an extension by its URL, or nothing where none is loaded."""


def extension_check(find: Find, lazily: Callable[[str], Check]) -> Callable[..., Check]:
    """Make the maker of the check of one extension; it needs to know the types of the element that it stands in."""
    plain = lazily(f"{BASE}Extension")
    known: dict[str, tuple[Resource, Check, bool]] = {}

    def look_up(url: str) -> tuple[Resource, Check, bool] | None:
        definition = find(url)
        if definition is None:
            return None  # the URLs of strangers are not kept: a client could send any number
        known[url] = (definition, lazily(url), _modifies(definition))
        return known[url]

    def of_holder(holder_types: frozenset[str], *, modifier: bool) -> Check:
        def check(value: Any, at: Place, context: ValidationContext) -> None:
            url = value.get("url")
            found = (known.get(url) or look_up(url)) if isinstance(url, str) else None
            if found is None:
                plain(value, at, context)
                _note_unknown(url, at, context, modifier=modifier)
                return
            definition, judge, modifies = found
            judge(value, at, context)
            _require_context(definition, holder_types, at, context)
            if modifies != modifier:
                _note_place(definition, at, context, modifies=modifies)

        return check

    return of_holder


def _note_unknown(url: Any, at: Place, context: ValidationContext, *, modifier: bool) -> None:
    """An extension that nobody here knows may stay; one inside another is named relatively, and known by that other."""
    if not isinstance(url, str) or ":" not in url:
        return
    consequence = "; yet a modifierExtension must be understood" if modifier else "; only its shape was judged"
    message = f"{path(at)}: no definition of {quoted(url)} is loaded{consequence}"
    context.add("extension", at, message, "", severity="warning" if modifier else "information")


def _modifies(definition: Resource) -> bool:
    elements = (definition.get("differential") or definition.get("snapshot") or {}).get("element", [])
    return any(e.get("path") == "Extension" and e.get("isModifier") for e in elements)


def _note_place(definition: Resource, at: Place, context: ValidationContext, *, modifies: bool) -> None:
    url = definition["url"]
    right = "modifierExtension" if modifies else "extension"
    context.add("extension", at, f"{path(at)}: {short(url)} is to be used as {right}", url)


def _require_context(definition: Resource, holder_types: frozenset[str], at: Place, context: ValidationContext) -> None:
    allowed = definition.get("context", [])
    kind = definition.get("contextType")
    if not allowed or "*" in allowed:
        return
    holder = at[0]
    if kind == "extension":
        fits = _url_of(holder, context) in allowed
    elif kind in {"resource", "datatype"}:
        fits = not holder_types.isdisjoint(allowed) or bool(_names(holder, holder_types) & set(allowed))
    else:
        return  # `mapping` names meanings, which no machine can compare
    if not fits:
        url = definition["url"]
        where = ", ".join(sorted(allowed))
        message = f"{path(at)}: {short(url)} is defined for {where}, not for {path(holder)}"
        context.add("extension", at, message, url)


def _names(holder: Place, holder_types: frozenset[str]) -> set[str]:
    """Give the names under which a context may speak of an element: its path, and its types."""
    parts = path(holder).split(".")
    starts = [n for n, part in enumerate(parts) if part[0].isupper()]
    return {".".join(parts[starts[-1] if starts else 0 :]), *holder_types}


def _url_of(place: Place, context: ValidationContext) -> str | None:
    """Follow a place into the resource, to the extension that stands there."""
    chain: list[tuple[str, int | None]] = []
    here: Place | None = place
    while here is not None:
        chain.append((here[1].name, here[2]))
        here = here[0]
    value: Any = context.whole
    for name, index in chain[-2::-1]:
        value = value.get(name, value) if isinstance(value, dict) else None
        value = value[index] if index is not None and isinstance(value, list) else value
    return value.get("url") if isinstance(value, dict) else None
