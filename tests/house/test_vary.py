"""vary: answers that keep to the contract, but not to what a client may have got used to."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from lxml import etree

from registry_sandbox.faults.effects.vary import VARIATIONS
from registry_sandbox.faults.variations.response_headers import CASE
from registry_sandbox.faults.variations.stored import is_in_half
from registry_sandbox.reading.codec import Codec
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.faulty import BOOKED, NEW, TWO_VERSIONS
from tests.spec.conversation import official_schema

JSON, XML = "application/fhir+json", "application/fhir+xml"
PAGES_PATIENT = "1234554321"
CODEC = Codec()
KINDS = ("Appointment", "Bundle", "OperationOutcome", "CapabilityStatement")
Start = Callable[..., RegistrySandbox]
HTTP = httpx.Client(trust_env=False)  # one for all: to make one takes longer than a test's whole conversation


@pytest.fixture(scope="session", autouse=True)
def closed() -> Iterator[None]:
    """Close the client's connections at the end."""
    yield
    HTTP.close()


@pytest.fixture
def sandbox(registry_sandbox: RemoteSandbox) -> RemoteSandbox:
    """A sandbox of the pages' days: the clock at 2019-01-18."""
    registry_sandbox.clock.freeze("2019-01-18T09:00:00Z")
    return registry_sandbox


def ask(sandbox: RemoteSandbox, path: str, accept: str = JSON, **headers: str) -> httpx.Response:
    """Send a GET."""
    sent = {"Authorization": f"Bearer {sandbox.token()}", "Accept": accept, **headers}
    return HTTP.get(f"{sandbox.base_url}{path}", headers=sent)


def search_for(patient: str) -> str:
    """Return the path of a search."""
    return f"/Appointment?patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C{patient}"


def varied(sandbox: RemoteSandbox) -> list[str]:
    """Return the variations of the last exchange, as the journal names them."""
    names: list[str] = sandbox.journal.exchanges()[-1].get("varied", [])
    return names


class TestText:
    """The text differs, the value is the same."""

    @pytest.mark.parametrize("name", ["member-order", "white-space", "escapes"])
    @pytest.mark.parametrize(
        "path", [f"/Appointment/{BOOKED}", search_for(PAGES_PATIENT), "/metadata", "/Appointment/x"]
    )
    def test_json(self, sandbox: RemoteSandbox, name: str, path: str) -> None:
        """Member by member, entry by entry."""
        usual = ask(sandbox, path)
        sandbox.fault(f"*:vary={name}")
        answer = ask(sandbox, path)
        assert answer.content != usual.content
        assert without_stamps(answer.json()) == without_stamps(usual.json())
        assert varied(sandbox) == [name]

    @pytest.mark.parametrize("name", ["xml-prefix", "xml-declaration", "xml-quotes", "white-space"])
    @pytest.mark.parametrize(
        "path", [f"/Appointment/{BOOKED}", search_for(PAGES_PATIENT), "/metadata", "/Appointment/x"]
    )
    def test_xml(self, sandbox: RemoteSandbox, name: str, path: str) -> None:
        """Element by element."""
        usual = ask(sandbox, path, XML)
        sandbox.fault(f"*:vary={name}")
        answer = ask(sandbox, path, XML)
        assert answer.content != usual.content
        assert in_elements(answer.content) == in_elements(usual.content)
        assert varied(sandbox) == [name]

    @pytest.mark.parametrize(
        ("accept", "name"),
        [(JSON, "escapes"), (JSON, "white-space"), (XML, "xml-quotes"), (XML, "xml-prefix"), (XML, "white-space")],
    )
    def test_what_has_to_be_escaped_is(self, sandbox: RemoteSandbox, accept: str, name: str) -> None:
        """Ampersands, and quotation marks of both kinds."""
        pointer, display = "https://provider.example.test/?a=1&b=it's", 'Ann "Ä" <O\'Neill> & Co'
        participant = json.loads(json.dumps(NEW["participant"]))
        participant[0]["actor"]["display"] = display
        identifier = [{"system": "urn:ietf:rfc:3986", "value": pointer}]
        sandbox.register({**NEW, "id": "odd", "identifier": identifier, "participant": participant})
        sandbox.fault(f"*:vary={name}")
        answer = ask(sandbox, "/Appointment/odd", accept)
        read = CODEC.read(answer.content, "json" if accept == JSON else "xml").resource
        assert read["identifier"][0]["value"] == pointer
        assert read["participant"][0]["actor"]["display"] == display

    def test_a_narrative_keeps_its_white_space(self, sandbox: RemoteSandbox) -> None:
        """In it, white space is text."""
        div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>one <b>two</b>\n three &amp; "four"</p></div>'
        sandbox.register({**NEW, "id": "told", "text": {"status": "generated", "div": div}})
        sandbox.fault("*:vary={}".format('["white-space","xml-prefix","xml-quotes"]'))
        root = etree.fromstring(ask(sandbox, "/Appointment/told", XML).content)
        (shown,) = root.iter("{http://www.w3.org/1999/xhtml}div")
        assert etree.canonicalize(etree.tostring(shown, with_tail=False, encoding="unicode")) == etree.canonicalize(div)


def without_stamps(resource: Any) -> Any:
    """Return a resource without what differs in every answer."""
    return {key: value for key, value in resource.items() if key not in ("id", "meta")} if resource else resource


def in_elements(body: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return every element with its attributes, but for what differs in every answer."""
    root = etree.fromstring(body)
    stamped = [*root.findall("{*}id"), *root.findall("{*}meta/{*}lastUpdated")]
    return [(str(each.tag), dict(each.attrib)) for each in root.iter() if each not in stamped]  # type: ignore[arg-type]


class TestContent:
    """What a client must not rely on in a resource."""

    @pytest.mark.parametrize("accept", [JSON, XML])
    def test_the_entries_of_a_search_come_in_another_order(self, sandbox: RemoteSandbox, accept: str) -> None:
        """All of them."""
        usual = ids_of(ask(sandbox, search_for(PAGES_PATIENT), accept))
        sandbox.fault("search:vary=entry-order")
        answer = ids_of(ask(sandbox, search_for(PAGES_PATIENT), accept))
        assert len(usual) == 6
        assert answer != usual
        assert sorted(answer) == sorted(usual)

    def test_a_history_keeps_its_order(self, sandbox: RemoteSandbox) -> None:
        """Newest first, whatever is varied: then there is nothing to vary."""
        fault = sandbox.fault("*:vary=entry-order", must_fire=False)
        history = ask(sandbox, f"/Appointment/{TWO_VERSIONS}/_history").json()
        assert [each["resource"]["meta"]["versionId"] for each in history["entry"]] == ["2", "1"]
        assert (fault.fired, fault.rule["near_misses"][-1]["why"]) == (0, "matched, nothing to spoil")

    def test_the_registrys_own_instants_are_spelled_otherwise(self, sandbox: RemoteSandbox) -> None:
        """The same instant; those that a client sent come back as they were."""
        usual = ask(sandbox, f"/Appointment/{BOOKED}").json()
        sandbox.fault("*:vary=instants")
        answer = ask(sandbox, f"/Appointment/{BOOKED}").json()
        ours, theirs = answer["meta"].pop("lastUpdated"), usual["meta"].pop("lastUpdated")
        assert ours != theirs
        assert datetime.fromisoformat(ours) == datetime.fromisoformat(theirs)
        assert answer == usual

    def test_an_outcome_has_a_further_issue(self, sandbox: RemoteSandbox) -> None:
        """The first one is as ever."""
        usual = ask(sandbox, "/Appointment/unknown").json()
        sandbox.fault("*:vary=issues")
        answer = ask(sandbox, "/Appointment/unknown").json()
        assert answer["issue"][0] == usual["issue"][0]
        assert [each["severity"] for each in answer["issue"]] == ["error", "information"]
        assert [len(each["details"]["coding"]) for each in answer["issue"]] == [1, 1]


def ids_of(answer: httpx.Response) -> list[str]:
    """Return the ids of a Bundle's entries, in order."""
    if answer.text.startswith("{"):
        return [each["resource"]["id"] for each in answer.json()["entry"]]
    return [each.get("value", "") for each in etree.fromstring(answer.content).iterfind("{*}entry/{*}resource/*/{*}id")]


class TestHeaders:
    """What a client must not rely on in HTTP."""

    def test_names_in_another_case_and_order(self, sandbox: RemoteSandbox) -> None:
        """The same headers."""
        usual = ask(sandbox, f"/Appointment/{BOOKED}")
        sandbox.fault('read:vary=["header-case","header-order"]')
        answer = ask(sandbox, f"/Appointment/{BOOKED}")
        raw, raw_usual = ([name for name, _ in each.headers.raw] for each in (answer, usual))
        assert raw != raw_usual
        assert [name.lower() for name in raw] != [name.lower() for name in raw_usual]
        assert sorted(map(bytes.lower, raw)) == sorted(map(bytes.lower, raw_usual))
        assert answer.headers["ETag"] == usual.headers["ETag"]

    def test_an_unknown_header_and_another_spelling_of_the_media_type(self, sandbox: RemoteSandbox) -> None:
        """On an outcome as well."""
        usual = ask(sandbox, "/Appointment/unknown")
        sandbox.fault('read:vary=["headers","content-type"]')
        answer = ask(sandbox, "/Appointment/unknown")
        assert len(answer.headers) == len(usual.headers) + 1
        assert answer.headers["Content-Type"] != usual.headers["Content-Type"]
        assert answer.headers["Content-Type"].startswith(JSON)
        assert answer.encoding == "utf-8"

    def test_chunks_instead_of_a_length(self, sandbox: RemoteSandbox) -> None:
        """The same body, and the connection is kept; HEAD and 304 have no body to send in chunks."""
        usual = ask(sandbox, f"/Appointment/{BOOKED}")
        sandbox.fault("read:vary=chunked")
        with httpx.Client(headers={"Authorization": f"Bearer {sandbox.token()}"}) as client:
            for _ in range(2):
                answer = client.get(f"{sandbox.base_url}/Appointment/{BOOKED}")
                assert (answer.headers["Transfer-Encoding"], "Content-Length" in answer.headers) == ("chunked", False)
                assert answer.content == usual.content
            head = client.head(f"{sandbox.base_url}/Appointment/{BOOKED}")
            same = client.get(f"{sandbox.base_url}/Appointment/{BOOKED}", headers={"If-None-Match": 'W/"1"'})
        assert [each.get("varied") for each in sandbox.journal.exchanges()[-4:]] == [["chunked"]] * 2 + [None] * 2
        assert int(head.headers["Content-Length"]) == len(usual.content)
        assert (same.status_code, "Transfer-Encoding" in same.headers) == (304, False)


class TestStored:
    """What is planted at registration stays."""

    def test_an_extension_is_part_of_every_version_and_has_to_come_back(self, sandbox: RemoteSandbox) -> None:
        """A client that drops it gets the 422 that names it."""
        fault = sandbox.fault("register:vary=extension")
        headers = {"Authorization": f"Bearer {sandbox.token()}", "If-Match": 'W/"1"'}
        created = HTTP.post(f"{sandbox.base_url}/Appointment", headers=headers, json=NEW)
        assert varied(sandbox) == ["extension"]
        fault.remove()
        stored = created.json()
        url = f"{sandbox.base_url}/Appointment/{stored['id']}"
        (extension,) = stored["extension"]
        assert extension["url"].startswith("https://")
        assert ask(sandbox, f"/Appointment/{stored['id']}").json() == stored
        dropped = {name: value for name, value in stored.items() if name != "extension"} | {"status": "cancelled"}
        refused = HTTP.put(url, headers=headers, json=dropped)
        assert refused.status_code == 422
        assert "extension" in refused.json()["issue"][0]["diagnostics"]
        kept = HTTP.put(url, headers=headers, json={**stored, "status": "cancelled"})
        assert (kept.status_code, kept.json()["extension"]) == (200, [extension])

    def test_an_extension_of_the_clients_own_stays_beside_it(self, sandbox: RemoteSandbox) -> None:
        """Theirs first, as it was sent."""
        own = {"url": "https://provider.example.test/extension", "valueBoolean": True}
        sandbox.fault("register:vary=extension")
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        created = HTTP.post(f"{sandbox.base_url}/Appointment", headers=headers, json={**NEW, "extension": [own]})
        assert created.status_code == 201, created.text
        assert created.json()["extension"][0] == own
        assert len(created.json()["extension"]) == 2

    def test_the_pages_own_sample_is_stored_as_it_stands(self, sandbox: RemoteSandbox) -> None:
        """Whoever pastes it, and then their cancel sample, must succeed."""
        sandbox.fault("register:vary=extension", must_fire=False)
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        pointer = [{"system": "urn:ietf:rfc:3986", "value": "http://test.nhs.uk/test3"}]
        created = HTTP.post(f"{sandbox.base_url}/Appointment", headers=headers, json={**NEW, "identifier": pointer})
        assert (created.status_code, "extension" in created.json()) == (201, False)

    def test_an_id_need_not_be_a_uuid(self, sandbox: RemoteSandbox) -> None:
        """It is a FHIR id all the same."""
        sandbox.fault("register:vary=ids")
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        created = HTTP.post(f"{sandbox.base_url}/Appointment", headers=headers, json=NEW)
        logical_id = created.json()["id"]
        assert logical_id.startswith("APPT.")
        assert created.headers["Location"] == f"{sandbox.base_url}/Appointment/{logical_id}/_history/1"
        assert ask(sandbox, f"/Appointment/{logical_id}").status_code == 200

    def test_with_the_setting_half_of_the_seeds_have_one_and_the_pages_samples_never(
        self, registry_sandbox_factory: Start
    ) -> None:
        """From seed and id: the same after a reset."""
        with RegistrySandbox(random_seed=7) as usual:
            samples = {name: each for name, each in usual.appointments.items() if is_of_the_pages(each)}
        sandbox = registry_sandbox_factory(vary=True, random_seed=7)
        stored = sandbox.appointments
        extended = {name for name, each in stored.items() if "extension" in each}
        others = set(stored) - set(samples)
        assert len(others) / 4 < len(extended) < len(others)
        assert all(stored[name] == sample for name, sample in samples.items())
        sandbox.reset()
        assert {name for name, each in sandbox.appointments.items() if "extension" in each} == extended


def is_of_the_pages(resource: Any) -> bool:
    """Return True for the samples of the registry's pages."""
    return bool(resource["identifier"][0]["value"].startswith("http://test.nhs.uk/"))


def conversation(sandbox: RemoteSandbox) -> list[httpx.Response]:
    """Register, read, cancel, search and err, in both formats."""
    answers = []
    for accept in (JSON, XML) * 6:
        headers = {"Authorization": f"Bearer {sandbox.token()}", "Accept": accept, "If-Match": 'W/"1"'}
        created = HTTP.post(f"{sandbox.base_url}/Appointment", headers={**headers, "Accept": JSON}, json=NEW)
        url = f"{sandbox.base_url}/Appointment/{created.json()['id']}"
        first = HTTP.get(f"{url}/_history/1", headers={**headers, "Accept": JSON})
        cancelled = HTTP.put(url, headers=headers, json={**first.json(), "status": "cancelled"})
        again = HTTP.put(url, headers=headers, json={**first.json(), "status": "cancelled"})
        assert (created.status_code, cancelled.status_code, again.status_code) == (201, 200, 409)
        paths = ("/_history/1", "/_history/2", "/_history", "")
        answers += [created, first, cancelled, again, *(HTTP.get(url + path, headers=headers) for path in paths)]
        for path in (search_for("9991000135"), "/metadata", "/Appointment/unknown", "/Appointment?x=y"):
            answers.append(HTTP.get(f"{sandbox.base_url}{path}", headers=headers))
    return answers


class TestSetting:
    """--vary: every exchange, each variation on half of them."""

    def test_every_varied_answer_is_valid_and_every_variation_occurs(self, registry_sandbox_factory: Start) -> None:
        """By our own reader and profiles, and by the official schema where it is there."""
        sandbox = registry_sandbox_factory(vary=True, random_seed=11)
        for answer in conversation(sandbox):
            assert answer.headers["Content-Type"].lower().startswith("application/fhir+")
            reading = CODEC.read(answer.content, "json" if answer.text.startswith("{") else "xml", KINDS)
            schema = official_schema()
            if schema is not None:
                schema.assertValid(etree.fromstring(CODEC.write(reading.resource, "xml")))
        seen = {name for each in sandbox.journal.exchanges() for name in each.get("varied", ())}
        assert seen == set(VARIATIONS)
        cased = [CASE in each.get("varied", ()) for each in sandbox.journal.exchanges()]
        assert len(cased) / 4 < sum(cased) < len(cased) * 3 / 4
        assert all(each["faults"] == [] for each in sandbox.journal.exchanges())

    def test_an_extension_follows_from_seed_and_id_not_from_the_exchange(self, registry_sandbox_factory: Start) -> None:
        """Whenever it is registered."""
        sandbox = registry_sandbox_factory(vary=True, random_seed=14)
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        created = [HTTP.post(f"{sandbox.base_url}/Appointment", headers=headers, json=NEW).json() for _ in range(20)]
        extended = [each["id"] for each in created if "extension" in each]
        assert extended == [each["id"] for each in created if is_in_half(14, each["id"])]
        assert 0 < len(extended) < 20

    def test_versions_never_change(self, registry_sandbox_factory: Start) -> None:
        """However often they are read, and in whichever way they are written."""
        sandbox = registry_sandbox_factory(vary=True, random_seed=12)
        texts, values = set(), set()
        for _ in range(12):
            answer = ask(sandbox, f"/Appointment/{TWO_VERSIONS}/_history/1")
            resource = answer.json()
            resource["meta"]["lastUpdated"] = datetime.fromisoformat(resource["meta"]["lastUpdated"]).timestamp()
            texts.add(answer.text)
            values.add(json.dumps(resource, sort_keys=True))
        assert (len(texts) > 3, len(values)) == (True, 1)

    def test_the_same_seed_varies_alike(self, registry_sandbox_factory: Start) -> None:
        """So that a failure can be repeated."""
        runs = []
        for _ in range(2):
            sandbox = registry_sandbox_factory(
                vary=True, random_seed=13, clock="2031-01-01T12:00:00Z", clock_frozen=True
            )
            bodies = [each.content.replace(sandbox.base_url.encode(), b"") for each in conversation(sandbox)[:12]]
            runs.append((bodies, [each.get("varied") for each in sandbox.journal.exchanges()]))
        assert [b.replace(b"\\/", b"/") for b in runs[0][0][:2]] == [b.replace(b"\\/", b"/") for b in runs[1][0][:2]]
        assert runs[0][1] == runs[1][1]

    def test_it_is_among_the_rules_but_not_among_what_fired(self, registry_sandbox_factory: Start) -> None:
        """Each exchange meets it: the list of what fired is for faults."""
        sandbox = registry_sandbox_factory(vary=True)
        ask(sandbox, "/metadata")
        listed = {each["id"]: each["source"] for each in sandbox.control.json("GET", "/faults")["faults"]}
        assert listed["vary"] == "setting"
        assert sandbox.control.json("GET", "/faults/fired") == {"fired": [], "total": 0}


@pytest.mark.parametrize("value", [False, [], ["member-order", "colours"], "colours", {}])
def test_what_is_no_variation_is_refused(sandbox: RemoteSandbox, value: object) -> None:
    """With the names of those that there are."""
    answer = HTTP.post(f"{sandbox.control_url}/faults", json={"then": {"vary": value}})
    assert answer.status_code == 400
    assert "member-order" in answer.json()["error"]
