"""The Location, ids and fullUrls that were given are used as given: none is invented, rebuilt or respelt.

What the registry holds counts as told: ids of seeds, of the control API and of an exam's task. An id that nobody has is
a finding where it is one that was given, in another spelling, or where the client writes to it.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import unquote

from registry_sandbox.verdict.conversation import Conversation
from registry_sandbox.verdict.rule import Observation, broken, kept, rule, unclear
from registry_sandbox.verdict.seen import Seen


@rule(
    "the Location, ids and fullUrls that were given are used as given",
    "must",
    ("3-urls", "4-location", "3-no-trailing-slash", "5-versions"),
    to_exercise="let the client read or cancel an appointment that it has registered or found",
)
def the_location_and_ids_are_used_as_given(client: Conversation) -> Iterator[Observation]:
    """Find requests for URLs that nobody was told."""
    given = _Given(client)
    for seen in client.exchanges:
        if seen.asked and seen.appointment:
            yield from given.of_id(seen)
        elif not seen.interaction and seen.status == HTTPStatus.NOT_FOUND:
            yield from given.of_path(seen)  # after a 405 the path is one of the registry's: only the method is not


class _Given:
    """The ids that clients were given, by their letters and digits alone."""

    def __init__(self, client: Conversation) -> None:
        self._known = {*client.evidence.versions, *client.evidence.told}
        self._client = client
        self._spelt: dict[str, str] = {}

    def of_id(self, seen: Seen) -> Iterator[Observation]:
        """Judge the id that a URL names."""
        if seen.asked in self._known or seen.asked in self._given:
            if any(each.precedes(seen) for _, each in self._client.deliveries.get(seen.asked, ())):
                yield kept(seen)
            return
        meant = self._given.get(_plain(seen.asked)) or next(
            (each for each in self._known if _plain(each) == _plain(seen.asked)), None
        )
        if meant is not None:
            yield broken(
                f"The id '{meant}' was given, and '{seen.asked[:80]}' was asked for; expected it as given.", seen
            )
        elif seen.interaction == "update":
            message = f"Nobody was told the id '{seen.asked[:80]}', and it was put to; expected one that was given."
            yield broken(message, seen, looks_back=True)
        elif seen.status == HTTPStatus.NOT_FOUND:
            yield unclear(
                f"Nobody was told the id '{seen.asked[:80]}'. It is in order if a person gave it to the client.", seen
            )

    def of_path(self, seen: Seen) -> Iterator[Observation]:
        """Judge a path that is none of the registry's: one that has a given id in it was built around it."""
        segments = [each for each in re.split(r"[/?&=]", unquote(seen.url)) if each]
        meant = next((each for each in segments if each in self._given or each in self._known), None)
        if meant is not None:
            message = f"The registry has no such path, and '{meant}' in it is a given id; expected the URL as given."
            yield broken(message, seen)

    @property
    def _given(self) -> dict[str, str]:
        if not self._spelt:
            ids = {*self._client.deliveries} - {""}
            self._spelt = {each: each for each in ids} | {_plain(each): each for each in ids}
        return self._spelt


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
