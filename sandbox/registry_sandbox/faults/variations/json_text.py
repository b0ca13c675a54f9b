"""Variations of JSON text: the order of members, white space, escapes. The value stays the same.

Source: RFC 8259 sections 2, 4 and 7; FHIR STU3, JSON Representation.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from registry_sandbox.faults.variations import Draw, shuffled
from registry_sandbox.fhir.json import reparse

MEMBER_ORDER: Final = "member-order"
WHITE_SPACE: Final = "white-space"
ESCAPES: Final = "escapes"
NAMES: Final = (MEMBER_ORDER, WHITE_SPACE, ESCAPES)


def varied(body: bytes, wanted: Collection[str], draw: Draw) -> bytes:
    """Return the same JSON value in another text."""
    writer = _Writer(draw, frozenset(wanted))
    return writer.write(reparse(body), 0).encode()


@dataclass(frozen=True, slots=True)
class _Writer:
    draw: Draw
    wanted: frozenset[str]

    def write(self, value: Any, depth: int) -> str:
        """Return the text of a value that stands inside `depth` others."""
        if isinstance(value, dict):
            members = list(value.items())
            if MEMBER_ORDER in self.wanted:
                members = shuffled(self.draw, f"{MEMBER_ORDER} {depth}", members)
            colon = " : " if WHITE_SPACE in self.wanted else ":"
            parts = [f"{self._text(name)}{colon}{self.write(each, depth + 1)}" for name, each in members]
            return self._inside("{", parts, "}", depth)
        if isinstance(value, list):
            return self._inside("[", [self.write(each, depth + 1) for each in value], "]", depth)
        if isinstance(value, str):
            return self._text(value)
        return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)

    def _inside(self, opening: str, parts: list[str], closing: str, depth: int) -> str:
        if WHITE_SPACE not in self.wanted:
            return opening + ",".join(parts) + closing
        indent = "\r\n" + "\t" * depth
        return opening + " ,".join(f"{indent}\t{each}" for each in parts) + indent + closing

    def _text(self, text: str) -> str:
        if ESCAPES not in self.wanted:
            return json.dumps(text, ensure_ascii=False)
        return json.dumps(text).replace("/", "\\/")
