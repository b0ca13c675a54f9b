"""Workspaces over HTTP: URLs of their own, nothing shared with others, tokens and control planes for one alone."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from registry_sandbox.testing.builders import appointment, cancelled
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox

BOOKED = "booked-tomorrow"
PATIENT = "9991000011"
SLOT = {"start": "+1d 09:00", "end": "+1d 09:10"}
SEARCH = f"Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|{PATIENT}"


@pytest.fixture(scope="module")
def server() -> Iterator[RegistrySandbox]:
    """A sandbox whose clock stands still, so that answers can be compared."""
    with RegistrySandbox(clock="2019-01-18T09:00:00Z", clock_frozen="true", random_seed=1) as sandbox:
        yield sandbox


def created(server: RemoteSandbox, **wanted: Any) -> dict[str, Any]:
    """Make a workspace, and return what the sandbox says of it."""
    made: dict[str, Any] = server.control.json("POST", "/workspaces", wanted)
    return made


def workspace(server: RemoteSandbox, **wanted: Any) -> RemoteSandbox:
    """Make a workspace, and return it as tests handle it."""
    made = created(server, **wanted)
    return RemoteSandbox(made["base_url"], made["control_url"], control_token=wanted.get("control_token"))


def client(sandbox: RemoteSandbox, token: str | None = None) -> httpx.Client:
    """Return a client of a workspace with a token of its own, or with this one."""
    bearer = {"Authorization": f"Bearer {token or sandbox.token()}"}
    return httpx.Client(base_url=sandbox.base_url, headers=bearer)


def refused(server: RemoteSandbox, body: Any) -> tuple[int, str]:
    """Ask for a workspace, and return the status and the error."""
    answer = httpx.post(f"{server.control_url}/workspaces", content=json.dumps(body))
    return answer.status_code, answer.json()["error"]


class TestUrls:
    """Everything that a workspace tells of itself is inside it."""

    def test_all_that_an_answer_names_is_in_the_workspace(self, server: RegistrySandbox) -> None:
        """Location, fullUrl, self link, CapabilityStatement and discovery; and each of them answers."""
        made = workspace(server)
        base = re.compile(re.escape(made.base_url))
        with client(made) as http:
            location = http.post("/Appointment", json=appointment()).headers["Location"]
            found = http.get(SEARCH).json()
            statement = http.get("/metadata").text
            assert http.get(location).status_code == 200
            assert http.get(found["link"][0]["url"]).json()["total"] == found["total"]
            assert http.get(found["entry"][0]["fullUrl"]).status_code == 200
        assert base.match(location)
        assert base.match(found["link"][0]["url"])
        assert made.token_url in statement
        assert f"{server.base_url}/" not in statement
        root = made.base_url.removesuffix("/STU3")
        discovered = httpx.get(f"{root}/.well-known/openid-configuration").json()
        assert discovered["token_endpoint"] == made.token_url
        assert httpx.get(discovered["jwks_uri"]).json() == httpx.get(f"{root}/.well-known/jwks.json").json()

    def test_the_token_endpoint_hands_out_tokens_for_the_workspace(self, server: RegistrySandbox) -> None:
        """With the clients that the answer names, and the scope of its base."""
        made = created(server)
        who = made["clients"][0]
        form = {"grant_type": "client_credentials", "scope": f"{made['base_url']}/.default"}
        form |= {"client_id": who["client_id"], "client_secret": who["client_secret"]}
        token = httpx.post(made["token_url"], data=form).json()["access_token"]
        assert httpx.get(f"{made['base_url']}/Appointment/{BOOKED}", headers=_bearer(token)).status_code == 200

    def test_its_root_without_a_slash_is_sent_to_the_one_with_it(self, server: RegistrySandbox) -> None:
        """The page's addresses are relative to it, and would lead to the workspace without a name."""
        root = created(server)["base_url"].removesuffix("/STU3")
        sent = httpx.get(root, headers={"Accept": "text/html"})
        assert (sent.status_code, str(sent.next_request and sent.next_request.url)) == (308, f"{root}/")

    def test_it_lists_its_own_paths_and_no_workspaces(self, server: RegistrySandbox) -> None:
        """The root and the OpenAPI document."""
        made = workspace(server)
        root = made.base_url.removesuffix("STU3")
        listed = httpx.get(root, headers={"Accept": "application/json"}).json()["paths"]
        mount = urlsplit(root).path.rstrip("/")
        assert {f"{mount}/STU3", f"{mount}/oauth2/token", f"{mount}/_sandbox/faults"} <= set(listed)
        described = made.control.json("GET", "/openapi.json")["paths"]
        assert f"{mount}/STU3/Appointment/{{id}}" in described
        assert not [path for path in (*listed, *described) if "workspaces" in path or not path.startswith(mount)]
        answer = httpx.post(f"{made.control_url}/workspaces")
        assert answer.status_code == 404

    @pytest.mark.parametrize("prefix", ["/nhs", ""])
    def test_a_proxy_in_front_of_it_may_keep_its_prefix_or_strip_it(self, prefix: str) -> None:
        """With `--base-url`, everything is advertised inside it."""
        outside = "https://registry.example.test/nhs"
        with RegistrySandbox(base_url=f"{outside}/STU3") as sandbox:
            made = created(sandbox, name="a")
            assert made["base_url"] == f"{outside}/w/a/STU3"
            assert made["token_url"] == f"{outside}/w/a/oauth2/token"
            assert made["control_url"] == f"{outside}/w/a/_sandbox"
            inside = sandbox.base_url.removesuffix("/nhs/STU3") + f"{prefix}/w/a"
            token = httpx.get(f"{inside}/_sandbox/token").text
            found = httpx.get(f"{inside}/STU3/{SEARCH}", headers=_bearer(token))
            assert found.json()["entry"][0]["fullUrl"].startswith(f"{outside}/w/a/STU3/Appointment/")

    def test_the_control_plane_of_its_own_port_has_those_of_the_workspaces(self) -> None:
        """And the registry's port has none."""
        with RegistrySandbox(control_port=0) as sandbox:
            made = created(sandbox, name="a")
            origin = sandbox.control_url.removesuffix("/_sandbox")
            assert made["control_url"] == f"{origin}/w/a/_sandbox"
            assert made["base_url"] == sandbox.base_url.replace("/STU3", "/w/a/STU3")
            token = httpx.get(f"{made['control_url']}/token").text
            read = f"/Appointment/{BOOKED}"
            assert httpx.get(made["base_url"] + read, headers=_bearer(token)).status_code == 200
            assert httpx.get(made["base_url"].replace("STU3", "_sandbox/health")).status_code == 404
            assert httpx.get(f"{origin}/w/a/STU3{read}", headers=_bearer(token)).status_code == 404


class TestIsolation:
    """What happens in one is nothing to the others."""

    def test_appointments_faults_clock_journal_and_reset_are_its_own(self, server: RegistrySandbox) -> None:
        """Everything is changed in one, and the others are as they were."""
        mine, other = workspace(server), workspace(server)
        before = [_all_of(each) for each in (server, other)]
        with client(mine) as http:
            registered = http.post("/Appointment", json=appointment(nhs_number=PATIENT)).json()
            mine.fault("cancel:500@x1")
            tag = {"If-Match": 'W/"1"'}
            statuses = [
                http.put(f"/Appointment/{registered['id']}", json=cancelled(registered), headers=tag).status_code
                for _ in range(2)
            ]
            assert statuses == [500, 200]
        mine.clock.advance("1d")
        assert [_all_of(each) for each in (server, other)] == before
        assert len(mine.versions(registered["id"])) == 2
        other.reset()
        server.reset()
        assert mine.journal.statuses() == [201, 500, 200]
        assert [each.id for each in mine.faults_that_never_fired()] == []
        mine.reset()
        assert _all_of(mine) == before[1]

    def test_the_same_calls_get_the_same_answers_in_each(self, server: RegistrySandbox) -> None:
        """Ids and request ids too: every workspace begins its random streams with the sandbox's seed."""
        answers = []
        for _ in range(2):
            made = workspace(server)
            with client(made) as http:
                answer = http.post("/Appointment", json=appointment())
            told = answer.headers["Location"].removeprefix(made.base_url)
            answers.append((told, answer.headers["X-Request-Id"], answer.content))
        assert answers[0] == answers[1]

    def test_a_rotated_key_is_the_workspaces_own(self, server: RegistrySandbox) -> None:
        """The key is that of the start until then, and again after a reset."""
        mine, other = workspace(server), workspace(server)
        keys = [each.control.json("GET", "/keys") for each in (server, mine, other)]
        assert keys[0] == keys[1] == keys[2]
        old, of_other = mine.token(), other.token()
        mine.control.json("POST", "/keys")
        assert [each.control.json("GET", "/keys") for each in (server, other)] == keys[1:]
        with client(mine, old) as http, client(other, of_other) as beside:
            assert http.get(f"/Appointment/{BOOKED}").status_code == 403
            assert beside.get(f"/Appointment/{BOOKED}").status_code == 200
            mine.reset()
            assert http.get(f"/Appointment/{BOOKED}").status_code == 200
        server.control.json("POST", "/keys")
        assert workspace(server).control.json("GET", "/keys") == keys[0]
        server.reset()

    def test_events_are_those_of_the_workspace(self, server: RegistrySandbox) -> None:
        """Who follows one does not hear of others, and the stream ends with the workspace."""
        made = created(server)
        mine = RemoteSandbox(made["base_url"], made["control_url"])
        with httpx.stream("GET", f"{made['control_url']}/events", timeout=20) as stream:
            lines = stream.iter_lines()
            next(lines)
            workspace(server).clock.advance("1s")
            mine.clock.advance("1s")
            told = [next(lines) for _ in range(4)]
            assert [each for each in told if each.startswith("event")] == ["event: clock"]
            server.control.json("DELETE", f"/workspaces/{made['name']}")
            assert [each for each in lines if each.startswith("event")] == []

    def test_a_rate_limit_counts_in_each(self) -> None:
        """A client that is over its limit in one may go on in another."""
        with RegistrySandbox(rate_limit="1/h", auth="off", clock_frozen="true") as sandbox:
            made = [workspace(sandbox) for _ in range(2)]
            url = f"/Appointment/{BOOKED}"
            statuses = [httpx.get(each.base_url + url).status_code for each in (*made, *made)]
            assert statuses == [200, 200, 429, 429]


class TestTokens:
    """A token is for one workspace."""

    @pytest.mark.parametrize("settings", [{}, {"audience": "urn:registry"}, {"auth": "spine"}])
    def test_elsewhere_it_is_a_403_that_says_which_workspace_it_is_for(self, settings: dict[str, Any]) -> None:
        """With the audience by URL, with a configured one, and with Spine tokens."""
        with RegistrySandbox(**settings) as sandbox:
            one, two = workspace(sandbox, name="one"), workspace(sandbox, name="two")
            named = {sandbox: "the workspace without a name", one: "the workspace 'one'", two: "the workspace 'two'"}
            for owner, place in [(o, p) for o in named for p in named]:
                with client(place, owner.token()) as http:
                    answer = http.get(f"/Appointment/{BOOKED}")
                if owner is place:
                    assert answer.status_code == 200
                    continue
                said = answer.json()["issue"][0]["diagnostics"]
                assert answer.status_code == 403
                assert said.startswith(f"Claim aud is for {named[owner]}, and this is {named[place]}; expected ")

    def test_a_token_for_somebody_else_is_none_of_a_workspace(self, server: RegistrySandbox) -> None:
        """However its audience looks."""
        token = server.token(claims={"aud": "https://other.test/w/one/STU3"})
        with client(server, token) as http:
            said = http.get(f"/Appointment/{BOOKED}").json()["issue"][0]["diagnostics"]
        assert said.startswith("Claim aud does not name this registry; ")

    def test_one_connection_does_not_carry_a_token_from_one_to_another(self, server: RegistrySandbox) -> None:
        """What follows from equal headers is kept for a connection, but not who may pass."""
        one, two = workspace(server), workspace(server)
        address, headers = urlsplit(server.base_url), _bearer(one.token())
        connection = http.client.HTTPConnection(str(address.hostname), address.port)
        statuses = []
        for place in (one, two, server, one):
            connection.request("GET", f"{urlsplit(place.base_url).path}/Appointment/{BOOKED}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        assert statuses == [200, 403, 403, 200]


class TestUnknown:
    """A workspace that is not there."""

    @pytest.mark.parametrize("name", ["nobody", "NOBODY", "%2e%2e", "a_b", "", "x" * 5_000])
    def test_below_the_base_it_is_an_outcome_before_any_token(self, server: RegistrySandbox, name: str) -> None:
        """In the format that the client wants."""
        url = f"{server.base_url.removesuffix('/STU3')}/w/{name}/STU3/Appointment/1"
        answer = httpx.get(url, headers={"Accept": "application/fhir+json", "Authorization": "Bearer nonsense"})
        assert answer.status_code == 404
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert f"There is no workspace '{name[:80]}'" in answer.json()["issue"][0]["diagnostics"]
        as_xml = httpx.post(url, headers={"Accept": "application/fhir+xml"}, content=b"x" * 100_000)
        assert as_xml.status_code == 404
        assert "<OperationOutcome" in as_xml.text

    @pytest.mark.parametrize("path", ["/w", "/w/", "/w/nobody", "/w/nobody/_sandbox/health", "/w/nobody/oauth2/token"])
    def test_elsewhere_it_is_json(self, server: RegistrySandbox, path: str) -> None:
        """As everything beside the FHIR base is."""
        answer = httpx.get(server.base_url.removesuffix("/STU3") + path)
        assert answer.status_code == 404
        assert answer.json()["error"]

    def test_it_changes_nothing_of_what_others_answer_next(self, server: RegistrySandbox) -> None:
        """Request ids come from a stream; one to nowhere must not take the next of it."""
        server.reset()
        url = f"{server.base_url}/metadata"
        first = httpx.get(url).headers["X-Request-Id"]
        server.reset()
        httpx.get(server.base_url.replace("/STU3", "/w/nobody/STU3/metadata"))
        assert httpx.get(url).headers["X-Request-Id"] == first

    def test_one_that_was_deleted_is_gone_with_what_is_under_way_in_it(self, server: RegistrySandbox) -> None:
        """Its connections are closed, and its name can be had again."""
        made = workspace(server, name="doomed")
        held = made.hold("read", must_fire=False)
        failures: list[Exception] = []

        def read() -> None:
            with client(made, token) as http:
                try:
                    http.get(f"/Appointment/{BOOKED}")
                except httpx.TransportError as error:
                    failures.append(error)

        token = made.token()
        reading = threading.Thread(target=read)
        reading.start()
        held.wait()
        server.control.json("DELETE", "/workspaces/doomed")
        reading.join()
        assert len(failures) == 1
        assert httpx.get(f"{made.base_url}/metadata").status_code == 404
        assert workspace(server, name="doomed").journal.statuses() == []


class TestMaking:
    """POST /_sandbox/workspaces."""

    def test_it_starts_with_what_is_asked_for(self, server: RegistrySandbox) -> None:
        """Seeds, clock, faults, random seed; a reset returns to them, and the others have none of it."""
        story = {
            "id": "mine",
            "patient": PATIENT,
            "pointer": "http://p.test/1",
            "start": "+1d 10:00",
            "end": "+1d 10:10",
        }
        made = workspace(
            server,
            seed_data=[story],
            clock={"now": "2020-02-02T09:00:00Z", "frozen": False},
            faults=["read:500@x1", {"id": "own", "match": {"interaction": "search"}, "then": {"status": 503}}],
            random_seed=7,
        )
        for _ in range(2):
            assert made.appointments["mine"]["start"] == "2020-02-03T10:00:00.000+00:00"
            assert list(made.appointments) == ["mine"]
            assert not made.clock.frozen
            with client(made) as http:
                assert [http.get("/Appointment/mine").status_code for _ in range(2)] == [500, 200]
                assert http.get(SEARCH).status_code == 503
            made.reset()
        listed = [each["id"] for each in made.control.json("GET", "/faults")["faults"] if each["source"] == "flag"]
        assert listed == ["flag-1", "own"]
        assert BOOKED in server.appointments

    def test_one_can_start_empty(self, server: RegistrySandbox) -> None:
        """And by a bare instant of the clock."""
        made = workspace(server, no_seed_data=True, clock="2020-02-02T09:00:00Z")
        assert made.appointments == {}
        assert made.clock.now.isoformat() == "2020-02-02T09:00:00+00:00"
        assert made.clock.frozen

    def test_an_empty_body_makes_one_as_the_sandbox_was_started(self, server: RegistrySandbox) -> None:
        """With a name that is made up."""
        answer = httpx.post(f"{server.control_url}/workspaces")
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["Location"] == made["control_url"]
        assert re.fullmatch(r"[a-z0-9-]{1,63}", made["name"])
        assert httpx.get(f"{made['control_url']}/health").json()["appointments"] == len(server.appointments)

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"nmae": "a"}, '"nmae" is not known; expected name, seed_data, '),
            ([], "[] cannot be used; expected a mapping of name, "),
            ({"name": "A"}, 'workspace.name: "A" cannot be used; expected 1 to 63 of a-z, 0-9 and hyphens'),
            ({"name": "a" * 64}, "expected 1 to 63 of a-z, 0-9 and hyphens"),
            ({"name": "a\n"}, "expected 1 to 63 of a-z, 0-9 and hyphens"),
            ({"name": ""}, "expected 1 to 63 of a-z, 0-9 and hyphens"),
            ({"ttl": 0}, "workspace.ttl: 0 cannot be used; expected a time span above 0"),
            ({"ttl": "soon"}, "expected a time span"),
            ({"clock": "yesterday"}, "an instant with a time zone"),
            ({"clock": {"nwo": 1}}, '"nwo" is not known; expected now, frozen'),
            ({"random_seed": -1}, "workspace.random_seed: -1 cannot be used; expected a whole number from 0 "),
            ({"faults": ["cancel:5oo"]}, "faults[0]"),
            ({"faults": [{"id": "sentinel-read-500", "then": {"status": 500}}]}, "two rules have the id 'sentinel-"),
            ({"seed_data": {"id": "x"}}, "seed_data[0]: 'patient' is missing"),
            ({"seed_data": [], "no_seed_data": True}, "seed_data and no_seed_data contradict each other"),
            ({"control_token": "with space"}, "workspace.control_token: "),
        ],
    )
    def test_what_cannot_be_used_is_named(self, server: RegistrySandbox, body: Any, told: str) -> None:
        """And nothing is made."""
        before = len(server.control.json("GET", "/workspaces")["workspaces"])
        status, error = refused(server, body)
        assert status == 400
        assert told in error
        assert len(server.control.json("GET", "/workspaces")["workspaces"]) == before

    def test_a_taken_name_and_one_too_many_are_conflicts(self) -> None:
        """Neither ends anybody's workspace."""
        with RegistrySandbox(max_workspaces=2) as sandbox:
            created(sandbox, name="a")
            assert refused(sandbox, {"name": "a"}) == (
                409,
                "There is a workspace 'a' already; expected another name.",
            )
            created(sandbox)
            status, error = refused(sandbox, {})
            assert status == 409
            assert error.startswith("There are 2 workspaces, and --max-workspaces allows 2")
            assert len(sandbox.control.json("GET", "/workspaces")["workspaces"]) == 2

    def test_each_is_shown_with_its_time(self, server: RegistrySandbox) -> None:
        """To look at one is no use of it."""
        made = created(server, name="shown", ttl="10m")
        shown = server.control.json("GET", "/workspaces/shown")
        assert shown == made
        assert shown in server.control.json("GET", "/workspaces")["workspaces"]
        httpx.get(f"{made['base_url']}/metadata")
        assert server.control.json("GET", "/workspaces/shown")["expires"] > made["expires"]
        answer = httpx.delete(f"{server.control_url}/workspaces/shown")
        assert answer.status_code == 204
        gone = httpx.get(f"{server.control_url}/workspaces/shown")
        assert (gone.status_code, gone.json()["error"]) == (404, "There is no workspace 'shown'.")


class TestGuard:
    """Who may call which control plane."""

    def test_a_token_of_its_own_opens_its_own_alone(self) -> None:
        """That of the sandbox opens all."""
        with RegistrySandbox(control_token="of-all") as sandbox:
            mine = workspace(sandbox, name="mine", control_token="of-mine")
            other = created(sandbox, name="other", control_token="of-other")
            for token, expected in [("of-all", (200, 200, 200)), ("of-mine", (200, 403, 403)), ("wrong", (403,) * 3)]:
                roots = (mine.control_url, other["control_url"], sandbox.control_url)
                found = [httpx.get(f"{root}/faults", headers=_bearer(token)).status_code for root in roots]
                assert tuple(found) == expected
            answer = httpx.delete(f"{sandbox.control_url}/workspaces/other", headers=_bearer("of-mine"))
            assert answer.status_code == 403
            assert "of-" not in httpx.get(f"{sandbox.control_url}/workspaces", headers=_bearer("of-all")).text

    def test_without_one_for_the_sandbox_it_still_closes_its_own(self, server: RegistrySandbox) -> None:
        """Health is exempt, as everywhere."""
        made = created(server, control_token="of-mine")
        assert httpx.get(f"{made['control_url']}/faults").status_code == 403
        assert httpx.get(f"{made['control_url']}/health").status_code == 200
        assert httpx.get(f"{made['control_url']}/faults", headers=_bearer("of-mine")).status_code == 200

    def test_pages_of_other_sites_are_refused(self, server: RegistrySandbox) -> None:
        """By the same guard."""
        made = created(server)
        answer = httpx.get(f"{made['control_url']}/faults", headers={"Origin": "http://page.test"})
        assert answer.status_code == 403


def test_a_body_that_has_not_come_yet_is_in_the_journal_of_its_workspace(server: RegistrySandbox) -> None:
    """A reset of it ends the exchange; one of another does not."""
    server.reset()
    mine, other = workspace(server), workspace(server)
    address = urlsplit(mine.base_url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=20) as sent:
        head = f"POST {address.path}/Appointment HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"
        sent.sendall(head.encode())
        while not mine.journal.exchanges():
            pass
        assert [each["state"] for each in mine.journal] == ["receiving"]
        assert list(other.journal) == list(server.journal) == []
        other.reset()
        server.reset()
        assert len(mine.journal) == 1
        mine.reset()
        assert sent.recv(1) == b""


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _all_of(sandbox: RemoteSandbox) -> dict[str, Any]:
    """Return all that the control plane tells of a state."""
    names = ("appointments", "faults", "faults/fired", "clock", "journal", "keys")
    told = {name: sandbox.control.json("GET", f"/{name}") for name in names}
    told["journal"].pop("generation")
    return told


def test_a_workspace_with_many_seeds_holds_up_nobody_and_is_found_when_it_is_whole() -> None:
    """The seeds are read in threads: whoever else asks meanwhile is answered, and of the workspace with a 404."""
    with RegistrySandbox(no_seed_data=True, max_body=4_000_000) as sandbox:
        stories = [
            {"id": f"s-{number}", "patient": PATIENT, "pointer": f"https://provider.example.test/{number}", **SLOT}
            for number in range(4_000)
        ]
        making = threading.Thread(target=created, args=[sandbox], kwargs={"name": "large", "seed_data": stories})
        before = len(sandbox.journal)
        making.start()
        statuses = []
        while making.is_alive():
            statuses.append(
                httpx.get(f"{sandbox.control_url.replace('/_sandbox', '')}/w/large/_sandbox/health").status_code
            )
        made = httpx.get(f"{sandbox.control_url.replace('/_sandbox', '')}/w/large/_sandbox/health").json()
        assert before == len(sandbox.journal)
    assert statuses.count(404) > 3
    assert statuses == sorted(statuses, reverse=True)
    assert made["appointments"] == 4_000
