"""The seed loader: reads and validates seeds as if a client had sent them, and stores them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from registry_sandbox.fhir.datatypes import datetime_of
from registry_sandbox.fhir.resource import Format, Resource
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.reading.codec import Reading
from registry_sandbox.registry import stories
from registry_sandbox.registry.seeds import BadSeed, Seed, seeds_in
from registry_sandbox.registry.service import RegistryService, recorded
from registry_sandbox.registry.store import Registry, pointers_of
from registry_sandbox.registry.version import History, Version

_LOGICAL_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_REMEMBERED_AT_MOST = 1_000
_TOLD_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class _Draft:
    """An appointment that was read and validated; it has no id if the seed names none."""

    place: str
    logical_id: str | None
    versions: list[tuple[datetime, Resource]]


class OvertakenByReset(Exception):
    """The registry is not the one any more that the seeds were meant for; nothing was stored."""


Progress = Callable[[int], None]
"""Is called with the number of seeds that have been validated."""


def no_progress(validated: int) -> None:
    """Report no progress."""


def unchanged(logical_id: str, resource: Resource) -> Resource:
    """Return the resource as it is."""
    del logical_id
    return resource


@dataclass(frozen=True, slots=True)
class SeedLoader:
    """Loads seeds. A story that was validated once is not validated again at the next reset.

    `seed_ids` returns a function that draws ids for the seeds of the start: the same ones at each start and reset.
    `change` changes each version of a story; documents are stored as they are written. `known` are the stories that
    were validated; workspaces share them.

    Only what has to be one step happens on the event loop: the ids are drawn, and everything is stored. Reading,
    validating and encoding happen in the threads of the service.
    """

    service: RegistryService
    seed_ids: Callable[[], Callable[[], str]]
    change: Callable[[str, Resource], Resource] = unchanged
    known: dict[bytes, Resource] = field(default_factory=dict)

    def load(self, seeds: Iterable[Seed], progress: Progress = no_progress) -> bool:
        """Store all seeds, or none, on the spot: for the start, while nobody waits for the event loop.

        Return True if every seed names its id, so that nothing stored depends on what is drawn.

        `progress` is called after every thousand.

        Raises:
            BadSeed: one cannot be read, does not conform, or has an id that is taken.
        """
        drafts: list[_Draft] = []
        for draft in self._drafts(seeds, self.service.now()):
            drafts.append(draft)
            if len(drafts) % _TOLD_EVERY == 0:
                progress(len(drafts))
        self._require_free_ids(drafts, self.service.registry)
        for each in self._histories(drafts, _ids(drafts, self.seed_ids())):
            self.service.registry.add(each)
        return _are_named(drafts)

    async def load_body(self, place: str, body: bytes) -> list[Version]:
        """Store the seeds in a body, all or none, and return the current version of each appointment.

        Raises:
            BadSeed: one cannot be read, does not conform, or has an id that is taken.
            OvertakenByReset: a reset began and ended in the meantime.
            WorkersBusy: too many others wait for a thread (503).
        """
        registry, workers, now = self.service.registry, self.service.workers, self.service.now()
        generation = registry.generation
        seeds = await workers.run(seeds_in, place, body)
        drafts = await workers.collect(self._drafts(seeds, now))
        _require_no_reset(registry, generation)
        histories = await workers.collect(self._histories(drafts, [*_ids(drafts, self.service.new_id)]))
        _require_no_reset(registry, generation)
        self._require_free_ids(drafts, registry)
        for each in histories:
            registry.add(each)
        return [each.versions[-1] for each in histories]

    async def filled(self, seeds: Iterable[Seed], now: datetime) -> tuple[Registry, bool]:
        """Return a registry that holds these seeds alone, with instants relative to `now`, and what `load` returns.

        Raises:
            BadSeed: one cannot be used.
            WorkersBusy: too many others wait for a thread (503).
        """
        registry, workers = self.service.registry.empty(), self.service.workers
        drafts = await workers.collect(self._drafts(seeds, now))
        self._require_free_ids(drafts, registry)
        await workers.collect(map(registry.add, self._histories(drafts, _ids(drafts, self.seed_ids()))))
        return registry, _are_named(drafts)

    def _drafts(self, seeds: Iterable[Seed], now: datetime) -> Iterator[_Draft]:
        for seed in seeds:
            if seed.story is not None:
                yield self._draft_of_story(seed, seed.story, now)
            else:
                yield from self._drafts_in(seed)

    def _drafts_in(self, seed: Seed) -> Iterator[_Draft]:
        reading = self._read(seed.place, seed.document, seed.format, ("Appointment", "Bundle"))
        for resource in _appointments(seed.place, reading.resource):
            alone = reading if resource is reading.resource else Reading(resource)
            checked = self._validated(seed.place, alone)
            at = _stamp(seed.place, checked.get("meta", {}).get("lastUpdated") or checked["created"])
            yield _Draft(seed.place, checked.get("id"), [(at, recorded(checked))])

    def _draft_of_story(self, seed: Seed, story: Mapping[str, Any], now: datetime) -> _Draft:
        logical_id = story.get("id") or None
        if logical_id is not None and not (isinstance(logical_id, str) and _LOGICAL_ID.fullmatch(logical_id)):
            place = seed.place_of("id")
            raise BadSeed(f"{place}: 'id' is {logical_id!r}; expected 1 to 64 letters, digits, hyphens and dots")
        instants = stories.instants(seed, story, now)
        steps = [{"at": stories.created(story), "status": story.get("status", "booked")}, *story.get("later", [])]
        # A story of very many versions mostly repeats itself.
        versions: dict[Any, Resource] = {}
        stamps: dict[Any, datetime] = {}
        for number, step in enumerate(steps):
            status, at = step["status"], step["at"]
            if status not in versions:
                body = json.dumps(stories.appointment(story, instants, status)).encode()
                versions[status] = recorded(self._conforming(seed, number, body))
            if at not in stamps:
                place = seed.place_of(f"later[{number - 1}].at" if number else "created")
                stamps[at] = _stamp(place, stories.instant(place, "at", at, now))
        return _Draft(seed.place_of(""), logical_id, [(stamps[each["at"]], versions[each["status"]]) for each in steps])

    def _histories(self, drafts: Iterable[_Draft], ids: Iterable[str]) -> Iterator[History]:
        """Encode all versions of each draft; the ids come in the order of the drafts."""
        encoded = self.service.registry.encoded
        for draft, logical_id in zip(drafts, ids, strict=True):
            versions = [
                encoded(self.change(logical_id, resource), logical_id, number, at).version
                for number, (at, resource) in enumerate(draft.versions, start=1)
            ]
            yield History(versions, pointers_of(draft.versions[0][1]))

    @staticmethod
    def _require_free_ids(drafts: Iterable[_Draft], registry: Registry) -> None:
        taken = set()
        for each in drafts:
            if each.logical_id is None:
                continue
            if each.logical_id in registry or each.logical_id in taken:
                raise BadSeed(f"{each.place}: the id '{each.logical_id}' is taken by another appointment")
            taken.add(each.logical_id)

    def _conforming(self, seed: Seed, number: int, body: bytes) -> Resource:
        known = self.known.get(body)
        if known is None:
            try:
                reading = self.service.codec.read(body, "json", ("Appointment",))
                self.service.require_conformance(reading)
            except SandboxError as error:
                raise _bad_story(seed, number, error) from error
            known = reading.resource
            if len(self.known) < _REMEMBERED_AT_MOST:
                self.known[body] = known
        return known

    def _read(self, place: str, body: bytes, body_format: Format, expected: tuple[str, ...]) -> Reading:
        try:
            return self.service.codec.read(body, body_format, expected)
        except SandboxError as error:
            raise _bad(place, error) from error

    def _validated(self, place: str, reading: Reading) -> Resource:
        try:
            self.service.require_conformance(reading)
        except SandboxError as error:
            raise _bad(place, error) from error
        return reading.resource


def _ids(drafts: Iterable[_Draft], new_id: Callable[[], str]) -> Iterator[str]:
    return (each.logical_id or new_id() for each in drafts)


def _are_named(drafts: Iterable[_Draft]) -> bool:
    return all(each.logical_id is not None for each in drafts)


def _require_no_reset(registry: Registry, generation: int) -> None:
    if registry.generation != generation:
        raise OvertakenByReset("The sandbox was reset while the seeds were read; nothing of them was stored.")


_ELEMENT = re.compile(r"/f:Appointment/f:(\w+)")
_TOLD_AS = {"participant": "patient", "identifier": "pointer"}
"""The keys of a story by the elements that they become, where the two have different names."""


def _appointments(place: str, resource: Resource) -> list[Resource]:
    if resource["resourceType"] == "Appointment":
        return [resource]
    inside = [entry.get("resource", {}) for entry in resource.get("entry", [])]
    for at, each in enumerate(inside):
        if each.get("resourceType") != "Appointment":
            raise BadSeed(f"{place}: entry {at + 1} of the Bundle is no Appointment")
    return inside


def _stamp(place: str, written: str) -> datetime:
    try:
        stamp = datetime_of(written)
        return stamp.replace(microsecond=stamp.microsecond // 1000 * 1000)
    except ValueError as error:
        raise BadSeed(f"{place}: {written[:40]!r} is no instant that a version can be stored at") from error


def _bad_story(seed: Seed, number: int, error: SandboxError) -> BadSeed:
    """Return what is wrong with a version of a story, by the lines of the story: its own text is not the user's."""
    lines = []
    for each in error.findings:
        element = _ELEMENT.match(each.location)
        key = _TOLD_AS.get(element[1], element[1]) if element else ""
        place = seed.place_of(f"later[{number - 1}].{key}" if number and key == "status" else key)
        lines.append(f"{place}: {each.message}")
    return BadSeed("\n".join(lines))


def _bad(place: str, error: SandboxError) -> BadSeed:
    lines = [f"{place}{f':{each.line}' if each.line else ''}: {each.message}" for each in error.findings]
    return BadSeed("\n".join(lines))
