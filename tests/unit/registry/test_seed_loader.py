"""Seeds: read as a client's request is, dates counted from the clock, and a bad one named with its place."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_sandbox.app import Sandbox, build
from registry_sandbox.fhir.resource import Resource
from registry_sandbox.registry.seed_loader import OvertakenByReset
from registry_sandbox.registry.seeds import BadSeed, Seed
from registry_sandbox.settings import Settings
from registry_sandbox.testing import builders

LONG_S = 20
"""As long as a test waits for what it expects at once."""

STORY = """
id: mine
patient: "9991000011"
pointer: https://provider.example.test/1
start: +1d 09:30
end: +1d 09:40
"""


TOLD = {"patient": "9991000011", "pointer": "https://provider.example.test/1", "start": "+1d", "end": "+2d"}


def started(tmp_path: Path, *, name: str = "seed.yaml", content: str) -> Sandbox:
    """Build a sandbox of one seed file, with the clock at noon of 18 January 2019."""
    (tmp_path / name).write_text(content)
    return build(Settings(seed_data=(tmp_path / name,), clock=datetime(2019, 1, 18, 12, tzinfo=UTC), clock_frozen=True))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+1d 09:30", "2019-01-19T09:30:00.000+00:00"),
        ("-15m", "2019-01-18T11:45:00.000+00:00"),
        ("+36h", "2019-01-20T00:00:00.000+00:00"),
        ("+0d 23:59", "2019-01-18T23:59:00.000+00:00"),
        ("2031-05-06T09:30:00+01:00", "2031-05-06T09:30:00+01:00"),
        ('"2031-05-06T09:30:00+01:00"', "2031-05-06T09:30:00+01:00"),
    ],
)
def test_instants_are_absolute_or_counted_from_the_clock(tmp_path: Path, written: str, meant: str) -> None:
    """In UTC, to the minute."""
    sandbox = started(tmp_path, content=STORY.replace("+1d 09:30", written))
    assert sandbox.workspace.service.registry.current("mine").resource()["start"] == meant


def test_a_reset_counts_them_anew(tmp_path: Path) -> None:
    """From the clock as it is after the reset."""
    sandbox = started(tmp_path, content=STORY)
    before = sandbox.workspace.service.registry.current("mine").json
    sandbox.workspace.service.clock.set(datetime(2020, 1, 1, tzinfo=UTC))
    asyncio.run(sandbox.workspace.reset())
    assert sandbox.workspace.service.registry.current("mine").json == before


def test_versions_follow_one_another(tmp_path: Path) -> None:
    """Each at its instant."""
    sandbox = started(tmp_path, content=STORY + "later:\n  - {at: -1h, status: cancelled}\n")
    history = sandbox.workspace.service.registry.history("mine")
    assert [each.resource()["status"] for each in history] == ["booked", "cancelled"]
    assert history[1].last_updated == datetime(2019, 1, 18, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("a.yaml", STORY + "colour: red\n", "'colour' is not known"),
        ("a.yaml", STORY.replace("end:", "ending:"), "'ending' is not known"),
        ("a.yaml", STORY.replace("pointer: https://provider.example.test/1\n", ""), "'pointer' is missing"),
        ("a.yaml", STORY.replace("+1d 09:30", "tomorrow"), "start"),
        ("a.yaml", STORY.replace('"9991000011"', "123"), "participant"),
        ("a.yaml", STORY + "later: soon\n", "'later' is a list"),
        ("a.yaml", STORY + "later:\n  - {at: soon, status: cancelled}\n", "'soon' is no instant"),
        ("a.yaml", STORY.replace("mine", "no spaces"), "'id'"),
        ("a.yaml", f"{STORY}---{STORY}", "the id 'mine' is taken"),
        ("a.yaml", "- [", "a.yaml, line 1: not YAML"),
        ("a.yaml", "just words", "a story is a mapping"),
        ("a.json", "{", "a.json"),
        ("a.xml", '<Appointment xmlns="http://hl7.org/fhir">\n<statuz value="x"/></Appointment>', "a.xml:2: "),
        ("a.json", '{"resourceType": "Appointment", "status": "booked"}', "Appointment.start"),
        ("a.json", '{"resourceType": "Patient"}', "Patient"),
        ("a.txt", "", "seeds are .xml, .json, .yaml or .yml"),
    ],
)
def test_a_seed_that_cannot_be_used_stops_the_start(tmp_path: Path, name: str, content: str, named: str) -> None:
    """The message names the file, and the place in it."""
    with pytest.raises(BadSeed, match=r".") as refused:
        started(tmp_path, name=name, content=content)
    assert named in str(refused.value)
    assert str(tmp_path / name) in str(refused.value)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No file, no folder."""
    with pytest.raises(BadSeed, match="no such file or folder"):
        build(Settings(seed_data=(tmp_path / "nowhere",)))


def test_a_folder_without_seeds_is_named(tmp_path: Path) -> None:
    """Who names a folder expects something of it."""
    with pytest.raises(BadSeed, match="--no-seed-data starts without any"):
        build(Settings(seed_data=(tmp_path,)))


def test_a_run_is_reproducible(tmp_path: Path) -> None:
    """The same random seed gives the same ids."""
    story = STORY.replace("id: mine\n", "")
    (tmp_path / "seed.yaml").write_text(story)
    settings = Settings(seed_data=(tmp_path,), random_seed=7)
    first, second = (set(build(settings).workspace.service.registry.ids()) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "told",
    [
        'created: "9999-12-31T23:59:59-14:00"',
        'created: "0001-01-01T00:00:00+14:00"',
        'later: [{at: "9999-12-31T23:59:59-14:00", status: cancelled}]',
        'later: [{at: "yesterday", status: cancelled}]',
    ],
)
def test_an_instant_beyond_the_calendar_is_named(tmp_path: Path, told: str) -> None:
    """An offset can carry an instant out of the years that a version can be stored in."""
    with pytest.raises(BadSeed, match="is no instant that a version can be stored at"):
        started(tmp_path, content=f"{STORY}{told}\n")


def test_who_waits_is_told_how_far_it_is() -> None:
    """Every thousand appointments judged, and not between."""
    told: list[int] = []
    sandbox = build(Settings(no_seed_data=True))
    seeds = [Seed("here", story={**TOLD, "id": f"s-{number}"}) for number in range(2_001)]
    sandbox.workspace.seed_loader.load(seeds, told.append)
    assert told == [1_000, 2_000]


def test_seeds_are_found_in_folders_within_folders(tmp_path: Path) -> None:
    """In the order of their names, whatever their format."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.yml").write_text(STORY.replace("mine", "second"))
    (tmp_path / "a.yaml").write_text(STORY.replace("mine", "first"))
    (tmp_path / "notes.txt").write_text("no seed")
    sandbox = build(Settings(seed_data=(tmp_path,)))
    assert list(sandbox.workspace.service.registry.ids()) == ["first", "second"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{STORY}---{STORY.replace('mine', 'no spaces')}", "line 8: 'id'"),
        (f"{STORY}colour: red\n", "line 7: 'colour' is not known"),
        (f"{STORY}start: +1d\n", "line 7: the key 'start' is repeated"),
        (f"# two lines\n# before it\n{STORY.replace('end: +1d 09:40', '')}", "line 4: 'end' is missing"),
        (f"{STORY}name: [a, b]\n", "line 7: 'name' is a mapping"),
        (STORY.replace("end: +1d 09:40", "end:\n  +1d 25:40"), "line 6: 'end' is '+1d 25:40'"),
        (STORY.replace("9991000011", "123"), "line 3: Appointment.participant.actor.identifier.value"),
        (STORY.replace("https:", "mailto:"), "line 4: Appointment.identifier.value"),
        (f"{STORY}status: maybe\n", "line 7: Appointment.status"),
        (f"{STORY}later:\n  - {{at: -2h, status: cancelled}}\n  - {{at: -1h, status: maybe}}\n", "line 9: Appointment"),
        (f"{STORY}later:\n  - {{at: -2h, status: cancelled}}\n  - at: soon\n    status: cancelled\n", "line 9: 'soon'"),
        (f"{STORY}later:\n  - {{at: -2h, status: cancelled}}\n  - {{at: -1h}}\n", "line 9: 'later' is a list"),
        (f"{STORY}later: soon\n", "line 7: 'later' is a list"),
        (f"{STORY}---\n- a\n", "line 8: a story is a mapping"),
        ("[" * 33 + "\n" + "]" * 33, "line 1: nested too deeply"),
        ("id: a\nname: \x00\n", "line 2: not YAML"),
    ],
)
def test_what_is_wrong_in_a_story_has_the_line_of_the_story(tmp_path: Path, content: str, said: str) -> None:
    """Of the key where there is one, else that where the story begins."""
    with pytest.raises(BadSeed) as refused:
        started(tmp_path, content=content)
    assert f"{tmp_path / 'seed.yaml'}, {said}" in str(refused.value)


@pytest.mark.parametrize("later", ["[{at: -1h}]", "[{status: cancelled}]", "[{at: -1h, status: a, b: c}]", "[a]", "{}"])
def test_a_later_version_has_an_instant_and_a_status(tmp_path: Path, later: str) -> None:
    """These two, no fewer and no more."""
    with pytest.raises(BadSeed, match="'later' is a list of"):
        started(tmp_path, content=f"{STORY}later: {later}\n")


def test_stories_may_be_as_many_as_one_likes_side_by_side(tmp_path: Path) -> None:
    """Only what is nested too deeply is refused, not what is long."""
    stories = "---".join(STORY.replace("mine", f"s-{number}") for number in range(40))
    assert len(started(tmp_path, content=stories).workspace.service.registry) == 40
    with pytest.raises(BadSeed, match="nested too deeply"):
        started(tmp_path, content="[" * 33 + "]" * 33)


def test_an_amount_that_no_calendar_has_is_named(tmp_path: Path) -> None:
    """Year 1 is less than 999,999 days ago, and no day has an hour 24."""
    for written in ("-999999d", "+1d 24:00", "+1d 09:60"):
        with pytest.raises(BadSeed, match=r"'start' is .* expected such as \+3d 09:30"):
            started(tmp_path, content=STORY.replace("+1d 09:30", written))


@pytest.mark.parametrize(
    ("meta", "created", "expected"),
    [
        ({"lastUpdated": "2018-05-06T07:08:09.1239Z"}, "2017-01-01T00:00:00Z", (2018, 5, 6, 7, 8, 9, 123_000)),
        (None, "2017-01-01T00:00:00.9999+01:00", (2016, 12, 31, 23, 0, 0, 999_000)),
    ],
)
def test_a_document_is_stored_when_it_says(
    tmp_path: Path, meta: dict[str, str] | None, created: str, expected: tuple[int, ...]
) -> None:
    """At meta.lastUpdated, else when it was created; to the millisecond, as it will be written."""
    document = builders.appointment(id="mine", meta=meta or {"tag": [{"code": "a"}]}, created=created)
    sandbox = started(tmp_path, name="a.json", content=json.dumps(document))
    version = sandbox.workspace.service.registry.current("mine")
    assert version.last_updated == datetime(*expected, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_a_story_is_counted_to_the_minute(tmp_path: Path) -> None:
    """Seconds of the clock do not get into appointments."""
    (tmp_path / "seed.yaml").write_text(STORY.replace("+1d 09:30", "+1h"))
    clock = datetime(2019, 1, 18, 12, 34, 56, 789_000, tzinfo=UTC)
    sandbox = build(Settings(seed_data=(tmp_path,), clock=clock, clock_frozen=True))
    current = sandbox.workspace.service.registry.current("mine").resource()
    assert current["start"] == "2019-01-18T13:34:00.000+00:00"


class Halt:
    """Stands in for the change of a story's versions: keeps whoever calls it until it is let go."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self, logical_id: str, resource: Resource) -> Resource:
        """Return the resource once the halt is over."""
        del logical_id
        assert threading.current_thread().name.startswith("worker-")
        self.begun.set()
        assert self.open.wait(LONG_S)
        return resource


class TestWhileOthersAreAnswered:
    """Seeds over HTTP are read, validated and encoded beside the event loop; they are stored in one step."""

    @staticmethod
    def run_beside(halt: Halt, beside: Callable[[Sandbox], Awaitable[object]]) -> tuple[Sandbox, BaseException | None]:
        """Load a story; while it is being encoded, do something else. Return what loading raised."""
        sandbox = build(Settings(no_seed_data=True))
        loader = replace(sandbox.workspace.seed_loader, change=halt)

        async def talk() -> BaseException | None:
            loading = asyncio.create_task(loader.load_body("body", STORY.encode()))
            assert await asyncio.to_thread(halt.begun.wait, LONG_S)
            assert len(sandbox.workspace.service.registry) == 0
            await beside(sandbox)
            halt.open.set()
            (raised,) = await asyncio.gather(loading, return_exceptions=True)
            return raised if isinstance(raised, BaseException) else None

        return sandbox, asyncio.run(asyncio.wait_for(talk(), LONG_S))

    def test_the_loop_is_free_meanwhile(self) -> None:
        """Others are answered, and nothing of the seed is there yet."""
        sandbox, raised = self.run_beside(Halt(), lambda _: asyncio.sleep(0))
        assert raised is None
        assert list(sandbox.workspace.service.registry.ids()) == ["mine"]

    def test_a_reset_meanwhile_ends_it(self) -> None:
        """What was meant for the state before is not stored in the new one."""
        sandbox, raised = self.run_beside(Halt(), lambda sandbox: sandbox.workspace.reset())
        assert isinstance(raised, OvertakenByReset)
        assert len(sandbox.workspace.service.registry) == 0

    def test_an_id_that_is_taken_meanwhile_is_named(self) -> None:
        """All or none: it is looked at again in the step that stores."""

        async def take(sandbox: Sandbox) -> None:
            await sandbox.workspace.seed_loader.load_body("other", STORY.encode())

        sandbox, raised = self.run_beside(Halt(), take)
        assert isinstance(raised, BadSeed)
        assert "the id 'mine' is taken" in str(raised)
        assert len(sandbox.workspace.service.registry) == 1


def test_a_reset_takes_place_in_one_step(tmp_path: Path) -> None:
    """Until the seeds are read again, everybody sees the state before: never an empty registry."""
    sandbox, seen = started(tmp_path, content=STORY), set[tuple[str, ...]]()
    registry = sandbox.workspace.service.registry

    async def talk() -> None:
        await sandbox.workspace.seed_loader.load_body("body", STORY.replace("mine", "other").encode())
        resetting = asyncio.create_task(sandbox.workspace.reset())
        while not resetting.done():
            seen.add(tuple(registry.ids()))
            await asyncio.sleep(0)
        await resetting

    asyncio.run(talk())
    assert seen <= {("mine", "other"), ("mine",)}
    assert list(registry.ids()) == ["mine"]


def test_a_reset_gives_seeds_without_an_id_the_ids_of_the_start(tmp_path: Path) -> None:
    """Whatever was drawn in the meantime."""
    sandbox = started(tmp_path, content=STORY.replace("id: mine\n", ""))
    registry = sandbox.workspace.service.registry
    before = list(registry.ids())
    sandbox.workspace.service.new_id()
    asyncio.run(sandbox.workspace.reset())
    assert list(registry.ids()) == before
