"""The workspaces of a process: names, the bound, and the time to live, on a clock that is moved by hand."""

import itertools

import pytest

from registry_sandbox.app import build
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.settings import Settings
from registry_sandbox.workspaces import Made, NameTaken, NoRoom, Terms, Wanted, Workspaces


class Wall:
    """The machine's clock."""

    now_s = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


async def _nowhere(request: Request) -> Response:
    raise LookupError(request.path)


def _make(name: str, wanted: Wanted) -> Made:
    del name, wanted
    return Made(build(Settings(no_seed_data=True, auth="off")).workspace, _nowhere, _nowhere)


def workspaces(wall: Wall, *, at_most: int = 3, names: str = "nmo") -> Workspaces:
    """Return workspaces that live for 60 s."""
    return Workspaces(_make, Terms(itertools.cycle(names).__next__, wall, at_most, 60.0))


def test_a_workspace_is_found_by_its_name_alone() -> None:
    """Another name finds nothing."""
    made = workspaces(Wall())
    member = made.create(Wanted(name="mine"))
    assert made.find("mine") is member
    assert made.find("min") is None
    assert made.find("mine ") is None


def test_a_name_that_is_made_up_is_never_taken() -> None:
    """Neither by one that was made up before, nor by one that somebody chose."""
    made = workspaces(Wall())
    made.create(Wanted(name="n"))
    assert [made.create(Wanted()).name for _ in range(2)] == ["m", "o"]


def test_a_name_is_given_once() -> None:
    """Until its workspace has ended."""
    made = workspaces(Wall())
    made.create(Wanted(name="mine"))
    with pytest.raises(NameTaken, match="'mine'"):
        made.create(Wanted(name="mine"))
    assert made.remove("mine")
    assert not made.remove("mine")
    assert made.create(Wanted(name="mine")).name == "mine"


def test_there_are_no_more_than_the_bound() -> None:
    """And nobody's workspace is ended to make room."""
    made = workspaces(Wall(), at_most=2)
    kept = [made.create(Wanted(name=name)) for name in ("a", "b")]
    with pytest.raises(NoRoom, match="There are 2 workspaces, and --max-workspaces allows 2"):
        made.create(Wanted())
    assert list(made) == kept


def test_one_ends_when_it_was_not_used_for_its_time_to_live() -> None:
    """A use is what begins the time anew; to look at the list is none."""
    wall = Wall()
    made = workspaces(wall)
    made.create(Wanted(name="used"))
    made.create(Wanted(name="listed"))
    made.create(Wanted(name="long", ttl_s=1_000))
    wall.now_s += 59.9
    assert made.find("used") is not None
    assert len(list(made)) == 3
    wall.now_s += 1
    assert made.find("listed") is None
    assert [each.name for each in made] == ["used", "long"]
    wall.now_s += 60
    assert [each.name for each in made] == ["long"]


def test_one_whose_time_is_over_makes_room() -> None:
    """Without anybody asking for it."""
    wall = Wall()
    made = workspaces(wall, at_most=1)
    made.create(Wanted(name="old"))
    wall.now_s += 60
    assert made.create(Wanted(name="new")).name == "new"
    assert made.find("old") is None


def test_one_that_somebody_follows_is_in_use() -> None:
    """Its time begins when nobody follows any more."""
    wall = Wall()
    made = workspaces(wall)
    member = made.create(Wanted(name="followed"))
    member.workspace.events.watched = True
    wall.now_s += 1_000
    assert list(made) == [member]
    member.workspace.events.watched = False
    wall.now_s += 59
    assert made.find("followed") is member
