"""The fault engine: precedence, counting, windows, draws, and the replay export."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from registry_sandbox.faults.effects.status import Status
from registry_sandbox.faults.engine import FaultEngine
from registry_sandbox.faults.live_rule import Source
from registry_sandbox.faults.match import Facts
from registry_sandbox.faults.replay_export import replay_rules
from registry_sandbox.faults.rule import Rule
from registry_sandbox.faults.rule_set import read_rules
from registry_sandbox.runtime.clock import Clock

NO_HEADERS = CIMultiDictProxy(CIMultiDict[str]())


class Wall:
    """A machine's clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def rules(*specs: Any, prefix: str = "r") -> list[Rule]:
    """Read rules."""
    return read_rules(list(specs), "test", prefix)


def engine(*specs: Any, seed: int = 7, source: Source = "flag", wall: Wall | None = None) -> FaultEngine:
    """Return an engine that starts with these rules."""
    return FaultEngine(seed, Clock(wall or Wall()), [(source, rules(*specs))])


def exchange(interaction: str = "update", logical_id: str = "a", client: str = "acme") -> Facts:
    """Return the facts of an exchange."""
    return Facts(interaction, logical_id, client, NO_HEADERS)


def statuses(of: FaultEngine, *exchanges: Facts) -> list[int]:
    """Return the status that each exchange is answered with, 0 where no rule fires."""
    return [status_of(of, each) for each in exchanges]


def status_of(of: FaultEngine, facts: Facts) -> int:
    """Return the status of the terminal in force, 0 where there is none."""
    decision = of.decide(facts)
    if decision is None or decision.terminal is None:
        return 0
    effect = decision.terminal[0]
    assert isinstance(effect, Status)
    return effect.status


class TestWhen:
    """All conditions must hold."""

    @pytest.mark.parametrize(
        ("when", "hits"),
        [
            ("x2", [1, 1, 0, 0, 0, 0]),
            ("#2", [0, 1, 0, 0, 0, 0]),
            ("#2,#5", [0, 1, 0, 0, 1, 0]),
            ("skip=2", [0, 0, 1, 1, 1, 1]),
            ("every=2", [0, 1, 0, 1, 0, 1]),
            ("every=2,skip=1", [0, 0, 1, 0, 1, 0]),
            ("every=2,x1", [0, 1, 0, 0, 0, 0]),
            ("100%", [1, 1, 1, 1, 1, 1]),
        ],
    )
    def test_counts(self, when: str, hits: list[int]) -> None:
        """nth, skip and every count matches; times counts firings."""
        found = statuses(engine(f"cancel:500@{when}"), *[exchange()] * 6)
        assert [int(each == 500) for each in found] == hits

    def test_counts_are_kept_per_scope(self) -> None:
        """A client's counts, or a resource's, are its own."""
        by_client = engine("cancel:500@x1,per=client")
        assert statuses(by_client, exchange(client="a"), exchange(client="b"), exchange(client="a")) == [500, 500, 0]
        by_resource = engine("cancel:500@x1,per=resource")
        assert statuses(by_resource, exchange(logical_id="a"), exchange(logical_id="b")) == [500, 500]

    def test_a_window_is_on_the_sandboxs_clock(self) -> None:
        """It opens and closes as the clock is moved."""
        wall = Wall()
        found = engine("cancel:500@30s..90s", wall=wall)
        seen = []
        for moment in (0, 29.9, 30, 89.9, 90):
            wall.now = 1_000_000.0 + moment
            seen += statuses(found, exchange())
        assert seen == [0, 0, 500, 500, 0]

    def test_a_rule_with_a_ttl_goes(self) -> None:
        """From the list too."""
        wall = Wall()
        found = engine({"ttl": "10s", "then": {"status": 500}}, wall=wall)
        assert statuses(found, exchange()) == [500]
        wall.now += 10
        assert statuses(found, exchange()) == [0]
        assert list(found) == []


class TestPrecedence:
    """Header, HTTP (newest first), flag, file, sentinel."""

    def test_the_first_terminal_wins(self) -> None:
        """And the rule behind it is not counted as fired."""
        found = FaultEngine(
            1, Clock(Wall()), [("sentinel", rules("*:501", prefix="s")), ("flag", rules("*:502", prefix="f"))]
        )
        assert status_of(found, exchange()) == 502
        found.put(rules("*:503", prefix="h")[0])
        found.put(rules("*:504", prefix="i")[0])
        assert status_of(found, exchange()) == 504
        of_header = found.of_header("*:505", rules("*:505"))
        decision = found.decide(exchange(), of_header)
        assert decision is not None
        assert decision.rule_ids == ("r-1",)
        assert {live.rule.id: (live.matched, live.fired) for live in found} == {
            "i-1": (2, 1),
            "h-1": (2, 0),
            "f-1": (3, 1),
            "s-1": (3, 0),
        }

    def test_other_effects_accumulate(self) -> None:
        """Of the same one the higher rule's holds; headers are joined, name by name."""
        found = engine("*:delay=1s+headers=A:1", "*:delay=2s+rate=5", '*:headers={"a": "2", "B": "3"}', "*:500")
        decision = found.decide(exchange())
        assert decision is not None
        effects = {effect.word: effect for effect, _ in decision.effects}
        assert sorted(effects) == ["delay", "headers", "rate"]
        assert getattr(effects["delay"], "fixed") == 1.0  # noqa: B009 - its type is known to the module only
        assert getattr(effects["headers"], "headers") == {"A": "1", "B": "3"}  # noqa: B009
        assert decision.terminal is not None
        assert decision.rule_ids == ("r-1", "r-2", "r-3", "r-4")

    def test_rules_by_patient_and_others_keep_their_order(self) -> None:
        """Though those are looked up by number."""
        specs: list[Any] = [{"match": {"patient": "9991000011"}, "then": {"status": 501}}, "*:502@x1"]
        facts = Facts("update", "a", "acme", NO_HEADERS, ("9991000011",))
        assert statuses(engine(*specs), facts, exchange()) == [501, 502]


class TestCounting:
    """Live counts, and their undoing."""

    def test_a_released_firing_is_as_if_it_had_not_been(self) -> None:
        """A commit that met a refused write leaves `times` for the next."""
        found = engine("register:commit+500@x1")
        decision = found.decide(exchange("create", ""))
        assert decision is not None
        found.take_back(decision, "r-1")
        assert (decision.rule_ids, found.activations, found.fired()) == ((), 0, [])
        assert status_of(found, exchange("create", "")) == 500
        assert status_of(found, exchange("create", "")) == 0

    def test_reset_returns_to_the_start(self) -> None:
        """What was set over HTTP is gone, what was deleted is back, counts begin anew, and so do ids."""
        found = engine("cancel:500@x1", seed=3)
        assert found.new_id() == "http-1"
        found.put(rules("read:503")[0])
        assert found.remove("r-1")
        found.reset()
        assert [(live.rule.id, live.matched) for live in found] == [("r-1", 0)]
        assert found.new_id() == "http-1"
        assert status_of(found, exchange()) == 500

    def test_no_rule_means_nothing_to_look_at(self) -> None:
        """The two questions of the hot path."""
        found = engine("read:500")
        assert "read" in found.interactions
        assert "update" not in found.interactions
        assert found.patients == frozenset()

    def test_a_rule_that_adds_nothing_has_not_fired(self) -> None:
        """The same headers as a higher rule's: the lower rule keeps its `times`."""
        found = engine("*:headers=A:1", "*:headers=A:2@x1")
        decision = found.decide(exchange())
        assert decision is not None
        assert decision.rule_ids == ("r-1",)
        ((_, activation),) = decision.effects
        assert activation.rule_id == "r-1"

    def test_what_is_taken_back_does_nothing_any_more(self) -> None:
        """Neither its terminal nor its other effects; what other rules do stays."""
        found = engine("*:commit+500+delay=1s", "*:rate=5")
        decision = found.decide(exchange())
        assert decision is not None
        found.take_back(decision, "r-1")
        assert [effect.word for effect, _ in decision.effects] == ["rate"]
        assert decision.terminal is None
        assert decision.idle == ["r-1"]

    def test_what_is_taken_back_after_a_reset_leaves_the_new_counts_alone(self) -> None:
        """An exchange of before the reset ends after it."""
        found = engine("*:500")
        decision = found.decide(exchange())
        assert decision is not None
        found.reset()
        assert status_of(found, exchange()) == 500
        found.take_back(decision, "r-1")
        assert (found.activations, len(found.fired())) == (1, 1)

    def test_what_is_replaced_over_http_goes_and_the_rest_stays(self) -> None:
        """PUT replaces the rules that came over HTTP."""
        found = engine("*:500")
        found.put(rules("*:501", prefix="h")[0])
        found.replace(rules("*:502", prefix="i"))
        assert [live.rule.id for live in found] == ["i-1", "r-1"]

    def test_the_rules_of_headers_are_bounded(self) -> None:
        """The text used longest ago begins anew."""
        found = engine()
        first = found.of_header("x0", rules("*:500"))
        assert found.of_header("x0", rules("*:500")) is first
        for at in range(1, 1_001):
            found.of_header(f"x{at}", rules("*:500"))
        assert found.of_header("x0", rules("*:500")) is not first

    def test_only_the_last_activations_are_listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All of them count."""
        monkeypatch.setattr("registry_sandbox.faults.engine._MAX_FIRED", 2)
        found = engine("cancel:500")
        statuses(found, *[exchange()] * 3)
        assert (len(found.fired()), found.activations) == (2, 3)


class TestNearMisses:
    """A rule that did not fire tells why."""

    @pytest.mark.parametrize(
        ("when", "why"),
        [
            ("#2", "when.nth: does not hold for match 1"),
            ("skip=1", "when.skip: does not hold for match 1"),
            ("every=2", "when.every: does not hold for match 1"),
            ("0.000001", "when.probability: does not hold for match 1"),
            ("30s..", "when.after: does not hold for match 1"),
        ],
    )
    def test_a_condition_that_does_not_hold_is_named(self, when: str, why: str) -> None:
        """With the ordinal of the match."""
        found = engine(f"cancel:500@{when}")
        assert found.decide(exchange()) is None
        (live,) = found
        assert [each.why for each in live.near_misses] == [why]

    def test_what_is_used_up_or_over_is_named(self) -> None:
        """`times` after the last activation, `for` after the window."""
        wall = Wall()
        found = engine("cancel:500@x1", "cancel:501@..10s,skip=1", wall=wall)
        statuses(found, exchange(), exchange())
        wall.now += 10
        assert statuses(found, exchange()) == [0]
        of_times, of_window = ([each.why for each in live.near_misses] for live in found)
        assert of_times == ["when.times: does not hold for match 2", "when.times: does not hold for match 3"]
        assert of_window[-1] == "when.for: does not hold for match 3"

    def test_a_rule_that_is_overruled_names_the_higher_one(self) -> None:
        """Whose terminal came first."""
        found = engine("cancel:500@100%", "cancel:501")
        statuses(found, exchange())
        assert [each.why for live in found for each in live.near_misses] == ["then: overruled by r-1"]

    def test_only_the_last_ten_are_kept(self) -> None:
        """However often it misses."""
        found = engine("cancel:500@#99")
        statuses(found, *[exchange()] * 15)
        (live,) = found
        assert [each.why.rpartition(" ")[2] for each in live.near_misses] == [str(at) for at in range(6, 16)]


class TestDraws:
    """The same seed, the same verdicts within each scope."""

    def test_another_seed_draws_otherwise_and_the_share_is_kept(self) -> None:
        """One in ten, roughly, for any seed."""
        runs = {seed: statuses(engine("cancel:500@10%", seed=seed), *[exchange()] * 2000) for seed in (1, 2)}
        assert runs[1] != runs[2]
        assert all(150 < run.count(500) < 250 for run in runs.values())

    @given(order=st.permutations(range(60)), per=st.sampled_from(["", ",per=client", ",per=resource"]))
    def test_the_interleaving_of_scopes_changes_nothing(self, order: list[int], per: str) -> None:
        """Three clients on four resources, five times each, in any order: each scope sees the same."""
        everything = [(client, resource) for client in "abc" for resource in "wxyz" for _ in range(5)]
        keys = {"": (0, 1), ",per=client": (0,), ",per=resource": (1,)}[per]

        def verdicts(sequence: list[tuple[str, str]]) -> dict[tuple[str, ...], list[int]]:
            found = engine(f"cancel:500@40%{per}")
            seen: dict[tuple[str, ...], list[int]] = {}
            for each in sequence:
                scope = tuple(each[key] for key in keys)
                seen.setdefault(scope, []).append(status_of(found, exchange(logical_id=each[1], client=each[0])))
            return seen

        assert verdicts([everything[at] for at in order]) == verdicts(everything)

    @pytest.mark.parametrize(
        "spec",
        [
            "cancel:500@30%",
            "cancel:500@30%,per=client",
            "cancel:500@40%,x3",
            "*:500@25%,per=resource",
            "cancel:500@#2,#7",
        ],
    )
    def test_what_fired_replays_without_chance(self, spec: str) -> None:
        """Exported, and met by the same requests under another seed: the same verdicts."""
        chance = random.Random(11)  # noqa: S311 - a sequence of requests, no secret
        run = [
            exchange(chance.choice(["update", "read"]), chance.choice("wxyz"), chance.choice("abc")) for _ in range(80)
        ]
        run += [exchange("create", "", chance.choice("abc")) for _ in range(20)]
        first = engine(spec, seed=1)
        seen = statuses(first, *run)
        assert 500 in seen
        exported = replay_rules(first.fired())
        assert all("probability" not in each["when"] for each in exported)
        assert statuses(engine(*exported, seed=2), *run) == seen
