"""The service of a replica: it judges what clients send as one sandbox alone does, and stores it by the log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from registry_sandbox.fhir.resource import Resource
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.registry.service import Accepted, RegistryService
from registry_sandbox.registry.version import Stored, Version
from registry_sandbox.runtime.clock import Clock


class Writes(Protocol):
    """What a replica's service hands its writes to."""

    async def register(self, resource: Resource, ahead_s: float) -> Stored:
        """Store a new appointment; `ahead_s` is how far its clock is ahead of the sandbox's.

        Raises:
            SandboxError: it was not stored, or nobody knows.
        """
        ...

    async def replace(self, current: Version, resource: Resource, ahead_s: float) -> Stored:
        """Store the next version of an appointment.

        Raises:
            VersionConflict: `current` is no longer the current version.
            SandboxError: it was not stored, or nobody knows.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReplicaService(RegistryService):
    """The service of one workspace in one replica. `writes` is the log, `own_clock` the clock of the workspace."""

    writes: Writes = field(kw_only=True)
    own_clock: Clock = field(kw_only=True)

    def accept(
        self, request: Request, answer: Callable[[Stored], Response], current: Version | None = None
    ) -> Response | Awaitable[Response]:
        """Accept the resource in the body, store it by the log, and answer with it; as `RegistryService.accept`."""
        return self._accept_later(request, answer, current)

    async def _accept_later(
        self, request: Request, answer: Callable[[Stored], Response], current: Version | None
    ) -> Response:
        found = self.judged(request, current)
        accepted = found if isinstance(found, Accepted) else await found
        self.require_accepted(request, accepted, current)
        if current is None:
            stored = await self.writes.register(accepted.resource, self._ahead_s)
        else:
            stored = await self.writes.replace(current, accepted.resource, self._ahead_s)
        return answer(stored)

    async def write_again(self, current: Version) -> None:
        """Store the next version of an appointment, with the same content."""
        await self.writes.replace(current, current.resource(), self._ahead_s)

    @property
    def _ahead_s(self) -> float:
        """How far a fault has put its clock ahead of the workspace's."""
        return 0.0 if self.clock is self.own_clock else round(self.clock.timestamp() - self.own_clock.timestamp(), 3)
