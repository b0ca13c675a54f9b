"""Grades, coverage, what is left open, and what a report shows: the parts of a verdict beside its rules."""

import json
from pathlib import Path

import pytest
import yaml

from registry_sandbox.api.interactions import declared
from registry_sandbox.faults.configured import configured
from registry_sandbox.testing import builders
from registry_sandbox.verdict.attestations import Attestation
from registry_sandbox.verdict.evidence import Evidence
from registry_sandbox.verdict.judging import FINDINGS_AT_MOST, judge
from registry_sandbox.verdict.reports.json import render
from registry_sandbox.verdict.requirements import REQUIREMENTS
from registry_sandbox.verdict.rule import all_rules, id_of
from registry_sandbox.verdict.seen import Seen
from tests.unit.verdict.hand import SEARCH, Hand, stored
from tests.unit.verdict.model import Client
from tests.unit.verdict.scenes import PATIENT, SCENES, seeded
from tests.unit.verdict.stage import Stage, broken, grades

READ_BEFORE = "what-is-cancelled-was-read-from-the-registry-before"
SHOWN = "an-operationoutcome-is-shown-to-somebody"


@pytest.fixture(scope="module")
def _stage() -> Stage:
    return Stage()


@pytest.fixture
def stage(_stage: Stage) -> Stage:
    """A sandbox in which nothing has happened."""
    _stage.reset()
    return _stage


class TestRules:
    """What every rule has."""

    def test_ids_follow_from_the_sentences(self) -> None:
        """Without the parenthesis and what follows a comma or colon, hyphenated."""
        assert id_of("no token is used after its `exp`, or after a 403") == "no-token-is-used-after-its-exp"
        assert id_of("a retry waits: it does") == "a-retry-waits"
        assert id_of("a 4xx is not repeated unchanged (409 aside)") == "a-4xx-is-not-repeated-unchanged"
        ids = [each.id for each in all_rules()]
        assert len(set(ids)) == len(ids)

    def test_each_module_has_one_rule(self) -> None:
        """Adding a rule is one file."""
        package = Path(__file__).parents[3] / "sandbox" / "registry_sandbox" / "verdict" / "rules"
        assert len(list(package.glob("*.py"))) - 1 == len(all_rules())

    def test_each_requirement_that_a_rule_covers_is_one(self) -> None:
        """And some are covered by none, which the report says."""
        covered = {each for rule in all_rules() for each in rule.covers}
        assert covered < set(REQUIREMENTS)


class TestGrades:
    """The six grades."""

    def test_nothing_observed_is_no_pass(self, stage: Stage) -> None:
        """Each rule says what would exercise it."""
        report = stage.report()
        assert {(each.grade, each.occurred) for each in report.rules} == {("not exercised", 0)}
        assert all(each.message.startswith("To ") for each in report.rules)
        assert (report.findings, report.clients, report.journal.last) == ((), (), 0)

    def test_what_occurred_is_counted(self, stage: Stage) -> None:
        """A pass says how often."""
        hand = Hand(stage)
        for _ in range(3):
            logical_id = seeded(stage)
            hand.cancel(hand("GET", f"Appointment/{logical_id}").resource)
        (rule,) = [each for each in stage.report().rules if each.id == READ_BEFORE]
        assert (rule.grade, rule.occurred, rule.message) == ("pass", 3, "")

    def test_a_fault_that_has_not_fired_leaves_its_rules_open(self, stage: Stage) -> None:
        """The message names it; rules that it is not for are just not exercised."""
        stage.faults({"id": "mine", "match": {"interaction": "cancel"}, "then": {"race": "bump"}})
        by_id = {each.id: each for each in stage.report().rules}
        conflict = by_id["a-409-is-followed-by-a-read-before-the-next-put"]
        assert (conflict.grade, "The fault mine was set and has not fired" in conflict.message) == (
            "inconclusive",
            True,
        )
        others = {each.grade for each in by_id.values() if each.id != conflict.id}
        assert others == {"not exercised"}

    def test_a_fault_leaves_open_only_what_it_can_provoke(self, stage: Stage) -> None:
        """One that fires once makes no series of pauses; of several, some are named."""
        stage.faults(*(f"{each}:500@x1" for each in ("read", "search", "register", "cancel")))
        by_id = {each.id: each for each in stage.report().rules}
        assert by_id["the-pauses-between-retries-grow"].grade == "not exercised"
        message = by_id["the-retries-of-a-500-end"].message
        assert message.startswith("The faults http-1, http-2, http-3 ... were set and have not fired")
        stage.faults("read:500@x3")
        assert grades(stage.report())["the-pauses-between-retries-grow"] == "inconclusive"

    def test_a_fault_that_has_fired_leaves_nothing_open(self, stage: Stage) -> None:
        """Then the client's part is missing."""
        stage.faults("cancel:race=bump@x1")
        hand = Hand(stage)
        hand.cancel(hand("GET", f"Appointment/{seeded(stage)}").resource)
        assert grades(stage.report())["a-409-is-followed-by-a-read-before-the-next-put"] == "not exercised"

    def test_an_attestation_grades_what_no_server_sees(self, stage: Stage) -> None:
        """It says who, and how they know."""
        report = stage.report(Attestation(SHOWN, "the tester", "seen in the dialog"))
        by_id = {each.id: each for each in report.rules}
        assert (by_id[SHOWN].grade, by_id[SHOWN].message) == ("attested", "Attested by the tester: seen in the dialog")
        assert by_id["logs-hold-no-token-or-nhs-number"].grade == "not exercised"

    def test_dropped_exchanges_leave_open_what_they_could_tell(self) -> None:
        """A pass, and what rests on something missing; not what is there to be seen."""
        small = Stage({"journal_size": 3})
        hand = Hand(small)
        logical_id = seeded(small)
        read = hand("GET", f"Appointment/{logical_id}").resource
        for _ in range(2):
            hand("GET", SEARCH.replace(PATIENT, "9991000011"))
        hand.cancel(read)
        report = small.report()
        (finding,) = [each for each in report.findings if each.rule == READ_BEFORE]
        assert (finding.grade, "--journal-size" in finding.message) == ("inconclusive", True)
        graded = grades(report)
        assert graded["every-update-carries-if-match"] == "inconclusive"
        assert report.journal.dropped == 1
        hand("PUT", f"Appointment/{logical_id}", {})
        assert grades(small.report())["every-update-carries-if-match"] == "fail"

    def test_what_came_after_is_whole_though_earlier_exchanges_are_dropped(self) -> None:
        """With `since`, only what was asked for must be there."""
        small = Stage({"journal_size": 3})
        hand = Hand(small)
        for _ in range(3):
            hand("GET", SEARCH)
        hand.cancel(hand("GET", f"Appointment/{seeded(small)}").resource)
        assert grades(small.report(since=3))[READ_BEFORE] == "pass"
        assert grades(small.report(since=1))[READ_BEFORE] == "inconclusive"

    def test_an_answer_that_the_journal_has_cut_may_have_been_the_read(self, stage: Stage) -> None:
        """A search with many entries is more than the journal keeps of one body."""
        ids = [seeded(stage, pointer=f"https://provider.example/{number}") for number in range(200)]
        hand = Hand(stage)
        assert len(hand("GET", SEARCH).body) > 65_536
        hand.cancel(stored(hand, ids[-1]))
        assert grades(stage.report())[READ_BEFORE] == "inconclusive"


class TestScope:
    """What is judged."""

    def test_one_client_alone(self, stage: Stage) -> None:
        """The others are not in the report."""
        Hand(stage)("PUT", f"Appointment/{seeded(stage)}", {})
        reader = Hand(stage)
        reader.token = stage.token(("client", "sandbox-reader"))
        reader("GET", SEARCH)
        assert stage.report().clients == ("sandbox-client", "sandbox-reader")
        report = stage.report(client="sandbox-reader")
        assert (report.clients, broken(report)) == (("sandbox-reader",), set())

    def test_what_came_before_is_known_and_not_judged(self, stage: Stage) -> None:
        """The read before counts for the cancel after; the fault before is no finding."""
        hand = Hand(stage)
        hand("PUT", f"Appointment/{seeded(stage)}", {})
        read = hand("GET", f"Appointment/{seeded(stage, pointer='https://provider.example/2')}").resource
        hand.cancel(read)
        report = stage.report(since=2)
        assert (broken(report), grades(report)[READ_BEFORE]) == (set(), "pass")

    def test_without_a_token_the_user_agent_tells(self) -> None:
        """Under `--auth off` nobody has another name; metadata without a token is the client's with that agent."""
        open_to_all = Stage({"auth": "off"})
        open_to_all.send("GET", SEARCH, {"User-Agent": "program/2"})
        assert open_to_all.report().clients == ("program/2",)

    def test_a_request_without_a_token_is_of_the_client_with_that_agent(self, stage: Stage) -> None:
        """If there is one alone."""
        Hand(stage)("GET", SEARCH)
        stage.send("GET", "metadata", {"User-Agent": "hand/1"})
        assert stage.report().clients == ("sandbox-client",)
        stage.send("GET", "metadata", {"User-Agent": "another/1"})
        assert stage.report().clients == ("sandbox-client", "another/1")

    def test_a_registration_under_another_name_of_the_same_program_is_open(self, stage: Stage) -> None:
        """A program may read as one client and write as another."""
        reader, writer = Hand(stage), Hand(stage)
        reader.token = stage.token(("client", "sandbox-reader"))
        logical_id = seeded(stage)
        reader("GET", f"Appointment/{logical_id}")
        writer.cancel(stored(writer, logical_id))
        assert grades(stage.report())[READ_BEFORE] == "inconclusive"


class TestCoverage:
    """Interaction x documented outcome x format."""

    def test_it_has_every_declared_outcome_once_in_both_formats(self, stage: Stage) -> None:
        """As the interactions declare them."""
        wanted = {
            (each.code, int(status), form)
            for each in declared()
            for status in each.all_statuses
            for form in ("json", "xml")
        }
        met = stage.report().coverage.outcomes
        assert {(each.interaction, each.status, each.format) for each in met} == wanted
        assert (len(met), {each.state for each in met}) == (len(wanted), {"not met"})

    def test_met_and_handled(self, stage: Stage) -> None:
        """A conflict after which the client reads is handled; one after which it does not is only met."""
        for accept, conduct in (("json", ""), ("xml", "a-409-is-followed-by-a-read-before-the-next-put")):
            stage.faults("cancel:race=bump@x1")
            client = Client(stage, bad=conduct, form="xml" if accept == "xml" else "json", seed=len(accept))
            client.cancel(seeded(stage, pointer=f"https://provider.example/{accept}"))
        states = {(each.interaction, each.status, each.format): each.state for each in stage.report().coverage.outcomes}
        assert (states["update", 409, "json"], states["update", 409, "xml"]) == ("met and handled", "met")
        assert states["create", 201, "json"] == "not met"

    def test_what_no_rule_saw_handled_is_only_met(self, stage: Stage) -> None:
        """The CapabilityStatement was read, and nothing came after it."""
        stage.send("GET", "metadata", {"Accept": "application/fhir+xml"})
        states = {(each.interaction, each.status, each.format): each.state for each in stage.report().coverage.outcomes}
        assert states["capabilities", 200, "xml"] == "met"

    def test_requirements_have_their_rules(self, stage: Stage) -> None:
        """Those without any are there, too."""
        requirements = stage.report().coverage.requirements
        assert requirements["7-if-match"] == ("every-update-carries-if-match",)
        assert requirements["4-no-id"] == ()


class TestReport:
    """What a report shows."""

    def test_the_same_journal_has_the_same_verdict(self, stage: Stage) -> None:
        """To the byte, in every format of the report."""
        for number, scene in enumerate(SCENES.values()):
            stage.faults(*scene.faults)
            scene.act(Client(stage, bad=scene.conduct, seed=number))
        assert render(stage.report()) == render(stage.report())

    @pytest.mark.parametrize("rule", [each for each, scene in SCENES.items() if scene.faults])
    def test_each_finding_carries_what_provokes_it_again(self, stage: Stage, rule: str, tmp_path: Path) -> None:
        """A fault file: a sandbox that starts with it makes the same client break the same rules."""
        scene = SCENES[rule]
        stage.faults(*scene.faults)
        scene.act(Client(stage, bad=scene.conduct or rule))
        (finding, *_) = [each for each in stage.report().findings if each.rule == rule]
        file = tmp_path / "again.yaml"
        file.write_text(finding.replay)
        ((_, rules),) = [each for each in configured([], file, sentinels=False) if each[0] == "file"]
        assert rules
        stage.reset()
        stage.workspace.engine.replace(rules)
        scene.act(Client(stage, bad=scene.conduct or rule))
        assert rule in broken(stage.report())

    def test_a_variation_is_provoked_again(self, tmp_path: Path) -> None:
        """The setting acts on every exchange; the file names the variations that were made."""
        varied = Stage({"vary": True})
        client = Client(varied, bad="what-is-sent-back-is-what-was-read")
        for number in range(5):
            client.cancel(seeded(varied, pointer=f"https://provider.example/{number}"))
        replays = [each.replay for each in varied.report().findings if each.replay]
        rules = yaml.safe_load(replays[0])["faults"]
        assert all(each["id"].startswith("vary-") and each["then"]["vary"] for each in rules)
        (tmp_path / "again.yaml").write_text(replays[0])
        assert dict(configured([], tmp_path / "again.yaml", sentinels=False))["file"]

    def test_without_a_fault_there_is_nothing_to_provoke(self, stage: Stage) -> None:
        """The client does it by itself."""
        Hand(stage)("PUT", f"Appointment/{seeded(stage)}", {})
        assert {each.replay for each in stage.report().findings} == {""}

    def test_no_token_and_no_patient_is_in_a_report_but_where_the_journal_shows_it(self, stage: Stage) -> None:
        """Messages, names of clients and ids have neither, whatever a client calls itself."""
        hand = Hand(stage)
        hand("GET", f"Appointment/{hand.token}")
        hand("PUT", f"Appointment/{hand.token}", {}, If_Match='W/"1"', User_Agent=hand.token)
        hand("PUT", f"Appointment/{hand.token}", {}, If_Match=f'W/"{hand.token}"')
        hand("GET", SEARCH, X_Patient=PATIENT)
        reader = stage.token(("client", "sandbox-reader"))
        stage.send("PUT", "Appointment/none", {"User-Agent": reader})
        report = stage.report()
        text = render(report)
        assert reader.split(".")[1] not in text
        assert hand.token.split(".")[1] not in text
        shown = json.loads(text)
        del shown["exchanges"]
        assert PATIENT not in json.dumps(shown)
        assert len(broken(report)) > 2

    def test_the_findings_of_a_rule_are_bounded(self, stage: Stage) -> None:
        """The grade counts them all."""
        hand = Hand(stage)
        logical_id = seeded(stage)
        for _ in range(FINDINGS_AT_MOST + 5):
            hand("PUT", f"Appointment/{logical_id}", {})
        report = stage.report()
        assert (
            len([each for each in report.findings if each.rule == "every-update-carries-if-match"]) == FINDINGS_AT_MOST
        )
        (rule,) = [each for each in report.rules if each.id == "every-update-carries-if-match"]
        assert rule.message == f"broken {FINDINGS_AT_MOST + 5} times"

    def test_findings_stand_in_the_order_of_their_exchanges(self, stage: Stage) -> None:
        """As they came."""
        hand = Hand(stage)
        for _ in range(3):
            hand("PUT", f"Appointment/{seeded(stage)}", {})
            hand("GET", SEARCH, X_Patient=PATIENT)
        lasts = [each.exchanges[-1] for each in stage.report().findings]
        assert lasts == sorted(lasts)
        assert len(lasts) > 5


def a_long_journal(stage: Stage, exchanges: int) -> Evidence:
    """Fill the journal with what clients do most: register, search, read, cancel."""
    hand = Hand(stage)
    for number in range(exchanges // 4):
        patient = f"{9_000_000_000 + number:010}"
        created = hand("POST", "Appointment", builders.appointment(nhs_number=patient))
        hand("GET", SEARCH.replace(PATIENT, patient))
        read = hand("GET", f"Appointment/{created.resource['id']}").resource
        hand.cancel(read)
    return stage.evidence()


def test_a_journal_four_times_as_long_is_four_times_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """In looks at an exchange; a rule that compared each with each would look sixteen times as often."""
    looks = 0
    plainly = Seen.__getattribute__

    def counting(seen: Seen, name: str) -> object:
        nonlocal looks
        looks += 1
        return plainly(seen, name)

    def looks_at(exchanges: int) -> int:
        nonlocal looks
        evidence = a_long_journal(Stage({"journal_size": exchanges}), exchanges)
        assert len(evidence.exchanges) == exchanges
        looks = 0
        with monkeypatch.context() as patched:
            patched.setattr(Seen, "__getattribute__", counting)
            report = judge(evidence)
        assert (broken(report), grades(report)[READ_BEFORE]) == (set(), "pass")
        return looks

    few = looks_at(500)
    assert few > 500
    assert looks_at(2_000) < 5 * few


def test_the_fault_files_are_yaml(stage: Stage) -> None:
    """With the one key that a fault file has."""
    stage.faults("cancel:race=bump@x1")
    Client(stage, bad="a-409-is-followed-by-a-read-before-the-next-put").cancel(seeded(stage))
    (finding, *_) = [each for each in stage.report().findings if each.replay]
    assert list(yaml.safe_load(finding.replay)) == ["faults"]
