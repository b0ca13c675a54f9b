"""Stencils: what the bodies of a client have in common, so that of the next one only what differs is judged.

A program writes the same members in the same order again and again, and only some texts differ: ids, instants, names.
A body that conformed leaves a stencil: everything but its open texts. The next that fits it conforms too if its open
texts are good, each by itself and together; that is asked every time. Any other body goes the whole way.

No verdict is remembered of a body: what may differ is judged anew each time, and all the rest has to be the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sandbox.exchange import Format, Resource, Write
from sandbox.stencils.cutting import MOST_HOLES, Hole, Record, cut, is_simple, paths_of_texts
from sandbox.stencils.stencil import Fitting, Path, Pick, Stencil, picking, split
from sandbox.validation.openings import Opening
from sandbox.validation.profiles import Profiles

MOST_STENCILS = 256
"""At one more, all are forgotten, and learnt anew."""

MOST_OF_AN_OUTLINE = 16
"""Of bodies whose texts that have to be the same are different again and again, no more is learnt than this."""

_MOST_SEEN = 4_096


class _Shape(NamedTuple):
    """Stencils with their holes in the same places: by the texts, as `fixed` picks them, that have to be the same."""

    fixed: Pick
    stencils: dict[tuple[str, ...], Stencil]


_Shapes = dict[tuple[int, ...], _Shape]
_NONE: _Shapes = {}


class Stencils:
    """The stencils of the bodies that conformed to all that an Appointment is judged by.

    Args:
        profiles: what they conformed to.
        record: gives what is kept of a resource.
        write: encodes it.
    """

    def __init__(self, profiles: Profiles, record: Record, write: Write) -> None:
        self._profiles = profiles
        self._record = record
        self._write = write
        self._outlines: dict[tuple[Format, str], _Shapes] = {}
        self._seen: set[int] = set()
        self._known = 0

    def __len__(self) -> int:
        return self._known

    def fitting(self, body: bytes, body_format: Format) -> Fitting | None:
        """Give what a body is, if it fits a stencil and its open texts are good: then it conforms."""
        parts = split(body)
        if parts is None:
            return None
        outline, texts = parts
        for fixed, stencils in self._outlines.get((body_format, outline), _NONE).values():
            stencil = stencils.get(fixed(texts))
            if stencil is not None:
                return stencil.fitting(texts, body_format)
        return None

    def learn(self, body: bytes, body_format: Format, resource: Resource) -> None:
        """Cut the stencil of a body that was read as this resource and conformed, without a finding.

        It is cut when the second of its outline comes: of what comes once nothing is to be gained.
        """
        parts = split(body)
        if parts is None or not self._is_seen_again(parts[0]) or not is_simple(resource):
            return
        outline, texts = parts
        shapes = self._outlines.get((body_format, outline), _NONE)
        if sum(len(each.stencils) for each in shapes.values()) >= MOST_OF_AN_OUTLINE:
            return
        paths = paths_of_texts(body_format, body, resource, outline, texts)
        openings = {at: self._opening(resource, path) for at, path in paths.items()}
        holes = {at: Hole(paths[at], opening) for at, opening in openings.items() if opening is not None}
        if not 0 < len(holes) <= MOST_HOLES:  # without a hole it would be the verdict on one body
            return
        stencil = cut(resource, holes, self._record, self._write)
        fitting = stencil.fitting(texts, body_format)
        if fitting is not None and fitting.resource == resource:
            fixed = tuple(at for at in range(len(texts)) if at not in holes)
            self._keep((body_format, outline), fixed, texts, stencil)

    def _opening(self, resource: Resource, path: Path) -> Opening | None:
        return self._profiles.opening(resource, [each for each in path if isinstance(each, str)])

    def _is_seen_again(self, outline: str) -> bool:
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        known = hash(outline) in self._seen
        self._seen.add(hash(outline))
        return known

    def _keep(
        self, outline: tuple[Format, str], fixed: tuple[int, ...], texts: Sequence[str], stencil: Stencil
    ) -> None:
        if self._known >= MOST_STENCILS:
            self._outlines.clear()
            self._known = 0
        shape = self._outlines.setdefault(outline, {}).setdefault(fixed, _Shape(picking(fixed), {}))
        shape.stencils[shape.fixed(texts)] = stencil
        self._known += 1
