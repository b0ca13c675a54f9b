"""The state as one document, and snapshots: kept, loaded elsewhere, restored; nothing of before is left."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from registry_sandbox.cli.command import main
from registry_sandbox.testing.builders import appointment, cancelled
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox
from tests.house.command import Command

BOOKED = "booked-tomorrow"
SEARCH = "Appointment?Patient=https://fhir.nhs.uk/Id/nhs-number|9991000011"


@pytest.fixture(scope="module")
def server() -> Iterator[RegistrySandbox]:
    """A sandbox with everything that a state can have."""
    with RegistrySandbox(rate_limit="1000/h", request_faults="true", random_seed=3) as sandbox:
        yield sandbox


def bearer(sandbox: RemoteSandbox) -> dict[str, str]:
    """Return the headers of a client."""
    return {"Authorization": f"Bearer {sandbox.token()}"}


def arranged(sandbox: RemoteSandbox) -> None:
    """Bring a sandbox into a state in which every part differs from the start."""
    sandbox.reset()
    sandbox.clock.freeze("2030-01-02T03:04:05.678901Z")
    for rule in ("read:500@x2", "search:rate_limit=1/h", "cancel:delay=1ms"):
        sandbox.fault(rule, must_fire=False)
    per_client: Any = {
        "match": {"interaction": "history-instance"},
        "when": {"per": "client", "skip": 1},
        "then": {"status": 503},
    }
    sandbox.fault(per_client, must_fire=False)
    sandbox.control.json("DELETE", "/faults/sentinel-read-500")
    with httpx.Client(base_url=sandbox.base_url, headers=bearer(sandbox)) as http:
        registered = http.post("/Appointment", json=appointment(nhs_number="9991000011")).json()
        http.put(f"/Appointment/{registered['id']}", json=cancelled(registered), headers={"If-Match": 'W/"1"'})
        for path in (f"Appointment/{BOOKED}", SEARCH, SEARCH, f"Appointment/{BOOKED}/_history"):
            http.get(f"/{path}")
        http.get("/metadata", headers={"X-Sandbox-Fault": "*:delay=1ms@x5"})


def document(sandbox: RemoteSandbox) -> str:
    """Return the state."""
    return sandbox.control.text("GET", "/state")


def put(sandbox: RemoteSandbox, content: str | bytes) -> httpx.Response:
    """Send a state."""
    return httpx.put(f"{sandbox.control_url}/state", content=content)


def changed(text: str, **members: Any) -> str:
    """Return a document with other members; None leaves one out."""
    told = {**json.loads(text), **members}
    return json.dumps({name: value for name, value in told.items() if value is not None})


class TestDocument:
    """GET and PUT /_sandbox/state."""

    def test_one_that_is_loaded_elsewhere_is_the_same_whole(
        self, command: Command, server: RegistrySandbox, tmp_path: Path
    ) -> None:
        """From one process to another by the commands; and what happens next is the same in both."""
        arranged(server)
        file, again = tmp_path / "state.json", tmp_path / "again.json"
        assert main(["state", "save", str(file), "--url", server.base_url]) == 0
        with command.serving(tmp_path, "--quiet", "--rate-limit", "1000/h", "--no-seed-data") as (_, base, _):
            assert main(["state", "load", str(file), "--url", base]) == 0
            assert main(["state", "save", str(again), "--url", base]) == 0
            assert again.read_text() == file.read_text() == document(server)
            other = RemoteSandbox(base)
            assert other.control.json("GET", "/appointments") == server.control.json("GET", "/appointments")
            following = []
            for sandbox in (server, other):
                with httpx.Client(base_url=sandbox.base_url, headers=bearer(sandbox)) as http:
                    answers = [http.get(f"/Appointment/{BOOKED}") for _ in range(3)]
                    answers += [http.get(f"/{SEARCH}"), http.get(f"/Appointment/{BOOKED}/_history")]
                    answers.append(http.post("/Appointment", json=appointment()))
                    told = [(each.status_code, each.headers["X-Request-Id"]) for each in answers]
                    following.append([told, answers[-1].json(), sandbox.control.json("GET", "/faults")])
            assert following[0] == following[1]
            assert [status for status, _ in following[0][0]] == [500, 200, 200, 429, 503, 201]

    def test_a_ticking_clock_keeps_its_distance_from_the_machines(self, server: RegistrySandbox) -> None:
        """A frozen one keeps its instant."""
        server.reset()
        server.clock.advance("100d")
        assert json.loads(document(server))["clock"] == {"frozen": False, "ahead_s": 8_640_000.0}
        server.clock.freeze("2030-01-02T03:04:05Z")
        kept = document(server)
        server.clock.unfreeze()
        assert put(server, kept).status_code == 200
        assert server.clock.frozen
        assert server.clock.now.isoformat() == "2030-01-02T03:04:05+00:00"

    def test_the_journal_is_there_if_it_is_asked_for(self, server: RegistrySandbox) -> None:
        """And a load begins a new one."""
        arranged(server)
        assert "journal" not in json.loads(document(server))
        text = server.control.text("GET", "/state?journal=true")
        assert [each["number"] for each in json.loads(text)["journal"]] == list(range(1, len(server.journal) + 1))
        assert put(server, text).status_code == 200
        assert server.control.json("GET", "/journal")["exchanges"] == []
        answer = httpx.get(f"{server.control_url}/state?journal=yes")
        assert (answer.status_code, answer.json()["error"]) == (400, "journal is 'yes'; expected true or false.")

    def test_its_members_may_stand_in_any_order_and_layout(self, server: RegistrySandbox) -> None:
        """As other tools write them."""
        arranged(server)
        kept = document(server)
        told = json.loads(kept)
        server.reset()
        assert put(server, json.dumps(dict(reversed(told.items())), indent=3)).status_code == 200
        assert document(server) == kept

    @pytest.mark.parametrize(
        ("member", "value", "told"),
        [
            ("registry_sandbox_state", 2, "registry_sandbox_state is 2; expected 1"),
            ("registry_sandbox_state", None, "'registry_sandbox_state' is missing"),
            ("appointments", None, "'appointments' is missing"),
            ("nonsense", 1, '"nonsense" is not known; expected registry_sandbox_state, clock, '),
            ("clock", {"frozen": True}, "clock: expected now beside frozen"),
            ("clock", {"frozen": True, "now": "2019"}, 'clock.now: "2019" cannot be used; expected an instant'),
            ("clock", {"frozen": False, "ahead_s": 1e12}, "clock.ahead_s: 1000000000000.0 cannot be used"),
            ("random", {"seed": "x"}, 'random.seed: "x" cannot be used; expected a whole number'),
            (
                "random",
                {"seed": 1, "streams": {"ids": "AAAA"}},
                "random.streams.ids: cannot be used; expected 625 words",
            ),
            (
                "random",
                {"seed": 1, "numbered": {"ids": -1}},
                "random.numbered.ids: -1 cannot be used; expected a whole",
            ),
            ("random", {"seed": 1, "numbered": {"ids": 2**47 + 1}}, "random.numbered.ids: 140737488355329 cannot be"),
            (
                "random",
                {"seed": 1, "numbered": dict.fromkeys(map(str, range(101)), 1)},
                "random.numbered: has 101 members; expected at most 100",
            ),
            ("rate_limits", {"a": [1]}, "rate_limits.a: expected a list of two numbers"),
            ("faults", {"rules": [{"rule": "x", "source": "http", "since_s": 1}]}, "faults.rules[0].rule: "),
            (
                "faults",
                {"rules": [{"rule": {"then": {"status": 500}}, "source": "me"}]},
                'faults.rules[0].source: "me"',
            ),
            ("faults", {"seeed": 1}, 'faults: "seeed" is not known'),
            ("appointments", [{"versions": []}], "appointments[0]: there is no version in it"),
            ("appointments", [{"version": []}], "appointments[0]: 'version' is not known; expected versions"),
            ("appointments", [{"versions": [{}]}], "appointments[0].versions[0]: "),
            ("appointments", [[]], "expected '{', found '['"),
        ],
    )
    def test_what_cannot_be_used_is_named_and_nothing_is_changed(
        self, server: RegistrySandbox, member: str, value: Any, told: str
    ) -> None:
        """All or nothing."""
        arranged(server)
        kept = document(server)
        answer = put(server, changed(kept, **{member: value}))
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("state: ")
        assert told in answer.json()["error"]
        assert document(server) == kept

    @pytest.mark.parametrize(
        ("element", "value", "told"),
        [
            ("id", "x" * 65, "expected an id: 1 to 64 letters"),
            ("status", "nonsense", "appointments[1].versions[0]: "),
            ("meta", {"versionId": "2", "lastUpdated": "2019-01-01T00:00:00Z"}, "meta.versionId: '2'; expected 1"),
            ("meta", {"versionId": "1"}, "meta.lastUpdated: ''; expected an instant"),
            ("participant", [], "appointments[1].versions[0]: "),
        ],
    )
    def test_appointments_are_judged_as_seeds_are(
        self, server: RegistrySandbox, element: str, value: Any, told: str
    ) -> None:
        """By readers and profiles; ids, versions and instants are theirs."""
        server.reset()
        told_all = json.loads(document(server))["appointments"]
        told_all[1]["versions"][0][element] = value
        answer = put(server, changed(document(server), appointments=told_all))
        assert answer.status_code == 400
        assert told in answer.json()["error"]

    def test_an_id_is_there_once_and_a_history_has_one_id(self, server: RegistrySandbox) -> None:
        """Otherwise an appointment would take the place of another."""
        server.reset()
        first, second = json.loads(document(server))["appointments"][:2]
        twice = put(server, changed(document(server), appointments=[first, first])).json()["error"]
        assert f"appointments[1].versions[0].id: '{first['versions'][0]['id']}' is taken" in twice
        mixed = {"versions": [*first["versions"], *second["versions"]]}
        error = put(server, changed(document(server), appointments=[mixed])).json()["error"]
        assert f"expected {first['versions'][0]['id']}" in error

    def test_text_that_is_no_json_and_a_cut_one_are_refused(self, server: RegistrySandbox) -> None:
        """Nothing is changed."""
        arranged(server)
        kept = document(server)
        for content in (b"", b"nonsense", kept[:-10].encode(), kept.encode() + b"{}", kept.encode("utf-16")):
            assert put(server, content).status_code == 400
        assert document(server) == kept

    def test_one_larger_than_other_bodies_is_taken_from_whoever_may_send_it(self) -> None:
        """`--max-body` is for the others."""
        with RegistrySandbox(max_body=10_000, control_token="open") as sandbox:
            kept = document(sandbox)
            assert len(kept) > 50_000
            allowed = {"Authorization": "Bearer open"}
            url = f"{sandbox.control_url}/state"
            assert httpx.put(url, content=kept).status_code == 403
            assert httpx.put(url, content=kept, headers=allowed).status_code == 200
            other = httpx.post(f"{sandbox.control_url}/appointments", content=b" " * 10_001, headers=allowed)
            assert "expected at most 10000 bytes" in other.json()["error"]
            made = httpx.post(
                f"{sandbox.control_url}/workspaces", json={"control_token": "mine"}, headers=allowed
            ).json()
            for token, status in (("mine", 200), ("open", 200), ("wrong", 403)):
                headers = {"Authorization": f"Bearer {token}"}
                answer = httpx.put(f"{made['control_url']}/state", content=kept, headers=headers)
                assert answer.status_code == status

    def test_one_from_whoever_may_not_send_it_is_refused_before_it_comes(self) -> None:
        """So nobody fills the memory of a sandbox with a control token."""
        with RegistrySandbox(max_body=10_000, control_token="open") as sandbox:
            address = urlsplit(sandbox.control_url)
            with socket.create_connection((str(address.hostname), address.port or 80), timeout=20) as sent:
                sent.sendall(b"PUT /_sandbox/state HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
                assert sent.recv(12) == b"HTTP/1.1 403"


class TestStart:
    """`--state FILE`."""

    def test_a_sandbox_starts_from_a_file_and_a_reset_returns_to_it(
        self, server: RegistrySandbox, tmp_path: Path
    ) -> None:
        """A workspace begins with it too, and with what it is given beside it."""
        arranged(server)
        file = tmp_path / "state.json"
        file.write_text(document(server))
        with RegistrySandbox(state=file, rate_limit="1000/h") as sandbox:
            assert document(sandbox) == file.read_text()
            sandbox.register()
            sandbox.clock.unfreeze()
            sandbox.reset()
            assert document(sandbox) == file.read_text()
            made = sandbox.control.json("POST", "/workspaces", {"clock": "2040-01-01T00:00:00Z", "faults": []})
            workspace = RemoteSandbox(made["base_url"])
            assert workspace.appointments == sandbox.appointments
            assert workspace.clock.now.year == 2040
            assert {each["source"] for each in workspace.control.json("GET", "/faults")["faults"]} == {"sentinel"}

    def test_a_file_that_cannot_be_used_stops_the_start_in_one_line(self, command: Command, tmp_path: Path) -> None:
        """And so does a setting that it would make void."""
        file = tmp_path / "state.json"
        file.write_text('{"clock": 1}')
        for arguments, told in [
            (["--state", str(file)], f"registry-sandbox: {file}: clock: 1 cannot be used"),
            (["--state", str(tmp_path / "none")], f"registry-sandbox: {tmp_path / 'none'}: No such file or directory"),
            (["--state", str(file), "--clock", "2019-01-18T09:00:00Z"], "--state and --clock contradict each other"),
        ]:
            done = command.ran("--port", "0", *arguments)
            assert done.returncode == 2
            assert told in done.stderr
            assert done.stderr.count("\n") == 1

    def test_the_command_names_what_it_cannot_do(
        self, command: Command, server: RegistrySandbox, tmp_path: Path
    ) -> None:
        """A file that is not there, one that is no state, and a sandbox that does not answer; nothing is left."""
        file = tmp_path / "state.json"
        done = command.ran("state", "load", str(file), "--url", server.base_url)
        assert (done.returncode, done.stderr) == (2, f"registry-sandbox: {file}: No such file or directory\n")
        file.write_text("{}")
        done = command.ran("state", "load", str(file), "--url", server.base_url)
        assert done.returncode == 2
        assert done.stderr.startswith(f"registry-sandbox: {file}: state: 'registry_sandbox_state' is missing")
        done = command.ran("state", "save", str(file), "--url", "http://127.0.0.1:1")
        assert done.returncode == 2
        assert "does not answer" in done.stderr
        assert file.read_text() == "{}"
        assert list(tmp_path.iterdir()) == [file]


class TestSnapshots:
    """/_sandbox/snapshots."""

    def test_a_test_arranges_once_and_returns_to_it(self, server: RegistrySandbox) -> None:
        """As often as it likes; a reset leaves the snapshot."""
        arranged(server)
        kept = document(server)
        server.control.json("POST", "/snapshots", {"name": "arranged"})
        for _ in range(2):
            server.register()
            server.clock.unfreeze()
            with httpx.Client(base_url=server.base_url, headers=bearer(server)) as http:
                http.get(f"/Appointment/{BOOKED}")
            server.control.json("POST", "/keys")
            server.reset()
            assert document(server) != kept
            server.control.json("POST", "/snapshots/arranged/restore")
            assert document(server) == kept
            assert server.control.json("GET", "/journal")["exchanges"] == []
        listed = server.control.json("GET", "/snapshots")["snapshots"]
        assert listed == [{"name": "arranged", "appointments": len(server.appointments)}]
        assert server.control.json("GET", "/snapshots/arranged") == listed[0]
        server.control.json("DELETE", "/snapshots/arranged")
        assert server.control.json("GET", "/snapshots")["snapshots"] == []

    def test_it_brings_back_the_key_of_its_moment(self, server: RegistrySandbox) -> None:
        """A document has no keys: with one, tokens are signed by the key of the start."""
        server.reset()
        first = server.control.json("GET", "/keys")
        server.control.json("POST", "/keys?overlap=1h")
        rotated = server.control.json("GET", "/keys")
        server.control.json("POST", "/snapshots", {"name": "rotated"})
        kept = document(server)
        assert put(server, kept).status_code == 200
        assert server.control.json("GET", "/keys") == first
        server.control.json("POST", "/snapshots/rotated/restore")
        assert [each["kid"] for each in server.control.json("GET", "/keys")["keys"]] == [
            each["kid"] for each in rotated["keys"]
        ]
        server.control.json("DELETE", "/snapshots/rotated")

    def test_a_workspace_can_begin_with_one_or_with_another_workspace(self, server: RegistrySandbox) -> None:
        """By a bare name, or by an object that says which it is; a reset returns to that beginning."""
        arranged(server)
        server.control.json("POST", "/snapshots", {"name": "kept"})
        kept = document(server)
        server.reset()
        made = []
        for source in ("kept", {"snapshot": "kept"}):
            made.append(server.control.json("POST", "/workspaces", {"from": source}))
            assert document(RemoteSandbox(made[-1]["base_url"])) == kept
        first = RemoteSandbox(made[0]["base_url"])
        first.control.json("POST", "/snapshots", {"name": "own"})
        first.register()
        changed_state = document(first)
        copied = [
            RemoteSandbox(server.control.json("POST", "/workspaces", {"from": source})["base_url"])
            for source in (made[0]["name"], {"workspace": made[0]["name"], "snapshot": "own"})
        ]
        assert [document(each) for each in copied] == [changed_state, kept]
        for each in (first, *copied):
            each.register()
            each.reset()
        assert [document(each) for each in (first, *copied)] == [kept, changed_state, kept]
        made.append(server.control.json("POST", "/workspaces", {"from": "kept", "random_seed": 7}))
        seeded = json.loads(document(RemoteSandbox(made[-1]["base_url"])))
        assert [seeded["random"]["seed"], seeded["faults"]["seed"]] == [7, 7]
        server.control.json("DELETE", "/snapshots/kept")

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "told"),
        [
            ("POST", "/snapshots", {"name": "A"}, 400, 'snapshot.name: "A" cannot be used'),
            ("POST", "/snapshots", {"nmae": "a"}, 400, '"nmae" is not known; expected name'),
            ("POST", "/snapshots", {"name": "there"}, 409, "There is a snapshot 'there' already"),
            ("POST", "/snapshots/gone/restore", None, 404, "There is no snapshot 'gone'; there are: there."),
            ("GET", "/snapshots/gone", None, 404, "There is no snapshot 'gone'"),
            ("DELETE", "/snapshots/gone", None, 404, "There is no snapshot 'gone'"),
            ("POST", "/workspaces", {"from": "gone"}, 400, "from: there is no snapshot 'gone', nor a workspace"),
            ("POST", "/workspaces", {"from": {"workspace": "gone"}}, 400, "from: there is no workspace 'gone'"),
            ("POST", "/workspaces", {"from": {}}, 400, "from names nothing; expected workspace, snapshot or both"),
        ],
    )
    def test_what_cannot_be_done_is_told(  # noqa: PLR0913, PLR0917 - a row of the table
        self, server: RegistrySandbox, method: str, path: str, body: Any, status: int, told: str
    ) -> None:
        """With the names that there are."""
        server.reset()
        httpx.post(f"{server.control_url}/snapshots", json={"name": "there"})
        answer = httpx.request(method, server.control_url + path, content="" if body is None else json.dumps(body))
        assert (answer.status_code, told in answer.json()["error"]) == (status, True), answer.text
        server.control.json("DELETE", "/snapshots/there")

    def test_there_is_a_bound(self, server: RegistrySandbox) -> None:
        """Names are made up where none is given."""
        made = RemoteSandbox(server.control.json("POST", "/workspaces")["base_url"])
        names = [made.control.json("POST", "/snapshots")["name"] for _ in range(100)]
        assert len(set(names)) == 100
        answer = httpx.post(f"{made.control_url}/snapshots")
        assert answer.status_code == 409
        assert "There are 100 snapshots" in answer.json()["error"]


@pytest.fixture(scope="module")
def frozen() -> Iterator[RegistrySandbox]:
    """A sandbox in which a seed that is going on now begins at the same time after each reset."""
    with RegistrySandbox(clock_frozen=True, random_seed=3) as sandbox:
        yield sandbox


@pytest.mark.parametrize("returning", ["snapshot", "document", "reset"])
def test_nothing_of_before_leaks_in(frozen: RegistrySandbox, returning: str) -> None:
    """An exchange that a fault holds is ended: it neither writes nor is in the new journal."""
    frozen.reset()
    frozen.control.json("POST", "/snapshots", {"name": "before"})
    kept = document(frozen)
    appointments = dict(frozen.appointments)
    ended: list[Exception] = []
    with frozen.hold("register", must_fire=False) as held:
        headers = bearer(frozen)

        def post() -> None:
            try:
                httpx.post(f"{frozen.base_url}/Appointment", json=appointment(), headers=headers)
            except httpx.TransportError as error:
                ended.append(error)

        posting = threading.Thread(target=post)
        posting.start()
        held.wait()
        match returning:
            case "snapshot":
                frozen.control.json("POST", "/snapshots/before/restore")
            case "document":
                assert put(frozen, kept).status_code == 200
            case _:
                frozen.reset()
        posting.join()
    assert len(ended) == 1
    assert frozen.appointments == appointments
    assert frozen.control.json("GET", "/journal")["exchanges"] == []
    frozen.control.json("DELETE", "/snapshots/before")
