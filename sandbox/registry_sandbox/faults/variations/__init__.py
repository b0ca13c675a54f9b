"""What the effect `vary` changes: what the contract and FHIR STU3 leave open, so that no client relies on it.

`Draw` is how all of these choose: a number from 0 up to 1 for a purpose, the same in every run with the same seed.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

Draw = Callable[[str], float]

_T = TypeVar("_T")


def chosen(draw: Draw, purpose: str, options: Sequence[_T]) -> _T:
    """Return one of the options, each as likely as the others."""
    return options[int(draw(purpose) * len(options))]


def shuffled(draw: Draw, purpose: str, items: Sequence[_T]) -> list[_T]:
    """Return the items in another order, if there is one: sorted by draws, and turned round if that changed nothing."""
    order = sorted(range(len(items)), key=lambda at: draw(f"{purpose} {at}"))
    if order == list(range(len(items))):
        order.reverse()
    return [items[at] for at in order]
