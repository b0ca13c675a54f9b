"""The profiles that are loaded, by canonical URL, and the verdict on a resource by them.

Source: https://hl7.org/fhir/STU3/profiling.html
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.conformance import Definition, UnusableDefinition, definitions_at, shipped_definitions
from registry_sandbox.validation.context import BASE, Place, Step, ValidationContext
from registry_sandbox.validation.snapshot import flattened
from registry_sandbox.validation.structure_definition import CompiledProfiles
from registry_sandbox.validation.valuesets import ValueSets

__all__ = ["CARECONNECT_APPOINTMENT", "REGISTRY_APPOINTMENT", "Profiles", "UnusableDefinition"]

REGISTRY_APPOINTMENT = "https://fhir.nhs.uk/STU3/StructureDefinition/Registry-Appointment-1"
"""The profile that every Appointment sent to the registry is judged by."""

CARECONNECT_APPOINTMENT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"
"""The profile that the registry's pages name, and that Registry-Appointment-1 constrains."""


_REMEMBERED_AT_MOST = 100
"""Of so many different lists of profiles it is remembered what a resource is judged by: nearly all claim the same."""

_LONGEST_REMEMBERED = 10
"""Of no longer ones: a client may claim one profile a thousand times."""


def _no_line(_location: str) -> int | None:
    return None


class Profiles:
    """The definitions that are loaded. Made once, at the start, by `load`; judges any number of resources.

    Args:
        shipped: definitions that are known to be usable, which are compiled when first used.
        extra: those of a user, which stand before the shipped ones of the same canonical URL, and are all compiled now.
        by_hand: as for `CompiledProfiles`: tests set FHIRPath itself against the invariants written by hand.

    Raises:
        UnusableDefinition: one of the user's cannot be used, or a shipped one no longer fits them.
    """

    def __init__(
        self, shipped: Iterable[Definition], extra: Iterable[Definition] = (), *, by_hand: bool = True
    ) -> None:
        self._by_url: dict[tuple[str, str], Definition] = {}
        own = list(extra)
        for definition in (*shipped, *own):
            self._by_url[str(definition.resource["resourceType"]), definition.url] = definition
        self._compiled_profiles = CompiledProfiles(
            lambda url: self._find("StructureDefinition", url), ValueSets(self._find), by_hand=by_hand
        )
        self._served: dict[str, Resource] = {}
        self._bases_of: dict[str, tuple[str, ...]] = {}
        self._chosen: dict[tuple[str, ...], list[str]] = {}
        self._require_usable(own)

    @classmethod
    def load(cls, extra: Sequence[Path] = ()) -> Self:
        """Load the shipped definitions, and those of the places given."""
        return cls(shipped_definitions(SHIPPED), [found for place in extra for found in definitions_at(place)])

    def _find(self, resource_type: str, url: str) -> Definition | None:
        return self._by_url.get((resource_type, url))

    def _require_usable(self, own: list[Definition]) -> None:
        for definition in own:
            if definition.resource["resourceType"] == "StructureDefinition":
                try:
                    self._compiled_profiles.of(definition.url)
                except UnusableDefinition as error:
                    raise UnusableDefinition(error.file or definition.file, error.element, error.why) from error
                except (KeyError, TypeError, ValueError) as error:
                    why = f"is no StructureDefinition that can be used: {error!r}"
                    raise UnusableDefinition(definition.file, definition.url, why) from error
        if self._find("StructureDefinition", REGISTRY_APPOINTMENT):
            self._compiled_profiles.of(REGISTRY_APPOINTMENT)

    def judge(
        self,
        resource: Resource,
        profiles: Sequence[str] = (),
        *,
        line: Callable[[str], int | None] = _no_line,
    ) -> list[Finding]:
        """Judge a resource and give all findings, in document order.

        An Appointment is judged by Registry-Appointment-1, any other resource by the definition of its type; and each
        by the profiles asked for, and by every loaded profile that it claims. That one is not loaded is information.

        Args:
            resource: in FHIR's JSON shape, as it was read.
            profiles: canonical URLs.
            line: gives the line of an XPath in the body that was read, if it has lines.
        """
        context = ValidationContext(resource, resource)
        for url in self._judged_by(resource, profiles, context):
            self._compiled_profiles.judge(resource, url, context)
        return context.in_document_order(line) if context.found else []

    def _judged_by(self, resource: Resource, asked: Sequence[str], context: ValidationContext) -> list[str]:
        kind = str(resource["resourceType"])
        chosen = [REGISTRY_APPOINTMENT] if kind == "Appointment" else [BASE + kind]
        claimed = resource.get("meta", {}).get("profile", ())
        key = (kind, *asked, *claimed)
        if key in self._chosen:
            return self._chosen[key]
        for n, url in enumerate((*asked, *(url for url in claimed if url is not None))):
            if url in chosen:
                continue
            definition = self._find("StructureDefinition", url.partition("|")[0])
            if definition is None:
                self._note_unknown(url, kind, n - len(asked), context)
            elif definition.resource.get("type") != kind:
                self._note_other_type(definition, kind, context)
            else:
                chosen.append(definition.url)
        # A profile that another one is built on has nothing to add: the snapshot has all that its bases say.
        covered = {base for url in chosen for base in self._bases(url)} if len(chosen) > 1 else set()
        judged_by = [url for url in dict.fromkeys(chosen) if url not in covered]
        if not context.found and len(key) <= _LONGEST_REMEMBERED and len(self._chosen) < _REMEMBERED_AT_MOST:
            self._chosen[key] = judged_by
        return judged_by

    def _bases(self, url: str) -> tuple[str, ...]:
        if url not in self._bases_of:
            definition = self._find("StructureDefinition", url)
            base = definition.resource.get("baseDefinition") if definition else None
            self._bases_of[url] = (base, *self._bases(base)) if base else ()
        return self._bases_of[url]

    @staticmethod
    def _place(kind: str, index: int) -> Place:
        root = (None, Step(kind, f"f:{kind}", 0), None)
        if index < 0:
            return root
        return ((root, Step("meta", "f:meta", 1), None), Step("profile", "f:profile", 0), index)

    def _note_unknown(self, url: str, kind: str, claim: int, context: ValidationContext) -> None:
        said = "claims" if claim >= 0 else "is to be judged by"
        message = f"{kind} {said} the profile {url}, which is not loaded: not judged by it"
        context.add("informational", self._place(kind, claim), message, url, severity="information")

    def _note_other_type(self, definition: Definition, kind: str, context: ValidationContext) -> None:
        of = definition.resource.get("type")
        message = f"{kind} cannot conform to the profile {definition.url}, which constrains {of}"
        context.add("structure", self._place(kind, -1), message, definition.url)

    def definition(self, resource_type: str, logical_id: str) -> Resource | None:
        """Give a StructureDefinition (with its snapshot), ValueSet or CodeSystem by its logical id."""
        for (kind, url), definition in self._by_url.items():
            if kind == resource_type and logical_id_of(definition) == logical_id:
                return self._full(kind, url, definition)
        return None

    def search(self, resource_type: str, url: str | None) -> list[Resource]:
        """List the definitions of a type, of one canonical URL if it is given."""
        return [
            self._full(kind, own, definition)
            for (kind, own), definition in self._by_url.items()
            if kind == resource_type and url in {None, own}
        ]

    def _full(self, kind: str, url: str, definition: Definition) -> Resource:
        key = f"{kind} {url}"
        if key not in self._served:
            resource = {**definition.resource, "id": logical_id_of(definition)}
            if kind == "StructureDefinition":
                resource["snapshot"] = {"element": flattened(self._compiled_profiles.snapshots.of(url))}
            self._served[key] = resource
        return self._served[key]

    def listing(self) -> list[tuple[str, str]]:
        """List URL and version of every profile that is not the standard's own, for the banner."""
        return [
            (url, str(definition.resource.get("version", "")))
            for (kind, url), definition in self._by_url.items()
            if kind == "StructureDefinition" and not url.startswith(BASE)
        ]


def logical_id_of(definition: Definition) -> str:
    """Give the id that a definition is served under: its own, else the end of its URL."""
    return str(definition.resource.get("id") or definition.url.rsplit("/", 1)[-1])


SHIPPED = ("base", "valuesets", "careconnect", "registry", "spine")
"""The folders of profiles/ that are loaded."""
