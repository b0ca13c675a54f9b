"""The stories of seeds: what they say as FHIR, and what their relative instants (`+3d 09:30`) mean."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from registry_sandbox.fhir.datatypes import write_instant
from registry_sandbox.fhir.nhs_number import NHS_NUMBER_SYSTEM
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.registry.seeds import BadSeed, Seed
from registry_sandbox.validation.profiles import CARECONNECT_APPOINTMENT

_RELATIVE = re.compile(r"([+-]\d{1,6})([dhm])(?: (\d\d):(\d\d))?", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_CREATED = "-1d 12:00"
_TIMES = ("start", "end", "created")

Story = Mapping[str, Any]


def appointment(story: Story, instants: Mapping[str, str], status: Any) -> Resource:
    """Return a version of the appointment that a story tells of, with the instants as they are written."""
    patient = {"use": "official", "system": NHS_NUMBER_SYSTEM, "value": story["patient"]}
    display = {"display": story["name"]} if "name" in story else {}
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [CARECONNECT_APPOINTMENT]},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": story["pointer"]}],
        "status": status,
        **instants,
        "participant": [{"actor": {"identifier": patient, **display}, "status": "accepted"}],
    }


def created(story: Story) -> Any:
    """Return when a story begins, as it is written."""
    return story.get("created", _CREATED)


def instants(seed: Seed, story: Story, now: datetime) -> dict[str, str]:
    """Return the instants of a story's appointment, by their names in FHIR.

    Raises:
        BadSeed: one is out of range.
    """
    told = {**story, "created": created(story)}
    return {key: instant(seed.place_of(key), key, sent, now) for key, sent in told.items() if key in _TIMES}


def instant(place: str, key: str, sent: Any, now: datetime) -> str:
    """Return an instant as it is written; a relative one is computed from the clock, to the minute.

    Raises:
        BadSeed: it is out of range.
    """
    match = _RELATIVE.fullmatch(str(sent))
    if match is None:
        return str(sent)
    amount, unit, hour, minute = match.groups()
    try:
        moment = now + timedelta(**{_UNITS[unit]: int(amount)})
        if hour is not None:
            moment = moment.replace(hour=int(hour), minute=int(minute))
    except (ValueError, OverflowError) as error:
        raise BadSeed(f"{place}: '{key}' is {sent!r}; expected such as +3d 09:30") from error
    return write_instant(moment.replace(second=0, microsecond=0))


Relative = Mapping[str, tuple[str, str]]
"""Relative instants such as `+3d 09:30`, each with the place and the key where it stands first."""


def relative_instants(seeds: Iterable[Seed]) -> Relative:
    """Return the relative instants of seeds."""
    found: dict[str, tuple[str, str]] = {}
    for seed in seeds:
        for where, key, sent in _told(seed.story or {"created": ""}):
            if _RELATIVE.fullmatch(str(sent)):
                found.setdefault(str(sent), (seed.place_of(where), key))
    return found


def resolved(relative: Relative, now: datetime) -> tuple[str, ...]:
    """Return what relative instants mean at a moment.

    Raises:
        BadSeed: one is out of range.
    """
    return tuple(instant(place, key, text, now) for text, (place, key) in relative.items())


def _told(story: Story) -> Iterator[tuple[str, str, Any]]:
    """Yield where each instant of a story stands, the name of its key, and what it is."""
    yield "created", "created", created(story)
    yield from ((key, key, story[key]) for key in ("start", "end") if key in story)
    yield from ((f"later[{at}].at", "at", step["at"]) for at, step in enumerate(story.get("later", ())))
