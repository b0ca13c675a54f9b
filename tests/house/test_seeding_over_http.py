"""POST and GET /_sandbox/appointments: seeds in every form that docs/seeds.md shows, and what is there."""

import re
from pathlib import Path

import httpx
import pytest

from registry_sandbox.testing.builders import appointment, as_xml
from registry_sandbox.testing.running import RegistrySandbox

PAGE = (Path(__file__).parents[2] / "docs" / "seeds.md").read_text()
STORY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0].replace("already-cancelled", "from-the-page")


@pytest.fixture
def url(running: RegistrySandbox) -> str:
    """Where seeds are posted; the registry is as at its start."""
    running.reset()
    return f"{running.control_url}/appointments"


def test_the_story_of_the_page_can_be_posted(url: str) -> None:
    """As it stands there, and with the Content-Type that curl sends by itself."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(url, content=STORY, headers=form)
    assert (answer.status_code, answer.json()["seeded"]) == (201, 1)
    versions = httpx.get(f"{url}/from-the-page").json()["versions"]
    assert [each["status"] for each in versions] == ["booked", "cancelled"]


def test_several_stories_are_seeded_all_or_none(url: str) -> None:
    """Divided by ---; the second is wrong, so the first is not there either."""
    second = STORY.replace("from-the-page", "second")
    assert httpx.post(url, content=f"{STORY}---\n{second}").json()["seeded"] == 2
    third = STORY.replace("from-the-page", "third")
    refused = httpx.post(url, content=f"{third}---\npatient: x\n")
    assert refused.status_code == 400
    at = STORY.count("\n") + 2
    assert f"body, line {at}: 'pointer' is missing" in refused.json()["error"]
    assert httpx.get(f"{url}/third").status_code == 404


@pytest.mark.parametrize("as_story", [True, False])
def test_json_and_xml_can_be_posted(url: str, as_story: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """An Appointment in either format, or a list of stories."""
    resource = appointment(id="mine")
    story = {"id": "mine", "patient": "9990001111", "pointer": "https://p.example.test/1", "start": "+1d", "end": "+2d"}
    content = httpx.Request("POST", url, json=[story]).content if as_story else as_xml(resource)
    assert httpx.post(url, content=content).status_code == 201
    assert len(httpx.get(f"{url}/mine").json()["versions"]) == 1


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", "there is nothing in it"),
        ("patient: [a", "body, line 1: not YAML"),
        ("just a text", "a story is a mapping"),
        (STORY.replace("Blake EXAMPLE", "[a, b]"), "'name' is a mapping or a list"),
        (STORY.replace("status: cancelled", "status: [cancelled]"), "'later' is a list"),
        (f"a: {'[' * 100}", "nested too deeply"),
        ("<Appointment", "body:"),
        ('{"patient": 1', "no JSON"),
        (f"x: &a [{'1,' * 50}]\n" + "".join(f"y{n}: &b{n} [{'*a,' * 50}]\n" for n in range(9)), "'x' is not known"),
    ],
)
def test_what_cannot_be_seeded_is_named(url: str, content: str, named: str) -> None:
    """400, and nothing is stored."""
    before = httpx.get(url).json()["total"]
    refused = httpx.post(url, content=content)
    assert refused.status_code == 400
    assert named in refused.json()["error"]
    assert httpx.get(url).json()["total"] == before


def test_the_list_can_be_narrowed(url: str) -> None:
    """By patient and by number; the total is that of the patient."""
    httpx.post(url, content=STORY)
    of_patient = httpx.get(url, params={"patient": "9991000038"}).json()
    assert {each["versions"][0]["id"] for each in of_patient["appointments"]} >= {"already-cancelled", "from-the-page"}
    assert of_patient["total"] == len(of_patient["appointments"]) < httpx.get(url).json()["total"]
    one = httpx.get(url, params={"limit": "1"}).json()
    assert (len(one["appointments"]), one["total"] > 1) == (1, True)


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "pacient=1", "limit=1&limit=2"])
def test_what_cannot_narrow_it_is_refused(url: str, query: str) -> None:
    """400, naming the parameter."""
    refused = httpx.get(f"{url}?{query}")
    assert refused.status_code == 400
    assert query.partition("=")[0] in refused.json()["error"]
