"""Who begins with what was written knows all that the whole log would have told, whatever has happened."""

import asyncio
import random
from typing import Any

import pytest

from tests.unit.replication.drawn import History, Joined, KeepingStore, joined
from tests.unit.replication.portrait import portrait

pytestmark = pytest.mark.usefixtures("unhurried")


async def _tried(seed: int, before: int = 60, after: int = 25) -> None:
    store = KeepingStore()
    replicas = [await joined(lambda: store) for _ in range(2)]
    first = store.begun
    history = History(random.Random(seed), store, list(replicas))  # noqa: S311 - a test
    try:
        await history.go_on(before)
        replicas[seed % 2].shorten_soon()
        while not store.begun.saved:  # what happens while the state is written is not in it
            await history.go_on(1)
        late = await joined(lambda: store)
        replicas.append(late)
        await _require_alike(replicas, store, first, history)
        history.replicas.append(late)
        await history.go_on(after)
        await _require_alike(replicas, store, first, history)
    finally:
        await history.end()
        for each in replicas:
            await each.stop()


async def _require_alike(replicas: list[Joined], store: KeepingStore, first: Any, history: History) -> None:
    """Compare all replicas with each other, and with one that applies the whole log now."""
    onlooker = await joined(lambda: store.as_at_first(first))
    known = [await portrait(each.sandbox) for each in (*replicas, onlooker)]
    await onlooker.stop()
    for each in known[1:]:
        found = difference(known[0], each)
        assert found is None, "\n".join([*history.done, f"{known.index(each)}: {found}"])


def difference(one: Any, other: Any, place: str = "") -> str | None:
    """Return where two portraits differ first; None if they do not."""
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        parts = ((name, one[name], other[name]) for name in one)
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        parts = ((str(at), mine, theirs) for at, (mine, theirs) in enumerate(zip(one, other, strict=True)))
    else:
        return f"{place}: {str(one)[:400]}\n   is not {str(other)[:400]}"
    return next((found for name, a, b in parts if (found := difference(a, b, f"{place}/{name}"))), None)


@pytest.mark.parametrize("seed", range(8))
def test_who_begins_with_what_was_written_is_like_who_applied_the_whole_log(seed: int) -> None:
    """And stays so, whatever happens next."""
    asyncio.run(asyncio.wait_for(_tried(seed), 120))
