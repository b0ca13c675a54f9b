"""The tally: what journals add up to, whatever they drop or clear."""

from dataclasses import dataclass

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.http.errors import AccessDenied, VersionConflict
from registry_sandbox.http.interaction import Interaction
from registry_sandbox.http.outcomes import injected, refusal
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response, Sent
from registry_sandbox.registry.journal import Journal
from registry_sandbox.registry.tally import BOUNDS_S, COMBINATIONS_AT_MOST, Durations, Tally
from registry_sandbox.runtime.clock import Clock


@dataclass
class Fired:
    """Faults that have fired."""

    effects: tuple[str, ...] = ("delay", "status")
    rule_ids: tuple[str, ...] = ("a",)
    idle_rule_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def finish(self, response: Response) -> None:
        """Change nothing."""


def request(interaction: str = "read", fired: Fired | None = None) -> Request:
    """Make a request."""
    asked = Request("GET", "/STU3/Appointment/1", "", CIMultiDictProxy(CIMultiDict()), b"", "http://localhost/STU3")
    asked.declared = Interaction(
        code=interaction, method="GET", path="Appointment/{id}", answer=lambda _a, _b: Response(200)
    )
    asked.injected = fired
    return asked


def all_counted(journal: Journal, at_once: int = 100) -> Tally:
    """Let everything be counted, and return the tally."""
    while journal.count(at_once):
        pass
    return journal.tally


def test_exchanges_are_counted_by_what_they_were() -> None:
    """By interaction, by the status that was received, and by the effects of faults."""
    unanswered = Response(200)
    unanswered.lost = Sent(ended="lost")
    tally = Tally()
    tally.count([
        (request(), Response(200), 0.001),
        (request(), Response(200), 0.002),
        (request("create"), Response(201), 0.003),
        (request(""), refusal(AccessDenied("No.")), 0.0),
        (request("update"), refusal(VersionConflict("No.")), 0.0),
        (request("read", Fired()), injected(503, "transient", "INTERNAL_SERVER_ERROR", "No.", {}), 2.0),
        (request("read", Fired(())), Response(200), 0.0),
        (request(), unanswered, 0.5),
        (request(), None, 0.5),
    ])  # fmt: skip
    assert tally.exchanges == {
        ("read", "200", ""): 3,
        ("create", "201", ""): 1,
        ("none", "403", ""): 1,
        ("update", "409", ""): 1,
        ("read", "503", "delay+status"): 1,
        ("read", "none", ""): 2,
    }
    assert tally.refusals == {
        ("none", "ACCESS DENIED"): 1,
        ("update", "FHIR_CONSTRAINT_VIOLATION"): 1,
        ("read", "INTERNAL_SERVER_ERROR"): 1,
    }
    assert sum(tally.durations["read"].buckets) == 6
    assert tally.durations["read"].sum_s == pytest.approx(3.003)


def test_many_durations_fall_where_each_alone_would() -> None:
    """A bound belongs to the bucket below it; what is longer than all bounds has a bucket too."""
    lasted = [0.0, *BOUNDS_S, *(bound_s * 1.01 for bound_s in BOUNDS_S), 1_000.0]
    together, alone = Durations(), Durations()
    together.add_all(list(reversed(lasted)))
    for each in lasted:
        alone.add(each)
    assert together.buckets == alone.buckets
    assert together.buckets[0] == 2
    assert together.buckets[-1] == 2
    assert together.sum_s == pytest.approx(alone.sum_s)


def test_the_number_of_combinations_has_a_bound() -> None:
    """Nothing is lost: the rest is counted together, and known combinations go on."""
    tally = Tally()
    for status in range(400, 400 + COMBINATIONS_AT_MOST + 5):
        tally.count([(request(), Response(status), 0.0)])
    tally.count([(request(), Response(400), 0.0)])
    assert len(tally.exchanges) == COMBINATIONS_AT_MOST + 1
    assert tally.exchanges["other", "other", "other"] == 5
    assert tally.exchanges["read", "400", ""] == 2


@pytest.mark.parametrize("size", [0, 1, 7, 1_000])
@pytest.mark.parametrize("at_once", [1, 3, 10_000])
def test_every_exchange_is_counted_once(size: int, at_once: int) -> None:
    """Whether it is asked for before or after the journal drops it, and whether the journal is cleared in between."""
    journal = Journal(Clock(lambda: 0.0), size)
    for number in range(1, 1_301):
        journal.note(request(), Response(200 if number % 2 else 404), 0.0)
        if number % 400 == 0:
            journal.count(at_once)
        if number == 900:
            journal.clear()
    assert all_counted(journal, at_once).exchanges == {("read", "200", ""): 650, ("read", "404", ""): 650}
    assert journal.tally.dropped + journal.dropped == max(0, 900 - size) + max(0, 400 - size)


def test_journals_share_a_tally() -> None:
    """Of several workspaces, say."""
    tally = Tally()
    for interaction in ("read", "create"):
        journal = Journal(Clock(lambda: 0.0), 10, tally=tally)
        journal.note(request(interaction), Response(200), 0.0)
        journal.clear()
    assert tally.exchanges == {("read", "200", ""): 1, ("create", "200", ""): 1}
