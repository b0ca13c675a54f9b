"""The profiles that are loaded, by canonical URL, and the validation of a resource by them.

Source: https://hl7.org/fhir/STU3/profiling.html
"""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple, Self

from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.validation.compiled_profiles import CompiledProfiles
from registry_sandbox.validation.conformance import Definition, UnusableDefinition, definitions_at, shipped_definitions
from registry_sandbox.validation.context import BASE, Place, PositionOf, Step, ValidationContext, nowhere, root_place
from registry_sandbox.validation.snapshot import flattened
from registry_sandbox.validation.validators import Validator
from registry_sandbox.validation.valuesets import ValueSets

__all__ = ["CARECONNECT_APPOINTMENT", "REGISTRY_APPOINTMENT", "Profiles", "UnusableDefinition"]

REGISTRY_APPOINTMENT = "https://fhir.nhs.uk/STU3/StructureDefinition/Registry-Appointment-1"
"""The profile that every Appointment sent to the registry must conform to."""

CARECONNECT_APPOINTMENT = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"
"""The profile that the registry's pages name, and that Registry-Appointment-1 constrains."""

SHIPPED = ("base", "valuesets", "codes", "careconnect", "registry", "spine")
"""The folders of profiles/ that are loaded."""


class _Main(NamedTuple):
    """The profile that every resource of a type is validated by; `covers` has its own URL and those of its bases."""

    validate: Validator
    place: Place
    covers: frozenset[str]


class Profiles:
    """The definitions that are loaded. Made once, at the start, by `load`; validates any number of resources.

    Args:
        shipped: definitions that are known to be usable; each is compiled when it is first used.
        extra: those of a user, which replace the shipped ones of the same canonical URL. All are compiled now.
        by_hand: see `CompiledProfiles`; tests compare FHIRPath with the invariants written by hand.

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
        self._compiled_profiles = CompiledProfiles(self._structure_definition, ValueSets(self._find), by_hand=by_hand)
        self._compiled_profiles.profiles_of = self._profiles_of
        self._served: dict[str, Resource] = {}
        self._main_of: dict[str, _Main] = {}
        self._require_usable(own)

    @classmethod
    def load(cls, extra: Sequence[Path] = ()) -> Self:
        """Load the shipped definitions, and those of the places given."""
        return cls(shipped_definitions(SHIPPED), [found for place in extra for found in definitions_at(place)])

    @cached_property
    def _with_hints(self) -> CompiledProfiles:
        """The same, compiled with hints: made when somebody first asks for them."""
        strict = self._compiled_profiles
        made = CompiledProfiles(strict.find, strict.valuesets, strict.snapshots, by_hand=strict.by_hand, hints=True)
        made.profiles_of = self._profiles_of
        return made

    def _structure_definition(self, url: str) -> Definition | None:
        return self._find("StructureDefinition", url)

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

    def validate(
        self,
        resource: Resource,
        profiles: Sequence[str] = (),
        *,
        position: PositionOf = nowhere,
        hints: bool = False,
    ) -> list[Finding]:
        """Validate a resource and return all findings, in document order.

        An Appointment is validated by Registry-Appointment-1, any other resource by the definition of its type; and
        each by the profiles asked for, and by every loaded profile that it claims. So are the resources in a Bundle
        or in Parameters. A profile that is not loaded is reported as information.

        Args:
            resource: in FHIR's JSON shape, as it was read.
            profiles: canonical URLs.
            position: returns where in the body an XPath leads.
            hints: add the warnings that are never a reason to refuse.
        """
        context = ValidationContext(resource, resource)
        main = self._main_of.get(resource["resourceType"]) or self._main(str(resource["resourceType"]))
        claimed = resource["meta"].get("profile", ()) if "meta" in resource else ()
        # Nearly all claim nothing, or the profile that the registry's own one is built on, which has nothing to add.
        if hints or ((claimed or profiles) and not main.covers.issuperset((*profiles, *claimed))):
            compiled = self._with_hints if hints else self._compiled_profiles
            self._validate_by_all(resource, profiles, context, compiled)
        else:
            main.validate(resource, main.place, context)
        return context.in_document_order(position) if context.found else []

    def _main(self, kind: str) -> _Main:
        url = REGISTRY_APPOINTMENT if kind == "Appointment" else BASE + kind
        self._main_of[kind] = _Main(
            self._compiled_profiles.of(url), root_place(kind), frozenset((url, *self._bases(url)))
        )
        return self._main_of[kind]

    def _validate_by_all(
        self, resource: Resource, asked: Sequence[str], context: ValidationContext, compiled: CompiledProfiles
    ) -> None:
        at = root_place(str(resource["resourceType"]))
        for url in self._chosen(resource, asked, at, context):
            compiled.of(url)(resource, at, context)

    def _profiles_of(self, resource: Resource, at: Place, context: ValidationContext) -> list[str]:
        return self._chosen(resource, (), at, context)

    def _chosen(self, resource: Resource, asked: Sequence[str], at: Place, context: ValidationContext) -> list[str]:
        kind = str(resource["resourceType"])
        chosen = [REGISTRY_APPOINTMENT] if kind == "Appointment" else [BASE + kind]
        claimed = resource.get("meta", {}).get("profile", ())
        for n, url in enumerate((*asked, *(url for url in claimed if url is not None))):
            if url in chosen:
                continue
            definition = self._find("StructureDefinition", url.partition("|")[0])
            if definition is None:
                _note_unknown(url, kind, _claim(at, n - len(asked)), context, claims=n >= len(asked))
            elif definition.resource.get("type") != kind:
                _note_other_type(definition, kind, at, context)
            else:
                chosen.append(definition.url)
        # A profile that another one is built on has nothing to add: the snapshot has all that its bases say.
        covered = {base for url in chosen for base in self._bases(url)}
        return [url for url in dict.fromkeys(chosen) if url not in covered]

    def _bases(self, url: str) -> list[str]:
        """Return the definitions that one is built on, the nearest first."""
        bases: list[str] = []
        definition = self._find("StructureDefinition", url)
        while definition and (base := definition.resource.get("baseDefinition")) and base not in bases:
            bases.append(base)
            definition = self._find("StructureDefinition", base)
        return bases

    def definition(self, resource_type: str, logical_id: str) -> Resource | None:
        """Return a StructureDefinition (with its snapshot), ValueSet or CodeSystem by its logical id, or None."""
        for (kind, url), definition in self._by_url.items():
            if kind == resource_type and logical_id_of(definition) == logical_id:
                return self._full(kind, url, definition)
        return None

    def search(self, resource_type: str, url: str | None) -> list[Resource]:
        """Return the definitions of a type; only that of one canonical URL if it is given."""
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
        """Return URL and version of every profile that is not the standard's own, for the startup message."""
        return [
            (url, str(definition.resource.get("version", "")))
            for (kind, url), definition in self._by_url.items()
            if kind == "StructureDefinition" and not url.startswith(BASE)
        ]


@cache
def shared_profiles() -> Profiles:
    """Return the shipped profiles, which all that runs in this process may share: they take 20 ms to load."""
    return Profiles.load()


def _note_unknown(url: str, kind: str, at: Place, context: ValidationContext, *, claims: bool) -> None:
    said = "claims" if claims else "is to be validated by"
    message = f"{kind} {said} the profile {url}, which is not loaded: not validated by it"
    context.add("informational", at, message, url, severity="information")


def _note_other_type(definition: Definition, kind: str, at: Place, context: ValidationContext) -> None:
    of = definition.resource.get("type")
    message = f"{kind} cannot conform to the profile {definition.url}, which constrains {of}"
    context.add("structure", at, message, definition.url)


def _claim(at: Place, index: int) -> Place:
    """Return the place of a claim in meta.profile of the resource there; below 0, that of the resource itself."""
    return at if index < 0 else ((at, Step("meta", "f:meta", 1), None), Step("profile", "f:profile", 0), index)


def logical_id_of(definition: Definition) -> str:
    """Return the id that a definition is served under: its own, else the end of its URL."""
    return str(definition.resource.get("id") or definition.url.rsplit("/", 1)[-1])
