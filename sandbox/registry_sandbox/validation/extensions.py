"""Extensions, validated by the definitions that their URLs name, where those are loaded.

Source: https://hl7.org/fhir/STU3/extensibility.html; https://hl7.org/fhir/STU3/defining-extensions.html#context
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.context import BASE, Place, Step, ValidationContext, path, quoted, short
from registry_sandbox.validation.hints import is_unknown_to_the_standard
from registry_sandbox.validation.validators import Validator

FindExtension = Callable[[str], Resource | None]
"""Returns the StructureDefinition of an extension by its URL, or None if none is loaded."""


_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^#\s]+(?:#[^#\s]*)?")


@dataclass(frozen=True, slots=True)
class _Known:
    """An extension that is loaded: its validator, whether it modifies, and where it may stand."""

    url: str
    validate: Validator
    modifies: bool
    context_type: str
    contexts: frozenset[str]


def extension_validator(
    find: FindExtension, lazily: Callable[[str], Validator], *, hints: bool = False
) -> Callable[..., Validator]:
    """Return the maker of the validator of one extension, which needs the types of the element that holds it."""
    plain = lazily(f"{BASE}Extension")
    known: dict[str, _Known] = {}

    def look_up(url: str) -> _Known | None:
        definition = find(url)
        if definition is None:
            return None  # the URLs of strangers are not kept: a client could send any number
        contexts = frozenset(definition.get("context", []))
        kind = str(definition.get("contextType", ""))
        known[url] = _Known(url, lazily(url), _modifies(definition), kind, contexts)
        return known[url]

    def of_holder(holder_types: frozenset[str], *, modifier: bool) -> Validator:
        def validate(value: Any, at: Place, context: ValidationContext) -> None:
            url = value.get("url")
            found = (known.get(url) or look_up(url)) if isinstance(url, str) else None
            if found is None:
                plain(value, at, context)
                _note_unknown(url, at, context, modifier=modifier, hints=hints)
                return
            found.validate(value, at, context)
            if not _fits(found, holder_types, at, context):
                _note_context(found, at, context)
            if found.modifies != modifier:
                _note_use(found, at, context)

        return validate

    return of_holder


def _note_context(known: _Known, at: Place, context: ValidationContext) -> None:
    where = ", ".join(sorted(known.contexts))
    message = f"{path(at)}: {short(known.url)} is defined for {where}, not for {path(at[0])}"
    context.add("extension", at, message, known.url)


def _note_use(known: _Known, at: Place, context: ValidationContext) -> None:
    right = "modifierExtension" if known.modifies else "extension"
    context.add("extension", at, f"{path(at)}: {short(known.url)} is to be used as {right}", known.url)


def _note_unknown(url: Any, at: Place, context: ValidationContext, *, modifier: bool, hints: bool) -> None:
    """Note an extension that no loaded definition describes, and a relative URL that no extension around it knows."""
    if not isinstance(url, str):
        return  # that it is missing, the definition of Extension says
    if not _ABSOLUTE.fullmatch(url):
        if at[0][1].name not in {"extension", "modifierExtension"}:
            here = (at, Step("url", "@url", 1), None)
            wanted = "FHIR STU3 wants an absolute URI, as this extension is no part of another"
            message = f"{path(here)} is {quoted(url)}; {wanted}"
            context.add("value", here, message, "FHIR STU3")
        return
    if hints and is_unknown_to_the_standard(url):
        message = f"{path(at)}: FHIR STU3 has no extension {quoted(url)}, though the URL is one of its own"
        context.add("extension", at, message, "FHIR STU3", severity="warning")
        return
    consequence = "; yet a modifierExtension must be understood" if modifier else "; only its shape was validated"
    message = f"{path(at)}: no definition of {quoted(url)} is loaded{consequence}"
    context.add("extension", at, message, "", severity="warning" if modifier else "information")


def _modifies(definition: Resource) -> bool:
    elements = (definition.get("differential") or definition.get("snapshot") or {}).get("element", [])
    return any(e.get("path") == "Extension" and e.get("isModifier") for e in elements)


def _fits(known: _Known, holder_types: frozenset[str], at: Place, context: ValidationContext) -> bool:
    if not known.contexts or "*" in known.contexts:
        return True
    if known.context_type == "extension":
        return _url_of(at[0], context) in known.contexts
    if known.context_type not in {"resource", "datatype"}:
        return True  # `mapping` names meanings, which no machine can compare
    return not holder_types.isdisjoint(known.contexts) or _element_path(at[0]) in known.contexts


def _element_path(holder: Place) -> str:
    """Return the path by which a context may name an element: it begins with the innermost resource or type."""
    parts = path(holder).split(".")
    starts = [n for n, part in enumerate(parts) if part[0].isupper()]
    return ".".join(parts[starts[-1] if starts else 0 :])


def _url_of(place: Place, context: ValidationContext) -> str:
    """Return the URL of the extension that stands at a place of the resource."""
    chain: list[tuple[str, int | None]] = []
    here: Place | None = place
    while here is not None:
        chain.append((here[1].name, here[2]))
        here = here[0]
    value: Any = context.whole
    for name, index in chain[-2::-1]:
        if name[0].isupper():
            continue  # a resource in another is a step of its own, which JSON does not have
        inner = _item(value.get(name), index)
        value = inner if isinstance(inner, dict) else _item(value.get(f"_{name}"), index)
    return str(value.get("url"))


def _item(value: Any, index: int | None) -> Any:
    return value[index] if isinstance(value, list) and index is not None and index < len(value) else value
