"""A corpus of documents in both formats, some valid and most damaged, the same for the same seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.oracle.damages_of_content import CONTENT
from tests.oracle.damages_of_structure import STRUCTURE
from tests.oracle.shapes import BASE, REGISTRY, minimal
from tests.oracle.text_damages import JSON_DAMAGES, XML_DAMAGES, DamageText
from tests.oracle.writing import as_json, as_xml

Format = Literal["json", "xml"]
Profile = Literal["registry", "base"]
"""What a document is validated by: Registry-Appointment-1, or the CareConnect-Appointment-1 beneath it."""

_DAMAGES = STRUCTURE | CONTENT
_DAMAGES_OF_A_DOCUMENT = [0, 1, 1, 1, 1, 1, 2]
_OF_ITS_FORMAT = 0.2


@dataclass(frozen=True, slots=True)
class Document:
    """A document, and how it was made: its shape, and its damages in the order in which they were done."""

    text: str
    format: Format
    profile: Profile
    shape: str
    damages: tuple[str, ...]


def corpus(seed: int, count: int) -> Iterator[Document]:
    """Yield documents; shapes and formats in turn, so that each is met equally often."""
    chance = random.Random(seed)
    shapes = [*REGISTRY, *BASE]
    for n in range(count):
        yield _document(chance, shapes[n % len(shapes)], "xml" if n // len(shapes) % 2 else "json")


def _document(chance: random.Random, shape: str, wanted: Format) -> Document:
    resource = minimal(chance)
    (REGISTRY.get(shape) or BASE[shape])(chance, resource)
    done: list[str] = []
    for _ in range(chance.choice(_DAMAGES_OF_A_DOCUMENT)):
        if chance.random() >= _OF_ITS_FORMAT:
            done.append(_damage(chance, resource))
        else:
            done.append("")
    text = as_json(chance, resource) if wanted == "json" else as_xml(chance, resource)
    of_format: dict[str, DamageText] = JSON_DAMAGES if wanted == "json" else XML_DAMAGES
    if "" in done:
        name = chance.choice(list(of_format))
        text = of_format[name](chance, text)
        done = [each for each in done if each] + [name]
    return Document(text, wanted, "registry" if shape in REGISTRY else "base", shape, tuple(done))


def _damage(chance: random.Random, resource: dict[str, object]) -> str:
    """Damage a resource in one way that finds something to damage, and return its name."""
    while True:
        name = chance.choice(list(_DAMAGES))
        try:
            _DAMAGES[name](chance, resource)
        except (IndexError, KeyError, TypeError, AttributeError):  # nothing of the kind is left to damage
            continue
        return name
