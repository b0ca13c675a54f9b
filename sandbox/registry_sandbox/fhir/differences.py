"""Where two resources differ: each element by its path, with both values.

No differences are: another spelling of the same instant, white space in a narrative, and what the caller ignores.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from registry_sandbox.fhir.datatypes import same_instant

_ABSENT = object()
_TIMES = frozenset({"start", "end", "created", "valueInstant", "valueDateTime"})
_SHOWN = 120
_SPACE = re.compile(r"\s+")
_BESIDE_TAGS = re.compile(r" ?(<[^>]*>) ?")


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs; `stored` and `sent` are texts for people, "absent" where the element is missing.

    `path` is FHIR's (`Appointment.participant[0].actor.display`), `location` an XPath, the parent's where the element
    is missing from what was sent.
    """

    path: str
    location: str
    stored: str
    sent: str


def differences(stored: dict[str, Any], sent: dict[str, Any], *, ignoring: Collection[str]) -> Iterator[Difference]:
    """Return every element that differs, in the order of the stored resource; `ignoring` names top-level elements."""
    root = stored["resourceType"]
    one, other = ({name: value for name, value in each.items() if name not in ignoring} for each in (stored, sent))
    yield from _of_objects(one, other, root, f"/f:{root}")


def _of_objects(stored: dict[str, Any], sent: dict[str, Any], path: str, location: str) -> Iterator[Difference]:
    for name in stored | sent:
        one, other = stored.get(name, _ABSENT), sent.get(name, _ABSENT)
        if type(one) is str and one == other:  # nearly all elements: compared first, because it is cheap
            continue
        if name in _TIMES and same_instant(one, other):
            continue
        if name == "div" and _same_narrative(one, other):
            continue
        here = f"{location}/{_step(name)}" if other is not _ABSENT else location
        yield from _of_values(one, other, f"{path}.{name}", here)


def _same_narrative(one: Any, other: Any) -> bool:
    # A program that writes a document with indentation indents the narrative too.
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    first, second = (_BESIDE_TAGS.sub(r"\1", _SPACE.sub(" ", each)) for each in (one, other))
    return first == second


def _step(name: str) -> str:
    return "@id" if name == "id" else f"f:{name.lstrip('_')}"


def _of_values(stored: Any, sent: Any, path: str, location: str) -> Iterator[Difference]:
    if isinstance(stored, dict) and isinstance(sent, dict):
        yield from _of_objects(stored, sent, path, location)
    elif isinstance(stored, list) and isinstance(sent, list):
        for at, (one, other) in enumerate(zip_longest(stored, sent, fillvalue=_ABSENT)):
            here = f"{location}[{at + 1}]" if other is not _ABSENT else location.rpartition("/")[0]
            yield from _of_values(one, other, f"{path}[{at}]", here)
    elif stored != sent or isinstance(stored, bool) is not isinstance(sent, bool):
        yield Difference(path, location, _shown(stored), _shown(sent))


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
