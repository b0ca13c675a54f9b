"""The service: reads what clients send, validates it, applies the rules, and stores it.

It has everything that an interaction works with: the registry, the clock, the codec, the profiles, the rules.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from registry_sandbox.fhir.bundle import Bundle, Resources, Said
from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.fhir.finding import Finding
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import (
    ConflictingId,
    NonConformant,
    RuleBroken,
)
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.reading.codec import Codec, Reading
from registry_sandbox.reading.narratives import SlowToExplain
from registry_sandbox.registry.store import Registry
from registry_sandbox.registry.version import Stored, Version
from registry_sandbox.rules import Case, On, Strictness, findings
from registry_sandbox.runtime.clock import Clock
from registry_sandbox.runtime.workers import Workers
from registry_sandbox.validation.profiles import Profiles

RECORDED = frozenset(
    {
        "resourceType",
        "id",
        "meta",
        "language",
        "text",
        "extension",
        "identifier",
        "status",
        "start",
        "end",
        "created",
        "participant",
    }
)
"""The "limited details": the elements that the registry stores. Other elements are accepted and not stored."""

_LARGE_BYTES = 16_384

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class RegistryService:
    """What the interactions of one workspace share.

    `new_id` returns a new logical id. `versioned_full_url` is True if the fullUrl in a searchset has a version.
    `tokens` is the accepted kind (registry, spine, any, off), for the CapabilityStatement.
    """

    registry: Registry
    clock: Clock
    codec: Codec
    profiles: Profiles
    strictness: Strictness
    workers: Workers
    new_id: Callable[[], str]
    versioned_full_url: bool = False
    tokens: str = "registry"

    def accept(
        self, request: Request, answer: Callable[[Stored], Response], current: Version | None = None
    ) -> Response | Awaitable[Response]:
        """Accept the resource in the body if it can be read, conforms and breaks no rule; then store it and answer.

        Args:
            request: the request; the warnings of the profiles are noted on it.
            answer: makes the answer of what was stored.
            current: the version to replace; None for a new appointment.

        Returns:
            The answer, or an awaitable for it if accepting could block the event loop.

        Raises:
            NotWellFormed, NotReadable, ConflictingId: 400.
            NonConformant, RuleBroken: 422.
            SandboxError: why the body could not be received, such as RequestTimeout (408) or ServiceUnavailable (503).
            WorkersBusy: too many others wait for a thread (503).
        """

        def store(accepted: Accepted) -> Response:
            self.require_accepted(request, accepted, current)
            resource = accepted.resource
            return answer(self.register(resource) if current is None else self.replace(current, resource))

        accepted = self.judged(request, current)
        return store(accepted) if isinstance(accepted, Accepted) else _later(accepted, store)

    def judged(self, request: Request, current: Version | None) -> "Accepted | Awaitable[Accepted]":
        """Return the resource in the body, or an awaitable for it; as `accept`, but for what `require_accepted` does.

        Raises:
            SandboxError, WorkersBusy: as `accept`.
        """
        return self._off_the_loop(request, self._accepted, current)

    def require_accepted(self, request: Request, accepted: "Accepted", current: Version | None) -> None:
        """Note the warnings, and apply the rules that depend on other appointments.

        Raises:
            RuleBroken: 422.
        """
        request.warnings = accepted.warnings
        if current is None:
            # On the loop: in a thread, another could register the same pointer between rule and store.
            self.require_rules("create", accepted.resource)

    def _accepted(self, body: bytes, body_format: Format, current: Version | None, *, explain: bool) -> "Accepted":
        reading = self.codec.read(body, body_format, explain=explain)
        resource = reading.resource
        if current is not None:
            _require_same_id(resource, current.logical_id)
        warnings = self.require_conformance(reading)
        if current is not None:
            self.require_rules("update", resource, current.resource())
        return Accepted(resource, warnings)

    def require_rules(self, on: On, proposed: Resource, current: Resource | None = None) -> None:
        """Refuse a resource that breaks a business rule.

        Raises:
            RuleBroken: with all the findings.
        """
        broken = self.broken_rules(on, proposed, current)
        if broken:
            raise RuleBroken(findings=broken)

    async def read(self, request: Request, expected: Sequence[str] = ("Appointment",)) -> Reading:
        """Return the body, read as one of the expected resources.

        Raises:
            NotWellFormed, NotReadable: with everything that is wrong.
            SandboxError: why the body could not be received.
            WorkersBusy: too many others wait for a thread (503).
        """
        reading = self._off_the_loop(request, self.codec.read, expected)
        return reading if isinstance(reading, Reading) else await reading

    def _off_the_loop(self, request: Request, read: Callable[..., R], *arguments: object) -> R | Awaitable[R]:
        """Call `read` with the body, in a thread if it could block the event loop.

        A large body takes long. So does the explanation of some refusals; then `read` is called again in a thread.
        """
        if request.body_error is not None:  # one whose turn came earlier has been raised by then
            raise request.body_error
        body, body_format = request.body, request.body_format
        if len(body) <= _LARGE_BYTES:
            try:  # `suppress` would be three calls, of every write
                return read(body, body_format, *arguments, explain=False)
            except SlowToExplain:
                pass
        return self.workers.run(read, body, body_format, *arguments, explain=True)

    async def validate(self, request: Request, reading: Reading, profiles: Sequence[str] = ()) -> list[Finding]:
        """Return every finding on the body of a request: errors, warnings, information, and hints about the unusual.

        Raises:
            WorkersBusy: too many others wait for a thread (503).
        """
        if len(request.body) > _LARGE_BYTES:
            return await self.workers.run(self._validate, reading, profiles, hints=True)
        return self._validate(reading, profiles, hints=True)

    def _validate(self, reading: Reading, profiles: Sequence[str] = (), *, hints: bool = False) -> list[Finding]:
        return self.profiles.validate(reading.resource, profiles, position=reading.position, hints=hints)

    def require_conformance(self, reading: Reading) -> list[Finding]:
        """Refuse a resource that does not conform to the profiles; return the warnings on one that does.

        Raises:
            NonConformant: with all the errors found.
        """
        return _warnings_alone(self._validate(reading))

    def broken_rules(self, on: On, proposed: Resource, current: Resource | None = None) -> list[Finding]:
        """Return the findings of all business rules."""
        return findings(on, Case(proposed, current or {}, self.strictness, self.registry.knows_pointer))

    def register(self, resource: Resource) -> Stored:
        """Store a new appointment under a new id."""
        return self.registry.create(recorded(resource), logical_id=self.new_id(), at=self.now())

    def replace(self, current: Version, resource: Resource) -> Stored:
        """Store the next version of an appointment.

        Raises:
            VersionConflict: `current` is no longer the current version.
        """
        return self.registry.update(current.logical_id, recorded(resource), expected=current.number, at=self.now())

    async def write_again(self, current: Version) -> None:
        """Store the next version of an appointment, with the same content.

        Raises:
            VersionConflict: `current` is no longer the current version.
        """
        self.replace(current, current.resource())

    def bundle(
        self,
        kind: Literal["searchset", "history"],
        self_link: str,
        urls: Sequence[str],
        said: Sequence[Said],
        resources: Resources,
    ) -> Bundle:
        """Return a Bundle with these entries, dated now."""
        return Bundle(kind, self.new_id(), write_instant(self.now()), self_link, urls, said, resources)

    def now(self) -> datetime:
        """Return the clock's instant, to the millisecond, as `meta.lastUpdated` has it."""
        return _to_the_millisecond(round(self.clock.timestamp() * 1_000_000) // 1_000)


class Accepted(NamedTuple):
    """A resource that may be stored, and what the profiles warn of in it."""

    resource: Resource
    warnings: list[Finding]


async def _later(accepted: Awaitable[Accepted], store: Callable[[Accepted], Response]) -> Response:
    return store(await accepted)


def _require_same_id(proposed: Resource, logical_id: str) -> None:
    if proposed.get("id") != logical_id:
        found = f"'{proposed['id']}'" if "id" in proposed else "missing"
        where = "/f:Appointment/f:id" if "id" in proposed else "/f:Appointment"
        raise ConflictingId(f"Appointment.id is {found}; the URL names '{logical_id}'.", location=where)


def _warnings_alone(found: Sequence[Finding]) -> list[Finding]:
    if not found:  # as of most
        return []
    errors = [each for each in found if each.severity == "error"]
    if errors:
        raise NonConformant(findings=errors)
    return [each for each in found if each.severity == "warning"]


@lru_cache(maxsize=64)  # under load, exchanges share a millisecond
def _to_the_millisecond(since_epoch_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=since_epoch_ms)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def recorded(resource: Resource) -> Resource:
    """Return the elements of an Appointment that the registry stores: the resource itself, if it has no others."""
    if resource.keys() <= _RECORDED:
        return resource
    return {name: value for name, value in resource.items() if name in _RECORDED}


# And what a primitive has beside its value, under its name with an underscore.
_RECORDED = RECORDED | {f"_{name}" for name in RECORDED}
