"""A running sandbox, as a test handles it: in a thread of this process, or running elsewhere."""

import asyncio
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from registry_sandbox.cli.control_client import NoAnswer
from registry_sandbox.registry.seeds import BadSeed
from registry_sandbox.server.bound_socket import PortTaken
from registry_sandbox.settings import BadSetting
from registry_sandbox.testing import builders
from registry_sandbox.testing.remote import RemoteSandbox
from registry_sandbox.testing.running import RegistrySandbox

READ_SAMPLE = "eef4f241-e276-4c9e-8d1f-6d12dcdc0086"
OVERLAPPING = 8


class TestTokens:
    """Tokens to order."""

    def test_a_token_opens_the_registry(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """The token that it gives may write."""
        assert http.post("/Appointment", json=builders.appointment()).status_code == 201
        assert len(sandbox.token().split(".")) == 3

    @pytest.mark.parametrize(
        "order",
        [{"expires_in": -1}, {"claims": {"aud": "12"}}, {"headers": {"kid": "none"}}, {"without": ["exp"]}],
        ids=lambda order: next(iter(order)),
    )
    def test_a_spoiled_token_does_not(self, sandbox: RegistrySandbox, order: dict[str, object]) -> None:
        """Each part of the order spoils it."""
        headers = {"Authorization": f"Bearer {sandbox.token(**order)}"}  # type: ignore[arg-type] # one part at a time
        answer = httpx.get(f"{sandbox.base_url}/Appointment/{READ_SAMPLE}", headers=headers, trust_env=False)
        assert answer.status_code == 403

    def test_a_reader_may_not_write(self, sandbox: RegistrySandbox) -> None:
        """The client is named too."""
        headers = {"Authorization": f"Bearer {sandbox.token(client='sandbox-reader')}"}
        url = f"{sandbox.base_url}/Appointment"
        assert httpx.post(url, json=builders.appointment(), headers=headers, trust_env=False).status_code == 403

    def test_a_client_can_fetch_its_own(self, sandbox: RegistrySandbox) -> None:
        """The token endpoint and the credentials are those of the sandbox."""
        form = {
            "grant_type": "client_credentials",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "scope": f"{sandbox.base_url}/.default",
        }
        assert httpx.post(sandbox.token_url, data=form, trust_env=False).json()["token_type"] == "Bearer"

    def test_a_refused_order_says_why(self, sandbox: RegistrySandbox) -> None:
        """What the control plane said is in the error."""
        with pytest.raises(NoAnswer, match="client is not known; expected sandbox-client or sandbox-reader"):
            sandbox.token(client="nobody")


class TestAppointments:
    """What a test puts on the register, and what it finds there."""

    def test_registering_gives_what_is_stored(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """The resource has its id and version, and is what a client reads."""
        registered = sandbox.register()
        assert http.get(f"/Appointment/{registered['id']}").json() == registered
        assert registered["meta"]["versionId"] == "1"

    def test_it_is_registered_now_for_tomorrow(self, sandbox: RegistrySandbox) -> None:
        """By default it starts a day from the sandbox's now, at which it was registered."""
        sandbox.clock.freeze("2030-01-01T12:00:00Z")
        registered = sandbox.register()
        assert registered["meta"]["lastUpdated"] == "2030-01-01T12:00:00.000+00:00"
        assert registered["start"] == "2030-01-02T12:00:00.000+00:00"

    def test_each_has_a_pointer_of_its_own(self, sandbox: RegistrySandbox) -> None:
        """Two of them stand for two appointments."""
        pointers = [sandbox.register()["identifier"][0]["value"] for _ in range(2)]
        assert len(set(pointers)) == 2

    def test_one_element_is_changed_by_keyword(self, sandbox: RegistrySandbox) -> None:
        """As the builder takes them."""
        assert sandbox.register(status="cancelled")["status"] == "cancelled"

    def test_a_whole_resource_keeps_its_id(self, sandbox: RegistrySandbox) -> None:
        """A test may choose the id."""
        assert sandbox.register(builders.appointment(id="mine"))["id"] == "mine"
        assert sandbox.versions("mine")[0]["id"] == "mine"

    def test_a_resource_and_changes_exclude_each_other(self, sandbox: RegistrySandbox) -> None:
        """Which of them would win?"""
        with pytest.raises(TypeError, match="not both"):
            sandbox.register(builders.appointment(), status="cancelled")

    def test_what_does_not_conform_is_refused(self, sandbox: RegistrySandbox) -> None:
        """A test cannot put on the register what the registry would never hold."""
        with pytest.raises(NoAnswer, match="end is missing"):
            sandbox.register(end=None)

    def test_faults_and_the_journal_pass_it_by(self, sandbox: RegistrySandbox) -> None:
        """They are for the client under test."""
        fault = sandbox.fault("register:500")
        sandbox.register()
        assert fault.fired == 0
        assert list(sandbox.journal) == []

    def test_all_versions_are_shown(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """After a cancel there are two, and the current one is cancelled."""
        registered = sandbox.register()
        url = f"/Appointment/{registered['id']}"
        assert http.put(url, json=builders.cancelled(registered), headers={"If-Match": 'W/"1"'}).status_code == 200
        assert sandbox.appointments[registered["id"]]["status"] == "cancelled"
        assert [each["status"] for each in sandbox.versions(registered["id"])] == ["booked", "cancelled"]

    def test_an_unknown_id_is_named(self, sandbox: RegistrySandbox) -> None:
        """There are no versions of what there is not."""
        with pytest.raises(LookupError, match="nowhere"):
            sandbox.versions("nowhere")


class TestFaults:
    """Faults, for as long as they are wanted."""

    def test_a_fault_fires_and_counts(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """A short form is put in force, and says how often it fired."""
        fault = sandbox.fault("read:503@x1")
        assert [http.get(f"/Appointment/{READ_SAMPLE}").status_code for _ in range(2)] == [503, 200]
        assert fault.fired == 1

    def test_a_rule_can_be_written_out(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """Match, when and then."""
        fault = sandbox.fault({"id": "mine", "match": {"interaction": "read"}, "then": {"status": 500}})
        assert fault.id == "mine"
        assert http.get(f"/Appointment/{READ_SAMPLE}").status_code == 500

    def test_it_ends_with_its_with(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """And a second removal does nothing."""
        with sandbox.fault("read:500") as fault:
            assert http.get(f"/Appointment/{READ_SAMPLE}").status_code == 500
        assert http.get(f"/Appointment/{READ_SAMPLE}").status_code == 200
        fault.remove()

    def test_all_of_them_can_be_undone(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """As the fixture does when a test ends; one that a reset took away is no trouble."""
        sandbox.fault("read:500")
        sandbox.fault("*:503")
        sandbox.undo_faults()
        assert http.get(f"/Appointment/{READ_SAMPLE}").status_code == 200

    def test_a_bad_rule_says_why(self, sandbox: RegistrySandbox) -> None:
        """What the control plane said is in the error."""
        with pytest.raises(NoAnswer, match="answers 400"):
            sandbox.fault("read:nothing")


class TestTheClock:
    """The sandbox's clock."""

    def test_it_is_set_and_frozen(self, sandbox: RegistrySandbox) -> None:
        """It shows what it was set to, for as long as it stands still."""
        sandbox.clock.freeze()
        sandbox.clock.set("2019-01-18T09:00:00Z")
        assert sandbox.clock.now.isoformat() == "2019-01-18T09:00:00+00:00"
        assert sandbox.clock.frozen
        sandbox.clock.unfreeze()
        assert not sandbox.clock.frozen

    @pytest.mark.parametrize("by", ["2d", timedelta(days=2)])
    def test_it_is_advanced(self, sandbox: RegistrySandbox, by: str | timedelta) -> None:
        """By a time span in words, or a timedelta."""
        sandbox.clock.freeze("2019-01-18T09:00:00Z")
        sandbox.clock.advance(by)
        assert sandbox.clock.now.isoformat() == "2019-01-20T09:00:00+00:00"

    def test_a_datetime_sets_it_too(self, sandbox: RegistrySandbox) -> None:
        """An instant read from it is set again."""
        sandbox.clock.freeze("2019-01-18T09:00:00Z")
        then = sandbox.clock.now
        sandbox.clock.advance("1h")
        sandbox.clock.set(then)
        assert sandbox.clock.now == then


class TestTheJournal:
    """The exchanges of the clients under test."""

    def test_a_lost_answer_has_no_status(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """Where the client got none, there is none."""
        sandbox.fault("read:reset")
        with pytest.raises(httpx.TransportError):
            http.get(f"/Appointment/{READ_SAMPLE}")
        assert sandbox.journal.statuses(interaction="read") == [None]

    def test_it_shows_what_was_sent(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """Oldest first, filtered by what the control plane filters by."""
        http.get(f"/Appointment/{READ_SAMPLE}")
        http.get("/Appointment/nowhere")
        assert sandbox.journal.statuses() == [200, 404]
        assert len(sandbox.journal) == 2
        assert sandbox.journal[-1]["request"]["path"] == "/STU3/Appointment/nowhere"
        assert [each["id"] for each in sandbox.journal.exchanges(status=200)] == [READ_SAMPLE]
        sandbox.journal.clear()
        assert list(sandbox.journal) == []


class TestReset:
    """Back to the start."""

    def test_it_undoes_everything(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """Appointments, faults, the clock and the journal are as they were."""
        before = sandbox.appointments.keys()
        sandbox.register()
        sandbox.fault("*:500")
        sandbox.clock.freeze("2019-01-18T09:00:00Z")
        sandbox.reset()
        assert http.get(f"/Appointment/{READ_SAMPLE}").status_code == 200
        assert len(sandbox.appointments) == len(before)
        assert not sandbox.clock.frozen


class TestManyAtOnce:
    """Threads and event loops."""

    def test_threads_share_one(self, sandbox: RegistrySandbox) -> None:
        """Each call stands by itself."""
        with ThreadPoolExecutor(OVERLAPPING) as pool:
            registered = list(pool.map(lambda _: sandbox.register()["id"], range(OVERLAPPING)))
        assert len(set(registered)) == OVERLAPPING
        assert sandbox.appointments.keys() >= set(registered)

    def test_a_coroutine_uses_it(self, sandbox: RegistrySandbox) -> None:
        """The server has a loop of its own, which a test's loop does not hold up."""

        async def conversation() -> int:
            headers = {"Authorization": f"Bearer {sandbox.token()}"}
            async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
                registered = sandbox.register()
                answer = await client.get(f"{sandbox.base_url}/Appointment/{registered['id']}")
                return answer.status_code

        assert asyncio.run(conversation()) == 200

    def test_two_sandboxes_know_nothing_of_each_other(self, sandbox: RegistrySandbox) -> None:
        """A server of one's own has a registry of its own."""
        with RegistrySandbox(no_seed_data=True, no_sentinels=True) as other:
            registered = other.register()
            assert list(other.appointments) == [registered["id"]]
        assert registered["id"] not in sandbox.appointments


class TestStarting:
    """From `with` to its end."""

    def test_settings_are_written_as_in_a_file(self, tmp_path: Path) -> None:
        """Texts, paths and lists are read as YAML's would be."""
        seed = tmp_path / "one.yaml"
        seed.write_text('{id: one, patient: "9990001111", pointer: "http://x.test/1", start: +1d, end: +2d}')
        with RegistrySandbox(seed_data=[seed], clock="2019-01-18T09:00:00Z", clock_frozen=True) as sandbox:
            assert sandbox.clock.now.isoformat() == "2019-01-18T09:00:00+00:00"
            assert list(sandbox.appointments) == ["one"]

    def test_definitions_of_ones_own_are_in_no_other_sandbox(self, sandbox: RegistrySandbox, tmp_path: Path) -> None:
        """Those of one process share the shipped profiles, which take long to load; the rest is each one's own."""
        url = "http://x.test/ValueSet/own"
        own = tmp_path / "own.json"
        own.write_text(json.dumps({"resourceType": "ValueSet", "url": url, "status": "draft"}))
        with RegistrySandbox(profiles=[own]) as other, RegistrySandbox() as another:
            found = [bool(each.sandbox.parts.profiles.search("ValueSet", url)) for each in (sandbox, other, another)]
            assert another.sandbox.parts.profiles is sandbox.sandbox.parts.profiles
        assert found == [False, True, False]

    def test_an_unknown_setting_is_named(self) -> None:
        """Before anything is started."""
        with pytest.raises(BadSetting, match="'porto' is not a setting"):
            RegistrySandbox(porto=1)

    def test_a_seed_that_cannot_be_used_is_named(self, tmp_path: Path) -> None:
        """As at the command line."""
        with pytest.raises(BadSeed, match="there is no such file"), RegistrySandbox(seed_data=tmp_path / "none"):
            pytest.fail("it started")

    def test_a_port_in_use_is_named(self, sandbox: RegistrySandbox) -> None:
        """What stops the server's start is raised where it was started, and nothing is left behind."""
        taken = httpx.URL(sandbox.base_url).port
        other = RegistrySandbox(port=taken)
        with pytest.raises(PortTaken, match=f"127.0.0.1:{taken}"):
            other.start()
        other.stop()

    def test_it_starts_again_but_not_twice(self) -> None:
        """`start` and `stop` are for test runners that have no `with`."""
        sandbox = RegistrySandbox(no_seed_data=True)
        for _ in range(2):
            sandbox.start()
            with pytest.raises(RuntimeError, match="runs already"):
                sandbox.start()
            assert sandbox.token()
            sandbox.stop()
        sandbox.stop()

    def test_nothing_is_written_to_stderr(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A test's output is its own."""
        with RegistrySandbox(no_seed_data=True) as sandbox:
            sandbox.register()
        assert capfd.readouterr() == ("", "")

    def test_under_tls_it_trusts_its_own_certificates(self) -> None:
        """The control plane is reached over TLS; the CA is in the folder of the certificates."""
        with RegistrySandbox(tls="server", no_seed_data=True) as sandbox:
            folder = sandbox.certificates
            trust = ssl.create_default_context(cafile=folder / "ca.pem")
            assert httpx.get(f"{sandbox.base_url}/metadata", verify=trust, trust_env=False).status_code == 200
            assert sandbox.register()["id"] in sandbox.appointments
        assert not folder.exists()

    def test_under_mutual_tls_the_control_plane_is_plain(self) -> None:
        """It has a port of its own."""
        with RegistrySandbox(tls="mutual", no_seed_data=True) as sandbox:
            assert sandbox.control_url.startswith("http://")
            assert sandbox.register()["id"] in sandbox.appointments


class TestElsewhere:
    """A sandbox that runs already."""

    def test_the_base_is_enough(self, sandbox: RegistrySandbox) -> None:
        """The control plane is found beside it."""
        registered = RemoteSandbox(sandbox.base_url).register()
        assert registered["id"] in sandbox.appointments

    def test_the_control_token_is_sent(self) -> None:
        """Without it, the control plane refuses."""
        with RegistrySandbox(control_token="open-sesame", no_seed_data=True) as guarded:
            assert guarded.appointments == {}
            assert RemoteSandbox(guarded.base_url, control_token="open-sesame").appointments == {}
            with pytest.raises(NoAnswer, match="answers 403"):
                RemoteSandbox(guarded.base_url).reset()

    def test_a_proxy_of_the_environment_is_not_asked(
        self, sandbox: RegistrySandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A sandbox is near, where proxies for the world do not lead."""
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert RemoteSandbox(sandbox.base_url).token()

    @pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1/STU3"])
    def test_what_is_no_url_is_named(self, url: str) -> None:
        """And what was expected is shown."""
        with pytest.raises(NoAnswer, match="expected one such as http:"):
            RemoteSandbox(url)


class TestWorkspaces:
    """`sandbox.workspace(...)`."""

    def test_it_is_a_sandbox_of_its_own_until_its_end(self, sandbox: RegistrySandbox) -> None:
        """With everything that a sandbox has; the one that it is in notices nothing."""
        before = sandbox.appointments
        with sandbox.workspace(clock=datetime(2019, 1, 18, 9, tzinfo=UTC), no_seed_data=True, name="mine") as mine:
            assert mine.name == "mine"
            assert mine.clock.now.year == 2019
            registered = mine.register()
            mine.fault("read:500@x1", must_fire=False)
            headers = {"Authorization": f"Bearer {mine.token()}"}
            url = f"{mine.base_url}/Appointment/{registered['id']}"
            assert [httpx.get(url, headers=headers, trust_env=False).status_code for _ in range(2)] == [500, 200]
            assert mine.journal.statuses() == [500, 200]
            assert list(mine.appointments) == [registered["id"]]
            mine.reset()
            assert mine.appointments == {}
        assert sandbox.appointments == before
        assert sandbox.journal.statuses() == []
        with pytest.raises(NoAnswer, match="There is no workspace 'mine'"):
            mine.token()
        mine.close()

    def test_one_makes_others_beside_it(self, sandbox: RegistrySandbox) -> None:
        """Also where it was named by its URL alone."""
        with sandbox.workspace() as one, one.workspace() as two:
            with RemoteSandbox(two.base_url).workspace() as three:
                roots = {each.control_url for each in (one, two, three)}
                assert len(roots) == 3
            assert len(sandbox.control.json("GET", "/workspaces")["workspaces"]) == 2
        assert sandbox.control.json("GET", "/workspaces")["workspaces"] == []

    def test_a_token_of_its_own_is_sent(self) -> None:
        """And that of the sandbox, where it has none."""
        with (
            RegistrySandbox(control_token="of-all", no_seed_data=True) as sandbox,
            sandbox.workspace(control_token="of-mine") as mine,
            sandbox.workspace() as other,
        ):
            assert mine.control.token == "of-mine"
            assert [mine.appointments, other.appointments] == [{}, {}]

    def test_it_is_reached_as_the_sandbox_is(self) -> None:
        """Whatever its URLs are for others, behind a proxy."""
        with RegistrySandbox(base_url="https://registry.example.test/nhs/STU3") as sandbox, sandbox.workspace() as mine:
            headers = {"Authorization": f"Bearer {mine.token()}"}
            url = f"{mine.base_url}/Appointment/{READ_SAMPLE}"
            assert httpx.get(url, headers=headers, trust_env=False).status_code == 200

    def test_what_cannot_be_made_is_told(self, sandbox: RegistrySandbox) -> None:
        """In the sandbox's words."""
        with pytest.raises(NoAnswer, match='"clok" is not known'):
            sandbox.workspace(clok="2019-01-18T09:00:00Z")


class TestSnapshots:
    """`sandbox.snapshot()` and `sandbox.restore()`."""

    def test_what_happens_in_its_with_is_undone(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """Also where it fails; nothing is kept."""
        kept = sandbox.register()
        before = sandbox.appointments

        def fail() -> None:
            with sandbox.snapshot():
                sandbox.register()
                sandbox.clock.advance("1m")
                sandbox.fault("read:500", must_fire=False)
                assert http.get(f"/Appointment/{kept['id']}").status_code == 500
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert sandbox.appointments == before
        assert http.get(f"/Appointment/{kept['id']}").status_code == 200
        assert sandbox.journal.statuses() == [200]
        assert sandbox.control.json("GET", "/snapshots")["snapshots"] == []

    def test_a_test_returns_to_it_as_often_as_it_likes(self, sandbox: RegistrySandbox) -> None:
        """By the snapshot or by its name; in a `with` at the beginning and at the end."""
        snapshot = sandbox.snapshot("arranged")
        before = sandbox.appointments
        for _ in range(2):
            sandbox.register()
            snapshot.restore()
            assert sandbox.appointments == before
        sandbox.register()
        with sandbox.restore("arranged"):
            assert sandbox.appointments == before
            sandbox.register()
        assert sandbox.appointments == before
        snapshot.forget()
        with pytest.raises(NoAnswer, match="There is no snapshot 'arranged'"):
            sandbox.restore("arranged")

    def test_faults_that_fired_before_have_fired(self, sandbox: RegistrySandbox, http: httpx.Client) -> None:
        """One of the snapshot counts again from there; one that was set afterwards has ended."""
        url = f"/Appointment/{READ_SAMPLE}"
        arranged = sandbox.fault("read:500@x1")
        with sandbox.snapshot() as snapshot:
            later, idle = sandbox.fault("vread:503"), sandbox.fault("cancel:503")
            assert [http.get(url).status_code, http.get(f"{url}/_history/1").status_code] == [500, 503]
            snapshot.restore()
            assert [arranged.fired, later.fired] == [0, 1]
            reused = sandbox.fault("history-instance:500", must_fire=False)
            assert reused.id == later.id
            assert later.fired == 1
        assert sandbox.faults_that_never_fired() == [idle]
        assert http.get(url).status_code == 500
        assert arranged.fired == 1
